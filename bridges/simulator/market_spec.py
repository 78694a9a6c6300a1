"""Market spec: what a synthetic market is to be like, as words on a command line or as a TOML file, checked before it is played.

`walk+jumps:EURUSD,XAUUSD;trend:EURUSD;days=5` is enough for most; a file says the same for each symbol apart.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from bridges.simulator.symbols import LISTED
from bridges.simulator.toml_place import NoToml, apart, at, in_file, tables_of, text_of
from firm.instant import DAY_US, parse_utc

_POINTS_UNSAID = 100_000

# Where some well-known symbols begin unless the spec says otherwise; the others at 100,000 points.
_STARTS = {
    "EURUSD": "1.386", "GBPUSD": "1.689", "USDJPY": "102.2", "USDCHF": "0.88", "AUDUSD": "0.927", "USDCZK": "19.8",
    "EURGBP": "0.82", "EURJPY": "141.7", "GBPJPY": "172.6", "XAUUSD": "1284", "US500": "1884", "DE40": "9556",
}  # fmt: skip


class Kind(StrEnum):
    """What a market does. All walk; what else is said comes on top."""

    WALK = "walk"
    TREND = "trend"
    RANGE = "range"
    JUMPS = "jumps"
    GAPS = "gaps"
    BURSTS = "bursts"


class MarketUnusable(ValueError):
    """A market cannot be made up as asked: what, which, what next."""


class _Unsound(ValueError):
    """What is well-formed makes no market: what, and where."""


_NAMED = ("symbol", "kinds")  # of words: what stands before and after a colon
_WHOLE = ("start", "days", "seed")
_Ppm = Annotated[int, Meta(ge=0, le=100_000)]


class SymbolMarket(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One symbol's part. Moves are in millionths of the price; `price` is decimal text, "" for the usual start.

    `step_ppm`: a tick's move (one standard deviation). `trend_ppm_per_hour`: the drift, in a direction drawn for each `trend_hours`.
    `pull_ppm`: how much of the way back to its start a ranging price goes with each tick. `jump_every_min`, `burst_every_min`: how often,
    on the mean. `gap_ppm`: how far a reopening lies off (one standard deviation), three times that after more than a day.
    """

    symbol: str
    kinds: tuple[Kind, ...] = (Kind.WALK,)
    price: Annotated[str, Meta(max_length=20)] = ""
    ticks_per_minute: Annotated[int, Meta(ge=1, le=2_000)] = 12
    step_ppm: _Ppm = 40
    spread_ppm: _Ppm = 80
    trend_ppm_per_hour: _Ppm = 600
    trend_hours: Annotated[int, Meta(ge=1, le=240)] = 6
    pull_ppm: _Ppm = 1_000
    jump_ppm: _Ppm = 2_000
    jump_every_min: Annotated[int, Meta(ge=1, le=100_000)] = 240
    gap_ppm: _Ppm = 1_500
    burst_every_min: Annotated[int, Meta(ge=1, le=100_000)] = 30


class MarketSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole market: `days` days from `start`, a date, at midnight UTC. In a file, `start` and `days` stand above the symbols."""

    symbols: Annotated[tuple[SymbolMarket, ...], Meta(min_length=1, max_length=200)]
    start: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d\Z")] = "2014-05-05"
    days: Annotated[int, Meta(ge=1, le=1_000)] = 5
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 1

    @property
    def from_us(self) -> int:
        return parse_utc(self.start)


def read_market(text: str) -> MarketSpec:
    """A market from a TOML file where the text ends in .toml, else from words."""
    file = _file_text(Path(text)) if text.endswith(".toml") else None
    said: dict[str, Any] = _from_words(text) if file is None else _from_toml(file, text)
    try:
        spec = msgspec.convert(said, MarketSpec, strict=False)
        _require_sound(spec)
    except (msgspec.ValidationError, _Unsound) as wrong:
        complaint = _with_what_there_is(str(wrong))
        told = _in_words(complaint, said) if file is None else in_file(complaint, file, MarketSpec)
        what = f"market {text!r}" if file is None else f"market file {text}"
        raise MarketUnusable(
            f'{what}: {told}: mend it; "Made-up markets" in docs/simulator.md says what can be asked for'
        ) from wrong
    return spec


def _with_what_there_is(complaint: str) -> str:
    """What msgspec cannot say: which kinds there are, and how a date is written."""
    what, separator, place = complaint.partition(" - at ")
    kinds = ", ".join(Kind)
    if what.startswith("Invalid enum value"):
        what = f"{what.replace('Invalid enum value', 'there is no kind')}: use some of {kinds}"
    elif place == "`$.start`" and "regex" in what:
        what = "that is no date: write 2014-05-05"
    elif place == "`$.symbols`" and ">= 1" in what:
        what = f"it names no kind of market: begin with some of {kinds}, as in walk+jumps:EURUSD;days=5"
    return what + separator + place


def _in_words(complaint: str, said: dict[str, Any]) -> str:
    """The complaint with the setting and the symbol it is about; a setting among words is all symbols'."""
    what, place = apart(complaint)
    if place.nth is None:
        value = said.get(place.table)
        return f"{place.table}={value}: {what}" if isinstance(value, str) else what
    if place.key in (*_NAMED, "price"):
        return f"{said['symbols'][place.nth]['symbol']}: {what}" if place.key == "kinds" else what
    value = said["symbols"][place.nth].get(place.key, "")
    if place.key in SymbolMarket.__struct_fields__:
        return f"{place.key}={value}: {what}"
    known = [*_WHOLE, *(name for name in SymbolMarket.__struct_fields__ if name not in _NAMED)]
    return f"{place.key}={value} is no setting: there are {', '.join(known)}"


def start_points(market: SymbolMarket) -> int:
    """The price at which the symbol begins, in points."""
    text, digits = market.price or _STARTS.get(market.symbol, ""), LISTED[market.symbol].spec.digits
    if not text:
        return _POINTS_UNSAID
    whole, _, fraction = text.partition(".")
    if (
        not (whole + fraction).isdecimal()
        or not (whole + fraction).isascii()
        or len(whole) > 9
        or len(fraction) > digits
    ):
        raise ValueError(f"price {text!r} of {market.symbol} is no price with at most {digits} decimals")
    return int(whole + fraction.ljust(digits, "0"))


def _file_text(path: Path) -> str:
    try:
        return text_of(path)
    except NoToml as why:
        raise MarketUnusable(f"market file {path} cannot be read ({why}): mend it, or name another") from why


def _from_toml(file: str, name: str) -> dict[str, Any]:
    try:
        return tables_of(file)
    except NoToml as why:
        raise MarketUnusable(f"market file {name} is no TOML ({why}): mend it, or name another") from why


def _from_words(text: str) -> dict[str, Any]:
    """`KIND[+KIND][:SYMBOL,SYMBOL]` parts and `key=value` parts, between semicolons."""
    whole: dict[str, Any] = {}
    each: dict[str, Any] = {}
    kinds: dict[str, list[str]] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        key, is_setting, value = (piece.strip() for piece in part.partition("="))
        if is_setting:
            (whole if key in _WHOLE else each)[key] = value
            continue
        named, _, symbols = part.partition(":")
        for symbol in symbols.split(",") if symbols else LISTED:
            kinds.setdefault(symbol.strip(), []).extend(kind.strip() for kind in named.split("+"))
    return whole | {"symbols": [each | {"symbol": symbol, "kinds": named} for symbol, named in kinds.items()]}


def _require_sound(spec: MarketSpec) -> None:
    """Raise _Unsound where what is well-formed makes no market."""
    try:
        assert spec.from_us % DAY_US == 0, "a date is a midnight"
    except ValueError as wrong:
        raise _Unsound(f"{spec.start} is no date ({wrong}) - at `$.start`") from wrong
    names: set[str] = set()
    for place, market in enumerate(spec.symbols):
        if market.symbol not in LISTED:
            known = ", ".join(sorted(LISTED))
            raise _Unsound(
                at(f"symbol {market.symbol!r} is not listed here: use some of {known}", "symbols", place, "symbol")
            )
        if market.symbol in names:
            raise _Unsound(at(f"symbol {market.symbol} is there twice", "symbols", place, "symbol"))
        names.add(market.symbol)
        try:
            points = start_points(market)
        except ValueError as wrong:
            raise _Unsound(at(str(wrong), "symbols", place, "price")) from wrong
        if points < 1_000:
            why = f"price {market.price!r} of {market.symbol} is below 1000 points: nothing could move"
            raise _Unsound(at(why, "symbols", place, "price"))
