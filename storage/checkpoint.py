"""Checkpoints: the signed heads of the tree, as C2SP tlog-checkpoint notes that anyone may keep, compare and cosign.

A note has one spelling. Whatever reads it refuses every other, so that no bit of it can be turned unseen.
"""

import base64
import binascii
import hashlib
import re
from typing import NamedTuple

import nacl.bindings
import nacl.exceptions

from storage.errors import NoteFault, NoteRefused
from storage.leaf import HASH_BYTES

SEED_BYTES = 32
KEY_ID_BYTES = 4
SIGNATURE_BYTES = 64
_ED25519 = b"\x01"
_DASH = "\u2014 "
_SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_NAME = re.compile(r"[^\s+]+")


class Checkpoint(NamedTuple):
    """A tree head: the tree of the first `size` rows had `root`; `at_us` is when, by firm time; `note` is what was signed."""

    size: int
    root: bytes
    at_us: int
    note: str


class Signature(NamedTuple):
    """One signature line: by whom, which of their keys, and the signature."""

    name: str
    key_id: bytes
    signature: bytes


class Note(NamedTuple):
    """A note that was read. `text` is what its signatures cover."""

    origin: str
    size: int
    root: bytes
    text: str
    signatures: tuple[Signature, ...]


class Signer:
    """The ledger's Ed25519 key."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise ValueError(f"a signing seed has {SEED_BYTES} bytes, not {len(seed)}: read it from the firm's secrets")
        self.public_key, self._secret = nacl.bindings.crypto_sign_seed_keypair(seed)

    def sign(self, message: bytes) -> bytes:
        signed: bytes = nacl.bindings.crypto_sign(message, self._secret)
        return signed[:SIGNATURE_BYTES]


def require_slug(slug: str) -> str:
    """The firm's name as it stands in origins: it may never change, so it is checked where a ledger is created."""
    if not _SLUG.fullmatch(slug):
        raise ValueError(
            f"{slug!r} is no name for a ledger: 1 to 63 lower-case letters, digits and dashes, as in acme-funding"
        )
    return slug


def origin_of(firm_slug: str, lineage: bytes) -> str:
    return f"evenhand/{firm_slug}/{lineage.hex()}"


def key_id(name: str, public_key: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:KEY_ID_BYTES]


def sign_note(origin: str, size: int, root: bytes, signer: Signer) -> str:
    text = f"{origin}\n{size}\n{_base64(root)}\n"
    signature = key_id(origin, signer.public_key) + signer.sign(text.encode())
    return f"{text}\n{_DASH}{origin} {_base64(signature)}\n"


def parse_note(note: str) -> Note:
    """Read a note in its one spelling; signatures are not checked."""
    text, blank, below = note.partition("\n\n")
    lines = text.split("\n")
    if not blank or len(lines) != 3 or not below.endswith("\n"):
        raise NoteRefused(
            "the checkpoint is not three lines, a blank line and signature lines: get it again from its source"
        )
    origin, size, root = lines
    if not _NAME.fullmatch(origin):
        raise NoteRefused(f"the checkpoint's origin {origin!r} is no name: get it again from its source")
    if not _SIZE.fullmatch(size):
        raise NoteRefused(f"the checkpoint's size {size!r} is not a plain number: get it again from its source")
    signatures = tuple(_parse_signature(line) for line in below[:-1].split("\n"))
    return Note(origin, int(size), _unbase64(root, "the root", HASH_BYTES), f"{text}\n", signatures)


def check_note(note: str, origin: str, public_key: bytes) -> Note:
    """Read a note and require that it is of `origin` and signed with `public_key`. Other signatures may stand beside."""
    parsed = parse_note(note)
    if parsed.origin != origin:
        raise NoteRefused(
            f"the checkpoint is of {parsed.origin!r}, not of {origin!r}: it belongs to another ledger or lineage",
            NoteFault.OTHER_LEDGER,
        )
    wanted = key_id(origin, public_key)
    for signature in parsed.signatures:
        if signature.name == origin and signature.key_id == wanted:
            if verifies(public_key, parsed.text.encode(), signature.signature):
                return parsed
            break
    raise NoteRefused(
        f"the checkpoint of size {parsed.size} is not signed by key {public_key.hex()}: it is forged, altered, or of another key",
        NoteFault.UNSIGNED,
    )


def verifies(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether Ed25519 `signature` of `message` holds."""
    if len(signature) != SIGNATURE_BYTES:
        return False
    try:
        nacl.bindings.crypto_sign_open(signature + message, public_key)
    except nacl.exceptions.BadSignatureError:
        return False
    return True


def _parse_signature(line: str) -> Signature:
    name, blank, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not blank or not _NAME.fullmatch(name):
        raise NoteRefused(f"the checkpoint has a line {line!r} where a signature belongs: get it again from its source")
    signed = _unbase64(encoded, f"the signature of {name}")
    if len(signed) <= KEY_ID_BYTES:
        raise NoteRefused(f"the signature of {name} is too short: get the checkpoint again from its source")
    return Signature(name, signed[:KEY_ID_BYTES], signed[KEY_ID_BYTES:])


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _unbase64(text: str, what: str, size: int | None = None) -> bytes:
    """Canonical base64 alone: stray bits in the last letter are refused."""
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as broken:
        raise NoteRefused(f"{what} of the checkpoint is not base64: get it again from its source") from broken
    if _base64(value) != text or (size is not None and len(value) != size):
        raise NoteRefused(
            f"{what} of the checkpoint is not canonical base64 of the right length: get it again from its source"
        )
    return value
