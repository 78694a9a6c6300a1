"""Margin in use on an account that trades: judged by what is held at once, and not at all where the platform says otherwise."""

import pytest
from msgspec.structs import replace

from firm.facts import Doubt, DriftCleared, DriftFound, QuoteUsed, RuleBroken, RuleKeptAgain, RuleSuspected
from firm.inputs import AccountReported, Side, SymbolReported
from firm.instant import SECOND_US
from firm.phase import Standing
from firm.policy import Policy
from firm.terms.exposure import CountedOver, ExposureLimit, Netted, Quantity
from firm.terms.words import Action, Boundary, Scope
from tests.actors.conftest import Stage, program
from tests.actors.test_conduct import MAXIMUM, buy, close, rules_of, trading

# 5 % of equity. Ada's leverage is 1:100, so that a lot at 1.38700 binds 1 387.00 of her 100 000.00.
MARGIN = ExposureLimit(
    id="margin", quantity=Quantity.MARGIN, limit=500, symbols=(), counted=CountedOver.OPEN_AT_ONCE, netted=Netted.GROSS, tiers=(),
    boundary=Boundary.CROSSES, on_breach=(Action.WARN,), strikes_within=Scope.PHASE,
)  # fmt: skip


def leverage_told(stage, account, leverage):
    state = stage.account(account)
    told = AccountReported(
        bridge="sim", seq=stage.next_seq(), login=state.login, group="demo", leverage=leverage, trading_allowed=True,
        balance=state.money(state.balance), credit=state.money(0), t_us=stage.now_us,
    )  # fmt: skip
    return stage.put(told, account)


def test_margin_in_use_is_judged_as_positions_change(stage):
    account = trading(stage, MAXIMUM, MARGIN)
    buy(stage, account, "3", "P1")
    assert stage.facts(RuleBroken, account) == []
    buy(stage, account, "0.70", "P2")
    [broken] = stage.facts(RuleBroken, account)
    # 3.70 lots bind 5 131.90 of an equity of 99 963.00.
    assert (broken.rule, broken.observed, broken.limit, broken.unit) == ("margin", 513, 500, "bp")
    assert [step.value for step in broken.working if step.op == "divided_rounded_up"] == [4_161_00, 970_90]
    close(stage, account, "0.70", position="P2")
    assert [fact.rule for fact in stage.facts(RuleKeptAgain, account)] == ["margin"]


def test_margins_that_never_overlapped_are_not_added(stage):
    account = trading(stage, MAXIMUM, MARGIN)
    for number in range(5):
        buy(stage, account, "3", f"P{number}")
        close(stage, account, "3", position=f"P{number}")
    assert stage.facts(RuleBroken, account) == []


@pytest.mark.parametrize(("netted", "broken"), [(Netted.GROSS, 1), (Netted.NET, 0)])
def test_opposite_positions_bind_what_the_rule_says(stage, netted, broken):
    account = trading(stage, MAXIMUM, replace(MARGIN, netted=netted))
    buy(stage, account, "3", "P1")
    stage.deal(account, "P2", Side.SELL, "3", 138_690)
    assert len(stage.facts(RuleBroken, account)) == broken


@pytest.mark.parametrize("boundary", list(Boundary))
def test_the_very_price_that_takes_equity_too_low_for_what_is_bound_breaks_it(stage, boundary):
    """4 161.00 are 4.30 % of 96 767.44."""
    account = trading(stage, MAXIMUM, replace(MARGIN, limit=430, boundary=boundary))
    buy(stage, account, "3", "P1")
    kept, breaks = bids_around(stage, account, 430, boundary)
    wakes = stage.engine.market("sim").wake_count
    stage.tick("EURUSD", kept + 40, kept + 50)
    assert stage.engine.market("sim").wake_count == wakes
    stage.tick("EURUSD", kept, kept + 10)
    assert stage.facts(RuleBroken, account) == []
    stage.tick("EURUSD", breaks, breaks + 10)
    [fact] = stage.facts(RuleBroken, account)
    assert (fact.rule, fact.at_us) == ("margin", stage.now_us)
    stage.tick("EURUSD", 138_690, 138_700)
    stage.tick("EURUSD", breaks, breaks + 10)
    assert stage.facts(RuleKeptAgain, account) == []
    assert len(stage.facts(RuleBroken, account)) == 1
    stage.tick("EURUSD", 138_690, 138_700)
    stage.equity(account, "99_970.00", "100_000.00", margin="4_161.00")
    assert [fact.rule for fact in stage.facts(RuleKeptAgain, account)] == ["margin"]


