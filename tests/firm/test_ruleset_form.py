"""The form of a program: made from the language's own types, so that whatever can be said in it can be filled in, and nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firm.form_figures import DECIMALS
from firm.ruleset import Program
from firm.ruleset_form import KIND, MANY, Control, FormField, data_of, form_of, typed_of
from firm.ruleset_form_lists import with_item, with_item_moved, without_item
from firm.ruleset_text import read_data
from firm.templates import template, templates
from firm.terms.union import KINDS

TERMS = "phases[0].ruleset.terms"


def all_fields(fields: tuple[FormField, ...]) -> list[FormField]:
    return [found for field in fields for found in (field, *all_fields(field.fields))]


def typed_program(name: str = "two_step_static") -> dict[str, str]:
    return typed_of(Program, template(name).program)


def empty_term(tag: str) -> tuple[FormField, ...]:
    typed = {"phases" + MANY: "1", TERMS + MANY: "1", f"{TERMS}[0]{KIND}": tag}
    found = {field.path: field for field in all_fields(form_of(Program, typed))}
    return found[f"{TERMS}[0]"].fields


@pytest.mark.parametrize("name", [one.name for one in templates()])
def test_every_template_is_filled_in_and_read_back_the_same(name):
    program = template(name).program
    data, problems = data_of(Program, typed_of(Program, program))
    assert problems == ()
    assert read_data(data) == program


@pytest.mark.parametrize("name", [one.name for one in templates()])
def test_every_field_of_a_filled_form_shows_what_was_typed(name):
    typed = typed_program(name)
    shown = {}
    for field in all_fields(form_of(Program, typed)):
        suffix = {Control.CHOICE: KIND, Control.LIST: MANY}.get(field.control, "")
        if field.control is not Control.GROUP and (suffix or field.path not in shown):
            shown[field.path + suffix] = field.value
        if field.control is Control.MONEY:
            shown[field.path + DECIMALS] = field.decimals
    assert shown == typed


@pytest.mark.parametrize("tag", KINDS)
def test_every_kind_of_term_has_its_fields_with_help_and_choices(tag):
    fields = empty_term(tag)
    assert [field.path.rpartition(".")[2] for field in fields] == list(KINDS[tag].__struct_fields__)
    for field in fields:
        assert field.help, field.path
        assert field.control is not Control.CHOICE or field.choices, field.path


@pytest.mark.parametrize("tag", KINDS)
def test_nothing_stands_for_a_field_that_nobody_filled_in(tag):
    typed = {"phases" + MANY: "1", TERMS + MANY: "1", f"{TERMS}[0]{KIND}": tag}
    _, problems = data_of(Program, typed)
    missing = {problem.path for problem in problems if problem.reason.startswith("it is missing")}
    asked = {field.path for field in empty_term(tag) if field.control not in (Control.LIST, Control.GROUP)}
    assert asked <= missing


def test_a_field_says_its_bounds_and_which_kinds_there_are():
    typed = typed_program()
    found = {field.path: field for field in all_fields(form_of(Program, typed))}
    amount = found[f"{TERMS}[0].amount"]
    assert (amount.choices, amount.value) == (("share", "fixed", "by_size"), "share")
    share = found[f"{TERMS}[0].amount.bp"]
    assert (share.control, share.least, share.most, share.value) == (Control.NUMBER, 0, 1_000_000, "5")
    assert (share.label, share.unit, share.bounds) == ("Share", "%", "from 0 to 10000")
    assert (found["size"].control, found["size"].value) == (Control.MONEY, "100000.00 USD")
    assert found[f"{TERMS}[0].lock"].choices == ("lock", "none")
    assert set(found[TERMS].choices) == set(KINDS)
    assert "semantics" not in {path.rpartition(".")[2] for path in found}


@pytest.mark.parametrize(("text", "value"), [("500", 500), (" 1_000 ", 1_000), ("-5", -5)])
def test_a_whole_number_may_be_typed_as_people_do(text, value):
    data, problems = data_of(Program, typed_program() | {"leverage": text})
    assert problems == ()
    assert data["leverage"] == value


@pytest.mark.parametrize("text", ["five", "5.0", "5 %", "٥", "9" * 30, "--5"])
def test_what_is_no_whole_number_is_said_so_at_its_field(text):
    _, [problem] = data_of(Program, typed_program() | {"leverage": text})
    assert problem.path == "leverage"
    assert problem.reason.startswith(f"{text} is no whole number")


def test_a_kind_that_there_is_none_of_is_missing():
    _, [problem] = data_of(Program, typed_program() | {f"{TERMS}[0].boundary{KIND}": "tickles"})
    assert problem.path == f"{TERMS}[0].boundary"


def test_a_term_more_begins_with_nothing_but_its_kind():
    typed = with_item(typed_program(), TERMS, "hedging")
    many = int(typed[TERMS + MANY])
    assert typed[f"{TERMS}[{many - 1}]{KIND}"] == "hedging"
    _, problems = data_of(Program, typed)
    assert problems[0].path == f"{TERMS}[{many - 1}].id"


def ids(typed: dict[str, str]) -> list[str]:
    data, _ = data_of(Program, typed)
    return [term["id"] for term in data["phases"][0]["ruleset"]["terms"]]


def test_a_term_less_and_the_others_keep_all_that_was_typed():
    typed = typed_program()
    before = ids(typed)
    after = without_item(typed, f"{TERMS}[1]")
    assert ids(after) == [before[0], *before[2:]]
    assert data_of(Program, after)[1] == ()


@pytest.mark.parametrize(("place", "by", "order"), [(0, 1, (1, 0)), (1, -1, (1, 0)), (0, -1, (0, 1))])
def test_a_term_moves_and_stays_at_an_end(place, by, order):
    typed = typed_program()
    before = ids(typed)
    moved = ids(with_item_moved(typed, f"{TERMS}[{place}]", by))
    assert moved == [*(before[one] for one in order), *before[2:]]
    assert with_item_moved(typed, f"{TERMS}[{len(before) - 1}]", 1) == typed


@pytest.mark.parametrize("path", ["", "phases", "nowhere[0]", f"{TERMS}[99]", f"{TERMS}[x]"])
def test_what_is_no_item_is_neither_moved_nor_removed(path):
    typed = typed_program()
    assert without_item(typed, path) == typed
    assert with_item_moved(typed, path, 1) == typed


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*typed_program(), "phases|many", "x", "phases[7].name"]), st.text(max_size=6), max_size=20
    )
)
def test_whatever_a_browser_sends_is_read_or_told(sent):
    typed = typed_program() | sent
    data, problems = data_of(Program, typed)
    assert isinstance(data, dict)
    assert all(problem.reason for problem in problems)
    assert form_of(Program, typed)
