"""Ruleset text: what people write in TOML or JSON is the same rules, and what is wrong with it is told by field and reason."""

import json
import tomllib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firm.ruleset import Ruleset
from firm.ruleset_bounds import TEXT_BYTES_MAX
from firm.ruleset_faults import Faults, mended_rules
from firm.ruleset_shape import purpose_of
from firm.ruleset_text import RulesetRefused, json_of, read_json, read_toml, toml_of
from firm.terms.union import KINDS
from tests.firm.ruleset_examples import GONE, PROGRAM, RULESET, TERMS, program, ruleset, spoilt

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\x7f\"'\\"), min_size=1, max_size=20)


def refused(changes: dict[str, Any], raw: dict[str, Any] = RULESET) -> tuple[str, str]:
    with pytest.raises(RulesetRefused) as caught:
        read_json(json.dumps(spoilt(raw, changes)))
    return caught.value.problem.path, caught.value.problem.reason


def test_every_kind_of_term_reads_back_from_both_languages_as_the_same_bytes() -> None:
    for read, written in ((read_toml, toml_of(ruleset())), (read_json, json_of(ruleset()))):
        back = read(written)
        assert isinstance(back, Ruleset)
        assert back.canonical() == ruleset().canonical()
        assert back.ruleset_id() == ruleset().ruleset_id()


def test_a_program_reads_back_with_all_its_phases() -> None:
    assert read_toml(toml_of(program())) == program()
    assert read_json(json_of(program())) == program()


@settings(deadline=None)
@given(
    name=WORDS.filter(lambda name: name != "null"),
    symbols=st.lists(WORDS, max_size=30),
    kinds=st.lists(st.sampled_from(sorted(TERMS)), min_size=1, max_size=8),
    zone=st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
)
def test_whatever_stands_in_a_ruleset_reads_back_as_the_same_bytes(
    name: str, symbols: list[str], kinds: list[str], zone: str
) -> None:
    raw = RULESET | {"name": name, "terms": [{"id": kind} | TERMS[kind] for kind in [*kinds, "lots"]]}
    rules = msgspec.convert(spoilt(raw, {"lots.symbols": symbols, "calendar.zone": zone}), Ruleset)
    for back in (read_toml(toml_of(rules)), read_json(json_of(rules))):
        assert isinstance(back, Ruleset)
        assert back.canonical() == rules.canonical()


def test_toml_is_laid_out_for_people() -> None:
    text = toml_of(ruleset())
    assert text.startswith('semantics = 2\nname = "Northlight, every kind of term"\n')
    assert '\n[calendar]\nzone = "Europe/Prague"\nrollover = "00:00"\n' in text
    assert '\n[[terms]]\ntype = "loss_limit"\nid = "daily_loss"\n' in text
    assert '\namount = { type = "share", bp = 500, of = "anchor" }\n' in text
    assert '\nlock = "null"\n' in text
    assert max(map(len, text.splitlines())) < 200
    assert "\n[[phases.ruleset.terms]]\n" in toml_of(program())


def test_null_is_nothing_only_where_nothing_may_stand() -> None:
    rules = read_toml(toml_of(ruleset({"name": "null"})))
    assert rules == ruleset({"name": "null"})
    with pytest.raises(RulesetRefused, match="means nothing in TOML"):
        toml_of(ruleset({"conditions.share_of": "null"}))


def test_the_two_languages_do_not_mix_up_what_is_written_by_hand() -> None:
    by_hand = toml_of(ruleset()).replace('"2026-12-25"', "2026-12-25")
    assert tomllib.loads(by_hand)
    with pytest.raises(RulesetRefused, match=r"calendar.merged\[0\]: it is 2026-12-25, which is no text: write a text"):
        read_toml(by_hand)


@pytest.mark.parametrize(
    ("field", "why"),
    [
        (
            "daily_loss.boundary",
            "Whether touching the limit breaks it or only crossing it. Firms differ, so it is asked.",
        ),
        (
            "maximum_loss.lock.permanent",
            "Whether a payout that lowers or resets the highs leaves it locked. Firms differ.",
        ),
        ("maximum_loss.lock.offset.of", "Of what. The same 5 % of different marks are different floors."),
        ("maximum_loss.steps[1].when.gain", "How far."),
        ("schedule.windows[1].from_day", "Payouts are asked for on some days of the month."),
        ("calendar.zone", "by its IANA name"),
        ("calendar.merged", "a holiday's session belongs to the next day"),
        ("await_swap", "Whether the day's anchor is final only after the platform posted the night's swap."),
        ("daily_loss.type", "It says which kind this is: loss_limit, profit_target, "),
        ("daily_loss.amount.type", "It says which kind this is: share, fixed, by_size."),
        ("semantics", "It says by which meaning the words are read: write 2"),
    ],
)
def test_a_missing_field_is_told_with_why_it_matters(field: str, why: str) -> None:
    places = {name: f"terms[{place}]" for place, name in enumerate(TERMS)}
    head, dot, rest = field.partition(".")
    path, reason = refused({field: GONE})
    assert path == f"{places.get(head, head)}{dot}{rest}"
    assert reason.startswith("it is missing")
    assert why in reason


