"""The engine's promises: one order, however it is cut; all or nothing; the same from a snapshot, a fold or a replay."""

from collections import Counter

import pytest

from actors import account_book, account_seat
from actors.account_desk import AccountDesk
from actors.arrival import Arrival
from actors.engine import Engine
from actors.guards import stakes_of, watch_of
from actors.names import account_desk
from actors.states import hash_of, readable_states, restore_states, state_bytes
from firm.commands import ResumeDesk
from firm.facts import BreachDeclared, CommandQueued, DayOpened, DeskResumed, DeskStopped, MessageParked
from firm.inputs import ClockTicked, LoginReported, PolicyAdopted, Side
from firm.phase import Standing
from firm.policy import Policy
from firm.quote_frame import Tick
from firm.rules.limits import limits_of
from firm.rules.winning import is_barred

LINEAGE = "0" * 32


def decided_again(firm, size: int, engine: Engine | None = None):
    """The rows of the same arrivals, cut into batches of `size`."""
    engine = engine or Engine(LINEAGE)
    rows = []
    for start in range(0, len(firm.arrivals), size):
        batch = engine.decide(firm.arrivals[start : start + size])
        rows += [row for row, _ in batch.rows]
    return engine, rows


def rows_of(firm):
    return [row for batch in firm.batches for row, _ in batch.rows]


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_batches_leave_no_trace_in_the_rows(busy, size):
    firm = busy(1)
    engine, rows = decided_again(firm, size)
    assert rows == rows_of(firm)
    assert hash_of(engine.capture()) == hash_of(firm.engine.capture())


def test_checkpoints_fall_due_at_the_same_rows_in_any_batches(busy):
    firm = busy(2)
    dues = []
    for size in (1, 7, 1_000):
        engine = Engine(LINEAGE)
        due = []
        for start in range(0, len(firm.arrivals), size):
            due += engine.decide(firm.arrivals[start : start + size]).checkpoints
        dues.append(due)
    assert dues[0] == dues[1] == dues[2]
    assert len(dues[0]) > 20


@pytest.mark.parametrize("seed", range(25))
def test_bands_of_prices_miss_no_decision(busy, seed, monkeypatch):
    """Woken only when its bands are left, an account decides what it decides when every price wakes it."""
    firm = busy(seed, 250)
    unpriced = lambda state, stakes, _, *more, **kinds: watch_of(state, stakes, None, *more, **kinds)  # noqa: E731
    monkeypatch.setattr(account_seat, "watch_of", unpriced)
    engine, rows = decided_again(firm, 1)
    assert rows == rows_of(firm)
    woken, naively = firm.engine.market("sim").wake_count, engine.market("sim").wake_count
    assert woken < naively


@pytest.mark.parametrize("seed", range(6))
def test_what_a_seat_keeps_is_what_it_would_work_out_now(busy, seed):
    """Limits, stakes and what bars a pass are kept from one price to the next; after any input they are those of the state."""
    firm = busy(seed, 250)
    engine, peaks = Engine(LINEAGE), 0
    for arrival in firm.arrivals:
        engine.decide([arrival])
        for desk in [desk for desk in engine.desks.values() if isinstance(desk, AccountDesk) and desk.state]:
            board = engine.market(desk.state.bridge).board
            assert desk.limits() == limits_of(desk.state)
            assert desk.stakes(board) == stakes_of(desk.state, board)
            assert desk.is_barred(arrival.received_us) == is_barred(desk.state, arrival.received_us)
            peaks += desk.state.peak is not None and desk.state.peak.seq == 0
    assert peaks, "no price raised a floor"


@pytest.mark.parametrize("seed", range(6))
def test_what_a_market_says_of_itself_is_what_it_is_and_stays_as_it_was_said(busy, seed):
    """Between prices a market copies nothing: an input that fails goes back to the state it was found in all the same."""
    firm = busy(seed, 250)
    engine, shared = Engine(LINEAGE), 0
    market = engine.market("sim")
    for arrival in firm.arrivals:
        before = market.capture()
        told = state_bytes(before)
        engine.decide([arrival])
        assert state_bytes(before) == told
        after = market.capture()
        assert after == market._copied()
        shared += after.quotes is before.quotes
    assert shared, "the market was copied at every input"


