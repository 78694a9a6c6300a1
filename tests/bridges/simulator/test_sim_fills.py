"""Fills: slippage, requotes, partial fills, and what netting makes of them, against sums done by hand.

The market: EURUSD 1.38600 / 1.38610. A price has 50 lots of it in a calm market. A spread below ten points slips nothing.
"""

import pytest

from bridges.events import CmdResult, Deal, Event, Order, Position
from bridges.simulator.answers import Reason, Retcode
from bridges.simulator.matching import Seen, depth_left_e8, slip_max_points
from bridges.simulator.orders import Terms
from bridges.simulator.requests import Requests
from bridges.simulator.state import Execution, OrderType, PositionMode, Quoted, TradeMode
from bridges.simulator.symbols import EURUSD
from bridges.simulator.valuation import margin_minor
from bridges.wire import Cmd
from firm.inputs import DealEntry, Side
from tests.bridges.simulator.desk import LOT, NOON, Desk, the

BUY, SELL = Side.BUY, Side.SELL
DEPTH = 49 * LOT + 37 * LOT // 100  # 50 lots at the first price of a second: 50 x (240 - 3) / 240 = 49.375


def deals(told: list[Event]) -> list[Deal]:
    return [event for event in told if isinstance(event, Deal)]


def exchange(balance: str = "10000000.00", mode: PositionMode = PositionMode.HEDGING) -> Desk:
    desk = Desk(balance=balance, execution=Execution.EXCHANGE, position_mode=mode)
    desk.price("EURUSD", 138_600, 138_605)
    return desk


def netting() -> Desk:
    desk = Desk(position_mode=PositionMode.NETTING)
    desk.price("EURUSD", 138_600, 138_605)
    return desk


# --- slippage and requotes ---


@pytest.mark.parametrize(
    ("spread", "burst", "points"),
    [(0, 60, 0), (9, 1, 0), (10, 1, 1), (100, 1, 11), (100, 30, 60), (100, 60, 110), (100, 500, 110)],
)
def test_the_largest_slippage_grows_with_spread_and_speed(spread: int, burst: int, points: int) -> None:
    assert slip_max_points(Quoted(NOON, 138_600, 138_600 + spread, burst)) == points


@pytest.mark.parametrize(
    ("side", "seen", "answer"),
    [
        pytest.param(BUY, Seen(138_600, 5), Retcode.DONE, id="five points worse, five allowed"),
        pytest.param(BUY, Seen(138_600, 4), Retcode.REQUOTE, id="five points worse, four allowed"),
        pytest.param(BUY, Seen(138_700, 0), Retcode.DONE, id="a better price is always taken"),
        pytest.param(SELL, Seen(138_603, 3), Retcode.DONE, id="a seller's worse is below"),
        pytest.param(SELL, Seen(138_603, 2), Retcode.REQUOTE, id="a seller's worse is below, and too far"),
        pytest.param(SELL, Seen(138_500, 0), Retcode.DONE, id="a seller is glad of more"),
    ],
)
def test_a_market_order_is_requoted_where_the_price_moved_too_far(side: Side, seen: Seen, answer: Retcode) -> None:
    desk = netting()
    desk.tellings.events.clear()
    assert desk.books.open_market(desk.account, "EURUSD", side, LOT, 0, 0, desk.now, seen) is answer
    assert bool(desk.account.positions) is (answer is Retcode.DONE)
    assert bool(desk.tellings.events) is (answer is Retcode.DONE)


# --- partial fills ---


@pytest.mark.parametrize(("burst", "hundredths"), [(0, 5_000), (1, 4_937), (30, 3_125), (60, 1_250), (999, 1_250)])
def test_a_rush_thins_a_price_down_to_a_quarter(burst: int, hundredths: int) -> None:
    assert depth_left_e8(BUY, EURUSD, Quoted(NOON, 138_600, 138_605, burst)) == hundredths * LOT // 100


def test_a_market_order_takes_what_the_price_has_and_the_next_price_has_more() -> None:
    desk = exchange()
    assert desk.open(BUY, 60 * LOT) is Retcode.DONE_PARTIAL
    assert the(Deal, desk.tellings.events).vol == DEPTH
    assert desk.open(BUY, LOT) is Retcode.NO_LIQUIDITY
    assert desk.open(SELL, LOT) is Retcode.DONE  # the other side of the price is untouched
    desk.price("EURUSD", 138_600, 138_605)
    assert desk.open(BUY, LOT) is Retcode.DONE


def test_all_exchange_accounts_share_a_price_and_the_house_s_do_not_touch_it() -> None:
    desk = exchange()
    ben = desk.seat("2", "USD", 100, "10000000.00", PositionMode.HEDGING, Execution.EXCHANGE)
    house = desk.seat("3", "USD", 100, "50000000.00", PositionMode.HEDGING, Execution.MARKET)
    assert desk.books.open_market(house, "EURUSD", BUY, 200 * LOT, 0, 0, desk.now) is Retcode.DONE
    assert desk.open(BUY, 40 * LOT) is Retcode.DONE
    assert desk.books.open_market(ben, "EURUSD", BUY, 40 * LOT, 0, 0, desk.now) is Retcode.DONE_PARTIAL
    assert next(iter(ben.positions.values())).lots_e8 == DEPTH - 40 * LOT


