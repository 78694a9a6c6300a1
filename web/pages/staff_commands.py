"""Platform commands, for staff: how far each has come, and the form for those that nobody can tell the end of."""

from typing import Any

from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Response

from firm.commands import SettleCommand
from firm.inputs import CommandState
from firm.permissions import Permission
from storage.readmodels.commands import WITHHELD, commands_page
from web.asking import ask
from web.bounds import COMMANDS_PER_PAGE
from web.forms import Wrong, fields_of, read_settlement, refused_in
from web.lists_asked import read_before
from web.render import page
from web.shell.toasts import told
from web.visitor import firm_of, may, signed_in

SHOWN = ("", "open", *(state.value for state in CommandState), WITHHELD)


@get("/staff/commands", policy=may(Permission.SEE_COMMANDS))
async def staff_commands(request: Request[Any, Any, Any]) -> Response[str]:
    return await _commands(request, 200, "", None)


@post("/staff/commands/{bridge:str}/{command:str}/settlement", policy=may(Permission.SETTLE_COMMANDS))
async def staff_settle(request: Request[Any, Any, Any], bridge: FromPath[str], command: FromPath[str]) -> Response[Any]:
    asked = read_settlement(await fields_of(request))
    if isinstance(asked, Wrong):
        return await _commands(request, 422, command, asked)
    happened, why = asked
    by = signed_in(request).reference
    settled = SettleCommand(by=by, bridge=bridge, command=command, happened=happened, why=why)
    refusal = refused_in((await ask(request, settled)).facts)
    if refusal is not None:
        return await _commands(request, 422, command, Wrong({"": refusal}, {"why": why}))
    return told(request, Redirect("/staff/commands", status_code=303), "sent")


async def _commands(request: Request[Any, Any, Any], status: int, command: str, wrong: Wrong | None) -> Response[str]:
    asked = request.query_params.get("state", "")
    state, before = asked if asked in SHOWN else "", read_before(request.query_params)
    firm = firm_of(request)
    found = await firm.book.read(lambda book: commands_page(book, state, before, COMMANDS_PER_PAGE + 1))
    more = found[COMMANDS_PER_PAGE - 1].seq if len(found) > COMMANDS_PER_PAGE else None
    context: dict[str, Any] = {
        "commands": found[:COMMANDS_PER_PAGE],
        "more": more,
        "state": state,
        "states": SHOWN,
        "before": before,
    }
    owed = {one.account: one for one in await firm.owed()}
    return page(request, "staff_commands.html", status=status, command=command, wrong=wrong, owed=owed, **context)


ROUTES = (staff_commands, staff_settle)
