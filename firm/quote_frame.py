"""Quote frame: the bytes of one frame of prices, the same on the wire, beside the ledger and in a segment. Permanent.

MessagePack `[after_seq, [[symbol, t_us, bid, ask], ...]]`. A conflated frame's entries go on with
`bid_lo, bid_hi, ask_lo, ask_hi, merged`; whoever wants only the last price of each window reads it as an ordinary frame.
Prices are points by the symbol's digits, times int µs UTC. Entry `i` is number `qseq + i` of its bridge's quote lane.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec

FRAME_TICKS_MAX = 256
SYMBOL_LENGTH_MAX = 128

Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Symbol = Annotated[str, msgspec.Meta(min_length=1, max_length=SYMBOL_LENGTH_MAX)]


class Tick(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One price as the platform gave it. Whether it can be believed is the market desk's to say."""

    symbol: Symbol
    t_us: Int64
    bid: Int64
    ask: Int64


class Window(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What an overloaded bridge merged: the last price at `t_us`, the extremes, and how many ticks went in."""

    symbol: Symbol
    t_us: Int64
    bid: Int64
    ask: Int64
    bid_lo: Int64
    bid_hi: Int64
    ask_lo: Int64
    ask_hi: Int64
    merged: Int64


class UnreadableQuotes(ValueError):
    """Bytes that are no quote frame."""


class _Ticks(msgspec.Struct, array_like=True, frozen=True):
    after_seq: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    entries: Annotated[list[Tick], msgspec.Meta(min_length=1, max_length=FRAME_TICKS_MAX)]


class _Windows(msgspec.Struct, array_like=True, frozen=True):
    after_seq: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    entries: Annotated[list[Window], msgspec.Meta(min_length=1, max_length=FRAME_TICKS_MAX)]


_TICKS = msgspec.msgpack.Decoder(_Ticks)
_WINDOWS = msgspec.msgpack.Decoder(_Windows)
_ENCODER = msgspec.msgpack.Encoder()


def encode_quotes(after_seq: int, entries: Sequence[Tick] | Sequence[Window]) -> bytes:
    """The canonical bytes: each integer and string in MessagePack's shortest form."""
    return _ENCODER.encode((after_seq, entries))


def decode_quotes(body: bytes) -> list[Tick]:
    """The ticks of a frame, or the last price of each window of a conflated one."""
    return split_frame(body)[1]


def decode_windows(body: bytes) -> list[Window]:
    """The windows of a conflated frame."""
    return split_windows(body)[1]


def ticks_as_judged(body: bytes, *, conflated: bool) -> list[Tick]:
    """The ticks that accounts are judged at, in order; an exhibit names one by its place here.

    Nobody knows in which order a merged window's extremes came. It is looked at as its low, its high, its low again and its
    last price, so that a floor that follows the high is tried in both orders.
    """
    if not conflated:
        return decode_quotes(body)
    return [look for window in decode_windows(body) for look in _looks(window)]


def _looks(window: Window) -> tuple[Tick, ...]:
    low = Tick(window.symbol, window.t_us, window.bid_lo, window.ask_lo)
    high = Tick(window.symbol, window.t_us, window.bid_hi, window.ask_hi)
    return low, high, low, Tick(window.symbol, window.t_us, window.bid, window.ask)


def split_frame(body: bytes) -> tuple[int, list[Tick]]:
    """`after_seq` and the ticks."""
    try:
        frame = _TICKS.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableQuotes(f"not a quote frame: {error}") from error
    return frame.after_seq, frame.entries


def split_windows(body: bytes) -> tuple[int, list[Window]]:
    """`after_seq` and the windows."""
    try:
        frame = _WINDOWS.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableQuotes(f"not a conflated quote frame: {error}") from error
    return frame.after_seq, frame.entries
