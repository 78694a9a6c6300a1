"""Notice: one thing that is said about one alarm: that it is raised, that it still stands, that it is over.

It names machines, bridges and kinds of desks; never a person, an account or a secret, for it leaves the house.
"""

from enum import StrEnum

import msgspec

from appliance.pages import PAGES

RUNBOOKS = f"{PAGES}/runbooks.md"


class Alarm(StrEnum):
    """What can call for a person. Each has an entry of this name in the runbooks."""

    BACKUP_OLD = "backup_old"
    BREAKER_TRIPPED = "breaker_tripped"
    BRIDGE_AWAY = "bridge_away"
    BRIDGE_REFUSED = "bridge_refused"
    CALENDAR_OLD = "calendar_old"
    CHECKPOINT_OLD = "checkpoint_old"
    CLOCK_STEPPED = "clock_stepped"
    COMMAND_WAITS = "command_waits"
    COMMITS_SLOW = "commits_slow"
    COPIES_BEHIND = "copies_behind"
    DESK_STOPPED = "desk_stopped"
    DESTINATION_AWAY = "destination_away"
    DISK_LOW = "disk_low"
    ENFORCEMENT_FAILS = "enforcement_fails"
    ENFORCEMENT_OWED = "enforcement_owed"
    ENGINE_STANDS = "engine_stands"
    FEED_SILENT = "feed_silent"
    MAIL_WAITS = "mail_waits"
    QUEUE_DEEP = "queue_deep"
    READ_MODEL_BEHIND = "read_model_behind"
    REPLAY_DIVERGED = "replay_diverged"
    READ_ONLY = "read_only"
    VAULT_NOT_WRITABLE = "vault_not_writable"
    WAL_LARGE = "wal_large"


class Saying(StrEnum):
    """What is said about it."""

    RAISED = "raised"
    STANDS = "stands"
    OVER = "over"


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What one look found about one alarm. `subject`: which bridge or kind of desk, "" where there is only one.

    Between bad and well an alarm stays as it is: a figure that trembles around its limit must not ring twice.
    """

    alarm: Alarm
    subject: str = ""
    is_bad: bool
    is_well: bool
    text: str


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm that is raised now. `since_us`: wall time."""

    alarm: Alarm
    subject: str
    since_us: int
    text: str


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What the couriers deliver. Instants are wall time in µs; `id` is the same however often it is sent."""

    id: str
    saying: Saying
    alarm: Alarm
    subject: str
    text: str
    since_us: int
    at_us: int
    firm: str
    runbook: str
