"""Viewing as a trader: a member of staff sees the portal as a trader does, for a quarter of an hour, and can change nothing.

While somebody looks, their session is the trader's to all pages, and these guards refuse whatever is no page: forms, files, and how
the trader signs in. Each page is in the book before it is shown. The session stays theirs: they end it, and go on as themselves.
"""

import logging
from typing import Any

import anyio.to_thread
from litestar.connection import ASGIConnection, Request
from litestar.exceptions import PermissionDeniedException, ServiceUnavailableException, TooManyRequestsException
from litestar.handlers.base import BaseRouteHandler
from msgspec.structs import replace

from firm.commands import EndView, SeePage, ViewEnd
from firm.commands.acts import VIEW_SECONDS
from firm.facts import PageSeen, Refusal, Refused
from firm.instant import SECOND_US
from storage.errors import DiskRefused
from storage.throttles import Limit
from web.asking import ask
from web.auth import why_over
from web.bounds import PAGES_NOTED_EVERY_US, PAGES_PER_VIEW
from web.firm import Firm
from web.signed import View, read_signed, signed_of, written
from web.visitor import UNSAFE, Policy, Visitor, visitor_of

_LOG = logging.getLogger(__name__)
_OF_TRADERS = frozenset({Policy.TRADER, Policy.TRADER_OWN})
_PIECES = ("/live", "/chart")
_PAGES = Limit(PAGES_PER_VIEW, VIEW_SECONDS * SECOND_US)
NO_FORMS = "nothing can be changed or asked for while you view the portal as a trader"
THEIRS_ALONE = "how the trader signs in, and what is theirs as a file, is for them alone"
WHY_OVER = {
    ViewEnd.ENDED: "you ended it",
    ViewEnd.EXPIRED: "its quarter of an hour is over",
    ViewEnd.REVOKED: "you may not view the portal as a trader any more",
    ViewEnd.SIGNED_OUT: "you signed out",
    ViewEnd.GONE: "the trader was forgotten",
}


class ViewOver(PermissionDeniedException):
    """Who viewed as a trader does no more, and asked for a page of the trader's."""

    def __init__(self, how: ViewEnd) -> None:
        super().__init__(detail=f"you view the portal as the trader no more: {WHY_OVER[how]}")


async def settle_view(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """The first guard: a view that is over ends here, and whoever looked is themselves again."""
    visitor, view = visitor_of(connection), signed_of(connection).view
    if view is None or visitor is None or visitor.behind is not None:
        return
    how = await anyio.to_thread.run_sync(why_over, connection.app.state.firm, visitor, signed_of(connection))
    await end_view(connection, visitor, view, how or ViewEnd.EXPIRED)
    if handler.opt.get("policy") in _OF_TRADERS:
        raise ViewOver(how or ViewEnd.EXPIRED)


async def look(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """After `admit`, which took them for the trader: what a view may not, and the page put on record."""
    visitor, view = visitor_of(connection), signed_of(connection).view
    if visitor is None or visitor.behind is None or view is None or not isinstance(connection, Request):
        return
    opt, staff = handler.opt, visitor.behind.staff
    if opt.get("ends_view") is not None:
        await end_view(connection, staff, view, opt["ends_view"])
        return
    if connection.method in UNSAFE:
        raise PermissionDeniedException(NO_FORMS)
    is_theirs = opt.get("policy") is Policy.SIGNED_IN and not opt.get("in_view", False)
    if is_theirs or opt.get("fresh", False) or opt.get("theirs", False):
        raise PermissionDeniedException(THEIRS_ALONE)
    if opt.get("policy") in _OF_TRADERS:
        await _see(connection, visitor, view)


async def end_view(connection: ASGIConnection[Any, Any, Any, Any], staff: Visitor, view: View, how: ViewEnd) -> None:
    """First the session, then the book: whatever the book does, nobody looks any more. Its live pages end with it."""
    firm: Firm = connection.app.state.firm
    ended: list[View] = []

    def work(content: bytes) -> bytes:
        signed = read_signed(content)
        if signed.view == view:
            ended.append(view)
        return written(replace(signed, view=None))

    await anyio.to_thread.run_sync(firm.sessions.change, staff.session_id, firm.wall_us(), work)
    connection.scope["user"], connection.scope["auth"] = staff, replace(signed_of(connection), view=None)
    connection.state["viewed"] = view.account
    connection.app.state.streams.end_view(view.view)
    if not ended or not isinstance(connection, Request):  # another tab was first
        return
    try:
        await ask(connection, EndView(by=staff.reference, trader=view.trader, view=view.view, how=how))
    except (ServiceUnavailableException, DiskRefused) as refused:
        _LOG.warning(
            "the end of a view is not in the ledger, and its time stands for it (view %d): %s", view.view, refused
        )


async def _see(request: Request[Any, Any, Any], visitor: Visitor, view: View) -> None:
    """The same page again within a minute, and its live pieces, are the page that is on record."""
    firm, acts = request.app.state.firm, request.app.state.acts
    assert visitor.behind is not None
    page, staff, now_us = request.url.path, visitor.behind.staff, firm.wall_us()
    for piece in _PIECES:
        page = page.removesuffix(piece)
    key = (f"view {view.view}", page)
    if not acts.is_news(key, now_us, PAGES_NOTED_EVERY_US):
        return
    if await anyio.to_thread.run_sync(firm.throttle.wait_us, "pages of a view", f"{view.view}", _PAGES, now_us):
        raise TooManyRequestsException(f"{PAGES_PER_VIEW} pages were looked at in this view: end it, and begin anew")
    facts = (await ask(request, SeePage(by=staff.reference, trader=view.trader, view=view.view, page=page))).facts
    if any(isinstance(fact, PageSeen) for _, fact in facts):
        acts.lately.keep(key, now_us)
        return
    no = next((fact.refusal for _, fact in facts if isinstance(fact, Refused)), None)
    if no is None:
        raise ServiceUnavailableException(
            "the page cannot be put on record just now, and is not shown. Try again later"
        )
    how = ViewEnd.GONE if no is Refusal.TRADER_FORGOTTEN else ViewEnd.REVOKED
    await end_view(request, staff, view, how)
    raise ViewOver(how)
