"""A firm in memory: the real engine and desks, driven by arrivals, with a platform played by hand."""

import functools
import hashlib
import random
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from actors.arrival import Arrival, Decided
from actors.batch import Batch
from actors.desk import Header
from actors.engine import Engine
from firm.account import AccountState
from firm.commands import AddStaff, EnrolBridge, MarkOrderPaid, PlaceOrder, PublishProgram, RegisterTrader
from firm.facts import CommandQueued, Fact
from firm.inputs import (
    AccountReported,
    CashKind,
    CashReported,
    ClockTicked,
    CommandAcknowledged,
    CommandReported,
    CommandState,
    DealEntry,
    DealReported,
    EquityReported,
    Input,
    OrderReported,
    PolicyAdopted,
    PositionReported,
    QuoteFrame,
    Side,
    SnapshotPosition,
    SnapshotReported,
    SymbolReported,
    Watermark,
)
from firm.instant import SECOND_US, parse_utc
from firm.money import Money
from firm.policy import Policy
from firm.price import SymbolSpec
from firm.quote_frame import Tick, encode_quotes
from firm.ruleset import FirstRuleset, LateBreach, Phase, Program
from firm.terms.first import (
    AmountBase,
    DailyLoss,
    FirstAnchor,
    FirstProfitTarget,
    FirstTerm,
    FirstTrail,
    MaximumLoss,
    MinimumTradingDays,
    OnDailyLoss,
)
from firm.terms.words import Boundary
from firm.trading_day import TradingCalendar
from tests.greeting import greeting

ADA, BEN = 1001, 1002
STAFF = {1: "risk", 2: "owner"}  # Ruth and Omar
START_US = parse_utc("2014-05-01T20:00:00")

EURUSD = SymbolSpec(symbol="EURUSD", digits=5, contract_e8=100_000 * 10**8, currency_base="EUR", currency_profit="USD")
XAUUSD = SymbolSpec(symbol="XAUUSD", digits=3, contract_e8=100 * 10**8, currency_base="XAU", currency_profit="USD")


def usd(text: str) -> Money:
    return Money.parse(text, "USD")


def daily_loss(**changes: object) -> DailyLoss:
    terms = {
        "id": "daily",
        "loss_max_bp": 500,
        "anchor": FirstAnchor.BALANCE,
        "base": AmountBase.INITIAL,
        "boundary": Boundary.TOUCHES,
        "on_breach": OnDailyLoss.FAIL,
    }
    return DailyLoss(**{**terms, **changes})


def maximum_loss(**changes: object) -> MaximumLoss:
    terms = {
        "id": "maximum",
        "loss_max_bp": 1000,
        "trail": FirstTrail.STATIC,
        "trails_on": FirstAnchor.BALANCE,
        "lock_at_bp": None,
        "boundary": Boundary.TOUCHES,
    }
    return MaximumLoss(**{**terms, **changes})


USUAL: tuple[FirstTerm, ...] = (
    daily_loss(),
    maximum_loss(),
    FirstProfitTarget(id="target", target_bp=200, flat_required=True),
    MinimumTradingDays(id="days", days_min=1),
)


def ruleset(*terms: FirstTerm, zone: str = "Europe/Prague", late: LateBreach = LateBreach.REVIEW) -> FirstRuleset:
    return FirstRuleset(
        name="test",
        calendar=TradingCalendar(zone, "00:00"),
        late_breach=late,
        await_swap=False,
        terms=terms or USUAL,
    )


def program(*rules: FirstRuleset, name: str = "two-step", currency: str = "USD") -> Program:
    chosen = rules or (ruleset(), ruleset())
    phases = tuple(Phase(name=f"Phase {n}", ruleset=rules, funded=False) for n, rules in enumerate(chosen, start=1))
    return Program(
        program=name,
        title="Two-step 100k",
        size=Money.parse("100_000.00", currency),
        price=usd("499.00"),
        bridge="sim",
        group="demo",
        leverage=100,
        accounts_max=3,
        phases=phases,
    )


