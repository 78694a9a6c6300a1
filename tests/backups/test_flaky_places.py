"""Places that answer badly for a moment: what cannot be read now is not gone, and nothing is removed for it."""

from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from appliance import copies_seen
from appliance.copies_seen import why_unseen
from appliance.copying import BackupSettings
from backups import asking
from backups import destination as places
from backups.asking import notes_within
from backups.destination import DirectoryDestination
from backups.errors import DestinationFailed
from backups.rsync import REMOVED_AT_ONCE, RsyncDestination
from backups.whole import Line, lying_snapshots, unfinished_of
from storage.checkpoint import Signer
from storage.reader import LedgerReader
from tests.backups.conftest import PATIENCE_S
from tests.backups.hung_mount import mounted


def test_a_snapshot_whose_manifest_cannot_be_read_this_time_is_not_taken_for_unfinished(
    house: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.snapshot()
    house.tick(3)
    house.snapshot()
    get, older = DirectoryDestination.get, house.snapshots()[0].name

    def flaky(self: DirectoryDestination, path: str, local: Path, bytes_max: int) -> None:
        if path == f"snapshots/{older}/manifest":
            raise DestinationFailed("the share did not answer")
        get(self, path, local, bytes_max)

    def none_at_once(*_: object) -> None:
        raise DestinationFailed("the share did not answer")

    monkeypatch.setattr(DirectoryDestination, "get", flaky)
    monkeypatch.setattr(DirectoryDestination, "get_all", none_at_once)
    with LedgerReader(house.directory, secret=house.machine.secrets.ledger_secret) as reader:
        line = Line.of(reader)
        lying = lying_snapshots(house.destination, Signer(house.machine.secrets.signing_seed).public_key, tmp_path)
        assert [each.manifest is None for each in lying] == [True, False]
        assert unfinished_of(house.destination, line, lying, tmp_path) == set()


def test_a_file_that_goes_while_a_folder_is_looked_at_is_alone_not_there(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / "tail" / f"{number}").mkdir(parents=True)
        (tmp_path / "tail" / f"{number}" / "file").write_bytes(b"x" * number)
    seen = []
    for name, size in places._sizes(tmp_path / "tail", "", 2):
        seen.append((name, size))
        for other in (tmp_path / "tail").iterdir():
            if f"{other.name}/file" not in {name for name, _ in seen}:
                (other / "file").unlink()
                other.rmdir()
    assert len(seen) == 1


def test_thousands_of_names_are_removed_in_lots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(RsyncDestination, "_run", lambda _, arguments, **__: asked.append(len(arguments)))
    RsyncDestination("copies@vault.example:/srv").remove(
        "tail", [f"{number}" for number in range(2 * REMOVED_AT_ONCE + 1)]
    )
    assert len(asked) == 3
    assert max(asked) == 2 * REMOVED_AT_ONCE + 5


def settings_of(house: Any) -> BackupSettings:
    return BackupSettings(destination=str(house.copies), recipient=house.recipient)


def test_a_broken_mount_is_told_and_stops_no_start(house: Any) -> None:
    with mounted(house.copies, hangs=False):
        seen = why_unseen(house.directory, settings_of(house), house.machine.secrets)
    assert "Transport endpoint is not connected" in seen
    assert why_unseen(house.directory, settings_of(house), house.machine.secrets) == ""


def test_a_mount_that_hangs_holds_no_start(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies_seen, "ANSWER_DEADLINE_S", 0.5)
    began = monotonic()
    with mounted(house.copies, hangs=True):
        seen = why_unseen(house.directory, settings_of(house), house.machine.secrets)
        assert monotonic() - began < PATIENCE_S
    assert "did not answer within 0.5 s: see whether what is mounted there hangs" in seen


def test_whoever_looks_is_of_this_tree_whatever_else_is_installed(
    house: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "__init__.py").write_text("raise SystemExit('another copy')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    house.snapshot()
    with LedgerReader(house.directory) as reader:
        assert notes_within(str(house.copies), house.directory, reader.identity(), PATIENCE_S) != []


def test_whoever_looks_and_does_not_come_back_is_not_waited_for(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with LedgerReader(house.directory) as reader:
        identity = reader.identity()
    monkeypatch.setattr(asking, "_CHILD", "import signal; signal.pause()")
    with pytest.raises(DestinationFailed, match=r"did not answer within 0\.2 s"):
        notes_within(str(house.copies), house.directory, identity, 0.2)
    monkeypatch.setattr(asking, "_CHILD", "sys.exit(3)")
    with pytest.raises(DestinationFailed, match="ended with 3"):
        notes_within(str(house.copies), house.directory, identity, PATIENCE_S)


@pytest.mark.soak
def test_a_firm_whose_copies_hang_starts_and_says_so(firm: Any, started: Any) -> None:
    with mounted(firm.copies, hangs=True):
        serving = started("serve", "--data-dir", firm.directory)
        assert serving.stdout.readline().startswith("serving Northlight")
        serving.terminate()
        _, log = serving.communicate(timeout=PATIENCE_S)
    line = next(line for line in log.splitlines() if "could not be seen" in line)
    assert "did not answer within 10 s" in line
