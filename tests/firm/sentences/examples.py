"""Examples: six rulesets of the kinds that are sold, for the texts that are kept as they are."""

from collections.abc import Mapping
from typing import Any

from firm.ruleset import LateBreach, Ruleset
from firm.terms.conduct import (
    Closure,
    Hedging,
    HoldingLimit,
    Impact,
    Martingale,
    NewsAction,
    NewsSymbols,
    NewsWindow,
    TradeDuration,
)
from firm.terms.exposure import (
    CountedOver,
    ExposureLimit,
    IdeaGrouping,
    IdeaMeasure,
    IdeaRisk,
    Netted,
    Quantity,
    StopLossRequired,
)
from firm.terms.exposure import Tier as ExposureTier
from firm.terms.lifecycle import Deadline as ResetDeadline
from firm.terms.lifecycle import Growth, GrowthStep, MaximumAllocation, Reset, Scaling
from firm.terms.losses import Checked, Effective, FloorReaches, Lock, LossLimit, Measured, OnPayout, Step, Trail
from firm.terms.objectives import (
    ClockStart,
    Consistency,
    ConsistencyEffect,
    DayBasis,
    DayCounts,
    Denominator,
    Inactivity,
    MaximumDuration,
    Numerator,
    ProfitTarget,
    TargetMeasure,
    TradingDays,
)
from firm.terms.payouts import (
    Bonus,
    BonusFor,
    Capped,
    DayKind,
    FeeRefund,
    FeeRefunded,
    Monthly,
    PayoutAmount,
    PayoutClock,
    PayoutConditions,
    PayoutSchedule,
    ProfitMeasure,
    ProfitSplit,
    ResetPenalty,
    SplitCounted,
    Tier,
    Wait,
    Weekly,
)
from firm.terms.union import Term
from firm.terms.words import (
    Action,
    Anchor,
    BalanceGain,
    Boundary,
    BySize,
    DeductProfit,
    EndOfDayBalance,
    Fixed,
    Scope,
    Share,
    ShareOf,
    SizeAmount,
)
from firm.trading_day import DayLabel, LabelledCalendar


def ruleset_of(name: str, *terms: Term, zone: str = "Europe/Prague", rollover: str = "00:00") -> Ruleset:
    return Ruleset(
        name=name,
        calendar=LabelledCalendar(zone=zone, rollover=rollover, label=DayLabel.START, merged=()),
        late_breach=LateBreach.REVIEW,
        await_swap=False,
        failures_reviewed=False,
        overrides_by_two=True,
        terms=terms,
    )


def percent(bp: int) -> Share:
    return Share(bp=bp, of=ShareOf.INITIAL)


def loss_limit(name: str, scope: Scope, amount: Any, **others: Any) -> LossLimit:
    """A static limit on equity at every price, that ends the account; `others` say what is different."""
    fields: dict[str, Any] = {
        "anchor": Anchor.INITIAL,
        "trail": Trail.STATIC,
        "high": Anchor.BALANCE,
        "lock": None,
        "steps": (),
        "checked": Checked.EVERY_TICK,
        "measured": Measured.EQUITY,
        "boundary": Boundary.CROSSES,
        "on_payout": OnPayout.NONE,
        "warn_at_bp": (),
        "on_breach": (Action.FAIL,),
        "strikes_within": Scope.PHASE,
    }
    return LossLimit(id=name, scope=scope, amount=amount, **(fields | others))


def target(amount: Any, **others: Any) -> ProfitTarget:
    fields: dict[str, Any] = {
        "measured": TargetMeasure.BALANCE,
        "held_s": 0,
        "flat_required": True,
        "latched": False,
        "auto_close": False,
    }
    return ProfitTarget(id="target", amount=amount, **(fields | others))


def trading_days(name: str, days: int, counts: DayCounts, profit: Any = None, per: Scope = Scope.PHASE) -> TradingDays:
    return TradingDays(id=name, days_min=days, counts=counts, profit_min=profit, boundary=Boundary.TOUCHES, per=per)


TWO_STEP = ruleset_of(
    "Two-step, static: first phase",
    loss_limit("daily_loss", Scope.DAY, percent(500), anchor=Anchor.HIGHER, warn_at_bp=(8_000, 9_000)),
    loss_limit("maximum_loss", Scope.PHASE, percent(1_000)),
    target(percent(1_000)),
    trading_days("days", 4, DayCounts.OPENED),
    MaximumDuration(id="duration", days_max=60, counted_from=ClockStart.FIRST_TRADE),
    Inactivity(
        id="inactivity",
        days_max=30,
        counted_from=ClockStart.LAST_TRADE,
        open_position_counts=True,
        pending_order_counts=False,
        on_breach=(Action.FAIL,),
    ),
    Reset(
        id="reset",
        resets_max=2,
        price_bp=8_000,
        window_days=60,
        before_deadline=ResetDeadline.KEPT,
        after_deadline=ResetDeadline.FRESH,
        after_breach=True,
        history_kept=False,
    ),
)

