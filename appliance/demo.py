"""Demo: found a throw-away firm, serve it, and let the bundled simulator trade on it, with everything real but the money.

Three processes as on a firm's machine: this one only watches, `evenhand serve` is the firm, the simulator is a platform's
bridge. Either child that is killed is started again, and goes on where it was. Both are out of the terminal's reach: Ctrl-C
is for this process, which then stops the two in their order and still has their ledger to tell of.
"""

import contextlib
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.assembly import Machine, draw_id
from appliance.child import Child
from appliance.commands.bridge import key_file_for
from appliance.control import ControlRequest, NotServing, call_control
from appliance.demo_firm import OWNER_MAIL, PASSWORD, REVIEWER_MAIL, DemoTrader, programs, traders
from appliance.demo_platforms import (
    DemoOptions,
    DemoRefused,
    Platform,
    platform_command,
    platforms_of,
    require_ticket_ports,
    together,
    write_passwords,
)
from appliance.founding import found, staff_command, trader_command
from appliance.limit_settings import LimitSettings
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
    StaffFactor,
    WebSettings,
)
from bridges.enrolment import new_keypair
from bridges.simulator.__main__ import prices_of
from bridges.simulator.market_spec import MarketUnusable
from bridges.simulator.replay import Market, Prices
from bridges.simulator.script import ScriptUnusable, read_script
from bridges.simulator.ticks import TickFileError
from firm.commands import Command, EnrolBridge, MarkOrderPaid, PlaceOrder, PublishProgram
from firm.instant import SECOND_US, parse_utc, utc_text
from storage.errors import LedgerInUse
from storage.files import FirmDirectory, write_new
from storage.lock import WriterLock
from web.password_desk import hash_password

HOST = "127.0.0.1"
MARKER = ".evenhand-demo"
# Whoever looks at a demo is its traders and its staff in turn, at one address, and new to most of them.
_ONE_PERSON_IS_MANY = LimitSettings(sign_in_per_minute=600, sign_in_burst=100)
FOUNDED_BEFORE_US = (
    5 * SECOND_US
)  # the market begins within the deadline of the accounts' openings, or each is asked about
TO_END = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)  # what tells a demo to end, also the terminal's


@dataclass
class Demo:
    """A running demo."""

    options: DemoOptions
    url: str = ""
    start_us: int = 0
    claimed: WriterLock | None = None
    platforms: tuple[Platform, ...] = ()
    children: list[Child] = field(default_factory=list)
    serving: threading.Event = field(default_factory=threading.Event)
    told_end: bool = False

    @property
    def firm_directory(self) -> Path:
        return self.options.directory / "firm"

    def claim(self) -> None:
        """Take directory and port for this demo alone. Where one of them or prices cannot be had, nothing was removed for it."""
        self.start_us, end_us = _stretch_of(self.options)
        self.platforms = platforms_of(self.options, self.start_us, end_us)
        claimed = _claim(self.options.directory)
        try:
            served = FirmDirectory(self.firm_directory).lock
            if served.exists():  # by a demo that was killed, or by hand
                WriterLock(served).release()
            listen(HOST, self.options.port, "--port").close()
            require_ticket_ports(self.platforms)
        except (DemoRefused, OSError):
            claimed.release()
            raise
        self.claimed = claimed

    def prepare(self) -> None:
        """Remove what the demo before it left, and found the firm anew."""
        if self.claimed is None:
            self.claim()
        _clear(self.options.directory)
        _found_firm(self.options, self.platforms, self.firm_directory, self.start_us - FOUNDED_BEFORE_US)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """The firm and its platforms, until the block ends."""
        self.firm = Child("firm", self._firm_command(), self.options.directory / "firm.log", self._hear_firm)
        self.children = [
            Child(
                platform.folder,
                platform_command(self.options, platform, self.platforms),
                self.options.directory / f"{platform.folder}.log",
                platform.hear,
            )
            for platform in self.platforms
        ]
        try:
            self.firm.start()
            self._await_serving()
            for child in self.children:
                child.start()
            yield
        finally:
            with _unhurried():
                for child in self.children:
                    child.stop()
                self.firm.stop()
            if self.claimed is not None:
                self.claimed.release()

    @property
    def platform(self) -> Child:
        """The first platform's process."""
        return self.children[0]

    @property
    def market(self) -> dict[str, Any]:
        """What all platforms said last, put together; empty until each has said something."""
        return together([platform.said for platform in self.platforms])

    @property
    def restarts(self) -> int:
        return self.firm.restarts + sum(child.restarts for child in self.children)

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
        command = [sys.executable, "-m", "appliance", "serve", "--data-dir", str(self.firm_directory)]
        for platform in self.platforms:
            if platform.ticket_url:
                command += ["--ticket", f"{platform.bridge}={platform.ticket_url}"]
        return command

    def _hear_firm(self, line: str) -> None:
        if " on http" in line:
            self.url = line.rpartition(" ")[2]
            self.serving.set()


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


