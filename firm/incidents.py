"""Incidents: prices that the firm did not have while their market was open, and what that meant for the accounts that needed them.

Words only. When one begins and ends is decided in `actors/incident_desk.py`, what an account went through in `actors/account_outages.py`.
"""

from enum import StrEnum

import msgspec

from firm.price import Quote

NUMBER_DIGITS_MAX = 18  # of a ledger row: more fit no book


class IncidentCause(StrEnum):
    """How the firm learned that prices are missing."""

    SILENT = "silent"  # the bridge told nothing, though a market was open
    PLATFORM_DOWN = "platform_down"  # the bridge told that it has lost its platform
    GAP = "gap"  # the bridge told that it has no prices of a stretch


class Needed(StrEnum):
    """What an account needed the missing prices for; the first that is true."""

    HELD = "held"  # it held a position in such a symbol
    CONVERTED = "converted"  # the profit of a position came into its currency by such a symbol
    ORDERED = "ordered"  # an order of it waited for a price of such a symbol


class Befell(StrEnum):
    """What happened to an account during an incident and right after it."""

    BREACHED = "breached"  # it was closed by a hard breach
    SUSPECTED = "suspected"  # a breach was suspected
    CLEARED = "cleared"  # a breach was suspected, or declared, and what came later showed none
    STRUCK = "struck"  # it broke a rule that did not end it
    PASS_HELD = "pass_held"  # noqa: S105  (a word of ours)
    CLOSED = "closed"  # positions were closed at or after the first price that came again


class Answer(StrEnum):
    """Whether an account would have broken a limit had no price been missing."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Proposal(StrEnum):
    """What a person is asked to grant."""

    NOTHING = "nothing"
    EXTEND = "extend"  # its phase ends by a clock, which went on meanwhile
    REINSTATE = "reinstate"  # a breach ended it that there would not have been
    LOOK = "look"  # nobody can tell, or a question is open: a person decides


class Incident(msgspec.Struct, frozen=True):
    """One that goes on. `incident`: the ledger row that opened it. `symbols`: of which prices are or were missing since `from_us`.

    `whole`: there were more symbols than are named, so that everything on the bridge counts as one of them. `back_us`: when prices had
    come back, 0 while they are missing.
    """

    incident: int
    bridge: str
    symbols: tuple[str, ...]
    whole: bool
    from_us: int
    back_us: int = 0

    def touches(self, symbol: str) -> bool:
        return self.whole or symbol in self.symbols


class Hole(msgspec.Struct, frozen=True):
    """What came afterwards of a symbol's missing prices: the lowest bid and the highest ask; None where there were none."""

    low: Quote | None = None
    high: Quote | None = None


class Outage(msgspec.Struct, frozen=True, gc=False):
    """What an account keeps of an incident until it was assessed. `seq`: the row that froze its passes.

    `decision`: the newest breach or suspicion of a limit in it, 0 for none. `stops`: where positions were to end by themselves then, in
    points by their ids. `befell`: in the order in which it happened.
    """

    incident: int
    from_us: int
    symbols: tuple[str, ...]
    seq: int
    decision: int = 0
    stops: tuple[tuple[str, int], ...] = ()
    befell: tuple[Befell, ...] = ()


def evidence_of(incident: int) -> str:
    """What an exception that is granted for an incident names as its evidence."""
    return f"incident {incident}"


def incident_in(evidence: str) -> int | None:
    """The incident that an exception's evidence names; None where it names something else."""
    name, _, number = evidence.partition(" ")
    is_number = number.isascii() and number.isdecimal() and len(number) <= NUMBER_DIGITS_MAX
    return int(number) if name == "incident" and is_number else None
