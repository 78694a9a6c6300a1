"""A platform that tells thousands of contracts while accounts need conversions: each leaves alone what it has nothing to do with."""

import gc
import string
from collections.abc import Iterator
from time import process_time_ns
from typing import Any

import pytest

from firm.inputs import Side, SymbolReported
from firm.price import SymbolSpec

FEW, MANY, TOLD, TIMES = 250, 4_000, 60, 5
GROWTH_MAX = 4  # of sixteen times as many; what a price costs by itself is in both


def pair(symbol: str, base: str, profit: str) -> SymbolSpec:
    return SymbolSpec(symbol=symbol, digits=5, contract_e8=100_000 * 10**8, currency_base=base, currency_profit=profit)


def of_exotic_currencies(n: int) -> SymbolSpec:
    first, second = string.ascii_uppercase[n // 26 % 26], string.ascii_uppercase[n % 26]
    return pair(f"P{n:05}", f"Q{first}{second}", f"R{second}{first}")


def of_a_share_in_euros(n: int) -> SymbolSpec:
    return SymbolSpec(symbol=f"S{n:05}", digits=2, contract_e8=100 * 10**8, currency_base="STK", currency_profit="EUR")


@pytest.fixture
def trading(stage: Any) -> Any:
    """Twenty traders in dollars hold euros in francs."""
    stage.open_shop()
    for spec in (pair("EURCHF", "EUR", "CHF"), pair("USDCHF", "USD", "CHF")):
        stage.put(SymbolReported(bridge="sim", seq=stage.next_seq(), spec=spec))
    stage.tick("EURCHF", 110_000, 110_010)
    stage.tick("USDCHF", 90_000, 90_010)
    for number in range(20):
        accounts = (20_000 + 2 * number, 20_001 + 2 * number)
        account = stage.sell(trader=5_000 + number, order=10_000 + number, accounts=accounts)
        stage.deal(account, f"p{number}", Side.BUY, "0.10", 110_010, symbol="EURCHF")
    return stage


@pytest.fixture(autouse=True)
def uncollected() -> Iterator[None]:
    """What the collector looks through is the whole test process, which is no cost of a contract."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("contract", [of_exotic_currencies, of_a_share_in_euros])
def test_a_contract_and_a_price_cost_about_the_same_among_few_contracts_and_among_thousands(
    trading: Any, contract: Any
) -> None:
    told = 0

    def tell(many: int, *, with_prices: bool) -> None:
        nonlocal told
        for _ in range(many):
            trading.put(SymbolReported(bridge="sim", seq=trading.next_seq(), spec=contract(told)))
            told += 1
            if with_prices:
                trading.now_us += 1_000
                trading.tick("EURCHF", 110_000 + told % 3, 110_010 + told % 3)

    def cost_ns() -> int:
        began_ns = process_time_ns()
        tell(TOLD, with_prices=True)
        return process_time_ns() - began_ns

    tell(FEW, with_prices=False)
    among_few = min(cost_ns() for _ in range(TIMES))
    tell(MANY - told, with_prices=False)
    among_many = min(cost_ns() for _ in range(TIMES))
    assert among_many < GROWTH_MAX * among_few, f"{among_many / among_few:.1f} times as long"
