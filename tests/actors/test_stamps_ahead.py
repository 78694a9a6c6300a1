"""Stamps that are ahead of the firm's clock, as a platform in the wrong zone gives them: nothing waits until they are reached."""

import pytest

from actors.desk import Header
from actors.engine import Engine
from actors.states import state_bytes
from firm.commands import MarkOrderPaid, PlaceOrder, RegisterTrader
from firm.facts import BreachDeclared, BreachSuspected, CommandQueued, DayOpened
from firm.inputs import CommandReported, CommandState, EquityReported, Side
from firm.instant import HOUR_US
from firm.policy import Policy

AHEAD_US = 3 * HOUR_US
BELIEVED_US = Policy().far_future_us


@pytest.fixture
def account(stage):
    """Long 10 lots of EURUSD: 137 700 is the daily floor."""
    sold = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(sold, "P1", Side.BUY, "10", 138_700)
    stage.equity(sold, "99_900.00", "100_000.00")
    stage.wait(3)
    return sold


def ahead(stage, account, body):
    return stage.put(body, account, happened_us=body.t_us)


def equity_ahead(stage, account, equity, by_us=AHEAD_US):
    money = stage.account(account).money
    body = EquityReported(
        bridge="sim",
        seq=stage.next_seq(),
        equity=money(equity),
        balance=money(100_000_00),
        margin=money(0),
        t_us=stage.now_us + by_us,
    )
    return ahead(stage, account, body)


def result_ahead(stage, account, state, ref=""):
    body = CommandReported(
        bridge="sim",
        seq=stage.next_seq(),
        command=stage.facts(CommandQueued, account)[-1].command,
        state=state,
        retcode="" if ref else "no_connection",
        vendor_ref=ref,
        t_us=stage.now_us + AHEAD_US,
    )
    return ahead(stage, account, body)


def test_one_word_on_the_equity_that_is_stamped_ahead_leaves_the_next_ones_fresh(stage, account):
    equity_ahead(stage, account, 99_900_00)
    for _ in range(6):
        stage.wait(30)
        stage.tick("EURUSD", 138_600, 138_610)
        stage.equity(account, "99_000.00", "100_000.00")
    stage.tick("EURUSD", 137_000, 137_010)
    assert stage.facts(BreachDeclared, account)
    assert not stage.facts(BreachSuspected, account)


def test_a_command_whose_failure_is_stamped_ahead_is_tried_again_in_time(stage, account):
    stage.tick("EURUSD", 137_000, 137_010)
    _, stopping, cancelling, _ = stage.facts(CommandQueued, account)
    for command in (stopping, cancelling):
        stage.applied(command.command, "", account)
    result_ahead(stage, account, CommandState.FAILED)
    stage.snapshot(account)
    queued = len(stage.facts(CommandQueued, account))
    stage.wait(60)
    stage.clock()
    assert len(stage.facts(CommandQueued, account)) == queued
    stage.wait(11)
    stage.clock()
    assert len(stage.facts(CommandQueued, account)) == queued + 1


def test_an_account_that_is_opened_with_a_stamp_ahead_begins_today(stage):
    """At 22:00 in Prague; three hours later it would be tomorrow, and this night's rollover would be none of the account's."""
    stage.put(RegisterTrader(by="console", trader=1001, sealed="c0ffee"))
    stage.put(PlaceOrder(by="trader:1001", order=501, trader=1001, program="two-step", accounts=(7001, 7002)))
    stage.put(MarkOrderPaid(by="console", order=501, reference="wire 1"))
    result_ahead(stage, 7001, CommandState.APPLIED, "L7001")
    [opened] = stage.facts(DayOpened, 7001)
    assert opened.day.start_us <= stage.now_us < opened.day.end_us < stage.now_us + AHEAD_US


@pytest.mark.parametrize(
    ("by_us", "believed_us"),
    [(0, 0), (BELIEVED_US, BELIEVED_US), (BELIEVED_US + 1, BELIEVED_US), (AHEAD_US, BELIEVED_US), (-HOUR_US, -HOUR_US)],
)
def test_a_row_happened_at_an_instant_that_is_believed_and_keeps_the_platforms_stamp(
    stage, account, by_us, believed_us
):
    """A proof goes by the row's instant: it is the one at which everything was decided that the row led to."""
    equity_ahead(stage, account, 94_000_00, by_us)
    row, body = stage.batches[-1].rows[0]
    assert (row.happened_us, body.t_us) == (stage.now_us + believed_us, stage.now_us + by_us)


def test_what_a_report_ahead_shows_was_seen_when_its_row_happened(stage, account):
    at_us = stage.now_us + AHEAD_US
    stage.deal(account, "P2", Side.BUY, "10", 138_700, commission="-6_000.00", at_us=at_us)
    [suspicion] = stage.facts(BreachSuspected, account)
    assert suspicion.at_us == stage.batches[-1].rows[0][0].happened_us


def folded_from(stage, *, as_stamped):
    """A second engine from the rows alone; `as_stamped`: of a ledger whose inputs bear the platform's own stamps."""
    second = Engine(stage.engine.lineage)
    for batch, arrival in zip(stage.batches, stage.arrivals, strict=True):
        frames = dict(batch.frames)
        for row, body in batch.rows:
            stamped = as_stamped and not row.cause
            happened_us = arrival.happened_us if stamped else row.happened_us
            header = Header(row.seq, happened_us, row.received_us, row.account)
            second.refold(header, body, frames.get(row.seq))
    return second


@pytest.mark.parametrize("as_stamped", [False, True])
def test_folding_believes_what_deciding_believed(stage, account, as_stamped):
    equity_ahead(stage, account, 99_900_00)
    stage.tick("EURUSD", 137_000, 137_010)
    result_ahead(stage, account, CommandState.FAILED)
    folded = folded_from(stage, as_stamped=as_stamped)
    live, again = stage.engine.capture().states, folded.capture().states
    assert [name for name in live if state_bytes(live[name]) != state_bytes(again.get(name))] == []