@dataclass
class Stage:
    """The engine with a clock and a platform's counters."""

    engine: Engine = field(default_factory=lambda: Engine("0" * 32))
    now_us: int = START_US
    seq: int = 0
    qseq: int = 1
    batches: list[Batch] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    deals: int = 0

    def put(self, body: Input, account: int = 0, frame: bytes | None = None, happened_us: int | None = None) -> Decided:
        arrival = Arrival(body, self.now_us if happened_us is None else happened_us, self.now_us, account, frame)
        self.arrivals.append(arrival)
        batch = self.engine.decide([arrival])
        self.batches.append(batch)
        return batch.decided[0][1]

    def wait(self, seconds: float) -> None:
        self.now_us += int(seconds * SECOND_US)

    def facts(self, kind: type[Fact] | None = None, account: int | None = None) -> list[Fact]:
        return [
            fact
            for batch in self.batches
            for _, decided in batch.decided
            for of, fact in decided.facts
            if (kind is None or isinstance(fact, kind)) and (account is None or of == account)
        ]

    def account(self, account: int) -> AccountState:
        state = self.engine.account(account)
        assert state is not None
        return state

    def refolded(self, *, with_prices: bool = True) -> Engine:
        """A fresh engine that took the rows as they are. `with_prices`: whether the quote frames are still on the machine."""
        folded = Engine(self.engine.lineage)
        for batch in self.batches:
            frames = dict(batch.frames) if with_prices else {}
            for row, body in batch.rows:
                header = Header(row.seq, row.happened_us, row.received_us, row.account)
                folded.refold(header, body, frames.get(row.seq))
        return folded

    # --- the firm ---

    def open_shop(self, *programs: Program, policy: Policy | None = None) -> None:
        self.put(PolicyAdopted(policy=policy or Policy()))
        self.put(EnrolBridge(by="console", bridge="sim", public_key="k" * 40, simulator=True))
        self.put(greeting())
        for spec in (EURUSD, XAUUSD):
            self.put(SymbolReported(bridge="sim", seq=self.next_seq(), spec=spec))
        for offered in programs or (program(),):
            self.put(PublishProgram(by="console", program=offered))
        for number, role in STAFF.items():
            self.put(AddStaff(by="console", staff=number, role=role, sealed="c0ffee"))

    def sell(
        self, trader: int = ADA, order: int = 501, accounts: tuple[int, ...] = (7001, 7002), name: str = "two-step"
    ) -> int:
        """A trader with an open account on the platform; the first phase's account id."""
        self.put(RegisterTrader(by="console", trader=trader, sealed="c0ffee"))
        self.put(PlaceOrder(by=f"trader:{trader}", order=order, trader=trader, program=name, accounts=accounts))
        self.put(MarkOrderPaid(by="console", order=order, reference="wire 1"))
        self.provision(accounts[0])
        return accounts[0]

    def provision(self, account: int) -> None:
        command = next(fact for fact in reversed(self.facts(CommandQueued, account)) if fact.action == "create_account")
        login = f"L{account}"
        self.applied(command.command, login, account)
        self.show(account, login)

    def show(self, account: int, login: str) -> None:
        """The platform tells of the account as it was sold."""
        state = self.account(account)
        self.put(
            AccountReported(
                bridge="sim",
                seq=self.next_seq(),
                login=login,
                group="demo",
                leverage=100,
                trading_allowed=True,
                balance=state.initial,
                credit=state.initial.with_minor(0),
                t_us=self.now_us,
            ),
            account,
        )

    def applied(self, command: str, ref: str, account: int) -> None:
        self.put(CommandAcknowledged(bridge="sim", seq=self.next_seq(), command=command, t_us=self.now_us), account)
        self.put(
            CommandReported(
                bridge="sim",
                seq=self.next_seq(),
                command=command,
                state=CommandState.APPLIED,
                retcode="",
                vendor_ref=ref,
                t_us=self.now_us,
            ),
            account,
        )

    @staticmethod
    def trailing_program(late: LateBreach) -> Program:
        """6 % below the highest equity ever, and nothing else."""
        limit = maximum_loss(trail=FirstTrail.EVERY_TICK, loss_max_bp=600)
        return program(ruleset(limit, late=late), ruleset(limit, late=late), name="six-trailing")

    @staticmethod
    def equity_program() -> Program:
        """5 % a day, measured from the equity at midnight."""
        rules = ruleset(daily_loss(anchor=FirstAnchor.EQUITY))
        return program(rules, rules, name="from-equity")

    # --- the platform ---

    def next_seq(self) -> int:
        self.seq += 1
        return self.seq

    def tick(self, symbol: str, bid: int, ask: int, at_us: int | None = None) -> Decided:
        return self.frame([Tick(symbol, self.now_us if at_us is None else at_us, bid, ask)])

    def frame(self, ticks: list[Tick]) -> Decided:
        raw = encode_quotes(self.seq, ticks)
        body = QuoteFrame(
            bridge="sim",
            qseq=self.qseq,
            after_seq=self.seq,
            n=len(ticks),
            first_us=ticks[0].t_us,
            last_us=ticks[-1].t_us,
            conflated=False,
            sha256=hashlib.sha256(raw).hexdigest(),
        )
        self.qseq += len(ticks)
        return self.put(body, frame=raw)

    def watermark(self) -> Decided:
        return self.put(Watermark(bridge="sim", t_us=self.now_us, seq=self.seq, qseq=self.qseq - 1))

    def clock(self) -> Decided:
        return self.put(ClockTicked(at_us=self.now_us))

    def deal(
        self,
        account: int,
        position: str,
        side: Side,
        lots: str,
        price: int,
        *,
        entry: DealEntry = DealEntry.IN,
        symbol: str = "EURUSD",
        profit: str = "0.00",
        commission: str = "0.00",
        deal: str = "",
        order: str = "O",
        reason: str = "client",
        at_us: int | None = None,
    ) -> Decided:
        self.deals += 1
        state = self.account(account)
        money = lambda text: Money.parse(text, state.initial.currency)  # noqa: E731
        return self.put(
            DealReported(
                bridge="sim",
                seq=self.next_seq(),
                deal_id=deal or f"D{self.deals}",
                order_id=order,
                position_id=position,
                symbol=symbol,
                entry=entry,
                side=side,
                lots_e8=Money.parse(lots, "LOT", 8).minor,
                price=price,
                profit=money(profit),
                commission=money(commission),
                swap=money("0.00"),
                fee=money("0.00"),
                reason=reason,
                t_us=self.now_us if at_us is None else at_us,
            ),
            account,
            happened_us=at_us,
        )

    def cash(self, account: int, amount: str, cash_id: str = "", kind: CashKind = CashKind.CORRECTION) -> Decided:
        state = self.account(account)
        moved = Money.parse(amount, state.initial.currency)
        seq = self.next_seq()
        return self.put(
            CashReported(
                bridge="sim", seq=seq, cash_id=cash_id or f"C{seq}", cash_kind=kind, amount=moved,
                balance_after=state.money(state.balance) + moved, t_us=self.now_us,
            ),
            account,
        )  # fmt: skip

    def order(self, account: int, order: str, state: str) -> Decided:
        """A pending order as the platform holds it."""
        return self.put(
            OrderReported(
                bridge="sim", seq=self.next_seq(), order_id=order, symbol="EURUSD", side=Side.BUY, order_type="limit", lots_e8=10**8,
                price=138_000, state=state, t_us=self.now_us,
            ),
            account,
        )  # fmt: skip

    def position(
        self,
        account: int,
        position: str,
        *,
        stop_loss: int = 0,
        take_profit: int = 0,
        swap: str = "0.00",
        price_open: int | None = None,
    ) -> Decided:
        """An open position as the platform holds it, with its stops."""
        state = self.account(account)
        held = state.position(position)
        assert held is not None
        return self.put(
            PositionReported(
                bridge="sim", seq=self.next_seq(), position_id=position, op="changed", symbol=held.symbol, side=held.side,
                lots_e8=held.lots_e8, price_open=price_open or held.price_open, stop_loss=stop_loss, take_profit=take_profit,
                swap=Money.parse(swap, state.initial.currency), opened_us=held.opened_us, t_us=self.now_us,
            ),
            account,
        )  # fmt: skip

    def equity(self, account: int, equity: str, balance: str, margin: str = "0.00") -> Decided:
        state = self.account(account)
        money = lambda text: Money.parse(text, state.initial.currency)  # noqa: E731
        return self.put(
            EquityReported(
                bridge="sim",
                seq=self.next_seq(),
                equity=money(equity),
                balance=money(balance),
                margin=money(margin),
                t_us=self.now_us,
            ),
            account,
        )

    def flat(self, account: int, *, trading_allowed: bool) -> Decided:
        return self._snapshot(account, (), trading_allowed=trading_allowed, orders=0)

    def snapshot(self, account: int, *, trading_allowed: bool = False, orders: int = 0) -> Decided:
        """The platform shows what our book holds, and so many pending orders."""
        state = self.account(account)
        positions = tuple(
            SnapshotPosition(
                position_id=held.position_id,
                symbol=held.symbol,
                side=held.side,
                lots_e8=held.lots_e8,
                price_open=held.price_open,
                swap=state.money(held.swap),
                opened_us=held.opened_us,
            )
            for held in state.positions
        )
        return self._snapshot(account, positions, trading_allowed=trading_allowed, orders=orders)

    def _snapshot(
        self, account: int, positions: tuple[SnapshotPosition, ...], *, trading_allowed: bool, orders: int
    ) -> Decided:
        state = self.account(account)
        return self.put(
            SnapshotReported(
                bridge="sim",
                seq=self.next_seq(),
                as_of_seq=self.seq,
                login=state.login,
                trading_allowed=trading_allowed,
                balance=state.money(state.balance),
                equity=state.money(state.balance),
                positions=positions,
                pending_orders=orders,
                t_us=self.now_us,
            ),
            account,
        )


