"""Roles, for staff: what each of them may do, as a matrix, and the forms by which the firm defines and retires its own."""

from typing import Any

from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect, Response

from firm.commands import DefineRole, RetireRole
from firm.permissions import MEANS, Permission
from firm.staff import why_not_define
from web.forms import Wrong, fields_of, read_why, text_in
from web.pages.staff_team import refused
from web.render import page
from web.shell.toasts import told
from web.team_view import Preview, beyond_scope, columns, is_preview, preview_of_role, read_permissions
from web.visitor import firm_of, may, signed_in

NOTHING_ASKED = Wrong({}, {})
_PREVIEWED = "previewed"


@get("/staff/roles", policy=may(Permission.SEE_STAFF))
async def staff_roles(request: Request[Any, Any, Any]) -> Response[str]:
    """`role` in the query: one of the firm's own, in the form to be changed."""
    role, staff = request.query_params.get("role", ""), firm_of(request).live.staff()
    ticked = staff.of_role(role) if role in staff.roles else frozenset()
    return _roles(request, {"role": role if role in staff.roles else "", "why": ""}, ticked)


@post("/staff/roles", policy=may(Permission.MANAGE_ROLES), fresh=True)
async def staff_define_role(request: Request[Any, Any, Any]) -> Response[Any]:
    fields, by, staff = await fields_of(request), signed_in(request).reference, firm_of(request).live.staff()
    role, ticked = text_in(fields, "role"), read_permissions(fields)
    typed = {"role": role, "why": text_in(fields, "why")}
    named = tuple(one.value for one in Permission if one in ticked)
    if is_preview(fields):
        no = why_not_define(staff, by, role, named, typed["why"] or _PREVIEWED)
        return _roles(request, typed, ticked, preview=preview_of_role(staff, role, ticked, no))
    why = read_why(fields)
    if isinstance(why, Wrong):
        return _roles(request, typed, ticked, Wrong(why.errors, typed))
    said = await refused(request, DefineRole(by=by, role=role, permissions=named, why=why))
    if said is not None:
        return _roles(request, typed, ticked, Wrong({"": said}, typed))
    return told(request, Redirect(f"/staff/roles?role={role}#own", status_code=303), "sent")


@post("/staff/roles/{role:str}/retirement", policy=may(Permission.MANAGE_ROLES), fresh=True)
async def staff_retire_role(request: Request[Any, Any, Any], role: FromPath[str]) -> Response[Any]:
    if role not in firm_of(request).live.staff().roles:
        raise NotFoundException("the firm has no role of its own of this name")
    fields = await fields_of(request)
    why = read_why(fields)
    no = why.errors.get("why") if isinstance(why, Wrong) else None
    if not isinstance(why, Wrong):
        no = await refused(request, RetireRole(by=signed_in(request).reference, role=role, why=why))
    if no is not None:
        typed = {"role": role, "why": text_in(fields, "why")}
        return _roles(request, typed, firm_of(request).live.staff().of_role(role), Wrong({"": no}, typed))
    return told(request, Redirect("/staff/roles", status_code=303), "sent")


def _roles(
    request: Request[Any, Any, Any],
    typed: dict[str, str],
    ticked: frozenset[Permission],
    wrong: Wrong = NOTHING_ASKED,
    preview: Preview | None = None,
) -> Response[str]:
    """The page, with the form as it was filled."""
    staff = firm_of(request).live.staff()
    return page(
        request, "staff_roles.html", status=422 if wrong.errors else 200, columns=columns(staff), permissions=list(Permission),
        means=MEANS, beyond_scope=beyond_scope, typed=typed, ticked=ticked, wrong=wrong, preview=preview, own=staff.roles,
        mine=staff.held_by(signed_in(request).reference),
    )  # fmt: skip


ROUTES = (staff_roles, staff_define_role, staff_retire_role)
