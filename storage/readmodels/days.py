"""Days: one row for each account and trading day: where it began, what was traded, where it ended."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.facts import CashBooked, DayAnchored, DayOpened, DayStartMoved, DealBooked, DealCorrected, DividendBooked
from firm.kinds import Body
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

SCHEMA = """
CREATE TABLE rm_day (
    account INTEGER NOT NULL, start_us INTEGER NOT NULL, label TEXT NOT NULL, end_us INTEGER NOT NULL,
    balance_start INTEGER NOT NULL, equity_start INTEGER NOT NULL, balance_end INTEGER, equity_end INTEGER,
    deals INTEGER NOT NULL, net INTEGER NOT NULL, cash INTEGER NOT NULL, final INTEGER NOT NULL,
    PRIMARY KEY (account, start_us)
) STRICT, WITHOUT ROWID;
"""

_OPEN = (
    "INSERT INTO rm_day (account, start_us, label, end_us, balance_start, equity_start, balance_end, equity_end, deals, net,"
    " cash, final) VALUES (?, ?, ?, ?, ?, ?, NULL, NULL, 0, 0, 0, ?)"
    " ON CONFLICT (account, start_us) DO UPDATE SET balance_start = excluded.balance_start,"
    " equity_start = excluded.equity_start, final = excluded.final"
)
_LAST_BEFORE = "(SELECT max(start_us) FROM rm_day WHERE account = ?1 AND start_us {bound} ?2)"
_CLOSE = f"UPDATE rm_day SET balance_end = ?3, equity_end = ?4 WHERE account = ?1 AND start_us = {_LAST_BEFORE.format(bound='<')}"  # noqa: S608  (own words)
_DEAL = f"UPDATE rm_day SET deals = deals + 1, net = net + ?3 WHERE account = ?1 AND start_us = {_LAST_BEFORE.format(bound='<=')}"  # noqa: S608  (own words)
_DIVIDEND = f"UPDATE rm_day SET net = net + ?3 WHERE account = ?1 AND start_us = {_LAST_BEFORE.format(bound='<=')}"  # noqa: S608  (own words)
_CORRECTED = f"UPDATE rm_day SET deals = deals - ?4, net = net + ?3 WHERE account = ?1 AND start_us = {_LAST_BEFORE.format(bound='<=')}"  # noqa: S608  (own words)
_CASH = f"UPDATE rm_day SET cash = cash + ?3 WHERE account = ?1 AND start_us = {_LAST_BEFORE.format(bound='<=')}"  # noqa: S608  (own words)


class Days:
    """The `days` read model."""

    name = "days"
    version = 2
    schema = SCHEMA
    kinds = kinds_of(DayOpened, DayAnchored, DayStartMoved, DealBooked, DealCorrected, CashBooked, DividendBooked)

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        deals: list[tuple[int, int, int]] = []  # those that follow one another are written in one call
        for row, body in rows:
            if isinstance(body, DealBooked):
                deals.append((row.account, row.happened_us, body.net.minor))
                continue
            _write_deals(connection, deals)
            match body:
                case DayOpened():
                    _begin(connection, row.account, body, final=not body.provisional)
                case DayAnchored():
                    _begin(connection, row.account, body, final=True)
                case DayStartMoved():
                    _begin(connection, row.account, body, final=False)
                case DividendBooked():
                    connection.execute(_DIVIDEND, (row.account, row.happened_us, body.amount.minor))
                case DealCorrected():
                    values = (row.account, body.deal_us, body.net.minor, int(body.deleted))
                    connection.execute(_CORRECTED, values)
                case CashBooked():
                    connection.execute(_CASH, (row.account, row.happened_us, body.amount.minor))
                case _:
                    pass
        _write_deals(connection, deals)


def _write_deals(connection: apsw.Connection, deals: list[tuple[int, int, int]]) -> None:
    if deals:
        connection.executemany(_DEAL, deals)
        deals.clear()


def _begin(
    connection: apsw.Connection, account: int, fact: DayOpened | DayAnchored | DayStartMoved, *, final: bool
) -> None:
    """A day's first marks are the day before's last ones."""
    day, marks = fact.day, (fact.balance.minor, fact.equity.minor)
    connection.execute(_OPEN, (account, day.start_us, day.label, day.end_us, *marks, int(final)))
    connection.execute(_CLOSE, (account, day.start_us, *marks))


class Day(msgspec.Struct, frozen=True):
    """One trading day of an account in minor units. Ends are None while it runs; `net`: what deals and dividends left in the balance."""

    start_us: int
    label: str
    end_us: int
    balance_start: int
    equity_start: int
    balance_end: int | None
    equity_end: int | None
    deals: int
    net: int
    cash: int
    final: bool


def days_of(connection: apsw.Connection, account: int, limit: int) -> list[Day]:
    """The account's days, the running one first."""
    sql = (
        "SELECT start_us, label, end_us, balance_start, equity_start, balance_end, equity_end, deals, net, cash, final"
        " FROM rm_day WHERE account = ? ORDER BY start_us DESC LIMIT ?"
    )
    return [
        msgspec.convert(dict(zip(Day.__struct_fields__, row, strict=True)), Day, strict=False)
        for row in connection.execute(sql, (account, limit))
    ]
