"""The ledger of a story: what people read, the page about it, and the verb that prints it."""

import re
from pathlib import Path

import msgspec
import pytest

from appliance.cli import main
from appliance.story.expectations import EXPECTATIONS
from appliance.story.grammar import BEGINNINGS, read_story
from appliance.story.happenings import HAPPENINGS
from appliance.story.playing import play
from appliance.story.sentences import sentence_of
from appliance.story.telling import ledger_of
from firm.arithmetic import Step
from firm.facts import Fact
from firm.money import Money

FOLDER = Path(__file__).parent
PAGE = (FOLDER.parents[1] / "docs" / "stories.md").read_text("utf-8")
SHAPES = [form.shape for form in (*BEGINNINGS, *HAPPENINGS, *EXPECTATIONS)]


def ledger(*lines: str) -> str:
    text = "\n".join(("program two_step_static", "Ada buys the program", "Monday 2 June 2025", *lines))
    return ledger_of(play(read_story(text, FOLDER)))


def test_the_page_holds_a_whole_story_and_what_it_prints() -> None:
    text, told = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    assert text == (FOLDER / "loser_over_midnight.story").read_text("utf-8")
    assert told == ledger_of(play(read_story(text, FOLDER))) + "\n"


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_of_a_line_is_on_the_page(shape: str) -> None:
    assert f"| `{shape}` |" in PAGE


def test_each_story_of_the_suite_is_on_the_page() -> None:
    assert sorted(re.findall(r"\[(\w+)\]\(../tests/stories/\1\.story\)", PAGE)) == sorted(
        path.stem for path in FOLDER.glob("*.story")
    )


def test_what_was_missed_is_told_where_it_was_expected_and_at_the_end() -> None:
    told = ledger("09:00 EURUSD 1.10000 / 1.10010", "expect balance 100,000.01", "expect standing active")
    assert "✗ expect balance 100,000.01\n            it is 100,000.00 USD\n" in told
    assert "✓ expect standing active" in told
    assert told.endswith("line 5: “expect balance 100,000.01”: it is 100,000.00 USD\n1 of 2 expectations met")


def test_a_refusal_that_no_line_expects_is_missed() -> None:
    told = ledger("09:00 EURUSD 1.10000 / 1.10010", "Ada buys 150 lots EURUSD as p1", "expect standing active")
    assert "the platform refuses: no money" in told
    assert "line 5: “Ada buys 150 lots EURUSD as p1”: refused, which no line expects" in told
    assert told.endswith("1 of 1 expectation met")


def test_times_are_the_rulesets_or_the_storys_own() -> None:
    assert "times in Europe/Prague" in ledger("09:00 nothing happens")
    text = "program two_step_static\nzone UTC\nAda buys the program\nMonday 2 June 2025\n22:30 expect day of 24 hours"
    told = ledger_of(play(read_story(text, FOLDER)))
    assert "times in UTC" in told
    assert (
        "the day of 2025-06-03 begins: balance 100,000.00 USD, equity 100,000.00 USD; not final yet [22:00:00]" in told
    )


def test_a_fact_without_a_sentence_of_its_own_is_told_by_its_name_and_fields() -> None:
    fields = [("rule", str), ("paid", Money), ("is_late", bool), ("lots_e8", int), ("working", tuple[Step, ...])]
    kind = msgspec.defstruct("LotsFrowned", fields, bases=(Fact,), frozen=True, kw_only=True)
    steps = (Step("lots", "given", (), 3), Step("lots allowed", "given", (), 2))
    fact = kind(rule="lots", paid=Money(500, "USD", 2), is_late=True, lots_e8=3, working=steps)
    assert sentence_of(fact) == "LotsFrowned: rule lots, paid 5.00 USD, is late yes, lots e8 3, working of 2 lines"


def test_the_verb_says_by_its_status_what_came_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    story = tmp_path / "one.story"
    beginning = "program two_step_static\nAda buys the program\nMonday 2 June 2025\n09:00 expect standing "
    story.write_text(beginning + "active")
    assert main(["story", str(story)]) == 0
    assert capsys.readouterr().out.endswith("1 expectation met\n")
    story.write_text(beginning + "breached")
    assert main(["story", str(story)]) == 1
    assert capsys.readouterr().out.endswith("0 of 1 expectation met\n")
    story.write_text(beginning + "broken")
    assert main(["story", str(story)]) == 2
    assert "one.story: line 4: “09:00 expect standing broken”: there is no standing 'broken'" in capsys.readouterr().err


@pytest.mark.parametrize(("made", "told"), [(None, "cannot be read"), (b"\xff", "is not UTF-8 (byte 0)")])
def test_the_verb_says_why_a_file_is_no_story(made: bytes | None, told: str, tmp_path: Path, capsys) -> None:
    path = tmp_path / "one.story"
    if made is not None:
        path.write_bytes(made)
    assert main(["story", str(path)]) == 2
    assert told in capsys.readouterr().err
