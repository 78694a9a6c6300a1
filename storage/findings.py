"""Findings: what an audit of the book found wrong, each with the row it concerns and what to do next."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import apsw

from storage.errors import LedgerDamaged, LedgerRefused

FINDINGS_MAX = 100  # told one by one; more are counted
RESTORE = (
    "stop the firm, keep a copy of its directory as it is, then put back the last good copy of the whole directory"
)


CANNOT_BE_READ = (LedgerDamaged, LedgerRefused, apsw.Error, UnicodeDecodeError)


class Finding(NamedTuple):
    """Something that does not hold. `seq` is the ledger row it concerns, 0 where it is none in particular."""

    what: str
    seq: int
    next: str


class Findings:
    """Collects findings, and notes that are no fault."""

    def __init__(self) -> None:
        self.told: list[Finding] = []
        self.notes: list[str] = []
        self.untold = 0

    def add(self, what: str, seq: int = 0, what_next: str = RESTORE) -> None:
        if len(self.told) < FINDINGS_MAX:
            self.told.append(Finding(what, seq, what_next))
        else:
            self.untold += 1

    @contextmanager
    def reading(self, what: str, seq: int = 0) -> Iterator[None]:
        """What cannot be read is told, and whoever reads goes on behind it."""
        try:
            yield
        except CANNOT_BE_READ as broken:
            self.add(f"{what} cannot be read ({broken})", seq)
