"""Rules across accounts, however an answer is reached: by random deals, by folding, in pieces, and from a snapshot."""

import random

import pytest
from msgspec.structs import replace

from actors.engine import Engine
from actors.names import trader_desk
from actors.states import hash_of, readable_states, restore_states, state_bytes
from firm.facts import InputRejected
from firm.inputs import (
    DealEntry,
    Side,
    Watermark,
)
from firm.instant import SECOND_US
from firm.terms.exposure import AccountsTogether
from firm.terms.words import Action
from tests.actors.conftest import ADA
from tests.actors.dealer import delete
from tests.actors.several import LOT, LOTS, OPPOSITE, ada, buy, close, sell, two_platforms
from tests.firm.rules.pairings import most_pairs

# --- the same, however it is reached ---


def dealt(seed, steps=60):
    """Seeded deals over four accounts of two programs, one of them without the rules."""
    dice = random.Random(seed)
    warned = replace(OPPOSITE, on_breach=(Action.WARN,), limit=dice.choice((0, LOT)))
    stage, accounts = ada(warned, replace(LOTS, limit=4 * LOT), count=3)
    stage.offer("free")
    accounts.append(stage.sell(ADA, 700, (7_600, 7_601), "free"))
    held = []
    for step in range(steps):
        if held and dice.random() < 0.45:
            account, position, side = held.pop(dice.randrange(len(held)))
            close(stage, account, "1", Side.SELL if side is Side.BUY else Side.BUY, position)
        else:
            account, side = dice.choice(accounts), dice.choice(list(Side))
            stage.wait(1)
            stage.deal(account, f"P{step}", side, "1", 138_700)
            held.append((account, f"P{step}", side))
        yield stage, accounts


@pytest.mark.parametrize("seed", range(12))
def test_what_is_known_broken_is_what_is_judged_from_scratch(seed):
    seen = 0
    for stage, accounts in dealt(seed):
        states = [stage.account(account) for account in accounts]
        holders = states[:3]
        for terms in (rule.terms for rule in holders[0].ruleset.rules if rule.id in ("hedged", "lots_together")):
            known = {one.subject for state in holders for one in state.track.broken if one.rule == terms.id}
            assert known == by_hand(terms, states)
            seen += len(known)
    assert seen


def by_hand(terms, states):
    """Every pair of positions, or every sum, by the plainest arithmetic."""
    long, short = ([sum(p.lots_e8 for p in s.positions if p.side is side) for s in states] for side in Side)
    if terms.measured is AccountsTogether.LOTS:
        return {f"EURUSD {side}" for side, lots in zip(Side, (long, short), strict=True) if sum(lots) > terms.limit}
    # lot by lot: each long one is put against a short one of another account, as far as they go: the most that can be paired
    longs = [n for n, lots in enumerate(long) for _ in range(lots // LOT)]
    shorts = [n for n, lots in enumerate(short) for _ in range(lots // LOT)]
    return {"EURUSD"} if most_pairs(longs, shorts) * LOT > terms.limit else set()


@pytest.mark.parametrize("seed", range(4))
def test_folding_the_rows_gives_what_deciding_gave(seed):
    *_, (stage, _) = dealt(seed)
    assert hash_of(stage.refolded().capture()) == hash_of(stage.engine.capture())


@pytest.mark.parametrize("cut", [1, 7, 1_000])
def test_the_same_arrivals_give_the_same_rows_however_they_are_cut(cut):
    *_, (stage, _) = dealt(3)
    again, rows = Engine(stage.engine.lineage), []
    for start in range(0, len(stage.arrivals), cut):
        rows += [row for row, _ in again.decide(stage.arrivals[start : start + cut]).rows]
    assert rows == [row for batch in stage.batches for row, _ in batch.rows]


@pytest.mark.parametrize("at", [40, 60])
def test_an_engine_that_goes_on_from_a_snapshot_decides_the_same(at):
    steps = list(dealt(5, steps=60))
    stage, _ = steps[-1]
    place = len(stage.arrivals) * at // 100
    first, rows = Engine(stage.engine.lineage), []
    first.decide(stage.arrivals[:place])
    captured = first.capture()
    written = {name: state_bytes(state) for name, state in captured.states.items()}
    for own in (True, False):
        later = Engine(stage.engine.lineage)
        restore_states(later, captured.of_seq, readable_states(written, own=own))
        rows = [row for row, _ in later.decide(stage.arrivals[place:]).rows]
        assert rows == [row for batch in stage.batches[place:] for row, _ in batch.rows]


def test_an_account_that_no_rule_asks_of_sends_its_trader_nothing():
    stage, (one, two) = ada(count=2)
    desk = stage.engine.desk(trader_desk(ADA))
    desk.decide = lambda message, turn: 1 // 0
    buy(stage, one, "1")
    sell(stage, two, "1")
    stage.tick("EURUSD", 138_600, 138_610)
    assert stage.engine.own.state.stopped == ()


def told_late(seed, steps=60):
    """Two platforms, each of which tells its deals in their order but up to a quarter of an hour late; some are deleted."""
    dice = random.Random(seed)
    does = dice.choice(
        [(Action.WARN,), (Action.FAIL,), (Action.REVIEW,), (Action.RESTRICT, Action.FAIL), (Action.PAUSE,)]
    )
    stage, *accounts = two_platforms(replace(OPPOSITE, on_breach=does), replace(LOTS, limit=2 * LOT, on_breach=does))
    bridges, newest = dict(zip(accounts, ("sim", "other"), strict=True)), dict.fromkeys(accounts, stage.now_us)
    held: list[tuple[int, str, Side]] = []
    for step in range(steps):
        stage.wait(dice.choice((0, 1, 5, 400)))
        account, kind = dice.choice(accounts), dice.random()
        at_us = max(newest[account], stage.now_us - dice.choice((0, 0, 3, 30, 900)) * SECOND_US)
        newest[account] = at_us
        mine = [one for one in held if one[0] == account]
        if kind < 0.35 and mine:
            one = dice.choice(mine)
            held.remove(one)
            other = Side.SELL if one[2] is Side.BUY else Side.BUY
            stage.deal_on(bridges[account], account, one[1], other, "1", entry=DealEntry.OUT, at_us=at_us)
        elif kind < 0.45 and mine and account == accounts[0]:
            delete(stage, account, mine[-1][1].replace("P", "X"))
        elif kind < 0.6:
            bridge = bridges[account]
            qseq = stage.qseq - 1 if bridge == "sim" else 0
            stage.put(Watermark(bridge=bridge, t_us=stage.now_us, seq=stage.seq, qseq=qseq))
        elif kind < 0.7:
            stage.tick("EURUSD", 138_690, 138_700)
        else:
            side = dice.choice(list(Side))
            stage.deal_on(bridges[account], account, f"P{step}", side, "1", at_us=at_us, deal=f"X{step}")
            held.append((account, f"P{step}", side))
    return stage


@pytest.mark.parametrize("seed", range(10))
def test_two_platforms_that_tell_late_stop_nothing_and_fold_as_they_were_decided(seed):
    stage = told_late(seed)
    assert stage.engine.own.state.stopped == ()
    assert stage.facts(InputRejected) == []
    assert hash_of(stage.refolded().capture()) == hash_of(stage.engine.capture())
    again, rows = Engine(stage.engine.lineage), []
    for start in range(0, len(stage.arrivals), 7):
        rows += [row for row, _ in again.decide(stage.arrivals[start : start + 7]).rows]
    assert rows == [row for batch in stage.batches for row, _ in batch.rows]
