"""`evenhand rules check|show|diff|publish|retire|schema|conform|run`: rulesets and programs as files, and what of them is sold."""

import argparse
import json
from pathlib import Path

from msgspec.structs import replace

from appliance.commands.options import Verbs, add_directory, add_json, plain_text, tell, verb
from appliance.commands.rules_run import add_run
from appliance.conformance.run import conform
from appliance.conformance.vector import VectorsRefused
from appliance.console import CommandRefused, ask_firm
from firm.checks.problem import Problem
from firm.commands import Publication, PublishProgram, RetireProgram
from firm.facts import ProgramPublished
from firm.plain_figures import PlainFigures
from firm.program_remarks import remarks_on
from firm.publishing import problems_before_sale
from firm.ruleset import Program, Ruleset
from firm.ruleset_checks import problems_of, problems_of_program
from firm.ruleset_diff import EXPONENT_USUAL, Change, program_changes, ruleset_changes
from firm.ruleset_schema import rules_schema
from firm.ruleset_text import Rules, RulesetRefused, json_of, read_json, read_toml, toml_of
from firm.sentences.at_large import accounts_sentence, at_large
from firm.sentences.languages import Language
from firm.sentences.rule import ruleset_sentences
from firm.term_words import TermWords, kind_of
from storage.files import open_firm_directory
from storage.reader import LedgerReader
from storage.readmodels.bridges import listings
from storage.readmodels.calendars import all_calendars
from storage.readmodels.programs import versions_of

RULES_FILE = "a ruleset or a program, as TOML or JSON (by the name's ending)"


def add_to(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "rules",
        run_schema,
        "check, show, compare and publish rulesets, and hold the rules against worked examples",
        "evenhand rules check two-step.toml",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_check(actions)
    show = verb(
        actions, "show", run_show, "print a ruleset or program with its id", "evenhand rules show two-step.toml"
    )
    show.add_argument("file", type=Path, metavar="FILE", help=RULES_FILE)
    show.add_argument(
        "--as", dest="written_as", choices=("words", "toml", "json"), default="words", help="how (default words)"
    )
    diff = verb(
        actions,
        "diff",
        run_diff,
        "say in words what differs between two rulesets or programs",
        "evenhand rules diff two-step.toml two-step-next.toml",
        "Exit status: 0 they say the same, 1 they differ, 2 one cannot be read.",
    )
    diff.add_argument("before", type=Path, metavar="BEFORE", help=RULES_FILE)
    diff.add_argument("after", type=Path, metavar="AFTER", help="what takes its place")
    add_json(diff)
    _add_selling(actions)
    verb(actions, "schema", run_schema, "print the JSON Schema of rulesets and programs", "evenhand rules schema")
    examples = verb(
        actions,
        "conform",
        run_conform,
        "hold the rules against worked examples in the neutral format",
        "evenhand rules conform docs/conformance/vectors.jsonl",
        "docs/conformance.md tells the format. An example that cannot be said in our terms fails.",
    )
    examples.add_argument("file", type=Path, metavar="FILE", help="one example a line, as JSON")
    add_json(examples)
    add_run(actions, RULES_FILE)


def _add_check(actions: Verbs) -> None:
    check = verb(
        actions,
        "check",
        run_check,
        "say all that is wrong with a ruleset or program",
        "evenhand rules check two-step.toml",
    )
    check.add_argument("file", type=Path, metavar="FILE", help=RULES_FILE)
    check.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="a firm's directory: a program is also held against its bridges and their platforms' groups",
    )
    add_json(check)


