"""Verify: a sound book passes, and a byte turned anywhere that matters is found and told."""

import random
from contextlib import suppress

import apsw
import pytest

from storage.audit_rows import lying_beside
from storage.checkpoint import Signer
from storage.errors import LedgerDamaged, LedgerRefused
from storage.files import FirmDirectory
from storage.segments import seal
from storage.verify import verify

# (table, column, which row): one value of each column of each table that matters, of a row of each sort.
TOUCHED = [
    *(
        ("ledger", column, f"seq = {seq}")
        for seq in (2, 4, 8, 300, 590)
        for column in (
            "seq", "kind", "happened_us", "received_us", "cause", "account", "account_seq", "account_prev_seq",
            "account_prev_hash", "payload",
        )
    ),
    *(("tiles", column, "tile = 1") for column in ("level", "tile", "hashes")),
    *(("checkpoints", column, "size = 350") for column in ("size", "root", "at_us", "mac", "note")),
    *(("quote_frames", column, "seq = 504") for column in ("seq", "frame")),
    *(("landmarks", column, "kind = 'SegmentSealed'") for column in ("kind", "seq")),
    *(("sealed_ranges", column, "1") for column in ("first_seq", "last_seq", "sealed_by")),
    *(("account_heads", column, "account_seq > 20") for column in ("account", "account_seq", "seq", "leaf")),
    *(("ledger_end", column, "1") for column in ("size", "edge_hash", "heads_through", "checkpoint_size", "mac")),
    *(("snapshot_states", column, "desk = 'account/1'") for column in ("desk", "of_seq", "state")),
    *(("snapshots_held", column, "of_seq = (SELECT max(of_seq) FROM snapshots_held)") for column in ("of_seq", "written_by")),
    *(("identity", column, "1") for column in ("firm_slug", "public_key", "secret_mac")),
    *(("lineages", column, "1") for column in ("first_seq", "lineage")),
    *(("read_models", column, "1") for column in ("name", "version", "schema", "tables")),
    *(("rm_balance", column, "rows > 20") for column in ("account", "minor", "rows")),
]  # fmt: skip


def turned(value):
    """The value with its lowest bit turned, in the last byte of what has bytes."""
    match value:
        case int():
            return value ^ 1
        case str():
            return value[:-1] + chr(ord(value[-1]) ^ 1)
        case bytes():
            return value[:-1] + bytes([value[-1] ^ 1])


def damage(book, table, column, where):
    """Change one value behind everybody's back: the triggers go and come back as they were."""
    raw = book.raw()
    kept = raw.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?", (table,)
    ).fetchall()
    raw.execute("PRAGMA ignore_check_constraints = ON")
    for name, _ in kept:
        raw.execute(f"DROP TRIGGER {name}")
    [before] = raw.execute(f"SELECT {column} FROM {table} WHERE {where} ORDER BY 1 DESC LIMIT 1").fetchall()
    whence = f"{column} = ? AND ({where})"
    raw.execute(f"UPDATE OR REPLACE {table} SET {column} = ? WHERE {whence}", (turned(before[0]), before[0]))
    for _, sql in kept:
        raw.execute(sql)
    raw.close()


def test_a_sound_book_passes_and_says_what_was_checked(whole):
    steps = []
    report = verify(
        whole.path,
        secret=whole.secret,
        public_key=Signer(whole.seed).public_key,
        read_models=[whole.Balances()],
        progress=lambda done, of: steps.append((done, of)),
    )
    assert report.is_sound
    assert (report.rows, report.frames, report.segments, report.snapshots) == (593, 118, 1, 2)
    assert report.checkpoints == 8
    assert steps[-1] == (593, 593)


def test_it_passes_while_the_writer_appends(book):
    with book.open(book.Balances()) as ledger:
        book.write(ledger, 2_500)

        def append_more(done, of):
            if done < of:
                book.write(ledger, 30)

        report = verify(book.path, secret=book.secret, read_models=[book.Balances()], progress=append_more)
    assert report.is_sound
    assert report.rows == 2_530


def test_it_passes_while_the_prices_that_it_has_walked_past_and_will_walk_past_are_sealed(book):
    with book.open() as ledger:
        book.write(ledger, 5_000)

        def seal_a_day(done, of):
            if done == 2_000:
                book.sealed(ledger, seal(book.path, upto_seq=3_000))
                while ledger.drop_sealed_frames():
                    pass

        report = verify(book.path, secret=book.secret, progress=seal_a_day)
    assert report.findings == ()
    assert (report.segments, report.frames) == (1, 1_000)


def test_frames_are_held_a_few_at_a_time_however_many_rows_a_step_has(book, monkeypatch):
    """A frame may have 256 KiB, and a step has two thousand rows."""
    most, held = 2_000, []

    def noted(connection, rows):
        lying = lying_beside(connection, rows)
        held.append(sum(map(len, lying.frames.values())))
        return lying

    monkeypatch.setattr("storage.audit_rows.BESIDE_BYTES_MAX", most, raising=False)
    monkeypatch.setattr("storage.verify.lying_beside", noted)
    with book.open() as ledger:
        book.write(ledger, 500)
    report = book.verify()
    assert report.is_sound
    assert (report.rows, report.frames) == (500, 100)
    assert sum(held) > 20 * most
    assert max(held) <= most


