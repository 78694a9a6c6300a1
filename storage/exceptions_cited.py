"""Exceptions cited: of the figures that a decision rests on those that a person set, with who set them, when and why."""

from collections.abc import Iterable, Iterator

import msgspec

from firm.arithmetic import Step
from firm.facts import DayAnchored, DayOpened, HighMoved, OverrideGranted
from firm.instant import utc_text
from firm.kinds import Body, body_of
from firm.money import Money
from firm.override_words import override_in_words
from firm.overrides import AdjustMark, Mark
from storage.reader import LedgerReader

_ROWS_AT_ONCE = 200
_ROWS_MAX = 20_000  # walked back from a figure to the exception that set it


class ExceptionCited(msgspec.Struct, frozen=True):
    """An exception that a figure comes from. `by`: references of people."""

    seq: int
    at_us: int
    granted: OverrideGranted

    @property
    def by(self) -> str:
        return " and ".join(self.granted.by)

    def in_words(self, money: Money) -> str:
        """For who explains a decision. `money`: any amount in the account's currency."""
        fact = self.granted
        return (
            f"A figure that it is measured from was set by people: {self.by} {override_in_words(fact.override, money)} at "
            f"{utc_text(self.at_us)} (ledger row {self.seq}): {fact.reasons} (evidence: {fact.all_evidence})."
        )


def exceptions_cited(reader: LedgerReader, account: int, working: Iterable[Step]) -> list[ExceptionCited]:
    """By which people set what these steps cite, oldest first."""
    found: dict[int, ExceptionCited] = {}
    for seq in sorted({int(head) for step in working if (head := step.source.partition("/")[0]).isdigit()}):
        row = reader.row(seq)
        body = body_of(row.kind, row.payload) if row is not None and row.kind in _SETTING else None
        if isinstance(body, DayAnchored | HighMoved) and body.adjusted:
            found |= {one.seq: one for one in _set_in(reader, account, seq, body)}
    return [found[seq] for seq in sorted(found)]


_SETTING = frozenset({DayAnchored.__name__, HighMoved.__name__})
_MARKING = frozenset({OverrideGranted.__name__, DayOpened.__name__})


def _set_in(reader: LedgerReader, account: int, seq: int, moved: DayAnchored | HighMoved) -> Iterator[ExceptionCited]:
    """Of a high the last one that set it; of a day's start all of that day."""
    is_high = isinstance(moved, HighMoved)
    for at, happened_us, body in _back_from(reader, account, seq):
        if isinstance(body, DayOpened) and not is_high:
            return
        if not isinstance(body, OverrideGranted) or not isinstance(body.override, AdjustMark):
            continue
        if (body.override.mark is Mark.HIGH) is is_high:
            yield ExceptionCited(at, happened_us, body)
            if is_high:
                return


def _back_from(reader: LedgerReader, account: int, seq: int) -> Iterator[tuple[int, int, Body]]:
    start, walked = seq, 0
    while start and walked < _ROWS_MAX:
        rows = reader.account_rows(account, from_seq=start, limit=_ROWS_AT_ONCE)
        for row in rows:
            if row.kind in _MARKING:
                yield row.seq, row.happened_us, body_of(row.kind, row.payload)
        walked += len(rows)
        start = rows[-1].account_prev_seq if rows else 0
