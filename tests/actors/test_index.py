"""The index of who is woken by what decides nothing: it is the one that a start would make, whatever came in which order."""

import pytest
from msgspec.structs import replace

from actors.account_desk import AccountDesk
from actors.desk import Watch
from actors.engine import Engine
from actors.states import readable_states, restore_states, state_bytes
from actors.wakes import Wakes
from firm.commands import EngageKillSwitch, KillSwitch
from firm.facts import BreachSuspected, VerdictCorrected
from firm.inputs import Side, SymbolReported
from firm.instant import SECOND_US
from firm.price import SymbolSpec


def started_again(stage):
    """An engine that begins with the states of this one."""
    captured = stage.engine.capture()
    states = {name: state_bytes(state) for name, state in captured.states.items()}
    second = Engine("0" * 32)
    restore_states(second, captured.of_seq, readable_states(states))
    return second


def facts_of(batch):
    return [type(fact).__name__ for _, decided in batch.decided for _, fact in decided.facts]


def decides_alike(stage, second, since):
    """What both made of everything that came since; the names of its facts."""
    live = [name for batch in stage.batches[since:] for name in facts_of(batch)]
    again = facts_of(second.decide(stage.arrivals[since:]))
    assert live == again
    return live


def what_is_watched(watch):
    timely = (watch.day_end_us, watch.provisional_us, watch.marked)
    return set(watch.needed), timely, (watch.late, watch.breached, watch.newest_us, watch.unfilled)


def assert_indexed(engine):
    """Each account is watched for the symbols, days and late prices for which a start would watch it."""
    for desk in engine.desks.values():
        if isinstance(desk, AccountDesk) and desk.state is not None:
            market = engine.market(desk.state.bridge)
            fresh, live = desk.watch_now(market), market.wakes.watch_of(desk.account)
            assert what_is_watched(fresh) == what_is_watched(live), desk.name


@pytest.mark.parametrize("seed", range(4))
def test_after_each_input_the_index_is_that_of_a_start(busy_anew, hands, monkeypatch, seed):
    put = hands.Stage.put

    def put_and_look(self, *args, **more):
        decided = put(self, *args, **more)
        assert_indexed(self.engine)
        return decided

    monkeypatch.setattr(hands.Stage, "put", put_and_look)
    assert busy_anew(seed, 150).facts()


def test_a_second_question_about_an_account_is_watched_like_the_first(stage):
    stage.put(EngageKillSwitch(by="console", switch=KillSwitch.FAILURES, why="odd prices"))
    account = stage.sell()
    stage.tick("EURUSD", 138_700, 138_710)
    stage.tick("XAUUSD", 1_290_000, 1_290_100)
    stage.deal(account, "P1", Side.BUY, "5", 138_700)
    stage.deal(account, "P2", Side.BUY, "10", 1_290_000, symbol="XAUUSD")
    stage.equity(account, "100_000.00", "100_000.00")
    for gold in (1_284_000, 1_278_900):
        stage.wait(10)
        stage.tick("EURUSD", 138_700, 138_710)
        stage.wait(10)
        stage.tick("XAUUSD", gold, gold + 100)
    assert len(stage.facts(BreachSuspected)) == 2
    second, since = started_again(stage), len(stage.arrivals)
    late_us = stage.now_us - SECOND_US
    stage.wait(1)
    stage.tick("EURUSD", 139_800, 139_810, late_us)
    assert VerdictCorrected.__name__ in decides_alike(stage, second, since)


def test_an_account_is_woken_by_a_conversion_that_is_told_after_it_bought(stage):
    def tell(symbol, base, profit, contract=100_000):
        spec = SymbolSpec(
            symbol=symbol, digits=3, contract_e8=contract * 10**8, currency_base=base, currency_profit=profit
        )
        stage.put(SymbolReported(bridge="sim", seq=stage.next_seq(), spec=spec))

    tell("NIKKEI", "JPN", "JPY", contract=100)
    account = stage.sell()
    stage.tick("NIKKEI", 1_290_000, 1_290_100)
    stage.deal(account, "P2", Side.BUY, "1000", 1_290_000, symbol="NIKKEI")
    stage.equity(account, "100_000.00", "100_000.00")
    stage.tick("NIKKEI", 1_000_000, 1_000_100)
    stage.wait(10)
    tell("USDJPY", "USD", "JPY")
    second, since = started_again(stage), len(stage.arrivals)
    stage.wait(1)
    stage.tick("USDJPY", 100_000, 100_010)
    assert BreachSuspected.__name__ in decides_alike(stage, second, since)
    assert_indexed(stage.engine)


def test_who_waits_for_full_prices_is_found_until_they_came():
    index = Wakes()
    waiting = Watch(1, unfilled=("EURUSD", "XAUUSD"))
    for watch in (waiting, Watch(2, unfilled=("EURUSD",)), Watch(3, late=("EURUSD",))):
        index.watch(watch, {})
    assert (index.unfilled("EURUSD"), index.unfilled("XAUUSD"), index.unfilled("USDJPY")) == ([1, 2], [1], [])
    index.watch(replace(waiting, unfilled=("XAUUSD",)), {})  # nothing else of it has changed
    assert (index.unfilled("EURUSD"), index.unfilled("XAUUSD")) == ([2], [1])
    index.watch(Watch(1), {})
    assert index.unfilled("XAUUSD") == []
