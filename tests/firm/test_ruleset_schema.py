"""Ruleset schema: a published description of the language that other tools read: every field required and described, none unknown."""

import json
from collections.abc import Iterator
from typing import Any

from firm.ruleset_schema import ruleset_schema
from firm.terms.union import KINDS
from tests.firm.ruleset_examples import RULESET

SCHEMA = ruleset_schema()
# Without it a rule goes by what rules went by before they could name a calendar: nothing else could be meant.
NOT_ASKED = {"NewsWindow": {"calendar"}, "HoldingLimit": {"calendar"}}


def resolved(shape: dict[str, Any]) -> dict[str, Any]:
    return SCHEMA["$defs"][shape["$ref"].rpartition("/")[2]] if "$ref" in shape else shape


def alternatives(shape: dict[str, Any]) -> list[dict[str, Any]]:
    shape = resolved(shape)
    return [one for inner in shape["anyOf"] for one in alternatives(inner)] if "anyOf" in shape else [shape]


def unexplained(value: Any, shape: dict[str, Any], path: str = "$") -> Iterator[str]:
    """Where the value is not as the schema has it: objects by their fields, lists by their items, words by their list."""
    shapes = alternatives(shape)
    match value:
        case dict():
            fitting = [one for one in shapes if set(one.get("required", ())) == set(value) and _tagged(value, one)]
            if len(fitting) != 1:
                yield f"{path}: {len(fitting)} objects fit"
                return
            for name, inner in value.items():
                yield from unexplained(inner, fitting[0]["properties"][name], f"{path}.{name}")
        case list():
            for place, item in enumerate(value):
                items = next(one for one in shapes if one["type"] == "array")["items"]
                yield from unexplained(item, items, f"{path}[{place}]")
        case None:
            if {"type": "null"} not in shapes:
                yield f"{path}: null"
        case str():
            if not any(value in one.get("enum", [value] if one.get("type") == "string" else []) for one in shapes):
                yield f"{path}: {value}"
        case _:
            kind = "boolean" if isinstance(value, bool) else "integer"
            if not any(one.get("type") == kind or value in one.get("enum", ()) for one in shapes):
                yield f"{path}: {value}"


def _tagged(value: dict[str, Any], shape: dict[str, Any]) -> bool:
    return "type" not in value or value["type"] in resolved(shape["properties"]["type"])["enum"]


def test_it_says_which_dialect_and_which_schema_it_is() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["$id"] == "urn:evenhand:ruleset:2"
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


def test_the_example_with_every_kind_of_term_is_as_the_schema_has_it() -> None:
    assert list(unexplained(RULESET, SCHEMA)) == []


def test_what_is_wrong_is_not_as_the_schema_has_it() -> None:
    spoilt = json.loads(json.dumps(RULESET))
    spoilt["terms"][0]["scope"] = "daily"
    del spoilt["terms"][1]["boundary"]
    spoilt["await_swap"] = None
    told = list(unexplained(spoilt, SCHEMA))
    assert told == ["$.await_swap: null", "$.terms[0].scope: daily", "$.terms[1]: 0 objects fit"]


def test_every_kind_of_term_is_in_it_with_its_tag() -> None:
    terms = resolved(SCHEMA)["properties"]["terms"]["items"]
    assert set(terms["discriminator"]["mapping"]) == set(KINDS)


def test_every_object_asks_for_all_of_its_fields_and_lets_no_other_in() -> None:
    for name, shape in SCHEMA["$defs"].items():
        if shape.get("type") == "object":
            assert set(shape["required"]) == set(shape["properties"]) - NOT_ASKED.get(name, set()), name
            assert shape["additionalProperties"] is False, name


def test_every_field_of_a_term_is_described() -> None:
    for kind in KINDS.values():
        shape = SCHEMA["$defs"][kind.__name__]
        assert shape["description"], kind
        for name, field in shape["properties"].items():
            assert name == "type" or field.get("description"), f"{kind.__name__}.{name}"
