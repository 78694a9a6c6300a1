"""Words: how money, numbers, times and our own terms are written for people, in English. The only place that formats, with
`web/locale_figures.py`; `web/locale_words.py` does the same in other languages.
"""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from firm.commands import KillSwitch
from firm.doubt_words import DOUBTS
from firm.facts import Doubt, Refusal
from firm.ids import id_text
from firm.inputs import CommandState
from firm.instant import DAY_US, HOUR_US, MINUTE_US, SECOND_US, datetime_of
from firm.money import MINUS, Money
from firm.objective import Progress
from firm.phase import Standing
from firm.price import LOTS_SCALE
from firm.refusal_words import REFUSALS
from firm.sentences.languages import Language
from firm.trading_day import TradingCalendar
from web.locale_figures import day_month, decimal, hour_minute, weekday
from web.shell.words import shell_catalog

JOINED = "\u00a0"  # between a number and its unit: never broken


# --- numbers ---


def money(amount: Money) -> str:
    """95,000.00 USD, with a true minus sign."""
    return f"{decimal(amount.minor, amount.exponent)}{JOINED}{amount.currency}"


def figure(amount: Money) -> str:
    """The amount without its currency, where a heading already names it."""
    return decimal(amount.minor, amount.exponent)


def change(amount: Money) -> str:
    """An amount with its sign always shown: +120.00 USD."""
    return ("+" if amount.minor > 0 else "") + money(amount)


def change_figure(amount: Money) -> str:
    return ("+" if amount.minor > 0 else "") + figure(amount)


def plain(amount: Money) -> str:
    """For files that programs read: -95000.00."""
    return f"{Decimal(amount.minor).scaleb(-amount.exponent):.{amount.exponent}f}"


def tone_of(amount: Money) -> str:
    """The colour class of a result; the sign says the same without colour."""
    return "gain" if amount.minor > 0 else "loss" if amount.minor < 0 else "flat"


def percent(basis_points: int) -> str:
    """450 basis points: 4.5 %."""
    digits = 0 if basis_points % 100 == 0 else 1 if basis_points % 10 == 0 else 2
    return f"{decimal(basis_points, 2, digits)}{JOINED}%"


def share(part: int, whole: int) -> str:
    """Part of whole in percent with one decimal, rounded towards zero."""
    if whole <= 0:
        return "–"
    return f"{decimal(_towards_zero(part * 1_000, whole), 1)}{JOINED}%"


def price(points: int, digits: int) -> str:
    """A price as the platform writes it: all its digits, no grouping."""
    return plain_price(points, digits).replace("-", MINUS)


def plain_price(points: int, digits: int) -> str:
    """The same for files that programs read."""
    return f"{Decimal(points).scaleb(-digits):.{digits}f}"


def lots(lots_e8: int) -> str:
    """Volume in lots, at least two decimals, no trailing zeros beyond them."""
    value = Decimal(lots_e8) / LOTS_SCALE
    text = f"{value:.8f}".rstrip("0")
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.ljust(2, '0')}"


def lots_change(lots_e8: int) -> str:
    """Volume with its sign: +2.00."""
    return ("+" if lots_e8 > 0 else MINUS if lots_e8 < 0 else "") + lots(abs(lots_e8))


def count(number: int) -> str:
    return decimal(number, 0)


def times(number: int) -> str:
    """Once, twice, 3 times."""
    return {1: "once", 2: "twice"}.get(number, f"{count(number)} times")


def units(amount_e8: int) -> str:
    """A contract's size: 100,000, or with the decimals it has."""
    whole, part = divmod(amount_e8, LOTS_SCALE)
    return count(whole) + (f".{part:08d}".rstrip("0") if part else "")


def plural(number: int, one: str, many: str) -> str:
    return f"{count(number)} {one if number == 1 else many}"


def _towards_zero(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator) if numerator < 0 else numerator // denominator


# --- times ---


def in_zone(instant_us: int, zone: str) -> datetime:
    return datetime_of(instant_us).astimezone(ZoneInfo(zone))


def clock(instant_us: int, zone: str = "UTC") -> str:
    """12:30:05."""
    local = in_zone(instant_us, zone)
    return f"{hour_minute(local)}:{local.second:02d}"


def clock_short(instant_us: int, zone: str = "UTC") -> str:
    """12:30."""
    return hour_minute(in_zone(instant_us, zone))


def precise(instant_us: int, zone: str = "UTC") -> str:
    """12:30:05.250, where the order of ticks matters."""
    return f"{clock(instant_us, zone)}.{instant_us % SECOND_US // 1_000:03d}"


def hour(instant_us: int, zone: str = "UTC") -> str:
    """00:00, with the day in front where the reader needs it."""
    local = in_zone(instant_us, zone)
    return f"{weekday(local)} {day_month(local)}, {hour_minute(local)}"


