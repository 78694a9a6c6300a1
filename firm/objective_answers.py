"""Objective answers: the rules that no price moves, or that cost more to look at, as rows of an account's objectives table.

Days by their profit, trades, consistency, exposure, ideas and conduct are judged by their own functions. What is looked at with a deed, or
when somebody asks for a payout or a reset, has a row as well: a trader sees every rule that was sold.
"""

from firm.account import AccountState
from firm.arithmetic import PLAIN
from firm.objective import Objective, Progress
from firm.objective_rows import AT_RISK_BP, in_question, told_of
from firm.plain_figures import PlainFigures
from firm.rules.across_accounts import AccountOfTrader, Identity, judge_across_accounts
from firm.rules.amounts import Sums, rounded_up
from firm.rules.consequences import strikes_of
from firm.rules.consistency import Weighed, cap_bp, is_limit, judge_consistency, weigh
from firm.rules.consistency_bounds import discarded, total_required
from firm.rules.consistency_limit import judge_share, weigh_share
from firm.rules.days import judge_trading_days
from firm.rules.judged import SILENT, Judged, Verdict, met
from firm.rules.lifecycle import AccountHeld, judge_maximum_allocation
from firm.rules.looks import Glance, is_look, look, since
from firm.rules.margin import Unknown, why_unknown
from firm.rules.trade_count import judge_minimum_trades
from firm.rules.winning import days_of, profit_asked
from firm.ruleset import Rule
from firm.sentences.languages import Language
from firm.sentences.live import live_sentence
from firm.terms.exposure import AcrossAccounts, ExposureLimit, Quantity
from firm.terms.lifecycle import MaximumAllocation
from firm.terms.objectives import Consistency, ConsistencyEffect, Denominator, FailsAt, MinimumTrades, TradingDays
from firm.terms.words import BP_WHOLE, Frequency

SUBJECTS_TOLD_MAX = 12
_NO_MARGIN = {
    Unknown.LEVERAGE: "The platform has not told this account’s leverage yet, so the margin in use is not judged.",
    Unknown.CONTRACT: "A contract or a conversion of what is held is not known, so the margin in use is not judged.",
    Unknown.RATE: "An exchange rate that the margin in use rests on is too old, so it is not judged until a newer one comes.",
    Unknown.DRIFT: "The platform reports another margin in use than we work out, so it is not judged until both agree.",
}
_PROGRESS = {
    Verdict.KEPT: Progress.WITHIN,
    Verdict.BROKEN: Progress.BROKEN,
    Verdict.PENDING: Progress.PENDING,
    Verdict.MET: Progress.MET,
    Verdict.SILENT: Progress.SILENT,
}


def answer_of(rule: Rule, seen: Glance, identity: Identity | None = None) -> Objective:
    """The row of one rule: what it requires, and what it finds of the account now; of one across accounts, of all of its `identity`."""
    account, told = seen.account, told_of(seen.account, rule)
    together = identity if isinstance(rule.terms, AcrossAccounts | MaximumAllocation) else None
    answers = _answers(rule, seen) if together is None else answers_together(rule, together)
    # What is silent about one subject says nothing beside what is said about another.
    speaking = [answer for answer in answers if answer.verdict is not Verdict.SILENT]
    nearest = max(speaking, key=_weight, default=None)
    used_bp = _used_bp(nearest) if nearest is not None else 0
    return Objective(
        rule=rule.id,
        kind=str(rule.terms.__struct_config__.tag),
        title=told.title,
        progress=_progress(account, rule, nearest, used_bp, is_looked_at=bool(answers)),
        sentence=told.text,
        how=" ".join(
            [*_found(account, rule, speaking), *_counted(together), *_worked(seen, rule), *_strikes(account, rule)]
        ),
        used_bp=used_bp,
        judged=nearest,
        in_question=rule.id in in_question(account),
    )


def _answers(rule: Rule, seen: Glance) -> tuple[Judged, ...]:
    account, track = seen.account, seen.account.track
    match rule.terms:
        case TradingDays():
            profit = None
            if rule.terms.profit_min is not None:
                names = ("profit that a day must make", "least profit of a day")
                profit = rounded_up(Sums(PLAIN, account), rule, rule.terms.profit_min, "profit_min", names)
            return (judge_trading_days(PLAIN, rule, days_of(account), since(account, rule.terms.per), profit),)
        case MinimumTrades():
            return (judge_minimum_trades(PLAIN, rule, track.trades, since(account, rule.terms.per)),)
        case Consistency() if is_limit(rule.terms):
            return (_share_as_told(rule.terms, judge_share(PLAIN, rule, account)),)
        case Consistency():
            weighed = _weighed(account, rule, rule.terms)
            return (judge_consistency(PLAIN, rule, weighed, cap_bp(PLAIN, rule, len(track.payouts))),)
        case _ if is_look(rule.terms):
            return look(PLAIN, rule, seen) or (SILENT,)
        case _:
            return ()


