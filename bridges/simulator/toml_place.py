"""TOML place: a file that people write, and where in it, or among the words of a command line, that stands which was found wrong.

A complaint is as msgspec writes it, "Expected `int`, got `str` - at `$.spike[1].points`", and is told in words of whoever wrote the
file: "line 16, points of [[spike]] 2: it must be a whole number, not text".
"""

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_type_hints

import msgspec

_AT = re.compile(r" - at `\$(?P<path>[^`]*)`\Z")
_PATH = re.compile(r"\.(?P<table>\w+)(?:\[(?P<index>\d+)\])?(?:\.(?P<key>\w+))?")
_UNKNOWN = re.compile(r"unknown field `(?P<name>[^`]+)`")
_EXPECTED = re.compile(r"Expected `(?P<kind>\w+)(?: \| null)?`(?P<rest>.*)\Z")
_KINDS = {
    "int": "a whole number", "float": "a decimal number", "str": "text", "bool": "true or false", "array": "a list",
    "object": "a table", "datetime": "an instant", "date": "a date", "time": "a time of day",
}  # fmt: skip
_MOMENTS = {"datetime": "write it as 2014-05-02T12:00:00Z", "date": "write it as 2014-05-05"}
_BOUNDS = (
    (re.compile(r" of length >= (\d+)\Z"), r", at least \1 long"),
    (re.compile(r" of length <= (\d+)\Z"), r", at most \1 long"),
    (re.compile(r" >= (\S+)\Z"), r", at least \1"),
    (re.compile(r" <= (\S+)\Z"), r", at most \1"),
    (re.compile(r" of length (\d+), got (\d+)\Z"), r" of \1, not of \2"),
)
_GOT = re.compile(r", got `(\w+)`\Z")


class NoToml(ValueError):
    """A file cannot be had as text, or its text is no TOML: why."""


class Place(NamedTuple):
    """A key of the nth table of an array, counted from 0; or of the file itself, where `nth` is None. "" for no key."""

    table: str
    nth: int | None
    key: str


def text_of(path: Path) -> str:
    """A file's text, or NoToml with what the system says of it."""
    try:
        return path.read_text("utf-8")
    except OSError as unreadable:
        raise NoToml(unreadable.strerror or "it is out of reach") from unreadable
    except UnicodeDecodeError as unreadable:
        raise NoToml("it is no UTF-8 text") from unreadable
    except ValueError as nameless:
        raise NoToml("no file has such a name") from nameless


def tables_of(text: str) -> dict[str, Any]:
    """What a TOML text holds, or NoToml."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise NoToml(str(wrong)) from wrong
    except RecursionError as wrong:
        raise NoToml("it is nested too deeply") from wrong
    except ValueError as wrong:  # what no exception of its own has: Python reads no number of so many digits
        raise NoToml("it has a number of too many digits") from wrong


def at(what: str, table: str, nth: int, key: str = "") -> str:
    """A complaint of ours about that place, as msgspec would write it."""
    return f"{what} - at `$.{table}[{nth}]{'.' if key else ''}{key}`"


def apart(complaint: str) -> tuple[str, Place]:
    """What is wrong, and where."""
    found = _AT.search(complaint)
    path = _PATH.match(found["path"]) if found is not None else None
    what = complaint[: found.start()] if found is not None else complaint
    what = _in_words(what.removeprefix("Object contains ").removeprefix("Object "))
    unknown = _UNKNOWN.search(what)
    key = unknown["name"] if unknown is not None else ""
    if path is None:
        return what, Place("", None, key)
    nth = None if path["index"] is None else int(path["index"])
    return what, Place(path["table"], nth, path["key"] or key)


def _in_words(what: str) -> str:
    """What was expected, without the names that Python has for it."""
    found = _EXPECTED.match(what)
    if found is None or found["kind"] not in _KINDS:
        return what[:1].lower() + what[1:] if what.startswith(("Expected", "Invalid")) else what
    kind, rest = found["kind"], found["rest"]
    if kind in _MOMENTS:
        return _MOMENTS[kind]
    for bound, words in _BOUNDS:
        rest = bound.sub(words, rest)
    rest = _GOT.sub(lambda got: f", not {_KINDS.get(got[1], got[1])}", rest)
    return f"it must be {_KINDS[kind]}{rest}"


def known_fields(what: str, place: Place, root: type[msgspec.Struct]) -> str:
    """Which there are, where one is unknown; else ""."""
    if _UNKNOWN.search(what) is None:
        return ""
    struct: Any = root if not place.table else get_args(get_type_hints(root)[place.table])[0]
    return f" (there are {', '.join(field.encode_name for field in msgspec.structs.fields(struct))})"


def in_file(complaint: str, text: str, root: type[msgspec.Struct]) -> str:
    """The complaint with the line and the key it is about: "line 12, points of [[spike]] 2: expected `int`, got `str`"."""
    what, place = apart(complaint)
    line = _line_of(text.splitlines(), place)
    named = f"[[{place.table}]] {place.nth + 1}" if place.nth is not None else place.table
    key = "" if f"`{place.key}`" in what else place.key
    of = " of ".join(filter(None, (key, named)))
    where = ", ".join(filter(None, (f"line {line}" if line else "", of)))
    told = what + known_fields(what, place, root)
    return f"{where}: {told}" if where else told


def _line_of(lines: Sequence[str], place: Place) -> int:
    """Counted from 1; 0 where it cannot be told, as in a table that is written on one line."""
    if place.nth is None:
        name = re.escape(place.table or place.key)
        return _first(lines, rf'\s*(\[\[?\s*)?"?{name}"?\s*[\]=]', 0, len(lines)) if name else 0
    table = rf"\s*\[\[\s*{re.escape(place.table)}\s*\]\]"
    begins = [number for number, line in enumerate(lines) if re.match(table, line)]
    if place.nth >= len(begins):
        return 0
    begin = begins[place.nth]
    end = next(
        (number for number in range(begin + 1, len(lines)) if lines[number].lstrip().startswith("[")), len(lines)
    )
    key = _first(lines, rf'\s*"?{re.escape(place.key)}"?\s*=', begin + 1, end) if place.key else 0
    return key or begin + 1


def _first(lines: Sequence[str], pattern: str, begin: int, end: int) -> int:
    return next((number + 1 for number in range(begin, end) if re.match(pattern, lines[number])), 0)
