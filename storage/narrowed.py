"""Narrowed: a connection for whom only some of the firm exists: accounts of some programs, of traders in some regions, or both.

SQLite looks a bare name up among temporary views first, so each question finds the narrowed table under the name that it asks for,
whoever wrote it and whenever. A read model that comes later is narrowed by the column that says whose its rows are.
"""

from collections.abc import Callable, Collection

import apsw

from firm.ids import parse_id
from firm.permissions import Scope
from storage.schema import READ_MODEL_PREFIX

Conditions = dict[str, str]
"""By a column that says whose a row is: which rows are there. Of a table's columns the first of them that it has decides."""

_ACCOUNT_DESK = "account/"
_OF_DESK = "account_of_desk"
_TRADER = "trader:"
_NEVER = "0"


def narrow(connection: apsw.Connection, scope: Scope) -> None:
    """From now on this connection sees nothing outside a scope in its read models. The ledger's own rows are not narrowed."""
    limits = [] if scope.programs is None else [_to_programs(_listed(scope.programs))]
    limits += [] if scope.regions is None else [_to_regions(_listed(scope.regions))]
    connection.create_scalar_function(_OF_DESK, _account_of_desk, 1, deterministic=True)
    connection.pragma("query_only", False)  # the file is opened read-only anyway; this would forbid temporary views too
    connection.pragma("temp_store", "MEMORY")
    for table in _read_models(connection):
        columns = {name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))}
        where = [limit[named] for limit in limits if (named := next(filter(columns.__contains__, limit), None))]
        if where:
            sql = f'CREATE TEMP VIEW "{table}" AS SELECT * FROM main."{table}" AS t WHERE {" AND ".join(where)}'  # noqa: S608  (quoted)
            connection.execute(sql)
    connection.pragma("query_only", True)


def _to_programs(listed: str) -> Conditions:
    """Whose account, challenge or order is of one of these; of a trader's own rows, whose any is."""

    def challenge(of: str) -> str:
        return f"EXISTS (SELECT 1 FROM main.rm_challenge c WHERE c.challenge = {of} AND c.program IN ({listed}))"  # noqa: S608  (quoted)

    def account(of: str) -> str:
        return f"EXISTS (SELECT 1 FROM main.rm_account a WHERE a.account = {of} AND {challenge('a.challenge')})"  # noqa: S608  (as above)

    def trader(of: str) -> str:
        return f"EXISTS (SELECT 1 FROM main.rm_order o WHERE o.trader = {of} AND o.program IN ({listed}))"  # noqa: S608  (quoted)

    return {
        "program": f"t.program IN ({listed})",
        "challenge": challenge("t.challenge"),
        "account": account("t.account"),
        "trader": trader("t.trader"),
        **_by_words(trader, account),
    }


def _to_regions(listed: str) -> Conditions:
    """Whose trader is in one of these."""

    def trader(of: str) -> str:
        return f"EXISTS (SELECT 1 FROM main.rm_trader r WHERE r.trader = {of} AND r.region IN ({listed}))"  # noqa: S608  (quoted)

    def account(of: str) -> str:
        return f"EXISTS (SELECT 1 FROM main.rm_account a WHERE a.account = {of} AND {trader('a.trader')})"  # noqa: S608  (as above)

    def order(of: str) -> str:
        return f'EXISTS (SELECT 1 FROM main.rm_order o WHERE o."order" = {of} AND {trader("o.trader")})'  # noqa: S608  (as above)

    return {
        "region": f"t.region IN ({listed})",
        "trader": trader("t.trader"),
        "account": account("t.account"),
        "challenge": order("t.challenge"),  # a challenge has its order's number
        **_by_words(trader, account),
    }


def _by_words(trader: Callable[[str], str], account: Callable[[str], str]) -> Conditions:
    """Where a text says whose it is. Other people than traders are no part of a scope; other desks than accounts' are of nobody alone."""
    number = f"CAST(substr(t.person, {len(_TRADER) + 1}) AS INTEGER)"
    return {
        "person": f"(substr(t.person, 1, {len(_TRADER)}) <> '{_TRADER}' OR {trader(number)})",
        "desk": account(f"{_OF_DESK}(t.desk)"),
        "subject": _NEVER,  # what the projection of acts remembers for itself, in words
    }


def _account_of_desk(*named: object) -> int | None:
    """The account whose desk this is; None of another one."""
    [desk] = named
    assert isinstance(desk, str), "a desk has a name"
    return parse_id(desk.removeprefix(_ACCOUNT_DESK)) if desk.startswith(_ACCOUNT_DESK) else None


def _listed(names: Collection[str]) -> str:
    return ", ".join(apsw.format_sql_value(name) for name in sorted(names))


def _read_models(connection: apsw.Connection) -> list[str]:
    sql = "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND substr(name, 1, ?) = ?"
    return [name for (name,) in connection.execute(sql, (len(READ_MODEL_PREFIX), READ_MODEL_PREFIX))]
