"""What breaks a rule while a person has waived it: it stays waived when the waiver ends, and what goes beyond it does not."""

from msgspec.structs import replace

from firm.bounds import WAIVERS_ENDED_MAX
from firm.facts import BreachWaived, ProfitExcluded, RuleBroken, RuleKeptAgain
from firm.inputs import Side
from firm.instant import HOUR_US, MINUTE_US, SECOND_US
from firm.overrides import WaiveRule
from firm.phase import Standing
from firm.terms.conduct import NewsAction, TradeDuration
from firm.terms.exposure import IdeaGrouping, IdeaMeasure, IdeaRisk, StopLossRequired
from firm.terms.words import Action, Boundary, Fixed, Scope
from tests.actors.conftest import Stage
from tests.actors.test_conduct import HEDGING, LOTS, MAXIMUM, TARGET, buy, close, trading
from tests.actors.test_news_and_deeds import HOLDING, WINDOW, at, minutes, ready
from tests.actors.test_overrides import asks


def waived(stage: Stage, account: int, rule: str, us: int = HOUR_US) -> None:
    """For so long."""
    asks(stage, account, WaiveRule(rule=rule, until_us=stage.now_us + us))


def later(stage: Stage, us: int) -> None:
    """After a time, with a price and a look by the minute."""
    stage.now_us += us
    stage.tick("EURUSD", 138_690, 138_700)
    stage.clock()


def broken(stage: Stage, account: int) -> list[tuple[str, int]]:
    return [(fact.rule, fact.observed) for fact in stage.facts(RuleBroken, account)]


def test_lots_that_were_opened_in_a_waiver_break_nothing_when_it_ends(stage):
    account = trading(stage, MAXIMUM, replace(LOTS, on_breach=(Action.FAIL,)))
    waived(stage, account, "lots")
    buy(stage, account, "6")
    [fact] = stage.facts(BreachWaived, account)
    assert (fact.rule, fact.observed, fact.limit) == ("lots", 6 * 10**8, 5 * 10**8)
    later(stage, 2 * HOUR_US)
    stage.equity(account, "99_940.00", "100_000.00")
    assert broken(stage, account) == []
    assert stage.account(account).standing is Standing.ACTIVE
    assert stage.refolded().account(account) == stage.account(account)


def test_a_lot_more_after_the_waiver_is_a_breach(stage):
    account = trading(stage, MAXIMUM, LOTS)
    waived(stage, account, "lots")
    buy(stage, account, "6")
    later(stage, 2 * HOUR_US)
    buy(stage, account, "0.01", "P2")
    assert broken(stage, account) == [("lots", 601_000_000)]
    assert stage.account(account).track.let_off == ()


def test_what_was_kept_again_after_a_waiver_is_broken_anew(stage):
    account = trading(stage, MAXIMUM, LOTS)
    waived(stage, account, "lots")
    buy(stage, account, "6")
    later(stage, 2 * HOUR_US)
    close(stage, account, "2")
    assert len(stage.facts(RuleKeptAgain, account)) == 1
    buy(stage, account, "1.5", "P2")
    assert broken(stage, account) == [("lots", 550_000_000)]


def test_a_deal_within_a_waiver_that_is_over_is_waived_though_it_is_told_after_the_next_one_began(stage):
    account = ready(stage, WINDOW)
    at(stage, -60)
    waived(stage, account, "news", 30 * SECOND_US)
    within_us = stage.now_us + 10 * SECOND_US
    at(stage, 100)
    waived(stage, account, "news", SECOND_US)
    at(stage, 110)
    buy(stage, account, "1", at_us=within_us)
    assert broken(stage, account) == []
    buy(stage, account, "1", "P2")
    assert [rule for rule, _ in broken(stage, account)] == ["news"]


def test_of_waivers_that_are_over_so_many_are_kept_and_each_that_runs(stage):
    account = trading(stage, MAXIMUM, LOTS)
    waived(stage, account, "maximum", HOUR_US)
    for _ in range(WAIVERS_ENDED_MAX + 2):
        waived(stage, account, "lots", SECOND_US)
        stage.wait(2)
    kept = stage.account(account).overrides.waivers
    assert (kept[-2].rule, len(kept)) == ("maximum", WAIVERS_ENDED_MAX + 2)


def test_each_step_within_a_waiver_is_waived(stage):
    account = trading(stage, MAXIMUM, LOTS)
    waived(stage, account, "lots")
    for number, lots in enumerate(("6", "1", "1")):
        buy(stage, account, lots, f"P{number}")
    later(stage, 2 * HOUR_US)
    close(stage, account, "1", position="P2")
    assert broken(stage, account) == []
    assert [fact.observed for fact in stage.facts(BreachWaived, account)] == [6 * 10**8, 7 * 10**8, 8 * 10**8]


