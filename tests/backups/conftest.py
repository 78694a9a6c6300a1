"""A small firm whose copies go to another directory: Ada's account is open, Omar signs in, prices come."""

import hashlib
import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyrage
import pytest

from actors.arrival import Arrival, Decided
from actors.recovery import all_rows
from appliance.assembly import Machine
from appliance.cli import main
from appliance.demo_firm import programs
from appliance.founding import found, staff_command, trader_command
from appliance.ports import free_port
from appliance.settings import ClockSettings, ClockSource, FirmSettings, GatewaySettings, LedgerSettings, Settings
from appliance.settings import WebSettings as Web
from appliance.settings_file import write_settings
from backups.destination import DirectoryDestination
from backups.envelope import Identity, Recipient
from backups.freshness import Fresh, freshness
from backups.names import wall_us
from backups.pruning import Pruned, prune
from backups.restore import Restored, restore
from backups.retention import Keep
from backups.shipping import Shipped, Shipper
from backups.snapshot import Taken, take_snapshot
from backups.source import Source, workshop
from backups.wanted import Wanted
from firm.commands import EnrolBridge, PublishProgram
from firm.inputs import ClockTicked, Input, QuoteFrame, SymbolReported
from firm.instant import DAY_US, SECOND_US, parse_utc
from firm.price import SymbolSpec
from firm.quote_frame import Tick, encode_quotes
from storage.files import FirmDirectory
from storage.reader import LedgerReader
from storage.readmodels.registry import READ_MODELS
from storage.rows import StoredRow
from storage.secret_files import read_secrets
from storage.segments import seal
from tests.greeting import greeting

START_US = parse_utc("2014-05-01T20:00:00")
ADA, OMAR = 1001, 1
EVENHAND = (sys.executable, "-m", "appliance")
PATIENCE_S = 60
NIGHTLY = Keep(hourly=24, daily=14, weekly=8, monthly=24)
EURUSD = SymbolSpec(symbol="EURUSD", digits=5, contract_e8=100_000 * 10**8, currency_base="EUR", currency_profit="USD")


def small_settings() -> Settings:
    return Settings(
        firm=FirmSettings(name="Northlight", slug="northlight"),
        web=Web(host="127.0.0.1", port=free_port("127.0.0.1")),
        gateway=GatewaySettings(host="127.0.0.1", port=free_port("127.0.0.1")),
        clock=ClockSettings(source=ClockSource.SIMULATED),
        ledger=LedgerSettings(
            checkpoint_rows=10, snapshot_rows=40
        ),  # below the bounds of the file, so that little is much
    )


