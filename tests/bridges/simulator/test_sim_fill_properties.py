"""Whatever traders do and prices bring: no fill is better than the market was, volumes add up, and margin is enforced."""

from collections import defaultdict
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.account_book import _position_after
from bridges.deals_told import Purse, told_deal
from bridges.events import Deal, Event, Order, encode_event
from bridges.simulator.alarms import Alarms
from bridges.simulator.answers import Reason
from bridges.simulator.matching import LOTS_STEP_E8, Seen, depth_left_e8, price_for, slip_max_points
from bridges.simulator.orders import Lifetime, Terms
from bridges.simulator.platform import Platform
from bridges.simulator.state import Account, Execution, OrderType, PositionMode, Quoted, decode_state, encode_state
from bridges.simulator.symbols import EURUSD
from bridges.simulator.valuation import equity_minor, margin_minor
from firm.account import Position as Booked
from firm.inputs import DealEntry, DealReported, Side
from firm.instant import SECOND_US
from tests.bridges.simulator.desk import Desk

SIDES = st.sampled_from(list(Side))
LOTS = st.integers(1, 6_000).map(lambda hundredths: hundredths * LOTS_STEP_E8)
AWAY = st.integers(-150, 150)
MODES = st.sampled_from(list(PositionMode))
EXECUTIONS = st.sampled_from(list(Execution))


class Price(NamedTuple):
    """The bid moves so far, with this spread, after this long."""

    moved: int
    spread: int
    after_us: int


class Market(NamedTuple):
    side: Side
    lots_e8: int
    stop: int
    deviation: int | None


class Wait(NamedTuple):
    side: Side
    order_type: OrderType
    lots_e8: int
    away: int
    limit_away: int
    lifetime: Lifetime
    for_us: int


class Change(NamedTuple):
    """To the order or position of that number, as far as there is one."""

    what: str
    which: int
    away: int
    trail: int


PRICES = st.builds(
    Price, st.integers(-120, 120) | st.integers(-900, 900), st.integers(0, 40), st.sampled_from([1_000, SECOND_US, 3_600 * SECOND_US])
)  # fmt: skip
TRADES = st.builds(Market, SIDES, LOTS, st.sampled_from([0, 0, 60]), st.none() | st.integers(0, 5))
WAITS = st.builds(
    Wait, SIDES, st.sampled_from(list(OrderType)), LOTS, AWAY, st.integers(0, 60), st.sampled_from(list(Lifetime)),
    st.integers(0, 20_000 * SECOND_US),
)  # fmt: skip
CHANGES = st.builds(
    Change, st.sampled_from(["modify", "cancel", "protect", "close"]), st.integers(0, 9), AWAY, st.integers(0, 80)
)  # fmt: skip
STEPS = st.lists(PRICES | TRADES | PRICES | WAITS | PRICES | CHANGES, min_size=20, max_size=50)


class Fill(NamedTuple):
    """A deal with the price that the market had, as it then was."""

    deal: Deal
    quote: Quoted


