"""Password desk: hashes and checks passwords and recovery codes, off the loop, a few at a time."""

import secrets

import anyio
import anyio.to_thread
import argon2
from argon2.low_level import Type, hash_secret_raw

from storage.people import Person
from storage.vault import Vault
from web.bounds import PASSWORD_CHECKS, PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN

# OWASP's minimum for argon2id (19 MiB, two passes, one lane): one check keeps one core for about 20 ms, never both.
TIME_COST, MEMORY_KIB, LANES = 2, 19 * 1024, 1
HASH_BYTES = 32
SALT_BYTES = 16


def _hasher() -> argon2.PasswordHasher:
    return argon2.PasswordHasher(time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=LANES)


def hash_password(password: str) -> str:
    """The argon2id hash that the vault keeps. Takes tens of milliseconds: never in the event loop."""
    if not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
        raise ValueError(f"a password has {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters")
    return _hasher().hash(password)


class PasswordDesk:
    """Checks passwords off the loop, few at a time, and as slowly for strangers as for those we know. `hashes`: how many were made."""

    def __init__(self) -> None:
        self._hasher = _hasher()
        self._turn = anyio.CapacityLimiter(PASSWORD_CHECKS)
        self._nobody = self._hasher.hash(secrets.token_urlsafe())
        self.hashes = 0

    async def opens(self, person: Person | None, password: str) -> bool:
        return await anyio.to_thread.run_sync(self._check, person, password, limiter=self._turn)

    async def hashed(self, password: str) -> str:
        """A password that was found good, for the vault."""
        return await anyio.to_thread.run_sync(hash_password, password, limiter=self._turn)

    async def derived(self, codes: tuple[str, ...], salt: bytes) -> tuple[bytes, ...]:
        """Of each code what is kept, under one salt."""
        return await anyio.to_thread.run_sync(lambda: tuple(_derived(code, salt) for code in codes), limiter=self._turn)

    async def renew(self, vault: Vault, person: Person, password: str) -> None:
        """Hash a password that was right anew, where it was hashed with less than today asks for."""
        if self._hasher.check_needs_rehash(person.password_hash):
            fresh = await anyio.to_thread.run_sync(self._hasher.hash, password, limiter=self._turn)
            await anyio.to_thread.run_sync(vault.change_password_hash, person.kind, person.id, fresh)

    def _check(self, person: Person | None, password: str) -> bool:
        self.hashes += 1
        try:
            self._hasher.verify(person.password_hash if person else self._nobody, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False
        return person is not None


def _derived(code: str, salt: bytes) -> bytes:
    return hash_secret_raw(
        code.encode(),
        salt,
        time_cost=TIME_COST,
        memory_cost=MEMORY_KIB,
        parallelism=LANES,
        hash_len=HASH_BYTES,
        type=Type.ID,
    )
