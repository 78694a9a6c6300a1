"""Templates: each is a program of today's language, in generic words, and says the figures that its sources publish."""

import inspect
import re
import tomllib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
import pytest

from firm.ruleset import Program, Ruleset
from firm.ruleset_checks import problems_of_program
from firm.templates import Template, template, templates
from firm.terms import conduct, exposure, lifecycle, losses, objectives, payouts, words
from firm.terms.words import Frequency, Observed, RuleTerm, Words
from tests.firm.mirrored import MIRRORED

ROOT = Path(__file__).resolve().parents[2]
MIRRORING = re.compile(r"^# (?P<firm>[A-Z][^:]*): .+ \((?P<source>https://\S+)\)$")
FIRMS_MIN = 12

# Published where no vector of ours gives numbers to hold the template against.
WITHOUT_VECTOR = {"Veyon Markets"}

# What the language can say and no template does.
WORDS_NOT_USED = {
    "AccountsTogether": {"ACCOUNTS", "ALLOCATION", "LOTS"},
    "Anchor": {"LOWER"},
    "BonusFor": {"PERFORMANCE"},
    "Checked": {"AT_ROLLOVER"},
    "ClockStart": {"LAST_CLOSED", "LAST_OPENED"},
    "ConsistencyEffect": {"FAIL"},
    "FailsAt": {"CLOSE", "ROLLOVER", "TARGET"},
    "Capped": {"TRADER_SHARE"},
    "CountedOver": {"EACH_POSITION", "OPENED_IN_DAY"},
    "DayBasis": {"OPEN"},
    "DayCounts": {"CLOSED", "PROFIT_CLOSED_LESS_OPEN_LOSS", "PROFIT_OPENED"},
    "Denominator": {"TARGET"},
    "IdeaGrouping": {"POSITION"},
    "IdeaMeasure": {"ADVERSE_EXCURSION"},
    "Impact": {"HOLIDAY", "LOW", "MEDIUM"},
    "LotsMerged": {"LARGEST"},
    "Measured": {"BALANCE", "BOTH"},
    "NewsAction": {"HOLD", "MODIFY"},
    "Numerator": {"BEST_IDEA", "BEST_TRADE"},
    "OnPayout": {"RESET_TO_INITIAL", "TO_ZERO"},
    "PartialCloses": {"TOGETHER"},
    "ProfitMeasure": {"EQUITY"},
    "ShareOf": {"DAY_START_PROFIT", "TARGET"},
    "TargetMeasure": {"CLOSING_BALANCE"},
}

each_template = pytest.mark.parametrize("ready", [pytest.param(ready, id=ready.name) for ready in templates()])


def rulesets(program: Program) -> Iterator[Ruleset]:
    for phase in program.phases:
        assert isinstance(phase.ruleset, Ruleset), "a template speaks today's language"
        yield phase.ruleset


def mirrored_firms(ready: Template) -> set[str]:
    return {found["firm"] for line in ready.text.splitlines() if (found := MIRRORING.match(line))}


def test_there_are_as_many_templates_as_files() -> None:
    files = sorted(path.stem for path in (ROOT / "firm" / "templates").glob("*.toml"))
    assert [ready.name for ready in templates()] == files
    assert len(files) == len({ready.program.program for ready in templates()})


@each_template
def test_a_template_is_called_as_its_file(ready: Template) -> None:
    assert ready.program.program == ready.name
    assert template(ready.name) is ready


@each_template
def test_a_template_says_every_field_itself(ready: Template) -> None:
    assert tomllib.loads(ready.text) == written(msgspec.to_builtins(ready.program))


def written(value: Any) -> Any:
    """As TOML has it: lists for tuples, and a word for null."""
    match value:
        case dict():
            return {key: written(item) for key, item in value.items()}
        case tuple():
            return [written(item) for item in value]
        case _:
            return "null" if value is None else value


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(LookupError, match=r"no template 'three_steps': there are .*three_step"):
        template("three_steps")


@each_template
def test_nothing_is_found_wrong_with_a_template(ready: Template) -> None:
    assert problems_of_program(ready.program) == ()


@each_template
def test_a_phase_is_won_by_exactly_one_thing_and_a_funded_one_by_nothing(ready: Template) -> None:
    for phase, ruleset in zip(ready.program.phases, rulesets(ready.program), strict=True):
        wins = [term for term in ruleset.terms if isinstance(term, objectives.ProfitTarget | objectives.ScoreTarget)]
        assert len(wins) == (0 if phase.funded else 1), phase.name


@each_template
def test_no_firm_is_named_outside_a_comment(ready: Template) -> None:
    said = msgspec.json.encode(ready.program).decode().lower()
    for firm in {firm for one in templates() for firm in mirrored_firms(one)}:
        assert firm.lower() not in said


def test_every_word_of_the_language_is_in_a_template_or_listed_as_not_used() -> None:
    spoken_words, spoken_shapes = spoken()
    unused = {
        kind.__name__: {word.name for word in kind} - spoken_words.get(kind, set())
        for kind in language(StrEnum)
        if kind not in {Frequency, Observed}
    }
    assert {name: missing for name, missing in unused.items() if missing} == WORDS_NOT_USED
    assert set(language(Words)) - {Words, RuleTerm} <= spoken_shapes


def language(kind: type) -> Iterator[type]:
    """What the modules of the language define of a kind: their words, or their shapes."""
    for module in (conduct, exposure, lifecycle, losses, objectives, payouts, words):
        for _, found in inspect.getmembers(module, inspect.isclass):
            if issubclass(found, kind) and found.__module__ == module.__name__:
                yield found


def spoken() -> tuple[dict[type, set[str]], set[type]]:
    """The words and the shapes that templates use."""
    used_words: dict[type, set[str]] = {}
    used_shapes: set[type] = set()

    def listen(value: object) -> None:
        match value:
            case StrEnum():
                used_words.setdefault(type(value), set()).add(value.name)
            case tuple():
                for item in value:
                    listen(item)
            case msgspec.Struct():
                used_shapes.add(type(value))
                for field in value.__struct_fields__:
                    listen(getattr(value, field))

    for ready in templates():
        listen(ready.program)
    return used_words, used_shapes


def test_the_templates_mirror_many_firms_each_held_against_its_own_numbers() -> None:
    named = {firm for ready in templates() for firm in mirrored_firms(ready)}
    held = {case.firm for case in MIRRORED}
    assert len(held) >= FIRMS_MIN
    assert named == held | WITHOUT_VECTOR


@each_template
def test_a_template_names_a_source_or_says_that_all_of_it_is_an_example(ready: Template) -> None:
    assert mirrored_firms(ready), ready.name


def test_the_catalogue_page_has_each_template_with_the_firms_that_it_mirrors() -> None:
    page = (ROOT / "docs" / "templates.md").read_text(encoding="utf-8")
    rows = {row.split("`")[1]: row for row in page.splitlines() if row.startswith("| `")}
    assert list(rows) == [ready.name for ready in templates()]
    for ready in templates():
        assert {firm for firm in mirrored_firms(ready) if firm not in rows[ready.name]} == set()
