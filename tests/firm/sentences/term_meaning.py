"""Term meaning: what of a term says anything beside its other fields, and its numbers as they must be written, by names and units alone."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from firm.checks.objectives import BY_PROFIT
from firm.terms.conduct import Closure, HoldingLimit
from firm.terms.exposure import (
    AccountsTogether,
    AcrossAccounts,
    CountedOver,
    ExposureLimit,
    IdeaGrouping,
    IdeaRisk,
    Quantity,
)
from firm.terms.lifecycle import Reset
from firm.terms.losses import Lock, LossLimit, Trail
from firm.terms.objectives import Consistency, Denominator, Numerator, TradingDays
from firm.terms.payouts import Bonus, BonusFor, PayoutAmount, PayoutConditions, ProfitSplit, SplitCounted, Wait, Weekly
from firm.terms.words import Fixed, Scope, Share
from tests.firm.sentences.plain_figures import PLAIN_FIGURES as PLAIN

BY_ITS_QUANTITY = {
    Quantity.LOTS: PLAIN.lots,
    Quantity.POSITIONS: PLAIN.count,
    Quantity.NOTIONAL: PLAIN.percent,
    Quantity.MARGIN: PLAIN.percent,
    AccountsTogether.ALLOCATION: PLAIN.money,
    AccountsTogether.LOTS: PLAIN.lots,
    AccountsTogether.ACCOUNTS: PLAIN.count,
    AccountsTogether.OPPOSITE_POSITIONS: PLAIN.lots,
}
MULTIPLES = {"factor_bp", "stop_to_target_max_bp"}


def meaning_of(value: Any) -> object:
    """Equal for terms that mean the same: without the fields whose meaning another field takes away."""
    match value:
        case tuple():
            return tuple(meaning_of(one) for one in value)
        case Lock():
            return (
                "lock",
                _is_nothing(value.offset) or meaning_of(value.offset),
                meaning_of(value.trigger),
                value.permanent,
            )
        case PayoutConditions(trader_share_min=Share() as share) if value.share_of is not None:
            return (
                "share of a rule",
                share.bp,
                value.share_of,
                value.boundary,
                meaning_of(replace(value, trader_share_min=None)),
            )
        case msgspec.Struct():
            fields = ((name, getattr(value, name)) for name in value.__struct_fields__ if not _is_idle(value, name))
            return (type(value).__name__, *((name, meaning_of(one)) for name, one in fields))
        case _:
            return value


def numbers_of(term: Any) -> set[str]:
    """As written. Noughts are left out: they say that something is not asked."""
    return {_written(term, name, number) for name, number in _numbers(term, "") if number}


def _numbers(value: Any, name: str) -> Iterator[tuple[str, int]]:
    match value:
        case bool():
            return
        case int():
            yield name, value
        case tuple():
            for one in value:
                yield from _numbers(one, name)
        case msgspec.Struct():
            for field in value.__struct_fields__:
                if not _is_idle(value, field) and not isinstance(value, Weekly):  # whose number is written as a word
                    yield from _numbers(getattr(value, field), field)


def _is_idle(term: Any, field: str) -> bool:
    """Whether other fields take this one's meaning away."""
    if field == "strikes_within":
        return len(term.on_breach) == 1
    match term:
        case LossLimit():
            is_high_free = term.trail in (Trail.STATIC, Trail.ON_CLOSE)
            return (field == "high" and is_high_free) or (field == "anchor" and term.scope is Scope.PHASE)
        case TradingDays() if term.counts not in BY_PROFIT:
            return field in {"profit_min", "boundary"}
        case Consistency() if term.of is not Denominator.POSITIVE_DAYS:
            return field == "day_basis" and term.best is not Numerator.BEST_DAY
        case HoldingLimit():
            return field == "break_s" and term.over is not Closure.LONG_BREAK
        case IdeaRisk():
            return field == "gap_s" and term.grouping is IdeaGrouping.POSITION
        case ExposureLimit():
            return field == "netted" and term.counted is CountedOver.EACH_POSITION
        case _:
            return _is_idle_in_payouts(term, field)


def _is_idle_in_payouts(term: Any, field: str) -> bool:
    match term:
        case PayoutConditions():
            if field == "boundary":
                return term.profit_min is None and term.trader_share_min is None
            return field == "share_of" and not isinstance(term.trader_share_min, Share)
        case PayoutAmount() if field == "capped":
            return not term.caps
        case PayoutAmount():
            return field == "buffer_payouts" and term.buffer is None and term.buffer_plus_drawdown is None
        case ProfitSplit():
            return field == "counted" and len(term.tiers) == 1 and term.tiers[0].up_to_minor is None
        case Wait():
            return field == "day_kind" and not term.days
        case Bonus():
            return field == ("after" if term.earned_by is BonusFor.LOYALTY else "after_payouts")
        case Reset() if not term.resets_max:
            return field not in {"id", "resets_max", "window_days"}
        case _:
            return False


def _is_nothing(offset: Share | Fixed) -> bool:
    return offset in (Fixed(minor=0), replace(offset, bp=0) if isinstance(offset, Share) else None)


def _written(term: Any, name: str, number: int) -> str:
    match term, name:
        case ExposureLimit(), "limit":
            return BY_ITS_QUANTITY[term.quantity](number)
        case AcrossAccounts(), "limit":
            return BY_ITS_QUANTITY[term.measured](number)
        case ProfitSplit(counted=SplitCounted.PAYOUT_NUMBER), "up_to_minor":
            return PLAIN.count(number)
    if name in MULTIPLES:
        return PLAIN.multiple(number)
    if name.endswith("bp"):
        return PLAIN.percent(number)
    if "minor" in name or name == "profit_from":
        return PLAIN.money(number)
    if "e8" in name:
        return PLAIN.lots(number)
    return PLAIN.count(number)
