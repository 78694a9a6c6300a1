"""Program draft: what somebody wrote as a program before it is published: what is wrong with it, and what would change by it."""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from litestar.datastructures import UploadFile

from firm.checks.placeholders import placeholder_problems
from firm.checks.problem import Problem
from firm.ruleset import Program
from firm.ruleset_checks import problems_of_program
from firm.ruleset_diff import Change, program_changes
from firm.ruleset_text import RulesetRefused, read_json, read_toml


class Draft(msgspec.Struct, frozen=True):
    """`text`: TOML or JSON as it was written. `program`: None where it cannot be read; it may have `problems` all the same.

    `begun_from`: the fingerprint of the version that it was begun from; "" where it was begun from none.
    """

    text: str
    program: Program | None
    problems: tuple[Problem, ...]
    begun_from: str = ""


async def text_of(fields: Mapping[str, Any]) -> str:
    """What was written into the form, or the file that was chosen beside it."""
    chosen = fields.get("file")
    held = await chosen.read() if isinstance(chosen, UploadFile) else b""
    written = fields.get("text", "")
    text = held.decode(errors="replace") if held else str(written)
    return text.replace("\r\n", "\n")


def checked(text: str, bridges: Collection[str], begun_from: str = "") -> Draft:
    """With all that is wrong. `bridges`: by the names of those that are enrolled."""
    try:
        rules = read_json(text) if text.lstrip().startswith("{") else read_toml(text)
    except RulesetRefused as refused:
        return Draft(text, None, refused.problems, begun_from)
    if not isinstance(rules, Program):
        problem = Problem("phases", "these are the rules of one phase: a program has phases")
        return Draft(text, None, (problem,), begun_from)
    problems = (*problems_of_program(rules, bridges), *placeholder_problems(rules))
    return Draft(text, rules, problems, begun_from)


def changes_from(before: Program | None, after: Program) -> tuple[Change, ...]:
    """What is different from the version that is sold now; () for a program that nobody knows yet."""
    return () if before is None else program_changes(before, after)
