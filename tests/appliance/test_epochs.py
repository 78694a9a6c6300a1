"""Starts and epochs: the same engine goes on and proves it, another engine folds and begins anew, and nothing altered gets past a start."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import msgspec
import pytest

from actors.recovery import ReplayDiverged, all_rows
from actors.states import hash_of, state_bytes
from appliance import assembly
from appliance.assembly import Machine
from appliance.commands import replay as replay_command
from appliance.commands.replay import replay
from appliance.console import CommandRefused
from appliance.settings_file import read_settings
from firm.facts import BreachDeclared, MarkTaken, PeakReached
from firm.inputs import EpochClosed, EpochOpened
from firm.instant import MINUTE_US
from firm.kinds import body_of, payload_of
from storage.errors import LedgerDamaged
from storage.ledger import Ledger
from storage.reader import LedgerReader
from storage.readmodels.registry import READ_MODELS
from storage.rows import Row
from storage.secret_files import read_secrets
from storage.verify import verify

NEWER = "f" * 64


@pytest.fixture
def traded(shop: Any) -> Any:
    """Ada holds a long position, and her equity has been higher than it is."""
    shop.trade_past_a_high()
    return shop


@pytest.fixture
def newer_engine(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From now on this program is another engine."""

    def change() -> None:
        monkeypatch.setattr(assembly, "engine_digest", lambda: NEWER)
        monkeypatch.setattr(replay_command, "engine_digest", lambda: NEWER)

    return change


def state_of(machine: Machine) -> str:
    return hash_of(machine.engine.capture())


def desks(machine: Machine) -> dict[str, bytes]:
    """Every desk's state but the engine's own, which remembers the epoch."""
    states = machine.engine.capture().states
    return {name: state_bytes(state) for name, state in states.items() if name != "engine"}


# --- the same engine ---


def test_the_same_engine_goes_on_with_its_epoch_after_a_crash(traded: Any) -> None:
    rows, before = len(traded.kinds()), state_of(traded.machine)
    traded.crash()
    machine = traded.reopen()
    assert machine.recovered.epoch_open
    assert machine.recovered.rows == rows
    assert state_of(machine) == before
    machine.runner.run_dry()
    assert traded.kinds()[rows:] == ["EngineResumed"]


def test_life_goes_on_after_a_restart_as_if_there_had_been_none(traded: Any, tmp_path: Path) -> None:
    """Two firms with the same past: one is restarted, both see the same prices fall."""
    twin = tmp_path / "twin"
    traded.machine.close()
    shutil.copytree(traded.directory, twin)
    verdicts = []
    for directory, restarts in ((traded.directory, 3), (twin, 1)):
        traded.directory = directory
        qseq, seq, now_us = traded.qseq, traded.seq, traded.now_us
        for number in range(4):
            if number < restarts:
                traded.reopen()
            traded.wait(10)
            traded.tick(138_000 - 1_800 * number, 138_005 - 1_800 * number)
        traded.machine.close()
        facts = traded.facts(BreachDeclared)
        verdicts.append([(fact.rule, fact.at_us, fact.floor, fact.observed) for fact in facts])
        traded.qseq, traded.seq, traded.now_us = qseq, seq, now_us
    assert verdicts[0] == verdicts[1]
    assert len(verdicts[0]) >= 1


# --- another engine ---


def test_another_engine_folds_what_was_decided_and_opens_an_epoch(traded: Any, newer_engine: Any) -> None:
    rows, before = len(traded.kinds()), desks(traded.machine)
    traded.crash()
    newer_engine()
    machine = traded.reopen()
    assert not machine.recovered.epoch_open
    assert desks(machine) == before
    folded = state_of(machine)
    machine.runner.run_dry()
    bodies = traded.bodies()[rows:]
    [closed] = [body for body in bodies if isinstance(body, EpochClosed)]
    [opened] = [body for body in bodies if isinstance(body, EpochOpened)]
    assert closed.state_hash == folded
    assert (opened.engine, opened.state_hash) == (NEWER, folded)
    assert bodies.index(closed) < bodies.index(opened)


def test_the_new_epoch_begins_with_a_snapshot_of_the_state_it_found(traded: Any, newer_engine: Any) -> None:
    rows = len(traded.kinds())
    traded.crash()
    newer_engine()
    machine = traded.reopen()
    folded = state_of(machine)
    machine.runner.run_dry()
    [written] = [body for body in traded.bodies()[rows:] if type(body).__name__ == "SnapshotWritten"]
    assert (written.of_seq, written.state_hash) == (rows, folded)
    snapshot = machine.reader.newest_snapshot(machine.ledger.size)
    assert snapshot is not None
    assert snapshot.of_seq == rows


