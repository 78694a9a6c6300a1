"""Folding: who takes the rows as they are, as a newer release does at its start, holds what was lived through, and goes on alike."""

import pytest
from msgspec.structs import replace

from actors.account_desk import AccountDesk
from actors.arrival import Arrival
from actors.names import account_desk
from actors.states import state_bytes
from firm.account import AccountState
from firm.commands import ResumeDesk
from firm.facts import DayOpened, DeskStopped, MessageParked
from firm.inputs import Side, Watermark
from firm.instant import SECOND_US, parse_utc
from firm.phase import JUDGED
from firm.quote_frame import Tick

MIDNIGHT_US = parse_utc("2014-05-01T22:00:00")  # in Prague
DAY_US = 24 * 3600 * SECOND_US


def differing(stage):
    """The desks that hold something else after a fold of all rows."""
    live, again = stage.engine.capture().states, stage.refolded().capture().states
    return [name for name in live if comparable(live[name]) != comparable(again.get(name))]


def comparable(state):
    """But for the high of an account that ended: no floor follows it any more, and its last frame may have gone on rising."""
    ended = isinstance(state, AccountState) and state.standing not in JUDGED
    return state_bytes(replace(state, peak=None) if ended else state)


def goes_on_alike(stage, body, account=0):
    """The same input, decided by the engine that lived and by one that folded: the same rows."""
    stage.wait(1)
    folded = stage.refolded()
    again = folded.decide([Arrival(body, stage.now_us, stage.now_us, account, None)])
    stage.put(body, account)
    return [row for row, _ in again.rows] == [row for row, _ in stage.batches[-1].rows]


def watermark(stage):
    return Watermark(bridge="sim", t_us=stage.now_us + SECOND_US, seq=stage.seq, qseq=stage.qseq - 1)


def long(stage, offered=None, **changes):
    """An account with ten lots of EURUSD from 1.38700: a point is 10 dollars."""
    stage.open_shop(*([offered] if offered else []), **changes)
    account = stage.sell(**({"name": offered.program} if offered else {}))
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.equity(account, "99_900.00", "100_000.00")
    stage.watermark()
    return account


@pytest.fixture
def stage(hands):
    return hands.Stage()


# --- days ---


@pytest.mark.parametrize("first_heard", ["price", "report"])
def test_after_a_silence_across_midnights_each_of_them_is_known(stage, first_heard):
    """The bridge was away from Thursday to Sunday. Prices that are sent after it, and the watermark, still belong to those days."""
    account = long(stage)
    stage.wait(60 * 3600)
    if first_heard == "price":
        stage.tick("EURUSD", 138_690, 138_700)
    else:
        stage.equity(account, "99_900.00", "100_000.00")
    assert len(stage.facts(DayOpened, account)) == 4
    assert differing(stage) == []
    assert goes_on_alike(stage, watermark(stage))
    assert differing(stage) == []


def test_one_frame_across_midnights_leaves_each_its_own_last_prices(stage):
    account = long(stage)
    stage.now_us = MIDNIGHT_US + DAY_US + SECOND_US
    times = (MIDNIGHT_US + 2 * SECOND_US, MIDNIGHT_US + DAY_US - 1, MIDNIGHT_US + DAY_US)
    stage.frame([Tick("EURUSD", at_us, 138_600 + n, 138_610 + n) for n, at_us in enumerate(times)])
    assert len(stage.facts(DayOpened, account)) == 3
    closing = stage.refolded().capture().states["market/sim"].closing
    assert {at_us: quotes["EURUSD"].bid for at_us, quotes in closing.items()} == {
        MIDNIGHT_US: 138_690,
        MIDNIGHT_US + DAY_US: 138_601,
    }
    assert differing(stage) == []
    assert goes_on_alike(stage, watermark(stage))


def test_a_desk_that_is_stopped_has_its_day_ended_once(stage, monkeypatch):
    account = long(stage)
    stops(stage, account, monkeypatch)
    stage.now_us = MIDNIGHT_US + SECOND_US
    stage.tick("EURUSD", 138_690, 138_700)
    stage.wait(2 * 24 * 3600)
    stage.tick("EURUSD", 138_690, 138_700)
    assert [parked.message_kind for parked in stage.facts(MessageParked)].count("DayEnded") == 1
    assert differing(stage) == []
    assert goes_on_alike(stage, ResumeDesk(by="staff:ruth", desk=account_desk(account), why="mended"))


@pytest.mark.parametrize("silent_for_s", [3 * 3600, 60 * 3600])
def test_rows_fold_whose_prices_have_left_the_machine(stage, silent_for_s):
    """The day began at a price that nobody has any more; the watermark made it final all the same."""
    account = long(stage)
    stage.wait(silent_for_s)
    stage.tick("EURUSD", 138_690, 138_700)
    stage.watermark()
    folded = stage.refolded(with_prices=False)
    assert folded.account(account) == stage.account(account)


def stops(stage, account, monkeypatch):
    """The account's desk raises on a report."""
    with monkeypatch.context() as broken:
        broken.setattr(AccountDesk, "_decide_report", None)
        stage.equity(account, "99_900.00", "100_000.00")
    assert [stopped.desk for stopped in stage.facts(DeskStopped)] == [account_desk(account)]
