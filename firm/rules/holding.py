"""Holding: nothing may be held over a weekend, a night, a holiday or a long break of its market, nor be opened outside hours.

A position is held over a closure when it was open at any time from the cut-off until the market opened again. A symbol that trades on
through weekend and holiday has no such closure there; a night it has with every cut-off.
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple, assert_never
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from firm.arithmetic import PLAIN, Arithmetic, Figure
from firm.closures import MarketClosure, closures_around
from firm.instant import DAY_US, MINUTE_US, SECOND_US, datetime_of, instant_of, utc_text
from firm.price import SymbolSpec
from firm.rules.figures import source_of
from firm.rules.judged import SILENT, Judged, Unit, kept
from firm.rules.openings import Opening
from firm.ruleset import Rule
from firm.sessions import is_open
from firm.terms.conduct import Closure, HoldingLimit, TradingHours
from firm.track import HeldPosition, OrderWaiting
from firm.trading_day import TradingCalendar

_SATURDAY = 5
_TO_THE_MINUTE = len("2025-06-03T20:00")
_CUTOFFS = 4  # two may lie in one UTC day where the clocks change


class Closing(NamedTuple):
    """A time by which positions must be closed. `cutoff_us`: the local one. `market`: the closure that it is for, if there is one."""

    cutoff_us: int
    market: MarketClosure | None

    @property
    def reopens_us(self) -> int:
        return self.cutoff_us if self.market is None else self.market.until_us


def judge_holding_limit(
    calc: Arithmetic, rule: Rule, item: HeldPosition | OrderWaiting, spec: SymbolSpec, spec_seq: int, now: Figure
) -> Judged:
    """Whether a position or order is held where nothing may be: by how many seconds it is too late. `now`: microseconds.

    Where it breaks the rule its subject names the closure too: each one over which the same position is held is a breach of its own.
    `spec_seq`: the row that reported the symbol, 0 for none. SILENT where no such closure has come near, and for an order that may wait.
    """
    terms = rule.terms
    assert isinstance(terms, HoldingLimit)
    if isinstance(item, OrderWaiting):
        name, since_us, seen = item.order_id, item.placed_us, source_of(item.seq, "t_us")
    else:
        name, since_us, seen = item.position_id, item.opened_us, item.told("opened_us")
    closing = last_closing(rule, spec, now.value)
    if closing is None or (isinstance(item, OrderWaiting) and not terms.pending_orders):
        return SILENT
    due_us = deadline_us(calc, rule, closing, spec_seq)
    late_us = calc.minus("since it had to be closed", calc.given("now", now.value, "us", now.source), due_us)
    market = source_of(spec_seq, "spec") if closing.market else rule.cited("cutoff")
    reopens_us = calc.given("market opens again", closing.reopens_us, "us", market)
    held = calc.is_below(
        "held before it opened again", calc.given(f"opening of {name}", since_us, "us", seen), reopens_us
    )
    if not held:
        return kept(0, 0, Unit.SECONDS, name, broken=False)
    return kept(int(late_us) // SECOND_US, 0, Unit.SECONDS, held_over(name, closing.reopens_us), broken=True)


def held_over(name: str, reopens_us: int) -> str:
    """A position or order and the closure that it is held over, by its end: an early close moves where a closure begins, not that."""
    return f"{name} {utc_text(reopens_us)[:_TO_THE_MINUTE]}Z"


def last_closing(rule: Rule, spec: SymbolSpec, now_us: int) -> Closing | None:
    """The newest one by which positions of the symbol had to be closed, of those that lie around."""
    terms = rule.terms
    assert isinstance(terms, HoldingLimit)
    passed = [closing for due_us, closing in _closings(terms, spec, now_us // DAY_US) if due_us <= now_us]
    return passed[-1] if passed else None


def deadline_us(calc: Arithmetic, rule: Rule, closing: Closing, spec_seq: int) -> int:
    """By when positions must be closed: the cut-off, or what comes before it: the market's close, some minutes before an early one."""
    terms = rule.terms
    assert isinstance(terms, HoldingLimit)
    cutoff_us = calc.given("cut-off", closing.cutoff_us, "us", rule.cited("cutoff"))
    if closing.market is None:
        return cutoff_us
    closes_us = calc.given("market closes", closing.market.since_us, "us", source_of(spec_seq, "spec"))
    if closing.market.early:
        minutes = calc.given(
            "before an early close", terms.early_close_minutes, "min", rule.cited("early_close_minutes")
        )
        closes_us = calc.minus("before it closes early", closes_us, calc.times("ahead", minutes, MINUTE_US, "us"))
    return calc.lowest("to be closed by", cutoff_us, closes_us)


