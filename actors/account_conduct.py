"""The account and its rules that are no loss limits: exposure, ideas, holding, ways of trading. What breaks one, and what follows.

Each breach names its subject once: a position, a symbol, an idea, "" for the account. Until that is kept again it is no new breach.
"""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from actors.account_consequences import carry_out
from actors.account_seat import AccountSeat
from actors.desk import Turn
from actors.messages import AskFailure
from actors.names import RISK
from firm.arithmetic import PLAIN, Figure, Step, Working
from firm.equity import equity_of
from firm.facts import Doubt, RuleBroken, RuleKeptAgain, RuleSuspected
from firm.phase import ENDED, FREE, JUDGED, Standing
from firm.rules.consequences import Striking, consequence_of, gravity
from firm.rules.judged import Judged
from firm.rules.looks import LOOKS, Glance, glance, look, rules_looked_at
from firm.ruleset import Rule, Ruleset
from firm.terms.words import Action, Consequence, Frequency


class Breach(NamedTuple):
    """A rule that a subject breaks anew, and what that does."""

    rule: Rule
    answer: Judged
    does: Consequence

    @property
    def hard(self) -> bool:
        return self.does in (Action.FAIL, Action.REVIEW)


def look_at(seat: AccountSeat, frequencies: tuple[Frequency, ...], equity: int, at_us: int, turn: Turn) -> list[Breach]:
    """What is broken anew, the gravest first, then by the ruleset. What is kept again is written down."""
    state = seat.held
    rules = [rule for frequency in frequencies for rule in rules_looked_at(state.ruleset, frequency)]
    if not rules or state.standing not in JUDGED:
        return []
    seen = glance(state, seat.board(turn), Figure(equity, ""), at_us)
    found: list[Breach] = []
    for rule in rules:
        found += _anew(seat, rule, seen, turn)
    return sorted(found, key=lambda breach: (-gravity(breach.does), breach.rule.place))


def _anew(seat: AccountSeat, rule: Rule, seen: Glance, turn: Turn) -> Iterator[Breach]:
    state = seat.held
    answers = {answer.subject: answer for answer in look(PLAIN, rule, seen) if answer.is_broken}
    known = {one.subject for one in state.track.broken if one.rule == rule.id}
    for subject in sorted(known - _still_there(rule, seen, answers)):
        seat.record(RuleKeptAgain(rule=rule.id, subject=subject), turn)
    asked = {finding.rule for finding in state.findings if finding.doubts} | set(state.waived)
    if rule.id not in asked:
        terms = striking(rule)
        for subject in sorted(answers.keys() - known):
            yield Breach(rule, answers[subject], consequence_of(state, rule.id, terms))


def _still_there(rule: Rule, seen: Glance, broken: Mapping[str, Judged]) -> AbstractSet[str]:
    """Subjects that break the rule yet. What a price broke no other price mends: it lasts until the subject is gone, or the day."""
    if rule.terms.frequency is not Frequency.TICK:
        return broken.keys()
    return {answer.subject for answer in look(PLAIN, rule, seen)}


def striking(rule: Rule) -> Striking:
    """A term that may be broken more than once."""
    assert hasattr(rule.terms, "on_breach"), f"{rule.id} cannot be broken"
    assert hasattr(rule.terms, "strikes_within"), f"{rule.id} counts no strikes"
    return rule.terms


def act_on(seat: AccountSeat, breach: Breach, at_us: int, turn: Turn) -> None:
    """Do what the rule says. A failure asks the risk desk, and a doubted one a person, as those of loss limits do."""
    state = seat.held
    if breach.hard:
        doubts = _doubts(seat, breach)
        if doubts:
            _suspect(seat, breach.rule, breach.answer, doubts, at_us, turn)
        else:
            turn.send(RISK, AskFailure(account=seat.account, rule=breach.rule.id, at_us=at_us, settled=False))
        return
    decision = _record(seat, breach.rule, breach.answer, breach.does, at_us, turn)
    if state.standing in FREE or breach.does in (Action.WARN, Action.EXCLUDE_PROFIT):
        carry_out(seat, breach.rule.id, breach.does, decision, turn)


