"""Winning: whether an account has met every objective of its phase, and what is still to come.

What wins the phase is looked at last: so the working of a pass ends with the figure that decided. That is the target; where a phase has
none, the days and trades that it asks for.
"""

from collections.abc import Iterator
from typing import NamedTuple

from firm.account import AccountState
from firm.arithmetic import PLAIN, Arithmetic, Figure
from firm.needs import is_counted_as_it_comes
from firm.rules.amounts import Sums, rounded_up
from firm.rules.amounts import profit_target_of as profit_target_of
from firm.rules.consistency import cap_bp, is_limit, judge_consistency, weigh
from firm.rules.consistency_bounds import discarded, raised_target
from firm.rules.days import judge_trading_days
from firm.rules.judged import Judged, Unit, Verdict, met
from firm.rules.targets import TargetMarks, judge_profit_target, judge_score_target, target_balance
from firm.rules.trade_count import judge_minimum_trades
from firm.ruleset import AnyRuleset, FirstRuleset, Rule, kept_with
from firm.terms.objectives import (
    Consistency,
    ConsistencyEffect,
    FailsAt,
    MinimumTrades,
    ProfitTarget,
    ScoreTarget,
    TargetMeasure,
    TradingDays,
)
from firm.terms.words import Scope
from firm.track import DayResult


class Moment(NamedTuple):
    """When objectives are looked at, in microseconds, and the equity then; None where it is not priced, or no objective asks for it."""

    at_us: int
    equity: Figure | None = None


def objectives_met(calc: Arithmetic, account: AccountState, moment: Moment) -> Iterator[tuple[Rule, Judged]]:
    """Each objective of the phase with its answer, in the order of the ruleset, but what wins the phase last."""
    yield from shown_on_the_way(calc, account)
    for rule in won_by(account.ruleset):
        yield rule, _on_the_way(calc, account, rule) or judge_target(calc, account, rule, moment)


def shown_on_the_way(calc: Arithmetic, account: AccountState) -> Iterator[tuple[Rule, Judged]]:
    """What must be shown besides what wins, with its answer: no price and no clock changes it, only what is booked."""
    for rule in _shown_on_the_way(account.ruleset):
        answer = _on_the_way(calc, account, rule)
        if answer is not None:
            yield rule, answer


def is_barred(account: AccountState, at_us: int) -> bool:
    """Whether the phase cannot be won at an instant whatever its targets say."""
    return any(_is_in_the_way(account, *shown, at_us) for shown in shown_on_the_way(PLAIN, account))


def won(calc: Arithmetic, account: AccountState, moment: Moment) -> bool:
    """Whether the phase is won now. One that asks for no target, score, days or trades never is."""
    if not won_by(account.ruleset):
        return False
    return not any(_is_in_the_way(account, *found, moment.at_us) for found in objectives_met(calc, account, moment))


def won_by(ruleset: AnyRuleset) -> tuple[Rule, ...]:
    """What wins a phase, in the order of the ruleset: its targets; without one the days and trades that are counted since it began.

    What was sold in the first words is won by a target alone: nothing else was meant then.
    """
    return kept_with(ruleset, "won by", _won_by)


def told_by(ruleset: AnyRuleset) -> Rule:
    """The rule that a pass is told by: the target of money, else the first of what wins the phase."""
    wins = won_by(ruleset)
    return next((rule for rule in wins if isinstance(rule.terms, ProfitTarget)), wins[0])


def _won_by(ruleset: AnyRuleset) -> tuple[Rule, ...]:
    aims = tuple(rule for rule in ruleset.rules if isinstance(rule.terms, ProfitTarget | ScoreTarget))
    if aims or isinstance(ruleset, FirstRuleset):
        return aims
    return tuple(rule for rule in ruleset.rules if _is_counted(rule) and _per(rule) is Scope.PHASE)


def _shown_on_the_way(ruleset: AnyRuleset) -> tuple[Rule, ...]:
    return kept_with(ruleset, "shown on the way", _shown)


def _shown(ruleset: AnyRuleset) -> tuple[Rule, ...]:
    wins = won_by(ruleset)
    return tuple(rule for rule in ruleset.rules if _is_shown(rule) and rule not in wins)


def _is_shown(rule: Rule) -> bool:
    return _is_counted(rule) or (isinstance(rule.terms, Consistency) and not _is_looked_at_elsewhere(rule.terms))


