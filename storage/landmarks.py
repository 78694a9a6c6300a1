"""Landmarks: the few kinds of rows that structure the ledger, which are found without an index on it."""

LANDMARK_KINDS = frozenset({
    "EpochOpened", "EpochClosed", "EngineResumed", "SnapshotWritten", "SegmentSealed", "LedgerForked",
    "MasterRotationBegun", "MasterRotationEnded",
})  # fmt: skip
