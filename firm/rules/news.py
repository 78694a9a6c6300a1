"""News window: some things may not be done around the release of economic news.

The window is exact to the microsecond. A holding stretches from the opening to now, everything else is one instant; either breaks the
term where it meets the window of a release that counts and concerns its symbol.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from operator import attrgetter
from typing import NamedTuple

from firm.arithmetic import PLAIN, Arithmetic
from firm.deed import Deed, PlacedBy
from firm.instant import SECOND_US
from firm.news import NEWS_LASTS_MAX_US, NewsCalendar, NewsItem
from firm.rules.figures import seconds_given, source_of
from firm.rules.judged import SILENT, Judged, Unit, Verdict
from firm.ruleset import Rule
from firm.terms.conduct import NewsSymbols, NewsWindow


class Window(NamedTuple):
    """The first and the last instant of a release's window, both of it."""

    first_us: int
    last_us: int


def judge_news_window(calc: Arithmetic, rule: Rule, calendar: NewsCalendar, deed: Deed) -> Judged:
    """Whether a deed breaks the term, and by which release: the first that does.

    `observed`: seconds before the release (negative) or after its end; `limit`: seconds of the window on that side. SILENT where no
    release forbids the deed: none is near, it is not of those that count, the position is exempt, or the firm itself did it.
    """
    return next(broken_windows(calc, rule, calendar, deed), SILENT)


def broken_windows(calc: Arithmetic, rule: Rule, calendar: NewsCalendar, deed: Deed) -> Iterator[Judged]:
    """One answer for each instant whose releases forbid the deed, of the first of them by id: what is held may meet several instants."""
    terms = rule.terms
    assert isinstance(terms, NewsWindow)
    if deed.action not in terms.actions or deed.placed_by is PlacedBy.FIRM:
        return
    told_us = None
    for item in _near(terms, calendar, deed):
        if item.at_us != told_us and _forbids(PLAIN, rule, item, deed):
            told_us = item.at_us
            _forbids(calc, rule, item, deed)
            yield _answer(terms, item, deed)


def _answer(terms: NewsWindow, item: NewsItem, deed: Deed) -> Judged:
    if deed.at_us < item.at_us:
        return Judged(Verdict.BROKEN, -((item.at_us - deed.at_us) // SECOND_US), terms.before_s, Unit.SECONDS, item.id)
    after_s = max(0, deed.at_us - item.until_us) // SECOND_US
    return Judged(Verdict.BROKEN, after_s, terms.after_s, Unit.SECONDS, item.id)


def window_of(calc: Arithmetic, rule: Rule, item: NewsItem) -> Window:
    """A release's window; of a speech it lasts until its end and after, of one without a time of day it is the day itself."""
    terms = rule.terms
    assert isinstance(terms, NewsWindow)
    starts_us = calc.given(f"release of {item.title}", item.at_us, "us", "")
    ends_us = calc.given(f"end of {item.title}", item.until_us, "us", "") if item.until_us > item.at_us else starts_us
    if item.all_day:
        return Window(starts_us, calc.minus("last instant of the day", ends_us, 1))
    before_us = seconds_given(calc, rule, "before the release", terms.before_s, "before_s")
    after_us = seconds_given(calc, rule, "after it", terms.after_s, "after_s")
    first_us, last_us = calc.minus("window begins", starts_us, before_us), calc.plus("window ends", ends_us, after_us)
    if terms.inclusive:
        return Window(first_us, last_us)
    return Window(calc.plus("first instant within", first_us, 1), calc.minus("last instant within", last_us, 1))


def _forbids(calc: Arithmetic, rule: Rule, item: NewsItem, deed: Deed) -> bool:
    window = window_of(calc, rule, item)
    at_us = calc.given(f"{deed.action} of {deed.symbol}", deed.at_us, "us", source_of(deed.seq, "t_us"))
    since_us = calc.given(f"{deed.symbol} is held since", deed.since_us, "us", "") if deed.is_holding else at_us
    return (
        calc.is_at_or_above("not before the window", at_us, window.first_us)
        and calc.is_at_or_below("not after the window", since_us, window.last_us)
        and not _is_exempt(calc, rule, item, deed, window.last_us)
    )


def _is_exempt(calc: Arithmetic, rule: Rule, item: NewsItem, deed: Deed, last_us: int) -> bool:
    """By the youngest lots; what was added to a position after the window was not held in it."""
    terms = rule.terms
    assert isinstance(terms, NewsWindow)
    if terms.exempt_opened_before_s is None:
        return False
    ahead_us = seconds_given(
        calc, rule, "opened so long before", terms.exempt_opened_before_s, "exempt_opened_before_s"
    )
    latest_us = calc.minus("opened by then", calc.given("release", item.at_us, "us", ""), ahead_us)
    youngest_us = max((one for one in deed.added_us if one <= last_us), default=deed.opened_us)
    return calc.is_at_or_below("exempt", calc.given("opened", youngest_us, "us", ""), latest_us)


def _near(terms: NewsWindow, calendar: NewsCalendar, deed: Deed) -> Iterator[NewsItem]:
    """Releases that count, concern the symbol, and could reach the deed from where they lie in time."""
    first_us = deed.since_us - terms.after_s * SECOND_US - NEWS_LASTS_MAX_US
    first = bisect_left(calendar.items, first_us, key=_at_us)
    last = bisect_right(calendar.items, deed.at_us + terms.before_s * SECOND_US, key=_at_us)
    for item in calendar.items[first:last]:
        concerns = terms.symbols is NewsSymbols.ALL or not item.currency or item.currency in deed.currencies
        if item.impact in terms.impacts and concerns and (terms.all_day_counts or not item.all_day):
            yield item


_at_us = attrgetter("at_us")
