"""Demo: found a throw-away firm, serve it, and let the bundled simulator trade on it, with everything real but the money.

Three processes as on a firm's machine: this one only watches, `evenhand serve` is the firm, the simulator is a platform's
bridge. Either child that is killed is started again, and goes on where it was. Both are out of the terminal's reach: Ctrl-C
is for this process, which then stops the two in their order and still has their ledger to tell of.
"""

import contextlib
import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.assembly import Machine, draw_id
from appliance.commands.bridge import key_file_for
from appliance.control import ControlRequest, NotServing, call_control
from appliance.demo_firm import BRIDGE, OWNER_MAIL, PASSWORD, REVIEWER_MAIL, programs, traders
from appliance.founding import found, staff_command, trader_command
from appliance.ports import free_port, listen
from appliance.settings import (
    BreakerSettings,
    ClockSettings,
    ClockSource,
    FirmSettings,
    GatewaySettings,
    LedgerSettings,
    RiskSettings,
    Settings,
    WebSettings,
)
from bridges.enrolment import new_keypair
from bridges.simulator.price_files import bundled_tick_files, first_instant, price_file
from bridges.simulator.ticks import TickFileError
from firm.commands import Command, EnrolBridge, MarkOrderPaid, PlaceOrder, PublishProgram
from firm.instant import DAY_US, SECOND_US, parse_utc, utc_text
from storage.errors import LedgerInUse
from storage.files import FirmDirectory, write_new
from storage.lock import WriterLock
from web.auth import hash_password

HOST = "127.0.0.1"
MARKER = ".evenhand-demo"
FOUNDED_BEFORE_US = (
    5 * SECOND_US
)  # the market begins within the deadline of the accounts' openings, or each is asked about
RESTARTS_MAX = 1_000
SHORT_LIFE_S = 2.0  # a life that ends so soon after its first word, or before it, came to nothing
SHORT_LIVES_MAX = 5
RESTART_AFTER_S, RESTART_AFTER_MAX_S = 0.1, 2.0  # doubled after each short life
STOP_S = 15
TO_END = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)  # what tells a demo to end, also the terminal's


class DemoRefused(ValueError):
    """The demo cannot be set up as asked."""


@dataclass(frozen=True)
class DemoOptions:
    """What `evenhand demo` was asked. `speed` is market seconds a second, or "max"; empty texts mean the bundled stretch."""

    directory: Path
    accounts: int = 60
    speed: str = "100"
    from_text: str = ""
    to_text: str = ""
    ticks: Sequence[Path] = ()
    port: int = 8_080
    until_done: bool = False
    seed: int = 1


@dataclass
class Child:
    """A process that is started again when it dies before it is told to stop. `problem`: why it was given up, "" while it was not."""

    name: str
    command: list[str]
    log: Path
    on_line: Callable[[str], None]
    process: subprocess.Popen[str] | None = None
    restarts: int = 0
    short_life_s: float = SHORT_LIFE_S
    problem: str = ""
    finished: threading.Event = field(default_factory=threading.Event)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _starting: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        threading.Thread(target=self._keep_running, name=self.name, daemon=True).start()

    def stop(self) -> None:
        """Ask it to end, then make it."""
        with self._starting:  # so that none is started after this
            self._stopping.set()
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_S)
            self.process.kill()
        self.finished.wait(STOP_S)

    def last_words(self) -> str:
        """The last line of its log."""
        lines = self.log.read_text("utf-8", "replace").splitlines() if self.log.exists() else []
        return next((line.removeprefix("evenhand: ") for line in reversed(lines) if line.strip()), "it left no word")

    def _keep_running(self) -> None:
        short_lives = 0
        try:
            while self.restarts <= RESTARTS_MAX:
                status, was_short = self._live()
                if status is None or status == 0 or self._stopping.is_set():
                    return
                if status == 2:
                    self.problem = f"the {self.name} could not go on: {self.last_words()}"
                    return
                short_lives = short_lives + 1 if was_short else 0
                if short_lives == SHORT_LIVES_MAX:
                    break
                self.restarts += 1
                self._stopping.wait(min(RESTART_AFTER_S * 2**short_lives, RESTART_AFTER_MAX_S))
            self.problem = (
                f"the {self.name} died {short_lives} times in a row, each time soon after its start (status {status}): "
                f"{self.last_words()} (the whole log is {self.log})"
            )
        finally:
            self.finished.set()

    def _live(self) -> tuple[int | None, bool]:
        """One life, from start to end: its exit status (None where it was not to start), and whether it came to nothing."""
        with self.log.open("a") as log:
            with self._starting:
                if self._stopping.is_set():
                    return None, False
                self.process = subprocess.Popen(  # noqa: S603  (our own programs)
                    self.command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    process_group=0,
                )
            assert self.process.stdout is not None
            first_word_s = None
            with self.process.stdout as out:
                for line in out:
                    first_word_s = first_word_s or time.monotonic()
                    self.on_line(line.rstrip("\n"))
            status = self.process.wait()
        return status, first_word_s is None or time.monotonic() - first_word_s < self.short_life_s


