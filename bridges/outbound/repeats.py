"""Repeats: whether a call that came to nothing is made again at once, and after how long."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from bridges.outbound.destination import Answer
from bridges.outbound.errors import BadAnswer, CallFailed, NoAnswer

FIRST_WAIT_S = 0.5
WAIT_MAX_S = 8.0
# What a moment may mend. 500 is a fault over there, and repeating what met one is allowed, because only repeatable calls get here.
_PASSING = {408, 425, 429, 500, 502, 503, 504}
SERVER_ERROR = 500


def is_worth_repeating(came: Answer | CallFailed) -> bool:
    """A bad answer would come again, and what was refused would be, too."""
    return came.status in _PASSING if isinstance(came, Answer) else isinstance(came, NoAnswer)


def says_unwell(came: Answer | CallFailed) -> bool:
    """What counts against a destination. Any other answer shows that it is there: it may just not like the request."""
    return came.status >= SERVER_ERROR if isinstance(came, Answer) else isinstance(came, NoAnswer | BadAnswer)


def wait_s(tries: int, came: Answer | CallFailed, chance: float, longest_s: float) -> float | None:
    """Before the next one; None where the other side asks for more than `longest_s`. `chance`: from 0 to 1.

    Between half and the whole of a wait that doubles: those who failed together shall not come back together.
    """
    asked_s = _asked_s(came.headers) if isinstance(came, Answer) else 0.0
    if asked_s > longest_s:
        return None
    usual_s = min(WAIT_MAX_S, FIRST_WAIT_S * 2.0 ** (tries - 1))
    return max(asked_s, usual_s * (1 + chance) / 2)


def _asked_s(headers: Mapping[str, str]) -> float:
    """Retry-After, in seconds or as an instant; that is read against the other side's own clock. 0 where it says nothing clear."""
    asked = headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdigit():
        return float(asked[:9])
    try:
        until, now = parsedate_to_datetime(asked), parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return 0.0
