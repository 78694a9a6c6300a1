"""Tick trail: the last prices before a breach with the equity after each, so that a jump through the floor is seen as one.

The frames are read from beside the ledger and valued by the firm's own arithmetic. A trail that does not end at the very
equity the decision observed is not shown.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from firm.account import AccountState
from firm.arithmetic import PLAIN
from firm.equity import Board, equity_of, unpriced
from firm.exhibits import quote_of, spec_of
from firm.facts import OpenPosition, QuotesRefused, QuoteUsed
from firm.inputs import QuoteFrame
from firm.kinds import body_of
from firm.price import Quote, SymbolSpec
from firm.quote_frame import ticks_as_judged
from firm.ruleset import AnyRuleset
from storage.errors import PrunedByPolicy
from storage.held_then import as_positions
from storage.reader import LedgerReader
from storage.readmodels.accounts import AccountLine
from storage.rows import StoredRow
from web.bounds import TRAIL_ROWS_MAX, TRAIL_TICKS_SHOWN


class TrailTick(msgspec.Struct, frozen=True):
    """One price, and what the account was worth at it, in minor units."""

    quote: Quote
    digits: int
    equity: int


def account_then(line: AccountLine, ruleset: AnyRuleset, balance: int, held: Sequence[OpenPosition]) -> AccountState:
    """As much of the account as its equity depends on."""
    return AccountState(
        account=line.account,
        trader=line.trader,
        challenge=line.challenge,
        phase=line.phase,
        phase_name=line.phase_name,
        funded=line.funded,
        bridge=line.bridge,
        initial=line.money(line.initial),
        ruleset_id="",
        ruleset=ruleset,
        opened_seq=line.opened_seq,
        opened_us=line.opened_us,
        balance=balance,
        positions=as_positions(held),
    )


def tick_trail(
    reader: LedgerReader, then: AccountState, exhibits: Sequence[QuoteUsed], since_seq: int, observed: int
) -> list[TrailTick]:
    """The last ticks up to the deciding one, oldest first. `since_seq`: the row since which the book was the same."""
    if not exhibits:
        return []
    last = max(exhibits, key=lambda tick: (tick.frame, tick.index))
    board = Board({tick.symbol: spec_of(tick) for tick in exhibits}, {})
    rows = reader.rows(max(0, last.frame - TRAIL_ROWS_MAX), TRAIL_ROWS_MAX)
    first = rows[0].seq if rows else 0
    board.quotes |= {tick.symbol: quote_of(tick) for tick in exhibits if tick.frame < first}
    found: list[TrailTick] = []
    try:
        for quote in _quotes(reader, rows, then.bridge, board.specs):
            board.quotes[quote.symbol] = quote
            if quote.frame > since_seq and not unpriced(then, board):
                found.append(TrailTick(quote, board.specs[quote.symbol].digits, equity_of(PLAIN, then, board)))
            if (quote.frame, quote.index) >= (last.frame, last.index):
                break
    except PrunedByPolicy:
        return []
    return found[-TRAIL_TICKS_SHOWN:] if found and found[-1].equity == observed else []


def board_before(reader: LedgerReader, seq: int, bridge: str, exhibits: Sequence[QuoteUsed]) -> Board:
    """The last prices that had come before row `seq`, as far as the rows just before it and the exhibits tell them."""
    board = Board({tick.symbol: spec_of(tick) for tick in exhibits}, {})
    rows = [row for row in reader.rows(max(0, seq - 1 - TRAIL_ROWS_MAX), TRAIL_ROWS_MAX) if row.seq < seq]
    first = rows[0].seq if rows else seq
    board.quotes |= {tick.symbol: quote_of(tick) for tick in exhibits if tick.frame < first}
    try:
        board.quotes |= {quote.symbol: quote for quote in _quotes(reader, rows, bridge, board.specs)}
    except PrunedByPolicy:
        return Board(board.specs, {})
    return board


def _quotes(
    reader: LedgerReader, rows: Sequence[StoredRow], bridge: str, wanted: Mapping[str, SymbolSpec]
) -> Iterator[Quote]:
    """The ticks of the wanted symbols in the order in which they were judged, without those that no desk may use."""
    refused = {
        row.cause: {index for index, _ in body.refused}
        for row in rows
        if isinstance(
            body := body_of(row.kind, row.payload) if row.kind == QuotesRefused.__name__ else None, QuotesRefused
        )
    }
    frames = {
        row.seq: frame
        for row in rows
        if isinstance(frame := body_of(row.kind, row.payload) if row.kind == QuoteFrame.__name__ else None, QuoteFrame)
        and frame.bridge == bridge
    }
    for seq, raw in reader.frames(iter(frames)):
        for index, tick in enumerate(ticks_as_judged(raw, conflated=frames[seq].conflated)):
            if tick.symbol in wanted and index not in refused.get(seq, ()):
                yield Quote(tick.symbol, tick.t_us, tick.bid, tick.ask, seq, index)
