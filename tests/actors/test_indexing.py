"""Indexing: a desk that raises while it is asked how to be watched stops like any other, and the firm goes on."""

import pytest
from msgspec.structs import replace

from actors.account_desk import AccountDesk
from actors.engine import Engine
from actors.names import account_desk
from actors.states import hash_of, restore_states
from firm.facts import DeskStopped
from firm.inputs import Side
from firm.phase import Standing

ADA, BEN = 7001, 7003


@pytest.fixture
def two(stage):
    """Ada and Ben both hold EURUSD."""
    for account in (stage.sell(), stage.sell(1002, 502, (BEN, 7004))):
        stage.tick("EURUSD", 138_690, 138_700)
        stage.deal(account, f"P{account}", Side.BUY, "10", 138_700)
        stage.equity(account, "99_900.00", "100_000.00")
    return stage


@pytest.fixture
def curse(monkeypatch):
    """Makes Ada's desk raise as it is indexed."""
    watch_now = AccountDesk.watch_now

    def cursed(self, market):
        if self.account == ADA:
            raise KeyError("cursed")
        return watch_now(self, market)

    return lambda: monkeypatch.setattr(AccountDesk, "watch_now", cursed)


def stopped_in(stage) -> list[tuple[str, str]]:
    return [(stopped.desk, stopped.exception) for stopped in stage.facts(DeskStopped)]


def decided_again(stage, engine: Engine) -> list:
    """Its inputs, decided by another engine that follows the stops that are written down."""
    rows = []
    for arrival, batch in zip(stage.arrivals, stage.batches, strict=True):
        stopped = tuple(fact for _, decided in batch.decided for _, fact in decided.facts if type(fact) is DeskStopped)
        rows += engine.decide([replace(arrival, stopped=stopped)]).rows
    return rows


def test_one_that_cannot_be_indexed_after_another_one_failed_stops_in_the_same_input(two, curse, monkeypatch):
    """Ben's desk raises at a price; all accounts are indexed afresh, and Ada's raises at that."""
    stage, judge = two, AccountDesk.judge

    def failing(self, turn, at_us, **how):
        if self.account == BEN:
            raise ValueError("Ben's")
        judge(self, turn, at_us, **how)

    monkeypatch.setattr(AccountDesk, "judge", failing)
    curse()
    stage.tick("EURUSD", 137_000, 137_010)
    assert stopped_in(stage) == [(account_desk(BEN), "ValueError"), (account_desk(ADA), "KeyError")]
    assert {stopped.input for stopped in stage.facts(DeskStopped)} == {stage.batches[-1].rows[0][0].seq}
    stage.tick("EURUSD", 137_000, 137_010)
    assert stage.account(ADA).standing is stage.account(BEN).standing is Standing.ACTIVE


def test_one_that_cannot_be_indexed_as_the_firm_starts_stops_with_the_first_input(two, curse):
    stage = two
    captured = stage.engine.capture()
    curse()
    stage.engine = Engine(stage.engine.lineage)
    restore_states(stage.engine, captured.of_seq, captured.states)
    assert stopped_in(stage) == []
    stage.tick("EURUSD", 137_000, 137_010)
    assert stopped_in(stage) == [(account_desk(ADA), "KeyError")]
    assert stage.account(BEN).standing is Standing.BREACHED


def test_the_desk_that_fails_at_an_inputs_end_is_the_one_that_stops(stage, curse):
    """Ada buys: her account is indexed when all has been decided, and neither her order's desk nor her platform's is at fault."""
    curse()
    with pytest.raises(StopIteration):  # nobody asks her platform for an account
        stage.sell()
    assert stopped_in(stage) == [(account_desk(ADA), "KeyError")]


def test_a_replay_stops_them_without_their_being_at_fault_again(two, curse, monkeypatch):
    stage = two
    captured = stage.engine.capture()
    curse()
    stage.engine = Engine(stage.engine.lineage)
    restore_states(stage.engine, captured.of_seq, captured.states)
    stage.tick("EURUSD", 137_000, 137_010)
    monkeypatch.undo()
    again = Engine(stage.engine.lineage)
    assert decided_again(stage, again) == [pair for batch in stage.batches for pair in batch.rows]
    assert hash_of(again.capture()) == hash_of(stage.engine.capture())
    assert stopped_in(stage) == [(account_desk(ADA), "KeyError")]
