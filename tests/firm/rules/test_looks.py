"""Looks: which rules are looked at when, over which trades, what is left out of a second look, and how far prices may go without one."""

from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.account import Position
from firm.arithmetic import PLAIN, Figure
from firm.equity import Board
from firm.inputs import Side
from firm.price import Quote, SymbolSpec
from firm.rules.figures import Marks
from firm.rules.grounds import grounds_of, is_settled
from firm.rules.judged import Verdict
from firm.rules.looks import (
    LOOKS,
    Glance,
    glance,
    look,
    look_again,
    rules_looked_at,
    since,
    slack,
)
from firm.terms.conduct import (
    AdverseExcursion,
    Closure,
    Grid,
    Hedging,
    HighFrequency,
    HoldingLimit,
    Martingale,
    OneSided,
    TradeDuration,
    TradingHours,
)
from firm.terms.exposure import (
    CountedOver,
    ExposureLimit,
    IdeaGrouping,
    IdeaMeasure,
    IdeaRisk,
    Netted,
    Quantity,
    RiskReward,
    StopLossRequired,
)
from firm.terms.objectives import (
    Consistency,
    ConsistencyEffect,
    DayBasis,
    Denominator,
    FailsAt,
    LotConsistency,
    Numerator,
    PartialCloses,
)
from firm.terms.words import Action, Boundary, Fixed, Frequency, Scope
from firm.track import Broken, DayResult, DayStart, OrderWaiting, PayoutMade, Stops
from firm.trading_day import TradingDay
from tests.firm.rules.conftest import make_account
from tests.firm.rules.parts import held, trade

LOT = 10**8
WARNS = {"on_breach": (Action.WARN,), "strikes_within": Scope.PHASE}
IDEA = IdeaRisk(id="idea", amount=Fixed(minor=1_000_00), grouping=IdeaGrouping.SYMBOL, gap_s=0, measured=IdeaMeasure.LOSS,
                boundary=Boundary.CROSSES, **WARNS)  # fmt: skip
FLOATS = AdverseExcursion(
    id="floats", share_bp=500, of_profit=False, minimum_minor=0, boundary=Boundary.CROSSES, **WARNS
)
LOTS = ExposureLimit(id="lots", quantity=Quantity.LOTS, limit=10 * LOT, symbols=(), counted=CountedOver.OPEN_AT_ONCE,
                     netted=Netted.GROSS, tiers=(), boundary=Boundary.CROSSES, **WARNS)  # fmt: skip
STOP = StopLossRequired(id="stop", within_s=60, risk_max=None, **WARNS)
SETTLED = (
    LOTS,
    replace(LOTS, id="positions", quantity=Quantity.POSITIONS, limit=20),
    Hedging(id="hedging", lots_e8_max=None, **WARNS),
    Grid(id="grid", positions_max=2, within_s=600, losing_only=True, **WARNS),
    Martingale(id="martingale", factor_bp=20_000, repeats=1, same_symbol=False, **WARNS),
    OneSided(id="one_sided", trades_from=1, share_max_bp=6_000, per=Scope.PHASE, **WARNS),
    HighFrequency(id="high_frequency", openings_max=2, within_s=60, boundary=Boundary.CROSSES, **WARNS),
    LotConsistency(
        id="lot_range", min_bp=5_000, max_bp=15_000, partial_closes=PartialCloses.SEPARATE, per=Scope.PHASE, **WARNS
    ),
    TradeDuration(
        id="duration",
        seconds_min=60,
        average_s_min=None,
        longer_s=None,
        share_of_longer_bp=None,
        per=Scope.DAY,
        **WARNS,
    ),
    TradingHours(id="hours", zone="UTC", opens="00:10", closes="20:00", **WARNS),
    RiskReward(id="risk_reward", stop_to_target_max_bp=50_000, **WARNS),
    Consistency(
        id="share",
        best=Numerator.BEST_TRADE,
        of=Denominator.NET_TOTAL,
        day_basis=DayBasis.CLOSE,
        caps_bp=(4_000,),
        boundary=Boundary.CROSSES,
        effect=ConsistencyEffect.FAIL,
        per=Scope.PHASE,
        fails_at=FailsAt.CLOSE,
    ),
)
EURUSD = SymbolSpec(symbol="EURUSD", digits=5, contract_e8=100_000 * 10**8, currency_base="EUR", currency_profit="USD", zone="UTC",
                    sessions=())  # fmt: skip
OPEN = Position("P", "EURUSD", Side.BUY, LOT, 1_10000, 5_000_000, 40, "", 0, 0, "")


def at(bid, **specs):
    return Board({"EURUSD": EURUSD} | specs, {"EURUSD": Quote("EURUSD", 0, bid, bid + 10, 7, 0)})


def seen(account, bid=1_10000, now_us=0):
    return glance(account, at(bid), Figure(100_000_00, ""), now_us)


