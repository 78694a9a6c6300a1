"""Too much: what somebody is told who asks more than they may: how long to wait, in words and in Retry-After."""

from litestar.exceptions import TooManyRequestsException

from web.allowance import Allowance, Counted

LIVE = "/live"  # how the address of a live page's stream ends
SECOND_US = 1_000_000


class TooMuchAsked(TooManyRequestsException):
    """An account or a key has asked more than it may. `wait_us`: before it may again."""

    def __init__(self, wait_us: int) -> None:
        self.wait_us = wait_us
        super().__init__(detail=in_words(wait_us), headers={"retry-after": str(seconds_of(wait_us))})


class TooManySignIns(TooMuchAsked):
    """More people sign in from devices that nobody knows than hashes can be made for. Many are told so: it costs next to nothing."""


class TooManyFromOnePlace(TooManySignIns):
    """One network address, or the site around it, had its share of these."""


def seconds_of(wait_us: int) -> int:
    """As Retry-After says it: whole ones, and never none."""
    return max(1, -(-wait_us // SECOND_US))


def in_words(wait_us: int) -> str:
    seconds = seconds_of(wait_us)
    return f"wait {seconds} {'second' if seconds == 1 else 'seconds'}, then ask again; nothing was done"


def require_allowed(allowance: Allowance, kind: Counted, subject: str) -> None:
    """Count it, or raise TooMuchAsked."""
    wait_us = allowance.wait_us(kind, subject)
    if wait_us:
        raise TooMuchAsked(wait_us)
