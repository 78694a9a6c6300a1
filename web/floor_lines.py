"""Floor lines: where each floor lay at each instant of a chart, so that today's floor is never drawn over yesterday.

The account is walked through its days and marks once more, and the rules that judge are asked for its floors at each.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from firm import track_fold
from firm.account import AccountState, Peak
from firm.account_fold import opened
from firm.arithmetic import Figure
from firm.facts import AccountOpened, DayOpened
from firm.money import Money
from firm.needs import needs_of
from firm.rules.limits import Limit, limits_of
from firm.ruleset import AnyRuleset
from firm.terms.words import Scope
from firm.track import DayStart
from firm.trading_day import TradingDay
from storage.readmodels.days import Day
from storage.readmodels.marks import Mark
from web.charts import Line
from web.shell.speech import ENGLISH, Speech


def floor_lines(
    ruleset: AnyRuleset,
    initial: Money,
    days: Sequence[Day],
    marks: Sequence[Mark],
    high_before: int,
    speech: Speech = ENGLISH,
) -> dict[str, Line]:
    """A stepped line for each loss limit, by rule. `days`: oldest first; `high_before`: the highest equity before the marks."""
    account, cash = account_at_start(ruleset, initial), 0
    if high_before > initial.minor:
        account = replace(account, peak=Peak(high_before, high_before, 0, (), 0))
    steps: dict[str, list[tuple[int, int]]] = {}
    limits: tuple[Limit, ...] = ()
    events: list[Day | Mark] = [*days, *marks]
    for event in sorted(events, key=_at_us):
        if isinstance(event, Day):
            account, cash = _after_day(account, event, cash), event.cash
        else:
            account = _after_mark(account, event)
        limits = limits_of(account)
        for limit in limits:
            level = limit.floor if isinstance(event, Day) else _told_by(event, limit, limits)
            before = steps.setdefault(limit.rule.id, [])
            if before and limit.follows_every_tick and limit.terms.scope is Scope.PHASE:
                level = max(level, before[-1][1])
            _step(before, _at_us(event), level)
    return {
        limit.rule.id: Line(*_name(limit, speech), tuple(steps[limit.rule.id]))
        for limit in limits
        if steps[limit.rule.id]
    }


def follows_every_tick(ruleset: AnyRuleset) -> bool:
    """Whether some floor depends on highs before the chart begins."""
    return needs_of(ruleset).follows_prices


def account_at_start(ruleset: AnyRuleset, initial: Money) -> AccountState:
    """An account under these rules with nothing but its initial balance."""
    fact = AccountOpened(
        trader=0, challenge=0, phase=0, phase_name="", funded=False, bridge="", initial=initial, ruleset_id=ruleset.ruleset_id(),
        ruleset=ruleset,
    )  # fmt: skip
    return opened(fact, 0, 0, 0)


def start_of(day: Day) -> DayStart:
    """A day's first marks, as the rules ask for them."""
    bounds = TradingDay(day.label, day.start_us, day.end_us)
    return DayStart(bounds, day.balance_start, day.equity_start, seq=0, final=day.final)


def _after_day(account: AccountState, day: Day, cash: int) -> AccountState:
    """What was paid in or out on the day before has moved the highs by now, and what floors are measured from."""
    initial, start = account.initial, start_of(day)
    highs = tuple(replace(high, minor=high.minor + cash) for high in account.track.highs)
    peak = account.peak
    begins = peak is not None and needs_of(account.ruleset).peak_of_day
    ended = Figure(peak.equity, "") if begins and peak is not None else None
    fact = DayOpened(
        day=start.day, balance=initial.with_minor(start.balance), equity=initial.with_minor(start.equity), positions=(), quotes=(),
        provisional=False, priced=True,
    )  # fmt: skip
    track = track_fold.at_day_opened(replace(account.track, highs=highs), fact, 0, ended)
    first = Peak(start.equity, start.balance, start.day.start_us, (), 0)
    return replace(
        account,
        day=start,
        track=track,
        peak=first if begins or peak is None else replace(peak, equity=peak.equity + cash),
        cash_net=account.cash_net + cash,
        cash_seq=1,
    )


def _after_mark(account: AccountState, mark: Mark) -> AccountState:
    track = track_fold.at_balance(account.track, mark.balance, 0, mark.at_us)
    peak = account.peak
    if peak is None or mark.equity > peak.equity:
        peak = Peak(mark.equity, mark.balance, mark.at_us, (), 0)
    return replace(account, balance=mark.balance, track=track, peak=peak)


def _told_by(mark: Mark, limit: Limit, limits: Sequence[Limit]) -> int:
    """Marks are a minute apart: where a floor that follows every high was the nearest, the headroom says it exactly."""
    nearest = None if mark.headroom is None else mark.equity - mark.headroom
    others = (other.floor for other in limits if other is not limit)
    if nearest is None or not limit.follows_every_tick or any(nearest <= other for other in others):
        return limit.floor
    return max(limit.floor, nearest)


def _step(steps: list[tuple[int, int]], at_us: int, level: int) -> None:
    if not steps or steps[-1][1] != level:
        steps.append((at_us, level))


def _name(limit: Limit, speech: Speech) -> tuple[str, str]:
    if limit.terms.scope is Scope.DAY:
        return speech("chart.floor_day"), "daily"
    return speech("chart.floor_phase"), "floor"


def _at_us(event: Day | Mark) -> int:
    return event.start_us if isinstance(event, Day) else event.at_us
