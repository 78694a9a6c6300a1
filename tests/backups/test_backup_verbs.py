"""`evenhand backup`, `restore` and `rehearse` as people and timers run them, beside a firm that serves."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from appliance.alarms.copies_check import last_check
from appliance.cli import parser
from appliance.doctor import run_doctor
from appliance.finding import Finding, Level
from appliance.settings_file import write_settings
from storage.files import FirmDirectory
from storage.reader import LedgerReader
from tests.backups.conftest import EVENHAND, PATIENCE_S

SCRIPTS = Path(__file__).resolve().parents[2] / "backups"
RPO_S = 5


def from_copies(firm: Any) -> tuple[object, ...]:
    return ("--from", firm.copies, "--identity", firm.identity_file, "--secrets", firm.directory / "secrets")


def test_a_serving_firm_is_shipped_within_five_seconds_and_comes_back_from_it(
    firm: Any, started: Any, told: Any, run: Any
) -> None:
    serving = started("serve", "--data-dir", firm.directory)
    assert serving.stdout.readline().startswith("serving Northlight")
    shipping = started("backup", "--ship", "--json", "--data-dir", firm.directory)
    line = json.loads(shipping.stdout.readline())
    assert line["shipping_to"] == str(firm.copies)
    with LedgerReader(firm.directory) as reader:
        size, since = reader.size(), time.monotonic()
        while json.loads(shipping.stdout.readline())["last"] < size:
            assert time.monotonic() - since < RPO_S
        assert time.monotonic() - since < RPO_S
    serving.send_signal(signal.SIGKILL)
    serving.wait(PATIENCE_S)
    shipping.send_signal(signal.SIGTERM)
    assert shipping.wait(PATIENCE_S) == 0
    told("backup", "--ship-once", "--data-dir", firm.directory)
    with LedgerReader(firm.directory) as reader:
        size = reader.size()
    target = firm.folder / "again"
    restored = told("restore", *from_copies(firm), "--data-dir", target)
    assert restored["size"] == size
    again = started("serve", "--data-dir", target)
    assert again.stdout.readline().startswith("serving Northlight")
    assert told("verify", "--data-dir", target)["sound"]
    assert told("replay", "--data-dir", target)["identical"]
    again.terminate()
    assert again.wait(PATIENCE_S) == 0


def test_a_snapshot_says_what_it_did_and_a_rehearsal_that_it_is_good(firm: Any, told: Any, run: Any) -> None:
    made = told("backup", "--data-dir", firm.directory)
    assert made["removed"] == {"snapshots": 0, "tail_files": 0, "keys": 0}
    text = run("backup", "--data-dir", firm.directory).stdout
    assert f"A snapshot of {made['snapshot']['size']} rows is in {firm.copies}, checked" in text
    rehearsed = told("rehearse", *from_copies(firm), "--data-dir", firm.directory, "--scratch", firm.folder)
    assert rehearsed["verified_rows"] == made["snapshot"]["size"]
    assert rehearsed["rows_behind"] == 0
    assert not list(firm.folder.glob("evenhand-rehearsal-*"))


def test_the_check_says_what_is_too_old_and_how_to_mend_it(firm: Any, told: Any, run: Any) -> None:
    found = told("backup", "--check", "--data-dir", firm.directory, status=1)
    assert found["snapshot_age_s"] is None
    assert len(found["problems"]) == 3
    run("backup", "--data-dir", firm.directory)
    assert told("backup", "--check", "--data-dir", firm.directory)["problems"] == []


def test_each_line_of_the_shipping_bears_its_time(firm: Any, run: Any) -> None:
    """It is one log for days: of what is said without a time nobody knows when it was."""
    shipped = run("backup", "--ship-once", "--data-dir", firm.directory)
    assert shipped.stdout == ""
    lines = [json.loads(line) for line in shipped.stderr.splitlines()]
    assert f"shipping to {firm.copies} from row" in lines[-2]["message"]
    assert "the copies reach row" in lines[-1]["message"]
    assert all(line["time"] for line in lines)


def test_the_keys_can_be_copied_alone(firm: Any, told: Any) -> None:
    first, second = (told("backup", "--keys", "--data-dir", firm.directory)["keys"] for _ in range(2))
    assert second > first
    assert [name.split("-")[1] for name in firm.destination.names("keys")] == ["full"] * 2


def test_an_old_directory_put_back_by_hand_does_not_start(firm: Any, started: Any, run: Any) -> None:
    old = firm.folder / "old"
    subprocess.run(["cp", "-a", firm.directory, old], check=True)
    serving = started("serve", "--data-dir", firm.directory)
    serving.stdout.readline()
    serving.kill()
    serving.wait(PATIENCE_S)
    run("backup", "--data-dir", firm.directory)
    refused = run("serve", "--data-dir", old, status=2)
    assert "this ledger is not the newest" in refused.stderr
    assert "--accept-older" in refused.stderr
    again = started("serve", "--data-dir", firm.directory)
    assert again.stdout.readline().startswith("serving Northlight")


def test_without_settings_for_copies_a_backup_says_what_to_set(firm: Any, run: Any) -> None:
    bare = type(firm.settings)(firm=firm.settings.firm)
    write_settings(FirmDirectory(firm.directory).settings, bare)
    refused = run("backup", "--data-dir", firm.directory, status=2)
    assert "no destination is set: give the whole path of a directory" in refused.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_what_root_restores_into_the_directory_of_the_service_is_the_services(firm: Any, told: Any, run: Any) -> None:
    told("backup", "--data-dir", firm.directory)
    target = firm.folder / "of-the-service"
    target.mkdir(mode=0o700)
    os.chown(target, 65534, 65534)
    said = run("restore", *from_copies(firm), "--data-dir", target).stdout
    everything = [target, *target.rglob("*")]
    assert len(everything) > 10
    assert {(path.stat().st_uid, path.stat().st_gid) for path in everything} == {(65534, 65534)}
    assert "and belongs to nobody.\n" in said
    assert (
        'Next: "runuser -u nobody -- evenhand doctor", then "systemctl start evenhand.service evenhand-ship.service"'
        in said
    )


def test_a_restore_says_no_in_one_line_and_leaves_nothing(firm: Any, run: Any) -> None:
    run("backup", "--data-dir", firm.directory)
    target = firm.folder / "never"
    refused = run("restore", *from_copies(firm), "--data-dir", target, "--until-seq", 1, status=2)
    assert refused.stderr.count("\n") == 1
    assert "no whole snapshot up to row 1" in refused.stderr
    assert not target.exists()
    assert "give the number of the last" in run("restore", *from_copies(firm), "--until-seq", "x", status=2).stderr
    assert "is no instant" in run("restore", *from_copies(firm), "--until", "noon", status=2).stderr


@pytest.mark.parametrize("verb", ["backup", "restore", "rehearse"])
def test_help_teaches(verb: str, run: Any) -> None:
    text = run(verb, "--help").stdout
    assert f"example: evenhand {verb}" in text


def test_no_secret_is_in_what_is_said_or_lies_unsealed_in_the_copies(firm: Any, run: Any) -> None:
    secrets = [path.read_bytes() for path in (firm.directory / "secrets").iterdir()]
    identity = firm.identity_file.read_text().splitlines()[-1]
    said = [
        run("backup", "--data-dir", firm.directory),
        run("rehearse", *from_copies(firm), "--data-dir", firm.directory),
    ]
    for done in said:
        for secret in secrets:
            assert secret.hex() not in done.stdout + done.stderr
        assert identity not in done.stdout + done.stderr
    plain = ("ada@trader.example", "omar@northlight.example", "hash-of-omar", "EURUSD", "RegisterTrader", "trader:1001")
    for path in (path for path in firm.copies.rglob("*") if path.is_file()):
        content = path.read_bytes()
        assert not [word for word in plain if word.encode() in content], path
        assert not [secret for secret in secrets if secret in content], path


def test_the_script_of_the_night_makes_a_snapshot(firm: Any) -> None:
    environment = {**os.environ, "EVENHAND": " ".join(EVENHAND), "EVENHAND_DATA_DIR": str(firm.directory)}
    done = subprocess.run(["sh", SCRIPTS / "nightly.sh"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(firm.destination.names("snapshots")) == 1


@pytest.mark.parametrize(
    ("name", "more", "verb"),
    [
        ("nightly.sh", {}, "backup --data-dir /var/lib/evenhand"),
        ("keys.sh", {}, "backup --keys --data-dir /var/lib/evenhand"),
        ("check.sh", {"EVENHAND_DATA_DIR": "/srv/firm"}, "backup --check --data-dir /srv/firm"),
        (
            "rehearsal.sh",
            {"EVENHAND_IDENTITY": "/media/key", "EVENHAND_FROM": "a@b:/c"},
            "rehearse --data-dir /var/lib/evenhand --identity /media/key --from a@b:/c --scratch /var/tmp",
        ),
    ],
)
def test_the_scripts_call_verbs_as_the_command_line_takes_them(name: str, more: dict[str, str], verb: str) -> None:
    environment = {"PATH": os.environ["PATH"], "EVENHAND": "echo", **more}
    done = subprocess.run(["sh", SCRIPTS / name], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == verb
    assert parser().parse_args(verb.split())


def test_a_rehearsal_without_the_offline_key_says_so() -> None:
    environment = {"PATH": os.environ["PATH"], "EVENHAND": "echo"}
    done = subprocess.run(
        ["sh", SCRIPTS / "rehearsal.sh"], env=environment, capture_output=True, text=True, check=False
    )
    assert "name the file with the offline key" in done.stderr
    assert done.returncode != 0


def test_the_check_leaves_its_word_for_the_alarms(firm: Any, told: Any, run: Any) -> None:
    told("backup", "--check", "--data-dir", firm.directory, status=1)
    assert len(last_check(firm.directory).problems) == 3
    run("backup", "--data-dir", firm.directory)
    told("backup", "--check", "--data-dir", firm.directory)
    found = last_check(firm.directory)
    assert found.problems == ()
    assert found.at_us
    firm.copies.rename(firm.folder / "gone")
    run("backup", "--check", "--data-dir", firm.directory, status=2)
    assert "is not there: mount it" in last_check(firm.directory).problems[0]


def test_keys_of_an_old_directory_are_not_copied_over_those_of_its_future(firm: Any, run: Any) -> None:
    old = firm.folder / "old"
    shutil.copytree(firm.directory, old)
    firm.go_on_with(firm.directory)
    firm.tick(3)
    firm.machine.close()
    run("backup", "--data-dir", firm.directory)
    there = firm.destination.names("keys")
    for verb in (("backup", "--keys"), ("backup",), ("backup", "--ship-once")):
        assert "this ledger is not the newest" in run(*verb, "--data-dir", old, status=2).stderr
    assert firm.destination.names("keys") == there
    found = told_by_doctor(old)
    assert (found.level, "this ledger is not the newest" in found.found) == (Level.PROBLEM, True)


def told_by_doctor(directory: Path) -> Finding:
    [found] = [finding for finding in run_doctor(directory) if finding.check == "copies"]
    return found


def test_the_doctor_tells_of_copies_that_cannot_be_seen(firm: Any, run: Any) -> None:
    run("backup", "--data-dir", firm.directory)
    assert "nobody looked yet" in told_by_doctor(firm.directory).found
    run("backup", "--check", "--data-dir", firm.directory)
    assert told_by_doctor(firm.directory).level is Level.OK
    firm.copies.rename(firm.folder / "gone")
    found = told_by_doctor(firm.directory)
    assert found.level is Level.PROBLEM
    assert "cannot be seen" in found.found
    assert "mount it" in found.next


def test_a_start_that_cannot_see_the_copies_says_so_aloud_and_clears_what_a_killed_copy_left(
    firm: Any, started: Any
) -> None:
    firm.copies.rename(firm.folder / "gone")
    left = firm.directory / ".backup-snapshot" / "firm"
    left.mkdir(parents=True, mode=0o700)
    left.parent.chmod(0o700)
    (left / "keys.db").write_text("keys in plain")
    serving = started("serve", "--data-dir", firm.directory)
    assert serving.stdout.readline().startswith("serving Northlight")
    assert not list(left.parent.iterdir())
    serving.terminate()
    _, log = serving.communicate(timeout=PATIENCE_S)
    line = next(line for line in log.splitlines() if "could not be seen" in line)
    assert "ERROR" in line.upper()
    assert "is not there: mount it" in line


@pytest.mark.parametrize("verb", ["rehearse", "restore"])
def test_a_restore_that_is_told_to_end_leaves_nothing_in_plain(
    firm: Any, run: Any, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    run("backup", "--data-dir", firm.directory)
    seen: list[Path] = []

    def told_to_end(wanted: Any, work: Path, *_: Any) -> None:
        seen.append(work / "ledger.db")
        assert seen[0].exists()
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr("backups.restore._verified", told_to_end)
    scratch = firm.folder / "scratch"
    scratch.mkdir()
    where = ("--scratch", scratch) if verb == "rehearse" else ()
    directory = firm.directory if verb == "rehearse" else scratch / "again"
    run(verb, *from_copies(firm), "--data-dir", directory, *where, status=128 + signal.SIGTERM)
    assert seen
    assert [path for path in scratch.rglob("*") if path.is_file()] == []
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_what_a_killed_rehearsal_left_goes_with_the_next_one(firm: Any, run: Any) -> None:
    run("backup", "--data-dir", firm.directory)
    rehearse = ("rehearse", *from_copies(firm), "--data-dir", firm.directory, "--scratch", firm.folder)
    run(*rehearse)
    [folder] = firm.folder.glob(".backup-rehearsal-*")
    assert not list(folder.iterdir())
    (folder / "ledger.db").write_text("the firm in plain")
    run(*rehearse)
    assert not list(folder.iterdir())
    folder.chmod(0o755)
    assert "is open to others" in run(*rehearse, status=2).stderr


def test_a_rehearsal_says_that_its_scratch_folder_is_missing(firm: Any, run: Any) -> None:
    missing = firm.folder / "nowhere"
    rehearse = ("rehearse", *from_copies(firm), "--data-dir", firm.directory, "--scratch")
    said = run(*rehearse, missing, status=2).stderr
    assert said.count("\n") == 1
    assert f"{missing} is no directory: make it, or name another one with --scratch" in said
    missing.write_text("a file")
    assert "is no directory" in run(*rehearse, missing, status=2).stderr
