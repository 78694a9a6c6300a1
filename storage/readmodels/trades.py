"""Trades: each position from its first deal to its last, its deals, and the contracts they are written in."""

from collections.abc import Mapping, Sequence
from typing import Any

import apsw
import msgspec

from firm.facts import DealBooked, DealCorrected, PositionRestated, SwapPosted
from firm.inputs import DealEntry, DealReported, Side, SymbolReported
from firm.kinds import Body
from firm.money import Money
from firm.price import rescaled
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

SCHEMA = """
CREATE TABLE rm_symbol (
    bridge TEXT NOT NULL, symbol TEXT NOT NULL, digits INTEGER NOT NULL, PRIMARY KEY (bridge, symbol)
) STRICT, WITHOUT ROWID;
CREATE TABLE rm_symbol_before (          -- the digits that a symbol had until row `until_seq` told others
    bridge TEXT NOT NULL, symbol TEXT NOT NULL, until_seq INTEGER NOT NULL, digits INTEGER NOT NULL,
    PRIMARY KEY (bridge, symbol, until_seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE rm_deal (
    account INTEGER NOT NULL, deal TEXT NOT NULL, seq INTEGER NOT NULL, position TEXT NOT NULL, entry TEXT NOT NULL,
    lots_e8 INTEGER NOT NULL, price INTEGER NOT NULL, profit INTEGER NOT NULL,
    commission INTEGER NOT NULL, swap INTEGER NOT NULL, fee INTEGER NOT NULL,
    bridge TEXT NOT NULL, reason TEXT NOT NULL, booked INTEGER NOT NULL, at_us INTEGER NOT NULL,
    corrected_seq INTEGER,
    digits INTEGER,                      -- in whose points `price` is; NULL where the contract was not known
    PRIMARY KEY (account, position, deal)
) STRICT, WITHOUT ROWID;
CREATE TABLE rm_trade (
    account INTEGER NOT NULL, position TEXT NOT NULL, bridge TEXT NOT NULL, symbol TEXT NOT NULL, side TEXT NOT NULL,
    lots_e8 INTEGER NOT NULL, currency TEXT NOT NULL, exponent INTEGER NOT NULL, net INTEGER NOT NULL, swap INTEGER NOT NULL,
    commission INTEGER NOT NULL, swap_paid INTEGER NOT NULL, fee INTEGER NOT NULL,
    opened_us INTEGER NOT NULL, opened_seq INTEGER NOT NULL, closed_us INTEGER, closed_seq INTEGER, reason TEXT NOT NULL,
    PRIMARY KEY (account, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX rm_trade_closed ON rm_trade (account, closed_seq) WHERE closed_seq IS NOT NULL;
"""

# A deal that is reported again stays as it was first told.
_DEAL = (
    "INSERT INTO rm_deal (account, position, deal, seq, entry, lots_e8, price, profit, commission, swap, fee, bridge,"
    " reason, at_us, booked, digits) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
    " (SELECT digits FROM rm_symbol WHERE bridge = ?12 AND symbol = ?16))"
    " ON CONFLICT DO UPDATE SET booked = max(booked, excluded.booked)"
)
_BOOK = "UPDATE rm_deal SET booked = 1 WHERE account = ? AND position = ? AND deal = ? RETURNING bridge, reason, commission, swap, fee"
# The largest size a position had is what was traded; its profit is the sum of what its deals left in the balance, and `swap_paid`
# the part of `swap` that they have taken from it already.
_TRADE = (
    "INSERT INTO rm_trade (account, position, bridge, symbol, side, lots_e8, currency, exponent, net, swap, commission, swap_paid,"
    " fee, opened_us, opened_seq, closed_us, closed_seq, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (account, position) DO UPDATE SET lots_e8 = max(lots_e8, excluded.lots_e8), net = net + excluded.net,"
    " swap = excluded.swap, commission = commission + excluded.commission, swap_paid = swap_paid + excluded.swap_paid,"
    " fee = fee + excluded.fee, closed_us = excluded.closed_us, closed_seq = excluded.closed_seq, reason = excluded.reason"
)

_SYMBOL_BEFORE = (
    "INSERT INTO rm_symbol_before (bridge, symbol, until_seq, digits)"
    " SELECT bridge, symbol, ?4, digits FROM rm_symbol WHERE bridge = ?1 AND symbol = ?2 AND digits != ?3"
)
_SYMBOL = (
    "INSERT INTO rm_symbol (bridge, symbol, digits) VALUES (?, ?, ?)"
    " ON CONFLICT (bridge, symbol) DO UPDATE SET digits = excluded.digits"
)

