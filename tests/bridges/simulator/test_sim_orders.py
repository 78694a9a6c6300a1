"""Waiting orders, stops and targets: what fills when, at which price, and what ends an order without a fill.

The market: EURUSD 1.38600 / 1.38610 at noon on a Thursday; the platform's day ends at 17:00 in New York, 21:00 UTC.
"""

import pytest

from bridges.bounds import PRICE_POINTS_MAX
from bridges.events import Deal, Event, Order, Position
from bridges.simulator.answers import Reason, Retcode
from bridges.simulator.matching import exit_reached, trailed_stop
from bridges.simulator.orders import Lifetime, Terms
from bridges.simulator.platform import Platform
from bridges.simulator.state import OrderType, TradeMode, decode_state, encode_state
from bridges.simulator.state import Position as Held
from bridges.simulator.tellings import Tellings
from firm.inputs import Side
from firm.instant import HOUR_US, SECOND_US, parse_utc
from firm.quote_frame import Tick
from tests.bridges.simulator.desk import LOT, NOON, Desk, the

BUY, SELL = Side.BUY, Side.SELL
NOW = Desk().now
LIMIT, STOP, STOP_LIMIT = OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT


def states(told: list[Event]) -> list[str]:
    return [event.state for event in told if isinstance(event, Order)]


def stops(told: list[Event]) -> list[int]:
    return [event.sl for event in told if isinstance(event, Position)]


@pytest.mark.parametrize(
    ("side", "order_type", "price", "quiet", "filling", "filled_at"),
    [
        pytest.param(BUY, LIMIT, 138_500, (138_491, 138_501), (138_490, 138_500), 138_500, id="buy limit at its price"),
        pytest.param(BUY, LIMIT, 138_500, (138_491, 138_501), (138_380, 138_390), 138_390, id="buy limit gets better"),
        pytest.param(BUY, STOP, 138_700, (138_689, 138_699), (138_690, 138_700), 138_700, id="buy stop at its price"),
        pytest.param(BUY, STOP, 138_700, (138_689, 138_699), (138_840, 138_850), 138_850, id="buy stop over a gap"),
        pytest.param(
            SELL, LIMIT, 138_700, (138_699, 138_709), (138_810, 138_820), 138_810, id="sell limit gets better"
        ),
        pytest.param(SELL, STOP, 138_500, (138_501, 138_511), (138_350, 138_360), 138_350, id="sell stop over a gap"),
    ],
)
def test_where_each_order_fills(
    side: Side, order_type: OrderType, price: int, quiet: tuple[int, int], filling: tuple[int, int], filled_at: int
) -> None:
    desk = Desk()
    assert desk.place(side, order_type, price) is Retcode.DONE
    assert states(desk.tellings.events) == ["placed"]
    assert not desk.price("EURUSD", *quiet)
    told = desk.price("EURUSD", *filling)
    assert (states(told), the(Deal, told).px, the(Deal, told).action) == (["filled"], filled_at, side)
    assert not desk.account.orders


def test_a_stop_limit_becomes_a_limit_at_its_stop_and_then_waits_for_its_own_price() -> None:
    """Buy stop 1.38700, limit 1.38680: the gap to 1.38750 turns it, 1.38680 fills it."""
    desk = Desk()
    assert desk.place(BUY, STOP_LIMIT, 138_700, limit=138_680) is Retcode.DONE
    assert the(Order, desk.tellings.events).order_type == "stop_limit"
    assert not desk.price("EURUSD", 138_660, 138_670)  # better than the limit, but the stop was not reached
    turned = the(Order, desk.price("EURUSD", 138_740, 138_750))
    assert (turned.state, turned.order_type, turned.px) == ("changed", "limit", 138_680)
    assert not desk.price("EURUSD", 138_671, 138_681)
    assert the(Deal, desk.price("EURUSD", 138_670, 138_680)).px == 138_680