def _stretch_of(options: DemoOptions) -> tuple[int, int]:
    """Where the market begins and ends, once it is clear that there is one: before anything is made or removed for it."""
    try:
        prices = prices_of(options.market, options.ticks)
    except (MarketUnusable, TickFileError) as wrong:
        raise DemoRefused(str(wrong)) from wrong
    first_us, last_us = prices.first_us, prices.end_us
    from_us = parse_utc(options.from_text) if options.from_text else first_us
    to_us = parse_utc(options.to_text) if options.to_text else last_us
    if first_us < to_us and from_us < min(to_us, last_us):
        _require_script(options, prices, from_us, to_us)
        return from_us, min(to_us, last_us)
    stretch = f"from {utc_text(from_us)} to {utc_text(to_us)}"
    if from_us >= last_us:
        place = "at" if from_us == last_us else "after"
        stretch = f"from {utc_text(from_us)} on (--from lies {place} the end of the prices)"
    what = "made-up market reaches" if options.market else "tick files reach"
    raise DemoRefused(
        f"there are no prices {stretch}: the {what} from {utc_text(first_us)} to {utc_text(last_us)}; "
        "choose --from and --to in there, or other --ticks"
    )


def _require_script(options: DemoOptions, prices: Prices, from_us: int, to_us: int) -> None:
    """It can be read, and each line of it begins within the market."""
    try:
        if options.script is not None:
            Market(prices, from_us=from_us, to_us=to_us, script=read_script(options.script))
    except ScriptUnusable as wrong:
        raise DemoRefused(str(wrong)) from wrong


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


def _found_firm(options: DemoOptions, platforms: Sequence[Platform], directory: Path, start_us: int) -> None:
    settings = Settings(
        firm=FirmSettings(name="Northlight Demo", slug="northlight-demo"),
        web=WebSettings(host=HOST, port=options.port, staff_second_factor=StaffFactor.DEMO, limits=_ONE_PERSON_IS_MANY),
        gateway=GatewaySettings(host=HOST, port=free_port(HOST)),
        clock=ClockSettings(source=ClockSource.SIMULATED),
        # A release takes several demo traders at once, by design; only a broken feed takes this many.
        risk=RiskSettings(breaker=BreakerSettings(accounts_max=max(25, options.accounts // 2), share_max_bp=5_000)),
        ledger=LedgerSettings(snapshot_rows=20_000),
    )
    cast = traders(options.accounts, options.seed, [platform.troupe for platform in platforms])
    machine = found(directory, settings, start_us)
    try:
        _people_and_programs(machine, cast, len(platforms))
        for platform in platforms:
            pair = new_keypair()
            machine.decide_now(
                [EnrolBridge(by="console", bridge=platform.bridge, public_key=pair.public, simulator=True)]
            )
            key_file = key_file_for(platform.bridge, pair, FirmDirectory(directory), machine.secrets)
            write_new(platform.key_file, key_file.encode())
        machine.decide_now(_orders(cast, len(platforms)))
    finally:
        machine.close()
    write_passwords(options.directory, platforms, cast)


def _people_and_programs(machine: Machine, cast: Sequence[DemoTrader], platforms: int) -> None:
    # One hash for all: hashing each trader's password at full strength would take the demo a minute.
    password_hash = hash_password(PASSWORD)
    commands: list[Command] = [
        staff_command(machine, OWNER_MAIL, "Omar Haddad", "owner", password_hash),
        staff_command(machine, REVIEWER_MAIL, "Ruth Okafor", "risk", password_hash),
    ]
    commands += [PublishProgram(by="console", program=program) for program in programs(platforms)]
    for trader in cast:
        commands.append(trader_command(machine, trader.number, trader.mail, trader.name, password_hash))
    machine.decide_now(commands)


def _orders(cast: Sequence[DemoTrader], platforms: int) -> list[Command]:
    phases = {program.program: len(program.phases) for program in programs(platforms)}
    commands: list[Command] = []
    for trader in cast:
        order = draw_id()
        accounts = tuple(draw_id() for _ in range(phases[trader.program]))
        placed = PlaceOrder(
            by=f"trader:{trader.number}", order=order, trader=trader.number, program=trader.program, accounts=accounts
        )
        commands += [placed, MarkOrderPaid(by="console", order=order, reference="demo")]
    return commands


def wait(demo: Demo, watch: Callable[[Demo], None], every_s: float = 0.5) -> None:
    """Until each platform is done, or for ever. Raises DemoRefused where the firm or a platform was given up."""
    for child in demo.children:
        while not child.finished.wait(every_s):
            if demo.firm.finished.is_set():
                raise DemoRefused(demo.firm.problem or "the firm ended by itself: see its log")
            problem = next((each.problem for each in demo.children if each.problem), "")
            if problem:
                raise DemoRefused(problem)
            watch(demo)
        if child.problem:
            raise DemoRefused(child.problem)
