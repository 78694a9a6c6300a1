"""Enforcement: a command's life, told by the bridge, checked against what the platform shows, never repeated blindly."""

import pytest

from actors.effects import QueryCommand, RequestSnapshot, SendCommand
from actors.enforcement_plans import FINAL
from actors.engine import Engine
from actors.states import readable_states, restore_states, state_bytes
from firm.commands import BridgeMode, ReviewOutcome, ReviewVerdict, SetBridgeMode, SettleCommand
from firm.facts import CommandAdvanced, CommandProbed, CommandQueued, CommandWithheld, FlatConfirmed
from firm.inputs import BridgeDisconnected, CommandReported, CommandState, DealEntry, Side
from firm.policy import Policy
from tests.greeting import greeting

ADA, BEN = 1001, 1002


def breach(stage):
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.equity(account, "99_900.00", "100_000.00")
    stage.tick("EURUSD", 137_000, 137_010)
    return account


def running(stage, account, action=None):
    """The newest command about an account, of an action where one is given."""
    return [fact for fact in stage.facts(CommandQueued, account) if action in (None, fact.action)][-1]


def effects(stage, kind):
    return [effect for effect in stage.batches[-1].effects if isinstance(effect, kind)]


def reported(stage, account, state, retcode="", action=None):
    command = running(stage, account, action)
    stage.put(
        CommandReported(
            bridge="sim",
            seq=stage.next_seq(),
            command=command.command,
            state=state,
            retcode=retcode,
            vendor_ref="",
            t_us=stage.now_us,
        ),
        account,
    )


def states(stage, command):
    return [fact.state for fact in stage.facts(CommandAdvanced) if fact.command == command.command]


def open_commands(stage, account):
    """Not ended yet, oldest first."""
    ended = {fact.command for fact in stage.facts(CommandAdvanced) if fact.state in FINAL}
    return [fact for fact in stage.facts(CommandQueued, account) if fact.command not in ended]


def answered(stage, account, *, but="", state=CommandState.APPLIED, retcode=""):
    """The bridge says yes to all that is open, in order; to the action `but` it says something else, or with None nothing."""
    for command in open_commands(stage, account):
        if command.action != but:
            stage.applied(command.command, "", account)
        elif state is not None:
            reported(stage, account, state, retcode, but)


def up_to_block(stage, account):
    """All that goes before it was answered with a yes, and is seen."""
    answered(stage, account)
    stage.flat(account, trading_allowed=False)
    assert running(stage, account).action == "block"


def reconnect(stage):
    stage.put(BridgeDisconnected(bridge="sim", session="s1", reason="cable"))
    return stage.put(greeting(session="s2", last_seq=stage.seq))


def test_what_stops_and_closes_an_account_goes_out_at_once_and_in_order(stage):
    """An account in breach loses more with each look at the platform between two requests."""
    breach(stage)
    assert [sent.action for sent in effects(stage, SendCommand)] == ["close_only", "cancel_orders", "close_all"]


def test_a_command_is_confirmed_only_by_what_the_platform_shows(stage):
    account = breach(stage)
    sent = open_commands(stage, account)
    for command in sent:
        assert not effects(stage, RequestSnapshot), "one look is enough, once all are answered"
        stage.applied(command.command, "", account)
        assert states(stage, command) == [CommandState.ACKED, CommandState.APPLIED]
    assert len(effects(stage, RequestSnapshot)) == 1
    stage.flat(account, trading_allowed=False)
    assert [states(stage, command)[-1] for command in sent] == [CommandState.CONFIRMED] * 3


def test_a_yes_that_the_platform_does_not_show_confirms_nothing(stage):
    account = breach(stage)
    command = running(stage, account, "close_only")
    answered(stage, account)
    stage.snapshot(account, trading_allowed=True)
    assert CommandState.CONFIRMED not in states(stage, command)
    assert not [fact for fact in stage.facts(CommandQueued, account) if fact.action == "block"]


def test_a_block_waits_for_no_close_only_it_does_more(stage):
    account = breach(stage)
    answered(stage, account, but="close_only", state=CommandState.FAILED, retcode="unsupported")
    stage.flat(account, trading_allowed=True)
    [block] = open_commands(stage, account)
    assert block.action == "block"
    stage.applied(block.command, "", account)
    stage.flat(account, trading_allowed=False)
    assert stage.facts(FlatConfirmed, account)
    assert account not in stage.engine.desk("enforcement/sim").state.plans


