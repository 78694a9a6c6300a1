"""Dividends: what an index's members pay, credited to who is long at the ex-date and debited from who is short.

The rollover that begins the ex-date is the moment: who holds a position over it gets the cash, and the index opens lower for it.
It is told as platforms do: a balance operation of its own kind for each position, stamped with the rollover.
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

from bridges.simulator.books import Books
from bridges.simulator.script import Script
from bridges.simulator.state import Account, State
from bridges.simulator.symbols import NEW_YORK
from bridges.simulator.valuation import dividend_of
from firm.inputs import CashKind
from firm.instant import datetime_of


def pay_dividends(state: State, books: Books, script: Script, account: Account, rollover_us: int) -> None:
    """Book what the account's positions bring at a rollover. Who holds a position holds a price of it."""
    ex_date = ex_date_at(rollover_us)
    for position in account.positions.values():
        listed = [points for day, points in state.listing(position.symbol).dividends if day == ex_date]
        for points in (*listed, *script.dividends_on(position.symbol, ex_date)):
            amount = dividend_of(account, position, points, state)
            comment = f"dividend {position.symbol} {ex_date}, {points} points, position {position.position_id}"
            books.move_cash(account, amount, CashKind.DIVIDEND, comment, rollover_us)


def ex_date_at(rollover_us: int) -> str:
    """The date whose trading the rollover begins: that of the next day in New York."""
    return (datetime_of(rollover_us).astimezone(ZoneInfo(NEW_YORK)).date() + timedelta(1)).isoformat()