class House:
    """The firm, its copies' place, and the key that is kept elsewhere."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.directory = folder / "firm"
        self.copies = folder / "copies"
        self.copies.mkdir(mode=0o700)
        self.settings = small_settings()
        self.now_us, self.qseq, self.seq = START_US, 1, 0
        self.machine = found(self.directory, self.settings, START_US)
        self.machine.runner.run_dry()
        identity = pyrage.x25519.Identity.generate()
        self.recipient = str(identity.to_public())
        self.identity_file = folder / "offline.key"
        self.identity_file.write_text(f"# made for a test\n{identity}\n")
        self.destination = DirectoryDestination(self.copies)
        self.segments_keep_days = 0
        self._restores = 0

    def open_for_business(self) -> None:
        self.put(EnrolBridge(by="console", bridge="sim", public_key="k" * 40, simulator=True))
        self.put(greeting())
        self.seq += 1
        self.put(SymbolReported(bridge="sim", seq=self.seq, spec=EURUSD))
        for program in programs():
            self.put(PublishProgram(by="console", program=program))
        self.put(staff_command(self.machine, "omar@northlight.example", "Omar", "owner", "hash-of-omar"))

    def register(self, number: int, mail: str) -> None:
        self.put(trader_command(self.machine, number, mail, mail.partition("@")[0], f"hash-of-{number}"))

    def put(self, body: Input, frame: bytes | None = None) -> Decided:
        decided: list[Decided] = []
        self.machine.offer([Arrival(body, self.now_us, self.now_us, 0, frame, decided.append)])
        self.machine.runner.run_dry()
        return decided[0]

    def tick(self, count: int = 1) -> None:
        for _ in range(count):
            self.now_us += SECOND_US
            raw = encode_quotes(self.seq, [Tick("EURUSD", self.now_us, 138_700, 138_705)])
            body = QuoteFrame(
                bridge="sim", qseq=self.qseq, after_seq=self.seq, n=1, first_us=self.now_us, last_us=self.now_us,
                conflated=False, sha256=hashlib.sha256(raw).hexdigest(),
            )  # fmt: skip
            self.qseq += 1
            self.put(body, raw)

    def next_day(self) -> None:
        """The prices so far are sealed into a segment, and leave their place beside the ledger."""
        upto = self.rows()[-1].seq
        self.now_us += DAY_US
        self.put(ClockTicked(at_us=self.now_us))
        sealed = seal(self.directory, upto_seq=upto)
        assert sealed is not None
        self.put(sealed)
        while self.machine.ledger.drop_sealed_frames():
            pass

    def rows(self) -> list[StoredRow]:
        return self.rows_of(self.directory)

    def rows_of(self, directory: Path) -> list[StoredRow]:
        with LedgerReader(directory) as reader:
            return list(all_rows(reader, 0))

    @property
    def source(self) -> Source:
        return Source(
            directory=self.directory,
            destination=self.destination,
            recipient=Recipient(self.recipient),
            secrets=read_secrets(self.directory),
            read_models=READ_MODELS,
            space_min_bytes=20_000_000,
            segments_keep_days=self.segments_keep_days,
        )

    def snapshot(self) -> Taken:
        return take_snapshot(self.source)

    def ship(self) -> list[Shipped]:
        """What one run of the shipping sends until it has caught up."""
        with workshop(self.directory, "ship") as scratch, Shipper(self.source, scratch) as shipper:
            shipper.begin()
            return list(iter(shipper.round, None))

    def fresh(self, now_us: int | None = None) -> Fresh:
        with workshop(self.directory, "check") as scratch, LedgerReader(self.directory, secret=self.secret) as reader:
            return freshness(self.source, reader, wall_us() if now_us is None else now_us, scratch)

    def prune(self, now_us: int | None = None, keep: Keep = NIGHTLY) -> Pruned:
        return prune(
            self.source, keep, now_us=wall_us() if now_us is None else now_us, tail_keep_days=8, keys_keep_days=30
        )

    @property
    def secret(self) -> bytes:
        return read_secrets(self.directory).ledger_secret

    def snapshots(self) -> list[Path]:
        """Their folders, oldest first."""
        return sorted((self.copies / "snapshots").iterdir())

    def tails(self) -> list[Path]:
        return sorted((self.copies / "tail").rglob("*.age"))

    def put_aside(self) -> Path:
        """A copy of the firm's directory by hand, as an old backup or a machine that was thought dead has it."""
        aside = self.folder / f"aside{len(list(self.folder.glob('aside*')))}"
        self.machine.close()
        shutil.copytree(self.directory, aside, ignore=shutil.ignore_patterns("control.sock"))
        self.machine = Machine(self.directory, self.settings, read_secrets(self.directory))
        return aside

    def go_on_with(self, directory: Path) -> None:
        self.machine.close()
        self.directory = directory
        self.machine = Machine(directory, self.settings, read_secrets(directory))

    def wanted(self, **more: object) -> Wanted:
        self._restores += 1
        wishes = Wanted(
            origin=self.destination,
            identity=Identity(self.identity_file),
            secrets=self.directory / "secrets",
            target=self.folder / f"restored{self._restores}",
            read_models=READ_MODELS,
        )
        return wishes._replace(**more)  # type: ignore[arg-type]

    def restore(self, **more: object) -> tuple[Path, Restored]:
        wanted = self.wanted(**more)
        return wanted.target, restore(wanted)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    house.open_for_business()
    house.register(ADA, "ada@trader.example")
    yield house
    house.machine.close()


class Done(NamedTuple):
    """What a command said."""

    stdout: str
    stderr: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Done]]:
    """One `evenhand` command, in this process: a new one takes as long as what it does."""
    handlers, level = logging.root.handlers[:], logging.root.level

    def run(*arguments: object, status: int = 0) -> Done:
        capsys.readouterr()
        try:
            found = main([*map(str, arguments)])
        except SystemExit as ended:
            found = int(ended.code or 0)
        done = Done(*capsys.readouterr())
        assert found == status, done
        return done

    yield run
    logging.root.handlers[:], logging.root.level = handlers, level


@pytest.fixture
def told(run: Callable[..., Done]) -> Callable[..., dict[str, Any]]:
    def told(*arguments: object, status: int = 0) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(run(*arguments, "--json", status=status).stdout.splitlines()[-1])
        return answer

    return told


@pytest.fixture
def firm(house: Any) -> Any:
    """On disk, with copies set up and nobody in it."""
    house.tick(5)
    house.machine.close()
    house.settings = type(house.settings)(
        firm=house.settings.firm,
        web=house.settings.web,
        gateway=house.settings.gateway,
        clock=ClockSettings(source=ClockSource.SYSTEM),
        backups=type(house.settings.backups)(destination=str(house.copies), recipient=house.recipient, ship_every_s=1),
    )
    write_settings(FirmDirectory(house.directory).settings, house.settings)
    return house


@pytest.fixture
def started(firm: Any) -> Iterator[Any]:
    """Start a verb in the background; ended with the test."""
    children: list[subprocess.Popen[str]] = []

    def start(*arguments: object) -> "subprocess.Popen[str]":
        child = subprocess.Popen(
            [*EVENHAND, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        children.append(child)
        return child

    yield start
    for child in children:
        if child.poll() is None:
            child.terminate()
        child.communicate(timeout=PATIENCE_S)
