"""Hands: what a person can press on the platform, with the same books behind it as behind the bots' buttons."""

from collections.abc import Awaitable
from typing import Protocol

from bridges.simulator.answers import Reason, Retcode
from bridges.simulator.books import Books
from bridges.simulator.orders import Ticket
from bridges.simulator.replay import Press
from bridges.simulator.state import Account, State
from bridges.simulator.ticket.asked import MarketOrder, Protection
from bridges.simulator.ticket.outcome import Followed, before, told_of

FORMS_REMEMBERED = 64  # of a session


class Hands(Protocol):
    """The running platform: what it knows, and a way to press something between two slices."""

    @property
    def state(self) -> State: ...

    @property
    def prices_ended_us(self) -> int | None:
        """Since when there are no further prices; None while they go on."""
        ...

    def by_hand(self, login: str, press: Press) -> Awaitable[Retcode]: ...


class Once:
    """A press that one form leads to once: sent again, by a second click or a reload, it gets the answer of the first time and does
    nothing; `came_again` says so. `answered`: what its session's forms led to, by their numbers, of which the newest stay.

    Without further prices nothing is done: a fill at the last one would be at a price that nobody quotes. `asked_e8`: how many lots
    the form asks for; None for whatever a position has.
    """

    def __init__(
        self, form_number: str, answered: dict[str, Followed], press: Press, hands: Hands, asked_e8: int | None = None
    ) -> None:
        self._form_number = form_number
        self._answered = answered
        self._press = press
        self._hands = hands
        self._asked_e8 = asked_e8
        self.came_again = False

    def __call__(self, books: Books, account: Account, t_us: int) -> Retcode:
        answered = self._answered
        if self._form_number in answered:
            self.came_again = True
            return answered[self._form_number].answer
        if self._hands.prices_ended_us is not None:
            return Retcode.NO_PRICES
        was = before(account)
        answer = self._press(books, account, t_us)
        while len(answered) >= FORMS_REMEMBERED:
            del answered[next(iter(answered))]
        told = told_of(self._hands.state, account, was, answer, t_us, self._asked_e8)
        answered[self._form_number] = Followed(answer, told)
        return answer


def ordered(order: MarketOrder | Ticket) -> Press:
    def press(books: Books, account: Account, t_us: int) -> Retcode:
        if isinstance(order, Ticket):
            return books.orders.place(account, order, t_us)
        return books.open_market(
            account, order.symbol, order.side, order.lots_e8, order.stop_loss, order.take_profit, t_us
        )

    return press


def closed(position: str, lots_e8: int | None) -> Press:
    def press(books: Books, account: Account, t_us: int) -> Retcode:
        held = account.positions.get(position)
        return Retcode.UNKNOWN_POSITION if held is None else books.close(account, held, t_us, Reason.CLIENT, lots_e8)

    return press


def protected(position: str, asked: Protection) -> Press:
    def press(books: Books, account: Account, t_us: int) -> Retcode:
        held = account.positions.get(position)
        if held is None:
            return Retcode.UNKNOWN_POSITION
        return books.protect(account, held, asked.stop_loss, asked.take_profit, t_us, trail_points=asked.trail_points)

    return press


def cancelled(order: str) -> Press:
    def press(books: Books, account: Account, t_us: int) -> Retcode:
        waiting = account.orders.get(order)
        return Retcode.UNKNOWN_POSITION if waiting is None else books.orders.cancel(account, waiting, t_us)

    return press
