"""Templates: ready programs in generic words, one TOML file each, for a firm to copy and edit.

A file is a `Program` with comments; where a term mirrors what a firm publishes, the comment above it names the firm and the page.
TOML has no null: `null`, in quotes, stands for it, because every field is written out and a missing one is an error.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from firm.ruleset import Program

_FOLDER = Path(__file__).parent
_NULL = "null"


class Template(msgspec.Struct, frozen=True):
    """A ready program. `text` is its file, comments and all: what a firm copies."""

    name: str
    text: str
    program: Program


@cache
def templates() -> tuple[Template, ...]:
    """All of them, by name. A file that is no program is a `msgspec.ValidationError` with the path of the field."""
    return tuple(_read(path) for path in sorted(_FOLDER.glob("*.toml")))


def template(name: str) -> Template:
    """The one of that name; a LookupError says which names there are."""
    for known in templates():
        if known.name == name:
            return known
    raise LookupError(f"no template {name!r}: there are {', '.join(known.name for known in templates())}")


def _read(path: Path) -> Template:
    text = path.read_text(encoding="utf-8")
    return Template(path.stem, text, msgspec.convert(_with_nulls(tomllib.loads(text)), type=Program))


def _with_nulls(value: Any) -> Any:
    match value:
        case dict():
            return {key: _with_nulls(item) for key, item in value.items()}
        case list():
            return [_with_nulls(item) for item in value]
        case _:
            return None if value == _NULL else value
