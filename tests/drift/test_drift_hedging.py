"""Zero drift on hedging accounts: after each step of a random history the firm's book is the platform's, to the minor unit.

What is played is in docs/testing.md.
"""

from collections import Counter

import pytest

from tests.drift.drift_verdict import HISTORIES, chosen, held

# What must have happened somewhere in the histories, or they prove nothing about it.
HAPPENED = (
    "order: DONE", "order: DONE_PARTIAL", "order: NO_MONEY", "wait_for_price: DONE", "close: DONE", "change: DONE",
    "balance", "close_all", "repeated", "late: Deal", "late: Cash", "late: Tick", "firm: close_all", "frames twice", "frames early",
    "BreachDeclared", "CashBooked", "DayAnchored", "DayOpened", "DealBooked", "DealIgnored", "DriftCleared", "DriftFound",
    "SwapPosted",
)  # fmt: skip

_happened: Counter[str] = Counter()


@pytest.mark.parametrize("seeds", chosen(0), ids=str)
def test_the_books_never_differ_on_accounts_that_hedge(seeds: list[int]) -> None:
    held(seeds, _happened)


def test_the_histories_are_worth_the_name() -> None:
    if _happened["histories"] < HISTORIES // 2:
        pytest.skip("too few were played to show everything")
    missing = [what for what in HAPPENED if not _happened[what]]
    assert missing == []
