"""What SQLite itself refuses on the book, by triggers in the file and by the guard of our own connections."""

import apsw
import pytest

from storage.errors import LedgerRefused
from storage.files import FirmDirectory
from storage.migrate import migrate
from storage.schema import APPLICATION_ID, guard, open_for_reading, open_for_writing


@pytest.fixture
def written(book):
    with book.open(book.Balances()) as ledger:
        book.write(ledger, 300)
        book.snapshot(ledger, {"account/1": b"one"})
    return book


@pytest.fixture
def connection(written):
    """As the writer opens it."""
    one = open_for_writing(FirmDirectory(written.path).ledger_db)
    guard(one)
    yield one
    one.close()


CHANGES = [
    "UPDATE ledger SET payload = x'00' WHERE seq = 3",
    "DELETE FROM ledger WHERE seq = 300",
    "DELETE FROM ledger",
    "INSERT OR REPLACE INTO ledger SELECT seq, 'Forged', 0, 0, 0, 0, 0, 0, account_prev_hash, x'' FROM ledger WHERE seq = 3",
    "INSERT INTO ledger SELECT * FROM ledger WHERE seq = 3 ON CONFLICT (seq) DO UPDATE SET payload = x'00'",
    "UPDATE tiles SET hashes = zeroblob(8192)",
    "DELETE FROM tiles",
    "INSERT OR REPLACE INTO tiles VALUES (0, 0, zeroblob(8192))",
    "UPDATE checkpoints SET note = ''",
    "DELETE FROM checkpoints",
    "INSERT OR REPLACE INTO checkpoints SELECT size, root, 0, mac, note FROM checkpoints",
    "UPDATE identity SET firm_slug = 'bens-firm'",
    "DELETE FROM identity",
    "UPDATE lineages SET lineage = zeroblob(16)",
    "DELETE FROM lineages",
    "DELETE FROM landmarks",
    "UPDATE landmarks SET seq = 9",
    "UPDATE quote_frames SET frame = x''",
    "DELETE FROM quote_frames",
    "INSERT OR REPLACE INTO quote_frames VALUES (4, x'00')",
    "INSERT INTO sealed_ranges VALUES (1, 300, 1)",
    "UPDATE snapshot_states SET state = x''",
    "DELETE FROM snapshot_states",
    "DELETE FROM snapshots_held",
]
OF_OUR_OWN = [
    "DROP TABLE ledger",
    "DROP TRIGGER ledger_keeps",
    "ALTER TABLE ledger RENAME TO old",
    "ALTER TABLE ledger ADD COLUMN note TEXT",
    "CREATE TRIGGER quiet AFTER INSERT ON ledger BEGIN SELECT 1; END",
    "CREATE INDEX slow ON ledger (account)",
    "CREATE TABLE other (a)",
    "CREATE TEMP TABLE ledger (a)",
    "ATTACH ':memory:' AS other",
    "PRAGMA writable_schema = ON",
    "PRAGMA recursive_triggers = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA user_version = 9",
    "UPDATE sqlite_schema SET sql = ''",
]


@pytest.mark.parametrize("sql", [*CHANGES, *OF_OUR_OWN])
def test_our_own_connection_cannot(connection, written, sql):
    before = written.tables()
    with pytest.raises(apsw.Error):
        connection.execute(sql)
    assert written.tables() == before


@pytest.mark.parametrize("sql", CHANGES)
def test_a_program_that_knows_nothing_of_us_is_refused_by_the_triggers(written, sql):
    raw = written.raw()
    raw.pragma("recursive_triggers", True)
    before = written.tables()
    with pytest.raises(apsw.ConstraintError):
        raw.execute(sql)
    assert written.tables() == before


def test_the_schema_cannot_be_edited_through_our_connection(connection):
    connection.authorizer = None  # DEFENSIVE alone
    connection.pragma("writable_schema", True)
    with pytest.raises(apsw.SQLError, match="may not be modified"):
        connection.execute("UPDATE sqlite_schema SET sql = '' WHERE name = 'ledger_keeps'")


def test_a_reader_cannot_write(written):
    reader = open_for_reading(written.path)
    with pytest.raises(apsw.ReadOnlyError):
        reader.execute("INSERT INTO read_models VALUES ('a', 1, '', '[]')")
    reader.close()


def test_an_empty_file_becomes_a_ledger_of_todays_schema_once(tmp_path):
    path = tmp_path / "ledger.db"
    path.touch()
    connection = open_for_writing(path)
    assert migrate(connection) == migrate(connection) == 1
    assert (connection.pragma("application_id"), connection.pragma("user_version")) == (APPLICATION_ID, 1)
    assert connection.pragma("journal_mode") == "wal"
    assert connection.pragma("synchronous") == 2
    connection.close()


def test_a_migration_that_fails_half_way_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "ledger.db"
    path.touch()
    connection = open_for_writing(path)
    migrate(connection)
    before = connection.execute("SELECT * FROM sqlite_schema").fetchall()
    steps = [(1, ""), (2, "CREATE TABLE fresh (a) STRICT; CREATE TABLE ledger (a)")]
    monkeypatch.setattr("storage.migrate.migrations", lambda: steps)
    with pytest.raises(apsw.SQLError):
        migrate(connection)
    assert connection.execute("SELECT * FROM sqlite_schema").fetchall() == before
    assert connection.pragma("user_version") == 1
    connection.close()


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        pytest.param("PRAGMA user_version = 99", "use the release that wrote it", id="a newer release"),
        pytest.param("PRAGMA application_id = 7", "is not a ledger", id="another program's file"),
    ],
)
def test_a_file_that_is_not_ours_is_refused(written, sql, told):
    written.raw().execute(sql)
    with pytest.raises(LedgerRefused, match=told):
        written.open()
    with pytest.raises(LedgerRefused, match=told):
        written.reader()


def test_a_file_that_is_no_database_is_refused(book):
    FirmDirectory(book.path).ledger_db.write_bytes(b"not a database, but long enough to be one" * 100)
    with pytest.raises(LedgerRefused, match="cannot be opened as a ledger"):
        book.open()
