"""Snapshot and shipped tail into a blank directory: restored, verified, served; every row, fact, price and person is there."""

import os
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from actors.states import hash_of
from appliance.assembly import Machine
from appliance.commands.replay import replay
from appliance.doctor import run_doctor
from appliance.finding import Level
from backups.errors import RestoreRefused
from backups.newer import OlderThanKnown
from backups.restore import restore
from backups.shipping import ROWS_MAX, NoSnapshotYet
from backups.source import restored_in
from backups.wanted import Until
from firm.commands import MarkOrderPaid, PlaceOrder
from firm.facts import CommandQueued
from firm.inputs import LedgerForked
from firm.kinds import body_of
from storage.files import FirmDirectory
from storage.reader import LedgerReader
from storage.readmodels.registry import READ_MODELS
from storage.secret_files import read_secrets
from storage.verify import verify


@contextmanager
def opened(directory: Path, house: Any) -> Iterator[Machine]:
    with closing(Machine(directory, house.settings, read_secrets(directory))) as machine:
        machine.tidy()
        machine.runner.run_dry()
        yield machine


def frames_of(directory: Path) -> list[tuple[int, bytes]]:
    with LedgerReader(directory) as reader:
        seqs = [row.seq for row in reader.rows(0, 100_000) if row.kind == "QuoteFrame"]
        return list(reader.frames(iter(seqs)))


def read_models_of(directory: Path) -> dict[str, list[Any]]:
    with LedgerReader(directory) as reader, reader.connection() as connection:
        tables = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'rm\\_%' ESCAPE '\\'"
        )
        found = {name: sorted(map(repr, connection.execute(f"SELECT * FROM {name}"))) for (name,) in tables.fetchall()}
    assert len(found) >= 10
    return found


def desks(machine: Machine) -> dict[str, Any]:
    return {name: state for name, state in machine.engine.capture().states.items() if name != "engine"}


@pytest.fixture
def shipped(house: Any) -> Any:
    """A snapshot in the middle of a life of three days, and everything since in tail files."""
    house.tick(30)
    house.next_day()
    house.snapshot_taken = house.snapshot()
    house.tick(60)
    house.register(1002, "ben@trader.example")
    house.machine.vault.change_password_hash("trader", 1001, "another-hash")
    house.next_day()
    house.tick(7)
    house.ship()
    return house


def test_the_whole_way_from_snapshot_and_tail_to_a_firm_that_serves(shipped: Any) -> None:
    before, frames = shipped.rows(), frames_of(shipped.directory)
    assert {"SegmentSealed", "SnapshotWritten", "QuoteFrame", "RegisterTrader"} <= {
        row.kind for row in before[shipped.snapshot_taken.size :]
    }

    target, restored = shipped.restore()

    assert (restored.size, restored.snapshot_size) == (len(before), shipped.snapshot_taken.size)
    rows = shipped.rows_of(target)
    assert rows[: len(before)] == before
    assert body_of(rows[-1].kind, rows[-1].payload) == LedgerForked(
        from_lineage=shipped.machine.ledger.lineage.hex(), size=len(before), root=restored.root
    )
    assert restored.root == shipped.machine.ledger.root().hex()
    assert frames_of(target) == frames
    assert read_models_of(target) == read_models_of(shipped.directory)
    with opened(target, shipped) as machine:
        assert desks(machine) == desks(shipped.machine)
        assert machine.ledger.lineage.hex() == restored.lineage != shipped.machine.ledger.lineage.hex()
        ada, ben = machine.vault.person("trader", 1001), machine.vault.person("trader", 1002)
        assert ada is not None
        assert ben is not None
        assert (ada.mail, ada.password_hash, ben.mail) == ("ada@trader.example", "another-hash", "ben@trader.example")


def test_a_restore_says_what_it_is_doing_up_to_the_last_row_that_it_checks(shipped: Any) -> None:
    told: list[str] = []
    restored = restore(shipped.wanted(), told.append)
    lines = iter(told)
    for wanted in ("fetching ledger.db", "opening ledger.db", f"row {restored.size} is back", "checking row"):
        assert any(line.replace(",", "").startswith(wanted) for line in lines), f"nothing says {wanted!r}: {told}"
    assert told[-1] == f"checking row {restored.size:,} of {restored.size:,}"


