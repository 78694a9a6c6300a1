"""History: what happened to an account, one entry a line, in the words of the neutral format's timeline (docs/conformance.md)."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from appliance.conformance.vector import LINE_BYTES_MAX
from firm.instant import instant_of
from firm.money import Money

ENTRIES_MAX = 200_000
_Named = Annotated[str, Meta(min_length=1, max_length=64)]


class HistoryRefused(ValueError):
    """The file holds no history; the text names the line and, where one is wrong, the field."""


class _Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="ev"):
    t: str | None = None


class Tick(_Entry, frozen=True, tag="tick"):
    """The account's marks at a price. Without `equity` nothing is open."""

    balance: Decimal
    equity: Decimal | None = None


class Rollover(_Entry, frozen=True, tag="rollover"):
    """The marks with which the running day ends."""

    balance: Decimal
    equity: Decimal | None = None


class Day(_Entry, frozen=True, tag="day"):
    """A whole trading day on which something was traded, and that made so much, costs taken off."""

    pnl: Decimal


class Payout(_Entry, frozen=True, tag="payout"):
    """So much leaves by a payout."""

    amount: Decimal


class Open(_Entry, frozen=True, tag="open"):
    """A position is opened, or added to."""

    pos: _Named
    lots: Decimal
    symbol: _Named = "X"
    side: Literal["buy", "sell"] = "buy"


class Close(_Entry, frozen=True, tag="close"):
    """A position is closed, or `lots` of it, which left `pnl` in the balance."""

    pos: _Named
    pnl: Decimal
    lots: Decimal | None = None


class Score(_Entry, frozen=True, tag="score"):
    """The firm publishes a score on a board."""

    board: _Named
    score: Annotated[int, Meta(ge=0, le=10**12)]


Entry = Tick | Rollover | Day | Payout | Open | Close | Score

_DECODER: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Entry)


class Told(msgspec.Struct, frozen=True):
    """An entry with its line. `at_us`: its instant, where it names one."""

    line: int
    entry: Entry
    at_us: int | None


def read_history(path: Path) -> tuple[Told, ...]:
    """All entries of a file of JSON lines, in their order; empty lines are passed over. Raises HistoryRefused."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise HistoryRefused(f"{path} cannot be read ({error.strerror}): name a file of entries") from error
    told = tuple(_told(line, number, path) for number, line in enumerate(lines, start=1) if line.strip())
    if not told:
        raise HistoryRefused(f'{path} holds no entry: each is one line of JSON, such as {{"ev": "day", "pnl": 500}}')
    if len(told) > ENTRIES_MAX:
        raise HistoryRefused(f"{path} has {len(told)} entries: at most {ENTRIES_MAX}")
    return told


def units_of(amount: Decimal, scale: int, what: str) -> int:
    """An exact number of units, so many of which make one. Raises ValueError; nothing is rounded."""
    if abs(amount) > 10**15:
        raise ValueError(f"{what}: {amount} is more than any account holds")
    scaled = amount * scale
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{what}: {amount} has more decimals than there are")
    return int(scaled)


def minor_of(amount: Decimal, money: Money, what: str) -> int:
    """An amount in minor units of an account's currency."""
    return units_of(amount, 10**money.exponent, what)


def _told(line: bytes, number: int, path: Path) -> Told:
    where = f"{path}, line {number}"
    if len(line) > LINE_BYTES_MAX:
        raise HistoryRefused(f"{where} is longer than {LINE_BYTES_MAX} bytes: it is no entry")
    try:
        entry = _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise HistoryRefused(f"{where}: {wrong}; docs/rulebook.md has the entries and their fields") from wrong
    return Told(number, entry, None if entry.t is None else _instant(entry.t, where))


def _instant(text: str, where: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
        at_us = None if moment.tzinfo is None else instant_of(moment)
    except (ValueError, OverflowError):
        at_us = None
    if at_us is None:
        raise HistoryRefused(f"{where}, t: {text[:40]!r} is no instant: write it as 2025-06-02T14:00:00+02:00")
    return at_us
