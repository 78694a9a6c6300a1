"""Factors: what a person proves who they are with beside the password, as one sealed value of theirs; docs/vault.md has its form.

The value changes whole: `Vault.change_factors` lets nobody between reading and writing, so that a code counts once.
"""

import msgspec

PASSKEYS_MAX = 10
RECOVERY_CODES = 10


class Totp(msgspec.Struct, frozen=True, kw_only=True):
    """A shared secret (20 bytes) of an authenticator app. `used_step`: the newest half minute of which a code was taken."""

    secret: bytes
    used_step: int = 0
    added_us: int = 0

    def __repr__(self) -> str:
        """No secret, wherever this is printed."""
        return "Totp(…)"


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """A public key of an authenticator. `sign_count`: as it said last; `used_us`: 0 for never."""

    credential: bytes
    public_key: bytes
    sign_count: int
    name: str
    added_us: int
    used_us: int = 0

    @property
    def handle(self) -> str:
        """How pages name it."""
        return self.credential.hex()[:32]


class Recovery(msgspec.Struct, frozen=True, kw_only=True):
    """Codes that are good for one use each: argon2id of those that are left, under one salt of their own."""

    salt: bytes
    hashes: tuple[bytes, ...]
    made_us: int

    def __repr__(self) -> str:
        """No hash, wherever this is printed."""
        return f"Recovery({len(self.hashes)} left)"


class Factors(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All of one person. `offered`: a secret that waits for its first code, good until `offered_until_us`."""

    totp: Totp | None = None
    offered: bytes = b""
    offered_until_us: int = 0
    passkeys: tuple[Passkey, ...] = ()
    recovery: Recovery | None = None

    def __repr__(self) -> str:
        """Nothing of it, wherever this is printed."""
        return "Factors(…)"

    @property
    def any(self) -> bool:
        """Whether there is a second factor. Recovery codes alone are none."""
        return self.totp is not None or bool(self.passkeys)

    @property
    def codes_left(self) -> int:
        return len(self.recovery.hashes) if self.recovery else 0


NOTHING = Factors()


def read_factors(value: bytes | None) -> Factors:
    return NOTHING if value is None else msgspec.json.decode(value, type=Factors)


def written(factors: Factors) -> bytes | None:
    """What is sealed; None where there is nothing to seal."""
    return None if factors == NOTHING else msgspec.json.encode(factors)
