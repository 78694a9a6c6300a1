"""Days and highs of an account: what a rollover's rows and a peak's make of its state."""

from msgspec.structs import replace

from firm.account import AccountState, Closing, DayStart, Peak, rollover_mark
from firm.bounds import DEAL_DAYS_KEPT
from firm.facts import DayAnchored, DayOpened, DayStartMoved, PeakReached
from firm.ruleset import MaximumLoss, Trail


def after_day_opened(state: AccountState, fact: DayOpened, seq: int) -> AccountState:
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
    first = Peak(fact.equity.minor, fact.balance.minor, fact.day.start_us, (), seq)  # of the account's first day
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
        peak=state.peak or first,
        written_peak=first if state.peak is None else state.written_peak,
        **high,
    )


def after_day_anchored(state: AccountState, fact: DayAnchored, seq: int) -> AccountState:
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


def after_start_moved(state: AccountState, fact: DayStartMoved, seq: int) -> AccountState:
    start = DayStart(fact.day, fact.balance.minor, fact.equity.minor, seq, final=False, priced=fact.priced)
    return replace(state, day=start)


def at_its_last_peak(state: AccountState) -> AccountState:
    """Of an account that has ended, whose last high was written down: prices bring no more, which a fold sees a whole frame of before."""
    unwritten = state.peak is not None and not state.peak.seq and state.trails_every_tick
    return replace(state, peak=state.written_peak) if unwritten else state


def after_peak(state: AccountState, fact: PeakReached, seq: int) -> AccountState:
    before, written = state.peak, state.written_peak
    known = dict(state.exhibits)
    newer = before is not None and before.came_after(fact)
    same = written if newer else before  # written down or moved by cash, it is still the same high
    quotes = tuple(known[row] for row in fact.quotes if row in known) or (same.quotes if same is not None else ())
    peak = Peak(fact.equity.minor, fact.balance.minor, fact.at_us, quotes, seq, fact.in_doubt, fact.off_market)
    return replace(state, peak=before if newer else peak, written_peak=peak, exhibits=())
