"""Sign-in and sessions: who gets one, how it is found again, and how it ends.

Sessions lie on the server under a hash of their id; the browser holds the id alone, in a cookie that scripts cannot read.
"""

import secrets
from contextlib import suppress
from typing import Any, Literal

import anyio
import anyio.to_thread
import argon2
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.middleware.authentication import AbstractAuthenticationMiddleware, AuthenticationResult
from msgspec.structs import replace

from storage.errors import DiskRefused, FrontRefused, VaultDamaged
from storage.people import Person, normalised_mail
from storage.throttles import Limit
from web.bounds import (
    GUESS_WINDOW_US,
    GUESSES_PER_ACCOUNT,
    GUESSES_PER_ADDRESS,
    PASSWORD_CHECKS,
    PASSWORD_LENGTH_MAX,
    PASSWORD_LENGTH_MIN,
)
from web.firm import Firm
from web.visitor import Visitor

SESSION_ID_BYTES = 32
SECURE_COOKIE = "__Host-evenhand"
LOOPBACK_COOKIE = "evenhand"  # a browser takes no __Host- cookie without https

_BY_ACCOUNT = Limit(GUESSES_PER_ACCOUNT, GUESS_WINDOW_US)
_BY_ADDRESS = Limit(GUESSES_PER_ADDRESS, GUESS_WINDOW_US)
# OWASP's minimum for argon2id (19 MiB, two passes, one lane): one check keeps one core for about 20 ms, never both.
_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_password(password: str) -> str:
    """The argon2id hash that the vault keeps. Takes tens of milliseconds: never in the event loop."""
    if not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
        raise ValueError(f"a password has {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters")
    return _HASHER.hash(password)