def _doubts(seat: AccountSeat, breach: Breach) -> tuple[Doubt, ...]:
    state = seat.held
    doubts = {Doubt.DRIFT} if state.drifting else set()
    reviewed = isinstance(state.ruleset, Ruleset) and state.ruleset.failures_reviewed
    if breach.does is Action.REVIEW or reviewed:
        doubts.add(Doubt.REVIEW_REQUIRED)
    if state.track.is_cut:
        doubts.add(Doubt.LATE_DATA)
    return tuple(doubt for doubt in Doubt if doubt in doubts)


def fail(seat: AccountSeat, rule: Rule, at_us: int, turn: Turn) -> None:
    """The risk desk let it through."""
    answer = _still_broken(seat, rule, at_us, turn)
    if answer is not None and seat.held.standing not in ENDED:
        declare(seat, rule, answer, at_us, turn, reviewed=False)


def hold(seat: AccountSeat, rule: Rule, doubt: Doubt, at_us: int, turn: Turn) -> None:
    """The risk desk wants a person to look."""
    answer = _still_broken(seat, rule, at_us, turn)
    if answer is not None and seat.held.standing not in ENDED:
        _suspect(seat, rule, answer, (doubt,), at_us, turn)


def declare(seat: AccountSeat, rule: Rule, answer: Judged, at_us: int, turn: Turn, *, reviewed: bool) -> None:
    """The rule ends the account."""
    decision = _record(seat, rule, answer, Action.FAIL, at_us, turn, reviewed=reviewed)
    seat.enforce("flatten", decision, turn)
    seat.stand(Standing.BREACHED, rule.id, turn)


def rule_named(seat: AccountSeat, name: str) -> Rule | None:
    """A rule of this table by its id."""
    return next((rule for rule in seat.held.ruleset.rules if rule.id == name and type(rule.terms) in LOOKS), None)


def _still_broken(seat: AccountSeat, rule: Rule, at_us: int, turn: Turn) -> Judged | None:
    known = {one.subject for one in seat.held.track.broken if one.rule == rule.id}
    answers = look(PLAIN, rule, _seen(seat, at_us, turn))
    return next((answer for answer in answers if answer.is_broken and answer.subject not in known), None)


def _seen(seat: AccountSeat, at_us: int, turn: Turn) -> Glance:
    board = seat.board(turn)
    return glance(seat.held, board, Figure(equity_of(PLAIN, seat.held, board), ""), at_us)


def _suspect(seat: AccountSeat, rule: Rule, answer: Judged, doubts: tuple[Doubt, ...], at_us: int, turn: Turn) -> None:
    fact = RuleSuspected(
        rule=rule.id,
        rule_kind=kind_of(rule),
        unit=answer.unit,
        limit=answer.limit,
        observed=answer.observed,
        subject=answer.subject,
        at_us=at_us,
        doubts=doubts,
        calendar="",
        working=_working(seat, rule, at_us, turn),
    )
    decision = seat.record(fact, turn, at_us)
    if seat.held.standing is not Standing.UNDER_REVIEW:
        seat.stand(Standing.UNDER_REVIEW, rule.id, turn)
    seat.enforce("close_only", decision, turn)


def _record(
    seat: AccountSeat, rule: Rule, answer: Judged, does: Consequence, at_us: int, turn: Turn, *, reviewed: bool = False
) -> int:
    fact = RuleBroken(
        rule=rule.id,
        rule_kind=kind_of(rule),
        does=does,
        unit=answer.unit,
        limit=answer.limit,
        observed=answer.observed,
        subject=answer.subject,
        at_us=at_us,
        reviewed=reviewed,
        calendar="",
        working=() if reviewed else _working(seat, rule, at_us, turn),
    )
    return seat.record(fact, turn, at_us)


def _working(seat: AccountSeat, rule: Rule, at_us: int, turn: Turn) -> tuple[Step, ...]:
    calc = Working()
    look(calc, rule, _seen(seat, at_us, turn))
    return tuple(calc.steps)


def kind_of(rule: Rule) -> str:
    """The tag of its kind of term."""
    return str(rule.terms.__struct_config__.tag)