def day(instant_us: int, zone: str = "UTC") -> str:
    """2 May 2014."""
    local = in_zone(instant_us, zone)
    return f"{day_month(local)} {local.year}"


def moment(instant_us: int, zone: str = "UTC") -> str:
    """2 May 2014, 12:30:05 UTC: never without its zone."""
    local = in_zone(instant_us, zone)
    return f"{day(instant_us, zone)}, {clock(instant_us, zone)} {local.tzname() or zone}"


def moment_precise(instant_us: int, zone: str = "UTC") -> str:
    """2 May 2014, 12:30:05.250 UTC, where a decision's order of events matters."""
    local = in_zone(instant_us, zone)
    return f"{day(instant_us, zone)}, {precise(instant_us, zone)} {local.tzname() or zone}"


def iso(instant_us: int) -> str:
    """For `datetime` attributes."""
    return datetime_of(instant_us).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def other_day(instant_us: int, calendar: TradingCalendar) -> str:
    """6 May, where an instant belongs to a trading day that is not its date in UTC; else empty."""
    label = calendar.day_at(instant_us).label
    return "" if iso(instant_us).startswith(label) else day_month(date.fromisoformat(label))


def moment_field(instant_us: int) -> str:
    """For a form's field of date and time, in UTC: 2014-05-02T12:30:05."""
    return iso(instant_us).partition(".")[0]


def span(length_us: int) -> str:
    """A length of time in its two largest units: 3 h 12 min."""
    left = max(0, length_us)
    parts = []
    for size, unit in ((DAY_US, "d"), (HOUR_US, "h"), (MINUTE_US, "min"), (SECOND_US, "s")):
        amount, left = divmod(left, size)
        if amount:
            parts.append(f"{amount}{JOINED}{unit}")
    return " ".join(parts[:2]) or f"0{JOINED}s"


