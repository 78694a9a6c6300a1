"""Floor lines: each day keeps the floor it had, and a floor that follows the highs is drawn where it was."""

from firm.instant import DAY_US, MINUTE_US
from firm.money import Money
from firm.ruleset import FirstRuleset, LateBreach
from firm.terms.first import AmountBase, DailyLoss, FirstAnchor, FirstTrail, MaximumLoss, OnDailyLoss
from firm.terms.words import Boundary
from firm.trading_day import TradingCalendar
from storage.readmodels.days import Day
from storage.readmodels.marks import Mark
from web.charts import Line
from web.floor_lines import floor_lines

INITIAL = Money.parse("100_000.00", "USD")


def rules(trail: FirstTrail) -> FirstRuleset:
    """5 % a day of the initial balance below the day's balance, 10 % in all."""
    daily = DailyLoss(
        id="daily",
        loss_max_bp=500,
        anchor=FirstAnchor.BALANCE,
        base=AmountBase.INITIAL,
        boundary=Boundary.TOUCHES,
        on_breach=OnDailyLoss.FAIL,
    )
    maximum = MaximumLoss(
        id="maximum",
        loss_max_bp=1_000,
        trail=trail,
        trails_on=FirstAnchor.BALANCE,
        lock_at_bp=None,
        boundary=Boundary.TOUCHES,
    )
    return FirstRuleset(
        name="Lines",
        calendar=TradingCalendar("UTC", "00:00"),
        late_breach=LateBreach.REVIEW,
        await_swap=False,
        terms=(daily, maximum),
    )


def day(number: int, balance: int, cash: int = 0) -> Day:
    start_us = number * DAY_US
    return Day(start_us, f"1970-01-0{number + 1}", start_us + DAY_US, balance, balance, None, None, 0, 0, cash, True)


DAYS = [day(0, 100_000_00), day(1, 104_000_00), day(2, 102_000_00)]


def test_todays_floor_is_not_drawn_over_yesterday():
    daily = floor_lines(rules(FirstTrail.STATIC), INITIAL, DAYS, [], 0)["daily"]
    assert daily.steps == ((0, 95_000_00), (DAY_US, 99_000_00), (2 * DAY_US, 97_000_00))
    assert daily.label == "Daily loss floor"
    assert [daily.level_at(at) for at in (-1, DAY_US - 1, DAY_US)] == [None, 95_000_00, 99_000_00]


def test_a_static_floor_is_one_line_and_moves_only_with_deposits():
    days = [day(0, 100_000_00, cash=2_000_00), *DAYS[1:]]
    maximum = floor_lines(rules(FirstTrail.STATIC), INITIAL, days, [], 0)["maximum"]
    assert maximum.steps == ((0, 90_000_00), (DAY_US, 92_000_00))


def test_a_floor_that_follows_the_resets_never_falls():
    maximum = floor_lines(rules(FirstTrail.END_OF_DAY), INITIAL, DAYS, [], 0)["maximum"]
    assert maximum.steps == ((0, 90_000_00), (DAY_US, 94_000_00))


def test_a_floor_that_follows_every_tick_takes_highs_between_two_marks_from_the_headroom():
    marks = [
        Mark(3 * MINUTE_US, 100_000_00, 101_000_00),
        Mark(4 * MINUTE_US, 100_000_00, 100_500_00, 2_500_00),  # 98 000.00 is nearer than the day's 95 000.00
        Mark(5 * MINUTE_US, 100_000_00, 100_000_00, 2_000_00),
    ]
    maximum = floor_lines(rules(FirstTrail.EVERY_TICK), INITIAL, DAYS[:1], marks, 0)["maximum"]
    assert maximum.steps == ((0, 90_000_00), (3 * MINUTE_US, 91_000_00), (4 * MINUTE_US, 98_000_00))


def test_a_line_is_cut_to_what_the_chart_shows_and_goes_on_from_where_it_was():
    line = Line("Floor", "floor", ((10, 1), (20, 2), (30, 3)))
    assert line.between(15, 25) == ((15, 1), (20, 2))
    assert line.between(0, 12) == ((10, 1),)
    assert line.until(40, 3) is line
    assert line.until(40, 4).level_at(40) == 4
