"""The unit files: how exposed the service is, and that each line of its hardening has its reason."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).resolve().parents[2] / "systemd"
EXPOSURE_MAX = 1.0
ANALYZER = shutil.which("systemd-analyze")
needs_analyzer = pytest.mark.skipif(
    ANALYZER is None, reason='no systemd-analyze here: "apt-get install systemd" has it'
)


def exposure(unit: Path) -> float:
    told = subprocess.run(
        [str(ANALYZER), "security", "--offline=true", "--no-pager", unit], capture_output=True, text=True, check=False
    )
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", told.stdout)
    assert found, told.stderr
    assert not re.search(r"ignoring|Unknown", told.stderr), told.stderr
    return float(found[1])


@needs_analyzer
def test_the_service_is_hardly_exposed() -> None:
    assert exposure(UNITS / "evenhand.service") <= EXPOSURE_MAX


@needs_analyzer
def test_the_measure_tells_a_naive_unit_from_ours(tmp_path: Path) -> None:
    naive = tmp_path / "naive.service"
    naive.write_text("[Service]\nExecStart=/bin/true\n")
    assert exposure(naive) > 9


@needs_analyzer
@pytest.mark.parametrize("unit", sorted(path.name for path in UNITS.glob("evenhand-*.service")))
def test_what_the_timers_run_is_held_too(unit: str) -> None:
    """It may run other programs and sees the machine's files, so it is held a little less."""
    assert exposure(UNITS / unit) <= 1.2


def test_every_line_of_the_service_has_its_reason() -> None:
    """A line is explained by the comment above it; lines that directly follow one another share one."""
    explained, seen = False, 0
    for line in (UNITS / "evenhand.service").read_text().split("[Service]")[1].split("[Install]")[0].splitlines():
        if line.startswith("# ---") or not line:
            explained = False
        elif line.startswith("#"):
            explained = True
        else:
            assert explained, f"no reason above {line}"
            seen += 1
    assert seen > 50


def test_the_service_sees_the_copies_and_cannot_touch_them() -> None:
    """Else a start cannot tell that it is on an old ledger; and a process that is talked to by strangers must not reach them."""
    lines = (UNITS / "evenhand.service").read_text().splitlines()
    assert "BindReadOnlyPaths=-/var/backups/evenhand" in lines
    assert not [line for line in lines if line.startswith(("BindPaths=", "ReadWritePaths=")) and "backups" in line]
    assert "d /var/backups/evenhand 0700 evenhand evenhand -" in (UNITS / "evenhand.tmpfiles.conf").read_text()


def test_the_settings_are_roots_for_the_service_and_nothing_that_copies_takes_a_word_from_its_home() -> None:
    """Else whoever takes the service over writes a ProxyCommand, and a unit that copies runs it outside of the sandbox."""
    assert "ReadOnlyPaths=+/var/lib/evenhand/evenhand.toml" in (UNITS / "evenhand.service").read_text().splitlines()
    held = (UNITS / "evenhand-.service.d" / "hardening.conf").read_text().splitlines()
    assert "Environment=HOME=/nonexistent" in held


def test_a_rehearsal_does_not_bring_its_key_to_where_the_firms_settings_say() -> None:
    lines = (UNITS / "evenhand-rehearse.service").read_text().splitlines()
    assert "EnvironmentFile=/etc/evenhand/rehearsal.env" in lines
    script = (UNITS.parent / "backups" / "rehearsal.sh").read_text()
    told = subprocess.run(
        ["sh", "-s"], input=script, capture_output=True, text=True, check=True,
        env={"EVENHAND": "echo", "EVENHAND_IDENTITY": "/k", "EVENHAND_FROM": "c@v:/", "EVENHAND_SSH_CONFIG": "/etc/c"},
    ).stdout  # fmt: skip
    assert "--from c@v:/ --ssh-config /etc/c " in told


def test_every_timer_starts_a_service_and_makes_up_for_what_it_missed() -> None:
    timers = list(UNITS.glob("*.timer"))
    assert {timer.stem for timer in timers} == {
        "evenhand-backup",
        "evenhand-backup-check",
        "evenhand-rehearse",
        "evenhand-keys",
    }
    for timer in timers:
        assert timer.with_suffix(".service").exists()
        assert "Persistent=true" in timer.read_text()


def test_what_timers_run_are_the_scripts_that_people_call() -> None:
    scripts = UNITS.parent / "backups"
    called = {}
    for timer in UNITS.glob("*.timer"):
        [line] = re.findall(r"^ExecStart=(.*)$", timer.with_suffix(".service").read_text(), re.MULTILINE)
        shell, _, script = line.partition(" /opt/evenhand/current/share/evenhand/backups/")
        assert shell == "/bin/sh"
        called[timer.stem] = script
    assert sorted(called.values()) == sorted(path.name for path in scripts.glob("*.sh"))
    assert called["evenhand-backup-check"] == "check.sh"
