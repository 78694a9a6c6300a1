"""Machine checks: whether Python, SQLite, time zones, clock, disk and ports are fit to run a firm on."""

import ctypes
import errno
import shutil
import socket
import sys
from collections.abc import Callable, Collection
from importlib.metadata import version
from pathlib import Path

import apsw

from appliance.finding import Finding, Level
from firm.instant import SECOND_US, utc_text
from storage.files import BALLAST_BYTES, FirmDirectory, has_ballast, is_mounted_read_only
from storage.schema import SQLITE_MIN

PYTHON_MIN, PYTHON_BELOW = (3, 11), (3, 14)
MB = 1_000_000
DISK_FREE_PROBLEM_BYTES = 500 * MB  # in the unit of the alarms and of the settings
DISK_FREE_WARNING_BYTES = 2_000 * MB
CONNECT_DEADLINE_S = 1
CLOCK_BACK_US = 5 * SECOND_US
CLOCK_EARLIEST_US = 1_767_225_600 * SECOND_US  # 1 January 2026: a machine that says less has lost its clock
_TIMEX_BYTES = 512  # struct timex of adjtimex(2) with room to spare; zeroed, it only asks
_TIME_ERROR = 5


def check_python(found: tuple[int, int] = sys.version_info[:2], *, asserts: bool = __debug__) -> Finding:
    name = f"Python {found[0]}.{found[1]}"
    if not PYTHON_MIN <= found < PYTHON_BELOW:
        return Finding("python", Level.PROBLEM, f"{name} is not supported", "run with Python 3.11, 3.12 or 3.13")
    if not asserts:
        return Finding(
            "python",
            Level.PROBLEM,
            f"{name} runs with -O, which removes the checks inside decisions",
            "start without -O and PYTHONOPTIMIZE",
        )
    return Finding("python", Level.OK, f"{name}, assertions on")


def check_sqlite(number: int = apsw.SQLITE_VERSION_NUMBER) -> Finding:
    name = f"SQLite {number // 1_000_000}.{number // 1_000 % 1_000}.{number % 1_000}"
    if number < SQLITE_MIN:
        return Finding(
            "sqlite",
            Level.PROBLEM,
            f"{name} may lose commits when its log is reset",
            "install the apsw of requirements.lock",
        )
    return Finding("sqlite", Level.OK, f"{name}, inside apsw")


def check_one_sqlite(holder: int | None, modules: Collection[str] = sys.modules.keys()) -> Finding:
    """In this process, and in the one that serves: a second SQLite library there would drop the first one's locks."""
    second = "the standard library's sqlite3 is loaded in this process" if "_sqlite3" in modules else ""
    for process in ("self",) if holder is None else ("self", str(holder)):
        if "libsqlite3" in _maps(process):
            second = f"process {process} has a second SQLite library (libsqlite3) loaded"
    if second:
        return Finding(
            "one sqlite",
            Level.PROBLEM,
            second,
            "remove the package that imports sqlite3: its locks and ours undo each other",
        )
    return Finding("one sqlite", Level.OK, "one SQLite library")


def check_documents(is_shut_out: Callable[[], bool]) -> Finding:
    """`is_shut_out`: whether a process that looks at documents may do nothing else here, found by starting one."""
    if not is_shut_out():
        return Finding(
            "documents",
            Level.WARNING,
            "a process cannot be shut out of the system's calls here, so no document that a trader hands in is looked at or taken",
            "serve on x86_64 or aarch64 with a kernel that has seccomp filters, and let the unit or container permit prctl",
        )
    return Finding("documents", Level.OK, "what looks at documents can do nothing else")


def check_zones(searched: Collection[str]) -> Finding:
    if searched:
        found = f"time zones come from {', '.join(searched)}, whose updates would move trading days unseen"
        return Finding(
            "time zones",
            Level.WARNING,
            found,
            "start with PYTHONTZPATH= (empty), so that only the pinned tzdata is used",
        )
    return Finding("time zones", Level.OK, f"tzdata {version('tzdata')}, no other source")


