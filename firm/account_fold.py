"""Account fold: how each ledger row changes an account's state: a row in, a new value out."""

from msgspec.structs import replace

from firm.account import (
    AccountState,
    Closing,
    DayStart,
    EarlierBook,
    Moved,
    Peak,
    Position,
    cash_key,
    rollover_mark,
    with_deal,
)
from firm.account_deals import (
    after_booked,
    after_counted,
    after_deal_corrected,
    after_told,
    after_uncounted,
    without_told,
)
from firm.account_findings import (
    after_correction,
    after_doubt,
    finding_of,
    other_findings,
    with_late_deal,
    with_late_price,
    with_moved,
)
from firm.bounds import DEAL_DAYS_KEPT, EARLIER_BOOKS_MAX
from firm.facts import (
    AccountLinked,
    AccountOpened,
    AccountPaused,
    BreachDeclared,
    BreachSuspected,
    CashBooked,
    ContractChanged,
    DayAnchored,
    DayOpened,
    DayStartMoved,
    DealBooked,
    DealCorrected,
    DealIgnored,
    DriftCleared,
    DriftFound,
    Fact,
    PassHeld,
    PeakDoubted,
    PeakReached,
    PhasePassed,
    PositionsDrifted,
    QuoteUsed,
    RolloverHighMoved,
    StandingChanged,
    SwapPosted,
    TradingDayCounted,
    TradingDayUncounted,
    VerdictCorrected,
)
from firm.inputs import (
    DealDeleteReported,
    DealReported,
    DealUpdateReported,
    EquityReported,
    Input,
    PositionReported,
    SnapshotReported,
)
from firm.phase import JUDGED
from firm.price import Quote
from firm.ruleset import MaximumLoss, Trail

# What drifts where the open positions are not the platform's, and why a deal is ignored that nothing is wrong with.
POSITIONS, ALREADY_BOOKED = "positions", "already_booked"


def opened(fact: AccountOpened, account: int, seq: int, happened_us: int) -> AccountState:
    """The state that AccountOpened begins."""
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
        ruleset=fact.ruleset,
        opened_seq=seq,
        opened_us=happened_us,
        balance=fact.initial.minor,
        balance_source=f"{seq}/initial/minor",
        rollover_high=fact.initial.minor,
        rollover_high_source=f"{seq}/initial/minor",
    )


def fold(state: AccountState, body: Input | Fact, seq: int, happened_us: int) -> AccountState:  # noqa: C901  (a table of rows)
    """The state after one row of the account's chain. Rows that change nothing here return the state as it is."""
    match body:
        case CashBooked():
            return _after_cash(state, body, seq, happened_us)
        case RolloverHighMoved():
            return replace(state, rollover_high=body.high.minor, rollover_high_source=f"{seq}/high/minor")
        case PositionReported():
            return _after_swap_told(state, body.position_id, body.t_us)
        case SwapPosted():
            return _after_swap(state, body, seq, happened_us)
        case DayOpened():
            return _after_day_opened(state, body, seq)
        case DayAnchored():
            return _after_day_anchored(state, body, seq)
        case DayStartMoved():
            start = DayStart(body.day, body.balance.minor, body.equity.minor, seq, final=False, priced=body.priced)
            return replace(state, day=start)
        case PeakReached():
            return _after_peak(state, body, seq)
        case PeakDoubted():
            return after_doubt(state, body)
        case StandingChanged():
            return replace(state, standing=body.after)
        case BreachDeclared():
            return replace(state, findings=(finding_of(state, body, seq),), exhibits=())
        case BreachSuspected():
            findings = (*other_findings(state, body.rule), finding_of(state, body, seq))
            return replace(state, findings=findings, exhibits=())
        case QuoteUsed():
            return _after_exhibit(state, body, seq)
        case VerdictCorrected():
            return after_correction(state, body)
        case PassHeld():
            return replace(state, pass_held_seq=seq)
        case PhasePassed():
            return replace(state, pass_held_seq=0)
        case AccountPaused():
            return replace(state, paused_until_us=body.until_us)
        case AccountLinked():
            return replace(state, login=body.login)
        case _:
            return _fold_deals(state, body, seq, happened_us)


