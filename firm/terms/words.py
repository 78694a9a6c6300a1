"""Words that terms share: amounts, marks, boundaries, how often a term is looked at and what a broken one does.

Percentages are basis points (`_bp`, 500 = 5 %), money is whole minor units of the account's currency (`minor`), volumes are lots
times 10^8 (`lots_e8`). The description of a field is what the JSON Schema, the builder and an error about it say.
"""

from enum import StrEnum
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from firm.bounds import AMOUNT_MINOR_MAX

BP_WHOLE = 10_000

ShareBp = Annotated[int, Meta(ge=1, le=BP_WHOLE)]
"""More than nothing, and no more than the whole."""
AnyShareBp = Annotated[int, Meta(ge=0, le=BP_WHOLE)]
GainBp = Annotated[int, Meta(ge=0, le=100 * BP_WHOLE)]
"""A share that may pass the whole: a gain, a multiple."""
Minor = Annotated[int, Meta(ge=0, le=AMOUNT_MINOR_MAX)]
Count = Annotated[int, Meta(ge=1, le=100_000)]
Seconds = Annotated[int, Meta(ge=0, le=366 * 86_400)]
Minutes = Annotated[int, Meta(ge=0, le=7 * 1_440)]
Days = Annotated[int, Meta(ge=1, le=3_660)]
LotsE8 = Annotated[int, Meta(ge=1, le=10**15)]
Clock = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""A local time of day, "HH:MM"."""
Word = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$")]
TermId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        pattern=r"^[a-z0-9_-]+$",
        description="The name under which decisions, warnings and strikes of this term are kept; unique in its ruleset.",
    ),
]


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A piece of a ruleset: frozen, every field named, nothing unknown beside them."""


class Frequency(StrEnum):
    """How often a term is looked at: on which events its answer can change."""

    TICK = "tick"  # every price
    TRADE = "trade"  # whatever changes what is held or the balance
    MINUTE = "minute"  # the clock, once a minute
    ROLLOVER = "rollover"  # a trading day's end
    REQUEST = "request"  # when somebody asks: a payout, a purchase, a reset


class Observed(StrEnum):
    """What a term is worked out from. A term is looked at again when one of its inputs has changed, and not before."""

    BALANCE = "balance"
    EQUITY = "equity"
    POSITIONS = "positions"
    ORDERS = "orders"
    TRADES = "trades"
    DAYS = "days"
    CLOCK = "clock"
    NEWS = "news"
    SESSIONS = "sessions"
    PAYOUTS = "payouts"
    SCORE = "score"
    OTHER_ACCOUNTS = "other_accounts"


class RuleTerm(Words, frozen=True):
    """A term of a ruleset: declares on which events its answer can change, and what it is worked out from."""

    frequency: ClassVar[Frequency]
    inputs: ClassVar[frozenset[Observed]]

    id: TermId


class Boundary(StrEnum):
    """When a limit is broken: when what is measured `crosses` it, or already when it `touches` it."""

    CROSSES = "crosses"
    TOUCHES = "touches"


class Anchor(StrEnum):
    """A mark of an account, at the instant that the term names."""

    BALANCE = "balance"
    EQUITY = "equity"
    HIGHER = "higher"  # the higher of balance and equity
    LOWER = "lower"  # the lower of the two
    INITIAL = "initial"  # the initial balance, with deposits and withdrawals since


class Scope(StrEnum):
    """Over what time a term counts."""

    DAY = "day"  # a trading day
    WEEK = "week"  # from the first trading day of a calendar week to the next one's
    CYCLE = "cycle"  # since the last payout, or the account's first day
    PHASE = "phase"  # the whole life of the account


# --- amounts ---


class ShareOf(StrEnum):
    """What a share is a share of."""

    INITIAL = "initial"  # the balance that was sold, whatever was paid in or out since
    ANCHOR = "anchor"  # what the term measures from
    HIGH = "high"  # the highest mark that the term follows
    TARGET = "target"  # what the phase's profit target asks
    DAY_START_PROFIT = "day_start_profit"  # the profit with which the day began