@lru_cache(maxsize=4096)
def _closings(terms: HoldingLimit, spec: SymbolSpec, utc_day: int) -> tuple[tuple[int, Closing], ...]:
    """Those around a day, by when positions must be closed."""
    first_us = utc_day * DAY_US
    if terms.over is Closure.OVERNIGHT:
        found = [
            Closing(cutoff_us, _closure_of_night(terms, spec, cutoff_us)) for cutoff_us in _cutoffs(terms, first_us)
        ]
    else:
        closures = (closure for closure in closures_around(spec, first_us) if _is_meant(terms, spec, closure))
        found = [Closing(_cutoff_before(terms, closure), closure) for closure in closures]
    # Where the term stands in its ruleset changes what a working cites, not when a position is due.
    rule = Rule(0, terms, {})
    return tuple(sorted(((deadline_us(PLAIN, rule, one, 0), one) for one in found), key=itemgetter(0)))


def _cutoffs(terms: HoldingLimit, first_us: int) -> Iterator[int]:
    """The last one before a day, those of the day, and one after it, whose market may close early."""
    calendar = TradingCalendar(terms.zone, terms.cutoff)
    cutoff_us = calendar.day_at(first_us).start_us
    for _ in range(_CUTOFFS):
        yield cutoff_us
        cutoff_us = calendar.day_at(cutoff_us).end_us


def _closure_of_night(terms: HoldingLimit, spec: SymbolSpec, cutoff_us: int) -> MarketClosure | None:
    """The closure that the cut-off lies in, or the first one between it and the next; a market may trade through the night."""
    next_us = TradingCalendar(terms.zone, terms.cutoff).day_at(cutoff_us).end_us
    return next(
        (one for one in closures_around(spec, cutoff_us) if cutoff_us < one.until_us and one.since_us < next_us), None
    )


def _cutoff_before(terms: HoldingLimit, closure: MarketClosure) -> int:
    """The cut-off on the local date on which the market traded last; a market that closes on a Saturday has Friday's before it."""
    last_us = closure.since_us - 1
    traded = datetime_of(last_us).astimezone(ZoneInfo(terms.zone))
    day = TradingCalendar(terms.zone, terms.cutoff).day_at(last_us)
    has_passed = day.label == traded.date().isoformat() or traded.weekday() == _SATURDAY
    return day.start_us if has_passed else day.end_us


def _is_meant(terms: HoldingLimit, spec: SymbolSpec, closure: MarketClosure) -> bool:
    match terms.over:
        case Closure.WEEKEND:
            return any(noon.weekday() == _SATURDAY for noon in _noons(terms.zone, closure))
        case Closure.HOLIDAY:
            week = replace(spec, closed=())
            noons = (noon for noon in _noons(terms.zone, closure) if noon.weekday() < _SATURDAY)
            return any(is_open(week, instant_of(noon)) for noon in noons)
        case Closure.LONG_BREAK:
            return closure.until_us - closure.since_us > terms.break_s * SECOND_US
        case Closure.OVERNIGHT:
            return True
        case unknown:
            assert_never(unknown)


def _noons(zone: str, closure: MarketClosure) -> Iterator[datetime]:
    """The local noons in a closure: a day on which the market rests has its noon in it, an evening's break or an early close has not."""
    noon = datetime.combine(
        datetime_of(closure.since_us).astimezone(ZoneInfo(zone)).date(), time(12), tzinfo=ZoneInfo(zone)
    )
    while instant_of(noon) < closure.until_us:
        if closure.since_us <= instant_of(noon):
            yield noon
        noon += timedelta(days=1)


def judge_trading_hours(calc: Arithmetic, rule: Rule, item: Opening) -> Judged:
    """Whether lots were opened within the hours: so many seconds after they began, of so many that they last."""
    terms = rule.terms
    assert isinstance(terms, TradingHours)
    began_us, ends_us = _hours_around(terms.zone, terms.opens, terms.closes, item.opened_us)
    opened_us = calc.given_of("opening", item, item.opened_us, "us", "opened_us")
    opens_us = calc.given("hours begin", began_us, "us", rule.cited("opens"))
    closes_us = calc.given("hours end", ends_us, "us", rule.cited("closes"))
    after = calc.minus("opened after they began", opened_us, opens_us)
    last = calc.minus("how long they last", closes_us, opens_us)
    broken = calc.is_at_or_above("opened outside hours", after, last)
    return kept(int(after) // SECOND_US, int(last) // SECOND_US, Unit.SECONDS, item.subject, broken=broken)


@lru_cache(maxsize=4096)
def _hours_around(zone: str, opens: str, closes: str, at_us: int) -> tuple[int, int]:
    """When the last hours before an instant began, and when those end: asked of a position with each look at it."""
    began_us = TradingCalendar(zone, opens).day_at(at_us).start_us
    return began_us, TradingCalendar(zone, closes).day_at(began_us).end_us
