"""Scores of an account, for staff: what the firm publishes of it on a board that one of its rules asks for."""

from typing import Any

from litestar import Request, post
from litestar.params import FromPath
from litestar.response import Redirect, Response

from firm.commands import PublishScore
from firm.ids import id_text
from firm.permissions import Permission
from web.asking import ask
from web.forms import Wrong, fields_of, read_score, refused_in
from web.pages.staff_account import NOTHING_ASKED, account_for_staff
from web.shell.toasts import told
from web.visitor import may, read_id, signed_in


@post("/staff/accounts/{account:str}/scores", policy=may(Permission.PUBLISH_SCORES))
async def staff_score(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[Any]:
    number = read_id(account)
    said = read_score(await fields_of(request))
    if isinstance(said, Wrong):
        return await account_for_staff(request, number, NOTHING_ASKED, score=said)
    by = signed_in(request).reference
    command = PublishScore(by=by, account=number, board=said.board, score=said.score, why=said.why)
    refusal = refused_in((await ask(request, command)).facts)
    if refusal is not None:
        return await account_for_staff(request, number, NOTHING_ASKED, score=Wrong({"": refusal}, said.typed))
    return told(request, Redirect(f"/staff/accounts/{id_text(number)}#score", status_code=303), "sent")


ROUTES = (staff_score,)
