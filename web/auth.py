"""Sign-in: whose password it is, how a session begins, and how it is found again and ends.

Sessions lie on the server under a hash of their id; the browser holds the id alone, in a cookie that scripts cannot read.
"""

import secrets
from contextlib import nullcontext, suppress
from typing import Any, Literal

import anyio.to_thread
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.middleware.authentication import AbstractAuthenticationMiddleware, AuthenticationResult
from msgspec.structs import replace

from firm.commands import ViewEnd
from firm.instant import SECOND_US
from firm.mail_address import normalised_mail
from firm.permissions import Permission
from firm.regions import NO_REGION
from storage.errors import DiskRefused, FrontRefused, VaultDamaged
from storage.people import Kind, Person
from storage.readmodels.people import region_of
from storage.sessions import Session
from storage.throttles import Limit
from web.allowance import Allowance, Counted, Limits, network_of, site_around
from web.bounds import (
    DEVICE_COOKIE_SECONDS,
    GUESS_WINDOW_US,
    GUESSES_PER_ACCOUNT,
    GUESSES_PER_ADDRESS,
    GUESSES_PER_DEVICE,
    GUESSES_PER_SITE,
    NO_ROOM_SECONDS,
    PASSWORD_LENGTH_MAX,
)
from web.cookies import cookie_in, own_cookie
from web.firm import Firm
from web.password_desk import NoRoom, PasswordDesk
from web.room import DEVICE_ENDING, buckets_of, why_not_now
from web.signed import NOTHING, Signed, read_signed, written
from web.too_much import LIVE, TooManySignIns, require_allowed
from web.visitor import Behind, Visitor

SESSION_ID_BYTES = 32
UNLIMITED = Allowance(Limits())

_BY_ACCOUNT = Limit(GUESSES_PER_ACCOUNT, GUESS_WINDOW_US)
_BY_DEVICE = Limit(GUESSES_PER_DEVICE, GUESS_WINDOW_US)
_BY_ADDRESS = Limit(GUESSES_PER_ADDRESS, GUESS_WINDOW_US)
_BY_SITE = Limit(GUESSES_PER_SITE, GUESS_WINDOW_US)


Places = tuple[tuple[str, str, Limit], ...]


class SignInOver(Exception):
    """A password was changed, or all sessions were ended, after this sign-in began: it gives none."""


class TooManyGuesses(Exception):
    """Wait `wait_us` before the next try."""

    def __init__(self, wait_us: int) -> None:
        super().__init__(f"wait {wait_us} µs")
        self.wait_us = wait_us


async def recognise(
    firm: Firm,
    desk: PasswordDesk,
    mail: str,
    password: str,
    address: str,
    device: str = "",
    allowance: Allowance = UNLIMITED,
    *,
    signed_in: bool = False,
) -> Person | None:
    """Who signs in with these words, or None. Guesses are counted before any hash is made; raises TooManyGuesses.

    Who comes with the cookie of a device that is known as this person's has a count of their own: strangers who guess use up that of
    all unknown devices and of their address, and never theirs. A sign-in that succeeds was no guess: the address gets this one attempt
    back, and not those at others' accounts. `device`: the cookie, or "". Raises TooManySignIns where strangers ask for more hashes than
    can be made beside the firm's work; whoever comes from a device of theirs, or is `signed_in` and asked again, goes before them, and
    has a rate of their own, in which successes count too.
    """
    now_us = firm.wall_us()
    at_look = not device and not signed_in
    if at_look:  # before anything is looked up for them; they are counted once their own counters let them by
        require_room(allowance, desk, address, look=True)

    def forgive() -> None:
        firm.throttle.forget(bucket[0], bucket[1])
        for scope, place, _ in places:
            firm.throttle.give_back(scope, place, now_us)

    with allowance.foreseen(buckets_of(address)) if at_look else nullcontext():
        person, bucket, places = await anyio.to_thread.run_sync(_counted, firm, mail, address, device, now_us)
    known = person is not None and (signed_in or bucket[2] is _BY_DEVICE)
    if person is not None and known:
        _require_own(allowance, person)
    else:
        require_room(allowance, desk, address)
    if not await _opens(desk, person, password, known=known):
        return None
    assert person is not None
    if person.kind == "staff" and firm.live.staff().working(person.reference) is None:
        return None  # who has left is told no more than a stranger
    await anyio.to_thread.run_sync(forgive)
    return await desk.renew(firm.vault, person, password)


def _counted(
    firm: Firm, mail: str, address: str, device: str, now_us: int
) -> tuple[Person | None, tuple[str, str, Limit], Places]:
    """Whose address it is, and where this try was counted: at the account or device, and at places. Raises TooManyGuesses."""
    try:
        person = firm.vault.find_by_mail(mail)
    except ValueError:  # not a mail address: nobody's
        person = None
    bucket = bucket_of(firm, _account_key(mail), person.reference if person else "", device)
    places = () if bucket[2] is _BY_DEVICE else _places(address)  # others there keep nobody from a device of theirs
    for each in (*places, bucket):
        wait_us = firm.throttle.wait_us(*each, now_us)
        if wait_us:
            raise TooManyGuesses(wait_us)
    return person, bucket, places


