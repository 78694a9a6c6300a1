"""Facts of the incident desk: prices that were missing, and what that meant for each account that needed them."""

from firm.facts.fact import Fact
from firm.incidents import Answer, Befell, IncidentCause, Needed, Proposal


class IncidentOpened(Fact, frozen=True, kw_only=True):
    """Prices of a bridge are missing, or were, for longer than the policy allows while their market was open.

    `incident`: the number of this very row. `symbols`: of which, those that accounts need first; `whole`: there are more than are
    named. `from_us`: since when.
    """

    incident: int
    bridge: str
    cause: IncidentCause
    symbols: tuple[str, ...]
    whole: bool
    from_us: int


class IncidentExtended(Fact, frozen=True, kw_only=True):
    """Prices of more symbols are missing, from earlier on, or once more after they had come back. `symbols`: all of the incident."""

    incident: int
    bridge: str
    symbols: tuple[str, ...]
    whole: bool
    from_us: int


class PricesReturned(Fact, frozen=True, kw_only=True):
    """Prices of all symbols of the incident come again; it was noticed at `back_us`."""

    incident: int
    bridge: str
    back_us: int


class IncidentEnded(Fact, frozen=True, kw_only=True):
    """Prices have come for long enough, and the missing ones were waited for. `to_us`: until when they were missing.

    `filled`: every missing price was sent after all; else nobody knows what they were.
    """

    incident: int
    bridge: str
    to_us: int
    filled: bool


class IncidentNoted(Fact, frozen=True, kw_only=True):
    """A person wrote something down about the incident, for staff."""

    incident: int
    by: str
    note: str


class IncidentPublished(Fact, frozen=True, kw_only=True):
    """A person wrote what the public status page says of the incident, in place of what it said. `shown`: whether it is shown there."""

    incident: int
    by: str
    sentence: str
    shown: bool


class IncidentClosed(Fact, frozen=True, kw_only=True):
    """A person looked at all of it, and this is the conclusion."""

    incident: int
    by: str
    conclusion: str


class PassesFrozen(Fact, frozen=True, kw_only=True):
    """The account needs prices that are missing: it passes nothing before the incident is over. Breaches are not frozen.

    Once for each incident. `needed`: what it needs them for, in `symbols`.
    """

    incident: int
    needed: Needed
    symbols: tuple[str, ...]
    from_us: int


class OutageAssessed(Fact, frozen=True, kw_only=True):
    """The incident is over for the account: what happened to it meanwhile, what would have without it, and what is proposed.

    `answer`: whether it would have broken a limit had no price been missing. `decision`: the breach that is meant, 0 for none.
    `days`: by which its phase should be extended.
    """

    incident: int
    from_us: int
    until_us: int
    befell: tuple[Befell, ...]
    decision: int
    answer: Answer
    proposal: Proposal
    days: int
