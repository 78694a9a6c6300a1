"""Conversions in a proof: which of several ways a profit is converted by goes by contracts, and what of them no file can show is said."""

from pathlib import Path
from types import ModuleType

from firm.facts import BreachSuspected
from firm.inputs import Side
from tests.actors.conftest import Stage
from tests.actors.dealer import lists
from tests.actors.test_conduct import MAXIMUM, trading
from tests.evidence.proven import decisions, proven

NOT_SHOWN = "NOT shown: that no newer contract of {} renamed it, or took that back"
YEN = {"currency_base": "USD", "currency_profit": "JPY"}


def broken(stage: Stage, *symbols: str) -> int:
    """Ada buys dollars for yen under each of these names, and loses a hundredth of them; the suspicion."""
    for symbol in symbols:
        lists(stage, symbol, **YEN)
    account = trading(stage, MAXIMUM)
    for symbol in symbols:
        stage.tick(symbol, 10_230_000, 10_230_100)
    for symbol in symbols:
        stage.deal(account, symbol, Side.BUY, "20", 10_230_100, symbol=symbol)
    for symbol in symbols:
        stage.tick(symbol, 10_130_000, 10_130_100)
    [decision] = decisions(stage, BreachSuspected)
    return decision


def test_of_a_profit_that_could_be_converted_by_two_symbols_it_is_said_that_their_contracts_may_be_newer(
    stage: Stage, verifier: ModuleType, tmp_path: Path
) -> None:
    said = proven(verifier, stage, tmp_path, broken(stage, "USDJPY", "USDJPY.r"))
    assert said.count(NOT_SHOWN.format("USDJPY or USDJPY.r")) == 1


def test_of_one_way_nothing_is_said(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    said = proven(verifier, stage, tmp_path, broken(stage, "USDJPY"))
    assert "through 1/USDJPY" in said
    assert "renamed it" not in said
