"""The platform's books, against sums done by hand.

The market of these sums: EURUSD 1.38600 / 1.38610, gold 1284.000 / 1284.300. A lot of EURUSD is 100 000 euros, so a point
(0.00001) is worth 1.00 USD a lot; a lot of gold is 100 ounces, so a point (0.001) is worth 0.10 USD. A side costs 3.50 a lot.
Slippage is switched off by a spread below ten points a tick where a sum needs an exact fill.
"""

import pytest

from bridges.events import Cash, Deal, Equity, Order, Position
from bridges.simulator.answers import Retcode
from bridges.simulator.orders import Terms, Ticket
from bridges.simulator.state import OrderType, TradeMode
from bridges.simulator.symbols import EURUSD, XAUUSD, nights_at, rollover_after
from bridges.simulator.valuation import equity_minor, margin_minor
from firm.inputs import CashKind, DealEntry, Side
from firm.instant import DAY_US, HOUR_US, SECOND_US, parse_utc
from firm.sessions import is_open
from tests.bridges.simulator.desk import LOT, Desk, the


def test_a_long_opens_at_the_ask_and_each_side_costs_commission() -> None:
    desk = Desk()
    assert desk.open(Side.BUY, 2 * LOT) is Retcode.DONE
    deal = the(Deal, desk.tellings.events)
    assert (deal.entry, deal.action, deal.vol, deal.commission) == (DealEntry.IN, Side.BUY, 2 * LOT, -700)
    assert 138_610 <= deal.px <= 138_611  # at most a tenth of the spread in a calm market
    assert desk.account.balance_minor == 9_999_300
    assert [type(event) for event in desk.tellings.events] == [Deal, Position, Equity]


def test_profit_commission_and_equity_of_a_round_trip_by_hand() -> None:
    """Buy 2 lots at 1.38610, sell at 1.38710: 100 points x 2 lots = 200.00; two sides of 7.00 each leave 186.00."""
    desk = Desk()
    desk.open(Side.BUY, 2 * LOT)
    desk.flatten_slippage()
    desk.price("EURUSD", 138_710, 138_715)  # five points of spread: no slippage
    assert equity_minor(desk.account, desk.state) == 10_000_000 - 700 + 20_000
    desk.tellings.events.clear()
    assert desk.close() is Retcode.DONE
    deal = the(Deal, desk.tellings.events)
    assert (deal.action, deal.entry, deal.px, deal.profit, deal.commission) == (
        Side.SELL,
        DealEntry.OUT,
        138_710,
        20_000,
        -700,
    )
    assert desk.account.balance_minor == 10_018_600
    assert the(Position, desk.tellings.events).vol == 0