def test_the_rest_of_a_limit_waits_on_at_its_price() -> None:
    """60 lots at 1.38500: 49.37 fill, 10.63 wait over a price that is too high and fill at the next good one."""
    desk = exchange()
    desk.place(BUY, OrderType.LIMIT, 138_500, lots_e8=60 * LOT)
    told = desk.price("EURUSD", 138_495, 138_500)
    order = the(Order, told)
    assert (order.state, order.vol, the(Deal, told).vol) == ("changed", 60 * LOT - DEPTH, DEPTH)
    assert not deals(desk.price("EURUSD", 138_497, 138_502))
    told = desk.price("EURUSD", 138_485, 138_490)
    assert (the(Order, told).state, the(Deal, told).vol, the(Deal, told).px) == ("filled", 60 * LOT - DEPTH, 138_490)


def test_the_rest_of_a_stop_takes_whatever_price_comes_next() -> None:
    desk = exchange()
    desk.place(BUY, OrderType.STOP, 138_700, lots_e8=60 * LOT)
    assert the(Deal, desk.price("EURUSD", 138_695, 138_700)).vol == DEPTH
    told = desk.price("EURUSD", 138_645, 138_650)  # back below the stop
    assert (the(Order, told).state, the(Deal, told).vol, the(Deal, told).px) == ("filled", 60 * LOT - DEPTH, 138_650)


def test_the_rest_of_a_stop_is_at_work_already_and_takes_no_other_terms() -> None:
    desk = exchange()
    desk.place(BUY, OrderType.STOP, 138_700, lots_e8=60 * LOT)
    desk.price("EURUSD", 138_695, 138_700)
    [order] = desk.account.orders.values()
    assert desk.books.orders.modify(desk.account, order, Terms(138_900), desk.now) is Retcode.INVALID_PRICE
    assert desk.books.orders.cancel(desk.account, order, desk.now) is Retcode.DONE


def test_a_trader_closes_what_the_price_has_and_the_dealer_all() -> None:
    desk = exchange()
    desk.open(BUY, 40 * LOT)
    desk.price("EURUSD", 138_600, 138_605)
    desk.open(BUY, 40 * LOT)
    first, second = desk.account.positions.values()
    assert desk.books.close(desk.account, first, desk.now, Reason.CLIENT) is Retcode.DONE
    assert desk.books.close(desk.account, second, desk.now, Reason.CLIENT) is Retcode.DONE_PARTIAL
    assert second.lots_e8 == 80 * LOT - DEPTH
    assert desk.books.close(desk.account, second, desk.now, Reason.CLIENT) is Retcode.NO_LIQUIDITY
    assert desk.books.close(desk.account, second, desk.now, Reason.DEALER) is Retcode.DONE


def test_a_stop_loss_is_filled_whole_whatever_the_price_has() -> None:
    desk = exchange()
    for _ in range(2):
        desk.price("EURUSD", 138_600, 138_605)
        desk.open(BUY, 45 * LOT, stop=138_500)
    told = desk.price("EURUSD", 138_490, 138_495)
    assert [deal.vol for deal in deals(told)] == [45 * LOT, 45 * LOT]
    assert not desk.account.positions


# --- netting and hedging ---


def test_hedging_holds_both_ways_and_netting_one() -> None:
    hedged, netted = Desk(), netting()
    for desk in (hedged, netted):
        desk.open(BUY, 2 * LOT)
        desk.open(SELL, LOT)
    assert [held.lots_e8 for held in hedged.account.positions.values()] == [2 * LOT, LOT]
    assert [held.lots_e8 for held in netted.account.positions.values()] == [LOT]


def test_netting_adds_at_the_average_price_rounded_half_away() -> None:
    """1 lot at 1.38605 and 1 at 1.38610: 1.386075, so 1.38608. The stop that was given last counts, the target stays."""
    desk = netting()
    desk.open(BUY, LOT, stop=138_500, target=138_900)
    desk.price("EURUSD", 138_605, 138_610)
    desk.open(BUY, LOT, stop=138_400)
    deal, changed = the(Deal, desk.tellings.events), the(Position, desk.tellings.events)
    assert (deal.entry, deal.vol, deal.px) == (DealEntry.IN, LOT, 138_610)
    assert (changed.op, changed.vol, changed.px_open) == ("changed", 2 * LOT, 138_608)
    assert (changed.sl, changed.tp) == (138_400, 138_900)
    assert deal.pos_id == changed.pos_id
    desk.open(BUY, LOT)
    assert the(Position, desk.tellings.events).sl == 138_400


