"""Example of an account's life: how often it may begin anew, what it grows to, and how much one trader may be given."""

from collections.abc import Callable, Iterator
from datetime import date

from firm.arithmetic import PLAIN
from firm.instant import DAY_US, datetime_of, parse_utc
from firm.rules.judged import Judged
from firm.rules.lifecycle import (
    AccountHeld,
    Grown,
    deadline_after_reset,
    extended,
    grown_size_rounded_down,
    growth_step,
    judge_extension,
    judge_maximum_allocation,
    judge_merge,
    judge_reset,
    judge_retry,
    judge_scaling,
    live_balance,
    months_later,
)
from firm.rules.payout_eligibility import is_eligible
from firm.sentences.example_edge import BEGINS_US, MANY, Case, edge_told, nothing_broken, rising, told
from firm.terms.lifecycle import Extension, LiveStart, MaximumAllocation, Merge, Reset, Retry, Scaling
from firm.terms.words import BP_WHOLE
from firm.trading_day import TradingCalendar

_UTC = TradingCalendar("UTC", "00:00")


def reset(case: Case, term: Reset) -> Iterator[str]:
    """How many there may be, and the deadline after one on the last day of the window and on the day after it."""
    yield from _once_more(case, "resets", lambda used: judge_reset(PLAIN, case.rule, used, is_breached=False))
    for days in (term.window_days - 1, term.window_days):
        again = told(BEGINS_US + days * DAY_US)
        deadline = deadline_after_reset(PLAIN, case.rule, told(BEGINS_US), again, _UTC)
        what = case.say("example.what.deadline", start=_day(case, BEGINS_US), reset=_day(case, again.value))
        yield case.say("example.result", what=what, result=case.say.name(deadline.isoformat()))


def _day(case: Case, at_us: int) -> str:
    return case.say.name(datetime_of(at_us).date().isoformat())


def retry(case: Case, _: Retry) -> Iterator[str]:
    better, start = told(case.size + 1), told(case.size)
    yield from _once_more(case, "retries", lambda used: judge_retry(PLAIN, case.rule, used, better, start, 0))


def extension(case: Case, term: Extension) -> Iterator[str]:
    """How many there may be, and where one puts a deadline."""
    better, start = told(case.size + 1), told(case.size)
    yield from _once_more(case, "extensions", lambda used: judge_extension(PLAIN, case.rule, used, better, start))
    deadline = datetime_of(BEGINS_US).date()
    what = case.say("example.what.extended", deadline=_day(case, BEGINS_US))
    yield case.say("example.result", what=what, result=case.say.name(extended(term, deadline).isoformat()))


def _once_more(case: Case, name: str, judge: Callable[[int], tuple[Judged, ...]]) -> Iterator[str]:
    say = case.say
    edge = rising(lambda used: is_eligible(judge(used)), MANY)
    yield from edge_told(
        say, "once_more", say(f"example.what.{name}"), edge, lambda used: say("word.count", number=used)
    )


def scaling(case: Case, term: Scaling) -> Iterator[str]:
    """The first growth: the day before it, and the day, of an account that meets all else that is asked."""
    step, size = growth_step(term, 0), told(case.size)
    since = datetime_of(BEGINS_US).date()
    if step is None or case.size > term.size_max_minor:
        return
    needed = 0 if term.profit_min is None else -(-case.size * term.profit_min.bp // BP_WHOLE)
    grown = Grown(
        since=told(_midnight(since)), size=size, start=size, balance=told(case.size + 1), times=0, profit=told(needed),
        payouts=term.payouts_min,
    )  # fmt: skip
    due_us = _midnight(months_later(since, step.months))
    for now_us in (due_us - DAY_US, due_us):
        grows = is_eligible(judge_scaling(PLAIN, case.rule, grown, _UTC, now_us))
        now = grown_size_rounded_down(PLAIN, case.rule, size, size, 0) if grows else case.size
        what = case.say("example.what.grown", day=_day(case, now_us), since=_day(case, BEGINS_US))
        yield case.say("example.result", what=what, result=case.say.money(now))


def _midnight(day: date) -> int:
    return parse_utc(day.isoformat())


def merge(case: Case, term: Merge) -> Iterator[str]:
    def is_allowed(size: int) -> bool:
        return nothing_broken(judge_merge(PLAIN, case.rule, (_held(1, size // 2), _held(2, size - size // 2))))

    edge = rising(is_allowed, 2 * term.size_max_minor + 2)
    yield from edge_told(case.say, "allowed", case.say("example.what.merged"), edge, case.say.money)


def live_start(case: Case, _: LiveStart) -> Iterator[str]:
    """Of two accounts of one size that have won 4 % each."""
    balance, money = case.size + case.size // 25, case.say.money
    start = live_balance(PLAIN, case.rule, [_held(1, case.size, balance), _held(2, case.size, balance)])
    what = case.say("example.what.live", size=money(case.size), balance=money(balance))
    yield case.say("example.result", what=what, result=money(start))


def maximum_allocation(case: Case, term: MaximumAllocation) -> Iterator[str]:
    """How large one account may be, and how many there may be of a cent each."""

    def may_be(size: int) -> bool:
        return nothing_broken(judge_maximum_allocation(PLAIN, case.rule, (), _held(1, size)))

    def may_have(count: int) -> bool:
        accounts = [_held(number, 0) for number in range(count)]
        return not accounts or nothing_broken(judge_maximum_allocation(PLAIN, case.rule, accounts[:-1], accounts[-1]))

    say = case.say
    edge = rising(may_be, 2 * term.limit_minor + 2)
    yield from edge_told(say, "allowed", say("example.what.allocated"), edge, say.money)
    many = rising(may_have, min(2 * term.accounts_max + 2, MANY))
    what = say("example.what.across.accounts")
    yield from edge_told(say, "allowed", what, many, lambda count: say("word.count", number=count))


def _held(number: int, size: int, balance: int | None = None) -> AccountHeld:
    return AccountHeld(
        account=str(number), size=told(size), balance=told(size if balance is None else balance), lots_max_e8=None,
        is_funded=True,
    )  # fmt: skip
