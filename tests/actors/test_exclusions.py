"""Profit that does not count, whichever rule a trade broke: what a trader keeps of it, and what a corrected deal makes of it."""

import pytest
from msgspec.structs import replace

from firm.facts import PhasePassed, ProfitExcluded, RuleBroken, RuleKeptAgain
from firm.inputs import DealEntry, Side
from firm.instant import MINUTE_US, parse_utc
from firm.phase import Standing
from firm.terms.conduct import AdverseExcursion, Closure, HoldingLimit, TradeDuration, TradingHours
from firm.terms.exposure import IdeaGrouping, IdeaMeasure, IdeaRisk, StopLossRequired
from firm.terms.objectives import LotConsistency, PartialCloses
from firm.terms.words import Action, Boundary, DeductProfit, Fixed, Scope
from tests.actors.conftest import Stage, cents_text
from tests.actors.dealer import delete, update
from tests.actors.test_conduct import MAXIMUM, TARGET, buy, close, trading

DURATION = TradeDuration(
    id="duration", seconds_min=120, average_s_min=None, longer_s=None, share_of_longer_bp=None, per=Scope.PHASE,
    on_breach=(Action.EXCLUDE_PROFIT,), strikes_within=Scope.PHASE,
)  # fmt: skip
STOP = StopLossRequired(
    id="stop", within_s=60, risk_max=None, on_breach=(Action.EXCLUDE_PROFIT,), strikes_within=Scope.PHASE
)


def excluded(stage: Stage, account: int) -> list[tuple[str, str, int, int]]:
    facts = stage.facts(ProfitExcluded, account)
    return [(fact.rule, fact.position_id, fact.profit.minor, fact.total.minor) for fact in facts]


def shown(stage: Stage, account: int) -> None:
    """The platform shows a balance, with which a phase may be won."""
    balance = cents_text(stage.account(account).balance)
    stage.equity(account, balance, balance)


def told_alike(stage: Stage, account: int) -> bool:
    return stage.refolded().account(account) == stage.account(account)


def test_the_profit_of_a_trade_that_was_too_short_wins_no_phase(stage):
    account = trading(stage, MAXIMUM, DURATION, TARGET)
    buy(stage, account, "1")
    stage.wait(20)
    close(stage, account, "1", profit="1_100.00")
    shown(stage, account)
    assert excluded(stage, account) == [("duration", "P1", 1_100_00, 1_100_00)]
    assert stage.facts(PhasePassed, account) == []
    buy(stage, account, "1", "P2")
    stage.wait(120)
    close(stage, account, "1", position="P2", profit="1_000.00")
    shown(stage, account)
    assert len(stage.facts(PhasePassed, account)) == 1
    assert told_alike(stage, account)


def test_the_profit_of_a_position_that_was_held_over_night_does_not_count(stage):
    night = HoldingLimit(
        id="night", over=Closure.OVERNIGHT, zone="UTC", cutoff="18:00", early_close_minutes=0, break_s=0, pending_orders=False,
        on_breach=(Action.EXCLUDE_PROFIT,), strikes_within=Scope.PHASE,
    )  # fmt: skip
    account = trading(stage, MAXIMUM, night)
    buy(stage, account, "1")
    while not stage.facts(RuleBroken, account) and stage.now_us < parse_utc("2014-05-03T00:00"):
        stage.now_us += 10 * MINUTE_US
        stage.tick("EURUSD", 138_690, 138_700)
        stage.clock()
    assert [fact.subject.partition(" ")[0] for fact in stage.facts(RuleBroken, account)] == ["P1"]
    close(stage, account, "1", profit="300.00")
    assert excluded(stage, account) == [("night", "P1", 300_00, 300_00)]
    assert told_alike(stage, account)


def test_each_part_of_a_position_lasts_by_itself(stage):
    account = trading(stage, MAXIMUM, DURATION)
    buy(stage, account, "3")
    for seconds, profit in ((20, "10.00"), (20, "20.00"), (120, "40.00")):
        stage.wait(seconds)
        close(stage, account, "1", profit=profit)
    assert excluded(stage, account) == [("duration", "P1", 10_00, 10_00), ("duration", "P1", 20_00, 30_00)]
    assert len(stage.facts(RuleBroken, account)) == 1


def test_a_short_trade_is_found_once_there_are_prices_again(stage):
    account = trading(stage, MAXIMUM, DURATION)
    stage.deal(account, "G1", Side.BUY, "1", 1_290_000, symbol="XAUUSD")
    buy(stage, account, "1")
    stage.wait(20)
    close(stage, account, "1", profit="100.00")
    assert excluded(stage, account) == []
    stage.tick("XAUUSD", 1_290_000, 1_290_100)
    shown(stage, account)
    assert excluded(stage, account) == [("duration", "P1", 100_00, 100_00)]


