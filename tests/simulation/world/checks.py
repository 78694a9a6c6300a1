"""Checks: what must hold of a world that has come to rest, from its files and its platform."""

import hashlib
import importlib.util
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from msgspec.structs import replace
from world import oracle
from world.firm_files import LINEAGE, SECRET, SEED
from world.market import SOLD
from world.run import World, reader_of
from world.watcher import Freeze, Invariant

from actors.desk import Header
from actors.engine import Engine
from actors.names import account_desk
from actors.recovery import all_rows
from actors.replay import recorded_inputs, redecide
from actors.states import state_bytes
from bridges import events as wire
from firm import facts as f
from firm.account import AccountState
from firm.inputs import QuoteFrame
from firm.kinds import body_of
from firm.phase import JUDGED
from firm.quote_frame import Tick
from storage.evidence import build_bundle
from storage.reader import LedgerReader
from storage.readmodels.registry import READ_MODELS
from storage.verify import verify

Say = Callable[[Invariant, str], None]


@cache
def verifier() -> ModuleType:
    """The tool that a stranger would use, loaded from its one file."""
    tool = Path(__file__).resolve().parents[3] / "tools" / "verify_evidence.py"
    spec = importlib.util.spec_from_file_location("verify_evidence_of_simulation", tool)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def check_all(world: World) -> None:
    """`world.watcher` takes what does not hold. A world that broke on its way never came to rest, and is not looked at."""
    say = world.watcher.say
    world.watcher.sync()
    if world.watcher.broken:
        return
    check_commands(world, say)
    check_desks(world, say)
    reader = reader_of(world)
    try:
        check_replay(world, reader, say)
        check_fold(world, reader, say)
        check_evidence(world, reader, say)
    finally:
        reader.close()
    check_book(world, say)
    check_oracle(world, say)
    check_whole(world, say)


def check_commands(world: World, say: Say) -> None:
    for name, times in world.platform.keys.items():
        if times > 1:
            say(Invariant.ONCE, f"the platform carried out {name} {times} times")
    opened = [body.login for body in world.watcher.bodies if isinstance(body, f.AccountLinked)]
    if len(world.platform.accounts) > len(opened):
        say(Invariant.ONCE, f"{len(world.platform.accounts)} accounts on the platform, {len(opened)} were asked for")


def check_desks(world: World, say: Say) -> None:
    firm = world.firm
    stopped = set(firm.engine.own.state.stopped) if firm is not None else set()
    poisoned = {account_desk(account) for account, state in _accounts(world) if state.login in world.poisoned}
    if stopped - poisoned:
        say(Invariant.SETTLES, f"desks have stopped: {sorted(stopped)}: {world.alarms + (firm.alarms if firm else [])}")


def check_replay(world: World, reader: LedgerReader, say: Say) -> None:
    engine = Engine(LINEAGE.hex())
    for recorded in recorded_inputs(all_rows(reader, 0)):
        difference = redecide(engine, recorded, reader.frame)
        if difference is not None:
            say(Invariant.REPLAY, str(difference))
            return


def check_fold(world: World, reader: LedgerReader, say: Say) -> None:
    """The engine that lived through it all holds what a fold of the durable rows holds."""
    firm = world.firm
    if firm is None:
        return
    if firm.engine.size != len(world.watcher.rows):
        say(Invariant.SETTLES, f"{firm.engine.size} rows were decided, {len(world.watcher.rows)} are durable")
        return
    folded = Engine(LINEAGE.hex())
    for row in all_rows(reader, 0):
        body = body_of(row.kind, row.payload)
        frame = reader.frame(row.seq) if isinstance(body, QuoteFrame) else None
        folded.refold(Header(row.seq, row.happened_us, row.received_us, row.account), body, frame)
    live, again = firm.engine.capture().states, folded.capture().states
    differing = [name for name, state in live.items() if _needed(state) != _needed(again.get(name))]
    if differing:
        say(Invariant.FOLD, f"desks hold what no rows say: {differing}")


def _needed(state: Any) -> bytes:
    """As in a snapshot, but for the peak of an account that ended: a fold does not know after which price of a frame it did."""
    ended = isinstance(state, AccountState) and state.standing not in JUDGED
    return state_bytes(replace(state, peak=None) if ended else state)


def check_evidence(world: World, reader: LedgerReader, say: Say) -> None:
    for row, body in zip(world.watcher.rows, world.watcher.bodies, strict=True):
        if isinstance(body, f.BreachDeclared | f.BreachSuspected | f.PhasePassed | f.PassHeld):
            world.counts[type(body).__name__] += 1
            try:
                bundle = build_bundle(reader, row.seq, secret=SECRET, signing_seed=SEED)
                verifier().verify(bundle)
            except Exception as why:  # noqa: BLE001  (whatever stops the proof is the finding)
                say(Invariant.EVIDENCE, f"decision {row.seq} ({row.kind}) is not proven: {type(why).__name__}: {why}")