@pytest.mark.parametrize("text", ["", "\ufeff \n", "# nothing yet\n", "{}"])
def test_of_a_file_with_nothing_in_it_one_thing_is_said(text: str) -> None:
    with pytest.raises(RulesetRefused) as caught:
        (read_json if text == "{}" else read_toml)(text)
    [problem] = caught.value.problems
    assert (problem.path, problem.reason.partition(":")[0]) == ("", "nothing is written here")


def test_nothing_is_told_of_what_only_stands_for_something_missing() -> None:
    with pytest.raises(RulesetRefused) as caught:
        read_toml('name = "x"')
    paths = [problem.path for problem in caught.value.problems]
    assert "terms" in paths
    assert [path for path in paths if path.startswith("terms[")] == []


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        ({"daily_loss.boundry": "touches"}, "terms[0].boundry", "there is no such field: boundary is near"),
        ({"calendar.holidays": []}, "calendar.holidays", "there is no such field"),
        ({"maximum_loss.lock.offset.percent": 5}, "terms[1].lock.offset.percent", "there is no such field"),
        ({"daily_loss.type": "dayly_loss"}, "terms[0].type", "dayly_loss is not known here"),
        (
            {"daily_loss.scope": "daily"},
            "terms[0].scope",
            "daily is not known here: day is near. It may be day, week, cycle, phase",
        ),
        ({"daily_loss.on_breach": ["stop"]}, "terms[0].on_breach[0]", "stop is not known here"),
        (
            {"daily_loss.on_breach": []},
            "terms[0].on_breach",
            "it is empty: at least 1 belongs in it. What the first breach does",
        ),
        (
            {"daily_loss.amount.bp": 5.5},
            "terms[0].amount.bp",
            "it is 5.5, which is no whole number: write a whole number. How many basis points: 500 is 5 %.",
        ),
        ({"daily_loss.amount.bp": -1}, "terms[0].amount.bp", "-1 is too little: at least 0. How many basis points"),
        ({"target.amount.bp": -800}, "terms[2].amount.bp", "-800 is too little: at least 0"),
        (
            {"split.tiers[0].trader_bp": 10_001},
            "terms[29].tiers[0].trader_bp",
            "10001 is too much: at most 10,000, which is 100 %",
        ),
        (
            {"daily_loss.id": "Daily Loss"},
            "terms[0].id",
            '"Daily Loss" may hold small letters, digits, _ and - alone: write daily_loss',
        ),
        ({"weekend.cutoff": "25:00"}, "terms[16].cutoff", "25:00 is no time of day: write 00:00 to 23:59"),
        ({"weekend.cutoff": "2:30"}, "terms[16].cutoff", "2:30 is no time of day: write 02:30"),
        ({"calendar.rollover": 3}, "calendar.rollover", "it is the number 3: write a text"),
        ({"await_swap": "yes"}, "await_swap", 'it is the text "yes": write true or false'),
        ({"terms": []}, "terms", "it is empty: at least 1 belongs in it"),
        ({"terms": None}, "terms", "it is null: write a list"),
        ({"calendar": "UTC"}, "calendar", 'it is the text "UTC": write a table of fields'),
        ({"semantics": 1}, "semantics", "1 is read nowhere but where it was sold"),
        ({"semantics": 3}, "semantics", "3 is read nowhere"),
    ],
)
def test_a_wrong_field_is_told_by_its_path_and_reason(changes: dict[str, Any], path: str, reason: str) -> None:
    found, why = refused(changes)
    assert found == path
    assert reason in why


def test_a_field_of_a_program_is_told_by_its_path_too() -> None:
    assert refused({"phases[1].ruleset.terms[0].boundary": GONE}, PROGRAM)[0] == "phases[1].ruleset.terms[0].boundary"
    assert refused({"phases[0].ruleset.semantics": GONE}, PROGRAM)[0] == "phases[0].ruleset.semantics"
    assert refused({"size.currency": GONE}, PROGRAM)[0] == "size.currency"
    path, reason = refused({"phases": 3}, PROGRAM)
    assert path == "phases"
    assert reason.startswith("it is the number 3: write a list. Its stages, in their order.")


