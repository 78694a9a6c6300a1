"""The units that copy, in a Debian that boots: what they make, how soon, and that what fails is seen."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.installation.pieces import within
from backups.names import keys_named, stamp_of, tail_named, wall_us
from firm.instant import DAY_US
from tests.backups.sshd import RRSYNC, why_no_ssh
from tests.systemd.conftest import COPIES, set_up_copies

pytestmark = pytest.mark.soak
SHIPPED_WITHIN_S = 5
TIMERS = ("evenhand-backup", "evenhand-backup-check", "evenhand-keys", "evenhand-rehearse")
SIZE = """
from pathlib import Path
from storage.reader import LedgerReader
with LedgerReader(Path("/var/lib/evenhand")) as reader:
    print(reader.size())
"""
SSHD = """
ListenAddress 127.0.0.1
Port 2222
HostKey /root/vault/host
PidFile none
StrictModes no
UsePAM no
AuthorizedKeysFile /root/vault/authorized_keys
"""
SSH = """
Host vault.example
    HostName 127.0.0.1
    Port 2222
    IdentityFile /etc/evenhand/ssh/key
    IdentitiesOnly yes
    UserKnownHostsFile /etc/evenhand/ssh/known_hosts
"""


def copies(booted: Any, folder: str) -> list[Path]:
    place = within(booted.root, COPIES / folder)
    return sorted(place.iterdir()) if place.is_dir() else []


def run_unit(booted: Any, name: str) -> str:
    """One run of it to its end; how it ended."""
    booted.inside("systemctl", "start", f"{name}.service", check=False)
    return str(booted.show(f"{name}.service", "Result"))


def journal(booted: Any, name: str) -> str:
    return str(booted.inside("journalctl", "--no-pager", "-o", "cat", "-u", f"{name}.service"))


def size_of_ledger(booted: Any) -> int:
    told = booted.inside("runuser", "-u", "evenhand", "--", "/opt/evenhand/current/bin/python", "-P", "-s", "-c", SIZE)
    return int(told.split()[-1])


def tails(booted: Any) -> list[Path]:
    return [path for line in copies(booted, "tail") for path in sorted(line.iterdir()) if tail_named(path.name)]


def shipped(booted: Any) -> int:
    """Through which row."""
    return max((tail.last for path in tails(booted) if (tail := tail_named(path.name))), default=0)


def test_the_night_that_was_missed_left_a_snapshot(booted: Any) -> None:
    booted.until(lambda: list(within(booted.root, COPIES).glob("snapshots/*/manifest")), "a snapshot")
    booted.until(lambda: booted.show("evenhand-backup.service", "ActiveState") == "inactive", "the end of the copy")
    assert booted.show("evenhand-backup.service", "Result") == "success"
    assert run_unit(booted, "evenhand-backup") == "success"
    assert "checked" in journal(booted, "evenhand-backup")


def test_what_is_committed_lies_with_the_copies_within_five_seconds(booted: Any) -> None:
    booted.until(lambda: booted.show("evenhand-ship.service", "ActiveState") == "active", "the shipping")
    booted.until(lambda: shipped(booted), "the first tail")
    booted.as_firm("bridge", "add", "shipped-soon", "--out", "/var/lib/evenhand/shipped-soon.toml")
    committed, size = time.time(), size_of_ledger(booted)
    booted.until(lambda: shipped(booted) >= size, "what was committed, with the copies", 3 * SHIPPED_WITHIN_S)
    [first] = [path for path in tails(booted) if (tail := tail_named(path.name)) and tail.first <= size <= tail.last]
    lag_s = first.stat().st_mtime - committed
    print(f"row {size} lay with the copies after {lag_s:.1f} s")
    assert lag_s <= SHIPPED_WITHIN_S


def test_the_keys_have_a_copy_of_their_own(booted: Any) -> None:
    before = len(copies(booted, "keys"))
    assert run_unit(booted, "evenhand-keys") == "success"
    assert len(copies(booted, "keys")) == before + 1


def test_fresh_copies_are_green_and_stale_ones_fail_where_an_admin_looks(booted: Any) -> None:
    assert run_unit(booted, "evenhand-backup-check") == "success"
    assert "The copies are fresh." in journal(booted, "evenhand-backup-check")
    keys, old = within(booted.root, COPIES / "keys"), stamp_of(wall_us() - 2 * DAY_US)
    aside = keys.with_name("aside")
    keys.rename(aside)
    newest = max(path.name for path in aside.iterdir() if (said := keys_named(path.name)) and said.what == "full")
    keys.mkdir(mode=0o700)
    (keys / re.sub(r"^[^-]+", old, newest)).write_bytes((aside / newest).read_bytes())
    booted.inside("chown", "-R", "evenhand:evenhand", COPIES / "keys")
    assert run_unit(booted, "evenhand-backup-check") == "exit-code"
    assert booted.show("evenhand-backup-check.service", "ActiveState") == "failed"
    assert "evenhand-backup-check.service" in booted.inside("systemctl", "--failed", "--no-legend", "--plain")
    assert "no copy of the keys of the last 26 hours" in journal(booted, "evenhand-backup-check")
    for path in keys.iterdir():
        path.unlink()
    keys.rmdir()
    aside.rename(keys)
    assert run_unit(booted, "evenhand-backup-check") == "success"
    assert booted.show("evenhand-backup-check.service", "ActiveState") == "inactive"


def test_a_restore_is_rehearsed_only_where_the_key_was_laid(booted: Any) -> None:
    run_unit(booted, "evenhand-rehearse")
    assert booted.show("evenhand-rehearse.service", "ConditionResult") == "no"
    key = within(booted.root, Path("/etc/evenhand/copies.key"))
    key.parent.mkdir(exist_ok=True)
    key.write_text(booted.offline_key)
    key.chmod(0o600)
    assert run_unit(booted, "evenhand-rehearse") == "resources", (
        "where copies lie is not taken from the firm's settings"
    )
    within(booted.root, Path("/etc/evenhand/rehearsal.env")).write_text(f"EVENHAND_FROM={COPIES}\n")
    assert run_unit(booted, "evenhand-rehearse") == "success", journal(booted, "evenhand-rehearse")
    assert "The firm could be restored" in journal(booted, "evenhand-rehearse")
    assert not list(within(booted.root, Path("/var/tmp")).glob(".backup-rehearsal*"))
    key.unlink()


def last_life(booted: Any) -> str:
    """What the firm's service logged since it was started last."""
    invocation = booted.show("evenhand.service", "InvocationID")
    return str(booted.inside("journalctl", "--no-pager", "-o", "cat", f"_SYSTEMD_INVOCATION_ID={invocation}"))