def test_pages_are_told_of_accounts_that_changed_and_of_no_other(stage):
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.put(LoginReported(bridge="sim", seq=stage.next_seq(), logged_in=True, sealed="", t_us=stage.now_us), account)
    assert stage.batches[-1].accounts == set()
    stage.deal(account, "P1", Side.BUY, "1", 138_700)
    assert stage.batches[-1].accounts == {account}


def test_a_busy_firm_is_worth_the_name(busy):
    """The seeds above would prove nothing if nothing happened in them."""
    kinds = Counter(row.kind for seed in range(6) for row in rows_of(busy(seed, 250)))
    for kind in (
        "BreachDeclared",
        "BreachSuspected",
        "DayOpened",
        "PeakReached",
        "AccountPaused",
        "PhasePassed",
        "MarkTaken",
    ):
        assert kinds[kind] > 0, kind


@pytest.mark.parametrize("seed", [3, 4])
def test_folding_the_rows_leads_to_the_state_that_deciding_led_to(busy, seed):
    firm = busy(seed)
    live, again = firm.engine.capture().states, firm.refolded().capture().states
    differing = [name for name in live if state_bytes(live[name]) != state_bytes(again.get(name))]
    assert differing == []


def test_a_snapshot_in_the_middle_goes_on_to_the_same_end(busy):
    firm = busy(5)
    half = len(firm.arrivals) // 2
    first, rows = Engine(LINEAGE), []
    first.decide(firm.arrivals[:half])
    captured = first.capture()
    states = {name: state_bytes(state) for name, state in captured.states.items()}
    second = Engine(LINEAGE)
    restore_states(second, captured.of_seq, readable_states(states))
    second.checkpoint_size, second.checkpoint_us = first.checkpoint_size, first.checkpoint_us
    assert hash_of(second.capture()) == hash_of(captured)
    for arrival in firm.arrivals[half:]:
        rows += [row for row, _ in second.decide([arrival]).rows]
    assert rows == [row for row in rows_of(firm) if row.seq > captured.of_seq]
    assert hash_of(second.capture()) == hash_of(firm.engine.capture())


# --- a desk that raises ---


@pytest.fixture
def broken_desk(stage, monkeypatch):
    """Ada's desk raises on any deal of a cursed symbol; Ben's is well."""
    stage.sell()
    stage.sell(1002, 502, (7003, 7004))
    judge = AccountDesk.judge

    def cursed(self, turn, at_us, **how):
        if self.account == 7001 and any(held.symbol == "XAUUSD" for held in self.held.positions):
            raise KeyError("cursed")
        judge(self, turn, at_us, **how)

    monkeypatch.setattr(AccountDesk, "judge", cursed)
    stage.tick("EURUSD", 138_690, 138_700)
    stage.tick("XAUUSD", 1_290_000, 1_290_300)
    return stage


def test_a_desk_that_raises_is_stopped_and_its_account_closed_to_new_risk(broken_desk):
    stage = broken_desk
    stage.deal(7001, "P1", Side.BUY, "1", 1_290_300, symbol="XAUUSD")
    [stopped] = stage.facts(DeskStopped)
    assert (stopped.desk, stopped.exception) == (account_desk(7001), "KeyError")
    assert [command.action for command in stage.facts(CommandQueued, 7001)][-1] == "close_only"
    [parked] = stage.facts(MessageParked)
    assert parked.message_kind == "DealReported"


def test_nothing_of_the_failed_attempt_remains(broken_desk):
    stage = broken_desk
    before = stage.account(7001)
    stage.deal(7001, "P1", Side.BUY, "1", 1_290_300, symbol="XAUUSD")
    assert stage.account(7001).positions == before.positions
    assert stage.account(7001).balance == before.balance


def test_the_rest_of_the_firm_goes_on(broken_desk):
    stage = broken_desk
    stage.deal(7001, "P1", Side.BUY, "1", 1_290_300, symbol="XAUUSD")
    stage.deal(7003, "P2", Side.BUY, "10", 138_700)
    stage.equity(7003, "99_900.00", "100_000.00")
    stage.tick("EURUSD", 137_000, 137_010)
    assert [
        of for batch in stage.batches for _, d in batch.decided for of, f in d.facts if isinstance(f, BreachDeclared)
    ] == [7003]


