"""Commitment: what the ledger keeps of a sealed value, and what opens it."""

import hmac
from typing import NamedTuple

SALT_BYTES = 32


class Opening(NamedTuple):
    """What proves a commitment: HMAC-SHA256(salt, class ‖ 0x00 ‖ value)."""

    salt: bytes
    klass: str
    value: bytes


def commitment_of(salt: bytes, klass: str, value: bytes) -> str:
    assert len(salt) == SALT_BYTES
    return hmac.digest(salt, klass.encode() + b"\x00" + value, "sha256").hex()


def bytes_of(commitment: str) -> bytes:
    """The bytes of a commitment in hex; of what is none, b"", which is the commitment to nothing."""
    try:
        return bytes.fromhex(commitment)
    except ValueError:
        return b""
