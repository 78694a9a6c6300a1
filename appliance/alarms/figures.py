"""Figures: what one look at the machine sees, as plain values: all that alarms are judged by and metrics are made of."""

import msgspec

from actors.live import Health
from appliance.alarms.copies_check import CopiesCheck
from appliance.mail_courier import MailsSeen
from bridges.outbound.client import DestinationSeen


class BridgeFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One bridge. `silent_ms`: since its newest price, or None while no symbol's session is open, and once the prices that it
    played have ended. One that was revoked is neither silent nor expected here, and nothing is enforced by it.

    `command_ms`: how long its oldest open command has gone without an end, 0 where there is none. `owed`: accounts that are
    owed what enforcement withheld; `enforced`: commands are sent to it now. `failing`: accounts for which a command has failed
    again and again.
    """

    bridge: str
    was_here: bool
    connected: bool
    platform_up: bool
    silent_ms: int | None
    command_ms: int
    owed: int
    enforced: bool
    failing: int


class FileFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What lies on the disk. Sizes in bytes by database; `disk_free` -1 where nobody could look yet.

    `backup_us`: wall time of the last good backup, 0 where none is known. `copies_check`: what the last look at the copies found.
    `first_row_us`: firm time of the first row, 0 where there is none. `models_behind`: read models that the book lacks, or has in
    another version.
    """

    sizes: dict[str, int]
    wal_sizes: dict[str, int]
    disk_free: int
    backup_us: int
    copies_check: CopiesCheck
    first_row_us: int
    models_behind: tuple[str, ...]


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Everything. Times in µs are wall time, unless `health` says otherwise.

    `backups_wanted`: the settings say where copies go. `copies_unseen`: why this process could not look there when it started, or
    "". `space_unseen`: why nobody can say how much is free, or "". `files_unseen`: why `files` are those of an earlier look, or "".
    `calendar_us`: wall time at which the firm's calendar of news was last known to be the newest, or None where none is fetched.
    `held`: why the engine takes nothing, or "". `idle_ms`: since the last commit. `commit_us`, `commit_max_us`: median and longest
    of the newest commits that a look found, 0 before the first. `refused`: at the gateway, in the last five minutes;
    `vault_refused`: how often the vault gave or took nothing in that time. `mails`: what waits of those to people. `clock_off_ms`: how
    far the machine's clock is ahead of firm time.
    """

    at_us: int
    health: Health
    bridges: tuple[BridgeFigures, ...]
    outside: tuple[DestinationSeen, ...]
    files: FileFigures
    backups_wanted: bool
    copies_unseen: str
    space_unseen: str
    files_unseen: str
    calendar_us: int | None
    held: str
    idle_ms: int
    commit_us: int
    commit_max_us: int
    refused: int
    vault_refused: int
    mails: MailsSeen
    clock_off_ms: int