def bids_around(stage, account, limit, boundary):
    """The lowest bid at which so much of equity is bound yet, and the one below it."""
    state = stage.account(account)
    for bid in range(138_690, 137_000, -1):
        equity = state.balance + 3 * (bid - 138_700) * 100
        bound, allowed = 4_161_00 * 10_000, limit * equity
        if bound > allowed or (boundary is Boundary.TOUCHES and bound == allowed):
            return bid + 1, bid
    raise AssertionError("no price breaks it")


def test_a_rate_that_makes_more_of_what_is_bound_breaks_it(stage):
    """Ten lots of USDJPY each way bind 20 000 dollars at 102.300 yen, and more as the dollar falls, whatever they make together."""
    account = trading(stage, MAXIMUM, replace(MARGIN, limit=2_100))
    yen = replace(
        stage.engine.market("sim").board.specs["EURUSD"],
        symbol="USDJPY",
        digits=3,
        currency_base="USD",
        currency_profit="JPY",
    )
    stage.put(SymbolReported(bridge="sim", seq=stage.next_seq(), spec=yen))
    stage.tick("USDJPY", 102_290, 102_300)
    for position, side in (("P1", Side.BUY), ("P2", Side.SELL)):
        stage.deal(account, position, side, "10", 102_300, symbol="USDJPY")
    wakes = stage.engine.market("sim").wake_count
    stage.tick("USDJPY", 102_200, 102_210)
    assert stage.engine.market("sim").wake_count == wakes
    for bid in range(98_000, 97_000, -10):
        stage.tick("USDJPY", bid, bid + 10)
        if stage.facts(RuleBroken, account):
            break
    [fact] = stage.facts(RuleBroken, account)
    # 10 lots at 102.300 are 102 300 000 yen; twice a hundredth of that at 97.53 are 20 978.2, and the spread left 99 897.5.
    assert (fact.at_us, fact.observed) == (stage.now_us, 2_100)
    assert bid == 97_530


def test_a_smaller_leverage_binds_more(stage):
    account = trading(stage, MAXIMUM, MARGIN)
    buy(stage, account, "3", "P1")
    leverage_told(stage, account, 30)
    assert [fact.observed for fact in stage.facts(RuleBroken, account)] == [1387]


def test_where_the_platform_says_otherwise_nothing_is_judged_by_our_figure(stage):
    account = trading(stage, MAXIMUM, MARGIN)
    buy(stage, account, "3", "P1")
    stage.equity(account, "99_970.00", "100_000.00", margin="2_000.00")
    [drift] = stage.facts(DriftFound, account)
    assert (drift.what, drift.computed.minor, drift.reported.minor) == ("margin", 4_161_00, 2_000_00)
    buy(stage, account, "1", "P2")
    assert stage.facts(RuleBroken, account) == []
    assert stage.account(account).drifting == ()  # hard failures and passes go on
    stage.equity(account, "99_960.00", "100_000.00", margin="5_548.00")
    assert [fact.what for fact in stage.facts(DriftCleared, account)] == ["margin"]
    assert [fact.observed for fact in stage.facts(RuleBroken, account)] == [555]


