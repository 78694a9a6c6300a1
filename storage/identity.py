"""Identity: whose ledger it is (its name, its public key, which secret salts it) and its lineages."""

import hashlib
import hmac
from bisect import bisect_right
from typing import NamedTuple

import apsw

from storage.checkpoint import origin_of
from storage.errors import LedgerDamaged, LedgerRefused
from storage.findings import RESTORE
from storage.leaf import HASH_BYTES, LeafHasher
from storage.schema import one_value


class Identity(NamedTuple):
    """What a ledger was created with. `secret_mac` tells a wrong ledger secret, and another name or key."""

    firm_slug: str
    public_key: bytes
    secret_mac: bytes


class Lineages(NamedTuple):
    """(first seq, lineage) of each stretch, from row 1 on: a restore or promotion begins another."""

    stretches: tuple[tuple[int, bytes], ...]

    @property
    def newest(self) -> bytes:
        return self.stretches[-1][1]

    def at(self, seq: int) -> bytes:
        """The lineage that row `seq` belongs to."""
        return self.stretches[bisect_right(self.stretches, seq, key=lambda stretch: stretch[0]) - 1][1]


class Hashers:
    """A leaf hasher for each lineage, under one secret."""

    def __init__(self, lineages: Lineages, secret: bytes) -> None:
        self._firsts = [first for first, _ in lineages.stretches]
        self._hashers = [LeafHasher(lineage, secret) for _, lineage in lineages.stretches]

    def at(self, seq: int) -> LeafHasher:
        return self._hashers[bisect_right(self._firsts, seq) - 1]


def read_identity(connection: apsw.Connection) -> Identity:
    row = connection.execute("SELECT firm_slug, public_key, secret_mac FROM identity").fetchone()
    if row is None:
        raise LedgerDamaged(f"{connection.filename} does not say whose ledger it is: {RESTORE}")
    return Identity(*row)


def read_lineages(connection: apsw.Connection) -> Lineages:
    rows = tuple(
        (int(first), bytes(line)) for first, line in connection.execute("SELECT first_seq, lineage FROM lineages")
    )
    if not rows or rows[0][0] != 1:
        raise LedgerDamaged(f"{connection.filename} does not name the lineage of row 1: {RESTORE}")
    return Lineages(rows)


def secret_mac(secret: bytes, lineage: bytes, public_key: bytes, firm_slug: str) -> bytes:
    """Seals what a ledger was created with."""
    told = b"identity" + lineage + public_key + firm_slug.encode()
    return hashlib.blake2b(told, key=secret, digest_size=HASH_BYTES).digest()


def require_secret(connection: apsw.Connection, secret: bytes) -> None:
    """Refuse a secret that is not the one this ledger's leaves were salted with."""
    first = read_lineages(connection).stretches[0][1]
    said = read_identity(connection)
    if not hmac.compare_digest(said.secret_mac, secret_mac(secret, first, said.public_key, said.firm_slug)):
        raise LedgerRefused(
            f"the ledger secret does not fit {connection.filename}, or its name or key was altered: "
            "put back the ledger and the secrets that were backed up with it"
        )


def size_of(connection: apsw.Connection) -> int:
    """The seq of the last row; 0 while there is none."""
    return int(one_value(connection, "SELECT max(seq) FROM ledger") or 0)


def checkpoint_mac(secret: bytes, origin: str, size: int, root: bytes, at_us: int, before: int) -> bytes:
    """Seals what a checkpoint's note does not carry: its instant, and the size of the checkpoint before it (0: none)."""
    told = b"checkpoint" + origin.encode() + size.to_bytes(8) + root + at_us.to_bytes(8, signed=True)
    return hashlib.blake2b(told + before.to_bytes(8), key=secret, digest_size=HASH_BYTES).digest()


def end_mac(secret: bytes, lineage: bytes, size: int, edge_hash: bytes, checkpoint_size: int) -> bytes:
    """Seals where the ledger ends, so that nobody without the secret can write a shorter end."""
    told = b"end" + lineage + size.to_bytes(8) + edge_hash + checkpoint_size.to_bytes(8)
    return hashlib.blake2b(told, key=secret, digest_size=HASH_BYTES).digest()


def origin_at(identity: Identity, lineages: Lineages, size: int) -> str:
    """The origin that a checkpoint of `size` rows bears."""
    return origin_of(identity.firm_slug, lineages.at(max(size, 1)))
