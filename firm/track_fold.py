"""Track fold: how ledger rows change what an account's rules remember."""

from collections.abc import Callable
from datetime import date

from msgspec.structs import replace

from firm.arithmetic import Figure
from firm.facts import (
    CycleStartMoved,
    DayAnchored,
    DayOpened,
    DealCorrected,
    HighMoved,
    PayoutBooked,
    RolloverHighMoved,
    WeekStartMoved,
)
from firm.needs import needs_of
from firm.ruleset import AnyRuleset
from firm.terms.words import Scope
from firm.track import DayStart, High, HighKey, HighOf, PayoutMade, Strike, Track, day_mark

Candidate = Callable[[HighKey], Figure | None]
"""A mark that may be the highest of a key; None where it does not concern it."""


def track_opened(ruleset: AnyRuleset, initial: int, source: str, at_us: int) -> Track:
    """Of an account that begins: every high is its initial balance."""
    return Track(highs=tuple(High(key, initial, source, at_us) for key in needs_of(ruleset).highs))


def at_day_opened(track: Track, fact: DayOpened, seq: int, peak: Figure | None) -> Track:
    """A day begins, and with the first of a calendar week the week. `peak`: the highest equity of the day that ended, where it was kept."""
    start = DayStart(fact.day, fact.balance.minor, fact.equity.minor, seq, not fact.provisional, fact.priced)
    begins_week = track.week is None or _week(track.week.day.label) != _week(fact.day.label)
    checked = tuple(
        (one.rule, Figure(one.floor.minor, f"{seq}/checked/{place}/floor/minor"))
        for place, one in enumerate(fact.checked)
    )
    track = replace(track, week=start if begins_week else track.week, warned=(), checked=checked)
    if not track.highs:
        return track
    closed = {high.key: high for high in track.highs if high.key.of is HighOf.CLOSED}
    balance = Figure(fact.balance.minor, f"{seq}/balance/minor")
    lower = min(balance, Figure(fact.equity.minor, f"{seq}/equity/minor"), key=_value)

    def begun(high: High) -> High:
        of, scope = high.key.of, high.key.scope
        if of is HighOf.CLOSED_YESTERDAY:
            yesterday = closed[replace(high.key, of=HighOf.CLOSED)]
            return replace(yesterday, key=high.key)
        if scope is Scope.DAY or (scope is Scope.WEEK and begins_week):
            first = balance if of is HighOf.CLOSED else lower
            return High(high.key, first.value, first.source, fact.day.start_us)
        return high

    highs = track.highs
    if peak is not None:
        highs = _raised(highs, fact.day.start_us, lambda key: peak if key.of is HighOf.PRICED else None)
    highs = tuple(map(begun, highs))
    if not fact.provisional:
        highs = _with_day(highs, fact, seq)
    return replace(track, highs=highs)


def at_day_anchored(track: Track, fact: DayAnchored, seq: int) -> Track:
    """A day's start is final: its marks may be the highest of any day's, and the week's start is another row."""
    week = track.week
    if week is not None and week.day.start_us == fact.day.start_us:
        week = start_anchored(fact, seq)
    highs = _with_adjusted_day if fact.adjusted else _with_day
    return replace(track, week=week, highs=highs(track.highs, fact, seq))


def start_anchored(fact: DayAnchored, seq: int) -> DayStart:
    """The start of a day that is final in this row."""
    return DayStart(fact.day, fact.balance.minor, fact.equity.minor, seq, True, fact.priced, fact.adjusted)


def at_week_moved(track: Track, fact: WeekStartMoved, seq: int) -> Track:
    """The week's start stands elsewhere, as final as it was."""
    final, adjusted = track.week is None or track.week.final, track.week is not None and track.week.adjusted
    week = DayStart(fact.day, fact.balance.minor, fact.equity.minor, seq, final, fact.priced, adjusted)
    return replace(track, week=week)


def at_balance(track: Track, balance: int, seq: int, at_us: int) -> Track:
    """A booking left another balance."""
    booked = Figure(balance, f"{seq}/balance/minor")
    highs = _raised(track.highs, at_us, lambda key: booked if key.of is HighOf.CLOSED else None)
    return track if highs is track.highs else replace(track, highs=highs)


