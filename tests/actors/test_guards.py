"""Guards: within its bands no combination of prices brings an account to a floor, or above its peak."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.guards import stakes_of, watch_of
from firm.account import AccountState, Peak, Position
from firm.arithmetic import PLAIN
from firm.equity import Board, equity_of
from firm.inputs import Side
from firm.money import Money
from firm.phase import Standing
from firm.price import Quote, SymbolSpec
from firm.rules.limits import Limit, first_broken
from firm.ruleset import FirstRuleset, LateBreach, Rule
from firm.terms.first import FirstAnchor as MeasuredOn
from firm.terms.first import FirstTrail, MaximumLoss, as_now
from firm.terms.words import Action, Boundary
from firm.track import DayStart
from firm.trading_day import TradingCalendar

CALENDAR = TradingCalendar("UTC", "00:00")
TRAILING = MaximumLoss(
    id="maximum", loss_max_bp=600, trail=FirstTrail.EVERY_TICK, trails_on=MeasuredOn.BALANCE, lock_at_bp=None,
    boundary=Boundary.TOUCHES,
)  # fmt: skip
RULES = FirstRuleset( name="test", calendar=CALENDAR, late_breach=LateBreach.REVIEW, await_swap=False, terms=(TRAILING,)
)  # fmt: skip
# Coarse contracts and small books make a minor unit a large step: there a band that is one unit too wide is found.
SPECS = [
    SymbolSpec(symbol="EURUSD", digits=5, contract_e8=100_000 * 10**8, currency_base="EUR", currency_profit="USD"),
    SymbolSpec(symbol="XAUUSD", digits=3, contract_e8=100 * 10**8, currency_base="XAU", currency_profit="USD"),
    SymbolSpec(symbol="US30", digits=1, contract_e8=10**8, currency_base="USD", currency_profit="USD"),
]
SYMBOLS = [spec.symbol for spec in SPECS]
books = st.lists(
    st.tuples(st.sampled_from(SYMBOLS), st.sampled_from(Side), st.integers(1, 3 * 10**8), st.integers(100, 2_000)),
    min_size=1,
    max_size=5,
)
prices = st.lists(st.tuples(st.integers(50, 150_000), st.integers(0, 30)), min_size=3, max_size=3)


def limit_at(floor: int) -> Limit:
    terms, paths = as_now(TRAILING)
    return Limit(Rule(0, terms, paths), terms, floor, floor, Action.FAIL, ())


def held(book) -> AccountState:
    positions = tuple(
        Position(f"P{place}", symbol, side, lots_e8, price, 0, 1, "", 0, 1, "")
        for place, (symbol, side, lots_e8, price) in enumerate(book)
    )
    day = DayStart(CALENDAR.day_at(1), 0, 0, 1, final=True, priced=True)
    return AccountState(
        account=1, trader=2, challenge=3, phase=0, phase_name="Phase 1", funded=False, bridge="sim",
        initial=Money(100_000_00, "USD", 2), ruleset_id="", ruleset=RULES, opened_seq=1, opened_us=0,
        standing=Standing.ACTIVE, day=day, positions=positions, peak=Peak(0, 0, 0, (), 1),
    )  # fmt: skip


def board_of(levels) -> Board:
    quotes = {
        symbol: Quote(symbol, 1, bid, bid + spread, 1, 0) for symbol, (bid, spread) in zip(SYMBOLS, levels, strict=True)
    }
    return Board({spec.symbol: spec for spec in SPECS}, quotes)


@settings(max_examples=400, deadline=None)
@given(book=books, levels=prices, room=st.integers(1, 3_000), height=st.integers(0, 3_000), data=st.data())
def test_no_price_within_the_bands_is_one_that_the_account_should_have_been_woken_by(book, levels, room, height, data):
    assert_nothing_is_missed_within_the_bands(held(book), board_of(levels), room, height, data)


def assert_nothing_is_missed_within_the_bands(state, board, room, height, data):
    """`room`: how far equity is above the floor; `height`: how far below its peak."""
    stakes = stakes_of(state, board)
    equity = stakes.equity(state, board)
    assert equity == equity_of(PLAIN, state, board)
    state = replace(state, peak=Peak(equity + height, equity + height, 0, (), 1))
    limit = limit_at(equity - room)
    watch = watch_of(state, stakes, equity, (limit,), board)
    if watch.bands is None:
        return  # woken by every price
    within = dict(board.quotes)
    for symbol, side, low, high in watch.bands:
        # Mostly at the very edge: one point further and it is woken.
        price = data.draw(st.sampled_from([low, high]) | st.integers(low, high), label=f"{symbol} {side}")
        within[symbol] = replace(within[symbol], **{side: price})
    there = equity_of(PLAIN, state, board.at(within))
    assert first_broken((limit,), there, there) is None
    assert there <= state.peak.equity


CONVERTED = [
    SymbolSpec(symbol="EURUSD", digits=5, contract_e8=100_000 * 10**8, currency_base="EUR", currency_profit="USD"),
    SymbolSpec(symbol="EURJPY", digits=3, contract_e8=100_000 * 10**8, currency_base="EUR", currency_profit="JPY"),
    SymbolSpec(symbol="DE40", digits=1, contract_e8=10**8, currency_base="DEX", currency_profit="EUR"),
]
CONVERTED_SYMBOLS = [spec.symbol for spec in CONVERTED]
converted_books = st.lists(
    st.tuples(
        st.sampled_from(CONVERTED_SYMBOLS), st.sampled_from(Side), st.integers(1, 3 * 10**8), st.integers(50, 200_000)
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=600, deadline=None)
@given(
    book=converted_books, levels=prices, room=st.integers(1, 100_000), height=st.integers(0, 100_000), exponent=st.sampled_from([0, 2, 8]),
    data=st.data(),
)  # fmt: skip
def test_within_bands_of_converted_profits_nothing_is_missed_either(book, levels, room, height, exponent, data):
    """Profits in yen and euros on an account in dollars: over one hop and two, and with a price that is both a leg's and a rate."""
    state = replace(held(book), initial=Money(10**6, "USD", exponent))
    quotes = {
        symbol: Quote(symbol, 1, bid, bid + spread, 1, 0)
        for symbol, (bid, spread) in zip(CONVERTED_SYMBOLS, levels, strict=True)
    }
    board = Board({spec.symbol: spec for spec in CONVERTED}, quotes)
    assert_nothing_is_missed_within_the_bands(state, board, room, height, data)
