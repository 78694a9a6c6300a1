"""Login flood: what 200 tries to sign in a second, each from another address, do to the feed of 5,000 prices a second.

    python -m bench.login_flood [--json] [--seconds N] [--turns N] [--tries N]

This process is the appliance as `evenhand serve` runs it, behind a proxy that ends TLS; `bench/feeder.py` is a bridge and
`bench/guessers.py` are those who guess. In turns in one run: prices alone and prices with the flood, each first in every second turn.
The ratio is that of the feed's p99 over all stretches with the flood and over all without: of a single one it is whatever checkpoints of
SQLite happened to fall into it.
"""

import argparse
import tempfile
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import anyio

from appliance.clock import wall_us
from appliance.founding import found
from appliance.settings import LogLevel, LogSettings, WebSettings
from bench.beside import Beside
from bench.feed import ACCOUNTS, DEALS, PRICES, MeasuredMachine, feeder_options
from bench.firm import programs_sold, sell_to, settings_of
from bench.ground import ground
from bench.serving import cpu_s, opened, outboxes, while_serving
from bench.telling import parser_of, tell
from firm.instant import SECOND_US

ORIGIN = "https://bench.example"
TRIES, FEW_TRIES = 200, 1
SECONDS, TURNS = 15, 12
WARM_UP_S = 15.0
GOAL_TIMES = 1.2


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure once."""
    with (
        ground() as folder,
        tempfile.TemporaryDirectory(dir=outboxes()) as outbox,
    ):
        web = WebSettings(public_url=ORIGIN, tls_behind_proxy=True)
        founded = found(Path(folder) / "firm", settings_of(web=web, log=LogSettings(level=LogLevel.ERROR)))
        try:
            key_file = sell_to(founded, Path(folder), programs_sold(trailing=True), options.accounts).key_file
        finally:
            founded.close()
        machine = opened(MeasuredMachine, Path(folder) / "firm")
        fed = argparse.Namespace(
            accounts=options.accounts, prices=options.prices, deals=options.deals, seconds=3_600, conversions=False
        )
        try:
            feeder = feeder_options(key_file, Path(outbox) / "outbox.db", fed)
            told = while_serving(machine, partial(_in_turns, machine, feeder, options))
        finally:
            machine.close()
    return _result(machine, told, options)


async def _in_turns(machine: MeasuredMachine, feeder: list[object], options: argparse.Namespace) -> dict[str, Any]:
    """The stretches without and with the flood, and what became of the tries."""
    alone, flooded, statuses = [], [], Counter[str]()
    feeding = Beside("bench.feeder", feeder)
    try:
        begun = await feeding.line()
        await anyio.sleep((begun["begin_us"] - wall_us()) / 1e6)
        # The first prices meet code and pages of memory that nobody has used yet, and the first page is compiled for whoever asks for it.
        await _guessed_at(machine, FEW_TRIES, options.warm_up)
        for turn in range(options.turns):
            if turn % 2 == 0:
                alone.append(await _stretch(options.seconds))
            stretch, answered = await _guessed_at(machine, options.tries, options.seconds)
            flooded.append(stretch)
            statuses.update(answered)
            if turn % 2 == 1:  # whatever grows with the ledger counts for both alike
                alone.append(await _stretch(options.seconds))
    finally:
        feeding.stop()
    return {"alone": alone, "flooded": flooded, "statuses": statuses}


async def _guessed_at(
    machine: MeasuredMachine, tries: float, seconds: float
) -> tuple[dict[str, float], dict[str, int]]:
    """A stretch with so many tries a second, and how many of them were answered with which status."""
    guessing = Beside("bench.guessers", ["--port", machine.settings.web.port, "--origin", ORIGIN, "--pace", tries])
    try:
        await guessing.line()
        stretch = await _stretch(seconds)
        return stretch, (await guessing.ended())["statuses"]
    finally:
        guessing.stop()


async def _stretch(seconds: float) -> dict[str, float]:
    from_us, used_s = wall_us(), cpu_s()
    await anyio.sleep(seconds)
    to_us = wall_us()
    return {"from_us": from_us, "to_us": to_us, "cpu": (cpu_s() - used_s) * SECOND_US / (to_us - from_us)}


def _result(machine: MeasuredMachine, told: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    def summaries(stretches: list[dict[str, float]]) -> list[dict[str, float]]:
        return [machine.decided.over([_of(each)]) | {"cpu": each["cpu"]} for each in stretches]

    p99 = {kind: machine.decided.over([_of(each) for each in told[kind]])["p99"] for kind in ("alone", "flooded")}
    times = p99["flooded"] / p99["alone"]
    return {
        "bench": "login-flood",
        "tries": options.tries,
        "prices": options.prices,
        "accounts": options.accounts,
        "alone": summaries(told["alone"]),
        "flooded": summaries(told["flooded"]),
        "p99": p99,
        "times_p99": times,
        "statuses": dict(sorted(told["statuses"].items())),
        "goal_times": GOAL_TIMES,
        "goals_met": times <= GOAL_TIMES,
    }


def _of(stretch: dict[str, float]) -> tuple[int, int]:
    return int(stretch["from_us"]), int(stretch["to_us"])


def text_of(result: dict[str, Any]) -> str:
    """For people."""
    lines = ["feed, ms        p50      p99    p99.9      max      CPU"]
    for turn, pair in enumerate(zip(result["alone"], result["flooded"], strict=True), start=1):
        for name, told in zip(("alone", "flooded"), pair, strict=True):
            lines.append(
                f"{name:<8} {turn:<3} {told['p50']:>6.2f} {told['p99']:>8.2f} {told['p999']:>8.2f} {told['max']:>8.2f} {told['cpu']:>8.0%}"
            )
    answered = ", ".join(f"{many:,} × {status}" for status, many in result["statuses"].items())
    lines.append(
        f"with {result['tries']:g} tries a second ({answered}) its p99 is {result['times_p99']:.2f} times that without;"
        f" goal <= {result['goal_times']:g}"
    )
    return "\n".join(lines)


def main() -> int:
    parser = parser_of(__doc__)
    parser.add_argument("--accounts", type=int, default=ACCOUNTS)
    parser.add_argument("--prices", type=int, default=PRICES, help="a second")
    parser.add_argument("--deals", type=int, default=DEALS, help="a second")
    parser.add_argument("--tries", type=float, default=TRIES, help="a second")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each stretch")
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument("--warm-up", type=float, default=WARM_UP_S, help="seconds before the first turn")
    options = parser.parse_args()
    result = run(options)
    return tell(result, options, text_of)


if __name__ == "__main__":
    raise SystemExit(main())
