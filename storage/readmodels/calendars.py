"""Calendars: by which economic news the firm goes, for `evenhand calendar show`. The releases are in the row that adopted them."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.facts import CalendarAdopted
from firm.kinds import Body
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row


class Calendars:
    """rm_calendars: one row a name, the newest calendar's."""

    name = "calendars"
    version = 1
    kinds = kinds_of(CalendarAdopted)
    schema = """
        CREATE TABLE rm_calendars (
            calendar TEXT NOT NULL PRIMARY KEY,
            version TEXT NOT NULL,
            releases INTEGER NOT NULL,
            first_us INTEGER,
            last_us INTEGER,
            adopted_us INTEGER NOT NULL,
            seq INTEGER NOT NULL
        ) STRICT;
    """

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            assert isinstance(body, CalendarAdopted)
            items = body.calendar.items
            first_us, last_us = (items[0].at_us, items[-1].at_us) if items else (None, None)
            connection.execute(
                "INSERT OR REPLACE INTO rm_calendars (calendar, version, releases, first_us, last_us, adopted_us, seq)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (body.calendar.name, body.version, len(items), first_us, last_us, row.happened_us, row.seq),
            )


class CalendarLine(msgspec.Struct, frozen=True):
    """One calendar: how many releases, from the first to the last; `seq` is the row that holds them."""

    calendar: str
    version: str
    releases: int
    first_us: int | None
    last_us: int | None
    adopted_us: int
    seq: int


def all_calendars(connection: apsw.Connection) -> list[CalendarLine]:
    """In order of name."""
    sql = "SELECT calendar, version, releases, first_us, last_us, adopted_us, seq FROM rm_calendars ORDER BY calendar"
    return [CalendarLine(*found) for found in connection.execute(sql)]
