"""A small ledger written by hand through storage: Ada's account breaks its daily loss; Ben's rows lie between hers."""

import base64
import hashlib
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from firm.account import AccountState
from firm.account_fold import fold, opened
from firm.arithmetic import Working
from firm.equity import Board, Priced, equity_of, quotes_used
from firm.facts import (
    AccountLinked,
    AccountOpened,
    BreachDeclared,
    BreachSuspected,
    CashBooked,
    ChallengeAdvanced,
    DayAnchored,
    DayOpened,
    DealBooked,
    Doubt,
    Fact,
    MarkTaken,
    OpenPosition,
    PassHeld,
    PhasePassed,
    QuotesRefused,
    QuoteUsed,
    SwapPosted,
    TradingDayCounted,
)
from firm.inputs import ClockTicked, EquityReported, Input, QuoteFrame, Side
from firm.instant import DAY_US, parse_utc
from firm.kinds import payload_of
from firm.money import Money
from firm.price import Quote, SymbolSpec
from firm.quote_frame import Tick, Window, encode_quotes
from firm.rules.limits import breaks, floor_of, limits_of
from firm.rules.objectives import profit_target_of, target_of, won
from firm.ruleset import (
    AmountBase,
    Anchor,
    Boundary,
    DailyLoss,
    LateBreach,
    MaximumLoss,
    MinimumTradingDays,
    OnDailyLoss,
    ProfitTarget,
    Ruleset,
    Trail,
)
from firm.trading_day import TradingCalendar
from storage.checkpoint import Signer
from storage.evidence import build_bundle
from storage.ledger import Ledger
from storage.reader import LedgerReader
from storage.rows import Row

TOOL = Path(__file__).resolve().parents[2] / "tools" / "verify_evidence.py"
SECRET, SEED, LINEAGE = bytes(range(32)), bytes(range(32, 64)), bytes(range(16))
NOON = parse_utc("2014-05-02T12:30:00")
EURUSD = SymbolSpec(symbol="EURUSD", digits=5, contract_e8=100_000 * 10**8, currency_base="EUR", currency_profit="USD")
USDJPY = SymbolSpec(symbol="USDJPY", digits=3, contract_e8=100_000 * 10**8, currency_base="USD", currency_profit="JPY")
RULES = Ruleset(
    semantics=1,
    name="Two-step, phase 1",
    calendar=TradingCalendar("Europe/Prague", "00:00"),
    late_breach=LateBreach.REVIEW,
    await_swap=False,
    terms=(
        DailyLoss(
            id="daily",
            loss_max_bp=500,
            anchor=Anchor.BALANCE,
            base=AmountBase.INITIAL,
            boundary=Boundary.TOUCHES,
            on_breach=OnDailyLoss.FAIL,
        ),
        MaximumLoss(
            id="overall",
            loss_max_bp=1_000,
            trail=Trail.STATIC,
            trails_on=Anchor.BALANCE,
            lock_at_bp=None,
            boundary=Boundary.CROSSES,
        ),
        ProfitTarget(id="target", target_bp=800, flat_required=True),
        MinimumTradingDays(id="days", days_min=1),
    ),
)


def usd(text: str) -> Money:
    return Money.parse(text, "USD")