def test_a_stop_that_comes_too_late_brings_no_profit_back(stage):
    account = trading(stage, MAXIMUM, STOP)
    buy(stage, account, "2")
    for _ in range(2):
        stage.now_us += MINUTE_US
        stage.tick("EURUSD", 138_690, 138_700)
        stage.clock()
    assert [fact.rule for fact in stage.facts(RuleBroken, account)] == ["stop"]
    stage.position(account, "P1", stop_loss=138_000)
    stage.now_us += MINUTE_US
    stage.tick("EURUSD", 138_690, 138_700)
    stage.clock()
    assert len(stage.facts(RuleKeptAgain, account)) == 1
    close(stage, account, "1", profit="100.00")
    close(stage, account, "1", profit="50.00")
    assert excluded(stage, account) == [("stop", "P1", 100_00, 100_00), ("stop", "P1", 50_00, 150_00)]
    assert told_alike(stage, account)
    buy(stage, account, "1", "P2")
    stage.position(account, "P2", stop_loss=138_000)
    close(stage, account, "1", position="P2", profit="70.00")
    assert len(excluded(stage, account)) == 2
    assert stage.account(account).track.excluding == ()


def test_what_was_closed_before_the_position_broke_the_rule_counts(stage):
    deep = AdverseExcursion(
        id="deep", share_bp=100, of_profit=False, minimum_minor=0, boundary=Boundary.TOUCHES,
        on_breach=(DeductProfit(share_bp=5_000),), strikes_within=Scope.PHASE,
    )  # fmt: skip
    account = trading(stage, MAXIMUM, deep)
    buy(stage, account, "2")
    close(stage, account, "1", profit="10.00")
    stage.wait(1)
    stage.tick("EURUSD", 137_600, 137_610)
    stage.wait(1)
    stage.tick("EURUSD", 139_600, 139_610)
    close(stage, account, "1", 139_600, profit="900.00")
    assert excluded(stage, account) == [("deep", "P1", 450_00, 450_00)]


@pytest.mark.parametrize("taken_first", [True, False])
def test_of_two_rules_the_one_counts_that_takes_most(stage, taken_first):
    hours = TradingHours(
        id="hours", zone="UTC", opens="00:00", closes="00:01", on_breach=(DeductProfit(share_bp=2_500),),
        strikes_within=Scope.PHASE,
    )  # fmt: skip
    account = trading(stage, MAXIMUM, *((hours, DURATION) if taken_first else (DURATION, hours)))
    buy(stage, account, "1")
    stage.wait(20)
    close(stage, account, "1", profit="100.00")
    assert excluded(stage, account)[-1] == ("duration", "P1", 100_00, 100_00)
    assert stage.account(account).track.excluded.value == 100_00
    assert told_alike(stage, account)


def test_an_idea_of_one_position_that_risks_too_much_brings_nothing(stage):
    idea = IdeaRisk(
        id="idea", amount=Fixed(minor=1_000_00), grouping=IdeaGrouping.POSITION, gap_s=0, measured=IdeaMeasure.LOSS,
        boundary=Boundary.TOUCHES, on_breach=(Action.EXCLUDE_PROFIT,), strikes_within=Scope.PHASE,
    )  # fmt: skip
    account = trading(stage, MAXIMUM, idea)
    buy(stage, account, "1")
    stage.wait(1)
    stage.tick("EURUSD", 137_700, 137_710)
    stage.wait(1)
    stage.tick("EURUSD", 139_700, 139_710)
    close(stage, account, "1", 139_700, profit="1_000.00")
    assert excluded(stage, account) == [("idea", "P1", 1_000_00, 1_000_00)]


def test_each_trade_out_of_the_range_of_lots_is_concerned_by_itself(stage):
    lots = LotConsistency(
        id="range", min_bp=5_000, max_bp=20_000, partial_closes=PartialCloses.SEPARATE, per=Scope.PHASE,
        on_breach=(Action.EXCLUDE_PROFIT,), strikes_within=Scope.PHASE,
    )  # fmt: skip
    account = trading(stage, MAXIMUM, lots)
    for position, size in (("P1", "1"), ("P2", "3"), ("P3", "2")):
        buy(stage, account, size, position)
        close(stage, account, size, position=position, profit="10.00")
    assert excluded(stage, account) == [("range", "P2", 10_00, 10_00)]


def test_a_corrected_deal_takes_as_much_as_it_brings_now(stage):
    account = trading(stage, MAXIMUM, DURATION, TARGET)
    buy(stage, account, "1")
    stage.wait(20)
    stage.deals = 100
    close(stage, account, "1", profit="1_100.00")
    update(stage, account, "D101", entry=DealEntry.OUT, price=138_690, profit="400.00", commission="0.00")
    assert [figures[2:] for figures in excluded(stage, account)] == [(1_100_00, 1_100_00), (400_00, 400_00)]
    assert told_alike(stage, account)
    delete(stage, account, "D101")
    assert [figures[2:] for figures in excluded(stage, account)][2:] == [(0, 0)]
    assert told_alike(stage, account)


def test_a_loss_of_a_short_trade_counts(stage):
    account = trading(stage, MAXIMUM, replace(DURATION, on_breach=(Action.EXCLUDE_PROFIT, Action.FAIL)))
    buy(stage, account, "1")
    close(stage, account, "1", profit="-100.00")
    assert excluded(stage, account) == []
    assert stage.account(account).standing is Standing.ACTIVE
