"""Conduct: windows that last, hours that open, and terms that forbid something."""

from collections.abc import Sequence

from firm.bounds import OPENINGS_TRACKED_MAX
from firm.checks.beside import Beside
from firm.checks.problem import Problem, Problems
from firm.checks.zones import zone_problems
from firm.terms.conduct import (
    AdverseExcursion,
    AutomationUse,
    Closure,
    Grid,
    HighFrequency,
    HoldingLimit,
    Martingale,
    NewsAction,
    NewsWindow,
    OneSided,
    TradeDuration,
    TradingHours,
)
from firm.terms.words import BP_WHOLE, Boundary

_NO_LENGTH = "a window of no length holds nothing"
_ON_WHAT_IS_OPEN = frozenset(NewsAction) - {NewsAction.OPEN, NewsAction.PENDING_FILL}


def news_window_problems(term: NewsWindow, _: Beside) -> Problems:
    if term.before_s == 0 and term.after_s == 0:
        yield Problem("after_s", _NO_LENGTH)
    yield from _twice("impacts", term.impacts)
    yield from _twice("actions", term.actions)
    if term.exempt_opened_before_s == 0:
        yield Problem("exempt_opened_before_s", "every position that is open would be exempt")
    if term.exempt_opened_before_s is not None and not _ON_WHAT_IS_OPEN & set(term.actions):
        yield Problem("exempt_opened_before_s", "only openings are forbidden: no position could be exempt from that")


def holding_limit_problems(term: HoldingLimit, _: Beside) -> Problems:
    yield from zone_problems("zone", term.zone)
    if term.over is Closure.LONG_BREAK and term.break_s == 0:
        yield Problem("break_s", "how long a closure is that counts as a long break must be said")
    if term.over is not Closure.LONG_BREAK and term.break_s:
        yield Problem("break_s", f"it counts for long breaks alone, and this term is about {term.over.value}: 0")


def trading_hours_problems(term: TradingHours, _: Beside) -> Problems:
    yield from zone_problems("zone", term.zone)
    if term.opens == term.closes:
        yield Problem("closes", _NO_LENGTH)


def trade_duration_problems(term: TradeDuration, _: Beside) -> Problems:
    if not (term.seconds_min or term.average_s_min or term.share_of_longer_bp):
        yield Problem("", "it asks for nothing: a least duration, an average, or a share of longer trades")
    if term.share_of_longer_bp is not None and not term.longer_s:
        yield Problem("longer_s", "what counts as a longer trade must be said where a share of them is asked")
    if term.share_of_longer_bp is None and term.longer_s is not None:
        yield Problem("share_of_longer_bp", "what counts as longer is said, but no share of it is asked")


def grid_problems(term: Grid, _: Beside) -> Problems:
    if term.within_s == 0:
        yield Problem("within_s", _NO_LENGTH)


def high_frequency_problems(term: HighFrequency, _: Beside) -> Problems:
    if term.within_s == 0:
        yield Problem("within_s", _NO_LENGTH)
    if term.openings_max >= OPENINGS_TRACKED_MAX:
        yield Problem("openings_max", f"no more than {OPENINGS_TRACKED_MAX} openings are remembered: fewer")
    if term.openings_max == 1 and term.boundary is Boundary.TOUCHES:
        yield Problem("openings_max", "the first opening touches it, and breaks it: 2, or boundary crosses")


def martingale_problems(term: Martingale, _: Beside) -> Problems:
    if term.factor_bp <= BP_WHOLE:
        yield Problem("factor_bp", "the same lots again, or fewer, would be a raise: it begins above 10000")


def one_sided_problems(term: OneSided, _: Beside) -> Problems:
    if term.trades_from == 1:
        yield Problem("trades_from", "one trade always goes one way")


def adverse_excursion_problems(term: AdverseExcursion, _: Beside) -> Problems:
    if term.of_profit and term.minimum_minor == 0:
        yield Problem("minimum_minor", "a day that begins without a profit would allow nothing: say how much it allows")


def automation_use_problems(term: AutomationUse, _: Beside) -> Problems:
    if term.experts_allowed and term.copiers_allowed:
        yield Problem("", "it forbids nothing: both are allowed")


def _twice(path: str, words: Sequence[str]) -> Problems:
    for place, word in enumerate(words):
        if word in words[:place]:
            yield Problem(f"{path}[{place}]", f"{word} is named already")
