"""Track: what the rules of a phase remember about an account beyond its book: highs, days, trades, strikes, payouts.

Only what the ruleset's terms ask for is kept. How ledger rows change it is in `firm/track_fold.py`. Amounts are minor units of the
account's currency; every figure that a decision may use says which row it came from.
"""

from enum import StrEnum

import msgspec

from firm.arithmetic import Figure
from firm.inputs import Side
from firm.terms.losses import OnPayout
from firm.terms.words import Anchor, Consequence, Scope
from firm.trading_day import TradingDay


class DayStart(msgspec.Struct, frozen=True, gc=False):
    """The marks from which the running day is measured; `seq` is the row that holds them: DayOpened, DayAnchored or
    DayStartMoved, of a week WeekStartMoved too.

    `priced`: False where a position had no price at the day's first instant. `adjusted`: a person set one of the marks.
    """

    day: TradingDay
    balance: int
    equity: int
    seq: int
    final: bool
    priced: bool = True
    adjusted: bool = False


class HighOf(StrEnum):
    """Which mark is the highest so far."""

    CLOSED = "closed"  # the balance after any booking
    CLOSED_YESTERDAY = "closed_yesterday"  # the same, as it was when the day began
    DAY_BALANCE = "day_balance"  # the balance at any day's start
    DAY_EQUITY = "day_equity"
    DAY_HIGHER = "day_higher"
    DAY_LOWER = "day_lower"
    PRICED = "priced"  # equity with any price of an earlier day of the scope; the running day's is the account's peak


OF_DAYS: dict[Anchor, HighOf] = {
    Anchor.BALANCE: HighOf.DAY_BALANCE,
    Anchor.EQUITY: HighOf.DAY_EQUITY,
    Anchor.HIGHER: HighOf.DAY_HIGHER,
    Anchor.LOWER: HighOf.DAY_LOWER,
}
"""Which high follows a mark at the rollovers."""


def day_mark(of: HighOf, balance: int, equity: int) -> tuple[int, str] | None:
    """Which of the marks at a rollover such a high follows, and its name; None for a high of another kind."""
    marks = (balance, "balance"), (equity, "equity")
    match of:
        case HighOf.DAY_BALANCE:
            return marks[0]
        case HighOf.DAY_EQUITY:
            return marks[1]
        case HighOf.DAY_HIGHER:
            return max(marks)
        case HighOf.DAY_LOWER:
            return min(marks)
        case _:
            return None


_OF_CLOSES = frozenset({HighOf.CLOSED, HighOf.CLOSED_YESTERDAY})


