"""Objectives: what wins a phase, what must be shown on the way, and the clocks that end it."""

from enum import StrEnum
from typing import Annotated, ClassVar

from msgspec import Meta

from firm.terms.words import (
    Amount,
    AnyShareBp,
    BoundaryWord,
    Count,
    Days,
    Frequency,
    GainBp,
    Observed,
    OnBreach,
    RuleTerm,
    Scope,
    Seconds,
    ShareBp,
    StrikesWithin,
    Word,
)


class TargetMeasure(StrEnum):
    """What must reach a target."""

    BALANCE = "balance"
    CLOSING_BALANCE = "closing_balance"  # the balance with which a day ends
    EQUITY = "equity"


class ProfitTarget(RuleTerm, frozen=True, tag="profit_target"):
    """A phase is won when the account has grown by an amount."""

    frequency: ClassVar[Frequency] = Frequency.TICK
    inputs: ClassVar[frozenset[Observed]] = frozenset(
        {Observed.BALANCE, Observed.EQUITY, Observed.POSITIONS, Observed.DAYS}
    )

    amount: Annotated[Amount, Meta(description="How far above the initial balance.")]
    measured: Annotated[TargetMeasure, Meta(description="Whether closed trades alone count, or what is open as well.")]
    held_s: Annotated[Seconds, Meta(description="For longer than how many seconds it must stay there; 0: not at all.")]
    flat_required: Annotated[bool, Meta(description="Whether it counts only with no position open.")]
    latched: Annotated[
        bool,
        Meta(
            description="Whether a target that was reached once stays reached while days or consistency are still missing."
        ),
    ]
    auto_close: Annotated[
        bool, Meta(description="Whether reaching it has all positions closed, so that it stays reached.")
    ]


class ScoreTarget(RuleTerm, frozen=True, tag="score_target"):
    """A phase is won by a score that the firm publishes: a mission's, or a place in a competition."""

    frequency: ClassVar[Frequency] = Frequency.REQUEST
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.SCORE})

    board: Annotated[Word, Meta(description="The name of the score that is published.")]
    score_min: Annotated[int, Meta(ge=0, le=10**12, description="What must be published at least.")]


class DayCounts(StrEnum):
    """What makes a trading day count."""

    ANY_FILL = "any_fill"
    OPENED = "opened"  # a position was opened on it
    CLOSED = "closed"  # a position was closed on it
    OPENED_AND_CLOSED = "opened_and_closed"  # there was an opening, of a position that is closed by now
    PROFIT_CLOSED = "profit_closed"  # what was closed on it made the profit
    PROFIT_CLOSED_LESS_OPEN_LOSS = "profit_closed_less_open_loss"  # less what is open at a loss at the day's end
    PROFIT_OPENED = "profit_opened"  # what was opened on it and is closed by now made the profit
    PROFIT_EQUITY = "profit_equity"  # equity at the day's end less equity at its start made the profit


class TradingDays(RuleTerm, frozen=True, tag="trading_days"):
    """A phase (a payout) needs so many days that count."""

    frequency: ClassVar[Frequency] = Frequency.TRADE
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.TRADES, Observed.DAYS, Observed.EQUITY})

    days_min: Annotated[Days, Meta(description="How many.")]
    counts: Annotated[
        DayCounts,
        Meta(
            description="What makes a day count. A winner that is held overnight has an opening day, a closing day, and two equity days."
        ),
    ]
    profit_min: Annotated[
        Amount | None,
        Meta(description="The profit that such a day must have made; null for days that count by trades."),
    ]
    boundary: Annotated[
        BoundaryWord, Meta(description="Whether exactly the profit is enough (touches) or more is needed (crosses).")
    ]
    per: Annotated[Scope, Meta(description="Counted since the phase began, or since the last payout.")]


class ClockStart(StrEnum):
    """What starts a clock."""

    FIRST_TRADE = "first_trade"
    ASSIGNMENT = "assignment"  # the account was opened
    LAST_OPENED = "last_opened"  # a position was opened
    LAST_CLOSED = "last_closed"
    LAST_TRADE = "last_trade"  # whichever came last


class MaximumDuration(RuleTerm, frozen=True, tag="maximum_duration"):
    """A phase ends unsuccessfully at the rollover that ends its last calendar day."""

    frequency: ClassVar[Frequency] = Frequency.ROLLOVER
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.CLOCK, Observed.TRADES})

    days_max: Annotated[Days, Meta(description="How many calendar days.")]
    counted_from: Annotated[ClockStart, Meta(description="Which day is the first one.")]


