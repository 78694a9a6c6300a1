"""Findings of an account: the breaches that are in question or declared, and what rows that come later make of them."""

from msgspec.structs import replace

from firm.account import AccountState, Finding, Grounds, Moved, Peak, with_deal
from firm.account_marks import at_its_last_peak
from firm.facts import (
    BreachDeclared,
    BreachSuspected,
    BreachWaived,
    DealBooked,
    DividendBooked,
    PeakDoubted,
    RuleBroken,
    RuleKeptAgain,
    RuleSuspected,
    VerdictCorrected,
)
from firm.needs import follows_prices
from firm.price import Quote
from firm.terms.losses import Checked, LossLimit, Measured
from firm.terms.words import Action
from firm.track import Broken
from firm.track_conduct import at_breach_waived, with_excluding, without_let_off
from firm.track_fold import with_strike


def finding_of(state: AccountState, fact: BreachDeclared | BreachSuspected, seq: int) -> Finding:
    day_us = state.day.day.start_us if state.day is not None else 0
    doubts = fact.doubts if isinstance(fact, BreachSuspected) else ()
    suspected = _suspected(state, fact)
    counted = sum(moved.minor for moved in suspected.moved if moved.is_late) if suspected is not None else 0
    grounds = _grounds(state, fact)
    figures = fact.floor.minor, fact.observed.minor, fact.at_us, day_us
    return Finding(fact.rule, seq, *figures, doubts, grounds=grounds, counted=counted)


def after_breach(state: AccountState, fact: BreachDeclared, seq: int) -> AccountState:
    """A hard one is the last word on the account. A soft one counts as a strike, and is looked at no more that day; one that has what
    is open closed is looked at again once something is open anew.
    """
    finding = finding_of(state, fact, seq)
    if fact.severity == "hard":
        ended = state if fact.reviewed else at_its_last_peak(state)
        return replace(ended, findings=(finding,), exhibits=())
    day = state.day.day.label if state.day is not None else ""
    if fact.does is Action.CLOSE_POSITIONS:
        finding = replace(finding, closed=not state.positions)
    findings = (*other_findings(state, fact.rule), finding)
    return replace(
        state, findings=findings, exhibits=(), track=with_strike(state.track, fact.rule, fact.at_us, day, seq)
    )


def with_closed(state: AccountState) -> AccountState:
    """Nothing is open any more: what had it closed has done so."""
    if state.positions or not any(one.closed is False for one in state.findings):
        return state
    findings = tuple(replace(one, closed=True) if one.closed is False else one for one in state.findings)
    return replace(state, findings=findings)


def after_rule(
    state: AccountState, fact: RuleBroken | RuleSuspected | RuleKeptAgain | BreachWaived, seq: int
) -> AccountState:
    """A rule that is no loss limit was broken, looks broken, is kept again, or was broken while it was waived."""
    if isinstance(fact, BreachWaived):
        return replace(state, track=at_breach_waived(state.track, fact), exhibits=())
    track = without_let_off(state.track, fact.rule, fact.subject)
    others = tuple(one for one in track.broken if (one.rule, one.subject) != (fact.rule, fact.subject))
    if isinstance(fact, RuleKeptAgain):
        return replace(state, track=replace(track, broken=others))
    does = fact.does if isinstance(fact, RuleBroken) else None
    track = replace(track, broken=(*others, Broken(fact.rule, fact.subject, does)))
    day = state.day.day if state.day is not None else None
    doubts = fact.doubts if isinstance(fact, RuleSuspected) else ()
    finding = Finding(
        fact.rule,
        seq,
        fact.limit,
        fact.observed,
        fact.at_us,
        day.start_us if day else 0,
        doubts,
        unit=fact.unit,
        subject=fact.subject,
        calendar=fact.calendar,
        accounts=fact.accounts,
    )
    if isinstance(fact, RuleSuspected):
        return replace(state, track=track, findings=(*other_findings(state, fact.rule), finding), exhibits=())
    if fact.does is Action.FAIL:
        return replace(at_its_last_peak(state), track=track, findings=(finding,), exhibits=())
    track = with_excluding(state, track, fact)
    struck = with_strike(track, fact.rule, fact.at_us, day.label if day else "", seq)
    return replace(state, track=struck, exhibits=())


def _suspected(state: AccountState, fact: BreachDeclared | BreachSuspected) -> Finding | None:
    """What was suspected, where that is declared now."""
    if fact.quotes:
        return None
    return next((one for one in state.findings if one.rule == fact.rule and one.at_us == fact.at_us), None)