def test_a_stop_limit_whose_stop_and_limit_are_one_price_fills_there_at_once() -> None:
    desk = Desk()
    desk.place(SELL, STOP_LIMIT, 138_500, limit=138_500)
    told = desk.price("EURUSD", 138_500, 138_510)
    assert (states(told), the(Deal, told).px) == (["changed", "filled"], 138_500)


@pytest.mark.parametrize(
    ("side", "order_type", "terms", "answer"),
    [
        pytest.param(BUY, LIMIT, Terms(138_610), Retcode.INVALID_PRICE, id="would fill at once"),
        pytest.param(BUY, STOP, Terms(138_610), Retcode.INVALID_PRICE, id="stop already reached"),
        pytest.param(SELL, STOP, Terms(0), Retcode.INVALID_PRICE, id="no price"),
        pytest.param(BUY, STOP, Terms(138_700, limit_price=138_690), Retcode.INVALID_PRICE, id="a stop has no limit"),
        pytest.param(BUY, STOP_LIMIT, Terms(138_700), Retcode.INVALID_PRICE, id="a stop-limit without limit"),
        pytest.param(
            BUY, STOP_LIMIT, Terms(138_700, limit_price=138_701), Retcode.INVALID_PRICE, id="buy limit above its stop"
        ),
        pytest.param(
            SELL, STOP_LIMIT, Terms(138_500, limit_price=138_499), Retcode.INVALID_PRICE, id="sell limit below its stop"
        ),
        pytest.param(BUY, LIMIT, Terms(138_500, 138_500), Retcode.INVALID_STOPS, id="stop at the opening"),
        pytest.param(SELL, LIMIT, Terms(138_700, 138_699), Retcode.INVALID_STOPS, id="a short's stop below"),
        pytest.param(BUY, LIMIT, Terms(138_500, 0, 138_500), Retcode.INVALID_STOPS, id="target at the opening"),
        pytest.param(BUY, LIMIT, Terms(138_500, -1), Retcode.INVALID_STOPS, id="a stop below nothing"),
        pytest.param(
            BUY,
            LIMIT,
            Terms(138_500, lifetime=Lifetime.UNTIL, until_us=NOW),
            Retcode.INVALID_EXPIRY,
            id="this very instant",
        ),
        pytest.param(BUY, LIMIT, Terms(138_500, lifetime=Lifetime.UNTIL), Retcode.INVALID_EXPIRY, id="until when?"),
    ],
)
def test_terms_that_are_refused_in_a_new_order_and_in_a_change(
    side: Side, order_type: OrderType, terms: Terms, answer: Retcode
) -> None:
    desk = Desk()
    assert desk.place(
        side, order_type, terms.price, stop=terms.stop_loss, target=terms.take_profit, limit=terms.limit_price,
        lifetime=terms.lifetime, until_us=terms.until_us,
    ) is answer  # fmt: skip
    assert not desk.account.orders
    assert not desk.tellings.events
    sound = {(BUY, LIMIT): 138_400, (BUY, STOP): 138_800, (BUY, STOP_LIMIT): 138_800, (SELL, LIMIT): 138_800}
    price = sound.get((side, order_type), 138_400)
    desk.place(side, order_type, price, limit=price if order_type is STOP_LIMIT else 0)
    [order] = desk.account.orders.values()
    before = encode_state(desk.state)
    assert desk.books.orders.modify(desk.account, order, terms, desk.now) is answer
    assert encode_state(desk.state) == before


def test_a_changed_order_fills_by_its_new_terms_only() -> None:
    desk = Desk()
    desk.place(BUY, LIMIT, 138_500)
    [order] = desk.account.orders.values()
    desk.tellings.events.clear()
    assert desk.books.orders.modify(desk.account, order, Terms(138_400, 138_300, 138_600), desk.now) is Retcode.DONE
    desk.platform.changed(desk.account)
    told = the(Order, desk.tellings.events)
    assert (told.state, told.px, told.sl, told.tp) == ("changed", 138_400, 138_300, 138_600)
    assert not desk.price("EURUSD", 138_480, 138_490)
    desk.price("EURUSD", 138_390, 138_400)
    [position] = desk.account.positions.values()
    assert (position.stop_loss, position.take_profit) == (138_300, 138_600)


