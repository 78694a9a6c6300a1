"""Desk trace: the ledger rows that concern one desk, newest first, a page at a time, in a bounded number of steps.

What marks a desk's way is found by an index, an account's rows along its chain, and what comes by the thousand by walking the ledger
back. A page that has walked far without filling says from where to go on.
"""

from collections.abc import Callable, Iterable

import apsw
import msgspec

from firm.ids import parse_id
from storage.chain import newest_of
from storage.identity import size_of
from storage.readmodels.desk_rows import OF_ACCOUNTS, STREAMS, first_at_or_after, seqs_back
from storage.rows import StoredRow, stored_row
from storage.tiles import COLUMNS

WALKED_MAX = 10_000  # rows that one page looks through

_ROW = f"SELECT {COLUMNS} FROM ledger WHERE seq = ?"  # noqa: S608  (constant columns)
_BACK = f"SELECT {COLUMNS} FROM ledger WHERE seq < ? AND seq >= ? ORDER BY seq DESC LIMIT ?"  # noqa: S608
_AFTER = "SELECT seq, kind, account, cause FROM ledger WHERE seq > ? ORDER BY seq LIMIT ?"
_CHAIN = (
    f"WITH RECURSIVE back AS (SELECT {COLUMNS} FROM ledger WHERE seq = ?1 AND account = ?2 UNION ALL"  # noqa: S608  (constant columns)
    f" SELECT {', '.join('ledger.' + column for column in COLUMNS.split(', '))}"
    " FROM back JOIN ledger ON ledger.seq = back.account_prev_seq AND ledger.account = ?2 AND ledger.seq < back.seq)"
    f" SELECT {COLUMNS} FROM back LIMIT ?3"
)


class TraceFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a trace is narrowed to: a kind of row ("" for all), and when rows were taken in: [since, until), as far as given.

    `leaving_out`: kinds of an account's rows that are not shown where no kind is asked for.
    """

    kind: str = ""
    since_us: int | None = None
    until_us: int | None = None
    leaving_out: frozenset[str] = frozenset()

    def wants(self, kind: str) -> bool:
        return self.kind == kind or (not self.kind and kind not in self.leaving_out)


class TracePage(msgspec.Struct, frozen=True):
    """Rows, newest first, and the row from which the next page goes on; None where there is nothing older."""

    rows: list[StoredRow]
    older: int | None


def trace_page(
    connection: apsw.Connection, desk: str, wanted: TraceFilter, from_seq: int | None, limit: int
) -> TracePage:
    """A page of the desk's rows, from row `from_seq` back (as `older` of the page before said) or from its newest."""
    size = size_of(connection)
    low = 1 if wanted.since_us is None else _first_taken_in(connection, size, wanted.since_us)
    high = size + 1 if wanted.until_us is None else _first_taken_in(connection, size, wanted.until_us)
    high = high if from_seq is None else min(high, from_seq + 1)
    kind, _, key = desk.partition("/")
    if kind == "account" and wanted.kind not in OF_ACCOUNTS:
        return _along_chain(connection, desk, wanted, (low, high), from_seq, limit)
    if wanted.kind in STREAMS.get(kind, ()):
        return _walking_back(connection, wanted.kind, key, (low, high), limit)
    seqs = seqs_back(connection, desk, wanted.kind, low, high, limit + 1)
    rows = [stored_row(row) for seq in seqs[:limit] for row in connection.execute(_ROW, (seq,))]
    return TracePage(rows, seqs[limit] if len(seqs) > limit else None)


def outcome_of(connection: apsw.Connection, seq: int, limit: int) -> list[tuple[int, str, int]]:
    """(seq, kind, account) of the facts that input `seq` caused, in order: they follow it without a gap."""
    found: list[tuple[int, str, int]] = []
    for row, kind, account, cause in connection.execute(_AFTER, (seq, limit)):
        if cause != seq:
            break
        found.append((row, kind, account))
    return found


def _first_taken_in(connection: apsw.Connection, size: int, at_us: int) -> int:
    """The first row that was taken in at an instant or later, or the one after the last.

    Rows are stamped as they come in and decided in that order, but for the moment that one may have waited behind another.
    """
    low, high = 1, size + 1
    while low < high:
        middle = (low + high) // 2
        received = connection.execute("SELECT received_us FROM ledger WHERE seq = ?", (middle,)).fetchone()
        if received is not None and received[0] < at_us:
            low = middle + 1
        else:
            high = middle
    return low


def _along_chain(
    connection: apsw.Connection,
    desk: str,
    wanted: TraceFilter,
    window: tuple[int, int],
    from_seq: int | None,
    limit: int,
) -> TracePage:
    account = parse_id(desk.partition("/")[2])
    low, high = window
    start = from_seq or first_at_or_after(connection, desk, high) or newest_of(connection, account)
    rows = connection.execute(_CHAIN, (start, account, WALKED_MAX + 1))
    return _page(rows, lambda row: row.seq < high and wanted.wants(row.kind), low, limit)


def _walking_back(
    connection: apsw.Connection, kind: str, bridge: str, window: tuple[int, int], limit: int
) -> TracePage:
    rows = connection.execute(_BACK, (window[1], window[0], WALKED_MAX + 1))
    return _page(rows, lambda row: row.kind == kind and bridge_of(row) in ("", bridge), window[0], limit)


def bridge_of(row: StoredRow) -> str:
    """ "" where a row is of no bridge, and so of each."""
    return msgspec.json.decode(row.payload, type=_OfBridge).bridge


class _OfBridge(msgspec.Struct):
    bridge: str = ""


def _page(found: Iterable[Iterable[object]], wanted: Callable[[StoredRow], bool], low: int, limit: int) -> TracePage:
    rows: list[StoredRow] = []
    for walked, columns in enumerate(found):
        row = stored_row(columns)
        if row.seq < low:
            return TracePage(rows, None)
        if walked == WALKED_MAX or (len(rows) == limit and wanted(row)):
            return TracePage(rows, row.seq)
        if wanted(row):
            rows.append(row)
    return TracePage(rows, None)
