"""Enforcement, again and again: results that are told twice, and steps that never take effect."""

import pytest

from actors import enforcement_plans
from firm.commands import MarkOrderPaid, PlaceOrder, RegisterTrader
from firm.facts import AccountLinked, CommandAdvanced, CommandQueued, FlatConfirmed
from firm.inputs import CommandReported, CommandState, DealEntry, Side
from firm.instant import MINUTE_US, SECOND_US


def running(stage, account, action=None):
    return [fact for fact in stage.facts(CommandQueued, account) if action in (None, fact.action)][-1]


def desk(stage):
    return stage.engine.desk("enforcement/sim").state


def refused(stage, account, action=None):
    stage.put(
        CommandReported(
            bridge="sim",
            seq=stage.next_seq(),
            command=running(stage, account, action).command,
            state=CommandState.FAILED,
            retcode="refused",
            vendor_ref="",
            t_us=stage.now_us,
        ),
        account,
    )


# --- opening an account ---


@pytest.fixture
def ordered(stage):
    """Two accounts that are paid for and not open yet."""
    for account, trader, order in ((7001, 1001, 501), (7003, 1002, 502)):
        stage.put(RegisterTrader(by="console", trader=trader, sealed="c0ffee"))
        accounts = (account, account + 1)
        stage.put(PlaceOrder(by=f"trader:{trader}", order=order, trader=trader, program="two-step", accounts=accounts))
        stage.put(MarkOrderPaid(by="console", order=order, reference="wire 1"))
    return stage


def opened(stage, account, login):
    stage.put(
        CommandReported(
            bridge="sim",
            seq=stage.next_seq(),
            command=running(stage, account).command,
            state=CommandState.APPLIED,
            retcode="",
            vendor_ref=login,
            t_us=stage.now_us,
        ),
        account,
    )


def test_an_account_whose_opening_is_told_twice_is_open_and_nothing_waits(ordered):
    """A bridge that reconnects is asked about what it had, and says so again."""
    for _ in range(2):
        opened(ordered, 7001, "L7001")
    ordered.show(7001, "L7001")
    told = [fact.state for fact in ordered.facts(CommandAdvanced, 7001)]
    assert told == [CommandState.APPLIED, CommandState.CONFIRMED]
    assert len(ordered.facts(AccountLinked, 7001)) == 1
    assert 7001 not in desk(ordered).plans
    assert [held.account for held in desk(ordered).commands.values()] == [7003]


def test_a_login_that_is_another_accounts_opens_none(ordered):
    opened(ordered, 7001, "L7001")
    opened(ordered, 7003, "L7001")
    assert [fact.state for fact in ordered.facts(CommandAdvanced, 7003)] == [CommandState.UNKNOWN]
    assert not ordered.facts(AccountLinked, 7003)


# --- what never takes effect ---


@pytest.fixture
def flat(stage):
    """An account that broke its limit; what it held is closed."""
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.equity(account, "99_900.00", "100_000.00")
    stage.tick("EURUSD", 137_000, 137_010)
    stage.deal(account, "P1", Side.SELL, "10", 137_000, entry=DealEntry.OUT, profit="-17_000.00")
    return account


def carry_on(stage, account, wait_s=11):
    """The platform says yes to everything; what is asked for shows, but for the block."""
    for command, held in list(desk(stage).commands.items()):
        if held.state in (CommandState.QUEUED, CommandState.UNKNOWN):
            stage.applied(command, "", account)
    stage.flat(account, trading_allowed=running(stage, account).action == "block")
    stage.wait(wait_s)
    stage.clock()


def blocks(stage, account):
    return [fact for fact in stage.facts(CommandQueued, account) if fact.action == "block"]


def test_a_block_that_never_takes_effect_is_ordered_ever_more_seldom(stage, flat):
    began_us = stage.now_us
    while stage.now_us - began_us < 6 * 60 * MINUTE_US:
        carry_on(stage, flat)
    # One minute, two, four, up to half an hour: a round itself takes another minute.
    assert len(blocks(stage, flat)) == pytest.approx(15, abs=3)
    assert desk(stage).plans[flat].failures >= len(blocks(stage, flat)) - 1


def test_a_block_that_never_takes_effect_is_given_up_in_the_end(stage, flat, monkeypatch):
    monkeypatch.setattr(enforcement_plans, "CLOSE_TRIES_MAX", 4)
    for _ in range(30 * 60 // 11):
        carry_on(stage, flat)
    assert desk(stage).plans[flat].failures == 4
    queued = len(stage.facts(CommandQueued, flat))
    stage.wait(2 * enforcement_plans.RETRY_WAIT_MAX_US / SECOND_US)
    stage.clock()
    assert len(stage.facts(CommandQueued, flat)) == queued


def test_a_step_that_failed_and_was_then_seen_leaves_the_next_one_all_its_tries(stage, flat):
    refused(stage, flat)
    carry_on(stage, flat)
    assert desk(stage).plans[flat].failures == 1
    carry_on(stage, flat, wait_s=61)
    carry_on(stage, flat)
    assert running(stage, flat).action == "block"
    assert desk(stage).plans[flat].failures == 0


# --- what was given up ---


def given_up(stage, account, monkeypatch):
    """The platform refuses whatever is ordered until nothing more is sent."""
    monkeypatch.setattr(enforcement_plans, "CLOSE_TRIES_MAX", enforcement_plans.TRIES_MAX)
    for _ in range(enforcement_plans.TRIES_MAX):
        for action in sorted({held.queued.action for held in desk(stage).commands.values()}):
            refused(stage, account, action)
        stage.wait(enforcement_plans.RETRY_WAIT_MAX_US / SECOND_US + 1)
        stage.clock()
    assert enforcement_plans.is_given_up(desk(stage).plans[account])


def test_what_was_given_up_and_done_by_hand_is_over_once_the_platform_shows_it(stage, flat, monkeypatch):
    given_up(stage, flat, monkeypatch)
    stage.flat(flat, trading_allowed=True)
    assert flat in desk(stage).plans
    stage.flat(flat, trading_allowed=False)
    assert flat not in desk(stage).plans
    assert len(stage.facts(FlatConfirmed, flat)) == 1


def test_a_limit_to_closing_that_was_given_up_is_over_once_the_platform_shows_it(stage, monkeypatch):
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.wait(121)  # without a word on the equity it stays a suspicion
    stage.tick("EURUSD", 137_000, 137_010)
    assert desk(stage).plans[account].purpose == "close_only"
    given_up(stage, account, monkeypatch)
    stage.snapshot(account, trading_allowed=True)
    assert account in desk(stage).plans
    stage.snapshot(account, trading_allowed=False)
    assert account not in desk(stage).plans