def tracked(account, **changes):
    return replace(account, track=replace(account.track, **changes))


def named(account, name):
    return next(rule for rule in account.ruleset.rules if rule.id == name)


# --- when, and over which trades ---


def test_each_rule_is_looked_at_on_the_events_of_its_kind(ada):
    ruleset = ada(IDEA, FLOATS, LOTS, STOP).ruleset
    looked_at = {frequency: [rule.id for rule in rules_looked_at(ruleset, frequency)] for frequency in Frequency}
    assert {frequency: ids for frequency, ids in looked_at.items() if ids} == {
        Frequency.TICK: ["idea", "floats"], Frequency.TRADE: ["lots"], Frequency.MINUTE: ["stop"],
    }  # fmt: skip


def test_a_scope_begins_with_its_day_its_week_or_the_last_payout(ada):
    def begun(start_us):
        return DayStart(TradingDay("2014-05-01", start_us, start_us + 1), 0, 0, 20, final=True)

    new = replace(ada(LOTS), day=None, track=replace(ada(LOTS).track, week=None))
    assert {since(new, scope) for scope in Scope} == {0}
    account = tracked(
        replace(new, day=begun(300)), week=begun(200), payouts=(PayoutMade(1, 1, 1, 50, 9), PayoutMade(2, 1, 1, 100, 9))
    )
    assert {scope: since(account, scope) for scope in Scope} == {
        Scope.DAY: 300, Scope.WEEK: 200, Scope.CYCLE: 100, Scope.PHASE: 0,
    }  # fmt: skip


def test_a_trade_that_was_closed_as_the_scope_began_belongs_to_it(ada):
    trades = tuple(trade(f"t{at}", opened_s=0, lasted_s=0, lasted_us=at) for at in (99, 100, 101))
    account = tracked(ada(LOTS), trades=trades, payouts=(PayoutMade(1, 1, 1, 100, 9),))
    assert [one.position_id for one in seen(account).trades(Scope.CYCLE)] == ["t100", "t101"]


def test_the_running_day_is_an_empty_one_until_something_happened_on_it(ada):
    assert seen(ada(LOTS)).today == DayResult("", 0)
    today = DayResult("2014-05-01", 5, fills=1)
    assert seen(tracked(ada(LOTS), today=today)).today is today


@pytest.mark.parametrize(("risk_max", "verdict"), [(None, Verdict.KEPT), (Fixed(minor=1_00), Verdict.BROKEN)])
def test_what_a_stop_may_lose_is_asked_only_where_the_rules_ask(ada, risk_max, verdict):
    account = tracked(ada(replace(STOP, risk_max=risk_max), positions=(OPEN,)), stops=(Stops("P", 1_09000, 0, 9),))
    (found,) = look(PLAIN, account.ruleset.rules[0], seen(account))
    assert found.verdict is verdict


def test_what_may_be_held_until_is_asked_of_symbols_that_have_a_contract(ada):
    nights = HoldingLimit(id="nights", over=Closure.OVERNIGHT, zone="UTC", cutoff="20:00", early_close_minutes=0, break_s=0,
                           pending_orders=True, **WARNS)  # fmt: skip
    account = tracked(
        ada(nights, positions=(OPEN,)), orders=(OrderWaiting("O", "XAUUSD", 0, 9), OrderWaiting("E", "EURUSD", 0, 9))
    )
    found = look(PLAIN, account.ruleset.rules[0], seen(account))
    assert [answer.subject for answer in found] == ["P", "E"]


# --- prices alone ---


@pytest.mark.parametrize(
    ("bid", "left"), [(1_10000, 1_000_00), (1_09001, 1_00), (1_09000, 0), (1_11000, 1_000_00)], ids=str
)
def test_slack_is_what_may_be_lost_until_the_nearest_rule_breaks(ada, bid, left):
    assert slack(seen(ada(FLOATS, IDEA, LOTS, positions=(OPEN,)), bid)) == left


def test_what_is_broken_already_and_what_is_over_asks_for_no_price(ada):
    over = trade("t1", symbol="XAUUSD", net=-999_99)
    assert slack(seen(tracked(ada(IDEA, positions=(OPEN,)), trades=(over,)))) == 1_000_00
    known = tracked(ada(IDEA, positions=(OPEN,)), broken=(Broken("idea", "P", Action.WARN),))
    assert slack(seen(known, 1_08000)) is None
    assert slack(seen(ada(LOTS, positions=(OPEN,)))) is None


def test_what_is_broken_and_nobody_was_told_of_is_looked_at_with_the_next_price(ada):
    assert slack(seen(ada(IDEA, positions=(OPEN,)), 1_08000)) == -1


