"""Columns: what they hold of an account is what the definition says, or they do not hold it; and what is undone they forget."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from actors import price_log, wakes
from actors.account_desk import AccountDesk
from actors.columns import Columns
from actors.desk import Follower
from actors.live_board import LiveBoard
from actors.market_desk import MarketDesk
from actors.names import account_desk
from actors.states import hash_of
from firm.commands import PublishProgram, ResumeDesk
from firm.equity import Leg
from firm.facts import ContractChanged, DeskStopped
from firm.inputs import DealEntry, Side, SymbolReported
from firm.price import Hop, Quote
from firm.quote_frame import Tick
from firm.ruleset import LateBreach

EUR, YEN, X = Hop("EURUSD", 5, inverse=False), Hop("USDJPY", 3, inverse=True), "X"
WAYS = [(), (EUR,), (YEN,), (EUR, YEN)]
SYMBOLS = ("EURUSD", "USDJPY", X)
START = {"EURUSD": (138_700, 138_712), "USDJPY": (102_300, 102_309), X: (5_000, 5_003)}

legs = st.builds(
    lambda is_long, price, factor, divisor, hops: Leg(X, is_long, price, factor, divisor, hops),
    st.booleans(), st.integers(1, 20_000), st.integers(1, 500), st.sampled_from([1, 1, 10, 7]), st.sampled_from(WAYS),
)  # fmt: skip
books = st.lists(st.lists(legs, min_size=1, max_size=4), min_size=1, max_size=6)
moves = st.lists(st.tuples(st.sampled_from(SYMBOLS), st.integers(-80, 80), st.integers(0, 9)), max_size=20)


def quote(symbol: str, bid: int, ask: int, number: int = 0) -> Quote:
    return Quote(symbol, number, bid, ask, number, 0)


def board() -> dict[str, Quote]:
    return {symbol: quote(symbol, *prices) for symbol, prices in START.items()}


def follower(account: int, book: list[Leg], quotes: dict[str, Quote], room: int = 10**6) -> Follower:
    equity = 10_000 + sum(leg.profit(quotes) for leg in book)
    needed = tuple(sorted({leg.symbol for leg in book} | {hop.symbol for leg in book for hop in leg.hops}))
    return Follower(
        account=account, legs=tuple(book), needed=needed, equity=equity, peak=equity, floor=equity - room, gap=room,
        ceiling=10**9, since_us=0,
    )  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(book=books, moves=moves, left=st.integers(0, 5))
def test_highs_and_wakes_are_those_of_the_definition(book, moves, left) -> None:
    quotes, columns = board(), Columns()
    kept = {number: follower(number, one, quotes, room=40) for number, one in enumerate(book, 1)}
    for one in kept.values():
        assert columns.admit(one, quotes)
    if left in kept:
        columns.drop(left)
        del kept[left]
    highs = {number: (one.peak, ()) for number, one in kept.items()}
    for number, (symbol, moved, spread) in enumerate(moves, 1):
        bid = quotes[symbol].bid + moved
        quotes[symbol] = quote(symbol, bid, bid + spread, number)
        low = set(columns.touched_by(quotes[symbol], quotes))
        for account, one in kept.items():
            if symbol not in one.needed:
                assert account not in low
                continue
            equity = 10_000 + sum(leg.profit(quotes) for leg in one.legs)
            # It rises no further than the high does, so that whoever is below it is woken; above it nobody is.
            assert (account in low) == (equity <= highs[account][0] - 40)
            if equity > highs[account][0]:
                highs[account] = (equity, tuple(quotes[name] for name in one.needed))
    for account, (equity, rests_on) in highs.items():
        high = columns.take_high(account)
        assert (None if not rests_on else (equity, rests_on)) == (None if high is None else (high.equity, high.quotes))
        assert columns.take_high(account) is None


def test_a_price_of_before_the_book_brings_no_high_and_the_next_one_does() -> None:
    quotes, columns = board(), Columns()
    book = [Leg(X, True, 5_000, 3, 1, (EUR,))]
    columns.admit(replace(follower(1, book, quotes), since_us=5), quotes)
    quotes[X] = quote(X, 5_100, 5_103, 4)
    columns.touched_by(quotes[X], quotes)
    assert columns.take_high(1) is None
    quotes["EURUSD"] = quote("EURUSD", 138_700, 138_712, 5)
    columns.touched_by(quotes["EURUSD"], quotes)
    high = columns.take_high(1)
    assert high is not None
    assert (high.at_us, high.quotes) == (5, (quotes["EURUSD"], quotes[X]))


def test_what_could_outgrow_sixty_four_bits_is_not_taken_in() -> None:
    quotes, columns = board(), Columns()
    for lots, fits in ((2**40, True), (2**50, False)):
        assert columns.admit(follower(1, [Leg(X, True, 5_000, lots, 1, ())], quotes), quotes) is fits
    assert len(columns) == 0
    # Two that fit alone, and not together.
    both = [Leg(X, True, 5_000, 2**46, 1, ()), Leg(X, False, 5_000, 2**46, 1, ())]
    assert columns.admit(follower(1, both[:1], quotes), quotes)
    assert not columns.admit(follower(1, both, quotes), quotes)


def test_a_price_that_comes_to_its_reach_wakes_all_that_depend_on_it() -> None:
    quotes, columns = board(), Columns()
    ours, other = (
        follower(1, [Leg(X, True, 5_000, 3, 1, (EUR,))], quotes),
        follower(2, [Leg(X, True, 5_000, 3, 1, ())], quotes),
    )
    assert columns.admit(ours, quotes)
    assert columns.admit(other, quotes)
    quotes["EURUSD"] = quote("EURUSD", 700_000, 700_010, 1)
    assert columns.touched_by(quotes["EURUSD"], quotes) == [1]
    quotes[X] = quote(X, 5_001, 5_004, 2)
    assert columns.touched_by(quotes[X], quotes) == []
    assert columns.take_high(1) is None, "it is not valued until its desk has looked"
    assert columns.admit(follower(1, [Leg(X, True, 5_000, 3, 1, (EUR,))], quotes), quotes)
    quotes[X] = quote(X, 5_002, 5_005, 3)
    columns.touched_by(quotes[X], quotes)
    assert {account: columns.take_high(account) is not None for account in (1, 2)} == {1: True, 2: True}


def test_prices_that_no_high_rests_on_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(price_log, "PRICES_MAX", 50)
    quotes, columns = board(), Columns()
    columns.admit(follower(1, [Leg(X, True, 5_000, 3, 1, (EUR,))], quotes), quotes)
    quotes[X] = top = quote(X, 5_100, 5_103, 1)
    columns.touched_by(top, quotes)
    rate = quotes["EURUSD"]
    for number in range(2, 500):
        symbol = ("EURUSD", X)[number % 2]
        quotes[symbol] = quote(symbol, START[symbol][0] - number, START[symbol][1], number)
        columns.touched_by(quotes[symbol], quotes)
    assert sum(len(kept) for _, kept in columns._log._of_symbol.values()) < 70
    high = columns.take_high(1)
    assert high is not None
    assert (high.at_us, high.quotes) == (1, (rate, top))


@pytest.fixture
def trailing(stage, monkeypatch):
    """Two accounts whose floor follows every high, in columns."""
    monkeypatch.setattr(wakes, "COLUMNS_FROM", 0)
    stage.put(PublishProgram(by="console", program=stage.trailing_program(LateBreach.ENFORCE)))
    stage.tick("EURUSD", 138_700, 138_710)
    accounts = [stage.sell(2_000 + n, 600 + n, (8_000 + 2 * n, 8_001 + 2 * n), "six-trailing") for n in range(2)]
    for account in accounts:
        stage.deal(account, f"P{account}", Side.BUY, "5", 138_700)
        stage.equity(account, "100_000.00", "100_000.00")
    stage.wait(1)
    stage.tick("EURUSD", 138_800, 138_810)
    assert len(stage.engine.market("sim").wakes.columns) == 2
    return accounts


def test_a_contract_by_which_only_a_high_before_the_newest_was_measured_is_nothing_to_an_account(stage, trailing):
    """Gold was held at yesterday's high and is sold; today's high is known to the columns alone."""
    account, sold = trailing[0], {"symbol": "XAUUSD", "entry": DealEntry.OUT}
    stage.tick("XAUUSD", 1_290_000, 1_290_100)
    stage.deal(account, "P1", Side.BUY, "1", 1_290_000, symbol="XAUUSD")
    stage.equity(account, "100_500.00", "100_000.00")
    stage.wait(1)
    stage.tick("EURUSD", 138_900, 138_910)
    stage.wait(1)
    stage.deal(account, "P1", Side.SELL, "1", 1_290_000, **sold)
    stage.equity(account, "101_000.00", "100_000.00")
    stage.wait(2 * 3_600)
    stage.tick("EURUSD", 138_800, 138_810)
    stage.watermark()
    assert "XAUUSD" in stage.engine.market("sim").wakes.watch_of(account).breached
    stage.wait(1)
    stage.tick("EURUSD", 139_000, 139_010)
    spec = replace(stage.engine.market("sim").board.specs["XAUUSD"], contract_e8=10**8)
    stage.put(SymbolReported(bridge="sim", seq=stage.next_seq(), spec=spec))
    assert peaks(stage, [account]) == [101_500_00]
    assert not stage.facts(ContractChanged, account)


def peaks(stage, accounts) -> list[int]:
    return [stage.account(account).peak.equity for account in accounts]


def raised_at(symbol_bid: int, right: Callable[..., object]) -> Callable[..., object]:
    def decide(self, tick, *more):
        if tick.bid == symbol_bid:
            raise RuntimeError("planted")
        return right(self, tick, *more)

    return decide


def test_highs_of_prices_that_are_undone_never_were(stage, trailing, monkeypatch):
    """The market desk stops in the middle of a frame: none of its prices is a price, and no high rests on one."""
    before = [stage.account(account) for account in trailing]
    monkeypatch.setattr(MarketDesk, "_take", raised_at(139_100, MarketDesk._take))
    stage.wait(1)
    ticks = [Tick("EURUSD", stage.now_us, bid, bid + 10) for bid in (139_000, 139_050, 139_100)]
    stage.frame(ticks)
    [stopped] = stage.facts(DeskStopped)
    assert stopped.desk == "market/sim"
    assert [stage.account(account) for account in trailing] == before


@pytest.mark.parametrize("again", [False, True])
def test_a_market_desk_that_stopped_is_folded_as_one_that_stopped(stage, trailing, monkeypatch, again):
    """Its last frame and all that came after moved nothing; whether or not folding that frame fails as deciding it did."""
    right = MarketDesk._take
    monkeypatch.setattr(MarketDesk, "_take", raised_at(139_100, right))
    stage.wait(1)
    stage.frame([Tick("EURUSD", stage.now_us, bid, bid + 10) for bid in (139_000, 139_100)])
    stage.wait(1)
    stage.tick("EURUSD", 139_200, 139_210)
    if not again:
        monkeypatch.setattr(MarketDesk, "_take", right)
    assert hash_of(stage.refolded().capture()) == hash_of(stage.engine.capture())


def test_a_frame_that_only_the_fold_cannot_take_is_told(stage, trailing, monkeypatch):
    stage.wait(1)
    stage.tick("EURUSD", 139_100, 139_110)
    stage.clock()
    monkeypatch.setattr(MarketDesk, "_take", raised_at(139_100, MarketDesk._take))
    with pytest.raises(RuntimeError, match="planted"):
        stage.refolded()


@pytest.mark.parametrize("columns_from", [0, 10**9])
def test_a_stopped_desks_floor_follows_nothing(stage, monkeypatch, columns_from):
    """Behind bands or in columns: what it did not see brought its account no high."""
    monkeypatch.setattr(wakes, "COLUMNS_FROM", columns_from)
    stage.put(PublishProgram(by="console", program=stage.trailing_program(LateBreach.ENFORCE)))
    stage.tick("EURUSD", 138_700, 138_710)
    account = stage.sell(name="six-trailing")
    stage.deal(account, "P1", Side.BUY, "5", 138_700)
    right = AccountDesk.decide
    monkeypatch.setattr(AccountDesk, "decide", lambda *_: 1 / 0)
    stage.equity(account, "100_000.00", "100_000.00")
    monkeypatch.setattr(AccountDesk, "decide", right)
    before = stage.account(account).peak
    for bid in (138_800, 138_900):
        stage.wait(1)
        stage.tick("EURUSD", bid, bid + 10)
    assert stage.account(account).peak == before
    assert hash_of(stage.refolded().capture()) == hash_of(stage.engine.capture())
    stage.put(ResumeDesk(by="console", desk=account_desk(account), why="looked at"))
    stage.wait(1)
    stage.tick("EURUSD", 139_000, 139_010)
    assert stage.account(account).peak.equity == 101_500_00


def test_highs_of_an_input_that_is_decided_again_rest_on_its_prices_once(stage, trailing, monkeypatch):
    """One desk stops, and the frame is decided again without it: the other's high rests on what stood before, not on what was undone."""
    right, [first, second] = AccountDesk.judge, trailing

    def judge(self, *args, **more):
        if self.account == first:
            raise RuntimeError("planted")
        return right(self, *args, **more)

    stage.tick("XAUUSD", 1_290_000, 1_290_100)
    stage.deal(second, "gold", Side.BUY, "1", 1_290_000, symbol="XAUUSD")
    stage.equity(second, "100_500.00", "100_000.00")
    stage.wait(1)
    stage.tick("XAUUSD", 1_290_100, 1_290_200)
    monkeypatch.setattr(AccountDesk, "judge", judge)
    stage.wait(1)
    at_us = stage.now_us
    ticks = [("XAUUSD", 1_291_000), ("EURUSD", 138_799), ("EURUSD", 136_000), ("EURUSD", 139_900)]
    stage.frame([Tick(symbol, at_us, bid, bid + 10) for symbol, bid in ticks])
    [stopped] = stage.facts(DeskStopped)
    assert stopped.desk == account_desk(first)
    peak = stage.account(second).written_peak
    # 100 points of five lots of euros, 1,000 of a lot of gold; the last price brought an ended account no high.
    assert (peak.equity, peak.at_us) == (100_600_00, at_us)
    assert [quote.bid for quote in peak.quotes] == [138_800, 1_291_000]


def test_a_page_sees_the_high_of_an_account_that_nothing_woke(stage, trailing):
    board = LiveBoard(stage.engine, lambda: None)
    board.publish_all()
    floors = [board.account(trailing[0]).objectives[0].floor]
    published = len(stage.batches)
    stage.wait(1)
    stage.tick("EURUSD", 138_900, 138_910)
    assert trailing[0] not in stage.batches[published].accounts, "no desk is woken by a high"
    floors.append(board.account(trailing[0]).objectives[0].floor)
    board.publish(stage.batches[published])
    floors.append(board.account(trailing[0]).objectives[0].floor)
    # Not before it is durable; then 100 points of five lots higher.
    assert floors[0] == floors[1]
    assert floors[2].minor - floors[0].minor == 500_00