def _grounds(state: AccountState, fact: BreachDeclared | BreachSuspected) -> Grounds | None:
    if fact.severity != "hard" or not _is_equity_at_a_price(state, fact.rule):
        return None  # a soft breach is over before anybody could answer
    if not fact.quotes:  # what was only suspected is declared: at the prices that it was suspected at
        suspected = _suspected(state, fact)
        return suspected.grounds if suspected is not None else None
    known = dict(state.exhibits)
    quotes = tuple(known[seq] for seq in fact.quotes if seq in known)
    then = state.as_of(fact.at_us) if fact.late else state
    if len(quotes) < len(fact.quotes) or then is None:
        return None
    high = state.written_peak if _follows_every_tick(state, fact.rule) else None
    return Grounds(then.balance, then.balance_source, then.positions, quotes, high=high)


def _is_equity_at_a_price(state: AccountState, rule: str) -> bool:
    """Whether prices that come late can tell anything about what was measured."""
    terms = _limit(state, rule)
    return terms is not None and terms.measured is Measured.EQUITY and terms.checked is Checked.EVERY_TICK


def _follows_every_tick(state: AccountState, rule: str) -> bool:
    terms = _limit(state, rule)
    return terms is not None and follows_prices(terms)


def _limit(state: AccountState, rule: str) -> LossLimit | None:
    terms = next((one.terms for one in state.ruleset.rules if one.id == rule), None)
    return terms if isinstance(terms, LossLimit) else None


def after_doubt(state: AccountState, fact: PeakDoubted) -> AccountState:
    """Nothing that rests on the peak can be measured again. A fold has seen the whole frame before this row: there may be a higher
    one since, which is in no doubt.
    """

    def is_it(peak: Peak | None) -> bool:
        return peak is not None and (peak.at_us, peak.equity) == (fact.at_us, fact.equity.minor)

    findings = tuple(
        replace(one, grounds=None) if one.grounds is not None and is_it(one.grounds.high) else one
        for one in state.findings
    )
    peak, written = (
        replace(one, in_doubt=True) if one is not None and is_it(one) else one
        for one in (state.peak, state.written_peak)
    )
    doubted = state.peaks_doubted + 1
    return replace(state, findings=findings, peak=peak, written_peak=written, peaks_doubted=doubted, exhibits=())


def other_findings(state: AccountState, rule: str) -> tuple[Finding, ...]:
    return tuple(finding for finding in state.findings if finding.rule != rule)


def after_correction(state: AccountState, fact: VerdictCorrected) -> AccountState:
    settled = state.finding_of(fact.decision)
    if settled is not None and fact.verdict in ("questioned", "withdrawn"):
        asked = replace(settled, questioned=fact.verdict == "questioned")
        return replace(state, findings=tuple(asked if one is settled else one for one in state.findings), exhibits=())
    findings = tuple(finding for finding in state.findings if finding is not settled)
    waived = state.waived
    if settled is not None and fact.verdict == "dismissed":
        waived = (*waived, settled.rule)
    held = 0 if state.pass_held_seq == fact.decision else state.pass_held_seq
    return replace(state, findings=findings, waived=waived, pass_held_seq=held)


def with_moved(findings: tuple[Finding, ...], moved: Moved, made_us: int = 0) -> tuple[Finding, ...]:
    """What was made at `made_us` or after the breach was not in the equity that was seen, and does not belong there."""
    return tuple(
        replace(finding, moved=(*finding.moved, moved)) if made_us < finding.at_us else finding for finding in findings
    )


def with_late_deal(finding: Finding, fact: DealBooked, seq: int, happened_us: int) -> Finding:
    """A deal of before the breach, come after it: another book was held when it was seen."""
    grounds = finding.grounds
    if grounds is None or happened_us >= finding.at_us:
        return finding
    balance, positions = grounds.deals or (grounds.balance, grounds.positions)
    deals = balance + fact.net.minor, with_deal(positions, fact, seq)
    return replace(finding, grounds=replace(grounds, deals=deals))


def with_late_dividend(finding: Finding, fact: DividendBooked, happened_us: int) -> Finding:
    """A dividend of before the breach, come after it: more or less was on the account when it was seen."""
    grounds = finding.grounds
    if grounds is None or happened_us >= finding.at_us:
        return finding
    balance, positions = grounds.deals or (grounds.balance, grounds.positions)
    return replace(finding, grounds=replace(grounds, deals=(balance + fact.amount.minor, positions)))


def with_late_price(finding: Finding, quote: Quote) -> Finding:
    grounds = finding.grounds
    if grounds is None or not grounds.is_moved_by(quote, finding.at_us):
        return finding
    return replace(finding, grounds=grounds.with_price(quote))
