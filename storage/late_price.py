"""Late price: what was said about a decision afterwards, and the equity of a breach in question with the price that came late.

Worked out again from the rows: the book on which the equity was seen, the exhibits of that row, and the QuoteUsed rows that the
account was given between it and the question.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from firm.account import AccountState, Grounds
from firm.account_fold import opened
from firm.arithmetic import PLAIN, Step, Working
from firm.equity import Board, Priced, equity_of, unpriced
from firm.exhibits import quote_of, spec_of
from firm.facts import (
    AccountOpened,
    BreachDeclared,
    BreachSuspected,
    CashBooked,
    DealBooked,
    DealCorrected,
    DividendBooked,
    OverrideGranted,
    PeakDoubted,
    QuoteUsed,
    StandingChanged,
    VerdictCorrected,
)
from firm.kinds import body_of
from firm.money import Money
from firm.rules.limits import breaks
from firm.terms.losses import LossLimit
from storage.held_then import as_positions, open_positions
from storage.reader import LedgerReader
from storage.rows import StoredRow

ROWS_AT_ONCE = 500
BOOK_ROWS_MAX = 5_000  # rows walked back from where an equity was seen to its day's start
_BOOKED = frozenset(kind.__name__ for kind in (DealBooked, CashBooked, DividendBooked))

Breach = BreachDeclared | BreachSuspected


class LaterWord(msgspec.Struct, frozen=True):
    """A VerdictCorrected row about a decision. `at_us`: when what led to it came. `verdict`, `because`: as it says them."""

    seq: int
    at_us: int
    verdict: str
    because: str


class LatePrice(msgspec.Struct, frozen=True):
    """The price of a symbol that was used, and the one of which it was learnt later that it stood then; each with its row.

    `came_us`: when the frame came in which it was sent.
    """

    used_seq: int
    used: QuoteUsed
    late_seq: int
    late: QuoteUsed
    came_us: int


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A breach put in question. `asked`: the last word that asked it, or took it back.

    `equity`: with the late prices; None where the rows alone do not give it again.

    `working`: how that equity compares with the floor, step by step; empty where there is none. `breaks`: whether it is beyond.
    """

    asked: LaterWord
    prices: tuple[LatePrice, ...]
    equity: Money | None
    floor: Money
    breaks: bool
    working: tuple[Step, ...]


def rows_since(reader: LedgerReader, account: int, decision: int, last: int | None = None) -> list[StoredRow]:
    """The account's rows after the decision, oldest first, up to its row `last` or to its newest."""
    found = list(rows_back_to(reader, account, decision, last))
    return found[::-1]


def exceptions_of(reader: LedgerReader, account: int) -> list[StoredRow]:
    """The rows by which people made exceptions from the account's rules, oldest first."""
    granted = [row for row in rows_back_to(reader, account, 0, None) if row.kind == OverrideGranted.__name__]
    return granted[::-1]


def rows_back_to(reader: LedgerReader, account: int, decision: int, start: int | None) -> Iterator[StoredRow]:
    """The account's rows from its row `start`, or its newest, back to the one after the decision."""
    while start is None or start > decision:
        rows = reader.account_rows(account, from_seq=start, limit=ROWS_AT_ONCE)
        yield from (row for row in rows if row.seq > decision)
        start = rows[-1].account_prev_seq if rows else 0


def later_words(rows: Sequence[StoredRow], decision: int) -> list[LaterWord]:
    """What these rows say of the decision, oldest first."""
    told = ((row, body_of(row.kind, row.payload)) for row in rows if row.kind == VerdictCorrected.__name__)
    return [
        LaterWord(row.seq, row.received_us, body.verdict, body.because)
        for row, body in told
        if isinstance(body, VerdictCorrected) and body.decision == decision
    ]


def question_of(
    reader: LedgerReader, rules: AccountOpened, decision: StoredRow, seen: StoredRow, words: Sequence[LaterWord]
) -> Question | None:
    """The question about a breach, or None where nobody asked it. `seen`: the row that recorded the equity."""
    asked = next((word for word in reversed(words) if word.verdict in ("questioned", "withdrawn")), None)
    decided, fact = (body_of(row.kind, row.payload) for row in (decision, seen))
    if asked is None or not isinstance(decided, Breach) or not isinstance(fact, Breach):
        return None
    since = rows_since(reader, seen.account, seen.seq, asked.seq)
    said = (VerdictCorrected.__name__, StandingChanged.__name__)
    if next((row.kind for row in reversed(since) if row.kind not in said), "") == PeakDoubted.__name__:
        return None  # it is the floor that is in question, and how high it was nobody can tell; the word itself says so
    prices = tuple(_late_prices(reader, fact, since))
    question = Question(asked=asked, prices=prices, equity=None, floor=decided.floor, breaks=False, working=())
    booked_late = any(_is_booked_late(row, fact.at_us) for row in since)
    then = _book_then(reader, rules, seen, fact)
    if booked_late or then is None:
        return question
    return _measured(reader, question, then, _Compared(seen.seq, fact, decision.seq, decided.observed.minor))


