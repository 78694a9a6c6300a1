"""The login flood measures what it says: those who guess are answered, beside prices that are decided, and a miss is a miss."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.lines import lines_of

ROOT = Path(__file__).resolve().parents[2]
SMALL = (
    "--accounts",
    "10",
    "--prices",
    "100",
    "--deals",
    "5",
    "--tries",
    "20",
    "--seconds",
    "3",
    "--turns",
    "1",
    "--warm-up",
    "1",
)


def test_the_ratio_is_held_against_the_goal() -> None:
    told = {"p50": 1.0, "p99": 4.0, "p999": 5.0, "max": 6.0, "cpu": 0.5}
    result = {
        "bench": "login-flood", "tries": 200, "prices": 5_000, "alone": [told], "flooded": [{**told, "p99": 6.0}], "times_p99": 1.5,
        "p99": {"alone": 4.0, "flooded": 6.0}, "goal_times": 1.2, "goals_met": False,
    }  # fmt: skip
    [line] = lines_of("login-flood", result)
    assert (line.goal, line.measured, line.met) == ("<= 1.2", "1.50 (4.0 and 6.0 ms)", False)


@pytest.mark.soak
def test_a_small_firm_is_flooded_while_prices_are_decided() -> None:
    command = [sys.executable, "-m", "bench.login_flood", "--json", *SMALL]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=200)
    assert done.stdout, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == (0 if result["goals_met"] else 1)
    [alone], [flooded] = result["alone"], result["flooded"]
    assert min(alone["count"], flooded["count"]) > 50
    assert result["times_p99"] == pytest.approx(flooded["p99"] / alone["p99"])
    assert set(result["statuses"]) <= {"422", "429"}
    assert sum(result["statuses"].values()) > 20
