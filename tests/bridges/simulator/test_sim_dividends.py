"""Dividends: profit of trading for a long, loss for a short, told as cash of its own kind; nothing that is measured from moves."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridges.events import Cash
from bridges.simulator.answers import Retcode
from bridges.simulator.script import Dividend, Script
from bridges.simulator.state import Position
from bridges.simulator.valuation import dividend_of
from firm.facts import BreachDeclared, CashBooked, DividendBooked
from firm.inputs import CashKind, Side
from firm.instant import MINUTE_US, SECOND_US, parse_utc
from firm.money import Money
from firm.quote_frame import Tick
from firm.terms.losses import Trail
from tests.bridges.simulator.beside import LOT, Beside, market_of, rules
from tests.bridges.simulator.desk import NOON, Desk

BUY, SELL = Side.BUY, Side.SELL
FROM, ROLLOVER, TO = (parse_utc(f"2014-05-01T{text}") for text in ("20:00:00", "21:00:00", "22:30:00"))
EUROS = Money(10_000_000, "EUR", 2)


def evening(tmp_path: Path, script: Script = Script()) -> Beside:  # noqa: B008  (frozen)
    """Thursday around the rollover at 21:00 UTC, which begins the ex-date 2 May: 0.31 points a lot of US500."""
    minutes = range(FROM + SECOND_US, TO, MINUTE_US)
    ticks = [Tick("EURUSD", t_us, 138_600, 138_610) for t_us in minutes]
    ticks += [Tick("US500", t_us, 188_000 - (31 if t_us > ROLLOVER else 0), 188_050) for t_us in minutes]
    return Beside(market_of(tmp_path, ticks, script, from_us=FROM, to_us=TO))


@pytest.mark.parametrize("trail", Trail)
def test_it_is_profit_and_neither_deposit_nor_new_high_water(tmp_path: Path, trail: Trail) -> None:
    beside = evening(tmp_path)
    beside.play(until=FROM + MINUTE_US)
    account, held = beside.sell(rules(trail=trail), EUROS)
    assert beside.open(held, "US500", BUY, 2 * LOT) is Retcode.DONE
    beside.play(until=ROLLOVER - MINUTE_US)
    before = beside.state(account)
    beside.play(until=ROLLOVER + SECOND_US, after_slice=beside.agrees)
    after = beside.state(account)
    # 2 lots of 10 units, 0.31 points: 6.20 dollars, sold for euros at the ask.
    assert after.balance - before.balance == 447
    assert [fact.amount for fact in beside.of(DividendBooked)] == [Money(447, "EUR", 2)]
    assert beside.of(CashBooked) == []
    assert (after.cash_net, after.day, after.track.highs) == (before.cash_net, before.day, before.track.highs)
    assert after.peak == before.peak or (after.peak is not None and after.peak.at_us > ROLLOVER)
    [told] = [event for event in beside.told if isinstance(event, Cash)]
    assert (told.kind, told.t_us, told.amount) == (CashKind.DIVIDEND, ROLLOVER, 447)
    assert "dividend US500 2014-05-02" in told.comment
    beside.play(after_slice=beside.agrees)
    assert beside.drifts() == []


def test_a_short_pays_it_and_may_break_a_limit_by_it(tmp_path: Path) -> None:
    """A script's dividend of 400 points on 20 lots: 80 000 dollars gone from an account that may lose 5 000 a day."""
    script = Script(dividend=(Dividend(symbol="US500", ex_date=date(2014, 5, 2), points=40_000),))
    beside = evening(tmp_path, script)
    beside.play(until=FROM + MINUTE_US)
    _, held = beside.sell(rules(loss_max_bp=500), Money(10_000_000, "USD", 2))
    assert beside.open(held, "US500", SELL, 20 * LOT) is Retcode.DONE
    beside.play(until=ROLLOVER + 2 * MINUTE_US)
    assert [fact.amount.minor for fact in beside.of(DividendBooked)] == [-6_200, -8_000_000]
    [breach] = beside.of(BreachDeclared)
    assert breach.rule == "daily"
    assert held.positions  # its market rests for an hour after the rollover
    beside.play()
    assert not held.positions
    beside.agrees()
    assert beside.drifts() == []


def test_who_holds_nothing_over_the_rollover_gets_nothing(tmp_path: Path) -> None:
    beside = evening(tmp_path)
    beside.play(until=FROM + MINUTE_US)
    _, held = beside.sell(rules(), EUROS)
    beside.open(held, "US500", BUY)
    beside.open(held, "EURUSD", BUY)
    beside.close(held)
    beside.play()
    assert beside.of(DividendBooked) == []


@given(
    hundredths=st.integers(1, 20_000), points=st.integers(-(10**6), 10**6), bid=st.integers(1, 10**6), spread=st.integers(0, 99)
)  # fmt: skip
def test_what_a_short_pays_is_what_a_long_of_a_negative_one_would_get(
    hundredths: int, points: int, bid: int, spread: int
) -> None:
    desk = Desk(currency="EUR")
    desk.price("EURUSD", bid, bid + spread)
    long, short = (Position("1", "US500", side, hundredths * LOT // 100, 1, 0, 0, 0, NOON) for side in (BUY, SELL))
    got, paid = (dividend_of(desk.account, held, points, desk.state) for held in (long, short))
    assert paid == dividend_of(desk.account, long, -points, desk.state)
    assert got * points >= 0
    assert paid * points <= 0
    # Bought dear and sold cheap: the spread is nobody's gain.
    assert got + paid <= 1
