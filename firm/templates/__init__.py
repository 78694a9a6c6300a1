"""Templates: ready programs in generic words, one TOML file each, for a firm to copy and edit.

A file is a `Program` with comments; where a term mirrors what a firm publishes, the comment above it names the firm and the page.
"""

from functools import cache
from pathlib import Path

import msgspec

from firm.ruleset import Program
from firm.ruleset_text import read_toml

_FOLDER = Path(__file__).parent


class Template(msgspec.Struct, frozen=True):
    """A ready program. `text` is its file, comments and all: what a firm copies."""

    name: str
    text: str
    program: Program


@cache
def templates() -> tuple[Template, ...]:
    """All of them, by name. A file that is no program is a `RulesetRefused` with the path of the field."""
    return tuple(_read(path) for path in sorted(_FOLDER.glob("*.toml")))


def template(name: str) -> Template:
    """The one of that name; a LookupError says which names there are."""
    for known in templates():
        if known.name == name:
            return known
    raise LookupError(f"no template {name!r}: there are {', '.join(known.name for known in templates())}")


def _read(path: Path) -> Template:
    text = path.read_text(encoding="utf-8")
    program = read_toml(text)
    assert isinstance(program, Program), f"{path.name} has no phases: a template is a program"
    return Template(path.stem, text, program)
