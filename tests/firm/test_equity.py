"""Equity: the quick valuation of holdings is the definition's own, to the cent, whatever is held at whatever price."""

from hypothesis import given
from hypothesis import strategies as st

from firm.account import AccountState, Position
from firm.arithmetic import PLAIN
from firm.equity import Board, equity_of, holdings_of
from firm.inputs import Side
from firm.money import Money
from firm.price import Quote, SymbolSpec
from firm.ruleset import FirstRuleset, LateBreach
from firm.trading_day import TradingCalendar

RULES = FirstRuleset(
    name="test",
    calendar=TradingCalendar("UTC", "00:00"),
    late_breach=LateBreach.REVIEW,
    await_swap=False,
    terms=(),
)

specs = st.builds(
    lambda name, digits, contract_e8: SymbolSpec(
        symbol=name, digits=digits, contract_e8=contract_e8, currency_base=name[:3], currency_profit="USD"
    ),
    st.sampled_from(["EURUSD", "XAUUSD", "US30"]),
    st.integers(0, 8),
    st.sampled_from([10**7, 10**8, 10**10, 10**13]) | st.integers(1, 10**14),
)
positions = st.builds(
    lambda symbol, side, lots_e8, price_open, swap: Position(
        "P", symbol, side, lots_e8, price_open, 0, 1, "", swap, 1, ""
    ),
    st.sampled_from(["EURUSD", "XAUUSD", "US30"]),
    st.sampled_from(Side),
    st.integers(1, 10**10),
    st.integers(1, 10**7),
    st.integers(-(10**6), 10**6),
)


def account(held: list[Position], balance: int, exponent: int) -> AccountState:
    return AccountState(
        account=1, trader=2, challenge=3, phase=0, phase_name="Phase 1", funded=False, bridge="sim",
        initial=Money(1, "USD", exponent), ruleset_id="", ruleset=RULES, opened_seq=1, opened_us=0,
        balance=balance, positions=tuple(held),
    )  # fmt: skip


def board_of(contracts: list[SymbolSpec], prices: list[tuple[int, int]]) -> Board:
    quotes = {
        spec.symbol: Quote(spec.symbol, 1, bid, bid + spread, 1, 0)
        for spec, (bid, spread) in zip(contracts, prices, strict=True)
    }
    return Board({spec.symbol: spec for spec in contracts}, quotes)


@given(
    st.lists(specs, min_size=3, max_size=3, unique_by=lambda spec: spec.symbol),
    st.lists(st.tuples(st.integers(1, 10**7), st.integers(0, 1_000)), min_size=3, max_size=3),
    st.lists(positions, max_size=6),
    st.integers(-(10**9), 10**9),
    st.sampled_from([0, 2, 3]),
)
def test_holdings_are_worth_what_the_definition_says(contracts, prices, held, balance, exponent):
    state, board = account(held, balance, exponent), board_of(contracts, prices)
    holdings = holdings_of(state, board)
    assert holdings is not None
    try:
        worth = equity_of(PLAIN, state, board)
    except AssertionError:  # beyond what can be stored: then the quick way must say so too
        worth = None
    assert holdings.equity(balance, board.quotes) == worth


def test_half_a_cent_is_rounded_away_from_zero_on_either_side():
    [spec] = [SymbolSpec(symbol="US30", digits=1, contract_e8=10**8, currency_base="USD", currency_profit="USD")]
    held = [Position("P", "US30", side, 5_000_000, 100, 0, 1, "", 0, 1, "") for side in (Side.BUY, Side.SELL)]
    board = Board({"US30": spec}, {"US30": Quote("US30", 1, 101, 101, 1, 0)})
    for one, expected in zip(held, (1, -1), strict=True):  # 0.1 point x 0.05 = half a cent
        state = account([one], 0, 2)
        holdings = holdings_of(state, board)
        assert holdings is not None
        assert holdings.equity(0, board.quotes) == equity_of(PLAIN, state, board) == expected


def test_what_cannot_be_converted_has_no_quick_worth():
    spec = SymbolSpec(symbol="US30", digits=1, contract_e8=10**8, currency_base="EUR", currency_profit="EUR")
    held = [Position("P", "US30", Side.BUY, 5_000_000, 100, 0, 1, "", 0, 1, "")]
    assert holdings_of(account(held, 0, 2), Board({"US30": spec}, {})) is None
    assert holdings_of(account(held, 0, 2), Board({}, {})) is None


@given(
    st.sampled_from(["EUR", "JPY", "USD", "CHF"]),
    st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 1_000)), min_size=3, max_size=3),
    st.lists(st.tuples(st.sampled_from(Side), st.integers(1, 10**10), st.integers(1, 10**6)), min_size=1, max_size=4),
    st.sampled_from([0, 2, 8]),
)
def test_converted_holdings_are_worth_what_the_definition_says(profit, levels, held, exponent):
    """Over no hop, one that multiplies, one that divides, and two."""
    rates = [
        SymbolSpec(
            symbol=symbol, digits=digits, contract_e8=10**13, currency_base=symbol[:3], currency_profit=symbol[3:]
        )
        for symbol, digits in (("EURUSD", 5), ("EURJPY", 3), ("USDCHF", 5))
    ]
    told = SymbolSpec(symbol="X", digits=1, contract_e8=10**8, currency_base="IDX", currency_profit=profit)
    quotes = {
        spec.symbol: Quote(spec.symbol, 1, bid, bid + spread, 1, 0)
        for spec, (bid, spread) in zip(rates, levels, strict=True)
    }
    board = Board({spec.symbol: spec for spec in (*rates, told)}, {**quotes, "X": Quote("X", 1, 5_000, 5_003, 1, 0)})
    positions = [
        Position(f"P{n}", "X", side, lots, price, 0, 1, "", 0, 1, "") for n, (side, lots, price) in enumerate(held)
    ]
    state = account(positions, 0, exponent)
    holdings = holdings_of(state, board)
    assert holdings is not None
    try:
        worth = equity_of(PLAIN, state, board)
    except AssertionError:  # beyond what can be stored
        worth = None
    assert holdings.equity(0, board.quotes) == worth
