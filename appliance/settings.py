"""Settings: what an operator may decide in `evenhand.toml`, with unit, bounds and meaning of each, and how mistakes are told.

A key that is absent has the default written here. An unknown key is refused: a limit with a typing error must not be silently off.
How the file is read and written is in `appliance/settings_file.py`; docs/settings.md is generated from this one.
"""

from collections.abc import Mapping
from enum import StrEnum
from operator import attrgetter
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

from msgspec import Meta

from appliance.alarms.limits import AlarmSettings, HeartbeatSettings
from appliance.brand_settings import BrandSettings
from appliance.calendar_courier import CalendarSettings
from appliance.copying import BackupSettings
from appliance.documents.scanner import DocumentSettings
from appliance.limit_settings import LimitSettings
from appliance.mail_settings import PeopleMailSettings
from appliance.outbound_settings import OutboundSettings
from appliance.outside import require_callable
from appliance.region_settings import read_regions
from appliance.section import Section
from firm.instant import DAY_US, SECOND_US
from firm.policy import Policy
from firm.regions import Regions

MS_US = 1_000
LOOPBACK = ("127.0.0.1", "::1", "localhost")

Port = Annotated[int, Meta(ge=1, le=65_535)]
Host = Annotated[str, Meta(min_length=1, max_length=253)]


class ClockSource(StrEnum):
    """Where firm time comes from: the machine's clock, or the bundled simulator's."""

    SYSTEM = "system"
    SIMULATED = "simulated"


class StaffFactor(StrEnum):
    """Whether staff need a second factor to sign in with."""

    REQUIRED = "required"
    DEMO = "demo"