_CORRECT = (
    "UPDATE rm_deal SET lots_e8 = ?5, price = ?6, profit = ?7, commission = ?8, swap = ?9, fee = ?10, corrected_seq = ?4,"
    " digits = coalesce(?11, digits)"
    " WHERE account = ?1 AND deal = ?2 AND position = ?3"
)
_DELETE = "UPDATE rm_deal SET booked = 0, corrected_seq = ?4 WHERE account = ?1 AND deal = ?2 AND position = ?3"
_OF_POSITION = "SELECT entry, lots_e8 FROM rm_deal WHERE account = ? AND position = ? AND booked = 1 ORDER BY seq"
_RETRADE = (
    "UPDATE rm_trade SET net = net + ?3, swap = ?4, lots_e8 = ?5, (commission, swap_paid, fee) ="
    " (SELECT coalesce(sum(d.commission), 0), coalesce(sum(d.swap), 0), coalesce(sum(d.fee), 0) FROM rm_deal d"
    " WHERE d.account = ?1 AND d.position = ?2 AND d.booked = 1),"
    " closed_us = iif(?6, NULL, coalesce(closed_us, ?7)), closed_seq = iif(?6, NULL, coalesce(closed_seq, ?8))"
    " WHERE account = ?1 AND position = ?2"
)

_Values = tuple[int | str | None, ...]


class Trades:
    """The `trades` read model. A deal counts once the account's book has taken it."""

    name = "trades"
    version = 5
    schema = SCHEMA
    kinds = kinds_of(
        DealReported, DealBooked, DealCorrected, SwapPosted, PositionRestated, SymbolReported,
    )  # fmt: skip

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        gathered = _Gathered(connection)
        for row, body in rows:
            match body:
                case DealReported():
                    gathered.reported[row.seq] = (row, body)
                case DealBooked():
                    gathered.book(row, body)
                case DealCorrected():
                    gathered.write()
                    _correct(connection, row, body)
                case SwapPosted():
                    gathered.write()  # the last row that set a swap is the one that holds
                    connection.execute(
                        "UPDATE rm_trade SET swap = ? WHERE account = ? AND position = ?",
                        (body.swap.minor, row.account, body.position_id),
                    )
                case PositionRestated():
                    gathered.write()
                    connection.execute(
                        "UPDATE rm_trade SET symbol = ?, swap = ? WHERE account = ? AND position = ?",
                        (body.symbol, body.swap.minor, row.account, body.position_id),
                    )
                case SymbolReported():
                    gathered.write()  # in the points of before
                    contract = (body.bridge, body.spec.symbol, body.spec.digits)
                    connection.execute(_SYMBOL_BEFORE, (*contract, row.seq))
                    connection.execute(_SYMBOL, contract)
                case _:
                    pass
        gathered.write()


def _correct(connection: apsw.Connection, row: Row, fact: DealCorrected) -> None:
    """The deal as it reads now, or struck; and its trade, which may be open again, or never have been."""
    key = (row.account, fact.deal_id, fact.position_id, row.seq)
    deal = fact.deal
    if deal is None:
        connection.execute(_DELETE, key)
    else:
        costs = (deal.commission_minor, deal.swap_minor, deal.fee_minor)
        connection.execute(_CORRECT, (*key, deal.lots_e8, deal.price, deal.profit_minor, *costs, deal.digits))
    size = largest = 0
    for entry, lots_e8 in connection.execute(_OF_POSITION, (row.account, fact.position_id)):
        size += lots_e8 if entry == DealEntry.IN else -lots_e8
        largest = max(largest, size)
    now = (fact.net.minor, fact.swap.minor, largest, bool(fact.lots_e8), row.happened_us, row.seq)
    connection.execute(_RETRADE, (row.account, fact.position_id, *now))


