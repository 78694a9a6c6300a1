"""Decision view: everything a decision rests on and what followed from it, gathered from the book for its page."""

from collections.abc import Mapping
from typing import NamedTuple

import apsw
import msgspec
from litestar.exceptions import NotFoundException

from firm.commands import ReviewVerdict
from firm.explain import Breach, Decision, consequence_in_words
from firm.facts import (
    BreachDeclared,
    BreachSuspected,
    Doubt,
    OpenPosition,
    PassHeld,
    PhasePassed,
    QuoteUsed,
    RuleBroken,
    RuleSuspected,
)
from firm.instant import SECOND_US
from firm.kinds import body_of
from firm.money import Money
from firm.ruleset import AnyRuleset, rule_named
from firm.sentences.breaches import does_alone
from storage.bookings import DayBookings
from storage.exceptions_cited import ExceptionCited, exceptions_cited
from storage.kept_again import kept_again_in
from storage.reader import LedgerReader
from storage.readmodels.accounts import AccountLine, account_line, account_of_phase, ruleset_of
from storage.readmodels.commands import CommandLine, commands_for
from storage.readmodels.days import Day, days_of
from storage.readmodels.decisions import DecisionLine, decision_line, decisions_of
from storage.readmodels.trades import DigitsKnown, closings_after, digits_known
from web import held_back, judged_words, words
from web.bounds import CHART_DAYS_MAX, COMMANDS_SHOWN, DECISIONS_SHOWN, TRACE_AROUND_US
from web.cited_rows import read_aloud, up_to_equity
from web.closings import Closings, closings_of
from web.decision_grounds import Grounds
from web.firm import Firm
from web.people import staff_names
from web.platform_word import CancelledOrder, PlatformWord, cancelled_orders, platform_word, rows_after
from web.reset_effect import ResetEffect, reset_effect
from web.rule_texts import rule_text
from web.said_since import SaidSince, said_since
from web.shell.speech import ENGLISH, Speech
from web.tick_trail import TrailTick
from web.working import WorkingLine, working_lines

CANCEL_ORDERS = "cancel_orders"
# Doubts that are none: a person stopped automatic decisions, or the breaker did.
STOPPED = frozenset({Doubt.KILL_SWITCH, Doubt.MASS_BREACH})
_InDoubt = BreachSuspected | RuleSuspected | PassHeld


class Answer(msgspec.Struct, frozen=True):
    """What a person said that led to a later decision: `by` is a reference."""

    by: str
    why: str
    at_us: int
    decision: int


class Suspicion(msgspec.Struct, frozen=True):
    """The suspected breach on whose recorded equity a declared one rests, with the arithmetic of that equity."""

    decision: int
    fact: BreachSuspected
    working: list[WorkingLine]


