"""Firm checks: whether a firm's directory, secrets, settings, ledger and segments are as they must be before it is served."""

import contextlib
import fcntl
import os
from pathlib import Path

from appliance.finding import Finding, Level
from appliance.settings import ClockSource, Settings, policy_changes
from appliance.settings_file import SettingsRefused, read_settings
from appliance.starting import require_continuable, require_own_name
from firm.instant import SECOND_US
from storage.errors import DiskRefused, LedgerDamaged, LedgerRefused
from storage.files import (
    DIRECTORY_MODE,
    FILE_MODE,
    DirectoryRefused,
    FirmDirectory,
    is_mounted_read_only,
    open_firm_directory,
    why_not_private,
)
from storage.front import why_refused
from storage.lock import holder_of
from storage.secret_files import Secrets, SecretsRefused, read_secrets
from storage.vitals import Vitals, read_policy, read_vitals

CHECKPOINTS_MISSED_MAX = 3
NAMES_SHOWN_MAX = 3


def check_directory(directory: FirmDirectory) -> Finding:
    """Everything in it belongs to us and to nobody else."""
    try:
        open_firm_directory(directory.path)
    except DirectoryRefused as refused:
        return _refused("directory", str(refused))
    for folder, folders, names in os.walk(directory.path):  # passes over a folder that has vanished
        for path in sorted(Path(folder) / name for name in (*folders, *names)):
            if why := _why_not_private(path):
                return _refused("directory", why)
    return Finding("directory", Level.OK, f"{directory.path} is private")


def check_secrets(directory: FirmDirectory) -> tuple[Secrets | None, Finding]:
    try:
        secrets = read_secrets(directory.path)
    except SecretsRefused as refused:
        return None, _refused("secrets", str(refused))
    return secrets, Finding("secrets", Level.OK, f"{len(secrets.all())} secrets, whole and private")


def check_settings(directory: FirmDirectory) -> tuple[Settings | None, Finding]:
    try:
        settings = read_settings(directory.settings)
        with contextlib.suppress(DiskRefused, LedgerRefused, LedgerDamaged):  # which the ledger's own check tells
            require_own_name(directory, settings)
    except SettingsRefused as refused:
        if not directory.settings.exists():
            return None, _refused("settings", str(refused))
        what, _, remedy = str(refused).rpartition("; ")  # what was found in the file may hold the mark itself
        return None, Finding("settings", Level.PROBLEM, what, remedy)
    return settings, Finding("settings", Level.OK, f"{directory.settings.name} of {settings.firm.name}")


def check_policy(directory: FirmDirectory, settings: Settings, holder: int | None) -> Finding:
    """The file asks for what the ledger was last told: a file that lost its end reads as one full of defaults."""
    try:
        changes = policy_changes(read_policy(directory.path), settings.policy())
    except (DiskRefused, LedgerRefused, LedgerDamaged) as refused:
        return _refused("policy", str(refused))
    if not changes:
        return Finding(
            "policy", Level.OK, f"{directory.settings.name} asks for the figures that the ledger was last given"
        )
    when = "the next start" if holder is None else f"a restart of process {holder}"
    return Finding(
        "policy",
        Level.WARNING,
        f"{directory.settings} has other figures than the ledger was last given: {', '.join(changes)}",
        f"if you changed them, {when} adopts them; if not, the file was cut or replaced: put its copy back before that",
    )


def check_lock(directory: FirmDirectory) -> tuple[int | None, Finding]:
    """Who serves this directory, if anyone. The kernel frees the lock of a process that died."""
    holder = _holder(directory.lock)
    if holder is None:
        return None, Finding("lock", Level.OK, "nobody serves this directory")
    if directory.control_socket.is_socket():
        return holder, Finding("lock", Level.OK, f"served by process {holder}")
    if is_mounted_read_only(directory.path):
        found = f"process {holder} shows pages and takes nothing, because nothing can be written"
        return holder, Finding("lock", Level.WARNING, found, "do what the line of the disk says, and leave it running")
    found = f"process {holder} holds the directory, but has no control socket"
    return holder, Finding(
        "lock",
        Level.WARNING,
        found,
        "it is starting or stopping, it is read-only, or it is stuck: look at its log, and end it only where that says nothing",
    )


