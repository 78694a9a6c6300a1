"""Workings of exposure and conduct: what is recorded decides as the fast path does, and rests on nothing that it does not name."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.arithmetic import PLAIN, Figure, Working
from firm.inputs import Side
from firm.rules.behaviour import (
    judge_adverse_excursion,
    judge_grid,
    judge_hedging,
    judge_high_frequency,
    judge_one_sided,
)
from firm.rules.exposure import judge_exposure_limit
from firm.rules.ideas import judge_idea_risk
from firm.rules.martingale import judge_martingale
from firm.rules.protection import judge_risk_reward, judge_stop_loss_required
from firm.rules.trade_duration import judge_trade_duration
from firm.terms.exposure import CountedOver, IdeaMeasure, Netted, Quantity
from tests.firm.rules import test_behaviour, test_exposure, test_ideas, test_martingale, test_protection
from tests.firm.rules import test_trade_duration as duration
from tests.firm.rules.parts import LOT, held, marks, rule, today, trade

ids = st.sampled_from(["a", "b", "c", "d"])
symbols = st.sampled_from(["EURUSD", "XAUUSD"])
sides = st.sampled_from(Side)
minor = st.integers(-5_000_00, 5_000_00)
seconds = st.integers(900, 4_000)
books = st.lists(
    st.builds(
        held, ids, symbols, sides, lots=st.integers(1, 20 * LOT), opened_s=seconds, floating=st.none() | minor,
        stop_loss=st.sampled_from([0, 9_900]), take_profit=st.sampled_from([0, 10_100]), stop_risk=st.none() | minor,
        margin=st.none() | st.integers(0, 90_000_00), notional=st.none() | st.integers(0, 90_000_00),
    ),
    max_size=4, unique_by=lambda one: one.position_id,
)  # fmt: skip
histories = st.lists(
    st.builds(trade, ids, symbols, sides, lots=st.integers(1, 20 * LOT), opened_s=seconds, lasted_s=st.integers(0, 400), net=minor),
    max_size=5,
)  # fmt: skip


def judges(book, trades, profit):
    mark, day = marks(start_profit=profit), today(lots_opened_e8=LOT, lots_carried_e8=LOT)
    for quantity in Quantity:
        for counted in CountedOver:
            for netted in Netted:
                limit = replace(test_exposure.LIMIT, quantity=quantity, counted=counted, netted=netted)
                terms = rule(replace(limit, tiers=test_exposure.TIERS))
                yield lambda calc, terms=terms: judge_exposure_limit(calc, terms, book, trades, day, mark)
    for measured in IdeaMeasure:
        terms = rule(replace(test_ideas.RISK, measured=measured))
        yield lambda calc, terms=terms: judge_idea_risk(calc, terms, 1_000_00, book, trades)
    lasting = replace(duration.SHARE, seconds_min=60, average_s_min=120)
    yield lambda calc: judge_trade_duration(calc, rule(lasting), trades)
    yield lambda calc: judge_risk_reward(calc, rule(test_protection.REWARD), book)
    yield lambda calc: judge_stop_loss_required(calc, rule(test_protection.STOP), 9, book, Figure(10**10, "70/at_us"))
    yield lambda calc: judge_martingale(calc, rule(test_martingale.TERM), book, trades)
    yield lambda calc: judge_hedging(calc, rule(replace(test_behaviour.HEDGING, lots_e8_max=LOT)), book)
    yield lambda calc: judge_grid(calc, rule(test_behaviour.GRID), book)
    yield lambda calc: judge_one_sided(calc, rule(test_behaviour.ONE_SIDED), trades)
    yield lambda calc: judge_high_frequency(calc, rule(test_behaviour.FREQUENT), [one.opened_us for one in trades])
    yield lambda calc: judge_adverse_excursion(calc, rule(test_behaviour.DEPTH), book, mark)


@given(books, histories, minor)
def test_what_is_recorded_decides_as_the_fast_path_does(book, trades, profit):
    for judge in judges(book, trades, profit):
        working = Working()
        assert judge(working) == judge(PLAIN)
        known = set()
        for step in working.steps:
            assert all(name in known or name.startswith("#") for name in step.args)
            known.add(step.name)