class DecisionView(msgspec.Struct, frozen=True, kw_only=True):
    """One decision. `ticks` are the exhibits that it or its suspicion cites, with their ledger rows.

    `trail`: the prices up to the deciding one; `since`: what was said of it; `later`: decisions that came after it.
    `set_by`: by which people set a figure that it rests on.
    `digits`: those that symbols had then. `next_phase`: the account that a pass opened.
    `kept_again`: the row by which the rule is kept again, or 0. `cancelled`: pending orders that it had
    cancelled. `platform`: what the platform said of a suspected breach, for staff alone, as `names`. `speech`: in whose words.
    """

    speech: Speech
    line: DecisionLine
    account: AccountLine
    ruleset: AnyRuleset
    fact: Decision
    decided_us: int
    rule: str
    working: list[WorkingLine]
    ticks: list[tuple[int, QuoteUsed]]
    trail: list[TrailTick]
    reset: ResetEffect | None
    positions: list[OpenPosition]
    digits: Mapping[str, int]
    commands: list[CommandLine]
    later: list[DecisionLine]
    bookings: DayBookings | None
    closings: Closings | None
    suspicion: Suspicion | None
    since: SaidSince
    answer: Answer | None
    next_phase: AccountLine | None
    kept_again: int
    set_by: list[ExceptionCited]
    cancelled: list[CancelledOrder]
    platform: PlatformWord | None
    key_hex: str
    names: dict[str, str] | None
    now_us: int

    @property
    def held_by_switch(self) -> bool:
        """Nothing is in doubt: only automatic decisions are stopped."""
        doubts = self.fact.doubts if isinstance(self.fact, _InDoubt) else ()
        return bool(doubts) and all(why in STOPPED for why in doubts)

    @property
    def only_suspected_because(self) -> str:
        """Why a breach was declared later than it was seen; empty where it was not, or where a person had to decide."""
        if self.suspicion is None or self.decided_us <= self.line.at_us:
            return ""
        speech = self.speech
        return speech("what.doubts_joined").join(speech(f"doubt.{why.value}") for why in self.suspicion.fact.doubts)

    @property
    def is_breach(self) -> bool:
        return isinstance(self.fact, Breach)

    @property
    def is_of_rule(self) -> bool:
        """Of a rule that is no loss limit: what it measured need not be money, and prices alone do not show it."""
        return isinstance(self.fact, RuleBroken | RuleSuspected)

    @property
    def is_by_score(self) -> bool:
        """A pass by a published score alone: its figures are no money."""
        score = self.fact.score if isinstance(self.fact, PhasePassed | PassHeld) else None
        return score is not None and score.rule == self.fact.rule

    @property
    def follows(self) -> str:
        """What follows from a breach that is declared; empty where a release that wrote it did not say."""
        does = self.fact.does if isinstance(self.fact, BreachDeclared | RuleBroken) else None
        if does is None:
            return ""
        return consequence_in_words(does) if self.speech.is_english else does_alone(does, self.speech.of_rules)

    @property
    def held_back(self) -> str:
        """Until when the account is paused or restricted by it; empty where it is not, or no more."""
        day, closing = self.ruleset.calendar.day_at(self.decided_us), any(each.is_awaited for each in self.commands)
        is_over = self.now_us >= day.end_us or self.line.severity == "hard"
        if is_over:
            return ""
        return held_back.told(self.fact, self.account.standing, day, self.ruleset, self.speech, closing=closing)

    def measured(self, value: int) -> str:
        """The observed figure or the limit, with its unit."""
        return judged_words.measure(value, self.line.unit, self.line.money(0), self.speech)

    @property
    def zone(self) -> str:
        return self.ruleset.calendar.zone

    def room_left(self, tick: TrailTick) -> Money:
        """From the floor that held when the price came to the equity at it; the deciding one is measured at the decision."""
        earlier = self.reset is not None and tick.quote.t_us < self.reset.at_us and tick is not self.trail[-1]
        floor = self.reset.before if self.reset is not None and earlier else self.bound
        return self.line.money(tick.equity) - floor

    @property
    def gap(self) -> tuple[TrailTick, TrailTick] | None:
        """The last price before the breach and the one that broke it, where a price did it and nothing lay between them."""
        if self.reset is not None or len(self.trail) < 2 or self.room_left(self.trail[-2]).minor <= 0:
            return None
        return self.trail[-2], self.trail[-1]

    @property
    def bound(self) -> Money:
        return self.line.money(self.line.bound)

    @property
    def observed(self) -> Money:
        return self.line.money(self.line.observed)

    @property
    def doubts(self) -> list[tuple[str, str]]:
        """What is in doubt: its name, as lists have it, and the sentence about it."""
        doubts = self.fact.doubts if isinstance(self.fact, _InDoubt) else ()
        speech, first = self.speech, words.upper_first
        return [(first(speech(f"doubt_name.{why.value}")), f"{first(speech(f'doubt.{why.value}'))}.") for why in doubts]

    @property
    def around(self) -> tuple[int, int]:
        """From when to when its account's trace tells what led to it and what followed, in whole seconds."""
        second_us = self.line.at_us // SECOND_US * SECOND_US
        return second_us - TRACE_AROUND_US, max(self.decided_us, second_us) + TRACE_AROUND_US

    @property
    def in_question(self) -> bool:
        """A price that came late shows no breach, and nobody has answered yet."""
        return self.is_open and bool(self.line.because)

    @property
    def is_dismissed(self) -> bool:
        """A breach that closed the account, and that a person dismissed afterwards."""
        return self.has_ended and self.line.settled == "dismissed"

    @property
    def has_ended(self) -> bool:
        """Whether the account was closed by it: what is asked then is only whether it was right."""
        return isinstance(self.fact, BreachDeclared | RuleBroken) and self.line.severity == "hard"

    @property
    def is_open(self) -> bool:
        return not self.line.settled


async def decision_view(firm: Firm, decision: int, speech: Speech = ENGLISH) -> DecisionView:
    """Told in the words of `speech`. Raises NotFoundException where the row is no decision."""
    found = await firm.book.look(lambda reader: _gather(reader, decision, speech))
    return msgspec.structs.replace(found, now_us=firm.now_us())


async def for_staff(firm: Firm, view: DecisionView) -> DecisionView:
    """The same with the names of the staff who had a word in it."""
    answer = view.answer.by if view.answer else ""
    return msgspec.structs.replace(
        view,
        names=await staff_names(
            firm, (*(word.because for word in view.since.words), *(one.by for one in view.set_by), answer)
        ),
        platform=await firm.book.look(lambda reader: _platform(reader, view)),
    )


