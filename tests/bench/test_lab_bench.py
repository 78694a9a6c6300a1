"""The rule lab is measured whole: each kind of event by itself, a month of them from that, and beside it every price looked at by all."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.lines import lines_of

ROOT = Path(__file__).resolve().parents[2]
SMALL = {"accounts": 12, "frames": 40, "told": 24, "plain-frames": 4}


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    sized = [text for name, value in SMALL.items() for text in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "bench.lab", "--json", *sized]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def test_a_month_is_what_one_event_of_each_kind_took_as_often_as_it_comes(measured: dict[str, Any]) -> None:
    for kind, count in measured["month"].items():
        assert measured["minutes"][kind] == pytest.approx(count * measured["us_each"][kind] / 60e6)
    assert measured["month_min"] == pytest.approx(measured["minutes"]["price"] + measured["minutes"]["deal"])
    assert measured["month"]["price"] == 22 * 2 * 71_840


def test_where_every_price_looks_at_every_account_a_price_takes_longer(measured: dict[str, Any]) -> None:
    assert measured["times_plain"] > 1


def test_it_has_its_lines_in_the_table(measured: dict[str, Any]) -> None:
    goal, *others = lines_of("lab", measured)
    assert (goal.met, goal.goal) == (measured["goals_met"], "<= 30 min of a core")
    assert [line.met for line in others] == [None, None]
