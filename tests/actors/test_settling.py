"""Suspicions that are settled: the equity that was seen with what belongs into it, against the floor that it was to be held against."""

import pytest
from msgspec.structs import replace

from firm.commands import ReviewOutcome
from firm.facts import BreachDeclared, BreachSuspected, Refused, VerdictCorrected
from firm.instant import DAY_US, SECOND_US
from firm.phase import Standing
from firm.terms.losses import Checked, Measured, OnPayout, Trail
from firm.terms.words import Action, Anchor, Scope
from tests.actors.conftest import Stage
from tests.actors.test_conduct import MAXIMUM, MIDNIGHT_US, buy, close, trading
from tests.actors.test_doubtful_books import review
from tests.evidence.limits_of_today import LIMIT

DAILY = replace(LIMIT, id="daily")
AT_ROLLOVER = replace(DAILY, checked=Checked.AT_ROLLOVER)


def declared(stage: Stage, account: int) -> list[tuple[int, int]]:
    """Floor and equity of each breach that is declared."""
    return [(fact.floor.minor, fact.observed.minor) for fact in stage.facts(BreachDeclared, account)]


# --- a limit that is checked at the rollover alone ---


def lost_at_the_rollover(stage: Stage, *terms: object, **changes: object) -> int:
    """6 000 are lost by a deal that no report has confirmed when the day ends, and its last marks break the limit."""
    account = trading(stage, *terms, **changes)
    stage.now_us = MIDNIGHT_US - 30 * SECOND_US
    stage.tick("EURUSD", 138_690, 138_700)
    stage.snapshot(account, trading_allowed=True)
    buy(stage, account, "1")
    stage.wait(5)
    close(stage, account, "1", profit="-6_000.00")
    stage.now_us = MIDNIGHT_US + SECOND_US
    stage.tick("EURUSD", 138_690, 138_700)
    stage.watermark()
    [suspected] = stage.facts(BreachSuspected, account)
    assert (suspected.floor.minor, suspected.observed.minor) == (95_000_00, 94_000_00)
    return account


def test_a_breach_of_the_rollover_is_confirmed_against_the_floor_with_which_the_day_ended(stage):
    """Not against the new day's, which lies 5 000 below where that day begins."""
    account = lost_at_the_rollover(stage, AT_ROLLOVER)
    stage.equity(account, "94_000.00", "94_000.00")
    assert declared(stage, account) == [(95_000_00, 94_000_00)]
    assert stage.account(account).standing is Standing.BREACHED
    assert stage.refolded().account(account) == stage.account(account)


@pytest.mark.parametrize("amount", ["5_000.00", "-5_000.00"])
def test_cash_of_the_new_day_is_none_of_the_rollover_s(stage, amount):
    account = lost_at_the_rollover(stage, AT_ROLLOVER)
    stage.cash(account, amount)
    balance = str(stage.account(account).balance / 100)
    stage.equity(account, balance, balance)
    assert declared(stage, account) == [(95_000_00, 94_000_00)]


def test_a_person_confirms_a_breach_of_the_rollover(stage):
    account = lost_at_the_rollover(stage, replace(AT_ROLLOVER, on_breach=(Action.REVIEW,)))
    [row] = [finding.seq for finding in stage.account(account).findings]
    review(stage, account, ReviewOutcome.CONFIRM, row)
    assert stage.facts(Refused) == []
    assert declared(stage, account) == [(95_000_00, 94_000_00)]


# --- the night's swap ---


def suspected_before_the_swap(
    stage: Stage, *terms: object, bid: int, lots: str = "10", midnight_us: int = MIDNIGHT_US
) -> int:
    """Ten lots over midnight; equity falls before the day's start is final. The platform speaks of the swap afterwards."""
    account = trading(stage, *terms, await_swap=True)
    buy(stage, account, lots)
    stage.now_us = midnight_us - SECOND_US
    stage.tick("EURUSD", 138_700, 138_710)
    stage.snapshot(account, trading_allowed=True)
    stage.now_us = midnight_us + SECOND_US
    stage.tick("EURUSD", 138_700, 138_710)
    stage.wait(1)
    stage.tick("EURUSD", bid, bid + 10)
    stage.watermark()
    assert not stage.account(account).day.final  # it waits for the swap
    return account


def charge(stage: Stage, account: int, swap: str, position: str = "P1") -> None:
    stage.wait(1)
    stage.position(account, position, swap=swap)
    stage.watermark()


FROM_EQUITY = [
    pytest.param({"anchor": Anchor.EQUITY}, id="equity"),
    pytest.param({"anchor": Anchor.LOWER}, id="lower"),
    pytest.param({"anchor": Anchor.EQUITY, "scope": Scope.WEEK}, id="a week that begins"),
]