def at_deal_corrected(track: Track, fact: DealCorrected, deal_seq: int, seq: int, at_us: int) -> Track:
    """A corrected deal may leave a new highest balance. Highs that have the deal in them move by rows of their own.

    What the balance would have been in between raises none: nobody could trade by it.
    """
    booked = Figure(fact.balance.minor, f"{seq}/balance/minor")
    moves = {high.key for high in track.highs if high.has_in_it(fact.deal_us, deal_seq)}
    highs = _raised(track.highs, at_us, lambda key: booked if key.of is HighOf.CLOSED and key not in moves else None)
    return track if highs is track.highs else replace(track, highs=highs)


def at_high_moved(track: Track, fact: HighMoved, seq: int) -> Track:
    """Cash, a payout or a corrected deal moved a high."""
    key = HighKey(fact.of, fact.scope, fact.on_payout)
    highs = _moved(track.highs, lambda high: high.key == key, fact.high.minor, f"{seq}/high/minor")
    if fact.adjusted:
        highs = tuple(replace(high, adjusted=True) if high.key == key else high for high in highs)
    return replace(track, highs=highs)


def at_rollover_high_moved(track: Track, fact: RolloverHighMoved, seq: int) -> Track:
    """The same in the first words, when there was one high of days alone."""
    moved = _moved(track.highs, _is_of_days, fact.high.minor, f"{seq}/high/minor")
    return replace(track, highs=moved)


def at_payout(track: Track, fact: PayoutBooked, seq: int, at_us: int) -> Track:
    """A payout left the account. What it does to the highs is told by rows of its own."""
    made = PayoutMade(fact.number, fact.profit.minor, fact.paid.minor, at_us, seq)
    cycle = Figure(fact.balance.minor, f"{seq}/balance/minor")
    return replace(track, payouts=(*track.payouts, made), cycle=cycle)


def at_cycle_moved(track: Track, fact: CycleStartMoved, seq: int) -> Track:
    """What the payout cycle is measured from stands elsewhere."""
    return replace(track, cycle=Figure(fact.balance.minor, f"{seq}/balance/minor"))


def with_strike(track: Track, rule: str, at_us: int, day: str, seq: int) -> Track:
    """A term was broken, and goes on."""
    return replace(track, strikes=(*track.strikes, Strike(rule, at_us, day, seq)))


def with_warning(track: Track, rule: str, share_bp: int) -> Track:
    """The trader was told how much of a limit is used."""
    return replace(track, warned=(*track.warned, (rule, share_bp)))


def _with_day(highs: tuple[High, ...], fact: DayOpened | DayAnchored, seq: int) -> tuple[High, ...]:
    def mark(key: HighKey) -> Figure | None:
        found = day_mark(key.of, fact.balance.minor, fact.equity.minor)
        return None if found is None else Figure(found[0], f"{seq}/{found[1]}/minor")

    return _raised(highs, fact.day.start_us, mark)


def _with_adjusted_day(highs: tuple[High, ...], fact: DayAnchored, seq: int) -> tuple[High, ...]:
    """A person set a mark of the day: highs of that day begin with it. No other was reached by it, and so it can be set back."""
    return tuple(
        High(high.key, mark[0], f"{seq}/{mark[1]}/minor", fact.day.start_us, adjusted=True)
        if high.key.scope is Scope.DAY
        and (mark := day_mark(high.key.of, fact.balance.minor, fact.equity.minor)) is not None
        else high
        for high in highs
    )


def _raised(highs: tuple[High, ...], at_us: int, candidate: Candidate) -> tuple[High, ...]:
    """The same tuple where none is higher: whoever compares by identity sees that nothing moved."""
    raised = tuple(
        High(high.key, mark.value, mark.source, at_us)
        if (mark := candidate(high.key)) is not None and mark.value > high.minor
        else high
        for high in highs
    )
    return raised if any(now is not before for now, before in zip(raised, highs, strict=True)) else highs


def _moved(highs: tuple[High, ...], concerns: Callable[[High], bool], minor: int, source: str) -> tuple[High, ...]:
    return tuple(replace(high, minor=minor, source=source) if concerns(high) else high for high in highs)


def _is_of_days(high: High) -> bool:
    return day_mark(high.key.of, 0, 0) is not None


def _week(label: str) -> tuple[int, int]:
    """Its year and number: weeks begin on Monday."""
    return date.fromisoformat(label).isocalendar()[:2]


def _value(figure: Figure) -> int:
    return figure.value