def test_a_start_looks_at_the_copies_from_within_its_root(booted: Any) -> None:
    booted.inside("systemctl", "restart", "evenhand.service")
    assert "could not be seen" not in last_life(booted)
    booted.inside("chmod", "0777", COPIES)
    booted.inside("systemctl", "restart", "evenhand.service")
    booted.inside("chmod", "0700", COPIES)
    assert "could not be seen: /var/backups/evenhand may be written by others" in last_life(booted)
    booted.inside("systemctl", "restart", "evenhand.service")


def test_a_share_that_hangs_among_the_copies_holds_no_start(booted: Any) -> None:
    """Mounted in the folder that systemd binds, not over it: else systemd itself would wait for it, before anything of ours runs."""
    share = COPIES / "share"
    booted.inside("mkdir", "-p", share)
    set_up_copies(booted.root, destination=str(share))
    # The rows that a start goes through set the watchdog going, and it then looks for ten seconds: the unit's own thirty have room.
    patient = within(booted.root, Path("/etc/systemd/system/evenhand.service.d/zz-patient.conf"))
    patient.write_text("[Service]\nWatchdogSec=30\n")
    booted.inside("systemctl", "daemon-reload")
    try:
        with booted.hung(share):
            booted.inside("systemctl", "restart", "evenhand.service")
            assert f"could not be seen: {share} did not answer within 10 s" in last_life(booted)
            assert booted.show("evenhand.service", "ActiveState") == "active"
    finally:
        set_up_copies(booted.root, destination=str(COPIES))
        patient.unlink()
        booted.inside("systemctl", "daemon-reload")
    booted.inside("rmdir", share)
    booted.inside("systemctl", "restart", "evenhand.service")
    assert "could not be seen" not in last_life(booted)


