"""Locale figures: what is written from integers is, letter for letter, what Babel writes by its patterns."""

from datetime import UTC, datetime
from decimal import Decimal, localcontext

import pytest
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from firm.instant import parse_utc
from firm.money import MINUS, Money
from web import words
from web.locale_figures import LOCALE, decimal

CURRENCIES = {"JPY": 0, "USD": 2, "EUR": 2, "CZK": 2, "KWD": 3, "BTC": 8}
INSTANTS = st.integers(parse_utc("2001-01-01T00:00:00"), parse_utc("2049-12-31T23:59:59"))
ZONES = st.sampled_from(["UTC", "Europe/Prague", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"])


def babel_decimal(minor: int, exponent: int, digits: int) -> str:
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    with localcontext() as context:
        context.prec = 60  # Babel rounds to what the context has
        text = format_decimal(Decimal(minor).scaleb(-exponent), format=pattern, locale=LOCALE)
    return text.replace("-", MINUS)


@given(st.integers(-(2**62), 2**62) | st.integers(-2_000, 2_000), st.sampled_from(sorted(CURRENCIES)))
def test_money_of_any_size_and_currency_is_written_as_babel_writes_it(minor, currency):
    exponent = CURRENCIES[currency]
    amount, babels = Money(minor, currency, exponent), babel_decimal(minor, exponent, exponent)
    assert words.figure(amount) == babels
    assert words.money(amount) == f"{babels}\u00a0{currency}"
    assert words.change_figure(amount) == ("+" if minor > 0 else "") + babels


@given(st.integers(-2_000_000, 2_000_000))
def test_percent_and_counts_are_written_as_babel_writes_them(number):
    digits = 0 if number % 100 == 0 else 1 if number % 10 == 0 else 2
    assert words.percent(number) == f"{babel_decimal(number, 2, digits)}\u00a0%"
    assert words.count(number) == format_decimal(number, locale=LOCALE).replace("-", MINUS)


def test_no_decimal_that_is_not_nought_is_left_out():
    assert decimal(1_500, 2, 0) == "15"
    with pytest.raises(AssertionError, match="50 would be left out"):
        decimal(1_550, 2, 0)


@pytest.mark.parametrize("digits", [3, -1])
def test_no_more_decimals_are_written_than_there_are(digits):
    with pytest.raises(AssertionError, match=f"{digits} decimals"):
        decimal(0, 2, digits)


@given(INSTANTS, ZONES)
def test_days_and_times_are_written_as_babel_writes_them(instant_us, zone):
    local = words.in_zone(instant_us, zone)
    assert words.clock(instant_us, zone) == format_time(local, "HH:mm:ss", locale=LOCALE)
    assert words.clock_short(instant_us, zone) == format_time(local, "HH:mm", locale=LOCALE)
    assert words.hour(instant_us, zone) == format_datetime(local, "EEE d MMM, HH:mm", locale=LOCALE)
    assert words.day(instant_us, zone) == format_date(local.date(), "d MMM y", locale=LOCALE)


@pytest.mark.parametrize("month", range(1, 13))
def test_each_month_has_the_name_that_babel_has_for_it(month):
    day = datetime(2014, month, 9, tzinfo=UTC)
    instant_us = parse_utc(f"2014-{month:02d}-09T00:00:00")
    assert words.day(instant_us) == format_date(day, "d MMM y", locale=LOCALE)