class PasswordDesk:
    """Checks passwords off the loop, few at a time, and as slowly for strangers as for those we know."""

    def __init__(self) -> None:
        self._turn = anyio.CapacityLimiter(PASSWORD_CHECKS)
        self._nobody = _HASHER.hash(secrets.token_urlsafe())

    async def opens(self, person: Person | None, password: str) -> bool:
        return await anyio.to_thread.run_sync(self._check, person, password, limiter=self._turn)

    def _check(self, person: Person | None, password: str) -> bool:
        try:
            _HASHER.verify(person.password_hash if person else self._nobody, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False
        return person is not None


class TooManyGuesses(Exception):
    """Wait `wait_us` before the next try."""

    def __init__(self, wait_us: int) -> None:
        super().__init__(f"wait {wait_us} µs")
        self.wait_us = wait_us


async def recognise(firm: Firm, desk: PasswordDesk, mail: str, password: str, address: str) -> Person | None:
    """Who signs in with these words, or None. Guesses are counted before any hash is made; raises TooManyGuesses.

    A sign-in that succeeds was no guess: the address gets this one attempt back, and not those at others' accounts.
    """
    now_us, account = firm.wall_us(), _account_key(mail)

    def found() -> Person | None:
        wait_us = firm.throttle.wait_us("sign-in by address", address, _BY_ADDRESS, now_us)
        wait_us = wait_us or firm.throttle.wait_us("sign-in by account", account, _BY_ACCOUNT, now_us)
        if wait_us:
            raise TooManyGuesses(wait_us)
        try:
            return firm.vault.find_by_mail(mail)
        except ValueError:  # not a mail address: nobody's
            return None

    def forgive() -> None:
        firm.throttle.forget("sign-in by account", account)
        firm.throttle.give_back("sign-in by address", address, now_us)

    person = await anyio.to_thread.run_sync(found)
    if not await desk.opens(person, password[:PASSWORD_LENGTH_MAX]):
        return None
    assert person is not None
    if person.kind == "staff" and firm.live.staff().working(person.reference) is None:
        return None  # who has left is told no more than a stranger
    await anyio.to_thread.run_sync(forgive)
    return person


async def begin_session(firm: Firm, person: Person, before: str | None) -> Cookie:
    """A new id at every sign-in, so that one planted earlier is worth nothing; the one before it ends."""
    session_id = secrets.token_urlsafe(SESSION_ID_BYTES)

    def begin() -> None:
        if before:
            firm.sessions.delete(before)
        firm.sessions.set(session_id, b"", firm.wall_us(), person.reference)

    await anyio.to_thread.run_sync(begin)
    return _cookie(firm, session_id, None)


async def end_session(firm: Firm, session_id: str | None) -> Cookie:
    if session_id:
        await anyio.to_thread.run_sync(firm.sessions.delete, session_id)
    return _cookie(firm, "", 0)


def session_id_in(firm: Firm, connection: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    return connection.cookies.get(SECURE_COOKIE if firm.https else LOOPBACK_COOKIE)


def address_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    return connection.client.host if connection.client else "unknown"


def as_staff(firm: Firm, visitor: Visitor) -> Visitor | None:
    """With the role, permissions and scope that the ledger gives them at this moment; None where they left."""
    staff = firm.live.staff()
    member = staff.working(visitor.reference)
    if member is None:
        return None
    return replace(visitor, role=member.role, permissions=staff.of_member(member), scope=member.scope)


def is_as_before(firm: Firm, visitor: Visitor) -> bool:
    """Whether the ledger still gives a visitor what it gave them when they came. A look in memory."""
    return visitor.kind == "trader" or as_staff(firm, visitor) == visitor


async def still_signed_in(firm: Firm, visitor: Visitor) -> bool:
    """Whether a visitor's session lives; asking does not prolong it."""
    held = await anyio.to_thread.run_sync(firm.sessions.get, visitor.session_id, firm.wall_us())
    return held is not None


class Recognition(AbstractAuthenticationMiddleware):
    """Finds the visitor of each request from its cookie. Whether one is needed is the guard's question."""

    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        firm: Firm = connection.app.state.firm
        session_id = session_id_in(firm, connection)
        visitor = await anyio.to_thread.run_sync(_look_up, firm, session_id) if session_id else None
        return AuthenticationResult(user=visitor, auth=None)


def recognised(connection: ASGIConnection[Any, Any, Any, Any]) -> Visitor | None:
    """The visitor where no route was found that would have looked: a few reads without waiting, and nothing is prolonged."""
    firm: Firm = connection.app.state.firm
    session_id = session_id_in(firm, connection)
    try:
        return _person_of(firm, session_id) if session_id else None
    except (DiskRefused, VaultDamaged):  # the page of a problem must not fail over who looks at it
        return None


def _look_up(firm: Firm, session_id: str) -> Visitor | None:
    visitor = _person_of(firm, session_id)
    if visitor is not None:
        with suppress(
            FrontRefused
        ):  # which it has counted: a page can be read all the same, and the next view tries again
            firm.sessions.renew(session_id, firm.wall_us())
    return visitor


def _person_of(firm: Firm, session_id: str) -> Visitor | None:
    held = firm.sessions.get(session_id, firm.wall_us())
    kind, _, number = held.person.partition(":") if held is not None else ("", "", "")
    known: dict[str, Literal["trader", "staff"]] = {"trader": "trader", "staff": "staff"}
    person = firm.vault.person(known[kind], int(number)) if kind in known else None
    if person is None:  # nobody's session, or erased since
        return None
    visitor = Visitor(kind=person.kind, id=person.id, role="", name=person.name, session_id=session_id)
    return visitor if visitor.kind == "trader" else as_staff(firm, visitor)


def _cookie(firm: Firm, value: str, max_age: int | None) -> Cookie:
    return Cookie(
        key=SECURE_COOKIE if firm.https else LOOPBACK_COOKIE,
        value=value,
        path="/",
        max_age=max_age,
        httponly=True,
        secure=firm.https,
        samesite="lax",
    )


def _account_key(mail: str) -> str:
    try:
        return normalised_mail(mail)
    except ValueError:
        return mail.casefold()[:PASSWORD_LENGTH_MAX]
