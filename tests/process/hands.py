"""The real process to work on: `evenhand serve` as a child, seen from outside; a firm with Ada's account; a bridge in this process."""

import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import anyio
from anyio import to_thread
from msgspec.structs import replace

from actors.recovery import all_rows
from appliance.cli import main
from appliance.console import ask_firm
from appliance.control import ControlRequest, call_control
from appliance.settings import AlarmSettings, ClockSettings, RiskSettings
from bridges import events
from bridges.client import BridgeClient
from bridges.enrolment import KeyFile
from bridges.outbox import Outbox
from firm.commands import MarkOrderPaid, PlaceOrder, RegisterTrader
from firm.inputs import DealEntry, QuoteFrame, Side
from firm.kinds import Body, body_of
from firm.quote_frame import Tick, Window, decode_quotes, decode_windows
from storage.files import FirmDirectory
from storage.reader import LedgerReader
from tests.appliance.conftest import (
    ADA,
    ADAS_ACCOUNT,
    ADAS_ORDER,
    Platform,
    connected,
    founded_with_bridge,
    small_settings,
)

HOST = "127.0.0.1"
PATIENCE_S = 60
SERVE = (sys.executable, "-m", "appliance")
SOLD = "trailing-100k"
PRICE = 138_700


class Served:
    """`evenhand serve` as a child. `program` stands where `evenhand` would."""

    def __init__(self, firm: Path, log: Path, program: Sequence[str] = SERVE) -> None:
        self.firm, self.log = firm, log
        self.raised: set[str] = set()
        with log.open("w") as err:
            self.process = subprocess.Popen(
                [*program, "serve", "--data-dir", str(firm)], stdout=subprocess.PIPE, stderr=err, text=True
            )
        assert self.process.stdout is not None
        self.first_line = self.process.stdout.readline()
        assert self.first_line.startswith("serving"), log.read_text()
        self.url = self.first_line.split()[-1]

    # --- what it says ---

    def ask(self, verb: str) -> Any:
        reply = call_control(FirmDirectory(self.firm).control_socket, ControlRequest(verb=verb), PATIENCE_S)
        assert reply.ok, reply.problem
        return reply.result

    def health(self) -> dict[str, Any]:
        told: dict[str, Any] = self.ask("progress")
        return told

    def alarms(self) -> dict[str, str]:
        """What is raised, and its words."""
        told = {one["alarm"]: one["text"] for one in self.ask("alarms")}
        self.raised |= told.keys()
        return told

    def page(self, path: str = "/sign-in") -> str:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=PATIENCE_S) as answer:
            return str(answer.read().decode())

    def memory_kb(self, name: str) -> int:
        """A line of /proc/PID/status: VmData, VmRSS."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))

    # --- its end ---

    def close(self) -> int:
        """Tell it to stop; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def kill(self) -> None:
        self.process.kill()
        self.ended()

    def ended(self) -> int:
        assert self.process.stdout is not None
        status = self.process.wait(PATIENCE_S)
        self.process.stdout.close()
        return status


class Stored(NamedTuple):
    """A row as it lies in the book."""

    seq: int
    kind: str
    happened_us: int
    received_us: int
    body: Body


def stored(firm: Path) -> list[Stored]:
    with LedgerReader(firm) as reader:
        return [
            Stored(row.seq, row.kind, row.happened_us, row.received_us, body_of(row.kind, row.payload))
            for row in all_rows(reader, 0)
        ]


def prices_stored(firm: Path) -> list[tuple[QuoteFrame, Sequence[Tick] | Sequence[Window]]]:
    """Each frame of prices with what is in it."""
    with LedgerReader(firm) as reader:
        told = [(row.seq, body_of(row.kind, row.payload)) for row in all_rows(reader, 0) if row.kind == "QuoteFrame"]
        return [
            (body, (decode_windows if body.conflated else decode_quotes)(reader.frame(seq)))
            for seq, body in told
            if isinstance(body, QuoteFrame)
        ]


def assert_sound(firm: Path, capsys: Any) -> None:
    """The book verifies, and an engine that decides it anew comes to the same."""
    for verb in ("verify", "replay"):
        assert main([verb, "--data-dir", str(firm)]) == 0, capsys.readouterr().out
    capsys.readouterr()