def test_a_restored_firm_is_on_the_disk_before_it_has_its_name(shipped: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The power may go right after: the name with empty files behind it would be taken for the firm."""
    wanted = shipped.wanted()
    synced: dict[int, Any] = {}
    missed: list[str] = []
    fsync, rename = os.fsync, os.rename

    def as_it_is(path: Path) -> Any:
        return sorted(one.name for one in path.iterdir()) if path.is_dir() else path.read_bytes()

    def noted_fsync(descriptor: int) -> None:
        fsync(descriptor)
        synced[os.fstat(descriptor).st_ino] = as_it_is(Path(f"/proc/self/fd/{descriptor}").resolve())

    def noted_rename(path: Any, fresh: Any) -> None:
        if fresh == wanted.target:
            below = [path, *path.rglob("*")]
            missed.extend(f"{one.relative_to(path)}" for one in below if synced.get(one.stat().st_ino) != as_it_is(one))
            assert len(below) > 12
            synced.clear()
        rename(path, fresh)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "rename", noted_rename)
    restore(wanted)
    assert missed == []
    assert wanted.target.parent.stat().st_ino in synced, "its name is durable when we say so"


def test_a_restored_firm_goes_on_is_sound_and_its_new_epoch_can_be_replayed(shipped: Any) -> None:
    target, _ = shipped.restore()
    shipped.machine.close()
    shipped.directory = target
    with opened(target, shipped) as machine:
        state = hash_of(machine.engine.capture())
        shipped.machine = machine
        shipped.tick(5)
        assert hash_of(machine.engine.capture()) != state
    with opened(target, shipped) as machine:
        assert machine.recovered.epoch_open  # the fork ended the epoch before it once, not for ever
    secrets = read_secrets(target)
    report = verify(target, secret=secrets.ledger_secret, vault_master=secrets.vault_master, read_models=READ_MODELS)
    assert report.is_sound, report.findings
    assert replay(target).identical


def test_commands_that_bear_the_old_lineages_name_are_not_decided_anew_in_the_new_one(shipped: Any) -> None:
    order, accounts = 501, (7001, 7002)
    shipped.put(PlaceOrder(by="console", order=order, trader=1001, program="trailing-100k", accounts=accounts))
    paid = shipped.put(MarkOrderPaid(by="console", order=order, reference="wire 1"))
    [queued] = [fact for _, fact in paid.facts if isinstance(fact, CommandQueued)]
    assert queued.command.startswith(shipped.machine.ledger.lineage.hex()[:8])
    shipped.ship()
    target, _ = shipped.restore()
    with opened(target, shipped) as machine:
        assert not machine.recovered.epoch_open
        assert desks(machine) == desks(shipped.machine)


def test_what_is_restored_is_private(shipped: Any) -> None:
    target, _ = shipped.restore()
    assert {stat.S_IMODE(path.stat().st_mode) for path in target.rglob("*") if path.is_file()} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (target, *target.iterdir()) if path.is_dir()} == {0o700}
    assert [path.name for path in target.parent.iterdir() if "restoring" in path.name] == []


def test_two_restores_to_one_place_leave_each_others_files_alone(shipped: Any) -> None:
    wanted = shipped.wanted()
    second: list[str] = []

    def meanwhile(_: str) -> None:
        if not second:
            with pytest.raises(RestoreRefused, match="another process is at work in") as refused:
                restore(wanted)
            second.append(str(refused.value))

    assert restore(wanted, meanwhile).size == len(shipped.rows())
    assert second
    with pytest.raises(RestoreRefused, match="is not empty: a restore never replaces anything"):
        restore(wanted)
    assert not restored_in(wanted.target).exists()


def test_what_a_restore_left_that_was_killed_is_told_and_goes_with_the_next(shipped: Any) -> None:
    wanted = shipped.wanted()
    left = restored_in(wanted.target)
    (left / "secrets").mkdir(mode=0o700, parents=True)
    left.chmod(0o700)
    (left / "secrets" / "vault_master").write_bytes(b"secret")
    [finding] = [found for found in run_doctor(wanted.target) if found.check == "copies"]
    assert finding.level is Level.WARNING
    assert str(left) in finding.found
    restore(wanted)
    assert not left.exists()
    assert [found for found in run_doctor(wanted.target) if str(left) in found.found] == []


def test_a_restore_up_to_a_row_ends_with_the_whole_input_before_it(shipped: Any) -> None:
    before = shipped.rows()
    facts = [row.seq for row in before[shipped.snapshot_taken.size + 8 :] if row.cause]
    for wanted in (len(before) - 1, len(before) - 40, facts[0] - 1, facts[-1] - 1, facts[-1]):
        target, restored = shipped.restore(until=Until(seq=wanted), accept_older=True)
        ends = [row.seq for row in before[:wanted] if row.seq == len(before) or before[row.seq].cause == 0]
        assert restored.size == max(ends)
        assert shipped.rows_of(target)[: max(ends)] == before[: max(ends)]
        with opened(target, shipped) as machine:
            assert machine.ledger.size > max(ends)


def test_a_restore_up_to_an_instant_has_every_row_of_then_and_none_of_later(shipped: Any) -> None:
    before = shipped.rows()
    instant_us = before[-4].received_us
    _, restored = shipped.restore(until=Until(instant_us=instant_us), accept_older=True)
    assert restored.size == max(row.seq for row in before if row.received_us <= instant_us)
    assert restored.size < len(before)


def test_a_moment_before_the_newest_snapshot_is_restored_from_the_one_before(shipped: Any) -> None:
    later = shipped.snapshot()
    _, restored = shipped.restore(until=Until(seq=later.size - 1), accept_older=True)
    assert restored.snapshot_size == shipped.snapshot_taken.size
    with pytest.raises(RestoreRefused, match=r"no whole snapshot up to row 1, 2 lie there"):
        shipped.restore(until=Until(seq=1))


def test_a_restore_that_would_lose_what_was_answered_is_refused_until_a_person_says_so(shipped: Any) -> None:
    seq = len(shipped.rows()) - 3
    with pytest.raises(RestoreRefused, match=r"a newer checkpoint is known: 3 rows are missing.*--accept-older"):
        shipped.restore(until=Until(seq=seq))
    assert not list(shipped.folder.glob("restored*"))
    _, restored = shipped.restore(until=Until(seq=seq), accept_older=True)
    assert "3 rows are missing" in restored.older[0]


def test_a_checkpoint_that_somebody_else_kept_tells_that_the_copies_are_old(shipped: Any) -> None:
    shipped.tick(25)
    kept = shipped.machine.reader.checkpoint()
    assert kept.size > shipped.machine.reader.size() - 25
    with pytest.raises(RestoreRefused, match="rows are missing: it ends at row"):
        shipped.restore(notes=(kept.note,))
    shipped.ship()
    shipped.restore(notes=(kept.note,))


def test_a_firm_that_went_back_may_not_ship_over_the_copies_of_its_future(shipped: Any) -> None:
    target, _ = shipped.restore(until=Until(seq=len(shipped.rows()) - 3), accept_older=True)
    directory, shipped.directory = shipped.directory, target
    with pytest.raises(NoSnapshotYet):  # a lineage of its own, to which the old one's rows are a branch that was left
        shipped.ship()
    shipped.snapshot()
    with opened(target, shipped) as machine:
        shipped.machine.close()
        shipped.machine = machine
        shipped.ship()
        assert shipped.restore()[1].size == machine.ledger.size
    shipped.directory = directory  # the machine that was thought lost comes back
    with pytest.raises(OlderThanKnown, match="never heard of"):
        shipped.ship()


def test_a_firm_that_went_back_behind_its_snapshots_ships_nothing_on_top_of_them(shipped: Any) -> None:
    """Their rows are more than the new line has: by number alone they would pass for its own."""
    shipped.tick(20)
    shipped.ship()
    shipped.snapshot()
    target, _ = shipped.restore(until=Until(seq=len(shipped.rows()) - 18), accept_older=True)
    shipped.directory = target
    with pytest.raises(NoSnapshotYet):
        shipped.ship()
    with opened(target, shipped) as machine:
        shipped.machine.close()
        shipped.machine = machine
        shipped.snapshot()
        shipped.tick(30)
        shipped.ship()
        assert shipped.restore()[1].size == machine.ledger.size


def test_shipping_goes_on_where_it_ended_and_repeats_nothing(shipped: Any) -> None:
    assert shipped.ship() == []
    shipped.tick(3)
    [more] = shipped.ship()
    assert more.last == len(shipped.rows())
    named = sorted(path.name for path in (shipped.copies / "tail").rglob("*.age"))
    spans = [(int(name[:16]), int(name[17:33])) for name in named]
    assert [first for first, _ in spans[1:]] == [last + 1 for _, last in spans[:-1]]
    assert max(last - first for first, last in spans) <= ROWS_MAX


def test_a_tail_file_that_is_missing_is_told_with_the_moment_before_it(shipped: Any) -> None:
    shipped.tick(3)
    [middle] = shipped.ship()
    shipped.tick(3)
    shipped.ship()
    [gone] = (shipped.copies / "tail").rglob(f"{middle.first:016d}-*.age")
    gone.unlink()
    with pytest.raises(RestoreRefused, match=rf"rows {middle.first} to {middle.last} are missing.*{middle.first - 1}"):
        shipped.restore()
    assert shipped.restore(until=Until(seq=middle.first - 1), accept_older=True)[1].size == middle.first - 1


def test_nothing_is_restored_over_what_is_there(shipped: Any) -> None:
    with pytest.raises(RestoreRefused, match="is not empty: a restore never replaces anything"):
        shipped.restore(target=shipped.directory)
    assert FirmDirectory(shipped.directory).ledger_db.exists()


def test_a_rehearsal_leaves_nothing_behind(shipped: Any) -> None:
    there = sorted(path.name for path in shipped.folder.iterdir())
    _, restored = shipped.restore(keep=False)
    assert restored.verified_rows == len(shipped.rows())
    assert sorted(path.name for path in shipped.folder.iterdir()) == there
