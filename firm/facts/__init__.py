"""Facts: past-tense rows that desks decided. Never edited, neither rows nor shapes: a new shape is a new name and an upcast.

The account a fact is about is in the row's header; so are its seq, its instant and the seq of the input that caused it.
"Decision" is the ledger seq of a fact that judged: BreachDeclared, BreachSuspected, PhasePassed, PassHeld.

One list of words, with a file for each subject: whoever needs a fact asks the list for it.
"""

from firm.facts.accounts import AccountLinked, AccountOpened, AccountPaused, AccountRestricted, StandingChanged
from firm.facts.bookings import (
    CashBooked,
    DealBooked,
    DealCorrected,
    DealFigures,
    DealIgnored,
    DividendBooked,
    PayoutBooked,
    PositionRestated,
    SwapPosted,
)
from firm.facts.calendars import CalendarAdopted, MarketDaysAdopted
from firm.facts.desks import DeskResumed, DeskStopped, InputRejected, MessageParked
from firm.facts.drift import ContractChanged, DriftCleared, DriftFound, PositionsDrifted
from firm.facts.enforcement import CommandAdvanced, CommandProbed, CommandQueued, CommandWithheld, FlatConfirmed
from firm.facts.fact import Fact
from firm.facts.marks import (
    CycleStartMoved,
    DayAnchored,
    DayClosed,
    DayOpened,
    DayStartMoved,
    HighMoved,
    MarkTaken,
    OpenPosition,
    PeakDoubted,
    PeakReached,
    RolloverFloor,
    RolloverHighMoved,
    TradingDayCounted,
    TradingDayUncounted,
    WeekStartMoved,
)
from firm.facts.overrides import OverrideAsked, OverrideGranted
from firm.facts.people import BridgeEnrolled, BridgeModeChanged, BridgeRevoked, StaffAdded, TraderRegistered
from firm.facts.prices import QuotesRefused, QuoteUsed, SanityBandLeft
from firm.facts.refusals import Refusal, Refused
from firm.facts.risk import BreakerReset, BreakerTripped, KillSwitchEngaged, KillSwitchReleaseAsked, KillSwitchReleased
from firm.facts.sales import (
    ChallengeAdvanced,
    ChallengeEnded,
    ChallengeHeld,
    ChallengeOpened,
    ChallengeReopened,
    OrderPaid,
    OrderPlaced,
    ProgramPublished,
    ProgramRetired,
)
from firm.facts.scores import ScorePublished
from firm.facts.verdicts import (
    BreachDeclared,
    BreachSuspected,
    Doubt,
    LimitNeared,
    PassHeld,
    PhasePassed,
    ProfitExcluded,
    RuleBroken,
    RuleKeptAgain,
    RuleSuspected,
    ScoreMet,
    TargetLeft,
    TargetReached,
    VerdictCorrected,
)

FACTS: tuple[type[Fact], ...] = (
    Refused,
    DeskStopped,
    InputRejected,
    MessageParked,
    DeskResumed,
    QuotesRefused,
    SanityBandLeft,
    QuoteUsed,
    BridgeEnrolled,
    BridgeRevoked,
    BridgeModeChanged,
    StaffAdded,
    TraderRegistered,
    ProgramPublished,
    ProgramRetired,
    CalendarAdopted,
    MarketDaysAdopted,
    OrderPlaced,
    OrderPaid,
    ChallengeOpened,
    ChallengeAdvanced,
    ChallengeEnded,
    ChallengeHeld,
    ChallengeReopened,
    AccountOpened,
    AccountLinked,
    StandingChanged,
    DayOpened,
    DayAnchored,
    DayStartMoved,
    WeekStartMoved,
    CycleStartMoved,
    PeakDoubted,
    PeakReached,
    RolloverHighMoved,
    HighMoved,
    DayClosed,
    MarkTaken,
    TradingDayCounted,
    TradingDayUncounted,
    DealBooked,
    DealCorrected,
    CashBooked,
    PayoutBooked,
    DividendBooked,
    SwapPosted,
    PositionRestated,
    DealIgnored,
    BreachDeclared,
    BreachSuspected,
    VerdictCorrected,
    OverrideAsked,
    OverrideGranted,
    AccountPaused,
    AccountRestricted,
    LimitNeared,
    RuleBroken,
    RuleSuspected,
    RuleKeptAgain,
    ProfitExcluded,
    TargetReached,
    TargetLeft,
    ScorePublished,
    PhasePassed,
    PassHeld,
    DriftFound,
    PositionsDrifted,
    ContractChanged,
    DriftCleared,
    CommandQueued,
    CommandAdvanced,
    CommandProbed,
    CommandWithheld,
    FlatConfirmed,
    BreakerTripped,
    BreakerReset,
    KillSwitchEngaged,
    KillSwitchReleaseAsked,
    KillSwitchReleased,
)