def _is_booked_late(row: StoredRow, at_us: int) -> bool:
    """Whether a row changes what was held, or owned, at an instant."""
    if row.kind == DealCorrected.__name__:
        body = body_of(row.kind, row.payload)
        return isinstance(body, DealCorrected) and body.deal_us < at_us
    return row.kind in _BOOKED and row.happened_us < at_us


def _late_prices(reader: LedgerReader, fact: Breach, since: Sequence[StoredRow]) -> Iterator[LatePrice]:
    """Of each exhibit's symbol the price that stood in its place at that instant, as the account's own state learns it."""
    exhibits = _exhibits(reader, fact)
    known = Grounds(0, "", (), tuple(map(quote_of, exhibits.values())))
    found: dict[str, tuple[int, QuoteUsed]] = {}
    for row in since:
        body = body_of(row.kind, row.payload) if row.kind == QuoteUsed.__name__ else None
        if isinstance(body, QuoteUsed) and known.is_moved_by(quote_of(body), fact.at_us):
            known = known.with_price(quote_of(body))
            found[body.symbol] = (row.seq, body)
    for used_seq, used in exhibits.items():
        if used.symbol in found:
            late_seq, late = found[used.symbol]
            frame = reader.row(late.frame)
            yield LatePrice(used_seq, used, late_seq, late, frame.received_us if frame is not None else 0)


def _exhibits(reader: LedgerReader, fact: Breach) -> dict[int, QuoteUsed]:
    rows = [row for seq in fact.quotes if (row := reader.row(seq)) is not None]
    bodies = ((row.seq, body_of(row.kind, row.payload)) for row in rows)
    return {seq: body for seq, body in bodies if isinstance(body, QuoteUsed)}


def _book_then(reader: LedgerReader, rules: AccountOpened, seen: StoredRow, fact: Breach) -> AccountState | None:
    """As much of the account as its equity depends on; None where the working does not start from a balance."""
    balance = next((step for step in fact.working if step.name == "balance"), None)
    if balance is None:
        return None
    held = open_positions(reader.account_rows(seen.account, from_seq=seen.seq, limit=BOOK_ROWS_MAX))
    then = opened(rules, seen.account, 0, 0)
    return replace(then, balance=balance.value, balance_source=balance.source, positions=as_positions(held))


class _Compared(NamedTuple):
    """The row in which an equity was seen, and the decision, which compared it with what was booked in between."""

    seen_seq: int
    seen: Breach
    decision: int
    observed: int

    def with_booked(self, calc: Working, equity: int) -> int:
        if self.observed == self.seen.observed.minor:
            return equity
        seen = calc.given(
            "equity when it was seen", self.seen.observed.minor, "minor", f"{self.seen_seq}/observed/minor"
        )
        compared = calc.given("equity that was compared", self.observed, "minor", f"{self.decision}/observed/minor")
        return calc.plus("equity with what was booked since", equity, calc.minus("booked since", compared, seen))


def _measured(reader: LedgerReader, question: Question, then: AccountState, compared: _Compared) -> Question:
    """With the equity at the late prices, where the same book at the prices that were used is worth what was observed."""
    fact = compared.seen
    rule = next((rule for rule in then.ruleset.rules if rule.id == fact.rule), None)
    exhibits = _exhibits(reader, fact)
    if rule is None or not isinstance(rule.terms, LossLimit) or not _agrees(then, exhibits, fact.observed.minor):
        return question
    instead = {one.used_seq: (one.late_seq, one.late) for one in question.prices}
    mended = dict(instead.get(seq, (seq, used)) for seq, used in exhibits.items())
    calc = Working()
    equity = equity_of(calc, then, _board(mended), {used.symbol: Priced(seq) for seq, used in mended.items()})
    equity = compared.with_booked(calc, equity)
    floor = calc.given("floor", question.floor.minor, "minor", f"{compared.decision}/floor/minor")
    beyond = breaks(calc, rule.terms, equity, floor)
    steps = tuple(_cited(calc.steps, fact.working))
    return replace(question, equity=fact.observed.with_minor(int(equity)), breaks=bool(beyond), working=steps)


def _agrees(then: AccountState, exhibits: dict[int, QuoteUsed], observed: int) -> bool:
    board = _board(exhibits)
    return not unpriced(then, board) and equity_of(PLAIN, then, board) == observed


def _board(quotes: dict[int, QuoteUsed]) -> Board:
    specs = {one.symbol: spec_of(one) for one in quotes.values()}
    return Board(specs, {one.symbol: quote_of(one) for one in quotes.values()})


def _cited(steps: Sequence[Step], decided: Sequence[Step]) -> Iterator[Step]:
    """Lots and open prices are cited from where the decision took them, as far as it names the same values."""
    known = {(step.name, step.value): step.source for step in decided if step.op == "given"}
    for step in steps:
        unknown = step.op == "given" and step.source.startswith("0/")
        yield replace(step, source=known.get((step.name, step.value), "")) if unknown else step
