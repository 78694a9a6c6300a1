"""Password desk: hashes and checks passwords and recovery codes, off the loop and one at a time, and lets only so many wait.

Whoever comes from a device that is known as theirs goes first and has room of their own: strangers who guess by the hundred are sent away
before anything is worked out for them, and keep nobody out who was here before.
"""

import secrets
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

import anyio
import anyio.to_thread
import argon2
from msgspec.structs import replace

from storage.people import Person
from storage.vault import Vault
from web.bounds import KNOWN_WAITING_MAX, PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN, STRANGERS_WAITING_MAX
from web.hashing import Answer, Derive, Hash, Request, Verify, Worker

# OWASP's minimum for argon2id (19 MiB, two passes, one lane): one check keeps one core for about 20 ms, never both.
TIME_COST, MEMORY_KIB, LANES = 2, 19 * 1024, 1
HASH_BYTES = 32
SALT_BYTES = 16
_Kept = TypeVar("_Kept", bool, str, bytes)

_WORKER = Worker()  # of this process: whatever firms it has, one hash is made at a time


def unstarted() -> int:
    """How often no process for hashes could be started, so that they were made in this one."""
    return _WORKER.unstarted


class NoRoom(Exception):
    """As many are waiting for a hash as may."""


def _hasher() -> argon2.PasswordHasher:
    return argon2.PasswordHasher(time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=LANES)


def hash_password(password: str) -> str:
    """The argon2id hash that the vault keeps. Takes tens of milliseconds: never in the event loop."""
    if not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
        raise ValueError(f"a password has {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters")
    return _hasher().hash(password)


class PasswordDesk:
    """Checks passwords, as slowly for strangers as for those we know. `hashes`: how many were made."""

    def __init__(self) -> None:
        self._hasher = _hasher()
        self._is_busy = False
        self._strangers: deque[anyio.Event] = deque()
        self._known: deque[anyio.Event] = deque()
        self._nobody = self._hasher.hash(secrets.token_urlsafe())
        self.hashes = 0

    def has_room(self, *, known: bool) -> bool:
        """Whether one more may wait. Called in the event loop."""
        return len(self._known) < KNOWN_WAITING_MAX if known else len(self._strangers) < STRANGERS_WAITING_MAX

    async def opens(self, person: Person | None, password: str, *, known: bool = False) -> bool:
        """`known`: they come from a device that is known as theirs. Raises NoRoom."""
        kept = person.password_hash if person else self._nobody
        found = await self._worked_out(Verify(kept, password), bool, known=known)
        self.hashes += 1
        return found and person is not None

    async def hashed(self, password: str, *, known: bool = True) -> str:
        """A password that was found good, for the vault. `known`: not of a stranger. Raises NoRoom."""
        return await self._worked_out(Hash(password, TIME_COST, MEMORY_KIB, LANES), str, known=known)

    async def derived(self, codes: tuple[str, ...], salt: bytes) -> tuple[bytes, ...]:
        """Of each code what is kept, under one salt. Raises NoRoom."""
        found = []
        for code in codes:
            asked = Derive(code, salt, TIME_COST, MEMORY_KIB, LANES, HASH_BYTES)
            found.append(await self._worked_out(asked, bytes, known=True))
        return tuple(found)

    async def renew(self, vault: Vault, person: Person, password: str) -> Person:
        """Hash a password that was right anew, where it was hashed with less than today asks for. Never over one that was set meanwhile."""
        before = person.password_hash
        if not self._hasher.check_needs_rehash(before):
            return person
        fresh = await self._worked_out(Hash(password, TIME_COST, MEMORY_KIB, LANES), str, known=True)
        taken = await anyio.to_thread.run_sync(vault.change_password_hash, person.kind, person.id, fresh, before)
        return replace(person, password_hash=fresh) if taken else person

    async def _worked_out(self, request: Request, kind: type[_Kept], *, known: bool) -> _Kept:
        async with self._turn(known=known):
            answer: Answer = await anyio.to_thread.run_sync(_WORKER.work_out, request)
        assert isinstance(answer, kind)
        return answer

    @asynccontextmanager
    async def _turn(self, *, known: bool) -> AsyncIterator[None]:
        """One at a time; those who are known before all others."""
        if self._is_busy:
            await self._wait(known=known)
        self._is_busy = True
        try:
            yield
        finally:
            self._next()

    async def _wait(self, *, known: bool) -> None:
        if not self.has_room(known=known):
            raise NoRoom
        called, line = anyio.Event(), self._known if known else self._strangers
        line.append(called)
        try:
            await called.wait()
        except BaseException:
            if called.is_set():  # it was called as it left: the turn is the next one's
                self._next()
            else:
                line.remove(called)
            raise

    def _next(self) -> None:
        line = self._known or self._strangers
        if line:
            line.popleft().set()
        else:
            self._is_busy = False
