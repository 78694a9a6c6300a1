"""Peers are measured fairly: the same bytes, all durable, crowds that count; and what is left out is said."""

import argparse
import itertools
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench import actors, append_peers, engine, peers, postgres, restart
from bench.__main__ import BENCHES
from bench.append import DEMO, batch_of, kinds_in_turn
from bench.chart import Chart, svg_of
from bench.crowds import CROWDS
from bench.engine import run_sizes
from bench.lines import lines_of
from bench.plots import draw, keep

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def nothing_of_other_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests run where no peer is installed, and no server is started by them."""
    monkeypatch.setattr(peers, "PACKAGES", Path("/nowhere"))
    monkeypatch.setattr(postgres, "DEBIAN", Path("/nowhere"))
    monkeypatch.setattr(postgres.shutil, "which", lambda _name: None)


def test_the_peers_are_given_every_byte_that_the_ledger_is_given() -> None:
    batch = batch_of(kinds_in_turn(DEMO), 1, 100)
    rows, frames = batch
    given = sum(len(row.payload) for row, _ in rows) + sum(len(frame) for _, frame in frames)
    assert sum(len(sent.content) for sent in append_peers.as_peers_take(batch)) == given


def test_an_append_without_peers_says_in_a_line_each_what_is_left_out() -> None:
    result = append_peers.run(producers=(1, 10), rows={1: 5, 10: 20}, rounds=1)
    assert [set(line["rows_per_s"]) for line in result["lines"]] == [{"ours", "apsw"}] * 2
    assert result["skipped"] == [
        "eventsourcing is not installed: make bench installs it",
        "PostgreSQL is not installed: apt-get install postgresql",
    ]
    assert [line.met for line in lines_of("append-peers", result)] == [None, None]


@pytest.mark.parametrize("crowd", ["ours", "anyio"])
def test_a_round_lasts_until_every_actor_has_counted(crowd: str) -> None:
    told = []
    CROWDS[crowd](lambda one_round: told.append(one_round()), 2_500)
    assert told == [None]


def test_a_crowd_that_cannot_be_made_is_said_and_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actors, "_in_a_process", lambda crowd, _count: {"failed": f"no room for {crowd}"})
    result = actors.run((10,), turns=1)
    assert result["lines"] == [{"actors": 10, "crowds": {"ours": None, "anyio": None}}]
    assert "ours cannot have 10 actors here (no room for ours)" in result["skipped"]
    [line] = lines_of("actors", result)
    assert line.measured == "ours cannot have so many; anyio cannot have so many"


@pytest.fixture
def briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is counted here is the same for each price, and nobody asks how long it took."""
    monkeypatch.setattr(engine, "SIZE_S", 0.2)


@pytest.mark.usefixtures("briefly")
def test_in_a_trend_every_price_is_a_high_of_all_who_hold_the_symbol() -> None:
    options = argparse.Namespace(sizes=[60, 30], static=False, trend=True, conversions=False, one_symbol=False)
    result = run_sizes(options)
    assert [line["accounts"] for line in result["lines"]] == [30, 60]
    for line in result["lines"]:
        # Two positions on 30 symbols, now and then both on one.
        assert 0.85 <= line["wakes_per_price"] / (line["accounts"] * 2 / 30) <= 1.0


@pytest.mark.usefixtures("briefly")
def test_of_one_symbol_every_price_is_a_high_of_all() -> None:
    [line] = run_sizes(argparse.Namespace(sizes=[40], static=False, trend=True, conversions=False, one_symbol=True))[
        "lines"
    ]
    assert line["wakes_per_price"] == 40


@pytest.mark.usefixtures("briefly")
def test_static_floors_sleep_through_the_same_prices() -> None:
    [line] = run_sizes(argparse.Namespace(sizes=[50], static=True, trend=False, conversions=False, one_symbol=False))[
        "lines"
    ]
    assert line["wakes_per_price"] < 0.1


def test_a_killed_firm_goes_through_its_tail_and_books_the_next_deal() -> None:
    result = restart.run((20,), tail_rows=100, starts=2)
    [line] = result["lines"]
    assert line["rows_again"] >= 100
    assert line["total_s"] == pytest.approx(line["import_s"] + line["recover_s"] + line["decide_s"], rel=0.5)
    assert lines_of("restart", result)[0].measured.startswith("first decision after ")


def test_what_was_measured_is_kept_and_drawn_again_the_same(tmp_path: Path) -> None:
    lines = [
        {"accounts": size, "us_per_price": us, "wakes_per_price": 1.0} for size, us in ((1_000, 7.5), (5_000, 9.0))
    ]
    folder = tmp_path / "benchmarks"
    keep(folder, {"prices-static": {"bench": "engine-sizes", "lines": lines}}, "2 cores")
    assert draw(folder) == ["![One price through every desk](benchmarks/prices.svg)"]
    first = (folder / "prices.svg").read_bytes()
    draw(folder)
    assert (folder / "prices.svg").read_bytes() == first
    assert {path.name for path in folder.iterdir()} == {"prices-static.json", "prices.svg"}


def test_names_at_the_ends_of_lines_never_lie_on_each_other() -> None:
    chart = Chart("t & t", "x", "y", {f"line {n}": [(1, 100 + n), (10, 1_000 + n)] for n in range(6)})
    drawn = ElementTree.fromstring(svg_of(chart))
    ends = sorted(
        float(text.attrib["y"])
        for text in drawn.iter("{http://www.w3.org/2000/svg}text")
        if "line" in (text.text or "")
    )
    assert min(below - above for above, below in itertools.pairwise(ends)) >= 14
    assert "prefers-color-scheme:dark" in svg_of(chart)


def test_each_benchmark_is_told_about_on_its_page() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8").partition("## What is measured")[2]
    told = {name for names in re.findall(r"^- \*\*([^*]+)\*\*", page, re.MULTILINE) for name in names.split(", ")}
    assert {name for name in BENCHES if name not in told and name.partition("-")[0] not in told} == set()
    for name in ("append-peers", "actors", "prices-static", "prices-trend", "restart"):
        assert name in told


def test_every_peer_is_pinned_by_hash_with_its_reason() -> None:
    lock = (ROOT / "bench" / "peers.lock").read_text(encoding="utf-8")
    entries = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]
    assert len(entries) == 8
    for entry in entries:
        assert re.match(r"[a-z0-9-]+==[0-9.]+ \\\n(    --hash=sha256:[0-9a-f]{64}( \\)?\n)+", entry), entry


def test_the_table_can_be_asked_for_one_benchmark_by_any_of_their_names() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in BENCHES:
        assert name in done.stdout


@pytest.mark.parametrize(("batched", "met"), [(0.48, False), (3.0, True)])
def test_the_best_of_the_peers_decides_and_raw_sqlite_does_not(batched: float, met: bool) -> None:
    times = {"apsw": 0.2, "eventsourcing each": 14.4, "PostgreSQL batched": batched}
    measured = {"producers": 100, "rows_per_s": {"ours": 67_504.0}, "times_ours": times}
    [line] = lines_of("append-peers", {"bench": "append-peers", "lines": [measured]})
    assert (line.goal, line.met) == (">= 3 × the best but raw", met)