def _is_looked_at_elsewhere(terms: Consistency) -> bool:
    """A share that ends the account with a closing, or in place of a pass. One of a day's end holds a pass up until that day has ended."""
    return is_limit(terms) and terms.fails_at is not FailsAt.ROLLOVER


def _is_counted(rule: Rule) -> bool:
    return isinstance(rule.terms, TradingDays | MinimumTrades)


def _per(rule: Rule) -> Scope:
    assert isinstance(rule.terms, TradingDays | MinimumTrades), f"{rule.id} counts nothing"
    return rule.terms.per


def is_nothing_in_the_way(answer: Judged) -> bool:
    """Whether an objective is met, or asks for nothing yet."""
    return answer.verdict in (Verdict.MET, Verdict.SILENT)


def _is_in_the_way(account: AccountState, rule: Rule, answer: Judged, at_us: int) -> bool:
    """Whether it holds a pass up. A limit that a person lets off does not: it is no objective."""
    return not (
        is_nothing_in_the_way(answer) or (is_limit(rule.terms) and _is_let_off(account, rule.id, answer, at_us))
    )


def _is_let_off(account: AccountState, rule: str, answer: Judged, at_us: int) -> bool:
    """Whether a person waived the rule for an instant, or let the account go on in spite of this breach of it."""
    about, track = (rule, answer.subject), account.track
    known = about in [(one.rule, one.subject) for one in track.broken]
    known = known or about in [(one.rule, one.subject) for one in track.let_off]
    return known or rule in account.waived or rule in account.overrides.waived_at(at_us)


def _on_the_way(calc: Arithmetic, account: AccountState, rule: Rule) -> Judged | None:
    """What must be shown besides a target; None for a term that is no such objective, or one of payouts alone."""
    match rule.terms:
        case TradingDays() if is_counted_as_it_comes(rule.terms):
            return _days_counted(calc, account, rule, rule.terms)
        case TradingDays() if rule.terms.per is Scope.PHASE:
            return judge_trading_days(
                calc, rule, days_of(account), 0, _profit_of_a_day(calc, account, rule, rule.terms)
            )
        case MinimumTrades() if rule.terms.per is Scope.PHASE:
            return judge_minimum_trades(calc, rule, account.track.trades, 0)
        case Consistency() if rule.terms.per is Scope.PHASE:
            weighed = weigh(calc, rule, days_of(account), account.track.trades, 0, profit_asked(calc, account))
            return _as_objective(judge_consistency(calc, rule, weighed, cap_bp(calc, rule, len(account.track.payouts))))
        case _:
            return None


def _as_objective(answer: Judged) -> Judged:
    """What would break a limit at the day's end is still to come: the day may give it back."""
    if answer.verdict not in (Verdict.KEPT, Verdict.BROKEN):
        return answer
    return met(answer.observed, answer.limit, answer.unit, answer.subject, is_met=not answer.is_broken)


def days_of(account: AccountState) -> tuple[DayResult, ...]:
    """The account's days as rules see them, with the running one."""
    track = account.track
    return track.days if track.today is None else (*track.days, track.today)


def _days_counted(calc: Arithmetic, account: AccountState, rule: Rule, terms: TradingDays) -> Judged:
    """Days on which something was opened have rows that count them."""
    need = calc.given("trading days needed", terms.days_min, "days", rule.cited("days_min"))
    if not account.days_traded_seq:
        return met(0, need, Unit.DAYS, is_met=False)
    have = calc.given("trading days", account.days_traded, "days", f"{account.days_traded_seq}/count")
    return met(have, need, Unit.DAYS, is_met=calc.is_at_or_above("enough trading days", have, need))


def _profit_of_a_day(calc: Arithmetic, account: AccountState, rule: Rule, terms: TradingDays) -> int | None:
    if terms.profit_min is None:
        return None
    names = ("profit that a day must make", "least profit of a day")
    return rounded_up(Sums(calc, account), rule, terms.profit_min, "profit_min", names)


# --- targets ---


def judge_target(calc: Arithmetic, account: AccountState, rule: Rule, moment: Moment) -> Judged:
    """A target of money, or of a score that is published."""
    if isinstance(rule.terms, ScoreTarget):
        return judge_score_target(calc, rule, score_of(account, rule.terms.board))
    assert isinstance(rule.terms, ProfitTarget), f"{rule.id} is no target"
    target = target_with_consistency(calc, account, rule, rule.terms)
    marks = _marks(account, rule.id, moment)
    if rule.terms.measured is TargetMeasure.EQUITY and moment.equity is None:
        return met(account.balance, target, Unit.MINOR, is_met=False)
    return judge_profit_target(calc, rule, target, marks, is_latched=rule.id in account.track.latched)


