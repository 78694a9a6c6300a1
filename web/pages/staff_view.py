"""Viewing as a trader, for staff: the form that begins it, with its reason, and the end of it."""

from typing import Any

import anyio.to_thread
from litestar import Request, get, post
from litestar.exceptions import NotFoundException, ServiceUnavailableException
from litestar.params import FromPath
from litestar.response import Redirect, Response
from msgspec.structs import replace

from firm.commands import BeginView, ViewEnd
from firm.commands.acts import VIEW_SECONDS
from firm.facts import Refused, ViewBegan
from firm.ids import id_text
from firm.instant import MINUTE_US, SECOND_US
from firm.permissions import Permission
from storage.readmodels.accounts import AccountLine, account_line
from storage.readmodels.views import views_of
from web.asking import ask
from web.bounds import VIEWS_SHOWN
from web.forms import Wrong, fields_of, read_why
from web.people import staff_names
from web.render import page
from web.signed import View, read_signed, written
from web.team_view import refusal_told
from web.visitor import PermissionMissing, Policy, firm_of, may, read_id, signed_in


@get("/staff/accounts/{account:str}/view", policy=may(Permission.VIEW_AS))
async def staff_view(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[str]:
    return await _page(request, await _line(request, account), None)


@post("/staff/accounts/{account:str}/view", policy=may(Permission.VIEW_AS), fresh=True)
async def staff_begin_view(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[Any]:
    """From here on the session sees what the trader of this account sees."""
    firm, visitor, line = firm_of(request), signed_in(request), await _line(request, account)
    why = read_why(await fields_of(request))
    if isinstance(why, Wrong):
        return await _page(request, line, why)
    asked = BeginView(
        by=visitor.reference, trader=line.trader, on=line.account, role=visitor.role, why=why, seconds=VIEW_SECONDS
    )
    decided = await ask(request, asked)
    facts = decided.facts
    if no := next((fact for _, fact in facts if isinstance(fact, Refused)), None):
        return await _page(request, line, Wrong({"": refusal_told((no.refusal, no.detail))}, {"why": why}))
    if not any(isinstance(fact, ViewBegan) for _, fact in facts):
        raise ServiceUnavailableException("this cannot be put on record just now: nothing was begun. Try again later")
    now_us = firm.wall_us()
    view = View(decided.seq, line.trader, line.account, now_us, now_us + VIEW_SECONDS * SECOND_US)

    def work(content: bytes) -> bytes:
        return written(replace(read_signed(content), view=view))

    await anyio.to_thread.run_sync(firm.sessions.change, visitor.session_id, now_us, work)
    return Redirect(f"/accounts/{id_text(line.account)}", status_code=303)


@post("/view/end", policy=Policy.SIGNED_IN, ends_view=ViewEnd.ENDED)
async def end_of_view(request: Request[Any, Any, Any]) -> Redirect:
    """The guard has ended it, where there was one: two tabs may both ask."""
    account = request.state.get("viewed", 0)
    return Redirect(f"/staff/accounts/{id_text(account)}" if account else "/", status_code=303)


async def _line(request: Request[Any, Any, Any], text: str) -> AccountLine:
    """The account, for somebody who may see whose it is: all pages of a trader bear their name."""
    firm, account = firm_of(request), read_id(text)
    if not firm.names_seen:
        raise PermissionMissing(Permission.SEE_NAMES, firm.live.staff().roles_with(Permission.SEE_NAMES))
    line: AccountLine | None = await firm.book.read(lambda book: account_line(book, account))
    if line is None:
        raise NotFoundException
    return line


async def _page(request: Request[Any, Any, Any], line: AccountLine, wrong: Wrong | None) -> Response[str]:
    firm = firm_of(request)
    views = await firm.book.read(lambda book: views_of(book, line.trader, VIEWS_SHOWN))
    names = await staff_names(firm, (view.who for view in views))
    minutes = VIEW_SECONDS * SECOND_US // MINUTE_US
    status = 422 if wrong else 200
    return page(
        request, "staff_view.html", status=status, line=line, wrong=wrong, views=views, names=names, minutes=minutes
    )


ROUTES = (staff_view, staff_begin_view, end_of_view)
