"""Payout terms: when a trader may be paid, how much of the profit, and what is added, kept back or returned."""

from enum import StrEnum
from typing import Annotated, ClassVar

from msgspec import Meta

from firm.terms.words import (
    Amount,
    AnyShareBp,
    BoundaryWord,
    BySize,
    Clock,
    Count,
    Days,
    Fixed,
    Frequency,
    Minor,
    Observed,
    RuleTerm,
    Share,
    ShareBp,
    TermId,
    Word,
    Words,
)


class PayoutClock(StrEnum):
    """From when a waiting time runs."""

    ASSIGNMENT = "assignment"  # the account was opened
    FIRST_TRADE = "first_trade"
    FIRST_TRADING_DAY = "first_trading_day"  # counting that day as day 1
    FIRST_TRADE_AFTER_PAYOUT = "first_trade_after_payout"
    LAST_PAYOUT = "last_payout"


class DayKind(StrEnum):
    """Which days count."""

    CALENDAR = "calendar"
    BUSINESS = "business"  # Monday to Friday


class Wait(Words, frozen=True):
    """How long until a payout may be asked for."""

    days: Annotated[int, Meta(ge=0, le=3_660, description="How many days.")]
    day_kind: Annotated[DayKind, Meta(description="Calendar days, or Monday to Friday.")]
    counted_from: Annotated[PayoutClock, Meta(description="From when.")]


class Weekly(Words, frozen=True, tag="weekly"):
    """Payouts are asked for at one instant of the week."""

    weekday: Annotated[int, Meta(ge=0, le=6, description="0 is Monday.")]
    at: Annotated[Clock, Meta(description="Local time in the ruleset's zone from which the day's window is open.")]


class Monthly(Words, frozen=True, tag="monthly"):
    """Payouts are asked for on some days of the month."""

    from_day: Annotated[int, Meta(ge=1, le=31)]
    to_day: Annotated[int, Meta(ge=1, le=31)]


class PayoutSchedule(RuleTerm, frozen=True, tag="payout_schedule"):
    """When a payout may be asked for."""

    frequency: ClassVar[Frequency] = Frequency.REQUEST
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.CLOCK, Observed.TRADES, Observed.PAYOUTS})

    first: Annotated[Wait, Meta(description="Until the first one.")]
    then: Annotated[Wait, Meta(description="Until each one after it.")]
    windows: Annotated[
        tuple[Weekly | Monthly, ...], Meta(max_length=12, description="Only within these; none: at any time.")
    ]


class PayoutConditions(RuleTerm, frozen=True, tag="payout_conditions"):
    """What must be so for a payout."""

    frequency: ClassVar[Frequency] = Frequency.REQUEST
    inputs: ClassVar[frozenset[Observed]] = frozenset(
        {Observed.BALANCE, Observed.POSITIONS, Observed.ORDERS, Observed.PAYOUTS, Observed.DAYS, Observed.TRADES}
    )

    flat_required: Annotated[bool, Meta(description="No position open.")]
    no_pending_orders: Annotated[bool, Meta(description="No order waiting.")]
    kyc_required: Annotated[bool, Meta(description="Identity confirmed.")]
    profit_min: Annotated[Amount | None, Meta(description="The least profit since the last payout; null: any.")]
    trader_share_min: Annotated[Amount | None, Meta(description="The least that would be the trader's own; null: any.")]
    share_of: Annotated[
        Word | None,
        Meta(description="The loss limit of whose daily amount `trader_share_min` is a share; null where it is none."),
    ]
    boundary: Annotated[
        BoundaryWord,
        Meta(description="Whether exactly these two amounts are enough (touches) or more is needed (crosses)."),
    ]
    needs: Annotated[
        tuple[TermId, ...],
        Meta(max_length=20, description="Other terms of the ruleset that must be met: days, consistency, trades."),
    ]


class ProfitMeasure(StrEnum):
    """What of an account is its profit when it is paid."""

    BALANCE = "balance"
    EQUITY = "equity"  # what is open counts as if it were closed


class Capped(StrEnum):
    """What a cap holds down."""

    PROFIT = "profit"  # what leaves the account, before the split
    TRADER_SHARE = "trader_share"  # what the trader gets, after it


class PayoutAmount(RuleTerm, frozen=True, tag="payout_amount"):
    """How much may be paid out at once."""

    frequency: ClassVar[Frequency] = Frequency.REQUEST
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.BALANCE, Observed.EQUITY, Observed.PAYOUTS})

    measured: Annotated[
        ProfitMeasure,
        Meta(description="Whether profit is what the balance shows, or what equity shows with all that is open."),
    ]
    buffer: Annotated[Amount | None, Meta(description="Profit that stays on the account; null: none.")]
    buffer_payouts: Annotated[Count | None, Meta(description="For how many payouts the buffer holds; null: for all.")]
    buffer_plus_drawdown: Annotated[
        Word | None, Meta(description="The loss limit whose amount is added to the buffer; null: none.")
    ]
    retain_bp: Annotated[AnyShareBp, Meta(description="The share of the profit that stays on the account.")]
    minimum_minor: Annotated[Minor, Meta(description="The least payout.")]
    caps: Annotated[
        tuple[Share | Fixed | BySize, ...],
        Meta(
            max_length=20,
            description="The most at once: for the first payout, the second, and so on; the last one stands for all after it; "
            "none: no cap.",
        ),
    ]
    capped: Annotated[
        Capped, Meta(description="Whether a cap is on the profit before the split, or on the trader's share.")
    ]
    balance_share_bp: Annotated[
        ShareBp | None, Meta(description="At most this share of the profit at once; null: all of it.")
    ]
    resets_balance: Annotated[
        bool, Meta(description="Whether the balance goes back to the initial one, whatever was not paid.")
    ]


