"""Reading: what became of one account, as told by facts about it: the ledger's, or those that the lab decided.

One reading serves both, so that "before" and "after" are compared by the same words.
"""

import msgspec
from msgspec.structs import replace

from actors.lab_found import Ending, Outcome, Undone
from firm.facts import (
    BreachDeclared,
    BreachSuspected,
    CashBooked,
    DealBooked,
    DealCorrected,
    DividendBooked,
    Fact,
    PayoutBooked,
    PhasePassed,
    StandingChanged,
    VerdictCorrected,
)
from firm.money import Money
from firm.phase import ENDED, Standing

_ENDINGS = {
    Standing.PROVISIONING: Ending.NOT_BEGUN,
    Standing.ACTIVE: Ending.RUNNING,
    Standing.FUNDED: Ending.RUNNING,
    Standing.PAUSED: Ending.RUNNING,
    Standing.RESTRICTED: Ending.RUNNING,
    Standing.SUSPECTED: Ending.IN_QUESTION,
    Standing.UNDER_REVIEW: Ending.IN_QUESTION,
    Standing.BREACHED: Ending.BREACHED,
    Standing.PASSED: Ending.PASSED,
    Standing.CLOSED: Ending.CLOSED,
}

_BY_VERDICT = frozenset({Ending.IN_QUESTION, Ending.PASSED, Ending.BREACHED})

TELLING: frozenset[str] = frozenset(
    kind.__name__
    for kind in (
        BreachDeclared,
        BreachSuspected,
        CashBooked,
        DealBooked,
        DealCorrected,
        DividendBooked,
        PayoutBooked,
        PhasePassed,
        StandingChanged,
        VerdictCorrected,
    )
)
"""Kinds that a reading takes."""


class Books(msgspec.Struct, frozen=True):
    """What was booked so far, in minor units: the balance, cash beside trades, profit that was withdrawn, and what the trader got of it."""

    balance: int
    cash: int = 0
    withdrawn: int = 0
    paid: int = 0

    def booked(self, fact: Fact) -> "Books":
        match fact:
            case CashBooked():
                return replace(self, cash=fact.net.minor, balance=fact.balance.minor)
            case PayoutBooked():
                withdrawn, paid = self.withdrawn + fact.profit.minor, self.paid + fact.paid.minor
                return replace(self, withdrawn=withdrawn, paid=paid, balance=fact.balance.minor)
            case DealBooked() | DealCorrected() | DividendBooked():
                return replace(self, balance=fact.balance.minor)
        return self


class Reading:
    """One account's way, fact by fact. What comes after its end changes neither its figures nor its payouts, unless it goes on again:
    then what was booked meanwhile, such as the firm's own closing, belongs to it.
    """

    def __init__(self, initial: Money, at_us: int) -> None:
        self.standing = Standing.PROVISIONING
        self._at_us, self._because = at_us, ""
        self._initial, self._strikes = initial.minor, 0
        self._books = self._books_at_end = Books(initial.minor)
        self._verdict: tuple[int, BreachDeclared | BreachSuspected | PhasePassed] | None = None
        self._since = ""

    @property
    def has_ended(self) -> bool:
        return self.standing in ENDED

    def take(self, fact: Fact, row: int, at_us: int) -> None:
        self._books = self._books.booked(fact)
        match fact:
            case StandingChanged():
                if fact.after in ENDED and not self.has_ended:
                    self._books_at_end = self._books
                self.standing, self._at_us, self._because = fact.after, at_us, fact.because
            case VerdictCorrected():
                self._since = fact.verdict
            case _ if not self.has_ended:
                self._take_while_open(fact, row)
            case _:
                return

    def outcome(self) -> Outcome:
        """As it stands."""
        books = self._books_at_end if self.has_ended else self._books
        told = Outcome(
            ending=_ENDINGS[self.standing],
            at_us=self._at_us,
            rule=self._because if self.standing in (Standing.CLOSED, Standing.BREACHED) else "",
            profit=books.balance + books.withdrawn - books.cash - self._initial,
            paid=books.paid,
            strikes=self._strikes,
            since=self._since,
        )
        if self._verdict is None:
            return told
        return self._with_verdict(told) if told.ending in _BY_VERDICT else replace(told, undone=self._undone())

    def _undone(self) -> Undone | None:
        """The breach of which something else was said later, and after which the account goes on."""
        assert self._verdict is not None
        row, fact = self._verdict
        if isinstance(fact, PhasePassed) or not self._since:
            return None
        return Undone(rule=fact.rule, at_us=fact.at_us, figure=fact.observed.minor, against=fact.floor.minor, row=row)

    def _with_verdict(self, told: Outcome) -> Outcome:
        assert self._verdict is not None
        row, fact = self._verdict
        if isinstance(fact, PhasePassed):
            told = replace(told, rule=fact.rule, row=row, conditions=fact.conditions)
            # A phase that no target of money wins has none that the balance is held against.
            against = fact.target.minor or None
            return replace(told, figure=None if against is None else fact.observed.minor, against=against)
        seen = {"at_us": fact.at_us, "rule": fact.rule, "figure": fact.observed.minor, "against": fact.floor.minor}
        doubts = fact.doubts if isinstance(fact, BreachSuspected) else ()
        return replace(told, row=row, doubts=doubts, **seen)

    def _take_while_open(self, fact: Fact, row: int) -> None:
        match fact:
            case BreachDeclared() if fact.severity != "hard":
                self._strikes += 1
            case BreachDeclared() | BreachSuspected() | PhasePassed():
                self._verdict, self._since = (row, fact), ""
