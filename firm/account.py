"""Account state: what the firm holds of one trading account. How ledger rows change it is in `firm/account_fold.py`.

The state is a frozen value: so a snapshot is a reference, undoing is forgetting, and what a page was given never changes
under it. Amounts are minor units of the account's currency (`initial` names it).
Every figure a decision may use remembers the ledger row it came from (`..._seq`), so that a decision can cite it.
"""

from datetime import date

import msgspec
from msgspec.structs import replace

from firm.arithmetic import Figure, Unit
from firm.bounds import PEAKS_DOUBTED_MAX
from firm.facts import DealBooked, DealCorrected, Doubt, PeakReached, PositionRestated
from firm.incidents import Outage
from firm.inputs import Side
from firm.money import Money
from firm.needs import needs_of
from firm.overrides import Overrides
from firm.phase import Standing
from firm.price import Quote, rescaled
from firm.ruleset import AnyRuleset
from firm.track import DayStart, Track


class Position(msgspec.Struct, frozen=True, gc=False):
    """An open position. `seq` is the row its figures were last booked in, at JSON path `path`; likewise for its swap."""

    position_id: str
    symbol: str
    side: Side
    lots_e8: int
    price_open: int
    opened_us: int
    seq: int
    path: str
    swap: int
    swap_seq: int
    swap_path: str


def _stood(quote: Quote, at_us: int, known_now: tuple[Quote, ...], known_then: tuple[Quote, ...]) -> bool:
    """Whether a price that came late stood at an instant in place of the one that is known of its symbol.

    Of two with the stamp of that instant, the one that came late may have been first: only one frame tells their order. What a report
    showed stands beside the prices of its instant: a platform tells a deal and the price that it was made at with one stamp.
    """
    known = next((known for known in known_now if known.symbol == quote.symbol), None)
    if known is None or not known.t_us <= quote.t_us <= at_us:
        return False
    came_after = any(then.t_us == at_us and then.frame == quote.frame for then in known_then)
    return quote.t_us < at_us or (known.t_us < at_us and not came_after)


class Peak(msgspec.Struct, frozen=True, gc=False):
    """The highest equity so far, when, and the ticks it rested on. `seq`: the row that holds it, or 0 where none was written yet.

    `in_doubt`: a deal or a price of before it came after it, so that it was measured with what nobody held, or what stood no more.
    `off_market`: one of its prices was beyond its symbol's sanity band, and not accepted yet.
    """

    equity: int
    balance: int
    at_us: int
    quotes: tuple[Quote, ...]
    seq: int
    in_doubt: bool = False
    off_market: bool = False

    def is_moved_by(self, quote: Quote) -> bool:
        """Whether this price stood when the peak was measured, and not the one of its symbol that it was measured with."""
        return _stood(quote, self.at_us, self.quotes, self.quotes)

    def came_after(self, written: PeakReached) -> bool:
        """Whether it is a newer high than the one that a row holds. So it is in a fold, which has seen the prices of a whole frame
        before the rows that were decided between them. Cash, which lowers the very same high, moves its balance alike.
        """
        higher = self.equity - written.equity.minor
        by_cash = self.at_us == written.at_us and higher == self.balance - written.balance.minor
        return higher > 0 and not by_cash