def check_ledger(directory: FirmDirectory, secrets: Secrets | None) -> tuple[Vitals | None, Finding]:
    """It opens and ends as it was left, which a start looks at too; whether all its bytes are true is for `evenhand verify`."""
    try:
        vitals = read_vitals(directory.path)
        if secrets is not None:
            require_continuable(directory, secrets)
    except (DiskRefused, LedgerRefused, LedgerDamaged) as refused:
        return None, _refused("ledger", str(refused))
    return vitals, Finding("ledger", Level.OK, f"{vitals.size} rows")


def check_checkpoint(vitals: Vitals, settings: Settings, holder: int | None, now_us: int) -> Finding:
    """Signed heads keep up with the rows, and with time while the firm is served by the machine's clock."""
    unsigned = vitals.size - vitals.checkpoint_size
    if unsigned > CHECKPOINTS_MISSED_MAX * settings.ledger.checkpoint_rows:
        found = f"{unsigned} rows since the last checkpoint, of size {vitals.checkpoint_size}"
        return Finding(
            "checkpoint", Level.PROBLEM, found, 'restart the appliance; if it stays so, run "evenhand verify"'
        )
    age_s = (now_us - vitals.checkpoint_us) // SECOND_US
    keeps_time = holder is not None and settings.clock.source is ClockSource.SYSTEM
    if keeps_time and unsigned and age_s > CHECKPOINTS_MISSED_MAX * settings.ledger.checkpoint_every_s:
        found = f"the last checkpoint, of size {vitals.checkpoint_size}, is {age_s} s old"
        return Finding(
            "checkpoint", Level.WARNING, found, f"look at the log of process {holder}: its clock ticks may have stopped"
        )
    return Finding("checkpoint", Level.OK, f"size {vitals.checkpoint_size}, {unsigned} rows since")


def check_front(directory: FirmDirectory) -> Finding:
    """Sessions and throttles can be kept. Nothing in there is looked at: all of it may be lost."""
    why = why_refused(directory.path)
    if why is None:
        return Finding("front", Level.OK, f"{directory.front_db.name} can be used, or is laid anew")
    what, _, remedy = why.partition(": nothing was kept; ")
    return Finding("front", Level.PROBLEM, f"nobody can sign in: {what}", remedy)


def check_segments(directory: FirmDirectory, vitals: Vitals, settings: Settings) -> Finding:
    """Each segment that the ledger names is there, whole in length; with an age limit set, the oldest may have left."""
    sizes = [(segment, _size(directory.segments / segment.name)) for segment in vitals.segments]
    missing = [segment.name for segment, size in sizes if size is None]
    cut = [segment.name for segment, size in sizes if size not in (None, segment.size_bytes)]
    if cut:
        return Finding(
            "segments", Level.PROBLEM, f"not as long as the ledger says: {_some(cut)}", "restore them from a backup"
        )
    if missing and not settings.ledger.segments_keep_days:
        return Finding(
            "segments", Level.PROBLEM, f"missing: {_some(missing)}", f"restore them into {directory.segments}"
        )
    return Finding("segments", Level.OK, f"{len(vitals.segments) - len(missing)} of {len(vitals.segments)} here")


def _why_not_private(path: Path) -> str | None:
    """None also where it is gone: beside a firm that serves, logs and what a copy works with come and go."""
    try:
        return why_not_private(path, DIRECTORY_MODE if path.is_dir() else FILE_MODE)
    except FileNotFoundError:
        return None


def _size(path: Path) -> int | None:
    """None where it is not there."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _holder(lock: Path) -> int | None:
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        # A shared try, given back at once: it tells whether an exclusive one is held.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return holder_of(descriptor) or 0
    else:
        return None
    finally:
        os.close(descriptor)


def _refused(check: str, told: str) -> Finding:
    """A refusal says what and which, then what next."""
    what, _, remedy = told.partition(": ")
    return Finding(check, Level.PROBLEM, what, remedy)


def _some(names: list[str]) -> str:
    more = len(names) - NAMES_SHOWN_MAX
    return ", ".join(names[:NAMES_SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")
