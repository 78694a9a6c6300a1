"""Ruleset form: the language of rulesets as fields of a form, made from the types that read it: what may be chosen, bounds, and help.

What is typed lies flat, by the paths that problems have: `phases[0].ruleset.terms[2].amount.bp`. Beside a path, `|kind` says which of
several kinds was chosen there, and `|many` how many items a list has. A field that nobody filled in is missing, and nothing stands for it.
Figures are typed as people write them (`firm/form_figures.py`): an amount with its currency is one field.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from firm.bounds import AMOUNT_MINOR_MAX
from firm.checks.problem import Problem
from firm.form_figures import DECIMALS, Unit, read_money, typed_money, unit_of
from firm.form_words import help_of, label_of
from firm.money import Money
from firm.ruleset import FirstRuleset
from firm.ruleset_shape import members, purpose_of

KIND, MANY = "|kind", "|many"
ITEMS_MAX = 500
"""Of one list, whatever a form says."""

Typed = Mapping[str, str]


class Control(StrEnum):
    """How a field is filled in."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    CHOICE = "choice"
    GROUP = "group"
    LIST = "list"


class FormField(msgspec.Struct, frozen=True, kw_only=True):
    """One field. `choices`: what may be chosen (of a list: what an item may be); `fields`: of a group, of what was chosen, or the items.

    `unit` stands beside a number, and `bounds` tells its least and most in it; `decimals`: those that were chosen for an amount of money.
    """

    path: str
    label: str
    help: str
    control: Control
    value: str = ""
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    unit: str = ""
    bounds: str = ""
    decimals: str = ""
    fields: tuple["FormField", ...] = ()


def form_of(kind: Any, typed: Typed) -> tuple[FormField, ...]:
    """The fields of a struct, as far as what is typed says which there are."""
    shape = _shape_of(kind)
    assert isinstance(shape, inspect.StructType)
    return tuple(_fields(shape, "", typed))


def data_of(kind: Any, typed: Typed, path: str = "") -> tuple[Any, tuple[Problem, ...]]:
    """The data that were typed at a path, as JSON has them, and what is missing or no figure. Fields that are missing are left out.

    None where nobody said which of several kinds stands there.
    """
    problems: list[Problem] = []
    data = _read(_shape_of(kind), path, "", typed, problems)
    return None if data is _MISSING else data, tuple(problems)


def typed_of(kind: Any, value: Any) -> dict[str, str]:
    """What would have to be typed for a value of this type."""
    typed: dict[str, str] = {}
    figures: list[tuple[str, int]] = []
    _write(_shape_of(kind), "", msgspec.to_builtins(value), typed, figures)
    # What else was chosen says what a figure is in, so that figures come last.
    return typed | {path: unit_of(path, typed).text(figure) for path, figure in figures}


@cache
def _shape_of(kind: Any) -> inspect.Type:
    """Kept, for a form asks for it at every rule."""
    return inspect.type_info(kind)


# --- what there is to choose ---


def _options(shape: inspect.Type) -> dict[str, inspect.Type]:
    """Each kind that may stand here, by a word for it. Rulesets of the first semantics are written by nobody any more."""
    found: dict[str, inspect.Type] = {}
    for one in members(shape):
        match one:
            case inspect.StructType(cls=cls) if cls is FirstRuleset:
                continue
            case inspect.StructType(tag=str() as tag):
                found[tag] = one
            case inspect.StructType():
                found[one.cls.__name__.lower()] = one
            case inspect.EnumType():
                found |= {str(word.value): one for word in one.cls}
            case inspect.BoolType():
                found |= {"yes": one, "no": one}
            case inspect.NoneType():
                found["none"] = one
            case inspect.IntType():
                found["number"] = one
            case inspect.StrType():
                found["text"] = one
            case inspect.VarTupleType():
                found["list"] = one
            case _:
                raise AssertionError(f"no form has a field for {one}")
    return found