def test_a_close_only_that_never_takes_effect_holds_no_block_up(stage):
    account = breach(stage)
    answered(stage, account)
    stage.flat(account, trading_allowed=True)
    assert [fact.action for fact in open_commands(stage, account)] == ["close_only", "block"]


def test_what_is_refused_for_good_shortens_no_waiting_for_a_market_that_opens(stage):
    """Close-only is refused as ever, and the market is closed for the weekend."""
    account = breach(stage)
    for _ in range(10):
        reported(stage, account, CommandState.FAILED, "unsupported", "close_only")
        stage.applied(running(stage, account, "cancel_orders").command, "", account)
        reported(stage, account, CommandState.FAILED, "market_closed", "close_all")
        stage.snapshot(account, trading_allowed=True)
        stage.wait(1_801)
        stage.clock()
    assert [fact.action for fact in open_commands(stage, account)] == ["close_only", "cancel_orders", "close_all"]


def test_what_nobody_answers_for_good_holds_up_nothing_that_failed(stage):
    account = breach(stage)
    answered(stage, account, but="close_only", state=None)
    stage.snapshot(account)
    for _ in range(20):
        stage.wait(31)
        stage.clock()
    assert [fact.action for fact in open_commands(stage, account)] == ["close_only", "close_all"]
    first, again = [fact for fact in stage.facts(CommandQueued, account) if fact.action == "close_all"]
    assert again.command != first.command


def test_a_word_on_a_command_that_another_has_taken_the_place_of_moves_no_plan(stage):
    account = breach(stage)
    old = running(stage, account, "close_all")
    reported(stage, account, CommandState.FAILED, "busy", "cancel_orders")
    stage.applied(running(stage, account, "close_only").command, "", account)
    for _ in range(20):
        stage.wait(31)
        stage.clock()
    assert running(stage, account, "close_all") != old
    stage.put(SettleCommand(by="console", bridge="sim", command=old.command, happened=True, why="seen"))
    assert states(stage, old)[-1] is CommandState.CONFIRMED
    assert not [fact for fact in stage.facts(CommandQueued, account) if fact.action == "block"]


def test_a_last_word_that_nobody_knows_lets_the_others_be_seen_at_once(stage):
    account = breach(stage)
    answered(stage, account, but="close_only", state=None)
    assert not effects(stage, RequestSnapshot)
    reported(stage, account, CommandState.UNKNOWN, "accepted", "close_only")
    assert len(effects(stage, RequestSnapshot)) == 1


def test_a_no_to_the_last_of_what_was_sent_lets_the_others_be_seen_all_the_same(stage):
    account = breach(stage)
    answered(stage, account, but="close_all", state=CommandState.FAILED, retcode="market_closed")
    assert len(effects(stage, RequestSnapshot)) == 1
    stage.snapshot(account)
    assert [fact.action for fact in open_commands(stage, account)] == []
    assert states(stage, running(stage, account, "close_only"))[-1] is CommandState.CONFIRMED


def test_each_key_is_minted_once_and_names_its_lineage(stage):
    account = breach(stage)
    up_to_block(stage, account)
    commands = stage.facts(CommandQueued)
    assert len({command.idem_key for command in commands}) == len(commands) == 5
    assert all(command.idem_key.startswith("eh-00000000-") for command in commands)


def test_a_command_without_a_result_is_asked_about_never_sent_again(stage):
    account = breach(stage)
    sent = open_commands(stage, account)
    stage.wait(11)
    stage.clock()
    assert [states(stage, command) for command in sent] == [[CommandState.UNKNOWN]] * 3
    assert effects(stage, QueryCommand) == [QueryCommand(bridge="sim", command=one.command) for one in sent]
    assert not effects(stage, SendCommand)


def test_what_has_no_result_keeps_nothing_else_from_being_seen(stage):
    account = breach(stage)
    answered(stage, account, but="cancel_orders", state=None)
    assert not effects(stage, RequestSnapshot)
    stage.wait(11)
    stage.clock()
    assert states(stage, running(stage, account, "cancel_orders")) == [CommandState.UNKNOWN]
    assert effects(stage, RequestSnapshot)
    stage.flat(account, trading_allowed=False)
    assert [fact.action for fact in open_commands(stage, account)] == ["cancel_orders"]
    stage.applied(running(stage, account, "cancel_orders").command, "", account)
    assert effects(stage, RequestSnapshot)
    stage.flat(account, trading_allowed=False)
    assert running(stage, account).action == "block"


