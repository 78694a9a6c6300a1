"""Arrival: an input at the door of the engine, with what the border knows of it and who waits for the answer."""

from collections.abc import Callable, Sequence

import msgspec

from firm.facts import DeskStopped, Fact
from firm.inputs import Input, QuoteFrame
from firm.quote_frame import Tick, ticks_as_judged


class Decided(msgspec.Struct, frozen=True):
    """What an input led to, told only after it is durable: its ledger seq and the facts with their accounts."""

    seq: int
    facts: tuple[tuple[int, Fact], ...]


class Arrival(msgspec.Struct):
    """An input with its header.

    `happened_us` by the source's clock in UTC, believed or not; `received_us` stamped at the border, `account` 0 where it concerns none.
    `attachment` is a quote frame's exact bytes. `on_durable` is called in the event loop after the commit, in input order.
    `stopped`: desks that stopped on this input when it was first decided, for a replay to follow.
    """

    body: Input
    happened_us: int
    received_us: int
    account: int = 0
    attachment: bytes | None = None
    on_durable: Callable[[Decided], None] | None = None
    stopped: tuple[DeskStopped, ...] = ()


class Overloaded(Exception):
    """The engine's queue is full: nothing was taken; wait for something to become durable and offer again."""


class Held(Overloaded):
    """The engine takes nothing for now, however long its queue is; the text says why."""


Offer = Callable[[Sequence[Arrival]], None]


def ticks_of(body: Input, frame: bytes | None) -> Sequence[Tick]:
    """The prices that an input brings, as accounts are judged at them; none where it is no frame."""
    if type(body) is not QuoteFrame:
        return ()
    assert frame is not None, "a quote frame arrived without its bytes"
    return ticks_as_judged(frame, conflated=body.conflated)
