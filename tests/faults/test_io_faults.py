"""I/O faults: any operation of the disk may fail, once or from then on. The program stops, and its next start has all it had answered."""

from collections import Counter
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import apsw
import pytest

from storage.errors import CommitFailed, DiskRefused, LedgerRefused
from storage.sqlite_file import TracesRemain
from tests.faults.crashes import Crash, Image, at_the_end, lay
from tests.faults.recovery import Tally, note_problems, problems_of
from tests.faults.scenes import SCENES, Player, Scene, Trace, play
from tests.faults.tape import Fault

CODES = {
    "read": (apsw.SQLITE_IOERR_READ,),
    "write": (apsw.SQLITE_IOERR_WRITE, apsw.SQLITE_FULL),
    "sync": (apsw.SQLITE_IOERR_FSYNC,),
    "truncate": (apsw.SQLITE_IOERR_TRUNCATE,),
    "delete": (apsw.SQLITE_IOERR_DELETE,),
    "open": (apsw.SQLITE_CANTOPEN,),
}
IN_WORDS = (CommitFailed, DiskRefused, LedgerRefused, TracesRemain)
# A seal that fails has no row in the ledger, and whoever asked for it is told no: the vault need not end the process.
OF_THE_VAULT = (*IN_WORDS, apsw.IOError, apsw.FullError, apsw.CantOpenError)


def faults(seen: Counter[str], *, every: int = 1) -> Iterator[Fault]:
    """Every fault at each operation that a run went through, or at each `every`th."""
    for operation, codes in CODES.items():
        for nth in range(1, seen[operation] + 1, every):
            for code in codes:
                yield Fault(operation, code, nth, for_ever=False)
                yield Fault(operation, code, nth, for_ever=True)


def try_faults(name: str, folders: Iterator[Path], *, every: int) -> tuple[Tally, Counter[type]]:
    """Run the scene once for each fault; start again where the machine went on, and where it lost its power."""
    undisturbed = play(SCENES[name], next(folders) / "firm")
    assert undisturbed.raised is None
    tally, raised = Tally(), Counter[type]()
    place, drawn, ends = next(folders), Random(name), cycle((None, Crash.LOST, Crash.KEPT, Crash.SUBSET))
    for fault in faults(undisturbed.seen, every=every):
        with TemporaryDirectory(dir=place.parent) as scratch:
            trace = play(SCENES[name], Path(scratch) / "firm", fault=fault)
        raised[type(trace.raised)] += 1
        platter, end = at_the_end(trace.disk, drawn), next(ends)
        image = trace.left if end is None else platter.image(end, drawn)
        note_problems(
            tally, str(end), str(fault), problems_of(expected(undisturbed, trace), image, platter.told, place)
        )
    return tally, raised


def expected(undisturbed: Trace, trace: Trace) -> Trace:
    """A batch whose commit failed may be there too: what its rows are is known from the undisturbed run."""
    return Trace(trace.disk, roots=undisturbed.roots, rows=undisturbed.rows, people=undisturbed.people)


@pytest.mark.parametrize(
    ("name", "every"),
    [
        pytest.param("trading", 1, id="trading, every operation"),
        pytest.param("founding", 8, id="founding, some"),
        pytest.param("the vault", 8, id="the vault, some"),
        pytest.param("founding", 1, id="founding, every operation", marks=pytest.mark.soak),
        pytest.param("sealing", 1, id="sealing, every operation", marks=pytest.mark.soak),
        pytest.param("snapshots", 1, id="snapshots, every operation", marks=pytest.mark.soak),
        pytest.param("the vault", 1, id="the vault, every operation", marks=pytest.mark.soak),
    ],
)
def test_whatever_fails_the_next_start_has_all_that_was_answered(
    name: str, every: int, folders: Iterator[Path]
) -> None:
    tally, raised = try_faults(name, folders, every=every)
    assert not tally.problems, tally.problems[:5]
    # Each fault is felt: one that only hinders a checkpoint is told as well, because apsw hands on what its VFS raised.
    words = OF_THE_VAULT if name == "the vault" else IN_WORDS
    assert all(issubclass(kind, words) for kind in raised), raised
    assert raised[CommitFailed] > 5


def test_a_commit_that_fails_is_the_last_one(folders: Iterator[Path]) -> None:
    def go_on_all_the_same(player: Player) -> None:
        ledger = player.open()
        with pytest.raises(CommitFailed, match="end this process"):
            player.trade(ledger, 1, 1)
        with pytest.raises(CommitFailed, match="the ledger stopped earlier"):
            player.trade(ledger, 1)

    folder = next(folders) / "firm"
    undisturbed = play(SCENES["trading"], next(folders) / "firm")
    # The second sync of the scene is that of the first commit's log.
    trace = play(Scene(go_on_all_the_same), folder, fault=Fault("sync", apsw.SQLITE_IOERR_FSYNC, 2, for_ever=False))
    assert trace.raised is None
    assert not problems_of(expected(undisturbed, trace), trace.left, {"acked": 3, "asked": 4}, next(folders))


def test_a_start_on_a_disk_that_fails_says_so_or_has_everything(folders: Iterator[Path]) -> None:
    scene = SCENES["trading"]
    left = play(scene, next(folders) / "firm").left
    opening = Scene(lambda player: player.open())
    seen = play(opening, laid(left, folders), platter=left).seen
    outcomes = Counter[str]()
    for fault in faults(seen):
        trace = play(opening, laid(left, folders), platter=left, fault=fault)
        outcomes[type(trace.raised).__name__] += 1
        assert isinstance(trace.raised, IN_WORDS), fault
        assert "ledger.db" in str(trace.raised)
    assert outcomes["DiskRefused"] > 20, outcomes


def laid(image: Image, folders: Iterator[Path]) -> Path:
    folder = next(folders)
    lay(image, folder)
    return folder


@pytest.mark.parametrize("seed", range(12))
def test_what_the_kernel_shows_after_a_failed_sync_is_not_built_upon(seed: int, folders: Iterator[Path]) -> None:
    """A sync fails, the process is killed and starts again on a machine that went on, trades, and then the power goes."""
    drawn = Random(seed)
    folder = next(folders) / "firm"
    undisturbed = play(SCENES["trading"], next(folders) / "firm")
    nth = 2 + seed % (undisturbed.seen["sync"] - 1)
    first = play(SCENES["trading"], folder, fault=Fault("sync", apsw.SQLITE_IOERR_FSYNC, nth, for_ever=False))
    assert isinstance(first.raised, CommitFailed)
    platter = at_the_end(first.disk, drawn).image(Crash.LOST, drawn)
    lay(first.left, folder)
    second = play(Scene(lambda player: player.trade(player.open(), 1, 2)), folder, platter=platter)
    assert second.raised is None
    end = at_the_end(second.disk, drawn)
    problems = problems_of(second, end.image(Crash.LOST, drawn), end.told, next(folders))
    assert not problems, problems
