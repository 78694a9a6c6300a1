"""Rows: one ledger row as desks and pages see it, before and after storage added its chain.

docs/formats.md specifies each column and byte.
"""

from typing import NamedTuple


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