def _gather(reader: LedgerReader, decision: int, speech: Speech) -> DecisionView:
    with reader.connection() as book:
        line = decision_line(book, decision)
        account = account_line(book, line.account) if line else None
        ruleset = ruleset_of(book, line.account) if line else None
        if line is None or account is None or ruleset is None:
            raise NotFoundException
        around = _around(book, line, account)
    row = reader.row(decision)
    assert row is not None, f"read model decisions names row {decision}, which the ledger does not have"
    fact = body_of(row.kind, row.payload)
    assert isinstance(fact, Decision)
    suspected = _suspected(reader, fact)
    seen_seq, seen = suspected or (decision, fact)
    rests_on = Grounds(reader, account, ruleset, seen_seq, seen)
    digits = around.digits.at(seen_seq)
    steps, times = read_aloud(reader, fact.working, speech)
    closings = _closings(reader, account, rests_on, seen_seq)
    rule, money = rule_named(ruleset, fact.rule), account.money(account.initial)
    return DecisionView(
        speech=speech,
        line=line,
        account=account,
        ruleset=ruleset,
        fact=fact,
        decided_us=row.happened_us,
        rule=rule_text(rule, ruleset, money, speech) if rule else "",
        working=working_lines(steps, money, digits, times, speech),
        ticks=rests_on.ticks,
        trail=rests_on.trail(),
        reset=_reset(fact, account, ruleset, around.days),
        positions=rests_on.positions,
        digits=digits,
        commands=around.commands,
        later=around.later,
        bookings=rests_on.bookings(),
        closings=closings,
        suspicion=_suspicion(reader, suspected, digits, speech),
        since=said_since(reader, line, account, seen_seq, money, digits, speech),
        answer=_answer(reader, line),
        next_phase=around.next_phase,
        kept_again=kept_again_in(reader, line.account, decision, fact),
        set_by=exceptions_cited(reader, line.account, [*(suspected[1].working if suspected else ()), *fact.working]),
        cancelled=_cancelled(reader, account, decision, around),
        platform=None,
        key_hex=reader.identity().public_key.hex(),
        names=None,
        now_us=0,
    )


def _platform(reader: LedgerReader, view: DecisionView) -> PlatformWord | None:
    """Of what was only suspected, or was before it was declared."""
    if isinstance(view.fact, BreachSuspected):
        seen_seq = view.line.decision
    elif view.suspicion is not None:
        seen_seq = view.suspicion.decision
    else:
        return None
    return platform_word(reader, view.account, view.ruleset, seen_seq, [tick for _, tick in view.ticks])


def _cancelled(reader: LedgerReader, account: AccountLine, decision: int, around: "_Around") -> list[CancelledOrder]:
    if not any(each.action == CANCEL_ORDERS for each in around.commands):
        return []
    return cancelled_orders(rows_after(reader, account.account, decision), account.flat_us, around.digits)


class _Around(NamedTuple):
    """What the read models hold beside the decision itself."""

    commands: list[CommandLine]
    later: list[DecisionLine]
    digits: DigitsKnown
    days: list[Day]
    next_phase: AccountLine | None


def _around(book: apsw.Connection, line: DecisionLine, account: AccountLine) -> _Around:
    later = [other for other in decisions_of(book, line.account, DECISIONS_SHOWN) if other.decision > line.decision]
    passed = line.kind == PhasePassed.__name__
    return _Around(
        commands_for(book, line.decision, COMMANDS_SHOWN),
        later,
        digits_known(book, account.bridge),
        days_of(book, line.account, CHART_DAYS_MAX),
        account_of_phase(book, account.challenge, account.phase + 1) if passed else None,
    )


def _closings(reader: LedgerReader, account: AccountLine, rests_on: Grounds, seen_seq: int) -> Closings | None:
    """From the row in which the equity was seen: what was closed between a suspicion and its breach counts, too."""
    held = rests_on.positions
    with reader.connection() as book:
        found = closings_after(book, account.account, seen_seq, tuple(each.position_id for each in held))
    if not found or rests_on.balance is None:
        return None
    return closings_of(account, account.money(rests_on.balance), held, found)


def _reset(fact: Decision, account: AccountLine, ruleset: AnyRuleset, days: list[Day]) -> ResetEffect | None:
    if not isinstance(fact, BreachDeclared | BreachSuspected):
        return None
    initial = account.money(account.initial)
    return reset_effect(ruleset, fact.rule, initial, days, fact.at_us, fact.observed.minor)


def _suspected(reader: LedgerReader, fact: Decision) -> tuple[int, BreachSuspected] | None:
    """A step whose source is the observed equity of another row cites the decision in which it was recorded."""
    cited = next((step.source for step in fact.working if step.source.endswith("/observed/minor")), "")
    row = reader.row(int(cited.partition("/")[0])) if cited else None
    body = body_of(row.kind, row.payload) if row is not None else None
    return (row.seq, body) if row is not None and isinstance(body, BreachSuspected) else None


def _suspicion(
    reader: LedgerReader, found: tuple[int, BreachSuspected] | None, digits: Mapping[str, int], speech: Speech
) -> Suspicion | None:
    if found is None:
        return None
    seq, fact = found
    steps, times = read_aloud(reader, up_to_equity(fact.working), speech)
    return Suspicion(seq, fact, working_lines(steps, fact.observed, digits, times, speech, decided=False))


def _answer(reader: LedgerReader, line: DecisionLine) -> Answer | None:
    """The review that caused the decision which took this one's place."""
    later = reader.row(line.settled_seq) if line.settled == "superseded" and line.settled_seq else None
    row = reader.row(later.cause) if later is not None and later.cause else None
    said = body_of(row.kind, row.payload) if row is not None else None
    if row is None or later is None or not isinstance(said, ReviewVerdict):
        return None
    return Answer(said.by, said.why, row.happened_us, later.seq)
