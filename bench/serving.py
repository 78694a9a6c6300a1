"""Serving: a firm that serves in this process, as `evenhand serve` has it, for as long as something is measured on it."""

import os
import resource
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import anyio

from appliance.assembly import Machine
from appliance.commands.serve import SWITCH_INTERVAL_S
from appliance.console import answer
from appliance.serve import serve
from appliance.settings_file import read_settings
from storage.files import FirmDirectory
from storage.secret_files import read_secrets

SHARED_MEMORY = Path("/dev/shm")

Found = TypeVar("Found")
Opened = TypeVar("Opened", bound=Machine)


def outboxes() -> Path | None:
    """Where bridges keep their outboxes: on machines of their own, so that their syncs must not queue on the ledger's disk."""
    return SHARED_MEMORY if SHARED_MEMORY.is_dir() else None


def opened(kind: type[Opened], directory: Path) -> Opened:
    """The firm in `directory`, recovered as a start does it."""
    files = FirmDirectory(directory)
    return kind(files.path, read_settings(files.settings), read_secrets(files.path))


def while_serving(machine: Machine, work: Callable[[], Awaitable[Found]]) -> Found:
    """Serve until the work is done; what it found."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    found: list[Found] = []

    async def both() -> None:
        async with anyio.create_task_group() as tasks:
            ready = anyio.Event()
            tasks.start_soon(partial(serve, machine, answer, ready=lambda _url: ready.set()))
            await ready.wait()
            try:
                found.append(await work())
            finally:
                os.kill(os.getpid(), signal.SIGTERM)

    anyio.run(both)
    return found[0]


def cpu_s() -> float:
    """Processor time of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
