"""Program draft: what somebody wrote as a program before it is published: what is wrong with it, and what would change by it."""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar.datastructures import UploadFile

from firm.checks.listing import Listings
from firm.checks.problem import Problem
from firm.permissions import Permission
from firm.publishing import problems_before_sale
from firm.ruleset import Program, Ruleset
from firm.ruleset_diff import Change, program_changes
from firm.ruleset_text import RulesetRefused, read_json, read_toml
from storage.drafts import DRAFT_NAME_MAX
from web.forms import text_in
from web.lists_asked import whole_in
from web.visitor import Visitor


class Carried(msgspec.Struct, frozen=True):
    """What the forms of a draft carry from step to step.

    `begun_from`: the fingerprint of the version that it was begun from; "" where it was begun from none. `draft`: under which id it is
    kept, "" while it is not, `edition` as which it was last read, and `name` what it is called.
    """

    begun_from: str = ""
    draft: str = ""
    edition: int = 0
    name: str = ""


BEGUN_FROM, DRAFT, DRAFT_EDITION, DRAFT_NAME = "begun_from", "draft", "draft_edition", "draft_name"
CARRIED_FIELDS = frozenset({BEGUN_FROM, DRAFT, DRAFT_EDITION, DRAFT_NAME})
NOTHING_CARRIED = Carried()


class Draft(msgspec.Struct, frozen=True):
    """`text`: TOML or JSON as it was written. `program`: None where it cannot be read; it may have `problems` all the same."""

    text: str
    program: Program | None
    problems: tuple[Problem, ...]
    carried: Carried = NOTHING_CARRIED


def carried_in(fields: Mapping[str, Any]) -> Carried:
    """What a form brought along."""
    edition = whole_in(text_in(fields, DRAFT_EDITION)) or 0
    return Carried(
        begun_from=text_in(fields, BEGUN_FROM),
        draft=text_in(fields, DRAFT),
        edition=edition,
        name=text_in(fields, DRAFT_NAME)[:DRAFT_NAME_MAX],
    )


async def text_of(fields: Mapping[str, Any]) -> str:
    """What was written into the form, or the file that was chosen beside it."""
    chosen = fields.get("file")
    held = await chosen.read() if isinstance(chosen, UploadFile) else b""
    written = fields.get("text", "")
    text = held.decode(errors="replace") if held else str(written)
    return text.replace("\r\n", "\n")


def readable(text: str) -> Ruleset | Program:
    """TOML, or JSON where it begins as that does. Raises RulesetRefused."""
    return read_json(text) if text.lstrip().startswith("{") else read_toml(text)


def checked(text: str, listings: Listings, carried: Carried = NOTHING_CARRIED) -> Draft:
    """With all that is wrong. `listings`: of the bridges that are enrolled."""
    try:
        rules = readable(text)
    except RulesetRefused as refused:
        return Draft(text, None, refused.problems, carried)
    if not isinstance(rules, Program):
        problem = Problem("phases", "these are the rules of one phase: a program has phases")
        return Draft(text, None, (problem,), carried)
    return Draft(text, rules, problems_before_sale(rules, listings), carried)


def changes_from(before: Program | None, after: Program) -> tuple[Change, ...]:
    """What is different from the version that is sold now; () for a program that nobody knows yet."""
    return () if before is None else program_changes(before, after)


def publisher_for(visitor: Visitor) -> str:
    """Who publishes what this person may only draft; "" where they publish themselves."""
    if visitor.may(Permission.PUBLISH_PROGRAMS):
        return ""
    # A role does not help whoever is limited to regions: a program is sold in all of them.
    beyond = ", who works on all regions" if visitor.scope.regions is not None else ""
    return f"somebody of risk, or an owner{beyond}"
