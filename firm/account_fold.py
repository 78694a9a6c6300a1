"""Account fold: how each ledger row changes an account's state: a row in, a new value out."""

from msgspec.structs import replace

from firm import track_fold
from firm.account import (
    AccountState,
)
from firm.account_booked import after_booking
from firm.account_deals import (
    after_counted,
    after_uncounted,
    at_day_opened,
    at_standing,
)
from firm.account_findings import (
    after_breach,
    after_correction,
    after_doubt,
    after_rule,
    finding_of,
    other_findings,
    with_closed,
    with_late_price,
)
from firm.account_marks import after_day_anchored, after_day_opened, after_peak, after_start_moved, at_its_last_peak
from firm.account_outages import after_outage, befallen
from firm.account_overrides import after_override
from firm.account_swaps import after_swap_told
from firm.facts import (
    AccountLinked,
    AccountOpened,
    AccountPaused,
    AccountRestricted,
    BreachDeclared,
    BreachSuspected,
    BreachWaived,
    CashBooked,
    ContractChanged,
    CycleStartMoved,
    DayAnchored,
    DayClosed,
    DayOpened,
    DayStartMoved,
    DealBooked,
    DealCorrected,
    DealIgnored,
    DividendBooked,
    DriftCleared,
    DriftFound,
    Fact,
    HighMoved,
    LimitNeared,
    MarkTaken,
    OutageAssessed,
    OverrideAsked,
    OverrideGranted,
    PassesFrozen,
    PassHeld,
    PayoutBooked,
    PeakDoubted,
    PeakReached,
    PhasePassed,
    PositionRestated,
    PositionsDrifted,
    ProfitExcluded,
    QuoteUsed,
    RolloverHighMoved,
    RuleBroken,
    RuleKeptAgain,
    RuleSuspected,
    ScorePublished,
    StandingChanged,
    SwapPosted,
    TargetLeft,
    TargetReached,
    TradingDayCounted,
    TradingDayUncounted,
    VerdictCorrected,
    WeekStartMoved,
)
from firm.inputs import (
    AccountReported,
    DealReported,
    EquityReported,
    Input,
    OrderReported,
    PositionReported,
    SnapshotReported,
)
from firm.phase import JUDGED, Standing
from firm.price import Quote
from firm.ruleset import shared
from firm.track_conduct import at_profit_excluded
from firm.track_days import at_day_closed
from firm.track_orders import with_order, with_stops
from firm.track_targets import at_score, at_target

# What drifts where the open positions are not the platform's, and why a deal is ignored that nothing is wrong with.
POSITIONS, ALREADY_BOOKED = "positions", "already_booked"
# What drifts without any doubt about the book: rules about margin are silent meanwhile, and nothing else is.
MARGIN = "margin"


# What most rows are: nothing of them is felt here, or only with the row that books it.
_UNFELT: frozenset[type[Input | Fact]] = frozenset({DealReported, MarkTaken})


def opened(fact: AccountOpened, account: int, seq: int, happened_us: int) -> AccountState:
    """The state that AccountOpened begins."""
    ruleset = shared(fact.ruleset_id, fact.ruleset)
    return AccountState(
        account=account,
        trader=fact.trader,
        challenge=fact.challenge,
        phase=fact.phase,
        phase_name=fact.phase_name,
        funded=fact.funded,
        bridge=fact.bridge,
        initial=fact.initial,
        ruleset_id=fact.ruleset_id,
        ruleset=ruleset,
        opened_seq=seq,
        opened_us=happened_us,
        balance=fact.initial.minor,
        balance_source=f"{seq}/initial/minor",
        track=track_fold.track_opened(ruleset, fact.initial.minor, f"{seq}/initial/minor", happened_us),
    )


def fold(state: AccountState, body: Input | Fact, seq: int, happened_us: int) -> AccountState:
    """The state after one row of the account's chain. Rows that change nothing here return the state as it is."""
    if type(body) in _UNFELT:
        return state
    if state.outages:
        state = befallen(state, body, seq, happened_us)
    match body:
        case (
            DealBooked()
            | DealCorrected()
            | CashBooked()
            | PayoutBooked()
            | DividendBooked()
            | SwapPosted()
            | PositionRestated()
        ):
            return with_closed(after_booking(state, body, seq, happened_us))
        case PositionReported():
            return after_swap_told(with_stops(state, body, seq), body.position_id, body.t_us)
        case OrderReported():
            return with_order(state, body, seq)
        case StandingChanged():
            ended = at_its_last_peak(state) if body.after in (Standing.CLOSED, Standing.PASSED) else state
            return at_standing(replace(ended, standing=body.after))
        case AccountLinked():
            return replace(state, login=body.login)
        case _:
            return _fold_marks(state, body, seq, happened_us)


