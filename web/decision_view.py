"""Decision view: everything a decision rests on and what followed from it, gathered from the book for its page."""

import apsw
import msgspec
from litestar.exceptions import NotFoundException

from firm.commands import ReviewVerdict
from firm.explain import Decision, rule_in_words
from firm.facts import (
    BreachDeclared,
    BreachSuspected,
    DayOpened,
    DealBooked,
    Doubt,
    OpenPosition,
    PassHeld,
    PhasePassed,
    QuoteUsed,
)
from firm.kinds import body_of
from firm.money import Money
from firm.ruleset import Ruleset
from storage.reader import LedgerReader
from storage.readmodels.accounts import AccountLine, account_line, ruleset_of
from storage.readmodels.commands import CommandLine, commands_for
from storage.readmodels.decisions import DecisionLine, decision_line, decisions_of
from storage.readmodels.trades import Closing, closings_after, digits_of
from storage.rows import StoredRow
from web import words
from web.bounds import COMMANDS_SHOWN, DECISIONS_SHOWN, POSITION_ROWS_MAX
from web.firm import Firm
from web.people import staff_names
from web.working import WorkingLine, working_lines

# Doubts that are none: a person stopped automatic decisions, or the breaker did.
STOPPED = frozenset({Doubt.KILL_SWITCH, Doubt.MASS_BREACH})


class Answer(msgspec.Struct, frozen=True):
    """What a person said that led to a later decision: `by` is a reference."""

    by: str
    why: str
    at_us: int
    decision: int


class Suspicion(msgspec.Struct, frozen=True):
    """The suspected breach on whose recorded equity a declared one rests, with its own arithmetic."""

    decision: int
    at_us: int
    working: list[WorkingLine]


class DecisionView(msgspec.Struct, frozen=True, kw_only=True):
    """One decision. `ticks` are the exhibits it cites, with their ledger rows; `later` are decisions that came after it."""

    line: DecisionLine
    account: AccountLine
    ruleset: Ruleset
    fact: Decision
    decided_us: int
    rule: str
    working: list[WorkingLine]
    ticks: list[tuple[int, QuoteUsed]]
    positions: list[OpenPosition]
    digits: dict[str, int]
    commands: list[CommandLine]
    later: list[DecisionLine]
    closings: list[Closing]
    suspicion: Suspicion | None
    answer: Answer | None
    key_hex: str
    names: dict[str, str] | None
    now_us: int

    @property
    def held_by_switch(self) -> bool:
        """Nothing is in doubt: only automatic decisions are stopped."""
        doubts = self.fact.doubts if isinstance(self.fact, BreachSuspected | PassHeld) else ()
        return bool(doubts) and all(why in STOPPED for why in doubts)

    @property
    def is_breach(self) -> bool:
        return isinstance(self.fact, BreachDeclared | BreachSuspected)

    @property
    def zone(self) -> str:
        return self.ruleset.calendar.zone

    @property
    def bound(self) -> Money:
        return self.line.money(self.line.bound)

    @property
    def observed(self) -> Money:
        return self.line.money(self.line.observed)

    @property
    def doubts(self) -> list[str]:
        return (
            [words.doubt(why) for why in self.fact.doubts] if isinstance(self.fact, BreachSuspected | PassHeld) else []
        )

    @property
    def is_open(self) -> bool:
        return not self.line.settled


async def decision_view(firm: Firm, decision: int) -> DecisionView:
    """Raises NotFoundException where the row is no decision."""
    found = await firm.book.look(lambda reader: _gather(reader, decision))
    return msgspec.structs.replace(found, now_us=firm.now_us())


async def for_staff(firm: Firm, view: DecisionView) -> DecisionView:
    """The same with the names of the staff who had a word in it."""
    answer = view.answer.by if view.answer else ""
    return msgspec.structs.replace(view, names=await staff_names(firm, (view.line.because, answer)))


