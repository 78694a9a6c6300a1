"""The account and its rules that are no loss limits: exposure, ideas, holding, news, ways of trading. What breaks one, and what follows.

Each breach names its subject once: a position, a symbol, an idea, "" for the account. Until that is kept again it is no new breach.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from actors.account_consequences import carry_out
from actors.account_doubts import OF_PRICES, price_doubts
from actors.account_exclusions import exclude_at_breach
from actors.account_seat import AccountSeat
from actors.desk import Turn
from actors.exhibits import cite
from actors.messages import AskFailure, FailureAllowed, FailureHeld
from actors.names import RISK
from firm.account import AccountState
from firm.arithmetic import PLAIN, Arithmetic, Figure, Step, Working
from firm.deed import Deed
from firm.equity import equity_of, unpriced
from firm.facts import BreachWaived, CalendarAdopted, Doubt, MarketDaysAdopted, RuleBroken, RuleKeptAgain, RuleSuspected
from firm.ids import parse_id
from firm.phase import ENDED, FREE, JUDGED, Standing
from firm.rules.across_accounts import Together, is_traded, judge_across_accounts
from firm.rules.consequences import Striking, consequence_of, gravity
from firm.rules.consistency import is_limit
from firm.rules.deduction import takes_profit
from firm.rules.deeds import judge_deed, looks_at_deeds, news_of
from firm.rules.grounds import is_settled, rests_on_prices
from firm.rules.judged import SILENT, Judged, Verdict
from firm.rules.looks import (
    Answers,
    glance,
    is_look,
    limits_of_margin,
    look,
    look_again,
    look_anew,
    rules_looked_at,
)
from firm.ruleset import Rule, Ruleset
from firm.terms.conduct import HoldingLimit, NewsWindow
from firm.terms.exposure import ExposureLimit
from firm.terms.words import Action, Consequence, Frequency


class Breach(NamedTuple):
    """A rule that a subject breaks anew, and what that does."""

    rule: Rule
    answer: Judged
    does: Consequence
    at_us: int
    deed: Deed | None = None  # what broke a rule about deeds
    calendar: str = ""  # of one that a person confirmed: the version of the news by which it was suspected
    together: Together | None = None  # what broke one across accounts
    accounts: tuple[int, ...] = ()  # those that it was broken with

    @property
    def hard(self) -> bool:
        return self.does in (Action.FAIL, Action.REVIEW)


def look_at(seat: AccountSeat, frequencies: tuple[Frequency, ...], equity: int, at_us: int, turn: Turn) -> list[Breach]:
    """What is broken anew. What is kept again is written down."""
    state = seat.held
    by_price = Frequency.TICK in frequencies and Frequency.TRADE not in frequencies
    rules = [rule for frequency in frequencies for rule in rules_looked_at(state.ruleset, frequency)]
    rules += limits_of_margin(state.ruleset) if by_price else ()
    if not rules or state.standing not in JUDGED:
        return []
    grounds = seat.grounds()
    asked = [
        (rule, known) for rule in rules if not ((known := seat.is_known_kept(rule, grounds)) and is_settled(rule.terms))
    ]
    if not asked:
        return []
    seen = seat.glance(seat.board(turn), equity, at_us, turn.policy.conversion_age_max_us, turn.market_days())
    troubled = {one.rule for one in state.track.broken} | {one.rule for one in state.track.let_off}
    found: list[Breach] = []
    for rule, is_known in asked:
        looked = look_again(rule, seen) if is_known else look_anew(rule, seen)
        if rule.id in troubled or any(answer.verdict is Verdict.BROKEN for answer in looked):
            found += _anew(seat, rule, looked, at_us, turn, by_price=by_price)
        else:
            seat.know_kept(rule, grounds)
    return found


def gravest_first(breaches: Iterable[Breach]) -> list[Breach]:
    """In the order in which they count: by what they do, then by the ruleset."""
    return sorted(breaches, key=lambda breach: (-gravity(breach.does), breach.rule.place))


def _anew(
    seat: AccountSeat, rule: Rule, looked: Answers, at_us: int, turn: Turn, *, by_price: bool
) -> Iterator[Breach]:
    """Of a rule that somebody breaks, or broke."""
    state = seat.held
    answers = {answer.subject: answer for answer in looked if answer.verdict is Verdict.BROKEN}
    known, let_off = subjects_known(state, rule), {one.subject for one in state.track.let_off if one.rule == rule.id}
    is_moved_alone = by_price and rule.terms.frequency is not Frequency.TICK
    still_there = known | let_off if is_moved_alone else _still_there(state, rule, looked)
    for subject in sorted((known | let_off) - still_there):
        # What a price broke is over with its subject or its day, whatever the prices are then.
        quotes = () if rule.terms.frequency is Frequency.TICK else _quotes(seat, rule, turn)
        seat.record(RuleKeptAgain(rule=rule.id, subject=subject, quotes=quotes), turn, at_us)
    new = [answers[subject] for subject in sorted(answers) if is_new(state, rule, answers[subject])]
    if rule.id in state.overrides.waived_at(at_us):
        for answer in new:
            waive(seat, rule, answer, at_us, turn)
    elif not is_let_off(state, rule, at_us):
        for answer in new:
            yield Breach(rule, answer, consequence_now(state, rule), at_us)


def subjects_known(state: AccountState, rule: Rule) -> set[str]:
    """Who breaks the rule already."""
    return {one.subject for one in state.track.broken if one.rule == rule.id}


def is_new(state: AccountState, rule: Rule, answer: Judged) -> bool:
    """Whether a breach is not known yet, nor was waived: what deeds alone change is waived as far as it had gone by then."""
    if answer.subject in subjects_known(state, rule):
        return False
    waived = (one for one in state.track.let_off if (one.rule, one.subject) == (rule.id, answer.subject))
    before = next(waived, None)
    if before is None:
        return True
    by_deeds_alone = is_look(rule.terms) and is_settled(rule.terms)
    return by_deeds_alone and abs(answer.observed - answer.limit) > abs(before.observed - answer.limit)


def waive(seat: AccountSeat, rule: Rule, answer: Judged, at_us: int, turn: Turn) -> None:
    """A person had waived the rule when it was broken: that stays so."""
    fact = BreachWaived(
        rule=rule.id,
        rule_kind=kind_of(rule),
        unit=answer.unit,
        limit=answer.limit,
        observed=answer.observed,
        subject=answer.subject,
        at_us=at_us,
    )
    seat.record(fact, turn, at_us)


def is_let_off(state: AccountState, rule: Rule, at_us: int) -> bool:
    """Whether a person is to say what a breach of it is worth, has said that it is none, or has waived the rule for that instant."""
    asked = any(finding.rule == rule.id and finding.doubts for finding in state.findings)
    return asked or rule.id in state.waived or rule.id in state.overrides.waived_at(at_us)


def _still_there(state: AccountState, rule: Rule, answers: Answers) -> AbstractSet[str]:
    """Subjects that break the rule yet. What a price broke no other price mends: it lasts until the subject is gone, or the day."""
    if isinstance(rule.terms, ExposureLimit) and SILENT in answers:
        let_off = {one.subject for one in state.track.let_off if one.rule == rule.id}
        return subjects_known(state, rule) | let_off  # nobody can say whether it is kept again
    is_lasting = rule.terms.frequency is Frequency.TICK
    return {answer.subject for answer in answers if is_lasting or answer.is_broken}


def consequence_now(state: AccountState, rule: Rule) -> Consequence:
    """What another breach does, by those of before; a share of the profit that ends the account does so at once."""
    return Action.FAIL if is_limit(rule.terms) else consequence_of(state, rule.id, striking(rule))


def striking(rule: Rule) -> Striking:
    """A term that may be broken more than once."""
    assert hasattr(rule.terms, "on_breach"), f"{rule.id} cannot be broken"
    assert hasattr(rule.terms, "strikes_within"), f"{rule.id} counts no strikes"
    return rule.terms


def act_on(seat: AccountSeat, breach: Breach, turn: Turn) -> None:
    """Do what the rule says. A failure asks the risk desk, and a doubted one a person, as those of loss limits do."""
    state = seat.held
    if breach.hard:
        doubts = _doubts(seat, breach, turn)
        if doubts:
            _suspect(seat, breach, doubts, turn)
        else:
            ask = AskFailure(
                account=seat.account,
                rule=breach.rule.id,
                at_us=breach.at_us,
                settled=False,
                deed=breach.deed,
                together=breach.together,
            )
            turn.send(RISK, ask)
        return
    decision = _record(seat, breach, turn)
    if takes_profit(breach.does):
        exclude_at_breach(seat, breach.rule, breach.answer.subject, breach.does, turn)
    if state.standing in FREE or breach.does in (Action.WARN, Action.EXCLUDE_PROFIT):
        carry_out(seat, breach.rule.id, breach.does, decision, turn)


def _doubts(seat: AccountSeat, breach: Breach, turn: Turn) -> tuple[Doubt, ...]:
    state = seat.held
    doubts = {Doubt.DRIFT} if state.drifting else set()
    reviewed = isinstance(state.ruleset, Ruleset) and state.ruleset.failures_reviewed
    if breach.does is Action.REVIEW or reviewed:
        doubts.add(Doubt.REVIEW_REQUIRED)
    if breach.together is not None:
        doubts.update(breach.together.doubts)
    elif state.track.is_cut and breach.deed is None:
        doubts.add(Doubt.HISTORY_CUT)
    if rests_on_prices(breach.rule.terms):
        doubts |= OF_PRICES & price_doubts(state, breach.at_us, turn)
    return tuple(doubt for doubt in Doubt if doubt in doubts)


def fail(seat: AccountSeat, rule: Rule, allowed: FailureAllowed, turn: Turn) -> None:
    """The risk desk let it through."""
    breach = _still_broken(seat, rule, allowed, turn)
    if breach is not None and seat.held.standing not in ENDED:
        declare(seat, breach, turn, reviewed=False)


def hold(seat: AccountSeat, rule: Rule, held: FailureHeld, turn: Turn) -> None:
    """The risk desk wants a person to look."""
    breach = _still_broken(seat, rule, held, turn)
    if breach is not None and seat.held.standing not in ENDED:
        _suspect(seat, breach, (held.doubt,), turn)


def declare(seat: AccountSeat, breach: Breach, turn: Turn, *, reviewed: bool) -> None:
    """The rule ends the account."""
    decision = _record(seat, breach, turn, reviewed=reviewed)
    seat.enforce("flatten", decision, turn)
    seat.stand(Standing.BREACHED, breach.rule.id, turn)


def rule_named(seat: AccountSeat, name: str) -> Rule | None:
    """A rule by its id that is no loss limit and no objective."""
    rules = (rule for rule in seat.held.ruleset.rules if rule.id == name)
    return next((rule for rule in rules if _is_conduct(rule)), None)


def breaks_anew(seat: AccountSeat, rule: Rule, at_us: int, turn: Turn) -> bool:
    """Whether a look at it now would find a breach that nobody was told of, nor let off. Nothing follows from asking."""
    answers = _answers(PLAIN, seat, rule, None, at_us, turn)
    anew = any(answer.is_broken and is_new(seat.held, rule, answer) for answer in answers)
    return anew and not is_let_off(seat.held, rule, at_us)


def _is_conduct(rule: Rule) -> bool:
    return is_look(rule.terms) or looks_at_deeds(rule) or is_traded(rule.terms)


def broken_together(rule: Rule, together: Together, does: Consequence, at_us: int) -> Breach | None:
    """What accounts break together, as their trader's desk saw it."""
    found = judge_across_accounts(PLAIN, rule, together.program, together.accounts, subject=together.subject)
    accounts = tuple(parse_id(one.account) for one in together.accounts)
    answer = next((answer for answer in found if answer.is_broken), None)
    return None if answer is None else Breach(rule, answer, does, at_us, together=together, accounts=accounts)


