"""Facts: past-tense rows that desks decided. Never edited, neither rows nor shapes: a new shape is a new name and an upcast.

The account a fact is about is in the row's header; so are its seq, its instant and the seq of the input that caused it.
"Decision" is the ledger seq of a fact that judged: BreachDeclared, BreachSuspected, PhasePassed, PassHeld.
"""

from enum import StrEnum

import msgspec

from firm.arithmetic import Step
from firm.commands import BridgeMode, KillSwitch
from firm.inputs import CommandState, DealEntry, Side
from firm.money import Money
from firm.phase import Standing
from firm.ruleset import AnyRuleset, Program
from firm.terms.losses import OnPayout
from firm.terms.words import Consequence, Scope
from firm.track import HighOf
from firm.trading_day import TradingDay


class Fact(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What happened. The ledger's `kind` is the class name; the payload is the fields as JSON, in declared order."""


class Refusal(StrEnum):
    """Why the firm said no to a command: an answer, not an error."""

    UNKNOWN_TRADER = "unknown_trader"
    UNKNOWN_PROGRAM = "unknown_program"
    UNKNOWN_ORDER = "unknown_order"
    UNKNOWN_BRIDGE = "unknown_bridge"
    UNKNOWN_ACCOUNT = "unknown_account"
    UNKNOWN_DECISION = "unknown_decision"
    UNKNOWN_COMMAND = "unknown_command"
    UNKNOWN_DESK = "unknown_desk"
    ID_TAKEN = "id_taken"
    ORDER_NOT_OPEN = "order_not_open"
    TOO_MANY_ACCOUNTS = "too_many_accounts"
    NOTHING_TO_DECIDE = "nothing_to_decide"
    SWITCH_NOT_ENGAGED = "switch_not_engaged"
    SAME_PERSON_TWICE = "same_person_twice"
    DESK_NOT_STOPPED = "desk_not_stopped"
    DESK_NOT_RESUMED = "desk_not_resumed"
    NO_LONGER_WON = "no_longer_won"
    BREACH_IN_QUESTION = "breach_in_question"
    NOT_BROKEN = "not_broken"
    BRIDGE_REVOKED = "bridge_revoked"
    NOTHING_OWED = "nothing_owed"
    ENFORCEMENT_STOPPED = "enforcement_stopped"
    BRIDGE_OBSERVES = "bridge_observes"


class Doubt(StrEnum):
    """Why a breach or a pass is not yet final."""

    STALE_QUOTE = "stale_quote"  # a price it rests on is older than its symbol allows
    STALE_CONVERSION = "stale_conversion"  # an exchange rate it rests on is older than the policy allows
    NO_QUOTE = "no_quote"
    OUTSIDE_SANITY_BAND = "outside_sanity_band"
    CONFLATED_PRICES = "conflated_prices"
    DRIFT = "drift"  # our equity and the platform's differ beyond tolerance
    NOT_RECONCILED = "not_reconciled"  # no recent equity or balance from the platform
    BOOK_UNCONFIRMED = "book_unconfirmed"  # the platform has not shown its equity since the last deal
    PROVISIONAL_ANCHOR = "provisional_anchor"  # the day's start is not final yet
    MASS_BREACH = "mass_breach"  # the breaker stopped automatic failures
    KILL_SWITCH = "kill_switch"
    LATE_DATA = "late_data"
    DESK_STOPPED = "desk_stopped"
    PLATFORM_DOWN = "platform_down"
    REVIEW_REQUIRED = "review_required"  # the rules have a person look at it


class Refused(Fact, frozen=True, kw_only=True):
    """A command was understood and answered with no."""

    refusal: Refusal
    detail: str


# --- the engine ---


class DeskStopped(Fact, frozen=True, kw_only=True):
    """A desk raised while deciding input `input`; the input was decided again without it. Replay follows this fact."""

    desk: str
    input: int
    exception: str


class InputRejected(Fact, frozen=True, kw_only=True):
    """No state could take this input in: it is kept and changes nothing; a person must look."""

    exception: str


class MessageParked(Fact, frozen=True, kw_only=True):
    """A message for a stopped desk, kept to be decided once when a person resumes it."""

    desk: str
    message_kind: str
    message: str
    happened_us: int


class DeskResumed(Fact, frozen=True, kw_only=True):
    """A person let the desk decide again; `parked` messages follow."""

    desk: str
    parked: int


# --- prices ---


class QuotesRefused(Fact, frozen=True, kw_only=True):
    """Ticks of the causing frame that no desk may use, as (index, why).

    `why` is crossed, not_positive, out_of_range, unknown_symbol, far_past or far_future.
    """

    bridge: str
    refused: tuple[tuple[int, str], ...]


class SanityBandLeft(Fact, frozen=True, kw_only=True):
    """A price jumped further than its band: used for marks, but no hard failure rests on it alone."""

    bridge: str
    symbol: str
    index: int
    before: int
    after: int
    band_bp: int


class QuoteUsed(Fact, frozen=True, kw_only=True):
    """An exhibit: a tick on which a decision rests, copied from frame row `frame`, tick `index`, with its contract.

    Of a conflated frame's window number w, ticks 4w and 4w + 2 are its low, 4w + 1 its high, 4w + 3 its last price.
    """

    symbol: str
    frame: int
    index: int
    t_us: int
    bid: int
    ask: int
    digits: int
    contract_e8: int
    currency_base: str
    currency_profit: str


# --- the firm's people and sales ---


class BridgeEnrolled(Fact, frozen=True, kw_only=True):
    """A bridge may connect with this key."""

    bridge: str
    public_key: str
    mode: BridgeMode


class BridgeRevoked(Fact, frozen=True, kw_only=True):
    """A bridge may not connect any more."""

    bridge: str


class BridgeModeChanged(Fact, frozen=True, kw_only=True):
    """Observe or enforce, from now on."""

    bridge: str
    mode: BridgeMode


class StaffAdded(Fact, frozen=True, kw_only=True):
    """A member of staff."""

    staff: int
    role: str


class TraderRegistered(Fact, frozen=True, kw_only=True):
    """A trader."""

    trader: int


class ProgramPublished(Fact, frozen=True, kw_only=True):
    """A program is on offer; `ruleset_ids` are those of its phases."""

    program: Program
    ruleset_ids: tuple[str, ...]


class OrderPlaced(Fact, frozen=True, kw_only=True):
    """An order waits for payment, with the program as it is sold. `accounts`: the ids of its phases' accounts, in order."""

    order: int
    trader: int
    price: Money
    accounts: tuple[int, ...]
    program: Program


class OrderPaid(Fact, frozen=True, kw_only=True):
    """The money for an order arrived."""

    order: int
    reference: str


class ChallengeOpened(Fact, frozen=True, kw_only=True):
    """A trader's way through a program began. The challenge has its order's number."""

    challenge: int
    trader: int
    program: str


class ChallengeAdvanced(Fact, frozen=True, kw_only=True):
    """The challenge moved on to phase number `phase` (from 0), on the row's account."""

    challenge: int
    phase: int


class ChallengeEnded(Fact, frozen=True, kw_only=True):
    """The challenge is over, with its account's last standing."""

    challenge: int
    standing: Standing


# --- an account ---


class AccountOpened(Fact, frozen=True, kw_only=True):
    """An account exists with us: its rules are frozen here."""

    trader: int
    challenge: int
    phase: int
    phase_name: str
    funded: bool
    bridge: str
    initial: Money
    ruleset_id: str
    ruleset: AnyRuleset


class AccountLinked(Fact, frozen=True, kw_only=True):
    """The platform opened it under this login."""

    login: str


class StandingChanged(Fact, frozen=True, kw_only=True):
    """Where the account stands now, and why in a word."""

    before: Standing
    after: Standing
    because: str


class OpenPosition(msgspec.Struct, frozen=True, kw_only=True):
    """A position inside a fact that evidence may start from."""

    position_id: str
    symbol: str
    side: Side
    lots_e8: int
    price_open: int
    swap: Money
    opened_us: int


class DayOpened(Fact, frozen=True, kw_only=True):
    """A trading day began for the account: the marks at its first instant, from the last prices before it.

    Provisional until the bridge's watermark passed the instant. `quotes` are the seqs of the QuoteUsed rows that the
    equity rests on. `priced`: False where a position had no price; the equity is then the balance, and no failure rests on it.
    """

    day: TradingDay
    balance: Money
    equity: Money
    positions: tuple[OpenPosition, ...]
    quotes: tuple[int, ...]
    provisional: bool
    priced: bool


class DayAnchored(Fact, frozen=True, kw_only=True):
    """The day's start is final; `changed` says whether late data moved it from what DayOpened said. `priced` as in DayOpened."""

    day: TradingDay
    balance: Money
    equity: Money
    changed: bool
    priced: bool


class DayStartMoved(Fact, frozen=True, kw_only=True):
    """Cash came before the day's start was final: its marks, moved by it, and as provisional as they were."""

    day: TradingDay
    balance: Money
    equity: Money
    priced: bool


class PeakReached(Fact, frozen=True, kw_only=True):
    """The highest equity (and balance) so far, written where a decision, a rollover or an epoch's end needs it.

    `in_doubt`: what came late has shown that it was measured with what nobody held. `off_market`: one of its prices was beyond its
    symbol's sanity band.
    """

    equity: Money
    balance: Money
    at_us: int
    quotes: tuple[int, ...]
    in_doubt: bool = False
    off_market: bool = False


class PeakDoubted(Fact, frozen=True, kw_only=True):
    """Equity may never have been as high as the peak of `at_us`: a price of `symbol`, in row `frame`, came late that had stood then.

    Until there is a higher one, what breaks a floor that follows it is a question for a person.
    """

    equity: Money
    at_us: int
    symbol: str
    frame: int


class RolloverHighMoved(Fact, frozen=True, kw_only=True):
    """The highest mark at any rollover, moved by a balance operation. Written by releases that kept one high alone; now HighMoved is."""

    high: Money


class HighMoved(Fact, frozen=True, kw_only=True):
    """A high that a floor follows, moved by a balance operation, a payout or a deal that was corrected."""

    of: HighOf
    scope: Scope
    on_payout: OnPayout
    high: Money


class MarkTaken(Fact, frozen=True, kw_only=True):
    """Equity for charts and lists, with the distance to the nearest floor. No decision rests on it.

    Once a minute while something is open, and at each booking that leaves nothing open.
    """

    balance: Money
    equity: Money
    headroom: Money | None


class TradingDayCounted(Fact, frozen=True, kw_only=True):
    """A position was opened on this trading day: day number `count` of the phase."""

    label: str
    count: int


class TradingDayUncounted(Fact, frozen=True, kw_only=True):
    """The only deal that opened something on this trading day was deleted: `count` days of the phase are left."""

    label: str
    count: int


class DealFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A deal as the platform had it when the row was written. Minor units of the account's currency, costs negative when paid.

    `price`: in points of `digits`, those of its symbol at that time; None where the contract was not known.
    """

    entry: DealEntry
    side: Side
    lots_e8: int
    price: int
    digits: int | None
    profit_minor: int
    commission_minor: int
    swap_minor: int
    fee_minor: int
    at_us: int

    @property
    def net_minor(self) -> int:
        """What it leaves in the balance."""
        return self.profit_minor + self.commission_minor + self.swap_minor + self.fee_minor


class DealBooked(Fact, frozen=True, kw_only=True):
    """A deal entered the account's book: the position as it is after it (`lots_e8` 0: closed), and the balance after its `net`.

    `deal`: the deal itself, which may be corrected later; None where that was not kept yet.
    """

    deal_id: str
    position_id: str
    symbol: str
    side: Side
    lots_e8: int
    price_open: int
    swap: Money
    opened_us: int
    net: Money
    balance: Money
    deal: DealFigures | None = None


class DealCorrected(Fact, frozen=True, kw_only=True):
    """A deal that was booked is another since, or (`deleted`) was never made; its own row stays as it was.

    `deal_us`: when it was made. As in DealBooked the position is as it is after it (`lots_e8` 0: closed, or never opened), now that all its
    deals are taken together again; `net` is what that changes of the balance. `told_us`: when the platform changed it. `deal`: as it reads
    now; None where it is deleted. `digits`: those of the symbol now, in whose points the position's price and its deals' prices are.
    """

    deal_id: str
    position_id: str
    symbol: str
    side: Side
    lots_e8: int
    price_open: int
    swap: Money
    opened_us: int
    net: Money
    balance: Money
    deal_us: int
    deleted: bool
    told_us: int
    deal: DealFigures | None
    digits: int | None


class CashBooked(Fact, frozen=True, kw_only=True):
    """A balance operation entered the book. `net`: all of them since the account was opened.

    What a limit or target is measured from moves with it: neither a deposit nor a withdrawal is profit or loss.
    """

    cash_id: str
    amount: Money
    balance: Money
    net: Money


class PayoutBooked(Fact, frozen=True, kw_only=True):
    """A payout left the account's balance: its number, the profit that was taken, and what of it is the trader's.

    Unlike other cash it is no more than what the loss limits say it is: each says whether its floor comes down.
    """

    cash_id: str
    number: int
    profit: Money
    paid: Money
    balance: Money


class SwapPosted(Fact, frozen=True, kw_only=True):
    """The platform charged or paid for holding a position: its swap so far."""

    position_id: str
    swap: Money


class DividendBooked(Fact, frozen=True, kw_only=True):
    """What a platform paid or charged for a position held over an ex-date. Unlike other cash it is profit or loss of trading:
    no limit, target or high moves with it.
    """

    cash_id: str
    amount: Money
    balance: Money


class PositionRestated(Fact, frozen=True, kw_only=True):
    """The platform holds an open position under another name, or in other points, without a deal: what it is from now on.

    `digits`: those of the symbol, in whose points its price is; None where the contract was not known, or that was not kept yet.
    """

    position_id: str
    symbol: str
    side: Side
    lots_e8: int
    price_open: int
    swap: Money
    opened_us: int
    digits: int | None = None


class DealIgnored(Fact, frozen=True, kw_only=True):
    """A deal that the book cannot hold, or holds already; `why` is already_booked, does_not_fit, too_many_positions or out_of_range;
    or a change of one that is unknown_deal, or too_old to be worked out.

    All but the first mean that our book is not the platform's: no hard failure and no pass rests on it until a snapshot agrees.
    """

    deal_id: str
    why: str


class BreachDeclared(Fact, frozen=True, kw_only=True):
    """A rule is broken: final. `working` is the arithmetic; its last step is the comparison that decided.

    `late`: a price that came late showed it, on the book of that price's instant. `reviewed`: a person confirmed it. `does`: what follows,
    by the term's strikes; None where the release that wrote it knew failures and pauses alone.
    """

    rule: str
    rule_kind: str
    severity: str
    floor: Money
    observed: Money
    at_us: int
    late: bool
    reviewed: bool
    quotes: tuple[int, ...]
    working: tuple[Step, ...]
    does: Consequence | None = None


class BreachSuspected(Fact, frozen=True, kw_only=True):
    """A rule looks broken, but what it rests on is in doubt: close-only until settled by data or a person."""

    rule: str
    rule_kind: str
    severity: str
    floor: Money
    observed: Money
    at_us: int
    late: bool
    doubts: tuple[Doubt, ...]
    quotes: tuple[int, ...]
    working: tuple[Step, ...]


class VerdictCorrected(Fact, frozen=True, kw_only=True):
    """A later word on decision `decision`, which itself stays as it was.

    `verdict`: exonerated (measured again it is no breach), questioned (what came late shows none; a person is asked), withdrawn (with
    what came after that it is one again; nobody is asked), dismissed or upheld (a person's answer).
    """

    decision: int
    verdict: str
    because: str


class AccountPaused(Fact, frozen=True, kw_only=True):
    """A soft limit stopped trading until `until_us`, the next rollover."""

    rule: str
    until_us: int


class AccountRestricted(Fact, frozen=True, kw_only=True):
    """A soft limit lets nothing be opened until `until_us`, the next rollover; what is held may stay."""

    rule: str
    until_us: int


class LimitNeared(Fact, frozen=True, kw_only=True):
    """So much of a limit is used that the trader is warned: `share_bp` of what may be lost. Once a day for each share."""

    rule: str
    share_bp: int
    floor: Money
    observed: Money
    at_us: int


class PhasePassed(Fact, frozen=True, kw_only=True):
    """All objectives of the phase are met."""

    rule: str
    target: Money
    observed: Money
    trading_days: int
    working: tuple[Step, ...]


class PassHeld(Fact, frozen=True, kw_only=True):
    """The objectives look met, but what that rests on is in doubt; asked again when the doubt lifts."""

    rule: str
    target: Money
    observed: Money
    doubts: tuple[Doubt, ...]
    working: tuple[Step, ...]


class DriftFound(Fact, frozen=True, kw_only=True):
    """Our figure and the platform's differ by more than the tolerance."""

    what: str
    computed: Money
    reported: Money
    tolerance: Money


class PositionsDrifted(Fact, frozen=True, kw_only=True):
    """The platform's open positions are not ours: how many it lacks, and how many it has that we do not know so."""

    missing: int
    unknown: int


class ContractChanged(Fact, frozen=True, kw_only=True):
    """A symbol that the account depends on has other digits, contract or currencies: its figures are confirmed anew."""

    symbol: str


class DriftCleared(Fact, frozen=True, kw_only=True):
    """Our figure and the platform's agree again."""

    what: str


# --- enforcement ---


class CommandQueued(Fact, frozen=True, kw_only=True):
    """An intent towards a platform. `idem_key` was minted here, once, and is never computed again.

    `for_decision`: the ledger seq it follows from, or 0. It is step `step` of the plan for `purpose`.
    """

    command: str
    idem_key: str
    bridge: str
    login: str
    action: str
    args: dict[str, str]
    deadline_us: int
    for_decision: int
    purpose: str
    step: int


class CommandAdvanced(Fact, frozen=True, kw_only=True):
    """A command came this far."""

    bridge: str
    command: str
    state: CommandState
    detail: str


class CommandProbed(Fact, frozen=True, kw_only=True):
    """Nobody can say what became of a command: the bridge is asked."""

    bridge: str
    command: str
    attempt: int


class CommandWithheld(Fact, frozen=True, kw_only=True):
    """A command that observe mode or a kill switch kept back. It is never sent later; a person may order anew what it was for."""

    bridge: str
    login: str
    action: str
    args: dict[str, str]
    because: str
    for_decision: int


class FlatConfirmed(Fact, frozen=True, kw_only=True):
    """After enforcement the platform itself shows the account flat and blocked."""

    bridge: str
    login: str


# --- risk ---


class BreakerTripped(Fact, frozen=True, kw_only=True):
    """Too many failures in the window: automatic failures stop until a person looked."""

    failures: int
    accounts: int
    window_us: int


class BreakerReset(Fact, frozen=True, kw_only=True):
    """Automatic failures go on."""

    why: str


class KillSwitchEngaged(Fact, frozen=True, kw_only=True):
    """Stopped, by one person."""

    switch: KillSwitch
    by: str
    why: str


class KillSwitchReleaseAsked(Fact, frozen=True, kw_only=True):
    """The first of the two releases."""

    switch: KillSwitch
    by: str
    why: str


class KillSwitchReleased(Fact, frozen=True, kw_only=True):
    """Released by two people."""

    switch: KillSwitch
    by: tuple[str, str]
    why: str


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
    OrderPlaced,
    OrderPaid,
    ChallengeOpened,
    ChallengeAdvanced,
    ChallengeEnded,
    AccountOpened,
    AccountLinked,
    StandingChanged,
    DayOpened,
    DayAnchored,
    DayStartMoved,
    PeakDoubted,
    PeakReached,
    RolloverHighMoved,
    HighMoved,
    PayoutBooked,
    AccountRestricted,
    LimitNeared,
    MarkTaken,
    TradingDayCounted,
    TradingDayUncounted,
    DealBooked,
    DealCorrected,
    CashBooked,
    DividendBooked,
    SwapPosted,
    PositionRestated,
    DealIgnored,
    BreachDeclared,
    BreachSuspected,
    VerdictCorrected,
    AccountPaused,
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