def _share_as_told(terms: Consistency, share: Judged) -> Judged:
    """One that is looked at in place of a pass breaks nothing before: more profit may make it small enough."""
    if share.is_broken and terms.fails_at is FailsAt.TARGET:
        return met(share.observed, share.limit, share.unit, share.subject, is_met=False)
    return share


def answers_together(rule: Rule, identity: Identity) -> tuple[Judged, ...]:
    """How all accounts of the trader stand against a rule across them. Sizes are counted in the currency of the account."""
    terms = rule.terms
    own = next((one for one in identity.accounts if one.account == identity.account), None)
    if own is None:
        return (SILENT,)  # it is over, and counts no more
    if isinstance(terms, AcrossAccounts):
        found = judge_across_accounts(PLAIN, rule, identity.program, identity.accounts, currency=own.currency)
        return found or (SILENT,)
    others = [_given(one) for one in identity.accounts if one is not own]
    return judge_maximum_allocation(PLAIN, rule, others, _given(own))


def _given(one: AccountOfTrader) -> AccountHeld:
    return AccountHeld(
        account=one.account,
        size=one.initial,
        balance=one.initial,
        lots_max_e8=None,
        is_funded=one.funded,
        currency=one.currency,
    )


def _counted(identity: Identity | None) -> list[str]:
    """Whose accounts these are, where there is more than the one that is looked at."""
    if identity is None or len(identity.accounts) < 2:
        return []
    return [f"Your accounts are looked at together: {', '.join(one.account for one in identity.accounts)}."]


def _weight(answer: Judged) -> tuple[bool, int]:
    """Broken before kept, then whatever is nearest to its limit."""
    return answer.is_broken, _used_bp(answer)


def _used_bp(answer: Judged) -> int:
    """Of what is broken all: a position without a stop has no risk that could be measured."""
    if answer.is_broken:
        return BP_WHOLE
    return max(0, min(BP_WHOLE, answer.observed * BP_WHOLE // max(1, answer.limit)))


def _progress(
    account: AccountState, rule: Rule, nearest: Judged | None, used_bp: int, *, is_looked_at: bool
) -> Progress:
    broken = {one.rule for one in account.track.broken} | {finding.rule for finding in account.findings}
    if rule.id in broken:
        return Progress.BROKEN
    if nearest is not None:
        progress = _PROGRESS[nearest.verdict]
        return Progress.AT_RISK if progress is Progress.WITHIN and used_bp >= AT_RISK_BP else progress
    if is_looked_at:
        return Progress.SILENT
    return Progress.ASKED if rule.terms.frequency is Frequency.REQUEST else Progress.WITHIN


# --- in words ---


def _found(account: AccountState, rule: Rule, answers: list[Judged]) -> list[str]:
    """What was found of each subject, the nearest to its limit first."""
    figures = PlainFigures(account.initial.currency, account.initial.exponent)
    told = sorted(answers, key=_weight, reverse=True)
    asked = rule.id in in_question(account)
    said = [live_sentence(rule, one, Language.ENGLISH, figures, questioned=asked) for one in told[:SUBJECTS_TOLD_MAX]]
    more = len(told) - len(said)
    return [*said, f"And {more} more."] if more else said


def _worked(seen: Glance, rule: Rule) -> list[str]:
    """What a consistency rule asks of the profit, or takes from it; why a limit of margin says nothing."""
    account = seen.account
    if isinstance(rule.terms, ExposureLimit) and rule.terms.quantity is Quantity.MARGIN:
        unknown = why_unknown(account, seen.board, seen.now.value, seen.rate_age_max_us)
        return [] if unknown is None else [_NO_MARGIN[unknown]]
    if not isinstance(rule.terms, Consistency):
        return []
    weighed, cap = _weighed(account, rule, rule.terms), cap_bp(PLAIN, rule, len(account.track.payouts))
    if weighed.whole <= 0:
        return ["There is no profit yet of which a result could be a share."]
    best, whole = account.money(weighed.best), account.money(weighed.whole)
    said = [f"The best result is {best} of {whole}."]
    if rule.terms.effect is ConsistencyEffect.DISCARD_EXCESS:
        excess = account.money(discarded(PLAIN, rule, weighed, cap))
        return [*said, f"{excess} of it does not count."]
    if rule.terms.of is Denominator.TARGET:
        return said
    required = account.money(total_required(PLAIN, rule, weighed.best, cap))
    return [*said, f"It is a small enough share of {required}."]


def _weighed(account: AccountState, rule: Rule, terms: Consistency) -> Weighed:
    if is_limit(terms):
        return weigh_share(PLAIN, rule, account)
    since_us = since(account, terms.per)
    return weigh(PLAIN, rule, days_of(account), account.track.trades, since_us, profit_asked(PLAIN, account))


def _strikes(account: AccountState, rule: Rule) -> list[str]:
    within = getattr(rule.terms, "strikes_within", None)
    count = strikes_of(account, rule.id, within) if within is not None else 0
    return [f"Broken {'once' if count == 1 else f'{count} times'} so far."] if count else []