def _still_broken(seat: AccountSeat, rule: Rule, asked: FailureAllowed | FailureHeld, turn: Turn) -> Breach | None:
    together = asked.together
    if together is not None:
        known = subjects_known(seat.held, rule)
        return None if together.subject in known else broken_together(rule, together, Action.FAIL, asked.at_us)
    answers = _answers(PLAIN, seat, rule, asked.deed, asked.at_us, turn)
    answer = next((answer for answer in answers if answer.is_broken and is_new(seat.held, rule, answer)), None)
    return None if answer is None else Breach(rule, answer, Action.FAIL, asked.at_us, asked.deed)


def _answers(
    calc: Arithmetic, seat: AccountSeat, rule: Rule, deed: Deed | None, at_us: int, turn: Turn
) -> Iterable[Judged]:
    """What the rule says: of a deed by the news that the firm goes by, else of the account as it is."""
    if deed is not None:
        adopted = turn.calendar(news_of(rule))
        return judge_deed(calc, rule, deed, None if adopted is None else adopted.calendar)
    equity = Figure(equity_or_balance(seat, turn), "")
    board, age_max_us = seat.board(turn), turn.policy.conversion_age_max_us
    return look(calc, rule, glance(seat.held, board, equity, at_us, age_max_us, turn.market_days()))


