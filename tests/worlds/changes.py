"""What platforms do besides deals and prices: contracts, names and points that change, deals corrected and deleted, swap, dividends.

And somebody lets a desk go on that has stopped.
"""

import random
from collections.abc import Callable
from typing import Protocol

from msgspec.structs import replace

from actors.engine import Engine
from firm.account import AccountState
from firm.commands import ResumeDesk
from firm.inputs import (
    CashKind,
    CashReported,
    DealDeleteReported,
    DealEntry,
    DealUpdateReported,
    Input,
    PositionReported,
    SymbolReported,
)
from firm.instant import SECOND_US

BRIDGE = "sim"


class Played(Protocol):
    """The world that is changed."""

    dice: random.Random
    engine: Engine
    now_us: int

    def put(self, body: Input, account: int = 0, frame: bytes | None = None, at_us: int | None = None) -> object: ...
    def next_seq(self) -> int: ...


def change(world: Played, account: int) -> None:
    """One of them, of this account or of a symbol."""
    state = world.engine.account(account)
    assert state is not None
    world.dice.choice(KINDS)(world, state)


def _contract(world: Played, _: AccountState) -> None:
    """Another size or currency, a holiday, or a name that is no more."""
    dice, board = world.dice, world.engine.market(BRIDGE).board
    spec = board.specs[dice.choice(sorted(board.specs))]
    match dice.randrange(4):
        case 0:
            spec = replace(spec, contract_e8=max(1, spec.contract_e8 * dice.choice((1, 2, 3)) // 2))
        case 1:
            spec = replace(spec, renamed_to="" if spec.renamed_to else f"{spec.symbol}.r")
        case 2:
            spec = replace(spec, closed=((world.now_us, world.now_us + 600 * SECOND_US),))
        case _:
            spec = replace(spec, currency_profit=dice.choice(("USD", "EUR", "JPY", "GBP")))
    world.put(SymbolReported(bridge=BRIDGE, seq=world.next_seq(), spec=spec))


def _correction(world: Played, state: AccountState) -> None:
    if not state.deals_known:
        return
    dice, known = world.dice, world.dice.choice(state.deals_known)
    if dice.random() < 0.3:
        gone = DealDeleteReported(bridge=BRIDGE, seq=world.next_seq(), deal_id=known.deal_id, t_us=world.now_us)
        world.put(gone, state.account)
        return
    nothing, profit = state.money(0), state.money(dice.randint(-1, 1) * state.initial.minor // 300)
    told = DealUpdateReported(
        bridge=BRIDGE, seq=world.next_seq(), deal_id=known.deal_id, position_id=known.position_id, symbol=known.symbol,
        entry=DealEntry.IN if known.opens else DealEntry.OUT, side=known.side,
        lots_e8=max(1, known.lots_e8 * dice.choice((1, 1, 3)) // 2), price=max(1, known.price + dice.randint(-50, 50)),
        profit=profit, commission=nothing, swap=nothing, fee=nothing, deal_us=known.at_us, t_us=world.now_us,
    )  # fmt: skip
    world.put(told, state.account)


def _position(world: Played, state: AccountState) -> None:
    """Its swap, and at times another name or other points."""
    if not state.positions:
        return
    dice, held = world.dice, world.dice.choice(state.positions)
    at_us = world.now_us - dice.choice((0, 0, 5)) * SECOND_US
    others = sorted(world.engine.market(BRIDGE).board.specs)
    told = PositionReported(
        bridge=BRIDGE, seq=world.next_seq(), position_id=held.position_id, op="changed",
        symbol=dice.choice((held.symbol, held.symbol, held.symbol, dice.choice(others))), side=held.side,
        lots_e8=held.lots_e8, price_open=held.price_open, stop_loss=0, take_profit=0,
        swap=state.money(dice.randint(-2_000, 2_000)), opened_us=held.opened_us, t_us=at_us,
    )  # fmt: skip
    world.put(told, state.account, at_us=at_us)


def _dividend(world: Played, state: AccountState) -> None:
    amount = state.money(world.dice.choice((-1, 1)) * state.initial.minor // 200)
    seq, at_us = world.next_seq(), world.now_us - world.dice.choice((0, 0, 20)) * SECOND_US
    paid = CashReported(
        bridge=BRIDGE, seq=seq, cash_id=f"V{seq}", cash_kind=CashKind.DIVIDEND, amount=amount,
        balance_after=state.money(state.balance) + amount, t_us=at_us,
    )  # fmt: skip
    world.put(paid, state.account, at_us=at_us)


def _resumption(world: Played, _: AccountState) -> None:
    """Somebody lets a desk go on that has stopped."""
    stopped = sorted(world.engine.own.state.stopped)
    if stopped:
        world.put(ResumeDesk(by="console", desk=world.dice.choice(stopped), why="looked at"))


KINDS: tuple[Callable[[Played, AccountState], None], ...] = (
    _contract, _correction, _correction, _correction, _position, _position, _dividend, _resumption,
)  # fmt: skip
