"""Owed, for staff: the accounts from which enforcement withheld what the platform still lacks, and the forms that order it anew."""

from typing import Any

from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect, Response

from actors.live import LiveOwed
from firm.commands import EnforceAgain
from firm.facts import Refusal
from firm.ids import id_text
from firm.permissions import Permission
from web import owed_view, words
from web.asking import ask
from web.bounds import ORDERED_AT_ONCE_MAX
from web.forms import Wrong, refusal_in
from web.render import page
from web.shell.toasts import told
from web.visitor import firm_of, may, read_id, signed_in


@get("/staff/owed", policy=may(Permission.SEE_COMMANDS))
async def staff_owed(request: Request[Any, Any, Any]) -> Response[str]:
    return await _owed(request, 200, None)


@post("/staff/owed/orders", policy=may(Permission.ORDER_ENFORCEMENT))
async def staff_order_all(request: Request[Any, Any, Any]) -> Response[Any]:
    """One command an account. What somebody ordered a moment ago is owed no more, and a second click orders nothing.

    One that is refused holds up no other.
    """
    firm = firm_of(request)
    refused: Refusal | None = None
    for owed in owed_view.waits(await firm.owed())[:ORDERED_AT_ONCE_MAX]:
        refusal = await _order(request, owed)
        if refusal not in (None, Refusal.NOTHING_OWED):
            refused = refusal
    if refused is not None:
        return await _owed(request, 422, refused)
    return told(request, Redirect("/staff/owed", status_code=303), "sent")


@post("/staff/accounts/{account:str}/orders", policy=may(Permission.ORDER_ENFORCEMENT))
async def staff_order(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[Any]:
    firm, number = firm_of(request), read_id(account)
    if firm.live.account(number) is None:
        raise NotFoundException
    owed = firm.live.owed_to(number)
    refusal = Refusal.NOTHING_OWED if owed is None else await _order(request, owed)
    if refusal is not None:
        return await _owed(request, 422, refusal)
    return told(request, Redirect(f"/staff/accounts/{id_text(number)}", status_code=303), "sent")


async def _order(request: Request[Any, Any, Any], owed: LiveOwed) -> Refusal | None:
    command = EnforceAgain(by=signed_in(request).reference, bridge=owed.bridge, account=owed.account)
    return refusal_in((await ask(request, command)).facts)


async def _owed(request: Request[Any, Any, Any], status: int, refusal: Refusal | None) -> Response[str]:
    firm = firm_of(request)
    owed = owed_view.by_urgency(await firm.owed())
    lines = await firm.book.read(lambda book: owed_view.lines_of(book, owed))
    wrong = None if refusal is None else Wrong({"": words.refusal(refusal)}, {})
    context: dict[str, Any] = {"lines": lines, "owed": owed, "waiting": owed_view.waits(owed)}
    return page(request, "staff_owed.html", status=status, wrong=wrong, **context)


ROUTES = (staff_owed, staff_order_all, staff_order)
