"""Rules in sentences: until when a phase may take, what is used of it, and where the floor will be after the next reset."""

import pytest
from msgspec.structs import replace

from firm.account import AccountState, DayStart, Position
from firm.inputs import Side
from firm.instant import parse_utc
from firm.money import Money
from firm.objective import Objective
from firm.objective_rows import objectives_of
from firm.ruleset import FirstRuleset, LateBreach
from firm.terms.first import (
    AmountBase,
    DailyLoss,
    FirstAnchor,
    FirstInactivity,
    FirstMaximumDuration,
    FirstTrail,
    MaximumLoss,
    OnDailyLoss,
)
from firm.terms.words import Boundary
from firm.track_fold import at_balance, track_opened
from firm.trading_day import TradingCalendar
from web.objectives_view import USED_KINDS

PRAGUE = TradingCalendar("Europe/Prague", "00:00")
NOW_US = parse_utc("2014-05-02T12:00:00")
TERMS = (
    DailyLoss(
        id="daily",
        loss_max_bp=500,
        anchor=FirstAnchor.BALANCE,
        base=AmountBase.INITIAL,
        boundary=Boundary.TOUCHES,
        on_breach=OnDailyLoss.FAIL,
    ),
    MaximumLoss(
        id="trailing",
        loss_max_bp=1_000,
        trail=FirstTrail.END_OF_DAY,
        trails_on=FirstAnchor.BALANCE,
        lock_at_bp=None,
        boundary=Boundary.TOUCHES,
    ),
    FirstMaximumDuration(id="duration", days_max=30),
    FirstInactivity(id="inactivity", days_max=10),
)


def account() -> AccountState:
    """100 000.00 when the day began and 103 000.00 now; first traded on 1 May, last on 2 May at 09:00 UTC."""
    rules = FirstRuleset(
        name="Clocks",
        calendar=PRAGUE,
        late_breach=LateBreach.REVIEW,
        await_swap=False,
        terms=TERMS,
    )
    track = at_balance(track_opened(rules, 100_000_00, "1/initial/minor", 0), 103_000_00, 3, NOW_US)
    return AccountState(
        account=1,
        trader=2,
        challenge=3,
        phase=0,
        phase_name="Phase 1",
        funded=False,
        bridge="sim",
        initial=Money.parse("100_000.00", "USD"),
        ruleset_id="",
        ruleset=rules,
        opened_seq=1,
        opened_us=parse_utc("2014-04-30T08:00:00"),
        balance=103_000_00,
        track=track,
        day=DayStart(PRAGUE.day_at(NOW_US), 100_000_00, 100_000_00, seq=2, final=True),
        first_trade_day="2014-05-01",
        last_trade_us=parse_utc("2014-05-02T09:00:00"),
    )


def rows(state: AccountState) -> dict[str, Objective]:
    return {row.rule: row for row in objectives_of(state, state.balance, NOW_US)}


def test_a_phase_says_on_which_date_and_by_which_clock_it_ends():
    said = rows(account())["duration"].sentence
    assert said.endswith("within 30 days of its first trade: before 31 May 2014, 00:00 in Europe/Prague.")
    untraded = rows(replace(account(), first_trade_day=""))["duration"].sentence
    assert untraded.endswith("nothing was traded yet.")


def test_an_idle_account_says_at_which_reset_it_ends():
    said = rows(account())["inactivity"].sentence
    assert said.endswith(
        "Without one the account ends on 13 May 2014, 00:00 in Europe/Prague."
    )  # ten days are over by then


def test_an_open_position_is_activity_and_no_end_is_told():
    held = Position("P1", "EURUSD", Side.BUY, 10**8, 138_700, NOW_US, 2, "", 0, 0, "")
    assert "ends" not in rows(replace(account(), positions=(held,)))["inactivity"].sentence


@pytest.mark.parametrize(
    ("rule", "now", "then"),
    [("daily", "95_000.00", "98_000.00"), ("trailing", "90_000.00", "93_000.00")],
)
def test_each_floor_that_a_reset_moves_is_told_before_it(rule, now, then):
    row = rows(account())[rule]
    assert (row.floor, row.floor_after) == (Money.parse(now, "USD"), Money.parse(then, "USD"))


def test_days_of_a_deadline_are_used_and_not_reached():
    assert {"maximum_duration", "inactivity"} <= set(USED_KINDS)
