"""Facts of what an account is measured from: its day's start, its highs, its trading days."""

import msgspec

from firm.facts.fact import Fact
from firm.inputs import Side
from firm.money import Money
from firm.terms.losses import OnPayout
from firm.terms.words import Scope
from firm.track import HighOf
from firm.trading_day import TradingDay


class OpenPosition(msgspec.Struct, frozen=True, kw_only=True):
    """A position inside a fact that evidence may start from."""

    position_id: str
    symbol: str
    side: Side
    lots_e8: int
    price_open: int
    swap: Money
    opened_us: int


class RolloverFloor(msgspec.Struct, frozen=True, kw_only=True):
    """The floor that a day ended with, of a limit that only the marks of a rollover can break."""

    rule: str
    floor: Money


class DayOpened(Fact, frozen=True, kw_only=True):
    """A trading day began for the account: the marks at its first instant, from the last prices before it.

    Provisional until the bridge's watermark passed the instant. `quotes` are the seqs of the QuoteUsed rows that the
    equity rests on. `priced`: False where a position had no price; the equity is then the balance, and no failure rests on it.
    `checked`: floors of the day that ended, which its last marks are held against once they are final.
    """

    day: TradingDay
    balance: Money
    equity: Money
    positions: tuple[OpenPosition, ...]
    quotes: tuple[int, ...]
    provisional: bool
    priced: bool
    checked: tuple[RolloverFloor, ...] = ()


class DayAnchored(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """The day's start is final; `changed` says whether late data moved it from what DayOpened said. `priced` as in DayOpened.

    `adjusted`: a person set one of its marks on this day. What is measured from the day follows; a high of more than the day does not,
    as nobody reached it.
    """

    day: TradingDay
    balance: Money
    equity: Money
    changed: bool
    priced: bool
    adjusted: bool = False


class DayStartMoved(Fact, frozen=True, kw_only=True):
    """Cash came before the day's start was final: its marks, moved by it, and as provisional as they were."""

    day: TradingDay
    balance: Money
    equity: Money
    priced: bool


class WeekStartMoved(Fact, frozen=True, kw_only=True):
    """Cash of a later day, or a corrected deal of before it, moved the marks from which a week is measured. `day`: its first one.

    `was`: the row that held them until then. Written where a limit is measured from them. While the start of the week's first day is
    not final, these marks are not either.
    """

    day: TradingDay
    balance: Money
    equity: Money
    priced: bool
    was: int


class CycleStartMoved(Fact, frozen=True, kw_only=True):
    """Cash, or a corrected deal of before it, moved the balance from which a payout cycle is measured. It began with payout `number`.

    `was`: the row that held it until then. Written where a limit is measured from it.
    """

    number: int
    balance: Money
    was: int


class PeakReached(Fact, frozen=True, kw_only=True):
    """The highest equity (and balance) so far, written where a decision, a rollover or an epoch's end needs it.

    `in_doubt`: what came late has shown that it was measured with what nobody held. `off_market`: one of its prices was beyond its
    symbol's sanity band.
    """

    equity: Money
    balance: Money
    at_us: int
    quotes: tuple[int, ...]
    in_doubt: bool = False
    off_market: bool = False


class PeakDoubted(Fact, frozen=True, kw_only=True):
    """Equity may never have been as high as the peak of `at_us`: a price of `symbol`, in row `frame`, came late that had stood then.

    Until there is a higher one, what breaks a floor that follows it is a question for a person.
    """

    equity: Money
    at_us: int
    symbol: str
    frame: int


class RolloverHighMoved(Fact, frozen=True, kw_only=True):
    """The highest mark at any rollover, moved by a balance operation. Written by releases that kept one high alone; now HighMoved is."""

    high: Money


class HighMoved(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A high that a floor follows, moved by a balance operation, a payout or a deal that was corrected; `adjusted`: by a person."""

    of: HighOf
    scope: Scope
    on_payout: OnPayout
    high: Money
    adjusted: bool = False


class DayClosed(Fact, frozen=True, kw_only=True):
    """What a finished trading day brought, for rules that look at days. Written again where something that comes later changes it.

    Costs are in all figures, deposits and withdrawals in none. `closed`: booked on it. `opened`: of positions that were opened on
    it and are closed by now. `open_loss`: the floating losses at its end, 0 or less. `equity`: at its end less at its start; None
    where a mark could not be priced. `round_trips`: positions opened on it that are closed by now. `lots_carried_e8`: held at its start.
    """

    label: str
    start_us: int
    closed: Money
    opened: Money
    open_loss: Money
    equity: Money | None
    fills: int
    openings: int
    closings: int
    round_trips: int
    lots_opened_e8: int
    lots_carried_e8: int


class MarkTaken(Fact, frozen=True, kw_only=True):
    """Equity for charts and lists, with the distance to the nearest floor. No decision rests on it.

    Once a minute while something is open, and at each booking that leaves nothing open.
    """

    balance: Money
    equity: Money
    headroom: Money | None


class TradingDayCounted(Fact, frozen=True, kw_only=True):
    """A position was opened on this trading day: day number `count` of the phase."""

    label: str
    count: int


class TradingDayUncounted(Fact, frozen=True, kw_only=True):
    """The only deal that opened something on this trading day was deleted: `count` days of the phase are left."""

    label: str
    count: int
