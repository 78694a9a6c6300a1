"""Exceptions from an account's rules, for staff: asked for with a reason and evidence, shown first as the trader will read them."""

from typing import Any

from litestar import Request, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect, Response

from firm.commands import GrantOverride
from firm.facts import Refused
from firm.ids import id_text
from firm.permissions import Permission
from web.account_view import account_view
from web.asking import ask
from web.forms import Wrong, fields_of, read_agreement, read_exception, refused_in
from web.override_view import waiting_for_agreement
from web.pages.staff_account import account_for_staff
from web.shell.toasts import told
from web.visitor import firm_of, may, read_id, signed_in


@post("/staff/accounts/{account:str}/overrides", policy=may(Permission.GRANT_OVERRIDES), fresh=True)
async def staff_override(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[Any]:
    number = read_id(account)
    view = await account_view(firm_of(request), number)
    asked = read_exception(await fields_of(request), view.line.money(0))
    if isinstance(asked, Wrong):
        return await account_for_staff(request, number, asked)
    if asked.previewed:
        return await account_for_staff(request, number, Wrong({}, asked.typed), asked.override)
    by = signed_in(request).reference
    command = GrantOverride(by=by, account=number, override=asked.override, why=asked.why, evidence=asked.evidence)
    return await _ask(request, command, asked.typed)


@post(
    "/staff/accounts/{account:str}/overrides/{seq:int}/agreement", policy=may(Permission.AGREE_TO_OVERRIDES), fresh=True
)
async def staff_agree(request: Request[Any, Any, Any], account: FromPath[str], seq: FromPath[int]) -> Response[Any]:
    number = read_id(account)
    firm = firm_of(request)
    view = await account_view(firm, number)
    asked = next((line for line in waiting_for_agreement(view, firm.live.staff()) if line.seq == seq), None)
    if asked is None:
        raise NotFoundException(
            "nobody waits for a second person here: it was granted already, is too long ago, or who asked may not any more"
        )
    said = read_agreement(await fields_of(request))
    if isinstance(said, Wrong):
        return await account_for_staff(request, number, said)
    why, evidence = said
    by = signed_in(request).reference
    command = GrantOverride(by=by, account=number, override=asked.override, why=why, evidence=evidence)
    return await _ask(request, command, {})


async def _ask(request: Request[Any, Any, Any], command: GrantOverride, typed: dict[str, str]) -> Response[Any]:
    facts = (await ask(request, command)).facts
    refusal = refused_in(facts)
    if refusal is not None:
        detail = next(fact.detail for _, fact in facts if isinstance(fact, Refused))
        return await account_for_staff(request, command.account, Wrong({"": f"{refusal} In detail: {detail}."}, typed))
    return told(request, Redirect(f"/staff/accounts/{id_text(command.account)}#exceptions", status_code=303), "sent")


ROUTES = (staff_override, staff_agree)