def _fold_deals(state: AccountState, body: Input | Fact, seq: int, happened_us: int) -> AccountState:
    """What the platform told of deals, and what the book made of it."""
    match body:
        case DealReported() | DealUpdateReported() | DealDeleteReported():
            return after_told(state, body)
        case DealBooked():
            return _after_deal(after_booked(state, body), body, seq, happened_us)
        case DealCorrected():
            return after_deal_corrected(state, body, seq, happened_us)
        case DealIgnored():
            return _after_ignored(state, body)
        case TradingDayCounted():
            return after_counted(state, body, seq)
        case TradingDayUncounted():
            return after_uncounted(state, body, seq)
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
        case DriftFound():
            return _with_drift(state, body.what)
        case PositionsDrifted():
            return _with_drift(state, POSITIONS)
        case DriftCleared():
            return replace(state, drifting=tuple(what for what in state.drifting if what != body.what))
        case _:
            return state


def _after_ignored(state: AccountState, fact: DealIgnored) -> AccountState:
    """But for one that is booked already, our book is not the platform's."""
    state = without_told(state, fact.deal_id)
    return state if fact.why == ALREADY_BOOKED else _with_drift(state, POSITIONS)


def _with_drift(state: AccountState, what: str) -> AccountState:
    return replace(state, drifting=(*(known for known in state.drifting if known != what), what))


def _after_deal(state: AccountState, fact: DealBooked, seq: int, happened_us: int) -> AccountState:
    closing, findings = state.closing, state.findings
    if closing is not None and state.day is not None and happened_us < state.day.day.start_us:
        findings = with_moved(findings, Moved(seq, fact.net.minor, cash=False))
        # A deal of the day that ended, come late: the mark at its end must hold it too.
        closing = replace(
            closing, balance=closing.balance + fact.net.minor, positions=with_deal(closing.positions, fact, seq)
        )
    findings = tuple(with_late_deal(finding, fact, seq, happened_us) for finding in findings)
    return replace(
        _with_book_kept(state, happened_us),
        positions=with_deal(state.positions, fact, seq),
        closing=_no_longer_awaiting(closing, fact),
        findings=findings,
        balance=fact.balance.minor,
        balance_source=f"{seq}/balance/minor",
        last_trade_us=max(state.last_trade_us, happened_us),
        last_trade_seq=seq,
        deals=_with_id(state.deals, fact.deal_id),
        peak=_peak_after_deal(state, fact, happened_us),
    )


def _peak_after_deal(state: AccountState, fact: DealBooked, happened_us: int) -> Peak | None:
    """What is open is worth what the next price says. A deal makes a new high only where it leaves nothing open."""
    peak = state.peak
    if peak is None or not state.trails_every_tick:
        return peak
    if happened_us < peak.at_us:
        peak = replace(peak, in_doubt=True)
    is_flat = not fact.lots_e8 and all(held.position_id == fact.position_id for held in state.positions)
    if is_flat and fact.balance.minor > peak.equity:
        return Peak(fact.balance.minor, fact.balance.minor, happened_us, (), 0)
    return peak


def _with_id(deals: tuple[frozenset[str], ...], deal_id: str) -> tuple[frozenset[str], ...]:
    return (*deals[:-1], deals[-1] | {deal_id})


def _with_book_kept(state: AccountState, until_us: int) -> AccountState:
    """Before the book changes: keep it as it was. A change that comes out of order leaves no earlier book that is certain."""
    if until_us < state.book_since_us:
        return replace(state, earlier=())
    kept = EarlierBook(state.book_since_us, until_us, state.balance, state.balance_source, state.positions)
    return replace(state, earlier=(*state.earlier[1 - EARLIER_BOOKS_MAX :], kept), book_since_us=until_us)


def _no_longer_awaiting(closing: Closing | None, fact: DealBooked) -> Closing | None:
    """A position that is closed brings no more news of its swap."""
    if closing is None or fact.lots_e8:
        return closing
    return replace(closing, swap_awaited=closing.swap_awaited - {fact.position_id})


def _after_swap(state: AccountState, fact: SwapPosted, seq: int, happened_us: int) -> AccountState:
    closing = state.closing
    if closing is not None:
        closing = replace(closing, positions=_with_swap(closing.positions, fact, seq))
    state = _with_book_kept(state, happened_us)
    return replace(state, positions=_with_swap(state.positions, fact, seq), closing=closing)


def _with_swap(positions: tuple[Position, ...], fact: SwapPosted, seq: int) -> tuple[Position, ...]:
    return tuple(
        replace(held, swap=fact.swap.minor, swap_seq=seq, swap_path="swap/minor")
        if held.position_id == fact.position_id
        else held
        for held in positions
    )