def _is_chosen(options: Mapping[str, inspect.Type]) -> bool:
    """Whether somebody has to say which; words and "none" are said so even where there is but one."""
    only = next(iter(options.values()))
    return len(options) > 1 or isinstance(only, inspect.EnumType | inspect.BoolType | inspect.NoneType)


def _scalar(shape: inspect.Type) -> bool:
    return isinstance(shape, inspect.EnumType | inspect.BoolType | inspect.NoneType)


# --- the form ---


def _fields(owner: inspect.StructType, path: str, typed: Typed) -> Iterator[FormField]:
    for field in owner.fields:
        below = f"{path}.{field.encode_name}" if path else field.encode_name
        name, told = _words(owner, field)
        yield _field(field.type, below, name, told, typed)


def _words(owner: inspect.StructType, field: inspect.Field) -> tuple[str, str]:
    """What the field is called, and its help."""
    kind, name = owner.cls.__name__, field.encode_name
    return label_of(kind, name), help_of(kind, name, purpose_of(owner, field))


def _field(shape: inspect.Type, path: str, name: str, told: str, typed: Typed) -> FormField:
    options = _options(shape)
    if not _is_chosen(options):
        [only] = options.values()
        return _of(only, path, name, told, typed)
    chosen = typed.get(path + KIND, "")
    below = options.get(chosen)
    inner: tuple[FormField, ...] = ()
    if isinstance(below, inspect.StructType):
        inner = tuple(_fields(below, path, typed))
    elif below is not None and not _scalar(below):
        inner = (_of(below, path, name, "", typed),)
    return FormField(
        path=path,
        label=name,
        help=told,
        control=Control.CHOICE,
        value=chosen,
        choices=tuple(options),
        fields=inner,
    )


def _of(shape: inspect.Type, path: str, name: str, told: str, typed: Typed) -> FormField:
    label, value = name, typed.get(path, "")
    match shape:
        case inspect.StructType(cls=cls) if cls is Money:
            return FormField(
                path=path,
                label=label,
                help=told,
                control=Control.MONEY,
                value=value,
                decimals=typed.get(path + DECIMALS, ""),
            )
        case inspect.StructType():
            return FormField(
                path=path, label=label, help=told, control=Control.GROUP, fields=tuple(_fields(shape, path, typed))
            )
        case inspect.VarTupleType():
            items = _options(shape.item_type)
            return FormField(
                path=path,
                label=label,
                help=told,
                control=Control.LIST,
                value=str(many_of(path, typed)),
                choices=tuple(items) if _is_chosen(items) else (),
                fields=tuple(
                    _field(shape.item_type, f"{path}[{place}]", f"{name} {place + 1}", "", typed)
                    for place in range(many_of(path, typed))
                ),
            )
        case inspect.IntType():
            unit = unit_of(path, typed)
            return FormField(
                path=path,
                label=label,
                help=told,
                control=Control.NUMBER,
                value=value,
                least=shape.ge,
                most=shape.le,
                unit=unit.sign,
                bounds=_bounds(shape, unit),
            )
        case _:
            return FormField(path=path, label=label, help=told, control=Control.TEXT, value=value)


def _bounds(shape: inspect.IntType, unit: Unit) -> str:
    """Its least and most in the unit; a most that only keeps sums exact is not worth telling."""
    least = "" if shape.ge is None else f"from {unit.text(shape.ge)}"
    most = "" if shape.le is None or shape.le >= AMOUNT_MINOR_MAX else f"to {unit.text(shape.le)}"
    return f"{least} {most}".strip() if most else ""


def many_of(path: str, typed: Typed) -> int:
    """How many items the list at a path has."""
    text = typed.get(path + MANY, "0")
    return min(int(text), ITEMS_MAX) if text.isascii() and text.isdigit() and len(text) < len(str(ITEMS_MAX)) + 2 else 0


# --- what was typed, as data ---

_MISSING = object()


