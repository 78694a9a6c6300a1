"""Columns when an input is undone: highs, and the prices they rest on, are those it found; and to which high a price is late."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from actors import price_log
from actors.columns import Columns
from actors.desk import Follower, High
from firm.equity import Leg
from firm.price import Hop, Quote

EUR, X, Y = Hop("EURUSD", 5, inverse=False), "X", "Y"
SYMBOLS = ("EURUSD", X, Y)
START = {"EURUSD": (138_700, 138_712), X: (5_000, 5_003), Y: (7_000, 7_003)}
# By account: one depends on two symbols, others on one; few depend on Y, so that they rise without the others.
BOOKS = {1: [(X, (EUR,))], 2: [(X, ())], 3: [(X, ()), (Y, ())], 4: [("EURUSD", ())], 5: [(Y, ())], 6: [(X, ())]}

prices = st.lists(st.tuples(st.sampled_from(SYMBOLS), st.integers(-20, 30)), max_size=40)
inputs = st.lists(prices, max_size=6)


class Side:
    """Columns with their board."""

    def __init__(self) -> None:
        self.quotes = {symbol: Quote(symbol, 0, *prices, 0, 0) for symbol, prices in START.items()}
        self.columns, self.number = Columns(), 0
        for account, book in BOOKS.items():
            legs = tuple(Leg(symbol, True, START[symbol][0], 3, 1, hops) for symbol, hops in book)
            assert self.columns.admit(follower(account, legs, self.quotes), self.quotes)

    def take(self, moves: list[tuple[str, int]]) -> None:
        """Prices of one input."""
        for symbol, moved in moves:
            self.number += 1
            bid = self.quotes[symbol].bid + moved
            quote = self.quotes[symbol] = Quote(symbol, self.number, bid, bid + 3, self.number, 0)
            self.columns.touched_by(quote, self.quotes)

    def highs(self) -> dict[int, High | None]:
        return {account: self.columns.high_before(account) for account in BOOKS}


def follower(account: int, legs: tuple[Leg, ...], quotes: dict[str, Quote]) -> Follower:
    equity = 10_000 + sum(leg.profit(quotes) for leg in legs)
    needed = tuple(sorted({leg.symbol for leg in legs} | {hop.symbol for leg in legs for hop in leg.hops}))
    return Follower(
        account=account, legs=legs, needed=needed, equity=equity, peak=equity, floor=equity - 10**6, gap=10**6,
        ceiling=10**9, since_us=0,
    )  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(before=inputs, undone=prices, prices_max=st.sampled_from([1, 3, 20, 65_536]))
def test_an_input_that_is_undone_leaves_highs_and_prices_as_they_were(
    before: list[list[tuple[str, int]]], undone: list[tuple[str, int]], prices_max: int
) -> None:
    """Held against columns that never met it; the log forgets in the midst of inputs, or never."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(price_log, "PRICES_MAX", prices_max)
        ours, theirs = Side(), Side()
        for moves in before:
            for side in (ours, theirs):
                side.columns.begin()
                side.take(moves)
                side.columns.settle()
        expected, standing, ordinal = theirs.highs(), dict(ours.quotes), ours.columns._log.ordinal
        ours.columns.begin()
        ours.take(undone)
        # Whatever was forgotten meanwhile, desks that are touched now are told what the input found.
        assert ours.highs() == expected
        ours.columns.take_back()
        assert ours.highs() == expected
        assert ours.columns._log.ordinal == ordinal
        stands = ours.columns._log.stood_at(SYMBOLS, ordinal)
        assert {price.quote.symbol: price.quote for price in stands} == standing
        assert {account: ours.columns.take_high(account) for account in BOOKS} == expected


def test_who_comes_in_an_input_that_is_undone_has_no_high_of_it() -> None:
    """So many that the columns grow after the first high was kept."""
    side = Side()
    side.take([(Y, 10)])
    expected = side.highs()
    side.columns.begin()
    side.take([(Y, 5)])
    for account in range(100, 600):
        leg = Leg(X, True, 5_000, 1, 1, ())
        side.columns.admit(follower(account, (leg,), side.quotes), side.quotes)
    side.take([(X, 10), (Y, 5)])
    assert side.highs() == expected
    assert side.columns.high_before(599) is None
    side.columns.take_back()
    assert side.highs() == expected
    assert side.columns.take_high(599) is None


@pytest.mark.parametrize(
    ("t_us", "frame", "is_late"),
    [
        pytest.param(4, 8, True, id="of before the high"),
        pytest.param(5, 8, True, id="of its instant, in another frame: nobody knows which came first"),
        pytest.param(5, 7, False, id="of its instant, in the same frame: the order is known"),
        pytest.param(6, 8, False, id="after it"),
    ],
)
def test_to_which_high_a_price_is_late(t_us: int, frame: int, is_late: bool) -> None:
    side = Side()
    high = side.quotes[X] = Quote(X, 5, 5_100, 5_103, 7, 0)
    side.columns.touched_by(high, side.quotes)
    assert side.columns.behind(Quote("EURUSD", t_us, 138_600, 138_612, frame, 1)) == ([1] if is_late else [])


def test_gaps_and_ceilings_that_sixty_four_bits_do_not_hold_are_not_taken_in() -> None:
    """A floor is a high less the gap: of 2^62 and a gap of less than -2^62 it would be one below every equity."""
    side = Side()
    leg = Leg(X, True, 5_000, 3, 1, ())
    right = follower(9, (leg,), side.quotes)
    beyond = [{name: sign * 2**63} for name in ("gap", "ceiling", "floor", "peak") for sign in (1, -1)]
    for figures in (*beyond, {"gap": -(2**62)}, {"gap": 2**62}, {"ceiling": 2**62 + 1}):
        assert side.columns.admit(right, side.quotes)
        assert not side.columns.admit(replace(right, **figures), side.quotes), figures
        assert side.columns.row_of(9) is None
    widest = replace(right, gap=2**62 - 1, ceiling=2**62)
    assert side.columns.admit(widest, side.quotes)
    side.take([(X, 10)])
    assert side.columns._floor[side.columns.row_of(9)] == widest.floor
