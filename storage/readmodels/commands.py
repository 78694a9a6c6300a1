"""Platform commands: each intent towards a platform with how far it has come, and those that were withheld."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.facts import CommandAdvanced, CommandProbed, CommandQueued, CommandWithheld
from firm.inputs import CommandState
from firm.kinds import Body
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

WITHHELD = "withheld"

SCHEMA = """
CREATE TABLE rm_command (
    seq INTEGER PRIMARY KEY, command TEXT NOT NULL, account INTEGER NOT NULL, bridge TEXT NOT NULL, login TEXT NOT NULL,
    action TEXT NOT NULL, args TEXT NOT NULL, for_decision INTEGER NOT NULL, state TEXT NOT NULL, detail TEXT NOT NULL,
    probes INTEGER NOT NULL, queued_us INTEGER NOT NULL, deadline_us INTEGER NOT NULL, updated_us INTEGER NOT NULL
) STRICT;
CREATE INDEX rm_command_command ON rm_command (command);
CREATE INDEX rm_command_account ON rm_command (account, seq);
CREATE INDEX rm_command_decision ON rm_command (for_decision) WHERE for_decision > 0;
"""

_INSERT = (
    "INSERT INTO rm_command (seq, command, account, bridge, login, action, args, for_decision, state, detail, probes,"
    " queued_us, deadline_us, updated_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)"
)


class Commands:
    """The `commands` read model."""

    name = "commands"
    version = 1
    schema = SCHEMA
    kinds = kinds_of(CommandQueued, CommandAdvanced, CommandProbed, CommandWithheld)

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            _apply(connection, row, body)


def _apply(connection: apsw.Connection, row: Row, body: Body) -> None:
    now = row.happened_us
    match body:
        case CommandQueued():
            about = (body.bridge, body.login, body.action, _text(body.args), body.for_decision)
            state = (CommandState.QUEUED.value, "")
            values = (row.seq, body.command, row.account, *about, *state, now, body.deadline_us, now)
            connection.execute(_INSERT, values)
        case CommandAdvanced():
            connection.execute(
                "UPDATE rm_command SET state = ?, detail = ?, updated_us = ? WHERE command = ?",
                (body.state.value, body.detail, now, body.command),
            )
        case CommandProbed():
            connection.execute(
                "UPDATE rm_command SET probes = ?, updated_us = ? WHERE command = ?", (body.attempt, now, body.command)
            )
        case CommandWithheld():
            about = (body.bridge, body.login, body.action, _text(body.args), body.for_decision)
            values = (row.seq, "", row.account, *about, WITHHELD, body.because, now, 0, now)
            connection.execute(_INSERT, values)
        case _:
            pass


def _text(args: dict[str, str]) -> str:
    return msgspec.json.encode(args).decode()


class CommandLine(msgspec.Struct, frozen=True):
    """One command. `state` is a CommandState or "withheld", which has no command id because it was never sent."""

    seq: int
    command: str
    account: int
    bridge: str
    login: str
    action: str
    args: dict[str, str]
    for_decision: int
    state: str
    detail: str
    probes: int
    queued_us: int
    deadline_us: int
    updated_us: int

    @property
    def is_awaited(self) -> bool:
        """Whether it was sent, or will be, and its effect was not seen yet."""
        return self.state not in (WITHHELD, CommandState.CONFIRMED, CommandState.FAILED)


# The login that opening an account led to stands with the account: the command was sent before there was one.
_LOGIN = "coalesce(nullif(login, ''), (SELECT a.login FROM rm_account a WHERE a.account = rm_command.account), '')"
_COLUMNS = (
    f"seq, command, account, bridge, {_LOGIN}, action, args, for_decision, state, detail, probes, queued_us, deadline_us,"
    " updated_us"
)
_OPEN = "state IN ('queued', 'acked', 'applied', 'unknown')"


def commands_page(connection: apsw.Connection, state: str, before: int | None, limit: int) -> list[CommandLine]:
    """Commands, newest first, from below seq `before`; `state` "" means all and "open" those without an end."""
    narrowed = {"": "1", "open": _OPEN}.get(state, "state = ?")
    values = () if state in ("", "open") else (state,)
    ceiling = before if before is not None else 1 << 62
    sql = f"SELECT {_COLUMNS} FROM rm_command WHERE seq < ? AND {narrowed} ORDER BY seq DESC LIMIT ?"  # noqa: S608  (values are bound)
    return [_line(row) for row in connection.execute(sql, (ceiling, *values, limit))]


def commands_of_account(connection: apsw.Connection, account: int, limit: int) -> list[CommandLine]:
    sql = f"SELECT {_COLUMNS} FROM rm_command WHERE account = ? ORDER BY seq DESC LIMIT ?"  # noqa: S608  (own columns)
    return [_line(row) for row in connection.execute(sql, (account, limit))]


def commands_for(connection: apsw.Connection, decision: int, limit: int) -> list[CommandLine]:
    """What was done on the platform because of a decision, in order."""
    sql = f"SELECT {_COLUMNS} FROM rm_command WHERE for_decision = ? ORDER BY seq LIMIT ?"  # noqa: S608  (own columns)
    return [_line(row) for row in connection.execute(sql, (decision, limit))]


def count_commands(connection: apsw.Connection) -> tuple[int, int]:
    """How many are open, and how many of them nobody can tell the state of."""
    row = connection.execute(
        f"SELECT count(*), coalesce(sum(state = 'unknown'), 0) FROM rm_command WHERE {_OPEN}"  # noqa: S608  (own words)
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def _line(row: Sequence[object]) -> CommandLine:
    named = dict(zip(CommandLine.__struct_fields__, row, strict=True))
    return msgspec.convert(named | {"args": msgspec.json.decode(str(named["args"]))}, CommandLine)


def account_of_command(connection: apsw.Connection, command: str) -> int | None:
    """Whose account a command is about; None where there is none."""
    row = connection.execute("SELECT account FROM rm_command WHERE command = ?", (command,)).fetchone()
    return None if row is None else int(row[0])
