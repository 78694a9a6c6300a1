"""Errors of the book: each says what happened, which row or file, and what to do next."""

from enum import StrEnum


class LedgerInUse(OSError):
    """Another process is this ledger's single writer."""


class LedgerRefused(ValueError):
    """The file is not a ledger that this release, this secret or this key can open."""


class LedgerDamaged(RuntimeError):
    """What lies on disk contradicts itself."""


class DiskRefused(OSError):
    """SQLite could not read or write one of its files: the disk failed, or is full."""


class FrontRefused(DiskRefused):
    """front.db could not be read or written just now; nothing of it was changed, and all of it may be lost anyway."""


class VaultDamaged(RuntimeError):
    """What is in the vault is not what was put there, or half of it is missing."""


class SequenceBroken(ValueError):
    """The rows offered do not continue the ledger; nothing was written."""


class CommitFailed(RuntimeError):
    """Nobody can say whether the batch is durable. The process must end and start again; never try the append again in place."""


class PrunedByPolicy(LookupError):
    """The frame was sealed into a segment that left this machine."""


class SnapshotDamaged(RuntimeError):
    """A snapshot's states do not hash to what its SnapshotWritten row says."""


class NoteFault(StrEnum):
    """What is wrong with a checkpoint note."""

    UNREADABLE = "unreadable"  # not in its one spelling
    UNSIGNED = "unsigned"  # not by the key that it should be
    OTHER_LEDGER = "other_ledger"
    OTHER_ROOT = "other_root"  # it is ours, and of other rows than we hold


class NoteRefused(ValueError):
    """A checkpoint note that was not taken. The text is for the console; pages have their own words for the fault."""

    def __init__(self, text: str, fault: NoteFault = NoteFault.UNREADABLE) -> None:
        super().__init__(text)
        self.fault = fault