def _add_selling(actions: Verbs) -> None:
    publish = verb(
        actions,
        "publish",
        run_publish,
        "offer a program: new orders are sold it, accounts keep what they were sold",
        'evenhand rules publish two-step.toml --bridge mt5-main --why "the first program"',
        "Nothing is published while anything is wrong with it, or where it says what is on offer already.",
    )
    publish.add_argument("file", type=Path, metavar="FILE", help=RULES_FILE)
    publish.add_argument(
        "--bridge", metavar="NAME", help="the platform it runs on, instead of the one that the file names"
    )
    publish.add_argument(
        "--group", metavar="GROUP", help="the platform's group, instead of the one that the file names"
    )
    publish.add_argument("--why", type=plain_text, required=True, help="for the audit")
    add_directory(publish)
    add_json(publish)
    retire = verb(
        actions,
        "retire",
        run_retire,
        "offer a program no more",
        'evenhand rules retire two-step --why "replaced by three-step"',
    )
    retire.add_argument("program", metavar="NAME", help="the program's name, as its file has it")
    retire.add_argument("--why", type=plain_text, required=True, help="for the audit")
    add_directory(retire)


def run_check(options: argparse.Namespace) -> int:
    remarks: tuple[str, ...] = ()
    try:
        rules = _rules(options.file)
        problems, remarks = _judged(rules, options.data_dir)
    except RulesetRefused as refused:
        problems = refused.problems
    good = "\n".join([f"{options.file}: nothing is wrong with it", *map(_remark, remarks)])
    tell(options, problems, "\n".join(map(str, problems)) or good)
    return 1 if problems else 0


def _judged(rules: Rules, directory: Path | None) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
    """What is wrong, and what is worth knowing; of a program also what a firm has to say, where one is named."""
    if not isinstance(rules, Program):
        return problems_of(rules), ()
    if directory is None:
        return problems_of_program(rules), remarks_on(rules)
    return _held_against(rules, directory)


def _held_against(program: Program, directory: Path) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
    open_firm_directory(directory)
    with LedgerReader(directory) as reader, reader.connection() as connection:
        known = listings(connection)
        calendars = {one.calendar for one in all_calendars(connection)}
        before = next(iter(versions_of(connection, program.program, 1)), None)
    return problems_before_sale(program, known), remarks_on(program, before.sold if before else None, calendars, known)


def run_show(options: argparse.Namespace) -> int:
    rules = readable_rules(options.file)
    match options.written_as:
        case "toml":
            text = _toml(rules, options.file)
        case "json":
            text = json_of(rules)
        case _:
            text = "\n".join(
                [
                    *(
                        _program_lines(rules)
                        if isinstance(rules, Program)
                        else _ruleset_lines(rules, PlainFigures("", EXPONENT_USUAL))
                    ),
                    "",
                ]
            )
    print(text, end="")
    return 0


def run_diff(options: argparse.Namespace) -> int:
    before, after = readable_rules(options.before), readable_rules(options.after)
    changes: tuple[Change, ...]
    match before, after:
        case Program(), Program():
            changes = program_changes(before, after)
        case Ruleset(), Ruleset():
            changes = ruleset_changes(before, after)
        case _:
            raise CommandRefused(f"{options.before} and {options.after}: one is a program, the other a ruleset")
    tell(options, changes, "\n".join(map(str, changes)) or "they say the same")
    return 1 if changes else 0


def run_publish(options: argparse.Namespace) -> int:
    program = readable_rules(options.file)
    if not isinstance(program, Program):
        raise CommandRefused(f"{options.file} has the rules of one phase: a program has phases")
    named = {"bridge": options.bridge, "group": options.group}
    program = replace(program, **{name: value for name, value in named.items() if value is not None})
    problems, remarks = _held_against(program, options.data_dir)
    if problems:
        tell(options, problems, "\n".join(map(str, problems)))
        return 1
    publication = Publication(why=options.why, role="console")
    facts = ask_firm(options.data_dir, PublishProgram(by="console", program=program, publication=publication))
    [published] = [fact for fact in facts if isinstance(fact, ProgramPublished)]
    ids = {phase.name: one for phase, one in zip(program.phases, published.ruleset_ids, strict=True)}
    lines = [f"{program.title} ({program.program}) is on offer", *map(_remark, remarks)]
    lines += [*(f"  {name}: {one}" for name, one in ids.items())]
    tell(options, {"program": program.program, "rulesets": ids, "remarks": remarks}, "\n".join(lines))
    return 0