class Session:
    """Steps on one desk; every event is kept, and every deal with the quote it met."""

    def __init__(self, mode: PositionMode, execution: Execution, seed: int = 1) -> None:
        # Small enough, at a large enough leverage, that margin runs out often.
        self.desk = Desk(leverage=500, balance="30000.00", position_mode=mode, execution=execution, seed=seed)
        self.told: list[Event] = []
        self.fills: list[Fill] = []

    @property
    def account(self) -> Account:
        return self.desk.state.accounts["1"]

    def take(self, step: Price | Market | Wait | Change) -> None:
        desk = self.desk
        desk.tellings.events.clear()
        quote = desk.state.quotes["EURUSD"]
        match step:
            case Price():
                bid = max(1_000, quote.bid + step.moved)
                self._keep(desk.price("EURUSD", bid, bid + step.spread, after_us=step.after_us))
                return
            case Market():
                price = price_for(step.side, quote)
                stop = (price - step.stop if step.side is Side.BUY else price + step.stop) if step.stop else 0
                seen = None if step.deviation is None else Seen(price, step.deviation)
                desk.books.open_market(self.account, "EURUSD", step.side, step.lots_e8, stop, 0, desk.now, seen)
            case Wait():
                price = price_for(step.side, quote) + step.away
                limit = price - step.limit_away if step.side is Side.BUY else price + step.limit_away
                until = desk.now + step.for_us
                limit = limit if step.order_type is OrderType.STOP_LIMIT else 0
                desk.place(
                    step.side, step.order_type, price, lots_e8=step.lots_e8, limit=limit, lifetime=step.lifetime,
                    until_us=until,
                )  # fmt: skip
            case Change():
                self._change(step, quote)
        desk.platform.changed(self.account)
        self._keep(desk.tellings.events)

    def _change(self, step: Change, quote: Quoted) -> None:
        desk, held = self.desk, list(self.account.positions.values())
        orders = list(self.account.orders.values())
        if step.what in ("modify", "cancel") and orders:
            order = orders[step.which % len(orders)]
            if step.what == "cancel":
                desk.books.orders.cancel(self.account, order, desk.now)
            else:
                limit = order.limit_price and order.limit_price + step.away
                desk.books.orders.modify(self.account, order, Terms(order.price + step.away, 0, 0, limit), desk.now)
        elif step.what in ("protect", "close") and held:
            position = held[step.which % len(held)]
            if step.what == "close":
                desk.books.close(self.account, position, desk.now, Reason.CLIENT)
            else:
                desk.books.protect(self.account, position, quote.bid + step.away, 0, desk.now, step.trail)

    def _keep(self, events: list[Event]) -> None:
        quote = self.desk.state.quotes["EURUSD"]
        self.told += events
        self.fills += [Fill(event, quote) for event in events if isinstance(event, Deal)]


@settings(max_examples=160, deadline=None)
@given(STEPS, MODES, EXECUTIONS, st.integers(-6_000, 6_000))
def test_whatever_is_done_fills_volumes_money_and_margin_are_right(
    steps: list[Price | Market | Wait | Change], mode: PositionMode, execution: Execution, gap: int
) -> None:
    session = Session(mode, execution)
    for step in [*steps, Price(gap, 10, SECOND_US)]:
        session.take(step)
        _netting_never_holds_two_positions_of_a_symbol(session)
        _on_an_exchange_an_order_never_takes_more_than_a_price_has(session)
        if isinstance(step, Price):
            _stop_out_always_restores_the_level_or_leaves_nothing(session)
    _no_fill_is_better_than_the_market_nor_worse_than_slippage_allows(session)
    _a_limit_never_fills_worse_than_its_price_and_a_stop_never_better(session)
    _volumes_and_money_add_up(session)
    _the_firm_books_the_very_positions_that_the_platform_holds(session)


def _netting_never_holds_two_positions_of_a_symbol(session: Session) -> None:
    assert session.account.position_mode is PositionMode.HEDGING or len(session.account.positions) <= 1


def _on_an_exchange_an_order_never_takes_more_than_a_price_has(session: Session) -> None:
    if session.account.execution is not Execution.EXCHANGE:
        return
    quote = session.desk.state.quotes["EURUSD"]
    for side, taken in ((Side.BUY, quote.ask_taken_e8), (Side.SELL, quote.bid_taken_e8)):
        fresh = Quoted(quote.t_us, quote.bid, quote.ask, quote.burst)
        assert taken <= depth_left_e8(side, EURUSD, fresh)
        volumes = [
            fill.deal.vol
            for fill in session.fills
            if fill.quote is quote and fill.deal.action is side and fill.deal.reason == "client"
        ]
        assert sum(volumes) == taken


