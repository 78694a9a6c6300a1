"""First terms: the words of semantics 1, in which accounts were sold before. They are read for ever and written no more.

`as_now` gives each in the words of today, with the same meaning, and says under which paths its figures stand in the ruleset that was sold:
a decision cites those.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import assert_never

import msgspec

from firm.terms.losses import Checked, FloorReaches, Lock, LossLimit, Measured, OnPayout, Trail
from firm.terms.objectives import (
    ClockStart,
    DayCounts,
    Inactivity,
    MaximumDuration,
    ProfitTarget,
    TargetMeasure,
    TradingDays,
)
from firm.terms.union import Term
from firm.terms.words import Action, Anchor, Boundary, Scope, Share, ShareOf

_SAME: Mapping[str, str] = MappingProxyType({})


class AmountBase(StrEnum):
    """What a percentage is a percentage of."""

    INITIAL = "initial"
    ANCHOR = "anchor"


class FirstAnchor(StrEnum):
    """What the day's floor is measured from, or a high is made by."""

    BALANCE = "balance"
    EQUITY = "equity"
    HIGHER = "higher"


class FirstTrail(StrEnum):
    """How a maximum-loss floor moves: never, at each rollover, or with every new equity high."""

    STATIC = "static"
    END_OF_DAY = "end_of_day"
    EVERY_TICK = "every_tick"


class OnDailyLoss(StrEnum):
    """What a broken daily loss does."""

    FAIL = "fail"
    PAUSE_UNTIL_ROLLOVER = "pause_until_rollover"


class DailyLoss(msgspec.Struct, frozen=True, tag="daily_loss", forbid_unknown_fields=True, kw_only=True):
    """An account may not fall more than a fixed amount below where its day began."""

    id: str
    loss_max_bp: int
    anchor: FirstAnchor
    base: AmountBase
    boundary: Boundary
    on_breach: OnDailyLoss


class MaximumLoss(msgspec.Struct, frozen=True, tag="maximum_loss", forbid_unknown_fields=True, kw_only=True):
    """An account may not fall more than a fixed amount below its initial balance, or below its highest mark.

    `lock_at_bp`: the floor stops rising at initial + this many bp of initial; null: never.
    """

    id: str
    loss_max_bp: int
    trail: FirstTrail
    trails_on: FirstAnchor
    lock_at_bp: int | None
    boundary: Boundary


class FirstProfitTarget(msgspec.Struct, frozen=True, tag="profit_target", forbid_unknown_fields=True, kw_only=True):
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


class FirstMaximumDuration(
    msgspec.Struct, frozen=True, tag="maximum_duration", forbid_unknown_fields=True, kw_only=True
):
    """A phase ends unsuccessfully at the rollover that ends its last calendar day, counted from its first trade."""

    id: str
    days_max: int


class FirstInactivity(msgspec.Struct, frozen=True, tag="inactivity", forbid_unknown_fields=True, kw_only=True):
    """An account without a deal for this many calendar days, and with nothing open, ends at the next rollover."""

    id: str
    days_max: int


FirstTerm = DailyLoss | MaximumLoss | FirstProfitTarget | MinimumTradingDays | FirstMaximumDuration | FirstInactivity


def as_now(term: FirstTerm) -> tuple[Term, Mapping[str, str]]:
    """The same rule in the words of today; and where a figure of it stands in the words of then, by its path of today."""
    match term:
        case DailyLoss():
            return _daily_loss(term), {"amount/bp": "loss_max_bp"}
        case MaximumLoss():
            return _maximum_loss(term), {"amount/bp": "loss_max_bp", "lock/offset/bp": "lock_at_bp"}
        case FirstProfitTarget():
            return _profit_target(term), {"amount/bp": "target_bp"}
        case MinimumTradingDays():
            return _trading_days(term), _SAME
        case FirstMaximumDuration():
            duration = MaximumDuration(id=term.id, days_max=term.days_max, counted_from=ClockStart.FIRST_TRADE)
            return duration, _SAME
        case FirstInactivity():
            return _inactivity(term), _SAME
        case unknown:
            assert_never(unknown)


def _daily_loss(term: DailyLoss) -> LossLimit:
    return LossLimit(
        id=term.id,
        scope=Scope.DAY,
        amount=Share(bp=term.loss_max_bp, of=ShareOf(term.base.value)),
        anchor=Anchor(term.anchor.value),
        trail=Trail.STATIC,
        high=Anchor.EQUITY,
        lock=None,
        steps=(),
        checked=Checked.EVERY_TICK,
        measured=Measured.EQUITY,
        boundary=term.boundary,
        on_payout=OnPayout.HIGH_LESS_PAYOUT,
        warn_at_bp=(),
        on_breach=(Action.FAIL if term.on_breach is OnDailyLoss.FAIL else Action.PAUSE,),
        strikes_within=Scope.PHASE,
    )


def _maximum_loss(term: MaximumLoss) -> LossLimit:
    trail, lock = Trail(term.trail.value), None
    if term.lock_at_bp is not None:
        offset = Share(bp=term.lock_at_bp, of=ShareOf.INITIAL)
        lock = Lock(offset=offset, trigger=FloorReaches(), permanent=False)
    return LossLimit(
        id=term.id,
        scope=Scope.PHASE,
        amount=Share(bp=term.loss_max_bp, of=ShareOf.INITIAL),
        anchor=Anchor.INITIAL,
        trail=trail,
        high=Anchor.EQUITY if trail is Trail.EVERY_TICK else Anchor(term.trails_on.value),
        lock=lock if trail is not Trail.STATIC else None,
        steps=(),
        checked=Checked.EVERY_TICK,
        measured=Measured.EQUITY,
        boundary=term.boundary,
        on_payout=OnPayout.HIGH_LESS_PAYOUT,
        warn_at_bp=(),
        on_breach=(Action.FAIL,),
        strikes_within=Scope.PHASE,
    )


def _profit_target(term: FirstProfitTarget) -> ProfitTarget:
    return ProfitTarget(
        id=term.id,
        amount=Share(bp=term.target_bp, of=ShareOf.INITIAL),
        measured=TargetMeasure.BALANCE,
        held_s=0,
        flat_required=term.flat_required,
        latched=False,
        auto_close=False,
    )


def _trading_days(term: MinimumTradingDays) -> TradingDays:
    return TradingDays(
        id=term.id,
        days_min=term.days_min,
        counts=DayCounts.OPENED,
        profit_min=None,
        boundary=Boundary.TOUCHES,
        per=Scope.PHASE,
    )


def _inactivity(term: FirstInactivity) -> Inactivity:
    return Inactivity(
        id=term.id,
        days_max=term.days_max,
        counted_from=ClockStart.LAST_TRADE,
        open_position_counts=True,
        pending_order_counts=False,
        on_breach=(Action.FAIL,),
    )
