"""Script: what befalls the market and the platform besides prices: faults, and changes of what is listed. A TOML file.

Every line has its instant, so that the same ticks, script, seed and commands give the same tellings byte for byte. Symbols are
called as they are at that instant, points are of their digits then. docs/simulator.md lists the tables.
"""

from datetime import UTC, date, datetime, time
from itertools import pairwise
from pathlib import Path
from typing import Annotated, NamedTuple, Never

import msgspec

from bridges.bounds import DIGITS_MAX, NAME_LENGTH_MAX, PRICE_POINTS_MAX
from bridges.simulator.symbols import LISTED, rollover_after
from bridges.simulator.toml_place import NoToml, at, in_file, tables_of, text_of
from firm.instant import DAY_US, SECOND_US, instant_of, utc_text
from firm.sessions import WEEK_MINUTES

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_LENGTH_MAX)]
Seconds = Annotated[int, msgspec.Meta(ge=1, le=86_400)]
Points = Annotated[int, msgspec.Meta(ge=-PRICE_POINTS_MAX, le=PRICE_POINTS_MAX)]
Minute = Annotated[int, msgspec.Meta(ge=0, le=WEEK_MINUTES)]
YEARS = range(1970, 2200)  # of which there may be prices
LATE_TAGS = ("deal", "position", "order", "cash", "equity", "account")


class ScriptUnusable(ValueError):
    """A script cannot be played: which file, which line, what next."""


class _Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of the script."""


class _Stretch(_Line, frozen=True, kw_only=True):
    """Lasts [from, to)."""

    since: Moment = msgspec.field(name="from")
    until: Moment = msgspec.field(name="to")

    @property
    def begins_us(self) -> int:
        return self.from_us

    @property
    def from_us(self) -> int:
        return instant_of(self.since)

    @property
    def to_us(self) -> int:
        return instant_of(self.until)

    def holds(self, instant_us: int) -> bool:
        return self.from_us <= instant_us < self.to_us


class _AtOnce(_Line, frozen=True, kw_only=True):
    at: Moment

    @property
    def begins_us(self) -> int:
        return self.at_us

    @property
    def at_us(self) -> int:
        return instant_of(self.at)


class Outage(_Stretch, frozen=True, kw_only=True):
    """The platform is down: no prices, no fills, no answers; then it is back, with all accounts in full."""

    why: Annotated[str, msgspec.Meta(max_length=200)] = "the platform does not answer"


class Frozen(_Stretch, frozen=True, kw_only=True):
    """A symbol's quotes stop, or with `repeat` come on and never change."""

    symbol: Name
    repeat: bool = False


class Spike(_AtOnce, frozen=True, kw_only=True):
    """Prices are off the market by `points`, either way, for `for_ms` milliseconds; then they are back."""

    symbol: Name
    points: Points
    for_ms: Annotated[int, msgspec.Meta(ge=1, le=3_600_000)] = 200


class LatePrices(_Stretch, frozen=True, kw_only=True):
    """A symbol's prices reach the bridge so many seconds late; the platform itself has them in time."""

    symbol: Name
    by_s: Seconds


class LateEvents(_Stretch, frozen=True, kw_only=True):
    """What the platform reports of accounts, of these tags, reaches the bridge so many seconds late and out of order."""

    tags: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    by_s: Seconds


class Contract(_AtOnce, frozen=True, kw_only=True):
    """A symbol has another contract from now on; what is not named stays. `contract`: units a lot."""

    symbol: Name
    digits: Annotated[int, msgspec.Meta(ge=0, le=DIGITS_MAX)] | None = None
    contract: Annotated[int, msgspec.Meta(ge=1, le=10**9)] | None = None
    swap_long: Points | None = None
    swap_short: Points | None = None
    sessions: tuple[tuple[Minute, Minute], ...] | None = None
    closed: tuple[tuple[Moment, Moment], ...] | None = None


