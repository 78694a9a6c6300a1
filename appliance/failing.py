"""Failing: the refusals that the command line tells in one line, because their text says what, which and what next."""

from actors.recovery import ReplayDiverged
from appliance.console import CommandRefused
from appliance.control import ControlRefused, NoAnswer, NotServing
from appliance.demo_platforms import DemoRefused
from appliance.founding import MailTaken
from appliance.ports import CannotListen
from appliance.settings_file import SettingsRefused
from backups.errors import BackupRefused, DestinationFailed, RestoreRefused
from backups.newer import OlderThanKnown
from bridges.enrolment import KeyFileUnusable
from bridges.gateway import CannotBind
from storage.errors import (
    CommitFailed,
    DiskRefused,
    LedgerDamaged,
    LedgerInUse,
    LedgerRefused,
    NoteRefused,
    PrunedByPolicy,
    VaultDamaged,
)
from storage.files import DirectoryRefused
from storage.grounds import NotADecision
from storage.keys import WrongMaster
from storage.secret_files import SecretsRefused
from storage.sqlite_file import FileRefused, TracesRemain
from web.breached_list import ListRefused

KNOWN: tuple[type[Exception], ...] = (
    BackupRefused,
    CannotBind,
    CannotListen,
    CommandRefused,
    CommitFailed,
    ControlRefused,
    DemoRefused,
    DestinationFailed,
    DirectoryRefused,
    DiskRefused,
    FileRefused,
    KeyFileUnusable,
    LedgerDamaged,
    LedgerInUse,
    LedgerRefused,
    ListRefused,
    MailTaken,
    NoAnswer,
    NotADecision,
    NotServing,
    NoteRefused,
    OlderThanKnown,
    PrunedByPolicy,
    ReplayDiverged,
    RestoreRefused,
    SecretsRefused,
    SettingsRefused,
    TracesRemain,
    VaultDamaged,
    WrongMaster,
)
