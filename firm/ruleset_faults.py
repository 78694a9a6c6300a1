"""Ruleset faults: all that is wrong with the shape of data that should be a ruleset or a program, at once and in words.

Beside the faults stands the same data with each faulty place filled by something that may stand there, so that what contradicts itself
elsewhere can be told in the same round.
"""

import difflib
import re
from typing import Any

import msgspec
from msgspec import inspect

from firm.checks.problem import Problem
from firm.plain_figures import percent
from firm.ruleset import FirstRuleset, Program, Ruleset
from firm.ruleset_bounds import shown
from firm.ruleset_shape import members, purpose_of

_ONE_DIGIT_HOUR = re.compile(r"(\d):([0-5]\d)")
_CLOCK, _TERM_ID = r"^([01][0-9]|2[0-3]):[0-5][0-9]$", r"^[a-z0-9_-]+$"
_FOUND = {bool: "yes or no", int: "a number", str: "a text", list: "a list", dict: "a table of fields"}
_MISSING: Any = object()
FAULTS_MAX = 200
"""Told of one text: whoever puts so many right looks again."""


class Faults:
    """What is wrong with `raw`, and `mended`, in which nothing is, as far as shapes go. `kind`: Ruleset or Program."""

    def __init__(self, raw: Any, kind: type[Ruleset] | type[Program]) -> None:
        self.problems: list[Problem] = []
        self.mended = self._value(raw, inspect.type_info(kind), "", "")

    def _fault(self, path: str, reason: str, told: str) -> None:
        if len(self.problems) < FAULTS_MAX:
            self.problems.append(Problem(path, f"{reason}. {told}".strip() if told else reason))

    def _value(self, raw: Any, shape: inspect.Type, path: str, told: str) -> Any:
        shapes = [one for one in members(shape) if not _is_first(one)]
        structs = [one for one in shapes if isinstance(one, inspect.StructType)]
        match raw:
            case None if any(isinstance(one, inspect.NoneType) for one in shapes):
                return None
            case bool() if any(isinstance(one, inspect.BoolType) for one in shapes):
                return raw
            case int() if not isinstance(raw, bool) and (number := _of(inspect.IntType, shapes)):
                return self._number(raw, number, path, told)
            case str() if enums := [one for one in shapes if isinstance(one, inspect.EnumType)]:
                return self._word(raw, enums, path)
            case str() if text := _of(inspect.StrType, shapes):
                return self._text(raw, text, path, told)
            case list() if many := _of(inspect.VarTupleType, shapes):
                return self._list(raw, many, path, told)
            case dict() if structs:
                return self._struct(raw, structs, path)
        self._fault(path, f"it is {_named(raw)}: write {_asked(shapes)}", told)
        return _sample(shape, path)

    def _number(self, raw: int, shape: inspect.IntType, path: str, told: str) -> int:
        least, most = shape.ge, shape.le
        if least is not None and raw < least:
            self._fault(path, f"{shown(str(raw))} is too little: at least {_counted(least, path)}", told)
            return least
        if most is not None and raw > most:
            self._fault(path, f"{shown(str(raw))} is too much: at most {_counted(most, path)}", told)
            return most
        return raw

    def _word(self, raw: str, enums: list[inspect.EnumType], path: str) -> str:
        words = tuple(str(word.value) for one in enums for word in one.cls)
        if raw not in words:
            self._fault(path, f"{shown(raw)} is not known here{nearest(raw, words)}. It may be {', '.join(words)}", "")
            return words[0]
        return raw

    def _text(self, raw: str, shape: inspect.StrType, path: str, told: str) -> str:
        reason = ""
        if shape.min_length is not None and len(raw) < shape.min_length:
            reason = "it is empty: write something"
        elif shape.max_length is not None and len(raw) > shape.max_length:
            reason = f"it has {len(raw)} characters: at most {shape.max_length}"
        elif shape.pattern is not None and not re.search(shape.pattern, raw):
            reason = _unlike(raw, shape.pattern)
        if reason:
            self._fault(path, reason, told)
            return str(_sample(shape, path))
        return raw

    def _list(self, raw: list[Any], shape: inspect.VarTupleType, path: str, told: str) -> list[Any]:
        least, most = shape.min_length or 0, shape.max_length
        if len(raw) < least:
            self._fault(path, f"it is empty: at least {least} {'belongs' if least == 1 else 'belong'} in it", told)
            return [_sample(shape.item_type, f"{path}[{place}]") for place in range(least)]
        if most is not None and len(raw) > most:
            self._fault(path, f"there are {len(raw)}: at most {most}", told)
        kept = raw if most is None else raw[:most]
        return [self._value(one, shape.item_type, f"{path}[{place}]", told) for place, one in enumerate(kept)]

    def _struct(self, raw: dict[Any, Any], structs: list[inspect.StructType], path: str) -> dict[str, Any]:
        owner = self._meant(raw, structs, path)
        if owner is None:
            return dict(_sample(structs[0], path))
        known = (*(field.encode_name for field in owner.fields), *([owner.tag_field] if owner.tag_field else []))
        for name in raw:
            if name not in known:
                self._fault(joined(path, shown(str(name))), f"there is no such field{nearest(str(name), known)}", "")
        mended: dict[str, Any] = {} if owner.tag_field is None else {owner.tag_field: owner.tag}
        for field in owner.fields:
            name, told = field.encode_name, purpose_of(owner, field)
            if name in raw:
                mended[name] = self._value(raw[name], field.type, joined(path, name), told)
            elif field.required:
                self._fault(joined(path, name), "it is missing, and nothing stands for it", told)
                mended[name] = _sample(field.type, joined(path, name))
        return mended

    def _meant(self, raw: dict[Any, Any], structs: list[inspect.StructType], path: str) -> inspect.StructType | None:
        """Which of them the data mean, by their tag. A ruleset's is its semantics, which was asked for before."""
        if len(structs) == 1:
            return structs[0]
        field = str(structs[0].tag_field)
        tags = tuple(str(one.tag) for one in structs)
        tag = raw.get(field, _MISSING)
        if tag is _MISSING:
            kinds = f"It says which kind this is: {', '.join(tags)}."
            self._fault(joined(path, field), "it is missing, and nothing stands for it", kinds)
        elif tag not in tags:
            reason = f"{shown(str(tag))} is not known here{nearest(str(tag), tags)}. It may be {', '.join(tags)}"
            self._fault(joined(path, field), reason, "")
        return next((one for one in structs if one.tag == tag), None)


