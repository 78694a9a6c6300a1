"""The team, for staff: who works here in which role and for what of it, and the forms that change it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import anyio.to_thread
import apsw
from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect, Response
from msgspec.structs import replace

from firm.commands import Command, LetStaffGo, SetStaffRole, SetStaffScope
from firm.facts import Refused
from firm.ids import id_text
from firm.permissions import STAFF, Permission, scope_words
from firm.staff import Member, why_not_leave, why_not_role, why_not_scope
from storage.readmodels.staff import all_staff, staff_acts
from web.asking import ask
from web.bounds import STAFF_ACTS_SHOWN
from web.forms import Wrong, errors_in, fields_of, read_why, text_in
from web.people import staff_names
from web.render import page
from web.scope_form import ScopeTyped, read_scope, scope_of, typed_of
from web.shell.toasts import told
from web.team_view import (
    Preview,
    act_words,
    columns,
    is_preview,
    limits_offered,
    preview_of_leaving,
    preview_of_member,
    refusal_told,
    teammates,
)
from web.visitor import firm_of, may, read_id, signed_in

NOTHING_ASKED = Wrong({}, {})
_PREVIEWED = "previewed"  # a reason stands in for the one that a preview does not need


@get("/staff/team", policy=may(Permission.SEE_STAFF))
async def staff_team(request: Request[Any, Any, Any]) -> Response[str]:
    firm, sees_acts = firm_of(request), signed_in(request).may(Permission.SEE_AUDIT)
    lines = await firm.book.read(all_staff)
    acts = await firm.book.read(lambda book: staff_acts(book, STAFF_ACTS_SHOWN)) if sees_acts else []
    names = await staff_names(firm, [*(act.who for act in acts), *(f"{STAFF}{act.staff}" for act in acts)])
    team = await anyio.to_thread.run_sync(teammates, firm, lines)
    told: dict[str, Any] = {
        "team": team,
        "acts": acts,
        "names": names,
        "act_words": act_words,
        "scope_words": scope_words,
    }
    return page(request, "staff_team.html", **told, columns=columns(firm.live.staff()))


@get("/staff/team/{staff:str}", policy=may(Permission.SEE_STAFF))
async def staff_member(request: Request[Any, Any, Any], staff: FromPath[str]) -> Response[str]:
    return await _member(request, _known(request, staff)[0])


@post("/staff/team/{staff:str}/role", policy=may(Permission.MANAGE_STAFF), fresh=True)
async def staff_set_role(request: Request[Any, Any, Any], staff: FromPath[str]) -> Response[Any]:
    number, member = _known(request, staff)
    fields, by, team = await fields_of(request), signed_in(request).reference, firm_of(request).live.staff()
    role = text_in(fields, "role")
    if is_preview(fields):
        no = why_not_role(team, by, number, role, text_in(fields, "why") or _PREVIEWED)
        shown = preview_of_member(team, member, replace(member, role=role if team.knows(role) else member.role), no)
        return await _member(request, number, "role", Wrong({}, _typed(fields)), shown)
    return await _asked(request, number, "role", partial(SetStaffRole, by=by, staff=number, role=role))


@post("/staff/team/{staff:str}/scope", policy=may(Permission.MANAGE_STAFF), fresh=True)
async def staff_set_scope(request: Request[Any, Any, Any], staff: FromPath[str]) -> Response[Any]:
    number, member = _known(request, staff)
    firm, fields, by = firm_of(request), await fields_of(request), signed_in(request).reference
    team, scope_typed = firm.live.staff(), read_scope(fields)
    offered = await firm.book.read(lambda book: limits_offered(firm, book, member.scope))
    scope = scope_of(scope_typed, offered)
    if isinstance(scope, Wrong):
        beside = {} if is_preview(fields) else errors_in(read_why(fields))
        wrong = Wrong(scope.errors | beside, _typed(fields))
        return await _member(request, number, "scope", wrong, scope_typed=scope_typed)
    if is_preview(fields):
        no = why_not_scope(team, by, number, scope, text_in(fields, "why") or _PREVIEWED)
        shown = preview_of_member(team, member, replace(member, scope=scope), no)
        return await _member(request, number, "scope", Wrong({}, _typed(fields)), shown, scope_typed=scope_typed)
    command_for = partial(SetStaffScope, by=by, staff=number, scope=scope)
    return await _asked(request, number, "scope", command_for, scope_typed=scope_typed)


@post("/staff/team/{staff:str}/leaving", policy=may(Permission.MANAGE_STAFF), fresh=True)
async def staff_leaving(request: Request[Any, Any, Any], staff: FromPath[str]) -> Response[Any]:
    number, member = _known(request, staff)
    fields, by, firm = await fields_of(request), signed_in(request).reference, firm_of(request)
    if is_preview(fields):
        no = why_not_leave(firm.live.staff(), by, number, text_in(fields, "why") or _PREVIEWED)
        shown = preview_of_leaving(firm.live.staff(), member, no)
        return await _member(request, number, "leaving", Wrong({}, _typed(fields)), shown)
    answer = await _asked(request, number, "leaving", partial(LetStaffGo, by=by, staff=number))
    if firm.live.staff().working(f"{STAFF}{number}") is None:
        # They are let in no more in any case: this leaves nothing lying about.
        await anyio.to_thread.run_sync(firm.sessions.delete_person, f"{STAFF}{number}")
    return answer


async def _asked(
    request: Request[Any, Any, Any],
    number: int,
    form: str,
    command_for: Callable[..., Command],
    *,
    scope_typed: ScopeTyped | None = None,
) -> Response[Any]:
    """Ask for what a form asks, with its reason; or the page once more, with all that was typed."""
    fields = await fields_of(request)
    why = read_why(fields)
    if isinstance(why, Wrong):
        return await _member(request, number, form, Wrong(why.errors, _typed(fields)), scope_typed=scope_typed)
    no = await refused(request, command_for(why=why))
    if no is not None:
        return await _member(request, number, form, Wrong({"": no}, _typed(fields)), scope_typed=scope_typed)
    return told(request, Redirect(f"/staff/team/{id_text(number)}", status_code=303), "sent")


async def refused(request: Request[Any, Any, Any], command: Command) -> str | None:
    """Ask the firm for a change of its staff; why it said no, with the detail."""
    facts = (await ask(request, command)).facts
    no = next((fact for _, fact in facts if isinstance(fact, Refused)), None)
    return None if no is None else refusal_told((no.refusal, no.detail))


async def _member(
    request: Request[Any, Any, Any],
    number: int,
    form: str = "",
    wrong: Wrong = NOTHING_ASKED,
    preview: Preview | None = None,
    *,
    scope_typed: ScopeTyped | None = None,
) -> Response[str]:
    """The page of one person; `form`: the one that was sent, with what was wrong with it or what it would come to.

    `scope_typed`: what that form ticked of a scope; None where it has none, and the scope that they have is shown.
    """
    firm = firm_of(request)
    staff = firm.live.staff()

    def question(book: apsw.Connection) -> dict[str, Any]:
        [line] = [one for one in all_staff(book) if one.staff == number]
        acts = [act for act in staff_acts(book, STAFF_ACTS_SHOWN) if act.staff == number]
        return {"line": line, "acts": acts, "offered": limits_offered(firm, book, line.scope)}

    told = await firm.book.read(question)
    [mate] = await anyio.to_thread.run_sync(teammates, firm, [told.pop("line")])
    names = await staff_names(firm, (act.who for act in told["acts"]))
    return page(
        request, "staff_member.html", status=422 if wrong.errors else 200, mate=mate, form=form, wrong=wrong, preview=preview,
        names=names, act_words=act_words, scope_words=scope_words, columns=columns(staff),
        scope_typed=scope_typed or typed_of(mate.line.scope), mine=staff.held_by(signed_in(request).reference),
        own=number == signed_in(request).id, **told,
    )  # fmt: skip


def _known(request: Request[Any, Any, Any], text: str) -> tuple[int, Member]:
    number = read_id(text)
    member = firm_of(request).live.staff().members.get(number)
    if member is None:
        raise NotFoundException("nobody of this id was ever on the staff")
    return number, member


def _typed(fields: Any) -> dict[str, str]:
    return {name: text_in(fields, name) for name in ("role", "why")}


ROUTES = (staff_team, staff_member, staff_set_role, staff_set_scope, staff_leaving)
