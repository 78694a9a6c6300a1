"""What staff of the platform change after the fact, and when commission is charged: by hand, to the cent."""

import pytest

from bridges.events import Deal, DealDelete, DealUpdate, Equity, Position
from bridges.simulator.answers import Reason, Retcode
from bridges.simulator.commissions import Charging, charging_of
from bridges.simulator.corrections import DEALS_KEPT
from bridges.simulator.state import PositionMode, decode_state, encode_state
from bridges.simulator.valuation import equity_minor
from firm.inputs import Side
from tests.bridges.simulator.desk import LOT, Desk, the


def traded() -> Desk:
    """One lot of EURUSD bought and half of it sold again, at one price: 7.00 and 1.75 of commission, and the spread."""
    desk = Desk()
    desk.open(Side.BUY, 2 * LOT)
    desk.close(LOT)
    desk.tellings.events.clear()
    return desk


def balance(desk: Desk) -> int:
    return desk.account.balance_minor


def test_a_changed_cost_moves_the_balance_by_the_difference_and_is_told() -> None:
    desk = traded()
    before = balance(desk)
    assert desk.platform.corrections.update(desk.account, "1", desk.now, commission=-500) is Retcode.DONE
    assert balance(desk) == before + 200
    told = the(DealUpdate, desk.tellings.events)
    assert (told.deal_id, told.commission, told.changed_us) == ("1", -500, desk.now)
    assert the(Equity, desk.tellings.events).balance == balance(desk)


def test_a_changed_opening_price_is_the_positions_from_then_on() -> None:
    desk = traded()
    desk.platform.corrections.update(desk.account, "1", desk.now, px=138_000)
    [held] = desk.account.positions.values()
    assert (held.lots_e8, held.price_open) == (LOT, 138_000)
    assert the(Position, desk.tellings.events).px_open == 138_000


def test_deals_are_deleted_from_the_last_to_the_first_and_nothing_is_left() -> None:
    desk = traded()
    assert desk.platform.corrections.delete(desk.account, "1", desk.now) is Retcode.INVALID_VOLUME
    assert desk.platform.corrections.delete(desk.account, "2", desk.now) is Retcode.DONE
    [held] = desk.account.positions.values()
    assert held.lots_e8 == 2 * LOT
    assert desk.platform.corrections.delete(desk.account, "1", desk.now) is Retcode.DONE
    assert (desk.account.positions, balance(desk), equity_minor(desk.account, desk.state.quotes)) == (
        {},
        10_000_000,
        10_000_000,
    )
    assert [event.deal_id for event in desk.tellings.events if isinstance(event, DealDelete)] == ["2", "1"]


def test_what_is_not_in_the_history_cannot_be_corrected() -> None:
    desk = traded()
    assert desk.platform.corrections.update(desk.account, "9", desk.now, profit=1) is Retcode.UNKNOWN_DEAL
    assert desk.platform.corrections.update(desk.account, "1", desk.now, vol=0) is Retcode.INVALID_ARGS
    for _ in range(DEALS_KEPT):
        desk.open(Side.SELL, LOT // 100)
        desk.books.close(desk.account, list(desk.account.positions.values())[-1], desk.now, Reason.CLIENT)
    assert len(desk.account.deals) in (DEALS_KEPT - 1, DEALS_KEPT)
    assert desk.platform.corrections.delete(desk.account, "2", desk.now) is Retcode.UNKNOWN_DEAL


def test_a_position_whose_first_deal_is_forgotten_is_corrected_no_more() -> None:
    desk = Desk(position_mode=PositionMode.NETTING)
    for _ in range(DEALS_KEPT + 1):
        desk.open(Side.BUY, LOT // 100)
    assert len(desk.account.deals) == 0
    desk.open(Side.BUY, LOT // 100)
    [kept] = desk.account.deals
    assert desk.platform.corrections.update(desk.account, kept, desk.now, px=1) is Retcode.UNKNOWN_DEAL


def test_the_history_lasts_over_a_restart() -> None:
    desk = traded()
    assert decode_state(encode_state(desk.state)).accounts["1"].deals == desk.account.deals


@pytest.mark.parametrize(
    ("group", "charged"),
    [
        ("demo", [-350, -350]),
        ("demo/at_open", [-700, 0]),
        ("demo/at_close", [0, -700]),
        ("demo/never", [0, 0]),
        ("at_open/demo", [-350, -350]),
    ],
)
def test_a_round_turn_is_charged_as_the_group_says(group: str, charged: list[int]) -> None:
    desk = Desk()
    desk.account.group = group
    desk.open(Side.BUY, LOT)
    opened = the(Deal, desk.tellings.events)
    desk.tellings.events.clear()
    desk.close()
    assert [opened.commission, the(Deal, desk.tellings.events).commission] == charged


def test_a_position_that_turns_is_charged_for_each_of_its_two_deals() -> None:
    """A lot long becomes a lot short by selling two: one closes, one opens."""
    desk = Desk(position_mode=PositionMode.NETTING)
    desk.account.group = "demo/at_open"
    desk.open(Side.BUY, LOT)
    desk.open(Side.SELL, 2 * LOT)
    assert [event.commission for event in desk.tellings.events if isinstance(event, Deal)] == [0, -700]


def test_a_whole_round_turn_is_rounded_once() -> None:
    """0.01 lots cost 3.5 cents a side, which is 4; both sides together are 7."""
    each, whole = Desk(), Desk()
    whole.account.group = "demo/at_close"
    for desk in (each, whole):
        desk.open(Side.BUY, LOT // 100)
        desk.close()
    assert sum(deal.commission for deal in each.account.deals.values()) == -8
    assert sum(deal.commission for deal in whole.account.deals.values()) == -7


def test_a_group_of_any_other_name_is_charged_on_each_side() -> None:
    assert charging_of("") is charging_of("vip") is charging_of("demo/at_noon") is Charging.EACH_SIDE