@pytest.mark.parametrize(
    ("mode", "answer"), [(TradeMode.CLOSE_ONLY, Retcode.CLOSE_ONLY), (TradeMode.BLOCKED, Retcode.TRADE_DISABLED)]
)
def test_who_may_not_open_may_not_change_orders(mode: TradeMode, answer: Retcode) -> None:
    desk = Desk()
    desk.place(BUY, LIMIT, 138_500)
    desk.account.mode = mode
    [order] = desk.account.orders.values()
    assert desk.books.orders.modify(desk.account, order, Terms(138_400), desk.now) is answer


def test_a_cancelled_order_never_fills() -> None:
    desk = Desk()
    desk.place(BUY, LIMIT, 138_500)
    [order] = desk.account.orders.values()
    assert desk.books.orders.cancel(desk.account, order, desk.now) is Retcode.DONE
    assert states(desk.tellings.events) == ["placed", "cancelled"]
    assert not desk.price("EURUSD", 138_300, 138_310)


# --- expiry ---


@pytest.mark.parametrize(
    ("lifetime", "until_us", "ends_us"),
    [
        (Lifetime.DAY, 0, parse_utc("2014-05-01T21:00:00")),
        (Lifetime.UNTIL, NOON + HOUR_US, NOON + HOUR_US),
    ],
)
def test_an_order_that_ends_at_an_instant_takes_no_price_of_it(lifetime: Lifetime, until_us: int, ends_us: int) -> None:
    fills, ends = Desk(), Desk()
    for desk in (fills, ends):
        assert desk.place(BUY, LIMIT, 138_500, lifetime=lifetime, until_us=until_us) is Retcode.DONE
    told = fills.price("EURUSD", 138_490, 138_500, after_us=ends_us - fills.now - 1)
    assert states(told) == ["filled"]
    told = ends.price("EURUSD", 138_490, 138_500, after_us=ends_us - ends.now)
    assert [(event.state, event.t_us) for event in told if isinstance(event, Order)] == [("expired", ends_us)]
    assert not [event for event in told if isinstance(event, Deal)]


def test_good_till_cancelled_outlives_the_day() -> None:
    desk = Desk()
    desk.place(BUY, LIMIT, 138_500)
    desk.price("EURUSD", 138_600, 138_610, after_us=20 * HOUR_US)
    assert states(desk.price("EURUSD", 138_490, 138_500)) == ["filled"]


def test_each_order_expires_at_its_own_instant_in_order_of_time() -> None:
    desk = Desk()
    for hours in (3, 1, 2):
        desk.place(BUY, LIMIT, 138_500, lifetime=Lifetime.UNTIL, until_us=NOON + hours * HOUR_US)
    told = desk.price("EURUSD", 138_600, 138_610, after_us=4 * HOUR_US)
    assert [event.t_us - NOON for event in told if isinstance(event, Order)] == [HOUR_US, 2 * HOUR_US, 3 * HOUR_US]


def test_a_platform_that_was_restored_still_knows_when_its_orders_end() -> None:
    desk = Desk()
    desk.place(BUY, LIMIT, 138_500, lifetime=Lifetime.UNTIL, until_us=NOON + HOUR_US)
    tellings = Tellings()
    restored = Platform(decode_state(encode_state(desk.state)), desk.platform._bars, tellings)
    restored.pass_time(NOON + HOUR_US)
    assert states(tellings.events) == ["expired"]


# --- stops and targets on positions ---