@pytest.fixture
def stage() -> Stage:
    made = Stage()
    made.open_shop()
    return made


TRAILING = ruleset(
    daily_loss(on_breach=OnDailyLoss.PAUSE_UNTIL_ROLLOVER, loss_max_bp=200, anchor=FirstAnchor.HIGHER),
    maximum_loss(trail=FirstTrail.EVERY_TICK, loss_max_bp=400, lock_at_bp=0),
    FirstProfitTarget(id="target", target_bp=200, flat_required=True),
)
END_OF_DAY = ruleset(
    daily_loss(anchor=FirstAnchor.EQUITY, boundary=Boundary.CROSSES),
    maximum_loss(trail=FirstTrail.END_OF_DAY, trails_on=FirstAnchor.HIGHER, loss_max_bp=500),
    FirstProfitTarget(id="target", target_bp=200, flat_required=False),
)


class BusyFirm(Stage):
    """A seeded stretch of a small firm: nine accounts under three programs, prices that wander and jump, two midnights."""

    def play(self, seed: int, steps: int = 400) -> None:
        """Everything that happens comes from the seed alone, never from what was decided."""
        dice = random.Random(seed)
        self.open_shop(
            program(),
            program(TRAILING, name="trailing"),
            program(END_OF_DAY, name="euro", currency="EUR"),
            policy=Policy(checkpoint_rows=40, reconcile_within_us=6 * 3600 * SECOND_US),
        )
        accounts = [
            self.sell(2_000 + n, 600 + n, (8_000 + 2 * n, 8_001 + 2 * n), ("two-step", "trailing", "euro")[n % 3])
            for n in range(9)
        ]
        prices = {"EURUSD": 138_700, "XAUUSD": 1_290_000}
        held: dict[int, list[tuple[str, Side, str, str, int]]] = {account: [] for account in accounts}
        self.wait(3_000)
        for step in range(steps):
            self.wait(dice.choice((1, 2, 5, 60)))
            self._prices(dice, prices)
            if dice.random() < 0.4:
                self._trade(dice, dice.choice(accounts), held, prices, step)
            if dice.random() < 0.2:
                self.watermark()
                self.clock()

    def _prices(self, dice: random.Random, prices: dict[str, int]) -> None:
        ticks = []
        for _ in range(dice.randint(1, 6)):
            symbol = dice.choice(list(prices))
            scale = prices[symbol] // (200 if dice.random() < 0.03 else 4_000)
            prices[symbol] = max(1_000, prices[symbol] + dice.randint(-scale, scale))
            ticks.append(Tick(symbol, self.now_us, prices[symbol], prices[symbol] + prices[symbol] // 9_000))
        self.frame(ticks)

    def _trade(self, dice, account, held, prices, step) -> None:
        if held[account] and dice.random() < 0.5:
            position, side, lots, symbol, opened = held[account].pop(dice.randrange(len(held[account])))
            price = prices[symbol]
            moved = (price - opened) * (1 if side is Side.BUY else -1)
            cents = moved * int(lots) * (100 if symbol == "EURUSD" else 10)
            other = Side.SELL if side is Side.BUY else Side.BUY
            self.deal(
                account, position, other, lots, price, entry=DealEntry.OUT, symbol=symbol, profit=cents_text(cents)
            )
        else:
            side, symbol = dice.choice(list(Side)), dice.choice(list(prices))
            lots = str(dice.randint(1, 6))
            self.deal(account, f"P{step}", side, lots, prices[symbol], symbol=symbol, commission="-7.00")
            held[account].append((f"P{step}", side, lots, symbol, prices[symbol]))
        balance = self.account(account).balance
        if dice.random() < 0.7:
            self.equity(account, cents_text(balance), cents_text(balance))


def cents_text(cents: int) -> str:
    sign, cents = ("-" if cents < 0 else ""), abs(cents)
    return f"{sign}{cents // 100}.{cents % 100:02d}"


def _busy(seed: int, steps: int = 400) -> BusyFirm:
    firm = BusyFirm()
    firm.play(seed, steps)
    return firm


@pytest.fixture(scope="session")
def busy():
    """Firms that were played once, for whoever only reads them."""
    return functools.lru_cache(maxsize=32)(_busy)


@pytest.fixture
def busy_anew():
    """A firm that the test may go on with."""
    return _busy


@pytest.fixture
def hands():
    """What builds rules and programs in this room: a conftest cannot be imported."""
    return SimpleNamespace(
        Stage=Stage,
        ruleset=ruleset,
        program=program,
        daily_loss=daily_loss,
        maximum_loss=maximum_loss,
        OnDailyLoss=OnDailyLoss,
    )
