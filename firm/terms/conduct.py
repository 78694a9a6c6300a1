"""Conduct: when and how may be traded: news, holding over closed markets, how long trades last, and ways of trading."""

from enum import StrEnum
from typing import Annotated, ClassVar

from msgspec import Meta

from firm.terms.words import (
    BoundaryWord,
    Clock,
    Count,
    Frequency,
    GainBp,
    LotsE8,
    Minutes,
    Observed,
    OnBreach,
    RuleTerm,
    Scope,
    Seconds,
    ShareBp,
    StrikesWithin,
    Word,
)


class NewsAction(StrEnum):
    """What may be done around a release."""

    OPEN = "open"
    CLOSE = "close"
    TAKE_PROFIT = "take_profit"
    STOP_LOSS = "stop_loss"
    PENDING_FILL = "pending_fill"
    MODIFY = "modify"
    HOLD = "hold"


class Impact(StrEnum):
    """How much a release is expected to move its currency."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    HOLIDAY = "holiday"


class NewsSymbols(StrEnum):
    """Which symbols a release concerns."""

    ALL = "all"
    CURRENCY = "currency"  # those that have the release's currency as one of theirs


class NewsWindow(RuleTerm, frozen=True, tag="news_window", omit_defaults=True):
    """Some things may not be done around the release of economic news."""

    frequency: ClassVar[Frequency] = Frequency.TRADE
    inputs: ClassVar[frozenset[Observed]] = frozenset(
        {Observed.POSITIONS, Observed.TRADES, Observed.ORDERS, Observed.NEWS, Observed.CLOCK}
    )

    before_s: Annotated[Seconds, Meta(description="Seconds before the release in which the term holds.")]
    after_s: Annotated[Seconds, Meta(description="Seconds after it; of a speech, after its end.")]
    inclusive: Annotated[bool, Meta(description="Whether the first and the last instant of the window belong to it.")]
    impacts: Annotated[tuple[Impact, ...], Meta(min_length=1, max_length=4, description="Which releases count.")]
    symbols: Annotated[
        NewsSymbols, Meta(description="Whether every symbol is concerned, or those of the release's currency.")
    ]
    actions: Annotated[
        tuple[NewsAction, ...],
        Meta(
            min_length=1,
            max_length=7,
            description="What may not be done. Stops and targets that are filled by the market are named of their own, for firms differ.",
        ),
    ]
    all_day_counts: Annotated[bool, Meta(description="Whether a release without a time of day closes its whole day.")]
    exempt_opened_before_s: Annotated[
        Seconds | None,
        Meta(
            description="A position opened at least so many seconds before the release is exempt; null: none is. With what is added to it "
            "later it is not, until that is closed: what was added last is closed first."
        ),
    ]
    on_breach: OnBreach
    strikes_within: StrikesWithin
    calendar: Annotated[
        Word | None,
        Meta(description="The name of the calendar of news that it goes by; left out, or null: the one called news."),
    ] = None


class Closure(StrEnum):
    """What may not be held over."""

    WEEKEND = "weekend"
    OVERNIGHT = "overnight"  # any day's end
    HOLIDAY = "holiday"
    LONG_BREAK = "long_break"  # any closure of the symbol that lasts longer than `break_s`


class HoldingLimit(RuleTerm, frozen=True, tag="holding_limit", omit_defaults=True):
    """Nothing may be held when the market closes."""

    frequency: ClassVar[Frequency] = Frequency.MINUTE
    inputs: ClassVar[frozenset[Observed]] = frozenset(
        {Observed.POSITIONS, Observed.ORDERS, Observed.CLOCK, Observed.SESSIONS}
    )

    over: Annotated[Closure, Meta(description="Which closure.")]
    zone: Annotated[Word, Meta(description="The zone of the cut-off: an IANA name.")]
    cutoff: Annotated[
        Clock, Meta(description="Local time by which positions must be closed (a Friday's for the weekend).")
    ]
    early_close_minutes: Annotated[
        Minutes, Meta(description="On a day on which the market closes early: so many minutes before that instead.")
    ]
    break_s: Annotated[
        Seconds, Meta(description="How long a closure lasts that counts as a long break; 0 where none is asked about.")
    ]
    pending_orders: Annotated[bool, Meta(description="Whether waiting orders must be gone as well.")]
    on_breach: OnBreach
    strikes_within: StrikesWithin
    calendar: Annotated[
        Word | None,
        Meta(
            description="The name of the calendar of market days on which markets rest or close early as well; left out, or null: "
            "only what the platform reports."
        ),
    ] = None


class TradingHours(RuleTerm, frozen=True, tag="trading_hours"):
    """Positions may be opened, and added to, only within these hours of a trading day."""

    frequency: ClassVar[Frequency] = Frequency.TRADE
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.POSITIONS, Observed.CLOCK})

    zone: Annotated[Word, Meta(description="The zone of the hours: an IANA name.")]
    opens: Annotated[Clock, Meta(description="From when.")]
    closes: Annotated[Clock, Meta(description="Until when, itself not; before `opens` it is on the next day.")]
    on_breach: OnBreach
    strikes_within: StrikesWithin


class TradeDuration(RuleTerm, frozen=True, tag="trade_duration"):
    """Trades must last: each, on average, or those that made most of the profit."""

    frequency: ClassVar[Frequency] = Frequency.TRADE
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.TRADES})

    seconds_min: Annotated[
        Seconds | None,
        Meta(
            description="Each trade must last so long; null: not asked. Of a position that was added to, what was added last is closed "
            "first, and a trade is as old as the youngest of what it closes."
        ),
    ]
    average_s_min: Annotated[
        Seconds | None, Meta(description="Trades must last longer than this on average; null: not asked.")
    ]
    longer_s: Annotated[
        Seconds | None, Meta(description="What counts as a longer trade for the share below; null where none is asked.")
    ]
    share_of_longer_bp: Annotated[
        ShareBp | None,
        Meta(description="The share of gross profit that must come from longer trades; null: not asked."),
    ]
    per: Annotated[Scope, Meta(description="Over which trades average and share are taken.")]
    on_breach: OnBreach
    strikes_within: StrikesWithin


class Hedging(RuleTerm, frozen=True, tag="hedging"):
    """Long and short of one symbol may not be held at the same time."""

    frequency: ClassVar[Frequency] = Frequency.TRADE
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.POSITIONS})

    lots_e8_max: Annotated[LotsE8 | None, Meta(description="So many lots against each other are allowed; null: none.")]
    on_breach: OnBreach
    strikes_within: StrikesWithin


class Grid(RuleTerm, frozen=True, tag="grid"):
    """So many openings of one symbol and direction may not be made at different prices within a time; additions are openings."""

    frequency: ClassVar[Frequency] = Frequency.TRADE
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.POSITIONS})

    positions_max: Annotated[
        Count, Meta(description="How many may be held of one symbol and direction. What is added to a position is one.")
    ]
    within_s: Annotated[Seconds, Meta(description="Opened within so many seconds.")]
    losing_only: Annotated[
        bool,
        Meta(
            description="Whether only openings below (above, for short) the last one's price count: adding to a loser."
        ),
    ]
    on_breach: OnBreach
    strikes_within: StrikesWithin


class Martingale(RuleTerm, frozen=True, tag="martingale"):
    """Volume may not be raised after a loss."""

    frequency: ClassVar[Frequency] = Frequency.TRADE
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.TRADES, Observed.POSITIONS})

    factor_bp: Annotated[
        GainBp,
        Meta(
            description="Lots opened or added after a losing trade as a share of its lots, from which it is a raise: 20000 is double."
        ),
    ]
    repeats: Annotated[Count, Meta(description="How many raises in a row break the term.")]
    same_symbol: Annotated[bool, Meta(description="Whether only trades of one symbol are compared.")]
    on_breach: OnBreach
    strikes_within: StrikesWithin


class OneSided(RuleTerm, frozen=True, tag="one_sided"):
    """Trades may not all go one way: many trades, in one symbol, of one direction."""

    frequency: ClassVar[Frequency] = Frequency.TRADE
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.TRADES})

    trades_from: Annotated[Count, Meta(description="From so many trades on it is looked at.")]
    share_max_bp: Annotated[ShareBp, Meta(description="The largest share of one symbol and direction, by lots.")]
    per: Annotated[Scope, Meta(description="Over which trades.")]
    on_breach: OnBreach
    strikes_within: StrikesWithin


class HighFrequency(RuleTerm, frozen=True, tag="high_frequency"):
    """No more than so many orders or trades in a time."""

    frequency: ClassVar[Frequency] = Frequency.TRADE
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.TRADES, Observed.POSITIONS})

    openings_max: Annotated[
        Count,
        Meta(
            description="The most openings: what is added to a position is one, in however many deals of one instant."
        ),
    ]
    within_s: Annotated[Seconds, Meta(description="Within so many seconds.")]
    boundary: BoundaryWord
    on_breach: OnBreach
    strikes_within: StrikesWithin


class AdverseExcursion(RuleTerm, frozen=True, tag="adverse_excursion"):
    """No open position may float deeper at a loss than a share of the profit with which its day began (or of the initial balance)."""

    frequency: ClassVar[Frequency] = Frequency.TICK
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.POSITIONS, Observed.EQUITY, Observed.DAYS})

    share_bp: Annotated[ShareBp, Meta(description="The share.")]
    of_profit: Annotated[
        bool,
        Meta(
            description="Of the day's starting profit, without which the least alone is allowed; else of the initial balance."
        ),
    ]
    minimum_minor: Annotated[int, Meta(ge=0, le=10**15, description="The limit is never less than this.")]
    boundary: BoundaryWord
    on_breach: OnBreach
    strikes_within: StrikesWithin


class AutomationUse(RuleTerm, frozen=True, tag="automation_use"):
    """What software may place orders. What a platform does not tell is a matter for a person."""

    frequency: ClassVar[Frequency] = Frequency.TRADE
    inputs: ClassVar[frozenset[Observed]] = frozenset({Observed.TRADES})

    experts_allowed: Annotated[bool, Meta(description="Whether programs may trade.")]
    copiers_allowed: Annotated[bool, Meta(description="Whether copied signals may be traded.")]
    on_breach: OnBreach
    strikes_within: StrikesWithin