def test_a_command_that_the_bridge_never_received_is_sent_again(stage):
    """It was lost on the way while the connection broke; the bridge is asked, and knows nothing of it."""
    account = breach(stage)
    stage.wait(11)
    stage.clock()
    reported(stage, account, CommandState.UNKNOWN, "never_received")
    [sent] = effects(stage, SendCommand)
    assert sent.command == running(stage, account, "close_all").command
    reported(stage, account, CommandState.UNKNOWN, "accepted")
    assert not effects(stage, SendCommand)


def test_a_restart_from_a_snapshot_tries_again_in_the_same_order(stage):
    """A map goes through its keys in an order of its own; what is decided must not show it, nor what failed first."""
    accounts = [stage.sell(ADA, 501, (7040, 7041)), stage.sell(BEN, 502, (7005, 7006))]
    for account in accounts:
        stage.tick("EURUSD", 138_690, 138_700)
        stage.deal(account, f"P{account}", Side.BUY, "10", 138_700)
        stage.equity(account, "99_900.00", "100_000.00")
        stage.tick("EURUSD", 137_000, 137_010)
    for account in accounts:
        answered(stage, account, but="close_all", state=CommandState.FAILED, retcode="market_closed")
        stage.snapshot(account)
    again = Engine(stage.engine.lineage)
    captured = stage.engine.capture()
    written = {name: state_bytes(captured.states[name]) for name in sorted(captured.states)}
    restore_states(again, captured.of_seq, readable_states(written))
    assert list(stage.engine.desk("enforcement/sim").state.plans) == [7040, 7005], "the map's order is that of the ids"
    stage.wait(61)
    stage.clock()
    assert [row.account for row, _ in stage.batches[-1].rows] == [0, 7005, 7040]
    assert [row for row, _ in again.decide(stage.arrivals[-1:]).rows] == [row for row, _ in stage.batches[-1].rows]


def test_asking_has_an_end_and_then_a_person_must_look(stage):
    account = breach(stage)
    answered(stage, account, but="cancel_orders", state=None)
    stage.flat(account, trading_allowed=False)
    command = running(stage, account, "cancel_orders")
    for _ in range(20):
        stage.wait(11)
        stage.clock()
    assert [fact.command for fact in stage.facts(CommandProbed, account)] == [command.command] * 5
    stage.put(SettleCommand(by="console", bridge="sim", command=command.command, happened=True, why="seen"))
    assert states(stage, command)[-1] is CommandState.CONFIRMED
    assert running(stage, account).action == "block"


def test_a_late_result_after_unknown_is_believed(stage):
    account = breach(stage)
    command = running(stage, account, "close_only")
    stage.wait(11)
    stage.clock()
    reported(stage, account, CommandState.APPLIED, action="close_only")
    stage.flat(account, trading_allowed=False)
    assert states(stage, command)[-1] is CommandState.CONFIRMED


def test_positions_that_would_not_close_are_tried_again_when_the_market_may_be_open(stage):
    account = breach(stage)
    first = running(stage, account, "close_all")
    answered(stage, account, but="close_all", state=CommandState.FAILED, retcode="MARKET_CLOSED")
    stage.snapshot(account)
    stage.wait(30)
    stage.clock()
    assert running(stage, account) == first
    stage.wait(31)
    stage.clock()
    [again] = open_commands(stage, account)
    assert again.action == "close_all"
    assert again.idem_key != first.idem_key


def test_what_failed_is_tried_again_with_what_comes_after_it_and_not_before_the_rest_has_ended(stage):
    """An order that could not be cancelled may have been filled since what was held was closed."""
    account = breach(stage)
    reported(stage, account, CommandState.FAILED, "busy", "cancel_orders")
    stage.applied(running(stage, account, "close_only").command, "", account)
    stage.wait(61)
    stage.clock()
    assert len(stage.facts(CommandQueued, account)) == 4, "closing has not ended yet"
    reported(stage, account, CommandState.APPLIED, action="close_all")
    stage.flat(account, trading_allowed=False)
    stage.clock()
    assert [fact.action for fact in open_commands(stage, account)] == ["cancel_orders", "close_all"]