def test_all_that_runs_by_itself_is_in_the_list_of_timers(booted: Any) -> None:
    listed = booted.inside("systemctl", "list-timers", "--all", "--no-pager", "--no-legend", "evenhand*")
    for timer in TIMERS:
        [line] = [line for line in listed.splitlines() if f"{timer}.timer" in line]
        assert not line.startswith("-"), f"no next run: {line}"
        assert booted.show(f"{timer}.timer", "Persistent") == "yes"


@pytest.fixture
def vault(booted: Any) -> Iterator[Path]:
    """Another machine, as far as the units can tell: its sshd lets a key in that is bound to one folder. Made as the page says."""
    if why := why_no_ssh() or ("" if RRSYNC else "no rrsync here: apt-get install rsync"):
        pytest.skip(why)
    root = booted.root
    for folder in ("/root/vault", "/srv/evenhand", "/run/sshd"):
        booted.inside("mkdir", "-p", folder)
    booted.inside("install", "-d", "-m", "0750", "-g", "evenhand", "/etc/evenhand/ssh")
    make = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f")
    booted.inside(*make, "/root/vault/host")
    booted.inside(*make, "/etc/evenhand/ssh/key")
    at_vault, ours = within(root, Path("/root/vault")), within(root, Path("/etc/evenhand/ssh"))
    (at_vault / "authorized_keys").write_text(
        f'command="{RRSYNC} -no-lock /srv/evenhand",restrict {(ours / "key.pub").read_text()}'
    )
    (at_vault / "sshd_config").write_text(SSHD)
    (ours / "known_hosts").write_text(f"[127.0.0.1]:2222 {(at_vault / 'host.pub').read_text()}")
    (ours / "config").write_text(SSH)
    booted.inside("sh", "-c", "chgrp evenhand /etc/evenhand/ssh/* && chmod 0640 /etc/evenhand/ssh/*")
    booted.inside("systemd-run", "--unit=vault", "/usr/sbin/sshd", "-D", "-f", "/root/vault/sshd_config")
    set_up_copies(root, destination="root@vault.example:/", ssh_config="/etc/evenhand/ssh/config")
    yield within(root, Path("/srv/evenhand"))
    set_up_copies(root, destination=str(COPIES), ssh_config="")
    booted.inside("systemctl", "stop", "vault.service")
    booted.inside("systemctl", "restart", "evenhand-ship.service")


def test_the_units_copy_over_ssh_with_the_key_that_the_page_tells_of(booted: Any, vault: Path) -> None:
    booted.inside("systemctl", "restart", "evenhand-ship.service")
    for unit in ("evenhand-backup", "evenhand-keys"):
        assert run_unit(booted, unit) == "success", journal(booted, unit)
    size = size_of_ledger(booted)
    booted.until(lambda: list(vault.glob("snapshots/*/manifest")), "a snapshot at the vault")

    def far() -> dict[str, Any]:
        said = booted.as_firm("backup", "--check", "--json", check=False)
        assert said.startswith("{"), said
        told: dict[str, Any] = json.loads(said.splitlines()[0])
        return told

    booted.until(lambda: far()["shipped_through"] >= size, "the rows at the vault")
    assert run_unit(booted, "evenhand-backup-check") == "success", journal(booted, "evenhand-backup-check")
