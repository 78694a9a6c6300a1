"""Rows: one ledger row as desks and pages see it, before and after storage added its chain.

docs/formats.md specifies each column and byte.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any, NamedTuple

from storage.errors import LedgerDamaged

INTEGER_MAX = 2**63 - 1  # the largest that SQLite holds: no row has a higher number


class Row(NamedTuple):
    """A row to be appended. `cause` is the input's seq for a fact and 0 for an input; `account` 0 where none is concerned."""

    seq: int
    kind: str
    happened_us: int
    received_us: int
    cause: int
    account: int
    payload: bytes


class StoredRow(NamedTuple):
    """A row as it lies in the ledger. The account chain is 0, 0 and 32 zero bytes where `account` is 0."""

    seq: int
    kind: str
    happened_us: int
    received_us: int
    cause: int
    account: int
    account_seq: int
    account_prev_seq: int
    account_prev_hash: bytes
    payload: bytes


_TYPES = tuple(StoredRow.__annotations__.values())


def stored_row(columns: Iterable[Any]) -> StoredRow:
    """What SQLite read, as a row; LedgerDamaged where it is none.

    A damaged page is read as far as it makes any sense: columns that are not there are NULL, whatever the schema says.
    """
    row = StoredRow(*columns)
    if not all(map(isinstance, row, _TYPES)):
        raise LedgerDamaged(f'row {row.seq} holds what no row can hold: stop, run "evenhand verify"')
    return row


def stored_rows(found: Iterable[Iterable[Any]], after: int) -> list[StoredRow]:
    """Rows that rise from `after`, as whoever walks the ledger relies on; else LedgerDamaged."""
    rows = [StoredRow(*columns) for columns in found]
    # Column by column, which costs a third of asking each row; only where something is odd it is looked for.
    columns = list(zip(*rows, strict=True))
    if all(set(map(type, column)) == {kind} for column, kind in zip(columns, _TYPES, strict=False)) and all(
        before < seq for before, seq in pairwise((after, *columns[0]) if rows else ())
    ):
        return rows
    for row in rows:
        stored_row(row)
        if row.seq <= after:
            raise LedgerDamaged(f'row {row.seq} lies behind row {after}: stop, run "evenhand verify"')
        after = row.seq
    return rows
