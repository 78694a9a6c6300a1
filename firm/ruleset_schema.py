"""Ruleset schema: the language of rulesets and programs as JSON Schema 2020-12, made from the types that read them."""

from collections.abc import Iterator
from typing import Any

import msgspec

from firm.ruleset import SEMANTICS, Program, Ruleset

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_ID = f"urn:evenhand:rules:{SEMANTICS}"
"""Stays while the semantics do."""
_DEFS = "#/$defs/"


def rules_schema() -> dict[str, Any]:
    """A ruleset or a program, as files hold them: what `evenhand rules check`, `show` and `diff` take; `publish` takes a program.

    What fields must be to each other no schema says: `firm/ruleset_checks.py` does.
    """
    (ruleset, program), shapes = msgspec.json.schema_components((Ruleset, Program), ref_template=_DEFS + "{name}")
    # Rules in the first words are those of accounts that were sold them: no file holds any.
    shapes["Phase"]["properties"]["ruleset"] = ruleset | {"description": "The rules of the stage."}
    shapes["Money"]["additionalProperties"] = False  # rows may hold more of it one day, files of rules never
    return {
        "$schema": DIALECT,
        "$id": SCHEMA_ID,
        "title": f"Evenhand rules, semantics {SEMANTICS}: a ruleset (the rules of one phase) or a program (what is sold)",
        "anyOf": [ruleset, program],
        "$defs": {name: shapes[name] for name in sorted(_meant((ruleset, program), shapes))},
    }


def _meant(shape: Any, shapes: dict[str, Any]) -> set[str]:
    """The names of all shapes that this one refers to, near and far."""
    found: set[str] = set()
    waiting = list(_named(shape))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _named(shapes[name])
    return found


def _named(shape: Any) -> Iterator[str]:
    match shape:
        case {"$ref": str(ref), **rest}:
            yield ref.removeprefix(_DEFS)
            yield from _named(rest)
        case dict():
            for inner in shape.values():
                yield from _named(inner)
        case list() | tuple():
            for inner in shape:
                yield from _named(inner)
