"""API keys: every key that a machine has or had, whose it is, what it may see, and when and why it ended. No secret and no hash of one."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.facts import ApiKeyIssued, ApiKeyRevoked, ApiKeyRotated, Fact, StaffLeft
from firm.kinds import Body
from firm.permissions import STAFF, Scope
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

SCHEMA = """
CREATE TABLE rm_api_key (
    key INTEGER PRIMARY KEY, name TEXT NOT NULL, owner TEXT NOT NULL, held TEXT NOT NULL, scope TEXT NOT NULL,
    issued_us INTEGER NOT NULL, expires_us INTEGER NOT NULL, follower INTEGER NOT NULL, ended_us INTEGER NOT NULL,
    ended_by TEXT NOT NULL, why TEXT NOT NULL, why_ended TEXT NOT NULL
) STRICT;
CREATE INDEX rm_api_key_owner ON rm_api_key (owner);
"""


_COLUMNS = "key, name, owner, held, scope, issued_us, expires_us, follower, ended_us, ended_by, why, why_ended"
_INTO = f"INSERT OR REPLACE INTO rm_api_key ({_COLUMNS})"
_END = "UPDATE rm_api_key SET ended_us = ?, ended_by = ?, why_ended = ? WHERE ended_us = 0 AND expires_us > ?"


class ApiKeyLine(msgspec.Struct, frozen=True):
    """One key. `follower`: the key it was rotated to, or 0. `ended_us`: when somebody ended it before its time, or 0."""

    key: int
    name: str
    owner: str
    permissions: tuple[str, ...]
    scope: Scope
    issued_us: int
    expires_us: int
    follower: int
    ended_us: int
    ended_by: str
    why: str
    why_ended: str

    def is_good(self, now_us: int) -> bool:
        """`now_us` is firm time."""
        return not self.ended_us and now_us < self.expires_us


class ApiKeys:
    """The `api_keys` read model."""

    name = "api_keys"
    version = 1
    schema = SCHEMA
    kinds = kinds_of(ApiKeyIssued, ApiKeyRotated, ApiKeyRevoked, StaffLeft)

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            if isinstance(body, Fact):
                _apply(connection, row, body)


def _apply(connection: apsw.Connection, row: Row, body: Fact) -> None:
    now = row.happened_us
    match body:
        case ApiKeyIssued():
            held, scope = (msgspec.json.encode(each).decode() for each in (body.permissions, body.scope))
            connection.execute(
                f"{_INTO} VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, '', ?, '')",
                (body.key, body.name, body.by, held, scope, now, body.expires_us, body.why),
            )
        case ApiKeyRotated():
            connection.execute(
                f"{_INTO} SELECT ?, name, ?, held, scope, ?, ?, 0, 0, '', why, '' FROM rm_api_key WHERE key = ?",  # noqa: S608  (own words)
                (body.follower, body.by, now, body.expires_us, body.key),
            )
            connection.execute(
                "UPDATE rm_api_key SET follower = ?, expires_us = min(expires_us, ?) WHERE key = ?",
                (body.follower, body.until_us, body.key),
            )
        case ApiKeyRevoked():
            connection.execute(f"{_END} AND key = ?", (now, body.by, body.why, now, body.key))
        case StaffLeft():
            connection.execute(f"{_END} AND owner = ?", (now, body.by, body.why, now, f"{STAFF}{body.staff}"))
        case _:
            pass


# --- questions ---


def all_api_keys(connection: apsw.Connection, limit: int, now_us: int) -> list[ApiKeyLine]:
    """Those that are good first, then those that are over, and at last those that somebody ended; of each the newest first."""
    order = "ORDER BY ended_us > 0, expires_us <= ?, issued_us DESC, key LIMIT ?"
    return _lines(connection, order, (now_us, limit))


def api_key_line(connection: apsw.Connection, key: int) -> ApiKeyLine | None:
    return next(iter(_lines(connection, "WHERE key = ?", (key,))), None)


def _lines(connection: apsw.Connection, which: str, bindings: tuple[int, ...]) -> list[ApiKeyLine]:
    sql = f"SELECT {_COLUMNS} FROM rm_api_key {which}"  # noqa: S608  (own words)
    return [
        ApiKeyLine(
            key,
            name,
            owner,
            msgspec.json.decode(held, type=tuple[str, ...]),
            msgspec.json.decode(scope, type=Scope),
            *rest,
        )
        for key, name, owner, held, scope, *rest in connection.execute(sql, bindings)
    ]
