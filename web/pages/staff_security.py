"""Staff's security: who has a second factor, and taking them from somebody who lost theirs."""

from typing import Any

import anyio.to_thread
import apsw
import msgspec
from litestar import Request, get, post
from litestar.exceptions import NotFoundException, PermissionDeniedException
from litestar.params import FromPath
from litestar.response import Redirect, Response

from firm.commands import SecurityAct
from firm.ids import id_text
from firm.permissions import Permission
from firm.staff import why_not_reset
from storage.factors import read_factors
from storage.people import reference
from storage.readmodels.staff import StaffLine, all_staff
from web.firm import Firm
from web.forms import Wrong, fields_of, read_why
from web.notes import note_first, require_taking
from web.render import page
from web.shell.toasts import told
from web.team_view import refusal_told
from web.visitor import firm_of, may, signed_in

STAFF_SECURITY = "/staff/security"
_NOT_YET_SAID = "to be said"  # a reason stands in for the one that the form asks for


class Member(msgspec.Struct, frozen=True):
    """A member of staff and what they sign in with beside the password. `yours_to_take`: by whoever looks, if there is any of it."""

    id: int
    name: str
    role: str
    totp: bool
    passkeys: int
    codes_left: int
    yours_to_take: bool


@get(STAFF_SECURITY, policy=may(Permission.SEE_STAFF))
async def staff_security(request: Request[Any, Any, Any]) -> Response[str]:
    return await _page(request, 0, None)


@post("/staff/security/{member:int}/reset", policy=may(Permission.MANAGE_STAFF), fresh=True)
async def staff_reset_factors(request: Request[Any, Any, Any], member: FromPath[int]) -> Response[Any]:
    """Everything but the password goes, and all their sessions end: they add a factor at their next sign-in."""
    firm, visitor, why = firm_of(request), signed_in(request), read_why(await fields_of(request))
    require_taking(firm)
    if member == visitor.id:
        raise PermissionDeniedException(
            "somebody else takes your factors from you, or the console of the firm’s machine"
        )
    person = reference("staff", member)
    if isinstance(why, Wrong):
        return await _page(request, member, why)
    if firm.live.staff().working(person) is None:
        raise NotFoundException("there is no such member of staff")
    no = await note_first(request, person, SecurityAct.FACTORS_RESET, by=visitor.reference, why=why)
    if no is not None:
        return await _page(request, member, Wrong({"": refusal_told((no.refusal, no.detail))}, {"why": why}))
    if not await anyio.to_thread.run_sync(reset_factors, firm, person):
        raise NotFoundException("there is no such member of staff")
    return told(request, Redirect(STAFF_SECURITY, status_code=303), "sent")


def reset_factors(firm: Firm, person: str) -> bool:
    """False: there is nobody of this name."""
    try:
        firm.vault.change_factors(person, lambda _: (None, None))
    except KeyError:
        return False
    firm.sessions.delete_person(person)
    return True


async def _page(request: Request[Any, Any, Any], member: int, wrong: Wrong | None) -> Response[str]:
    firm: Firm = firm_of(request)

    def question(book: apsw.Connection) -> list[StaffLine]:
        return [one for one in all_staff(book) if not one.left_us]

    staff, by = await firm.book.read(question), signed_in(request).reference
    members = await anyio.to_thread.run_sync(lambda: [_member(firm, by, one.staff, one.role) for one in staff])
    return page(
        request,
        "staff_security.html",
        status=422 if wrong else 200,
        members=members,
        wrong=wrong,
        wrong_of=member if any(each.id == member and each.yours_to_take for each in members) else 0,
    )


def _member(firm: Firm, by: str, number: int, role: str) -> Member:
    person, name = firm.person("staff", number), reference("staff", number)
    held = read_factors(firm.vault.factors(name))
    taken = held.any and why_not_reset(firm.live.staff(), by, name, _NOT_YET_SAID) is None
    return Member(
        id=number,
        name=person.name if person else id_text(number),
        role=role,
        totp=held.totp is not None,
        passkeys=len(held.passkeys),
        codes_left=held.codes_left,
        yours_to_take=taken,
    )


ROUTES = (staff_security, staff_reset_factors)
