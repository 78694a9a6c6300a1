"""docs/simulator.md names every answer, temper, reason, action and option that the program has."""

from pathlib import Path

import pytest

from bridges.simulator.answers import Retcode
from bridges.simulator.market_spec import Kind, MarketSpec, SymbolMarket
from bridges.simulator.options import parser
from bridges.simulator.tempers import TEMPERS
from bridges.simulator.ticks import BadLine

PAGE = (Path(__file__).parents[3] / "docs" / "simulator.md").read_text("utf-8")
OPTIONS = [option for action in parser()._actions for option in action.option_strings if option not in ("-h", "--help")]


@pytest.mark.parametrize("word", [*Retcode, *TEMPERS, *BadLine, *Kind])
def test_the_page_names_it(word: str) -> None:
    assert f"`{word}`" in PAGE


@pytest.mark.parametrize("option", OPTIONS)
def test_the_page_names_the_option(option: str) -> None:
    assert option in PAGE


@pytest.mark.parametrize("setting", [*MarketSpec.__struct_fields__, *SymbolMarket.__struct_fields__])
def test_the_page_names_what_a_made_up_market_can_be_told(setting: str) -> None:
    assert setting in PAGE
