"""Copies seen: whether the place where copies lie can be looked at from here, and whether newer copies of this firm lie there."""

from pathlib import Path

from appliance.alarms.copies_check import last_check
from appliance.copying import BackupSettings
from appliance.finding import Finding, Level
from backups.asking import notes_within
from backups.errors import BackupRefused
from backups.left import left_in
from backups.newer import OlderThanKnown, require_newest
from backups.source import restored_in
from firm.instant import utc_text
from storage.errors import LedgerDamaged, LedgerRefused
from storage.files import FirmDirectory
from storage.reader import LedgerReader
from storage.secret_files import Secrets

CHECK = "copies"
ANSWER_DEADLINE_S = 10  # for a directory on another disk or a share: who has not answered by then hangs


def why_unseen(directory: Path, settings: BackupSettings, secrets: Secrets) -> str:
    """Why it cannot be told whether this ledger is the newest; "" where it is. Raises OlderThanKnown where it is not.

    Only where copies lie in a directory, and not for long: a start shall not wait for a network. Over rsync the shipping finds it,
    at its start.
    """
    if not settings.destination.startswith("/"):
        return ""
    try:
        with LedgerReader(directory, secret=secrets.ledger_secret) as reader:
            notes = notes_within(settings.destination, directory, reader.identity(), ANSWER_DEADLINE_S)
            require_newest(reader, notes, left_in(directory))
    except (BackupRefused, OSError) as failed:
        return str(failed)
    return ""


def check_leftover(directory: FirmDirectory) -> list[Finding]:
    """What a restore to here left that was killed: all of the firm, in plain."""
    left = restored_in(directory.path)
    if not left.is_dir():
        return []
    what = f"{left} holds a firm's secrets and databases in plain: a restore is at work there, or was killed"
    return [Finding(CHECK, Level.WARNING, what, f'where no "evenhand restore" runs: rm -r {left}')]


def check_copies(directory: FirmDirectory, settings: BackupSettings, secrets: Secrets) -> Finding:
    """As the user who asks sees it; what the service sees is told by its alarms."""
    if not settings.destination:
        return Finding(
            CHECK,
            Level.WARNING,
            "backups.destination is not set: none leave this machine, and what it loses is lost",
            "set backups.destination and backups.recipient in evenhand.toml, as docs/operating/backups.md says",
        )
    try:
        unseen = why_unseen(directory.path, settings, secrets)
    except OlderThanKnown as older:
        what, _, following = str(older).partition("; ")
        return Finding(CHECK, Level.PROBLEM, what, following)
    except (LedgerDamaged, LedgerRefused) as broken:
        return Finding(CHECK, Level.WARNING, f"not compared with the ledger: {broken}", "see the line of the ledger")
    if unseen:
        what, _, following = unseen.partition(": ")
        return Finding(CHECK, Level.PROBLEM, f"cannot be seen: {what}", following)
    found = last_check(directory.path)
    if found.problems:
        return Finding(
            CHECK, Level.WARNING, "; ".join(found.problems), 'run "evenhand backup --check" once it is mended'
        )
    if not found.at_us:
        return Finding(
            CHECK, Level.WARNING, "nobody looked yet whether they are fresh", 'run "evenhand backup --check"'
        )
    return Finding(CHECK, Level.OK, f"fresh in {settings.destination}, looked at {utc_text(found.at_us)}")
