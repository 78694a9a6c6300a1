"""Lists of accounts: filtered and sorted, a page at a time, by the figures of the book or by those of the last prices."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.phase import Standing
from storage.readmodels.accounts import COLUMNS, FROM, AccountLine, line_of

LiveFigure = tuple[int, int, int | None, int]
"""Account, equity, headroom, and the instant of both: as an account's mark would have them now."""

# Bound as one text, however many accounts move. Each is looked up in the book, and the rest is what is not among them: held
# against each other in one join, the planner may go through all that move for each account.
_LIVE = (
    "WITH live(account, equity, headroom, at_us) AS MATERIALIZED"
    " (SELECT CAST(value ->> 0 AS INTEGER), value ->> 1, value ->> 2, value ->> 3 FROM json_each(?))"
)
_LIVE_COLUMNS = (
    COLUMNS.replace("a.equity", "l.equity AS equity")
    .replace("a.headroom", "l.headroom AS headroom")
    .replace("a.marked_us", "l.at_us AS marked_us")
)


class AccountFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of accounts is narrowed to. Empty fields narrow nothing; `traders` None means all."""

    standing: Standing | None = None
    program: str = ""
    bridge: str = ""
    login: str = ""
    traders: tuple[int, ...] | None = None
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
    where, values = _where(wanted)
    order, beyond = ("DESC", "<") if descending else ("ASC", ">")
    moving = FROM.replace("FROM rm_account a", "FROM live l CROSS JOIN rm_account a ON a.account = l.account")
    still = f"{where} {'AND' if where else 'WHERE'} a.account NOT IN (SELECT account FROM live)"  # noqa: S608  (own words)
    movers = f"SELECT {_LIVE_COLUMNS} {moving} {where}"
    inner = f"{movers} UNION ALL SELECT {COLUMNS} {FROM} {still}"
    values = [*values, *values]
    keyset = ""
    if after is not None:
        keyset = f"WHERE (sort_value {beyond} ? OR (sort_value = ? AND account > ?))"
        values += [after[0], after[0], after[1]]
    sql = (
        f"{_LIVE} SELECT * FROM (SELECT *, {expression} AS sort_value FROM ({inner})) {keyset}"  # noqa: S608  (as above)
        f" ORDER BY sort_value {order}, account LIMIT ?"
    )
    found = connection.execute(sql, (msgspec.json.encode(live).decode(), *values, limit))
    return [(row[-1], line_of(row[:-1])) for row in found]


def count_accounts(connection: apsw.Connection, wanted: AccountFilter) -> int:
    where, values = _where(wanted)
    found = connection.execute(f"SELECT count(*) {FROM} {where}", values).fetchone()
    return 0 if found is None else int(found[0])


def programs_and_bridges(connection: apsw.Connection) -> tuple[list[tuple[str, str]], list[str]]:
    """What the filters offer: (program, title) pairs and bridges that hold accounts."""
    programs = [tuple(row) for row in connection.execute("SELECT DISTINCT program, title FROM rm_challenge ORDER BY 2")]
    bridges = [row[0] for row in connection.execute("SELECT DISTINCT bridge FROM rm_account ORDER BY 1")]
    return programs, bridges


def _where(wanted: AccountFilter) -> tuple[str, list[int | str]]:
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
    if wanted.account_or_trader is not None:
        clauses.append("(a.account = ? OR a.trader = ?)")
        values += [wanted.account_or_trader, wanted.account_or_trader]
    if wanted.login:
        clauses.append("substr(a.login, 1, ?) = ?")
        values += [len(wanted.login), wanted.login]
    if wanted.traders is not None:
        clauses.append(f"a.trader IN ({', '.join('?' for _ in wanted.traders)})")
        values += wanted.traders
    return ("WHERE " + " AND ".join(clauses) if clauses else ""), values
