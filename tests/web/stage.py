"""A firm on a stage: the real engine, ledger, vault and sessions, with a platform and a clock played by hand.

Ada and Ben trade, Ruth reviews, Omar owns. It is 2 May 2014, a little after the payrolls release, when the curtain rises.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import argon2

from actors.arrival import Arrival, Decided
from actors.directory import Directory
from actors.effects import SendCommand
from actors.engine import Engine
from actors.live import BridgeHealth, Health
from actors.live_board import LiveBoard
from actors.meter import Meter
from appliance.documents.inspection import Inspection
from appliance.documents.scanner import DocumentSettings
from firm.commands import (
    AddStaff,
    EnrolBridge,
    IssueApiKey,
    MarkOrderPaid,
    NoteAct,
    NoteSecurity,
    PlaceOrder,
    PlaceTrader,
    PublishProgram,
    RegisterTrader,
    SeePage,
    SetStaffScope,
)
from firm.facts import ApiKeyIssued
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
    EpochOpened,
    EquityReported,
    Input,
    PolicyAdopted,
    QuoteFrame,
    Side,
    SnapshotPosition,
    SnapshotReported,
    SymbolReported,
    Watermark,
)
from firm.instant import DAY_US, SECOND_US, parse_utc
from firm.money import Money
from firm.permissions import Scope
from firm.policy import Policy
from firm.price import SymbolSpec
from firm.quote_frame import Tick, Window, encode_quotes
from firm.ruleset import Program
from storage.devices import DeviceBook
from storage.drafts import DraftStore
from storage.evidence import build_bundle
from storage.front import FrontFile
from storage.keys_used import KeysUsed
from storage.ledger import Ledger
from storage.links import LinkBook
from storage.people import API_KEY, key_reference
from storage.reader import LedgerReader
from storage.readmodels.registry import READ_MODELS
from storage.secret_files import create_secrets
from storage.sessions import SessionStore
from storage.throttles import Throttle
from storage.trader_names import TraderNames
from storage.vault import Vault
from tests.greeting import greeting
from web.api_secret import digest_of, new_word
from web.firm import Firm
from web.signed import Signed, written

PASSWORD = "correct horse battery"
# A hash says itself how dear it is to check: the firm's own are dear, which `test_signing_in.py` sees.
QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def _drawn(name: str) -> int:
    """An id of fifty bits that looks drawn, and is the same in every run."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 14


ADA, BEN, CLEO, RUTH, OMAR, OLGA = map(_drawn, ("ada", "ben", "cleo", "ruth", "omar", "olga"))
PEOPLE = {
    ADA: ("trader", "Ada Marlow", "ada@example.org", ""),
    BEN: ("trader", "Ben Okafor", "ben@example.org", ""),
    CLEO: ("trader", "Cleo Brandt", "cleo@example.org", ""),
    RUTH: ("staff", "Ruth Vale", "ruth@example.org", "risk"),
    OMAR: ("staff", "Omar Haddad", "omar@example.org", "owner"),
    OLGA: ("staff", "Olga Wirth", "olga@example.org", "owner"),
}
START_US = parse_utc("2014-05-01T20:00:00")
EURUSD = SymbolSpec(symbol="EURUSD", digits=5, contract_e8=100_000 * 10**8, currency_base="EUR", currency_profit="USD")
XAUUSD = SymbolSpec(symbol="XAUUSD", digits=3, contract_e8=100 * 10**8, currency_base="XAU", currency_profit="USD")
BRIDGE = "sim"
ROWS_AT_ONCE = 400


