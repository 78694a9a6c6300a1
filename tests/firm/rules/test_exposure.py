"""Exposure: what is held at once against what may be, in lots, positions, notional and margin, and what was opened in a day."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.arithmetic import PLAIN, Working
from firm.inputs import Side
from firm.rules.exposure import judge_exposure_limit, limit_now
from firm.rules.judged import Verdict
from firm.terms.exposure import CountedOver, ExposureLimit, Netted, Quantity, Tier
from firm.terms.words import Action, Boundary, Scope
from tests.firm.rules.parts import LOT, held, marks, rule, today, trade

LIMIT = ExposureLimit(
    id="lots",
    quantity=Quantity.LOTS,
    limit=10 * LOT,
    symbols=(),
    counted=CountedOver.OPEN_AT_ONCE,
    netted=Netted.GROSS,
    tiers=(),
    boundary=Boundary.CROSSES,
    on_breach=(Action.WARN,),
    strikes_within=Scope.DAY,
)


def answers(positions=(), trades=(), day=None, calc=PLAIN, mark=None, **changes):
    terms = replace(LIMIT, **changes)
    return judge_exposure_limit(calc, rule(terms), positions, trades, day or today(), mark or marks())


def answer(*args, **changes):
    (only,) = answers(*args, **changes)
    return only


@pytest.mark.parametrize(
    ("boundary", "lots", "broken"),
    [
        pytest.param(Boundary.CROSSES, 10 * LOT - 1, False, id="a sliver below the limit"),
        pytest.param(Boundary.CROSSES, 10 * LOT, False, id="all that is allowed"),
        pytest.param(Boundary.CROSSES, 10 * LOT + 1, True, id="a sliver more"),
        pytest.param(Boundary.TOUCHES, 10 * LOT - 1, False, id="a sliver below, where touching is a breach"),
        pytest.param(Boundary.TOUCHES, 10 * LOT, True, id="touching it, where that is a breach"),
        pytest.param(Boundary.TOUCHES, 10 * LOT + 1, True, id="beyond it, where touching is a breach"),
    ],
)
def test_lots_around_the_limit(boundary, lots, broken):
    found = answer([held("a", lots=4 * LOT), held("b", "XAUUSD", lots=lots - 4 * LOT)], boundary=boundary)
    assert (found.is_broken, found.observed, found.limit) == (broken, lots, 10 * LOT)


@pytest.mark.parametrize("boundary", Boundary)
def test_nothing_held_is_within_any_limit(boundary):
    for quantity in Quantity:
        none = (Tier(profit_from=0, limit=0),)
        assert answer(quantity=quantity, limit=1, tiers=none, boundary=boundary).verdict is Verdict.KEPT
        assert answer([held(margin=1, notional=1)], quantity=quantity, tiers=none, boundary=boundary).is_broken


@pytest.mark.parametrize(
    ("netted", "lots"),
    [pytest.param(Netted.GROSS, 11 * LOT, id="long and short together"), pytest.param(Netted.NET, 3 * LOT, id="net")],
)
@pytest.mark.parametrize("larger", Side)
def test_long_and_short_of_one_symbol(netted, lots, larger):
    smaller = Side.SELL if larger is Side.BUY else Side.BUY
    found = answer([held("a", side=larger, lots=7 * LOT), held("b", side=smaller, lots=4 * LOT)], netted=netted)
    assert found.observed == lots


def test_a_short_of_another_symbol_takes_nothing_away():
    positions = [held("a", lots=7 * LOT), held("b", "GBPUSD", Side.SELL, lots=4 * LOT)]
    assert answer(positions, netted=Netted.NET).observed == 11 * LOT


def test_only_the_symbols_of_the_group_are_added():
    positions = [held("a", "US30", lots=4 * LOT), held("b", "US100", lots=7 * LOT), held("c", lots=50 * LOT)]
    found = answer(positions, symbols=("US30", "US100"))
    assert (found.observed, found.is_broken) == (11 * LOT, True)


def test_each_position_by_itself_is_answered_for_by_itself():
    found = answers([held("a", lots=6 * LOT), held("b", lots=11 * LOT)], counted=CountedOver.EACH_POSITION)
    assert [(one.subject, one.is_broken) for one in found] == [("a", False), ("b", True)]


def test_positions_are_counted():
    found = answer([held("a"), held("b"), held("c")], quantity=Quantity.POSITIONS, limit=2)
    assert (found.observed, found.is_broken) == (3, True)
    assert not answer([held("a"), held("b")], quantity=Quantity.POSITIONS, limit=2).is_broken


@pytest.mark.parametrize("quantity", [Quantity.MARGIN, Quantity.NOTIONAL])
@pytest.mark.parametrize(
    ("minor", "broken"),
    [
        pytest.param(69_999_99, False, id="a cent below 70 %"),
        pytest.param(70_000_00, False, id="70 %"),
        pytest.param(70_000_01, True, id="a cent above, though it is shown as 70 %"),
    ],
)
def test_a_share_is_compared_to_the_cent(quantity, minor, broken):
    found = answer([held(margin=minor, notional=minor)], quantity=quantity, limit=7_000)
    assert (found.is_broken, found.observed) == (broken, 7_000)


def test_margin_is_a_share_of_equity_and_notional_one_of_the_initial_balance():
    position, mark = held(margin=50_000_00, notional=50_000_00), marks(equity=50_000_00)
    assert answer([position], quantity=Quantity.MARGIN, limit=7_000, mark=mark).observed == 10_000
    assert answer([position], quantity=Quantity.NOTIONAL, limit=7_000, mark=mark).observed == 5_000


@pytest.mark.parametrize("equity", [1, 0, -5_000_00])
def test_an_account_that_is_worth_nothing_holds_too_much_with_anything(equity):
    assert answer([held(margin=1)], quantity=Quantity.MARGIN, limit=7_000, mark=marks(equity=equity)).is_broken


@pytest.mark.parametrize("quantity", [Quantity.MARGIN, Quantity.NOTIONAL])
@pytest.mark.parametrize("side", Side)
def test_a_position_without_a_price_says_nothing(quantity, side):
    unpriced = held("a", side=side, margin=None, notional=None)
    positions = [held("b", margin=99_000_00, notional=99_000_00), unpriced]
    assert answer(positions, quantity=quantity, limit=1).verdict is Verdict.SILENT
    by_itself = answers(positions, quantity=quantity, limit=1, counted=CountedOver.EACH_POSITION)
    assert [one.verdict for one in by_itself] == [Verdict.BROKEN, Verdict.SILENT]


# --- opened in a day ---


@pytest.mark.parametrize(
    ("counted", "lots"),
    [(CountedOver.OPENED_IN_DAY, 6 * LOT), (CountedOver.OPENED_IN_DAY_AND_CARRIED, 10 * LOT)],
)
def test_the_lots_of_a_day_are_those_that_the_day_has_counted(counted, lots):
    day = today(lots_opened_e8=6 * LOT, lots_carried_e8=4 * LOT)
    assert answer([held(lots=99 * LOT)], day=day, counted=counted).observed == lots


@pytest.mark.parametrize(
    ("counted", "lots", "positions"),
    [(CountedOver.OPENED_IN_DAY, 7, 3), (CountedOver.OPENED_IN_DAY_AND_CARRIED, 19, 5)],
)
def test_of_a_group_they_are_those_of_its_positions_closed_again_or_not(counted, lots, positions):
    now = [held("a", lots=1 * LOT, opened_s=1_000), held("b", lots=8 * LOT, opened_s=999), held("x", "XAUUSD")]
    closed = [
        trade("c", lots=2 * LOT, opened_s=1_000),
        trade("c", lots=3 * LOT, opened_s=1_000),
        trade("d", lots=4 * LOT, opened_s=999),
        trade("e", lots=1 * LOT, opened_s=2_000),
        trade("y", "XAUUSD"),
    ]
    group = {"symbols": ("EURUSD",), "counted": counted}
    assert answer(now, closed, **group).observed == lots * LOT
    assert answer(now, closed, quantity=Quantity.POSITIONS, **group).observed == positions


@pytest.mark.parametrize("quantity", [Quantity.MARGIN, Quantity.NOTIONAL])
def test_what_a_closed_trade_needed_is_not_known(quantity):
    found = answer([held(margin=1, notional=1)], quantity=quantity, counted=CountedOver.OPENED_IN_DAY)
    assert found.verdict is Verdict.SILENT


# --- tiers ---

TIERS = (Tier(profit_from=1_500_00, limit=15 * LOT), Tier(profit_from=2_000_00, limit=20 * LOT))


@pytest.mark.parametrize(
    ("profit", "limit"),
    [
        pytest.param(-1_00, 10, id="a loss"),
        pytest.param(1_499_99, 10, id="a cent below the first tier"),
        pytest.param(1_500_00, 15, id="the first tier"),
        pytest.param(1_999_99, 15, id="a cent below the second"),
        pytest.param(2_000_00, 20, id="the second"),
    ],
)
def test_the_limit_grows_with_the_profit_that_the_day_began_with(profit, limit):
    found = limit_now(PLAIN, rule(replace(LIMIT, tiers=TIERS)), marks(start_profit=profit).start_profit)
    assert found == limit * LOT


def test_the_working_cites_limit_and_lots():
    working = Working()
    answer([held("a", lots=11 * LOT, seq=77)], calc=working)
    cited = {step.name: step.source for step in working.steps if step.op == "given"}
    assert cited == {"limit": "ruleset/terms/3/limit", "lots of a": "77/lots_e8"}
    assert working.steps[-1].op == "is_above"


lots = st.integers(1, 20 * LOT)
positions = st.lists(
    st.builds(held, st.uuids().map(str), st.sampled_from(["EURUSD", "XAUUSD"]), st.sampled_from(Side), lots=lots)
)


@given(positions)
def test_net_is_never_more_than_gross_and_both_break_as_their_sums_say(book):
    gross, net = answer(book), answer(book, netted=Netted.NET)
    assert 0 <= net.observed <= gross.observed == sum(one.lots_e8 for one in book)
    for found in (gross, net):
        assert found.is_broken is (found.observed > 10 * LOT)


@given(positions, positions)
def test_holding_more_never_mends_a_breach(book, more):
    assert not answer(book).is_broken or answer([*book, *more]).is_broken