def test_a_half_is_rounded_away_from_zero() -> None:
    """0.05 lots of gold lose 1 point: 0.05 x 100 x 0.001 = 0.005 USD, booked as 0.01."""
    desk = Desk()
    desk.open(Side.BUY, LOT // 20, "XAUUSD")
    desk.flatten_slippage()
    desk.price("XAUUSD", 1_284_299, 1_284_300)
    assert equity_minor(desk.account, desk.state) - desk.account.balance_minor == -1
    desk.price("XAUUSD", 1_284_301, 1_284_301)
    assert equity_minor(desk.account, desk.state) - desk.account.balance_minor == 1


def test_a_euro_account_converts_gains_at_the_ask_and_losses_at_the_bid() -> None:
    """1 lot of gold. +3.700 USD an ounce: 370.00 / 1.38610 = 266.94. -1.300: 130.00 / 1.38600 = 93.80."""
    desk = Desk(currency="EUR", balance="50000.00")
    desk.open(Side.BUY, LOT, "XAUUSD")
    desk.flatten_slippage()
    balance = desk.account.balance_minor
    desk.price("XAUUSD", 1_288_000, 1_288_300)
    assert equity_minor(desk.account, desk.state) - balance == 26_694
    desk.price("XAUUSD", 1_283_000, 1_283_300)
    assert equity_minor(desk.account, desk.state) - balance == -9_380


def test_a_stop_loss_fills_at_the_first_price_beyond_it_not_at_its_own() -> None:
    """Stop at 1.38500; the market gaps to 1.38300: filled at 1.38300, 310 points below 1.38610, a loss of 310.00."""
    desk = Desk()
    desk.open(Side.BUY, LOT, stop=138_500)
    desk.flatten_slippage()
    assert not [event for event in desk.price("EURUSD", 138_501, 138_520) if isinstance(event, Deal)]
    deal = the(Deal, desk.price("EURUSD", 138_300, 138_350))
    assert (deal.px, deal.profit, deal.reason) == (138_300, -31_000, "sl")
    assert not desk.account.positions


def test_a_short_takes_profit_at_the_ask() -> None:
    desk = Desk()
    desk.open(Side.SELL, LOT, target=138_500)
    desk.flatten_slippage()
    assert not [event for event in desk.price("EURUSD", 138_480, 138_501) if isinstance(event, Deal)]
    deal = the(Deal, desk.price("EURUSD", 138_480, 138_490))
    assert (deal.px, deal.profit, deal.reason, deal.action) == (138_490, 11_000, "tp", Side.BUY)


def test_a_stop_order_fills_at_the_price_that_reached_it() -> None:
    desk = Desk()
    ticket = Ticket("EURUSD", Side.BUY, OrderType.STOP, LOT, Terms(138_700, 138_600, 138_900))
    assert desk.books.orders.place(desk.account, ticket, desk.now) is Retcode.DONE
    desk.platform.changed(desk.account)
    assert not [event for event in desk.price("EURUSD", 138_680, 138_699) if isinstance(event, Deal)]
    told = desk.price("EURUSD", 138_790, 138_800)
    assert (the(Order, told).state, the(Deal, told).px) == ("filled", 138_800)
    [position] = desk.account.positions.values()
    assert (position.stop_loss, position.take_profit) == (138_600, 138_900)


def test_an_order_that_would_fill_at_once_is_refused() -> None:
    desk = Desk()
    ticket = Ticket("EURUSD", Side.BUY, OrderType.LIMIT, LOT, Terms(138_700))
    assert desk.books.orders.place(desk.account, ticket, desk.now) is Retcode.INVALID_PRICE
    assert not desk.account.orders


def test_a_partial_close_realises_its_share_of_profit_and_swap() -> None:
    """3 lots with -18.01 of swap; 1 lot closed: a third, -6.00 rounded, is booked, -12.01 stays."""
    desk = Desk()
    desk.open(Side.BUY, 3 * LOT)
    desk.flatten_slippage()
    [position] = desk.account.positions.values()
    position.swap_minor = -1_801
    desk.price("EURUSD", 138_620, 138_625)
    desk.tellings.events.clear()
    assert desk.close(LOT) is Retcode.DONE
    assert (the(Deal, desk.tellings.events).profit, the(Deal, desk.tellings.events).swap) == (1_000, -600)
    changed = the(Position, desk.tellings.events)
    assert (changed.op, changed.vol, changed.swap) == ("changed", 2 * LOT, -1_201)


def test_swap_is_posted_exactly_at_the_new_york_rollover() -> None:
    """2 lots short carry -6 points a night: -12.00, stamped 17:00 in New York, 21:00 UTC in summer."""
    desk = Desk()
    desk.open(Side.SELL, 2 * LOT)
    told = desk.price("EURUSD", 138_600, 138_610, after_us=10 * HOUR_US)
    [changed] = [event for event in told if isinstance(event, Position)]
    assert changed.t_us == parse_utc("2014-05-01T21:00:00")
    assert (changed.op, changed.swap) == ("changed", -1_200)
    equity = next(event for event in told if isinstance(event, Equity) and event.t_us == changed.t_us)
    assert told.index(equity) > told.index(changed)


@pytest.mark.parametrize(
    ("evening", "nights"),
    [("2014-04-30", 3), ("2014-05-01", 1), ("2014-05-02", 1), ("2014-05-03", 0), ("2014-05-04", 0)],
)
def test_wednesday_carries_three_nights_and_the_weekend_none(evening: str, nights: int) -> None:
    assert nights_at(parse_utc(f"{evening}T21:00:00")) == nights


def test_the_rollover_follows_new_york_over_summer_time() -> None:
    assert rollover_after(parse_utc("2014-01-15T12:00:00")) == parse_utc("2014-01-15T22:00:00")
    assert rollover_after(parse_utc("2014-07-15T12:00:00")) == parse_utc("2014-07-15T21:00:00")
    assert rollover_after(parse_utc("2014-07-15T21:00:00")) == parse_utc("2014-07-16T21:00:00")


def test_margin_is_worth_over_leverage_and_too_much_of_it_is_refused() -> None:
    """1 lot at 1.38610 binds 138 610 / 100 = 1 386.10; with 100 000.00 no 73 lots can be opened."""
    desk = Desk()
    desk.open(Side.BUY, LOT)
    desk.flatten_slippage()
    assert margin_minor(desk.account, desk.state) == 138_610
    assert desk.open(Side.BUY, 73 * LOT) is Retcode.NO_MONEY
    assert desk.open(Side.BUY, 70 * LOT) is Retcode.DONE


def test_stop_out_closes_the_worst_position_first_and_stops_when_the_level_is_restored() -> None:
    """70 lots bind 97 027.00, half is 48 513.50: a fall that leaves less closes the large loser; the small winner stays."""
    desk = Desk()
    desk.open(Side.BUY, 70 * LOT)
    desk.open(Side.SELL, LOT)
    desk.flatten_slippage()
    [large, small] = desk.account.positions
    desk.price(
        "EURUSD", 137_990, 138_000
    )  # -620 x 70 + 600 = -42 800: 56 951 is left, more than 49 207 (half the margin)
    assert list(desk.account.positions) == [large, small]
    told = desk.price("EURUSD", 137_870, 137_880)  # -740 x 70 + 720: 48 671 is left
    deal = the(Deal, told)
    assert (deal.pos_id, deal.reason, deal.px) == (large, "stop_out", 137_870)
    assert list(desk.account.positions) == [small]


def test_skipping_stop_out_checks_never_misses_one() -> None:
    """A walk of small steps down: the account is stopped out on the very price where the level is first reached."""
    desk = Desk()
    desk.open(Side.BUY, 70 * LOT)
    desk.flatten_slippage()
    margin = margin_minor(desk.account, desk.state)
    for bid in range(138_600, 137_000, -7):
        desk.price("EURUSD", bid, bid + 5, after_us=1_000)
        worth = 10_000_000 - 24_500 + (bid - 138_610) * 7_000
        assert bool(desk.account.positions) is (worth * 100 > margin * 50), bid
        if not desk.account.positions:
            return
    pytest.fail("never stopped out")


def test_gold_cannot_be_traded_in_its_daily_rest() -> None:
    desk = Desk()
    desk.open(Side.BUY, LOT, "XAUUSD")
    desk.now = parse_utc("2014-05-01T21:30:00")
    assert desk.close() is Retcode.MARKET_CLOSED
    assert desk.open(Side.BUY, LOT, "XAUUSD") is Retcode.MARKET_CLOSED
    assert desk.account.positions
    desk.now = parse_utc("2014-05-01T22:00:00")
    assert desk.close() is Retcode.DONE


@pytest.mark.parametrize(
    ("instant", "euro", "gold"),
    [
        ("2014-05-01T21:14:59", True, True),
        ("2014-05-01T21:15:00", True, False),
        ("2014-05-01T22:00:00", True, True),
        ("2014-05-02T20:59:59", True, True),
        ("2014-05-02T21:00:00", False, False),
        ("2014-05-04T20:59:59", False, False),
        ("2014-05-04T21:00:00", True, False),
        ("2014-05-04T22:00:00", True, True),
    ],
)
def test_sessions_follow_new_york(instant: str, euro: bool, gold: bool) -> None:
    assert (is_open(EURUSD.spec, parse_utc(instant)), is_open(XAUUSD.spec, parse_utc(instant))) == (euro, gold)


@pytest.mark.parametrize(
    ("mode", "opening", "closing"),
    [
        (TradeMode.FULL, Retcode.DONE, Retcode.DONE),
        (TradeMode.CLOSE_ONLY, Retcode.CLOSE_ONLY, Retcode.DONE),
        (TradeMode.BLOCKED, Retcode.TRADE_DISABLED, Retcode.TRADE_DISABLED),
    ],
)
def test_what_each_mode_allows_the_trader(mode: TradeMode, opening: Retcode, closing: Retcode) -> None:
    desk = Desk()
    desk.open(Side.BUY, LOT)
    desk.account.mode = mode
    assert (desk.open(Side.BUY, LOT), desk.close()) == (opening, closing)


def test_stops_work_for_a_blocked_account_too() -> None:
    desk = Desk()
    desk.open(Side.BUY, LOT, stop=138_500)
    desk.account.mode = TradeMode.BLOCKED
    assert the(Deal, desk.price("EURUSD", 138_490, 138_500)).reason == "sl"


@pytest.mark.parametrize("lots_e8", [0, -LOT, LOT // 1000, 201 * LOT])
def test_an_impossible_volume_is_refused(lots_e8: int) -> None:
    assert Desk().open(Side.BUY, lots_e8) is Retcode.INVALID_VOLUME


def test_market_orders_slip_more_when_prices_rush() -> None:
    desk = Desk(balance="10000000.00")
    slips = []
    for _ in range(80):
        desk.price("EURUSD", 138_500, 138_600, after_us=100)
        desk.open(Side.BUY, LOT // 100)
        slips.append([*desk.account.positions.values()][-1].price_open - 138_600)
    assert min(slips) >= 0
    assert max(slips[:5]) <= 10 + 100 * 6 // 60
    assert 10 + 100 // 2 < max(slips[40:]) <= 110


def test_the_platform_says_each_minute_what_an_account_with_positions_is_worth() -> None:
    desk = Desk()
    assert not [event for event in desk.price("EURUSD", 138_600, 138_610, 90 * SECOND_US) if isinstance(event, Equity)]
    desk.open(Side.BUY, LOT)
    told = desk.price("EURUSD", 138_600, 138_610, 90 * SECOND_US)
    assert [event.t_us % (60 * SECOND_US) for event in told if isinstance(event, Equity)] == [0, 0]


def test_cash_moves_the_balance_and_says_what_is_left() -> None:
    desk = Desk()
    desk.tellings.events.clear()
    desk.books.move_cash(desk.account, -250_000, CashKind.WITHDRAWAL, "payout", desk.now)
    cash = the(Cash, desk.tellings.events)
    assert (cash.amount, cash.balance_after, cash.comment) == (-250_000, 9_750_000, "payout")


def test_a_day_without_prices_posts_every_night() -> None:
    desk = Desk()
    desk.open(Side.BUY, LOT)
    told = desk.price("EURUSD", 138_600, 138_610, after_us=2 * DAY_US)
    assert [event.swap for event in told if isinstance(event, Position)] == [-600, -1_200]