@dataclass
class Demo:
    """A running demo. `market` is the simulator's last progress line."""

    options: DemoOptions
    url: str = ""
    start_us: int = 0
    claimed: WriterLock | None = None
    market: dict[str, Any] = field(default_factory=dict)
    serving: threading.Event = field(default_factory=threading.Event)
    told_end: bool = False

    @property
    def firm_directory(self) -> Path:
        return self.options.directory / "firm"

    def claim(self) -> None:
        """Take directory and port for this demo alone. Where one of them or prices cannot be had, nothing was removed for it."""
        self.start_us = _start_of(self.options)
        claimed = _claim(self.options.directory)
        try:
            served = FirmDirectory(self.firm_directory).lock
            if served.exists():  # by a demo that was killed, or by hand
                WriterLock(served).release()
            listen(HOST, self.options.port, "--port").close()
        except OSError:
            claimed.release()
            raise
        self.claimed = claimed

    def prepare(self) -> None:
        """Remove what the demo before it left, and found the firm anew."""
        if self.claimed is None:
            self.claim()
        _clear(self.options.directory)
        _found_firm(self.options, self.firm_directory, self.start_us - FOUNDED_BEFORE_US)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """The firm and its platform, until the block ends."""
        self.firm = Child("firm", self._firm_command(), self.options.directory / "firm.log", self._hear_firm)
        self.platform = Child(
            "platform", self._platform_command(), self.options.directory / "platform.log", self._hear_platform
        )
        try:
            self.firm.start()
            self._await_serving()
            self.platform.start()
            yield
        finally:
            with _unhurried():
                self.platform.stop()
                self.firm.stop()
            if self.claimed is not None:
                self.claimed.release()

    def health(self) -> dict[str, Any]:
        """What the running firm says of itself; empty while it restarts."""
        try:
            reply = call_control(FirmDirectory(self.firm_directory).control_socket, ControlRequest(verb="progress"))
        except (NotServing, OSError):
            return {}
        result: dict[str, Any] = reply.result if reply.ok else {}
        return result

    def _await_serving(self) -> None:
        while not self.serving.wait(0.2):
            if self.firm.finished.is_set():
                raise DemoRefused(self.firm.problem)

    def _firm_command(self) -> list[str]:
        return [sys.executable, "-m", "appliance", "serve", "--data-dir", str(self.firm_directory)]

    def _platform_command(self) -> list[str]:
        options = self.options
        command = [
            *(sys.executable, "-m", "bridges.simulator"),
            *("--key-file", str(options.directory / "sim.toml")),
            *("--data-dir", str(options.directory / "platform")),
            *("--speed", options.speed, "--seed", str(options.seed), "--progress"),
            *("--wait-accounts", str(options.accounts)),
        ]
        if options.from_text:
            command += ["--from", options.from_text]
        if options.to_text:
            command += ["--to", options.to_text]
        if options.ticks:
            command += ["--ticks", *(str(path) for path in options.ticks)]
        if options.until_done:
            command.append("--until-done")
        return command

    def _hear_firm(self, line: str) -> None:
        if " on http" in line:
            self.url = line.rpartition(" ")[2]
            self.serving.set()

    def _hear_platform(self, line: str) -> None:
        with contextlib.suppress(json.JSONDecodeError):
            self.market = json.loads(line)


def hurry_no_more() -> None:
    """Whoever told a demo to end has been heard: what they press from here on changes nothing."""
    for each in TO_END:
        signal.signal(each, signal.SIG_IGN)