class Rename(_AtOnce, frozen=True, kw_only=True):
    """A symbol is called otherwise from now on; positions and pending orders go with it."""

    symbol: Name
    becomes: Name


class Dividend(_Line, frozen=True, kw_only=True):
    """A symbol goes ex dividend by so many points a lot at the rollover that begins the date."""

    symbol: Name
    ex_date: date
    points: Points

    @property
    def begins_us(self) -> int:
        """That rollover: the first one of the day before, in New York and so in UTC."""
        return rollover_after(instant_of(datetime.combine(self.ex_date, time(), UTC)) - DAY_US)


class Script(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All tables of a script, each kind in the order of the file."""

    outage: tuple[Outage, ...] = ()
    frozen: tuple[Frozen, ...] = ()
    spike: tuple[Spike, ...] = ()
    late_prices: tuple[LatePrices, ...] = ()
    late_events: tuple[LateEvents, ...] = ()
    contract: tuple[Contract, ...] = ()
    rename: tuple[Rename, ...] = ()
    dividend: tuple[Dividend, ...] = ()

    @property
    def changes(self) -> tuple[Contract | Rename, ...]:
        """Of what is listed, in time order; of one instant those of contracts first."""
        return tuple(sorted((*self.contract, *self.rename), key=lambda line: line.at_us))

    @property
    def stretches(self) -> tuple[_Stretch, ...]:
        return (*self.outage, *self.frozen, *self.late_prices, *self.late_events)

    def dividends_on(self, symbol: str, ex_date: str) -> list[int]:
        """What the script adds to the listing's own dividends, in points."""
        return [one.points for one in self.dividend if (one.symbol, one.ex_date.isoformat()) == (symbol, ex_date)]

    def digest(self) -> bytes:
        """The same for the same lines, however they are written."""
        return msgspec.json.encode(self)


NOTHING = Script()


class Turn(NamedTuple):
    """Something that the platform itself does at an instant: `ends` tells an outage's end from its beginning."""

    at_us: int
    line: Outage | Contract | Rename
    ends: bool = False


def turns_of(script: Script) -> tuple[Turn, ...]:
    """In time order; at one instant outages end before they begin, and both go before changes."""
    outages = [Turn(one.to_us, one, ends=True) for one in script.outage] + [
        Turn(one.from_us, one) for one in script.outage
    ]
    changes = [Turn(one.at_us, one) for one in script.changes]
    return tuple(sorted([*outages, *changes], key=lambda turn: turn.at_us))


def read_script(path: Path) -> Script:
    """Read and check a script file; what cannot be played is ScriptUnusable."""
    try:
        text = text_of(path)
    except NoToml as why:
        raise ScriptUnusable(f"script {path}: cannot be read: {why}: mend it, or name another") from why
    try:
        return checked(msgspec.convert(tables_of(text), Script, builtin_types=(datetime, date, time)))
    except (NoToml, msgspec.ValidationError, ScriptUnusable) as wrong:
        told = in_file(str(wrong), text, Script)
        raise ScriptUnusable(
            f'script {path}: {told}: mend it; "Scripts" in docs/simulator.md has an example of each table'
        ) from wrong


def checked(script: Script) -> Script:
    """The script, if its lines fit each other and what is listed."""
    refuse = _Refusing(script)
    _check_years(script, refuse)
    for line in script.stretches:
        if line.from_us >= line.to_us:
            refuse(line, f"a stretch from {utc_text(line.from_us)} does not end after it began", "to")
    outages = sorted(script.outage, key=lambda one: one.from_us)
    for first, then in pairwise(outages):
        if first.to_us >= then.from_us:
            refuse(then, f"two outages meet at {utc_text(then.from_us)}: make them one", "from")
    for late in script.late_events:
        wrong = sorted(set(late.tags) - set(LATE_TAGS))
        if wrong:
            refuse(late, f"events {', '.join(wrong)} cannot be late: of {', '.join(LATE_TAGS)}", "tags")
    for one in script.changes:
        if any(outage.holds(one.at_us) for outage in outages):
            refuse(one, f"{one.symbol} changes at {utc_text(one.at_us)}, while the platform is down", "at")
        if any(_is_behind(line, one) for line in script.late_prices):
            refuse(one, f"{one.symbol} changes at {utc_text(one.at_us)}, while prices of it are late", "at")
    _check_names(script, refuse)
    return script


def require_within(script: Script, from_us: int, to_us: int) -> None:
    """Each line begins within a market of [from_us, to_us), or else never happens: ScriptUnusable says which one does not."""
    places = _Refusing(script)
    lines: tuple[_Stretch | _AtOnce | Dividend, ...] = (
        *script.stretches, *script.spike, *script.changes, *script.dividend
    )  # fmt: skip
    for line in sorted(lines, key=lambda line: line.begins_us):
        begins = f"the script's {places.name(line)} begins at {utc_text(line.begins_us)}"
        if line.begins_us < from_us:
            raise ScriptUnusable(f"{begins}, before the market: give an earlier --from, or take it out")
        if line.begins_us >= to_us:
            raise ScriptUnusable(
                f"{begins}, and the market ends at {utc_text(to_us)}: give a later --to or more prices, or take it out"
            )


def _check_years(script: Script, refuse: "_Refusing") -> None:
    """Beyond some years there is no calendar to reckon with, and nobody has prices."""
    moments: list[tuple[_Line, date, str]] = [(line, line.since, "from") for line in script.stretches]
    moments += [(line, line.until, "to") for line in script.stretches]
    moments += [(one, one.at, "at") for one in (*script.spike, *script.changes)]
    moments += [(one, one.ex_date, "ex_date") for one in script.dividend]
    for line, moment, key in moments:
        if moment.year not in YEARS:
            refuse(line, f"no market is of the year {moment.year}: use {YEARS[0]} to {YEARS[-1]}", key)


def _is_behind(late: LatePrices, change: Contract | Rename) -> bool:
    return late.symbol == change.symbol and late.from_us <= change.at_us <= late.to_us + late.by_s * SECOND_US


def _check_names(script: Script, refuse: "_Refusing") -> None:
    """Every line calls its symbol as it is called then; at one instant changes go first."""
    uses: list[tuple[int, bool, _Line, str]] = [(one.from_us, True, one, one.symbol) for one in script.frozen]
    uses += [(one.from_us, True, one, one.symbol) for one in script.late_prices]
    uses += [(one.at_us, True, one, one.symbol) for one in script.spike]
    uses += [(one.at_us, False, one, one.symbol) for one in script.changes]
    known = set(LISTED)
    for at_us, _, line, symbol in sorted(uses, key=lambda use: use[:2]):
        if symbol not in known:
            names = ", ".join(sorted(known))
            refuse(line, f"{symbol} is not listed at {utc_text(at_us)}; listed are {names}", "symbol")
        if isinstance(line, Rename):
            if line.becomes in known:
                refuse(line, f"{line.becomes} is listed already", "becomes")
            known = known - {line.symbol} | {line.becomes}


class _Refusing:
    """Says of a line which one it is: its table, and its place in it."""

    def __init__(self, script: Script) -> None:
        tables = {name: getattr(script, name) for name in script.__struct_fields__}
        self._places = {id(line): (name, place) for name, lines in tables.items() for place, line in enumerate(lines)}

    def name(self, line: _Line) -> str:
        table, place = self._places[id(line)]
        return f"[[{table}]] {place + 1}"

    def __call__(self, line: _Line, why: str, key: str) -> Never:
        raise ScriptUnusable(at(why, *self._places[id(line)], key))


def late_by_us(script: Script, tag: str, t_us: int) -> int:
    """How long an event of an account is held back; 0: not at all."""
    held = [line.by_s for line in script.late_events if tag in line.tags and line.holds(t_us)]
    return max(held, default=0) * SECOND_US
