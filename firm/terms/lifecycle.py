"""Life of a challenge: resets, retries, extensions, growth, mergers, and what one trader may hold."""

from enum import StrEnum
from typing import Annotated, ClassVar

from msgspec import Meta

from firm.terms.words import (
    AnyShareBp,
    Count,
    Days,
    Frequency,
    GainBp,
    Minor,
    Observed,
    RuleTerm,
    Share,
    ShareBp,
    Words,
)


class Deadline(StrEnum):
    """What a reset does to the time that is left."""

    KEPT = "kept"
    FRESH = "fresh"


class Reset(RuleTerm, frozen=True, tag="reset"):
    """A trader may begin a phase anew for a fee."""

    frequency: ClassVar[Frequency] = Frequency.REQUEST
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.CLOCK})

    resets_max: Annotated[int, Meta(ge=0, le=1_000, description="How many times.")]
    price_bp: Annotated[AnyShareBp, Meta(description="The fee, as a share of the program's price.")]
    window_days: Annotated[Days, Meta(description="How long a phase lasts from its start.")]
    before_deadline: Annotated[Deadline, Meta(description="Whether a reset within the window keeps its deadline.")]
    after_deadline: Annotated[Deadline, Meta(description="Whether one after it begins a fresh window.")]
    after_breach: Annotated[bool, Meta(description="Whether a breached account can be reset.")]
    history_kept: Annotated[bool, Meta(description="Whether trades and days of before stay counted.")]


class Retry(RuleTerm, frozen=True, tag="retry"):
    """A phase that ended in time without its target, and without a breach, may be tried again without a fee."""

    frequency: ClassVar[Frequency] = Frequency.REQUEST
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.BALANCE, Observed.POSITIONS})

    retries_max: Annotated[Count, Meta(description="How many times.")]
    in_profit: Annotated[bool, Meta(description="Only with a balance above the initial one.")]
    flat: Annotated[bool, Meta(description="Only with no position open.")]


class Extension(RuleTerm, frozen=True, tag="extension"):
    """A phase may be given more days."""

    frequency: ClassVar[Frequency] = Frequency.REQUEST
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.BALANCE, Observed.CLOCK})

    days: Annotated[Days, Meta(description="How many.")]
    extensions_max: Annotated[Count, Meta(description="How many times.")]
    in_profit: Annotated[bool, Meta(description="Only with a balance above the initial one.")]


class Growth(StrEnum):
    """What an account grows by."""

    OF_ORIGINAL = "of_original"  # a share of the size that was sold, each time the same
    COMPOUND = "compound"  # a share of the size of now


class GrowthStep(Words, frozen=True):
    """One kind of growth, for a number of times."""

    months: Annotated[Count, Meta(description="After so many months since the step before.")]
    grows_bp: Annotated[GainBp, Meta(description="By which share: 2500 is a quarter, 10000 doubles it.")]
    of: Annotated[Growth, Meta(description="Of the original size, or of the size of now.")]
    times: Annotated[
        Count | None, Meta(description="How many times before the next line holds; null: from then on always.")
    ]


class Scaling(RuleTerm, frozen=True, tag="scaling"):
    """An account that earns grows."""

    frequency: ClassVar[Frequency] = Frequency.REQUEST
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.BALANCE, Observed.PAYOUTS, Observed.CLOCK})

    steps: Annotated[tuple[GrowthStep, ...], Meta(min_length=1, max_length=20, description="How it grows, in order.")]
    profit_min: Annotated[Share | None, Meta(description="The profit that the months must have made; null: any.")]
    payouts_min: Annotated[int, Meta(ge=0, le=1_000, description="The payouts that must have been made in them.")]
    balance_above_initial: Annotated[bool, Meta(description="Whether the balance must be above the initial one.")]
    size_max_minor: Annotated[Minor, Meta(description="The largest size.")]
    split_after_bp: Annotated[
        ShareBp | None, Meta(description="The trader's share after the first growth; null: as before.")
    ]


class LotsMerged(StrEnum):
    """What becomes of lot limits."""

    SUM = "sum"
    LARGEST = "largest"


class Merge(RuleTerm, frozen=True, tag="merge"):
    """Accounts of one trader may become one."""

    frequency: ClassVar[Frequency] = Frequency.REQUEST
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.BALANCE, Observed.OTHER_ACCOUNTS})

    lots: Annotated[LotsMerged, Meta(description="What the merged account may hold.")]
    size_max_minor: Annotated[Minor, Meta(description="The largest size.")]
    untouched_only: Annotated[bool, Meta(description="Only accounts at their initial balance.")]


class LiveStart(RuleTerm, frozen=True, tag="live_start"):
    """With which balance a live account starts that follows simulated ones."""

    frequency: ClassVar[Frequency] = Frequency.REQUEST
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.OTHER_ACCOUNTS})

    largest_only: Annotated[bool, Meta(description="At most the size of the largest of them.")]


class MaximumAllocation(RuleTerm, frozen=True, tag="maximum_allocation"):
    """How much one trader may be given in all."""

    frequency: ClassVar[Frequency] = Frequency.REQUEST
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.OTHER_ACCOUNTS})

    limit_minor: Annotated[Minor, Meta(description="The sum of initial balances.")]
    accounts_max: Annotated[Count, Meta(description="The number of accounts.")]
    funded_only: Annotated[bool, Meta(description="Whether only funded accounts count.")]
