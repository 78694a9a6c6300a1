"""Lists of trades: an account's positions, open and closed, filtered and sorted, a page at a time, and what they come to."""

from collections.abc import Sequence
from typing import Any

import apsw
import msgspec

from firm.inputs import Side
from firm.money import Money
from storage.readmodels.trades import TRADE_COLUMNS, TRADES_FROM, Trade, trade_of


class TradeFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of trades is narrowed to; None narrows nothing.

    `won`: closed with a net result above zero, or below it. `from_day` and `to_day` are labels of the account's trading days, both
    inclusive: the day on which a trade was closed, or on which an open one was opened.
    """

    symbol: str | None = None
    side: Side | None = None
    closed: bool | None = None
    won: bool | None = None
    from_day: str | None = None
    to_day: str | None = None


class Totals(msgspec.Struct, frozen=True):
    """What trades in one currency come to. Costs are negative when paid; `net` is after them.

    `still_open`: how many of them are open, and `open_net` what those have left in the balance so far; it is in `net`, too.
    """

    count: int
    still_open: int
    net: Money
    open_net: Money
    commission: Money
    swap: Money
    fee: Money


# Sort key of the URL → expression, and whether the largest come first. Open trades count as closed last of all. Ties go by the row
# that opened a trade, so that pages never overlap and new trades move none from one page to another.
SORTS: dict[str, tuple[str, bool]] = {
    "closed": ("coalesce(t.closed_seq, 4611686018427387904)", True),
    "opened": ("t.opened_seq", True),
    "best": ("t.net", True),
    "worst": ("t.net", False),
}
_DAY = "coalesce(t.closed_us, t.opened_us)"


def trades_page(
    connection: apsw.Connection, account: int, wanted: TradeFilter, sort: str, after: tuple[int, int] | None, limit: int
) -> list[tuple[int, Trade]]:
    """A page of trades with each one's sort value; `after` is the (sort value, opened_seq) of the last one seen."""
    expression, descending = SORTS[sort]
    where, values = _where(account, wanted)
    order, beyond = ("DESC", "<") if descending else ("ASC", ">")
    if after is not None:
        where += f" AND ({expression} {beyond} ? OR ({expression} = ? AND t.opened_seq < ?))"
        values += [after[0], after[0], after[1]]
    sql = (
        f"SELECT {TRADE_COLUMNS}, {expression} AS sort_value {TRADES_FROM} {where}"
        f" ORDER BY sort_value {order}, t.opened_seq DESC LIMIT ?"
    )
    found = list(connection.execute(sql, (*values, limit)))
    return [(row[-1], trade_of(connection, row[:-1])) for row in found]


def positions_sorted(
    connection: apsw.Connection, account: int, wanted: TradeFilter, sort: str, limit: int
) -> list[str]:
    """The positions of all these trades in one go, in the order of the pages; `trades_of` gives what is known of them."""
    expression, descending = SORTS[sort]
    where, values = _where(account, wanted)
    order = "DESC" if descending else "ASC"
    sql = f"SELECT t.position FROM rm_trade t {where} ORDER BY {expression} {order}, t.opened_seq DESC LIMIT ?"  # noqa: S608  (own words)
    return [position for (position,) in connection.execute(sql, (*values, limit))]


def trades_of(connection: apsw.Connection, account: int, positions: Sequence[str]) -> list[Trade]:
    """An account's trades by their positions, in that order."""
    named = msgspec.json.encode(positions).decode()
    where = "WHERE t.account = ? AND t.position IN (SELECT value FROM json_each(?))"
    sql = f"SELECT {TRADE_COLUMNS} {TRADES_FROM} {where}"
    found = {row[1]: row for row in connection.execute(sql, (account, named))}
    return [trade_of(connection, found[position]) for position in positions]


def totals_of(connection: apsw.Connection, account: int, wanted: TradeFilter) -> list[Totals]:
    """One for each currency, exact."""
    where, values = _where(account, wanted)
    sql = (
        "SELECT t.currency, t.exponent, count(*), sum(t.closed_seq IS NULL), sum(t.net),"  # noqa: S608  (own words)
        " sum(iif(t.closed_seq IS NULL, t.net, 0)), sum(t.commission), sum(t.swap_paid), sum(t.fee)"
        f" FROM rm_trade t {where} GROUP BY t.currency, t.exponent ORDER BY t.currency, t.exponent"
    )
    return [
        Totals(count, still_open, *(Money(minor, currency, exponent) for minor in sums))
        for currency, exponent, count, still_open, *sums in connection.execute(sql, values)
    ]


def symbols_traded(connection: apsw.Connection, account: int) -> list[str]:
    rows: Sequence[Any] = list(connection.execute("SELECT DISTINCT symbol FROM rm_trade WHERE account = ?", (account,)))
    return sorted(symbol for (symbol,) in rows)


def _where(account: int, wanted: TradeFilter) -> tuple[str, list[int | str]]:
    clauses: list[str] = ["t.account = ?"]
    values: list[int | str] = [account]
    if wanted.symbol is not None:
        clauses.append("t.symbol = ?")
        values.append(wanted.symbol)
    if wanted.side is not None:
        clauses.append("t.side = ?")
        values.append(wanted.side.value)
    if wanted.closed is not None:
        clauses.append(f"t.closed_seq IS {'NOT ' if wanted.closed else ''}NULL")
    if wanted.won is not None:
        clauses.append(f"t.closed_seq IS NOT NULL AND t.net {'>' if wanted.won else '<'} 0")
    # A day without an entry is one on which the account had none: the comparison with NULL is true for no trade.
    if wanted.from_day is not None:
        clauses.append(f"{_DAY} >= (SELECT min(start_us) FROM rm_day WHERE account = ? AND label >= ?)")  # noqa: S608  (own words)
        values += [account, wanted.from_day]
    if wanted.to_day is not None:
        clauses.append(f"{_DAY} < (SELECT max(end_us) FROM rm_day WHERE account = ? AND label <= ?)")  # noqa: S608  (own words)
        values += [account, wanted.to_day]
    return "WHERE " + " AND ".join(clauses), values
