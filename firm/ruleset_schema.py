"""Ruleset schema: the language of rulesets as JSON Schema 2020-12, made from the types that read them."""

from typing import Any

import msgspec

from firm.ruleset import SEMANTICS, Ruleset

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_ID = f"urn:evenhand:ruleset:{SEMANTICS}"
"""Stays while the semantics do."""


def ruleset_schema() -> dict[str, Any]:
    """One ruleset. What fields must be to each other no schema says: `firm/ruleset_checks.py` does."""
    schema = msgspec.json.schema(Ruleset)
    return {
        "$schema": DIALECT,
        "$id": SCHEMA_ID,
        "title": f"Evenhand ruleset, semantics {SEMANTICS}",
        **schema,
    }
