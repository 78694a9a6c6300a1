"""Mark hours: of each hour's marks the first, the lowest, the highest and the last, so that a year's curve is not read by the minute.

The hour in which an account is lies apart, one small row each: what every minute's mark changes stays close together on the disk.
Both tables say what `rm_mark` says, and nothing else.
"""

from collections.abc import Iterator, Sequence

import apsw
import msgspec

from firm.instant import HOUR_US

_COLUMNS = "account, hour_us, first_us, low_us, low, high_us, high, last_us"
_TYPED = _COLUMNS.replace(",", " INTEGER NOT NULL,")
SCHEMA = f"""
CREATE TABLE rm_mark_hour ({_TYPED} INTEGER NOT NULL, PRIMARY KEY (account, hour_us)) STRICT, WITHOUT ROWID;
CREATE TABLE rm_mark_hour_now ({_TYPED} INTEGER NOT NULL, PRIMARY KEY (account)) STRICT;
"""

_WRITE = f"INSERT OR REPLACE INTO {{table}} ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608  (own words)
_PAST, _NOW = _WRITE.format(table="rm_mark_hour"), _WRITE.format(table="rm_mark_hour_now")
_NOW_OF = (
    f"SELECT {_COLUMNS} FROM rm_mark_hour_now"  # noqa: S608  (own words)
    " WHERE account IN (SELECT value FROM json_each(?))"
)
_MARKS_OF_HOUR = "SELECT at_us, equity FROM rm_mark WHERE account = ? AND at_us >= ? AND at_us < ? ORDER BY at_us"


class MarkHour(msgspec.Struct, frozen=True):
    """One hour of an account's marks, by the instants at which they lie. Of several as low (or as high) it is the first."""

    account: int
    hour_us: int
    first_us: int
    low_us: int
    low: int
    high_us: int
    high: int
    last_us: int

    def with_later(self, at_us: int, equity: int) -> "MarkHour":
        """The hour with a mark behind its last one."""
        low = (at_us, equity) if equity < self.low else (self.low_us, self.low)
        high = (at_us, equity) if equity > self.high else (self.high_us, self.high)
        return MarkHour(self.account, self.hour_us, self.first_us, *low, *high, at_us)


def take_in(connection: apsw.Connection, marks: Sequence[tuple[int, int, int]]) -> None:
    """Take in (account, at_us, equity) of marks that are in `rm_mark` by now, in the order in which they came.

    A mark behind the last one of its account is added to the hour. Any other, a late one or a second one of its instant, has its
    hour folded anew, so that the hours depend on the marks alone and not on their order.
    """
    accounts = msgspec.json.encode([account for account, _, _ in marks]).decode()
    now = {row[0]: MarkHour(*row) for row in connection.execute(_NOW_OF, (accounts,))}
    past: dict[tuple[int, int], MarkHour] = {}
    for account, at_us, equity in marks:
        held, hour_us = now.get(account), at_us - at_us % HOUR_US
        if held is not None and at_us <= held.last_us:
            again = _folded(connection, account, hour_us)
            if hour_us == held.hour_us:
                now[account] = again
            else:
                past[account, hour_us] = again
        elif held is not None and hour_us == held.hour_us:
            now[account] = held.with_later(at_us, equity)
        else:
            if held is not None:
                past[account, held.hour_us] = held
            now[account] = MarkHour(account, hour_us, at_us, at_us, equity, at_us, equity, at_us)
    connection.executemany(_PAST, (msgspec.structs.astuple(hour) for hour in past.values()))
    connection.executemany(_NOW, (msgspec.structs.astuple(hour) for hour in now.values()))


def _folded(connection: apsw.Connection, account: int, hour_us: int) -> MarkHour:
    """The hour from its marks, of which there is at least one."""
    marks = list(connection.execute(_MARKS_OF_HOUR, (account, hour_us, hour_us + HOUR_US)))
    low_us, low = min(marks, key=lambda mark: mark[1])
    high_us, high = max(marks, key=lambda mark: mark[1])
    return MarkHour(account, hour_us, marks[0][0], low_us, low, high_us, high, marks[-1][0])


def hours_of(connection: apsw.Connection, account: int, since_us: int) -> Iterator[tuple[int, ...]]:
    """(hour_us, first_us, low_us, low, high_us, high, last_us) of each hour from the one that holds `since_us`, in order."""
    sql = (
        "SELECT hour_us, first_us, low_us, low, high_us, high, last_us FROM {table}"
        " WHERE account = ?1 AND hour_us >= ?2 ORDER BY hour_us"
    )
    for table in ("rm_mark_hour", "rm_mark_hour_now"):
        yield from connection.execute(sql.format(table=table), (account, since_us - since_us % HOUR_US))


def highest_before(connection: apsw.Connection, account: int, since_us: int) -> int:
    """The highest equity of the account's marks before an instant; 0 without any."""
    sql = (
        "SELECT max(coalesce((SELECT max(high) FROM rm_mark_hour WHERE account = ?1 AND hour_us < ?2), 0),"
        " coalesce((SELECT max(high) FROM rm_mark_hour_now WHERE account = ?1 AND hour_us < ?2), 0),"
        " coalesce((SELECT max(equity) FROM rm_mark WHERE account = ?1 AND at_us >= ?2 AND at_us < ?3), 0))"
    )
    row = connection.execute(sql, (account, since_us - since_us % HOUR_US, since_us)).fetchone()
    assert row is not None
    return int(row[0])
