"""Gauges: what is left of a limit, and of what it is made where it is more than the limit allows."""

import pytest

from firm.money import Money
from web.account_view import Gauge
from web.shell.speech import ENGLISH


def usd(text: str) -> Money:
    return Money.parse(text, "USD")


@pytest.mark.parametrize(
    ("left", "allowed", "of_day", "said"),
    [
        ("4_999.99", "5_000.00", True, "of 5,000.00 allowed"),
        ("5_000.00", "5_000.00", True, "of 5,000.00 allowed"),
        ("5_279.00", "5_000.00", True, "5,000.00 allowed, plus 279.00 of today’s profit"),
        ("10_279.00", "10_000.00", False, "10,000.00 allowed, plus 279.00 of profit"),
    ],
)
def test_more_than_the_allowance_is_the_allowance_and_profit(
    left: str, allowed: str, said: str, *, of_day: bool
) -> None:
    gauge = Gauge("Daily loss", usd(left), 10_000, usd(allowed), usd("95_000.00"), "good", of_day)
    assert gauge.allowance(ENGLISH) == said
