"""Person rows: which ledger rows name which trader, by number, pseudonym, account, order or desk, so that their file finds each of them.

What an account's own chain has is left to the chain: of a trader who trades a lot only some dozens of rows are here.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apsw

from firm import facts as f
from firm.ids import parse_id
from firm.kinds import BY_NAME, Body
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

SCHEMA = """
CREATE TABLE rm_person_row (seq INTEGER NOT NULL, trader INTEGER NOT NULL, PRIMARY KEY (seq, trader)) STRICT, WITHOUT ROWID;
CREATE INDEX rm_person_row_trader ON rm_person_row (trader);
CREATE TABLE rm_person_thing (kind TEXT NOT NULL, number INTEGER NOT NULL, trader INTEGER NOT NULL, PRIMARY KEY (kind, number))
    STRICT, WITHOUT ROWID;
"""
_TRADER, _ACCOUNT, _ORDER = "trader", "account", "order"
_MAYBE = "maybe a trader"  # a number in an address, which can be anything's
# What a field of this name holds: the number of a thing, or numbers.
_NUMBERS = {
    "trader": _TRADER,
    "account": _ACCOUNT,
    "on": _ACCOUNT,
    "accounts": _ACCOUNT,
    "order": _ORDER,
    "challenge": _ORDER,
}
_PSEUDONYMS = ("person", "by", "whose")
_DESK, _ADDRESSES = "desk", ("about", "page")
_FIELDS = frozenset({*_NUMBERS, *_PSEUDONYMS, _DESK, *_ADDRESSES})
_NAMING = {
    kind: tuple(field for field in kind.__struct_fields__ if field in _FIELDS)
    for kind in BY_NAME.values()
    if _FIELDS & set(kind.__struct_fields__)
}
_ID = re.compile(r"(?<![0-9A-Z])[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}(?![0-9A-Z])")
_ANSWERS = kinds_of(f.Refused, f.InputRejected)  # they name nobody: whoever asked named whom it was about

Named = tuple[str, int]
"""A kind of thing, and its number."""


class PersonRows:
    """The `person_rows` read model. A kind of row that comes later is here by the names of its fields."""

    name = "person_rows"
    version = 1
    schema = SCHEMA
    kinds = _ANSWERS | kinds_of(*_NAMING)

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            _keep_thing(connection, row, body)
            if row.kind in _ANSWERS:
                sql = "INSERT OR IGNORE INTO rm_person_row SELECT ?, trader FROM rm_person_row WHERE seq = ?"
                connection.execute(sql, (row.seq, row.cause))
            for trader in _traders(connection, names_in(body)) - _traders(connection, [(_ACCOUNT, row.account)]):
                connection.execute("INSERT OR IGNORE INTO rm_person_row VALUES (?, ?)", (row.seq, trader))


def names_in(body: Body) -> Iterator[Named]:
    """Whom and what a row names, whether or not there is such a one."""
    for field in _NAMING.get(type(body), ()):
        value = getattr(body, field)
        if field in _NUMBERS:
            yield from ((_NUMBERS[field], number) for number in _each(value) if isinstance(number, int))
        elif field in _PSEUDONYMS:
            yield from _pseudonyms(_each(value))
        elif field == _DESK:
            kind, _, called = str(value).partition("/")
            yield from ((kind, parse_id(each)) for each in _ID.findall(called))
        elif field in _ADDRESSES:
            found = [parse_id(each) for each in _ID.findall(str(value))]
            yield from ((kind, number) for number in found for kind in (_MAYBE, _ACCOUNT, _ORDER))


def rows_naming(connection: apsw.Connection, trader: int) -> list[int]:
    """The rows that name a trader and are in no chain of their accounts, in order."""
    sql = "SELECT seq FROM rm_person_row WHERE trader = ? ORDER BY seq"
    return [seq for (seq,) in connection.execute(sql, (trader,))]


def _each(value: Any) -> Iterable[Any]:
    return value if isinstance(value, tuple) else (value,)


def _pseudonyms(texts: Iterable[Any]) -> Iterator[Named]:
    for text in texts:
        kind, _, number = str(text).partition(":")
        if kind == _TRADER and number.isdecimal():
            yield kind, int(number)


def _keep_thing(connection: apsw.Connection, row: Row, body: Body) -> None:
    thing = "INSERT OR IGNORE INTO rm_person_thing VALUES (?, ?, ?)"
    match body:
        case f.TraderRegistered() | f.TraderJoined():
            connection.execute(thing, (_MAYBE, body.trader, body.trader))
        case f.OrderPlaced():
            connection.execute(thing, (_ORDER, body.order, body.trader))
        case f.AccountOpened():
            connection.execute(thing, (_ACCOUNT, row.account, body.trader))
        case _:
            pass


def _traders(connection: apsw.Connection, named: Iterable[Named]) -> set[int]:
    """Who is named, and whose the named things are as far as there are such."""
    sql = "SELECT trader FROM rm_person_thing WHERE kind = ? AND number = ?"
    asked = {each for each in named if each[1]}
    themselves = {number for kind, number in asked if kind == _TRADER}
    things = [each for each in asked if each[0] != _TRADER]
    return themselves | {trader for each in things for (trader,) in connection.execute(sql, each)}
