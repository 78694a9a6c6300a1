"""Facts of how our book and the platform's compare."""

from firm.facts.fact import Fact
from firm.money import Money


class DriftFound(Fact, frozen=True, kw_only=True):
    """Our figure and the platform's differ by more than the tolerance."""

    what: str
    computed: Money
    reported: Money
    tolerance: Money


class PositionsDrifted(Fact, frozen=True, kw_only=True):
    """The platform's open positions are not ours: how many it lacks, and how many it has that we do not know so."""

    missing: int
    unknown: int


class ContractChanged(Fact, frozen=True, kw_only=True):
    """A symbol that the account depends on has other digits, contract or currencies: its figures are confirmed anew."""

    symbol: str


class DriftCleared(Fact, frozen=True, kw_only=True):
    """Our figure and the platform's agree again."""

    what: str
