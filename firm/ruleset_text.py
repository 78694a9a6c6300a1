"""Ruleset text: rulesets and programs as TOML and JSON that people write, read strictly and written so that they read back the same.

Both have the fields of `firm/ruleset.py` by the same names. TOML has no null: "null" stands for it.
"""

import difflib
import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import msgspec

from firm.checks.problem import Problem
from firm.ruleset import SEMANTICS, Program, Ruleset
from firm.ruleset_bounds import out_of_bounds, shown
from firm.ruleset_shape import NULL, allowed_words, field_description, known_fields, with_nulls

LINE_WIDTH = 110

_SECTIONS = frozenset({"calendar", "phases", "ruleset", "terms"})
"""Fields that have a heading of their own in TOML; whatever lies below them stands on a line."""
_PLACED = re.compile(r"(?P<told>.*) - at `\$\.?(?P<path>.*)`", re.DOTALL)

Rules = Ruleset | Program


class RulesetRefused(ValueError):
    """The text is no ruleset and no program. `problem` says where, and why."""

    def __init__(self, path: str, reason: str) -> None:
        self.problem = Problem(path, reason)
        super().__init__(str(self.problem))


def read_toml(text: str) -> Rules:
    """A ruleset, or a program where there are phases. Raises RulesetRefused at the first field that is not as it must be."""
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
    return text.removeprefix("\ufeff")


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
    for path, ruleset in _raw_rulesets(raw):
        _require_semantics(path, ruleset)
    try:
        rules = msgspec.convert(raw, _kind(raw))
        msgspec.json.encode(rules)
    except msgspec.ValidationError as wrong:
        raise _refusal(str(wrong), raw) from wrong
    except UnicodeEncodeError as wrong:  # half of a surrogate pair, which JSON can spell and no file can hold
        raise RulesetRefused("", f"it holds text that is no Unicode: {wrong}") from wrong
    assert isinstance(rules, Ruleset | Program)
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


def _require_semantics(path: str, ruleset: dict[str, Any]) -> None:
    """Which meaning its words have is never guessed: rulesets of the first were sold, and nobody writes another."""
    semantics = ruleset.get("semantics")
    if semantics != SEMANTICS:
        told = "it is missing" if semantics is None else f"{semantics} is read nowhere but where it was sold"
        raise RulesetRefused(path, f"{told}. It says by which meaning the words are read: write {SEMANTICS}")


# --- what is wrong ---


def _refusal(wrong: str, raw: Any) -> RulesetRefused:
    """msgspec names the place; the language says what should be there."""
    placed = _PLACED.fullmatch(wrong)
    told, path = (placed["told"], placed["path"]) if placed else (wrong, "")
    kind = _kind(raw)
    if missing := re.fullmatch(r"Object missing required field `(\w+)`", told):
        path = _joined(path, missing[1])
        return RulesetRefused(path, f"it is missing, and nothing stands for it. {_purpose(raw, path, kind)}".strip())
    if unknown := re.fullmatch(r"Object contains unknown field `(.*)`", told, re.DOTALL):
        near = _nearest(unknown[1], known_fields(raw, path, kind))
        return RulesetRefused(_joined(path, shown(unknown[1])), f"there is no such field{near}")
    if re.match(r"Invalid (enum )?value ", told):
        found, words = told.split("value ", 1)[1].strip("'"), allowed_words(raw, path, kind)
        listed = f". It may be {', '.join(words)}" if words else ""
        return RulesetRefused(path, f"{shown(found)} is not known here{_nearest(found, words)}{listed}")
    told = told[:1].lower() + told[1:].replace("`", "")
    return RulesetRefused(path, f"{told}. {_purpose(raw, path, kind)}".strip())


def _purpose(raw: Any, path: str, kind: Any) -> str:
    if path.rpartition(".")[2] == "type":
        return f"It says which kind this is: {', '.join(allowed_words(raw, path, kind))}."
    return field_description(raw, path, kind) if path else ""


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _nearest(name: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(shown(name), known, n=1)
    return f": {close[0]} is near" if close else ""


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
