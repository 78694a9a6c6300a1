"""Marks: balance, equity and headroom, once a minute while something is open and when the last position closes, for charts."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.facts import BreachDeclared, DayOpened, MarkTaken, PhasePassed
from firm.instant import HOUR_US
from firm.kinds import Body
from storage.readmodels import mark_hours
from storage.readmodels.kinds_of import kinds_of
from storage.readmodels.mark_hours import hours_of
from storage.rows import Row

# Clustered by account: a chart reads one run of pages, however many accounts are marked each minute.
SCHEMA = f"""
CREATE TABLE rm_mark (
    account INTEGER NOT NULL, at_us INTEGER NOT NULL, balance INTEGER NOT NULL, equity INTEGER NOT NULL, headroom INTEGER,
    PRIMARY KEY (account, at_us)
) STRICT, WITHOUT ROWID;
{mark_hours.SCHEMA}"""

# Of two of one instant the lower equity is drawn: a breach stays in the picture when a booking at its instant follows it.
_INSERT = (
    "INSERT INTO rm_mark (account, at_us, balance, equity, headroom) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (account, at_us) DO UPDATE SET balance = excluded.balance, equity = min(equity, excluded.equity),"
    " headroom = coalesce(excluded.headroom, headroom)"
)


_Values = tuple[int, int, int, int, int | None]


class Marks:
    """The `marks` read model."""

    name = "marks"
    version = 4
    schema = SCHEMA
    kinds = kinds_of(MarkTaken, DayOpened, BreachDeclared, PhasePassed)

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        """Marks are gathered; what decided belongs in the picture too, and finds all that came before it written."""
        gathered: list[_Values] = []
        for row, body in rows:
            match body:
                case MarkTaken() | DayOpened():
                    balance, equity = body.balance.minor, body.equity.minor
                    gathered.append((row.account, row.happened_us, balance, equity, _headroom(body)))
                case PhasePassed():
                    won = body.observed.minor
                    gathered.append((row.account, row.happened_us, won, won, None))
                case BreachDeclared():
                    _write(connection, gathered)
                    connection.execute(_BREACH, (row.account, body.at_us, body.observed.minor, body.observed.minor))
                    mark_hours.take_in(connection, [(row.account, body.at_us, body.observed.minor)])
                case _:
                    pass
        _write(connection, gathered)


def _write(connection: apsw.Connection, gathered: list[_Values]) -> None:
    if gathered:
        connection.executemany(_INSERT, gathered)
        mark_hours.take_in(connection, [(account, at_us, equity) for account, at_us, _, equity, _ in gathered])
        gathered.clear()


def _headroom(fact: MarkTaken | DayOpened) -> int | None:
    """To the nearest floor, where the mark says it."""
    return fact.headroom.minor if isinstance(fact, MarkTaken) and fact.headroom is not None else None


_BREACH = (
    "INSERT INTO rm_mark (account, at_us, balance, equity) VALUES (?1, ?2,"
    " coalesce((SELECT balance FROM rm_mark WHERE account = ?1 AND at_us <= ?2 ORDER BY at_us DESC LIMIT 1), ?3), ?4)"
    " ON CONFLICT (account, at_us) DO UPDATE SET equity = excluded.equity"
)


class Mark(msgspec.Struct, frozen=True):
    """Balance and equity of an account at an instant, and the distance to its nearest floor where it is known; minor units."""

    at_us: int
    balance: int
    equity: int
    headroom: int | None = None


_Row = tuple[int, int, int, int | None]


def curve_of(connection: apsw.Connection, account: int, since_us: int, until_us: int, columns: int) -> list[Mark]:
    """The account's marks from `since_us` on, as a picture of so many columns up to `until_us` needs them, in order.

    Of each column the first, the lowest, the highest and the last mark are kept: a line through them covers the very points that
    one through all marks would, and no dip towards a floor is averaged away. Where a column is an hour or longer it is made of
    whole hours, so that a year is read without its minutes.
    """
    width_us = max(1, -(-(until_us - since_us) // columns))
    if width_us < HOUR_US:
        return [Mark(*row) for row in _by_minute(connection, account, since_us, width_us)]
    chosen = msgspec.json.encode(_by_hour(connection, account, since_us, -(-width_us // HOUR_US) * HOUR_US)).decode()
    sql = (
        "SELECT at_us, balance, equity, headroom FROM json_each(?2) CROSS JOIN rm_mark"
        " WHERE account = ?1 AND at_us = value ORDER BY at_us"
    )
    return [Mark(*row) for row in connection.execute(sql, (account, chosen))]


def _by_minute(connection: apsw.Connection, account: int, since_us: int, width_us: int) -> list[_Row]:
    sql = "SELECT at_us, balance, equity, headroom FROM rm_mark WHERE account = ? AND at_us >= ? ORDER BY at_us"
    kept: list[_Row] = []
    place, first, low, high, last = -1, (0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0)
    for row in connection.execute(sql, (account, since_us)):
        column = (row[0] - since_us) // width_us
        if column != place:
            kept += _in_order(first, low, high, last) if place >= 0 else ()
            place, first, low, high = column, row, row, row
        elif row[2] < low[2]:
            low = row
        elif row[2] > high[2]:
            high = row
        last = row
    return kept + _in_order(first, low, high, last) if place >= 0 else kept


def _in_order(*rows: _Row) -> list[_Row]:
    """Each once, by its instant."""
    return [row for _, row in sorted({row[0]: row for row in rows}.items())]


def _by_hour(connection: apsw.Connection, account: int, since_us: int, width_us: int) -> list[int]:
    """The instants that columns of whole hours keep."""
    kept: list[int] = []
    place = first = low_us = low = high_us = high = last = -1
    for hour_us, *hour in hours_of(connection, account, since_us):
        column = hour_us // width_us
        if column != place:
            kept += {first, low_us, high_us, last} if place >= 0 else ()
            place, (first, low_us, low, high_us, high, last) = column, hour
            continue
        if hour[2] < low:
            low_us, low = hour[1], hour[2]
        if hour[4] > high:
            high_us, high = hour[3], hour[4]
        last = hour[5]
    return sorted({*kept, first, low_us, high_us, last}) if place >= 0 else []
