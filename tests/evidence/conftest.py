"""A small ledger written by hand through storage: Ada's account breaks its daily loss; Ben's rows lie between hers."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from actors.account_book import figures_of
from actors.account_settling import figures
from actors.account_verdicts import kind_of
from firm.account import AccountState
from firm.account_fold import fold, opened
from firm.arithmetic import PLAIN, Step, Working
from firm.commands import ReviewOutcome, ReviewVerdict
from firm.equity import Board, Priced, equity_of, quotes_used, unpriced
from firm.exhibits import exhibit_of
from firm.facts import (
    AccountLinked,
    AccountOpened,
    BreachDeclared,
    BreachSuspected,
    CashBooked,
    ChallengeAdvanced,
    DayAnchored,
    DayOpened,
    DayStartMoved,
    DealBooked,
    Doubt,
    Fact,
    HighMoved,
    MarkTaken,
    OpenPosition,
    PassHeld,
    PeakReached,
    PhasePassed,
    QuotesRefused,
    ScoreMet,
    SwapPosted,
    TradingDayCounted,
    VerdictCorrected,
)
from firm.inputs import (
    CashKind,
    CashReported,
    ClockTicked,
    DealEntry,
    DealReported,
    EquityReported,
    Input,
    PositionReported,
    QuoteFrame,
    Side,
)
from firm.instant import DAY_US, parse_utc
from firm.kinds import payload_of
from firm.money import Money, divided_rounded_half_away
from firm.price import Quote, SymbolSpec
from firm.quote_frame import Tick, Window, encode_quotes
from firm.rules.limits import breaks, floor_of, limits_of, measured_of
from firm.rules.winning import Moment, profit_target_of, score_of, score_targets, target_of, won
from firm.ruleset import AnyRuleset, FirstRuleset, LateBreach
from firm.terms.first import (
    AmountBase,
    DailyLoss,
    FirstAnchor,
    FirstProfitTarget,
    FirstTrail,
    MaximumLoss,
    MinimumTradingDays,
    OnDailyLoss,
)
from firm.terms.losses import Measured
from firm.terms.words import Action, Boundary
from firm.trading_day import TradingCalendar
from storage.checkpoint import Signer
from storage.evidence import build_bundle
from storage.grounds import Grounds
from storage.ledger import Ledger
from storage.reader import LedgerReader
from storage.rows import Row
from tests.actors.conftest import Stage
from tests.evidence.limits_of_today import moved_cycle, moved_week
from tests.loading import loaded

TOOL = Path(__file__).resolve().parents[2] / "tools" / "verify_evidence.py"
SECRET, SEED, LINEAGE = bytes(range(32)), bytes(range(32, 64)), bytes(range(16))
NOON = parse_utc("2014-05-02T12:30:00")
EURUSD = SymbolSpec(symbol="EURUSD", digits=5, contract_e8=100_000 * 10**8, currency_base="EUR", currency_profit="USD")
USDJPY = SymbolSpec(symbol="USDJPY", digits=3, contract_e8=100_000 * 10**8, currency_base="USD", currency_profit="JPY")
RULES = FirstRuleset(
    name="Two-step, phase 1",
    calendar=TradingCalendar("Europe/Prague", "00:00"),
    late_breach=LateBreach.REVIEW,
    await_swap=False,
    terms=(
        DailyLoss(
            id="daily", loss_max_bp=500, anchor=FirstAnchor.BALANCE, base=AmountBase.INITIAL, boundary=Boundary.TOUCHES,
            on_breach=OnDailyLoss.FAIL,
        ),
        MaximumLoss(
            id="overall", loss_max_bp=1_000, trail=FirstTrail.STATIC, trails_on=FirstAnchor.BALANCE, lock_at_bp=None,
            boundary=Boundary.CROSSES,
        ),
        FirstProfitTarget(id="target", target_bp=800, flat_required=True),
        MinimumTradingDays(id="days", days_min=1),
    ),
)  # fmt: skip


def usd(text: str) -> Money:
    return Money.parse(text, "USD")


def _recomputed(told: dict[str, Any]) -> None:
    """Do the steps again from what their arguments are now, so that only the alteration itself can be found."""
    ops: dict[str, Callable[[int, int], int]] = {
        "plus": lambda a, b: a + b,
        "minus": lambda a, b: a - b,
        "times": lambda a, b: a * b,
        "divided_rounded_down": lambda a, b: a // b,
        "divided_rounded_half_away": lambda a, b: (2 * abs(a) + b) // (2 * b) * (-1 if a < 0 else 1),
        "is_at_or_below": lambda a, b: int(a <= b),
        "is_below": lambda a, b: int(a < b),
    }
    values: dict[str, int] = {}
    steps: list[Step] = []
    for step in told["working"]:
        known = [arg if arg.startswith("#") or arg in values else steps[-1].name for arg in step.args]
        numbers = [int(arg[1:]) if arg.startswith("#") else values[arg] for arg in known]
        value = step.value if step.op == "given" else ops[step.op](numbers[0], numbers[1])
        values[step.name] = value
        steps.append(replace(step, args=tuple(known), value=value))
    told["working"] = tuple(steps)
    told["observed"] = told["observed"].with_minor(values[steps[-1].args[0]])
    told["floor"] = told["floor"].with_minor(values[steps[-1].args[1]])


class Story:
    """What happened, row by row. Ada's state is folded along, so that her figures cite real rows."""

    ada, ben = 0x2_1111_1111_1111, 0x1_2222_2222_2222
    rules = RULES
    initial = usd("100_000.00")
    recomputed = staticmethod(_recomputed)

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        Ledger.create(directory, firm_slug="acme-funding", lineage=LINEAGE, secret=SECRET, signing_seed=SEED)
        self.ledger = Ledger.open(directory, secret=SECRET, signing_seed=SEED, read_models=())
        self.states: dict[int, AccountState] = {}
        self.at_us = NOON
        # What a dishonest firm does to its verdicts before it writes them.
        self.alter: Callable[[dict[str, Any]], object] = dict
        self.board = Board({spec.symbol: spec for spec in (EURUSD, USDJPY)}, {})
        self.input = self.input_us = 0
        self.qseq = 1
        self.frame = b""

    def add(self, body: Input | Fact, account: int = 0) -> int:
        """Append one row; facts are caused by the last input."""
        seq = self.ledger.size + 1
        cause = self.input if isinstance(body, Fact) else 0
        if not cause:
            self.at_us += 1_000  # what an input leads to happens with it
            self.input, self.input_us = seq, self.at_us
        row = Row(seq, type(body).__name__, self.at_us, self.at_us + 7, cause, account, payload_of(body))
        frames = [(seq, self.frame)] if isinstance(body, QuoteFrame) else []
        self.ledger.append([(row, body)], frames=frames)
        if isinstance(body, AccountOpened):
            self.states[account] = opened(body, account, seq, self.at_us)
        elif (
            account in self.states and getattr(body, "rule", "daily") != "none"
        ):  # a rule that was never sold folds into nothing
            self.states[account] = fold(self.states[account], body, seq, self.at_us)
        return seq

    def clock(self) -> int:
        return self.add(ClockTicked(at_us=self.at_us))

    def open_account(self, account: int, ruleset: AnyRuleset = RULES) -> None:
        self.clock()
        self.add(ChallengeAdvanced(challenge=account + 2, phase=0), account)
        fact = AccountOpened(
            trader=account + 1,
            challenge=account + 2,
            phase=0,
            phase_name="Phase 1",
            funded=False,
            bridge="sim",
            initial=self.initial,
            ruleset_id=ruleset.ruleset_id(),
            ruleset=ruleset,
        )
        self.add(fact, account)
        self.add(AccountLinked(login=f"{account}"), account)

    def open_day(self, account: int, *, provisional: bool = False, equity: int | None = None) -> int:
        """`equity`: what a dishonest firm writes."""
        self.clock()
        state = self.states[account]
        priced = not unpriced(state, self.board)
        worth = equity_of(PLAIN, state, self.board) if priced else state.balance
        same = ("position_id", "symbol", "side", "lots_e8", "price_open", "opened_us")
        fact = DayOpened(
            day=state.ruleset.calendar.day_at(self.at_us),
            balance=state.money(state.balance),
            equity=state.money(worth if equity is None else equity),
            positions=tuple(
                OpenPosition(**{name: getattr(one, name) for name in same}, swap=state.money(one.swap))
                for one in state.positions
            ),
            quotes=tuple(one.seq for one in self._cite(account, self.board).values()) if priced else (),
            provisional=provisional,
            priced=priced,
        )
        return self.add(fact, account)

    def next_day(self) -> None:
        self.at_us += DAY_US

    def anchor_day(self, account: int) -> int:
        """A provisional day's start becomes final."""
        state = self.states[account]
        assert state.day is not None
        assert state.closing is not None
        then = replace(state, balance=state.closing.balance, positions=state.closing.positions)
        priced = not unpriced(then, self.board)
        equity = equity_of(PLAIN, then, self.board) if priced else then.balance
        fact = DayAnchored(
            day=state.day.day,
            balance=state.money(then.balance),
            equity=state.money(equity),
            changed=(then.balance, equity) != (state.day.balance, state.day.equity),
            priced=priced,
        )
        self.clock()
        return self.add(fact, account)

    def trade(
        self, account: int, position: str, symbol: str, side: Side, lots_e8: int, price: int, net: str = "-3.50"
    ) -> int:
        """The position is to have `lots_e8`: the deal that the platform reports makes up the difference, and is booked."""
        state = self.states[account]
        held = state.position(position)
        lots = abs(lots_e8 - (held.lots_e8 if held is not None else 0))
        opens = held is None or lots_e8 > held.lots_e8
        away = Side.SELL if side is Side.BUY else Side.BUY
        entry = DealEntry.IN if opens else DealEntry.OUT
        deal = self.deal(position, symbol, entry, side if opens else away, lots, price, net, account)
        self.report(deal, account)
        return self.book(deal, account)

    def deal(
        self, position: str, symbol: str, entry: DealEntry, side: Side, lots_e8: int, price: int, net: str, account: int
    ) -> DealReported:
        """A fill as the platform reports it, with all of its result as profit."""
        state = self.states[account]
        return DealReported(
            bridge="sim", seq=1, deal_id=f"d{self.ledger.size}", order_id="o", position_id=position, symbol=symbol,
            entry=entry, side=side, lots_e8=lots_e8, price=price, commission=state.money(0), swap=state.money(0),
            profit=Money.parse(net, state.initial.currency, state.initial.exponent), fee=state.money(0),
            reason="client", t_us=self.at_us,
        )  # fmt: skip

    def report(self, body: Input, account: int) -> int:
        """What the platform says, and nobody has acted on yet."""
        return self.add(body, account)

    def book(self, deal: DealReported, account: int, **told: Any) -> int:
        """The booking of a deal; `told` is what a dishonest firm writes instead."""
        state = self.states[account]
        held = state.position(deal.position_id)
        moved = deal.lots_e8 if deal.entry is DealEntry.IN else -deal.lots_e8
        before = held.lots_e8 if held is not None else 0
        price = deal.price if held is None else held.price_open
        if held is not None and moved > 0:
            price = divided_rounded_half_away(price * before + deal.price * moved, before + moved)
        left = before + moved
        spent = deal.swap.minor if moved < 0 else 0
        swap = held.swap - spent if held is not None and left else 0
        opposite = Side.SELL if deal.side is Side.BUY else Side.BUY
        net = state.money(deal.profit.minor + deal.commission.minor + deal.swap.minor + deal.fee.minor)
        figures: dict[str, Any] = {
            "deal_id": deal.deal_id,
            "position_id": deal.position_id,
            "symbol": deal.symbol,
            "side": deal.side if moved > 0 else opposite,
            "lots_e8": left,
            "price_open": price,
            "swap": state.money(swap),
            "opened_us": held.opened_us if held is not None else deal.t_us,
            "net": net,
        }
        figures |= told
        balance = state.money(state.balance + figures["net"].minor)
        seq = self.add(DealBooked(**{"balance": balance, "deal": figures_of(deal, 5), **figures}), account)
        day = state.day.day.label if state.day is not None else ""
        if deal.entry is DealEntry.IN and state.last_day_traded != day:
            self.add(TradingDayCounted(label=day, count=state.days_traded + 1), account)
        return seq

    def earn(self, account: int, net: str) -> int:
        """A position opened and closed at once, with this result."""
        position = f"p{self.ledger.size}"
        self.trade(account, position, "EURUSD", Side.BUY, 100_000_000, 138_702, net="0")
        return self.trade(account, position, "EURUSD", Side.BUY, 0, 138_702, net=net)

    def deposit(self, account: int, amount: str, *, moves: bool = True, told: int = 0) -> int:
        """Cash, which moves the marks that limits are measured from. `told`: by how much too little a dishonest firm moves them."""
        state = self.states[account]
        money = Money.parse(amount, state.initial.currency, state.initial.exponent)
        after, name = state.money(state.balance) + money, f"c{self.ledger.size}"
        kind = CashKind.DEPOSIT if money.minor > 0 else CashKind.WITHDRAWAL
        self.report(
            CashReported(
                bridge="sim", seq=1, cash_id=name, cash_kind=kind, amount=money, balance_after=after, t_us=self.at_us
            ),
            account,
        )
        net = state.money(state.cash_net) + money
        seq = self.add(CashBooked(cash_id=name, amount=money, balance=after, net=net), account)
        if moves:
            self._move_marks(account, money.minor - told)
        return seq

    def _move_marks(self, account: int, minor: int) -> None:
        state = self.states[account]
        day, peak = state.day, state.peak
        if day is not None:
            marks = {"balance": state.money(day.balance + minor), "equity": state.money(day.equity + minor)}
            final = DayAnchored(day=day.day, **marks, changed=True, priced=day.priced)
            self.add(final if day.final else DayStartMoved(day=day.day, **marks, priced=day.priced), account)
        for moved in (*moved_week(state, minor), *moved_cycle(state, minor)):
            self.add(moved, account)
        for high in state.track.highs:
            key, moved = high.key, state.money(high.minor + minor)
            self.add(HighMoved(of=key.of, scope=key.scope, on_payout=key.on_payout, high=moved), account)
        if state.trails_every_tick and peak is not None:
            high = [state.money(peak.equity + minor), state.money(peak.balance + minor)]
            self.add(PeakReached(equity=high[0], balance=high[1], at_us=peak.at_us, quotes=()), account)

    def swap(self, account: int, position: str, amount: str) -> int:
        state = self.states[account]
        held = state.position(position)
        assert held is not None
        swap = Money.parse(amount, state.initial.currency, state.initial.exponent)
        report = PositionReported(
            bridge="sim", seq=1, position_id=position, op="changed", symbol=held.symbol, side=held.side,
            lots_e8=held.lots_e8, price_open=held.price_open, stop_loss=0, take_profit=0, swap=swap,
            opened_us=held.opened_us, t_us=self.at_us,
        )  # fmt: skip
        self.report(report, account)
        return self.add(SwapPosted(position_id=position, swap=swap), account)

    def noise(self, account: int, rows: int) -> None:
        """Rows that judge nothing, as they lie between the ones that matter."""
        state = self.states[account]
        for number in range(rows):
            if number % 2:
                self.add(self.equity_report(), account)
            else:
                self.add(MarkTaken(balance=state.initial, equity=state.initial, headroom=None), account)

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

    def judge(self, account: int, rule: str, doubts: tuple[Doubt, ...] = (), late: Quote | None = None) -> int:
        """The verdict on one limit at the prices on the board, or at one that came late, as the account's desk writes it."""
        state = self.states[account]
        limit = next(one for one in limits_of(state) if one.terms.id == rule)
        board = self.board if late is None else self.board.at({**self.board.quotes, late.symbol: late})
        then = state if late is None else state.as_of(late.t_us)
        assert then is not None
        cited = self._cite(account, board, then)
        calc = Working()
        observed = equity_of(calc, then, board, cited)
        if limit.terms.measured is not Measured.EQUITY:
            balance = calc.given("balance", then.balance, "minor", then.balance_source)
            observed = measured_of(calc, limit, observed, balance)
        floor = floor_of(calc, then, limit)
        breaks(calc, limit.terms, observed, floor)
        brought = [one.t_us for one in board.quotes.values() if one.frame == self.input]
        told: dict[str, Any] = {
            "rule": rule,
            "rule_kind": kind_of(limit),
            "severity": "hard" if limit.hard else "soft",
            "floor": state.money(int(floor)),
            "observed": state.money(int(observed)),
            "at_us": max(brought, default=self.input_us) if late is None else late.t_us,
            "late": late is not None,
            "quotes": tuple(priced.seq for priced in cited.values()),
            "working": tuple(calc.steps),
        }
        if not doubts:
            told |= {"reviewed": False, "does": limit.does}
        self.alter(told)
        if doubts:
            return self.add(BreachSuspected(**told, doubts=doubts), account)
        return self.add(BreachDeclared(**told), account)

    def confirm(self, account: int, *, reviewed: bool = False) -> int:
        """What settles a suspicion: the equity recorded then, with what was booked since, against the floor."""
        state = self.states[account]
        finding = state.findings[-1]
        limit = next(one for one in limits_of(state) if one.terms.id == finding.rule)
        calc = Working()
        observed, floor = figures(calc, state, limit, finding)
        breaks(calc, limit.terms, observed, floor)
        told: dict[str, Any] = {
            "rule": limit.terms.id,
            "rule_kind": kind_of(limit),
            "severity": "hard",
            "floor": state.money(int(floor)),
            "observed": state.money(int(observed)),
            "at_us": finding.at_us,
            "late": False,
            "reviewed": reviewed,
            "does": Action.FAIL,
            "quotes": (),
            "working": tuple(calc.steps),
        }
        self.alter(told)
        if reviewed:
            confirms = ReviewOutcome.CONFIRM
            verdict = ReviewVerdict(by="ruth", account=account, decision=finding.seq, outcome=confirms, why="seen")
            self.add(verdict, account)
        else:
            self.clock()
        return self.add(BreachDeclared(**told), account)

    def correct(self, decision: int, account: int) -> int:
        self.clock()
        return self.add(VerdictCorrected(decision=decision, verdict="exonerated", because="seen again"), account)

    def win(self, account: int, doubts: tuple[Doubt, ...] = ()) -> int:
        state = self.states[account]
        calc = Working()
        won(calc, state, Moment(self.at_us))
        found = profit_target_of(state) or score_targets(state.ruleset)[0]
        told: dict[str, Any] = {
            "rule": found[0].id,
            "target": state.money(target_of(state) or 0),
            "observed": state.money(state.balance),
            "working": tuple(calc.steps),
        }
        if not doubts:
            told["trading_days"] = state.days_traded
        for rule, terms in score_targets(state.ruleset):
            score = score_of(state, terms.board)
            assert score is not None
            told["score"] = ScoreMet(rule=rule.id, board=terms.board, published=score.value, asked=terms.score_min)
        self.alter(told)
        self.clock()
        if doubts:
            return self.add(PassHeld(**told, doubts=doubts), account)
        return self.add(PhasePassed(**told), account)

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

    def both_open(self, ruleset: AnyRuleset = RULES, *, provisional: bool = False) -> None:
        for account in (self.ada, self.ben):
            self.open_account(account, ruleset)
            self.open_day(account, provisional=provisional)

    def ada_breaks_her_daily_loss(
        self, noise: int = 3, doubts: tuple[Doubt, ...] = (), *, second_day: bool = False
    ) -> int:
        """Ada holds EURUSD, with a swap, and USDJPY, whose profit is converted; the release takes her to 94 939.66."""
        self.both_open()
        if second_day:
            self.next_day()
            self.open_day(self.ada)
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
        self.earn(self.ada, "-5_000.00")
        return self.judge(self.ada, "daily")

    def ada_reaches_her_target(self, doubts: tuple[Doubt, ...] = ()) -> int:
        self.both_open()
        self.trade(self.ada, "p1", "EURUSD", Side.BUY, 200_000_000, 138_702)
        self.trade(self.ada, "p1", "EURUSD", Side.BUY, 0, 138_702, net="8_100.00")
        return self.win(self.ada, doubts)

    def _cite(self, account: int, board: Board, then: AccountState | None = None) -> dict[str, Priced]:
        """An exhibit of each tick that the account's equity rests on."""
        quotes = quotes_used(then or self.states[account], board)
        shown = {quote.symbol: exhibit_of(quote, self.board.specs[quote.symbol]) for quote in quotes}
        return {symbol: Priced(self.add(exhibit, account)) for symbol, exhibit in shown.items()}


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    told = Story(tmp_path)
    yield told
    told.ledger.close()


@pytest.fixture
def stage() -> Stage:
    """The real engine, with a program on offer."""
    made = Stage()
    made.open_shop()
    return made


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who invents a verdict does not have it explained."""
    monkeypatch.setattr(Grounds, "words", lambda _: ["Trust us."])


@pytest.fixture(scope="session")
def verifier() -> ModuleType:
    """The tool as a module, loaded from its one file."""
    return loaded("verify_evidence", TOOL)


@pytest.fixture
def resigned() -> Callable[[dict[str, Any]], bytes]:
    """Close a bundle anew: what a firm that alters its own file would do, so that the checks behind the signature are met."""

    def close(bundle: dict[str, Any]) -> bytes:
        unsigned = json.dumps({**bundle, "signature": ""}, ensure_ascii=True, separators=(",", ":"))[: -len('"}')]
        signature = base64.b64encode(Signer(SEED).sign(unsigned.encode())).decode()
        return f'{unsigned}{signature}"}}\n'.encode()

    return close
