"""Exposure: what accounts hold open, by symbol and direction: lots, accounts, and the floating profit in each account currency.

It sums what the live board has shown already; nothing is decided on it.
"""

from collections import defaultdict
from collections.abc import Mapping

import msgspec

from firm.account import AccountState, Position
from firm.arithmetic import PLAIN
from firm.equity import Board, position_profit
from firm.inputs import Side
from firm.money import Money


class Holders(msgspec.Struct, frozen=True):
    """Accounts with open positions, and the prices of each bridge: immutable or copied, so that a thread may read them."""

    accounts: tuple[AccountState, ...]
    boards: Mapping[str, Board]


class Direction(msgspec.Struct, frozen=True):
    """One side of a symbol. `profits`: floating, without swap, one amount a currency of the accounts.

    `unpriced`: positions of which no profit is known, because a price that it takes was never seen.
    """

    lots_e8: int
    accounts: int
    profits: tuple[Money, ...]
    unpriced: int


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """One symbol of one bridge. `accounts` hold it on either side; `priced_us`: its last price, 0 where it has none."""

    bridge: str
    symbol: str
    long: Direction
    short: Direction
    accounts: int
    profits: tuple[Money, ...]
    priced_us: int

    @property
    def net_e8(self) -> int:
        return self.long.lots_e8 - self.short.lots_e8


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """What one account holds of one symbol. `profit` is None where one of its positions has no price."""

    account: int
    long_e8: int
    short_e8: int
    positions: int
    profit: Money | None
    opened_us: int

    @property
    def lots_e8(self) -> int:
        return self.long_e8 + self.short_e8


def exposure_of(holders: Holders) -> tuple[Exposure, ...]:
    """Every symbol that is held, by bridge and name."""
    sums: dict[tuple[str, str], dict[Side, _Sum]] = defaultdict(lambda: {side: _Sum() for side in Side})
    for state in holders.accounts:
        board = holders.boards.get(state.bridge) or Board({}, {})
        for held in state.positions:
            sums[state.bridge, held.symbol][held.side].add(state, held, _profit(state, held, board))
    return tuple(
        Exposure(
            bridge=bridge,
            symbol=symbol,
            long=sides[Side.BUY].direction(),
            short=sides[Side.SELL].direction(),
            accounts=len(sides[Side.BUY].accounts | sides[Side.SELL].accounts),
            profits=summed(sides[Side.BUY].profits, sides[Side.SELL].profits),
            priced_us=_priced_us(holders, bridge, symbol),
        )
        for (bridge, symbol), sides in sorted(sums.items())
    )


def holdings_in(holders: Holders, bridge: str, symbol: str, side: Side | None) -> list[Holding]:
    """The accounts that hold a symbol, on one side or either, the largest first."""
    found = (_holding(holders, state, symbol, side) for state in holders.accounts if state.bridge == bridge)
    return sorted((one for one in found if one is not None), key=lambda one: (-one.lots_e8, one.account))


def summed(*profits: "Mapping[str, Money] | tuple[Money, ...]") -> tuple[Money, ...]:
    """One amount a currency, in their order; currencies are never added to each other."""
    total: dict[str, Money] = {}
    for each in profits:
        for amount in each.values() if isinstance(each, Mapping) else each:
            known = total.get(amount.currency)
            total[amount.currency] = amount if known is None else known + amount
    return tuple(total[currency] for currency in sorted(total))


class _Sum:
    """One side of a symbol while it is added up."""

    def __init__(self) -> None:
        self.accounts: set[int] = set()
        self.profits: dict[str, Money] = {}
        self._lots_e8 = self._unpriced = 0

    def add(self, state: AccountState, held: Position, profit: Money | None) -> None:
        self.accounts.add(state.account)
        self._lots_e8 += held.lots_e8
        if profit is None:
            self._unpriced += 1
            return
        known = self.profits.get(profit.currency)
        self.profits[profit.currency] = profit if known is None else known + profit

    def direction(self) -> Direction:
        return Direction(self._lots_e8, len(self.accounts), summed(self.profits), self._unpriced)


def _holding(holders: Holders, state: AccountState, symbol: str, side: Side | None) -> Holding | None:
    held = [one for one in state.positions if one.symbol == symbol and side in (None, one.side)]
    if not held:
        return None
    board = holders.boards.get(state.bridge) or Board({}, {})
    profits = [profit for one in held if (profit := _profit(state, one, board)) is not None]
    return Holding(
        account=state.account,
        long_e8=sum(one.lots_e8 for one in held if one.side is Side.BUY),
        short_e8=sum(one.lots_e8 for one in held if one.side is Side.SELL),
        positions=len(held),
        profit=state.money(sum(profit.minor for profit in profits)) if len(profits) == len(held) else None,
        opened_us=min(one.opened_us for one in held),
    )


def _profit(state: AccountState, held: Position, board: Board) -> Money | None:
    spec = board.specs.get(held.symbol)
    hops = board.path(spec.currency_profit, state.initial.currency) if spec is not None else None
    if hops is None or any(name not in board.quotes for name in (held.symbol, *(hop.symbol for hop in hops))):
        return None
    return state.money(position_profit(PLAIN, state, held, board, held.symbol))


def _priced_us(holders: Holders, bridge: str, symbol: str) -> int:
    board = holders.boards.get(bridge)
    quote = board.quotes.get(symbol) if board is not None else None
    return quote.t_us if quote is not None else 0
