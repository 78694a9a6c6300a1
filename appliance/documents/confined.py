"""Confined: what a process that reads bytes of strangers takes from itself before it reads any."""

import ctypes
import os
import resource
from collections.abc import Callable

from appliance.documents.system_calls import shut_out

MEMORY_BYTES_MAX = 1_024 * 2**20  # of addresses, most of which are never touched
FILES_MAX = 24  # open at once, while what reads documents is imported
CLONE_NEWUSER, CLONE_NEWNET, CLONE_NEWIPC = 0x10000000, 0x40000000, 0x08000000


class Unfiltered(Exception):
    """The kernel takes no filter of system calls here: nothing of a stranger's may be read by this process."""


def confine(cpu_s: int, warm_up: Callable[[], None]) -> bool:
    """For good. Whether the network is cut off, too: a unit that forbids namespaces forbids that, and then it is out of reach by the
    filter alone. `warm_up`: loads whatever will be needed, since no file can be opened after it. Raises Unfiltered.
    """
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES_MAX),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, FILES_MAX),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    libc = ctypes.CDLL(None, use_errno=True)
    apart = CLONE_NEWNET | CLONE_NEWIPC
    is_cut = any(libc.unshare(flags) == 0 for flags in (apart, CLONE_NEWUSER | apart))
    # After the last thread there will be: no process is started from here.
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    os.umask(0o777)
    warm_up()
    if not shut_out(libc):
        raise Unfiltered
    return is_cut
