"""Drift view: in words how our figure of an account and the platform's come to differ, beside what both said."""

from collections.abc import Sequence

import apsw
import msgspec

from actors.live import LiveAccount
from storage.readmodels.accounts import AccountLine, account_line
from storage.readmodels.drifts import Drift
from web import words

TITLES = {"balance": "Balance", "equity": "Equity", "positions": "Open positions", "margin": "Margin"}

# What is held against each other, and where a difference usually comes from.
EXPLAINED = {
    "balance": (
        "Ours is what its deals and payments add up to, and the platform’s has to be the same to the cent. Where it is not,"
        " a booking did not reach us or was changed there."
    ),
    "equity": (
        "Ours is the balance with floating profit and swap, at our last prices. Beyond the tolerance the platform measures by"
        " other prices, another swap or another contract than we know."
    ),
    "positions": (
        "Positions are held against each other one by one: number, symbol, direction and lots. It ends with a snapshot of the"
        " platform’s that shows the same positions as our book."
    ),
    "margin": (
        "Ours is lots × contract × opening price ÷ leverage of each position. Where the platform works its margin out otherwise,"
        " rules about margin are not judged meanwhile; all other rules are."
    ),
}

_IGNORED = {
    "does_not_fit": "It does not fit what the account holds",
    "too_many_positions": "The account has as many positions open as may be",
    "out_of_range": "Its amounts are beyond what an account can hold",
    "unknown_deal": "The platform changed or deleted a deal that it never told us of",
    "too_old": "The platform changed or deleted a deal of too long ago to work out what follows",
}


class DriftLine(msgspec.Struct, frozen=True):
    """One drift of the list, with its account and what we compute by now."""

    drift: Drift
    account: AccountLine
    live: LiveAccount | None

    @property
    def ours_now(self) -> str:
        """Our figure of this moment; "" once it is over, or where none is known."""
        if self.live is None or self.drift.cleared_seq is not None:
            return ""
        match self.drift.what:
            case "balance":
                return words.money(self.live.balance)
            case "equity" if self.live.positions or not self.live.positions_open:
                return words.money(self.live.equity)
            case "positions":
                return f"{words.count(self.live.positions_open)} open"
            case _:
                return ""

    @property
    def ours(self) -> str:
        if self.drift.what != "positions":
            return words.money(self.drift.money(self.drift.computed))
        if self.drift.deal:
            return "not in our book"
        return f"{words.count(self.drift.missing)} that the platform lacks"

    @property
    def theirs(self) -> str:
        if self.drift.what != "positions":
            return words.money(self.drift.money(self.drift.reported))
        if self.drift.deal:
            return f"deal {self.drift.deal}"
        return f"{words.count(self.drift.unknown)} unknown to us"

    @property
    def difference(self) -> str:
        """What the platform has more or less than we compute."""
        if self.drift.what != "positions":
            return words.change(self.drift.difference)
        return (
            "1 deal"
            if self.drift.deal
            else words.plural(self.drift.missing + self.drift.unknown, "difference", "differences")
        )

    @property
    def tolerance(self) -> str:
        """How far both may be apart; "" where positions are held against each other."""
        if self.drift.what == "positions":
            return ""
        allowed = words.money(self.drift.money(self.drift.tolerance)) if self.drift.tolerance else "none"
        return f"tolerance {allowed}"

    @property
    def because(self) -> str:
        """Why our book could not take a deal; "" where none was the reason."""
        return _IGNORED.get(self.drift.why, words.sentence(self.drift.why)) if self.drift.deal else ""


def lines_of(book: apsw.Connection, drifts: Sequence[Drift]) -> list[tuple[Drift, AccountLine]]:
    """Each with its account as the lists show it."""
    found = ((drift, account_line(book, drift.account)) for drift in drifts)
    return [(drift, line) for drift, line in found if line is not None]


def in_words(drifting: Sequence[str]) -> str:
    """Balance and equity."""
    return words.upper_first(" and ".join(TITLES[what].lower() for what in drifting))
