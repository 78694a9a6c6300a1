"""Ruleset shape: what the language's types say about data that is not a ruleset yet: what a field is for, and where null may stand.

The types are those of `firm/ruleset.py`; data are what JSON and TOML give: dicts, lists, text and numbers.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from firm.ruleset import Ruleset

NULL = "null"
"""Stands for null in TOML, which has none, wherever null may stand."""

_STEPS = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


def field_description(raw: Any, path: str, kind: Any = Ruleset) -> str:
    """What the field at `path` of the data is for, as in `terms[2].lock.offset`; "" where no such field is known.

    The field itself may be missing; the fields above it decide, by their tags, what it would be.
    """
    shape = inspect.type_info(kind)
    *above, last = _steps(path)
    for step in above:
        raw, shape = _below(raw, shape, step)
    owner = _narrowed(shape, raw)
    if not isinstance(owner, inspect.StructType):
        return ""
    return next((purpose_of(owner, field) for field in owner.fields if field.encode_name == last), "")


def known_fields(raw: Any, path: str, kind: Any) -> tuple[str, ...]:
    """The names of the fields that an object at `path` may have; of an object without a known tag: its tag alone."""
    shape = inspect.type_info(kind)
    for step in _steps(path):
        raw, shape = _below(raw, shape, step)
    owner = _narrowed(shape, raw)
    return tuple(field.encode_name for field in owner.fields) if isinstance(owner, inspect.StructType) else ()


def allowed_words(raw: Any, path: str, kind: Any) -> tuple[str, ...]:
    """The words that may stand at `path`: values of an enumeration, or tags of what may lie there."""
    shape = inspect.type_info(kind)
    *above, last = _steps(path)
    for step in above:
        raw, shape = _below(raw, shape, step)
    tags = tuple(
        str(one.tag) for one in members(shape) if isinstance(one, inspect.StructType) and one.tag_field == last
    )
    _, shape = _below(raw, shape, last)
    return tags + tuple(
        str(word.value) for one in members(shape) if isinstance(one, inspect.EnumType) for word in one.cls
    )


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


def _steps(path: str) -> list[str | int]:
    return [int(place) if place else name for place, name in _STEPS.findall(path)]


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
