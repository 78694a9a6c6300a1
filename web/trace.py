"""The engine's trace of an account: its ledger rows with payloads that a person can read."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from firm.commands import Command
from firm.ids import id_text
from firm.inputs import Input
from firm.kinds import BY_NAME
from firm.money import Money
from storage.rows import StoredRow
from web import words

VALUE_LENGTH_MAX = 120
_PRICES = frozenset({"price", "price_open", "stop_loss", "take_profit", "bid", "ask"})
_IDS = frozenset({"trader", "challenge", "order", "staff", "account"})


class TraceLine(msgspec.Struct, frozen=True):
    """One row. `origin`: command, input or fact; `fields` are its payload's, shortened where they are long."""

    seq: int
    kind: str
    origin: str
    happened_us: int
    cause: int
    fields: list[tuple[str, str]]


def trace_line(row: StoredRow, digits: Mapping[str, int]) -> TraceLine:
    """`digits` by symbol, so that prices read as prices and not as points."""
    payload: Any = msgspec.json.decode(row.payload)
    fields = [(words.sentence(name), text) for name, text in _fields(payload, digits)]
    return TraceLine(row.seq, row.kind, _origin(row.kind), row.happened_us, row.cause, fields)


def _origin(kind: str) -> str:
    body = BY_NAME[kind]
    return "command" if issubclass(body, Command) else "input" if issubclass(body, Input) else "fact"


def _fields(payload: Mapping[str, Any], digits: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    for name, value in payload.items():
        if name == "ruleset":
            yield name, str(value["name"])
        elif name == "working":
            yield name, words.plural(len(value), "step", "steps")
        else:
            text = _readable(name, value, _digits(payload, digits), digits)
            yield _plain(name), text if len(text) <= VALUE_LENGTH_MAX else text[:VALUE_LENGTH_MAX] + "…"


def _plain(name: str) -> str:
    return "at" if name == "t_us" else name.removesuffix("_us").removesuffix("_e8")


def _digits(payload: Mapping[str, Any], digits: Mapping[str, int]) -> int | None:
    """How many digits the prices in this value have: its own word for it, or its symbol's."""
    own = payload.get("digits")
    return own if isinstance(own, int) else digits.get(str(payload.get("symbol", "")))


def _readable(name: str, value: Any, scale: int | None, digits: Mapping[str, int]) -> str:
    match value:
        case {"minor": int(minor), "currency": str(currency), "exponent": int(exponent)}:
            return words.money(Money(minor, currency, exponent))
        case dict():
            own = _digits(value, digits)
            return ", ".join(f"{_plain(key)} {_readable(key, inner, own, digits)}" for key, inner in value.items())
        case list():
            return "; ".join(_readable(name, inner, scale, digits) for inner in value) or "none"
        case bool():
            return "yes" if value else "no"
        case None | "":
            return "–"
        case int() if name.endswith("_us"):
            return words.iso(value) if value else "–"
        case int() if name in _PRICES and scale is not None:
            return words.price(value, scale) if value else "–"
        case int() if name in ("lots_e8", "contract_e8"):
            return f"{words.lots(value)}"
        case int() if name in _IDS:
            return id_text(value)
        case _:
            return str(value)
