"""Margin call and stop-out: at 100 % the call is told, at 50 % the worst position goes first, until the level is restored.

70 lots of EURUSD bought at 1.38605 with a leverage of 100 bind 97 023.50; 100 000.00 less 245.00 of commission are there.
"""

import pytest

from bridges.events import Deal, Equity, Event
from bridges.simulator.alarms import Alarms
from bridges.simulator.answers import Reason
from bridges.simulator.platform import Platform
from bridges.simulator.state import decode_state, encode_state
from bridges.simulator.tellings import Tellings
from bridges.simulator.valuation import equity_minor, has_come_down_to, margin_minor
from firm.inputs import Side
from firm.instant import SECOND_US, parse_utc
from firm.quote_frame import Tick
from tests.bridges.simulator.desk import LOT, Desk

BUY, SELL = Side.BUY, Side.SELL


def calls(told: list[Event]) -> list[Equity]:
    return [event for event in told if isinstance(event, Equity) and event.src == "margin_call"]


def deals(told: list[Event]) -> list[Deal]:
    return [event for event in told if isinstance(event, Deal)]


def loaded(currency: str = "USD") -> Desk:
    desk = Desk(currency=currency)
    desk.price("EURUSD", 138_600, 138_605)
    desk.open(BUY, 70 * LOT)
    return desk


@pytest.mark.parametrize(
    ("equity", "margin", "is_down"),
    [(5_001, 10_000, False), (5_000, 10_000, True), (-1, 10_000, True), (0, 0, False), (-1, 0, False)],
)
def test_a_level_is_come_down_to_at_the_level_itself_and_never_without_margin(
    equity: int, margin: int, is_down: bool
) -> None:
    assert has_come_down_to(50, equity, margin) is is_down


def test_the_call_is_told_at_the_level_itself_once_and_again_after_a_recovery() -> None:
    """Free are 2 731.50, and a point is 70.00: the level is above 100 % at 39 points below the opening, not at 40."""
    desk = loaded()
    assert not calls(desk.price("EURUSD", 138_566, 138_571))
    [call] = calls(desk.price("EURUSD", 138_565, 138_570))
    assert (call.equity, call.margin) == (9_975_500 - 40 * 7_000, 9_702_350)
    assert not calls(desk.price("EURUSD", 138_560, 138_565))
    assert not calls(desk.price("EURUSD", 138_570, 138_575))  # recovered
    assert calls(desk.price("EURUSD", 138_565, 138_570))


def test_skipping_looks_never_misses_a_call() -> None:
    """A saw of prices around the level, one look a price as if there were no alarms, and as it is: the same is told."""
    prices = [138_600 - step % 61 for step in range(0, 4_000, 7)]

    def told(*, every: bool) -> list[int]:
        desk = loaded()
        found = []
        for bid in prices:
            if every:
                desk.platform._alarms = _Awake()
            found += [call.t_us for call in calls(desk.price("EURUSD", bid, bid + 5, after_us=1_000))]
        return found

    assert told(every=False) == told(every=True)
    assert len(told(every=True)) > 3


class _Awake(Alarms):
    def woken_by(self, symbol: str, bid: int, ask: int) -> frozenset[str]:
        return frozenset({"1"})


def test_the_call_comes_before_the_stop_out_where_one_price_brings_both() -> None:
    desk = loaded()
    told = desk.price("EURUSD", 137_500, 137_505)
    [call] = calls(told)
    [deal] = deals(told)
    assert told.index(call) < told.index(deal)
    assert (deal.reason, deal.px) == ("stop_out", 137_500)


def test_after_everything_is_closed_the_next_fall_is_a_call_again() -> None:
    desk = loaded()
    assert calls(desk.price("EURUSD", 138_560, 138_565))
    desk.close()
    desk.platform.changed(desk.account)
    desk.price("EURUSD", 138_600, 138_605)
    desk.open(BUY, 67 * LOT)
    assert len(calls(desk.price("EURUSD", 138_400, 138_405))) == 1


def test_a_call_that_was_told_is_remembered_over_a_crash() -> None:
    desk = loaded()
    assert calls(desk.price("EURUSD", 138_560, 138_565))
    tellings = Tellings()
    restored = Platform(decode_state(encode_state(desk.state)), desk.platform._bars, tellings)
    restored.take_tick(Tick("EURUSD", desk.now + SECOND_US, 138_559, 138_564))
    assert not calls(tellings.events)


def test_stop_out_takes_one_position_after_the_other_as_far_as_it_must() -> None:
    """Seven longs of 10 lots, bought 5 points apart: one price closes the dearest, and as many as the level needs."""
    desk = Desk()
    for step in range(7):
        bid = 138_600 - 5 * step
        desk.price("EURUSD", bid, bid + 5)
        desk.open(BUY, 10 * LOT)
    bought = {held.position_id: held.price_open for held in desk.account.positions.values()}
    told = deals(desk.price("EURUSD", 137_600, 137_605))
    closed = [bought[deal.pos_id] for deal in told]
    assert 1 < len(closed) < 7
    assert closed == sorted(bought.values(), reverse=True)[: len(closed)]
    state = desk.state
    assert 2 * equity_minor(desk.account, state) > margin_minor(desk.account, state)
    last = told[-1]
    # Without the last close the level was not restored: equity was higher by its commission, margin by its own.
    margin_before = margin_minor(desk.account, state) + bought[last.pos_id] * 10
    assert 2 * (equity_minor(desk.account, state) - last.commission) <= margin_before


def test_a_position_whose_market_rests_is_passed_over() -> None:
    """Gold rests from 17:15 to 18:00 in New York: the euro goes, with 12 400.00 lost, although gold has lost 45 000.00."""
    desk = Desk()
    desk.open(BUY, 30 * LOT, "XAUUSD")
    desk.open(BUY, 40 * LOT)
    desk.price("XAUUSD", 1_269_300, 1_269_600, after_us=parse_utc("2014-05-01T21:14:00") - desk.now)
    assert len(desk.account.positions) == 2
    told = deals(desk.price("EURUSD", 138_300, 138_305, after_us=120 * SECOND_US))
    assert [(deal.sym, deal.reason) for deal in told] == [("EURUSD", Reason.STOP_OUT)]
    assert [held.symbol for held in desk.account.positions.values()] == ["XAUUSD"]


@pytest.mark.parametrize("currency", ["USD", "EUR"])
def test_the_margin_of_a_call_is_in_the_account_s_currency(currency: str) -> None:
    """In euros 70 lots bind 70 000.00 or so whatever the price is; a rise of their price frees none of it."""
    desk = Desk(currency=currency)
    desk.price("EURUSD", 138_600, 138_605)
    desk.open(BUY, 70 * LOT)
    bound = margin_minor(desk.account, desk.state)
    assert bound == (9_702_350 if currency == "USD" else 7_000_253)