def _remark(text: str) -> str:
    return f"  worth knowing: {text}"


def run_retire(options: argparse.Namespace) -> int:
    ask_firm(options.data_dir, RetireProgram(by="console", program=options.program, why=options.why))
    print(f"{options.program} is sold no more; accounts keep what they were sold.")
    return 0


def run_schema(_: argparse.Namespace) -> int:
    print(json.dumps(rules_schema(), ensure_ascii=False, indent=2))
    return 0


def run_conform(options: argparse.Namespace) -> int:
    try:
        results = tuple(conform(options.file))
    except VectorsRefused as refused:
        raise CommandRefused(str(refused)) from refused
    failed = sum(not result.is_ok for result in results)
    total = f"{len(results)} vectors, {len(results) - failed} ok, {failed} failed"
    tell(options, results, "\n".join([*map(str, results), total]))
    return 1 if failed else 0


def readable_rules(path: Path) -> Rules:
    """Raises CommandRefused where the file holds no rules, or cannot be read."""
    try:
        return _rules(path)
    except RulesetRefused as refused:
        raise CommandRefused(f"{path}: {refused}") from refused


def _toml(rules: Rules, path: Path) -> str:
    try:
        return toml_of(rules)
    except RulesetRefused as refused:
        raise CommandRefused(f"{path}: {refused}") from refused


def _rules(path: Path) -> Rules:
    """Raises RulesetRefused for what stands in the file, CommandRefused where there is no reading it."""
    readers = {".toml": read_toml, ".json": read_json}
    read = readers.get(path.suffix)
    if read is None:
        raise CommandRefused(f"{path}: its name says neither TOML nor JSON: call it NAME.toml or NAME.json")
    try:
        return read(path.read_text("utf-8"))
    except OSError as error:
        raise CommandRefused(f"{path} cannot be read ({error.strerror}): name a ruleset or program") from error
    except UnicodeDecodeError as broken:
        raise RulesetRefused("", f"it is not UTF-8 (byte {broken.start}): save it as UTF-8") from broken


def _program_lines(program: Program) -> list[str]:
    figures = PlainFigures(program.size.currency, program.size.exponent)
    lines = [f"{program.title} ({program.program}): {program.size} for {program.price}"]
    lines.append(accounts_sentence(program, Language.ENGLISH, figures))
    for phase in program.phases:
        assert isinstance(phase.ruleset, Ruleset)  # no file holds others
        lines += ["", f"{phase.name}{', funded' if phase.funded and phase.name.lower() != 'funded' else ''}"]
        lines += _ruleset_lines(phase.ruleset, figures, program.size.exponent, is_funded=phase.funded)
    return lines


def _ruleset_lines(
    ruleset: Ruleset, figures: PlainFigures, exponent: int = EXPONENT_USUAL, *, is_funded: bool = False
) -> list[str]:
    lines = [ruleset.name, f"id {ruleset.ruleset_id()}"]
    lines += [f"  {name}: {value}" for name, value in TermWords(ruleset.calendar, exponent).fields()]
    own = TermWords(ruleset, exponent)
    lines += [
        f"  {name.replace('_', ' ')}: {own.value(name, getattr(ruleset, name))}"
        for name in ruleset.__struct_fields__
        if name not in ("name", "calendar", "terms")
    ]
    lines += [f"  {sentence}" for sentence in at_large(ruleset, Language.ENGLISH, figures, is_funded=is_funded)]
    for term, said in zip(ruleset.terms, ruleset_sentences(ruleset, Language.ENGLISH, figures), strict=True):
        asked = [f"    {name}: {value}" for name, value in TermWords(term, exponent).fields()]
        lines += [f"  {said.title} ({term.id}, {kind_of(term)}): {said.text}", *asked]
    return lines
