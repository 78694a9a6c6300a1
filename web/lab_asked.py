"""Lab asked: which draft a form wants tried, and on whom, or what is wrong with it."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any

from litestar.datastructures import UploadFile

from firm.ruleset import Program, Ruleset
from firm.ruleset_checks import problems_of
from firm.ruleset_text import RulesetRefused
from web.aside import aside
from web.forms import Wrong, text_in
from web.lab import Tried
from web.lab_offers import Offered
from web.program_draft import readable

AS_SOLD = "as_sold"
PROBLEMS_SHOWN = 8
FILE_NAME_SHOWN = 80  # characters
NOTHING_TYPED = dict.fromkeys(
    ("program", "phase", "bought_from", "bought_before", "follows", "ready", "rules", "rules_phase"), ""
)


async def read_tried(
    fields: Mapping[str, Any],
    programs: set[str],
    phases: set[str],
    offered: Callable[[str], Awaitable[Offered | None]],
    written: str = "what was pasted",
) -> Tried | Wrong:
    """A chosen file counts before what is pasted, and that before what is listed.

    `offered`: the rules of what a list names. `written`: what the pasted text is, for people.
    """
    typed = {name: text_in(fields, name) for name in NOTHING_TYPED}
    errors: dict[str, str] = {}
    found = await _rules(fields, typed, errors, offered, written)
    if typed["program"] and typed["program"] not in programs:
        errors["program"] = "Choose one of the programs that were sold."
    if typed["phase"] and typed["phase"] not in phases:
        errors["phase"] = "Choose one of the phases that accounts are in."
    for name in ("bought_from", "bought_before"):
        if typed[name] and not _is_day(typed[name]):
            errors[name] = f"{typed[name]} is no day: write it as 2026-01-31."
    if errors:
        return Wrong(errors, typed)
    return Tried(
        rules=found.rules if found else None,
        origin=found.origin if found else "",
        program=typed["program"],
        phase=typed["phase"],
        bought_from=typed["bought_from"],
        bought_before=typed["bought_before"],
        follows=bool(typed["follows"]),
    )


async def _rules(
    fields: Mapping[str, Any],
    typed: dict[str, str],
    errors: dict[str, str],
    offered: Callable[[str], Awaitable[Offered | None]],
    written: str,
) -> Offered | None:
    """None for what each account was sold, and where something is wrong."""
    chosen = fields.get("file")
    held = await chosen.read() if isinstance(chosen, UploadFile) else b""
    text = held.decode(errors="replace") if held else typed["rules"]
    brought = f"the file “{_called(chosen.filename)}”" if held and isinstance(chosen, UploadFile) else written
    if not text.strip() and typed["ready"] == AS_SOLD:
        return None
    try:
        if text.strip():
            found = await aside(lambda: _phase_of(readable(text), typed["rules_phase"], brought))
        else:
            listed = await offered(typed["ready"])
            if listed is None:
                errors["rules"] = "Choose what to try from the list, paste a ruleset, or choose its file."
                return None
            found = listed
    except RulesetRefused as refused:
        errors["rules"] = f"The ruleset cannot be read. {refused}"
        return None
    if problems := await aside(lambda: problems_of(found.rules)):
        errors["rules"] = "The ruleset contradicts itself. " + " ".join(
            f"{each}." for each in problems[:PROBLEMS_SHOWN]
        )
    return found


def _phase_of(rules: Ruleset | Program, name: str, brought: str) -> Offered:
    if isinstance(rules, Ruleset):
        return Offered(rules, brought)
    for phase in rules.phases:
        if phase.name == name and isinstance(phase.ruleset, Ruleset):
            return Offered(phase.ruleset, f"{brought}: {rules.title}, {phase.name}")
    names = ", ".join(phase.name for phase in rules.phases)
    raise RulesetRefused("phases", f"it is a program: say which of its phases is to be tried, {names}")


def _called(filename: str) -> str:
    return "".join(each for each in filename if each.isprintable())[:FILE_NAME_SHOWN]


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