def test_what_is_broken_is_not_kept_again_because_nobody_can_say(stage):
    account = trading(stage, MAXIMUM, MARGIN)
    buy(stage, account, "4", "P1")
    stage.equity(account, "99_960.00", "100_000.00", margin="1.00")
    stage.equity(account, "99_960.00", "100_000.00", margin="5_548.00")
    assert len(stage.facts(RuleBroken, account)) == 1
    assert stage.facts(RuleKeptAgain, account) == []


@pytest.mark.parametrize("told", ["4_161.00", "4_120.00", "4_202.90", "0.00"])
def test_a_platform_that_tells_the_same_or_nothing_does_not_differ(stage, told):
    account = trading(stage, MAXIMUM, MARGIN)
    buy(stage, account, "3", "P1")
    stage.equity(account, "99_970.00", "100_000.00", margin=told)
    assert stage.facts(DriftFound, account) == []


def test_margin_is_compared_only_where_a_rule_is_about_it(stage):
    account = trading(stage, MAXIMUM)
    buy(stage, account, "3", "P1")
    stage.equity(account, "99_970.00", "100_000.00", margin="2_000.00")
    assert stage.facts(DriftFound, account) == []


def test_an_old_exchange_rate_says_nothing():
    stage = Stage()
    rules = rules_of(MAXIMUM, replace(MARGIN, limit=1))
    stage.open_shop(
        program(rules, rules, name="euro", currency="EUR"), policy=Policy(conversion_age_max_us=90 * SECOND_US)
    )
    account = stage.sell(1003, 503, (7005, 7006), "euro")
    stage.tick("EURUSD", 138_690, 138_700)
    stage.tick("XAUUSD", 1_290_000, 1_290_300)
    stage.wait(91)
    stage.deal(account, "P1", Side.BUY, "1", 1_290_300, symbol="XAUUSD")
    assert stage.facts(RuleBroken, account) == []
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P2", Side.BUY, "0.01", 1_290_300, symbol="XAUUSD")
    assert [fact.rule for fact in stage.facts(RuleBroken, account)] == ["margin"]


def test_a_hard_limit_of_margin_ends_the_account_and_folds_to_the_same(stage):
    account = trading(stage, MAXIMUM, replace(MARGIN, on_breach=(Action.FAIL,)))
    buy(stage, account, "4", "P1")
    assert stage.account(account).standing is Standing.BREACHED
    assert stage.refolded().account(account) == stage.account(account)


def test_the_ticks_by_which_equity_was_too_low_are_cited(stage):
    account = trading(stage, MAXIMUM, replace(MARGIN, limit=430))
    buy(stage, account, "3", "P1")
    stage.tick("EURUSD", 137_300, 137_310)
    [fact] = stage.facts(RuleBroken, account)
    rows = {row.seq: body for batch in stage.batches for row, body in batch.rows}
    [used] = [rows[seq] for seq in fact.quotes]
    assert isinstance(used, QuoteUsed)
    assert (used.symbol, used.bid) == ("EURUSD", 137_300)


def test_a_price_far_off_the_market_ends_no_account_by_itself(stage):
    """At 1.20000 half a lot takes equity to 90 650.00, of which the 693.50 that are bound are 0.77 %."""
    account = trading(stage, MAXIMUM, replace(MARGIN, limit=70, on_breach=(Action.FAIL,)))
    buy(stage, account, "0.5", "P1")
    stage.tick("EURUSD", 120_000, 120_010)
    [fact] = stage.facts(RuleSuspected, account)
    assert (fact.rule, fact.doubts) == ("margin", (Doubt.OUTSIDE_SANITY_BAND,))
    assert stage.facts(RuleBroken, account) == []
    assert stage.account(account).standing is Standing.UNDER_REVIEW


def test_a_believable_price_ends_it(stage):
    account = trading(stage, MAXIMUM, replace(MARGIN, limit=430, on_breach=(Action.FAIL,)))
    buy(stage, account, "3", "P1")
    stage.tick("EURUSD", 137_300, 137_310)
    assert stage.facts(RuleSuspected, account) == []
    assert stage.account(account).standing is Standing.BREACHED
