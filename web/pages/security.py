"""Security: what one signs in with, from where one is signed in, and what changed in it; for traders and staff alike."""

from typing import Any

import anyio.to_thread
import msgspec
from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Response
from msgspec.structs import replace

from firm.commands import SecurityAct
from storage.devices import Device, device_name
from storage.factors import Factors, read_factors
from storage.readmodels.security import SecurityLine, security_of
from storage.readmodels.views import ViewLine, views_of
from storage.sessions import name_of
from web import auth
from web.address_changes import drop_change, wanted_by
from web.bounds import SECURITY_EVENTS_SHOWN, VIEWS_SHOWN
from web.firm import Firm
from web.notes import Whence, note, require_taking
from web.passkeys import site_of
from web.people import staff_names
from web.proof_page import SECURITY
from web.render import page
from web.shell.toasts import told
from web.signed import read_signed, signed_of, written
from web.step_up import may_act
from web.visitor import Policy, Visitor, firm_of, signed_in


class Seat(msgspec.Struct, frozen=True):
    """A session as it is listed. Instants are wall time."""

    name: str
    words: str
    began_us: int
    seen_us: int
    here: bool


class Event(msgspec.Struct, frozen=True):
    """A change, with where it came from; both "" where that is unknown, the console's, or erased."""

    line: SecurityLine
    address: str
    device: str


class Held(msgspec.Struct, frozen=True):
    """All that the page shows of one person. `wanted`: the mail address that is to take the place of `mail`, or ""."""

    factors: Factors
    seats: list[Seat]
    devices: list[Device]
    events: list[Event]
    mail: str
    wanted: str


@get(SECURITY, policy=Policy.SIGNED_IN, enrolling=True)
async def security(request: Request[Any, Any, Any]) -> Response[str]:
    return await security_page(request)


@post("/security/sessions/{name:str}/end", policy=Policy.SIGNED_IN)
async def security_end_session(request: Request[Any, Any, Any], name: FromPath[str]) -> Redirect:
    firm, visitor = firm_of(request), signed_in(request)
    require_taking(firm)
    if await anyio.to_thread.run_sync(firm.sessions.end_named, visitor.reference, name):
        await note(request, visitor.reference, SecurityAct.SESSIONS_ENDED)
    return told(request, Redirect(SECURITY, status_code=303), "sessions_ended")


@post("/security/sessions/end-others", policy=Policy.SIGNED_IN)
async def security_end_others(request: Request[Any, Any, Any]) -> Redirect:
    firm, visitor = firm_of(request), signed_in(request)
    require_taking(firm)
    ended = await anyio.to_thread.run_sync(firm.sessions.delete_person, visitor.reference, visitor.session_id)
    await drop_change(request, visitor.reference, visitor.reference)
    if ended:
        await note(request, visitor.reference, SecurityAct.SESSIONS_ENDED)
    return told(request, Redirect(SECURITY, status_code=303), "others_ended")


@post("/security/devices/{name:str}/removal", policy=Policy.SIGNED_IN)
async def security_forget_device(request: Request[Any, Any, Any], name: FromPath[str]) -> Redirect:
    firm, visitor = firm_of(request), signed_in(request)
    require_taking(firm)
    if await anyio.to_thread.run_sync(firm.devices.forget, visitor.reference, name):
        await note(request, visitor.reference, SecurityAct.DEVICE_FORGOTTEN)
    return told(request, Redirect(SECURITY, status_code=303), "device_forgotten")


@post("/security/elsewhere/dismissal", policy=Policy.SIGNED_IN, enrolling=True)
async def security_dismiss(request: Request[Any, Any, Any]) -> Redirect:
    """The notice of a new device is read; in this session it is told no more."""
    firm, visitor = firm_of(request), signed_in(request)

    def work(content: bytes) -> bytes:
        return written(replace(read_signed(content), elsewhere=()))

    await anyio.to_thread.run_sync(firm.sessions.change, visitor.session_id, firm.wall_us(), work)
    return Redirect(SECURITY, status_code=303)


async def security_page(request: Request[Any, Any, Any], wrong: str = "", status: int = 200) -> Response[str]:
    """The page; `wrong`: why what was asked for is not done."""
    firm: Firm = firm_of(request)
    visitor, signed = signed_in(request), signed_of(request)
    lines: list[SecurityLine] = await firm.book.read(
        lambda book: security_of(book, visitor.reference, SECURITY_EVENTS_SHOWN)
    )
    views: list[ViewLine] = []
    if visitor.kind == "trader":
        views = await firm.book.read(lambda book: views_of(book, visitor.id, VIEWS_SHOWN))
    wanted = await wanted_by(firm, visitor.reference)
    mine = await anyio.to_thread.run_sync(_held, firm, visitor, lines, wanted)
    names = await staff_names(firm, (line.who for line in lines)) if visitor.kind == "staff" else {}
    return page(
        request,
        "security.html",
        status=status,
        mine=mine,
        views=views,
        wrong=wrong,
        names=names,
        must_enrol=visitor.kind == "staff" and not may_act(firm, signed),
        passkeys=site_of(firm) is not None,
        this_device=device_name(auth.device_in(firm, request)),
    )


def _held(firm: Firm, visitor: Visitor, lines: list[SecurityLine], wanted: str | None) -> Held:
    here = name_of(visitor.session_id)
    seats = [
        Seat(name, read_signed(each.content).words, each.created_us, each.seen_us, name == here)
        for name, each in firm.sessions.listed(visitor.reference, firm.wall_us())
    ]
    person = firm.vault.person(visitor.kind, visitor.id)
    return Held(
        factors=read_factors(firm.vault.factors(visitor.reference)),
        seats=sorted(seats, key=lambda seat: not seat.here),
        devices=firm.devices.listed(visitor.reference),
        events=[_event(firm, visitor, line) for line in lines],
        mail=person.mail if person else "",
        wanted=(firm.vault.open_value(wanted) or b"").decode() if wanted else "",
    )


def _event(firm: Firm, visitor: Visitor, line: SecurityLine) -> Event:
    """Where it came from is shown of what one did oneself; another's address is theirs."""
    value = firm.vault.open_value(line.sealed) if line.sealed and line.who == visitor.reference else None
    whence = msgspec.json.decode(value, type=Whence) if value else Whence("", "")
    return Event(line, whence.address, whence.device)


ROUTES = (security, security_end_session, security_end_others, security_forget_device, security_dismiss)
