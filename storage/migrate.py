"""Migrations: from any released schema to today's, one numbered file each, old or new after a crash and never between."""

from functools import cache
from pathlib import Path

import apsw

from storage.errors import LedgerRefused
from storage.findings import RESTORE
from storage.schema import APPLICATION_ID, one_value

_FOLDER = Path(__file__).parent / "migrations"


@cache
def migrations() -> tuple[tuple[int, str], ...]:
    """(number, SQL) of each, from 1 without a hole."""
    files = sorted(_FOLDER.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    numbers = [int(file.name[:4]) for file in files]
    assert numbers == list(range(1, len(numbers) + 1))
    return tuple((number, file.read_text("utf-8")) for number, file in zip(numbers, files, strict=True))


def migrate(connection: apsw.Connection) -> int:
    """Bring the schema up to date; the version it has now. Refuses a file of another program or a newer release."""
    found = check_header(connection)
    for number, sql in migrations()[found:]:
        with connection:
            connection.execute(sql)
            connection.pragma("application_id", APPLICATION_ID)
            connection.pragma("user_version", number)
        found = number
    return found


def check_header(connection: apsw.Connection) -> int:
    """The schema's version, 0 for an empty file. Refuses a file of another program or a newer release."""
    application, version = connection.pragma("application_id"), connection.pragma("user_version")
    empty = (application, version) == (0, 0) and one_value(connection, "SELECT 1 FROM sqlite_schema") is None
    newest = len(migrations())
    if empty or (application == APPLICATION_ID and 0 < version <= newest):
        return int(version)
    if application == APPLICATION_ID and version > newest:
        raise LedgerRefused(
            f"{connection.filename} has schema {version}, this release knows up to {newest}: use the release that wrote it"
        )
    raise LedgerRefused(
        f"{connection.filename} has application id {application:#x} and version {version}: it is not a ledger; "
        f"name the right directory with --data-dir; where it is damaged: {RESTORE}"
    )
