"""Traders and orders: who is known by which id, in which region, and what was bought. Names and mails lie in the vault."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.facts import OrderLapsed, OrderPaid, OrderPlaced, TraderPlaced, TraderRegistered
from firm.kinds import Body
from firm.regions import NO_REGION
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

SCHEMA = """
CREATE TABLE rm_trader (trader INTEGER PRIMARY KEY, registered_us INTEGER NOT NULL, region TEXT NOT NULL) STRICT;
CREATE INDEX rm_trader_region ON rm_trader (region);
CREATE TABLE rm_order (
    "order" INTEGER PRIMARY KEY, trader INTEGER NOT NULL, program TEXT NOT NULL, currency TEXT NOT NULL,
    exponent INTEGER NOT NULL, price INTEGER NOT NULL, placed_us INTEGER NOT NULL, paid_us INTEGER,
    reference TEXT NOT NULL, lapsed_us INTEGER
) STRICT;
CREATE INDEX rm_order_trader ON rm_order (trader);
CREATE INDEX rm_order_unpaid ON rm_order (placed_us) WHERE paid_us IS NULL AND lapsed_us IS NULL;
"""


class People:
    """The `people` read model."""

    name = "people"
    version = 4
    schema = SCHEMA
    kinds = kinds_of(TraderRegistered, TraderPlaced, OrderPlaced, OrderPaid, OrderLapsed)

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            match body:
                case TraderRegistered():
                    sql = "INSERT INTO rm_trader (trader, registered_us, region) VALUES (?, ?, ?)"
                    connection.execute(sql, (body.trader, row.happened_us, NO_REGION))
                case TraderPlaced():
                    sql = "UPDATE rm_trader SET region = ? WHERE trader = ?"
                    connection.execute(sql, (body.region, body.trader))
                case OrderPlaced():
                    price = (body.price.currency, body.price.exponent, body.price.minor)
                    connection.execute(
                        'INSERT INTO rm_order ("order", trader, program, currency, exponent, price, placed_us, paid_us,'
                        " reference) VALUES (?, ?, ?, ?, ?, ?, ?, NULL, '')",
                        (body.order, body.trader, body.program.program, *price, row.happened_us),
                    )
                case OrderLapsed():
                    connection.execute(
                        'UPDATE rm_order SET lapsed_us = ? WHERE "order" = ?', (row.happened_us, body.order)
                    )
                case OrderPaid():
                    connection.execute(
                        'UPDATE rm_order SET paid_us = ?, reference = ? WHERE "order" = ?',
                        (row.happened_us, body.reference, body.order),
                    )
                case _:
                    pass


def unpaid_orders(connection: apsw.Connection) -> tuple[int, int | None]:
    """How many orders wait for their money, and since when the oldest does."""
    row = connection.execute(
        "SELECT count(*), min(placed_us) FROM rm_order WHERE paid_us IS NULL AND lapsed_us IS NULL"
    ).fetchone()
    assert row is not None
    return int(row[0]), row[1]


def unpaid_since(connection: apsw.Connection, before_us: int, limit: int) -> list[int]:
    """Orders that were placed by then and wait for their money still, the oldest first."""
    sql = 'SELECT "order" FROM rm_order WHERE paid_us IS NULL AND lapsed_us IS NULL AND placed_us <= ? ORDER BY placed_us LIMIT ?'
    return [order for (order,) in connection.execute(sql, (before_us, limit))]


def count_traders(connection: apsw.Connection) -> int:
    row = connection.execute("SELECT count(*) FROM rm_trader").fetchone()
    assert row is not None
    return int(row[0])


def traders_registered(connection: apsw.Connection) -> list[int]:
    """Everybody who ever was, by id."""
    return [trader for (trader,) in connection.execute("SELECT trader FROM rm_trader")]


class TraderLine(msgspec.Struct, frozen=True):
    """A trader. `region`: of the firm's, "" for none. `accounts`: how many there are for whoever asks."""

    trader: int
    registered_us: int
    region: str
    accounts: int


def traders_known(connection: apsw.Connection, traders: Sequence[int]) -> list[TraderLine]:
    """Those of these traders who are there for whoever asks, in their order."""
    sql = (
        "SELECT t.trader, t.registered_us, t.region, (SELECT count(*) FROM rm_account a WHERE a.trader = t.trader)"
        " FROM json_each(?) asked JOIN rm_trader t ON t.trader = asked.value ORDER BY asked.key"
    )
    return [TraderLine(*found) for found in connection.execute(sql, (msgspec.json.encode(traders).decode(),))]


def region_of(connection: apsw.Connection, trader: int) -> str | None:
    """In which region a trader is, "" for none; None where there is no such trader for whoever asks."""
    row = connection.execute("SELECT region FROM rm_trader WHERE trader = ?", (trader,)).fetchone()
    return None if row is None else str(row[0])


def has_regions(connection: apsw.Connection) -> bool:
    """Whether the table says where traders are: a firm that no release with regions has opened has none."""
    return any(name == "region" for (name,) in connection.execute("SELECT name FROM pragma_table_info('rm_trader')"))


def regions_taken(connection: apsw.Connection) -> list[tuple[str, int]]:
    """Regions that traders are in, with how many; those in none are left out."""
    sql = "SELECT region, count(*) FROM rm_trader WHERE region <> '' GROUP BY region ORDER BY region"
    return list(connection.execute(sql))