def equity_or_balance(seat: AccountSeat, turn: Turn) -> int:
    """Equity at the board's prices; where something that is held has none the balance, for rules that ask for no price."""
    state, board = seat.held, seat.board(turn)
    return state.balance if unpriced(state, board) else equity_of(PLAIN, state, board)


def _suspect(seat: AccountSeat, breach: Breach, doubts: tuple[Doubt, ...], turn: Turn) -> None:
    rule, answer = breach.rule, breach.answer
    quotes = _quotes(seat, rule, turn)
    fact = RuleSuspected(
        rule=rule.id,
        rule_kind=kind_of(rule),
        unit=answer.unit,
        limit=answer.limit,
        observed=answer.observed,
        subject=answer.subject,
        at_us=breach.at_us,
        doubts=doubts,
        calendar=_calendar_of(breach, turn),
        working=_working(seat, breach, turn),
        quotes=quotes,
        accounts=breach.accounts,
    )
    decision = seat.record(fact, turn, breach.at_us)
    if seat.held.standing is not Standing.UNDER_REVIEW:
        seat.stand(Standing.UNDER_REVIEW, rule.id, turn)
    seat.enforce("close_only", decision, turn)


def _record(seat: AccountSeat, breach: Breach, turn: Turn, *, reviewed: bool = False) -> int:
    rule, answer = breach.rule, breach.answer
    quotes = () if reviewed else _quotes(seat, rule, turn)
    fact = RuleBroken(
        rule=rule.id,
        rule_kind=kind_of(rule),
        does=breach.does,
        unit=answer.unit,
        limit=answer.limit,
        observed=answer.observed,
        subject=answer.subject,
        at_us=breach.at_us,
        reviewed=reviewed,
        calendar=_calendar_of(breach, turn),
        working=() if reviewed else _working(seat, breach, turn),
        quotes=quotes,
        accounts=breach.accounts,
    )
    return seat.record(fact, turn, breach.at_us)


