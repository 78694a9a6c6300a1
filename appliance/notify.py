"""Notify: what systemd is told of this process, and which listening sockets it handed down.

Both are plain conventions, sd_notify(3) and sd_listen_fds(3), and need no library. Outside of systemd there is nobody to tell
and nothing to inherit.
"""

import contextlib
import os
import socket
import time
from collections.abc import Callable

import anyio

FIRST_INHERITED = 3  # SD_LISTEN_FDS_START
# Asked four times within the deadline, so that one late answer is not yet a death.
ASKS_PER_DEADLINE = 4
# A ledger that has to be folded anew may take longer than TimeoutStartSec: each step that it comes further gives it so much more.
START_EXTENDED_S = 60


def tell(state: str, *, waiting: bool = True) -> None:
    """Send one state, such as "READY=1". OSError where the socket that was named cannot be reached.

    `waiting`: until systemd has room for it; else BlockingIOError where it has none.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as speaker:
        speaker.setblocking(waiting)
        speaker.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)


def inherited(name: str) -> socket.socket | None:
    """The listening socket that the .socket unit calls `name` (FileDescriptorName=); None where it gave none."""
    if os.environ.get("LISTEN_PID", "") != str(os.getpid()):
        return None  # meant for another process, which left its environment to us
    names = os.environ.get("LISTEN_FDNAMES", "").split(":")[: int(os.environ.get("LISTEN_FDS", "0"))]
    if name not in names:
        return None
    descriptor = FIRST_INHERITED + names.index(name)
    os.set_inheritable(descriptor, False)
    # A second hand on it: whoever closes theirs can come for it again, and who knocks meanwhile waits at the door.
    return socket.socket(fileno=os.dup(descriptor))


def watchdog_s() -> float | None:
    """How long systemd waits for a sign of life before it replaces this process; None where it does not watch."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    deadline_us = int(os.environ.get("WATCHDOG_USEC", "0"))
    return deadline_us / 1_000_000 if deadline_us else None


def by_progress() -> Callable[[], None]:
    """What long work before the loop turns calls, each time that it has come further: passed on to systemd now and then.

    systemd watches from the first READY=1 on, so also while a firm that was read-only recovers; before it, a start has a deadline.
    """
    deadline_s, told_s = watchdog_s(), float("-inf")

    def come_further() -> None:
        nonlocal told_s
        if deadline_s is not None and (now_s := time.monotonic()) - told_s >= deadline_s / ASKS_PER_DEADLINE:
            told_s = now_s
            with contextlib.suppress(BlockingIOError):
                tell(f"WATCHDOG=1\nEXTEND_TIMEOUT_USEC={START_EXTENDED_S * 1_000_000}", waiting=False)

    return come_further


async def be_watched(prove_life_to: Callable[[Callable[[], None]], None], knock: Callable[[], None]) -> None:
    """Pass each proof of life of the engine on to systemd, and ask for one in time; a proof is never made here."""
    deadline_s = watchdog_s()
    if deadline_s is None:
        return
    asked = False

    def pass_on() -> None:
        nonlocal asked
        if asked:  # a busy engine proves its life hundreds of times a second
            asked = False
            # Where systemd is behind with reading, the engine shall not wait for it: the next proof comes in time.
            with contextlib.suppress(BlockingIOError):
                tell("WATCHDOG=1", waiting=False)

    prove_life_to(pass_on)
    while True:
        asked = True
        knock()
        await anyio.sleep(deadline_s / ASKS_PER_DEADLINE)
