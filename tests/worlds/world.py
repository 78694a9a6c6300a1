"""A world from a seed: accounts under every kind of floor, in currencies of every exponent, on prices that wander, jump and come late.

What happens comes from the seed alone, never from what was decided, so that engines with other ways of finding whom to wake can
be led through the very same.
"""

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from msgspec.structs import replace

from actors import account_seat, wakes
from actors.account_desk import AccountDesk
from actors.arrival import Arrival
from actors.batch import Batch
from actors.desk import Header, Turn
from actors.effects import SendCommand
from actors.engine import Engine
from actors.guards import watch_of
from actors.messages import MarkDue, Message
from firm.account import AccountState
from firm.arithmetic import PLAIN
from firm.commands import EnrolBridge, MarkOrderPaid, PlaceOrder, PublishProgram, RegisterTrader
from firm.equity import Board, equity_of, unpriced
from firm.inputs import (
    AccountReported,
    CashKind,
    CashReported,
    ClockTicked,
    CommandReported,
    CommandState,
    DealEntry,
    DealReported,
    EquityReported,
    Input,
    PolicyAdopted,
    QuoteFrame,
    Side,
    SymbolReported,
    Watermark,
)
from firm.instant import HOUR_US, MINUTE_US, SECOND_US, parse_utc
from firm.money import Money
from firm.policy import Policy
from firm.price import SymbolSpec
from firm.quote_frame import Tick, Window, encode_quotes
from firm.rules.margin import margins_in_use
from firm.ruleset import AnyRuleset, FirstRuleset, LateBreach, Phase, Program
from firm.terms.first import (
    AmountBase,
    DailyLoss,
    FirstAnchor,
    FirstProfitTarget,
    FirstTerm,
    FirstTrail,
    MaximumLoss,
    OnDailyLoss,
)
from firm.terms.words import Boundary
from firm.trading_day import TradingCalendar
from tests.greeting import greeting
from tests.worlds.changes import BRIDGE, change
from tests.worlds.terms import rules_of_today, rules_together

LINEAGE = "0" * 32
TRADERS_MAX = 10  # each account is of another trader
START_US = parse_utc("2014-05-01T21:00:00")
# Of each symbol: digits, contract, base, profit currency, price at the start.
SYMBOLS = {
    "EURUSD": (5, 100_000, "EUR", "USD", 138_700),
    "USDJPY": (3, 100_000, "USD", "JPY", 102_300),
    "EURGBP": (5, 100_000, "EUR", "GBP", 82_100),
    "GBPUSD": (5, 100_000, "GBP", "USD", 168_900),
    "USDCZK": (4, 100_000, "USD", "CZK", 197_800),
    "XAUUSD": (3, 100, "XAU", "USD", 1_290_000),
    "DE40": (1, 1, "DEX", "EUR", 96_000),
    "NIKKEI": (0, 100, "NKY", "JPY", 14_400),
    "PENNY": (2, 100_000, "PNY", "USD", 140),
}
PURSES = {"USD": 2, "EUR": 2, "JPY": 0, "GBP": 2, "CZK": 2, "USD-fine": 8}
SIZES = {"USD": 100_000, "EUR": 50_000, "JPY": 10_000_000, "GBP": 50_000, "CZK": 2_000_000, "USD-fine": 100_000}


class Held(NamedTuple):
    """A position as the platform holds it."""

    position: str
    side: Side
    lots_e8: int
    symbol: str
    price: int


