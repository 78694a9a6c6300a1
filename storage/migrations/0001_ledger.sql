-- The ledger. docs/formats.md says what each column holds. Released: never edit this file, add the next number.

CREATE TABLE identity (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    firm_slug TEXT NOT NULL,
    public_key BLOB NOT NULL CHECK (length(public_key) = 32),
    secret_mac BLOB NOT NULL CHECK (length(secret_mac) = 32)
) STRICT;

CREATE TABLE lineages (
    first_seq INTEGER PRIMARY KEY,
    lineage BLOB NOT NULL CHECK (length(lineage) = 16)
) STRICT;

-- No secondary index: it would halve the rate at which rows can be appended.
CREATE TABLE ledger (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    happened_us INTEGER NOT NULL,
    received_us INTEGER NOT NULL,
    cause INTEGER NOT NULL,
    account INTEGER NOT NULL,
    account_seq INTEGER NOT NULL,
    account_prev_seq INTEGER NOT NULL,
    account_prev_hash BLOB NOT NULL,
    payload BLOB NOT NULL
) STRICT;

CREATE TABLE tiles (
    level INTEGER NOT NULL,
    tile INTEGER NOT NULL,
    hashes BLOB NOT NULL CHECK (length(hashes) = 8192),
    PRIMARY KEY (level, tile)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoints (
    size INTEGER PRIMARY KEY,
    root BLOB NOT NULL CHECK (length(root) = 32),
    at_us INTEGER NOT NULL,
    mac BLOB NOT NULL CHECK (length(mac) = 32),
    note TEXT NOT NULL
) STRICT;

-- Rows of the few kinds that structure the ledger, so that they are found without an index on the hot table.
CREATE TABLE landmarks (
    kind TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (kind, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE quote_frames (
    seq INTEGER PRIMARY KEY,
    frame BLOB NOT NULL
) STRICT;

CREATE TABLE sealed_ranges (
    first_seq INTEGER PRIMARY KEY,
    last_seq INTEGER NOT NULL CHECK (last_seq >= first_seq),
    sealed_by INTEGER NOT NULL
) STRICT;

-- The last row of each account as of row `heads_through`, so that no start has to walk the whole ledger.
CREATE TABLE account_heads (
    account INTEGER PRIMARY KEY,
    account_seq INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    leaf BLOB NOT NULL CHECK (length(leaf) = 32)
) STRICT;

-- Where the ledger ends, so that rows that fill no tile yet, and rows and checkpoints that are gone, are noticed too.
CREATE TABLE ledger_end (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    size INTEGER NOT NULL,
    edge_hash BLOB NOT NULL CHECK (length(edge_hash) = 32),
    heads_through INTEGER NOT NULL,
    checkpoint_size INTEGER NOT NULL,
    mac BLOB NOT NULL CHECK (length(mac) = 32)
) STRICT;

CREATE TABLE snapshot_states (
    desk TEXT NOT NULL,
    of_seq INTEGER NOT NULL,
    state BLOB NOT NULL,
    PRIMARY KEY (desk, of_seq)
) STRICT;

CREATE TABLE snapshots_held (
    of_seq INTEGER PRIMARY KEY,
    written_by INTEGER NOT NULL
) STRICT;

CREATE TABLE read_models (
    name TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    schema TEXT NOT NULL,
    tables TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER identity_keeps BEFORE UPDATE ON identity
BEGIN SELECT RAISE(ABORT, 'a ledger keeps the name and key it was created with: create another ledger'); END;
CREATE TRIGGER identity_stays BEFORE DELETE ON identity
BEGIN SELECT RAISE(ABORT, 'a ledger keeps the name and key it was created with: create another ledger'); END;

CREATE TRIGGER lineages_keep BEFORE UPDATE ON lineages
BEGIN SELECT RAISE(ABORT, 'lineages are never changed: restore the ledger instead'); END;
CREATE TRIGGER lineages_stay BEFORE DELETE ON lineages
BEGIN SELECT RAISE(ABORT, 'lineages are never deleted: restore the ledger instead'); END;

CREATE TRIGGER ledger_keeps BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'ledger rows are never changed: append a fact that corrects this one'); END;
CREATE TRIGGER ledger_stays BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'ledger rows are never deleted: append a fact that corrects this one'); END;

CREATE TRIGGER tiles_keep BEFORE UPDATE ON tiles
BEGIN SELECT RAISE(ABORT, 'tiles are never changed: run "evenhand verify"'); END;
CREATE TRIGGER tiles_stay BEFORE DELETE ON tiles
BEGIN SELECT RAISE(ABORT, 'tiles are never deleted: run "evenhand verify"'); END;

CREATE TRIGGER checkpoints_keep BEFORE UPDATE ON checkpoints
BEGIN SELECT RAISE(ABORT, 'checkpoints are never changed: sign another'); END;
CREATE TRIGGER checkpoints_stay BEFORE DELETE ON checkpoints
BEGIN SELECT RAISE(ABORT, 'checkpoints are never deleted: sign another'); END;

CREATE TRIGGER landmarks_keep BEFORE UPDATE ON landmarks
BEGIN SELECT RAISE(ABORT, 'landmarks are never changed: they follow the ledger'); END;
CREATE TRIGGER landmarks_stay BEFORE DELETE ON landmarks
BEGIN SELECT RAISE(ABORT, 'landmarks are never deleted: they follow the ledger'); END;

CREATE TRIGGER quote_frames_keep BEFORE UPDATE ON quote_frames
BEGIN SELECT RAISE(ABORT, 'quote frames are never changed: their hash is in the ledger'); END;
CREATE TRIGGER quote_frames_stay_until_sealed BEFORE DELETE ON quote_frames
WHEN coalesce(
    (SELECT last_seq FROM sealed_ranges WHERE first_seq <= OLD.seq ORDER BY first_seq DESC LIMIT 1) < OLD.seq, 1
)
BEGIN SELECT RAISE(ABORT, 'this quote frame is in no sealed segment: seal it first'); END;

CREATE TRIGGER sealed_ranges_follow_the_ledger BEFORE INSERT ON sealed_ranges
WHEN NOT EXISTS (
    SELECT 1 FROM ledger
    WHERE seq = NEW.sealed_by AND kind = 'SegmentSealed'
        AND CAST(payload AS TEXT) ->> '$.first_seq' = NEW.first_seq
        AND CAST(payload AS TEXT) ->> '$.last_seq' = NEW.last_seq
)
BEGIN SELECT RAISE(ABORT, 'no SegmentSealed row says so: seal the frames first'); END;
CREATE TRIGGER sealed_ranges_keep BEFORE UPDATE ON sealed_ranges
BEGIN SELECT RAISE(ABORT, 'sealed ranges are never changed: they follow the ledger'); END;
CREATE TRIGGER sealed_ranges_stay BEFORE DELETE ON sealed_ranges
BEGIN SELECT RAISE(ABORT, 'sealed ranges are never deleted: they follow the ledger'); END;

CREATE TRIGGER snapshot_states_keep BEFORE UPDATE ON snapshot_states
BEGIN SELECT RAISE(ABORT, 'snapshots are never changed: write another'); END;
CREATE TRIGGER snapshot_states_stay_while_newest BEFORE DELETE ON snapshot_states
WHEN NOT EXISTS (SELECT 1 FROM snapshot_states WHERE desk = OLD.desk AND of_seq > OLD.of_seq)
BEGIN SELECT RAISE(ABORT, 'the newest state of a desk is kept: write a newer one first'); END;
CREATE TRIGGER snapshots_held_keep BEFORE UPDATE ON snapshots_held
BEGIN SELECT RAISE(ABORT, 'snapshots are never changed: write another'); END;
CREATE TRIGGER snapshots_held_stay_while_newest BEFORE DELETE ON snapshots_held
WHEN NOT EXISTS (SELECT 1 FROM snapshots_held WHERE of_seq > OLD.of_seq)
BEGIN SELECT RAISE(ABORT, 'the newest snapshot is kept: write a newer one first'); END;
