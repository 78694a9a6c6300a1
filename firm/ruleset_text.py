"""Ruleset text: rulesets and programs as TOML and JSON that people write, read strictly and written so that they read back the same.

Both have the fields of `firm/ruleset.py` by the same names. TOML has no null: "null" stands for it.
"""

import json
import tomllib
from collections.abc import Iterator
from typing import Any

import msgspec

from firm.checks.problem import Problem
from firm.ruleset import SEMANTICS, Program, Ruleset
from firm.ruleset_bounds import out_of_bounds, shown
from firm.ruleset_checks import problems_of, problems_of_program
from firm.ruleset_faults import Faults, is_elsewhere, mended_rules
from firm.ruleset_shape import NULL, with_nulls

LINE_WIDTH = 110
NOTHING_WRITTEN = "nothing is written here: begin with a ready program (docs/templates.md), or see what rules can say (docs/rulebook.md)"

_SECTIONS = frozenset({"calendar", "phases", "ruleset", "terms"})
"""Fields that have a heading of their own in TOML; whatever lies below them stands on a line."""

Rules = Ruleset | Program


class RulesetRefused(ValueError):
    """The text is no ruleset and no program. `problems` say where, and why: all that was found, `problem` the first."""

    def __init__(self, path: str, reason: str, *others: Problem) -> None:
        self.problem = Problem(path, reason)
        self.problems = (self.problem, *others)
        more = f" (and {len(others)} more)" if others else ""
        super().__init__(f"{self.problem}{more}")


def read_toml(text: str) -> Rules:
    """A ruleset, or a program where there are phases. Raises RulesetRefused with all fields that are not as they must be."""
    text = _bounded(text)
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as broken:
        raise RulesetRefused("", f"it is no TOML: {broken}") from broken
    return _rules(with_nulls(raw, _kind(raw)))


def read_json(text: str) -> Rules:
    """The same of JSON."""
    text = _bounded(text)
    try:
        raw = json.loads(text, object_pairs_hook=_each_once)
    except RulesetRefused:
        raise
    except (ValueError, RecursionError) as broken:  # a number of thousands of digits is a ValueError alone
        raise RulesetRefused("", f"it is no JSON: {broken}") from broken
    return _rules(raw)


def read_data(raw: Any) -> Rules:
    """The same of data that JSON would give."""
    return _rules(raw)


def json_of(rules: Rules) -> str:
    """JSON for people; the bytes that an id is made of are `Ruleset.canonical`."""
    return json.dumps(msgspec.to_builtins(rules), ensure_ascii=False, indent=2) + "\n"


def toml_of(rules: Rules) -> str:
    """TOML that reads back as the same rules. Raises RulesetRefused where a name is "null", for that would be nothing."""
    lines = _table_lines("", msgspec.to_builtins(rules))
    text = "\n".join(lines).strip() + "\n"
    if read_toml(text) != rules:
        raise RulesetRefused("", f'a name in it is "{NULL}", which means nothing in TOML: choose another')
    return text


def _bounded(text: str) -> str:
    """The text without the mark that Windows puts before it, where it is no larger and no deeper than any ruleset."""
    if reason := out_of_bounds(text):
        raise RulesetRefused("", reason)
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise RulesetRefused("", NOTHING_WRITTEN)
    return text


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON would let the last of two win, and nobody would see which was meant."""
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields:
            raise RulesetRefused(shown(name), "this field stands twice in one object")
        fields[name] = value
    return fields


def _kind(raw: Any) -> Any:
    return Program if isinstance(raw, dict) and "phases" in raw else Ruleset


def _rules(raw: Any) -> Rules:
    if raw == {}:
        raise RulesetRefused("", NOTHING_WRITTEN)
    kind = _kind(raw)
    try:
        rules = msgspec.convert(raw, kind)
        msgspec.json.encode(rules)
    except msgspec.ValidationError as wrong:
        raise _refusal(str(wrong), raw, kind) from wrong
    except UnicodeEncodeError as wrong:  # half of a surrogate pair, which JSON can spell and no file can hold
        raise RulesetRefused("", f"it holds text that is no Unicode: {wrong}") from wrong
    assert isinstance(rules, Ruleset | Program)
    if other := tuple(_other_semantics(raw)):
        raise RulesetRefused(other[0].path, other[0].reason, *other[1:])
    return rules


def _raw_rulesets(raw: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is meant as a ruleset, with its path; shapes that are none are told by what reads them."""
    match raw:
        case {"phases": [*phases]}:
            for place, phase in enumerate(phases):
                if isinstance(phase, dict) and isinstance(phase.get("ruleset"), dict):
                    yield f"phases[{place}].ruleset.semantics", phase["ruleset"]
        case dict() if "phases" not in raw:
            yield "semantics", raw


def _other_semantics(raw: Any) -> Iterator[Problem]:
    """Which meaning its words have is never guessed: rulesets of the first were sold, and nobody writes another."""
    for path, ruleset in _raw_rulesets(raw):
        semantics = ruleset.get("semantics")
        if type(semantics) is not int or semantics != SEMANTICS:
            told = "it is missing" if semantics is None else f"{semantics} is read nowhere but where it was sold"
            yield Problem(path, f"{told}. It says by which meaning the words are read: write {SEMANTICS}")


def _refusal(wrong: str, raw: Any, kind: type[Rules]) -> RulesetRefused:
    """All that is wrong, in words. `wrong`: what the library says, which stands where the language finds nothing."""
    faults = Faults(raw, kind)
    problems = [*_other_semantics(raw), *faults.problems]
    mended = mended_rules(faults, kind)
    if mended is not None:
        found = problems_of_program(mended) if isinstance(mended, Program) else problems_of(mended)
        problems += [one for one in found if is_elsewhere(one.path, problems)]
    first, *others = problems or [Problem("", wrong[:1].lower() + wrong[1:].replace("`", ""))]
    return RulesetRefused(first.path, first.reason, *others)


# --- TOML ---


def _table_lines(heading: str, table: dict[str, Any]) -> list[str]:
    lines = [f"{key} = {_value(value)}" for key, value in table.items() if not _is_section(key, value)]
    for key, value in table.items():
        if _is_section(key, value):
            below = f"{heading}.{key}" if heading else key
            opened, tables = (f"[[{below}]]", value) if isinstance(value, tuple) else (f"[{below}]", (value,))
            for one in tables:
                lines += ["", opened, *_table_lines(below, one)]
    return lines


def _is_section(key: str, value: Any) -> bool:
    """A term names its calendar by one word; the ruleset's own is a table."""
    return key in _SECTIONS and isinstance(value, dict | tuple)


def _value(value: Any) -> str:
    match value:
        case None:
            return f'"{NULL}"'
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            # JSON's string is TOML's, but for the one control character that JSON lets stand.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case dict():
            return "{ " + ", ".join(f"{key} = {_value(one)}" for key, one in value.items()) + " }"
        case tuple():
            return _array([_value(one) for one in value])
    raise AssertionError(f"{value!r} stands in no ruleset")


def _array(items: list[str]) -> str:
    line = f"[{', '.join(items)}]"
    return line if len(line) <= LINE_WIDTH else "[\n" + "".join(f"    {item},\n" for item in items) + "]"