@pytest.mark.parametrize(
    ("side", "stop", "target"),
    [
        pytest.param(BUY, 138_600, 0, id="a long's stop at the bid"),
        pytest.param(BUY, 0, 138_600, id="a long's target at the bid"),
        pytest.param(SELL, 138_610, 0, id="a short's stop at the ask"),
        pytest.param(SELL, 0, 138_610, id="a short's target at the ask"),
    ],
)
def test_a_stop_or_target_that_is_reached_already_is_refused(side: Side, stop: int, target: int) -> None:
    desk = Desk()
    desk.open(side, LOT)
    [position] = desk.account.positions.values()
    assert desk.books.protect(desk.account, position, stop, target, desk.now) is Retcode.INVALID_STOPS
    assert (position.stop_loss, position.take_profit) == (0, 0)


@pytest.mark.parametrize(
    ("side", "price", "reason"),
    [
        (BUY, 138_501, None), (BUY, 138_500, Reason.STOP_LOSS), (BUY, 138_400, Reason.STOP_LOSS),
        (BUY, 138_699, None), (BUY, 138_700, Reason.TAKE_PROFIT), (BUY, 138_800, Reason.TAKE_PROFIT),
        (SELL, 138_699, None), (SELL, 138_700, Reason.STOP_LOSS), (SELL, 138_800, Reason.STOP_LOSS),
        (SELL, 138_501, None), (SELL, 138_500, Reason.TAKE_PROFIT), (SELL, 138_400, Reason.TAKE_PROFIT),
    ],
)  # fmt: skip
def test_touching_a_stop_or_target_is_reaching_it(side: Side, price: int, reason: Reason | None) -> None:
    low, high = 138_500, 138_700
    stop, target = (low, high) if side is BUY else (high, low)
    assert exit_reached(Held("1", "EURUSD", side, LOT, 138_600, stop, target, 0, NOON), price) is reason


def test_a_moved_stop_takes_the_place_of_the_old_one() -> None:
    desk = Desk()
    desk.open(BUY, LOT, stop=138_500)
    [position] = desk.account.positions.values()
    desk.tellings.events.clear()
    assert desk.books.protect(desk.account, position, 138_400, 138_800, desk.now) is Retcode.DONE
    desk.platform.changed(desk.account)
    assert the(Position, desk.tellings.events).sl == 138_400
    assert not desk.price("EURUSD", 138_450, 138_460)
    assert the(Deal, desk.price("EURUSD", 138_390, 138_400)).reason == "sl"


def test_a_long_s_trailing_stop_follows_up_and_never_down() -> None:
    """50 points behind the bid of 1.38600 is 1.38550; a bid of 1.38640 lifts it to 1.38590; a fall leaves it there."""
    desk = Desk()
    desk.open(BUY, LOT)
    [position] = desk.account.positions.values()
    desk.tellings.events.clear()
    assert desk.books.protect(desk.account, position, 0, 0, desk.now, trail_points=50) is Retcode.DONE
    desk.platform.changed(desk.account)
    assert stops(desk.tellings.events) == [138_550]
    assert stops(desk.price("EURUSD", 138_601, 138_611)) == [138_551]
    assert stops(desk.price("EURUSD", 138_640, 138_650)) == [138_590]
    assert not desk.price("EURUSD", 138_591, 138_601)
    assert stops(desk.price("EURUSD", 138_641, 138_651)) == [138_591]
    deal = the(Deal, desk.price("EURUSD", 138_580, 138_590))
    assert (deal.reason, deal.px) == ("sl", 138_580)


def test_a_short_s_trailing_stop_follows_the_ask_down() -> None:
    desk = Desk()
    desk.open(SELL, LOT)
    [position] = desk.account.positions.values()
    desk.books.protect(desk.account, position, 138_640, 0, desk.now, trail_points=50)
    desk.platform.changed(desk.account)
    assert position.stop_loss == 138_640  # nearer than the trailing distance: it stays
    assert not desk.price("EURUSD", 138_580, 138_590)
    assert stops(desk.price("EURUSD", 138_579, 138_589)) == [138_639]
    assert the(Deal, desk.price("EURUSD", 138_630, 138_639)).reason == "sl"


