"""Deals and their corrections that reach a desk which is stopped: once it goes on, the book is what it would have been."""

import pytest

from actors.arrival import Arrival
from actors.names import account_desk
from firm.bounds import DEALS_KNOWN_MAX
from firm.commands import PublishProgram, ResumeDesk
from firm.facts import DealCorrected, DeskStopped
from firm.inputs import ClockTicked
from firm.phase import Standing
from firm.terms.first import FirstMaximumDuration
from tests.actors.dealer import buy, delete, ignored, sell, update


@pytest.fixture
def account(stage):
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    return account


def stop(stage, account):
    """As a replay stops a desk that had raised."""
    word = DeskStopped(desk=account_desk(account), input=stage.engine.size + 1, exception="KeyError")
    stage.batches.append(
        stage.engine.decide([Arrival(ClockTicked(at_us=stage.now_us), stage.now_us, stage.now_us, stopped=(word,))])
    )
    assert account_desk(account) in stage.engine.own.state.stopped


def resume(stage, account):
    stage.put(ResumeDesk(by="console", desk=account_desk(account), why="mended"))
    assert stage.engine.own.state.stopped == ()
    assert stage.refolded().account(account) == stage.account(account)


def told(stage, account, *costs):
    """D1 bought, or changed to these costs, a second apart."""
    for cost in costs:
        if cost == "bought":
            buy(stage, account)
        elif cost == "deleted":
            delete(stage, account, "D1")
        else:
            update(stage, account, "D1", commission=cost)
        stage.wait(1)


@pytest.mark.parametrize(
    ("before", "while_stopped", "balance", "held"),
    [
        pytest.param(["bought"], ["-5.00", "-4.00"], 99_996_00, 1, id="changed twice"),
        pytest.param(["bought"], ["-5.00", "deleted"], 100_000_00, 0, id="changed, then deleted"),
        pytest.param([], ["bought", "-4.00"], 99_996_00, 1, id="made and changed"),
        pytest.param([], ["bought", "bought", "-4.00", "deleted"], 100_000_00, 0, id="made, told again, changed, deleted"),
    ],
)  # fmt: skip
def test_what_was_told_meanwhile_is_booked_word_by_word(stage, account, before, while_stopped, balance, held):
    told(stage, account, *before)
    stop(stage, account)
    told(stage, account, *while_stopped)
    resume(stage, account)
    state = stage.account(account)
    assert (state.balance, len(state.positions), state.drifting) == (balance, held, ())
    assert len(stage.facts(DealCorrected, account)) == sum(word != "bought" for word in while_stopped)


def test_more_deals_than_are_known_leave_a_day_that_counts_once(stage, account):
    stop(stage, account)
    for n in range(DEALS_KNOWN_MAX + 10):
        buy(stage, account, f"D{n}", f"P{n}", lots="0.01")
    resume(stage, account)
    state = stage.account(account)
    assert [(day.opened, day.counted) for day in state.traded] == [(DEALS_KNOWN_MAX + 10, True)]
    assert (state.days_traded, len(state.deals_known)) == (1, DEALS_KNOWN_MAX)
    delete(stage, account, "D0")
    assert ignored(stage, account) == ["too_old"]


# --- how long deals are known ---


def positions_known(stage, account):
    return {deal.position_id for deal in stage.account(account).deals_known}


def test_a_closed_position_is_known_for_a_week_and_an_open_one_for_as_long_as_it_is(stage, account):
    buy(stage, account)
    buy(stage, account, "D2", "P2")
    sell(stage, account, "D3", 138_700, "0.00", position="P2")
    for _ in range(7):
        stage.wait(24 * 3600)
        stage.tick("EURUSD", 138_690, 138_700)
    assert positions_known(stage, account) == {"P1", "P2"}
    stage.wait(24 * 3600)
    stage.tick("EURUSD", 138_690, 138_700)
    assert positions_known(stage, account) == {"P1"}


def test_a_closed_account_knows_no_deal(stage, hands):
    rules = hands.ruleset(FirstMaximumDuration(id="duration", days_max=1))
    stage.put(PublishProgram(by="console", program=hands.program(rules, rules, name="short")))
    account = stage.sell(1003, 503, (7005, 7006), "short")
    stage.tick("EURUSD", 138_690, 138_700)
    buy(stage, account)
    for _ in range(3):
        stage.wait(24 * 3600)
        stage.tick("EURUSD", 138_690, 138_700)
    assert stage.account(account).standing is Standing.CLOSED
    assert positions_known(stage, account) == set()
    sell(stage, account, "D2", 138_690, "0.00")
    assert stage.account(account).positions == ()
    assert positions_known(stage, account) == set()
