"""Corrections: deals that the platform's staff change or delete after the fact, and what that makes of position and balance.

The position becomes what its remaining deals make of it, in their order; the balance moves by what the deal left in it. What follows
from a change, such as the profit of a close whose opening price was wrong, is another change, as staff would make it.
"""

from msgspec.structs import replace

from bridges.events import Deal, DealDelete, DealUpdate
from bridges.simulator.answers import Retcode
from bridges.simulator.state import Account, Position, State
from bridges.simulator.tellings import Tellings
from firm.inputs import DealEntry, Side
from firm.money import divided_rounded_half_away

DEALS_KEPT = 60  # of an account, the newest; a position whose first deal goes takes its others along


def remember(account: Account, deal: Deal) -> None:
    """Keep a deal in the account's history."""
    account.deals[deal.deal_id] = deal
    if len(account.deals) > DEALS_KEPT:
        oldest = next(iter(account.deals.values())).pos_id
        account.deals = {name: kept for name, kept in account.deals.items() if kept.pos_id != oldest}


class Corrections:
    """The dealer's desk for what was already done."""

    def __init__(self, state: State, tellings: Tellings) -> None:
        self._state = state
        self._tell = tellings

    def update(self, account: Account, deal_id: str, t_us: int, **changes: int) -> Retcode:
        """Give a deal another `vol`, `px`, `profit`, `commission`, `swap` or `fee`. What its position's deals do not allow is refused."""
        deal = account.deals.get(deal_id)
        if deal is None:
            return Retcode.UNKNOWN_DEAL
        now = replace(deal, **changes)
        if now.px <= 0 or now.vol <= 0:
            return Retcode.INVALID_ARGS
        deals = {**account.deals, deal_id: now}
        answer = self._rebook(account, deal, deals, _left(now) - _left(deal), deal.swap - now.swap)
        if answer is Retcode.DONE:
            self._tell.event(_update(now, t_us))
            self._tell_after(account, deal, t_us)
        return answer

    def delete(self, account: Account, deal_id: str, t_us: int) -> Retcode:
        """Take a deal out of the history, as if it had never been made. Those that closed its position go before the one that opened it."""
        deal = account.deals.get(deal_id)
        if deal is None:
            return Retcode.UNKNOWN_DEAL
        deals = {name: kept for name, kept in account.deals.items() if name != deal_id}
        answer = self._rebook(account, deal, deals, -_left(deal), deal.swap)
        if answer is Retcode.DONE:
            self._tell.event(DealDelete(acc=account.login, deal_id=deal_id, t_us=t_us))
            self._tell_after(account, deal, t_us)
        return answer

    def _rebook(self, account: Account, deal: Deal, deals: dict[str, Deal], moved: int, unrealised: int) -> Retcode:
        """Put position and balance as these deals have them. `unrealised`: swap that goes back to the position."""
        own = [one for one in deals.values() if one.pos_id == deal.pos_id]
        held = account.positions.get(deal.pos_id)
        if not _are_all([one for one in account.deals.values() if one.pos_id == deal.pos_id], held):
            return Retcode.UNKNOWN_DEAL
        made = _made_of(own)
        if made is None:
            return Retcode.INVALID_VOLUME
        account.deals = deals
        account.balance_minor += moved
        account.version += 1
        side, lots_e8, price_open, opened_us = made
        if not lots_e8:
            account.positions.pop(deal.pos_id, None)
        elif held is None:
            account.positions[deal.pos_id] = Position(
                deal.pos_id, deal.sym, side, lots_e8, price_open, 0, 0, unrealised, opened_us
            )
        else:
            held.lots_e8, held.price_open, held.opened_us = lots_e8, price_open, opened_us
            held.swap_minor += unrealised
        return Retcode.DONE

    def _tell_after(self, account: Account, deal: Deal, t_us: int) -> None:
        held = account.positions.get(deal.pos_id)
        if held is not None:
            self._tell.position(account, held, "changed", self._state, t_us)
        self._tell.equity(account, self._state, t_us)


def _left(deal: Deal) -> int:
    """What a deal left in the balance."""
    return deal.profit + deal.commission + deal.swap + deal.fee


def _are_all(deals: list[Deal], held: Position | None) -> bool:
    """Whether these are all deals of a position, the one that opened it included: then they make what it is."""
    made = _made_of(deals)
    return made is not None and made[1] == (held.lots_e8 if held is not None else 0)


def _made_of(deals: list[Deal]) -> tuple[Side, int, int, int] | None:
    """Side, lots, average opening price and opening instant; None where more would be closed than is open."""
    side, lots_e8, price_open, opened_us = Side.BUY, 0, 0, 0
    for deal in deals:
        if deal.entry is DealEntry.OUT:
            lots_e8 -= deal.vol
            if lots_e8 < 0:
                return None
        elif not lots_e8:
            side, lots_e8, price_open, opened_us = deal.action, deal.vol, deal.px, deal.t_us
        else:
            weighted = price_open * lots_e8 + deal.px * deal.vol
            lots_e8 += deal.vol
            price_open = divided_rounded_half_away(weighted, lots_e8)
    return side, lots_e8, price_open, opened_us


def _update(deal: Deal, t_us: int) -> DealUpdate:
    return DealUpdate(
        acc=deal.acc,
        deal_id=deal.deal_id,
        order_id=deal.order_id,
        pos_id=deal.pos_id,
        sym=deal.sym,
        action=deal.action,
        entry=deal.entry,
        vol=deal.vol,
        px=deal.px,
        ccy=deal.ccy,
        exponent=deal.exponent,
        profit=deal.profit,
        commission=deal.commission,
        swap=deal.swap,
        fee=deal.fee,
        reason=deal.reason,
        t_us=deal.t_us,
        changed_us=t_us,
    )