def test_a_price_that_stops_one_desk_still_reaches_the_next(stage, monkeypatch):
    """Both are woken by it, and the first attempt has taken both out of the index."""
    for account in (stage.sell(), stage.sell(1002, 502, (7003, 7004))):
        stage.tick("EURUSD", 138_690, 138_700)
        stage.deal(account, f"P{account}", Side.BUY, "10", 138_700)
        stage.equity(account, "99_900.00", "100_000.00")
    judge = AccountDesk.judge

    def cursed(self, turn, at_us, **how):
        if self.account == 7001:
            raise KeyError("cursed")
        judge(self, turn, at_us, **how)

    monkeypatch.setattr(AccountDesk, "judge", cursed)
    stage.tick("EURUSD", 137_000, 137_010)
    assert [stopped.desk for stopped in stage.facts(DeskStopped)] == [account_desk(7001)]
    assert stage.account(7003).standing is Standing.BREACHED


@pytest.mark.parametrize(("gold", "woken"), [
    pytest.param(1_290_000, [], id="wakes nobody"),
    pytest.param(1_100_000, [7003], id="wakes Ben"),
])  # fmt: skip
def test_what_a_stop_orders_has_its_inputs_instant_whomever_an_earlier_price_wakes(stage, monkeypatch, gold, woken):
    """A frame of two prices: the first is of gold, which Ben holds, and the second one stops Ada's desk."""
    ada, ben = stage.sell(), stage.sell(1002, 502, (7003, 7004))
    stage.tick("EURUSD", 138_690, 138_700)
    stage.tick("XAUUSD", 1_290_000, 1_290_300)
    stage.deal(ada, "P1", Side.BUY, "10", 138_700)
    stage.deal(ben, "P2", Side.BUY, "1", 1_290_300, symbol="XAUUSD")
    judge, looked = AccountDesk.judge, set()

    def cursed(self, turn, at_us, **how):
        if self.account == ada:
            raise KeyError("cursed")
        looked.add(self.account)
        judge(self, turn, at_us, **how)

    monkeypatch.setattr(AccountDesk, "judge", cursed)
    earlier_us = stage.now_us
    stage.wait(10)
    stage.frame([Tick("XAUUSD", earlier_us, gold, gold + 300), Tick("EURUSD", stage.now_us, 130_000, 130_010)])
    assert sorted(looked) == woken
    [ordered] = [row for row, body in stage.batches[-1].rows if isinstance(body, CommandQueued) and row.account == ada]
    assert ordered.happened_us == stage.now_us


def test_a_desk_stops_at_the_price_that_makes_its_account_worth_what_cannot_be_stored(stage):
    """Fifty thousand million lots, five thousand million dollars a point: far from every floor, and no price wakes it sooner."""
    stage.sell()
    stage.tick("EURUSD", 138_700, 138_710)
    stage.deal(7001, "P1", Side.BUY, "50_000_000_000", 138_700)
    stage.equity(7001, "100_000.00", "100_000.00")
    for bid, stopped in ((1_000_000, []), (1_100_000, [account_desk(7001)])):
        stage.wait(0.1)
        stage.tick("EURUSD", bid, bid + 10)
        assert [fact.desk for fact in stage.facts(DeskStopped)] == stopped


def test_a_resumed_desk_decides_what_was_parked_once_and_in_order(broken_desk, monkeypatch):
    stage = broken_desk
    stage.deal(7001, "P1", Side.BUY, "1", 1_290_300, symbol="XAUUSD")
    stage.deal(7001, "P2", Side.BUY, "2", 138_700)
    monkeypatch.undo()
    stage.put(ResumeDesk(by="console", desk=account_desk(7001), why="mended"))
    [resumed] = stage.facts(DeskResumed)
    assert resumed.parked == 2
    assert [held.position_id for held in stage.account(7001).positions] == ["P1", "P2"]
    assert account_desk(7001) not in stage.engine.own.state.stopped


