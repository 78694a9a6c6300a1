"""What is added to an open position is opened by itself: hours of trading, grids, martingale and high frequency look at each addition."""

import pytest
from msgspec.structs import replace

from firm.facts import ProfitExcluded, RuleBroken, RuleKeptAgain
from firm.inputs import Side
from firm.instant import SECOND_US, parse_utc, utc_text
from firm.terms.conduct import Grid, HighFrequency, Martingale, TradingHours
from firm.terms.words import Action, Boundary, Scope
from tests.actors.conftest import Stage
from tests.actors.dealer import delete, lists, says
from tests.actors.test_conduct import MAXIMUM, buy, close, trading

WARNS = {"on_breach": (Action.WARN,), "strikes_within": Scope.PHASE}
HOURS = TradingHours(id="hours", zone="UTC", opens="11:00", closes="12:00", **WARNS)
GRID = Grid(id="grid", positions_max=2, within_s=600, losing_only=True, **WARNS)
MARTINGALE = Martingale(id="martingale", factor_bp=20_000, repeats=1, same_symbol=True, **WARNS)
FREQUENT = HighFrequency(id="frequent", openings_max=2, within_s=60, boundary=Boundary.CROSSES, **WARNS)


def broken(stage: Stage, account: int) -> list[tuple[str, int]]:
    return [(fact.subject, fact.observed) for fact in stage.facts(RuleBroken, account)]


def kept_again(stage: Stage, account: int) -> list[str]:
    return [fact.subject for fact in stage.facts(RuleKeptAgain, account)]


def told_alike(stage: Stage, account: int) -> bool:
    return stage.refolded().account(account) == stage.account(account)


def at(stage: Stage, clock: str) -> None:
    stage.now_us = parse_utc(f"2014-05-02T{clock}")
    stage.tick("EURUSD", 138_690, 138_700)


# --- hours ---


def test_an_addition_outside_hours_is_a_breach_and_an_old_position_no_shelter(stage):
    account = trading(stage, MAXIMUM, HOURS)
    at(stage, "11:30:00")
    buy(stage, account, "0.01")
    at(stage, "12:00:01")
    buy(stage, account, "10")
    added = f"P1 {utc_text(stage.now_us)}"
    assert broken(stage, account) == [(added, 3_601)]
    seq = stage.account(account).last_trade_seq
    [fact] = stage.facts(RuleBroken, account)
    assert [step.source for step in fact.working if step.name == "opening of P1 (2)"] == [f"{seq}/deal/at_us"]
    stage.wait(1)
    buy(stage, account, "10")
    assert [observed for _, observed in broken(stage, account)] == [3_601, 3_602]
    close(stage, account, "20")
    assert len(kept_again(stage, account)) == 2
    assert told_alike(stage, account)


def test_what_is_added_within_hours_breaks_nothing_beside_what_was_opened_outside(stage):
    account = trading(stage, MAXIMUM, HOURS)
    at(stage, "10:59:59")
    buy(stage, account, "1")
    at(stage, "11:00:00")
    buy(stage, account, "1")
    assert [subject for subject, _ in broken(stage, account)] == ["P1"]
    close(stage, account, "1")
    assert kept_again(stage, account) == []
    close(stage, account, "1")
    assert kept_again(stage, account) == ["P1"]


def test_profit_of_a_position_that_was_added_to_outside_hours_does_not_count(stage):
    account = trading(stage, MAXIMUM, replace(HOURS, on_breach=(Action.EXCLUDE_PROFIT,)))
    at(stage, "11:30:00")
    buy(stage, account, "1")
    at(stage, "12:30:00")
    buy(stage, account, "1")
    close(stage, account, "2", profit="300.00")
    assert [(fact.position_id, fact.profit.minor) for fact in stage.facts(ProfitExcluded, account)] == [("P1", 300_00)]


# --- grid ---


def test_each_addition_at_a_worse_price_is_a_step_of_a_grid(stage):
    account = trading(stage, MAXIMUM, GRID)
    for price in (138_700, 138_600, 138_650, 138_500):
        stage.wait(10)
        stage.deal(account, "P1", Side.BUY, "1", price)
    assert broken(stage, account) == [("EURUSD buy", 3)]
    assert [part.price for part in stage.account(account).track.parts[0].parts] == [138_700, 138_600, 138_650, 138_500]
    assert told_alike(stage, account)


def test_one_order_that_is_filled_at_several_prices_is_one_step_of_a_grid(stage):
    account = trading(stage, MAXIMUM, replace(GRID, positions_max=1))
    for price in (138_700, 138_690, 138_680):
        stage.deal(account, "P1", Side.BUY, "1", price)
    assert broken(stage, account) == []
    stage.wait(1)
    stage.deal(account, "P1", Side.BUY, "1", 138_670)
    assert broken(stage, account) == [("EURUSD buy", 2)]


def test_additions_at_better_prices_or_later_are_no_grid(stage):
    account = trading(stage, MAXIMUM, GRID)
    for price, seconds in ((138_700, 0), (138_800, 10), (138_600, 10), (138_500, 601)):
        stage.wait(seconds)
        stage.deal(account, "P1", Side.BUY, "1", price)
    assert broken(stage, account) == []


