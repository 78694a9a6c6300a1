"""Lab offers: which rules the lab lists to be tried: kept drafts, every version of the firm's programs, and the ready ones."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

import anyio.to_thread
import apsw
import msgspec

from firm.ruleset import Phase, Program, Ruleset
from firm.ruleset_form import data_of
from firm.ruleset_text import RulesetRefused, read_data
from firm.templates import templates
from storage.drafts import DraftLine, KeptDraft, WrittenAs
from storage.errors import FrontRefused
from storage.readmodels.account_lists import phases_sold, programs_and_bridges
from storage.readmodels.programs import ProgramVersion, newest_versions, program_version
from web import words
from web.aside import aside
from web.bounds import LAB_VERSIONS_SHOWN
from web.firm import Firm
from web.kept_drafts import typed_of
from web.lists_asked import whole_in
from web.people import named, staff_names
from web.program_draft import readable

_DRAFT, _SOLD, _READY = "draft", "sold", "ready"


class Offer(msgspec.Struct, frozen=True):
    """One phase's rules, by what a form names them: "sold/88/0" is the first phase of what row 88 published."""

    name: str
    label: str


class OfferGroup(msgspec.Struct, frozen=True):
    """Those of one origin."""

    title: str
    offers: tuple[Offer, ...]


class Offered(msgspec.Struct, frozen=True):
    """Rules of one phase. `origin`: what they are of, for people."""

    rules: Ruleset
    origin: str


class LabChoices(msgspec.Struct, frozen=True):
    """What the form of a trial offers: rules, and on whom they are tried: programs (name and title) and phases that were sold."""

    groups: tuple[OfferGroup, ...]
    programs: list[tuple[str, str]]
    phases: list[str]
    typed: dict[str, str]


async def lab_choices(firm: Firm, typed: Mapping[str, str]) -> LabChoices:
    """`typed`: what stands in the form already; a program that nobody was sold stands for all."""
    versions, programs, phases = await firm.book.read(_read)
    drafts: list[DraftLine] = []
    with suppress(FrontRefused):  # the list is shorter then; the page of programs says why
        drafts = await anyio.to_thread.run_sync(firm.drafts.lines)
    names = await staff_names(firm, [line.person for line in drafts])
    groups = (
        OfferGroup("Kept drafts", tuple(_of_drafts(drafts, names))),
        OfferGroup("The firm’s own programs", tuple(_of_versions(versions))),
        OfferGroup("Templates", tuple(_of_templates())),
    )
    chosen = dict(typed)
    if chosen.get("program", "") not in {program for program, _ in programs}:
        chosen["program"] = ""
    return LabChoices(tuple(group for group in groups if group.offers), programs, phases, chosen)


async def offered_rules(firm: Firm, name: str) -> Offered | None:
    """What an offer's name stands for; None where there is nothing of this name. Raises RulesetRefused for a draft of no use."""
    kind, _, rest = name.partition("/")
    which, _, place = rest.rpartition("/")
    program, origin = await _named_program(firm, kind, which)
    at = whole_in(place)
    if program is None or at is None or at >= len(program.phases):
        return None
    phase = program.phases[at]
    return Offered(phase.ruleset, f"{origin}: {phase.name}") if isinstance(phase.ruleset, Ruleset) else None


async def written_of(firm: Firm, draft: str) -> str:
    """What a text is that comes from where a draft is being written."""
    found = None
    with suppress(FrontRefused):
        found = await anyio.to_thread.run_sync(firm.drafts.draft, draft) if draft else None
    return (
        "a draft that is not kept"
        if found is None
        else f"what is written now of {await _draft_in_words(firm, found.line)}"
    )


async def _named_program(firm: Firm, kind: str, which: str) -> tuple[Program | None, str]:
    """With what people call it."""
    match kind:
        case "draft":
            found = await anyio.to_thread.run_sync(firm.drafts.draft, which)
            if found is None:
                return None, ""
            return await aside(lambda: _drafted(found)), await _draft_in_words(firm, found.line)
        case "sold":
            version = await firm.book.read(lambda book: program_version(book, whole_in(which) or 0))
            return (None, "") if version is None else (version.sold, _version_in_words(version))
        case "ready":
            program = next((one.program for one in templates() if one.name == which), None)
            return program, f"the template “{program.title}”" if program else ""
    return None, ""


async def _draft_in_words(firm: Firm, line: DraftLine) -> str:
    """With the version that it was begun from."""
    told = f"the draft “{line.name}” as kept at {words.moment(line.kept_us)}"
    if not line.begun_from:
        return told
    versions = await firm.book.read(lambda book: newest_versions(book, LAB_VERSIONS_SHOWN))
    of = next((one for one in versions if one.sold.fingerprint() == line.begun_from), None)
    return f"{told}, begun from {_version_in_words(of) if of else 'a version of long ago'}"


def _version_in_words(version: ProgramVersion) -> str:
    return f"“{version.title}” as published at {words.moment(version.at_us)}, row {version.seq}"


def _read(book: apsw.Connection) -> tuple[list[ProgramVersion], list[tuple[str, str]], list[str]]:
    return newest_versions(book, LAB_VERSIONS_SHOWN), programs_and_bridges(book)[0], phases_sold(book, "")


def _drafted(found: KeptDraft) -> Program:
    if found.line.written_as == WrittenAs.TEXT:
        rules = readable(found.said.decode(errors="replace"))
    else:
        rules = read_data(data_of(Program, typed_of(found))[0])
    if not isinstance(rules, Program):
        raise RulesetRefused("phases", "these are the rules of one phase: a program has phases")
    return rules


def _of_drafts(lines: Sequence[DraftLine], names: dict[str, str]) -> Iterator[Offer]:
    """Those of which a program can be read."""
    for line in lines:
        for place, phase in enumerate(line.phase_names):
            label = f"{line.name}: {phase}, kept by {named(line.person, names)} at {words.moment(line.kept_us)}"
            yield Offer(f"{_DRAFT}/{line.draft}/{place}", label)


def _of_versions(versions: Sequence[ProgramVersion]) -> Iterator[Offer]:
    """By program, its newest version first. Rules in the first words, which nobody writes any more, cannot be tried."""
    newest = {version.program: version.seq for version in reversed(versions)}
    for version in sorted(versions, key=lambda one: (one.title, one.program, -one.seq)):
        which = "newest version" if newest[version.program] == version.seq else "earlier version"
        for place, phase in _tryable(version.sold):
            label = f"{version.title}: {phase.name}, {which} of {words.moment(version.at_us)}, row {version.seq}"
            yield Offer(f"{_SOLD}/{version.seq}/{place}", label)


def _of_templates() -> Iterator[Offer]:
    for template in templates():
        for place, phase in _tryable(template.program):
            yield Offer(f"{_READY}/{template.name}/{place}", f"{template.program.title}: {phase.name}")


def _tryable(program: Program) -> Iterator[tuple[int, Phase]]:
    return ((place, phase) for place, phase in enumerate(program.phases) if isinstance(phase.ruleset, Ruleset))