def check_clock(now_us: int, last_row_us: int, *, synchronised: bool) -> Finding:
    if now_us < CLOCK_EARLIEST_US:
        return Finding(
            "clock",
            Level.PROBLEM,
            f"this machine's clock says {utc_text(now_us)}",
            "set the clock, and start a time service",
        )
    if now_us < last_row_us - CLOCK_BACK_US:
        found = f"the clock says {utc_text(now_us)}, but the ledger's last row came at {utc_text(last_row_us)}"
        return Finding("clock", Level.PROBLEM, found, "set the clock before serving: rules would see time stand still")
    if not synchronised:
        return Finding(
            "clock", Level.WARNING, "the kernel says the clock is not synchronised", "start chrony or systemd-timesyncd"
        )
    return Finding("clock", Level.OK, f"synchronised, {utc_text(now_us)}")


def clock_is_synchronised() -> bool:
    """What the kernel knows: adjtimex(2) answers TIME_ERROR while no time service steers the clock."""
    return ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES)) not in (_TIME_ERROR, -1)


def check_disk(directory: FirmDirectory, free_bytes: int | None = None) -> Finding:
    if is_mounted_read_only(directory.path):
        return Finding(
            "disk",
            Level.PROBLEM,
            f"{directory.path} is mounted read-only: nothing can be written, and the firm shows its pages and takes nothing",
            "see in dmesg what its disk said, make it well, and mount it so that it can be written: the firm goes on by itself",
        )
    free = shutil.disk_usage(directory.path).free if free_bytes is None else free_bytes
    found = f"{free // MB} MB free under {directory.path}"
    if free < DISK_FREE_PROBLEM_BYTES:
        return Finding(
            "disk",
            Level.PROBLEM,
            found,
            "make room: the appliance takes nothing new before the disk is full, and may have stopped taking already",
        )
    if free < DISK_FREE_WARNING_BYTES:
        return Finding("disk", Level.WARNING, found, f"make room, at least {DISK_FREE_WARNING_BYTES // MB} MB")
    if not has_ballast(directory):
        return Finding(
            "disk",
            Level.WARNING,
            f"{found}, but no ballast ({BALLAST_BYTES // MB} MB set aside, to finish what is under way when the disk is full)",
            "start the appliance once there is room: it sets it aside again",
        )
    return Finding("disk", Level.OK, f"{found}, ballast of {BALLAST_BYTES // MB} MB in place")


def check_port(name: str, host: str, port: int, holder: int | None) -> Finding:
    """Free, or in use by the appliance that holds this directory."""
    check, place = f"port {port}", f"{name} {host}:{port}"
    if holder is not None:
        if _listens(host, port):
            return Finding(check, Level.OK, f"{place} answers (appliance is process {holder})")
        return Finding(
            check,
            Level.WARNING,
            f"{place} does not answer although process {holder} has the directory",
            "look at its log: it may be read-only, when only pages are served, or settings may have changed since",
        )
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            return Finding(check, Level.OK, f"{place} is free")
    except OSError as taken:
        return Finding(check, Level.PROBLEM, f"{place}: {taken.strerror}", _port_remedy(name, port, taken.errno))


def _port_remedy(name: str, port: int, why: int | None) -> str:
    match why:
        case errno.EADDRINUSE:
            return f'find who has it with "ss -ltnp sport = :{port}", or set another {name}.port in evenhand.toml'
        case errno.EACCES:
            return f"set {name}.port in evenhand.toml to 1024 or above, behind a proxy"
        case _:
            return f"set {name}.host in evenhand.toml to an address of this machine"


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=CONNECT_DEADLINE_S):
            return True
    except OSError:
        return False


def _maps(process: str) -> str:
    try:
        return Path(f"/proc/{process}/maps").read_text()
    except OSError:
        return ""