@contextlib.contextmanager
def _unhurried() -> Iterator[None]:
    """A second Ctrl-C, from somebody who cannot wait, would leave a firm behind that nobody watches."""
    before = {each: signal.signal(each, signal.SIG_IGN) for each in TO_END}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _start_of(options: DemoOptions) -> int:
    """Where the market begins, once it is clear that there is one: before anything is made or removed for it."""
    try:
        files = [price_file(path) for path in options.ticks or bundled_tick_files()]
        first_us = first_instant(files)
    except TickFileError as wrong:
        raise DemoRefused(str(wrong)) from wrong
    last_us = max(file.midnight_us for file in files) + DAY_US
    from_us = parse_utc(options.from_text) if options.from_text else first_us
    to_us = parse_utc(options.to_text) if options.to_text else last_us
    if first_us < to_us and from_us < min(to_us, last_us):
        return from_us
    stretch = f"from {utc_text(from_us)} to {utc_text(to_us)}"
    if from_us >= last_us:
        place = "at" if from_us == last_us else "after"
        stretch = f"from {utc_text(from_us)} on (--from lies {place} the end of the prices)"
    raise DemoRefused(
        f"there are no prices {stretch}: the tick files reach from {utc_text(first_us)} to {utc_text(last_us)}; "
        "choose --from and --to in there, or other --ticks"
    )


def _claim(directory: Path) -> WriterLock:
    """The directory, made where it is missing, for one demo at a time. One that holds anything else is left alone."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()) and not (directory / MARKER).exists():
            raise DemoRefused(f"{directory} holds something that is not a demo: choose another with --data-dir")
        return WriterLock(directory / MARKER)
    except LedgerInUse:
        raise
    except OSError as error:
        raise DemoRefused(
            f"{directory} cannot be made or written ({error.strerror}): choose another with --data-dir"
        ) from error


def _clear(directory: Path) -> None:
    """A demo's own leavings go; the mark by which it is claimed stays."""
    for entry in directory.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != MARKER:
            entry.unlink()


def _found_firm(options: DemoOptions, directory: Path, start_us: int) -> None:
    settings = Settings(
        firm=FirmSettings(name="Northlight Demo", slug="northlight-demo"),
        web=WebSettings(host=HOST, port=options.port),
        gateway=GatewaySettings(host=HOST, port=free_port(HOST)),
        clock=ClockSettings(source=ClockSource.SIMULATED),
        # A release takes several demo traders at once, by design; only a broken feed takes this many.
        risk=RiskSettings(breaker=BreakerSettings(accounts_max=max(25, options.accounts // 2), share_max_bp=5_000)),
        ledger=LedgerSettings(snapshot_rows=20_000),
    )
    machine = found(directory, settings, start_us)
    try:
        _people_and_programs(machine, options)
        pair = new_keypair()
        machine.decide_now([EnrolBridge(by="console", bridge=BRIDGE, public_key=pair.public, simulator=True)])
        key_file = key_file_for(BRIDGE, pair, FirmDirectory(directory), machine.secrets)
        write_new(options.directory / "sim.toml", key_file.encode())
        machine.decide_now(_orders(options))
    finally:
        machine.close()


def _people_and_programs(machine: Machine, options: DemoOptions) -> None:
    # One hash for all: hashing each trader's password at full strength would take the demo a minute.
    password_hash = hash_password(PASSWORD)
    commands: list[Command] = [
        staff_command(machine, OWNER_MAIL, "Omar Haddad", "owner", password_hash),
        staff_command(machine, REVIEWER_MAIL, "Ruth Okafor", "risk", password_hash),
    ]
    commands += [PublishProgram(by="console", program=program) for program in programs()]
    for trader in traders(options.accounts, options.seed):
        commands.append(trader_command(machine, trader.number, trader.mail, trader.name, password_hash))
    machine.decide_now(commands)


def _orders(options: DemoOptions) -> list[Command]:
    phases = {program.program: len(program.phases) for program in programs()}
    commands: list[Command] = []
    for trader in traders(options.accounts, options.seed):
        order = draw_id()
        accounts = tuple(draw_id() for _ in range(phases[trader.program]))
        placed = PlaceOrder(
            by=f"trader:{trader.number}", order=order, trader=trader.number, program=trader.program, accounts=accounts
        )
        commands += [placed, MarkOrderPaid(by="console", order=order, reference="demo")]
    return commands


def wait(demo: Demo, watch: Callable[[Demo], None], every_s: float = 0.5) -> None:
    """Until the platform is done, or for ever. Raises DemoRefused where one of the two was given up."""
    while not demo.platform.finished.wait(every_s):
        if demo.firm.finished.is_set():
            raise DemoRefused(demo.firm.problem or "the firm ended by itself: see its log")
        watch(demo)
    if demo.platform.problem:
        raise DemoRefused(demo.platform.problem)
