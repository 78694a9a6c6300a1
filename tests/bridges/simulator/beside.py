"""A replay with the firm's own engine beside it: what the platform tells is translated and decided, what the firm asks is carried out.

The network is left out. After each slice the firm's book can be held against the platform's, to the minor unit.
"""

import hashlib
import zipfile
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path

from actors.arrival import Arrival
from actors.directory import Directory
from actors.effects import RequestBackfill, RequestSnapshot, SendCommand
from actors.engine import Engine
from bridges.events import Event, encode_event
from bridges.simulator.answers import Reason, Retcode
from bridges.simulator.orders import Terms, Ticket
from bridges.simulator.replay import Market, Replay
from bridges.simulator.script import NOTHING, Script
from bridges.simulator.state import Account, OrderType
from bridges.simulator.symbols import LISTED
from bridges.simulator.ticks import tick_file
from bridges.simulator.valuation import equity_minor
from bridges.translate import Translator
from bridges.wire import BackfillReq, Cmd
from firm import inputs
from firm.account import AccountState
from firm.arithmetic import PLAIN
from firm.commands import EnrolBridge, MarkOrderPaid, PlaceOrder, PublishProgram, RegisterTrader
from firm.equity import equity_of, unpriced
from firm.facts import DriftFound, Fact, PositionsDrifted
from firm.inputs import Input, Side
from firm.instant import DAY_US, datetime_of, parse_utc
from firm.money import Money
from firm.policy import Policy
from firm.quote_frame import Tick, encode_quotes
from firm.ruleset import FirstRuleset, LateBreach, Phase, Program
from firm.terms.first import AmountBase, DailyLoss, FirstAnchor, FirstProfitTarget, FirstTrail, MaximumLoss, OnDailyLoss
from firm.terms.words import Boundary
from firm.trading_day import TradingCalendar
from tests.greeting import greeting

BRIDGE = "sim"
LOT = 10**8


