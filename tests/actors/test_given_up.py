"""What stands in an erasure's way comes to an end: orders that nobody pays lapse, and who wants to be forgotten may give up what runs."""

import pytest

from actors.permitted import refusal_of
from actors.states import state_bytes
from firm.commands import EraseTrader, LapseOrder, MarkOrderPaid, PlaceOrder, RegisterTrader
from firm.facts import CommandQueued, ErasureOrdered, OrderLapsed, Refusal, StandingChanged
from firm.instant import DAY_US
from firm.personal import Destruction
from firm.phase import Standing
from tests.actors.conftest import program

TRADER, ORDER = 77, 900
GONE = (Destruction("identity", 0),)


@pytest.fixture
def ordered(stage):
    """An order that nobody has paid."""
    stage.open_shop(program())
    stage.put(RegisterTrader(by="console", trader=TRADER, sealed="c0ffee"))
    placed = PlaceOrder(by=f"trader:{TRADER}", order=ORDER, trader=TRADER, program="two-step", accounts=(8001, 8002))
    assert stage.put(placed).facts
    return stage


def only(stage, command):
    [(_, fact)] = stage.put(command).facts
    return fact


def forget(gives_up=False, trader=TRADER):
    return EraseTrader(by=f"trader:{trader}", trader=trader, why="asked", classes=GONE, gives_up=gives_up)


def test_an_order_lapses_once_it_is_due_and_no_moment_before(ordered):
    by_courier = LapseOrder(by="courier", order=ORDER)
    ordered.now_us += 30 * DAY_US - 1
    assert only(ordered, by_courier).refusal is Refusal.ORDER_NOT_OPEN
    ordered.now_us += 1
    assert only(ordered, by_courier) == OrderLapsed(order=ORDER, trader=TRADER, because="unpaid")
    assert only(ordered, by_courier).refusal is Refusal.ORDER_NOT_OPEN
    late = only(ordered, MarkOrderPaid(by="console", order=ORDER, reference="wire"))
    assert (late.refusal, "has lapsed" in late.detail) == (Refusal.ORDER_NOT_OPEN, True)
    assert isinstance(only(ordered, forget()), ErasureOrdered)


def test_its_trader_withdraws_it_at_any_time_and_nobody_else_does(ordered):
    mine, other = LapseOrder(by=f"trader:{TRADER}", order=ORDER), LapseOrder(by="trader:78", order=ORDER)
    assert refusal_of(other, ordered.engine) is not None
    assert refusal_of(mine, ordered.engine) is None
    assert only(ordered, mine).because == "withdrawn"


def test_a_paid_order_does_not_lapse(ordered):
    ordered.put(MarkOrderPaid(by="console", order=ORDER, reference="wire"))
    ordered.now_us += 60 * DAY_US
    assert only(ordered, LapseOrder(by="courier", order=ORDER)).refusal is Refusal.ORDER_NOT_OPEN
    assert only(ordered, LapseOrder(by="courier", order=901)).refusal is Refusal.UNKNOWN_ORDER


def test_who_gives_up_is_forgotten_with_orders_lapsed_and_accounts_closed_and_flat(ordered):
    running = ordered.account(ordered_account(ordered))
    assert only(ordered, forget()).refusal is Refusal.ACCOUNTS_RUN
    assert only(ordered, forget(trader=running.trader)).refusal is Refusal.ACCOUNTS_RUN
    facts = [fact for _, fact in ordered.put(forget(gives_up=True)).facts]
    assert [type(fact) for fact in facts] == [ErasureOrdered, OrderLapsed]
    facts = [fact for _, fact in ordered.put(forget(gives_up=True, trader=running.trader)).facts]
    assert isinstance(facts[0], ErasureOrdered)
    [closed] = [fact for fact in facts if isinstance(fact, StandingChanged)]
    assert (closed.after, closed.because) == (Standing.CLOSED, "given_up")
    assert next(fact.action for fact in facts if isinstance(fact, CommandQueued)) == "close_only"
    trader = f"trader/{next(name for name in ordered.engine.desks if name.startswith('trader/'))[7:]}"
    assert state_bytes(ordered.refolded().desk(trader).capture()) == state_bytes(ordered.engine.desk(trader).capture())


def ordered_account(stage):
    return stage.sell(order=501)


def test_an_account_given_up_before_its_platform_has_it_is_closed_there_when_it_comes(ordered):
    ordered.put(MarkOrderPaid(by="console", order=ORDER, reference="wire"))
    facts = [fact for _, fact in ordered.put(forget(gives_up=True)).facts]
    assert [fact.after for fact in facts if isinstance(fact, StandingChanged)] == [Standing.CLOSED]
    before = len(ordered.facts(CommandQueued))
    ordered.provision(8001)
    assert ordered.account(8001).standing is Standing.CLOSED
    assert ordered.account(8001).login
    assert "close_only" in [fact.action for fact in ordered.facts(CommandQueued)[before:]]