def test_netting_reduces_and_realises_its_share() -> None:
    """2 lots at 1.38605; 1 sold at 1.38705: 100 points on a lot are 100.00, 3.50 a side."""
    desk = netting()
    desk.open(BUY, 2 * LOT)
    desk.price("EURUSD", 138_705, 138_710)
    desk.open(SELL, LOT)
    deal = the(Deal, desk.tellings.events)
    assert (deal.entry, deal.action, deal.profit, deal.commission) == (DealEntry.OUT, SELL, 10_000, -350)
    assert desk.account.balance_minor == 10_000_000 - 700 + 10_000 - 350


def test_netting_reverses_by_closing_all_and_opening_the_rest() -> None:
    desk = netting()
    desk.open(BUY, LOT)
    desk.open(SELL, 3 * LOT, stop=138_700)
    out, into = deals(desk.tellings.events)
    assert (out.entry, out.vol, into.entry, into.vol) == (DealEntry.OUT, LOT, DealEntry.IN, 2 * LOT)
    assert out.order_id == into.order_id
    assert out.pos_id != into.pos_id
    [position] = desk.account.positions.values()
    assert (position.side, position.lots_e8, position.stop_loss) == (SELL, 2 * LOT, 138_700)
    assert [event.op for event in desk.tellings.events if isinstance(event, Position)] == ["closed", "opened"]


def test_a_waiting_order_nets_when_it_fills() -> None:
    desk = netting()
    desk.open(BUY, 2 * LOT)
    desk.place(SELL, OrderType.LIMIT, 138_700, lots_e8=2 * LOT)
    told = desk.price("EURUSD", 138_700, 138_705)
    assert the(Deal, told).entry is DealEntry.OUT
    assert not desk.account.positions


def test_what_only_reduces_needs_no_margin_and_is_allowed_to_a_close_only_account() -> None:
    desk = netting()
    assert desk.open(BUY, 70 * LOT) is Retcode.DONE  # 97 023.50 of 100 000.00 are bound
    desk.account.mode = TradeMode.CLOSE_ONLY
    assert desk.open(SELL, 71 * LOT) is Retcode.CLOSE_ONLY
    assert desk.open(BUY, LOT) is Retcode.CLOSE_ONLY
    assert desk.open(SELL, 69 * LOT) is Retcode.DONE
    assert desk.open(SELL, LOT) is Retcode.DONE
    assert not desk.account.positions
    desk.account.mode = TradeMode.BLOCKED
    assert desk.open(SELL, LOT) is Retcode.TRADE_DISABLED


def test_a_whole_position_can_be_netted_away_in_a_margin_call() -> None:
    """60 lots of gold bind 77 058.00; 6.50 down leaves some 60 000.00: nothing can be opened, all can be closed."""
    desk = netting()
    desk.open(BUY, 60 * LOT, "XAUUSD")
    desk.open(BUY, 10 * LOT)
    desk.price("XAUUSD", 1_277_500, 1_277_505)
    assert desk.account.in_margin_call
    assert desk.open(BUY, LOT) is Retcode.NO_MONEY
    assert desk.open(SELL, 10 * LOT) is Retcode.DONE
    assert [held.symbol for held in desk.account.positions.values()] == ["XAUUSD"]


def test_a_reversal_binds_margin_only_for_what_it_opens() -> None:
    """70 lots bind 97 023.50. Selling 140 leaves 70 short, which bind as much: enough. 145 leave 75: too much."""
    desk = netting()
    desk.open(BUY, 70 * LOT)
    assert desk.open(SELL, 145 * LOT) is Retcode.NO_MONEY
    assert desk.open(SELL, 140 * LOT) is Retcode.DONE
    assert margin_minor(desk.account, desk.state) == 70 * 138_600


# --- opening such accounts ---


def test_the_firm_opens_an_account_of_either_kind_and_a_wrong_word_is_refused() -> None:
    desk = Desk()
    requests = Requests(desk.platform, desk.tellings)
    args = {
        "trader": "ada", "label": "idle", "group": "g", "leverage": "100", "currency": "USD", "exponent": "2",
        "balance_minor": "10000000",
    }  # fmt: skip
    asked = (
        {},
        {"position_mode": "netting", "execution": "exchange"},
        {"position_mode": "sideways"},
    )
    desk.tellings.events.clear()
    for number, extra in enumerate(asked):
        requests.carry_out(Cmd(f"c{number}", f"k{number}", "", "create_account", {**args, **extra}, "", 0))
    results = [event for event in desk.tellings.events if isinstance(event, CmdResult)]
    assert [result.retcode for result in results] == ["DONE", "DONE", "INVALID_ARGS"]
    plain, netted = (desk.state.accounts[result.vendor_ref] for result in results[:2])
    assert (plain.position_mode, plain.execution) == (PositionMode.HEDGING, Execution.MARKET)
    assert (netted.position_mode, netted.execution) == (PositionMode.NETTING, Execution.EXCHANGE)
