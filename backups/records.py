"""Records: the signed contents of a destination's small files, and their bytes. docs/operating/backups.md has the table.

    magic "EVNHCOPY" | kind, 8 bytes | version u32 | length u64 | msgpack | Ed25519 over all before it, by the ledger's key

A recipient's key is public, so that encryption alone would not tell who wrote a file; the signature does.
"""

from struct import Struct
from typing import ClassVar, TypeVar

import msgspec

from backups.errors import RestoreRefused
from storage.checkpoint import SIGNATURE_BYTES, Signer, verifies
from storage.copies import CheckpointRow, Owner, PersonRow, SealedValue
from storage.rows import StoredRow

MAGIC = b"EVNHCOPY"
VERSION = 1
_HEAD = Struct(">8s8sIQ")


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a file holds."""

    KIND: ClassVar[bytes]


class CopiedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a snapshot: its name in the firm's directory, and both forms of it."""

    name: str
    size_bytes: int
    sha256: str
    sealed_bytes: int
    sealed_sha256: str


class Fork(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Where a lineage was left: its last row that the firm went on from, and when the first input after it was received."""

    size: int
    next_us: int


class Manifest(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A snapshot, complete. It is not encrypted: it holds no word about anybody.

    `last_us` is when the last row was received, by firm time. `read_at` is the stamp before the vault was read: erasures of
    later are applied to it. `segments` are all that the ledger refers to and that lie at the destination, by their names there, which
    hold size and hash. `keys` is the stamp of the copy of the keys that was made right after. `left`: see backups/left.py. `forks`: each
    lineage that the firm went through before.
    """

    KIND = b"MANIFEST"
    firm: str
    lineage: str
    size: int
    last_us: int
    made_us: int
    read_at: str
    root: str
    note: str
    files: list[CopiedFile]
    segments: list[str]
    keys: str
    left: dict[str, int] = {}
    forks: dict[str, Fork] = {}


class Tail(Record, frozen=True, kw_only=True):
    """Rows with all that lies beside them. `head` is a checkpoint of exactly the last row, signed for this file.

    `keys` is the stamp of the newest copy of the keys then: a restore needs one that is at least as new.
    """

    KIND = b"TAIL    "
    lineage: str
    rows: list[StoredRow]
    frames: list[tuple[int, bytes]]
    checkpoints: list[CheckpointRow]
    states: list[tuple[str, int, bytes]]
    values: list[SealedValue]
    people: list[PersonRow]
    head: str
    read_at: str
    keys: str


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """How many erasures were told in a chain, and the SHA-256 of the last one's file as it lies there: each names the one before.

    Nothing in it: none was told since this machine remembers what it copied.
    """

    chain: str = ""
    count: int = 0
    sha256: str = ""


class KeysFull(Record, frozen=True, kw_only=True):
    """All of keys.db: (person, class, wrapped key), and what ties it to the vault and to its master.

    `stamp` is that of its name, so that an old copy under a new name is none. `told` are the erasures that lie there.
    """

    KIND = b"KEYSFULL"
    stamp: str
    told: Told
    pair: bytes
    canary: bytes
    wrapped: list[tuple[str, str, bytes]]


class KeysDelta(Record, frozen=True, kw_only=True):
    """What changed in keys.db since the copy of stamp `after`; an empty key was forgotten. `stamp`, `told`: see KeysFull."""

    KIND = b"KEYDELTA"
    stamp: str
    told: Told
    after: str
    changes: list[tuple[str, str, bytes]]


class Erasure(Record, frozen=True, kw_only=True):
    """Of whom and what the keys were forgotten: what no key opens any more of theirs is removed by a restore.

    It is the one of that number in its chain, `before` the SHA-256 of the file before it ("" for the first); chain, number
    and stamp are those of its name.
    """

    KIND = b"ERASURE "
    chain: str
    number: int
    before: str
    stamp: str
    owners: list[Owner]


_Kind = TypeVar("_Kind", bound=Record)


def bytes_of(record: Record, signer: Signer) -> bytes:
    content = msgspec.msgpack.encode(record)
    head = _HEAD.pack(MAGIC, record.KIND, VERSION, len(content))
    return head + content + signer.sign(head + content)


def read_record(kind: type[_Kind], name: str, content: bytes, public_key: bytes) -> _Kind:
    """Read a record in its one form. `name`: the file, for errors. Raises RestoreRefused."""
    signed, signature = content[:-SIGNATURE_BYTES], content[-SIGNATURE_BYTES:]
    if len(content) < _HEAD.size + SIGNATURE_BYTES:
        raise _refusal(name, "is cut short")
    magic, found, version, length = _HEAD.unpack_from(signed)
    if magic != MAGIC or found != kind.KIND:
        raise _refusal(name, f"is no {kind.KIND.decode().strip().lower()} file")
    if version != VERSION:
        raise RestoreRefused(
            f"{name} has version {version}, this release reads {VERSION}: use the release that wrote it"
        )
    if length != len(signed) - _HEAD.size:
        raise _refusal(name, "is cut short")
    if not verifies(public_key, signed, signature):
        raise _refusal(name, f"is not signed by the ledger's key {public_key.hex()}")
    try:
        return msgspec.msgpack.decode(signed[_HEAD.size :], type=kind)
    except msgspec.DecodeError as broken:
        raise _refusal(name, f"does not hold what it should ({broken})") from broken


def _refusal(name: str, what: str) -> RestoreRefused:
    return RestoreRefused(
        f"{name} {what}: it is damaged, or another firm's; take another copy, or name this firm's secrets with --secrets"
    )
