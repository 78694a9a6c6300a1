"""The burst measures what it says: positions break when they should, pollers are reckoned and not drawn, each step is after the last."""

import json
import random
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from bench.beyond import POLLERS_S, Beyond, beyond_of
from bench.lines import lines_of
from bench.payrolls import RELEASE_US, SPECS, Long, Polled, polled, sized, stretch
from bench.plots import draw, keep
from firm.instant import SECOND_US
from firm.quote_frame import Tick

ROOT = Path(__file__).resolve().parents[2]
ALLOWED = 500_000  # cents: five hundredths of 100 000.00


def _ticks(*prices: tuple[int, int]) -> list[Tick]:
    return [Tick("EURUSD", t_us, bid, bid + 2) for t_us, bid in prices]


def _played_out(ticks: list[Tick], level: int, every_us: int) -> Polled:
    """Every poller by itself: one for each µs of the round."""
    found: list[int] = []
    for phase in range(every_us):
        for t_us in range(phase, ticks[-1].t_us, every_us):
            standing = [tick.bid for tick in ticks if tick.t_us <= t_us]
            if standing and standing[-1] <= level:
                found.append(level - standing[-1])
                break
    missed = Fraction(every_us - len(found), every_us)
    return Polled(Fraction(sum(found), len(found)) if found else Fraction(0), missed)


def test_a_poller_that_looks_while_the_price_is_back_finds_the_next_fall() -> None:
    ticks = _ticks((0, 100), (10, 90), (14, 99), (20, 80), (30, 80))
    assert polled(ticks, 95, 10) == Polled(Fraction(4 * 5 + 6 * 15, 10), Fraction(0))


def test_pollers_that_never_look_at_the_right_moment_never_see_it() -> None:
    ticks = _ticks((0, 100), (10, 90), (14, 99), (30, 99))
    assert polled(ticks, 95, 10) == Polled(Fraction(5), Fraction(6, 10))


def test_a_floor_that_no_price_reaches_is_nobodys() -> None:
    assert polled(_ticks((0, 100), (10, 96)), 95, 10) is None


@pytest.mark.parametrize("seed", range(30))
def test_what_is_reckoned_is_what_every_poller_by_itself_would_find(seed: int) -> None:
    dice = random.Random(seed)
    at, ticks = 0, []
    for _ in range(25):
        ticks.append((at, dice.randrange(85, 105)))
        at += dice.choice((0, 1, 2, 3, 7, 19))
    prices, every = _ticks(*ticks), dice.choice((5, 8, 13, 40))
    told = polled(prices, 94, every)
    assert told is None or told == _played_out(prices, 94, every)
    assert told is not None or min(tick.bid for tick in prices) > 94


def test_the_level_is_the_highest_bid_at_which_all_that_is_allowed_is_lost() -> None:
    for symbol, lots in (("EURUSD", 1_234_000_000), ("XAUUSD", 777_000_000)):
        held = Long(symbol, lots, 1_386_370)
        level = held.breaks_at(ALLOWED)
        assert held.profit(level) <= -ALLOWED < held.profit(level + 1)


@pytest.mark.parametrize("symbol", sorted(SPECS))
@pytest.mark.parametrize("share", [0.3, 0.6, 0.98])
def test_positions_break_within_the_stretch_and_not_at_its_first_price(symbol: str, share: float) -> None:
    prices = stretch(10 * SECOND_US, 40 * SECOND_US)
    level = sized(prices, symbol, share, ALLOWED).breaks_at(ALLOWED)
    bids = [tick.bid for tick in prices.played if tick.symbol == symbol]
    assert min(bids) <= level < bids[0]


def test_the_stretch_holds_the_release_and_stamps_of_its_own() -> None:
    prices = stretch(2 * SECOND_US, 5 * SECOND_US)
    stamps = [tick.t_us for tick in prices.played]
    assert stamps == sorted(stamps)
    assert prices.from_us <= stamps[0] < RELEASE_US < stamps[-1] < prices.to_us <= prices.after[0].t_us
    assert {tick.symbol for tick in prices.before} == set(SPECS)


def test_ours_and_the_pollers_are_measured_by_one_yardstick() -> None:
    held = Long("EURUSD", 1_000_000_000, 138_640)  # ten lots: a point is ten dollars
    level = held.breaks_at(ALLOWED)
    at_s = [(second * SECOND_US, bid) for second, bid in ((0, 138_640), (100, level - 50), (200, level - 100))]
    one = Beyond(held, 10_000_000, 9_500_000, {"at once": level - 50, "durable": level - 50, "close": level - 100})
    told = beyond_of([one], {"EURUSD": _ticks(*at_s)})
    assert [told[name]["percent"] for name in ("at once", "durable", "close")] == pytest.approx([10.0, 10.0, 20.0])
    assert [told[f"{every_s:g} s"]["percent"] for every_s in POLLERS_S] == pytest.approx([10.0] * 3)


def test_a_small_burst_goes_all_the_way_from_the_prices_to_closed_accounts(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.burst", "--json", "--accounts", "30", "--breaking", "10", "--viewers", "3"]
    command += ["--lead", "1", "--seconds", "6"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=200)
    assert done.stdout, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert (result["breached"], result["suspected"]) == (10, 0)
    assert 0 < result["durable"]["p50"] < result["first"]["p50"] < result["close"]["p50"]
    assert result["beyond"]["close"]["accounts"] == 10
    assert result["parts"] > 0
    assert set(result["pages_ms"]) == {"list", "account", "trades"}
    assert done.returncode == (0 if result["goals_met"] else 1)
    lines = lines_of("burst", result)
    assert [line.goal for line in lines[:4]] == ["-", "p99 <= 10 ms", "-", "p99 <= 10 ms"]
    assert len(lines) == 4 + 3 + len(POLLERS_S)
    keep(tmp_path, {"burst": result}, "2 cores")
    assert draw(tmp_path) == [f"![Beyond the floor on payrolls]({tmp_path.name}/burst.svg)"]