class _Gathered:
    """Deals of a batch, written in two calls. A report and the fact that books it nearly always come together."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self.reported: dict[int, tuple[Row, DealReported]] = {}
        self._deals: list[_Values] = []
        self._trades: list[_Values] = []

    def book(self, row: Row, fact: DealBooked) -> None:
        known = self.reported.pop(row.cause, None)
        if known is not None:
            self._deals.append(_deal_values(*known, booked=1))
            deal = known[1]
            bridge, reason = deal.bridge, deal.reason
            costs = (deal.commission.minor, deal.swap.minor, deal.fee.minor)
        else:
            # Booked later than it was reported: by a desk that a person resumed.
            self._write_deals()
            key = (row.account, fact.position_id, fact.deal_id)
            bridge, reason, *paid = self._connection.execute(_BOOK, key).fetchone() or ("", "", 0, 0, 0)
            costs = (paid[0], paid[1], paid[2])
        closed = (row.happened_us, row.seq) if fact.lots_e8 == 0 else (None, None)
        money = (fact.net.currency, fact.net.exponent, fact.net.minor, fact.swap.minor)
        what = (fact.position_id, bridge, fact.symbol, fact.side.value, fact.lots_e8)
        self._trades.append((row.account, *what, *money, *costs, fact.opened_us, row.seq, *closed, reason))

    def write(self) -> None:
        self._write_deals()
        if self._trades:
            self._connection.executemany(_TRADE, self._trades)
            self._trades.clear()

    def _write_deals(self) -> None:
        self._deals += [_deal_values(*known, booked=0) for known in self.reported.values()]
        self.reported.clear()
        if self._deals:
            self._connection.executemany(_DEAL, self._deals)
            self._deals.clear()


def _deal_values(row: Row, deal: DealReported, *, booked: int) -> _Values:
    costs = (deal.commission.minor, deal.swap.minor, deal.fee.minor)
    what = (deal.position_id, deal.deal_id, row.seq, deal.entry.value, deal.lots_e8, deal.price, deal.profit.minor)
    return (row.account, *what, *costs, deal.bridge, deal.reason, deal.t_us, booked, deal.symbol)


class DealLine(msgspec.Struct, frozen=True):
    """One booked deal. `price`: in points of `digits`. `costs`: commission, swap and fee together, negative when paid."""

    deal: str
    seq: int
    position: str
    entry: DealEntry
    lots_e8: int
    price: int
    profit: int
    costs: int
    at_us: int
    digits: int


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """One position; still open where `closed_seq` is None. `reason` is the platform's word for its last deal. `corrected_seq`: the
    newest row by which the platform changed or deleted one of its deals; where it deleted all of them, there are none.

    `price_in` and `price_out` are averages over its deals, rounded to `digits`: those that its symbol had then, the most of them where
    they changed meanwhile. `net` is what its deals have left in the balance so far, after the costs, which are negative when paid.
    `opened_seq`: the row that booked its first deal."""

    position: str
    symbol: str
    side: Side
    lots_e8: int
    digits: int
    price_in: int | None
    price_out: int | None
    net: Money
    commission: Money
    swap: Money
    fee: Money
    opened_us: int
    opened_seq: int
    closed_us: int | None
    closed_seq: int | None
    reason: str
    deals: tuple[DealLine, ...]
    corrected_seq: int | None

    @property
    def costs(self) -> Money:
        return self.commission + self.swap + self.fee


TRADE_COLUMNS = (
    "t.account, t.position, t.symbol, t.side, t.lots_e8, coalesce(s.digits, 0), t.currency, t.exponent, t.net, t.commission,"
    " t.swap_paid, t.fee, t.opened_us, t.opened_seq, t.closed_us, t.closed_seq, t.reason,"
    " (SELECT max(d.corrected_seq) FROM rm_deal d WHERE d.account = t.account AND d.position = t.position)"
)
TRADES_FROM = "FROM rm_trade t LEFT JOIN rm_symbol s ON s.bridge = t.bridge AND s.symbol = t.symbol"


def closed_trades(connection: apsw.Connection, account: int, before: int | None, limit: int) -> list[Trade]:
    """Closed positions, the last closed first, from below `closed_seq` `before`."""
    ceiling = before if before is not None else 1 << 62
    sql = (
        f"SELECT {TRADE_COLUMNS} {TRADES_FROM}"
        " WHERE t.account = ? AND t.closed_seq < ? ORDER BY t.closed_seq DESC LIMIT ?"
    )
    return [trade_of(connection, row) for row in list(connection.execute(sql, (account, ceiling, limit)))]


class Closing(msgspec.Struct, frozen=True):
    """A deal by which a position was closed, or a part of it; `seq` is the row that says how it reads now.

    `costs`: commission and fee, which with `swap` are negative when paid."""

    seq: int
    deal: str
    position: str
    symbol: str
    digits: int
    lots_e8: int
    price: int
    profit: int
    costs: int
    swap: int
    at_us: int


def closings_after(connection: apsw.Connection, account: int, seq: int, positions: tuple[str, ...]) -> list[Closing]:
    """The booked closing deals of these positions since ledger row `seq`, in their order."""
    sql = (
        "SELECT coalesce(d.corrected_seq, d.seq), d.deal, d.position, t.symbol, coalesce(d.digits, s.digits, 0), d.lots_e8,"
        " d.price, d.profit, d.commission + d.fee, d.swap, d.at_us FROM rm_deal d"
        " JOIN rm_trade t ON t.account = d.account AND t.position = d.position"
        " LEFT JOIN rm_symbol s ON s.bridge = t.bridge AND s.symbol = t.symbol"
        " WHERE d.account = ? AND d.position = ? AND d.seq > ? AND d.entry != 'in' AND d.booked = 1 ORDER BY d.seq"
    )
    return [Closing(*row) for position in positions for row in connection.execute(sql, (account, position, seq))]


def bridges_with_symbols(connection: apsw.Connection) -> list[str]:
    return [str(bridge) for (bridge,) in connection.execute("SELECT DISTINCT bridge FROM rm_symbol")]


class DigitsKnown(msgspec.Struct, frozen=True):
    """The digits of a bridge's symbols: as they are `now`, and what each had `before` some row told others (until_seq, symbol, digits),
    the newest first.
    """

    now: Mapping[str, int]
    before: Sequence[tuple[int, str, int]]

    def at(self, seq: int) -> Mapping[str, int]:
        """Those of ledger row `seq`, by symbol. A symbol whose contract was told only later has those that it was told with."""
        then = {symbol: digits for until_seq, symbol, digits in self.before if until_seq > seq}
        return {**self.now, **then} if then else self.now


def digits_known(connection: apsw.Connection, bridge: str) -> DigitsKnown:
    now = "SELECT symbol, digits FROM rm_symbol WHERE bridge = ?"
    before = "SELECT until_seq, symbol, digits FROM rm_symbol_before WHERE bridge = ? ORDER BY until_seq DESC"
    return DigitsKnown(dict(connection.execute(now, (bridge,))), list(connection.execute(before, (bridge,))))


def _deals_of(connection: apsw.Connection, account: int, position: str, digits: int) -> tuple[DealLine, ...]:
    """`digits`: those of the symbol now, of deals in whose time no contract was known."""
    sql = (
        "SELECT deal, seq, position, entry, lots_e8, price, profit, commission + swap + fee, at_us, coalesce(digits, ?)"
        " FROM rm_deal WHERE account = ? AND position = ? AND booked = 1 ORDER BY seq"
    )
    return tuple(
        DealLine(deal, seq, held, DealEntry(entry), *rest)
        for deal, seq, held, entry, *rest in connection.execute(sql, (digits, account, position))
    )


def costs_of_open(connection: apsw.Connection, account: int) -> list[tuple[str, int]]:
    """(position, costs) of what is open: commission, fee and swap that its deals have taken from the balance already."""
    sql = "SELECT position, commission + swap_paid + fee FROM rm_trade WHERE account = ? AND closed_seq IS NULL"
    return list(connection.execute(sql, (account,)))


def trade_of(connection: apsw.Connection, row: Sequence[Any]) -> Trade:
    """A row of TRADE_COLUMNS, with its deals."""
    account, position, symbol, side, lots_e8, digits_now, currency, exponent, net, commission, swap, fee, *others = row
    opened_us, opened_seq, closed_us, closed_seq, reason, corrected_seq = others
    deals = _deals_of(connection, account, position, digits_now)
    digits = max((deal.digits for deal in deals), default=digits_now)
    money = Money(net, currency, exponent)
    return Trade(
        position=position,
        symbol=symbol,
        side=Side(side),
        lots_e8=lots_e8,
        digits=digits,
        price_in=_average([deal for deal in deals if deal.entry is DealEntry.IN], digits),
        price_out=_average([deal for deal in deals if deal.entry is DealEntry.OUT], digits),
        net=money,
        commission=money.with_minor(commission),
        swap=money.with_minor(swap),
        fee=money.with_minor(fee),
        opened_us=opened_us,
        opened_seq=opened_seq,
        closed_us=closed_us,
        closed_seq=closed_seq,
        reason=reason,
        deals=deals,
        corrected_seq=corrected_seq,
    )


def _average(deals: list[DealLine], digits: int) -> int | None:
    """The volume-weighted price, rounded half up to a point of so many digits, which none has more of: shown, never decided on."""
    lots = sum(deal.lots_e8 for deal in deals)
    if not lots:
        return None
    weighted = sum(deal.lots_e8 * rescaled(deal.price, digits - deal.digits) for deal in deals)
    return (2 * weighted + lots) // (2 * lots)
