"""Lists of accounts: filtered and sorted, a page at a time, by the figures of the book or by those of the last prices."""

from collections.abc import Sequence

import apsw
import msgspec
from msgspec.structs import replace

from firm.phase import Standing
from storage.readmodels.accounts import AccountLine, account_line

LiveFigure = tuple[int, int, int | None, int]
"""Account, equity, headroom, and the instant of both: as an account's mark would have them now."""

# Bound as one text, however many accounts move.
_LIVE = (
    "WITH live(account, equity, headroom, at_us) AS MATERIALIZED"
    " (SELECT CAST(value ->> 0 AS INTEGER), value ->> 1, value ->> 2, value ->> 3 FROM json_each(?))"
)
# What lists are sorted by. All accounts are gone through for one page, so nothing else is read of those that are not on it.
_SORTED_BY = (
    "a.account, a.standing, a.balance, a.initial, a.cash_net, a.to_win, a.allowed, a.traded_us, a.opened_us,"
    " coalesce(l.equity, a.equity) AS equity, iif(l.account IS NULL, a.headroom, l.headroom) AS headroom"
)


class AccountFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of accounts is narrowed to. Empty fields narrow nothing."""

    standing: Standing | None = None
    program: str = ""
    bridge: str = ""
    region: str = ""
    login: str = ""
    account_or_trader: int | None = None


# Sort key of the URL → expression, and whether the largest come first. Ties go by account, so that pages never overlap.
# Headroom is compared as a share, of what may be lost or of the account's size, because accounts differ in size and currency.
# Paused accounts, whose nearest limit is used up already, come behind those that trade, and accounts that are over come last.
_TRADING_FIRST = (
    "CASE WHEN standing IN ('breached', 'passed', 'closed') THEN 9223372036854775807"
    " WHEN standing = 'paused' THEN 6917529027641081856"
    " ELSE coalesce({share}, 4611686018427387904) END"
)
_TARGET = (
    "CASE WHEN standing IN ('breached', 'passed', 'closed') THEN -9223372036854775807"
    " ELSE coalesce((balance - initial - cash_net) * 10000 / nullif(to_win, 0), -4611686018427387904) END"
)
SORTS: dict[str, tuple[str, bool]] = {
    "headroom": (_TRADING_FIRST.format(share="headroom * 10000 / nullif(allowed, 0)"), False),
    "room": (_TRADING_FIRST.format(share="headroom * 10000 / initial"), False),
    "target": (_TARGET, True),
    "activity": ("coalesce(traded_us, 0)", True),
    "opened": ("opened_us", True),
    "equity": ("equity", True),
    "balance": ("balance", True),
}


def accounts_page(
    connection: apsw.Connection,
    wanted: AccountFilter,
    sort: str,
    after: tuple[int, int] | None,
    limit: int,
    live: Sequence[LiveFigure] = (),
) -> list[tuple[int, AccountLine]]:
    """A page of accounts with each one's sort value; `after` is the (sort value, account) of the last one seen.

    `live`: figures that stand in place of the book's, of accounts that moved since their last mark.
    """
    expression, descending = SORTS[sort]
    joins, where, values = _where(wanted)
    order, beyond = ("DESC", "<") if descending else ("ASC", ">")
    # Left to itself the planner goes through all accounts in the order of their traders, from one end of the table to the other.
    indexed = "NOT INDEXED" if wanted.account_or_trader is None else ""
    inner = f"SELECT {_SORTED_BY} FROM rm_account a {indexed} LEFT JOIN live l ON l.account = a.account {joins} {where}"  # noqa: S608  (own words)
    keyset = ""
    if after is not None:
        keyset = f"WHERE (sort_value {beyond} ? OR (sort_value = ? AND account > ?))"
        values += [after[0], after[0], after[1]]
    sql = (
        f"{_LIVE} SELECT account, sort_value FROM (SELECT *, {expression} AS sort_value FROM ({inner})) {keyset}"  # noqa: S608  (as above)
        f" ORDER BY sort_value {order}, account LIMIT ?"
    )
    found = list(connection.execute(sql, (msgspec.json.encode(live).decode(), *values, limit)))
    moved = {figure[0]: figure for figure in live}
    return [(value, _at(account_line(connection, account), moved.get(account))) for account, value in found]


def _at(line: AccountLine | None, live: LiveFigure | None) -> AccountLine:
    """A line with the figures of the last prices, where there are any."""
    assert line is not None  # it was just found
    if live is None:
        return line
    _, equity, headroom, at_us = live
    return replace(line, equity=equity, headroom=headroom, marked_us=at_us)


def count_accounts(connection: apsw.Connection, wanted: AccountFilter) -> int:
    joins, where, values = _where(wanted)
    found = connection.execute(f"SELECT count(*) FROM rm_account a {joins} {where}", values).fetchone()  # noqa: S608  (as above)
    return 0 if found is None else int(found[0])


def programs_and_bridges(connection: apsw.Connection) -> tuple[list[tuple[str, str]], list[str]]:
    """What the filters offer: (program, title) pairs that were sold, and bridges that hold accounts."""
    programs = [
        tuple(row) for row in connection.execute("SELECT program, title FROM rm_challenge_program ORDER BY 2, 1")
    ]
    bridges = [row[0] for row in connection.execute("SELECT bridge FROM rm_account_bridge ORDER BY 1")]
    return programs, bridges


def has_lists(connection: apsw.Connection) -> bool:
    """Whether the tables that lists are made from are there: a firm that no release with them has served has none."""
    found = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    return {"rm_account", "rm_challenge", "rm_challenge_program"} <= found


def phases_sold(connection: apsw.Connection, program: str) -> list[str]:
    """Names of the phases that accounts of a program are in, in their order; of all programs where it is ""."""
    sql = (
        "SELECT phase_name FROM rm_account a JOIN rm_challenge c ON c.challenge = a.challenge"
        " WHERE ?1 IN ('', c.program) GROUP BY phase_name ORDER BY min(phase), phase_name"
    )
    return [name for (name,) in connection.execute(sql, (program,))]


def _where(wanted: AccountFilter) -> tuple[str, str, list[int | str]]:
    """What has to be joined, the condition, and its values."""
    clauses: list[str] = []
    values: list[int | str] = []
    if wanted.standing is not None:
        clauses.append("a.standing = ?")
        values.append(wanted.standing.value)
    if wanted.program:
        clauses.append("c.program = ?")
        values.append(wanted.program)
    if wanted.bridge:
        clauses.append("a.bridge = ?")
        values.append(wanted.bridge)
    if wanted.region:
        clauses.append("a.trader IN (SELECT trader FROM rm_trader WHERE region = ?)")
        values.append(wanted.region)
    if wanted.account_or_trader is not None:
        clauses.append("(a.account = ? OR a.trader = ?)")
        values += [wanted.account_or_trader, wanted.account_or_trader]
    if wanted.login:
        clauses.append("substr(a.login, 1, ?) = ?")
        values += [len(wanted.login), wanted.login]
    joins = "JOIN rm_challenge c ON c.challenge = a.challenge" if wanted.program else ""
    return joins, ("WHERE " + " AND ".join(clauses) if clauses else ""), values
