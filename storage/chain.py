"""Chains: each account's rows are linked by number and by hash, so that none can be left out of what a trader is shown."""

import hashlib
from collections.abc import Sequence

import apsw

from firm.kinds import Body
from storage.errors import SequenceBroken
from storage.leaf import BODY, NO_HASH, LeafHasher, packer
from storage.rows import Row
from storage.schema import one_value

HEADS_EVERY = 4_096  # rows between two writings of account_heads: a start reads at most as many rows to know every head
HEADS_CACHED_MAX = 65_536  # heads kept in memory once written; others are looked up

Columns = tuple[int, str, int, int, int, int, int, int, bytes, bytes]
"""A row as it is stored, in the order of `StoredRow`."""

Head = tuple[int, int, bytes]
"""An account's last row: account_seq, seq, leaf."""

_NO_HEAD: Head = (0, 0, NO_HASH)


class Chains:
    """The heads of all accounts, in memory as far as they were touched. `tail`: the leaves of rows `through` + 1 and on."""

    def __init__(self, connection: apsw.Connection, through: int, tail: Sequence[bytes]) -> None:
        self._connection = connection
        self._touched: set[int] = set()
        self._heads: dict[int, Head] = {}
        sql = "SELECT account, account_seq, seq FROM ledger WHERE seq > ? AND account > 0 ORDER BY seq"
        for account, account_seq, seq in connection.execute(sql, (through,)):
            self._heads[account] = (account_seq, seq, tail[seq - through - 1])
            self._touched.add(account)

    def extend(self, rows: Sequence[tuple[Row, Body]], hasher: LeafHasher) -> tuple[list[bytes], list[Columns]]:
        """Chain and hash rows that continue the ledger: their leaves, and their columns as they are stored."""
        # The hottest loop of the book: names are local, calls are few, and nothing is packed into a tuple that need not be.
        heads, look_up, touch = self._heads, self._look_up, self._touched.add
        sha256, pack_for = hashlib.sha256, packer
        opening, copy_of_keyed = hasher.opening, hasher.salted.copy
        leaves: list[bytes] = []
        stored: list[Columns] = []
        add_leaf, add_row = leaves.append, stored.append
        for (seq, kind, happened, received, cause, account, payload), _ in rows:
            if cause >= seq:
                raise SequenceBroken(
                    f"row {seq} names row {cause} as its cause, which is not before it: a desk is at fault"
                )
            if account:
                number, before, link = heads.get(account) or look_up(account)
                number += 1
            else:
                number, before, link = _NO_HEAD
            salted = copy_of_keyed()
            salted.update(seq.to_bytes(8))
            body = sha256(BODY + salted.digest() + payload).digest()
            spelled, pack = pack_for(kind)
            leaf = sha256(
                pack(opening, seq, spelled, happened, received, cause, account, number, before, link, body)
            ).digest()
            if account:
                heads[account] = (number, seq, leaf)
                touch(account)
            add_leaf(leaf)
            add_row((seq, kind, happened, received, cause, account, number, before, link, payload))
        return leaves, stored

    def take_touched(self) -> list[tuple[int, int, int, bytes]]:
        """The heads that changed since this was last asked: rows of account_heads."""
        changed = [(account, *self._heads[account]) for account in sorted(self._touched)]
        self._touched.clear()
        return changed

    def trim(self) -> None:
        """Forget heads that can be looked up, once they are many. Only between transactions."""
        if len(self._heads) > HEADS_CACHED_MAX + len(self._touched):
            self._heads = {account: self._heads[account] for account in self._touched}

    def _look_up(self, account: int) -> Head:
        sql = "SELECT account_seq, seq, leaf FROM account_heads WHERE account = ?"
        return self._connection.execute(sql, (account,)).fetchone() or _NO_HEAD


def heads_through(connection: apsw.Connection) -> int:
    """The row as of which account_heads was last written."""
    return int(one_value(connection, "SELECT heads_through FROM ledger_end"))


def newest_of(connection: apsw.Connection, account: int) -> int:
    """The seq of the account's newest row; 0 where it has none."""
    through = heads_through(connection)
    recent = one_value(connection, "SELECT max(seq) FROM ledger WHERE seq > ? AND account = ?", (through, account))
    written = one_value(connection, "SELECT seq FROM account_heads WHERE account = ?", (account,))
    return int(recent or written or 0)
