"""Platform: a small trading platform that keeps its own books, tells of them late or out of order, and carries out commands.

It outlives every process: what it did stays done. `history` is what happened, in the order in which it happened; `log` is what
it tells, in the order in which a bridge gets to read it.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from msgspec.structs import replace
from world.market import SPECS

from bridges import events as wire
from bridges.events import CmdResult, Event
from bridges.wire import Cmd
from firm.inputs import CashKind, CommandState, DealEntry, Side
from firm.quote_frame import Tick

COMMISSION = 7_00


@dataclass
class Held:
    """An open position."""

    id: str
    symbol: str
    side: Side
    lots: int
    price: int
    opened_us: int


@dataclass
class Account:
    """An account as the platform keeps it."""

    login: str
    currency: str
    exponent: int
    group: str
    leverage: int
    balance: int
    mode: str = "full"
    positions: dict[str, Held] = field(default_factory=dict)
    deals: list[str] = field(default_factory=list)


class Told(NamedTuple):
    """Something that happened: when, in which order, and what is told of it."""

    order: int
    at_us: int
    what: Tick | Event


class Delayed(NamedTuple):
    """Something that is told only later."""

    due_us: int
    told: Told


class Platform:
    """`fails`: the share of closings that are refused once; `late`: the share of prices and deals that are told late."""

    def __init__(self, dice: random.Random, now_us: Callable[[], int], *, fails: float, late: float) -> None:
        self.dice, self.now_us, self._fails, self.late_share = dice, now_us, fails, late
        self.accounts: dict[str, Account] = {}
        self.prices: dict[str, tuple[int, int]] = {}
        self.history: list[Told] = []
        self.log: list[Told] = []
        self.ticks_in_log = [0]  # how many of the first n entries are ticks
        self.delayed: list[Delayed] = []
        self.done: Counter[str] = Counter()
        self.keys: Counter[str] = Counter()
        self.on_news: Callable[[], None] = lambda: None
        self.told_late: set[str] = set()  # logins of which a deal was told late
        self._numbers: Counter[str] = Counter()

    # --- telling ---

    def tell(self, what: Tick | Event, *, may_be_late: bool = False) -> None:
        now_us = self.now_us()
        told = Told(len(self.history), now_us, what)
        self.history.append(told)
        behind = [one.due_us for one in self.delayed if _same_story(one.told.what, what)]
        if may_be_late and self.dice.random() < self.late_share:
            behind.append(now_us + self.dice.randint(1, 12_000_000))
        if behind:
            self.told_late |= {what.acc} if isinstance(what, wire.Deal | wire.Cash) else set()
            self.delayed.append(Delayed(max(behind), told))
        else:
            self._log(told)

    def tell_what_is_due(self, *, all_of_it: bool = False) -> None:
        now_us = self.now_us()
        due = sorted(one for one in self.delayed if all_of_it or one.due_us <= now_us)
        self.delayed = [one for one in self.delayed if one not in due]
        for one in due:
            self._log(one.told)

    def _log(self, told: Told) -> None:
        self.log.append(told)
        self.ticks_in_log.append(self.ticks_in_log[-1] + isinstance(told.what, Tick))
        self.on_news()

    @property
    def complete_us(self) -> int:
        """Everything stamped before this instant was told."""
        return min([self.now_us(), *(one.told.at_us for one in self.delayed)])

    # --- the market and its traders ---

    def list_symbols(self) -> None:
        for spec in SPECS.values():
            self.tell(
                wire.SymbolSpec(
                    spec.symbol, spec.digits, spec.contract_e8, spec.currency_base, spec.currency_profit, 1, "fx", "UTC"
                )
            )

    def quote(self, symbol: str, bid: int, ask: int) -> None:
        self.prices[symbol] = bid, ask
        self.tell(Tick(symbol, self.now_us(), bid, ask), may_be_late=True)

    def open(self, account: Account, symbol: str, side: Side, lots: int, why: str = "client") -> None:
        if account.mode != "full":
            return
        price = self.prices[symbol][side is Side.BUY]
        held = Held(self._next("P"), symbol, side, lots * 10**8, price, self.now_us())
        account.positions[held.id] = held
        account.balance -= COMMISSION * lots
        self._deal(account, held, side, DealEntry.IN, price, 0, -COMMISSION * lots, why)

    def close(self, account: Account, position: str, reason: str = "client") -> None:
        held = account.positions.pop(position)
        price, other = self._price_out(held), Side.SELL if held.side is Side.BUY else Side.BUY
        profit = self._profit(account, held)
        account.balance += profit
        self._deal(account, held, other, DealEntry.OUT, price, profit, 0, reason)

    def lose_link(self, *, up: bool) -> None:
        self.tell(wire.Platform(up, self.now_us(), "its own network"))

    def pay_in(self, account: Account, amount: int) -> None:
        account.balance += amount
        kind = CashKind.DEPOSIT if amount > 0 else CashKind.WITHDRAWAL
        t_us, purse = self.now_us(), (account.currency, account.exponent)
        self.tell(wire.Cash(account.login, self._next("C"), kind, *purse, amount, account.balance, 1, t_us))

    def report_equity(self, account: Account) -> None:
        purse = account.currency, account.exponent
        equity = self.equity(account)
        self.tell(wire.Equity(account.login, *purse, equity, account.balance, 0, "platform", self.now_us()))

    def snapshot(self, login: str) -> None:
        for account in list(self.accounts.values()):
            if login in ("", account.login):
                positions = tuple(
                    wire.SnapshotPosition(one.id, one.symbol, one.side, one.lots, one.price, 0, one.opened_us)
                    for one in account.positions.values()
                )
                told = wire.Snapshot(
                    account.login, 0, account.mode == "full", account.currency, account.exponent, account.balance,
                    self.equity(account), positions, 0, self.now_us(),
                )  # fmt: skip
                self.tell(told)

    def equity(self, account: Account) -> int:
        return account.balance + sum(self._profit(account, held) for held in account.positions.values())

    # --- commands ---

    def carry_out(self, command: Cmd) -> None:
        """Do it now, whoever asks. What is done and its answer are told together, so that neither can be lost."""
        self.done[command.cmd_id] += 1
        self.keys[command.idem_key] += 1
        if command.action == "create_account":
            self._create(command)
            return
        account = self.accounts[command.acc]
        if command.action == "close_all" and account.positions and self.dice.random() < self._fails:
            self._answer(command, CommandState.FAILED, "market_closed")
            return
        match command.action:
            case "close_only" | "block":
                account.mode = command.action
            case "unblock":
                account.mode = "full"
            case "close_all":
                for position in list(account.positions):
                    self.close(account, position, "firm")
            case _:
                pass
        self._answer(command, CommandState.APPLIED, "done")

    def _create(self, command: Cmd) -> None:
        args = command.args
        account = Account(
            self._next("L"), args["currency"], int(args["exponent"]), args["group"], int(args["leverage"]),
            int(args["balance_minor"]),
        )  # fmt: skip
        self.accounts[account.login] = account
        self._answer(command, CommandState.APPLIED, "done", account.login)
        told = wire.Account(
            account.login, account.group, account.currency, account.exponent, account.leverage, 0, True, "full",
            account.balance, 0, 1, self.now_us(),
        )  # fmt: skip
        self.tell(told)
        self.report_equity(account)

    def _answer(self, command: Cmd, state: CommandState, code: str, ref: str = "") -> None:
        acc = "" if command.action == "create_account" else command.acc
        self.tell(CmdResult(command.cmd_id, acc, state, code, ref, "", self.now_us()))

    # --- figures ---

    def _deal(
        self, account: Account, held: Held, side: Side, entry: DealEntry, price: int, profit: int, costs: int, why: str
    ) -> None:
        deal = self._next("D")
        account.deals.append(deal)
        told = wire.Deal(
            account.login, deal, "O", held.id, held.symbol, side, entry, held.lots, price, account.currency,
            account.exponent, profit, costs, 0, 0, why, self.now_us(),
        )  # fmt: skip
        self.tell(told, may_be_late=True)

    def _price_out(self, held: Held) -> int:
        return self.prices[held.symbol][held.side is Side.SELL]

    def _profit(self, account: Account, held: Held) -> int:
        spec = SPECS[held.symbol]
        moved = (self._price_out(held) - held.price) * (1 if held.side is Side.BUY else -1)
        value: int = moved * held.lots * (spec.contract_e8 // 10**8) * 100
        cents = value // int(10**8 * 10**spec.digits)
        if account.currency == spec.currency_profit:
            return cents
        bid, ask = self.prices["EURUSD"]
        return cents * 10**5 // (ask if cents > 0 else bid)

    def _next(self, kind: str) -> str:
        self._numbers[kind] += 1
        return f"{kind}{self._numbers[kind]}"


def numbered(event: Event, seq: int) -> Event:
    """A snapshot says as of which journal event it is."""
    return replace(event, as_of_seq=seq) if isinstance(event, wire.Snapshot) else event


def _same_story(earlier: Tick | Event, later: Tick | Event) -> bool:
    """A platform may tell deals late, but an account's deals one after the other, and its cash and deals in order."""
    both = (wire.Deal, wire.Cash)
    return isinstance(earlier, both) and isinstance(later, both) and earlier.acc == later.acc
