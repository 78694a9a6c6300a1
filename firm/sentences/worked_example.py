"""Worked example: a small story in numbers for a rule, told by running its judge on an account that is made up.

Each example stands at the edge: the last figure with which a rule is kept, or a condition met, and the first with which it is not. So it
shows what touching and crossing mean to the cent, and cannot say anything else than what decides.
"""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from firm.account import AccountState, Peak
from firm.arithmetic import PLAIN, Figure
from firm.checks.objectives import BY_PROFIT
from firm.facts import DayOpened
from firm.inputs import Side
from firm.instant import SECOND_US
from firm.money import Money
from firm.rules.amounts import Sums, rounded_up
from firm.rules.consistency import Weighed, cap_bp, judge_consistency, weigh
from firm.rules.consistency_bounds import discarded, largest_day, total_required
from firm.rules.days import does_count
from firm.rules.judged import Verdict
from firm.rules.limits import breaks, limit_of
from firm.rules.targets import TargetMarks, judge_profit_target, target_balance
from firm.ruleset import AnyRuleset, Rule
from firm.sentences import example_conduct, example_exposure, example_lifecycle, example_objectives, example_payouts
from firm.sentences.catalog import catalog_of
from firm.sentences.example_edge import Case
from firm.sentences.figures import Figures
from firm.sentences.languages import Language
from firm.sentences.objectives import best_result
from firm.sentences.rule import tag_of, upper_first
from firm.sentences.speaker import Speaker
from firm.terms.losses import LossLimit, Trail
from firm.terms.objectives import Consistency, ConsistencyEffect, Denominator, ProfitTarget, TradingDays
from firm.terms.payouts import PayoutConditions
from firm.terms.words import BP_WHOLE, BySize, Scope, Share, ShareOf
from firm.track import DayResult, DayStart, Trade
from firm.track_fold import at_balance, at_day_opened, track_opened

_FAMILIES = (example_objectives, example_exposure, example_conduct, example_payouts, example_lifecycle)
_ROW = 1  # the ledger row from which a made-up account has its figures
_DAY_US = 86_400 * SECOND_US
_PERCENT = 100


def worked_example(
    ruleset: AnyRuleset, rule: Rule, size: Money, language: Language, figures: Figures, granted_days: int = 0
) -> str:
    """One for a rule of the ruleset, on an account of this size. Empty where it has no edge to show (docs/rulebook.md).

    `granted_days`: by which people extended the clocks of the phase.
    """
    if not all(_is_known(amount, rule, size) for amount in _amounts_of(rule.terms)):
        return ""
    say = Speaker(catalog_of(language), figures, {})
    account = _account(ruleset, size)
    match rule.terms:
        case LossLimit():
            told = _loss_limit(account, rule, rule.terms, say)
        case ProfitTarget():
            told = _profit_target(account, rule, say)
        case TradingDays():
            told = _trading_days(account, rule, rule.terms, say)
        case Consistency():
            told = _consistency(account, rule, rule.terms, say)
        case term:
            family = next((one for one in _FAMILIES if hasattr(one, tag_of(rule))), None)
            if family is None:  # a rule of bookings, not of figures
                return ""
            told = getattr(family, tag_of(rule))(Case(account, rule, say, granted_days), term)
    return " ".join(map(upper_first, told))


def _amounts_of(words: Any) -> Iterator[Share | BySize]:
    """Each share and each table in a term, at whatever depth."""
    match words:
        case Share() | BySize():
            yield words
        case msgspec.Struct():
            for name in words.__struct_fields__:
                yield from _amounts_of(getattr(words, name))
        case tuple():
            for one in words:
                yield from _amounts_of(one)


def _is_known(amount: Share | BySize, rule: Rule, size: Money) -> bool:
    """Whether there is anything to take it of: a table may have no line for this size, and a made-up account has its initial balance."""
    if isinstance(amount, BySize):
        return any(line.size_minor == size.minor for line in amount.table)
    match rule.terms:
        case LossLimit():
            return True
        case PayoutConditions(share_of=str()):
            return amount.of in (ShareOf.INITIAL, ShareOf.ANCHOR)
    return amount.of is ShareOf.INITIAL