class LogLevel(StrEnum):
    """The least that is worth a line."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class FirmSettings(Section, frozen=True, kw_only=True):
    """Whose firm this is."""

    name: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=80,
            pattern=r"^[^\x00-\x1f\x7f]*$",
            description="As traders read it on pages and in mails.",
        ),
    ]
    slug: Annotated[
        str,
        Meta(
            pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
            description="The name inside signed checkpoints. It never changes once the firm exists.",
        ),
    ]


class WebSettings(Section, frozen=True, kw_only=True):
    """Portal and backoffice."""

    host: Annotated[Host, Meta(description="Address to listen on. Keep it local behind a proxy.")] = "127.0.0.1"
    port: Annotated[Port, Meta(description="TCP port to listen on.")] = 8_080
    public_url: Annotated[
        str,
        Meta(
            max_length=253,
            description="As a browser shows it: https://portal.example.com. Forms from elsewhere are refused. Empty: http, host and port.",
        ),
    ] = ""
    tls_behind_proxy: Annotated[
        bool,
        Meta(
            description="A proxy on this machine ends TLS and sets X-Forwarded-For and X-Forwarded-Proto; cookies are Secure."
        ),
    ] = False
    session_idle_min: Annotated[
        int, Meta(ge=5, le=1_440, description="Minutes without a page after which one is signed out.")
    ] = 60
    session_absolute_min: Annotated[
        int, Meta(ge=5, le=43_200, description="Minutes after which one signs in again in any case.")
    ] = 720
    staff_second_factor: Annotated[
        StaffFactor,
        Meta(
            description="required: staff without a second factor can only add one. demo: they need none; for a demo on loopback alone."
        ),
    ] = StaffFactor.REQUIRED
    sign_up: Annotated[
        bool,
        Meta(description="Traders may sign up by themselves, where [mail] names a server. false: the firm adds them."),
    ] = True
    breached_passwords: Annotated[
        str,
        Meta(
            max_length=4_096,
            description="A list of leaked passwords, as evenhand passwords build makes it, by its path. Empty: the one that comes along.",
        ),
    ] = ""

    limits: LimitSettings = LimitSettings()

    def __post_init__(self) -> None:
        """Refuse an address that no browser would send as an origin."""
        if self.session_idle_min > self.session_absolute_min:
            raise ValueError("web.session_idle_min must not exceed web.session_absolute_min")
        if not self.public_url:
            if self.tls_behind_proxy:
                raise ValueError("web.tls_behind_proxy needs web.public_url: the address that people type")
            return
        parts = urlsplit(self.public_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query or parts.fragment:
            raise ValueError(
                f"web.public_url {self.public_url!r} must be scheme and host alone, such as https://portal.example.com"
            )
        if self.tls_behind_proxy != (parts.scheme == "https"):
            raise ValueError("web.tls_behind_proxy is true exactly when web.public_url begins with https://")

    @property
    def origin(self) -> str:
        return self.public_url or f"http://{self.host}:{self.port}"


class GatewaySettings(Section, frozen=True, kw_only=True):
    """Where bridges connect, over CURVE."""

    host: Annotated[Host, Meta(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[Port, Meta(description="TCP port to listen on.")] = 7_411
    deadman_after_s: Annotated[
        int,
        Meta(
            ge=3,
            le=86_400,
            description="A bridge that heard nothing from the appliance for this long sets all its accounts close-only by itself.",
        ),
    ] = 60


class ClockSettings(Section, frozen=True, kw_only=True):
    """Firm time."""

    source: Annotated[
        ClockSource, Meta(description="system: this machine's clock. simulated: the bundled simulator's, for a demo.")
    ] = ClockSource.SYSTEM
    tick_every_ms: Annotated[int, Meta(ge=100, le=10_000, description="Desks learn the time this often.")] = 1_000


class BreakerSettings(Section, frozen=True, kw_only=True):
    """Automatic failures stop when too many accounts fail at once, because then the prices are likelier wrong than the traders."""

    window_s: Annotated[int, Meta(ge=1, le=86_400, description="Failures within this many seconds count together.")] = (
        60
    )
    accounts_max: Annotated[
        int, Meta(ge=1, le=100_000, description="More failures than this in the window trip it.")
    ] = 25
    share_max_bp: Annotated[
        int, Meta(ge=1, le=10_000, description="So does a larger share of all judged accounts, in basis points.")
    ] = 2_000
    share_accounts_min: Annotated[
        int, Meta(ge=1, le=100_000, description="The share counts from this many failures on.")
    ] = 10


class RiskSettings(Section, frozen=True, kw_only=True):
    """When a verdict may be final without a person."""

    drift_tolerance_bp: Annotated[
        int,
        Meta(
            ge=0,
            le=1_000,
            description="Our equity and the platform's may differ by this much of the initial balance, in basis points.",
        ),
    ] = 1
    reconcile_within_s: Annotated[
        int, Meta(ge=5, le=86_400, description="A hard failure needs a figure of the platform at most this old.")
    ] = 120
    stale_after_ms: Annotated[
        int,
        Meta(ge=1_000, le=86_400_000, description="A symbol silent for longer, while its session is open, is stale."),
    ] = 300_000
    conversion_age_max_ms: Annotated[
        int,
        Meta(
            ge=1_000,
            le=86_400_000,
            description="An exchange rate that is older, while its session is open, decides no hard failure and no pass.",
        ),
    ] = 300_000
    incident_after_ms: Annotated[
        int,
        Meta(
            ge=1_000,
            le=86_400_000,
            description="Prices that are missing for longer, while their market is open, are an incident.",
        ),
    ] = 300_000
    far_past_s: Annotated[
        int, Meta(ge=60, le=2_592_000, description="A tick stamped longer before firm time is refused.")
    ] = 86_400
    far_future_s: Annotated[
        int,
        Meta(
            ge=1,
            le=3_600,
            description="A tick stamped further ahead of firm time is refused; of a report's stamp no more is believed.",
        ),
    ] = 10
    command_deadline_s: Annotated[
        int, Meta(ge=1, le=600, description="A command to a platform without a result after this is asked about.")
    ] = 10
    probes_max: Annotated[
        int, Meta(ge=1, le=100, description="How often it is asked about before a person must look.")
    ] = 5
    order_lapse_days: Annotated[
        int, Meta(ge=1, le=3_650, description="An order that nobody has paid for so long comes to nothing.")
    ] = 30
    close_retry_s: Annotated[
        int,
        Meta(ge=5, le=3_600, description="Positions that would not close (market closed) are tried again this often."),
    ] = 60
    breaker: BreakerSettings = BreakerSettings()


class LedgerSettings(Section, frozen=True, kw_only=True):
    """How often the book is signed, photographed and put away."""

    checkpoint_rows: Annotated[
        int, Meta(ge=10, le=100_000, description="A signed checkpoint after at most this many rows.")
    ] = 1_000
    checkpoint_every_s: Annotated[
        int, Meta(ge=1, le=3_600, description="A signed checkpoint after at most this time, while rows are written.")
    ] = 60
    snapshot_rows: Annotated[
        int,
        Meta(
            ge=1_000,
            le=10_000_000,
            description="A snapshot after this many rows: fewer make restarts faster and the file larger.",
        ),
    ] = 50_000
    mark_every_s: Annotated[int, Meta(ge=10, le=3_600, description="Equity marks for charts are this far apart.")] = 60
    space_min_mb: Annotated[
        int,
        Meta(
            ge=20,
            le=1_000_000,
            description="With less free space than this nothing more is taken, so that pages stay up; it goes on by itself.",
        ),
    ] = 256
    refused_keep_days: Annotated[
        int,
        Meta(
            ge=1,
            le=3_650,
            description="What bridges sent and nobody could read or place is destroyed so long after its month ended.",
        ),
    ] = 90
    segments_keep_days: Annotated[
        int,
        Meta(
            ge=0,
            le=36_500,
            description="Sealed days of prices may be moved off this machine after this long; 0: they are expected to stay.",
        ),
    ] = 0


class LogSettings(Section, frozen=True, kw_only=True):
    """The log, on standard error."""

    level: Annotated[LogLevel, Meta(description="The least that is worth a line: debug, info, warning or error.")] = (
        LogLevel.INFO
    )


class Settings(Section, frozen=True, kw_only=True):
    """The whole file."""

    firm: FirmSettings
    web: WebSettings = WebSettings()
    gateway: GatewaySettings = GatewaySettings()
    clock: ClockSettings = ClockSettings()
    risk: RiskSettings = RiskSettings()
    ledger: LedgerSettings = LedgerSettings()
    log: LogSettings = LogSettings()
    calendar: CalendarSettings = CalendarSettings()
    backups: BackupSettings = BackupSettings()
    mail: PeopleMailSettings = PeopleMailSettings()
    alarms: AlarmSettings = AlarmSettings()
    heartbeat: HeartbeatSettings = HeartbeatSettings()
    outbound: OutboundSettings = OutboundSettings()
    brand: BrandSettings = BrandSettings()
    documents: DocumentSettings = DocumentSettings()
    regions: Mapping[str, Any] = {}  # its keys are the firm's own: see `placing`

    def __post_init__(self) -> None:
        """Refuse an address that every call would be refused to: nobody shall learn of it from an alarm that never came."""
        rules = self.outbound.rules()
        require_callable("calendar.url", self.calendar.url, rules)
        require_callable("alarms.webhook.url", self.alarms.webhook.url, rules)
        require_callable("heartbeat.url", self.heartbeat.url, rules)
        self._require_factors()
        read_regions(self.regions)

    def _require_factors(self) -> None:
        """Refuse what only a demo may do without."""
        is_demo = self.clock.source is ClockSource.SIMULATED and self.web.host in LOOPBACK and not self.web.public_url
        if self.web.staff_second_factor is StaffFactor.DEMO and not is_demo:
            raise ValueError(
                'web.staff_second_factor may be "demo" only where clock.source is "simulated", web.host is loopback and '
                'web.public_url is empty: write "required"'
            )

    @property
    def placing(self) -> Regions:
        """In which region a country is."""
        return read_regions(self.regions)

    def policy(self) -> Policy:
        """What desks decide by; adopted into the ledger when it changed."""
        return Policy(**{figure.name: attrgetter(figure.key)(self) * figure.unit for figure in FIGURES})


class Figure(NamedTuple):
    """A figure of the policy, the key of the setting it comes from, and how much of it one of the setting is."""

    name: str
    key: str
    unit: int


FIGURES = (
    Figure("breaker_window_us", "risk.breaker.window_s", SECOND_US),
    Figure("breaker_accounts_max", "risk.breaker.accounts_max", 1),
    Figure("breaker_share_max_bp", "risk.breaker.share_max_bp", 1),
    Figure("breaker_share_accounts_min", "risk.breaker.share_accounts_min", 1),
    Figure("drift_tolerance_bp", "risk.drift_tolerance_bp", 1),
    Figure("reconcile_within_us", "risk.reconcile_within_s", SECOND_US),
    Figure("stale_after_us", "risk.stale_after_ms", MS_US),
    Figure("conversion_age_max_us", "risk.conversion_age_max_ms", MS_US),
    Figure("incident_after_us", "risk.incident_after_ms", MS_US),
    Figure("far_past_us", "risk.far_past_s", SECOND_US),
    Figure("far_future_us", "risk.far_future_s", SECOND_US),
    Figure("command_deadline_us", "risk.command_deadline_s", SECOND_US),
    Figure("probes_max", "risk.probes_max", 1),
    Figure("close_retry_us", "risk.close_retry_s", SECOND_US),
    Figure("checkpoint_rows", "ledger.checkpoint_rows", 1),
    Figure("checkpoint_every_us", "ledger.checkpoint_every_s", SECOND_US),
    Figure("snapshot_rows", "ledger.snapshot_rows", 1),
    Figure("order_lapse_us", "risk.order_lapse_days", DAY_US),
    Figure("documents_retained_us", "documents.retained_days", DAY_US),
    Figure("mark_every_us", "ledger.mark_every_s", SECOND_US),
)


def policy_changes(before: Policy, after: Policy) -> list[str]:
    """Which settings make the difference, in the units of the file: "risk.probes_max 5 -> 7"."""
    return [
        f"{figure.key} {getattr(before, figure.name) // figure.unit} -> {getattr(after, figure.name) // figure.unit}"
        for figure in FIGURES
        if getattr(before, figure.name) != getattr(after, figure.name)
    ]