def test_an_order_that_fills_between_a_close_that_is_seen_and_a_late_cancel_is_closed_too(hands):
    """A pause has no block at its end that would find it."""
    soft = hands.ruleset(hands.daily_loss(on_breach=hands.OnDailyLoss.PAUSE_UNTIL_ROLLOVER))
    stage = hands.Stage()
    stage.open_shop(hands.program(soft, soft))
    account = breach(stage)
    answered(stage, account, but="cancel_orders", state=None)
    stage.wait(11)
    stage.clock()
    stage.deal(account, "P1", Side.SELL, "10", 137_000, entry=DealEntry.OUT, profit="-1_700.00")
    stage.flat(account, trading_allowed=False)
    stage.deal(account, "P2", Side.BUY, "10", 137_010)
    stage.applied(running(stage, account, "cancel_orders").command, "", account)
    stage.snapshot(account)
    stage.wait(61)
    stage.clock()
    assert [fact.action for fact in open_commands(stage, account)] == ["cancel_orders", "close_all"]


def test_steps_that_fail_in_one_round_are_one_failure(stage):
    account = breach(stage)
    for action in ("cancel_orders", "close_all", "close_only"):
        reported(stage, account, CommandState.FAILED, "busy", action)
    plan = stage.engine.desk("enforcement/sim").state.plans[account]
    assert (plan.failures, plan.failed) == (1, (1, 2, 0))
    stage.wait(61)
    stage.clock()
    assert [fact.action for fact in open_commands(stage, account)] == ["close_only", "cancel_orders", "close_all"]


def test_a_bridge_that_comes_back_gets_what_it_may_have_missed(stage):
    account = breach(stage)
    missed = [(command.command, command.idem_key) for command in open_commands(stage, account)]
    reconnect(stage)
    assert [(sent.command, sent.idem_key) for sent in effects(stage, SendCommand)] == missed


def test_a_bridge_that_had_a_command_is_asked_about_it(stage):
    account = breach(stage)
    answered(stage, account)
    reconnect(stage)
    assert not effects(stage, SendCommand)
    assert len(effects(stage, QueryCommand)) == 3


def test_time_without_a_bridge_does_not_count_against_a_command(stage):
    account = breach(stage)
    stage.put(BridgeDisconnected(bridge="sim", session="s1", reason="cable"))
    stage.wait(3_600)
    stage.clock()
    assert states(stage, running(stage, account)) == []


def test_something_that_filled_before_the_block_is_closed_and_blocked_again(stage):
    account = breach(stage)
    stage.deal(account, "P1", Side.SELL, "10", 137_000, entry=DealEntry.OUT, profit="-17_000.00")
    up_to_block(stage, account)
    stage.applied(running(stage, account).command, "", account)
    stage.deal(account, "P2", Side.BUY, "1", 137_000)
    stage.snapshot(account)
    assert not stage.facts(FlatConfirmed)
    stage.wait(61)
    stage.clock()
    assert [fact.action for fact in open_commands(stage, account)] == ["cancel_orders", "close_all"]
    up_to_block(stage, account)


def test_an_order_that_still_waits_is_cancelled_again_before_the_account_is_called_flat(stage):
    account = breach(stage)
    stage.deal(account, "P1", Side.SELL, "10", 137_000, entry=DealEntry.OUT, profit="-17_000.00")
    command = running(stage, account, "cancel_orders")
    answered(stage, account)
    assert states(stage, command)[-1] is CommandState.APPLIED
    stage.snapshot(account, orders=2)
    assert states(stage, command)[-1] is CommandState.FAILED
    stage.wait(61)
    stage.clock()
    assert [fact.action for fact in open_commands(stage, account)] == ["cancel_orders", "close_all"]
    up_to_block(stage, account)
    stage.applied(running(stage, account).command, "", account)
    stage.snapshot(account, orders=1)
    assert not stage.facts(FlatConfirmed)
    stage.wait(61)
    stage.clock()
    assert [fact.action for fact in open_commands(stage, account)] == ["cancel_orders", "close_all"]


def test_closing_is_not_confirmed_while_a_position_is_open(stage):
    account = breach(stage)
    command = running(stage, account, "close_all")
    answered(stage, account)
    stage.snapshot(account)
    assert states(stage, command)[-1] is CommandState.FAILED