@pytest.mark.parametrize(("table", "column", "where"), TOUCHED)
def test_a_bit_turned_in_any_column_is_found(whole, table, column, where):
    damage(whole, table, column, where)
    report = whole.verify(whole.Balances())
    assert not report.is_sound
    for finding in report.findings:
        assert finding.what
        assert finding.next


@pytest.mark.parametrize("leads_to", ["seq", "(SELECT max(seq) FROM ledger WHERE account = old.account)"])
def test_a_link_that_leads_round_is_found_and_followed_by_nobody(whole, leads_to):
    """Whoever walks an account's chain back would walk for ever."""
    raw = whole.raw()
    [(trigger,)] = raw.execute("SELECT sql FROM sqlite_schema WHERE name = 'ledger_keeps'").fetchall()
    raw.execute("DROP TRIGGER ledger_keeps")
    newest = "(SELECT max(seq) FROM ledger WHERE account = old.account)"
    sql = f"UPDATE ledger AS old SET account_prev_seq = {leads_to} WHERE account = ? AND seq > {newest} - 20"
    raw.execute(sql, (whole.ben,))
    raw.execute(trigger)
    raw.close()
    report = whole.verify(whole.Balances())
    assert any("chain" in finding.what or "hash" in finding.what for finding in report.findings)
    with whole.reader() as reader:
        seqs = [row.seq for row in reader.account_rows(whole.ben, limit=1_000)]
    assert seqs == sorted(set(seqs), reverse=True)


@pytest.mark.parametrize("at", [0, 9, 12, 20, 40, 2_000, -1])
def test_a_bit_turned_in_a_segment_is_found(whole, at):
    [path] = (whole.path / "segments").iterdir()
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)
    [finding] = whole.verify().findings
    assert "is not the file that row" in finding.what
    assert "archive" in finding.next


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("DELETE FROM ledger WHERE seq = 593", id="the last row"),
        pytest.param("DELETE FROM ledger WHERE seq = 400", id="a row in the middle"),
        pytest.param("DELETE FROM tiles WHERE tile = 1", id="a tile"),
        pytest.param("DELETE FROM quote_frames WHERE seq = 504", id="a frame"),
        pytest.param("INSERT INTO quote_frames VALUES (3, x'00')", id="a frame too many"),
        pytest.param(
            "DELETE FROM checkpoints WHERE size = (SELECT max(size) FROM checkpoints)", id="the newest checkpoint"
        ),
        pytest.param("DELETE FROM checkpoints WHERE size = 350", id="a checkpoint in the middle"),
        pytest.param("DELETE FROM checkpoints", id="every checkpoint"),
        pytest.param("DELETE FROM landmarks", id="the landmarks"),
        pytest.param("DELETE FROM account_heads WHERE account_seq > 20", id="heads"),
        pytest.param("DELETE FROM snapshots_held", id="the snapshots"),
        pytest.param("DELETE FROM snapshot_states WHERE desk = 'orders'", id="a desk's states"),
        pytest.param("DELETE FROM rm_balance", id="a read model's rows"),
        pytest.param("UPDATE read_models SET tables = '[]'", id="what tables a read model has"),
        pytest.param("CREATE INDEX rm_index ON rm_balance (rows)", id="an index on a read model's table"),
        pytest.param("CREATE INDEX rm_index ON ledger (account)", id="an index that is named as if"),
        pytest.param("CREATE TABLE other (a)", id="a table of somebody else's"),
        pytest.param("DROP TRIGGER ledger_keeps", id="a trigger"),
        pytest.param("PRAGMA user_version = 7", id="the version"),
    ],
)
def test_what_is_gone_or_added_is_found(whole, sql):
    raw = whole.raw()
    kept = raw.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    if sql.startswith("DELETE"):
        for name, _ in kept:
            raw.execute(f"DROP TRIGGER {name}")
        raw.execute(sql)
        for _, again in kept:
            raw.execute(again)
    else:
        raw.execute(sql)
    raw.close()
    assert not whole.verify(whole.Balances()).is_sound


def test_a_lineage_that_begins_at_a_row_which_does_not_say_so_is_told(whole):
    raw = whole.raw()
    raw.execute("INSERT INTO lineages (first_seq, lineage) VALUES (300, randomblob(16))")
    raw.close()
    told = [finding.what for finding in whole.verify().findings]
    assert "row 300 does not fork the lineage before it as it must" in told