def _account(ruleset: AnyRuleset, size: Money) -> AccountState:
    """One that has made 2 % when its day begins, floats 1 % more then, and another 1 % later."""
    day = ruleset.calendar.day_at(_DAY_US)
    balance, equity = (size.with_minor(size.minor + size.minor * gain // _PERCENT) for gain in (2, 3))
    peak = Peak(size.minor + size.minor * 4 // _PERCENT, balance.minor, day.start_us, (), _ROW)
    began = DayOpened(day=day, balance=balance, equity=equity, positions=(), quotes=(), provisional=False, priced=True)
    track = at_balance(track_opened(ruleset, size.minor, "", 0), balance.minor, _ROW, 0)
    return AccountState(
        account=1,
        trader=1,
        challenge=1,
        phase=0,
        phase_name="",
        funded=False,
        bridge="",
        initial=size,
        ruleset_id="",
        ruleset=ruleset,
        opened_seq=_ROW,
        opened_us=0,
        balance=balance.minor,
        day=DayStart(day, balance.minor, equity.minor, _ROW, final=True),
        peak=peak,
        track=at_day_opened(track, began, _ROW, None),
    )


# --- loss limits ---


def _loss_limit(account: AccountState, rule: Rule, term: LossLimit, say: Speaker) -> Iterator[str]:
    if term.scope is Scope.CYCLE:
        return
    assert account.day is not None
    assert account.peak is not None
    yield say("example.account", size=say.money(account.initial.minor))
    if term.scope is not Scope.PHASE or term.trail is not Trail.STATIC:
        marks = {"balance": say.money(account.day.balance), "equity": say.money(account.day.equity)}
        yield say("example.week_begins" if term.scope is Scope.WEEK else "example.day_begins", **marks)
    if term.trail is Trail.EVERY_TICK:
        yield say("example.peak", equity=say.money(account.peak.equity))
    floor = limit_of(account, rule).floor
    kept, broken = _edge(floor, lambda mark: not breaks(PLAIN, term, mark, floor))
    yield say("example.floor", floor=say.money(floor))
    measured = say(f"measured.{term.measured}")
    yield say("example.limit", measured=measured, kept=say.money(kept), broken=say.money(broken))


def _edge(near: int, is_good: Callable[[int], bool]) -> tuple[int, int]:
    """The least mark that is good, and the one below it that is not; both within one unit of `near`."""
    good = next(mark for mark in (near - 1, near, near + 1) if is_good(mark))
    assert not is_good(good - 1), f"{good - 1} is good and so is {good}: {near} is no edge"
    return good, good - 1


# --- targets and days ---


def _profit_target(account: AccountState, rule: Rule, say: Speaker) -> Iterator[str]:
    asked = _asked_rounded_up(account, rule)
    target = target_balance(PLAIN, account.initial.minor, asked)
    enough, less = _edge(target, lambda mark: _wins(rule, target, mark))
    yield say("example.account", size=say.money(account.initial.minor))
    yield say("example.target", enough=say.money(enough), less=say.money(less))


def _asked_rounded_up(account: AccountState, rule: Rule) -> int:
    term = rule.terms
    if isinstance(term, ProfitTarget):
        return rounded_up(Sums(PLAIN, account), rule, term.amount, "amount", ("target", "profit to make"))
    assert isinstance(term, TradingDays)
    assert term.profit_min is not None
    return rounded_up(Sums(PLAIN, account), rule, term.profit_min, "profit_min", ("day's profit", "profit of a day"))


def _wins(rule: Rule, target: int, mark: int) -> bool:
    assert isinstance(rule.terms, ProfitTarget)
    figure, began = Figure(mark, ""), Figure(0, "")
    later = Figure((rule.terms.held_s + 1) * SECOND_US, "")
    return (
        judge_profit_target(PLAIN, rule, target, TargetMarks(figure, figure, figure, began, later, 0)).verdict
        is Verdict.MET
    )


def _trading_days(account: AccountState, rule: Rule, term: TradingDays, say: Speaker) -> Iterator[str]:
    if term.counts not in BY_PROFIT:
        yield from example_objectives.counted_days(Case(account, rule, say), term)
        return
    asked = _asked_rounded_up(account, rule)
    enough, less = _edge(asked, lambda profit: does_count(PLAIN, rule, _day(1, profit), asked))
    yield say("example.account", size=say.money(account.initial.minor))
    yield say("example.day", enough=say.money(enough), less=say.money(less))


def _day(number: int, profit: int) -> DayResult:
    """A day that made this much, however it is counted."""
    return DayResult(
        label=str(number), start_us=number * _DAY_US, closed=profit, opened=profit, equity=profit, seq=_ROW
    )


# --- consistency ---


def _consistency(account: AccountState, rule: Rule, term: Consistency, say: Speaker) -> Iterator[str]:
    """The others made a tenth of the account together; the best one is as large as it may be, and then one unit larger."""
    cap = cap_bp(PLAIN, rule, 0)
    others = _others(account.initial.minor // 10, cap)
    largest = largest_day(PLAIN, rule, sum(others), cap)
    if largest is None:
        return
    assert _is_enough(rule, term, (largest, *others))
    assert not _is_enough(rule, term, (largest + 1, *others))
    known = "target" if term.of is Denominator.TARGET else term.best
    yield say(f"example.consistency.given.{known}", amount=say.money(sum(others)))
    yield say("example.consistency.largest", best=best_result(term, say), amount=say.money(largest))
    yield _too_large(rule, term, (largest + 1, *others), say)


def _others(profit: int, cap: int) -> tuple[int, ...]:
    """A profit in so many equal parts that none of them is the best result; at least one unit each."""
    count = 2 * BP_WHOLE // cap + 2
    each, rest = divmod(max(profit, count), count)
    return (each + 1,) * rest + (each,) * (count - rest)


def _is_enough(rule: Rule, term: Consistency, profits: tuple[int, ...]) -> bool:
    """Whether the judge finds the share small enough. It answers so for a rule that delays; what is too large is the same for all."""
    delaying = Rule(rule.place, replace(term, effect=ConsistencyEffect.DELAY), rule.paths)
    answer = judge_consistency(PLAIN, delaying, _weighed(delaying, profits), cap_bp(PLAIN, delaying, 0))
    return answer.verdict is Verdict.MET


def _weighed(rule: Rule, profits: tuple[int, ...]) -> Weighed:
    """Days with one trade each, the best of them first; the others' sum is the target, too."""
    days = [_day(number, profit) for number, profit in enumerate(profits)]
    trades = [_trade(number, profit) for number, profit in enumerate(profits)]
    return weigh(PLAIN, rule, days, trades, 0, sum(profits[1:]))


def _trade(number: int, profit: int) -> Trade:
    """A trade of its own day."""
    day = str(number)
    opened_us = number * _DAY_US
    return Trade(
        position_id=day,
        symbol="EURUSD",
        side=Side.BUY,
        lots_e8=1,
        price_open=1,
        price_close=1,
        opened_us=opened_us,
        closed_us=opened_us + SECOND_US,
        opened_day=day,
        closed_day=day,
        net=profit,
        had_stop=False,
        part=False,
        seq=_ROW,
    )


def _too_large(rule: Rule, term: Consistency, profits: tuple[int, ...], say: Speaker) -> str:
    cap, more = cap_bp(PLAIN, rule, 0), say.money(profits[0])
    required = say.money(total_required(PLAIN, rule, profits[0], cap))
    match term.effect:
        case ConsistencyEffect.DELAY if term.of is not Denominator.TARGET:
            return say("example.consistency.delay", more=more, required=required)
        case ConsistencyEffect.DELAY:  # no further profit makes its share of a target smaller
            return say("example.consistency.too_large", more=more)
        case ConsistencyEffect.DISCARD_EXCESS:
            excess = discarded(PLAIN, rule, _weighed(rule, profits), cap)
            return say("example.consistency.discard_excess", more=more, excess=say.money(excess))
        case ConsistencyEffect.RAISE_TARGET:
            return say("example.consistency.raise_target", more=more, required=required)
        case ConsistencyEffect.FAIL:
            return say("example.consistency.fail", more=more)
