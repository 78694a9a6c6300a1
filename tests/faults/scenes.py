"""Scenes: what a firm's book goes through while its disk is noted, and what must be found of it whatever the disk then does.

Each scene drives the real storage. What it has told outside is noted in the log: `asked`, the row it tries to write up to,
and `acked`, the row up to which somebody was answered.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

import apsw
import pytest

from appliance.failing import KNOWN
from firm.commands import RegisterTrader
from firm.inputs import SnapshotWritten
from firm.kinds import Body
from storage import audit_schema
from storage import migrate as migrating
from storage import verify as verifying
from storage.files import create_firm_directory
from storage.ledger import Ledger
from storage.readmodels import ReadModel
from storage.readmodels.seals import Seals
from storage.rotation import rotate
from storage.rows import Row
from storage.segments import seal
from storage.snapshots import state_hash
from storage.vault import Vault
from tests.faults.crashes import Disk, Image, lay, lying
from tests.faults.tape import Fault, Tape, recording
from tests.storage.conftest import FIRM, LINEAGE, SECRET, SEED, Balances, Book

MASTER = bytes(range(64, 96))
NEXT_MASTER = bytes(range(96, 128))
NEXT_MIGRATION = "CREATE TABLE notes (seq INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT; INSERT INTO notes SELECT seq, kind FROM ledger;"
MODELS: tuple[ReadModel, ...] = (Balances(), Seals())

Rows = list[tuple[Row, Body]]


@dataclass
class Trace:
    """One noted run. `roots`: the tree's root at each size at which a batch ended; `rows`: what was ever offered, in order.

    `raised`: what ended it; `left`: the files as the next program finds them where the machine went on; `seen`: operations.
    """

    disk: Disk
    roots: dict[int, bytes] = field(default_factory=dict)
    rows: list[tuple[int, str, bytes]] = field(default_factory=list)
    people: dict[int, str] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    raised: BaseException | None = None
    left: Image = field(default_factory=dict)


@dataclass
class Player:
    """Drives the book in a directory, telling the tape what it asks for and what it was answered."""

    folder: Path
    tape: Tape
    trace: Trace
    opened: list[Ledger | Vault] = field(default_factory=list)

    def open(self, *models: ReadModel) -> Ledger:
        ledger = Ledger.open(
            self.folder, secret=SECRET, signing_seed=SEED, read_models=models or MODELS, vfs=self.tape.vfs
        )
        self.opened.append(ledger)
        self.trace.roots[ledger.size] = ledger.root()
        return ledger

    def open_vault(self, master: bytes = MASTER) -> Vault:
        vault = Vault.open(self.folder, master, vfs=self.tape.vfs)
        self.opened.append(vault)
        return vault

    def append(self, ledger: Ledger, rows: Rows, **more: object) -> None:
        self.trace.rows += [(row.seq, row.kind, row.payload) for row, _ in rows]
        self.tape.tell("asked", ledger.size + len(rows))
        ledger.append(rows, **more)  # type: ignore[arg-type]
        self.trace.roots[ledger.size] = ledger.root()
        self.tape.tell("acked", ledger.size)

    def trade(self, ledger: Ledger, *batches: int) -> None:
        for number, count in enumerate(batches):
            rows, frames = Book.stream(_BOOK, ledger.size + 1, count)
            due = [(row.seq, row.received_us) for row, _ in rows if row.seq % 7 == 0]
            parts = [(f"desk/{number % 3}", ledger.size, b"state %d" % ledger.size * 9)] if number % 2 else []
            self.append(ledger, rows, frames=frames, checkpoints=due, snapshot=parts)

    def say(self, ledger: Ledger, body: Body, **more: object) -> None:
        self.append(ledger, [Book.row(ledger.size + 1, body)], **more)

    def close(self) -> None:
        for one in reversed(self.opened):
            one.close()
        self.opened.clear()


_BOOK = Book.__new__(Book)  # for its stream of rows, which needs no directory


# --- scenes ---


def found_and_trade(player: Player) -> None:
    """A ledger is created, opened for the first time and written to."""
    found(player.folder, player.tape.vfs)
    player.tape.tell("founded", 1)
    player.trade(player.open(), 1, 3)


def trade(player: Player) -> None:
    """Batches of many sizes, with frames, checkpoints and parts of snapshots; the log is moved into the file now and then."""
    player.trade(player.open(), 1, 2, 1, 3, 1, 1, 2)


def fill_a_tile(player: Player) -> None:
    """Row 256 completes a tile and writes the heads of all accounts."""
    player.trade(player.open(), 2, 4, 1)


def seal_quotes(player: Player) -> None:
    """Frames go to a segment, the ledger says so, and they leave the table."""
    ledger = player.open()
    player.trade(ledger, 6)
    said = seal(player.folder, upto_seq=5)
    assert said is not None
    player.trade(ledger, 2)
    player.say(ledger, said)
    while ledger.drop_sealed_frames():
        pass
    player.trade(ledger, 1)


def write_snapshots(player: Player) -> None:
    """Snapshots in parts beside trading, each declared complete by a row, and the old ones pruned."""
    ledger = player.open()
    for number in range(5):
        player.trade(ledger, 1)
        of_seq = ledger.size
        states = {f"account/{desk}": b"%d" % (number * desk) * 40 for desk in range(1, 4)}
        parts = [(desk, of_seq, state) for desk, state in states.items()]
        whole = {**{f"desk/{n}": b"" for n in range(3)}, **states}
        parts += [(desk, of_seq, b"") for desk in whole if not whole[desk]]
        player.append(ledger, [], snapshot=parts[:2])
        said = SnapshotWritten(of_seq=of_seq, states=3, state_hash=state_hash(sorted(states.items())))
        player.say(ledger, said, snapshot=parts[2:])
    while ledger.prune_snapshots():
        pass
    player.trade(ledger, 1)


def change_read_models(player: Player) -> None:
    """A release without one of the read models, and then the one before again: its tables go, and are folded anew."""
    player.open(Seals()).close()
    player.trade(player.open(), 3)


def migrate(player: Player) -> None:
    """A release whose schema has one step more."""
    with pytest.MonkeyPatch.context() as patch:
        plan_migration(patch)
        player.trade(player.open(), 2, 1)


def keep_people(player: Player) -> None:
    """People are sealed in the vault, then told to the ledger; one is forgotten again."""
    vault, ledger = player.open_vault(), player.open()
    for number in range(1, 4):
        register(player, vault, ledger, number)
    player.tape.tell("erasing", 1)
    vault.erase("trader:1")
    player.tape.tell("erased", 1)
    player.trade(ledger, 2)


def rotate_master(player: Player) -> None:
    """The vault goes over to another master, and somebody comes afterwards."""
    vault, ledger = player.open_vault(), player.open()
    for number in range(1, 4):
        register(player, vault, ledger, number)
    vault.close()
    player.opened.remove(vault)
    rotate(player.folder, MASTER, NEXT_MASTER, vfs=player.tape.vfs)
    player.tape.tell("rotated", 1)
    register(player, player.open_vault(NEXT_MASTER), ledger, 4)


def register(player: Player, vault: Vault, ledger: Ledger, number: int) -> None:
    commitment = vault.add_person("trader", number, f"ada{number}@example.org", "Ada", "$argon2id$")
    assert commitment is not None
    player.trace.people[number] = commitment
    player.say(ledger, RegisterTrader(by="console", trader=number, sealed=commitment))


class Scene(NamedTuple):
    """What happens before the noting begins, and what is noted."""

    play: Callable[[Player], object]
    rows_before: int | None = 3


SCENES: dict[str, Scene] = {
    "founding": Scene(found_and_trade, None),
    "trading": Scene(trade),
    "a tile": Scene(fill_a_tile, 252),
    "sealing": Scene(seal_quotes),
    "snapshots": Scene(write_snapshots),
    "read models": Scene(change_read_models),
    "a migration": Scene(migrate),
    "the vault": Scene(keep_people),
    "a rotation": Scene(rotate_master),
}


def plan_migration(patch: pytest.MonkeyPatch) -> None:
    """From now on this is a release with one migration more."""
    planned = (*migrating.migrations(), (len(migrating.migrations()) + 1, NEXT_MIGRATION))
    for module in (migrating, audit_schema, verifying):
        patch.setattr(module, "migrations", lambda: planned)


def found(folder: Path, vfs: str | None = None) -> None:
    """An empty ledger."""
    Ledger.create(folder, firm_slug=FIRM, lineage=LINEAGE, secret=SECRET, signing_seed=SEED, vfs=vfs)


def prepare(folder: Path, rows_before: int | None) -> None:
    """The directory as the scene finds it: closed properly, all of it synced."""
    create_firm_directory(folder)
    if rows_before is not None:
        lay(_closed_book(rows_before), folder)


@cache
def _closed_book(rows_count: int) -> Image:
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "firm"
        create_firm_directory(folder)
        found(folder)
        with Ledger.open(folder, secret=SECRET, signing_seed=SEED, read_models=MODELS) as ledger:
            rows, frames = Book.stream(_BOOK, 1, rows_count)
            ledger.append(rows, frames=frames, checkpoints=[(2, 2)])
        return lying(folder)


def play(
    scene: Scene,
    folder: Path,
    *,
    fault: Fault | None = None,
    lies: bool = False,
    platter: Image | None = None,
    player: type["Player"] = Player,
) -> Trace:
    """Let the scene happen and note it, in a fresh directory or, with a `platter`, in one as a crash left it."""
    if platter is None:
        prepare(folder, scene.rows_before)
    with recording(folder, fault, platter=platter, lies=lies) as tape, pytest.MonkeyPatch.context() as patch:
        # The same salts each time, so that each run of a scene writes the same rows.
        patch.setattr("storage.vault.random", Random(1).randbytes)
        trace = Trace(tape.disk, rows=rows_in(folder))
        one = player(folder, tape, trace)
        try:
            scene.play(one)
        except (*KNOWN, apsw.Error) as raised:
            trace.raised = raised
        # What a program started next finds: the kernel still shows all that was written.
        trace.seen, trace.left = tape.seen, lying(folder)
        tape.stop()
        one.close()
    return trace


def rows_in(folder: Path) -> list[tuple[int, str, bytes]]:
    """Every row of a ledger as any program finds it."""
    path = folder / "ledger.db"
    if not path.exists():
        return []
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return list(connection.execute("SELECT seq, kind, payload FROM ledger ORDER BY seq"))
    finally:
        connection.close()
