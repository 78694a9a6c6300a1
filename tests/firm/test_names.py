"""Names and figures of what is sold: what nobody could see or hold is refused by its field, and what was sold once is shown."""

import pytest

from firm.bounds import AMOUNT_MINOR_MAX
from firm.money import Money
from firm.ruleset_checks import problems_of, problems_of_program
from firm.sentences.languages import Language
from tests.firm.ruleset_examples import program, ruleset
from web.locale_figures import decimal
from web.rule_words import RuleFigures


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("name", "daily\n", "U+000A"),
        ("name", " ", "must be said"),
        ("name", "safe\u202etxt", "U+202E"),
        ("name", "a\u2066b", "U+2066"),
        ("name", "a\u200bb", "U+200B"),
        ("name", " a", "begins or ends with a blank"),
        ("calendar.rollover", "17:00\n", "no time of day"),
        ("daily_loss.id", "daily_loss\n", "U+000A"),
        ("hours.opens", "08:00\n", "U+000A"),
        ("lots.symbols", ["US30\n"], "U+000A"),
    ],
)
def test_a_name_that_nobody_can_see_is_refused(path, value, reason):
    try:
        found = problems_of(ruleset({path: value}))
    except ValueError as refused:  # the language itself has it so
        pytest.fail(f"{refused}")
    assert any(reason in problem.reason for problem in found), found
    field = path.split(".")[-1]
    assert any(problem.path.split("[")[0].endswith(field) or field in problem.path for problem in found)


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("size.minor", AMOUNT_MINOR_MAX + 1, "no account holds more"),
        ("price.minor", 10**40, "no account holds more"),
        ("size.exponent", 40, "0 to 8 decimals"),
        ("size.exponent", -3, "0 to 8 decimals"),
        ("price.exponent", 9, "0 to 8 decimals"),
        ("size.currency", "<b>€\n", "three capital letters"),
        ("price.currency", "usd", "three capital letters"),
        ("leverage", 2_001, "at most 2000"),
        ("accounts_max", 10**30, "at most 1000"),
        ("program", "p\u0000", "U+0000"),
        ("title", "x" * 121, "121 characters"),
        ("group", "g" * 65, "65 characters"),
        ("phases[0].name", "Step one\u202e", "U+202E"),
    ],
)
def test_a_figure_that_no_account_could_have_is_refused(path, value, reason):
    found = problems_of_program(program({path: value}))
    assert any(problem.path == path and reason in problem.reason for problem in found), found


@pytest.mark.parametrize("exponent", [40, 19, -1, -3, 10**9])
def test_money_of_any_exponent_is_written(exponent):
    """Such a program was published once: its pages must open."""
    assert Money(-5, "USD", exponent).decimal() == f"−5e{-exponent}"
    assert decimal(5, exponent) == f"5e{-exponent}"
    assert decimal(5, exponent, 2) == f"5e{-exponent}"
    assert RuleFigures(Language.GERMAN, "USD", exponent).money(5).startswith(f"5e{-exponent}")


@pytest.mark.parametrize(("exponent", "written"), [(0, "1,500"), (2, "15.00"), (18, "0.000000000000001500")])
def test_money_that_can_be_sold_is_written_out(exponent, written):
    assert Money(1500, "USD", exponent).decimal() == decimal(1500, exponent) == written
