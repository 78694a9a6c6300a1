"""Consistency limit: a share of the profit that ends the account where it is too large, looked at when its term says.

With each closing, or at a day's end, it is a share of the target: of all profit a first day is always the whole. At the target it is looked
at when all else that the phase asks for is met, so that nothing but this share stands between the account and a pass.
"""

from collections.abc import Sequence
from typing import NamedTuple, assert_never

from msgspec.structs import replace

from firm.account import AccountState
from firm.arithmetic import PLAIN, Arithmetic
from firm.bounds import DAYS_TRACKED_MAX, DEALS_KNOWN_MAX
from firm.facts import ConditionMet
from firm.rules.consistency import Weighed, cap_bp, consistency_terms, is_limit, judge_consistency, weigh
from firm.rules.judged import SILENT, Judged, Verdict
from firm.rules.winning import MOVES_THE_TARGET, Moment, days_of, objectives_met, profit_asked, won
from firm.ruleset import AnyRuleset, Rule, kept_with
from firm.terms.objectives import Consistency, DayBasis, Denominator, FailsAt, Numerator
from firm.terms.words import Frequency, Scope
from firm.track import DayResult, Trade


class _Counted(NamedTuple):
    days: Sequence[DayResult]
    trades: Sequence[Trade]


def frequency_of_share(terms: Consistency) -> Frequency:
    """On which events it is looked at; a request is that for a pass."""
    match terms.fails_at:
        case FailsAt.CLOSE:
            return Frequency.TRADE
        case FailsAt.ROLLOVER:
            return Frequency.ROLLOVER
        case FailsAt.TARGET | None:
            return Frequency.REQUEST
        case unknown:
            assert_never(unknown)


def judge_consistency_limit(calc: Arithmetic, rule: Rule, account: AccountState, moment: Moment) -> Judged:
    """Its answer at an instant; silent before all else is met, where it is looked at in place of a pass."""
    if consistency_terms(rule).fails_at is FailsAt.TARGET and not won(calc, account, moment):
        return SILENT
    return judge_share(calc, rule, account)


def judge_share(calc: Arithmetic, rule: Rule, account: AccountState) -> Judged:
    """The share as it is, whether or not it is looked at now."""
    weighed = weigh_share(calc, rule, account)
    return judge_consistency(calc, rule, weighed, cap_bp(calc, rule, len(account.track.payouts)))


def weigh_share(calc: Arithmetic, rule: Rule, account: AccountState) -> Weighed:
    """The best result and what it is a share of."""
    terms = consistency_terms(rule)
    counted = _counted(account, terms)
    asked = profit_asked(calc, account) if terms.of is Denominator.TARGET else None
    return weigh(calc, rule, counted.days, counted.trades, _since(account, terms.per), asked)


def is_history_cut(account: AccountState) -> bool:
    """Whether a share of the phase is weighed without days or trades that are not kept any more: a large one may be among them.

    Days and trades that are only counted lose nothing by it: what is kept of them is enough, or it is not.
    """
    track = account.track
    if not track.is_cut:
        return False
    shares = [rule.terms for rule in account.ruleset.rules if isinstance(rule.terms, Consistency)]
    are_days_cut = len(track.days) >= DAYS_TRACKED_MAX
    return any(are_days_cut or terms.best is not Numerator.BEST_DAY for terms in shares)


def broke_share(rule: Rule, account: AccountState, at_us: int) -> bool | None:
    """Whether a share that ended the account at `at_us` was too large, by all that is known now of what was closed by then.

    None: nobody can tell, for not all is kept, or what came late does not move what its days are worth.
    """
    terms = consistency_terms(rule)
    is_rollover = terms.fails_at is FailsAt.ROLLOVER  # then what is of the instant is of the next day
    until_us = at_us if is_rollover else at_us + 1
    since = [deal for deal in account.deals_known if deal.at_us >= until_us]
    in_days = () if is_rollover else since
    are_known = len(account.deals_known) < DEALS_KNOWN_MAX or is_rollover
    is_of_days = terms.best is Numerator.BEST_DAY or terms.of is Denominator.POSITIVE_DAYS
    if account.track.is_cut or not are_known or (is_of_days and terms.day_basis is not DayBasis.CLOSE):
        return None
    track, day_at = account.track, account.ruleset.calendar.day_at
    more = [(day_at(deal.at_us).label, deal.net) for deal in in_days]
    days = [
        replace(day, closed=day.closed - sum(net for label, net in more if label == day.label))
        for day in days_of(account)
    ]
    then = replace(
        account,
        balance=account.balance - sum(deal.net for deal in since),
        track=replace(
            track,
            days=tuple(day for day in days if day.start_us < until_us),
            today=None,
            trades=tuple(trade for trade in track.trades if trade.closed_us < until_us),
        ),
    )
    return judge_consistency_limit(PLAIN, rule, then, Moment(at_us)).is_broken


def shares_at_target(ruleset: AnyRuleset) -> tuple[Rule, ...]:
    """Those that are looked at in place of a pass."""
    return kept_with(ruleset, "shares at the target", _shares_at_target)


def pass_grounds(calc: Arithmetic, account: AccountState, moment: Moment) -> tuple[tuple[Rule, Judged], ...]:
    """All that a pass rests on, with what was found: shares that would have ended the account, then each objective."""
    shares = tuple((rule, judge_share(calc, rule, account)) for rule in shares_at_target(account.ruleset))
    return (*shares, *objectives_met(calc, account, moment))


def conditions_met(grounds: Sequence[tuple[Rule, Judged]]) -> tuple[tuple[Rule, Judged], ...]:
    """Of those what is met or kept: what is silent asked for nothing, what is broken a person has waived, and a share that raises the
    target or discards an excess is in the target.
    """
    is_met = frozenset({Verdict.MET, Verdict.KEPT})
    return tuple((rule, answer) for rule, answer in grounds if answer.verdict in is_met and not _is_in_target(rule))


def condition_of(rule: Rule, answer: Judged) -> ConditionMet:
    """The same as the row of a pass has it."""
    tag = str(rule.terms.__struct_config__.tag)
    return ConditionMet(rule=rule.id, rule_kind=tag, unit=answer.unit, observed=answer.observed, asked=answer.limit)


def _is_in_target(rule: Rule) -> bool:
    return isinstance(rule.terms, Consistency) and rule.terms.effect in MOVES_THE_TARGET


def _shares_at_target(ruleset: AnyRuleset) -> tuple[Rule, ...]:
    return tuple(rule for rule in ruleset.rules if is_limit(rule.terms) and _is_at_target(rule))


def _is_at_target(rule: Rule) -> bool:
    return consistency_terms(rule).fails_at is FailsAt.TARGET


def _counted(account: AccountState, terms: Consistency) -> _Counted:
    """Days and trades that are looked at: at a rollover those of days that have ended, whenever its marks are final."""
    track, day = account.track, account.day
    if terms.fails_at is not FailsAt.ROLLOVER:
        return _Counted(days_of(account), track.trades)
    began_us = 0 if day is None else day.day.start_us
    return _Counted(track.days, [trade for trade in track.trades if trade.closed_us < began_us])


def _since(account: AccountState, per: Scope) -> int:
    """When what counts began, in microseconds."""
    is_of_cycle = per is Scope.CYCLE and bool(account.track.payouts)
    return account.track.payouts[-1].at_us if is_of_cycle else 0
