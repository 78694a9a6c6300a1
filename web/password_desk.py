"""Password desk: hashes and checks passwords and recovery codes, off the loop and one at a time, and lets only so many wait.

Whoever comes from a device that is known as theirs goes first and has room of their own: strangers who guess by the hundred are sent away
before anything is worked out for them, and keep nobody out who was here before. Nor does anybody keep others out by what succeeds: each
person has one place in that line at a time, and after a few of them a stranger has a turn.
"""

import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

import anyio
import anyio.to_thread
import argon2
from msgspec.structs import replace

from storage.people import Person
from storage.vault import Vault
from web.bounds import (
    KNOWN_IN_A_ROW,
    KNOWN_WAITING_MAX,
    PASSWORD_LENGTH_MAX,
    PASSWORD_LENGTH_MIN,
    STRANGERS_WAITING_MAX,
)
from web.hashing import Answer, Derive, Hash, Request, Verify, Worker

# OWASP's minimum for argon2id (19 MiB, two passes, one lane): one check keeps one core for about 20 ms, never both.
TIME_COST, MEMORY_KIB, LANES = 2, 19 * 1024, 1
HASH_BYTES = 32
SALT_BYTES = 16
STRANGER = ""  # whose turn it is who is not known
_Kept = TypeVar("_Kept", bool, str, tuple[bytes, ...])

_WORKER = Worker()  # of this process: whatever firms it has, one hash is made at a time


def unstarted() -> int:
    """How often no process for hashes could be started, so that they were made in this one."""
    return _WORKER.unstarted


class NoRoom(Exception):
    """As many are waiting for a hash as may, or this person is already."""


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
        self._strangers: OrderedDict[object, anyio.Event] = OrderedDict()
        self._known: OrderedDict[object, anyio.Event] = OrderedDict()  # by person
        self._known_in_a_row = 0
        self._nobody = self._hasher.hash(secrets.token_urlsafe())
        self.hashes = 0

    def has_room(self, *, known: bool) -> bool:
        """Whether one more may wait. Called in the event loop."""
        return len(self._known) < KNOWN_WAITING_MAX if known else len(self._strangers) < STRANGERS_WAITING_MAX

    async def opens(self, person: Person | None, password: str, *, known: bool = False) -> bool:
        """`known`: they come from a device that is known as theirs. Raises NoRoom."""
        kept = person.password_hash if person else self._nobody
        whose = person.reference if person and known else STRANGER
        found = await self._worked_out(Verify(kept, password), bool, whose)
        self.hashes += 1
        return found and person is not None

    async def hashed(self, password: str, *, whose: str) -> str:
        """A password that was found good, for the vault. `whose`: a person's reference, or STRANGER. Raises NoRoom."""
        return await self._worked_out(Hash(password, TIME_COST, MEMORY_KIB, LANES), str, whose)

    async def derived(self, codes: tuple[str, ...], salt: bytes, *, whose: str) -> tuple[bytes, ...]:
        """Of each code of a person what is kept, under one salt, in one turn. Raises NoRoom."""
        asked = Derive(codes, salt, TIME_COST, MEMORY_KIB, LANES, HASH_BYTES)
        return await self._worked_out(asked, tuple, whose)

    async def renew(self, vault: Vault, person: Person, password: str) -> Person:
        """Hash a password that was right anew, where it was hashed with less than today asks for; where there is no room, next time.
        Never over one that was set meanwhile.
        """
        before = person.password_hash
        if not self._hasher.check_needs_rehash(before):
            return person
        try:
            fresh = await self.hashed(password, whose=person.reference)
        except NoRoom:
            return person
        taken = await anyio.to_thread.run_sync(vault.change_password_hash, person.kind, person.id, fresh, before)
        return replace(person, password_hash=fresh) if taken else person

    async def _worked_out(self, request: Request, kind: type[_Kept], whose: str) -> _Kept:
        async with self._turn(whose):
            answer: Answer = await anyio.to_thread.run_sync(_WORKER.work_out, request)
        assert isinstance(answer, kind)
        return answer

    @asynccontextmanager
    async def _turn(self, whose: str) -> AsyncIterator[None]:
        """One at a time; those who are known before others, and a stranger after a few of them."""
        if self._is_busy:
            await self._wait(whose)
        self._is_busy = True
        try:
            yield
        finally:
            self._next()

    async def _wait(self, whose: str) -> None:
        known = whose != STRANGER
        if not self.has_room(known=known) or whose in self._known:
            raise NoRoom
        called, line, place = anyio.Event(), self._known if known else self._strangers, whose or object()
        line[place] = called
        try:
            await called.wait()
        except BaseException:
            if called.is_set():  # it was called as it left: the turn is the next one's
                self._next()
            else:
                del line[place]
            raise

    def _next(self) -> None:
        known_go_on = self._known_in_a_row < KNOWN_IN_A_ROW or not self._strangers
        line = self._known if self._known and known_go_on else self._strangers
        self._known_in_a_row = self._known_in_a_row + 1 if line is self._known else 0
        if line:
            line.popitem(last=False)[1].set()
        else:
            self._is_busy = False
