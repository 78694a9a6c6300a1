"""`evenhand incident`: what prices were missing, and what people say of it, from the console of a firm that does not serve."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from firm.inputs import ClockTicked

Run = Callable[..., tuple[int, str, str]]


def at(directory: Path) -> tuple[object, ...]:
    return "--data-dir", directory


def test_without_any_it_says_so(shop: Any, run: Run) -> None:
    shop.machine.close()
    assert run("incident", "list", *at(shop.directory)) == (0, "No prices were ever missing for long.\n", "")
    status, _, err = run("incident", "show", 12, *at(shop.directory))
    assert (status, "no incident 12: evenhand incident list shows all" in err) == (2, True)
    status, _, err = run("incident", "note", 12, "--note", "?", *at(shop.directory))
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


def test_it_is_listed_shown_published_and_closed_only_when_it_is_over(out_of_prices: Any, run: Run) -> None:
    directory = at(out_of_prices.directory)
    [line] = json.loads(run("incident", "list", *directory, "--json")[1])
    number = line["incident"]
    assert (line["bridge"], line["symbols"], line["to_us"], line["accounts"]) == ("sim", ["EURUSD"], None, 1)
    status, out, _ = run("incident", "show", number, *directory)
    assert status == 0
    assert "the bridge told nothing" in out
    assert "held a position by EURUSD: its passes are frozen" in out
    sentence = "Prices of the euro are late."
    assert run("incident", "publish", number, "--sentence", sentence, *directory)[0] == 0
    assert run("incident", "note", number, "--note", "Asked the provider.", *directory)[0] == 0
    status, _, err = run("incident", "close", number, "--conclusion", "Over.", *directory)
    assert (status, f"incident {number} is not over" in err) == (2, True)
    told = json.loads(run("incident", "show", number, *directory, "--json")[1])
    assert told["incident"]["shown"] is True
    assert [(word["act"], word["who"]) for word in told["said"]] == [("noted", "console"), ("published", "console")]
    assert run("incident", "publish", number, "--off", "--sentence", sentence, *directory)[0] == 0
    assert "published" not in run("incident", "list", *directory)[1]
