"""Leaf: the bytes of a ledger row that are hashed, the salt that hides its payload, and the hash that enters the tree.

A proof may withhold a payload, never a header: whoever has `body` and the header can compute the leaf.
docs/formats.md specifies each byte.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from struct import Struct

from storage.rows import StoredRow

LINEAGE_BYTES = 16
SECRET_BYTES = 32
HASH_BYTES = 32
KIND_BYTES_MAX = 255
NO_HASH = bytes(HASH_BYTES)

LEAF = b"\x00"
BODY = b"\x02"

Packer = Callable[..., bytes]


class LeafHasher:
    """Leaves of the rows of one lineage."""

    __slots__ = ("opening", "salted")

    def __init__(self, lineage: bytes, secret: bytes) -> None:
        assert len(lineage) == LINEAGE_BYTES
        assert len(secret) == SECRET_BYTES
        self.opening = LEAF + lineage
        # Keyed once and copied for each row: setting up the key costs more than the eight bytes of a seq.
        self.salted = hashlib.blake2b(lineage, key=secret, digest_size=HASH_BYTES)

    def salt(self, seq: int) -> bytes:
        salted = self.salted.copy()
        salted.update(seq.to_bytes(8))
        return salted.digest()

    def leaf(self, row: StoredRow) -> bytes:
        # Once for every row of a verification: unpacked once, and without the calls that `leaf_bytes` and `salt` would be.
        seq, kind, happened, received, cause, account, number, before, link, payload = row
        salted = self.salted.copy()
        salted.update(seq.to_bytes(8))
        body = hashlib.sha256(BODY + salted.digest() + payload).digest()
        spelled, pack = packer(kind)
        return hashlib.sha256(
            pack(self.opening, seq, spelled, happened, received, cause, account, number, before, link, body)
        ).digest()


def header(lineage: bytes, row: StoredRow) -> bytes:
    """H: everything of a row but its payload."""
    return leaf_bytes(LEAF + lineage, row, NO_HASH)[1:-HASH_BYTES]


def leaf_bytes(opening: bytes, row: StoredRow, body: bytes) -> bytes:
    """What is hashed to a leaf. `opening`: 0x00 and the lineage."""
    spelled, pack = packer(row.kind)
    times = (row.happened_us, row.received_us)
    chain = (row.account, row.account_seq, row.account_prev_seq, row.account_prev_hash)
    return pack(opening, row.seq, spelled, *times, row.cause, *chain, body)


@cache
def packer(kind: str) -> tuple[bytes, Packer]:
    """The kind with its length byte, and the function that packs opening, seq, that, five numbers, the chain and the body."""
    spelled = kind.encode("ascii")
    if not 0 < len(spelled) <= KIND_BYTES_MAX:
        raise ValueError(f"kind {kind!r} has {len(spelled)} bytes: 1 to {KIND_BYTES_MAX} fit a row")
    shape = Struct(f">{1 + LINEAGE_BYTES}sQ{1 + len(spelled)}sqqQQQQ{HASH_BYTES}s{HASH_BYTES}s")
    return bytes([len(spelled)]) + spelled, shape.pack
