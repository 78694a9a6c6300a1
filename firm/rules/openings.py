"""Openings: each deal that opened lots, as rules see it that ask when, at which price and with how many lots something is opened.

What is added to a position is opened by itself: an old position shelters nothing that is added to it. Lots of one position that were
opened at one instant are one opening of as many prices as they have.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from firm.inputs import Side
from firm.instant import utc_text
from firm.track import HeldPosition, Part, Trade


class Opening(NamedTuple):
    """Lots of an open position. `subject`: the position, and when they were added to it where they were. `of`: what says when it was."""

    position_id: str
    subject: str
    side: Side
    price: int
    opened_us: int
    of: HeldPosition | Part

    def told(self, figure: str) -> str:
        """Where its instant stands in the ledger; "" where no row holds it."""
        assert figure == "opened_us", f"an opening has no {figure} that a row holds"
        return self.of.told(figure)


def openings_of(held: Iterable[HeldPosition]) -> Iterator[Opening]:
    """Those of what is held, position by position, of each the oldest first."""
    for position in held:
        name, opened_us = position.position_id, position.opened_us
        if not position.parts:
            yield Opening(name, name, position.side, position.price_open, opened_us, position)
        for part in position.parts:
            of = position if part.opened_us == opened_us else part
            yield Opening(name, subject_of(position, part.opened_us), position.side, part.price, part.opened_us, of)


def parts_of(position: HeldPosition) -> tuple[Part, ...]:
    """Its lots by when they were opened, the oldest first."""
    return position.parts or (Part(position.lots_e8, position.opened_us, position.seq, position.price_open),)


def subject_of(position: HeldPosition | Trade, opened_us: int) -> str:
    """Whom an answer about lots is about that were opened then: the position, or what was added to it."""
    if opened_us == position.opened_us:
        return position.position_id
    return f"{position.position_id} {utc_text(opened_us)}"


def is_of_position(subject: str, position_id: str) -> bool:
    """Whether an answer is about this position, or about something of it: a closure, a release, what was added."""
    return subject == position_id or subject.startswith(f"{position_id} ")
