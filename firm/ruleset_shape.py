"""Ruleset shape: what the language's types say about data that is not a ruleset yet: what a field is for, and where null may stand.

The types are those of `firm/ruleset.py`; data are what JSON and TOML give: dicts, lists, text and numbers.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

NULL = "null"
"""Stands for null in TOML, which has none, wherever null may stand."""


def with_nulls(raw: Any, kind: Any) -> Any:
    """The data with null for each "null" that stands where null may."""
    return _with_nulls(raw, inspect.type_info(kind))


def _with_nulls(raw: Any, shape: inspect.Type) -> Any:
    if raw == NULL and any(isinstance(one, inspect.NoneType) for one in members(shape)):
        return None
    match raw:
        case dict():
            return {key: _with_nulls(*_below(raw, shape, key)) for key in raw}
        case list():
            return [_with_nulls(*_below(raw, shape, place)) for place in range(len(raw))]
        case _:
            return raw


def _below(raw: Any, shape: inspect.Type, step: str | int) -> tuple[Any, inspect.Type]:
    """One step further into the data and what it should be; of what is not there, None of any type."""
    owner = _narrowed(shape, raw)
    match owner:
        case inspect.StructType() if isinstance(raw, dict):
            inner = next((field.type for field in owner.fields if field.encode_name == step), inspect.AnyType())
            return raw.get(step), inner
        case inspect.VarTupleType() if isinstance(raw, list) and isinstance(step, int) and step < len(raw):
            return raw[step], owner.item_type
        case _:
            return _untyped(raw, step), inspect.AnyType()


def _untyped(raw: Any, step: str | int) -> Any:
    match raw, step:
        case dict(), str():
            return raw.get(step)
        case list(), int() if step < len(raw):
            return raw[step]
    return None


def _narrowed(shape: inspect.Type, raw: Any) -> inspect.Type:
    """Which of the types that may stand here the data mean, by their tag."""
    found = tuple(members(shape))
    if isinstance(raw, dict):
        structs = [one for one in found if isinstance(one, inspect.StructType)]
        tagged = [one for one in structs if one.tag_field is not None and raw.get(one.tag_field) == one.tag]
        meant = tagged or [one for one in structs if one.tag_field is None]
        return meant[0] if meant else inspect.AnyType()
    return next((one for one in found if isinstance(one, inspect.VarTupleType)), found[0])


def members(shape: inspect.Type) -> Iterator[inspect.Type]:
    """The types that may stand where this one is asked for."""
    match shape:
        case inspect.Metadata():
            yield from members(shape.type)
        case inspect.UnionType():
            for one in shape.types:
                yield from members(one)
        case _:
            yield shape


def purpose_of(owner: inspect.StructType, field: inspect.Field) -> str:
    """Its own description; else what its type says of itself, or the type that it belongs to."""
    if isinstance(field.type, inspect.Metadata) and field.type.extra_json_schema:
        return str(field.type.extra_json_schema.get("description", "")) or _told_by(owner.cls, field.encode_name)
    return _told_by(owner.cls, field.encode_name)


@cache
def _told_by(owner: type[msgspec.Struct], field: str) -> str:
    """The paragraph about a field in the docstrings of its owner and what that descends from, else the owner's first."""
    docstrings = [vars(one).get("__doc__") or "" for one in owner.__mro__]
    paragraphs = [
        " ".join(part.split()) for docstring in docstrings for part in docstring.split("\n\n") if part.strip()
    ]
    return next((part for part in paragraphs if f"`{field}`" in part), paragraphs[0])