def journalled(rows: Sequence[Stored]) -> list[int]:
    """The journal numbers of the bridge, as they lie in the book."""
    return [
        row.body.seq
        for row in rows
        if hasattr(row.body, "bridge") and hasattr(row.body, "seq") and row.kind != "Watermark"
    ]


def assert_every_number_once(firm: Path) -> None:
    """Journal and price numbers go up by one from the first on: nothing is lost, nothing is there twice."""
    rows = stored(firm)
    told = journalled(rows)
    assert told == list(range(1, len(told) + 1))
    frames = [row.body for row in rows if isinstance(row.body, QuoteFrame)]
    ticks = [number for frame in frames for number in range(frame.qseq, frame.qseq + frame.n)]
    assert ticks == list(range(1, len(ticks) + 1))


# --- the firm and its bridge ---


class Hand(Platform):
    """A platform on this machine's true clock: one account, and whatever a test makes happen to it."""

    def __init__(self) -> None:
        super().__init__()
        self.machine = SimpleNamespace(clock=SimpleNamespace(now_us=true_us))  # type: ignore[assignment]
        self.deals = 0

    async def trade(self) -> str:
        """The next deal, in and out in turn; its id."""
        self.deals += 1
        is_in = self.deals % 2 == 1
        position, number = str((self.deals + 1) // 2), str(self.deals)
        side, entry = (Side.BUY, DealEntry.IN) if is_in else (Side.SELL, DealEntry.OUT)
        told = events.Deal(
            self.login, number, number, position, "EURUSD", side, entry, 10**6, PRICE, "USD", 2, 0, 0, 0, 0,
            "client", self.now_us,
        )  # fmt: skip
        await self.publish(told)
        return number


_TRUE_OFFSET_NS = time.time_ns() - time.monotonic_ns()


def true_us() -> int:
    return (time.monotonic_ns() + _TRUE_OFFSET_NS) // 1_000


def found_for(firm: Path, *, stale_after_ms: int = 300_000) -> KeyFile:
    """A firm on the machine's clock that looks itself over every second, with the bridge "sim"; its key."""
    settings = replace(
        small_settings(),
        clock=ClockSettings(tick_every_ms=100),
        alarms=AlarmSettings(look_every_s=1),
        risk=RiskSettings(stale_after_ms=stale_after_ms),
    )
    machine, key = founded_with_bridge(firm, settings)
    token = FirmDirectory(firm).secret("metrics_token")
    token.touch(0o600)
    token.write_text(TOKEN)
    machine.close()
    return key


TOKEN = "a token that is long enough"


def sell(firm: Path) -> None:
    """Ada buys what opens an account at the platform."""
    for command in (
        RegisterTrader(by="console", trader=ADA, sealed=""),
        PlaceOrder(by="console", order=ADAS_ORDER, trader=ADA, program=SOLD, accounts=(ADAS_ACCOUNT, ADAS_ACCOUNT + 1)),
        MarkOrderPaid(by="console", order=ADAS_ORDER, reference="wire"),
    ):
        ask_firm(firm, command)


@asynccontextmanager
async def trading(firm: Path, key: KeyFile, outbox: Outbox, hand: Hand) -> AsyncIterator[BridgeClient]:
    """A bridge that reached the firm; Ada's account is open, and EURUSD has a price."""
    async with connected(key, outbox, hand) as client:
        await hand.publish(events.SymbolSpec("EURUSD", 5, 100_000 * 10**8, "EUR", "USD", 1, "forex", "UTC"))
        await client.send_quotes([Tick("EURUSD", hand.now_us, PRICE, PRICE + 5)])
        await to_thread.run_sync(sell, firm)
        await until(lambda: hand.carried_out, "the account's opening")
        await settled(client)
        yield client


async def settled(client: BridgeClient) -> None:
    with anyio.fail_after(PATIENCE_S):
        await client.settled()


async def until(true: Callable[[], Any], what: str, *, every_s: float = 0.05) -> Any:
    """Ask again and again, in a thread of its own, since what is asked may wait."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not (found := await to_thread.run_sync(true)):
        assert time.monotonic() < deadline_s, f"{what} did not come within {PATIENCE_S} s"
        await anyio.sleep(every_s)
    return found


def figure(served: Served, name: str) -> float:
    """One series of /metrics."""
    request = urllib.request.Request(f"{served.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        lines = answer.read().decode().splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(name)))