def target_with_consistency(calc: Arithmetic, account: AccountState, rule: Rule, terms: ProfitTarget) -> int:
    """The balance that wins: raised where one result was too large, and by the profit that does not count."""
    sums = Sums(calc, account)
    start = sums.start
    asked = rounded_up(sums, rule, terms.amount, "amount", ("profit target", "profit to make"))
    more = 0
    for other in account.ruleset.rules:
        if not isinstance(other.terms, Consistency) or other.terms.effect not in MOVES_THE_TARGET:
            continue
        weighed = weigh(calc, other, days_of(account), account.track.trades, 0, asked)
        cap = cap_bp(calc, other, len(account.track.payouts))
        if other.terms.effect is ConsistencyEffect.RAISE_TARGET:
            asked = raised_target(calc, other, weighed.best, cap, asked)
        else:
            more = discarded(calc, other, weighed, cap)
    if more:
        asked = calc.plus("profit to make with what is discarded", asked, more)
    excluded = account.track.excluded
    if excluded is not None:
        taken = calc.given("profit that does not count", excluded.value, "minor", excluded.source)
        asked = calc.plus("profit to make with what does not count", asked, taken)
    return target_balance(calc, start, asked)


MOVES_THE_TARGET = frozenset({ConsistencyEffect.RAISE_TARGET, ConsistencyEffect.DISCARD_EXCESS})


def profit_asked(calc: Arithmetic, account: AccountState) -> int | None:
    """The profit that the phase asks by its target; None without one."""
    found = profit_target_of(account)
    if found is None:
        return None
    rule, terms = found
    return rounded_up(Sums(calc, account), rule, terms.amount, "amount", ("profit target", "profit to make"))


def score_of(account: AccountState, board: str) -> Figure | None:
    """What was published of the account on a board; None before anything was."""
    return next((score for name, score in account.track.scores if name == board), None)


def score_targets(ruleset: AnyRuleset) -> tuple[tuple[Rule, ScoreTarget], ...]:
    """The targets that a published score meets."""
    return tuple((rule, rule.terms) for rule in ruleset.rules if isinstance(rule.terms, ScoreTarget))


def equity_targets(ruleset: AnyRuleset) -> tuple[Rule, ...]:
    """The targets that a price can reach, and leave again."""
    return kept_with(ruleset, "targets of equity", lambda rules: _targets(rules, latched=False))


def noted_targets(ruleset: AnyRuleset) -> tuple[Rule, ...]:
    """Targets of which it matters when they were reached: by equity, or once for all."""
    return kept_with(ruleset, "noted targets", lambda rules: _targets(rules, latched=True))


def _targets(ruleset: AnyRuleset, *, latched: bool) -> tuple[Rule, ...]:
    """Those of equity, and those that latch if they are asked for."""
    targets = [(rule, rule.terms) for rule in ruleset.rules if isinstance(rule.terms, ProfitTarget)]
    by_equity = TargetMeasure.EQUITY
    return tuple(rule for rule, terms in targets if terms.measured is by_equity or (latched and terms.latched))


def target_balance_of(account: AccountState, rule: Rule) -> int:
    """What a target asks for now, in minor units."""
    assert isinstance(rule.terms, ProfitTarget), f"{rule.id} is no target of money"
    return target_with_consistency(PLAIN, account, rule, rule.terms)


def target_of(account: AccountState) -> int | None:
    """The winning balance in minor units, or None for a phase without a target of money."""
    found = profit_target_of(account)
    return None if found is None else target_with_consistency(PLAIN, account, *found)


def _marks(account: AccountState, rule: str, moment: Moment) -> TargetMarks:
    balance, day = Figure(account.balance, account.balance_source), account.day
    reached = next((one for one in account.track.reached if one.rule == rule), None)
    return TargetMarks(
        balance=balance,
        closing_balance=None if day is None else Figure(day.balance, f"{day.seq}/balance/minor"),
        equity=moment.equity or balance,
        reached_since=None if reached is None else Figure(reached.at_us, f"{reached.seq}/at_us"),
        now=Figure(moment.at_us, ""),
        positions=len(account.positions),
    )
