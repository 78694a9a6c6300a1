"""Afterwards: what was said about a decision since it was made, in plain words. The decision, and its evidence, stay as they were."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from firm.facts import BreachDeclared, BreachSuspected, OverrideGranted, QuoteUsed
from firm.instant import utc_text
from firm.kinds import body_of
from firm.money import Money
from firm.override_words import override_in_words
from storage.grounds import Grounds
from storage.kept_again import kept_again_in
from storage.late_price import LaterWord, Question, exceptions_of, later_words, question_of, rows_since
from storage.reader import LedgerReader
from storage.rows import StoredRow

_SAID = {
    "questioned": "In question since",
    "withdrawn": "No longer in question since",
    "dismissed": "Dismissed at",
    "upheld": "Upheld at",
    "exonerated": "Taken back at",
    "overridden": "Overridden at",
}
_ENDED = {
    "questioned": "A person at the firm decides whether the breach stands. Until then the account stays closed.",
    "dismissed": (
        "The breach is held to be none. The account stays closed, because its positions are; what is owed to the trader is "
        "settled by hand."
    ),
    "overridden": "The breach stands as it was judged. A person at the firm let the account go on in spite of it.",
}
_EVIDENCE = "The evidence of this decision is of the decision as it was made: nothing of what was said since is in it."


def explain_decision(reader: LedgerReader, decision: int) -> list[str]:
    """The decision at this seq in plain words, and what was said of it since. NotADecision where the row judged nothing."""
    grounds = Grounds(reader, decision)
    words = later_words(rows_since(reader, grounds.account, decision), decision)
    since = [*(_since(reader, grounds, words) if words else ()), *_kept_again(reader, grounds)]
    return [*grounds.words(), *since, *_exceptions(reader, grounds)]


def _kept_again(reader: LedgerReader, grounds: Grounds) -> Iterator[str]:
    kept = kept_again_in(reader, grounds.account, grounds.decision, grounds.fact)
    if kept:
        yield f"It is kept again since ledger row {kept}, which is a decision of its own."


def _exceptions(reader: LedgerReader, grounds: Grounds) -> Iterator[str]:
    """Those from the account's rules, whenever they were granted: one of before may be what a figure rests on."""
    granted = [f"  {_granted(row, grounds.opened.initial)}" for row in exceptions_of(reader, grounds.account)]
    if granted:
        yield "Exceptions from this account's rules, each granted by people:\n" + "\n".join(granted)


def _granted(row: StoredRow, money: Money) -> str:
    fact = body_of(row.kind, row.payload)
    assert isinstance(fact, OverrideGranted)
    did = f"{' and '.join(fact.by)} {override_in_words(fact.override, money)}"
    return (
        f"{did} at {utc_text(row.happened_us)} (ledger row {row.seq}): {fact.reasons} (evidence: {fact.all_evidence})"
    )


def _since(reader: LedgerReader, grounds: Grounds, words: Sequence[LaterWord]) -> Iterator[str]:
    yield "What was said since:\n" + "\n".join(map(_told, words))
    fact = grounds.fact
    if isinstance(fact, BreachDeclared | BreachSuspected):
        question = question_of(reader, grounds.opened, grounds.decided, grounds.seen, words)
        if question is not None and question.prices:
            yield "With the price that came late:\n" + "\n".join(_compared(question, fact))
    if isinstance(fact, BreachDeclared) and words[-1].verdict in _ENDED:
        yield _ENDED[words[-1].verdict]
    yield _EVIDENCE


def _told(word: LaterWord) -> str:
    return f"  {_SAID.get(word.verdict, word.verdict)} {utc_text(word.at_us)} (ledger row {word.seq}): {word.because}"


def _compared(question: Question, decided: BreachDeclared | BreachSuspected) -> Iterator[str]:
    for one in question.prices:
        yield f"  {one.used.symbol} that was used: {_price(one.used)} (ledger row {one.used_seq})"
        came = f"ledger row {one.late_seq}, came at {utc_text(one.came_us)}"
        yield f"  {one.late.symbol} that came late: {_price(one.late)} ({came})"
    yield f"  equity as it was decided by: {decided.observed}"
    if question.equity is None:
        yield "  equity with it: not worked out here, because the account's book changed in between"
        return
    beyond = "which is a breach too" if question.breaks else "which is no breach"
    yield f"  equity with it: {question.equity}; the floor was {question.floor}: {beyond}"


def _price(tick: QuoteUsed) -> str:
    bid, ask = (Decimal(points).scaleb(-tick.digits) for points in (tick.bid, tick.ask))
    return f"bid {bid}, ask {ask}, of {utc_text(tick.t_us)}"
