"""Said since: what was said of a decision after it was made, and for a breach in question the late price with its arithmetic."""

from collections.abc import Mapping

import msgspec

from firm.facts import AccountOpened
from firm.kinds import body_of
from firm.money import Money
from storage.late_price import LaterWord, Question, later_words, question_of, rows_since
from storage.reader import LedgerReader
from storage.readmodels.accounts import AccountLine
from storage.readmodels.decisions import DecisionLine
from web.cited_rows import read_aloud
from web.shell.speech import ENGLISH, Speech
from web.working import WorkingLine, working_lines

# Each with its sentence, its tone and its picture.
SAID = {
    "questioned": ("since.questioned", "warn", "hourglass"),
    "withdrawn": ("since.withdrawn", "info", "circle-check"),
    "dismissed": ("since.dismissed", "info", "gavel"),
    "upheld": ("since.upheld", "info", "gavel"),
    "overridden": ("since.overridden", "info", "gavel"),
    "exonerated": ("since.exonerated", "info", "circle-check"),
}


class SaidSince(msgspec.Struct, frozen=True):
    """`words`: oldest first. `question`, and how its equity was worked out: where a late price asked one."""

    words: list[LaterWord]
    question: Question | None
    working: list[WorkingLine]


def said_since(
    reader: LedgerReader,
    line: DecisionLine,
    account: AccountLine,
    seen_seq: int,
    observed: Money,
    digits: Mapping[str, int],
    speech: Speech = ENGLISH,
) -> SaidSince:
    """From the account's rows up to the last word on the decision."""
    last = line.settled_seq or 0
    words = later_words(rows_since(reader, line.account, line.decision, last), line.decision)
    question = _question(reader, line, account, seen_seq, words)
    if question is None or not question.working:
        return SaidSince(words, question, [])
    steps, times = read_aloud(reader, question.working, speech)
    return SaidSince(words, question, working_lines(steps, observed, digits, times, speech))


def _question(
    reader: LedgerReader, line: DecisionLine, account: AccountLine, seen_seq: int, words: list[LaterWord]
) -> Question | None:
    decision, seen, first = (reader.row(seq) for seq in (line.decision, seen_seq, account.opened_seq))
    rules = body_of(first.kind, first.payload) if first is not None else None
    if decision is None or seen is None or not isinstance(rules, AccountOpened):
        return None
    return question_of(reader, rules, decision, seen, words)
