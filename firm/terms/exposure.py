"""Exposure and risk: how much may be held at once, how much one idea may lose, and which orders protect it."""

from enum import StrEnum
from typing import Annotated, ClassVar

from msgspec import Meta

from firm.terms.words import (
    Amount,
    BoundaryWord,
    Fixed,
    Frequency,
    GainBp,
    Minor,
    Observed,
    OnBreach,
    RuleTerm,
    Seconds,
    Share,
    StrikesWithin,
    Word,
    Words,
)


class Quantity(StrEnum):
    """What is measured, with the unit of its limit."""

    LOTS = "lots"  # lots_e8
    POSITIONS = "positions"  # how many
    NOTIONAL = "notional"  # lots x contract x price in the account's currency, in basis points of the initial balance
    MARGIN = "margin"  # margin in use in basis points of equity


class CountedOver(StrEnum):
    """What is added up."""

    OPEN_AT_ONCE = "open_at_once"  # what is held at the same time
    EACH_POSITION = "each_position"  # every position by itself
    OPENED_IN_DAY = "opened_in_day"  # all that was opened since the rollover, closed again or not
    OPENED_IN_DAY_AND_CARRIED = "opened_in_day_and_carried"  # and what was held over the rollover


class Netted(StrEnum):
    """How long and short of one symbol are added."""

    GROSS = "gross"
    NET = "net"


class Tier(Words, frozen=True):
    """From a profit on, another limit: scaling by the balance with which a day began."""

    profit_from: Annotated[
        Minor, Meta(description="The profit, in minor units, with which the day began, from which this limit holds.")
    ]
    limit: Annotated[int, Meta(ge=0, le=10**15, description="The limit from there on, in the quantity's unit.")]


class ExposureLimit(RuleTerm, frozen=True, tag="exposure_limit"):
    """No more than this may be held (opened in a day)."""

    frequency: ClassVar[Frequency] = Frequency.TRADE
    inputs: ClassVar[frozenset[Observed]] = frozenset(
        {Observed.POSITIONS, Observed.TRADES, Observed.DAYS, Observed.EQUITY}
    )

    quantity: Annotated[Quantity, Meta(description="What is measured: lots, positions, notional or margin.")]
    limit: Annotated[
        int, Meta(ge=1, le=10**15, description="The most that is allowed: lots times 10^8, a count, or basis points.")
    ]
    symbols: Annotated[
        tuple[Word, ...],
        Meta(
            max_length=500,
            description="The symbols that are added up together; none: all of the account. A group is written out, so that nobody "
            "can change it afterwards.",
        ),
    ]
    counted: Annotated[
        CountedOver, Meta(description="What is added up. Margins of trades that never overlapped are never added.")
    ]
    netted: Annotated[Netted, Meta(description="Whether a short position takes from a long one of its symbol.")]
    tiers: Annotated[tuple[Tier, ...], Meta(max_length=20, description="Other limits from a profit on, rising.")]
    boundary: BoundaryWord
    on_breach: OnBreach
    strikes_within: StrikesWithin


class IdeaGrouping(StrEnum):
    """Which positions are one idea."""

    POSITION = "position"  # each by itself
    SYMBOL = "symbol"
    SYMBOL_AND_SIDE = "symbol_and_side"


class IdeaMeasure(StrEnum):
    """How the risk of an idea is measured."""

    LOSS = "loss"  # realised and floating loss together
    ADVERSE_EXCURSION = "adverse_excursion"  # the largest floating loss so far
    STOP_DISTANCE = (
        "stop_distance"  # what its stop losses would lose; without a stop it has no measure and breaks the term
    )


class GapFrom(StrEnum):
    """From when the time runs in which a later opening still belongs to an idea."""

    LAST_OPENING = "last_opening"
    LAST_CLOSING = "last_closing"


class IdeaRisk(RuleTerm, frozen=True, tag="idea_risk", omit_defaults=True):
    """One trade idea may not risk (lose) more than an amount."""

    frequency: ClassVar[Frequency] = Frequency.TICK
    inputs: ClassVar[frozenset[Observed]] = frozenset(
        {Observed.POSITIONS, Observed.TRADES, Observed.EQUITY, Observed.ORDERS}
    )

    amount: Annotated[Amount, Meta(description="The most that one idea may risk.")]
    grouping: Annotated[IdeaGrouping, Meta(description="Which positions are one idea.")]
    gap_s: Annotated[
        Seconds,
        Meta(
            description="Openings within so many seconds of the idea's last one belong to it; 0: only while it is open."
        ),
    ]
    measured: Annotated[IdeaMeasure, Meta(description="How the risk is measured.")]
    boundary: BoundaryWord
    on_breach: OnBreach
    strikes_within: StrikesWithin
    gap_from: Annotated[
        GapFrom,
        Meta(
            description="Whether those seconds run from the idea's last opening (so too if left out) or its last closing."
        ),
    ] = GapFrom.LAST_OPENING


class StopLossRequired(RuleTerm, frozen=True, tag="stop_loss_required"):
    """Every position must have a stop loss soon after it was opened."""

    frequency: ClassVar[Frequency] = Frequency.MINUTE
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.POSITIONS, Observed.ORDERS, Observed.CLOCK})

    within_s: Annotated[Seconds, Meta(description="How many seconds there are for it; 0: from the first.")]
    risk_max: Annotated[Share | Fixed | None, Meta(description="What the stop may lose at most; null: anything.")]
    on_breach: OnBreach
    strikes_within: StrikesWithin


class RiskReward(RuleTerm, frozen=True, tag="risk_reward"):
    """A stop may not be further away than a multiple of the target."""

    frequency: ClassVar[Frequency] = Frequency.TRADE
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.POSITIONS, Observed.ORDERS})

    stop_to_target_max_bp: Annotated[
        GainBp, Meta(description="Distance of the stop as a share of the distance of the target: 50000 is 5 to 1.")
    ]
    on_breach: OnBreach
    strikes_within: StrikesWithin


class AccountsTogether(StrEnum):
    """What is added up over a trader's accounts."""

    ALLOCATION = "allocation"  # initial balances
    LOTS = "lots"  # of one symbol and direction
    ACCOUNTS = "accounts"
    OPPOSITE_POSITIONS = "opposite_positions"  # lots held against each other in one symbol


class AcrossAccounts(RuleTerm, frozen=True, tag="across_accounts"):
    """What all accounts of one identity may have together; judged by the trader's desk."""

    frequency: ClassVar[Frequency] = Frequency.TRADE
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.POSITIONS, Observed.OTHER_ACCOUNTS})

    measured: Annotated[AccountsTogether, Meta(description="What is added up.")]
    limit: Annotated[int, Meta(ge=0, le=10**15, description="The most: minor units, lots times 10^8, or a count.")]
    funded_only: Annotated[bool, Meta(description="Whether only funded accounts count.")]
    same_program: Annotated[bool, Meta(description="Whether only accounts of this program count.")]
    on_breach: OnBreach
    strikes_within: StrikesWithin
