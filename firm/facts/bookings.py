"""Facts of an account's book: deals, cash and swap that entered it, and deals that could not."""

import msgspec

from firm.facts.fact import Fact
from firm.inputs import DealEntry, Side
from firm.money import Money


class DealFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A deal as the platform had it when the row was written. Minor units of the account's currency, costs negative when paid.

    `price`: in points of `digits`, those of its symbol at that time; None where the contract was not known.
    """

    entry: DealEntry
    side: Side
    lots_e8: int
    price: int
    digits: int | None
    profit_minor: int
    commission_minor: int
    swap_minor: int
    fee_minor: int
    at_us: int

    @property
    def net_minor(self) -> int:
        """What it leaves in the balance."""
        return self.profit_minor + self.commission_minor + self.swap_minor + self.fee_minor


class DealBooked(Fact, frozen=True, kw_only=True):
    """A deal entered the account's book: the position as it is after it (`lots_e8` 0: closed), and the balance after its `net`.

    `deal`: the deal itself, which may be corrected later; None where that was not kept yet.
    """

    deal_id: str
    position_id: str
    symbol: str
    side: Side
    lots_e8: int
    price_open: int
    swap: Money
    opened_us: int
    net: Money
    balance: Money
    deal: DealFigures | None = None


class DealCorrected(Fact, frozen=True, kw_only=True):
    """A deal that was booked is another since, or (`deleted`) was never made; its own row stays as it was.

    `deal_us`: when it was made. As in DealBooked the position is as it is after it (`lots_e8` 0: closed, or never opened), now that all its
    deals are taken together again; `net` is what that changes of the balance. `told_us`: when the platform changed it. `deal`: as it reads
    now; None where it is deleted. `digits`: those of the symbol now, in whose points the position's price and its deals' prices are.
    """

    deal_id: str
    position_id: str
    symbol: str
    side: Side
    lots_e8: int
    price_open: int
    swap: Money
    opened_us: int
    net: Money
    balance: Money
    deal_us: int
    deleted: bool
    told_us: int
    deal: DealFigures | None
    digits: int | None


class CashBooked(Fact, frozen=True, kw_only=True):
    """A balance operation entered the book. `net`: all of them since the account was opened.

    What a limit or target is measured from moves with it: neither a deposit nor a withdrawal is profit or loss.
    """

    cash_id: str
    amount: Money
    balance: Money
    net: Money


class PayoutBooked(Fact, frozen=True, kw_only=True):
    """A payout left the account's balance: its number, the profit that was taken, and what of it is the trader's.

    Unlike other cash it is no more than what the loss limits say it is: each says whether its floor comes down.
    """

    cash_id: str
    number: int
    profit: Money
    paid: Money
    balance: Money


class SwapPosted(Fact, frozen=True, kw_only=True):
    """The platform charged or paid for holding a position: its swap so far."""

    position_id: str
    swap: Money


class DividendBooked(Fact, frozen=True, kw_only=True):
    """What a platform paid or charged for a position held over an ex-date. Unlike other cash it is profit or loss of trading:
    no limit, target or high moves with it.
    """

    cash_id: str
    amount: Money
    balance: Money


class PositionRestated(Fact, frozen=True, kw_only=True):
    """The platform holds an open position under another name, or in other points, without a deal: what it is from now on.

    `digits`: those of the symbol, in whose points its price is; None where the contract was not known, or that was not kept yet.
    """

    position_id: str
    symbol: str
    side: Side
    lots_e8: int
    price_open: int
    swap: Money
    opened_us: int
    digits: int | None = None


class DealIgnored(Fact, frozen=True, kw_only=True):
    """A deal that the book cannot hold, or holds already; `why` is already_booked, does_not_fit, too_many_positions or out_of_range;
    or a change of one that is unknown_deal, or too_old to be worked out.

    All but the first mean that our book is not the platform's: no hard failure and no pass rests on it until a snapshot agrees.
    """

    deal_id: str
    why: str