class Story:
    """What happened, row by row. Ada's state is folded along, so that her figures cite real rows."""

    ada, ben = 0x2_1111_1111_1111, 0x1_2222_2222_2222
    rules = RULES

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        Ledger.create(directory, firm_slug="acme-funding", lineage=LINEAGE, secret=SECRET, signing_seed=SEED)
        self.ledger = Ledger.open(directory, secret=SECRET, signing_seed=SEED, read_models=())
        self.states: dict[int, AccountState] = {}
        self.at_us = NOON
        # What a dishonest firm does to its verdicts before it writes them.
        self.alter: Callable[[dict[str, Any]], object] = dict
        self.board = Board({spec.symbol: spec for spec in (EURUSD, USDJPY)}, {})
        self.input = 0
        self.qseq = 1
        self.frame = b""

    def add(self, body: Input | Fact, account: int = 0) -> int:
        """Append one row; facts are caused by the last input."""
        seq = self.ledger.size + 1
        self.at_us += 1_000
        cause = self.input if isinstance(body, Fact) else 0
        if not cause:
            self.input = seq
        row = Row(seq, type(body).__name__, self.at_us, self.at_us + 7, cause, account, payload_of(body))
        frames = [(seq, self.frame)] if isinstance(body, QuoteFrame) else []
        self.ledger.append([(row, body)], frames=frames)
        if isinstance(body, AccountOpened):
            self.states[account] = opened(body, account, seq, self.at_us)
        elif account in self.states:
            self.states[account] = fold(self.states[account], body, seq, self.at_us)
        return seq

    def clock(self) -> int:
        return self.add(ClockTicked(at_us=self.at_us))

    def open_account(self, account: int, ruleset: Ruleset = RULES) -> None:
        self.clock()
        self.add(ChallengeAdvanced(challenge=account + 2, phase=0), account)
        fact = AccountOpened(
            trader=account + 1,
            challenge=account + 2,
            phase=0,
            phase_name="Phase 1",
            funded=False,
            bridge="sim",
            initial=usd("100_000.00"),
            ruleset_id=ruleset.ruleset_id(),
            ruleset=ruleset,
        )
        self.add(fact, account)
        self.add(AccountLinked(login=f"{account}"), account)

    def open_day(self, account: int, *, provisional: bool = False) -> int:
        state = self.states[account]
        self.clock()
        same = ("position_id", "symbol", "side", "lots_e8", "price_open", "opened_us")
        held = tuple(
            OpenPosition(**{name: getattr(one, name) for name in same}, swap=state.money(one.swap))
            for one in state.positions
        )
        day = state.ruleset.calendar.day_at(self.at_us)
        balance = state.money(state.balance)
        fact = DayOpened(day=day, balance=balance, equity=balance, positions=held, quotes=(), provisional=provisional)
        return self.add(fact, account)

    def next_day(self) -> None:
        self.at_us += DAY_US

    def anchor_day(self, account: int) -> int:
        state = self.states[account]
        assert state.day is not None
        balance = state.money(state.day.balance)
        self.clock()
        return self.add(DayAnchored(day=state.day.day, balance=balance, equity=balance, changed=False), account)

    def trade(
        self, account: int, position: str, symbol: str, side: Side, lots_e8: int, price: int, net: str = "-3.50"
    ) -> int:
        state = self.states[account]
        self.clock()
        fact = DealBooked(
            deal_id=f"d{self.ledger.size}",
            position_id=position,
            symbol=symbol,
            side=side,
            lots_e8=lots_e8,
            price_open=price,
            swap=state.money(0),
            opened_us=self.at_us,
            net=usd(net),
            balance=state.money(state.balance) + usd(net),
        )
        seq = self.add(fact, account)
        if lots_e8 and not state.days_traded:
            self.add(TradingDayCounted(label="2014-05-02", count=1), account)
        return seq

    def deposit(self, account: int, amount: str) -> int:
        balance = self.states[account].money(self.states[account].balance) + usd(amount)
        self.clock()
        return self.add(
            CashBooked(cash_id=f"c{self.ledger.size}", amount=usd(amount), balance=balance, net=usd(amount)), account
        )

    def swap(self, account: int, position: str, amount: str) -> int:
        self.clock()
        return self.add(SwapPosted(position_id=position, swap=usd(amount)), account)

    def noise(self, account: int, rows: int) -> None:
        """Rows that judge nothing, as they lie between the ones that matter."""
        state = self.states[account]
        for number in range(rows):
            if number % 2:
                self.add(self.equity_report(), account)
            else:
                marked = state.money(state.balance)
                self.add(MarkTaken(balance=marked, equity=marked, headroom=None), account)

    def equity_report(self) -> EquityReported:
        one = usd("1.00")
        return EquityReported(bridge="sim", seq=1, equity=one, balance=one, margin=one, t_us=self.at_us)

    def price(self, symbol: str, bid: int, ask: int) -> int:
        """A frame with one believable price, and the same symbol crossed after it: that one is refused."""
        t_us = self.at_us
        seq = self.show(Tick(symbol, t_us, bid, ask), Tick(symbol, t_us, ask + 1, bid))
        self.add(QuotesRefused(bridge="sim", refused=((1, "crossed"),)))
        self.board.quotes[symbol] = Quote(symbol, t_us, bid, ask, seq, 0)
        return seq

    def show(self, *ticks: Tick, conflated: bool = False, windows: Sequence[Window] = ()) -> int:
        """A frame of prices of which nobody has judged anything yet."""
        entries = windows or ticks
        self.frame = encode_quotes(0, entries)
        body = QuoteFrame(
            bridge="sim",
            qseq=self.qseq,
            after_seq=0,
            n=len(entries),
            first_us=entries[0].t_us,
            last_us=entries[-1].t_us,
            conflated=conflated,
            sha256=hashlib.sha256(self.frame).hexdigest(),
        )
        self.qseq += len(entries)
        return self.add(body)

    def judge(self, account: int, rule: str, doubts: tuple[Doubt, ...] = ()) -> int:
        """The verdict on one limit at the prices on the board, as the account's desk writes it."""
        state = self.states[account]
        limit = next(one for one in limits_of(state) if one.terms.id == rule)
        cited = {
            quote.symbol: Priced(self.add(self._exhibit(quote), account)) for quote in quotes_used(state, self.board)
        }
        state = self.states[account]
        calc = Working()
        observed = equity_of(calc, state, self.board, cited)
        floor = floor_of(calc, state, limit.place, limit.terms)
        breaks(calc, limit.terms.boundary, observed, floor)
        told: dict[str, Any] = {
            "rule": rule,
            "rule_kind": "daily_loss" if isinstance(limit.terms, DailyLoss) else "maximum_loss",
            "severity": "hard",
            "floor": state.money(int(floor)),
            "observed": state.money(int(observed)),
            "at_us": self.at_us,
            "late": False,
            "quotes": tuple(priced.seq for priced in cited.values()),
            "working": tuple(calc.steps),
        }
        self.alter(told)
        if doubts:
            return self.add(BreachSuspected(**told, doubts=doubts), account)
        return self.add(BreachDeclared(**told), account)

    def confirm(self, account: int) -> int:
        """What settles a suspicion: the equity recorded then against the floor as it is now."""
        state = self.states[account]
        finding = state.findings[-1]
        limit = next(one for one in limits_of(state) if one.terms.id == finding.rule)
        calc = Working()
        observed = calc.given(
            "equity when the breach was suspected",
            finding.observed,
            "minor",
            f"{finding.seq}/observed/minor",
        )
        if state.day is not None and state.day.day.start_us == finding.day_us:
            floor = floor_of(calc, state, limit.place, limit.terms)
        else:
            floor = calc.given(
                "floor when the breach was suspected", finding.floor, "minor", f"{finding.seq}/floor/minor"
            )
        breaks(calc, limit.terms.boundary, observed, floor)
        fact = BreachDeclared(
            rule=limit.terms.id,
            rule_kind="daily_loss",
            severity="hard",
            floor=state.money(int(floor)),
            observed=state.money(int(observed)),
            at_us=finding.at_us,
            late=False,
            quotes=(),
            working=tuple(calc.steps),
        )
        self.clock()
        return self.add(fact, account)

    def win(self, account: int, doubts: tuple[Doubt, ...] = ()) -> int:
        state = self.states[account]
        calc = Working()
        won(calc, state)
        found = profit_target_of(state)
        target = target_of(state)
        assert found is not None
        assert target is not None
        told: dict[str, Any] = {
            "rule": found[1].id,
            "target": state.money(target),
            "observed": state.money(state.balance),
            "working": tuple(calc.steps),
        }
        self.alter(told)
        self.clock()
        if doubts:
            return self.add(PassHeld(**told, doubts=doubts), account)
        return self.add(PhasePassed(**told, trading_days=state.days_traded), account)

    def checkpoint(self) -> str:
        """Sign the tree with one more row."""
        seq = self.ledger.size + 1
        body = ClockTicked(at_us=self.at_us)
        row = Row(seq, "ClockTicked", self.at_us, self.at_us, 0, 0, payload_of(body))
        (signed,) = self.ledger.append([(row, body)], checkpoints=[(seq, self.at_us)])
        return signed.note

    def reader(self) -> LedgerReader:
        return LedgerReader(self.directory, secret=SECRET)

    def bundle(self, decision: int, since: str | None = None) -> bytes:
        with self.reader() as reader:
            return build_bundle(reader, decision, secret=SECRET, signing_seed=SEED, since=since)

    def both_open(self, ruleset: Ruleset = RULES) -> None:
        for account in (self.ada, self.ben):
            self.open_account(account, ruleset)
            self.open_day(account)

    def ada_breaks_her_daily_loss(self, noise: int = 3, doubts: tuple[Doubt, ...] = ()) -> int:
        """Ada holds EURUSD, with a swap, and USDJPY, whose profit is converted; the release takes her to 94 939.66."""
        self.both_open()
        self.price("EURUSD", 138_700, 138_702)
        self.price("USDJPY", 102_300, 102_303)
        self.trade(self.ada, "p1", "EURUSD", Side.BUY, 200_000_000, 138_702)
        self.trade(self.ben, "p9", "EURUSD", Side.SELL, 100_000_000, 138_700)
        self.noise(self.ada, noise)
        self.trade(self.ada, "p2", "USDJPY", Side.SELL, 50_000_000, 102_300)
        self.swap(self.ada, "p1", "-4.20")
        self.noise(self.ben, noise)
        self.price("USDJPY", 102_800, 102_804)
        self.price("EURUSD", 136_300, 136_305)
        return self.judge(self.ada, "daily", doubts)

    def ada_is_flat_below_her_floor(self) -> int:
        """The smallest breach there is: one rule, nothing open, the balance itself touches the floor."""
        self.both_open(replace(RULES, name="1", terms=RULES.terms[:1]))
        self.deposit(self.ada, "-5_000.00")
        return self.judge(self.ada, "daily")

    def ada_reaches_her_target(self, doubts: tuple[Doubt, ...] = ()) -> int:
        self.both_open()
        self.trade(self.ada, "p1", "EURUSD", Side.BUY, 200_000_000, 138_702)
        self.trade(self.ada, "p1", "EURUSD", Side.BUY, 0, 138_702, net="8_100.00")
        return self.win(self.ada, doubts)

    def _exhibit(self, quote: Quote) -> QuoteUsed:
        spec = self.board.specs[quote.symbol]
        told = {name: getattr(quote, name) for name in ("symbol", "frame", "index", "t_us", "bid", "ask")}
        return QuoteUsed(
            **told,
            digits=spec.digits,
            contract_e8=spec.contract_e8,
            currency_base=spec.currency_base,
            currency_profit=spec.currency_profit,
        )


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    told = Story(tmp_path)
    yield told
    told.ledger.close()


@pytest.fixture(scope="session")
def verifier() -> ModuleType:
    """The tool as a module, loaded from its one file."""
    spec = importlib.util.spec_from_file_location("verify_evidence", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def resigned() -> Callable[[dict[str, Any]], bytes]:
    """Close a bundle anew: what a firm that alters its own file would do, so that the checks behind the signature are met."""

    def close(bundle: dict[str, Any]) -> bytes:
        unsigned = json.dumps({**bundle, "signature": ""}, ensure_ascii=True, separators=(",", ":"))[: -len('"}')]
        signature = base64.b64encode(Signer(SEED).sign(unsigned.encode())).decode()
        return f'{unsigned}{signature}"}}\n'.encode()

    return close
