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
from storage.factors import read_factors
from storage.people import reference
from storage.readmodels.staff import StaffLine, all_staff
from web.firm import Firm
from web.forms import Wrong, fields_of, read_why
from web.notes import note, require_taking
from web.render import page
from web.shell.toasts import told
from web.visitor import firm_of, may, signed_in

STAFF_SECURITY = "/staff/security"


class Member(msgspec.Struct, frozen=True):
    """A member of staff and what they sign in with beside the password."""

    id: int
    name: str
    role: str
    totp: bool
    passkeys: int
    codes_left: int


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
    if isinstance(why, Wrong):
        return await _page(request, member, why)
    person = reference("staff", member)
    if not await anyio.to_thread.run_sync(reset_factors, firm, person):
        raise NotFoundException("there is no such member of staff")
    await note(request, person, SecurityAct.FACTORS_RESET, by=visitor.reference, why=why)
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

    staff = await firm.book.read(question)
    members = await anyio.to_thread.run_sync(lambda: [_member(firm, one.staff, one.role) for one in staff])
    return page(
        request,
        "staff_security.html",
        status=422 if wrong else 200,
        members=members,
        wrong=wrong,
        wrong_of=member,
    )


def _member(firm: Firm, number: int, role: str) -> Member:
    person = firm.person("staff", number)
    held = read_factors(firm.vault.factors(reference("staff", number)))
    name = person.name if person else id_text(number)
    return Member(number, name, role, held.totp is not None, len(held.passkeys), held.codes_left)


ROUTES = (staff_security, staff_reset_factors)
