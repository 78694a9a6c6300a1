"""Any terms: whatever the language's types let somebody write into a ruleset, sensible or not; what `check` then accepts must work."""

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st
from msgspec import inspect

from firm.terms.union import KINDS
from firm.terms.words import ShareOf
from tests.firm.ruleset_examples import RULESET, TERMS

_TEXTS = {"zone": st.sampled_from(["Europe/Prague", "America/New_York", "Etc/GMT-3", "EST"])}
_NUMBERS = (0, 1, 2, 3, 60, 100, 500, 1_000, 3_333, 5_000, 8_000, 10_000, 10_001, 20_000, 500_000, 10_000_000, 10**8)
SIZE_MINOR = 10_000_000


def changed_ruleset() -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """A term's name, and the example of every kind of term with one to three fields of that term written anew, with a target or without."""
    return st.sampled_from(sorted(TERMS)).flatmap(_changed)


def _changed(name: str) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    shape = inspect.type_info(KINDS[TERMS[name]["type"]])
    assert isinstance(shape, inspect.StructType)
    fields = {field.encode_name: _shaped(field.type, field.encode_name) for field in shape.fields if field.name != "id"}
    if not fields:
        return st.just((name, _with(name, {}, has_target=True)))
    some = st.sets(st.sampled_from(sorted(fields)), min_size=1, max_size=3)
    anew = some.flatmap(lambda chosen: st.fixed_dictionaries({one: fields[one] for one in sorted(chosen)}))
    return st.builds(
        lambda changes, has_target: (name, _with(name, changes, has_target=has_target)), anew, st.booleans()
    )


def _with(name: str, changes: dict[str, Any], *, has_target: bool) -> dict[str, Any]:
    terms = [{"id": one} | term | (changes if one == name else {}) for one, term in TERMS.items()]
    return RULESET | {
        "terms": [term for term in terms if has_target or term["id"] in ("score", name) or term["id"] != "target"]
    }


def shares_of_everything() -> Iterator[tuple[str, dict[str, Any]]]:
    """The example with each of its shares being one of each thing that shares may be of; an amount or none made a share as well."""
    for name, term in TERMS.items():
        for field, value in term.items():
            for changed in _as_shares(value, may_become=field in _AMOUNTS):
                yield name, _with(name, {field: changed}, has_target=True)


def _as_shares(value: Any, *, may_become: bool) -> Iterator[Any]:
    if may_become or (isinstance(value, dict) and value.get("type") in ("share", "fixed")):
        yield from ({"type": "share", "bp": 500, "of": of.value} for of in ShareOf)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from ({**value, key: changed} for changed in _as_shares(inner, may_become=False))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            for changed in _as_shares(inner, may_become=False):
                yield [*value[:place], changed, *value[place + 1 :]]


_AMOUNTS = ("amount", "profit_min", "trader_share_min", "buffer", "after", "risk_max", "trade_loss_max")


def _shaped(shape: Any, name: str) -> st.SearchStrategy[Any]:
    match shape:
        case inspect.Metadata():
            return _shaped(shape.type, name)
        case inspect.UnionType():
            return st.one_of(*(_shaped(one, name) for one in shape.types))
        case inspect.NoneType():
            return st.none()
        case inspect.BoolType():
            return st.booleans()
        case inspect.EnumType():
            return st.sampled_from([word.value for word in shape.cls])
        case inspect.IntType():
            least, most = shape.ge or 0, shape.le or 10**12
            known = [number for number in _NUMBERS if least <= number <= most]
            return st.sampled_from(known or [least])
        case inspect.StrType():
            return _text(shape, name)
        case inspect.VarTupleType():
            least = shape.min_length or 0
            most = min(shape.max_length or 2, max(2, least))
            return st.lists(_shaped(shape.item_type, name), min_size=least, max_size=most)
        case inspect.StructType():
            fields = {field.encode_name: _shaped(field.type, field.encode_name) for field in shape.fields}
            tag = {"type": st.just(shape.tag)} if shape.tag else {}
            return st.fixed_dictionaries(fields | tag)
    raise AssertionError(f"nothing is known of {shape} at {name}")


def _text(shape: Any, name: str) -> st.SearchStrategy[str]:
    if name in _TEXTS:
        return _TEXTS[name]
    if shape.pattern is not None and "0-9" in shape.pattern and ":" in shape.pattern:
        return st.sampled_from(["00:00", "09:30", "21:00"])
    return st.sampled_from(["target", "term-0", "EURUSD"] if shape.pattern else ["EURUSD"])