def _read(shape: inspect.Type, path: str, told: str, typed: Typed, problems: list[Problem]) -> Any:
    options = _options(shape)
    if _is_chosen(options):
        word = typed.get(path + KIND, "")
        chosen = options.get(word)
        if chosen is None:
            return _missing(path, told, problems)
        match chosen:
            case inspect.NoneType():
                return None
            case inspect.BoolType():
                return word == "yes"
            case inspect.EnumType():
                return word
        return _read_one(chosen, path, told, typed, problems)
    [only] = options.values()
    return _read_one(only, path, told, typed, problems)


def _read_one(shape: inspect.Type, path: str, told: str, typed: Typed, problems: list[Problem]) -> Any:
    match shape:
        case inspect.StructType(cls=cls) if cls is Money:
            return _money(path, told, typed, problems)
        case inspect.StructType():
            data: dict[str, Any] = {} if shape.tag_field is None else {shape.tag_field: shape.tag}
            for field in shape.fields:
                below = f"{path}.{field.encode_name}" if path else field.encode_name
                value = _read(field.type, below, _words(shape, field)[1], typed, problems)
                if value is not _MISSING:
                    data[field.encode_name] = value
            return data
        case inspect.VarTupleType():
            places = range(many_of(path, typed))
            found = [_read(shape.item_type, f"{path}[{place}]", told, typed, problems) for place in places]
            return [value for value in found if value is not _MISSING]
        case inspect.IntType():
            return _number(path, told, typed, problems)
        case _:
            return typed.get(path, "").strip() or _missing(path, told, problems)


def _number(path: str, told: str, typed: Typed, problems: list[Problem]) -> Any:
    text = typed.get(path, "")
    if not text.strip():
        return _missing(path, told, problems)
    try:
        return unit_of(path, typed).read(text)
    except ValueError as wrong:
        problems.append(Problem(path, f"{wrong} {told}".strip()))
        return _MISSING


def _money(path: str, told: str, typed: Typed, problems: list[Problem]) -> Any:
    text = typed.get(path, "")
    if not text.strip():
        return _missing(path, told, problems)
    try:
        return msgspec.to_builtins(read_money(text, typed.get(path + DECIMALS, "")))
    except ValueError as wrong:
        problems.append(Problem(path, str(wrong)))
        return _MISSING


def _missing(path: str, told: str, problems: list[Problem]) -> object:
    problems.append(Problem(path, f"it is missing, and nothing stands for it. {told}".strip()))
    return _MISSING


# --- data, as they would be typed ---


def _write(shape: inspect.Type, path: str, data: Any, typed: dict[str, str], figures: list[tuple[str, int]]) -> None:
    options = _options(shape)
    word = _word_for(options, data) if _is_chosen(options) else next(iter(options))
    if _is_chosen(options):
        typed[path + KIND] = word
    match options[word]:
        case inspect.StructType(cls=cls) if cls is Money:
            typed |= typed_money(path, Money(**data))
        case inspect.StructType() as owner:
            for field in owner.fields:
                below = f"{path}.{field.encode_name}" if path else field.encode_name
                left_out = None if field.default is msgspec.NODEFAULT else field.default
                _write(field.type, below, data.get(field.encode_name, left_out), typed, figures)
        case inspect.VarTupleType() as many:
            typed[path + MANY] = str(len(data))
            for place, item in enumerate(data):
                _write(many.item_type, f"{path}[{place}]", item, typed, figures)
        case inspect.IntType():
            figures.append((path, data))
        case inspect.StrType():
            typed[path] = str(data)


def _word_for(options: Mapping[str, inspect.Type], data: Any) -> str:
    match data:
        case None:
            return "none"
        case bool():
            return "yes" if data else "no"
        case int():
            return "number"
        case dict():
            return next(word for word, one in options.items() if _is_of(one, data))
        case str() if data in options:
            return data
        case str():
            return "text"
        case _:
            return "list"


def _is_of(shape: inspect.Type, data: dict[str, Any]) -> bool:
    if not isinstance(shape, inspect.StructType):
        return False
    return shape.tag_field is None or data.get(shape.tag_field) == shape.tag