@pytest.mark.parametrize(
    ("side", "stop", "price", "moved_to"),
    [
        pytest.param(BUY, 138_550, 138_601, 138_551, id="a long gains a point"),
        pytest.param(BUY, 138_550, 138_599, 138_550, id="a long loses a point"),
        pytest.param(BUY, 0, 40, 0, id="no stop below the first point"),
        pytest.param(SELL, 138_650, 138_599, 138_649, id="a short gains a point"),
        pytest.param(SELL, 138_650, 138_601, 138_650, id="a short loses a point"),
        pytest.param(SELL, 0, 138_600, 138_650, id="a short had none"),
    ],
)
def test_where_a_trailing_stop_of_50_points_goes(side: Side, stop: int, price: int, moved_to: int) -> None:
    """Asked at every price, also at those that would wake nobody."""
    position = Held("1", "EURUSD", side, LOT, 138_600, stop, 0, 0, NOON, trail_points=50)
    assert trailed_stop(position, price) == moved_to


def test_a_blocked_trader_may_not_move_stops_and_a_close_only_one_may() -> None:
    desk = Desk()
    desk.open(BUY, LOT)
    [position] = desk.account.positions.values()
    desk.account.mode = TradeMode.BLOCKED
    assert desk.books.protect(desk.account, position, 138_500, 0, desk.now) is Retcode.TRADE_DISABLED
    desk.account.mode = TradeMode.CLOSE_ONLY
    assert desk.books.protect(desk.account, position, 138_500, 0, desk.now) is Retcode.DONE


def test_an_opening_whose_stop_lies_on_the_winning_side_is_refused() -> None:
    desk = Desk()
    assert desk.open(BUY, LOT, stop=138_611) is Retcode.INVALID_STOPS
    assert desk.open(SELL, LOT, target=138_600) is Retcode.INVALID_STOPS
    assert not desk.account.positions


def test_no_order_stop_or_target_lies_where_the_wire_tells_no_price() -> None:
    desk, beyond = Desk(), PRICE_POINTS_MAX + 1
    assert desk.open(BUY, LOT, target=beyond) is Retcode.INVALID_STOPS
    assert desk.place(SELL, LIMIT, 138_700, stop=beyond) is Retcode.INVALID_STOPS
    assert desk.place(BUY, STOP, beyond) is Retcode.INVALID_PRICE
    assert desk.place(BUY, STOP, PRICE_POINTS_MAX) is Retcode.DONE
    desk.open(SELL, LOT)
    [position] = desk.account.positions.values()
    assert desk.books.protect(desk.account, position, beyond, 0, desk.now) is Retcode.INVALID_STOPS
    assert desk.books.protect(desk.account, position, PRICE_POINTS_MAX, 0, desk.now) is Retcode.DONE


def test_a_platform_that_is_down_changes_no_order() -> None:
    desk = Desk()
    desk.place(BUY, LIMIT, 138_500)
    [order] = desk.account.orders.values()
    desk.state.clocks.down_since_us = desk.now
    assert desk.books.orders.modify(desk.account, order, Terms(138_400), desk.now) is Retcode.NO_CONNECTION
    assert order.price == 138_500


def test_a_restored_platform_remembers_where_a_trailing_stop_had_come() -> None:
    """A bid of 1.38700 lifted it to 1.38650: the next price, 1.38640, is below."""
    desk = Desk()
    desk.open(BUY, LOT)
    [position] = desk.account.positions.values()
    desk.books.protect(desk.account, position, 0, 0, desk.now, trail_points=50)
    desk.platform.changed(desk.account)
    desk.price("EURUSD", 138_700, 138_710)
    tellings = Tellings()
    restored = Platform(decode_state(encode_state(desk.state)), desk.platform._bars, tellings)
    restored.take_tick(Tick("EURUSD", desk.now + SECOND_US, 138_640, 138_650))
    assert the(Deal, tellings.events).reason == "sl"
