"""A whole Debian that boots: systemd in a container, on an overlay of this machine's files, with the firm installed in it."""

import os
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.installation.machine import apply
from appliance.installation.pieces import within
from appliance.installation.program import INTERPRETER

ROOT = Path(__file__).resolve().parents[2]
UNITS = ROOT / "systemd"
FIRM = Path("/var/lib/evenhand")
MACHINE = "evenhand-test"
PASSWORD = "correct horse battery staple"
PATIENCE_S = 60
# What boots: what the units enable, without whatever else this machine would start.
TARGET = """
[Unit]
Requires=basic.target
Wants=evenhand.service
After=basic.target
AllowIsolate=yes
"""


def why_no_container() -> str:
    """What is missing for a container to boot here; empty where nothing is."""
    if os.geteuid() != 0:
        return "a container boots for root only"
    if shutil.which("systemd-nspawn") is None or shutil.which("nsenter") is None:
        return 'no systemd-nspawn here: "apt-get install systemd-container" has it'
    if not INTERPRETER.exists():
        return f"no {INTERPRETER} here, which the service runs on"
    if "overlay" not in Path("/proc/filesystems").read_text():
        return "this kernel has no overlay file system"
    return ""


class Booted:
    """A container whose first process is systemd. `leader` is that process as this machine sees it."""

    def __init__(self, place: Path) -> None:
        self.place, self.root = place, place / "root"
        self.log = place / "console.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.leader = 0

    def mount(self) -> None:
        for folder in ("upper", "work", "root"):
            (self.place / folder).mkdir()
        options = f"lowerdir=/,upperdir={self.place}/upper,workdir={self.place}/work"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, self.root], check=True)

    def boot(self) -> None:
        arguments = ["--machine", MACHINE, "--register=no", "--keep-unit", "--link-journal=no", "--private-network"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                ["systemd-nspawn", "-D", self.root, *arguments, "--console=read-only", "--boot", "--",
                 "systemd.unit=booted-test.target", "systemd.log_target=journal"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
            )  # fmt: skip
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        self.until(lambda: children.read_text().strip(), "the container's first process")
        self.leader = int(children.read_text().split()[0])
        self.until(lambda: self.show("evenhand.service", "ActiveState") == "active", "the firm's service")

    def inside(self, *command: object, check: bool = True) -> str:
        """Run a command as the container's root; what it printed."""
        done = subprocess.run(
            ["nsenter", "-t", str(self.leader), "-m", "-p", "-n", "-u", "-i", "--", *map(str, command)],
            capture_output=True, text=True, check=False, timeout=PATIENCE_S,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{command}: {done.stderr}{done.stdout}"
        return done.stdout + done.stderr

    def show(self, unit: str, what: str) -> str:
        return self.inside("systemctl", "show", "--value", "-p", what, unit, check=False).strip()

    def in_its_network(self, script: str, *arguments: object) -> "subprocess.Popen[str]":
        """A Python program of this machine that sees the container's network."""
        command = ["nsenter", "-t", str(self.leader), "-n", sys.executable, "-c", textwrap.dedent(script)]
        return subprocess.Popen(
            [*command, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def until(self, condition: Callable[[], object], what: str, patience_s: float = PATIENCE_S) -> None:
        end = time.monotonic() + patience_s
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"{what} did not come within {patience_s} s\n{self.story()}")
            time.sleep(0.05)

    def story(self) -> str:
        """What the journal says, for whoever reads a failure."""
        console = self.log.read_text(errors="replace")[-2_000:] if self.log.exists() else ""
        journal = (
            self.inside("journalctl", "--no-pager", "-n", 60, "-u", "evenhand*", check=False) if self.leader else ""
        )
        return f"{console}\n{journal}"

    def end(self) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        subprocess.run(["umount", "--lazy", self.root], check=False)


def found_firm(root: Path) -> None:
    """`evenhand init`, as the page says, in a container that does not boot."""
    command = ["runuser", "-u", "evenhand", "--", "/usr/local/bin/evenhand", "init", "--name", "Northlight"]
    done = subprocess.run(
        ["systemd-nspawn", "-D", root, "--register=no", "--keep-unit", "-q", "--pipe", "--as-pid2", *command,
         "--owner", "omar@northlight.example"],
        input=PASSWORD + "\n", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout


@pytest.fixture(scope="session")
def booted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    """Installed and founded before it booted, with a nightly copy that is three days overdue."""
    if why := why_no_container():
        pytest.skip(why)
    machine = Booted(tmp_path_factory.mktemp("booted"))
    machine.mount()
    try:
        apply(machine.root, dry=False)
        found_firm(machine.root)
        within(machine.root, Path("/etc/systemd/system/booted-test.target")).write_text(TARGET)
        # Three seconds instead of thirty, so that a hang is replaced while the test looks.
        watched = within(machine.root, Path("/etc/systemd/system/evenhand.service.d/test.conf"))
        watched.parent.mkdir()
        watched.write_text("[Service]\nWatchdogSec=3\nTimeoutAbortSec=1\n")
        stamp = within(machine.root, Path("/var/lib/systemd/timers/stamp-evenhand-backup.timer"))
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.touch()
        three_days_ago = time.time() - 3 * 86_400
        os.utime(stamp, (three_days_ago, three_days_ago))
        machine.boot()
        yield machine
    finally:
        machine.end()