class KnownDeal(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A deal as the platform has it, so that it can be changed to the cent. `net`, `swap`: minor units that it left in the balance.

    `price`: in points of `digits`; None where they were not known. `begins`: it opened its position. `told_us`: when this was told of
    it; `deleted`: it was never made. `day`: the trading day on which it was booked; `seq`: the row that did.
    """

    deal_id: str
    position_id: str
    symbol: str
    opens: bool
    side: Side
    lots_e8: int
    price: int
    net: int
    swap: int
    at_us: int
    told_us: int
    digits: int | None
    begins: bool
    day: str
    deleted: bool = False
    seq: int = 0

    def listed_as(self, symbol: str, digits: int | None) -> "KnownDeal":
        """The same deal under the name and in the points that its symbol has now."""
        shift = digits - self.digits if digits is not None and self.digits is not None else 0
        if symbol == self.symbol and digits == self.digits:
            return self
        return replace(self, symbol=symbol, price=rescaled(self.price, shift), digits=digits)


class DayTraded(msgspec.Struct, frozen=True, gc=False):
    """A trading day on which something was opened: by how many deals, and whether it counts."""

    label: str
    opened: int
    counted: bool


class Closing(msgspec.Struct, frozen=True, gc=False):
    """The book as it stood at the day's first instant, kept until the day is final: late deals still belong to it.

    `swap_awaited`: positions of which the platform has not said yet what the night cost.
    """

    balance: int
    positions: tuple[Position, ...]
    swap_awaited: frozenset[str]


class EarlierBook(msgspec.Struct, frozen=True, gc=False):
    """The book as it stood in [from_us, until_us): what a price that comes late is judged on."""

    from_us: int
    until_us: int
    balance: int
    balance_source: str
    positions: tuple[Position, ...]


def with_deal(positions: tuple[Position, ...], fact: DealBooked | DealCorrected, seq: int) -> tuple[Position, ...]:
    """What is held once the deal is booked. Its row says how it left the position, and is cited for that."""
    others = tuple(held for held in positions if held.position_id != fact.position_id)
    return (*others, _booked(fact, seq)) if fact.lots_e8 else others


def with_restated(positions: tuple[Position, ...], fact: PositionRestated, seq: int) -> tuple[Position, ...]:
    """What is held once a position has another name or other points: it keeps its place, and its row is cited from then on."""
    return tuple(_booked(fact, seq) if held.position_id == fact.position_id else held for held in positions)


def _booked(fact: DealBooked | DealCorrected | PositionRestated, seq: int) -> Position:
    return Position(
        position_id=fact.position_id,
        symbol=fact.symbol,
        side=fact.side,
        lots_e8=fact.lots_e8,
        price_open=fact.price_open,
        opened_us=fact.opened_us,
        seq=seq,
        path="",
        swap=fact.swap.minor,
        swap_seq=seq,
        swap_path="swap/minor",
    )


class Moved(msgspec.Struct, frozen=True, gc=False):
    """What a booking after a suspicion changes of the equity that was seen: a deal or dividend of the day that ended, cash, or the swap
    of the night before. `swap_was`: what that was until then, and where.
    """

    seq: int
    minor: int
    cash: bool
    dividend: bool = False
    swap_was: Figure | None = None

    @property
    def is_late(self) -> bool:
        """Whether it was made before the breach, and told after it."""
        return not self.cash and self.swap_was is None


class Grounds(msgspec.Struct, frozen=True, gc=False):
    """What a hard breach was seen with: a price or a deal that comes late may show that it was none.

    `quotes`: as they stood on the board. `late`: those that came since and stood in their place at that instant; `told`: how
    many have come. `deals`: what deals that came since change of the book: the balance, and the positions that were held.
    `high`: the peak that the floor followed, where it follows every one.
    """

    balance: int
    balance_source: str
    positions: tuple[Position, ...]
    quotes: tuple[Quote, ...]
    late: tuple[Quote, ...] = ()
    told: int = 0
    deals: "tuple[int, tuple[Position, ...]] | None" = None
    high: "Peak | None" = None

    @property
    def mended(self) -> tuple[Quote, ...]:
        """The prices as they are known now."""
        instead = {quote.symbol: quote for quote in self.late}
        return tuple(instead.get(quote.symbol, quote) for quote in self.quotes)

    def is_moved_by(self, quote: Quote, at_us: int) -> bool:
        """Whether this price stood at the breach's instant, and not the one that is known of its symbol."""
        return _stood(quote, at_us, self.mended, self.quotes)

    def with_price(self, quote: Quote) -> "Grounds":
        others = tuple(late for late in self.late if late.symbol != quote.symbol)
        return replace(self, late=(*others, quote), told=self.told + 1)


class Finding(msgspec.Struct, frozen=True, gc=False):
    """A suspected or declared breach: which rule, and the decision row that says so.

    `doubts`: why it is not final. `day_us`: the first instant of the day it fell in. `moved`: what was booked since and
    belongs into the equity that was observed. `grounds`: None where nobody
    is asked, or where it can no longer be measured again. `counted`: minor units
    of late deals that a declared breach's equity has in it. `questioned`: what came late shows no breach; a person decides. Of a rule that
    is no loss limit `floor` is its limit, in `unit`, `subject` what broke it, and `calendar` the version of the news that it rests on;
    of one across accounts, `accounts` are those that stood together. `closed`: of a limit that closes what is
    open, whether nothing was open since; None of any other.
    """

    rule: str
    seq: int
    floor: int
    observed: int
    at_us: int
    day_us: int
    doubts: tuple[Doubt, ...] = ()
    moved: tuple[Moved, ...] = ()
    grounds: Grounds | None = None
    counted: int = 0
    questioned: bool = False
    unit: Unit = Unit.MINOR
    subject: str = ""
    calendar: str = ""
    accounts: tuple[int, ...] = ()
    closed: bool | None = None

    @property
    def awaits_figures(self) -> bool:
        """Whether nothing but the day's final start, or the platform's word on the equity, is missing."""
        return bool(self.doubts) and set(self.doubts) <= {Doubt.PROVISIONAL_ANCHOR, Doubt.BOOK_UNCONFIRMED}

    @property
    def awaits_prices(self) -> bool:
        """Whether nothing but the full prices of a merged window is missing."""
        return self.doubts == (Doubt.CONFLATED_PRICES,)


class AccountState(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One account. `paused_until_us`: 0, or the rollover that ends a pause.

    `earlier`: the books of this day before the newest changes, oldest first; the present one began at `book_since_us`.
    `track`: what its rules remember beyond the book.
    `findings`: breaches suspected and not settled, or the declared one. `waived`: rules a person let off for this day.
    `exhibits`: ticks copied into the account's chain, by their row, that no decision has cited yet.
    `deals`: ids of what was booked, by trading day, the running one last.
    `written_peak`: the newest that a row holds: what a verdict rests on. `peaks_doubted`: of this day.
    `cash_net`: deposits less withdrawals since the account was opened; what limits and targets measure from moves with it.
    `deals_known`: booked, the newest last, as they read now, while they may be corrected. `traded`: days, the newest last.
    `overrides`: exceptions from its rules. `leverage`: as the platform told it in row `leverage_seq`; 0: not yet. `margin_drifts`:
    the margin in use is another by the platform's word. `outages`: incidents that freeze its passes.
    """

    account: int
    trader: int
    challenge: int
    phase: int
    phase_name: str
    funded: bool
    bridge: str
    initial: Money
    ruleset_id: str
    ruleset: AnyRuleset
    opened_seq: int
    opened_us: int
    login: str = ""
    standing: Standing = Standing.PROVISIONING
    paused_until_us: int = 0
    balance: int = 0
    balance_source: str = ""
    positions: tuple[Position, ...] = ()
    book_since_us: int = 0
    earlier: tuple[EarlierBook, ...] = ()
    day: DayStart | None = None
    closing: Closing | None = None
    peak: Peak | None = None
    written_peak: Peak | None = None
    peaks_doubted: int = 0
    days_traded: int = 0
    last_day_traded: str = ""
    days_traded_seq: int = 0
    first_trade_day: str = ""
    last_trade_us: int = 0
    findings: tuple[Finding, ...] = ()
    exhibits: tuple[tuple[int, Quote], ...] = ()
    waived: tuple[str, ...] = ()
    cash_net: int = 0
    cash_seq: int = 0
    pass_held_seq: int = 0
    drifting: tuple[str, ...] = ()
    last_trade_seq: int = 0
    reconciled_us: int = 0
    reconciled_seq: int = 0
    deals: tuple[frozenset[str], ...] = (frozenset(),)
    deals_known: tuple[KnownDeal, ...] = ()
    traded: tuple[DayTraded, ...] = ()
    track: Track = Track()
    overrides: Overrides = Overrides()
    leverage: int = 0
    leverage_seq: int = 0
    margin_drifts: bool = False
    outages: tuple[Outage, ...] = ()

    def money(self, minor: int) -> Money:
        """An amount in this account's currency."""
        return Money(minor, self.initial.currency, self.initial.exponent)

    def knows_deal(self, deal_id: str) -> bool:
        """Whether a deal or balance operation was booked already, as far back as a bridge may send it again."""
        return any(deal_id in day for day in self.deals)

    def known_deal(self, deal_id: str) -> KnownDeal | None:
        """A deal that was booked, as it reads now; None where it is unknown or too long ago."""
        return next((deal for deal in reversed(self.deals_known) if deal.deal_id == deal_id), None)

    @property
    def trails_every_tick(self) -> bool:
        """Whether a floor follows every new equity high."""
        return needs_of(self.ruleset).follows_prices

    @property
    def is_peak_in_doubt(self) -> bool:
        """Whether the high that a floor follows was measured with what stood no more; after so many of a day, none is believed."""
        peak = self.peak
        return (
            self.trails_every_tick and peak is not None and (peak.in_doubt or self.peaks_doubted >= PEAKS_DOUBTED_MAX)
        )

    @property
    def running(self) -> Standing:
        """The standing of an account that nothing stops."""
        return Standing.FUNDED if self.funded else Standing.ACTIVE

    def finding_of(self, decision: int) -> Finding | None:
        """The finding that decision row `decision` made, if it still stands."""
        return next((finding for finding in self.findings if finding.seq == decision), None)

    def holding(self, book: EarlierBook | Grounds) -> "AccountState":
        """The account with another book than its own."""
        return replace(self, balance=book.balance, balance_source=book.balance_source, positions=book.positions)

    def held_at(self, grounds: Grounds) -> "AccountState":
        """The account with the book of a breach as it is known now."""
        balance, positions = grounds.deals or (grounds.balance, grounds.positions)
        return replace(self, balance=balance, balance_source=grounds.balance_source, positions=positions)

    def as_of(self, at_us: int) -> "AccountState | None":
        """The account with the book that it had at an instant of this day; None where that is no longer known."""
        if at_us >= self.book_since_us:
            return self
        for book in reversed(self.earlier):
            if book.from_us <= at_us < book.until_us:
                return self.holding(book)
        return None

    def position(self, position_id: str) -> Position | None:
        return next((held for held in self.positions if held.position_id == position_id), None)


def with_price_peak(
    state: AccountState, equity: int, at_us: int, quotes: tuple[Quote, ...], off_market: bool = False
) -> AccountState:
    """The state with a new equity high that prices brought between facts."""
    return replace(state, peak=Peak(equity, state.balance, at_us, quotes, 0, off_market=off_market))


def calendar_days_between(first: str, then: str) -> int:
    """Whole calendar days from one trading-day label to another."""
    return (date.fromisoformat(then) - date.fromisoformat(first)).days


def cash_key(cash_id: str) -> str:
    """How a balance operation is remembered beside deals, so that each is booked once."""
    return f"cash/{cash_id}"