def test_a_hedge_of_a_waiver_is_let_be(stage):
    account = trading(stage, MAXIMUM, HEDGING)
    waived(stage, account, "hedging")
    buy(stage, account, "1")
    stage.deal(account, "P2", Side.SELL, "1", 138_690)
    later(stage, 2 * HOUR_US)
    stage.equity(account, "99_990.00", "100_000.00")
    assert stage.account(account).standing is Standing.ACTIVE
    stage.deal(account, "P3", Side.SELL, "1", 138_690)
    stage.deal(account, "P4", Side.BUY, "1", 138_700)
    assert stage.account(account).standing is Standing.UNDER_REVIEW


def test_a_position_without_a_stop_in_a_waiver_needs_none_after_it(stage):
    stop = StopLossRequired(id="stop", within_s=60, risk_max=None, on_breach=(Action.WARN,), strikes_within=Scope.PHASE)
    account = trading(stage, MAXIMUM, stop)
    waived(stage, account, "stop", 3 * MINUTE_US)
    buy(stage, account, "1")
    for _ in range(6):
        later(stage, MINUTE_US)
    assert (broken(stage, account), len(stage.facts(BreachWaived, account))) == ([], 1)
    buy(stage, account, "1", "P2")
    for _ in range(2):
        later(stage, MINUTE_US)
    assert [fact.subject for fact in stage.facts(RuleBroken, account)] == ["P2"]


def test_an_idea_that_lost_too_much_in_a_waiver_is_let_be_as_long_as_it_lasts(stage):
    idea = IdeaRisk(
        id="idea", amount=Fixed(minor=1_000_00), grouping=IdeaGrouping.POSITION, gap_s=0, measured=IdeaMeasure.LOSS,
        boundary=Boundary.TOUCHES, on_breach=(Action.WARN,), strikes_within=Scope.PHASE,
    )  # fmt: skip
    account = trading(stage, MAXIMUM, idea)
    waived(stage, account, "idea")
    buy(stage, account, "1")
    for bid, us in ((137_600, SECOND_US), (137_600, 2 * HOUR_US), (137_600, SECOND_US)):
        stage.now_us += us
        stage.tick("EURUSD", bid, bid + 10)
    later(stage, 24 * HOUR_US)
    stage.tick("EURUSD", 137_600, 137_610)
    assert broken(stage, account) == []
    close(stage, account, "1", 137_600)
    buy(stage, account, "1", "P2")
    stage.wait(1)
    stage.tick("EURUSD", 137_590, 137_600)
    assert [fact.subject for fact in stage.facts(RuleBroken, account)] == ["P2"]
    assert stage.refolded().account(account) == stage.account(account)


def test_what_was_held_through_news_in_a_waiver_is_let_be(stage):
    account = ready(stage, HOLDING)
    buy(stage, account, "1")
    waived(stage, account, "news", 15 * MINUTE_US)
    minutes(stage, -3, 4)
    assert [fact.subject for fact in stage.facts(BreachWaived, account)] == ["P1 nfp"]
    minutes(stage, 5, 30)
    assert broken(stage, account) == []
    close(stage, account, "1")
    assert stage.account(account).track.let_off == ()


def test_a_deed_after_the_waiver_is_no_deed_of_it(stage):
    account = ready(stage, replace(HOLDING, actions=(NewsAction.OPEN, NewsAction.CLOSE)))
    waived(stage, account, "news", 9 * MINUTE_US)
    at(stage, -90)
    buy(stage, account, "1")
    at(stage, -30)
    close(stage, account, "1")
    assert [fact.subject for fact in stage.facts(RuleBroken, account)] == ["P1 nfp"]


def test_profit_of_a_short_trade_in_a_waiver_counts(stage):
    duration = TradeDuration(
        id="duration", seconds_min=120, average_s_min=None, longer_s=None, share_of_longer_bp=None, per=Scope.PHASE,
        on_breach=(Action.EXCLUDE_PROFIT,), strikes_within=Scope.PHASE,
    )  # fmt: skip
    account = trading(stage, MAXIMUM, duration, TARGET)
    waived(stage, account, "duration")
    buy(stage, account, "1")
    close(stage, account, "1", profit="100.00")
    later(stage, 2 * HOUR_US)
    buy(stage, account, "1", "P2")
    close(stage, account, "1", position="P2", profit="30.00")
    assert [(fact.position_id, fact.profit.minor) for fact in stage.facts(ProfitExcluded, account)] == [("P2", 30_00)]
