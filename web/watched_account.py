"""Watched account: the parts of an account's page that change while somebody looks, each rendered when it has to be.

What moves with prices is read from the live board, and not looked at while everything that it rests on is the same. What the book
holds (trades, days, decisions, commands) is read and rendered again only when the account has a new ledger row.
"""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from actors.live import LiveOwed
from actors.live_board import Grounds
from firm.instant import SECOND_US
from web.account_pieces import AccountPieces
from web.account_view import AccountView, account_view, live_part, prices_ended_us
from web.firm import Firm
from web.people import staff_names
from web.render import Pages
from web.sse import Parts


class RestsOn(NamedTuple):
    """What the last parts rest on besides the book: where it is the same, they are. `over`: the day that they tell the end of is."""

    grounds: Grounds | None
    owed: LiveOwed | None
    next_owed: LiveOwed | None
    prices_ended_us: int
    held_since_us: int
    over: bool


class WatchedAccount:
    """One account's page for one kind of reader, in one language: `room` is "" for its trader and "/staff" for the backoffice."""

    def __init__(
        self, firm: Firm, pages: Pages, view: AccountView, room: str, names: dict[str, str] | None = None
    ) -> None:
        """`names`: of who made exceptions, for staff alone."""
        self._names = names
        self._firm = firm
        self._pages = pages
        self._room = room
        self._over = False
        self._read: AccountView | None = view  # what the next parts are made of, where it is not yet known
        self._view = view
        self._speech = view.speech
        self._pieces = AccountPieces(pages, room, view.speech)
        self._book = ""
        self._parts: Parts = {}
        self._rests_on: RestsOn | None = None
        self._counted_from = (0, 0)

    def heed(self, hurry: Callable[[], None]) -> None:
        """A row of the account's own, a breach say, is shown before others are told their prices."""
        self._hurry = hurry
        self._firm.live.tell_rows(self._view.line.account, hurry)

    def forget(self) -> None:
        self._firm.live.tell_no_more(self._view.line.account, self._hurry)

    def changed(self) -> bool:
        """Whether there may be other parts than the last ones. It costs a hundredth of making them."""
        return self._over or self._has_new_row() or self._countdown_is_off() or self._now() != self._rests_on

    def lacks(self) -> bool:
        return self._has_new_row() and self._read is None and not self._over

    async def gather(self) -> None:
        """Read the book where it has something new."""
        read = await account_view(self._firm, self._view.line.account, self._speech)
        self._names = await names_of_exceptions(self._firm, read, self._room)
        self._read = read

    def parts(self) -> Parts:
        """The parts by the name of their event; none any more once the last word on an ended account was shown."""
        if self._over:
            return {}
        if self._read is not None:
            self._know(self._read)
        now, is_off = self._now(), self._countdown_is_off()
        if now == self._rests_on and not is_off:
            return self._parts
        view = self._view
        moving = live_part(self._firm, view.line, view.ruleset, view.next_phase, now.prices_ended_us, self._speech)
        self._view = msgspec.structs.replace(view, **moving)
        self._over = not self._view.watched
        self._rests_on = now
        if is_off:
            self._counted_from = (self._view.now_us, self._firm.wall_us())
        self._parts = {"live": self._pieces.of(self._view, countdown_is_off=is_off), "book": self._book}
        return self._parts

    def _know(self, view: AccountView) -> None:
        self._read = None
        self._view = view
        told = {"view": view, "room": self._room, "names": self._names}
        self._book = self._pages.text("_account_book.html", told, self._speech)
        self._rests_on = None

    def _has_new_row(self) -> bool:
        """Whatever a page takes from the book changed with a row of the account's own."""
        return self._firm.live.newest_row(self._view.line.account) > self._view.newest_seq

    def _now(self) -> RestsOn:
        firm, view = self._firm, self._view
        live, known = firm.live, self._rests_on
        return RestsOn(
            live.grounds(view.line.account, known.grounds if known is not None else None),
            live.owed_to(view.line.account),
            live.owed_to(view.next_phase.account) if view.next_phase is not None else None,
            prices_ended_us(firm.pulse.lately(), view.line.bridge),
            firm.held_since_us() if firm.held() else 0,
            firm.now_us() >= view.reset.at_us,
        )

    def _countdown_is_off(self) -> bool:
        """Browsers count down by themselves, a second a second: firm time need not run so."""
        at_us, wall_us = self._counted_from
        now_us = self._firm.now_us()
        return now_us != at_us and abs((now_us - at_us) - (self._firm.wall_us() - wall_us)) > SECOND_US


async def names_of_exceptions(firm: Firm, view: AccountView, room: str) -> dict[str, str] | None:
    """Of who made exceptions from the account's rules; None where a trader reads."""
    return await staff_names(firm, (each.who for each in view.overrides)) if room else None