def pause(length_us: int) -> str:
    """The time between two prices: 250 ms, 2.250 s, or longer ones as spans."""
    if length_us >= MINUTE_US:
        return span(length_us)
    whole, part = divmod(length_us // 1_000, 1_000)
    return f"{whole}.{part:03d}{JOINED}s" if whole else f"{part}{JOINED}ms"


def milliseconds(length_us: int) -> str:
    """0.42 ms, or 1 s; used for commit times."""
    if length_us >= SECOND_US:
        return f"{length_us // SECOND_US}{JOINED}s"
    digits = 2 if length_us < 10_000 else 0
    return f"{Decimal(length_us) / 1000:.{digits}f}{JOINED}ms"


# --- our terms ---

_SAID = shell_catalog(Language.ENGLISH).messages  # other languages say the same keys

STANDINGS: dict[Standing, tuple[str, str]] = {
    Standing.PROVISIONING: (_SAID["standing.provisioning"], "calm"),
    Standing.ACTIVE: (_SAID["standing.active"], "good"),
    Standing.FUNDED: (_SAID["standing.funded"], "good"),
    Standing.PAUSED: (_SAID["standing.paused"], "warn"),
    Standing.RESTRICTED: (_SAID["standing.restricted"], "warn"),
    Standing.SUSPECTED: (_SAID["standing.suspected"], "warn"),
    Standing.UNDER_REVIEW: (_SAID["standing.under_review"], "warn"),
    Standing.BREACHED: (_SAID["standing.breached"], "bad"),
    Standing.PASSED: (_SAID["standing.passed"], "info"),
    Standing.CLOSED: (_SAID["standing.closed"], "calm"),
}

STANDING_ICONS: dict[Standing, str] = {
    Standing.PROVISIONING: "hourglass",
    Standing.ACTIVE: "activity",
    Standing.FUNDED: "trophy",
    Standing.PAUSED: "pause",
    Standing.RESTRICTED: "pause",
    Standing.SUSPECTED: "triangle-alert",
    Standing.UNDER_REVIEW: "eye",
    Standing.BREACHED: "octagon-x",
    Standing.PASSED: "circle-check",
    Standing.CLOSED: "lock",
}

NEXT_ACTIONS: dict[Standing, str] = {standing: _SAID[f"next.{standing.value}"] for standing in Standing}

# How an account comes to stand so, where a list has none of them.
WHEN_STANDING: dict[Standing, str] = {
    Standing.PROVISIONING: "One is set up once it is sold, until its platform has opened it.",
    Standing.ACTIVE: "One becomes active when its platform has opened it. See the accounts being set up.",
    Standing.FUNDED: "One is funded when its trader has passed the phases before.",
    Standing.RESTRICTED: "One is close-only when it breaks a rule that only restricts it, until its next reset.",
    Standing.PAUSED: "One is paused when it uses up a daily limit that only pauses, until its next reset.",
    Standing.SUSPECTED: "One is suspected while a breach rests on data that is in doubt. What waits for a person is under Decisions.",
    Standing.UNDER_REVIEW: "One is under review while a person has to decide. What waits is under Decisions.",
    Standing.BREACHED: "One is breached when it breaks a limit for good.",
    Standing.PASSED: "One has passed when it meets every objective. Sort all accounts by equity to see who is near.",
    Standing.CLOSED: "One is closed when its time is over, or after too long without a deal.",
}

PROGRESS: dict[Progress, tuple[str, str, str]] = {
    Progress.PENDING: (_SAID["progress.pending"], "calm", "circle-dot"),
    Progress.MET: (_SAID["progress.met"], "good", "circle-check"),
    Progress.WITHIN: (_SAID["progress.within"], "good", "shield-check"),
    Progress.AT_RISK: (_SAID["progress.at_risk"], "warn", "triangle-alert"),
    Progress.BROKEN: (_SAID["progress.broken"], "bad", "circle-x"),
    Progress.SILENT: (_SAID["progress.silent"], "calm", "circle-dot"),
    Progress.ASKED: (_SAID["progress.asked"], "calm", "circle-dot"),
}

SWITCHES: dict[KillSwitch, tuple[str, str]] = {
    KillSwitch.FAILURES: (
        "Automatic failures",
        "While stopped, breaches are still found but only held as suspected until a person decides.",
    ),
    KillSwitch.PASSES: ("Automatic passes", "While stopped, won phases are held and nobody moves on."),
    KillSwitch.PAYOUTS: ("Payouts", "While stopped, no payout leaves the firm."),
    KillSwitch.ENFORCEMENT: (
        "Enforcement",
        (
            "While stopped, no command goes out to any platform; what went out before is carried out, so an account that broke a rule just"
            " now is closed all the same. What is withheld is never sent later, only ordered anew by a person."
        ),
    ),
}

COMMAND_STATES: dict[CommandState, tuple[str, str]] = {
    CommandState.QUEUED: (_SAID["command.queued"], "calm"),
    CommandState.ACKED: (_SAID["command.acked"], "info"),
    CommandState.APPLIED: (_SAID["command.applied"], "info"),
    CommandState.CONFIRMED: (_SAID["command.confirmed"], "good"),
    CommandState.FAILED: (_SAID["command.failed"], "bad"),
    CommandState.UNKNOWN: (_SAID["command.unknown"], "warn"),
}

RULE_KINDS: dict[str, str] = {
    "daily_loss": "Daily loss",
    "weekly_loss": "Weekly loss",
    "cycle_loss": "Cycle loss",
    "maximum_loss": "Maximum loss",
    "profit_target": "Profit target",
    "score_target": "Score target",
    "trading_days": "Minimum trading days",
    "maximum_duration": "Maximum duration",
    "inactivity": "Inactivity",
}

ACTIONS: dict[str, str] = {
    "create_account": _SAID["action.create_account"],
    "close_only": _SAID["action.close_only"],
    "cancel_orders": _SAID["action.cancel_orders"],
    "close_all": _SAID["action.close_all"],
    "block": _SAID["action.block"],
    "set_group": _SAID["action.set_group"],
    "set_leverage": _SAID["action.set_leverage"],
    "unblock": _SAID["action.unblock"],
}

OPERATIONS: dict[str, str] = {
    "plus": "+",
    "minus": MINUS,
    "times": "×",
    "divided_rounded_down": "÷",
    "divided_rounded_up": "÷",
    "divided_rounded_half_away": "÷",
    "is_below": "<",
    "is_at_or_below": "≤",
    "is_above": ">",
    "is_at_or_above": "≥",
}

ROUNDINGS: dict[str, str] = {
    "divided_rounded_down": "rounded down",
    "divided_rounded_up": "rounded up",
    "divided_rounded_half_away": "rounded to the nearest, halves away from zero",
}


def doubt(why: Doubt) -> str:
    return _as_sentence(DOUBTS[why])


def refusal(why: Refusal) -> str:
    return _as_sentence(REFUSALS[why])


def _as_sentence(words: str) -> str:
    return f"{upper_first(words)}."


def upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def standing_word(standing: Standing) -> str:
    return STANDINGS[standing][0]


def command_state(state: str) -> tuple[str, str]:
    """Word and tone; commands that observe mode kept back have no platform state."""
    if state == "withheld":
        return _SAID["command.withheld"], "calm"
    return COMMAND_STATES[CommandState(state)]


def command_tone(state: str) -> str:
    return command_state(state)[1]


def rule_kind(kind: str) -> str:
    return RULE_KINDS.get(kind, sentence(kind))


def action(name: str) -> str:
    return ACTIONS.get(name, sentence(name))


def sentence(identifier: str) -> str:
    """A technical name as words: platform_opened → Platform opened."""
    words = identifier.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def who(reference: str) -> str:
    """The author of a command: "staff:123" → "staff 00000-0003V"."""
    kind, _, number = reference.partition(":")
    return f"{kind} {id_text(int(number))}" if number.isdigit() else reference
