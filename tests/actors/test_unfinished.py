"""However many accounts wait for the platform, a report about one of them is taken in without a look at the others."""

import random
import sys
import tracemalloc

import pytest

from actors.effects import QueryCommand
from actors.enforcement_desk import EnforcementDesk
from actors.unfinished import Unfinished
from firm.commands import MarkOrderPaid, PlaceOrder, RegisterTrader
from firm.facts import CommandProbed, CommandQueued
from firm.inputs import BridgeDisconnected, ClockTicked, CommandReported, CommandState
from firm.instant import SECOND_US
from tests.greeting import greeting


def order(stage, place):
    """Somebody buys: an account is ordered from the platform, which says nothing yet."""
    trader, number, first = 20_000 + place, 30_000 + place, 40_000 + 2 * place
    stage.put(RegisterTrader(by="console", trader=trader, sealed="c0ffee"))
    stage.put(
        PlaceOrder(by=f"trader:{trader}", order=number, trader=trader, program="two-step", accounts=(first, first + 1))
    )
    stage.put(MarkOrderPaid(by="console", order=number, reference="wire 1"))
    return first


def desk(stage):
    return stage.engine.desk("enforcement/sim")


def reconnect(stage):
    stage.put(BridgeDisconnected(bridge="sim", session="s1", reason="cable"))
    stage.put(greeting(session="s2", last_seq=stage.seq))


# --- what is found ---


@pytest.mark.parametrize("seed", range(3))
def test_after_each_row_the_index_finds_what_a_walk_over_the_state_finds(stage, monkeypatch, seed):
    fold, looks = EnforcementDesk.fold, []

    def fold_and_look(self, body, seq, account, happened_us):
        fold(self, body, seq, account, happened_us)
        before_us = happened_us - 5 * SECOND_US
        looks.append(found(self._unfinished, self.state, before_us))
        anew = found(Unfinished(self.state.commands, self.state.plans), self.state, before_us)
        assert looks[-1] == anew == walk(self.state, before_us)

    monkeypatch.setattr(EnforcementDesk, "fold", fold_and_look)
    hear_anything(stage, random.Random(seed))
    assert max(len(waiting) for _, waiting, _ in looks) > 3
    assert max(len(failed) for _, _, failed in looks) > 1


def hear_anything(stage, dice):
    """Commands of a dozen accounts that are answered in any order, fail, stay unanswered, are asked about and tried again."""
    for place in range(12):
        order(stage, place)
    for _ in range(150):
        stage.wait(dice.choice((1, 3, 30)))
        match dice.randrange(12):
            case 0:
                reconnect(stage)
            case 1 | 2 | 3:
                stage.clock()
            case _ if desk(stage).state.commands:
                command = dice.choice(sorted(desk(stage).state.commands))
                state = dice.choice(
                    (CommandState.ACKED, CommandState.UNKNOWN, CommandState.FAILED, CommandState.APPLIED)
                )
                report(stage, command, state)


def report(stage, command, state):
    held = desk(stage).state.commands[command]
    seq, login = stage.next_seq(), f"L{held.account}"
    told = {"command": command, "state": state, "retcode": "", "vendor_ref": login, "t_us": stage.now_us}
    stage.put(CommandReported(bridge="sim", seq=seq, **told), held.account)
    if state is CommandState.APPLIED:
        stage.show(held.account, login)


def found(index, state, before_us):
    return (
        {held.account: index.of(held.account) for held in state.commands.values()},
        index.waiting_since_before(before_us, state.commands),
        index.failed(),
    )


def walk(state, before_us):
    oldest_first = sorted(state.commands, key=lambda command: int(command.rpartition("-")[2]))
    of = {held.account: () for held in state.commands.values()}
    for command in oldest_first:
        of[state.commands[command].account] += (command,)
    waiting = [command for command in oldest_first if state.commands[command].waits_from_us < before_us]
    return of, waiting, sorted(account for account, plan in state.plans.items() if plan.failed_us)


def test_an_undone_input_leaves_the_index_as_it_was(stage, monkeypatch):
    account = order(stage, 1)
    [command] = stage.facts(CommandQueued, account)
    advance = EnforcementDesk._advance

    def advance_and_raise(self, *args):
        advance(self, *args)
        raise ValueError

    monkeypatch.setattr(EnforcementDesk, "_advance", advance_and_raise)
    report(stage, command.command, CommandState.FAILED)
    assert stage.engine.own.state.stopped == ("enforcement/sim",)
    assert desk(stage)._unfinished.of(account) == (command.command,)
    assert desk(stage)._unfinished.failed() == []


def test_what_nobody_answered_is_asked_about_in_the_order_in_which_it_was_sent(stage):
    accounts = [order(stage, place) for place in (5, 3, 8, 1, 9, 2, 7, 4, 6)]
    queued = [stage.facts(CommandQueued, account)[-1].command for account in accounts]
    stage.wait(11)
    stage.clock()
    assert [fact.command for fact in stage.facts(CommandProbed)] == queued
    assert [one.command for one in stage.batches[-1].effects if isinstance(one, QueryCommand)] == queued
    reconnect(stage)
    assert [one.command for one in stage.batches[-1].effects if isinstance(one, QueryCommand)] == queued


# --- at what expense ---


def test_provisioning_one_of_many_costs_as_much_as_one_of_few(stage):
    few = effort_of_one(stage, among=range(50))
    many = effort_of_one(stage, among=range(50, 1_000))
    assert many.steps < 1.5 * few.steps
    assert many.bytes < 2 * few.bytes


def effort_of_one(stage, among):
    """What it takes to hear that one account is open and to let a second pass, with so many more on order."""
    accounts = [order(stage, place) for place in among]
    middle = accounts[len(accounts) // 2]
    with Effort() as effort:
        stage.provision(middle)
        stage.wait(1)
        stage.put(ClockTicked(at_us=stage.now_us))
    assert stage.account(middle).login
    assert stage.engine.desk("enforcement/sim").state.commands
    return effort


class Effort:
    """Steps of the interpreter in the desks' code, and bytes that were asked for at once: a copy in C takes one step."""

    def __enter__(self):
        self.steps = 0
        tracemalloc.start()
        tracemalloc.reset_peak()
        self._held = tracemalloc.get_traced_memory()[0]
        sys.settrace(self._enter)
        return self

    def __exit__(self, *_):
        sys.settrace(None)
        self.bytes = tracemalloc.get_traced_memory()[1] - self._held
        tracemalloc.stop()

    def _enter(self, frame, event, arg):
        if "/actors/" not in frame.f_code.co_filename or "/tests/" in frame.f_code.co_filename:
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return self._step

    def _step(self, frame, event, arg):
        self.steps += event == "opcode"
        return self._step