def check_book(world: World, say: Say) -> None:
    """Each deal that the platform told is booked once; balance and positions are the platform's."""
    firm = world.firm
    if firm is None:
        return
    deals = [one.what for one in world.platform.history if isinstance(one.what, wire.Deal)]
    told = [deal.deal_id for deal in deals if deal.acc not in world.poisoned]
    theirs = {account for account, state in _accounts(world) if state.login in world.poisoned}
    rows = zip(world.watcher.rows, world.watcher.bodies, strict=True)
    booked = [body.deal_id for row, body in rows if isinstance(body, f.DealBooked) and row.account not in theirs]
    if sorted(told) != sorted(booked):
        say(Invariant.BOOK, f"deals told and not booked {set(told) - set(booked)}, {len(booked)} booked of {len(told)}")
    for account, state in _accounts(world):
        if account in theirs:
            continue
        there = world.platform.accounts[state.login]
        ours = {held.position_id: held.lots_e8 for held in state.positions}
        if (state.balance, ours) != (there.balance, {held.id: held.lots for held in there.positions.values()}):
            say(Invariant.BOOK, f"account {account}: {state.balance} {ours}, on the platform {there}")


def _accounts(world: World) -> list[tuple[int, AccountState]]:
    firm = world.firm
    assert firm is not None
    states = [firm.engine.account(account) for sold in SOLD for account in sold.accounts]
    return [(state.account, state) for state in states if state is not None and state.login]


def check_oracle(world: World, say: Say) -> None:
    firm = world.firm
    if firm is None:
        return
    logins = {state.login: account for account, state in _accounts(world)}
    other = oracle.Oracle(logins)
    other.hear(world.watcher.rows, world.platform.history)
    rows = [(row.account, body) for row, body in zip(world.watcher.rows, world.watcher.bodies, strict=True)]
    ours, theirs = oracle.seen(firm.engine, rows), oracle.seen(other.engine, other.rows)
    for account in sorted(ours):
        state, other_state = firm.engine.account(account), other.engine.account(account)
        if state is None or other_state is None or state.login in world.poisoned:
            continue
        why = oracle.differs(
            ours[account],
            theirs[account],
            in_order=world.is_in_order,
            deals_late=state.login in world.platform.told_late,
            passed_over=list(_passed_over(world, state)),
            pass_frozen=_is_pass_frozen(world, account, theirs[account]),
        )
        if why:
            say(Invariant.ORACLE, f"account {account}: {why}: {ours[account]}, in order {theirs[account]}")
        floors, others = oracle.floors_of(state), oracle.floors_of(other_state)
        # The evening may end at a rollover: the oracle's day begins with it, the firm's with the first thing that is told after it.
        if theirs[account].day_us > firm.engine.market("sim").latest_us:
            continue
        if floors != others and {ours[account].place, theirs[account].place} == {"running"}:
            say(Invariant.ORACLE, f"account {account}: floors {floors}, in order {others}")


def _is_pass_frozen(world: World, account: int, theirs: oracle.Seen) -> bool:
    """Whether prices that the account needs were really missing, and that froze its passes when or after it heard what it passes by."""
    rows = zip(world.watcher.rows, world.watcher.bodies, strict=True)
    told = (row.seq for row, body in rows if row.account == account and getattr(body, "t_us", -1) == theirs.passed_us)
    heard = next(told, 0)
    return any(
        _is_explained(world, one)
        for one in world.watcher.freezes
        if one.account == account and not 0 < one.over_seq < heard
    )


def _is_explained(world: World, freeze: Freeze) -> bool:
    """Whether the firm was told nothing of such a symbol for too long at the time, by what came of its rows and frames."""
    frozen_us = world.watcher.rows[freeze.seq - 1].received_us
    return any(
        silence.symbol in freeze.symbols and silence.from_us <= frozen_us and silence.to_us >= freeze.from_us
        for silence in world.watcher.silences
    )


def _passed_over(world: World, state: AccountState) -> Iterator[tuple[int, int]]:
    """As `oracle.differs` wants them."""
    stamps = Counter(told.at_us for told in world.platform.history if isinstance(told.what, Tick))
    yield from ((at_us, at_us) for at_us, symbols in stamps.items() if symbols > 1)
    for row, body in zip(world.watcher.rows, world.watcher.bodies, strict=True):
        if row.account == state.account and isinstance(body, f.CashBooked):
            yield row.happened_us - oracle.TOLD_LATE_MAX_US, row.happened_us


def check_whole(world: World, say: Say) -> None:
    report = verify(world.disk.directory, secret=SECRET, read_models=READ_MODELS)
    for finding in report.findings:
        say(Invariant.WHOLE, str(finding))


def digest_of(world: World) -> str:
    """All rows, as they are hashed into the tree, with the frames beside them."""
    whole = hashlib.sha256()
    reader = reader_of(world)
    try:
        for row in all_rows(reader, 0):
            whole.update(repr(tuple(row)).encode())
            if row.kind == "QuoteFrame":
                whole.update(reader.frame(row.seq))
        whole.update(reader.root())
    finally:
        reader.close()
    return whole.hexdigest()