@pytest.mark.parametrize(
    "text", ["", "[]", "3", "null", "{", '{"a": NaN', "[" * 100_000, '{"phases": [3]}', '{"terms": 1e999}']
)
def test_what_is_no_ruleset_is_refused_as_json(text: str) -> None:
    with pytest.raises(RulesetRefused):
        read_json(text)


@pytest.mark.parametrize(
    "text", ["", "a", "a = 1", "a = 1\na = 2", "a = " + "[" * 100_000, "phases = [3]", "[[phases]]\nruleset = 2"]
)
def test_what_is_no_ruleset_is_refused_as_toml(text: str) -> None:
    with pytest.raises(RulesetRefused):
        read_toml(text)


def test_a_field_that_stands_twice_is_not_decided_by_its_order() -> None:
    text = json_of(ruleset()).replace('"boundary": "touches"', '"boundary": "crosses", "boundary": "touches"', 1)
    with pytest.raises(RulesetRefused, match="boundary: this field stands twice"):
        read_json(text)


def test_half_a_character_is_no_name() -> None:
    with pytest.raises(RulesetRefused, match="no Unicode"):
        read_json(json_of(ruleset()).replace("Northlight,", "\\ud800"))


def test_a_text_without_end_is_not_read() -> None:
    assert read_json(json_of(ruleset()).ljust(TEXT_BYTES_MAX)) == ruleset()
    for read in (read_json, read_toml):
        with pytest.raises(RulesetRefused, match="more than"):
            read(" " * (TEXT_BYTES_MAX + 1))


def test_every_field_of_the_language_says_why_it_is_asked_for() -> None:
    for name, kind in KINDS.items():
        shape = msgspec.inspect.type_info(kind)
        assert isinstance(shape, msgspec.inspect.StructType)
        for field in shape.fields:
            assert purpose_of(shape, field), f"{name}.{field.name}"


def test_all_that_is_wrong_is_told_at_once_in_shapes_and_beside_them() -> None:
    changes = {
        "await_swap": "yes",
        "calendar.zone": "Europe/Prag",
        "daily_loss.amount.bp": 20_000,
        "maximum_loss.on_breach": [],
        "target.amount.bp": "ten",
        "weekend.cutoff": "2:30",
    }
    with pytest.raises(RulesetRefused) as caught:
        read_json(json.dumps(spoilt(RULESET, changes)))
    told = {one.path: one.reason for one in caught.value.problems}
    assert list(told)[:4] == ["await_swap", "terms[1].on_breach", "terms[2].amount.bp", "terms[16].cutoff"]
    assert set(told) == {*list(told)[:4], "calendar.zone", "terms[0].amount.bp"}
    assert not any("expected" in reason for reason in told.values())


@pytest.mark.parametrize(
    ("field", "value"),
    [("type", "unheard_of"), ("boundary", GONE), ("boundary", None), ("scope", 3), ("lock", {}), ("steps", [3])],
)
def test_what_only_follows_from_a_fault_is_not_told_beside_it(field: str, value: Any) -> None:
    with pytest.raises(RulesetRefused) as caught:
        read_json(json.dumps(spoilt(RULESET, {f"daily_loss.{field}": value})))
    assert all(one.path.startswith("terms[0]") for one in caught.value.problems)


JUNK = st.sampled_from(
    [None, True, 0, -1, 10**9, 10**30, 5.5, "", "x", "00:00", [], [1], {}, {"type": "share"}, {"bp": 5}]
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_the_language_finds_a_fault_wherever_the_reader_does(data: st.DataObject) -> None:
    term = data.draw(st.sampled_from(list(TERMS)))
    field = data.draw(st.sampled_from(list(TERMS[term])))
    raw = spoilt(RULESET, {f"{term}.{field}": data.draw(JUNK)})
    faults = Faults(raw, Ruleset)
    assert bool(faults.problems) != _is_read(raw)
    if not any(one.path.endswith(".type") for one in faults.problems):
        assert mended_rules(faults, Ruleset) is not None


def _is_read(raw: Any) -> bool:
    try:
        msgspec.convert(raw, Ruleset)
    except msgspec.ValidationError:
        return False
    return True


def test_a_term_that_names_its_calendar_is_written_as_toml_and_read_back() -> None:
    rules = ruleset({"news.calendar": "exchange"})
    assert read_toml(toml_of(rules)) == rules
    assert 'calendar = "exchange"' in toml_of(rules)