class Inactivity(RuleTerm, frozen=True, tag="inactivity"):
    """An account on which nothing happens for too long ends at the next rollover."""

    frequency: ClassVar[Frequency] = Frequency.ROLLOVER
    inputs: ClassVar[frozenset[Observed]] = frozenset(
        {Observed.CLOCK, Observed.TRADES, Observed.POSITIONS, Observed.ORDERS}
    )

    days_max: Annotated[Days, Meta(description="How many days of 24 hours.")]
    counted_from: Annotated[
        ClockStart,
        Meta(description="Which event starts the clock anew; the account's opening does where there was none."),
    ]
    open_position_counts: Annotated[bool, Meta(description="Whether an open position is activity.")]
    pending_order_counts: Annotated[bool, Meta(description="Whether a waiting order is activity.")]
    on_breach: OnBreach


class Numerator(StrEnum):
    """What may not make too much of the profit."""

    BEST_DAY = "best_day"
    BEST_TRADE = "best_trade"
    BEST_IDEA = "best_idea"


class Denominator(StrEnum):
    """What it is held against."""

    NET_TOTAL = "net_total"  # all days together, losses taken off
    POSITIVE_DAYS = "positive_days"  # the days with a profit alone, which is looser
    TARGET = "target"  # the profit that the phase asks


class DayBasis(StrEnum):
    """To which day a result belongs."""

    CLOSE = "close"
    OPEN = "open"
    EQUITY = "equity"  # the difference of equity from one day's end to the next


class ConsistencyEffect(StrEnum):
    """What too large a share does."""

    DELAY = "delay"  # a pass or a payout waits until more profit has made it small enough
    DISCARD_EXCESS = "discard_excess"  # what is above the cap does not count
    RAISE_TARGET = "raise_target"  # the target becomes so large that the share is small enough
    FAIL = "fail"  # the account ends


class FailsAt(StrEnum):
    """When a share is looked at that is to end the account."""

    CLOSE = "close"  # with each closing of a position, and all else that the account reports
    ROLLOVER = "rollover"  # once a day's end is final, of the days that have ended
    TARGET = "target"  # when all else that the phase asks for is met, in place of a pass


class Consistency(RuleTerm, frozen=True, tag="consistency", omit_defaults=True):
    """No single day (trade, idea) may have made too large a share of the profit. With no profit in sum it does not apply."""

    frequency: ClassVar[Frequency] = Frequency.TRADE
    inputs: ClassVar[frozenset[Observed]] = frozenset(
        {Observed.TRADES, Observed.DAYS, Observed.EQUITY, Observed.PAYOUTS}
    )

    best: Annotated[Numerator, Meta(description="Which result is looked at.")]
    of: Annotated[Denominator, Meta(description="What it is a share of. Positive days are looser than the net total.")]
    day_basis: Annotated[DayBasis, Meta(description="To which day a trade that was held overnight belongs.")]
    caps_bp: Annotated[
        tuple[ShareBp, ...],
        Meta(
            min_length=1,
            max_length=20,
            description="The largest share: before the first payout, the second, and so on; the last one stands for all after it.",
        ),
    ]
    boundary: Annotated[
        BoundaryWord, Meta(description="Whether exactly the cap is too much (touches) or only more (crosses).")
    ]
    effect: Annotated[ConsistencyEffect, Meta(description="What too large a share does.")]
    per: Annotated[Scope, Meta(description="Counted since the phase began, or since the last payout.")]
    fails_at: Annotated[
        FailsAt | None,
        Meta(description="When a share that ends the account is looked at; null, or left out, for any other effect."),
    ] = None


class PartialCloses(StrEnum):
    """How parts of a position count."""

    SEPARATE = "separate"
    TOGETHER = "together"


class LotConsistency(RuleTerm, frozen=True, tag="lot_consistency"):
    """A trade may not be much smaller or larger than the average of those closed before it."""

    frequency: ClassVar[Frequency] = Frequency.TRADE
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.TRADES, Observed.POSITIONS})

    min_bp: Annotated[AnyShareBp, Meta(description="The smallest, as a share of the average lots.")]
    max_bp: Annotated[GainBp, Meta(description="The largest, as a share of the average lots.")]
    partial_closes: Annotated[PartialCloses, Meta(description="Whether a part that is closed is a trade of its own.")]
    per: Annotated[Scope, Meta(description="Over which trades the average is taken.")]
    on_breach: OnBreach
    strikes_within: StrikesWithin


class MinimumTrades(RuleTerm, frozen=True, tag="minimum_trades"):
    """A phase (a payout) needs so many closed trades."""

    frequency: ClassVar[Frequency] = Frequency.TRADE
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.TRADES})

    trades_min: Annotated[Count, Meta(description="How many.")]
    per: Annotated[Scope, Meta(description="Counted since the phase began, or since the last payout.")]