END_OF_DAY = ruleset_of(
    "One-step, trailing at the end of the day, with a lock",
    loss_limit("daily_loss", Scope.DAY, percent(400), anchor=Anchor.BALANCE, on_breach=(Action.PAUSE,)),
    loss_limit(
        "maximum_loss",
        Scope.PHASE,
        percent(600),
        trail=Trail.END_OF_DAY,
        high=Anchor.HIGHER,
        lock=Lock(offset=Fixed(minor=0), trigger=FloorReaches(), permanent=True),
        boundary=Boundary.TOUCHES,
    ),
    target(percent(1_000), latched=True),
    trading_days("days", 3, DayCounts.PROFIT_CLOSED, percent(50)),
)

INTRADAY = ruleset_of(
    "One-step, trailing with every price",
    loss_limit(
        "maximum_loss",
        Scope.PHASE,
        Fixed(minor=250_000),
        trail=Trail.EVERY_TICK,
        high=Anchor.EQUITY,
        lock=Lock(offset=Fixed(minor=10_000), trigger=BalanceGain(gain=Fixed(minor=260_000)), permanent=False),
        boundary=Boundary.TOUCHES,
        steps=(Step(when=BalanceGain(gain=percent(500)), amount=Fixed(minor=200_000), effective=Effective.NEXT_DAY),),
    ),
    target(Fixed(minor=300_000), measured=TargetMeasure.EQUITY, held_s=60, flat_required=False, auto_close=True),
    Hedging(id="hedging", lots_e8_max=None, on_breach=(Action.REVIEW,), strikes_within=Scope.PHASE),
)

INSTANT = ruleset_of(
    "Instant funding",
    loss_limit("daily_loss", Scope.DAY, percent(300), anchor=Anchor.EQUITY),
    loss_limit(
        "maximum_loss",
        Scope.PHASE,
        Share(bp=600, of=ShareOf.HIGH),
        trail=Trail.ON_CLOSE,
        on_payout=OnPayout.HIGH_LESS_PAYOUT,
    ),
    Consistency(
        id="consistency",
        best=Numerator.BEST_DAY,
        of=Denominator.POSITIVE_DAYS,
        day_basis=DayBasis.CLOSE,
        caps_bp=(2_000, 2_500, 3_000),
        boundary=Boundary.CROSSES,
        effect=ConsistencyEffect.DELAY,
        per=Scope.CYCLE,
    ),
    PayoutSchedule(
        id="schedule",
        first=Wait(days=14, day_kind=DayKind.CALENDAR, counted_from=PayoutClock.FIRST_TRADE),
        then=Wait(days=5, day_kind=DayKind.BUSINESS, counted_from=PayoutClock.FIRST_TRADE_AFTER_PAYOUT),
        windows=(Weekly(weekday=0, at="12:00"), Monthly(from_day=1, to_day=5)),
    ),
    PayoutConditions(
        id="conditions",
        flat_required=True,
        no_pending_orders=True,
        kyc_required=True,
        profit_min=percent(100),
        trader_share_min=Share(bp=1_000, of=ShareOf.ANCHOR),
        share_of="daily_loss",
        boundary=Boundary.CROSSES,
        needs=("consistency",),
    ),
    ProfitSplit(
        id="split",
        tiers=(Tier(up_to_minor=1_000_000, trader_bp=10_000), Tier(up_to_minor=None, trader_bp=8_000)),
        counted=SplitCounted.ACCOUNT_TOTAL,
        reset_penalties=(
            ResetPenalty(phase="First phase", bp=500, payouts=None),
            ResetPenalty(phase="Funded", bp=2_500, payouts=2),
        ),
    ),
    FeeRefund(id="refund", with_payout=3, fee=FeeRefunded.LATEST, share_bp=10_000),
    Bonus(id="loyalty", earned_by=BonusFor.LOYALTY, after=None, after_payouts=5, share_bp=250),
    Scaling(
        id="scaling",
        steps=(
            GrowthStep(months=3, grows_bp=2_500, of=Growth.OF_ORIGINAL, times=4),
            GrowthStep(months=2, grows_bp=10_000, of=Growth.COMPOUND, times=None),
        ),
        profit_min=percent(1_000),
        payouts_min=2,
        balance_above_initial=True,
        size_max_minor=200_000_000,
        split_after_bp=9_000,
    ),
    MaximumAllocation(id="allocation", limit_minor=40_000_000, accounts_max=3, funded_only=True),
)

