"""Loss limits: how far an account may fall, from where it is measured, and how its floor moves."""

from enum import StrEnum
from typing import Annotated, ClassVar

from msgspec import Meta

from firm.terms.words import (
    Amount,
    Anchor,
    BoundaryWord,
    Fixed,
    Frequency,
    Observed,
    OnBreach,
    RuleTerm,
    Scope,
    Share,
    StrikesWithin,
    Trigger,
    WarnAtBp,
    Words,
)


class Trail(StrEnum):
    """When the high that a floor follows may rise."""

    STATIC = "static"  # never: the floor stays where the scope began
    END_OF_DAY = "end_of_day"  # at each rollover
    ON_CLOSE = "on_close"  # with every booking that leaves a new highest balance
    EVERY_TICK = "every_tick"  # with every price


class Checked(StrEnum):
    """When a limit is held against the account."""

    EVERY_TICK = "every_tick"
    AT_ROLLOVER = "at_rollover"


class Measured(StrEnum):
    """What is held against the floor."""

    EQUITY = "equity"
    BALANCE = "balance"
    EITHER = "either"  # the lower of the two breaks it
    BOTH = "both"  # only when both are beyond it


class OnPayout(StrEnum):
    """What a payout does to the floor. Other deposits and withdrawals move it with them: they are neither profit nor loss."""

    NONE = "none"  # floor and highs stay where they are: the balance comes down towards them
    HIGH_LESS_PAYOUT = "high_less_payout"  # the highs come down by what was paid out
    LOCK_AT_INITIAL = (
        "lock_at_initial"  # from the first payout on the floor is the initial balance (and the lock's offset)
    )
    TO_ZERO = "to_zero"  # from the first payout on the floor is zero
    RESET_TO_INITIAL = "reset_to_initial"  # the highs begin again at the initial balance


class FloorReaches(Words, frozen=True, tag="floor_reaches"):
    """As soon as the trailing floor has come so far."""


class Lock(Words, frozen=True):
    """Where a trailing floor stops for good."""

    offset: Annotated[
        Share | Fixed, Meta(description="The locked floor, above the initial balance; 0 is the initial balance itself.")
    ]
    trigger: Annotated[
        FloorReaches | Trigger,
        Meta(description="What locks it. Any other trigger than the floor itself lifts the floor there at once."),
    ]
    permanent: Annotated[
        bool, Meta(description="Whether a payout that lowers or resets the highs leaves it locked. Firms differ.")
    ]


class Effective(StrEnum):
    """From when a step holds."""

    NOW = "now"
    NEXT_DAY = "next_day"


class Step(Words, frozen=True):
    """From a trigger on, another amount: the last step that was reached counts."""

    when: Annotated[Trigger, Meta(description="What is reached.")]
    amount: Annotated[Amount, Meta(description="The amount from then on.")]
    effective: Annotated[Effective, Meta(description="At once, or from the next trading day on.")]


class LossLimit(RuleTerm, frozen=True, tag="loss_limit"):
    """An account may not fall more than an amount below where its day, week or phase began, or below a high since."""

    frequency: ClassVar[Frequency] = Frequency.TICK
    inputs: ClassVar[frozenset[Observed]] = frozenset(
        {Observed.BALANCE, Observed.EQUITY, Observed.DAYS, Observed.PAYOUTS}
    )

    scope: Annotated[
        Scope, Meta(description="What the floor begins anew with: each day, each week, each payout cycle, or never.")
    ]
    amount: Annotated[Amount, Meta(description="How far it may fall.")]
    anchor: Annotated[
        Anchor,
        Meta(
            description="Which mark at the start of the scope the fall is measured from. With an open position balance and equity "
            "differ, and with them the floor of the whole day."
        ),
    ]
    trail: Annotated[Trail, Meta(description="When the floor rises with a new high.")]
    high: Annotated[
        Anchor,
        Meta(description="Which mark makes a high: balance, equity, or the higher of both. Without a trail: not used."),
    ]
    lock: Annotated[Lock | None, Meta(description="Where a trailing floor stops; null where it never does.")]
    steps: Annotated[
        tuple[Step, ...], Meta(max_length=10, description="Other amounts from a level on, in their order.")
    ]
    checked: Annotated[
        Checked,
        Meta(
            description="Against every price, or only at the rollover. A floor that moves at the end of the day is not the same as "
            "one that is checked then."
        ),
    ]
    measured: Annotated[Measured, Meta(description="What is held against the floor: equity, balance, either or both.")]
    boundary: BoundaryWord
    on_payout: Annotated[OnPayout, Meta(description="What a payout does to the floor.")]
    warn_at_bp: WarnAtBp
    on_breach: OnBreach
    strikes_within: StrikesWithin
