"""Gauges: what is left of a limit, and of what it is made where it is more than the limit allows."""

import pytest

from firm.money import Money
from web.account_view import Gauge


def usd(text: str) -> Money:
    return Money.parse(text, "USD")


@pytest.mark.parametrize(
    ("left", "allowed", "profit", "said"),
    [
        ("4_999.99", "5_000.00", "today’s profit", "of 5,000.00 allowed"),
        ("5_000.00", "5_000.00", "today’s profit", "of 5,000.00 allowed"),
        ("5_279.00", "5_000.00", "today’s profit", "5,000.00 allowed, plus 279.00 of today’s profit"),
        ("10_279.00", "10_000.00", "profit", "10,000.00 allowed, plus 279.00 of profit"),
    ],
)
def test_more_than_the_allowance_is_the_allowance_and_profit(left: str, allowed: str, profit: str, said: str) -> None:
    gauge = Gauge("Daily loss", usd(left), 10_000, usd(allowed), usd("95_000.00"), "good", profit)
    assert gauge.allowance == said
