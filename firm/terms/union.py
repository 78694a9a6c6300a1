"""All terms: what a ruleset of today may be made of, by the tag that a term has as data."""

from typing import get_args

from firm.terms.conduct import (
    AdverseExcursion,
    AutomationUse,
    Grid,
    Hedging,
    HighFrequency,
    HoldingLimit,
    Martingale,
    NewsWindow,
    OneSided,
    TradeDuration,
    TradingHours,
)
from firm.terms.exposure import AcrossAccounts, ExposureLimit, IdeaRisk, RiskReward, StopLossRequired
from firm.terms.lifecycle import Extension, LiveStart, MaximumAllocation, Merge, Reset, Retry, Scaling
from firm.terms.losses import LossLimit
from firm.terms.objectives import (
    Consistency,
    Inactivity,
    LotConsistency,
    MaximumDuration,
    MinimumTrades,
    ProfitTarget,
    ScoreTarget,
    TradingDays,
)
from firm.terms.payouts import (
    Bonus,
    FeeRefund,
    InsideBuffer,
    PayoutAmount,
    PayoutConditions,
    PayoutCycle,
    PayoutSchedule,
    ProfitSplit,
    Salvage,
)
from firm.terms.words import RuleTerm

Objective = ProfitTarget | ScoreTarget | TradingDays | Consistency | MinimumTrades
"""What must be met to win a phase (or, counted by payout cycle, to be paid)."""
Clock = MaximumDuration | Inactivity
"""What ends a phase by the calendar."""
Exposure = ExposureLimit | IdeaRisk | StopLossRequired | RiskReward | AcrossAccounts
Conduct = (
    NewsWindow
    | HoldingLimit
    | TradingHours
    | TradeDuration
    | LotConsistency
    | Hedging
    | Grid
    | Martingale
    | OneSided
    | HighFrequency
    | AdverseExcursion
    | AutomationUse
)
Payout = (
    PayoutSchedule
    | PayoutConditions
    | PayoutAmount
    | ProfitSplit
    | FeeRefund
    | Bonus
    | InsideBuffer
    | Salvage
    | PayoutCycle
)
Lifecycle = Reset | Retry | Extension | Scaling | Merge | LiveStart | MaximumAllocation
Term = LossLimit | Objective | Clock | Exposure | Conduct | Payout | Lifecycle

KINDS: dict[str, type[RuleTerm]] = {str(kind.__struct_config__.tag): kind for kind in get_args(Term)}
"""Every kind of term by its tag."""
