"""Sealing: one way to encrypt, used for keys and for values: XChaCha20-Poly1305 with a fresh nonce, bound to its place.

A box is nonce (24 bytes) ‖ ciphertext ‖ tag (16 bytes). What it is bound to is authenticated but not stored in it: a box
moved to another person, class or row does not open. docs/vault.md has the bytes.
"""

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
    crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
    crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
)
from nacl.exceptions import CryptoError
from nacl.utils import random

KEY_BYTES = crypto_aead_xchacha20poly1305_ietf_KEYBYTES
NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES


class SealBroken(ValueError):
    """A box does not open under this key in this place: altered, moved, or the key is another's."""


def draw_key() -> bytes:
    return random(KEY_BYTES)


def bound_to(*parts: bytes) -> bytes:
    """The place a box belongs to: each part with its length (u32, big-endian) before it, so that no two places look alike."""
    return b"".join(len(part).to_bytes(4) + part for part in parts)


def key_place(person: str, klass: str) -> bytes:
    """Where a wrapped key belongs to."""
    return bound_to(b"evenhand key 1", person.encode(), klass.encode())


def sealed(key: bytes, content: bytes, place: bytes) -> bytes:
    assert len(key) == KEY_BYTES
    # 24 random bytes do not meet again: no counter to lose in a crash or a restore.
    nonce = random(NONCE_BYTES)
    return nonce + crypto_aead_xchacha20poly1305_ietf_encrypt(content, place, nonce, key)


def unsealed(key: bytes, box: bytes, place: bytes) -> bytes:
    assert len(key) == KEY_BYTES
    try:
        return crypto_aead_xchacha20poly1305_ietf_decrypt(box[NONCE_BYTES:], place, box[:NONCE_BYTES], key)
    except (CryptoError, ValueError) as broken:
        raise SealBroken("the box does not open") from broken
