"""Gists of a program that is being filled in: whatever was typed, each phase and rule is called something."""

from hypothesis import given, settings
from hypothesis import strategies as st

from firm.ruleset import Program
from firm.ruleset_form import KIND, data_of, form_of, typed_of
from firm.templates import template, templates
from web.form_gists import by_path, gists_of
from web.form_problems import placed_problems

TERMS = "phases[0].ruleset.terms"
TYPED = [typed_of(Program, one.program) for one in templates()]


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(TYPED), st.data())
def test_whatever_was_typed_every_phase_and_rule_has_a_title(typed, drawn):
    changes = drawn.draw(st.dictionaries(st.sampled_from([*typed]), st.text("0159.:-% aU", max_size=8), max_size=12))
    _, problems = data_of(Program, typed | changes)
    known = by_path(gists_of(typed | changes, problems, ""))
    assert all(gist.title for gist in known.values())
    placed = placed_problems(form_of(Program, typed | changes), problems, known)
    assert all(one.at and one.where for one in placed)
    assert {one.at for one in placed} == {problem.path for problem in problems}


def test_a_rule_that_cannot_be_read_keeps_its_name_and_is_open():
    typed = typed_of(Program, template("two_step_static").program)
    [phase, *_] = gists_of(typed | {f"{TERMS}[0].amount.bp": "five"}, (), "")
    assert [(rule.title, rule.text == "", rule.is_open) for rule in phase.rules[:2]] == [
        ("Daily loss", True, True),
        ("Maximum loss", False, False),
    ]
    [phase, *_] = gists_of(typed | {f"{TERMS}[0]{KIND}": ""}, (), "")
    assert phase.rules[0].title == "A rule without a kind"


def test_a_rule_that_names_others_calls_them_by_their_titles():
    typed = typed_of(Program, template("two_step_static").program)
    conditions = next(rule for rule in gists_of(typed, (), "")[-1].rules if rule.title == "Payout conditions")
    assert "daily_loss" not in conditions.text