def is_elsewhere(path: str, faults: list[Problem]) -> bool:
    """Whether what is told of the mended data at `path` is true of the data as well: not of a faulty term, nor of what holds one,
    nor of what stands for something missing.
    """
    return not any(
        _piece(path) == _piece(one.path) or one.path.startswith(path) or _lies_in(path, one.path) for one in faults
    )


def _lies_in(path: str, whole: str) -> bool:
    return path.startswith((f"{whole}.", f"{whole}["))


def nearest(name: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(shown(name), known, n=1)
    return f": {close[0]} is near" if close else ""


def joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _piece(path: str) -> str:
    """The term that a path lies in, else its whole field: what is wrong in one is not looked at twice."""
    term = re.match(r".*?\bterms\[\d+\]", path)
    return term[0] if term else path.partition(".")[0] if not path.startswith("phases") else path


def _is_first(shape: inspect.Type) -> bool:
    return isinstance(shape, inspect.StructType) and shape.cls is FirstRuleset


def _of(kind: Any, shapes: list[inspect.Type]) -> Any:
    return next((one for one in shapes if isinstance(one, kind)), None)


def _named(raw: Any) -> str:
    match raw:
        case None:
            return "null"
        case bool():
            return "yes" if raw else "no"
        case float():  # only to be named: a figure with a fraction is refused wherever it stands
            return f"{raw}, which is no whole number"
        case str():
            return f'the text "{raw[:40]}"'
        case int():
            return f"the number {shown(str(raw))}"
    return _FOUND.get(type(raw), f"{raw}, which is no text")


def _asked(shapes: list[inspect.Type]) -> str:
    words: dict[str, None] = {}
    for one in shapes:
        match one:
            case inspect.BoolType():
                words["true or false"] = None
            case inspect.IntType():
                words["a whole number"] = None
            case inspect.EnumType():
                words["one of " + ", ".join(str(word.value) for word in one.cls)] = None
            case inspect.StrType():
                words["a text"] = None
            case inspect.VarTupleType():
                words["a list"] = None
            case inspect.StructType():
                words["a table of fields"] = None
            case _:
                words["null"] = None
    return " or ".join(words)


def _counted(number: int, path: str) -> str:
    return f"{number:,}" + (f", which is {percent(number)}" if number and path.endswith("bp") else "")


def _unlike(raw: str, pattern: str) -> str:
    if pattern == _CLOCK:
        short = _ONE_DIGIT_HOUR.fullmatch(raw)
        return f"{shown(raw)} is no time of day: write " + (f"0{short[1]}:{short[2]}" if short else "00:00 to 23:59")
    if pattern == _TERM_ID:
        like = re.sub(r"[^a-z0-9_-]+", "_", shown(raw).lower()).strip("_")
        return f'"{shown(raw)}" may hold small letters, digits, _ and - alone' + (f": write {like}" if like else "")
    return f'"{shown(raw)}" holds a character that may not stand here'


def _sample(shape: inspect.Type, path: str) -> Any:
    """Something that may stand here."""
    one = next(one for one in members(shape) if not _is_first(one))
    match one:
        case inspect.BoolType():
            return False
        case inspect.IntType():
            return one.ge if one.ge is not None else 1
        case inspect.EnumType():
            return next(iter(one.cls)).value
        case inspect.StrType():
            pattern = one.pattern
            return "00:00" if pattern == _CLOCK else re.sub(r"[^a-z0-9]+", "_", path.lower())[-64:] or "x"
        case inspect.VarTupleType():
            return [_sample(one.item_type, f"{path}[{place}]") for place in range(one.min_length or 0)]
        case inspect.StructType():
            tag = {} if one.tag_field is None else {one.tag_field: one.tag}
            return tag | {
                field.encode_name: _sample(field.type, joined(path, field.encode_name))
                for field in one.fields
                if field.required
            }
    return None


def mended_rules(faults: Faults, kind: type[Ruleset] | type[Program]) -> Ruleset | Program | None:
    """What the mended data say; None where a term is of no kind that is known, so that nobody can say what goes with it."""
    if any(problem.path.endswith(".type") for problem in faults.problems):
        return None
    try:
        return msgspec.convert(faults.mended, kind)
    except msgspec.ValidationError:
        return None
