"""A whole Debian that boots: systemd in a container, on an overlay of this machine's files, with the firm installed in it."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pyrage
import pytest

from appliance.installation.machine import apply
from appliance.installation.pieces import within
from appliance.installation.program import INTERPRETER

ROOT = Path(__file__).resolve().parents[2]
UNITS = ROOT / "systemd"
FIRM = Path("/var/lib/evenhand")
COPIES = Path("/var/backups/evenhand")
MACHINE = "evenhand-test"
PASSWORD = "correct horse battery staple"
PATIENCE_S = 60
# Mounts what never answers in the container, until its standard input ends. /dev/fuse is this machine's: the container has none.
HANG = """
    import ctypes, os, sys
    libc, (leader, place) = ctypes.CDLL(None, use_errno=True), sys.argv[1:]
    device = os.open("/dev/fuse", os.O_RDWR)
    mounts = os.open(f"/proc/{leader}/ns/mnt", os.O_RDONLY)
    root = os.open(f"/proc/{leader}/root", os.O_RDONLY)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other"
    done = libc.setns(mounts, 0) or os.fchdir(root) or os.chroot(".") or libc.mount(
        b"nobody", place.encode(), b"fuse", 0, options.encode())
    print(os.strerror(ctypes.get_errno()) if done else "hangs", flush=True)
    sys.stdin.read()
    libc.umount2(place.encode(), 2)
"""
# What boots: what the units enable, without whatever else this machine would start.
TARGET = """
[Unit]
Requires=basic.target
Wants=evenhand.service evenhand-ship.service
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
        self.offline_key = ""  # what opens its copies; it does not lie on the machine until a test lays it there

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
        self.until(self._is_led, "the container's first process")
        self.until(lambda: self.show("evenhand.service", "ActiveState") == "active", "the firm's service")

    def _is_led(self) -> bool:
        """By systemd: before it, nspawn has a child that only prepares, and goes."""
        assert self.process is not None
        for child in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
            with suppress(FileNotFoundError):
                if Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
                    self.leader = int(child)
        return self.leader != 0

    def inside(self, *command: object, check: bool = True) -> str:
        """Run a command as the container's root; what it printed."""
        done = subprocess.run(
            ["nsenter", "-t", str(self.leader), "-m", "-p", "-n", "-u", "-i", "--", *map(str, command)],
            capture_output=True, text=True, check=False, timeout=PATIENCE_S,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{command}: {done.stderr}{done.stdout}"
        return done.stdout + done.stderr

    def as_firm(self, *arguments: object, check: bool = True) -> str:
        """An `evenhand` command, as the user the firm runs as."""
        return self.inside("runuser", "-u", "evenhand", "--", "/usr/local/bin/evenhand", *arguments, check=check)

    def show(self, unit: str, what: str) -> str:
        return self.inside("systemctl", "show", "--value", "-p", what, unit, check=False).strip()

    def in_its_network(self, script: str, *arguments: object) -> "subprocess.Popen[str]":
        """A Python program of this machine that sees the container's network."""
        command = ["nsenter", "-t", str(self.leader), "-n", sys.executable, "-c", textwrap.dedent(script)]
        return subprocess.Popen(
            [*command, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    @contextmanager
    def hung(self, place: Path) -> Iterator[None]:
        """A share is mounted there whose other side never answers."""
        command = [sys.executable, "-c", textwrap.dedent(HANG), str(self.leader), str(place)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holding:
            assert holding.stdout is not None
            assert holding.stdout.readline() == "hangs\n"
            yield  # leaving ends its standard input

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


def set_up_copies(root: Path, **settings: str) -> None:
    """As an admin does: the keys that the settings file has as comments, or has already, get values."""
    file = within(root, FIRM / "evenhand.toml")
    text = file.read_text()
    for key, value in settings.items():
        text, changed = re.subn(rf'^(# )?{key} = ".*"$', f'{key} = "{value}"', text, flags=re.MULTILINE)
        assert changed == 1
    file.write_text(text)


@pytest.fixture(scope="session")
def booted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booted]:
    """Installed, founded and with a place for copies before it booted; its nightly copy is three days overdue."""
    if why := why_no_container():
        pytest.skip(why)
    machine = Booted(tmp_path_factory.mktemp("booted"))
    machine.mount()
    try:
        apply(machine.root, dry=False)
        found_firm(machine.root)
        identity = pyrage.x25519.Identity.generate()
        machine.offline_key = f"{identity}\n"
        set_up_copies(machine.root, destination=str(COPIES), recipient=str(identity.to_public()))
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
