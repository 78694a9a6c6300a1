"""Probes: what a break-in would try from inside the service. Prints one JSON object: what was tried, and how it ended.

It runs where the service runs, with the system's Python and nothing else.
"""

import ctypes
import json
import mmap
import os
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FIRM = Path("/var/lib/evenhand")
CLONE_NEWUSER = 0x10000000
NR_KEYCTL, NR_INIT_MODULE, NR_BPF, NR_PERF_EVENT_OPEN, NR_PERSONALITY = 250, 175, 321, 298, 135
LIBC = ctypes.CDLL(None, use_errno=True)


def checked(result: int) -> None:
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def run_what_was_written(place: Path) -> None:
    """A program of an attacker, in a place that can be written."""
    program = place / "probe"
    program.write_text("#!/bin/sh\nexit 0\n")
    try:
        program.chmod(0o700)
        subprocess.run([program], check=True)
    finally:
        program.unlink()


def make_set_uid() -> None:
    program = FIRM / "probe"
    program.write_text("")
    try:
        program.chmod(0o4755)
    finally:
        program.unlink()


def replace(file: Path) -> None:
    """By another with its content, as a program that may write a folder can, whoever owns the file."""
    fresh = file.with_name("probe")
    fresh.write_bytes(file.read_bytes())
    try:
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)


def see_others() -> None:
    """The first process of the machine, by its command line."""
    assert Path("/proc/1/cmdline").read_bytes()


DENIED: dict[str, Callable[[], Any]] = {
    "read the passwords of the machine": lambda: Path("/etc/shadow").read_bytes(),
    "list homes": lambda: (list(Path("/root").iterdir()), list(Path("/home").iterdir())),
    "list the secrets": lambda: list((FIRM / "secrets").iterdir()),
    "read a secret's file": lambda: (FIRM / "secrets" / "ledger_secret").read_bytes(),
    "read the journal": lambda: list(Path("/var/log").iterdir()),
    "read units and settings of the machine": lambda: list(Path("/etc/systemd").iterdir()),
    "write the settings": lambda: (FIRM / "evenhand.toml").open("r+b").close(),
    "replace the settings": lambda: replace(FIRM / "evenhand.toml"),
    "remove the settings": lambda: (FIRM / "evenhand.toml").unlink(),
    "write into the program": lambda: Path("/opt/evenhand/probe").write_text(""),
    "write into the system": lambda: Path("/usr/probe").write_text(""),
    "write into the root": lambda: Path("/probe").write_text(""),
    "run what was written": lambda: run_what_was_written(FIRM),
    "run what was written to /tmp": lambda: run_what_was_written(Path("/tmp")),
    "run what was written to /var/tmp": lambda: run_what_was_written(Path("/var/tmp")),
    "run what was written to shared memory": lambda: run_what_was_written(Path("/dev/shm")),
    "make a file set-uid": make_set_uid,
    "write and run memory": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC),
    "see other processes": see_others,
    "signal the first process": lambda: os.kill(1, 0),
    "become root": lambda: os.setuid(0),
    "make a namespace": lambda: checked(LIBC.unshare(CLONE_NEWUSER)),
    "mount": lambda: checked(LIBC.mount(b"none", b"/tmp", b"tmpfs", 0, None)),
    "set the clock": lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()),
    "rename the machine": lambda: socket.sethostname("probe"),
    "load a kernel module": lambda: checked(LIBC.syscall(NR_INIT_MODULE, None, 0, b"")),
    "load a program into the kernel": lambda: checked(LIBC.syscall(NR_BPF, 0, None, 0)),
    "watch the processor": lambda: checked(LIBC.syscall(NR_PERF_EVENT_OPEN, None, 0, -1, -1, 0)),
    "use the kernel's keys": lambda: checked(LIBC.syscall(NR_KEYCTL, 0, -3, 1)),
    "trace a child": lambda: checked(LIBC.ptrace(0, 0, None, None)),
    "run in real time": lambda: os.sched_setparam(0, os.sched_param(0)),
    "change how code is run": lambda: checked(LIBC.syscall(NR_PERSONALITY, 0x0040000)),
    "listen to the wire": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close(),
    "ask the kernel's network": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close(),
    "send raw packets": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close(),
    "read the kernel's switches": lambda: Path("/proc/sys/kernel/core_pattern").read_bytes(),
    "use a disk": lambda: list(Path("/dev").glob("[lsv]*d[a0-9]*"))[0],  # noqa: RUF015  (raises where there is none)
}
ALLOWED: dict[str, Callable[[], Any]] = {
    "write into the firm's directory": lambda: ((FIRM / "probe").write_text(""), (FIRM / "probe").unlink()),
    "read the secrets as credentials": lambda: Path(
        os.environ["CREDENTIALS_DIRECTORY"], "secrets_ledger_secret"
    ).read_bytes(),
    "call the outside": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close(),
    "read the authorities": lambda: list(Path("/etc/ssl/certs").iterdir()),
}


def outcome(probe: Callable[[], Any]) -> str:
    try:
        probe()
    except (OSError, LookupError, subprocess.SubprocessError) as refused:
        return f"{type(refused).__name__}: {refused}"
    return ""


if __name__ == "__main__":
    told = {"denied": DENIED, "allowed": ALLOWED}
    print(json.dumps({kind: {name: outcome(one) for name, one in probes.items()} for kind, probes in told.items()}))
