"""Grounds: what the rules that are looked at rest on besides prices and the clock, so that none is asked again while that stays."""

from functools import cache
from typing import NamedTuple

from firm.account import AccountState
from firm.terms.conduct import AdverseExcursion
from firm.terms.exposure import ExposureLimit, IdeaRisk, Quantity, StopLossRequired
from firm.terms.objectives import Consistency, FailsAt
from firm.terms.words import Frequency, Observed, RuleTerm


def is_settled(terms: RuleTerm) -> bool:
    """Whether its answers stay as they are while what it rests on does, whatever prices and the clock do."""
    if type(terms) is ExposureLimit:
        return terms.quantity is Quantity.LOTS or terms.quantity is Quantity.POSITIONS
    if type(terms) is Consistency:
        return terms.fails_at is FailsAt.CLOSE
    return _is_of_trades_alone(type(terms))


def rests_on_prices(terms: RuleTerm) -> bool:
    """Whether a working of it has figures that were worked out from prices."""
    match terms:
        case IdeaRisk() | AdverseExcursion():
            return True
        case ExposureLimit():
            return terms.quantity in (Quantity.NOTIONAL, Quantity.MARGIN)
        case StopLossRequired():
            return terms.risk_max is not None
        case _:
            return False


@cache
def _is_of_trades_alone(kind: type[RuleTerm]) -> bool:
    return kind.frequency is Frequency.TRADE and Observed.EQUITY not in kind.inputs


class Grounds(NamedTuple):
    """What rules in this table rest on besides prices and the clock. Compared by identity: each part is replaced, never changed.

    `closed`: trades that are over, and what begins their scopes. `book`: what is held and what the days brought besides. `orders`:
    stops and orders besides.
    """

    closed: tuple[object, ...]
    book: tuple[object, ...]
    orders: tuple[object, ...]

    def of(self, terms: RuleTerm) -> tuple[object, ...]:
        """Where prices may change answers, those that they cannot rest on the book alone."""
        return self[_ground_of(type(terms))]


@cache
def _ground_of(kind: type[RuleTerm]) -> int:
    """Which of the grounds a kind of term rests on, by what it declares: its place."""
    if kind.inputs == {Observed.TRADES}:
        return Grounds._fields.index("closed")
    rests_on_orders = _is_of_trades_alone(kind) and Observed.ORDERS in kind.inputs
    return Grounds._fields.index("orders" if rests_on_orders else "book")


def grounds_of(account: AccountState) -> Grounds:
    track, day = account.track, account.day
    closed = (account.ruleset, track.trades, track.payouts, track.broken, day, track.week)
    book = (*closed, account.positions, track.parts, account.cash_net, account.days_traded_seq, track.days, track.today)
    return Grounds(closed, book, (*book, track.stops, track.orders))
