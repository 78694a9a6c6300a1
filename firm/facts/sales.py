"""Facts of the firm's sales: programs, orders, and a trader's way through what was bought."""

from firm.facts.fact import Fact
from firm.money import Money
from firm.phase import Standing
from firm.ruleset import Program


class ProgramPublished(Fact, frozen=True, kw_only=True):
    """A program is on offer; `ruleset_ids` are those of its phases."""

    program: Program
    ruleset_ids: tuple[str, ...]


class ProgramRetired(Fact, frozen=True, kw_only=True):
    """A program is on offer no more; nothing changes for whoever holds it."""

    program: str
    by: str
    why: str


class OrderPlaced(Fact, frozen=True, kw_only=True):
    """An order waits for payment, with the program as it is sold. `accounts`: the ids of its phases' accounts, in order."""

    order: int
    trader: int
    price: Money
    accounts: tuple[int, ...]
    program: Program


class OrderPaid(Fact, frozen=True, kw_only=True):
    """The money for an order arrived."""

    order: int
    reference: str


class OrderLapsed(Fact, frozen=True, kw_only=True):
    """An order that was never paid, or the phase that it waited for, comes to nothing. `because`: "unpaid", "withdrawn" or "given_up"."""

    order: int
    trader: int
    because: str


class ChallengeOpened(Fact, frozen=True, kw_only=True):
    """A trader's way through a program began. The challenge has its order's number."""

    challenge: int
    trader: int
    program: str


class ChallengeAdvanced(Fact, frozen=True, kw_only=True):
    """The challenge moved on to phase number `phase` (from 0), on the row's account."""

    challenge: int
    phase: int


class ChallengeHeld(Fact, frozen=True, kw_only=True):
    """Phase number `phase` (from 0) was reached, and its account waits for a person: with it the trader would have more than a rule allows.

    `funded`: whether profit is shared in it. `why`: which rule, how much stands together, and what is allowed.
    """

    challenge: int
    trader: int
    phase: int
    funded: bool
    why: str


class ChallengeEnded(Fact, frozen=True, kw_only=True):
    """The challenge is over, with its account's last standing."""

    challenge: int
    standing: Standing


class ChallengeReopened(Fact, frozen=True, kw_only=True):
    """The account by whose breach it ended was reinstated: the challenge goes on with it."""

    challenge: int