def test_the_first_price_counts_after_what_was_added_is_closed(stage):
    """The position's own price is an average by then."""
    account = trading(stage, MAXIMUM, GRID)
    stage.deal(account, "P1", Side.BUY, "1", 138_700)
    stage.deal(account, "P1", Side.BUY, "1", 138_500)
    close(stage, account, "1")
    for price in (138_650, 138_640):
        stage.wait(1)
        stage.deal(account, "P1", Side.BUY, "1", price)
    assert broken(stage, account) == [("EURUSD buy", 3)]
    assert told_alike(stage, account)


def test_prices_of_additions_follow_the_points_of_their_symbol(stage):
    account = trading(stage, MAXIMUM, GRID)
    for price in (138_700, 138_600):
        stage.deal(account, "P1", Side.BUY, "1", price)
        stage.wait(1)
    lists(stage, "EURUSD", digits=6)
    stage.tick("EURUSD", 1_386_900, 1_387_000)
    says(stage, account, price_open=1_386_500)
    assert [part.price for part in stage.account(account).track.parts[0].parts] == [1_387_000, 1_386_000]
    stage.deal(account, "P1", Side.BUY, "1", 1_385_000)
    assert broken(stage, account) == [("EURUSD buy", 3)]
    assert told_alike(stage, account)


# --- martingale ---


def lose(stage, account, position="P9", lots="1"):
    stage.wait(1)
    buy(stage, account, lots, position)
    stage.wait(1)
    close(stage, account, lots, position=position, profit="-50.00")
    stage.wait(1)


@pytest.mark.parametrize(("added", "is_raise"), [(["2"], True), (["1", "1"], True), (["1.99"], False), (["1"], False)])
def test_what_is_added_after_a_loss_is_a_raise_from_the_lots_of_the_term(stage, added, is_raise):
    account = trading(stage, MAXIMUM, MARTINGALE)
    buy(stage, account, "0.01")
    lose(stage, account)
    for lots in added:
        buy(stage, account, lots)
        subject = f"P1 {utc_text(stage.now_us)}"
        stage.wait(1)
    assert broken(stage, account) == ([(subject, 1)] if is_raise else [])
    assert told_alike(stage, account)


def test_a_position_that_is_never_closed_whole_raises_after_a_part_that_lost(stage):
    account = trading(stage, MAXIMUM, replace(MARTINGALE, repeats=2))
    buy(stage, account, "1.01")
    for lots in ("2", "4"):
        stage.wait(1)
        close(stage, account, str(int(lots) // 2), profit="-50.00")
        stage.wait(1)
        buy(stage, account, lots)
    assert [observed for _, observed in broken(stage, account)] == [2]
    assert told_alike(stage, account)


def test_a_tiny_addition_does_not_begin_the_count_anew(stage):
    account = trading(stage, MAXIMUM, replace(MARTINGALE, repeats=2))
    lose(stage, account)
    buy(stage, account, "2")
    stage.wait(1)
    buy(stage, account, "0.01")
    stage.wait(1)
    close(stage, account, "2.01", profit="-50.00")
    stage.wait(1)
    buy(stage, account, "5", "P2")
    assert broken(stage, account) == [("P2", 2)]


# --- high frequency ---


def test_each_addition_counts_as_an_opening(stage):
    account = trading(stage, MAXIMUM, FREQUENT)
    for number in range(3):
        buy(stage, account, "1", deal=f"D{number}")
        stage.wait(1)
    assert broken(stage, account) == [("", 3)]
    delete(stage, account, "D1")
    assert kept_again(stage, account) == [""]
    assert len(stage.account(account).track.openings) == 2
    assert told_alike(stage, account)


def test_one_order_that_the_platform_fills_in_parts_is_one_opening(stage):
    account = trading(stage, MAXIMUM, replace(FREQUENT, openings_max=1))
    for number in range(3):
        buy(stage, account, "1", deal=f"D{number}")
    assert broken(stage, account) == []
    for number in range(2):
        delete(stage, account, f"D{number}")
    assert [one.deals for one in stage.account(account).track.openings] == [1]
    buy(stage, account, "1", "P2", deal="E")
    assert broken(stage, account) == [("", 2)]
    delete(stage, account, "D2")
    assert kept_again(stage, account) == [""]
    assert told_alike(stage, account)


def test_more_additions_than_parts_are_kept_are_all_counted(stage):
    account = trading(stage, MAXIMUM, replace(FREQUENT, openings_max=70, within_s=600))
    for _ in range(71):
        buy(stage, account, "0.01")
        stage.wait(1)
    assert broken(stage, account) == [("", 71)]


def test_an_opening_that_is_told_late_counts_for_its_own_time(stage):
    account = trading(stage, MAXIMUM, FREQUENT)
    buy(stage, account, "1")
    stage.wait(61)
    buy(stage, account, "1")
    buy(stage, account, "1", at_us=stage.now_us - 61 * SECOND_US)
    assert broken(stage, account) == []
    buy(stage, account, "1", at_us=stage.now_us - 59 * SECOND_US)
    stage.wait(1)
    buy(stage, account, "1")
    assert broken(stage, account) == [("", 3)]
    assert told_alike(stage, account)
