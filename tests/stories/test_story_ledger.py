"""The ledger of a story: what people read, the page about it, and the verb that prints it."""

import re
from pathlib import Path
from typing import Any

import pytest
from msgspec import inspect

from appliance.cli import main
from appliance.story.expectations import EXPECTATIONS
from appliance.story.grammar import BEGINNINGS, read_story
from appliance.story.happenings import HAPPENINGS
from appliance.story.playing import play
from appliance.story.sentences import sentence_of
from appliance.story.telling import ledger_of
from firm.facts import FACTS, DayClosed, Fact
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
    assert told.endswith("1 of 1 expectation met, and 1 line refused that no line expects")


def test_times_are_the_rulesets_or_the_storys_own() -> None:
    assert "times in Europe/Prague" in ledger("09:00 nothing happens")
    text = "program two_step_static\nzone UTC\nAda buys the program\nMonday 2 June 2025\n22:30 expect day of 24 hours"
    told = ledger_of(play(read_story(text, FOLDER)))
    assert "times in UTC" in told
    assert (
        "the day of 2025-06-03 begins: balance 100,000.00 USD, equity 100,000.00 USD; not final yet [22:00:00]" in told
    )


def some(shape: inspect.Type) -> Any:
    """Any value of a type."""
    match shape:
        case inspect.Metadata(type=inner) | inspect.VarTupleType(item_type=inner):
            return some(inner) if isinstance(shape, inspect.Metadata) else (some(inner),)
        case inspect.UnionType(types=(first, *_)):
            return some(first)
        case inspect.StructType(cls=kind, fields=fields):
            return kind(**{field.name: some(field.type) for field in fields})
        case inspect.EnumType(cls=words):
            return next(iter(words))
        case inspect.TupleType(item_types=items):
            return tuple(map(some, items))
        case inspect.DictType():
            return {}
        case inspect.BoolType():
            return False
        case inspect.IntType():
            return 3
        case inspect.StrType():
            return "08:00"
        case _:
            return None


@pytest.mark.parametrize("kind", FACTS, ids=lambda kind: kind.__name__)
def test_every_kind_of_fact_has_a_sentence(kind: type[Fact]) -> None:
    """And none of them is a row read aloud: no name of a kind or a field, and nothing as the ledger has it."""
    told = sentence_of(some(inspect.type_info(kind)))
    assert len(told.split()) >= 2
    assert not re.search(r'[{}"\n]|_|\bus\b|\be8\b|Money|<|b\'', told), told
    assert kind.__name__ not in told


def test_a_kind_that_is_in_no_table_is_told_by_its_entry_in_the_reference() -> None:
    class LotsFrowned(Fact, frozen=True, kw_only=True):
        """Lots were frowned upon. Nobody knows why."""

        lots_e8: int

    assert sentence_of(LotsFrowned(lots_e8=3)) == "lots were frowned upon"


def test_a_day_that_ends_is_told_with_what_it_brought() -> None:
    usd = Money(12_345, "USD", 2)
    day = DayClosed(
        label="2025-06-03", start_us=1_748_988_000_000_000, closed=usd, opened=usd, open_loss=usd.with_minor(-500),
        equity=usd, fills=2, openings=1, closings=1, round_trips=1, lots_opened_e8=1_000_000_000, lots_carried_e8=0,
    )  # fmt: skip
    assert sentence_of(day) == (
        "the day of 2025-06-03 ends: closed with 123.45 USD, −5.00 USD of it still open, equity changed by 123.45 USD, "
        "1 opening and 1 closing, 10.00 lots opened"
    )


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
