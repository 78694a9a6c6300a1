"""Power cut of a whole firm: engine, vault, ledger and front start again on what is left, and the firm goes on."""

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random

import anyio
import apsw
import pytest

from actors.arrival import Arrival, Decided
from appliance.assembly import Machine
from appliance.console import open_machine
from appliance.founding import found, staff_command, trader_command
from firm.inputs import ClockTicked
from storage.errors import CommitFailed
from storage.front import FrontFile
from storage.ledger import Ledger
from storage.readmodels.registry import READ_MODELS
from storage.sessions import SessionStore
from storage.sqlite_file import open_sqlite
from storage.vault import Vault
from storage.verify import verify
from tests.appliance.conftest import small_settings
from tests.faults.crashes import Crash, Image, images, lay
from tests.faults.recovery import digest_of
from tests.faults.tape import Fault, recording

CRASHES = tuple(Crash)
ANSWERED = 4
IMAGES = 50
FRONT_IMAGES = 120
NOW_US = 1_398_974_400_000_000


def act(machine: Machine, number: int) -> None:
    """Somebody is sealed in the vault and told to the ledger."""
    if number % 2:
        machine.decide_now([staff_command(machine, f"ruth{number}@example.org", "Ruth", "risk", "$argon2id$")])
    else:
        machine.decide_now([trader_command(machine, number + 1, f"ada{number}@example.org", "Ada", "$argon2id$")])


def commands_in(machine: Machine) -> int:
    kinds = [row.kind for row in machine.reader.rows(0, 10_000)]
    return kinds.count("AddStaff") + kinds.count("RegisterTrader")


def test_a_firm_goes_on_after_a_power_cut(folders: Iterator[Path]) -> None:
    firm, place, drawn = next(folders) / "firm", next(folders) / "firm", Random(5)
    found(firm, small_settings()).close()
    shutil.copytree(firm, place)
    with recording(firm) as tape, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ledger, "open", partial(Ledger.open, vfs=tape.vfs))
        patch.setattr(Vault, "open", partial(Vault.open, vfs=tape.vfs))
        machine = open_machine(firm)
        for number in range(ANSWERED):
            tape.tell("asked", number + 1)
            act(machine, number)
            tape.tell("answered", number + 1)
        tape.stop()
        machine.close()
    # Some of them only: opening a firm takes ten times as long as opening its ledger.
    candidates = [(f"{crash} after operation {length}", dict(platter.told), image)
                  for length, crash, platter, image in images(tape.disk, CRASHES, drawn)]  # fmt: skip
    for what, told, image in drawn.sample(candidates, IMAGES):
        lay(image, place)
        machine = open_machine(place)
        try:
            before = commands_in(machine)
            assert told.get("answered", 0) <= before <= told.get("asked", 0), what
            act(machine, 90)
            assert commands_in(machine) == before + 1
        finally:
            machine.close()
        secrets = machine.secrets
        report = verify(place, secret=secrets.ledger_secret, read_models=READ_MODELS, vault_master=secrets.vault_master)
        assert report.is_sound, (what, report.findings[:3])
        assert report.sealed_values == before + 1


def test_a_commit_that_fails_ends_the_engine_and_nobody_is_answered(folders: Iterator[Path]) -> None:
    firm = next(folders) / "firm"
    found(firm, small_settings()).close()
    with recording(firm) as tape, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ledger, "open", partial(Ledger.open, vfs=tape.vfs))
        machine = open_machine(firm)
        act(machine, 0)
        before = machine.ledger.size
        answered: list[Decided] = []
        machine.runner.offer([Arrival(ClockTicked(at_us=NOW_US), NOW_US, NOW_US, 0, None, answered.append)])
        tape.fault = Fault("sync", apsw.SQLITE_IOERR_FSYNC, tape.seen["sync"] + 1, for_ever=False)
        with pytest.raises(CommitFailed, match="end this process"):
            anyio.run(machine.runner.run)
        assert answered == []
        machine.put(ClockTicked(at_us=NOW_US + 1))
        with pytest.raises(CommitFailed, match="stopped earlier"):
            anyio.run(machine.runner.run)
        machine.close()
    machine = open_machine(firm)
    assert machine.ledger.size >= before
    assert commands_in(machine) == 1
    machine.close()


def test_a_front_that_a_power_cut_damaged_starts_anew(folders: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, place, drawn = next(folders), next(folders), Random(6)
    (folder / "segments").mkdir()
    with recording(folder) as tape:
        monkeypatch.setattr("storage.front.open_sqlite", partial(open_sqlite, vfs=tape.vfs))
        front = FrontFile.open(folder)
        for number in range(5):
            SessionStore(front).set(f"ada{number}", b"%d" % number * 400, NOW_US, "trader:1")
        tape.stop()
        front.close()
    monkeypatch.setattr("storage.front.open_sqlite", open_sqlite)
    different: dict[int, Image] = {digest_of(image, {}): image for *_, image in images(tape.disk, CRASHES, drawn)}
    kept = 0
    for image in drawn.sample(list(different.values()), FRONT_IMAGES):
        lay(image, place)
        front = FrontFile.open(place)
        sessions = SessionStore(front)
        found_again = [sessions.get(f"ada{number}", NOW_US) for number in range(5)]
        for number, session in enumerate(found_again):
            assert session is None or session.content == b"%d" % number * 400
        kept += any(found_again)
        sessions.set("ben", b"in", NOW_US, "trader:2")
        assert sessions.get("ben", NOW_US) is not None
        front.close()
    assert kept > 10  # it is not only ever thrown away