@pytest.mark.parametrize("terms", FROM_EQUITY)
def test_the_night_s_swap_is_in_the_equity_as_it_is_in_the_floor(stage, terms):
    """5 000 below the day's start at 95 000: with 60 of swap both are 60 lower, and it is a breach all the same."""
    if terms.get("scope") is Scope.WEEK:
        stage.now_us += 3 * DAY_US  # on Sunday: the day that begins is a Monday
        midnight_us = MIDNIGHT_US + 3 * DAY_US
    else:
        midnight_us = MIDNIGHT_US
    account = suspected_before_the_swap(stage, replace(DAILY, **terms), bid=138_200, midnight_us=midnight_us)
    [suspected] = stage.facts(BreachSuspected, account)
    assert (suspected.floor.minor, suspected.observed.minor) == (95_000_00, 95_000_00)
    charge(stage, account, "-60.00")
    assert stage.account(account).day.equity == 99_940_00
    assert declared(stage, account) == [(94_940_00, 94_940_00)]
    assert [fact.verdict for fact in stage.facts(VerdictCorrected, account)] == []
    assert stage.refolded().account(account) == stage.account(account)


def test_a_swap_that_is_paid_out_may_show_that_nothing_was_broken(stage):
    """Or that it was, where the floor rises as much: the higher of balance and equity is the equity then."""
    account = suspected_before_the_swap(stage, replace(DAILY, anchor=Anchor.HIGHER), bid=138_200)
    charge(stage, account, "60.00")
    assert declared(stage, account) == [(95_060_00, 95_060_00)]


def test_of_equity_or_balance_a_person_decides_by_what_was_seen_then(stage):
    """Which of the two was seen nobody knows, and the swap is in one of them alone."""
    account = suspected_before_the_swap(
        stage, replace(DAILY, anchor=Anchor.EQUITY, measured=Measured.EITHER), bid=138_200
    )
    charge(stage, account, "-60.00")
    assert declared(stage, account) == []
    assert stage.account(account).standing is Standing.UNDER_REVIEW
    review(stage, account, ReviewOutcome.CONFIRM)
    assert declared(stage, account) == [(95_000_00, 95_000_00)]


def test_a_swap_told_twice_counts_once(stage):
    """Of two words the last one holds, and the floor is that of the last one too."""
    account = suspected_before_the_swap(stage, replace(DAILY, anchor=Anchor.EQUITY), bid=138_200)
    buy(stage, account, "1", "P2")  # another word of the platform's between them
    stage.wait(1)
    stage.now_us -= 10 * SECOND_US  # stamped before the mark: its swap is not the night's yet
    stage.position(account, "P1", swap="-20.00")
    stage.now_us += 10 * SECOND_US
    charge(stage, account, "-60.00")
    assert stage.account(account).day.equity == 99_940_00
    stage.snapshot(account, trading_allowed=True)
    assert declared(stage, account) == [(94_940_00, 94_940_00)]


@pytest.mark.parametrize(
    "terms",
    [
        pytest.param(replace(DAILY, anchor=Anchor.BALANCE), id="balance"),
        pytest.param(replace(DAILY, anchor=Anchor.INITIAL), id="initial"),
        pytest.param(replace(DAILY, scope=Scope.WEEK, anchor=Anchor.EQUITY), id="a week that began before"),
    ],
)
def test_a_floor_that_does_not_move_with_the_swap_is_held_against_what_was_seen(stage, terms):
    account = suspected_before_the_swap(stage, terms, bid=138_200)
    charge(stage, account, "60.00")
    assert declared(stage, account) == [(95_000_00, 95_000_00)]


def test_the_swap_of_a_position_of_the_new_day_is_not_the_night_s(stage):
    account = suspected_before_the_swap(stage, replace(DAILY, anchor=Anchor.EQUITY), bid=138_199)
    buy(stage, account, "1", "P2")
    stage.snapshot(account, trading_allowed=True)
    stage.position(account, "P2", swap="-5.00")
    charge(stage, account, "-60.00")
    stage.snapshot(account, trading_allowed=True)
    assert declared(stage, account) == [(94_940_00, 94_930_00)]


def test_a_high_of_days_moves_with_the_swap_and_so_does_the_equity(stage):
    terms = replace(MAXIMUM, trail=Trail.END_OF_DAY, high=Anchor.EQUITY, amount=LIMIT.amount, on_payout=OnPayout.NONE)
    account = trading(stage, terms, await_swap=True)
    buy(stage, account, "10")
    stage.now_us = MIDNIGHT_US - SECOND_US
    stage.tick("EURUSD", 138_900, 138_910)
    stage.equity(account, "102_000.00", "100_000.00")
    stage.now_us = MIDNIGHT_US + SECOND_US
    stage.tick("EURUSD", 138_900, 138_910)
    stage.wait(1)
    stage.tick("EURUSD", 138_400, 138_410)
    stage.watermark()
    charge(stage, account, "-60.00")
    assert declared(stage, account) == [(96_940_00, 96_940_00)]


# --- deals that come late ---


def test_a_deal_of_after_the_breach_is_not_in_the_equity_that_was_seen(stage):
    """Suspected at the first day's rollover; when the second ends, a deal of that day comes late, which changes nothing of it."""
    account = lost_at_the_rollover(stage, AT_ROLLOVER)
    next_us = MIDNIGHT_US + DAY_US
    stage.now_us = next_us - 60 * SECOND_US
    stage.tick("EURUSD", 138_690, 138_700)
    buy(stage, account, "1", "P9")
    stage.now_us = next_us + SECOND_US
    stage.tick("EURUSD", 138_690, 138_700)
    close(stage, account, "1", position="P9", profit="5_000.00", at_us=next_us - SECOND_US)
    stage.equity(account, "99_000.00", "99_000.00")
    assert declared(stage, account) == [(95_000_00, 94_000_00)]