class Tier(Words, frozen=True):
    """Up to a profit, a share."""

    up_to_minor: Annotated[Minor | None, Meta(description="Profit up to which this share holds; null: without end.")]
    trader_bp: Annotated[AnyShareBp, Meta(description="The trader's share.")]


class SplitCounted(StrEnum):
    """What the tiers of a split run over."""

    EACH_PAYOUT = "each_payout"
    ACCOUNT_TOTAL = "account_total"  # all profit of the account that was paid out
    PAYOUT_NUMBER = "payout_number"  # `up_to_minor` is the number of the payout


class ResetPenalty(Words, frozen=True):
    """A reset costs a part of the trader's share."""

    phase: Annotated[Word, Meta(description="The name of the phase that was reset.")]
    bp: Annotated[
        ShareBp, Meta(description="Which part of the trader's share is lost: 2500 turns a share of 80 % into 60 %.")
    ]
    payouts: Annotated[Count | None, Meta(description="For how many payouts after the reset; null: for all.")]


class ProfitSplit(RuleTerm, frozen=True, tag="profit_split"):
    """How profit is shared between the trader and the firm."""

    frequency: ClassVar[Frequency] = Frequency.REQUEST
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.BALANCE, Observed.PAYOUTS})

    tiers: Annotated[
        tuple[Tier, ...], Meta(min_length=1, max_length=20, description="Rising; the last one without end.")
    ]
    counted: Annotated[SplitCounted, Meta(description="Over what the tiers run.")]
    reset_penalties: Annotated[
        tuple[ResetPenalty, ...],
        Meta(
            max_length=10,
            description="What resets cost; of several that hold at once the largest counts; none: nothing.",
        ),
    ]


class FeeRefunded(StrEnum):
    """Which fee is returned."""

    PURCHASE = "purchase"
    LATEST = "latest"  # of the purchase or the newest reset


class FeeRefund(RuleTerm, frozen=True, tag="fee_refund"):
    """The fee comes back with a payout."""

    frequency: ClassVar[Frequency] = Frequency.REQUEST
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.PAYOUTS})

    with_payout: Annotated[Count, Meta(description="With which one.")]
    fee: Annotated[FeeRefunded, Meta(description="Which fee, where the account was reset.")]
    share_bp: Annotated[ShareBp, Meta(description="How much of it; 10000 is all.")]


class BonusFor(StrEnum):
    """What earns a bonus."""

    LOYALTY = "loyalty"  # so many payouts made
    PERFORMANCE = "performance"  # so much profit made
    CHALLENGE_PROFIT = "challenge_profit"  # a share of the target of the phases passed, once enough was withdrawn


class Bonus(RuleTerm, frozen=True, tag="bonus"):
    """Something on top."""

    frequency: ClassVar[Frequency] = Frequency.REQUEST
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.PAYOUTS, Observed.BALANCE})

    earned_by: Annotated[BonusFor, Meta(description="What earns it.")]
    after: Annotated[
        Amount | None,
        Meta(description="The profit made, or the money withdrawn, from which it is due; null for loyalty."),
    ]
    after_payouts: Annotated[
        Count | None, Meta(description="The payouts made from which it is due; null for the others.")
    ]
    share_bp: Annotated[
        ShareBp, Meta(description="How much, as a share: of the payout, or of the target of the phases passed.")
    ]


class InsideBuffer(RuleTerm, frozen=True, tag="inside_buffer"):
    """What of the profit inside the buffer is paid when the account ends, by its age."""

    frequency: ClassVar[Frequency] = Frequency.REQUEST
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.BALANCE, Observed.CLOCK})

    days: Annotated[Days, Meta(description="The age from which the older share holds.")]
    younger_bp: Annotated[AnyShareBp, Meta(description="The share for a younger account.")]
    older_bp: Annotated[AnyShareBp, Meta(description="The share from that age on.")]


class Salvage(RuleTerm, frozen=True, tag="salvage"):
    """After a breach of a soft kind a share of the profit is paid nevertheless."""

    frequency: ClassVar[Frequency] = Frequency.REQUEST
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.BALANCE, Observed.TRADES, Observed.CLOCK})

    after: Annotated[
        tuple[TermId, ...], Meta(min_length=1, max_length=10, description="The terms after whose breach it is paid.")
    ]
    share_bp: Annotated[ShareBp, Meta(description="How much of the profit.")]
    claim_days: Annotated[Days, Meta(description="For how many days it can be claimed.")]
    stop_losses_required: Annotated[bool, Meta(description="Only where every trade had a stop loss.")]
    trade_loss_max: Annotated[Amount | None, Meta(description="Only where no trade lost more; null: any.")]


class PayoutCycle(RuleTerm, frozen=True, tag="payout_cycle"):
    """How long one cycle of trading lasts, after which what it made is settled."""

    frequency: ClassVar[Frequency] = Frequency.REQUEST
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.CLOCK, Observed.TRADES})

    days: Annotated[Days, Meta(description="How many days, the first one included.")]
    day_kind: Annotated[DayKind, Meta(description="Calendar days, or Monday to Friday.")]
