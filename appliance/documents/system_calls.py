"""System calls: the few that a process may still make once it reads bytes of strangers; the kernel refuses all others (seccomp(2)).

The filter is a small program for the kernel (BPF, linux/filter.h), the same for every architecture but for the numbers of the calls. It is
written here, because the libraries for it want one of the system's (libseccomp), which not every machine has.
"""

import ctypes
import errno
import os
from collections.abc import Iterator

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
_ALLOW, _REFUSE, _KILL = 0x7FFF_0000, 0x0005_0000 | errno.EPERM, 0x8000_0000  # linux/seccomp.h
_LOAD, _IS, _HAS, _RETURN = 0x20, 0x15, 0x45, 0x06  # BPF_LD+W+ABS, BPF_JMP+JEQ+K, BPF_JMP+JSET+K, BPF_RET+K
# Of struct seccomp_data; the lower half of an argument comes first on both architectures.
_NUMBER, _ARCHITECTURE, _FIRST, _THIRD = 0, 4, 16, 32
PROT_EXEC = 4
STANDARD_OUTPUT = 1
_ARCHITECTURES = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}  # linux/audit.h
_COLUMN = {"x86_64": 0, "aarch64": 1}
# Memory, locks between nobody, the clock, what becomes of signals, and the end. Numbers: asm/unistd_64.h, asm-generic/unistd.h.
_HARMLESS = {
    "close": (3, 57), "lseek": (8, 62), "fstat": (5, 80), "munmap": (11, 215), "mremap": (25, 216), "brk": (12, 214),
    "madvise": (28, 233), "futex": (202, 98), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
    "restart_syscall": (219, 128), "sched_yield": (24, 124), "clock_gettime": (228, 113), "getrandom": (318, 278),
    "exit": (60, 93), "exit_group": (231, 94),
}  # fmt: skip
_MAPPING = {"mmap": (9, 222), "mprotect": (10, 226)}  # memory that cannot be run
_WRITE = (1, 64)  # to its mouth alone

Step = tuple[int, int, int, int]  # what, steps to leap where it is so, where not, with which number


class _Steps(ctypes.Structure):
    _fields_ = (("count", ctypes.c_ushort), ("first", ctypes.c_void_p))


class _Step(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("so", ctypes.c_ubyte),
        ("not_so", ctypes.c_ubyte),
        ("number", ctypes.c_uint32),
    )


def can_shut_out(machine: str = os.uname().machine) -> bool:
    """Whether the numbers of this machine's calls are known here."""
    return machine in _ARCHITECTURES


def shut_out(libc: ctypes.CDLL) -> bool:
    """For good, for this thread and whatever it would start. False: this machine has no such thing, and may do all that it could."""
    machine = os.uname().machine
    if not can_shut_out(machine):
        return False
    steps = list(_steps(machine))
    program = (_Step * len(steps))(*(_Step(*step) for step in steps))
    told = _Steps(len(steps), ctypes.addressof(program))
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(told), 0, 0) == 0)


def _steps(machine: str) -> Iterator[Step]:
    """Calls of another architecture have other numbers: whoever makes one is ended."""
    column = _COLUMN[machine]
    yield from (
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IS, 1, 0, _ARCHITECTURES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    )
    for numbers in _HARMLESS.values():
        yield from ((_IS, 0, 1, numbers[column]), (_RETURN, 0, 0, _ALLOW))
    for numbers in _MAPPING.values():
        yield from ((_IS, 0, 4, numbers[column]), (_LOAD, 0, 0, _THIRD), (_HAS, 1, 0, PROT_EXEC))
        yield from ((_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE))
    yield from ((_IS, 0, 4, _WRITE[column]), (_LOAD, 0, 0, _FIRST), (_IS, 0, 1, STANDARD_OUTPUT))
    yield from ((_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE))
    yield (_RETURN, 0, 0, _REFUSE)