def _fold_marks(state: AccountState, body: Input | Fact, seq: int, happened_us: int) -> AccountState:
    """What floors are measured from."""
    match body:
        case RolloverHighMoved():
            return replace(state, track=track_fold.at_rollover_high_moved(state.track, body, seq))
        case HighMoved():
            return replace(state, track=track_fold.at_high_moved(state.track, body, seq))
        case DayClosed():
            return replace(state, track=at_day_closed(state.track, body, seq))
        case DayOpened():
            return at_day_opened(after_day_opened(state, body, seq))
        case DayAnchored():
            return after_day_anchored(state, body, seq)
        case DayStartMoved():
            return after_start_moved(state, body, seq)
        case WeekStartMoved():
            return replace(state, track=track_fold.at_week_moved(state.track, body, seq))
        case CycleStartMoved():
            return replace(state, track=track_fold.at_cycle_moved(state.track, body, seq))
        case PeakReached():
            return after_peak(state, body, seq)
        case PeakDoubted():
            return after_doubt(state, body)
        case _:
            return _fold_verdicts(state, body, seq, happened_us)


def _fold_verdicts(state: AccountState, body: Input | Fact, seq: int, happened_us: int) -> AccountState:
    """What was decided about it, and the exhibits that decisions rest on."""
    match body:
        case BreachDeclared():
            return after_breach(state, body, seq)
        case BreachSuspected():
            findings = (*other_findings(state, body.rule), finding_of(state, body, seq))
            return replace(state, findings=findings, exhibits=())
        case QuoteUsed():
            return _after_exhibit(state, body, seq)
        case VerdictCorrected():
            return after_correction(state, body)
        case RuleBroken() | RuleSuspected() | RuleKeptAgain() | BreachWaived():
            return after_rule(state, body, seq)
        case TargetReached() | TargetLeft():
            return replace(state, track=at_target(state.track, state.ruleset, body, seq))
        case OverrideAsked() | OverrideGranted():
            return after_override(state, body, seq, happened_us)
        case PassHeld():
            return replace(state, pass_held_seq=seq)
        case PhasePassed():
            return replace(state, pass_held_seq=0)
        case AccountPaused() | AccountRestricted():
            return replace(state, paused_until_us=body.until_us)
        case LimitNeared():
            return replace(state, track=track_fold.with_warning(state.track, body.rule, body.share_bp))
        case _:
            return _fold_deals(state, body, seq, happened_us)


def _fold_deals(state: AccountState, body: Input | Fact, seq: int, happened_us: int) -> AccountState:
    """The days that deals count for, what of their profit does not count, and scores."""
    match body:
        case TradingDayCounted():
            return after_counted(state, body, seq)
        case TradingDayUncounted():
            return after_uncounted(state, body, seq)
        case ScorePublished():
            return replace(state, track=at_score(state.track, body, seq))
        case ProfitExcluded():
            return replace(state, track=at_profit_excluded(state.track, body, seq, happened_us))
        case _:
            return _fold_agreement(state, body, seq, happened_us)


def _fold_agreement(state: AccountState, body: Input | Fact, seq: int, happened_us: int) -> AccountState:
    """How far our book and the platform's are known to agree."""
    match body:
        case EquityReported() | SnapshotReported():
            return replace(state, reconciled_us=max(state.reconciled_us, happened_us), reconciled_seq=seq)
        case ContractChanged():
            # What was seen under the contract as it was cannot be measured again.
            findings = tuple(replace(finding, grounds=None) for finding in state.findings)
            return replace(state, reconciled_us=0, reconciled_seq=0, findings=findings)
        case AccountReported() if body.leverage != state.leverage:
            return replace(state, leverage=body.leverage, leverage_seq=seq)
        case DriftFound() | DriftCleared() if body.what == MARGIN:
            return replace(state, margin_drifts=isinstance(body, DriftFound))
        case DriftFound():
            return _with_drift(state, body.what)
        case DealIgnored() if body.why != ALREADY_BOOKED:
            return _with_drift(state, POSITIONS)
        case PositionsDrifted():
            return _with_drift(state, POSITIONS)
        case DriftCleared():
            return replace(state, drifting=tuple(what for what in state.drifting if what != body.what))
        case PassesFrozen() | OutageAssessed():
            return after_outage(state, body, seq)
        case _:
            return state


def _with_drift(state: AccountState, what: str) -> AccountState:
    return replace(state, drifting=(*(known for known in state.drifting if known != what), what))


def _after_exhibit(state: AccountState, fact: QuoteUsed, seq: int) -> AccountState:
    quote = Quote(fact.symbol, fact.t_us, fact.bid, fact.ask, fact.frame, fact.index)
    findings = tuple(with_late_price(finding, quote) for finding in state.findings)
    exhibits = (
        (*state.exhibits, (seq, quote)) if state.standing in JUDGED else ()
    )  # one that ended decides nothing more
    return replace(state, findings=findings, exhibits=exhibits)
