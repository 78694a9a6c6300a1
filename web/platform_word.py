"""Platform's word: what the platform said of an account just before a breach was suspected and just after, beside what we had then.

Ours is worked out again from the rows, as the account's desk did when the report came. Where a price for it is missing, it is left out.
"""

from collections.abc import Iterator, Sequence

import msgspec

from firm.arithmetic import PLAIN
from firm.equity import equity_of, unpriced
from firm.facts import QuoteUsed
from firm.inputs import EquityReported, OrderReported, PolicyAdopted, SnapshotReported
from firm.kinds import body_of
from firm.money import Money
from firm.policy import Policy
from firm.ruleset import AnyRuleset
from storage.bookings import day_bookings
from storage.held_then import open_positions
from storage.reader import LedgerReader
from storage.readmodels.accounts import AccountLine
from storage.readmodels.trades import DigitsKnown
from storage.rows import StoredRow
from web.bounds import CANCELLED_SHOWN, POSITION_ROWS_MAX
from web.tick_trail import account_then, board_before

_REPORTS = frozenset(kind.__name__ for kind in (EquityReported, SnapshotReported))
_STARTS = ("EpochOpened", "EngineResumed")
_POLICY_WITHIN_ROWS = 16  # of a start: a policy is adopted right after it
CANCELLED = "cancelled"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One report, of ledger row `seq`. `ours` and `ours_balance`: what we had when it came; None where the rows do not give it again."""

    seq: int
    at_us: int
    equity: Money
    ours: Money | None
    balance: Money
    ours_balance: Money | None

    @property
    def figures(self) -> tuple[tuple[str, Money, Money | None], ...]:
        """What was said of each figure, and what we had."""
        return ("Equity", self.equity, self.ours), ("Balance", self.balance, self.ours_balance)


class PlatformWord(msgspec.Struct, frozen=True, kw_only=True):
    """`before`: the last report that had come when the equity was seen, `after`: the first one since; None where there is none.

    `age_max_us`: how old a report may be on which a hard failure rests; `tolerance`: how far the equities may be apart.
    """

    before: Report | None
    after: Report | None
    age_max_us: int
    tolerance: Money


class CancelledOrder(msgspec.Struct, frozen=True):
    """A pending order that the platform cancelled, as row `seq` reported it, at a price in points of `digits`."""

    seq: int
    order: OrderReported
    digits: int


def platform_word(
    reader: LedgerReader, line: AccountLine, ruleset: AnyRuleset, seen_seq: int, exhibits: Sequence[QuoteUsed]
) -> PlatformWord:
    """Around row `seen_seq`, in which the equity was seen. `exhibits` lend the contracts of the symbols."""

    def told(row: StoredRow | None) -> Report | None:
        return None if row is None else _told(reader, line, ruleset, row, exhibits)

    earlier = reader.account_rows(line.account, from_seq=seen_seq, limit=POSITION_ROWS_MAX)
    policy = _policy_at(reader, seen_seq)
    return PlatformWord(
        before=told(next((row for row in earlier if row.kind in _REPORTS), None)),
        after=told(next((row for row in rows_after(reader, line.account, seen_seq) if row.kind in _REPORTS), None)),
        age_max_us=policy.reconcile_within_us,
        tolerance=line.money(line.initial * policy.drift_tolerance_bp // 10_000),
    )


def cancelled_orders(rows: Sequence[StoredRow], until_us: int | None, digits: DigitsKnown) -> list[CancelledOrder]:
    """Orders that the platform cancelled, of an account's rows, oldest first, up to the instant at which it was flat."""
    found = ((row.seq, body_of(row.kind, row.payload)) for row in rows if row.kind == OrderReported.__name__)
    cancelled = [
        CancelledOrder(seq, order, digits.at(seq).get(order.symbol, 0))
        for seq, order in found
        if isinstance(order, OrderReported)
        and order.state == CANCELLED
        and (until_us is None or order.t_us <= until_us)
    ]
    return cancelled[:CANCELLED_SHOWN]


def rows_after(reader: LedgerReader, account: int, seq: int) -> list[StoredRow]:
    """The account's rows after its row `seq`, oldest first; none where more came since than are walked back."""
    rows = reader.account_rows(account, limit=POSITION_ROWS_MAX)
    since = [row for row in rows if row.seq > seq]
    return since[::-1] if len(since) < POSITION_ROWS_MAX else []


def _policy_at(reader: LedgerReader, seq: int) -> Policy:
    """The one by which that row was decided: it is adopted at a start alone, right after the row that tells of it."""
    starts = sorted((start for kind in _STARTS for start in reader.landmarks(kind) if start < seq), reverse=True)
    return next((policy for start in starts for policy in _adopted(reader, start)), Policy())


def _adopted(reader: LedgerReader, start: int) -> Iterator[Policy]:
    for row in reader.rows(start, _POLICY_WITHIN_ROWS):
        if row.kind == PolicyAdopted.__name__:
            adopted = body_of(row.kind, row.payload)
            assert isinstance(adopted, PolicyAdopted)
            yield adopted.policy


def _told(
    reader: LedgerReader, line: AccountLine, ruleset: AnyRuleset, row: StoredRow, exhibits: Sequence[QuoteUsed]
) -> Report:
    said = body_of(row.kind, row.payload)
    assert isinstance(said, EquityReported | SnapshotReported)
    rows_back = reader.account_rows(line.account, from_seq=row.seq, limit=POSITION_ROWS_MAX)[1:]
    booked = day_bookings(rows_back)
    balance = None if booked is None else booked.balance
    equity = None
    if balance is not None:
        then = account_then(line, ruleset, balance.minor, open_positions(rows_back))
        board = board_before(reader, row.seq, then.bridge, exhibits)
        equity = None if unpriced(then, board) else line.money(equity_of(PLAIN, then, board))
    return Report(
        seq=row.seq,
        at_us=row.happened_us,
        equity=said.equity,
        ours=equity,
        balance=said.balance,
        ours_balance=balance,
    )