def test_a_peak_that_only_prices_knew_becomes_a_fact_when_the_epoch_ends(traded: Any, newer_engine: Any) -> None:
    rows = len(traded.kinds())
    before = traded.machine.engine.account(7001).peak
    assert before.seq == 0
    traded.crash()
    newer_engine()
    traded.reopen().runner.run_dry()
    peaks = [body for body in traded.bodies()[rows:] if isinstance(body, PeakReached)]
    assert [(peak.equity.minor, peak.at_us) for peak in peaks] == [(before.equity, before.at_us)]
    after = traded.machine.engine.account(7001).peak
    assert after == msgspec.structs.replace(before, seq=traded.bodies().index(peaks[0]) + 1)


def test_replay_decides_the_new_epoch_again_and_leaves_the_old_one_to_its_release(
    traded: Any, newer_engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert replay(traded.directory).identical
    rows = len(traded.kinds())
    traded.crash()
    newer_engine()
    traded.reopen().runner.run_dry()
    traded.wait(20)
    traded.tick(138_400, 138_405)
    outcome = replay(traded.directory)
    assert outcome.identical
    assert outcome.epoch_seq > rows
    monkeypatch.setattr(replay_command, "engine_digest", lambda: "e" * 64)
    with pytest.raises(CommandRefused, match=rf"row {outcome.epoch_seq} was decided by .* replay it with that release"):
        replay(traded.directory)


def test_an_epoch_without_the_snapshot_that_it_opened_with_is_replayed_from_what_it_found(
    traded: Any, newer_engine: Any
) -> None:
    """It may not be written yet, or be damaged: what lay there before is folded again."""
    traded.crash()
    newer_engine()
    traded.reopen().runner.run_dry()
    traded.wait(20)
    traded.tick(138_400, 138_405)
    traded.crash()
    damage(traded, "UPDATE snapshot_states SET state = x'7b7d' WHERE of_seq > ?", 0)
    outcome = replay(traded.directory)
    assert outcome.identical
    assert outcome.facts


def test_what_another_engine_decided_is_never_decided_again(
    traded: Any, newer_engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newer engine would have judged otherwise; what stands, stands."""
    traded.wait(10)
    traded.tick(132_000, 132_005)
    decided = len(traded.facts(BreachDeclared))
    assert decided
    traded.crash()
    newer_engine()
    monkeypatch.setattr("actors.account_rules.first_broken", lambda *_: None)
    machine = traded.reopen()
    machine.runner.run_dry()
    assert len(traded.facts(BreachDeclared)) == decided
    assert machine.engine.account(7001).standing.value != "active"


# --- snapshots ---


@pytest.fixture
def photographed(shop: Any) -> Any:
    """A firm that takes a snapshot every few rows."""
    shop.settings = replace_ledger(shop.settings, snapshot_rows=40)
    shop.reopen().runner.run_dry()
    shop.wait(1)
    shop.tick(138_700, 138_705)
    shop.buy(1, 138_705)
    for number in range(120):
        shop.wait(5)
        shop.tick(138_700 + number % 7, 138_705 + number % 7)
    return shop


def replace_ledger(settings: Any, **ledger: int) -> Any:
    return msgspec.structs.replace(settings, ledger=msgspec.structs.replace(settings.ledger, **ledger))


def test_a_start_goes_on_from_the_newest_snapshot(photographed: Any) -> None:
    rows, before = len(photographed.kinds()), state_of(photographed.machine)
    newest = photographed.machine.reader.newest_snapshot(rows)
    assert newest.of_seq > rows // 2
    machine = photographed.reopen()
    assert machine.recovered.rows == rows - newest.of_seq < rows // 2
    assert state_of(machine) == before


def test_a_damaged_snapshot_is_passed_over_for_the_one_before(
    photographed: Any, caplog: pytest.LogCaptureFixture
) -> None:
    rows, before = len(photographed.kinds()), state_of(photographed.machine)
    newest = photographed.machine.reader.newest_snapshot(rows).of_seq
    photographed.machine.close()
    damage(
        photographed,
        "UPDATE snapshot_states SET state = CAST(replace(CAST(state AS TEXT), '138', '139') AS BLOB) WHERE of_seq > ?",
        newest - 30,
    )
    machine = photographed.reopen()
    assert rows - newest < machine.recovered.rows < rows
    assert state_of(machine) == before
    assert f"snapshot of row {newest}" in caplog.text
    secret = read_secrets(photographed.directory).ledger_secret
    assert [
        found
        for found in verify(photographed.directory, secret=secret, read_models=()).findings
        if str(newest) in found.what
    ]


def test_without_any_snapshot_everything_is_decided_again(photographed: Any) -> None:
    rows, before = len(photographed.kinds()), state_of(photographed.machine)
    photographed.machine.close()
    damage(photographed, "UPDATE snapshot_states SET state = x'7b7d' WHERE of_seq > ?", 0)
    machine = photographed.reopen()
    assert machine.recovered.rows == rows
    assert state_of(machine) == before


# --- what does not get past a start ---


def damage(shop: Any, sql: str, *values: object) -> None:
    """Write past the guards, as somebody with the file and an SQLite shell would."""
    connection = apsw.Connection(str(shop.files.ledger_db))
    triggers = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    for name in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(sql, values)
    assert connection.changes()
    for trigger in triggers.values():
        connection.execute(trigger)
    connection.close()


def test_a_fact_that_was_altered_with_all_its_hashes_stops_the_start(traded: Any, tmp_path: Path) -> None:
    """Somebody with every key writes the whole book anew, with one mark a cent better: the engine does not agree."""
    traded.machine.close()
    forged, altered_seq = forge(traded.directory, tmp_path / "forged")
    secret = read_secrets(forged).ledger_secret
    assert verify(forged, secret=secret, read_models=()).is_sound
    with pytest.raises(ReplayDiverged, match=rf"row {altered_seq}: payload is .* stop, run \"evenhand verify\""):
        Machine(forged, read_settings(forged / "evenhand.toml"), read_secrets(forged))
    outcome = replay(forged)
    assert not outcome.identical
    assert outcome.difference.startswith(f"row {altered_seq}: payload")


def forge(directory: Path, forged: Path) -> tuple[Path, int]:
    """The same firm with the same keys, whose book says something else in one fact."""
    shutil.copytree(directory, forged)
    secrets = read_secrets(directory)
    keys = {"secret": secrets.ledger_secret, "signing_seed": secrets.signing_seed}
    for leftover in (*forged.glob("ledger.db*"), forged / "acknowledged"):
        leftover.unlink()
    altered_seq = 0
    with Ledger.open(directory, **keys, read_models=READ_MODELS) as original:
        lineage = original.lineage
    Ledger.create(forged, firm_slug="northlight", lineage=lineage, **keys)
    with LedgerReader(directory) as reader, Ledger.open(forged, **keys, read_models=READ_MODELS) as ledger:
        for row in all_rows(reader, 0):
            body = body_of(row.kind, row.payload)
            if isinstance(body, MarkTaken):
                body = msgspec.structs.replace(body, equity=body.equity.with_minor(body.equity.minor + 1))
                altered_seq = altered_seq or row.seq
            kept = Row(row.seq, row.kind, row.happened_us, row.received_us, row.cause, row.account, payload_of(body))
            frames = [(row.seq, reader.frame(row.seq))] if row.kind == "QuoteFrame" else []
            ledger.append([(kept, body)], frames=frames)
    assert altered_seq
    return forged, altered_seq


def test_a_turned_byte_in_a_recent_row_stops_the_start_and_names_it(traded: Any) -> None:
    traded.machine.close()
    last = len(traded.kinds())
    damage(
        traded,
        "UPDATE ledger SET payload = CAST(replace(CAST(payload AS TEXT), '138705', '138706') AS BLOB) WHERE seq > ?",
        last - 40,
    )
    with pytest.raises((LedgerDamaged, ReplayDiverged)) as stopped:
        traded.reopen()
    assert "evenhand verify" in str(stopped.value)


def test_a_turned_byte_in_an_old_row_is_found_by_verify(photographed: Any) -> None:
    """Before the newest snapshot nothing is read at a start, which must be quick; whoever looks, sees it."""
    photographed.machine.close()
    damage(photographed, "UPDATE ledger SET happened_us = happened_us + 1 WHERE seq = ?", 20)
    secret = read_secrets(photographed.directory).ledger_secret
    found = verify(photographed.directory, secret=secret, read_models=()).findings
    stretches = [re.search(r"rows (\d+) to (\d+) do not hash to tile", finding.what) for finding in found]
    assert any(int(one[1]) <= 20 <= int(one[2]) for one in stretches if one)


def test_a_start_after_a_quiet_night_keeps_the_marks_of_the_day(traded: Any) -> None:
    """Firm time goes on from the last row, never from the wall clock."""
    traded.wait(MINUTE_US // 1_000_000)
    before = traded.machine.clock.now_us()
    assert traded.reopen().clock.now_us() == before
