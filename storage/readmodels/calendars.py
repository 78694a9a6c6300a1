"""Calendars: by which economic news and market days the firm goes, for `evenhand calendar show`. What is in them is in the row that adopted
them."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.facts import CalendarAdopted, MarketDaysAdopted
from firm.kinds import Body
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

NEWS, MARKET_DAYS = "news", "market_days"


class Calendars:
    """rm_calendars: one row a kind and name, the newest calendar's. `releases`: of news, or days of a market."""

    name = "calendars"
    version = 2
    kinds = kinds_of(CalendarAdopted, MarketDaysAdopted)
    schema = """
        CREATE TABLE rm_calendars (
            kind TEXT NOT NULL,
            calendar TEXT NOT NULL,
            version TEXT NOT NULL,
            releases INTEGER NOT NULL,
            first_us INTEGER,
            last_us INTEGER,
            adopted_us INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            PRIMARY KEY (kind, calendar)
        ) STRICT;
    """

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            match body:
                case CalendarAdopted():
                    kind, name, instants = NEWS, body.calendar.name, [item.at_us for item in body.calendar.items]
                case MarketDaysAdopted():
                    kind, name, instants = MARKET_DAYS, body.days.name, [since for since, _ in body.days.stretches()]
                case _:
                    continue
            first_us, last_us = (instants[0], instants[-1]) if instants else (None, None)
            connection.execute(
                "INSERT OR REPLACE INTO rm_calendars (kind, calendar, version, releases, first_us, last_us, adopted_us, seq)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (kind, name, body.version, len(instants), first_us, last_us, row.happened_us, row.seq),
            )


class CalendarLine(msgspec.Struct, frozen=True):
    """One calendar, of `kind` NEWS or MARKET_DAYS: how many releases or days, from first to last; `seq` is the row that holds them."""

    kind: str
    calendar: str
    version: str
    releases: int
    first_us: int | None
    last_us: int | None
    adopted_us: int
    seq: int


def all_calendars(connection: apsw.Connection) -> list[CalendarLine]:
    """In order of name, market days after news."""
    sql = "SELECT kind, calendar, version, releases, first_us, last_us, adopted_us, seq FROM rm_calendars ORDER BY kind DESC, calendar"
    return [CalendarLine(*found) for found in connection.execute(sql)]