@dataclass
class Stage:
    """The firm and the hands that move its platform."""

    path: Path
    now_us: int = START_US
    seq: int = 0
    qseq: int = 1
    deals: int = 0
    logins: int = 50_400
    prices: dict[str, tuple[int, int]] = field(default_factory=dict)
    pending: Any = None
    accounts: dict[str, int] = field(default_factory=dict)
    asked: list[Input] = field(default_factory=list)
    noted: list[Input] = field(default_factory=list)  # of what follows signing in, and what is only put on record
    prices_ended_us: int = 0
    waiting: list[SendCommand] | None = None  # a list while the platform takes its time with what it is asked

    def __post_init__(self) -> None:
        self.path.mkdir(mode=0o700)
        secrets = create_secrets(self.path)
        keys = {"secret": secrets.ledger_secret, "signing_seed": secrets.signing_seed}
        lineage = b"stage-of-pages-1"
        Ledger.create(self.path, firm_slug="fairhaven", lineage=lineage, **keys)
        self.ledger = Ledger.open(self.path, **keys, read_models=READ_MODELS)
        self.vault = Vault.open(self.path, secrets.vault_master)
        self.names = TraderNames(self.vault)
        self.front = FrontFile.open(self.path)
        self.engine = Engine(lineage.hex())
        self.board = LiveBoard(self.engine, self.health)
        self.meter = Meter()
        self.reader = LedgerReader(self.path, secret=secrets.ledger_secret)
        self.firm = Firm(
            name="Fairhaven",
            live=self.board,
            reader=self.reader,
            vault=self.vault,
            sessions=SessionStore(self.front),
            drafts=DraftStore(self.front),
            throttle=Throttle(self.front, secrets.front_pepper()),
            devices=DeviceBook(self.front),
            keys_used=KeysUsed(self.front),
            links=LinkBook(self.front),
            ask=self.ask,
            evidence=lambda decision, since=None: build_bundle(self.reader, decision, **keys, since=since),
            now_us=lambda: self.now_us,
            wall_us=lambda: self.wall_us,
            https=False,
            streams_max=1_000,
            origin="http://localhost",
            staff_factor=False,
            inspector=Inspection(DocumentSettings()),
            names=self.names,
        )
        self.wall_us = parse_utc("2026-03-02T09:00:00")

    # --- deciding ---

    def put(self, body: Input, account: int = 0, frame: bytes | None = None) -> Decided:
        """Decide now; durable at the next `settle`. What the engine asks of the platform is done there at once."""
        batch = self.engine.decide([Arrival(body, self.now_us, self.now_us, account, frame)])
        self._gather(batch)
        for effect in batch.effects:
            if isinstance(effect, SendCommand):
                self._obey(effect) if self.waiting is None else self.waiting.append(effect)
        return batch.decided[0][1]

    def settle(self, *, checkpoint: bool = False) -> None:
        """Commit what was decided, and show it."""
        batch, self.pending = self.pending, None
        if batch is None:
            return
        checkpoints = [*batch.checkpoints, (batch.rows[-1][0].seq, self.now_us)] if checkpoint else batch.checkpoints
        self.ledger.append(batch.rows, frames=batch.frames, checkpoints=checkpoints)
        self.meter.batch(batch, 200_000, 900_000 + 40_000 * (self.engine.size % 90))
        self.board.publish(batch)
        self.names.learn(batch.rows)

    async def ask(self, command: Input) -> Decided:
        """What the appliance does with a form: decide, commit, answer."""
        (self.noted if isinstance(command, NoteSecurity | NoteAct | SeePage) else self.asked).append(command)
        decided = self.put(command, getattr(command, "account", 0))
        self.settle()
        return decided

    def _gather(self, batch: Any) -> None:
        if self.pending is None:
            self.pending = batch
            return
        held = self.pending
        held.rows += batch.rows
        held.frames += batch.frames
        held.checkpoints += batch.checkpoints
        held.decided += batch.decided
        held.accounts |= batch.accounts
        held.bridges |= batch.bridges
        if len(held.rows) >= ROWS_AT_ONCE:
            self.settle()

    # --- the firm's people ---

    def open_shop(self, program: Program) -> None:
        password_hash = QUICK.hash(PASSWORD)
        self.put(EpochOpened(engine="e" * 64, release="0.1.0", state_hash=""))
        self.put(PolicyAdopted(policy=Policy()))
        for number, (kind, name, mail, role) in PEOPLE.items():
            sealed = self.vault.add_person(kind, number, mail, name, password_hash, role)
            if kind == "staff":
                self.put(AddStaff(by="console", staff=number, role=role, sealed=sealed))
            else:
                self.put(RegisterTrader(by="console", trader=number, sealed=sealed))
        self.put(EnrolBridge(by="console", bridge=BRIDGE, public_key="k" * 40, simulator=True))
        self.put(greeting(BRIDGE))
        for spec in (EURUSD, XAUUSD):
            self.put(SymbolReported(bridge=BRIDGE, seq=self.next_seq(), spec=spec))
        self.put(PublishProgram(by=f"staff:{OMAR}", program=program))

    def sell(self, name: str, trader: int, number: int, program: str = "two-step-100k") -> int:
        """An account of the trader, open on the platform; `name` is what the tests call it."""
        order, *accounts = (_drawn(f"{name} {place}") for place in range(3))
        self.put(
            PlaceOrder(by=f"trader:{trader}", order=order, trader=trader, program=program, accounts=tuple(accounts))
        )
        self.put(MarkOrderPaid(by=f"staff:{OMAR}", order=order, reference=f"wire {number}"))
        self.accounts[name] = accounts[0]
        return accounts[0]

    def employ(
        self, name: str, role: str, programs: tuple[str, ...] | None = None, regions: tuple[str, ...] | None = None
    ) -> int:
        """Somebody new on the staff, with a mail address of their name."""
        number = _drawn(f"staff {name}")
        sealed = self.vault.add_person("staff", number, f"{name}@example.org", name.title(), "no hash", role)
        self.put(AddStaff(by="console", staff=number, role=role, sealed=sealed))
        scope = Scope(programs=programs, regions=regions)
        if scope.is_limited:
            self.put(SetStaffScope(by="console", staff=number, scope=scope, why="their desk"))
        self.settle()
        return number

    def place(self, trader: int, region: str) -> None:
        """The trader is in this region from now on, for everybody to see."""
        self.put(PlaceTrader(by="console", trader=trader, region=region, why="moved"))
        self.settle()

    def key_for(
        self,
        may: tuple[str, ...],
        programs: tuple[str, ...] | None = None,
        by: str = "console",
        name: str = "",
        regions: tuple[str, ...] | None = None,
    ) -> str:
        """A machine's key, as the console would print it."""
        key = _drawn(f"key {name or may} {programs} {regions or ''}{by}")
        word = new_word(key)
        sealed = self.vault.seal(key_reference(key), API_KEY, digest_of(word))
        called = name or f"key-{key % 10**6}"
        command = IssueApiKey(
            by=by, key=key, name=called, permissions=may, scope=Scope(programs=programs, regions=regions),
            expires_us=self.now_us + 90 * DAY_US, sealed=sealed, why="for a test",
        )  # fmt: skip
        decided = self.put(command)
        self.settle()
        assert [type(fact) for _, fact in decided.facts] == [ApiKeyIssued], decided.facts
        return word

    def session_of(self, person: str) -> str:
        """Somebody signed in just now, without the time that a password takes."""
        session = f"session of {person}".replace(" ", "-").replace(":", "-")
        self.firm.sessions.set(session, written(Signed(factor=True, proved_us=self.wall_us)), self.wall_us, person)
        return session

    # --- the platform ---

    def next_seq(self) -> int:
        self.seq += 1
        return self.seq

    def wait(self, seconds: int) -> None:
        self.now_us += seconds * SECOND_US
        self.wall_us += seconds * SECOND_US if seconds < 60 else 0

    def prices_now(self, eurusd: int | None, xauusd: int, *, late_us: int = 0, merged: bool = False) -> None:
        """One frame with both symbols (or gold alone), and the clock with it; `late_us`: since when they were true.

        `merged`: the bridge was overloaded, and these stand for more.
        """
        of_us = self.now_us - late_us
        fresh = {"XAUUSD": (xauusd, xauusd + 450)} | ({"EURUSD": (eurusd, eurusd + 12)} if eurusd else {})
        self.prices |= fresh
        ticks = [Tick(symbol, of_us, bid, ask) for symbol, (bid, ask) in sorted(fresh.items())]
        windows = [
            Window(each.symbol, of_us, each.bid, each.ask, *[each.bid] * 2, *[each.ask] * 2, 3) for each in ticks
        ]
        raw = encode_quotes(self.seq, windows if merged else ticks)
        self.put(
            QuoteFrame(
                bridge=BRIDGE,
                qseq=self.qseq,
                after_seq=self.seq,
                n=len(ticks),
                first_us=of_us,
                last_us=of_us,
                conflated=merged,
                sha256=hashlib.sha256(raw).hexdigest(),
            ),
            frame=raw,
        )
        self.qseq += len(ticks)
        self.put(ClockTicked(at_us=self.now_us))
        self.put(Watermark(bridge=BRIDGE, t_us=self.now_us, seq=self.seq, qseq=self.qseq - 1))

    def deal(
        self,
        account: int,
        position: str,
        side: Side,
        lots: str,
        symbol: str,
        entry: DealEntry = DealEntry.IN,
        profit: int = 0,
        reason: str = "client",
    ) -> None:
        self.deals += 1
        bid, ask = self.prices[symbol]
        usd = lambda minor: Money(minor, "USD", 2)  # noqa: E731
        self.put(
            DealReported(
                bridge=BRIDGE,
                seq=self.next_seq(),
                deal_id=f"D{880_000 + self.deals}",
                order_id=f"O{self.deals}",
                position_id=position,
                symbol=symbol,
                entry=entry,
                side=side,
                lots_e8=Money.parse(lots, "LOT", 8).minor,
                price=ask if side is Side.BUY else bid,
                profit=usd(profit),
                commission=usd(-350 * int(lots.partition(".")[0] or 1)),
                swap=usd(0),
                fee=usd(0),
                reason=reason,
                t_us=self.now_us,
            ),
            account,
        )

    def round_trip(
        self, account: int, position: str, side: Side, lots: str, symbol: str, profit: int, seconds: int
    ) -> None:
        """A trade from its opening to its close, with the profit the platform says it made."""
        self.deal(account, position, side, lots, symbol)
        self.wait(seconds)
        self.prices_now(*(self.prices[name][0] for name in ("EURUSD", "XAUUSD")))
        other = Side.SELL if side is Side.BUY else Side.BUY
        self.deal(account, position, other, lots, symbol, DealEntry.OUT, profit)

    def reconcile(self, account: int, *, equity_off: int = 0, balance_off: int = 0) -> None:
        """The platform says what it thinks the account is worth; it agrees, but for what it is off in minor units."""
        live = self.board_account(account)
        equity, balance = live.equity, live.balance
        self.put(
            EquityReported(
                bridge=BRIDGE,
                seq=self.next_seq(),
                equity=equity.with_minor(equity.minor + equity_off),
                balance=balance.with_minor(balance.minor + balance_off),
                margin=live.balance.with_minor(0),
                t_us=self.now_us,
            ),
            account,
        )

    def deposit(self, account: int, minor: int) -> None:
        balance = self.board_account(account).balance
        amount = balance.with_minor(minor)
        self.put(
            CashReported(
                bridge=BRIDGE,
                seq=self.next_seq(),
                cash_id=f"C{self.now_us}",
                cash_kind=CashKind.DEPOSIT,
                amount=amount,
                balance_after=balance + amount,
                t_us=self.now_us,
            ),
            account,
        )

    def board_account(self, account: int) -> Any:
        self.settle()
        found = self.board.account(account)
        assert found is not None
        return found

    def go_on(self) -> None:
        """The platform does what it let wait, and whatever it is asked because of that."""
        waiting, self.waiting = self.waiting or [], None
        for sent in waiting:
            self._obey(sent)
        self.settle()

    def _obey(self, sent: SendCommand) -> None:
        """The platform does what it is asked: acknowledged, applied, and then seen."""
        account = self._account_of(sent)
        login = sent.login
        if sent.action == "create_account":
            self.logins += 7
            login = f"{self.logins}"
        self.put(
            CommandAcknowledged(bridge=BRIDGE, seq=self.next_seq(), command=sent.command, t_us=self.now_us), account
        )
        told = {"bridge": BRIDGE, "seq": self.next_seq(), "command": sent.command, "t_us": self.now_us, "retcode": ""}
        ref = login if sent.action == "create_account" else ""
        self.put(CommandReported(**told, state=CommandState.APPLIED, vendor_ref=ref), account)
        state = self.engine.account(account)
        assert state is not None
        if sent.action == "create_account":
            zero = state.initial.with_minor(0)
            seen = AccountReported(
                bridge=BRIDGE,
                seq=self.next_seq(),
                login=login,
                group="demo",
                leverage=100,
                trading_allowed=True,
                balance=state.initial,
                credit=zero,
                t_us=self.now_us,
            )
            self.put(seen, account)
            return
        if sent.action == "close_all":
            for held in state.positions:
                self._close(account, held)
        self._show(account, login, trading_allowed=sent.action == "unblock")

    def _close(self, account: int, held: Any) -> None:
        bid, ask = self.prices[held.symbol]
        points = (bid - held.price_open) if held.side is Side.BUY else (held.price_open - ask)
        per_lot = {"EURUSD": 100, "XAUUSD": 10}[held.symbol]  # cents a point and lot
        side = Side.SELL if held.side is Side.BUY else Side.BUY
        lots = f"{held.lots_e8 // 10**8}.{held.lots_e8 % 10**8 // 10**6:02d}"
        profit = points * per_lot * held.lots_e8 // 10**8
        self.deal(account, held.position_id, side, lots, held.symbol, DealEntry.OUT, profit, reason="command")

    def snapshot(self, account: int, *, lacking: int = 0) -> None:
        """The platform shows all it has of the account, without the last positions that it is `lacking`."""
        self._show(account, self.board_account(account).login, trading_allowed=True, lacking=lacking)

    def _show(self, account: int, login: str, *, trading_allowed: bool, lacking: int = 0) -> None:
        state = self.engine.account(account)
        assert state is not None
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
            for held in state.positions[: len(state.positions) - lacking]
        )
        self.put(
            SnapshotReported(
                bridge=BRIDGE,
                seq=self.next_seq(),
                as_of_seq=self.seq,
                login=login,
                trading_allowed=trading_allowed,
                balance=state.money(state.balance),
                equity=self.board_account(account).equity,
                positions=positions,
                pending_orders=0,
                t_us=self.now_us,
            ),
            account,
        )

    def _account_of(self, sent: SendCommand) -> int:
        desk: Any = self.engine.desks[f"enforcement/{BRIDGE}"]
        account: int = desk.state.commands[sent.command].account
        return account

    def health(self) -> Health:
        market = self.engine.market(BRIDGE)
        return Health(
            firm_time_us=self.now_us,
            started_us=START_US,
            ledger_size=self.ledger.size,
            epoch_engine="e" * 64,
            queue_depth=0,
            batches=self.meter.batches,
            inputs=self.meter.inputs,
            facts=self.meter.facts,
            ticks=self.qseq - 1,
            wakes=41,
            last_batch_inputs=self.meter.last_batch_inputs,
            commit_us_p50=self.meter.commit_quantile_us(50),
            commit_us_p99=self.meter.commit_quantile_us(99),
            commit_histogram=self.meter.histogram(),
            stopped_desks=(),
            open_commands=0,
            kill_switches=(),
            breaker_tripped=False,
            last_checkpoint_size=self.ledger.size,
            last_checkpoint_us=self.now_us - 20 * SECOND_US,
            refusals=(("unknown_account", 2), ("crossed_quote", 1)),
            bridges=(
                BridgeHealth(
                    bridge=BRIDGE,
                    mode=Directory(self.engine).bridge(BRIDGE).mode.value,
                    connected=True,
                    platform_up=True,
                    prices_ended_us=self.prices_ended_us,
                    session_since_us=START_US,
                    journal_seq=self.seq,
                    quote_seq=self.qseq - 1,
                    watermark_us=self.now_us,
                    last_tick_us=market.latest_us,
                    lag_ms=12,
                    stale_symbols=(),
                    outbox_depth=0,
                ),
            ),
        )

    def close(self) -> None:
        self.settle()
        self.reader.close()
        self.front.close()
        self.vault.close()
        self.ledger.close()