def test_a_second_look_leaves_out_ideas_that_are_over(ada):
    account = tracked(ada(IDEA, positions=(OPEN,)), trades=(trade("t1", symbol="XAUUSD", opened_s=0, net=-2_000_00),))
    [idea] = account.ruleset.rules
    assert [answer.subject for answer in look(PLAIN, idea, seen(account))] == ["t1", "P"]
    assert [(answer.subject, answer.observed) for answer in look_again(idea, seen(account, 1_09500))] == [("P", 500_00)]


def test_ideas_that_were_grouped_once_are_valued_at_the_prices_of_each_look(ada):
    account = ada(IDEA, positions=(OPEN,))
    [idea] = account.ruleset.rules
    first = seen(account, 1_09500)
    second = seen(account, 1_09400)._replace(ideas=first.ideas)
    assert [look_again(idea, one)[0].observed for one in (first, first, second)] == [500_00, 500_00, 600_00]


# --- what answers rest on ---


@pytest.mark.parametrize(
    "terms", [IDEA, FLOATS, STOP, *(replace(LOTS, quantity=q) for q in (Quantity.NOTIONAL, Quantity.MARGIN))]
)
def test_what_prices_or_the_clock_can_change_is_not_settled(terms):
    assert not is_settled(terms)


def test_every_kind_that_only_trades_change_is_among_those_that_are_shown_to_be_settled():
    assert {type(terms) for terms in SETTLED} == {kind for kind in LOOKS if kind.frequency is Frequency.TRADE}
    assert all(map(is_settled, SETTLED))


moneys = st.none() | st.integers(-5_000_00, 5_000_00)
figures = st.fixed_dictionaries(dict.fromkeys(("floating", "stop_risk", "target_gain", "notional", "margin"), moneys))


@given(st.lists(st.tuples(figures, figures), min_size=3, max_size=3), st.integers(0, 10**12), st.integers(0, 10**12))
def test_no_price_and_no_clock_changes_what_is_settled(moved, before_us, now_us):
    account = tracked(
        make_account()(*SETTLED),
        trades=tuple(trade(f"t{n}", opened_s=900 + n, net=-1_00, lots=n * LOT) for n in (1, 2, 3)),
    )
    sides = (Side.BUY, Side.BUY, Side.SELL)

    def looks(which, equity, at_us):
        parts = tuple(
            held(
                f"p{n}",
                side=side,
                opened_s=1_000 + n,
                price_open=1_0000 - n,
                stop_loss=9_000,
                take_profit=1_0100,
                **prices[which],
            )
            for n, (side, prices) in enumerate(zip(sides, moved, strict=True))
        )
        marks = Marks(Figure(100_000_00, ""), Figure(equity, ""), Figure(0, ""))
        return Glance(account, at(1), parts, marks, Figure(at_us, ""), {}, {}, {})

    for rule in account.ruleset.rules:
        before, now = looks(0, 90_000_00, before_us), looks(1, 110_000_00, now_us)
        assert look(PLAIN, rule, before) == look(PLAIN, rule, now) == look_again(rule, now)


def test_moved_stops_leave_the_grounds_of_all_rules_but_those_about_orders(ada):
    account = ada(*SETTLED)
    moved = tracked(account, stops=(Stops("P", 1, 2, 9),))
    before, after = grounds_of(account), grounds_of(moved)
    same = {terms.id for terms in SETTLED if before.of(terms) == after.of(terms)}
    assert same == {terms.id for terms in SETTLED} - {"risk_reward"}


def test_what_is_opened_leaves_the_grounds_of_rules_over_closed_trades_and_their_answers(ada):
    account = tracked(ada(*SETTLED), trades=(trade("t1"), trade("t2", opened_s=3)))
    opened = tracked(replace(account, positions=(OPEN,)), today=DayResult("b", 0, fills=1))
    before, after = grounds_of(account), grounds_of(opened)
    same = [rule for rule in account.ruleset.rules if before.of(rule.terms) == after.of(rule.terms)]
    assert {rule.id for rule in same} == {"one_sided", "duration"}
    for rule in same:
        assert look(PLAIN, rule, seen(account)) == look(PLAIN, rule, seen(opened))


@pytest.mark.parametrize(
    "changes",
    [
        {"positions": (OPEN,)},
        {"cash_net": 5},
        {"day": None},
        *({"track": MappingProxyType(change)} for change in (
            {"trades": (trade(),)}, {"payouts": (PayoutMade(1, 1, 1, 1, 1),)}, {"week": None}, {"days": (DayResult("a", 0),)},
            {"today": DayResult("b", 0)})),
    ],
    ids=str,
)  # fmt: skip
def test_whatever_else_changes_is_felt(ada, changes):
    account = ada(LOTS)
    track = replace(account.track, **changes["track"]) if "track" in changes else account.track
    changed = replace(account, **(changes | {"track": track}))
    assert grounds_of(changed).of(LOTS) != grounds_of(account).of(LOTS)
