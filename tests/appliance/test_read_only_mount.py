"""A file system that is mounted read-only: a firm that was stopped cleanly shows pages, doctor names the mount, and it goes on itself."""

import errno
import os
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from appliance.console import open_machine
from appliance.doctor import run_doctor
from appliance.finding import Finding, Level
from appliance.read_only import ReadOnlyFirm
from appliance.settings import ClockSettings
from appliance.settings_file import settings_toml
from storage.errors import DiskRefused, LedgerInUse
from storage.files import FirmDirectory
from storage.lock import WriterLock
from tests.appliance.small_disk import SmallDisk, small_disk

DISK_MB, LEAST_MB = 220, 60
PATIENCE_S = 30


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path, DISK_MB) as disk:
        yield disk


@pytest.fixture
def firm(disk: SmallDisk, settings: Callable[..., Any], bridge_hands: tuple[Callable[..., Any], ...]) -> FirmDirectory:
    """Stopped cleanly, so that no log lies beside its databases; then nothing can be written any more."""
    founded, _, _, _ = bridge_hands
    files = FirmDirectory(disk.place / "firm")
    machine, _ = founded(files.path, replace(settings(space_min_mb=LEAST_MB), clock=ClockSettings()))
    machine.close()
    files.settings.write_text(settings_toml(machine.settings))
    assert not list(files.path.glob("*-wal"))
    disk.forbid_writing()
    return files


def of(findings: tuple[Finding, ...], check: str) -> Finding:
    return next(finding for finding in findings if finding.check == check)


def test_its_pages_can_be_read_and_it_goes_on_once_it_can_write(
    disk: SmallDisk, firm: FirmDirectory, serving: Callable[[Path], Any], until: Callable[..., Any]
) -> None:
    child = serving(firm.path)
    assert " read-only on " in child.first_line, child.log.read_text()
    with urllib.request.urlopen(f"{child.first_line.split()[-1]}/sign-in", timeout=PATIENCE_S) as answer:
        assert b"Nothing new is taken at the moment" in answer.read()
    assert "mounted read-only: see in dmesg what its disk said" in child.log.read_text()
    found = run_doctor(firm.path)
    assert (of(found, "disk").level, of(found, "lock").level) == (Level.PROBLEM, Level.WARNING)
    assert "is mounted read-only" in of(found, "disk").found
    assert f"process {child.process.pid} shows pages and takes nothing" in of(found, "lock").found
    assert of(found, "ledger").level is Level.OK
    assert f"process {child.process.pid} cannot be asked" in of(found, "alarms").found
    ports = [finding for finding in found if finding.check.startswith("port")]
    assert [finding.level for finding in ports] == [Level.OK, Level.WARNING]
    assert "may be read-only" in ports[1].next
    disk.allow_writing()
    until(lambda: "the firm starts" in child.log.read_text(), "the firm goes on", PATIENCE_S)
    assert child.process.stdout.readline().startswith("serving Northlight on ")
    assert child.close() == 0


def test_doctor_reads_the_ledger_where_nobody_serves(firm: FirmDirectory) -> None:
    found = run_doctor(firm.path)
    for check in ("ledger", "front", "vault", "policy"):
        assert of(found, check).level is Level.OK, of(found, check)
    assert "evenhand init" not in "".join(finding.next for finding in found)


def test_a_command_is_told_that_nothing_can_be_written(firm: FirmDirectory) -> None:
    with pytest.raises(DiskRefused, match="is mounted read-only"):
        open_machine(firm.path)


def test_a_firm_whose_lock_cannot_be_had_is_shown_all_the_same(
    tmp_path: Path, settings: Any, bridge_hands: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a file system over the network, which locks only what can be written."""

    def refused(*_: int) -> None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    founded, _, _, _ = bridge_hands
    machine, _ = founded(tmp_path / "firm", settings())
    machine.close()
    monkeypatch.setattr("storage.lock.fcntl.flock", refused)
    with ReadOnlyFirm(tmp_path / "firm", "the disk is broken") as firm:
        assert firm.firm.reader.size() > 0


def test_nobody_begins_to_write_while_a_firm_is_only_read(tmp_path: Path, settings: Any, bridge_hands: Any) -> None:
    founded, _, _, _ = bridge_hands
    machine, _ = founded(tmp_path / "firm", settings())
    machine.close()
    with ReadOnlyFirm(tmp_path / "firm", "the disk is broken"), pytest.raises(LedgerInUse):
        WriterLock(FirmDirectory(tmp_path / "firm").lock)
    WriterLock(FirmDirectory(tmp_path / "firm").lock).release()
