"""Facts of people as such: traders who came and were forgotten, and how anybody signs in."""

from firm.commands import SecurityAct
from firm.facts.fact import Fact
from firm.personal import Destruction


class TraderRegistered(Fact, frozen=True, kw_only=True):
    """A trader."""

    trader: int


class ErasureOrdered(Fact, frozen=True, kw_only=True):
    """A trader is to be forgotten: nothing is sold to them any more, and the vault destroys each class from its instant on."""

    trader: int
    classes: tuple[Destruction, ...]


class ValuesForgotten(Fact, frozen=True, kw_only=True):
    """Values of a trader, of one class, are gone for ever. What is in the ledger about them proves what it proved, and names nobody.

    `pooled`: commitments of those that had no key of their own. `finished`: nothing of the class is left.
    """

    trader: int
    klass: str
    values: int
    pooled: tuple[str, ...]
    finished: bool


class SecurityNoted(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """Something changed in how `person` signs in; `by` did it, with a reason where that was somebody else. It changes no desk's state."""

    person: str
    act: SecurityAct
    by: str
    why: str = ""
