"""Errors of the book: each says what happened, which row or file, and what to do next."""


class LedgerInUse(OSError):
    """Another process is this ledger's single writer."""


class LedgerRefused(ValueError):
    """The file is not a ledger that this release, this secret or this key can open."""


class LedgerDamaged(RuntimeError):
    """What lies on disk contradicts itself."""


class DiskRefused(OSError):
    """SQLite could not read or write one of its files: the disk failed, or is full."""


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


class NoteRefused(ValueError):
    """A checkpoint note that is not in its one spelling, or not signed by the key it should be."""