def _gather(reader: LedgerReader, decision: int) -> DecisionView:
    with reader.connection() as book:
        line = decision_line(book, decision)
        account = account_line(book, line.account) if line else None
        ruleset = ruleset_of(book, line.account) if line else None
        if line is None or account is None or ruleset is None:
            raise NotFoundException("there is no such decision")
        commands, later, digits = _around(book, line, account)
    row = reader.row(decision)
    assert row is not None, f"read model decisions names row {decision}, which the ledger does not have"
    fact = body_of(row.kind, row.payload)
    assert isinstance(fact, BreachDeclared | BreachSuspected | PhasePassed | PassHeld)
    ticks = _ticks(reader, fact)
    digits |= {tick.symbol: tick.digits for _, tick in ticks}
    term = next((term for term in ruleset.terms if term.id == fact.rule), None)
    positions = open_positions(reader.account_rows(line.account, from_seq=decision, limit=POSITION_ROWS_MAX))
    with reader.connection() as book:
        closings = closings_after(book, line.account, decision, tuple(held.position_id for held in positions))
    return DecisionView(
        line=line,
        account=account,
        ruleset=ruleset,
        fact=fact,
        decided_us=row.happened_us,
        rule=rule_in_words(term, ruleset) if term else "",
        working=working_lines(fact.working, fact.observed, digits),
        ticks=ticks,
        positions=positions,
        digits=digits,
        commands=commands,
        later=later,
        closings=closings,
        suspicion=_suspicion(reader, fact, digits),
        answer=_answer(reader, line),
        key_hex=reader.identity().public_key.hex(),
        names=None,
        now_us=0,
    )


def _suspicion(reader: LedgerReader, fact: Decision, digits: dict[str, int]) -> Suspicion | None:
    """A step whose source is the observed equity of another row cites the decision in which it was recorded."""
    cited = next((step.source for step in fact.working if step.source.endswith("/observed/minor")), "")
    row = reader.row(int(cited.partition("/")[0])) if cited else None
    body = body_of(row.kind, row.payload) if row is not None else None
    if row is None or not isinstance(body, BreachSuspected):
        return None
    known = digits | {tick.symbol: tick.digits for _, tick in _ticks(reader, body)}
    return Suspicion(row.seq, body.at_us, working_lines(body.working, body.observed, known))


def _answer(reader: LedgerReader, line: DecisionLine) -> Answer | None:
    """The review that caused the decision which took this one's place."""
    later = reader.row(line.settled_seq) if line.settled == "superseded" and line.settled_seq else None
    row = reader.row(later.cause) if later is not None and later.cause else None
    said = body_of(row.kind, row.payload) if row is not None else None
    if row is None or later is None or not isinstance(said, ReviewVerdict):
        return None
    return Answer(said.by, said.why, row.happened_us, later.seq)


def _around(
    book: apsw.Connection, line: DecisionLine, account: AccountLine
) -> tuple[list[CommandLine], list[DecisionLine], dict[str, int]]:
    later = [other for other in decisions_of(book, line.account, DECISIONS_SHOWN) if other.decision > line.decision]
    return commands_for(book, line.decision, COMMANDS_SHOWN), later, digits_of(book, account.bridge)


def _ticks(reader: LedgerReader, fact: Decision) -> list[tuple[int, QuoteUsed]]:
    """The exhibits, oldest first. A pass rests on a balance and has none."""
    seqs = fact.quotes if isinstance(fact, BreachDeclared | BreachSuspected) else ()
    found = []
    for seq in seqs:
        row = reader.row(seq)
        body = body_of(row.kind, row.payload) if row is not None else None
        if isinstance(body, QuoteUsed):
            found.append((seq, body))
    return sorted(found, key=lambda each: each[1].t_us)


def open_positions(rows_back: list[StoredRow]) -> list[OpenPosition]:
    """What was open, from the account's rows, newest first: the day's opening positions and each deal booked since."""
    held: dict[str, OpenPosition] = {}
    deals: list[DealBooked] = []
    for row in rows_back:
        if row.kind == DayOpened.__name__:
            day = body_of(row.kind, row.payload)
            assert isinstance(day, DayOpened)
            held = {position.position_id: position for position in day.positions}
            break
        if row.kind == DealBooked.__name__:
            deal = body_of(row.kind, row.payload)
            assert isinstance(deal, DealBooked)
            deals.append(deal)
    for deal in reversed(deals):
        held.pop(deal.position_id, None)
        if deal.lots_e8:
            held[deal.position_id] = _position(deal)
    return list(held.values())


def _position(deal: DealBooked) -> OpenPosition:
    return OpenPosition(
        position_id=deal.position_id,
        symbol=deal.symbol,
        side=deal.side,
        lots_e8=deal.lots_e8,
        price_open=deal.price_open,
        swap=deal.swap,
        opened_us=deal.opened_us,
    )
