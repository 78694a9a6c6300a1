"""`evenhand incident`: what prices were missing, and what people say of it, from the console of a firm that does not serve."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.cli import main
from firm.inputs import ClockTicked

Said = Callable[..., tuple[int, str, str]]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    def ask(*arguments: object) -> tuple[int, str, str]:
        status = main([*map(str, arguments)])
        told = capsys.readouterr()
        return status, told.out, told.err

    return ask


def at(directory: Path) -> tuple[object, ...]:
    return "--data-dir", directory


def test_without_any_it_says_so(shop: Any, said: Said) -> None:
    shop.machine.close()
    assert said("incident", "list", *at(shop.directory)) == (0, "No prices were ever missing for long.\n", "")
    status, _, err = said("incident", "show", 12, *at(shop.directory))
    assert (status, "no incident 12: evenhand incident list shows all" in err) == (2, True)
    status, _, err = said("incident", "note", 12, "--note", "?", *at(shop.directory))
    assert (status, "no incident 12" in err) == (2, True)


@pytest.fixture
def out_of_prices(shop: Any) -> Any:
    """Ada holds a lot of euros when nothing is heard for six minutes."""
    shop.tick(138_690, 138_700)
    shop.buy(1, 138_700)
    shop.wait(360)
    shop.put(ClockTicked(at_us=shop.now_us))
    shop.machine.close()
    return shop


def test_it_is_listed_shown_published_and_closed_only_when_it_is_over(out_of_prices: Any, said: Said) -> None:
    directory = at(out_of_prices.directory)
    [line] = json.loads(said("incident", "list", *directory, "--json")[1])
    number = line["incident"]
    assert (line["bridge"], line["symbols"], line["to_us"], line["accounts"]) == ("sim", ["EURUSD"], None, 1)
    status, out, _ = said("incident", "show", number, *directory)
    assert status == 0
    assert "the bridge told nothing" in out
    assert "held a position by EURUSD: its passes are frozen" in out
    sentence = "Prices of the euro are late."
    assert said("incident", "publish", number, "--sentence", sentence, *directory)[0] == 0
    assert said("incident", "note", number, "--note", "Asked the provider.", *directory)[0] == 0
    status, _, err = said("incident", "close", number, "--conclusion", "Over.", *directory)
    assert (status, f"incident {number} is not over" in err) == (2, True)
    told = json.loads(said("incident", "show", number, *directory, "--json")[1])
    assert told["incident"]["shown"] is True
    assert [(word["act"], word["who"]) for word in told["said"]] == [("noted", "console"), ("published", "console")]
    assert said("incident", "publish", number, "--off", "--sentence", sentence, *directory)[0] == 0
    assert "published" not in said("incident", "list", *directory)[1]