def market_of(
    folder: Path, ticks: Iterable[Tick], script: Script = NOTHING, from_us: int | None = None, to_us: int | None = None
) -> Market:
    """A market of these ticks, from files like any other's."""
    paths = []
    by_file = sorted(ticks, key=lambda tick: (tick.symbol, tick.t_us))
    for (symbol, day), told in groupby(by_file, key=lambda tick: (tick.symbol, tick.t_us // DAY_US)):
        path = folder / f"{symbol.lower()}_tick_{datetime_of(day * DAY_US):%Y%m%d}.zip"
        digits = LISTED[symbol].spec.digits
        lines = [
            f"{(tick.t_us - day * DAY_US) // 1_000},{_decimal(tick.bid, digits)},{_decimal(tick.ask, digits)}"
            for tick in told
        ]
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("ticks.csv", "\n".join(lines))
        paths.append(path)
    return Market([tick_file(path) for path in paths], from_us=from_us, to_us=to_us, script=script)


def _decimal(points: int, digits: int) -> str:
    return f"{points // 10**digits}.{points % 10**digits:0{digits}}"


def rules(loss_max_bp: int = 9_000, trail: FirstTrail = FirstTrail.STATIC, rollover: str = "00:00") -> FirstRuleset:
    """So much may be lost in a day, a tenth more of it in all, and a target nobody meets by chance."""
    daily = DailyLoss(
        id="daily", loss_max_bp=loss_max_bp, anchor=FirstAnchor.BALANCE, base=AmountBase.INITIAL, boundary=Boundary.TOUCHES,
        on_breach=OnDailyLoss.FAIL,
    )  # fmt: skip
    maximum = MaximumLoss(
        id="maximum", loss_max_bp=loss_max_bp * 11 // 10, trail=trail, trails_on=FirstAnchor.BALANCE, lock_at_bp=None,
        boundary=Boundary.TOUCHES,
    )  # fmt: skip
    return FirstRuleset( name="test", calendar=TradingCalendar("Europe/Prague", rollover),
        late_breach=LateBreach.REVIEW, await_swap=False,
        terms=(daily, maximum, FirstProfitTarget(id="target", target_bp=9_000, flat_required=True)),
    )  # fmt: skip


def program(rules: FirstRuleset, size: Money) -> Program:
    phases = tuple(Phase(name=f"Phase {n}", ruleset=rules, funded=False) for n in (1, 2))
    return Program(
        program=size.currency.lower(), title="Two-step", size=size, price=Money(49_900, "USD", 2), bridge=BRIDGE,
        group="demo", leverage=100, accounts_max=3, phases=phases,
    )  # fmt: skip


class Beside:
    """The firm, and the replay that it hears of slice by slice. `facts`: what it decided, with the accounts."""

    def __init__(self, market: Market, saved: bytes | None = None) -> None:
        self.replay = Replay(market, 1, saved)
        self.engine = Engine("0" * 32)
        self.facts: list[tuple[int, Fact]] = []
        self.told: list[Tick | Event] = []
        self._asked: list[Cmd] = []
        self._wanted: list[RequestSnapshot] = []
        self._missed: list[BackfillReq] = []
        self._seq, self._qseq = 0, 1
        self._directory = Directory(self.engine)
        self._translator = Translator(self._directory, now_us=lambda: self.replay.now_us)
        self._put(inputs.PolicyAdopted(policy=Policy(drift_tolerance_bp=0)))
        self._put(EnrolBridge(by="console", bridge=BRIDGE, public_key="k" * 40, simulator=True))
        self._put(greeting(BRIDGE))
        self._hear()

    # --- the firm ---

    def sell(self, rules: FirstRuleset, size: Money, number: int = 0) -> tuple[int, Account]:
        """An account that was bought and opened; whoever sits before it does nothing by themselves."""
        account, order, trader = 7_001 + 10 * number, 501 + number, 1_001 + number
        sold = program(rules, size)
        self._put(PublishProgram(by="console", program=sold))
        self._put(RegisterTrader(by="console", trader=trader, sealed="c0ffee"))
        by = f"trader:{trader}"
        self._put(PlaceOrder(by=by, order=order, trader=trader, program=sold.program, accounts=(account, account + 1)))
        self._put(MarkOrderPaid(by="console", order=order, reference="wire"))
        self._obey()
        held = self.replay.state.accounts[self.state(account).login]
        held.temper = "idle"
        return account, held

    def state(self, account: int) -> AccountState:
        state = self.engine.account(account)
        assert state is not None
        return state

    def equity(self, account: int) -> int:
        """By the firm's own book and board."""
        state, board = self.state(account), self.engine.market(BRIDGE).board
        assert not unpriced(state, board), f"the firm has no price for account {account}"
        return equity_of(PLAIN, state, board)

    def of(self, kind: type[Fact]) -> list[Fact]:
        return [fact for _, fact in self.facts if isinstance(fact, kind)]

    def drifts(self) -> list[Fact]:
        return [*self.of(DriftFound), *self.of(PositionsDrifted)]

    # --- the platform ---

    def play(self, until: str | int | None = None, after_slice: Callable[[], None] = lambda: None) -> None:
        """Slice by slice up to an instant, or to the end."""
        until_us = parse_utc(until) if isinstance(until, str) else until
        while not self.replay.is_over and (until_us is None or self.replay.now_us < until_us):
            self.replay.play_slice()
            self._hear()
            self._put(inputs.ClockTicked(at_us=self.replay.now_us))
            self._obey()
            after_slice()

    def agrees(self) -> None:
        """Balance and equity of every account are the platform's, to the minor unit."""
        platform = self.replay.state
        for login, held in platform.accounts.items():
            account = self._directory.account_of(BRIDGE, login)
            assert account is not None
            assert self.state(account).balance == held.balance_minor
            assert self.equity(account) == equity_minor(held, platform), f"at {self.replay.now_us}"

    def open(
        self, held: Account, symbol: str, side: Side, lots_e8: int = LOT, stop: int = 0, target: int = 0
    ) -> Retcode:
        books, now_us = self.replay._platform.books, self.replay.now_us
        return self._done(held, books.open_market(held, symbol, side, lots_e8, stop, target, now_us))

    def close(self, held: Account) -> Retcode:
        books, [position, *_] = self.replay._platform.books, held.positions.values()
        return self._done(held, books.close(held, position, self.replay.now_us, Reason.CLIENT))

    def place(self, held: Account, symbol: str, side: Side, price: int, terms: Terms | None = None) -> Retcode:
        ticket = Ticket(symbol, side, OrderType.LIMIT, LOT, terms or Terms(price))
        return self._done(held, self.replay._platform.books.orders.place(held, ticket, self.replay.now_us))

    def correct(self, held: Account, deal_id: str, **changes: int) -> Retcode:
        """Staff change a deal."""
        corrections = self.replay._platform.corrections
        return self._done(held, corrections.update(held, deal_id, self.replay.now_us, **changes))

    def delete(self, held: Account, deal_id: str) -> Retcode:
        return self._done(held, self.replay._platform.corrections.delete(held, deal_id, self.replay.now_us))

    def ask(self, action: str, held: Account, **args: str) -> None:
        """A command, as if the firm had sent it."""
        self.replay.carry_out(Cmd(f"by-hand-{self._seq}", "k", held.login, action, args, "", 0))
        self._hear()

    def _done(self, held: Account, answer: Retcode) -> Retcode:
        self.replay._platform.changed(held)
        self.replay._close_parcel()
        self._hear()
        return answer

    # --- between them ---

    def _hear(self) -> None:
        for parcel in self.replay.hand_over():
            self._hear_ticks(parcel.ticks)
            self._hear_events(parcel.events)
        if self.replay.owes_snapshot:
            self.replay.snapshot("", self._seq)
            self._hear()
        mark_us = self.replay.watermark_us
        mark = inputs.Watermark(bridge=BRIDGE, t_us=mark_us, seq=self._seq, qseq=self._qseq - 1)
        self._put(mark, happened_us=mark_us)

    def _hear_ticks(self, ticks: Sequence[Tick]) -> None:
        self.told += ticks
        for place in range(0, len(ticks), 256):
            some = ticks[place : place + 256]
            body = encode_quotes(self._seq, some)
            frame = inputs.QuoteFrame(
                bridge=BRIDGE, qseq=self._qseq, after_seq=self._seq, n=len(some), first_us=some[0].t_us,
                last_us=some[-1].t_us, conflated=False, sha256=hashlib.sha256(body).hexdigest(),
            )  # fmt: skip
            self._qseq += len(some)
            self._put(frame, happened_us=frame.last_us, attachment=body)

    def _hear_events(self, events: Sequence[Event]) -> None:
        self.told += events
        for event in events:
            self._seq += 1
            said = self._translator.translate(BRIDGE, self._seq, encode_event(event))
            assert not said.refused, f"the firm does not believe {event}: {said.body}"
            self._put(said.body, said.account, said.happened_us)

    def _obey(self) -> None:
        while self._asked or self._wanted or self._missed:
            if self._missed:
                self.replay.backfill(self._missed.pop(0))
            elif self._wanted:
                self._wanted.clear()
                self.replay.snapshot("", self._seq)
            else:
                self.replay.carry_out(self._asked.pop(0))
            self._hear()

    def _put(
        self, body: Input, account: int = 0, happened_us: int | None = None, attachment: bytes | None = None
    ) -> None:
        now_us = self.replay.now_us
        at_us = now_us if happened_us is None else happened_us
        batch = self.engine.decide([Arrival(body, at_us, now_us, account, attachment)])
        self.facts += [told for _, decided in batch.decided for told in decided.facts]
        self._directory.learn(batch)
        for effect in batch.effects:
            if isinstance(effect, SendCommand):
                args, deadline_us = effect.args, effect.deadline_us
                self._asked.append(
                    Cmd(effect.command, effect.idem_key, effect.login, effect.action, args, "", deadline_us)
                )
            elif isinstance(effect, RequestSnapshot):
                self._wanted.append(effect)
            elif isinstance(effect, RequestBackfill):
                self._missed.append(BackfillReq(effect.symbol, effect.from_us, effect.to_us))
