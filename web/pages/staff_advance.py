"""A phase that is reached and held: a person lets its account be opened although the trader then has more than a rule allows."""

from typing import Any

from litestar import Request, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect, Response

from firm.commands import AdvanceChallenge
from firm.ids import id_text
from firm.permissions import Permission
from web.account_view import account_view
from web.asking import ask
from web.forms import Wrong, fields_of, read_why, refused_in
from web.pages.staff_account import account_for_staff
from web.shell.toasts import told
from web.visitor import firm_of, may, read_id, signed_in


@post("/staff/accounts/{account:str}/next-phase", policy=may(Permission.ADVANCE_PHASES))
async def staff_advance(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[Any]:
    number = read_id(account)
    view = await account_view(firm_of(request), number)
    if view.held_phase is None:
        raise NotFoundException("no phase waits here: it was opened already, or was never held")
    why = read_why(await fields_of(request))
    if isinstance(why, Wrong):
        return await account_for_staff(request, number, advance=why)
    command = AdvanceChallenge(by=signed_in(request).reference, order=view.line.challenge, why=why)
    refusal = refused_in((await ask(request, command)).facts)
    if refusal is not None:
        return await account_for_staff(request, number, advance=Wrong({"": refusal}, {"why": why}))
    return told(request, Redirect(f"/staff/accounts/{id_text(number)}", status_code=303), "sent")


ROUTES = (staff_advance,)
