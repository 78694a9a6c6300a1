"""Ruleset schema: a published description of the language that other tools read: every field required and described, none unknown."""

import json
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from firm.ruleset_schema import rules_schema
from firm.templates import Template, templates
from firm.terms.union import KINDS
from tests.firm.ruleset_examples import GONE, PROGRAM, RULESET, spoilt

SCHEMA = rules_schema()
VALIDATOR = jsonschema_rs.Draft202012Validator(SCHEMA)
# Without it a rule goes by what rules went by before they could say it: nothing else could be meant.
NOT_ASKED = {
    "NewsWindow": {"calendar"},
    "HoldingLimit": {"calendar"},
    "IdeaRisk": {"gap_from"},
    "Consistency": {"fails_at"},
}


def test_it_says_which_dialect_and_which_schema_it_is() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["$id"] == "urn:evenhand:rules:2"
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    jsonschema_rs.meta.validate(SCHEMA)


@pytest.mark.parametrize("rules", [RULESET, PROGRAM], ids=["a ruleset", "a program"])
def test_a_ruleset_and_a_program_with_every_kind_of_term_are_as_it_has_them(rules: dict[str, Any]) -> None:
    VALIDATOR.validate(rules)


@pytest.mark.parametrize("template", templates(), ids=lambda template: template.name)
def test_each_ready_program_is_as_it_has_programs(template: Template) -> None:
    VALIDATOR.validate(msgspec.to_builtins(template.program))


@pytest.mark.parametrize(
    ("rules", "changes"),
    [
        (RULESET, {"daily_loss.scope": "daily"}),
        (RULESET, {"maximum_loss.boundary": GONE}),
        (RULESET, {"await_swap": None}),
        (RULESET, {"daily_loss.colour": "red"}),
        (RULESET, {"daily_loss.amount.bp": -500}),
        (RULESET, {"consistency.caps_bp": [14000]}),
        (RULESET, {"semantics": 1}),
        (PROGRAM, {"bridge": GONE}),
        (PROGRAM, {"size": 100_000}),
        (PROGRAM, {"phases[0].ruleset.terms[0].scope": "daily"}),
        (PROGRAM, {"phases[1].ruleset.semantics": 1}),
    ],
)
def test_what_is_wrong_is_not_as_it_has_it(rules: dict[str, Any], changes: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(spoilt(rules, changes))


def test_every_kind_of_term_is_in_it_with_its_tag() -> None:
    terms = SCHEMA["$defs"]["Ruleset"]["properties"]["terms"]["items"]
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
