"""Deed: something done to a position, as rules about news and about software see it, and what platforms call the reason of a deal."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from firm.inputs import DealEntry
from firm.terms.conduct import NewsAction


class PlacedBy(StrEnum):
    """Who placed an order, as far as the platform tells."""

    PERSON = "person"
    EXPERT = "expert"
    COPIER = "copier"
    FIRM = "firm"
    UNKNOWN = "unknown"


class Deed(msgspec.Struct, frozen=True, gc=False):
    """What was done to a position, or that it is held. `currencies`: those of its symbol. `opened_us`: when the position was opened that is
    held, else when the youngest lots were that it was done to; `added_us`: when others were opened that are held.

    `seq`: the row that told of it. `booked_seq`: the row that booked it, where it is a deal. `seen_us`: of holding, until when that was
    looked at before.
    """

    action: NewsAction
    symbol: str
    currencies: tuple[str, ...]
    at_us: int
    opened_us: int
    seq: int
    position_id: str = ""
    placed_by: PlacedBy = PlacedBy.UNKNOWN
    booked_seq: int = 0
    seen_us: int = 0
    added_us: tuple[int, ...] = ()

    @property
    def is_holding(self) -> bool:
        return self.action is NewsAction.HOLD

    @property
    def since_us(self) -> int:
        return max(self.opened_us, self.seen_us) if self.is_holding else self.at_us


# The words of `DealReported.reason`: docs/wire-protocol.md lists them. Any other says nothing of who dealt, or why.
_PLACED_BY: Mapping[str, PlacedBy] = {
    **dict.fromkeys(("client", "mobile", "web"), PlacedBy.PERSON),
    "expert": PlacedBy.EXPERT,
    "copier": PlacedBy.COPIER,
    "dealer": PlacedBy.FIRM,
}
_ENDED_BY_ITSELF: Mapping[str, NewsAction] = {
    "sl": NewsAction.STOP_LOSS,
    "stop_out": NewsAction.STOP_LOSS,  # the platform's own stop, for want of margin
    "tp": NewsAction.TAKE_PROFIT,
}


def placed_by(reason: str) -> PlacedBy:
    """Who placed the order of a deal."""
    return _PLACED_BY.get(reason, PlacedBy.UNKNOWN)


def action_of(entry: DealEntry, reason: str, *, pending: bool) -> NewsAction:
    """What a deal did. `pending`: its order waited for a price."""
    if entry is DealEntry.OUT and reason in _ENDED_BY_ITSELF:
        return _ENDED_BY_ITSELF[reason]
    if pending:
        return NewsAction.PENDING_FILL
    return NewsAction.OPEN if entry is DealEntry.IN else NewsAction.CLOSE
