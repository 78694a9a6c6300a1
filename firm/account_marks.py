"""Days and highs of an account: what a rollover's rows and a peak's make of its state."""

from msgspec.structs import replace

from firm import track_fold
from firm.account import AccountState, Closing, Peak, Position
from firm.arithmetic import Figure
from firm.bounds import DEAL_DAYS_KEPT
from firm.facts import DayAnchored, DayOpened, DayStartMoved, PeakReached
from firm.needs import needs_of
from firm.terms.words import Frequency
from firm.track import DayStart, Track
from firm.track_days import at_day_begun


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
    first = Peak(fact.equity.minor, fact.balance.minor, fact.day.start_us, (), seq)
    begins = state.peak is None or needs_of(state.ruleset).peak_of_day
    written = state.written_peak
    ended = Figure(written.equity, f"{written.seq}/equity/minor") if written is not None else None
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
        peak=_peak_at_start(state.peak, first) if begins else state.peak,
        written_peak=first if begins else state.written_peak,
        track=_track_at_day(state, fact, seq, ended, positions),
    )


def _peak_at_start(peak: Peak | None, first: Peak) -> Peak:
    """A fold has seen the prices of the whole frame in which the day began: there may be a higher one of the new day already."""
    newer = peak is not None and peak.at_us >= first.at_us and peak.equity > first.equity
    return peak if newer and peak is not None else first


def with_peak_of_day(state: AccountState, equity: int, at_us: int) -> AccountState:
    """For folding: a day begins with this equity, of which no row is known yet."""
    return replace(state, peak=Peak(equity, state.balance, at_us, (), 0))


def _with_yesterday_s_mended(state: AccountState) -> Track:
    """What a price broke counts for the day: on the next one it is a new breach."""
    by_price = {rule.id for rule in state.ruleset.rules if rule.terms.frequency is Frequency.TICK}
    return replace(state.track, broken=tuple(one for one in state.track.broken if one.rule not in by_price))


def _track_at_day(
    state: AccountState, fact: DayOpened, seq: int, ended: Figure | None, positions: tuple[Position, ...]
) -> Track:
    track = track_fold.at_day_opened(_with_yesterday_s_mended(state), fact, seq, ended)
    if not needs_of(state.ruleset).days:
        return track
    return at_day_begun(track, fact.day.label, fact.day.start_us, positions)


def after_day_anchored(state: AccountState, fact: DayAnchored, seq: int) -> AccountState:
    return replace(
        _with_peak_of_start(state, fact, seq),
        day=track_fold.start_anchored(fact, seq),
        closing=None,
        track=track_fold.at_day_anchored(state.track, fact, seq),
    )


def _with_peak_of_start(state: AccountState, fact: DayAnchored, seq: int) -> AccountState:
    """A high that begins anew each day, and is still the equity with which it began, is what that proves to have been."""
    peak, day = state.peak, state.day
    is_start = day is not None and peak is not None and peak.seq == day.seq and not fact.adjusted
    if peak is None or not is_start or not needs_of(state.ruleset).peak_of_day:
        return state
    first = replace(peak, equity=fact.equity.minor, balance=fact.balance.minor, seq=seq)
    return replace(state, peak=first, written_peak=first)


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
    newer = before is not None and (before.came_after(fact) or _is_of_a_later_day(state, before, fact))
    same = written if newer else before  # written down or moved by cash, it is still the same high
    quotes = tuple(known[row] for row in fact.quotes if row in known) or (same.quotes if same is not None else ())
    peak = Peak(fact.equity.minor, fact.balance.minor, fact.at_us, quotes, seq, fact.in_doubt, fact.off_market)
    return replace(state, peak=before if newer else peak, written_peak=peak, exhibits=())


def _is_of_a_later_day(state: AccountState, before: Peak, written: PeakReached) -> bool:
    """A fold has seen the next day begin, in the frame in which the last high of the day before was written down."""
    return needs_of(state.ruleset).peak_of_day and before.at_us > written.at_us
