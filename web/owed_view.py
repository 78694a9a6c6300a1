"""Owed view: what enforcement withheld and the platform still lacks, in words for the staff who order it anew and for traders."""

from collections.abc import Sequence
from itertools import groupby

import apsw
import msgspec

from actors.live import LiveAccount, LiveOwed
from firm.phase import ENDED, Standing
from storage.readmodels.accounts import AccountLine, account_line
from web import words
from web.bounds import OWED_SHOWN
from web.shell.speech import ENGLISH, Speech

# Purpose → what its button says, and what the platform is then asked for; the most urgent first.
ORDERS: dict[str, tuple[str, str]] = {
    "flatten": (
        "Close and block it",
        "The platform is asked to cancel pending orders, close every position at the prices of then, and block trading.",
    ),
    "pause": (
        "Pause it on the platform",
        "The platform is asked to stop trading and to close every position at the prices of then, until the next reset.",
    ),
    "close": (
        "Close its positions",
        "The platform is asked to close every position at the prices of then. Trading goes on.",
    ),
    "close_only": (
        "Allow closing only",
        "The platform is asked to let the trader close and reduce positions, and open none.",
    ),
    "provision": (
        "Open it on the platform",
        "The platform is asked to open the account. Its trader sees the login once it is there.",
    ),
    "release": ("Allow trading again", "The platform is asked to let the trader trade again."),
    "regroup": ("Change its group", "The platform is asked to move the account to the group that its rules name."),
    "releverage": (
        "Change its leverage",
        "The platform is asked to give the account the leverage that its rules name.",
    ),
}

STOPPED = {
    "kill_switch": "Enforcement is stopped, so it cannot be ordered now. Two people release it on the controls page.",
    "observe_mode": "The bridge only observes, so nothing is sent to it.",
}

WITHHELD_BECAUSE = {"kill_switch": "enforcement was stopped", "observe_mode": "the bridge only observed"}

_SAID = {
    "provision": "never opened",
    "close": "with positions not closed",
    "close_only": "not limited to closing",
    "pause": "not paused",
    "release": "not allowed to trade again",
    "regroup": "not moved to its group",
    "releverage": "without its leverage",
}


class OwedLine(msgspec.Struct, frozen=True):
    """One account of the list, with what it is owed."""

    owed: LiveOwed
    account: AccountLine

    @property
    def said(self) -> str:
        """What the platform lacks: Never opened."""
        return words.upper_first(_said(self.owed, 1))


def by_urgency(owed: Sequence[LiveOwed]) -> list[LiveOwed]:
    """Whose positions should be closed and are not comes first."""
    return sorted(owed, key=_urgency)


def waits(owed: Sequence[LiveOwed]) -> list[LiveOwed]:
    """What a person has to see to, by urgency: where a bridge only observes, sending nothing is what was asked for."""
    return by_urgency([one for one in owed if one.stopped != "observe_mode"])


def in_words(owed: Sequence[LiveOwed]) -> str:
    """6 breached accounts not closed and blocked, 15 never opened."""
    kinds = groupby(by_urgency(owed), key=lambda one: _urgency(one)[:2])
    return ", ".join(
        f"{words.count(len(alike))} {_said(alike[0], len(alike))}" for _, same in kinds for alike in [list(same)]
    )


def lines_of(book: apsw.Connection, owed: Sequence[LiveOwed]) -> list[OwedLine]:
    """The first of them, as the list shows them."""
    found = ((one, account_line(book, one.account)) for one in owed[:OWED_SHOWN])
    return [OwedLine(one, line) for one, line in found if line is not None]


def told(owed: LiveOwed | None, speech: Speech = ENGLISH) -> str:
    """For the trader, beside the account's standing; "" where nothing is owed. It promises no time."""
    return "" if owed is None else speech(f"owed.{owed.purpose}", unsent=speech("owed.unsent"))


def beside(
    usual: str, line: AccountLine, owed: LiveOwed | None, live: LiveAccount | None, speech: Speech = ENGLISH
) -> str:
    """What a trader reads of an account in one paragraph: the usual sentence, as far as it is true, and what is owed."""
    true = "" if owed is not None and owed.purpose == "provision" else usual
    return " ".join(said for said in (true, not_closed(line, owed, live, speech), told(owed, speech)) if said)


def not_closed(line: AccountLine, owed: LiveOwed | None, live: LiveAccount | None, speech: Speech = ENGLISH) -> str:
    """Of an account that is over and that nobody asked the platform to close: how much of it is open; else ""."""
    if line.standing not in ENDED or line.flat_us is not None or owed is None or owed.purpose != "flatten":
        return ""
    many = live.positions_open if live is not None else 0
    if not many:
        return speech("owed.not_blocked")
    return speech("owed.not_closed", count=many)


def _urgency(owed: LiveOwed) -> tuple[int, int, int]:
    standing = list(Standing).index(owed.standing) if owed.purpose == "flatten" else 0
    return list(ORDERS).index(owed.purpose), standing, owed.since_us


def _said(owed: LiveOwed, many: int) -> str:
    if owed.purpose == "flatten":
        return f"{words.standing_word(owed.standing).lower()} {'account' if many == 1 else 'accounts'} not closed and blocked"
    return _SAID[owed.purpose]
