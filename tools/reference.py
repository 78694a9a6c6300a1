#!/usr/bin/env python3
"""Write docs/reference.md: every input, command, fact, refusal, doubt and operating figure, from the words in the code.

python tools/reference.py          write the page
python tools/reference.py --check  exit 1 if the page is not what the code says
"""

import inspect
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

import msgspec

from firm import bounds
from firm.commands import Commanded
from firm.doubt_words import DOUBTS
from firm.facts import FACTS
from firm.inputs import Arriving
from firm.phase import Standing
from firm.policy import Policy
from firm.refusal_words import REFUSALS
from firm.terms.union import Term

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference.md"
HEAD = """# Reference

Made from the code by `tools/reference.py`; a test fails when it is stale. What the words mean together is in the
[glossary](glossary.md); how rows lie on disk is in [formats](formats.md).

Names are the ledger's `kind` column; fields are the payload's, in the order in which they are stored. Times end in `_us`
(microseconds since 1970, UTC), basis points in `_bp`, lots times 10^8 in `_e8`.
"""


def page() -> str:
    """The whole page as text."""
    parts = [
        HEAD,
        *_section("Inputs", "What enters from platforms, clocks and the machine.", get_args(Arriving)),
        *_section("Commands", "What a person asks the firm to do.", get_args(Commanded)),
        *_section("Facts", "What desks decided.", FACTS),
        *_section("Rule terms", "What a ruleset is made of.", get_args(Term)),
        *_words(
            "Refusals", "Why a command was answered with no.", {each.value: text for each, text in REFUSALS.items()}
        ),
        *_words(
            "Doubts", "Why a breach or a pass is not final yet.", {each.value: text for each, text in DOUBTS.items()}
        ),
        *_standings(),
        *_policy(),
        *_bounds(),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _section(title: str, lead: str, kinds: Iterable[type[msgspec.Struct]]) -> list[str]:
    lines = [f"## {title}", "", lead, ""]
    for kind in kinds:
        lines += [f"### {kind.__name__}", "", _paragraph(kind), ""]
        fields = [f"`{field.name}` {_type(field.type)}" for field in msgspec.structs.fields(kind)]
        lines += [f"Fields: {', '.join(fields)}." if fields else "No fields.", ""]
    return lines


def _words(title: str, lead: str, words: dict[str, str]) -> list[str]:
    rows = [f"| `{name}` | {text} |" for name, text in words.items()]
    return [f"## {title}", "", lead, "", "| name | meaning |", "|---|---|", *rows, ""]


def _standings() -> list[str]:
    return ["## Standings", "", _paragraph(Standing), "", ", ".join(f"`{each.value}`" for each in Standing) + ".", ""]


def _policy() -> list[str]:
    rows = [f"| `{field.name}` | {field.default} |" for field in msgspec.structs.fields(Policy)]
    return ["## Policy", "", _paragraph(Policy), "", "| figure | default |", "|---|---|", *rows, ""]


def _bounds() -> list[str]:
    rows = [f"| `{name}` | {value} |" for name, value in vars(bounds).items() if name.isupper()]
    return ["## Bounds", "", _paragraph(bounds), "", "| bound | value |", "|---|---|", *rows, ""]


def _paragraph(of: Any) -> str:
    text = inspect.cleandoc(of.__doc__ or "")
    assert text, f"{of} has no docstring: say what it is"
    return text


def _type(annotation: Any) -> str:
    if annotation is type(None):
        return "null"
    if hasattr(annotation, "__metadata__"):  # bounds and descriptions are told by the schema
        return _type(annotation.__origin__)
    arms = get_args(annotation)
    if not arms:
        return str(annotation.__name__)
    if hasattr(annotation, "__origin__"):
        inside = ", ".join("..." if arm is Ellipsis else _type(arm) for arm in arms)
        return f"{annotation.__origin__.__name__}[{inside}]"
    return " or ".join(_type(arm) for arm in arms)


def main() -> int:
    """Write the page, or say that it is stale."""
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.read_text(encoding="utf-8") == page():
        return 0
    print("docs/reference.md is stale: run .venv/bin/python tools/reference.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