def test_a_block_is_not_confirmed_while_trading_is_allowed(stage):
    account = breach(stage)
    stage.deal(account, "P1", Side.SELL, "10", 137_000, entry=DealEntry.OUT, profit="-17_000.00")
    up_to_block(stage, account)
    command = running(stage, account)
    stage.applied(command.command, "", account)
    stage.snapshot(account, trading_allowed=True)
    assert states(stage, command)[-1] is CommandState.APPLIED
    assert not stage.facts(FlatConfirmed)
    stage.snapshot(account)
    assert states(stage, command)[-1] is CommandState.CONFIRMED
    assert len(stage.facts(FlatConfirmed)) == 1


def test_what_was_carried_out_and_does_not_stand_is_ordered_again(stage):
    """A platform took the command before it after it. Once asking often enough changed nothing, it is done anew."""
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.wait(121)  # without a word on the equity it stays a suspicion, and close-only is all that is ordered
    stage.tick("EURUSD", 137_000, 137_010)
    command = running(stage, account, "close_only")
    stage.applied(command.command, "", account)
    for _ in range(Policy().probes_max):
        stage.snapshot(account, trading_allowed=True)
        assert states(stage, command)[-1] is CommandState.APPLIED
        stage.wait(30)
        stage.clock()
    stage.snapshot(account, trading_allowed=True)
    assert states(stage, command)[-1] is CommandState.FAILED
    stage.wait(61)
    stage.clock()
    [again] = open_commands(stage, account)
    assert (again.action, again.command == command.command) == ("close_only", False)


def test_a_close_only_that_fails_once_the_block_is_out_brings_nothing_back(stage):
    account = breach(stage)
    answered(stage, account)
    stage.flat(account, trading_allowed=True)
    for _ in range(Policy().probes_max + 1):
        stage.wait(30)
        stage.clock()
        stage.flat(account, trading_allowed=True)
    assert states(stage, running(stage, account, "close_only"))[-1] is CommandState.FAILED
    stage.wait(61)
    stage.clock()
    assert [fact.action for fact in stage.facts(CommandQueued, account)].count("close_only") == 1


def test_observe_mode_reaches_verdicts_and_sends_nothing(stage):
    account = stage.sell()
    stage.put(SetBridgeMode(by="console", bridge="sim", mode=BridgeMode.OBSERVE, why="beside the old system"))
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.equity(account, "99_900.00", "100_000.00")
    before = len(stage.facts(CommandQueued))
    stage.tick("EURUSD", 137_000, 137_010)
    assert len(stage.facts(CommandQueued)) == before
    assert {fact.because for fact in stage.facts(CommandWithheld)} == {"observe_mode"}


@pytest.mark.parametrize("action", ["close_only", "block"])
def test_nothing_follows_a_repeated_result(stage, action):
    account = breach(stage)
    if action == "block":
        up_to_block(stage, account)
    command = running(stage, account, action)
    answered(stage, account)
    stage.flat(account, trading_allowed=False)
    rows = len(stage.facts(CommandAdvanced)) + len(stage.facts(CommandQueued))
    stage.applied(command.command, "", account)
    stage.applied(command.command, "", account)
    assert len(stage.facts(CommandAdvanced)) + len(stage.facts(CommandQueued)) == rows


def test_what_was_undone_before_anybody_saw_it_does_not_stay_open(stage):
    """Suspected and cleared at once: the platform closed the account to new risk, and shows it open again."""
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.wait(121)
    stage.tick("EURUSD", 137_000, 137_010)
    closing = running(stage, account)
    assert closing.action == "close_only"
    stage.applied(closing.command, "", account)
    stage.tick("EURUSD", 138_690, 138_700)
    [question] = stage.account(account).findings
    verdict = ReviewVerdict(
        by="console", account=account, decision=question.seq, outcome=ReviewOutcome.DISMISS, why="a bad price"
    )
    stage.put(verdict, account)
    opening = running(stage, account)
    assert opening.action == "unblock"
    stage.applied(opening.command, "", account)
    stage.snapshot(account, trading_allowed=True)
    assert states(stage, closing)[-1] is CommandState.FAILED
    assert states(stage, opening)[-1] is CommandState.CONFIRMED
    assert not stage.engine.desk("enforcement/sim").state.commands