def _calendar_of(breach: Breach, turn: Turn) -> str:
    """The version of the calendar that a breach rests on. One that a person confirmed rests on that of its suspicion."""
    terms = breach.rule.terms
    adopted: CalendarAdopted | MarketDaysAdopted | None = None
    if breach.calendar:
        return breach.calendar
    if breach.deed is not None and isinstance(terms, NewsWindow):
        adopted = turn.calendar(news_of(breach.rule))
    elif isinstance(terms, HoldingLimit):
        adopted = turn.market_days().get(terms.calendar or "")
    return "" if adopted is None else adopted.version


def _quotes(seat: AccountSeat, rule: Rule, turn: Turn) -> tuple[int, ...]:
    """The ticks that a verdict rests on, copied into the account's chain; none where the rule asks for no price."""
    if not rests_on_prices(rule.terms):
        return ()
    return tuple(exhibit.seq for exhibit in cite(seat.held, seat.board(turn), turn).values())


def _working(seat: AccountSeat, breach: Breach, turn: Turn) -> tuple[Step, ...]:
    """The arithmetic of its rule; of a deed no further than to the release that it broke the rule by."""
    calc, together = Working(), breach.together
    if together is not None:
        judge_across_accounts(calc, breach.rule, together.program, together.accounts, subject=together.subject)
        return tuple(calc.steps)
    for answer in _answers(calc, seat, breach.rule, breach.deed, breach.at_us, turn):
        if breach.deed is not None and answer.subject == breach.answer.subject:
            break
    return tuple(calc.steps)


def kind_of(rule: Rule) -> str:
    """The tag of its kind of term."""
    return str(rule.terms.__struct_config__.tag)
