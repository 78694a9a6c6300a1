"""Words told: what may stand for a word of the neutral format, as checks that name the place of what may not.

A check takes a value and its path, and yields a sentence for each thing in it that has no meaning here.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from appliance.conformance.objective_days import SERVER
from firm.checks.zones import zone_problems

Check = Callable[[Any, str], Iterator[str]]
Fields = Mapping[str, Check]


class Rule(NamedTuple):
    """`entries`: the shapes that an entry of the timeline may have; it has the fields of one of them, or some of these."""

    params: Fields
    entries: tuple[Fields, ...] = ()


def _that(told: str, is_so: Callable[[Any], bool]) -> Check:
    def check(value: Any, path: str) -> Iterator[str]:
        if not is_so(value):
            yield f"{path}: {_short(value)} is not {told}"

    return check


def words(*known: str | None) -> Check:
    """One of these words; None is null."""
    told = " or ".join("null" if word is None else word for word in known)
    return _that(told, lambda value: (value is None or isinstance(value, str)) and value in known)


def matching(pattern: str, told: str) -> Check:
    """Text of a form."""
    return _that(told, lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None)


def listed(of: Check) -> Check:
    """A list with something in it."""

    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, list) or not value:
            yield f"{path}: {_short(value)} is no list with something in it"
            return
        for place, one in enumerate(value):
            yield from of(one, f"{path}[{place}]")

    return check


def fields(known: Mapping[str, Check], *, only_one: bool = False) -> Check:
    """An object that has some of these fields and no others. `only_one`: just one of them, because two would say two things."""

    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{path}: {_short(value)} is no object"
            return
        if only_one and len(value) != 1:
            yield f"{path}: one of {', '.join(known)} says it, not {' and '.join(value) or 'none'}"
            return
        for name, one in value.items():
            if name in known:
                yield from known[name](one, f"{path}.{name}")
            else:
                yield f"{path}.{name}: nothing here is called so"

    return check


def either(*checks: Check) -> Check:
    """What one of these finds nothing wrong with; else what the last one says."""

    def check(value: Any, path: str) -> Iterator[str]:
        found = [list(one(value, path)) for one in checks]
        if all(found):
            yield from found[-1]

    return check


def by_name(names: Check, of: Check) -> Check:
    """An object whose fields are named by whoever writes it."""

    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, dict) or not value:
            yield f"{path}: {_short(value)} is no object with something in it"
            return
        for name, one in value.items():
            yield from names(name, f"{path}.{name}")
            yield from of(one, f"{path}.{name}")

    return check


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_read(read: Callable[[str], object]) -> Callable[[Any], bool]:
    def is_so(value: Any) -> bool:
        try:
            return isinstance(value, str) and bool(read(value))
        except ValueError:
            return False

    return is_so


def _is_zone(value: Any) -> bool:
    return isinstance(value, str) and (value in (SERVER, "server") or not list(zone_problems("", value)))


def _short(value: Any) -> str:
    return f"{str(value)[:60]!r}" if isinstance(value, str) else str(value)[:60]


NUMBER = _that("a number", _is_number)
POSITIVE = _that("a number above zero", lambda value: _is_number(value) and value > 0)
NOT_NEGATIVE = _that("a number of at least zero", lambda value: _is_number(value) and value >= 0)
COUNT = _that("a whole number of at least one", lambda value: _is_whole(value) and value >= 1)
TRUTH = _that("true or false", lambda value: isinstance(value, bool))
TEXT = matching(r"[^\x00-\x1f]{1,200}", "a text of one line")
NAME = matching(r"[a-z][a-z0-9_]{0,63}", "a name in small letters")
DATE = _that("a date", _is_read(date.fromisoformat))
CLOCK = matching(r"([01][0-9]|2[0-3]):[0-5][0-9]", 'a clock as "HH:MM"')
MOMENT = _that("a time in ISO 8601", _is_read(datetime.fromisoformat))
INSTANT = _that(
    "a time in ISO 8601 with its offset", _is_read(lambda text: datetime.fromisoformat(text).tzinfo is not None)
)
ZONE = _that("a zone", _is_zone)

DAY: Fields = {"ev": words("day"), "pnl": NUMBER}
ON_A_DATE: Fields = {"ev": NAME, "date": DATE}
"""Entries that several rules have."""
