"""Views: when staff viewed the portal as a trader, who and why, how many pages, and how it ended."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.facts import PageSeen, StaffLeft, ViewBegan, ViewEnded
from firm.instant import SECOND_US
from firm.kinds import Body
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

SCHEMA = """
CREATE TABLE rm_view (
    view INTEGER PRIMARY KEY, trader INTEGER NOT NULL, who TEXT NOT NULL, role TEXT NOT NULL, why TEXT NOT NULL,
    began_us INTEGER NOT NULL, until_us INTEGER NOT NULL, ended_us INTEGER NOT NULL, how TEXT NOT NULL, pages INTEGER NOT NULL
) STRICT;
CREATE INDEX rm_view_trader ON rm_view (trader);
CREATE INDEX rm_view_open ON rm_view (who) WHERE ended_us = 0;
"""
LEFT = "left"


class Views:
    """The `views` read model."""

    name = "views"
    version = 1
    schema = SCHEMA
    kinds = kinds_of(ViewBegan, PageSeen, ViewEnded, StaffLeft)

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        ended = "UPDATE rm_view SET ended_us = min(until_us, ?), how = ? WHERE ended_us = 0"
        for row, body in rows:
            now = row.happened_us
            match body:
                case ViewBegan():
                    connection.execute(
                        "INSERT INTO rm_view (view, trader, who, role, why, began_us, until_us, ended_us, how, pages)"
                        " VALUES (?, ?, ?, ?, ?, ?, ?, 0, '', 0)",
                        (row.cause, body.trader, body.by, body.role, body.why, now, now + body.seconds * SECOND_US),
                    )
                case PageSeen():
                    sql = "UPDATE rm_view SET pages = pages + 1 WHERE view = ? AND who = ?"
                    connection.execute(sql, (body.view, body.by))
                case ViewEnded():
                    connection.execute(f"{ended} AND view = ? AND who = ?", (now, body.how.value, body.view, body.by))
                case StaffLeft():
                    connection.execute(f"{ended} AND who = ?", (now, LEFT, f"staff:{body.staff}"))
                case _:
                    pass


class ViewLine(msgspec.Struct, frozen=True):
    """One view. `role`: of the member of staff then. `ended_us` is 0, and `how` "", where nothing ended it but its time, `until_us`."""

    view: int
    trader: int
    who: str
    role: str
    why: str
    began_us: int
    until_us: int
    ended_us: int
    how: str
    pages: int


def views_of(connection: apsw.Connection, trader: int, limit: int) -> list[ViewLine]:
    """The newest views of one trader's portal."""
    sql = (
        "SELECT view, trader, who, role, why, began_us, until_us, ended_us, how, pages FROM rm_view"
        " WHERE trader = ? ORDER BY view DESC LIMIT ?"
    )
    return [ViewLine(*found) for found in connection.execute(sql, (trader, limit))]