def test_a_tile_is_told_before_what_is_wrong_with_later_rows(whole):
    for seq in (100, 270):
        damage(whole, "ledger", "cause", f"seq = {seq}")
    told = [finding.what for finding in whole.verify().findings]
    [of_the_tile] = (number for number, what in enumerate(told) if what.startswith("rows 1 to 256 "))
    [of_the_row] = (number for number, what in enumerate(told) if what.startswith("row 270 names row"))
    assert of_the_tile < of_the_row


EVIL = [
    pytest.param("CREATE TRIGGER rm_evil BEFORE INSERT ON checkpoints BEGIN SELECT RAISE(IGNORE); END", id="a trigger"),
    pytest.param("CREATE TRIGGER rm_evil BEFORE INSERT ON rm_balance BEGIN SELECT RAISE(IGNORE); END", id="on a model"),
    pytest.param("CREATE VIEW rm_ledger AS SELECT * FROM ledger", id="a view"),
]


@pytest.mark.parametrize("sql", EVIL)
def test_what_acts_when_a_table_is_used_is_told_and_refused_at_a_start_whatever_its_name(whole, sql):
    raw = whole.raw()
    raw.execute(sql)
    raw.close()
    assert any("views or triggers were altered" in finding.what for finding in whole.verify(whole.Balances()).findings)
    whole.close()
    with pytest.raises(LedgerRefused, match=r"views or triggers that were altered: (trigger|view) rm_"):
        whole.open(whole.Balances())


def test_a_table_that_no_read_model_names_is_told(whole):
    raw = whole.raw()
    raw.execute("CREATE TABLE rm_other (a)")
    raw.close()
    assert any("table rm_other" in finding.what for finding in whole.verify(whole.Balances()).findings)


def test_a_read_model_that_claims_another_version_is_not_passed_over(whole):
    raw = whole.raw()
    raw.execute("UPDATE read_models SET version = 99")
    raw.execute("UPDATE rm_balance SET minor = 1")
    raw.close()
    assert not whole.verify(whole.Balances()).is_sound


def test_a_read_model_of_an_earlier_release_is_a_note_because_the_next_start_folds_it(whole):
    class Newer(whole.Balances):
        version = 2

    report = whole.verify(Newer())
    assert report.is_sound
    assert report.notes == ("read model balances is of an earlier release: the next start folds it",)


def test_bits_turned_anywhere_in_the_file_are_found_wherever_they_change_what_it_says(whole):
    path = FirmDirectory(whole.path).ledger_db
    whole.raw().wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    whole.close()
    sound, said = path.read_bytes(), whole.tables()
    chance = random.Random(20140502)
    harmful = 0
    for _ in range(40):
        at, bit = chance.randrange(len(sound)), chance.randrange(8)
        content = bytearray(sound)
        content[at] ^= 1 << bit
        path.write_bytes(content)
        try:
            changed = whole.tables() != said
        except (apsw.Error, UnicodeDecodeError):
            changed = True
        if changed:
            harmful += 1
            with suppress(LedgerRefused):  # it cannot even be opened, and says so
                assert not whole.verify(whole.Balances()).is_sound, f"bit {bit} of byte {at}"
        for leftover in ("ledger.db-shm", "ledger.db-wal"):
            (whole.path / leftover).unlink(missing_ok=True)
    assert harmful > 20


def test_another_key_or_secret_than_the_ledgers_is_told(whole):
    report = verify(whole.path, secret=whole.secret, public_key=bytes(32))
    assert "not with the one you named" in report.findings[0].what
    assert "secret does not fit" in verify(whole.path, secret=bytes(32)).findings[0].what


def test_a_rewritten_past_is_found_even_where_leaves_and_tiles_were_made_to_fit(book_in):
    honest, forged = book_in("honest"), book_in("forged")
    for book, minor in ((honest, 0), (forged, 1)):
        with book.open() as ledger:
            rows, frames = book.stream(1, 300)
            row, body = rows[1]
            altered = body if not minor else type(body)(**{**_fields(body), "cash_id": "forged"})
            rows[1] = book.row(2, altered, account=row.account)
            ledger.append(rows, frames=frames, checkpoints=[(280, 1)])
    # Everything is taken from the forged book but the signed checkpoint, which the forger cannot make.
    note = honest.reader().checkpoint()
    raw = forged.raw()
    raw.execute("DROP TRIGGER checkpoints_keep")
    mac = honest.raw().execute("SELECT mac FROM checkpoints").fetchone()[0]
    raw.execute("UPDATE checkpoints SET root = ?, note = ?, mac = ?", (note.root, note.note, mac))
    raw.execute(
        "CREATE TRIGGER checkpoints_keep BEFORE UPDATE ON checkpoints\n"
        "BEGIN SELECT RAISE(ABORT, 'checkpoints are never changed: sign another'); END"
    )
    [finding] = forged.verify().findings
    assert "do not hash to the signed root" in finding.what
    with pytest.raises(LedgerDamaged, match="do not hash to the checkpoint of size 280"):
        forged.open()


def _fields(body):
    return {name: getattr(body, name) for name in body.__struct_fields__}