async def _opens(desk: PasswordDesk, person: Person | None, password: str, *, known: bool) -> bool:
    try:
        return await desk.opens(person, password[:PASSWORD_LENGTH_MAX], known=known)
    except NoRoom as full:
        raise TooManySignIns(NO_ROOM_SECONDS * SECOND_US) from full


def require_room(allowance: Allowance, desk: PasswordDesk, address: str, *, look: bool = False) -> None:
    """For one who comes from a device that nobody knows. Raises TooManySignIns."""
    many = why_not_now(allowance, desk, address, look=look)
    if many is not None:
        raise many


def _require_own(allowance: Allowance, person: Person) -> None:
    """Passwords that are right are work as well: without this, whoever has one account has all hashes."""
    wait_us = allowance.wait_us(Counted.KNOWN, person.reference)
    if wait_us:
        raise TooManyGuesses(wait_us)


def _places(address: str) -> Places:
    """Where guesses of strangers count besides the account: the network address and, of IPv6, the site around it."""
    site = site_around(address)
    around: Places = (("sign-in by site", site, _BY_SITE),) if site else ()
    return ("sign-in by address", address, _BY_ADDRESS), *around


def bucket_of(firm: Firm, account: str, person: str, device: str) -> tuple[str, str, Limit]:
    """Where guesses at an account count: the known device's own place, or the one of all others."""
    if device and person and firm.devices.knows(person, device, firm.wall_us()):
        return "sign-in by known device", f"{person} {device}", _BY_DEVICE
    return "sign-in by account", account, _BY_ACCOUNT


# --- sessions ---


async def begins(firm: Firm) -> str:
    """The mark of a sign-in that begins, to be taken before anything is looked at that proves who it is."""
    return await anyio.to_thread.run_sync(firm.sessions.mark)


async def begin_session(firm: Firm, person: str, before: str | None, signed: Signed, since: str = "") -> Cookie:
    """A new id at every sign-in, so that one planted earlier is worth nothing; the one before it ends. `person`: "" for nobody yet.

    `since`: the mark of when the sign-in began. Raises SignInOver.
    """
    assert since or not person
    session_id = secrets.token_urlsafe(SESSION_ID_BYTES)

    def begin() -> bool:
        if before:
            firm.sessions.delete(before)
        return firm.sessions.set(session_id, written(signed), firm.wall_us(), person, since)

    if not await anyio.to_thread.run_sync(begin):
        raise SignInOver
    return own_cookie(firm, session_id, None)


async def go_on_as(firm: Firm, session_id: str, signed: Signed) -> Cookie | None:
    """The same session under a new id, after whoever sits there proved anew who they are. None: it has ended."""
    new_id = secrets.token_urlsafe(SESSION_ID_BYTES)
    went_on = await anyio.to_thread.run_sync(firm.sessions.rotate, session_id, new_id, written(signed), firm.wall_us())
    return own_cookie(firm, new_id, None) if went_on else None


async def end_session(firm: Firm, session_id: str | None) -> Cookie:
    if session_id:
        await anyio.to_thread.run_sync(firm.sessions.delete, session_id)
    return own_cookie(firm, "", 0)


async def unsigned_session(firm: Firm, connection: ASGIConnection[Any, Any, Any, Any]) -> Signed:
    """What the session of somebody who is not signed in remembers; nothing where there is none, or it has ended."""
    session_id = session_id_in(firm, connection)
    held = await anyio.to_thread.run_sync(firm.sessions.get, session_id, firm.wall_us()) if session_id else None
    return NOTHING if held is None or held.person else read_signed(held.content)


