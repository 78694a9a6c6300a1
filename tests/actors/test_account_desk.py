"""The account desk, driven through the engine: a trade, a breach, a midnight, a pass."""

from firm.facts import (
    BreachDeclared,
    BreachSuspected,
    CommandQueued,
    DayAnchored,
    DayOpened,
    Doubt,
    PhasePassed,
    QuoteUsed,
)
from firm.inputs import DealEntry, Side
from firm.instant import parse_utc
from firm.phase import Standing


def test_touching_the_daily_floor_is_a_breach_with_its_working(stage):
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    # 10 lots: 1 point is 1.00 a lot, so 500 points down are 5 000.00.
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.equity(account, "99_900.00", "100_000.00")
    stage.tick("EURUSD", 138_201, 138_211)
    assert stage.account(account).standing is Standing.ACTIVE
    stage.tick("EURUSD", 138_200, 138_210)
    [breach] = stage.facts(BreachDeclared)
    assert breach.observed.minor == breach.floor.minor == 95_000_00
    assert breach.working[-1].op == "is_at_or_below"
    assert breach.working[-1].value == 1
    [exhibit] = stage.facts(QuoteUsed)
    assert (exhibit.bid, exhibit.ask) == (138_200, 138_210)
    assert stage.account(account).standing is Standing.BREACHED


def test_a_breach_is_carried_out_step_by_step_and_seen_flat(stage):
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.equity(account, "99_900.00", "100_000.00")
    stage.tick("EURUSD", 137_000, 137_010)
    _, *stopping = stage.facts(CommandQueued, account)
    assert [command.action for command in stopping] == ["close_only", "cancel_orders", "close_all"]
    stage.deal(account, "P1", Side.SELL, "10", 137_000, entry=DealEntry.OUT, profit="-17_000.00")
    for command in stopping:
        stage.applied(command.command, "", account)
    stage.snapshot(account, trading_allowed=False)
    blocking = stage.facts(CommandQueued, account)[-1]
    assert blocking.action == "block"
    stage.applied(blocking.command, "", account)
    stage.snapshot(account, trading_allowed=False)
    assert stage.account(account).balance == 83_000_00
    assert not stage.engine.desks["enforcement/sim"].state.commands
    assert not stage.engine.desks["enforcement/sim"].state.plans


def test_a_loser_carried_over_midnight_breaches_at_midnight_itself(stage):
    """Up 3 000.00 on the day, the floor at midnight rises from 95 000 to 98 000; equity is 97 500."""
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.deal(account, "P1", Side.SELL, "10", 139_000, entry=DealEntry.OUT, profit="3_000.00")
    stage.deal(account, "P2", Side.BUY, "10", 139_250)
    stage.now_us = parse_utc("2014-05-01T21:59:30")
    stage.tick("EURUSD", 138_700, 138_710)
    stage.equity(account, "97_500.00", "103_000.00")
    assert stage.account(account).standing is Standing.ACTIVE
    stage.now_us = parse_utc("2014-05-01T22:00:00")
    stage.equity(account, "97_500.00", "103_000.00")
    [opened] = stage.facts(DayOpened, account)[1:]
    assert (opened.day.label, opened.provisional) == ("2014-05-02", True)
    assert opened.equity.minor == 97_500_00
    [suspected] = stage.facts(BreachSuspected)
    assert suspected.doubts == (Doubt.PROVISIONAL_ANCHOR,)
    assert suspected.at_us == parse_utc("2014-05-01T22:00:00")
    stage.wait(1)
    stage.watermark()
    [anchored] = stage.facts(DayAnchored, account)
    assert not anchored.changed
    [breach] = stage.facts(BreachDeclared)
    assert (breach.floor.minor, breach.observed.minor) == (98_000_00, 97_500_00)


def test_a_target_met_flat_passes_and_opens_the_next_phase(stage):
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.wait(5)
    stage.deal(account, "P1", Side.SELL, "10", 138_900, entry=DealEntry.OUT, profit="2_000.00")
    assert not stage.facts(PhasePassed)
    stage.equity(account, "102_000.00", "102_000.00")
    [passed] = stage.facts(PhasePassed)
    assert passed.target.minor == passed.observed.minor == 102_000_00
    assert stage.account(account).standing is Standing.PASSED
    stage.provision(7002)
    assert stage.account(7002).standing is Standing.ACTIVE
    assert stage.account(7002).phase == 1
