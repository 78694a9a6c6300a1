"""Grounds: which rows a decision rests on, from the account's day to the verdict, and the decision in words.

The account's rows are taken without a gap, so that nobody has to believe that none was left out.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from firm.arithmetic import Step
from firm.commands import ReviewVerdict
from firm.explain import Breach, Decision, explain, explain_end, explain_kept_again
from firm.facts import (
    AccountOpened,
    BreachSuspected,
    BreachWaived,
    CashBooked,
    CycleStartMoved,
    DayOpened,
    DealBooked,
    DealCorrected,
    DividendBooked,
    PeakReached,
    PhasePassed,
    PositionRestated,
    QuotesRefused,
    QuoteUsed,
    RuleBroken,
    RuleKeptAgain,
    RuleSuspected,
    StandingChanged,
    TradingDayCounted,
    TradingDayUncounted,
    WeekStartMoved,
)
from firm.inputs import (
    CashReported,
    DealDeleteReported,
    DealReported,
    DealUpdateReported,
    PositionReported,
    QuoteFrame,
)
from firm.kinds import Body, body_of
from firm.ruleset import AnyRuleset, rule_named
from firm.terms.words import Scope
from storage.bookings import bookings_in_words, day_bookings, with_positions_named
from storage.conversions_told import conversions_in_words
from storage.errors import LedgerDamaged, PrunedByPolicy
from storage.exceptions_cited import exceptions_cited
from storage.reader import LedgerReader
from storage.renamed_contracts import renamed_rows
from storage.rows import StoredRow
from storage.rule_grounds import (
    RuleFact,
    begins_another_week,
    calendar_row,
    cites_each_trade,
    contract_rows,
    is_end_by_clock,
    looks_back,
    rests_besides,
)

ROWS_AT_ONCE = 500  # of an account's chain, read in one go
CHAIN_ROWS_MAX = 20_000  # of an account, for decisions that rest on more than a day of it; then whole days that fit
TRAIL_ROWS_MAX = 20_000  # ledger rows looked through for prices that came after the ones that were used
ROWS_BEFORE_FIRST_DAY_MAX = 100  # of an account, from its first to the one that begins its first day
_FOREVER = 2**63
_REPORTS = (DealReported, DealUpdateReported, DealDeleteReported, CashReported, PositionReported)
_BOOKED = frozenset(kind.__name__ for kind in _REPORTS)
_DAYS_COUNTED = (TradingDayCounted.__name__, TradingDayUncounted.__name__)
_BOOKINGS = DealBooked | DealCorrected | CashBooked | DividendBooked | PositionRestated


_Suspicion = BreachSuspected | RuleSuspected
Decided = Decision | RuleKeptAgain | StandingChanged


class NotADecision(LookupError):
    """The row asked about judged nothing."""


class Grounds:
    """The grounds of one decision. `anchor`: the row from which the account's consecutive rows begin."""

    def __init__(self, reader: LedgerReader, decision: int) -> None:
        self._reader = reader
        self._bodies: dict[int, Body] = {}
        self._rows: dict[int, StoredRow] = {}
        self.decision = decision
        self.fact = self._decision(decision)
        self.account = self._rows[decision].account
        self._cited = {*self._cites(self.fact), *self._confirms(self.fact)}
        self.anchor = self._take_chain()
        self._take(self._cited)
        self._take(seq for body in self._own_bodies() for seq in _exhibits(body))
        self._take([body.was for body in self._own_bodies() if isinstance(body, WeekStartMoved | CycleStartMoved)])
        self._take_cause()
        self._take_days_counted()
        self.opened = self._opened()
        self._take(self._told_to_all())
        self._take_trail()

    def rows(self, extra: Iterable[int] = ()) -> list[StoredRow]:
        """All rows, by seq; `extra` are further ones to include."""
        self._take(extra)
        return [self._rows[seq] for seq in sorted(self._rows)]

    def _own_bodies(self) -> list[Body]:
        """Of another account, which the working cites what it held of, nothing further is in the file."""
        return [body for seq, body in self._bodies.items() if self._rows[seq].account in (0, self.account)]

    @property
    def decided(self) -> StoredRow:
        """The decision's own row."""
        return self._rows[self.decision]

    @property
    def seen(self) -> StoredRow:
        """The row in which the judged equity was recorded: a suspicion that this decision confirms, or its own."""
        suspicions = (seq for seq in sorted(self._cited) if isinstance(self._bodies[seq], _Suspicion))
        return self._rows[next(suspicions, self.decision)]

    def frames(self) -> Iterator[tuple[int, bytes]]:
        """(seq, bytes) of the quote frames among the rows, as far as they are still on this machine."""
        for seq in sorted(seq for seq, row in self._rows.items() if row.kind == "QuoteFrame"):
            try:
                yield seq, self._reader.frame(seq)
            except PrunedByPolicy:
                continue

    def words(self) -> list[str]:
        """The decision in plain words, and the suspicion that it confirms, if it does."""
        if isinstance(self.fact, RuleKeptAgain):
            broken = self._broken_before(self.fact)
            return explain_kept_again(self.fact, broken, self.opened.ruleset, self.opened.initial)
        if isinstance(self.fact, StandingChanged):
            return explain_end(self.fact.because, self.opened.ruleset, self.opened.initial)
        digits = {body.symbol: body.digits for body in self._bodies.values() if isinstance(body, QuoteUsed)}
        told = self._explained(self.decision, self.fact, digits)
        told[-1:-1] = rests_besides(self.fact, self.opened.ruleset, self._bodies, self.decision)  # before what follows
        set_by = exceptions_cited(self._reader, self.account, self._steps())
        told[-1:-1] = [one.in_words(self.opened.initial) for one in set_by]
        for seq in sorted(self._cited):
            body = self._bodies[seq]
            if isinstance(body, _Suspicion):
                told.append(f"It confirms the suspicion in ledger row {seq}:")
                told += self._explained(seq, body, digits)
        return told

    def _steps(self) -> list[Step]:
        """Of the decision, and of the suspicion that it confirms."""
        suspected = (body for seq in sorted(self._cited) if isinstance(body := self._bodies[seq], _Suspicion))
        return [step for fact in (*suspected, self.fact) if isinstance(fact, Decision) for step in fact.working]

    def _explained(self, seq: int, fact: Decision, digits: dict[str, int]) -> list[str]:
        """With the platform's position numbers, and how the balance came about where the working takes it from the book."""
        steps = with_positions_named(fact.working, self._bodies)
        balance = next((step.value for step in fact.working if step.name == "balance"), None)
        rows_back = [self._rows[one] for one in sorted(self._rows, reverse=True) if one < seq]
        bookings = day_bookings(row for row in rows_back if row.account == self.account)
        agrees = bookings is not None and bookings.balance.minor == balance
        balance_from = bookings_in_words(bookings) if bookings is not None and agrees else ""
        at_us = fact.at_us if isinstance(fact, Breach) else self.decided.happened_us
        converted = conversions_in_words(steps, self._bodies, at_us)
        return explain(fact, steps, self.opened.ruleset, self.opened.initial, digits, (balance_from, converted), at_us)

    def _broken_before(self, fact: RuleKeptAgain) -> int:
        """The row in which the rule was broken that is kept again; 0 where that lies before these rows."""
        broken = (
            seq
            for seq, body in self._bodies.items()
            if isinstance(body, RuleBroken | RuleSuspected | BreachWaived)
            and (body.rule, body.subject) == (fact.rule, fact.subject)
        )
        return max(broken, default=0)

    def _decision(self, seq: int) -> Decided:
        row = self._reader.row(seq)
        if row is None:
            raise NotADecision(
                f"there is no row {seq}: the ledger has {self._reader.size()} rows; see the account's page"
            )
        self._keep([row])
        body = self._bodies[seq]
        if not isinstance(body, Decided) or (isinstance(body, StandingChanged) and not is_end_by_clock(body)):
            raise NotADecision(
                f"row {seq} is {row.kind}, which judged nothing: name a breach or a pass, as the account's page does"
            )
        return body

    def _confirms(self, fact: Decided) -> Iterator[int]:
        """The suspicion that a person confirmed, and what it cites."""
        cause = self._reader.row(self.decided.cause)
        word = body_of(cause.kind, cause.payload) if cause is not None else None
        if isinstance(fact, RuleBroken) and fact.reviewed and isinstance(word, ReviewVerdict):
            self._take([word.decision])
            suspicion = self._bodies[word.decision]
            if isinstance(suspicion, RuleSuspected):
                yield word.decision
                yield from self._cites(suspicion)

    def _cites(self, fact: Decided) -> Iterator[int]:
        """Rows that a working cites, and through a confirmed suspicion those that its working cites."""
        for step in fact.working if isinstance(fact, Decision | RuleKeptAgain) else ():
            head, _, path = step.source.partition("/")
            if head.isdigit():
                seq = int(head)
                yield seq
                if path == "observed/minor":
                    self._take([seq])
                    suspicion = self._bodies[seq]
                    assert isinstance(suspicion, BreachSuspected)
                    yield from self._cites(suspicion)

    def _take_chain(self) -> int:
        """Walk the account's chain back to the start of the day that was judged, or of all that it rests on, and take every row on the way.

        Where that is more than CHAIN_ROWS_MAX rows, as many whole days as fit.
        """
        taken: list[StoredRow] = []
        begins = 0  # how many rows there are up to the oldest with which they may begin
        looks_back_to = looks_back(self.fact, self._sold)
        for row in self._chain_back(self.decision):
            taken.append(row)
            if row.account_seq == 1 or self._may_begin(row):
                begins = len(taken)
            if row.account_seq == 1 or (begins == len(taken) and not self._goes_on(row, looks_back_to)):
                break
            if begins and len(taken) >= CHAIN_ROWS_MAX:
                break
        if not begins:
            raise LedgerDamaged(
                f'the chain of the account of row {self.decision} has no beginning: stop, run "evenhand verify"'
            )
        self._keep(taken[:begins])
        return self._first_day(taken[begins - 1])

    def _may_begin(self, row: StoredRow) -> bool:
        """Whether the rows may begin with this day's start: it is no later than what was judged, and no booking before it is cited."""
        if row.kind != DayOpened.__name__:
            return False
        body = body_of(row.kind, row.payload)
        at_us = self.fact.at_us if isinstance(self.fact, Breach) else _FOREVER
        began = isinstance(body, DayOpened) and body.day.start_us <= at_us
        return began and not self._books_cited_before(row.seq) and not self._began_with_a_report(row)

    def _goes_on(self, row: StoredRow, looks_back_to: Scope) -> bool:
        """Whether what was decided rests on more than the days from this one's start."""
        if looks_back_to is Scope.WEEK:
            return not begins_another_week(row, self.fact, self._sold)
        return looks_back_to is not Scope.DAY

    def _sold(self) -> AnyRuleset:
        """The account's rules, found before its rows are taken."""
        chain = (row for row in self._chain_back(self.decision) if row.kind == AccountOpened.__name__)
        cited = (body.ruleset for body in self._bodies.values() if isinstance(body, AccountOpened))
        known = next(cited, None)
        if known is not None:
            return known
        opened = next((body_of(row.kind, row.payload) for row in chain), None)
        if not isinstance(opened, AccountOpened):
            raise LedgerDamaged(f'the account of row {self.decision} was never opened: stop, run "evenhand verify"')
        return opened.ruleset

    def _told_to_all(self) -> Iterator[int]:
        """Rows of no account that it rests on: renamed contracts; and of a rule those with their sessions, and the calendar of news."""
        for seq, body in [*self._bodies.items()]:
            yield from renamed_rows(self._reader, self._bodies, _exhibits(body), self.opened, seq)
        if not isinstance(self.fact, RuleFact):
            return
        rule = rule_named(self.opened.ruleset, self.fact.rule)
        if rule is not None:
            yield from contract_rows(self._reader, rule.terms, self.opened.bridge, self._bodies, self.decision)
            yield from calendar_row(self._reader, rule.terms, self.fact, self.decision)

    def _first_day(self, row: StoredRow) -> int:
        """Where `row` begins the account's first day, take the few rows before it too: then nothing has to be believed of before."""
        before = list(islice(self._chain_back(row.account_prev_seq), ROWS_BEFORE_FIRST_DAY_MAX))
        if not before or before[-1].account_seq != 1 or any(one.kind == DayOpened.__name__ for one in before):
            return row.seq
        self._keep(before)
        return before[-1].seq

    def _books_cited_before(self, seq: int) -> bool:
        """Whether the working takes the balance or a position from a booking before this row."""
        before = [cited for cited in self._cited if cited < seq]
        self._take(before)
        wanted = _Suspicion if cites_each_trade(self.fact, self._sold) else _BOOKINGS | _Suspicion
        return any(isinstance(self._bodies[cited], wanted) for cited in before)

    def _began_with_a_report(self, row: StoredRow) -> bool:
        """Whether the account's own report brought the day's first instant: it lies before the day, and is booked within it."""
        cause = self._reader.row(row.cause)
        return cause is not None and cause.account == self.account and cause.kind in _BOOKED

    def _chain_back(self, seq: int) -> Iterator[StoredRow]:
        while seq:
            rows = self._reader.account_rows(self.account, from_seq=seq, limit=ROWS_AT_ONCE)
            yield from rows
            back = rows[-1].account_prev_seq if rows else 0
            seq = (
                back if back < seq else 0
            )  # damage alone makes a link that leads forward, and going round would never end

    def _opened(self) -> AccountOpened:
        """The row that froze the rules, with the account's rows before it: so it is seen to be the first of its kind."""
        cited = (seq for seq in sorted(self._bodies) if isinstance(self._bodies[seq], AccountOpened))
        opened: AccountOpened | None = None
        for row in self._chain_back(next(cited, self.anchor)):
            body = body_of(row.kind, row.payload)
            if isinstance(body, AccountOpened):
                opened = body
            if opened is not None:
                self._keep([row])
        if opened is None:
            raise LedgerDamaged(f'the account of row {self.decision} was never opened: stop, run "evenhand verify"')
        return opened

    def _take_cause(self) -> None:
        """The input that led to the decision, and to a suspicion that it confirms: each is judged as of its instant.

        Another account's report may: it let time pass, and is nobody else's to see.
        """
        suspicions = [seq for seq in sorted(self._cited) if isinstance(self._bodies[seq], _Suspicion)]
        for seq in (self.decision, *suspicions):
            cause = self._reader.row(self._rows[seq].cause)
            if cause is not None and cause.account in (0, self.account):
                self._keep([cause])

    def _take_days_counted(self) -> None:
        """A pass says how many days were traded, even where no rule asks for any."""
        if not isinstance(self.fact, PhasePassed) or any(
            isinstance(body, TradingDayCounted | TradingDayUncounted) for body in self._bodies.values()
        ):
            return
        counted = (row for row in self._chain_back(self.anchor) if row.kind in _DAYS_COUNTED)
        self._keep(islice(counted, 1))

    def _take_trail(self) -> None:
        """The frames in which the cited ticks came, and every one since the oldest that was judged by: none was newer."""
        exhibits = {seq: body for seq, body in self._bodies.items() if isinstance(body, QuoteUsed)}
        self._take(body.frame for body in exhibits.values())
        judged, cause = self._judged_at()
        first = min((exhibits[seq].frame for seq in judged), default=cause)
        if not judged:
            return
        if cause - first > TRAIL_ROWS_MAX:
            for frame in {exhibits[seq].frame for seq in judged}:
                self._take_frames(frame, frame)
            return
        self._take_frames(first, cause)

    def _take_frames(self, first: int, last: int) -> None:
        """The frames from one input to another, and which of their ticks were refused: what the last one led to may tell."""
        for row in self._rows_from(first):
            if row.seq > last and row.cause != last:
                break
            if self._is_of_trail(row):
                self._keep([row])

    def _rows_from(self, seq: int) -> Iterator[StoredRow]:
        while page := self._reader.rows(seq - 1, ROWS_AT_ONCE):
            yield from page
            seq = page[-1].seq + 1

    def _judged_at(self) -> tuple[tuple[int, ...], int]:
        """The exhibits that the judged equity rests on, and the input at which it was judged."""
        body = self._bodies[self.seen.seq]
        return _exhibits(body) if isinstance(body, Decided) else (), self.seen.cause

    def _is_of_trail(self, row: StoredRow) -> bool:
        if row.kind not in ("QuoteFrame", "QuotesRefused"):
            return False
        body = body_of(row.kind, row.payload)
        assert isinstance(body, QuoteFrame | QuotesRefused)
        return body.bridge == self.opened.bridge

    def _take(self, seqs: Iterable[int]) -> None:
        for seq in seqs:
            if seq and seq not in self._rows:
                row = self._reader.row(seq)
                if row is None:
                    raise LedgerDamaged(
                        f'row {self.decision} cites row {seq}, which is not there: stop, run "evenhand verify"'
                    )
                self._keep([row])

    def _keep(self, rows: Iterable[StoredRow]) -> None:
        for row in rows:
            self._rows[row.seq] = row
            self._bodies[row.seq] = body_of(row.kind, row.payload)


def _exhibits(body: Body) -> tuple[int, ...]:
    """The ticks that a row names as what it rests on."""
    if isinstance(body, Breach | RuleKeptAgain | PeakReached | DayOpened):
        return body.quotes
    return ()