FUTURES = ruleset_of(
    "Futures style: funded",
    loss_limit(
        "daily_loss",
        Scope.DAY,
        BySize(
            table=(SizeAmount(size_minor=5_000_000, minor=100_000), SizeAmount(size_minor=10_000_000, minor=220_000))
        ),
        anchor=Anchor.BALANCE,
        boundary=Boundary.TOUCHES,
        on_breach=(Action.PAUSE,),
        steps=(
            Step(
                when=EndOfDayBalance(gain=Fixed(minor=300_000)),
                amount=Fixed(minor=200_000),
                effective=Effective.NEXT_DAY,
            ),
        ),
    ),
    loss_limit(
        "maximum_loss",
        Scope.PHASE,
        Fixed(minor=200_000),
        trail=Trail.END_OF_DAY,
        lock=Lock(offset=Fixed(minor=10_000), trigger=FloorReaches(), permanent=True),
        boundary=Boundary.TOUCHES,
        on_payout=OnPayout.LOCK_AT_INITIAL,
    ),
    Consistency(
        id="consistency",
        best=Numerator.BEST_DAY,
        of=Denominator.NET_TOTAL,
        day_basis=DayBasis.EQUITY,
        caps_bp=(4_000,),
        boundary=Boundary.TOUCHES,
        effect=ConsistencyEffect.RAISE_TARGET,
        per=Scope.CYCLE,
    ),
    trading_days("winning_days", 5, DayCounts.PROFIT_EQUITY, Fixed(minor=15_000), Scope.CYCLE),
    ExposureLimit(
        id="contracts",
        quantity=Quantity.LOTS,
        limit=200_000_000,
        symbols=(),
        counted=CountedOver.OPEN_AT_ONCE,
        netted=Netted.GROSS,
        tiers=(
            ExposureTier(profit_from=150_000, limit=300_000_000),
            ExposureTier(profit_from=200_000, limit=500_000_000),
        ),
        boundary=Boundary.CROSSES,
        on_breach=(Action.CLOSE_POSITIONS,),
        strikes_within=Scope.DAY,
    ),
    PayoutConditions(
        id="conditions",
        flat_required=False,
        no_pending_orders=False,
        kyc_required=True,
        profit_min=None,
        trader_share_min=None,
        share_of=None,
        boundary=Boundary.TOUCHES,
        needs=("winning_days", "consistency"),
    ),
    PayoutAmount(
        id="amount",
        measured=ProfitMeasure.BALANCE,
        buffer=Fixed(minor=10_000),
        buffer_payouts=3,
        buffer_plus_drawdown="maximum_loss",
        retain_bp=0,
        minimum_minor=50_000,
        caps=(Fixed(minor=150_000), Fixed(minor=200_000)),
        capped=Capped.PROFIT,
        balance_share_bp=5_000,
        resets_balance=False,
    ),
    zone="America/New_York",
    rollover="17:00",
)

NEWS = ruleset_of(
    "News, weekend and exposure",
    NewsWindow(
        id="news",
        before_s=120,
        after_s=300,
        inclusive=True,
        impacts=(Impact.HIGH, Impact.HOLIDAY),
        symbols=NewsSymbols.CURRENCY,
        actions=(NewsAction.OPEN, NewsAction.CLOSE, NewsAction.PENDING_FILL),
        all_day_counts=False,
        exempt_opened_before_s=18_000,
        on_breach=(Action.WARN, DeductProfit(share_bp=10_000), Action.FAIL),
        strikes_within=Scope.CYCLE,
    ),
    HoldingLimit(
        id="weekend",
        over=Closure.WEEKEND,
        zone="America/New_York",
        cutoff="16:45",
        early_close_minutes=15,
        break_s=0,
        pending_orders=True,
        on_breach=(Action.CLOSE_POSITIONS,),
        strikes_within=Scope.PHASE,
    ),
    ExposureLimit(
        id="metals",
        quantity=Quantity.MARGIN,
        limit=5_000,
        symbols=("XAUUSD", "XAGUSD"),
        counted=CountedOver.OPENED_IN_DAY_AND_CARRIED,
        netted=Netted.NET,
        tiers=(),
        boundary=Boundary.CROSSES,
        on_breach=(Action.RESTRICT,),
        strikes_within=Scope.DAY,
    ),
    IdeaRisk(
        id="idea",
        amount=percent(200),
        grouping=IdeaGrouping.SYMBOL_AND_SIDE,
        gap_s=600,
        measured=IdeaMeasure.LOSS,
        boundary=Boundary.TOUCHES,
        on_breach=(Action.EXCLUDE_PROFIT,),
        strikes_within=Scope.PHASE,
    ),
    StopLossRequired(
        id="stop", within_s=60, risk_max=percent(100), on_breach=(Action.WARN, Action.REVIEW), strikes_within=Scope.WEEK
    ),
    TradeDuration(
        id="scalping",
        seconds_min=None,
        average_s_min=90,
        longer_s=10,
        share_of_longer_bp=5_000,
        per=Scope.PHASE,
        on_breach=(Action.REVIEW,),
        strikes_within=Scope.PHASE,
    ),
    Martingale(
        id="martingale",
        factor_bp=20_000,
        repeats=2,
        same_symbol=True,
        on_breach=(Action.REVIEW,),
        strikes_within=Scope.PHASE,
    ),
)

EXAMPLES: Mapping[str, Ruleset] = {
    "two_step": TWO_STEP,
    "end_of_day": END_OF_DAY,
    "intraday": INTRADAY,
    "instant": INSTANT,
    "futures": FUTURES,
    "news": NEWS,
}
