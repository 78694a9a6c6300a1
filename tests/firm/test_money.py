"""Money: exact, in one currency, with rounding that says how."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firm.money import (
    CurrencyMismatch,
    Money,
    divided_rounded_down,
    divided_rounded_half_away,
    divided_rounded_up,
)


@pytest.mark.parametrize(
    ("text", "minor"),
    [("95_000.00", 9_500_000), ("-0.01", -1), ("7", 700), ("1 234.5", 123_450), ("0", 0)],
)
def test_amounts_are_read_exactly(text, minor):
    assert Money.parse(text, "USD").minor == minor


@pytest.mark.parametrize("text", ["1.005", "", "1,000.00", "1e5", "NaN", "--1", "1.", "١"])
def test_what_is_not_an_exact_amount_is_refused(text):
    with pytest.raises(ValueError, match=r"not an amount|decimals"):
        Money.parse(text, "USD")


def test_euros_and_dollars_never_add():
    with pytest.raises(CurrencyMismatch, match="convert first"):
        Money(1, "EUR", 2) + Money(1, "USD", 2)
    with pytest.raises(CurrencyMismatch):
        _ = Money(1, "JPY", 0) < Money(1, "JPY", 2)


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(-9_500_001, "USD", 2), "−95,000.01 USD"),
        (Money(5, "JPY", 0), "5 JPY"),
        (Money(5, "BTC", 8), "0.00000005 BTC"),
    ],
)
def test_an_amount_reads_as_people_write_it(money, text):
    assert str(money) == text


@given(st.integers(-(10**24), 10**24), st.integers(1, 10**12))
def test_rounding_goes_where_its_name_says(numerator, denominator):
    down, up = divided_rounded_down(numerator, denominator), divided_rounded_up(numerator, denominator)
    near = divided_rounded_half_away(numerator, denominator)
    assert down * denominator <= numerator <= up * denominator
    assert up - down == (numerator % denominator != 0)
    assert abs(2 * (near * denominator - numerator)) <= denominator
    if 2 * abs(numerator - near * denominator) == denominator:
        assert abs(near * denominator) > abs(numerator)