class Share(Words, frozen=True, tag="share"):
    """A percentage of a mark, rounded so that the trader is never granted more loss, nor asked less profit, than was sold."""

    bp: Annotated[GainBp, Meta(description="How many basis points: 500 is 5 %.")]
    of: Annotated[ShareOf, Meta(description="Of what. The same 5 % of different marks are different floors.")]


class Fixed(Words, frozen=True, tag="fixed"):
    """An amount of money."""

    minor: Annotated[
        Minor, Meta(description="Minor units of the account's currency: 100000 is 1,000.00 at two decimals.")
    ]


class SizeAmount(Words, frozen=True):
    """One line of a table."""

    size_minor: Annotated[Minor, Meta(description="The initial balance for which this line holds.")]
    minor: Annotated[Minor, Meta(description="The amount at that size.")]


class BySize(Words, frozen=True, tag="by_size"):
    """An amount from a table by the size that was sold; a size that is not in it is refused when it is published."""

    table: Annotated[
        tuple[SizeAmount, ...], Meta(min_length=1, max_length=64, description="One line for each size on sale.")
    ]


Amount = Share | Fixed | BySize


# --- when ---


class BalanceGain(Words, frozen=True, tag="balance_gain"):
    """Once the balance has been this far above the initial one."""

    gain: Annotated[Share | Fixed, Meta(description="How far.")]


class EquityGain(Words, frozen=True, tag="equity_gain"):
    """Once equity has been this far above the initial balance."""

    gain: Annotated[Share | Fixed, Meta(description="How far.")]


class EndOfDayBalance(Words, frozen=True, tag="end_of_day_balance"):
    """Once a day has ended with at least this balance above the initial one."""

    gain: Annotated[Share | Fixed, Meta(description="How far above the initial balance.")]


class PayoutsMade(Words, frozen=True, tag="payouts_made"):
    """Once so many payouts were made."""

    count: Annotated[Count, Meta(description="How many.")]


Trigger = BalanceGain | EquityGain | EndOfDayBalance | PayoutsMade


# --- what a broken term does ---


class Action(StrEnum):
    """What a broken term does, the gravest last. Of two that trip on one event the graver one counts, then the first in the ruleset."""

    WARN = "warn"  # the trader is told; nothing else
    EXCLUDE_PROFIT = "exclude_profit"  # the profit concerned does not count for targets and payouts
    RESTRICT = "restrict"  # nothing may be opened until the next rollover; what is held may stay
    CLOSE_POSITIONS = "close_positions"  # what breaks the term is closed; trading goes on
    PAUSE = "pause"  # everything is closed and nothing may be opened until the next rollover
    REVIEW = "review"  # close-only until a person has decided
    FAIL = "fail"  # the account ends


class ToGroup(Words, frozen=True, tag="to_group"):
    """Move the account to another group on its platform."""

    group: Word


class ToLeverage(Words, frozen=True, tag="to_leverage"):
    """Give the account another leverage."""

    leverage: Annotated[int, Meta(ge=1, le=2_000)]


class DeductProfit(Words, frozen=True, tag="deduct_profit"):
    """Take a share of the profit concerned away."""

    share_bp: Annotated[ShareBp, Meta(description="How much of it; 10000 is all.")]


Consequence = Action | ToGroup | ToLeverage | DeductProfit

OnBreach = Annotated[
    tuple[Consequence, ...],
    Meta(
        min_length=1,
        max_length=10,
        description="What the first breach does, the second, and so on; the last one stands for all after it. "
        'One entry alone: every breach does the same. ["warn", "warn", "fail"] fails at the third.',
    ),
]
StrikesWithin = Annotated[
    Scope, Meta(description="How long breaches are counted together: a strike of before that is forgotten.")
]
WarnAtBp = Annotated[
    tuple[ShareBp, ...],
    Meta(max_length=5, description="Shares of the limit at which the trader is warned, once a day each: 8000 is 80 %."),
]
BoundaryWord = Annotated[
    Boundary,
    Meta(description="Whether touching the limit breaks it or only crossing it. Firms differ, so it is asked."),
]
