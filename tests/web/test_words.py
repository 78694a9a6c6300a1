"""Words and numbers: one way of writing each, and none of our own terms without one."""

import pytest

from firm.commands import KillSwitch
from firm.facts import Doubt, Refusal
from firm.inputs import CommandState
from firm.instant import DAY_US, HOUR_US, MINUTE_US, parse_utc
from firm.money import Money
from firm.objective import Progress
from firm.phase import Standing
from web import words

J = "\u00a0"


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        (Money(9_500_000, "USD", 2), f"95,000.00{J}USD"),
        (Money(-1, "USD", 2), f"−0.01{J}USD"),
        (Money(1_234_567, "JPY", 0), f"1,234,567{J}JPY"),
        (Money(123_456_789, "BTC", 8), f"1.23456789{J}BTC"),
        (Money(2**62, "USD", 2), f"46,116,860,184,273,879.04{J}USD"),
    ],
)
def test_money_is_exact_at_any_size_and_exponent(amount, written):
    assert words.money(amount) == written


def test_a_change_always_shows_its_sign():
    assert words.change_figure(Money(12_050, "USD", 2)) == "+120.50"
    assert words.change_figure(Money(-12_050, "USD", 2)) == "−120.50"
    assert words.change_figure(Money(0, "USD", 2)) == "0.00"


@pytest.mark.parametrize(
    ("points", "digits", "written"),
    [(138_597, 5, "1.38597"), (1_274_400, 3, "1274.400"), (-9_160, 3, "−9.160"), (5, 0, "5")],
)
def test_a_price_has_all_its_digits(points, digits, written):
    assert words.price(points, digits) == written


@pytest.mark.parametrize(
    ("lots_e8", "written"), [(10**8, "1.00"), (1_000_000, "0.01"), (12_345_678, "0.12345678"), (250_000_000, "2.50")]
)
def test_lots_have_two_digits_or_as_many_as_they_need(lots_e8, written):
    assert words.lots(lots_e8) == written


@pytest.mark.parametrize(("bp", "written"), [(500, "5"), (450, "4.5"), (125, "1.25"), (10_000, "100"), (-50, "−0.5")])
def test_basis_points_are_percent(bp, written):
    assert words.percent(bp) == f"{written}{J}%"


@pytest.mark.parametrize(
    ("length_us", "written"),
    [
        (0, f"0{J}s"),
        (MINUTE_US, f"1{J}min"),
        (3 * HOUR_US + 12 * MINUTE_US + 5, f"3{J}h 12{J}min"),
        (2 * DAY_US, f"2{J}d"),
        (-5, f"0{J}s"),
    ],
)
def test_a_span_has_its_two_largest_units(length_us, written):
    assert words.span(length_us) == written


def test_an_instant_is_never_without_its_zone():
    at_us = parse_utc("2014-05-02T12:30:00.250000")
    assert words.moment(at_us) == "2 May 2014, 12:30:00 UTC"
    assert words.moment(at_us, "Europe/Prague") == "2 May 2014, 14:30:00 CEST"
    assert words.precise(at_us) == "12:30:00.250"


@pytest.mark.parametrize("minor", [0, 7, -7, 9_500_000, -9_500_001, 123_456_789_012])
def test_amounts_inside_sentences_of_the_firm_are_written_as_on_the_page(minor):
    for exponent in (0, 2, 3):
        amount = Money(minor, "USD", exponent)
        assert str(amount) == words.money(amount).replace(J, " ")


def test_no_term_of_ours_is_without_words():
    assert set(words.STANDINGS) == set(words.STANDING_ICONS) == set(words.NEXT_ACTIONS) == set(Standing)
    assert set(words.PROGRESS) == set(Progress)
    assert set(words.COMMAND_STATES) == set(CommandState)
    assert set(words.SWITCHES) == set(KillSwitch)
    assert all(words.doubt(why).endswith(".") for why in Doubt)
    assert all(words.refusal(why).endswith(".") for why in Refusal)


def test_every_action_towards_a_platform_has_words():
    from actors.enforcement_plans import PLANS

    assert {action for plan in PLANS.values() for action in plan} == set(words.ACTIONS)