class World:
    """One engine, and everything that was put to it. `sells_together`: in worlds of today's words a trader may have several accounts."""

    sells_together = True

    def __init__(self, seed: int, steps: int) -> None:
        self.seed, self.dice = seed, random.Random(seed)
        self.speaks_today = seed // 16 % 2 == 1  # the others were sold their rules in the first words
        self._changes = seed // 8 % 2 == 1  # in every other eight the platform is as it was
        self.engine = Engine(LINEAGE)
        self.arrivals: list[Arrival] = []
        self.batches: list[Batch] = []
        self.now_us = START_US
        self._seq, self._qseq = 0, 0
        self._prices = {symbol: terms[4] for symbol, terms in SYMBOLS.items()}
        self._held: dict[int, list[Held]] = {}
        self._together = random.Random(f"{seed} together")
        self._traders = (
            self._together.choice((1, 2, TRADERS_MAX)) if self.sells_together and self.speaks_today else TRADERS_MAX
        )
        self._programs: list[Program] = []
        self._drift = {symbol: self.dice.choice((-1, 0, 0, 1)) for symbol in SYMBOLS}
        self._open()
        for step in range(steps):
            self._step(step)

    def put(self, body: Input, account: int = 0, frame: bytes | None = None, at_us: int | None = None) -> Batch:
        arrival = Arrival(body, self.now_us if at_us is None else at_us, self.now_us, account, frame)
        self.arrivals.append(arrival)
        batch = self.engine.decide([arrival])
        self.batches.append(batch)
        return batch

    # --- before trading ---

    def _open(self) -> None:
        self.put(PolicyAdopted(policy=Policy(reconcile_within_us=6 * HOUR_US)))
        self.put(EnrolBridge(by="console", bridge=BRIDGE, public_key="k" * 40, simulator=True))
        self.put(greeting(BRIDGE))
        for symbol, (digits, contract, base, profit, _) in SYMBOLS.items():
            spec = SymbolSpec(
                symbol=symbol, digits=digits, contract_e8=contract * 10**8, currency_base=base, currency_profit=profit
            )
            self.put(SymbolReported(bridge=BRIDGE, seq=self.next_seq(), spec=spec))
        for number in range(self.dice.randint(4, 9)):
            self._sell(number)
        known = [symbol for symbol in SYMBOLS if self.dice.random() < 0.9]
        self._frame([self._tick(symbol) for symbol in known])

    def _sell(self, number: int) -> None:
        """One account, unless the trader has as many as a rule allows."""
        purse = self.dice.choice(list(PURSES))
        trader, order, account = self._trader(number), 600 + number, 8_000 + number
        program = self._program(number, purse)
        if number and self._traders < TRADERS_MAX and self._together.random() < 0.3:
            program = self._programs[self._together.randrange(number)]  # sold once more
        self._programs.append(program)
        self.put(PublishProgram(by="console", program=program))
        if number < self._traders:
            self.put(RegisterTrader(by="console", trader=trader, sealed=""))
        ids = tuple(account + 100 * place for place in range(len(program.phases)))
        self.put(PlaceOrder(by="console", order=order, trader=trader, program=program.program, accounts=ids))
        effects = self.put(MarkOrderPaid(by="console", order=order, reference="wire")).effects
        commands = [effect.command for effect in effects if isinstance(effect, SendCommand)]
        if commands:
            self._held[account] = []
            self._link(account, f"L{number}", program.size, commands[0])

    def _trader(self, number: int) -> int:
        """In most worlds of today's words several accounts are of one trader."""
        return 2_000 + number % self._traders

    def _program(self, number: int, purse: str) -> Program:
        currency, exponent = purse.partition("-")[0], PURSES[purse]
        size = Money(SIZES[purse] * 10**exponent, currency, exponent)
        rules: AnyRuleset = FirstRuleset( name=f"rules {number}", calendar=TradingCalendar("Europe/Prague", "00:00"),
            late_breach=self.dice.choice(list(LateBreach)), await_swap=False, terms=self._terms(),
        )  # fmt: skip
        if self.speaks_today:
            sold = rules_of_today(random.Random(f"{self.seed} {number}"), f"rules {number}")
            together = rules_together(self._together, size.minor) if self._traders < TRADERS_MAX else []
            rules = replace(sold, terms=(*sold.terms, *together))
        phases = (
            Phase(name="Phase 1", ruleset=rules, funded=False),
            Phase(name="Phase 2", ruleset=rules, funded=False),
        )
        return Program(
            program=f"p{number}", title="A program", size=size, price=Money(1, "USD", 2), bridge=BRIDGE, group="demo",
            leverage=100, accounts_max=9, phases=phases[: 1 + (self._traders < TRADERS_MAX)],
        )  # fmt: skip

    def _link(self, account: int, login: str, size: Money, command: str) -> None:
        applied = CommandReported(
            bridge=BRIDGE, seq=self.next_seq(), command=command, state=CommandState.APPLIED, retcode="",
            vendor_ref=login, t_us=self.now_us,
        )  # fmt: skip
        self.put(applied, account)
        shown = AccountReported(
            bridge=BRIDGE, seq=self.next_seq(), login=login, group="demo", leverage=100, trading_allowed=True,
            balance=size, credit=size.with_minor(0), t_us=self.now_us,
        )  # fmt: skip
        self.put(shown, account)

    def _terms(self) -> tuple[FirstTerm, ...]:
        dice = self.dice
        daily = DailyLoss(
            id="daily", loss_max_bp=dice.choice((200, 500)), anchor=dice.choice(list(FirstAnchor)),
            base=dice.choice(list(AmountBase)), boundary=dice.choice(list(Boundary)), on_breach=dice.choice(list(OnDailyLoss)),
        )  # fmt: skip
        # Most follow every high: theirs are the floors that are hard to keep.
        trail = dice.choice(
            (
                FirstTrail.EVERY_TICK,
                FirstTrail.EVERY_TICK,
                FirstTrail.EVERY_TICK,
                FirstTrail.END_OF_DAY,
                FirstTrail.STATIC,
            )
        )
        maximum = MaximumLoss(
            id="maximum", loss_max_bp=dice.choice((100, 300, 800)), trail=trail, trails_on=FirstAnchor.BALANCE,
            lock_at_bp=dice.choice((None, 0, 100)), boundary=dice.choice(list(Boundary)),
        )  # fmt: skip
        target = FirstProfitTarget(id="target", target_bp=800, flat_required=dice.random() < 0.5)
        return tuple(term for term in (daily, maximum, target) if term is maximum or dice.random() < 0.7)

    # --- trading ---

    def _step(self, step: int) -> None:
        dice = self.dice
        self.now_us += dice.choice((1, 2, 5, 30, 60, 240)) * SECOND_US
        self._frame([self._tick(dice.choice(list(SYMBOLS))) for _ in range(dice.randint(1, 8))])
        account = dice.choice(list(self._held))
        if dice.random() < 0.35:
            self._trade(account, step)
        if dice.random() < 0.05:
            self._move_cash(account)
        if self._changes and dice.random() < 0.15:
            change(self, account)
            self._confirm(account)
        if dice.random() < 0.15:
            self.put(Watermark(bridge=BRIDGE, t_us=self.now_us, seq=self._seq, qseq=self._qseq))
            self.put(ClockTicked(at_us=self.now_us))

    def _tick(self, symbol: str) -> Tick:
        dice, price = self.dice, self._prices[symbol]
        jump = dice.random()
        scale = price // (12 if jump < 0.004 else 150 if jump < 0.05 else 1_500) or 1
        price += dice.randint(-scale, scale) + self._drift[symbol] * scale // 3
        if jump > 0.9995:
            price *= 6  # beyond what columns were measured for
        self._prices[symbol] = price = max(60, price)
        late_us = dice.randint(1, 20) * SECOND_US if dice.random() < 0.06 else 0
        return Tick(symbol, self.now_us - late_us, price, price + dice.randint(0, price // 5_000 or 1))

    def _frame(self, ticks: list[Tick]) -> None:
        conflated = self.dice.random() < 0.03
        raw = encode_quotes(self._seq, [self._window(tick) for tick in ticks] if conflated else ticks)
        body = QuoteFrame(
            bridge=BRIDGE, qseq=self._qseq + 1, after_seq=self._seq, n=len(ticks), first_us=ticks[0].t_us,
            last_us=ticks[-1].t_us, conflated=conflated, sha256=hashlib.sha256(raw).hexdigest(),
        )  # fmt: skip
        self._qseq += len(ticks)
        self.put(body, frame=raw)

    def _window(self, tick: Tick) -> Window:
        wide = self.dice.randint(0, tick.bid // 500)
        low, high, spread = max(1, tick.bid - wide), tick.bid + wide, tick.ask - tick.bid
        return Window(tick.symbol, tick.t_us, tick.bid, tick.ask, low, high, low + spread, high + spread, 5)

    def _trade(self, account: int, step: int) -> None:
        dice, held = self.dice, self._held[account]
        closes = bool(held) and dice.random() < 0.4
        if closes:
            position = held.pop(dice.randrange(len(held)))
            lots_e8 = position.lots_e8 if dice.random() < 0.7 else max(1, position.lots_e8 // 2)
            if lots_e8 < position.lots_e8:
                held.append(position._replace(lots_e8=position.lots_e8 - lots_e8))
        else:
            symbol = dice.choice(list(SYMBOLS))
            huge = dice.random() < 0.02  # what 64 bits do not hold
            lots_e8 = dice.randint(1, 300) * 1_000_000 * (10**7 if huge else 1) + dice.choice((0, 0, 0, 1, 7))
            position = Held(f"P{step}", dice.choice(list(Side)), lots_e8, symbol, self._prices[symbol])
            held.append(position)
        state = self.engine.account(account)
        assert state is not None
        nothing = state.money(0)
        profit = state.money(dice.randint(-1, 1) * state.initial.minor // 500) if closes else nothing
        late_us = dice.randint(1, 30) * SECOND_US if dice.random() < 0.1 else 0
        side = position.side if not closes else Side.SELL if position.side is Side.BUY else Side.BUY
        deal = DealReported(
            bridge=BRIDGE, seq=self.next_seq(), deal_id=f"D{step}", order_id="", position_id=position.position,
            symbol=position.symbol, entry=DealEntry.OUT if closes else DealEntry.IN, side=side, lots_e8=lots_e8,
            price=self._prices[position.symbol], profit=profit, commission=state.money(-dice.randint(0, 700)), swap=nothing,
            fee=nothing, reason="", t_us=self.now_us - late_us,
        )  # fmt: skip
        self.put(deal, account, at_us=self.now_us - late_us)
        if dice.random() < 0.8:
            self._confirm(account)

    def _confirm(self, account: int) -> None:
        state = self.engine.account(account)
        assert state is not None
        board = self.engine.market(BRIDGE).board
        if unpriced(state, board):
            return
        try:
            equity = equity_of(PLAIN, state, board)
        except AssertionError:  # beyond what can be stored: its desk has stopped
            return
        report = EquityReported(
            bridge=BRIDGE, seq=self.next_seq(), equity=state.money(equity),
            balance=state.money(state.balance), margin=state.money(self._margin(state, board)), t_us=self.now_us,
        )  # fmt: skip
        self.put(report, account)

    def _margin(self, state: AccountState, board: Board) -> int:
        """As the platform tells it: mostly ours, now and then another, or none."""
        ours = margins_in_use(state, board, self.now_us, 0) or (0,)
        dice = random.Random(f"{self.seed} margin {self._seq}")
        return dice.choice((0, ours[0], ours[0], ours[-1], 2 * ours[0]))

    def _move_cash(self, account: int) -> None:
        state = self.engine.account(account)
        assert state is not None
        amount = state.money(self.dice.choice((-1, 1)) * state.initial.minor // 300)
        seq = self.next_seq()
        report = CashReported(
            bridge=BRIDGE, seq=seq, cash_id=f"C{seq}", cash_kind=self._cash_kind(amount), amount=amount,
            balance_after=state.money(state.balance) + amount, t_us=self.now_us,
        )  # fmt: skip
        self.put(report, account)

    def _cash_kind(self, amount: Money) -> CashKind:
        """Profit is paid out only where the rules of today say what that does."""
        return CashKind.PAYOUT if self.speaks_today and amount.minor < 0 else CashKind.CORRECTION

    def next_seq(self) -> int:
        self._seq += 1
        return self._seq


@contextmanager
def columns_from(accounts: int) -> Iterator[None]:
    """Accounts whose floor follows every high stand in columns from so many on."""
    usual, wakes.COLUMNS_FROM = wakes.COLUMNS_FROM, accounts
    try:
        yield
    finally:
        wakes.COLUMNS_FROM = usual


@contextmanager
def desks_that_raise(seed: int) -> Iterator[None]:
    """In every other eight worlds a desk raises now and then, at a mark: which one and when follows from the mark alone."""
    right = AccountDesk.decide

    def decide(self: AccountDesk, message: Message | Input, turn: Turn) -> None:
        if isinstance(message, MarkDue) and (7 * self.account + message.at_us // MINUTE_US) % 53 == 0:
            raise ValueError("planted")
        right(self, message, turn)

    if seed // 8 % 2:
        AccountDesk.decide = decide  # type: ignore[method-assign]
    try:
        yield
    finally:
        AccountDesk.decide = right  # type: ignore[method-assign]


@contextmanager
def woken_by_every_price() -> Iterator[None]:
    """No filter at all: each price that an account's equity depends on wakes it."""

    def naive(*args: object, **more: object) -> object:
        watch = watch_of(*args, **more)  # type: ignore[arg-type]
        return replace(watch, bands=None, follower=None) if watch.needed else watch

    account_seat.watch_of = naive  # type: ignore[assignment]
    try:
        yield
    finally:
        account_seat.watch_of = watch_of


def rows_of(batches: list[Batch]) -> list[object]:
    return [row for batch in batches for row, _ in batch.rows]


def refolded(world: World) -> Engine:
    """A fresh engine that took the world's rows as they are."""
    engine = Engine(LINEAGE)
    for batch in world.batches:
        frames = dict(batch.frames)
        for row, body in batch.rows:
            engine.refold(Header(row.seq, row.happened_us, row.received_us, row.account), body, frames.get(row.seq))
    return engine