def parks_a_midnight(stage, monkeypatch, restarts):
    """Ada's desk is stopped and her day ends; the engine may be made anew. What was parked, and the days she has after a resume."""
    stage.open_shop(stage.equity_program())
    account = stage.sell(name="from-equity")
    stage.tick("XAUUSD", 1_290_000, 1_290_100)
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    with monkeypatch.context() as broken:
        broken.setattr(account_book, "book_deal", None)
        stage.deal(account, "P2", Side.BUY, "1", 138_700)
    stage.wait(2 * 3_600 + 100)
    stage.tick("EURUSD", 138_690, 138_700)
    stage.watermark()
    if restarts:
        captured = stage.engine.capture()
        stage.engine = Engine(LINEAGE)
        kept = {name: state_bytes(state) for name, state in captured.states.items()}
        restore_states(stage.engine, captured.of_seq, readable_states(kept))
    stage.wait(600)
    stage.tick("EURUSD", 138_000, 138_010)
    stage.put(ResumeDesk(by="console", desk=account_desk(account), why="mended"))
    return stage.facts(MessageParked), [day.day.label for day in stage.facts(DayOpened, account)]


def test_a_stopped_desk_is_told_once_that_its_day_ended_restarted_or_not(hands, monkeypatch):
    parked, days = parks_a_midnight(hands.Stage(), monkeypatch, restarts=False)
    assert [fact.message_kind for fact in parked].count("DayEnded") == 1
    assert days == ["2014-05-01", "2014-05-02"]
    assert (parked, days) == parks_a_midnight(hands.Stage(), monkeypatch, restarts=True)


def test_what_is_parked_reads_the_same_in_whatever_order_prices_came(hands, monkeypatch):
    parked, _ = parks_a_midnight(hands.Stage(), monkeypatch, restarts=False)
    [day_ended] = [fact.message for fact in parked if fact.message_kind == "DayEnded"]
    assert day_ended.index("EURUSD") < day_ended.index("XAUUSD")


def test_a_replay_follows_a_stop_that_it_would_not_have_made(broken_desk, monkeypatch):
    """The recorded stop is part of the input's history, whatever this run of the code would do."""
    stage = broken_desk
    stage.deal(7001, "P1", Side.BUY, "1", 1_290_300, symbol="XAUUSD")
    monkeypatch.undo()
    [stopped] = stage.facts(DeskStopped)
    again = Engine(LINEAGE)
    stage.arrivals[-1].stopped = (stopped,)
    rows = []
    for arrival in stage.arrivals:
        rows += [row for row, _ in again.decide([arrival]).rows]
    assert rows == rows_of(stage)


def test_running_out_of_memory_is_not_a_desks_fault(stage, monkeypatch):
    stage.sell()

    def exhausted(self, turn, at_us, **how):
        raise MemoryError

    monkeypatch.setattr(AccountDesk, "judge", exhausted)
    with pytest.raises(MemoryError):
        stage.deal(7001, "P1", Side.BUY, "1", 138_700)


def test_a_snapshot_that_is_due_is_captured_once_and_only_where_somebody_would_write_it(stage):
    stage.put(PolicyAdopted(policy=Policy(snapshot_rows=1)))
    stage.sell()
    ticks = [Arrival(ClockTicked(at_us=stage.now_us), stage.now_us, stage.now_us) for _ in range(3)]
    assert stage.engine.decide(ticks).snapshot is None
    asked: list[bool] = []
    stage.engine.wants_snapshot = lambda: asked.append(True) or True
    before = stage.engine.size
    captured = stage.engine.decide(ticks).snapshot
    assert captured is not None
    assert captured.of_seq == before + 1, "at the first input at which it was due"
    assert asked == [True]


def test_what_sleeps_in_a_snapshot_is_the_same_as_awake(stage):
    """Orders and traders are read from a snapshot when they are needed; nothing tells whether they were."""
    account = stage.sell()
    captured = stage.engine.capture()
    states = {name: state_bytes(state) for name, state in captured.states.items()}
    second = Engine(LINEAGE)
    restore_states(second, captured.of_seq, readable_states(states, own=True))
    assert not [name for name in second.desks if name.startswith(("order/", "trader/"))]
    assert hash_of(second.capture()) == hash_of(captured)
    stage.deal(account, "P1", Side.BUY, "100", 138_700)
    stage.equity(account, "100_000.00", "100_000.00")
    stage.tick("EURUSD", 130_000, 130_010)
    assert stage.facts(BreachDeclared)
    rows = [row for batch in (second.decide([arrival]) for arrival in stage.arrivals[-3:]) for row, _ in batch.rows]
    assert rows == rows_of(stage)[-len(rows) :]
    assert [name for name in second.desks if name.startswith("order/")], "its order ended with the account"
    assert hash_of(second.capture()) == hash_of(stage.engine.capture())