def _after_cash(state: AccountState, fact: CashBooked, seq: int, happened_us: int) -> AccountState:
    closing = state.closing
    if closing is not None:
        # The day is to begin as if the money had been there: cash is neither profit nor loss.
        closing = replace(closing, balance=closing.balance + fact.amount.minor)
    return replace(
        _with_book_kept(state, happened_us),
        balance=fact.balance.minor,
        balance_source=f"{seq}/balance/minor",
        closing=closing,
        cash_net=fact.net.minor,
        cash_seq=seq,
        findings=with_moved(state.findings, Moved(seq, fact.amount.minor, cash=True)),
        deals=_with_id(state.deals, cash_key(fact.cash_id)),
    )


def _after_swap_told(state: AccountState, position_id: str, t_us: int) -> AccountState:
    """The platform spoke of a position after the day's first instant: its swap, changed or not, is known."""
    if state.closing is None or state.day is None or t_us < state.day.day.start_us:
        return state
    return replace(state, closing=replace(state.closing, swap_awaited=state.closing.swap_awaited - {position_id}))


def _after_exhibit(state: AccountState, fact: QuoteUsed, seq: int) -> AccountState:
    quote = Quote(fact.symbol, fact.t_us, fact.bid, fact.ask, fact.frame, fact.index)
    findings = tuple(with_late_price(finding, quote) for finding in state.findings)
    exhibits = (
        (*state.exhibits, (seq, quote)) if state.standing in JUDGED else ()
    )  # one that ended decides nothing more
    return replace(state, findings=findings, exhibits=exhibits)


def _after_day_opened(state: AccountState, fact: DayOpened, seq: int) -> AccountState:
    """Positions carried over are cited from the DayOpened row from now on, so that evidence may start there."""
    cited = {position.position_id: f"positions/{place}/" for place, position in enumerate(fact.positions)}
    positions = tuple(
        replace(
            held,
            seq=seq,
            path=cited[held.position_id],
            swap_seq=seq,
            swap_path=f"{cited[held.position_id]}swap/minor",
        )
        for held in state.positions
    )
    start = DayStart(fact.day, fact.balance.minor, fact.equity.minor, seq, not fact.provisional, fact.priced)
    awaited = frozenset(held.position_id for held in positions) if state.ruleset.await_swap else frozenset()
    closing = Closing(state.balance, positions, awaited) if fact.provisional else None
    high = (
        {} if fact.provisional else _rollover_high(state, fact.day.start_us, fact.balance.minor, fact.equity.minor, seq)
    )
    return replace(
        state,
        day=start,
        closing=closing,
        positions=positions,
        balance_source=f"{seq}/balance/minor",
        book_since_us=fact.day.start_us,
        earlier=(),
        paused_until_us=0,
        waived=(),
        exhibits=(),
        peaks_doubted=0,
        findings=tuple(
            finding for finding in state.findings if finding.doubts
        ),  # what only paused the day before is over
        deals=(*state.deals[1 - DEAL_DAYS_KEPT :], frozenset()),
        peak=state.peak or Peak(fact.equity.minor, fact.balance.minor, fact.day.start_us, (), seq),
        **high,
    )


def _after_day_anchored(state: AccountState, fact: DayAnchored, seq: int) -> AccountState:
    start = DayStart(fact.day, fact.balance.minor, fact.equity.minor, seq, final=True, priced=fact.priced)
    high = _rollover_high(state, fact.day.start_us, fact.balance.minor, fact.equity.minor, seq)
    return replace(state, day=start, closing=None, **high)


def _rollover_high(state: AccountState, start_us: int, balance: int, equity: int, seq: int) -> dict[str, int | str]:
    """The highest final mark at any rollover, and which one, for floors that trail at the end of the day."""
    for term in state.ruleset.terms:
        if isinstance(term, MaximumLoss) and term.trail is Trail.END_OF_DAY:
            mark, name = rollover_mark(term.trails_on, balance, equity)
            if mark > state.rollover_high:
                return {
                    "rollover_high": mark,
                    "rollover_high_source": f"{seq}/{name}/minor",
                    "rollover_high_us": start_us,
                }
    return {}


def _after_peak(state: AccountState, fact: PeakReached, seq: int) -> AccountState:
    before, written = state.peak, state.written_peak
    known = dict(state.exhibits)
    newer = before is not None and before.came_after(fact)
    same = written if newer else before  # written down or moved by cash, it is still the same high
    quotes = tuple(known[row] for row in fact.quotes if row in known) or (same.quotes if same is not None else ())
    in_doubt = same is not None and same.in_doubt and same.at_us == fact.at_us
    peak = Peak(fact.equity.minor, fact.balance.minor, fact.at_us, quotes, seq, in_doubt)
    return replace(state, peak=before if newer else peak, written_peak=peak, exhibits=())
