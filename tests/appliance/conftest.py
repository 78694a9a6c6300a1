"""Whole firms: demos as people start them, in processes of their own, and a small firm that is driven by hand."""

import hashlib
import io
import json
import logging
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import msgspec
import pytest

from actors.arrival import Arrival, Decided
from actors.recovery import all_rows
from appliance.assembly import Machine
from appliance.cli import main
from appliance.commands.bridge import key_file_for
from appliance.demo_firm import programs
from appliance.founding import found
from appliance.ports import free_port
from appliance.settings import ClockSettings, ClockSource, FirmSettings, GatewaySettings, LedgerSettings, Settings
from appliance.settings import WebSettings as Web
from bridges import events
from bridges.client import BridgeClient, Identity, Resume
from bridges.enrolment import KeyFile, new_keypair
from bridges.outbox import Outbox
from bridges.wire import BackfillReq, Cmd
from firm.commands import EnrolBridge, MarkOrderPaid, PlaceOrder, PublishProgram, RegisterTrader
from firm.facts import AccountOpened, CommandQueued, Fact
from firm.ids import id_text
from firm.inputs import (
    AccountReported,
    CommandAcknowledged,
    CommandReported,
    CommandState,
    DealEntry,
    DealReported,
    EquityReported,
    Input,
    QuoteFrame,
    Side,
    SymbolReported,
)
from firm.instant import SECOND_US, parse_utc
from firm.kinds import Body, body_of
from firm.money import Money
from firm.price import SymbolSpec
from firm.quote_frame import Tick, encode_quotes
from storage.files import FirmDirectory
from storage.reader import LedgerReader
from storage.secret_files import read_secrets
from tests.bridges.simulator import price_lines
from tests.greeting import greeting

HOST = "127.0.0.1"
EVENHAND = (sys.executable, "-m", "appliance")
DEADLINE_S = 240
PATIENCE_S = 60
ADA, ADAS_ACCOUNT, ADAS_ORDER = 1001, 7001, 501
START_US = parse_utc("2014-05-01T20:00:00")
EURUSD = SymbolSpec(symbol="EURUSD", digits=5, contract_e8=100_000 * 10**8, currency_base="EUR", currency_profit="USD")


def _until(true: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
    """Poll a condition of another process; fail when it does not come true."""
    deadline = time.monotonic() + patience_s
    while not (found := true()):
        assert time.monotonic() < deadline, f"{what} did not come within {patience_s:g} s"
        time.sleep(0.01)  # a poll with a bound: another process has no way to wake this one
    return found


class Told(NamedTuple):
    """A verdict, by whom it is about: account ids are drawn anew in each run, traders are not."""

    trader: int
    kind: str
    rule: str
    at: str
    floor: str
    observed: str


class Play:
    """A demo that ended well: its directory and what it printed."""

    def __init__(self, directory: Path, summary: dict[str, Any]) -> None:
        self.directory = directory
        self.firm = directory / "firm"
        self.summary = summary

    def verdicts(self) -> list[Told]:
        return verdicts_by_trader(self.firm, self.summary["verdicts"])

    def decision(self, kind: str = "BreachDeclared") -> int:
        return next(verdict["decision"] for verdict in self.summary["verdicts"] if verdict["kind"] == kind)


def verdicts_by_trader(firm: Path, verdicts: list[dict[str, Any]]) -> list[Told]:
    traders = {}
    with LedgerReader(firm) as reader:
        for row in all_rows(reader, 0):
            if row.kind == "AccountOpened":
                opened = body_of(row.kind, row.payload)
                assert isinstance(opened, AccountOpened)
                traders[id_text(row.account)] = opened.trader
    told = [
        Told(traders[one["account"]], one["kind"], one["rule"], one["at"], one["floor"], one["observed"])
        for one in verdicts
    ]
    return sorted(told, key=lambda one: (one.at, one.trader, one.rule))


class Demos:
    """`evenhand demo` as a child, ended with the tests whatever happens."""

    def __init__(self) -> None:
        self._children: dict[Path, subprocess.Popen[str]] = {}

    def start(self, directory: Path, *more: str) -> None:
        command = [*EVENHAND, "demo", "--headless", "--until-done", "--json", "--data-dir", str(directory)]
        command += ["--port", str(free_port(HOST)), *more]
        with (directory.parent / f"{directory.name}.err").open("w") as log:
            self._children[directory] = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)

    def ended(self, directory: Path) -> Play:
        child = self._children[directory]
        out, _ = child.communicate(timeout=DEADLINE_S)
        assert child.returncode == 0, (directory.parent / f"{directory.name}.err").read_text()
        return Play(directory, json.loads(out))

    def close(self) -> None:
        for child in self._children.values():
            if child.poll() is None:
                child.send_signal(signal.SIGINT)  # so that it ends its own children
                try:
                    child.wait(30)
                except subprocess.TimeoutExpired:
                    child.kill()
            if child.stdout is not None:
                child.stdout.close()