def _stop_out_always_restores_the_level_or_leaves_nothing(session: Session) -> None:
    state = session.desk.state
    if session.account.positions:
        assert 2 * equity_minor(session.account, state) > margin_minor(session.account, state)


def _no_fill_is_better_than_the_market_nor_worse_than_slippage_allows(session: Session) -> None:
    for deal, quote in session.fills:
        market = price_for(deal.action, quote)
        worse = deal.px - market if deal.action is Side.BUY else market - deal.px
        assert 0 <= worse <= (slip_max_points(quote) if deal.reason == "client" else 0)


def _a_limit_never_fills_worse_than_its_price_and_a_stop_never_better(session: Session) -> None:
    last: dict[str, Order] = {}
    for event in session.told:
        if isinstance(event, Order):
            last[event.order_id] = event
        elif isinstance(event, Deal) and event.order_id in last:
            order = last[event.order_id]
            sign = 1 if order.side is Side.BUY else -1
            if order.order_type == OrderType.LIMIT:
                assert sign * event.px <= sign * order.px
            elif session.account.execution is Execution.MARKET:  # on an exchange the rest of a stop takes any price
                assert sign * event.px >= sign * order.px


def _volumes_and_money_add_up(session: Session) -> None:
    open_e8: defaultdict[str, int] = defaultdict(int)
    money = session.account.initial_minor
    for deal, _ in session.fills:
        assert deal.vol > 0
        open_e8[deal.pos_id] += deal.vol if deal.entry is DealEntry.IN else -deal.vol
        assert open_e8[deal.pos_id] >= 0
        money += deal.profit + deal.commission + deal.swap
    held = {position.position_id: position.lots_e8 for position in session.account.positions.values()}
    assert {position: lots for position, lots in open_e8.items() if lots} == held
    assert money == session.account.balance_minor
    assert all(order.lots_e8 > 0 for order in session.account.orders.values())


def _the_firm_books_the_very_positions_that_the_platform_holds(session: Session) -> None:
    """Also the average price of what was added on a netting account, to the point."""
    booked: dict[str, Booked] = {}
    for seq, (deal, _) in enumerate(session.fills, start=1):
        reported = told_deal("simulator", seq, deal, Purse("USD", 2))
        assert isinstance(reported, DealReported)
        booked[deal.pos_id] = _position_after(booked.get(deal.pos_id), reported)
        if not booked[deal.pos_id].lots_e8:
            del booked[deal.pos_id]
    assert {held.position_id: (held.side, held.lots_e8, held.price_open) for held in booked.values()} == {
        held.position_id: (held.side, held.lots_e8, held.price_open) for held in session.account.positions.values()
    }


@settings(max_examples=50, deadline=None)
@given(STEPS, MODES, EXECUTIONS, st.integers(1, 3))
def test_the_same_seed_fills_the_same_also_over_a_restart_and_without_alarms(
    steps: list[Price | Market | Wait | Change], mode: PositionMode, execution: Execution, seed: int
) -> None:
    """Three times: as it is, put together anew from its saved state after each step, and with every price looked at."""
    plain, restarted, wakeful = (Session(mode, execution, seed) for _ in range(3))
    for step in steps:
        plain.take(step)
        restarted.take(step)
        _restart(restarted.desk)
        wakeful.desk.platform._alarms = _Awake()
        wakeful.take(step)
    told = [encode_event(event) for event in plain.told]
    assert [encode_event(event) for event in restarted.told] == told
    assert [encode_event(event) for event in wakeful.told] == told


class _Awake(Alarms):
    def woken_by(self, symbol: str, bid: int, ask: int) -> frozenset[str]:
        del symbol, bid, ask
        return frozenset({"1"})


def _restart(desk: Desk) -> None:
    desk.state = decode_state(encode_state(desk.state))
    desk.account = desk.state.accounts["1"]
    desk.platform = Platform(desk.state, desk.platform._bars, desk.tellings)
    desk.books = desk.platform.books
