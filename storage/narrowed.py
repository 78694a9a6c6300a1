"""Narrowed: a connection for whom only some programs exist. Every read model that tells of accounts or programs tells of theirs alone.

SQLite looks a bare name up among temporary views first, so each question finds the narrowed table under the name that it asks for,
whoever wrote it and whenever. A read model that comes later is narrowed by the column that says whose its rows are.
"""

from collections.abc import Sequence

import apsw

from storage.schema import READ_MODEL_PREFIX

_ACCOUNTS, _CHALLENGES, _TRADERS = "rm_account", "rm_challenge", "rm_trader"


def narrow(connection: apsw.Connection, programs: Sequence[str]) -> None:
    """From now on this connection sees nothing of other programs in its read models. The ledger's own rows are not narrowed."""
    listed = ", ".join(apsw.format_sql_value(program) for program in sorted(programs))
    of_account = (
        f"EXISTS (SELECT 1 FROM main.{_ACCOUNTS} a JOIN main.{_CHALLENGES} c ON c.challenge = a.challenge"  # noqa: S608  (quoted)
        f" WHERE a.account = t.account AND c.program IN ({listed}))"
    )
    of_trader = f'EXISTS (SELECT 1 FROM main."rm_order" o WHERE o.trader = t.trader AND o.program IN ({listed}))'  # noqa: S608  (quoted)
    connection.pragma("query_only", False)  # the file is opened read-only anyway; this would forbid temporary views too
    connection.pragma("temp_store", "MEMORY")
    for table in _read_models(connection):
        columns = {name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))}
        if table == _TRADERS:
            where = of_trader
        elif "program" in columns:
            where = f"t.program IN ({listed})"
        elif "account" in columns:
            where = of_account
        else:
            continue
        connection.execute(f'CREATE TEMP VIEW "{table}" AS SELECT * FROM main."{table}" AS t WHERE {where}')  # noqa: S608  (as above)
    connection.pragma("query_only", True)


def _read_models(connection: apsw.Connection) -> list[str]:
    sql = "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND substr(name, 1, ?) = ?"
    return [name for (name,) in connection.execute(sql, (len(READ_MODEL_PREFIX), READ_MODEL_PREFIX))]