@pytest.fixture(scope="session")
def demos() -> Iterator[Demos]:
    demos = Demos()
    yield demos
    demos.close()


class Serving:
    """`evenhand serve` as a child of the test."""

    def __init__(self, directory: Path, log: Path) -> None:
        self.log, self._log = log, log.open("w")
        self.process = subprocess.Popen(
            [*EVENHAND, "serve", "--data-dir", str(directory)], stdout=subprocess.PIPE, stderr=self._log, text=True
        )
        assert self.process.stdout is not None
        self.first_line = self.process.stdout.readline()

    def close(self) -> int:
        """Tell it to stop, unless it has ended by itself; its exit status."""
        self.process.terminate()
        return self.ended()

    def ended(self) -> int:
        """Wait for its end; its exit status."""
        status = self.process.wait(PATIENCE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._log.close()
        return status


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[[Path], Serving]]:
    """Serve a directory until the test ends."""
    children: list[Serving] = []

    def serve(directory: Path) -> Serving:
        children.append(Serving(directory, tmp_path / f"serve{len(children)}.log"))
        return children[-1]

    yield serve
    for child in children:
        if child.process.poll() is None:
            child.close()


def _run_apart(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([*EVENHAND, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False)


class Done(NamedTuple):
    """How a verb ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


def small_settings(**ledger: int) -> Settings:
    """Settings of a simulated firm on ports of its own. `ledger` may go below the bounds of the file."""
    return Settings(
        firm=FirmSettings(name="Northlight", slug="northlight"),
        web=Web(host=HOST, port=free_port(HOST)),
        gateway=GatewaySettings(host=HOST, port=free_port(HOST)),
        clock=ClockSettings(source=ClockSource.SIMULATED),
        ledger=LedgerSettings(**ledger),
    )


class Shop:
    """A firm with Ada's account and a platform that is played by hand: the machine itself, without sockets."""

    def __init__(self, directory: Path, settings: Settings) -> None:
        self.directory, self.settings = directory, settings
        self.seq, self.qseq, self.deals, self.bid = 0, 1, 0, 0
        self.now_us = START_US
        self.machine = found(directory, settings, START_US)

    def reopen(self) -> Machine:
        """Close, if it is open, and start again on what lies on disk."""
        self.machine.close()
        self.machine = Machine(self.directory, self.settings, read_secrets(self.directory))
        return self.machine

    def crash(self) -> None:
        """Leave without a word. Nothing a machine does at its end writes to the ledger."""
        self.machine.close()

    def put(self, body: Input, account: int = 0, frame: bytes | None = None) -> Decided:
        decided: list[Decided] = []
        arrival = Arrival(body, self.now_us, self.now_us, account, frame, decided.append)
        self.machine.offer([arrival])
        self.machine.runner.run_dry()
        return decided[0]

    def open(self) -> None:
        """From an empty firm to Ada's account on the platform."""
        self.put(EnrolBridge(by="console", bridge="sim", public_key="k" * 40, simulator=True))
        self.put(greeting())
        self.put(SymbolReported(bridge="sim", seq=self.next_seq(), spec=EURUSD))
        for program in programs():
            self.put(PublishProgram(by="console", program=program))
        self.put(RegisterTrader(by="console", trader=ADA, sealed="c0ffee"))
        accounts = (ADAS_ACCOUNT, ADAS_ACCOUNT + 1)
        self.put(PlaceOrder(by="console", order=ADAS_ORDER, trader=ADA, program="trailing-100k", accounts=accounts))
        paid = self.put(MarkOrderPaid(by="console", order=ADAS_ORDER, reference="wire 1"))
        [command] = [fact.command for _, fact in paid.facts if isinstance(fact, CommandQueued)]
        self.provision(command)

    def provision(self, command: str) -> None:
        told = {"bridge": "sim", "command": command, "t_us": self.now_us}
        self.put(CommandAcknowledged(seq=self.next_seq(), **told), ADAS_ACCOUNT)
        applied = {"state": CommandState.APPLIED, "retcode": "DONE", "vendor_ref": "700001"}
        self.put(CommandReported(seq=self.next_seq(), **told, **applied), ADAS_ACCOUNT)
        self.put(
            AccountReported(
                bridge="sim", seq=self.next_seq(), login="700001", group="demo-usd", leverage=100, trading_allowed=True,
                balance=usd("100_000.00"), credit=usd("0.00"), t_us=self.now_us,
            ),
            ADAS_ACCOUNT,
        )  # fmt: skip

    def next_seq(self) -> int:
        self.seq += 1
        return self.seq

    def wait(self, seconds: float) -> None:
        self.now_us += int(seconds * SECOND_US)

    def tick(self, bid: int, ask: int) -> Decided:
        self.bid = bid
        return self.ticks(Tick("EURUSD", self.now_us, bid, ask))

    def ticks(self, *ticks: Tick) -> Decided:
        raw = encode_quotes(self.seq, ticks)
        body = QuoteFrame(
            bridge="sim", qseq=self.qseq, after_seq=self.seq, n=len(ticks), first_us=ticks[0].t_us,
            last_us=ticks[-1].t_us, conflated=False, sha256=hashlib.sha256(raw).hexdigest(),
        )  # fmt: skip
        self.qseq += len(ticks)
        return self.put(body, 0, raw)

    def trade_past_a_high(self) -> None:
        """Ada holds a long position, and her equity has been higher than it is."""
        self.wait(1)
        self.tick(138_700, 138_705)
        self.buy(1, 138_705)
        for bid in (138_800, 138_950, 138_900):
            self.wait(30)
            self.tick(bid, bid + 5)

    def buy(self, lots: int, price: int) -> None:
        """Ada buys; the platform says at once what it makes her equity."""
        self.deals += 1
        nothing = usd("0.00")
        self.put(
            DealReported(
                bridge="sim", seq=self.next_seq(), deal_id=f"{self.deals}", order_id=f"{self.deals}",
                position_id=f"{self.deals}", symbol="EURUSD", entry=DealEntry.IN, side=Side.BUY, lots_e8=lots * 10**8,
                price=price, profit=nothing, commission=nothing, swap=nothing, fee=nothing, reason="client",
                t_us=self.now_us,
            ),
            ADAS_ACCOUNT,
        )  # fmt: skip
        balance = usd("100_000.00")
        floating = nothing.with_minor((self.bid - price) * lots * 100)  # a point of a lot of EURUSD is a dollar
        told = {"equity": balance + floating, "balance": balance, "margin": nothing, "t_us": self.now_us}
        self.put(EquityReported(bridge="sim", seq=self.next_seq(), **told), ADAS_ACCOUNT)

    def bodies(self) -> list[Body]:
        with LedgerReader(self.directory) as reader:
            return [body_of(row.kind, row.payload) for row in all_rows(reader, 0)]

    def kinds(self) -> list[str]:
        with LedgerReader(self.directory) as reader:
            return [row.kind for row in all_rows(reader, 0)]

    def facts(self, kind: type[Fact]) -> list[Body]:
        return [body for body in self.bodies() if isinstance(body, kind)]

    @property
    def files(self) -> FirmDirectory:
        return FirmDirectory(self.directory)


def usd(text: str) -> Money:
    return Money.parse(text, "USD")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Ada's account is open; nobody has traded yet."""
    shop = Shop(tmp_path / "firm", small_settings())
    shop.open()
    yield shop
    shop.machine.close()


class Platform:
    """A platform behind the real bridge client: one account, 700001, and whatever the test makes happen to it."""

    login = "700001"

    def __init__(self) -> None:
        self.client: BridgeClient | None = None
        self.machine: Machine | None = None
        self.carried_out: list[str] = []
        self.trading_allowed = True
        self.welcomes = 0
        self.subscribed: list[tuple[str, ...]] = []
        self.asked: list[BackfillReq] = []
        self.kept: list[Tick] | None = None  # what it can send again; None: nothing

    @property
    def now_us(self) -> int:
        assert self.machine is not None
        return self.machine.clock.now_us()

    async def publish(self, *told: events.Event) -> None:
        assert self.client is not None
        await self.client.publish(told)

    async def on_welcome(self, resume: Resume) -> None:
        self.welcomes += 1

    async def on_command(self, command: Cmd, *, again: bool) -> None:
        self.carried_out.append(command.action)
        is_new = command.action == "create_account"
        self.trading_allowed = is_new or command.action == "unblock"
        acc, ref = ("", self.login) if is_new else (command.acc, "")
        result = events.CmdResult(command.cmd_id, acc, CommandState.APPLIED, "DONE", ref, "", self.now_us)
        await self.publish(result, self.account())

    async def on_subscribe(self, symbols: tuple[str, ...]) -> None:
        self.subscribed.append(symbols)

    async def on_snapshot_request(self, login: str) -> None:
        assert self.client is not None
        seq = self.client.last_seq
        told = events.Snapshot(
            self.login, seq, self.trading_allowed, "USD", 2, 10_000_000, 10_000_000, (), 0, self.now_us
        )
        await self.publish(told)

    async def on_backfill_request(self, request: BackfillReq) -> None:
        assert self.client is not None
        self.asked.append(request)
        if self.kept is None:
            await self.publish(events.Gap(request.sym, request.from_us, request.to_us))
            return
        wanted = [tick for tick in self.kept if request.from_us <= tick.t_us < request.to_us]
        await self.client.send_quotes(wanted)
        await self.publish(events.Backfilled(request.sym, request.from_us, request.to_us, len(wanted)))

    def account(self) -> events.Account:
        return events.Account(
            self.login, "demo-usd", "USD", 2, 100, 0, self.trading_allowed, "", 10_000_000, 0, 1, self.now_us
        )

    async def equals(self, equity: str) -> None:
        worth = usd(equity).minor
        await self.publish(
            events.Equity(self.login, "USD", 2, worth, 10_000_000, 0, "books", self.now_us),
        )

    async def buys(self, lots: int, price: int) -> None:
        told = events.Deal(
            self.login, "1", "1", "1", "EURUSD", Side.BUY, DealEntry.IN, lots * 10**8, price, "USD", 2, 0, 0, 0, 0,
            "client", self.now_us,
        )  # fmt: skip
        await self.publish(told)


class Live:
    """A serving machine and a bridge that reached it over CURVE, in this process."""

    def __init__(self, machine: Machine, platform: Platform, client: BridgeClient) -> None:
        self.machine, self.platform, self.client = machine, platform, client

    async def settled(self) -> None:
        with anyio.fail_after(PATIENCE_S):
            await self.client.settled()

    def bodies(self) -> list[Body]:
        return [body_of(row.kind, row.payload) for row in all_rows(self.machine.reader, 0)]

    def caused_by(self, kind: type[Body]) -> list[Body]:
        """The newest input of a kind, and the facts it led to."""
        rows = list(all_rows(self.machine.reader, 0))
        seq = max(row.seq for row in rows if row.kind == kind.__name__)
        return [body_of(row.kind, row.payload) for row in rows if seq in (row.seq, row.cause)]


@asynccontextmanager
async def served(machine: Machine) -> AsyncIterator[int]:
    """The engine and the gateway run; where the gateway listens."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(machine.runner.run)
        yield await tasks.start(machine.gateway.serve)
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def connected(key: KeyFile, outbox: Outbox, platform: Platform) -> AsyncIterator[BridgeClient]:
    who = Identity(plugin="hand", plugin_version="1", platform="hand")
    client = BridgeClient(
        key=key, outbox=outbox, program=platform, identity=who, now_us=lambda: platform.now_us, heartbeat_s=0.05
    )
    platform.client = client
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(client.run)
        with anyio.fail_after(PATIENCE_S):
            await client.welcomed()
        yield client
        tasks.cancel_scope.cancel()


def founded_with_bridge(directory: Path, settings: Settings) -> tuple[Machine, KeyFile]:
    """A new firm that sells the demo's programs, with the bridge "sim" enrolled."""
    machine = found(directory, settings)
    pair = new_keypair()
    machine.decide_now([EnrolBridge(by="console", bridge="sim", public_key=pair.public, simulator=True)])
    machine.decide_now([PublishProgram(by="console", program=program) for program in programs()])
    return machine, read_key(key_file_for("sim", pair, FirmDirectory(directory), machine.secrets))


def read_key(text: str) -> KeyFile:
    return msgspec.convert(tomllib.loads(text), KeyFile)


@pytest.fixture
def sold() -> str:
    """The program that Ada buys in `live`."""
    return "trailing-100k"


@pytest.fixture
async def live(tmp_path: Path, sold: str) -> AsyncIterator[Live]:
    """Ada's account is open at the platform, and EURUSD has a price."""
    settings = msgspec.structs.replace(small_settings(), clock=ClockSettings())
    machine, key = founded_with_bridge(tmp_path / "firm", settings)
    outbox, platform = Outbox(tmp_path / "outbox.db"), Platform()
    platform.machine = machine
    async with served(machine), connected(key, outbox, platform) as client:
        live = Live(machine, platform, client)
        spec = events.SymbolSpec("EURUSD", 5, 100_000 * 10**8, "EUR", "USD", 1, "forex", "UTC")
        await platform.publish(spec)
        await client.send_quotes([Tick("EURUSD", platform.now_us, 138_700, 138_705)])
        phases = next(len(program.phases) for program in programs() if program.program == sold)
        accounts = tuple(range(ADAS_ACCOUNT, ADAS_ACCOUNT + phases))
        for command in (
            RegisterTrader(by="console", trader=ADA, sealed="c0ffee"),
            PlaceOrder(by="console", order=ADAS_ORDER, trader=ADA, program=sold, accounts=accounts),
            MarkOrderPaid(by="console", order=ADAS_ORDER, reference="wire 1"),
        ):
            await machine.ask(command)
        with anyio.fail_after(PATIENCE_S):
            while machine.directory_of_bridges.account_of("sim", Platform.login) is None:  # noqa: ASYNC110
                await anyio.sleep(0.005)
        await live.settled()
        yield live
    outbox.close()
    machine.close()


# What the tests of this room call, handed to them as fixtures: a conftest cannot be imported.


@pytest.fixture(scope="session")
def until() -> Callable[..., Any]:
    return _until


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Done]]:
    """One `evenhand` command in this process, with what a shell would have piped to it."""
    handlers, level = logging.root.handlers[:], logging.root.level
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: object, stdin: str = "") -> Done:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        try:
            status = main([*map(str, arguments)])
        except SystemExit as ended:
            status = int(ended.code or 0)
        return Done(status, *capsys.readouterr())

    yield run
    logging.root.handlers[:], logging.root.level = handlers, level


@pytest.fixture(scope="session")
def run_apart() -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """One `evenhand` command in a process of its own, for what that process does at its end."""
    return _run_apart


@pytest.fixture(scope="session")
def ticks_between() -> Callable[[Path, str, str], list[Path]]:
    return price_lines.ticks_between


@pytest.fixture
def bridge_hands() -> tuple[Callable[..., Any], ...]:
    """Found a firm with a bridge; serve it; connect to it; a platform."""
    return founded_with_bridge, served, connected, Platform


@pytest.fixture(scope="session")
def settings() -> Callable[..., Settings]:
    return small_settings


@pytest.fixture(scope="session")
def founded_with_programs() -> Callable[[Path, Settings], Machine]:
    """Found a firm that sells the demo's programs."""
    return lambda directory, settings: founded_with_bridge(directory, settings)[0]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
