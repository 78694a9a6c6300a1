"""Contracts that change and symbols that are renamed under open positions: the firm goes on valuing them, with no drift ever."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridges.events import Order, Position, SymbolSpec
from bridges.simulator.answers import Retcode
from bridges.simulator.script import Contract, Rename, Script
from bridges.simulator.state import PositionMode
from firm.facts import BreachDeclared, BreachSuspected, ContractChanged, DealIgnored, PositionRestated
from firm.inputs import Side
from firm.instant import MINUTE_US, SECOND_US, parse_utc
from firm.money import Money
from firm.phase import Standing
from firm.quote_frame import Tick
from tests.bridges.simulator.beside import LOT, Beside, market_of, rules

BUY, SELL = Side.BUY, Side.SELL
FROM = parse_utc("2014-05-02T08:00:00")
SIZES = (Money(10_000_000, "USD", 2), Money(10_000_000, "EUR", 2), Money(10_000_000, "JPY", 0))
TRADED = ("EURUSD", "XAUUSD", "USDJPY")


def at(second: int) -> datetime:
    return datetime.fromtimestamp(FROM // SECOND_US + second, UTC)


def market(folder: Path, script: Script, seconds: int = 240) -> Beside:
    """Three symbols once a second, in saws; more digits than a round number has."""
    ticks = []
    for n in range(1, seconds):
        t_us = FROM + n * SECOND_US
        ticks += [
            Tick("EURUSD", t_us, 138_603 + n % 40, 138_614 + n % 40),
            Tick("XAUUSD", t_us, 1_284_107 + 7 * (n % 31), 1_284_411 + 7 * (n % 31)),
            Tick("USDJPY", t_us, 102_301 - n % 37, 102_313 - n % 37),
        ]
    return Beside(market_of(folder, ticks, script, from_us=FROM, to_us=FROM + seconds * SECOND_US))


def seated(beside: Beside) -> list[tuple[int, object]]:
    """Accounts in three currencies, each long and short in everything, with an order waiting."""
    beside.play(until=FROM + 10 * SECOND_US)
    seats = [beside.sell(rules(), size, number) for number, size in enumerate(SIZES)]
    for _, held in seats:
        for place, symbol in enumerate(TRADED):
            assert beside.open(held, symbol, BUY, (3 + place) * LOT // 100) is Retcode.DONE
            assert beside.open(held, symbol, SELL, (5 - place) * LOT // 100) is Retcode.DONE
        assert beside.place(held, "EURUSD", BUY, 138_001) is Retcode.DONE
    return seats


def lived_through(beside: Beside, seats: list[tuple[int, object]]) -> None:
    """To the end, equal at each slice; then everything is closed, and the balances are equal too."""
    beside.play(until=FROM + 200 * SECOND_US, after_slice=beside.agrees)
    for account, held in seats:
        assert beside.state(account).standing is Standing.ACTIVE
        while held.positions:
            assert beside.close(held) is Retcode.DONE
    beside.play(after_slice=beside.agrees)
    for account, _ in seats:
        assert beside.state(account).positions == ()
        assert beside.state(account).drifting == ()
    assert beside.drifts() == []
    assert [*beside.of(BreachSuspected), *beside.of(BreachDeclared)] == []


def test_other_digits_put_open_prices_and_orders_into_other_points(tmp_path: Path) -> None:
    """EURUSD loses two digits, and gets three more a minute later: in euros and yen it is a rate of conversion too."""
    script = Script(
        contract=(Contract(at=at(60), symbol="EURUSD", digits=3), Contract(at=at(120), symbol="EURUSD", digits=6))
    )
    beside = market(tmp_path, script)
    seats = seated(beside)
    beside.play(until=FROM + 61 * SECOND_US)
    held = seats[0][1]
    told = [e for e in beside.told if isinstance(e, Position | Order) and e.t_us == FROM + 60 * SECOND_US]
    assert {event.sym for event in told} == {"EURUSD"}
    assert [event.px for event in told if isinstance(event, Order)] == [1_380] * 3
    assert {one.price_open for one in held.positions.values() if one.symbol == "EURUSD"} <= {1_386, 1_387}
    assert len(beside.of(PositionRestated)) == 6
    assert {fact.symbol for fact in beside.of(ContractChanged)} == {"EURUSD"}
    lived_through(beside, seats)
    assert len(beside.of(PositionRestated)) == 12


def test_another_contract_size_makes_open_positions_worth_more_at_once(tmp_path: Path) -> None:
    script = Script(contract=(Contract(at=at(60), symbol="XAUUSD", contract=1_000, swap_long=-3),))
    beside = market(tmp_path, script)
    seats = seated(beside)
    lived_through(beside, seats)
    assert beside.replay.state.listing("XAUUSD").swap_long == -3
    assert beside.of(PositionRestated) == []


def test_a_renamed_symbol_keeps_its_positions_orders_and_prices(tmp_path: Path) -> None:
    script = Script(rename=(Rename(at=at(60), symbol="EURUSD", becomes="EURUSD.r"),))
    beside = market(tmp_path, script)
    seats = seated(beside)
    beside.play(until=FROM + 60 * SECOND_US + 1)
    specs = [event for event in beside.told if isinstance(event, SymbolSpec)][-2:]
    assert [(spec.sym, spec.renamed_to) for spec in specs] == [("EURUSD.r", ""), ("EURUSD", "EURUSD.r")]
    for account, held in seats:
        assert {one.symbol for one in beside.state(account).positions} == {"EURUSD.r", "XAUUSD", "USDJPY"}
        assert [order.symbol for order in held.orders.values()] == ["EURUSD.r"]
    beside.agrees()
    assert beside.of(ContractChanged) == []
    assert beside.open(seats[0][1], "EURUSD", BUY) is Retcode.UNKNOWN_SYMBOL
    lived_through(beside, seats)
    market_desk = beside.engine.market("sim")
    assert market_desk.stale_symbols(FROM + 220 * SECOND_US, MINUTE_US) == ()  # nobody waits for the old name


def test_a_name_that_was_given_away_may_come_back(tmp_path: Path) -> None:
    script = Script(
        rename=(Rename(at=at(60), symbol="EURUSD", becomes="EU"), Rename(at=at(90), symbol="EU", becomes="EURUSD"))
    )
    beside = market(tmp_path, script)
    lived_through(beside, seated(beside))
    assert beside.engine.market("sim").stale_symbols(FROM + 239 * SECOND_US, MINUTE_US) == ()


def test_sessions_that_change_close_the_market_for_both(tmp_path: Path) -> None:
    """From now on EURUSD is closed on Fridays."""
    script = Script(contract=(Contract(at=at(60), symbol="EURUSD", sessions=((0, 5_760),)),))
    beside = market(tmp_path, script, seconds=90)
    beside.play(until=FROM + 30 * SECOND_US)
    _, held = beside.sell(rules(), SIZES[0])
    assert beside.open(held, "EURUSD", BUY) is Retcode.DONE
    beside.play()
    assert beside.open(held, "EURUSD", BUY) is Retcode.MARKET_CLOSED
    assert beside.engine.market("sim").stale_symbols(beside.replay.now_us + 60 * MINUTE_US, MINUTE_US) == (
        "USDJPY",
        "XAUUSD",
    )
    beside.agrees()


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(Script(rename=(Rename(at=at(60), symbol="EURUSD", becomes="EURUSD.r"),)), id="renamed"),
        pytest.param(Script(contract=(Contract(at=at(60), symbol="EURUSD", digits=7),)), id="more digits"),
        pytest.param(Script(contract=(Contract(at=at(60), symbol="EURUSD", digits=3),)), id="fewer digits"),
    ],
)
def test_deals_of_before_a_change_are_corrected_by_the_name_and_points_of_now(tmp_path: Path, script: Script) -> None:
    """Of three positions one stays, one is closed before and is open again, of one the second deal never was."""
    beside = market(tmp_path, script)
    beside.play(until=FROM + 10 * SECOND_US)
    account, held = beside.sell(rules(), SIZES[0])
    held.position_mode = PositionMode.NETTING
    for symbol in ("EURUSD", "EURUSD", "XAUUSD"):
        assert beside.open(held, symbol, BUY, LOT // 10) is Retcode.DONE
    first, second, *_ = held.deals
    beside.play(until=FROM + 30 * SECOND_US)
    _, other = beside.sell(rules(), SIZES[1], 1)
    assert beside.open(other, "EURUSD", BUY, LOT // 10) is Retcode.DONE
    assert beside.close(other) is Retcode.DONE
    close = list(other.deals)[-1]
    beside.play(until=FROM + 70 * SECOND_US)
    assert beside.correct(held, first, px=held.deals[first].px + 2, commission=-100) is Retcode.DONE
    assert beside.delete(held, second) is Retcode.DONE
    assert beside.delete(other, close) is Retcode.DONE
    beside.play(until=FROM + 200 * SECOND_US, after_slice=beside.agrees)
    assert beside.drifts() == []
    assert beside.of(DealIgnored) == []
    [again] = other.positions.values()
    assert again.symbol == next(iter(other.deals.values())).sym
    assert beside.state(account).drifting == ()


changed = st.builds(
    lambda second, symbol, digits, contract: Contract(at=at(second), symbol=symbol, digits=digits, contract=contract),
    st.integers(20, 50), st.sampled_from(TRADED), st.integers(1, 7), st.one_of(st.none(), st.integers(2, 10**6)),
)  # fmt: skip
renamed = st.builds(
    lambda second, symbol: Rename(at=at(second), symbol=symbol, becomes=f"{symbol}.x"),
    st.integers(51, 58), st.sampled_from(TRADED),
)  # fmt: skip


@settings(max_examples=12, deadline=None)
@given(contracts=st.lists(changed, max_size=4), names=st.lists(renamed, max_size=2, unique_by=lambda one: one.symbol))
def test_whatever_changes_both_books_are_equal_at_every_slice(contracts: list[Contract], names: list[Rename]) -> None:
    script = Script(contract=tuple(contracts), rename=tuple(names))
    with tempfile.TemporaryDirectory() as folder:
        beside = market(Path(folder), script, seconds=62)
        seats = seated(beside)
        beside.play(after_slice=beside.agrees)
    assert beside.drifts() == []
    for account, held in seats:
        names_held = sorted(one.symbol for one in beside.state(account).positions)
        assert names_held == sorted(one.symbol for one in held.positions.values())
