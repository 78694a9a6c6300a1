"""Rules of a random world in the words of today: limits of every scope, anchor, trail, lock and step, and what prices break besides."""

import random

from firm.ruleset import LateBreach, Ruleset
from firm.terms.conduct import AdverseExcursion, Hedging
from firm.terms.exposure import (
    AccountsTogether,
    AcrossAccounts,
    CountedOver,
    ExposureLimit,
    IdeaGrouping,
    IdeaMeasure,
    IdeaRisk,
    Netted,
    Quantity,
)
from firm.terms.lifecycle import MaximumAllocation
from firm.terms.losses import Checked, Effective, FloorReaches, Lock, LossLimit, Measured, OnPayout, Step, Trail
from firm.terms.objectives import DayCounts, ProfitTarget, ScoreTarget, TargetMeasure, TradingDays
from firm.terms.union import Term
from firm.terms.words import (
    Action,
    Amount,
    Anchor,
    BalanceGain,
    Boundary,
    EndOfDayBalance,
    EquityGain,
    Fixed,
    Scope,
    Share,
    ShareOf,
    Trigger,
)
from firm.trading_day import DayLabel, LabelledCalendar

HIGHS = (Anchor.BALANCE, Anchor.EQUITY, Anchor.HIGHER)
BOARD = "Spring cup"
SOFT = (Action.WARN, Action.RESTRICT, Action.PAUSE, Action.CLOSE_POSITIONS)


def rules_together(dice: random.Random, size_minor: int) -> list[Term]:
    """What all accounts of a trader may have: none or one of what deals break, and of what an order may ask for."""
    terms: list[Term] = []
    if dice.random() < 0.7:
        lots = dice.choice((AccountsTogether.LOTS, AccountsTogether.OPPOSITE_POSITIONS))
        terms.append(_across(dice, "across", lots, dice.choice((1, 10**7, 10**8, 4 * 10**8))))
    if dice.random() < 0.2:
        terms.append(_across(dice, "sizes", AccountsTogether.ALLOCATION, size_minor * dice.choice((2, 3))))
    if dice.random() < 0.2:
        terms.append(_across(dice, "number", AccountsTogether.ACCOUNTS, dice.choice((2, 4))))
    if dice.random() < 0.2:
        most = dice.choice((3, 5)) * size_minor
        terms.append(
            MaximumAllocation(id="allocation", limit_minor=most, accounts_max=dice.choice((2, 5)), funded_only=False)
        )
    return terms


def _across(dice: random.Random, name: str, measured: AccountsTogether, limit: int) -> AcrossAccounts:
    return AcrossAccounts(
        id=name, measured=measured, limit=limit, funded_only=False, same_program=dice.random() < 0.3,
        on_breach=dice.choice(((Action.WARN,), (Action.WARN, dice.choice(SOFT)), (Action.WARN, Action.FAIL), (Action.REVIEW,))),
        strikes_within=dice.choice((Scope.DAY, Scope.PHASE)),
    )  # fmt: skip


def rules_of_today(dice: random.Random, name: str) -> Ruleset:
    terms = [
        *_limits(dice),
        *(one for one in (_idea(dice), _deep(dice), _lots(dice), _hedging(dice)) if dice.random() < 0.4),
    ]
    if dice.random() < 0.6:
        terms.append(_target(dice))
    if dice.random() < 0.3:
        terms.append(_days(dice))
    if dice.random() < 0.4:
        terms.append(_margin(dice))
    if not any(isinstance(term, ProfitTarget) for term in terms) and dice.random() < 0.7:
        terms.append(ScoreTarget(id="score", board=BOARD, score_min=10))
    return Ruleset(
        name=name, calendar=LabelledCalendar(zone="Europe/Prague", rollover="00:00", label=DayLabel.START, merged=()),
        late_breach=dice.choice(list(LateBreach)), await_swap=dice.random() < 0.3,
        failures_reviewed=dice.random() < 0.1, overrides_by_two=False,
        terms=tuple(terms),
    )  # fmt: skip


def _limits(dice: random.Random) -> list[Term]:
    on_payout = dice.choice(list(OnPayout))
    return [_limit(dice, f"limit-{place}", on_payout) for place in range(dice.randint(1, 3))]


def _limit(dice: random.Random, name: str, on_payout: OnPayout) -> LossLimit:
    scope = dice.choice((Scope.DAY, Scope.DAY, Scope.WEEK, Scope.WEEK, Scope.PHASE, Scope.PHASE))
    trails = (
        list(Trail) if scope is not Scope.DAY else [Trail.STATIC, Trail.ON_CLOSE, Trail.EVERY_TICK, Trail.EVERY_TICK]
    )
    trail = dice.choice(trails)
    of = ShareOf.INITIAL if trail is Trail.STATIC else dice.choice((ShareOf.INITIAL, ShareOf.HIGH))
    if scope is Scope.PHASE and trail is Trail.STATIC and on_payout is OnPayout.NONE:
        scope = Scope.CYCLE
    return LossLimit(
        id=name, scope=scope, amount=Share(bp=dice.choice((100, 300, 800)), of=of),
        anchor=_anchor(dice, scope), trail=trail,
        high=Anchor.BALANCE if trail is Trail.ON_CLOSE else dice.choice(HIGHS), lock=_lock(dice) if trail is not Trail.STATIC else None,
        steps=_steps(dice), checked=Checked.AT_ROLLOVER if dice.random() < 0.1 else Checked.EVERY_TICK,
        measured=dice.choice((Measured.EQUITY, Measured.EQUITY, Measured.EQUITY, *Measured)), boundary=dice.choice(list(Boundary)),
        on_payout=on_payout, warn_at_bp=dice.choice(((), (5_000,), (5_000, 8_000))),
        on_breach=dice.choice(((Action.FAIL,), (Action.FAIL,), (Action.PAUSE,), (dice.choice(SOFT), Action.FAIL), (Action.REVIEW,))),
        strikes_within=dice.choice((Scope.DAY, Scope.WEEK, Scope.PHASE)),
    )  # fmt: skip


