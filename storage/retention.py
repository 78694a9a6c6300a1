"""Retention: which sealed segments may leave this machine, and from which row on its prices are still kept.

A segment may go once its newest row is older than the firm keeps prices, measured to the ledger's last row. The newest segment
stays, and so does all that a start may fold again: whatever follows the oldest snapshot it can fall back to.
"""

from contextlib import closing
from pathlib import Path

import apsw

from firm.inputs import SegmentSealed
from firm.instant import DAY_US
from storage.files import FirmDirectory, sync_directory
from storage.quotes import read_sealing
from storage.schema import one_value, open_for_reading
from storage.snapshots import NEWEST_KEPT

_NEVER_US = 2**63 - 1  # a row that is gone vouches for no age


def segments_sealed(connection: apsw.Connection) -> list[SegmentSealed]:
    """What the ledger says of each segment, oldest first."""
    sql = "SELECT sealed_by FROM sealed_ranges ORDER BY first_seq"
    return [read_sealing(connection, seq) for (seq,) in list(connection.execute(sql))]


def may_leave(connection: apsw.Connection, keep_days: int) -> list[SegmentSealed]:
    """The segments that this machine need not have any more, oldest first; `keep_days` 0: none."""
    if keep_days == 0:
        return []
    last_us = int(one_value(connection, "SELECT received_us FROM ledger ORDER BY seq DESC LIMIT 1") or 0)
    before_us, upto = last_us - keep_days * DAY_US, _folded_from(connection)
    return [
        said
        for said in segments_sealed(connection)[:-1]
        if said.last_seq <= upto and _received_us(connection, said.last_seq) < before_us
    ]


def quotes_kept_from(connection: apsw.Connection, keep_days: int) -> int:
    """The first row whose quotes are to be here still."""
    return max((said.last_seq for said in may_leave(connection, keep_days)), default=0) + 1


def let_segments_go(directory: Path, keep_days: int) -> list[str]:
    """Delete the segments that may leave, and say which. Frames that still lie beside the ledger keep theirs."""
    folder = FirmDirectory(directory).segments
    with closing(open_for_reading(directory)) as connection, connection:
        beside = one_value(connection, "SELECT min(seq) FROM quote_frames")
        names = [
            said.name
            for said in may_leave(connection, keep_days)
            if (beside is None or said.last_seq < beside) and (folder / said.name).exists()
        ]
    for name in names:
        (folder / name).unlink()
    if names:
        sync_directory(folder)
    return names


def _folded_from(connection: apsw.Connection) -> int:
    """The row of the oldest snapshot that a start may fall back to; 0: it may have to begin at row 1."""
    sql = "SELECT of_seq FROM snapshots_held ORDER BY of_seq DESC LIMIT 1 OFFSET ?"
    return int(one_value(connection, sql, (NEWEST_KEPT - 1,)) or 0)


def _received_us(connection: apsw.Connection, seq: int) -> int:
    found = one_value(connection, "SELECT received_us FROM ledger WHERE seq = ?", (seq,))
    return _NEVER_US if found is None else int(found)
