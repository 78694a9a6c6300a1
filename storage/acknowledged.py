"""Acknowledged: how far the book was when somebody was last told so, kept outside the book, so that a book that lost its end is known.

SQLite ends its log at the first frame that does not add up, which after a crash is right: what follows was never synced. But a bit
that turned among synced frames looks the same, and so does a log that was removed. Then rows are gone that were acknowledged,
and what is left is sound. This file says so. It is written after each commit and never synced: after a power cut it may be
behind the book, which is harmless, and it can never be ahead of what was durable.
"""

import contextlib
import hashlib
import os
from struct import Struct
from typing import NamedTuple

from storage.errors import LedgerDamaged
from storage.files import FILE_MODE, FirmDirectory
from storage.findings import RESTORE
from storage.identity import Lineages
from storage.leaf import LINEAGE_BYTES
from storage.sqlite_file import disk_refused

_MARK = Struct(f">{LINEAGE_BYTES}sQ")
_SUM_BYTES = 8


class Mark(NamedTuple):
    """A row that was acknowledged, and in which lineage."""

    lineage: bytes
    size: int


class Acknowledged:
    """The writer's hand on the file."""

    def __init__(self, files: FirmDirectory) -> None:
        try:
            self._descriptor = os.open(
                files.acknowledged, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE
            )
        except OSError as failed:
            raise disk_refused(files.acknowledged, failed) from failed

    def note(self, lineage: bytes, size: int) -> None:
        """Rows up to `size` are durable. Where the file cannot be written it stays behind, which only means that it guards less."""
        told = _MARK.pack(lineage, size)
        with contextlib.suppress(OSError):
            os.pwrite(self._descriptor, told + _sum(told), 0)

    def close(self) -> None:
        """Harmless twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def read_mark(files: FirmDirectory) -> Mark | None:
    """What was noted last; None where nothing was, or where the file is not as it was written."""
    try:
        content = files.acknowledged.read_bytes()
    except FileNotFoundError:
        return None
    told = content[: _MARK.size]
    return Mark(*_MARK.unpack(told)) if content == told + _sum(told) and len(told) == _MARK.size else None


def why_lost(files: FirmDirectory, mark: Mark | None, lineages: Lineages, size: int) -> str | None:
    """What a book of this size must have lost, as far as the mark knows; None: nothing."""
    if mark is None or (mark.size <= size and mark.lineage in {lineage for _, lineage in lineages.stretches}):
        return None
    return (
        f"row {mark.size} of lineage {mark.lineage.hex()} was acknowledged, but {files.ledger_db} ends at row {size} of lineage "
        f"{lineages.newest.hex()}: its last rows are gone, as when its log was damaged or removed, or an older file put in its place"
    )


def way_on(files: FirmDirectory) -> str:
    """What next, where rows are gone."""
    return f"{RESTORE}; only where no copy reaches that far, and you accept that the rows are lost, remove {files.acknowledged}"


def require_all(files: FirmDirectory, lineages: Lineages, size: int) -> None:
    """LedgerDamaged where rows are gone that were acknowledged."""
    if why := why_lost(files, read_mark(files), lineages, size):
        raise LedgerDamaged(f"{why}: {way_on(files)}")


def _sum(told: bytes) -> bytes:
    return hashlib.sha256(told).digest()[:_SUM_BYTES]