def _anchor(dice: random.Random, scope: Scope) -> Anchor:
    one = dice.choice(list(Anchor))
    return {Scope.PHASE: Anchor.INITIAL, Scope.CYCLE: Anchor.BALANCE}.get(scope, one)


def _trigger(dice: random.Random) -> Trigger:
    gain = Share(bp=dice.choice((10, 100, 300)), of=ShareOf.INITIAL)
    return dice.choice((BalanceGain(gain=gain), EquityGain(gain=gain), EndOfDayBalance(gain=gain)))


def _lock(dice: random.Random) -> Lock | None:
    trigger = dice.choice((None, FloorReaches(), FloorReaches(), _trigger(dice)))
    return (
        None
        if trigger is None
        else Lock(offset=Fixed(minor=dice.choice((0, 5_000))), trigger=trigger, permanent=dice.random() < 0.6)
    )


def _steps(dice: random.Random) -> tuple[Step, ...]:
    if dice.random() < 0.8:
        return ()
    amount: Amount = Share(bp=dice.choice((50, 200)), of=ShareOf.INITIAL)
    return (Step(when=_trigger(dice), amount=amount, effective=dice.choice(list(Effective))),)


def _idea(dice: random.Random) -> IdeaRisk:
    return IdeaRisk(
        id="idea", amount=Share(bp=dice.choice((20, 100, 300)), of=ShareOf.INITIAL), grouping=dice.choice(list(IdeaGrouping)),
        gap_s=dice.choice((0, 300)), measured=dice.choice((IdeaMeasure.LOSS, IdeaMeasure.ADVERSE_EXCURSION)),
        boundary=dice.choice(list(Boundary)), on_breach=(dice.choice(SOFT),), strikes_within=Scope.PHASE,
    )  # fmt: skip


def _deep(dice: random.Random) -> AdverseExcursion:
    return AdverseExcursion(
        id="deep", share_bp=dice.choice((20, 100)), of_profit=dice.random() < 0.5, minimum_minor=dice.choice((0, 1_000)),
        boundary=dice.choice(list(Boundary)), on_breach=(dice.choice(SOFT), Action.REVIEW), strikes_within=Scope.PHASE,
    )  # fmt: skip


def _lots(dice: random.Random) -> ExposureLimit:
    return ExposureLimit(
        id="lots", quantity=dice.choice((Quantity.LOTS, Quantity.POSITIONS)), limit=dice.choice((2, 10**8, 10**9)), symbols=(),
        counted=dice.choice(list(CountedOver)), netted=dice.choice(list(Netted)), tiers=(), boundary=Boundary.CROSSES,
        on_breach=(dice.choice(SOFT),), strikes_within=Scope.PHASE,
    )  # fmt: skip


def _margin(dice: random.Random) -> ExposureLimit:
    return ExposureLimit(
        id="margin", quantity=Quantity.MARGIN, limit=dice.choice((5, 100, 2_000)), symbols=(),
        counted=dice.choice((CountedOver.OPEN_AT_ONCE, CountedOver.EACH_POSITION)), netted=dice.choice(list(Netted)), tiers=(),
        boundary=dice.choice(list(Boundary)), on_breach=(dice.choice((*SOFT, Action.REVIEW)),), strikes_within=Scope.PHASE,
    )  # fmt: skip


def _hedging(dice: random.Random) -> Hedging:
    return Hedging(
        id="hedging",
        lots_e8_max=None,
        on_breach=(dice.choice((Action.WARN, Action.REVIEW)),),
        strikes_within=Scope.PHASE,
    )


def _target(dice: random.Random) -> ProfitTarget:
    return ProfitTarget(
        id="target", amount=Share(bp=dice.choice((10, 100, 800)), of=ShareOf.INITIAL), measured=dice.choice(list(TargetMeasure)),
        held_s=dice.choice((0, 0, 120)), flat_required=dice.random() < 0.5, latched=dice.random() < 0.5,
        auto_close=dice.random() < 0.3,
    )  # fmt: skip


def _days(dice: random.Random) -> TradingDays:
    counts = dice.choice(list(DayCounts))
    asks = counts.value.startswith("profit")
    return TradingDays(
        id="days", days_min=1, counts=counts, profit_min=Fixed(minor=dice.choice((1, 10_000))) if asks else None,
        boundary=dice.choice(list(Boundary)), per=Scope.PHASE,
    )  # fmt: skip
