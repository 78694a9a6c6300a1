"""Watched account: the parts of an account's page that change while somebody looks, each rendered when it has to be.

What moves with prices is rendered each time, from the live board. What the book holds (trades, days, decisions, commands) is
read and rendered again only when the account has a new ledger row.
"""

import msgspec

from web.account_view import AccountView, account_view, live_part, newest_row
from web.firm import Firm
from web.render import Pages
from web.sse import Parts


class WatchedAccount:
    """One account's page for one kind of reader: `room` is "" for its trader and "/staff" for the backoffice."""

    def __init__(self, firm: Firm, pages: Pages, view: AccountView, room: str) -> None:
        self._firm = firm
        self._pages = pages
        self._room = room
        self._over = False
        self._know(view)

    async def parts(self) -> Parts:
        """The parts by the name of their event; none any more once the last word on an ended account was shown."""
        if self._over:
            return {}
        account = self._view.line.account
        if await newest_row(self._firm, account) != self._view.newest_seq:
            self._know(await account_view(self._firm, account))
        self._over = not self._view.watched
        moving = live_part(self._firm, self._view.line, self._view.ruleset, self._view.next_phase)
        view = msgspec.structs.replace(self._view, **moving)
        context = {"view": view, "now_us": view.now_us, "room": self._room}
        standing, figures = (
            self._pages.text(name, context) for name in ("_account_standing.html", "_account_live.html")
        )
        return {"live": standing + figures, "book": self._book}

    def _know(self, view: AccountView) -> None:
        context = {"view": view, "room": self._room}
        self._view, self._book = view, self._pages.text("_account_book.html", context)
