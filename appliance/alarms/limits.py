"""Limits: the settings of alarms, of how they are delivered, and of the heartbeat."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from appliance.outside import require_url
from appliance.section import Section
from appliance.smtp import SmtpSettings, is_operators_address


class HeartbeatMethod(StrEnum):
    """How the outside URL wants to be called."""

    GET = "get"
    POST = "post"


class MailSettings(SmtpSettings, frozen=True, kw_only=True):
    """Alarms by mail. The password, where there is one, is the text of the file `secrets/alarm_mail_password`."""

    to: Annotated[str, Meta(max_length=2_000, description="Addresses the mails go to, with commas between them.")] = ""

    def __post_init__(self) -> None:
        """Refuse what could deliver nothing, or would send a password in the clear."""
        if not self.host:
            return
        if not self.sender or not self.recipients:
            raise ValueError("alarms.mail.host needs alarms.mail.sender and alarms.mail.to")
        self.require_speakable("alarms.mail")
        if not all(map(is_operators_address, self.recipients)):
            raise ValueError(
                'alarms.mail.to must be mail addresses such as "ops@example.com", with commas between them'
            )

    @property
    def recipients(self) -> tuple[str, ...]:
        return tuple(one.strip() for one in self.to.split(",") if one.strip())


class WebhookSettings(Section, frozen=True, kw_only=True):
    """Alarms as signed JSON. The key is the text of the file `secrets/alarm_webhook_key`."""

    url: Annotated[
        str,
        Meta(max_length=2_000, description="Where each notice is posted, by https. Empty: nowhere."),
    ] = ""

    def __post_init__(self) -> None:
        require_url("alarms.webhook.url", self.url)


class HeartbeatSettings(Section, frozen=True, kw_only=True):
    """A sign of life to the outside, given only while the engine commits: its absence tells of a dead machine."""

    url: Annotated[
        str,
        Meta(
            max_length=2_000,
            description="What is called, by https. Empty: nothing. It is never logged.",
        ),
    ] = ""
    method: Annotated[HeartbeatMethod, Meta(description="get or post, as the other side wants it.")] = (
        HeartbeatMethod.GET
    )
    every_s: Annotated[int, Meta(ge=5, le=3_600, description="How often.")] = 60

    def __post_init__(self) -> None:
        require_url("heartbeat.url", self.url)


class AlarmSettings(Section, frozen=True, kw_only=True):
    """When a person is called. docs/operating/runbooks.md has an entry for each alarm."""

    look_every_s: Annotated[int, Meta(ge=1, le=60, description="How often the machine looks itself over.")] = 5
    repeat_h: Annotated[int, Meta(ge=1, le=168, description="An alarm that stays is told again this often.")] = 6
    feed_silent_s: Annotated[
        int,
        Meta(
            ge=5, le=86_400, description="A bridge without any price for this long, while a symbol's session is open."
        ),
    ] = 120
    bridge_away_s: Annotated[
        int, Meta(ge=5, le=86_400, description="A bridge, or the platform behind it, that is gone for this long.")
    ] = 60
    queue_deep_inputs: Annotated[int, Meta(ge=10, le=50_000, description="Inputs that wait for the engine.")] = 10_000
    commit_slow_ms: Annotated[int, Meta(ge=1, le=60_000, description="Commits whose median takes this long.")] = 100
    engine_stands_s: Annotated[
        int, Meta(ge=2, le=3_600, description="Nothing was committed for this long, though something waits.")
    ] = 10
    disk_free_low_mb: Annotated[
        int, Meta(ge=20, le=10_000_000, description="Free space under the firm's directory, below which it is low.")
    ] = 2_000
    wal_large_mb: Annotated[int, Meta(ge=1, le=100_000, description="A write-ahead log of this size.")] = 64
    checkpoint_old_s: Annotated[
        int, Meta(ge=10, le=86_400, description="Rows that no signed checkpoint covers for this long.")
    ] = 600
    backup_old_h: Annotated[
        int,
        Meta(
            ge=1,
            le=8_760,
            description="The last good backup is this old, or none was made although backups.destination is set.",
        ),
    ] = 26
    copies_check_old_h: Annotated[
        int,
        Meta(
            ge=1, le=8_760, description="Nobody looked for this long whether copies are fresh: evenhand backup --check."
        ),
    ] = 3
    calendar_old_h: Annotated[
        int,
        Meta(ge=1, le=8_760, description="For this long calendar.url could not be asked whether it has other news."),
    ] = 26
    clock_off_ms: Annotated[
        int,
        Meta(
            ge=100,
            le=86_400_000,
            description="Firm time and the machine's clock differ by this much: the clock was stepped.",
        ),
    ] = 2_000
    refused_max: Annotated[
        int, Meta(ge=1, le=1_000_000, description="More than this was refused at the gateway within five minutes.")
    ] = 100
    command_waits_s: Annotated[
        int, Meta(ge=10, le=86_400, description="A command to a platform without an end for this long.")
    ] = 600
    mail_waits_s: Annotated[
        int, Meta(ge=60, le=86_400, description="A mail to somebody that no mail server took for this long.")
    ] = 900
    mail: MailSettings = MailSettings()
    webhook: WebhookSettings = WebhookSettings()
