"""What it costs to be looked at: live pages show a deal that is durable, Django is given the same rows, and what is left out is said."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import peers
from bench.lines import lines_of

ROOT = Path(__file__).resolve().parents[2]
SMALL = (
    "--listed",
    "70",
    "--holding",
    "10",
    "--viewers",
    "8",
    "--watched",
    "6",
    "--seconds",
    "3",
    "--turn",
    "0.3",
    "--prices",
    "300",
)
WITHOUT_PEERS = """
from pathlib import Path
from bench import pages, peers
peers.PACKAGES = Path("/nowhere")
raise SystemExit(pages.main())
"""


def _run(*program: str) -> dict:
    command = [sys.executable, *program, "--json", *SMALL]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=200)
    assert done.stdout, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == (0 if result["goals_met"] else 1)
    return result


def test_a_small_firm_is_looked_at_while_prices_are_decided() -> None:
    result = _run("-c", WITHOUT_PEERS)
    assert set(result["feed"]) == {"alone", "watched", "turned"}
    assert all(told["count"] > 300 for told in result["feed"].values())
    assert result["times_p99"] == pytest.approx(result["feed"]["watched"]["p99"] / result["feed"]["alone"]["p99"])
    assert result["shown"]["count"] > 0
    assert result["shown"]["p50"] > 0
    assert set(result["pages"]) == {"account", "trades", "list"}
    assert result["lists_per_s"]["ours"] > 0
    assert result["times_django"] is None
    assert result["skipped"] == ["django is not installed: make bench installs it"]
    first, *others = lines_of("pages", result)
    assert (first.goal, first.met) == ("<= 1.2", result["goals_met"])
    assert [line.met for line in others] == [None] * 5


@pytest.mark.skipif(not (peers.PACKAGES / "django").is_dir(), reason="Django is there once make bench was run")
def test_djangos_list_has_the_rows_of_ours() -> None:
    result = _run("-m", "bench.pages")
    assert result["skipped"] == []
    assert result["times_django"] > 0
    assert "Django" in lines_of("pages", result)[-1].measured
