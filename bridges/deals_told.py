"""Deals told: a fill, or a later word on one, in our words, with its money in the account's currency."""

from typing import Any, NamedTuple

from bridges import events as wire
from bridges.belief import believe_amount, believe_price, believe_volume
from firm import inputs
from firm.inputs import Input
from firm.money import Money


class Purse(NamedTuple):
    """Makes money of an account's minor units."""

    currency: str
    exponent: int

    def of(self, minor: int) -> Money:
        believe_amount(minor)
        return Money(minor, self.currency, self.exponent)


def told_deal(bridge: str, seq: int, event: wire.Deal, purse: Purse) -> Input:
    told = _figures(event, purse)
    order_id, reason = event.order_id, event.reason
    return inputs.DealReported(bridge=bridge, seq=seq, order_id=order_id, reason=reason, t_us=event.t_us, **told)


def told_update(bridge: str, seq: int, event: wire.DealUpdate, purse: Purse) -> Input:
    told = _figures(event, purse)
    return inputs.DealUpdateReported(bridge=bridge, seq=seq, deal_us=event.t_us, t_us=event.changed_us, **told)


def _figures(event: wire.Deal | wire.DealUpdate, purse: Purse) -> dict[str, Any]:
    """What a deal is, told for the first time or anew."""
    believe_price("px", event.px)
    believe_volume("vol", event.vol)
    return {
        "deal_id": event.deal_id,
        "position_id": event.pos_id,
        "symbol": event.sym,
        "entry": event.entry,
        "side": event.action,
        "lots_e8": event.vol,
        "price": event.px,
        "profit": purse.of(event.profit),
        "commission": purse.of(event.commission),
        "swap": purse.of(event.swap),
        "fee": purse.of(event.fee),
    }
