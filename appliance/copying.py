"""Copying: what an operator decides about copies of the firm."""

from typing import Annotated

from msgspec import Meta

from appliance.section import Section

PLACE_LENGTH_MAX = 500


class BackupSettings(Section, frozen=True, kw_only=True):
    """Copies that leave the machine. Without destination and recipient none are made; docs/operating/backups.md has the whole."""

    destination: Annotated[
        str,
        Meta(
            max_length=PLACE_LENGTH_MAX,
            description="A directory on another disk, or user@host:/path over rsync and SSH. Empty: no copies.",
        ),
    ] = ""
    ssh_config: Annotated[
        str,
        Meta(
            max_length=PLACE_LENGTH_MAX,
            description="A file in ssh_config(5)'s words with port, key and known host key of the destination. Empty: what ssh "
            "reads by itself.",
        ),
    ] = ""
    recipient: Annotated[
        str,
        Meta(
            max_length=PLACE_LENGTH_MAX,
            description="The age recipient, age1..., that copies are encrypted to. Its identity must not be on this machine.",
        ),
    ] = ""
    ship_every_s: Annotated[
        int,
        Meta(
            ge=1,
            le=5,
            description="What was committed is shipped this often: at most so much is lost with the machine.",
        ),
    ] = 2
    keep_hourly: Annotated[int, Meta(ge=0, le=1_000, description="Hours of which the newest snapshot is kept.")] = 24
    keep_daily: Annotated[int, Meta(ge=0, le=1_000, description="Days of which the newest snapshot is kept.")] = 14
    keep_weekly: Annotated[int, Meta(ge=0, le=1_000, description="Weeks of which the newest snapshot is kept.")] = 8
    keep_monthly: Annotated[int, Meta(ge=0, le=1_000, description="Months of which the newest snapshot is kept.")] = 24
    tail_keep_days: Annotated[
        int,
        Meta(
            ge=1,
            le=3_650,
            description="Tail files are kept so long: any moment since can be restored, given a snapshot from before it.",
        ),
    ] = 8
    keys_keep_days: Annotated[
        int,
        Meta(
            ge=1,
            le=30,
            description="Copies of keys.db are kept so long, and no longer: then an erasure is one in all copies.",
        ),
    ] = 30