def session_id_in(firm: Firm, connection: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    return cookie_in(firm, connection) or None


# --- devices ---


def device_in(firm: Firm, connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The cookie of the browser that asks, or ""."""
    return cookie_in(firm, connection, DEVICE_ENDING)


def new_device() -> str:
    return secrets.token_urlsafe(SESSION_ID_BYTES)


def device_cookie(firm: Firm, device: str) -> Cookie:
    return own_cookie(firm, device, DEVICE_COOKIE_SECONDS, DEVICE_ENDING)


def address_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    return connection.client.host if connection.client else "unknown"


def counted_as(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """What tries count against: of an IPv6 address its network, of which somebody has all addresses."""
    return network_of(address_of(connection))


def as_staff(firm: Firm, visitor: Visitor) -> Visitor | None:
    """With the role, permissions and scope that the ledger gives them at this moment; None where they left.

    Whoever works on some regions alone is another visitor, too, once a trader has left these: they may watch what is not theirs any more.
    """
    staff = firm.live.staff()
    member = staff.working(visitor.reference)
    if member is None:
        return None
    held, departures = staff.of_member(member), firm.live.departures(member.scope.regions or ())
    return replace(visitor, role=member.role, permissions=held, scope=member.scope, departures=departures)


def is_as_before(firm: Firm, visitor: Visitor) -> bool:
    """Whether the ledger still gives a visitor what it gave them when they came. A look in memory."""
    if visitor.behind is not None:
        return is_as_before(firm, visitor.behind.staff) and firm.wall_us() < visitor.behind.until_us
    return visitor.kind == "trader" or as_staff(firm, visitor) == visitor


async def still_signed_in(firm: Firm, visitor: Visitor) -> bool:
    """Whether a visitor's session lives; asking does not prolong it."""

    def lives() -> bool:
        held = firm.sessions.get(visitor.session_id, firm.wall_us())
        if held is None or visitor.behind is None:
            return held is not None
        signed = read_signed(held.content)
        is_same = signed.view is not None and signed.view.view == visitor.behind.view
        return is_same and why_over(firm, visitor.behind.staff, signed) is None

    return await anyio.to_thread.run_sync(lives)


class Recognition(AbstractAuthenticationMiddleware):
    """Finds the visitor of each request from its cookie. Whether one is needed is the guard's question."""

    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        firm: Firm = connection.app.state.firm
        session_id = session_id_in(firm, connection)
        found = await anyio.to_thread.run_sync(_look_up, firm, session_id) if session_id else None
        visitor, signed = found or (None, None)
        if visitor is not None and not connection.scope["path"].endswith(LIVE):  # of those few are open at once anyway
            require_allowed(connection.app.state.allowance, Counted.ACCOUNT, visitor.reference)
        return AuthenticationResult(user=visitor, auth=signed)


def recognised(connection: ASGIConnection[Any, Any, Any, Any]) -> Visitor | None:
    """The visitor where no route was found that would have looked: a few reads without waiting, and nothing is prolonged.

    Somebody may have the vault in hand, and this is asked in the loop: then nobody is recognised.
    """
    firm: Firm = connection.app.state.firm
    if firm.vault.is_busy:
        return None
    session_id = session_id_in(firm, connection)
    try:
        found = _visitor_of(firm, session_id) if session_id else None
    except (DiskRefused, VaultDamaged):  # the page of a problem must not fail over who looks at it
        return None
    return found[0] if found else None


def person_named(firm: Firm, reference: str) -> Person | None:
    """Who is called "trader:123"; None: nobody, or erased since."""
    kind, _, number = reference.partition(":")
    known: dict[str, Literal["trader", "staff"]] = {"trader": "trader", "staff": "staff"}
    return firm.vault.person(known[kind], int(number)) if kind in known else None


def _look_up(firm: Firm, session_id: str) -> tuple[Visitor, Signed] | None:
    found = _visitor_of(firm, session_id)
    if found is not None:
        with suppress(
            FrontRefused
        ):  # which it has counted: a page can be read all the same, and the next view tries again
            firm.sessions.renew(session_id, firm.wall_us())
    return found


def _visitor_of(firm: Firm, session_id: str) -> tuple[Visitor, Signed] | None:
    held: Session | None = firm.sessions.get(session_id, firm.wall_us())
    person = person_named(firm, held.person) if held is not None and held.person else None
    if person is None or held is None:  # nobody's session, or erased since
        return None
    kind: Kind = person.kind
    visitor = Visitor(kind=kind, id=person.id, role="", name=person.name, session_id=session_id)
    known = visitor if kind == "trader" else as_staff(firm, visitor)
    signed = read_signed(held.content)
    return None if known is None else (as_trader(firm, known, signed), signed)


def why_over(firm: Firm, staff: Visitor, signed: Signed) -> ViewEnd | None:
    """Why who views as a trader does no more, by what the ledger, the vault and the clock say now; None where they do."""
    view = signed.view
    assert view is not None, "a session without a view is in none"
    if not view.began_us <= firm.wall_us() < view.until_us:  # a clock that was set back prolongs nothing
        return ViewEnd.EXPIRED
    may_look = staff.may(Permission.VIEW_AS) and staff.may(Permission.SEE_NAMES) and _reaches(firm, staff, view.trader)
    if not may_look or (firm.staff_factor and not signed.factor):
        return ViewEnd.REVOKED
    return None if firm.vault.person("trader", view.trader) else ViewEnd.GONE


def _reaches(firm: Firm, staff: Visitor, trader: int) -> bool:
    """Whether a trader is still in a region that somebody works on. Reads a file where it is limited: never in the loop."""
    if staff.scope.regions is None:
        return True
    with firm.reader.connection() as book:
        return staff.scope.reaches(region_of(book, trader) or NO_REGION)


def as_trader(firm: Firm, visitor: Visitor, signed: Signed) -> Visitor:
    """As whom somebody looks: a trader where their session is in a view, with nothing of what they may as staff but their scope."""
    view = signed.view
    if view is None or visitor.kind != "staff" or why_over(firm, visitor, signed) is not None:
        return visitor
    person = firm.vault.person("trader", view.trader)
    if person is None:
        return visitor
    return Visitor(
        kind="trader",
        id=view.trader,
        role="",
        name=person.name,
        session_id=visitor.session_id,
        scope=visitor.scope,
        behind=Behind(visitor, view.view, view.until_us),
    )


def _account_key(mail: str) -> str:
    try:
        return normalised_mail(mail)
    except ValueError:
        return mail.casefold()[:PASSWORD_LENGTH_MAX]