class HighKey(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Which high: of what, since when, and whether a payout lowers it, resets it or leaves it."""

    of: HighOf
    scope: Scope
    on_payout: OnPayout


class High(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The highest mark of a kind since its scope began. `at_us`: when it was reached. `adjusted`: a person set it, or what it was."""

    key: HighKey
    minor: int
    source: str
    at_us: int
    adjusted: bool = False

    def has_in_it(self, deal_us: int, deal_seq: int) -> bool:
        """Whether it was reached after a deal was made, or with it: of closes of one instant the rows tell the order."""
        if deal_us != self.at_us or self.key.of not in _OF_CLOSES:
            return deal_us < self.at_us
        row = self.source.partition("/")[0]
        return row.isdigit() and int(row) >= deal_seq


class DayResult(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What a trading day brought. Signed minor units, costs included, deposits and withdrawals not.

    `closed`: booked on it. `opened`: of trades that were opened on it and are closed by now. `open_loss`: the floating losses at its
    end, 0 or less. `equity`: at its end less at its start; None while it runs, or where a mark could not be priced. `round_trips`:
    positions opened on it that are closed by now. `lots_carried_e8`: held at its start. `seq`: the row that holds it, 0 while it runs.
    """

    label: str
    start_us: int
    closed: int = 0
    opened: int = 0
    open_loss: int = 0
    equity: int | None = None
    fills: int = 0
    openings: int = 0
    closings: int = 0
    round_trips: int = 0
    lots_opened_e8: int = 0
    lots_carried_e8: int = 0
    seq: int = 0


class Trade(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A position, or a part of one, that was closed. `side` is the position's.

    `net`: what its closing left in the balance; what was paid when it was opened belongs to that day, and to no trade. `had_stop`: whether
    it had a stop loss when it was closed. `part`: the position was not closed whole. `opened_day`, `closed_day`: labels. `took`: the
    parts that its lots were of, the youngest first; () where they are all as old as the position.
    """

    position_id: str
    symbol: str
    side: Side
    lots_e8: int
    price_open: int
    price_close: int
    opened_us: int
    closed_us: int
    opened_day: str
    closed_day: str
    net: int
    had_stop: bool
    part: bool
    seq: int
    took: "tuple[Part, ...]" = ()

    @property
    def began_us(self) -> int:
        """When the youngest lots that it took were opened."""
        return self.took[0].opened_us if self.took else self.opened_us

    def told(self, figure: str) -> str:
        """Where one of its figures stands in the row that booked its closing; "" for one that no row holds."""
        if figure == "began_us" and self.took and self.took[0].opened_us != self.opened_us:
            return self.took[0].told("opened_us")
        return f"{self.seq}/{_OF_DEAL.get(figure, figure)}" if self.seq else ""


_OF_DEAL = {"lots_e8": "deal/lots_e8", "closed_us": "deal/at_us", "began_us": "opened_us"}
"""Figures of a trade that are those of its deal; the row's own are the position's, as it is after it."""


class Part(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Lots of a position that were opened at one instant. `seq`: the row that booked them, 0 where that is not known.

    `price`: at which they were opened, in the points in which the position's price is.
    """

    lots_e8: int
    opened_us: int
    seq: int
    price: int

    def told(self, figure: str) -> str:
        """Where a figure stands in the row that booked the deal; "" for one that no row holds."""
        return f"{self.seq}/deal/{_OF_PART[figure]}" if self.seq else ""


_OF_PART = {"opened_us": "at_us"}


class PartsHeld(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The parts of an open position that was added to, the oldest first."""

    position_id: str
    parts: tuple[Part, ...]


class Stops(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Where an open position ends by itself, as the platform told it in row `seq`: prices in points, 0 where there is none.

    `moved`: that row told other prices than the one before it.
    """

    position_id: str
    stop_loss: int
    take_profit: int
    seq: int
    moved: bool = False


class OrderWaiting(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A pending order."""

    order_id: str
    symbol: str
    placed_us: int
    seq: int


class HeldPosition(msgspec.Struct, frozen=True, gc=False):
    """An open position as rules see it now. `floating`: profit at the prices there are, with swap; None where it is not priced.

    `stop_loss`, `take_profit`: prices in points, 0 where there is none. `stop_risk`, `target_gain`: what they would lose and gain, in
    minor units; None where there is none, or it cannot be priced. `notional` in minor units; `margin` likewise; None as before. `seq`: the
    row that holds its figures, at JSON path `path`; `stops_seq`: the one that told its stops, 0 for none.
    `parts`: its lots by when they were opened, the oldest first; () where they are all as old as the position.
    """

    position_id: str
    symbol: str
    side: Side
    lots_e8: int
    price_open: int
    opened_us: int
    floating: int | None
    stop_loss: int
    take_profit: int
    stop_risk: int | None
    target_gain: int | None
    notional: int | None
    margin: int | None
    seq: int
    path: str = ""
    stops_seq: int = 0
    parts: tuple[Part, ...] = ()

    def told(self, figure: str) -> str:
        """Where one of its figures stands in the ledger; "" for one that no row holds."""
        if figure in ("stop_loss", "take_profit"):
            return f"{self.stops_seq}/{figure}" if self.stops_seq else ""
        return f"{self.seq}/{self.path}{figure}" if self.seq else ""


class PayoutMade(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A payout. `profit`: what left the account, before the split. `paid`: what the trader got."""

    number: int
    profit: int
    paid: int
    at_us: int
    seq: int


class Strike(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A breach of a term that counts against it. `day`: the trading day's label."""

    rule: str
    at_us: int
    day: str
    seq: int


class Reached(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A target that is reached, and has been since."""

    rule: str
    at_us: int
    seq: int


class Broken(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A term that is broken by a subject, and has not been kept again since. `does`: what follows; None while that is in question."""

    rule: str
    subject: str
    does: Consequence | None = None


class LetOff(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A subject that broke a rule while a person had waived it: `observed`, in the rule's unit, when it did so furthest."""

    rule: str
    subject: str
    observed: int


class Excluding(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A position that broke `rule`, so that what closing it brings from then on does not count, or not all of it."""

    rule: str
    position_id: str
    does: Consequence


class OpeningMade(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Lots of a position that were opened at one instant. `deals`: how many did so, for a platform may fill one order in parts."""

    at_us: int
    position_id: str
    deals: int = 1


class Excluded(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What of a closing does not count, in minor units. `deal`: the row that booked it. `does`: None where no row says it."""

    deal: int
    position_id: str
    closed_us: int
    rule: str
    does: Consequence | None
    minor: int


class Track(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`highs`: one of each key that is asked for. `week`: where it began. `cycle`: the balance
    with which the payout cycle began; None before the first payout. `days`: finished ones, the newest last.

    `today`: the running day. `trades`: closed, the newest last. `is_cut`: there were more days or trades than are kept, and what counts
    all of them is a person's to judge. `warned`: of which shares of which limits the trader was told today. `checked`: the floors
    that the last day ended with, of limits that are held against the marks of its end. `stops` of open positions, `orders` that wait,
    `orders_filled`: the newest whose price came, `orders_gone_us`: when the last one was filled or taken back. `reached`: targets that
    are. `latched`: targets that were once, and stay so. `broken`: terms that are, by whom. `excluded`: the profit that does not count for
    targets and payouts. `excluding`: positions whose profit will not. `excluded_of`: the newest closings whose profit does not.
    `let_off`: who broke a rule while it was waived, and has not kept it again since. `parts`: of positions that were added to, where a term
    asks how old they are. `scores`: what was published, by board. `openings`: the newest last, where a term counts them.
    """

    highs: tuple[High, ...] = ()
    week: DayStart | None = None
    cycle: Figure | None = None
    days: tuple[DayResult, ...] = ()
    today: DayResult | None = None
    trades: tuple[Trade, ...] = ()
    is_cut: bool = False
    strikes: tuple[Strike, ...] = ()
    warned: tuple[tuple[str, int], ...] = ()
    checked: tuple[tuple[str, Figure], ...] = ()
    payouts: tuple[PayoutMade, ...] = ()
    stops: tuple[Stops, ...] = ()
    orders: tuple[OrderWaiting, ...] = ()
    orders_filled: tuple[str, ...] = ()
    orders_gone_us: int = 0
    reached: tuple[Reached, ...] = ()
    latched: tuple[str, ...] = ()
    broken: tuple[Broken, ...] = ()
    excluded: Figure | None = None
    excluding: tuple[Excluding, ...] = ()
    excluded_of: tuple[Excluded, ...] = ()
    let_off: tuple[LetOff, ...] = ()
    parts: tuple[PartsHeld, ...] = ()
    scores: tuple[tuple[str, Figure], ...] = ()
    openings: tuple[OpeningMade, ...] = ()

    def high(self, of: HighOf, scope: Scope, on_payout: OnPayout = OnPayout.NONE) -> High:
        """One that the ruleset's terms ask for."""
        key = HighKey(of, scope, on_payout)
        return next(high for high in self.highs if high.key == key)
