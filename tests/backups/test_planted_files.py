"""Files that cost whoever plants them nothing: they fill neither disk nor memory here, and end nothing but what they must."""

import os
import subprocess
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from appliance.copies_seen import why_unseen
from appliance.copying import BackupSettings
from backups import asking, notes, whole
from backups.asking import notes_within, that_matter
from backups.destination import LOT_BYTES_MAX, Destination, DirectoryDestination
from backups.errors import DestinationFailed
from backups.names import TailName, stamp_of, wall_us
from backups.notes import known_notes
from storage.checkpoint import sign_note
from storage.reader import LedgerReader
from tests.backups.test_places import place  # noqa: F401  (a fixture)

MIB = 2**20


@pytest.fixture
def copied(house: Any) -> Any:
    house.snapshot()
    return house


def plant(house: Any, name: str, count: int, size: int) -> None:
    """Sparse files in folders that look like snapshots, each newer than the true ones."""
    for number in range(count):
        folder = house.copies / "snapshots" / f"{stamp_of(wall_us() + number)}-{number + 1:016d}"
        folder.mkdir()
        with (folder / name).open("wb") as file:
            file.truncate(size)


def held_at_most(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How much lay in the folder that is fetched to, at each fetch."""
    seen: list[int] = []
    get = DirectoryDestination.get

    def watched(self: DirectoryDestination, path: str, local: Path, bytes_max: int) -> None:
        get(self, path, local, bytes_max)
        fetched = local.parents[1] if local.parents[1].name == "fetched-all" else local.parent
        seen.append(sum(file.stat().st_size for file in fetched.rglob("*") if file.is_file()))

    monkeypatch.setattr(DirectoryDestination, "get", watched)
    return seen


@pytest.mark.parametrize(("count", "size"), [(6, 31 * MIB), (30, whole.MANIFEST_BYTES_MAX)])
def test_manifests_that_nobody_signed_are_judged_a_few_at_a_time(
    copied: Any, monkeypatch: pytest.MonkeyPatch, count: int, size: int
) -> None:
    plant(copied, "manifest", count, size)
    seen = held_at_most(monkeypatch)
    tracemalloc.start()
    fresh = copied.fresh()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert fresh.snapshots == 1
    assert max(seen) <= LOT_BYTES_MAX
    assert peak < 4 * LOT_BYTES_MAX
    assert copied.restore()[1].size == len(copied.rows())


def test_more_of_them_than_we_ever_wrote_are_told(copied: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(copied, "manifest", 3, 9)
    monkeypatch.setattr(whole, "MANIFESTS_BYTES_MAX", 20)
    with pytest.raises(DestinationFailed, match="see who wrote there"):
        copied.fresh()
    monkeypatch.setattr(notes, "SNAPSHOTS_MAX", 3)
    with pytest.raises(DestinationFailed, match=r"4 folders lie in snapshots/.*see who wrote there"):
        copied.fresh()


def test_checkpoints_that_nobody_signed_do_not_fill_who_starts(copied: Any) -> None:
    plant(copied, "checkpoint", 300, 64 * 1024)
    plant(copied, "checkpoint", 300, 4 * 1024)
    with LedgerReader(copied.directory) as reader:
        identity = reader.identity()
    tracemalloc.start()
    found = notes_within(str(copied.copies), copied.directory, identity, 60)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * MIB
    own = (copied.snapshots()[0] / "checkpoint").read_text()
    assert found[0] == own
    assert len(found) <= 2
    settings = BackupSettings(destination=str(copied.copies), recipient=copied.recipient)
    assert why_unseen(copied.directory, settings, copied.machine.secrets) == ""


def test_an_answer_that_is_longer_than_any_is_not_taken_in(copied: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with LedgerReader(copied.directory) as reader:
        identity = reader.identity()
    monkeypatch.setattr(asking, "ANSWER_BYTES_MAX", 10)
    with pytest.raises(DestinationFailed, match="could not be looked at"):
        notes_within(str(copied.copies), copied.directory, identity, 60)


def test_of_the_checkpoints_those_with_the_most_rows_are_told_and_samples_of_the_others(
    copied: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied.tick(20)
    copied.snapshot()
    monkeypatch.setattr(asking, "OWN_MAX", 1)
    with LedgerReader(copied.directory) as reader:
        identity = reader.identity()
    found = known_notes(copied.destination, tmp_path)
    other = identity._replace(firm_slug="southlight")
    assert that_matter(identity, [*found, *"12345"]) == [(copied.snapshots()[1] / "checkpoint").read_text(), *"123"]
    assert that_matter(other, found) == found


def test_of_each_lineage_those_with_the_most_rows_are_told_however_few_they_are(copied: Any) -> None:
    """A firm that was restored long ago has more rows than the one that it was restored from and that goes on by mistake."""
    with LedgerReader(copied.directory) as reader:
        identity = reader.identity()

    def signed(lineage: str, rows: int) -> str:
        return sign_note(f"evenhand/northlight/{lineage}", rows, bytes(32), copied.source.signer)

    left = [signed("ab" * 16, rows) for rows in (38, 39, 40)]
    own = [signed("cd" * 16, rows) for rows in range(41, 300)]
    found = that_matter(identity, [*left, *own])
    assert found[0] == own[-1]
    assert left[-1] in found
    assert len(found) < 2 * asking.OWN_MAX


def test_tail_files_of_a_lineage_that_was_left_are_read_only_as_large_as_ours_are(
    copied: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = copied.machine.ledger.lineage.hex()
    copied.go_on_with(copied.restore()[0])
    copied.snapshot()
    (copied.copies / "tail" / left).mkdir(parents=True)
    for number in range(3):
        name = TailName(900 + number, 901 + number, stamp_of(wall_us()), 300 * MIB).name
        with (copied.copies / "tail" / left / name).open("wb") as file:
            file.truncate(300 * MIB)
    seen = held_at_most(monkeypatch)
    assert copied.restore()[1].size == len(copied.rows())
    assert max(seen) < 10 * MIB


def test_a_folder_of_a_thousand_folders_ends_nothing(copied: Any, request: pytest.FixtureRequest) -> None:
    # pytest cannot remove it either.
    request.addfinalizer(lambda: subprocess.run(["rm", "-rf", copied.copies], check=True))
    deep(copied.snapshots()[0])
    deep(copied.copies / "tail")
    assert copied.fresh().problems == ()
    copied.prune()
    assert copied.restore()[1].size == len(copied.rows())
    with pytest.raises(DestinationFailed, match="remove it by hand"):
        copied.destination.remove("snapshots", [copied.snapshots()[0].name])
    assert copied.fresh().snapshots == 0


def test_files_are_listed_as_deep_as_copies_lie(place: Destination, tmp_path: Path) -> None:  # noqa: F811
    deep(tmp_path / "copies" / "tail", 20)
    (tmp_path / "copies" / "tail" / "d" / "d" / "file").write_bytes(b"1")
    (tmp_path / "copies" / "tail" / "d" / "d" / "d" / "file").write_bytes(b"1")
    assert place.sizes("tail") == {"d/d/file": 1}


def deep(folder: Path, levels: int = 1_500) -> None:
    folder.mkdir(exist_ok=True)
    here = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
