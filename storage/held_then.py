"""Held then: what an account held when a decision fell, from its rows, newest first."""

from collections.abc import Sequence

from msgspec.structs import replace

from firm.account import Position
from firm.facts import (
    CashBooked,
    DayOpened,
    DealBooked,
    DealCorrected,
    DividendBooked,
    OpenPosition,
    PositionRestated,
    SwapPosted,
)
from firm.kinds import body_of
from storage.rows import StoredRow

_Change = DealBooked | DealCorrected | SwapPosted | PositionRestated
_CHANGES = frozenset(kind.__name__ for kind in (DealBooked, DealCorrected, SwapPosted, PositionRestated))
_MOVES = _CHANGES | {CashBooked.__name__, DividendBooked.__name__}


def open_positions(rows_back: Sequence[StoredRow]) -> list[OpenPosition]:
    """What was open: the day's opening positions, and each deal, correction and swap booked since."""
    held: dict[str, OpenPosition] = {}
    booked: list[_Change] = []
    for row in rows_back:
        if row.kind != DayOpened.__name__ and row.kind not in _CHANGES:
            continue
        body = body_of(row.kind, row.payload)
        if isinstance(body, DayOpened):
            held = {position.position_id: position for position in body.positions}
            break
        assert isinstance(body, _Change)
        booked.append(body)
    for each in reversed(booked):
        before = held.pop(each.position_id, None)
        now = _position(each, before)
        if now is not None:
            held[each.position_id] = now
    return list(held.values())


def as_positions(held: Sequence[OpenPosition]) -> tuple[Position, ...]:
    """As the account's state has them, but for the rows that they come from."""
    return tuple(
        Position(
            each.position_id, each.symbol, each.side, each.lots_e8, each.price_open, each.opened_us,
            seq=0, path="", swap=each.swap.minor, swap_seq=0, swap_path="",
        )
        for each in held
    )  # fmt: skip


def unchanged_since(rows_back: Sequence[StoredRow]) -> int:
    """The last row that moved balance, positions or swap: prices after it met the same book. 0 where none of the rows did."""
    return next((row.seq for row in rows_back if row.kind in _MOVES), 0)


def _position(booked: _Change, before: OpenPosition | None) -> OpenPosition | None:
    """The position as it is after a deal, a swap or a restatement; None once it is closed."""
    if isinstance(booked, DealBooked | DealCorrected | PositionRestated):
        now = OpenPosition(
            position_id=booked.position_id,
            symbol=booked.symbol,
            side=booked.side,
            lots_e8=booked.lots_e8,
            price_open=booked.price_open,
            swap=booked.swap,
            opened_us=booked.opened_us,
        )
        return now if booked.lots_e8 else None
    return before and replace(before, swap=booked.swap)
