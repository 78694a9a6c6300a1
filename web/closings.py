"""Closings: how what was open at a breach was closed, what that cost, and the balance that it left."""

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from firm.facts import OpenPosition
from firm.money import Money
from firm.phase import ENDED
from storage.readmodels.accounts import AccountLine
from storage.readmodels.trades import Closing


class ClosedDeal(msgspec.Struct, frozen=True):
    """A deal with what it left in the balance. `costs`: commission and fee."""

    deal: Closing
    profit: Money
    costs: Money
    swap: Money

    @property
    def result(self) -> Money:
        return self.profit + self.costs + self.swap


class Closings(msgspec.Struct, frozen=True, kw_only=True):
    """The deals in their order. `after` is None while the account goes on or something is open still.

    `others`: what else was booked between the breach and now, so that the lines add up.
    """

    deals: list[ClosedDeal]
    before: Money
    others: Money
    after: Money | None


def closings_of(line: AccountLine, before: Money, held: Sequence[OpenPosition], found: Sequence[Closing]) -> Closings:
    """`before`: the balance at the breach; `held`: what was open then; `found`: the deals by which it was closed."""
    deals = [ClosedDeal(each, line.money(each.profit), line.money(each.costs), line.money(each.swap)) for each in found]
    after = line.money(line.balance)
    others = after - sum((each.result for each in deals), before)
    over = line.standing in ENDED and _all_closed(held, found)
    return Closings(deals=deals, before=before, others=others, after=after if over else None)


def _all_closed(held: Sequence[OpenPosition], found: Sequence[Closing]) -> bool:
    closed: dict[str, int] = defaultdict(int)
    for each in found:
        closed[each.position] += each.lots_e8
    return all(closed[each.position_id] >= each.lots_e8 for each in held)
