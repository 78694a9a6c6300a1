"""Ruleset: the frozen rules of one phase, as data. Its id is the SHA-256 of its canonical bytes.

Every field is required: where firms differ there is no default, because an unstated anchor or boundary is how disputes
start. Percentages are basis points (`_bp`, 500 = 5 %), money is whole minor units of the account's currency.
Rulesets name the version of their semantics, so that a later meaning never falls on an account sold under this one.
"""

import hashlib
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from firm.money import Money
from firm.trading_day import TradingCalendar

SEMANTICS = 1


class Boundary(StrEnum):
    """When a limit is broken: when equity `crosses` below it, or already when it `touches` it."""

    CROSSES = "crosses"
    TOUCHES = "touches"


class Anchor(StrEnum):
    """What the day's floor is measured from, as it stood at the rollover."""

    BALANCE = "balance"
    EQUITY = "equity"
    HIGHER = "higher"  # the higher of balance and equity


class AmountBase(StrEnum):
    """What a percentage is a percentage of."""

    INITIAL = "initial"
    ANCHOR = "anchor"


class Trail(StrEnum):
    """How a maximum-loss floor moves: never, at each rollover, or with every new equity high."""

    STATIC = "static"
    END_OF_DAY = "end_of_day"
    EVERY_TICK = "every_tick"


class OnDailyLoss(StrEnum):
    """What a broken daily loss does."""

    FAIL = "fail"
    PAUSE_UNTIL_ROLLOVER = "pause_until_rollover"


class LateBreach(StrEnum):
    """What follows when late data shows a breach that was not seen in time."""

    ENFORCE = "enforce"
    REVIEW = "review"


class DailyLoss(msgspec.Struct, frozen=True, tag="daily_loss", forbid_unknown_fields=True, kw_only=True):
    """An account may not fall more than a fixed amount below where its day began."""

    id: str
    loss_max_bp: int
    anchor: Anchor
    base: AmountBase
    boundary: Boundary
    on_breach: OnDailyLoss


class MaximumLoss(msgspec.Struct, frozen=True, tag="maximum_loss", forbid_unknown_fields=True, kw_only=True):
    """An account may not fall more than a fixed amount below its initial balance, or below its highest mark.

    `trails_on`: which mark raises the floor when it trails (`balance`, `equity`, or the `higher` at each rollover; every
    tick always follows equity). `lock_at_bp`: the floor stops rising at initial + this many bp of initial; null: never.
    """

    id: str
    loss_max_bp: int
    trail: Trail
    trails_on: Anchor
    lock_at_bp: int | None
    boundary: Boundary


class ProfitTarget(msgspec.Struct, frozen=True, tag="profit_target", forbid_unknown_fields=True, kw_only=True):
    """A phase is won when the balance has grown by this much; with `flat_required`, only with no position open."""

    id: str
    target_bp: int
    flat_required: bool


class MinimumTradingDays(
    msgspec.Struct, frozen=True, tag="minimum_trading_days", forbid_unknown_fields=True, kw_only=True
):
    """A phase is not won before positions were opened on this many trading days."""

    id: str
    days_min: int


class MaximumDuration(msgspec.Struct, frozen=True, tag="maximum_duration", forbid_unknown_fields=True, kw_only=True):
    """A phase ends unsuccessfully at the rollover that ends its last calendar day, counted from its first trade."""

    id: str
    days_max: int


class Inactivity(msgspec.Struct, frozen=True, tag="inactivity", forbid_unknown_fields=True, kw_only=True):
    """An account without a deal for this many calendar days, and with nothing open, ends at the next rollover."""

    id: str
    days_max: int


Term = DailyLoss | MaximumLoss | ProfitTarget | MinimumTradingDays | MaximumDuration | Inactivity


class Ruleset(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The rules of one phase. `await_swap`: the day's anchor is final only after the platform posted swap."""

    semantics: int
    name: str
    calendar: TradingCalendar
    late_breach: LateBreach
    await_swap: bool
    terms: tuple[Term, ...]

    def canonical(self) -> bytes:
        """The bytes that the id is made of: JSON with fields in declared order, no white space."""
        return msgspec.json.encode(self)

    def ruleset_id(self) -> str:
        return hashlib.sha256(self.canonical()).hexdigest()

    def __post_init__(self) -> None:
        """Refuse what could never be judged; the message names the term."""
        if self.semantics != SEMANTICS:
            raise ValueError(
                f"ruleset {self.name}: semantics {self.semantics} is unknown here; this release knows {SEMANTICS}"
            )
        ids = [term.id for term in self.terms]
        if len(set(ids)) != len(ids):
            raise ValueError(f"ruleset {self.name}: two terms share an id: {ids}")
        if sum(isinstance(term, MaximumLoss) and term.trail is Trail.END_OF_DAY for term in self.terms) > 1:
            raise ValueError(
                f"ruleset {self.name}: two maximum losses trail at the end of the day; one high can be kept"
            )
        if sum(isinstance(term, ProfitTarget) for term in self.terms) > 1:
            raise ValueError(f"ruleset {self.name}: two profit targets: which one wins the phase?")
        try:
            ZoneInfo(self.calendar.zone)
        except (KeyError, ValueError) as missing:
            raise ValueError(f"ruleset {self.name}: calendar.zone {self.calendar.zone!r} is no IANA zone") from missing
        for term in self.terms:
            _require_sane(self.name, term)


def _require_sane(name: str, term: Term) -> None:
    match term:
        case DailyLoss() | MaximumLoss():
            sane, why = 0 < term.loss_max_bp <= 10_000, "loss_max_bp must be in 1..10000"
        case ProfitTarget():
            sane, why = term.target_bp > 0, "target_bp must be above 0"
        case MinimumTradingDays():
            sane, why = term.days_min > 0, "days_min must be above 0"
        case MaximumDuration() | Inactivity():
            sane, why = term.days_max > 0, "days_max must be above 0"
    if not sane:
        raise ValueError(f"ruleset {name}, term {term.id}: {why}")


class Phase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One stage of a program. `funded`: the last one, where profit is shared."""

    name: str
    ruleset: Ruleset
    funded: bool


class Program(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is sold: a size, a price, the platform it runs on, and its phases in order."""

    program: str
    title: str
    size: Money
    price: Money
    bridge: str
    group: str
    leverage: int
    accounts_max: int
    phases: tuple[Phase, ...]
