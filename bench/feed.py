"""Feed to durable decision: a whole appliance under 5,000 prices and 200 deals a second over 2,000 accounts.

    python -m bench.feed [--json] [--seconds N] [--static] [--conversions]

This process is the appliance as `evenhand serve` runs it: gateway, engine, ledger with synchronous=FULL, read models, pages.
`bench/feeder.py` is a bridge in a second process, over CURVE on loopback. `decided` is from the instant at which the bridge
hands a price or deal to its client until it and all it led to are durable; `gateway` is the part of it since it was read from
the wire; `acknowledged` lasts until the bridge has the acknowledgement. Both processes read one clock.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import anyio

from actors.arrival import Arrival, Decided
from appliance.assembly import Machine
from appliance.clock import wall_us
from appliance.settings import Settings
from bench.beside import Beside
from bench.firm import BRIDGE, found_firm
from bench.ground import ground
from bench.samples import Samples
from bench.serving import cpu_s, opened, outboxes, while_serving
from bench.telling import parser_of, tell
from firm.inputs import DealReported, QuoteFrame
from storage.secret_files import Secrets

ACCOUNTS = 2_000
PRICES = 5_000
DEALS = 200
SECONDS = 65  # so that one stretch holds a whole minute, at whose end every account is marked
GOAL_MS = 10.0


class MeasuredMachine(Machine):
    """Notes when each arrival was read from the wire and when it was durable."""

    def __init__(self, directory: Path, settings: Settings, secrets: Secrets) -> None:
        super().__init__(directory, settings, secrets)
        self.decided, self.gateway_part = Samples(), Samples()

    def offer(self, arrivals: Sequence[Arrival]) -> None:
        for arrival in arrivals:
            match arrival.body:
                case QuoteFrame(n=count):
                    self._time(arrival, count)
                case DealReported():
                    self._time(arrival, 1)
        super().offer(arrivals)

    def _time(self, arrival: Arrival, count: int) -> None:
        # The callback does not hold the arrival that holds it: the product makes no such cycles, nor shall its measure.
        happened_us, received_us, then = arrival.happened_us, arrival.received_us, arrival.on_durable
        arrival.on_durable = partial(self._durable, happened_us, received_us, then, count)

    def _durable(self, happened_us: int, received_us: int, then: Any, count: int, decided: Decided) -> None:
        self.decided.add(happened_us, wall_us() - happened_us, count)
        self.gateway_part.add(happened_us, self.clock.now_us() - received_us, count)
        if then is not None:
            then(decided)


class _Progress:
    """What the machine counted, at an instant."""

    def __init__(self, machine: Machine) -> None:
        market = machine.engine.market(BRIDGE)
        self.cpu = cpu_s()
        self.batches, self.rows = machine.meter.batches, machine.ledger.size
        self.ticks, self.wakes = market.tick_count, market.wake_count
        self.wall = time.perf_counter()


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure once."""
    with (
        ground() as folder,
        tempfile.TemporaryDirectory(dir=outboxes()) as outbox,
    ):
        key_file = found_firm(Path(folder), options.accounts, trailing=not options.static)
        machine = opened(MeasuredMachine, Path(folder) / "firm")
        try:
            command = feeder_options(key_file, Path(outbox) / "outbox.db", options)
            told = while_serving(machine, partial(_feed, machine, command, options.seconds))
        finally:
            machine.close()
    return _result(machine, told, options)


def feeder_options(key_file: Path, outbox: Path, options: argparse.Namespace) -> list[object]:
    """Of `bench.feeder`; `options` has those that are said to this program too."""
    given: list[object] = ["--key-file", key_file, "--outbox", outbox]
    for name in ("accounts", "prices", "deals", "seconds"):
        given += [f"--{name}", getattr(options, name)]
    return [*given, "--conversions"] if options.conversions else given


async def _feed(machine: Machine, options: Sequence[object], seconds: int) -> dict[str, Any]:
    """Run the feeder; what it said, with what the machine counted in the measured stretch."""
    feeder = Beside("bench.feeder", options)
    try:
        begin = await feeder.line()
        await anyio.sleep((begin["begin_us"] - wall_us()) / 1e6)
        before = _Progress(machine)
        await anyio.sleep(seconds)
        after = _Progress(machine)
        end = await feeder.line()
    finally:
        feeder.stop()
    wall = after.wall - before.wall
    return begin | end | {
        "decide_ms": _median_ms(machine.meter.decide_us),
        "commit_ms": _median_ms(machine.meter.commit_us),
        "cpu_appliance": (after.cpu - before.cpu) / wall,
        "batches": (after.batches - before.batches) / wall,
        "rows": (after.rows - before.rows) / wall,
        "prices": (after.ticks - before.ticks) / wall,
        "wakes_per_price": (after.wakes - before.wakes) / max(1, after.ticks - before.ticks),
    }  # fmt: skip


def _median_ms(recent_us: Iterable[int]) -> float:
    """Of the last thousand batches."""
    return statistics.median(recent_us) / 1_000


def _result(machine: MeasuredMachine, told: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    stretch = (told["begin_us"], told["end_us"])
    decided = machine.decided.summary(*stretch)
    return {
        "bench": "feed",
        "accounts": options.accounts,
        "seconds": options.seconds,
        "static": options.static,
        "conversions": options.conversions,
        "decided": decided,
        "gateway": machine.gateway_part.summary(*stretch),
        "acknowledged": told["acknowledged"],
        "cpu_appliance": told["cpu_appliance"],
        "cpu_feeder": told["cpu"],
        **{
            name: told[name]
            for name in (
                "batches",
                "rows",
                "prices",
                "wakes_per_price",
                "decide_ms",
                "commit_ms",
                "late_us_max",
                "positions",
            )
        },
        "goal_ms": GOAL_MS,
        "goals_met": decided["p99"] <= GOAL_MS,
    }


def text_of(result: dict[str, Any]) -> str:
    """For people."""
    lines = ["ms              p50      p99    p99.9      max"]
    for name in ("gateway", "decided", "acknowledged"):
        told = result[name]
        lines.append(f"{name:<12} {told['p50']:>6.2f} {told['p99']:>8.2f} {told['p999']:>8.2f} {told['max']:>8.2f}")
    lines.append(
        f"{result['prices']:,.0f} prices/s, {result['batches']:,.0f} batches/s, {result['rows']:,.0f} rows/s,"
        f" {result['wakes_per_price']:.3f} wakes a price; a batch in the middle: decided in {result['decide_ms']:.1f} ms,"
        f" committed in {result['commit_ms']:.1f} ms; CPU: appliance {result['cpu_appliance']:.0%},"
        f" feeder {result['cpu_feeder']:.0%}; goal p99 <= {result['goal_ms']:g} ms"
    )
    return "\n".join(lines)


def main() -> int:
    parser = parser_of(__doc__)
    parser.add_argument("--accounts", type=int, default=ACCOUNTS)
    parser.add_argument("--prices", type=int, default=PRICES, help="a second")
    parser.add_argument("--deals", type=int, default=DEALS, help="a second")
    parser.add_argument("--seconds", type=int, default=SECONDS)
    parser.add_argument("--static", action="store_true", help="only floors that stay where they are")
    parser.add_argument("--conversions", action="store_true", help="six of the 30 symbols need a conversion")
    options = parser.parse_args()
    result = run(options)
    return tell(result, options, text_of)


if __name__ == "__main__":
    raise SystemExit(main())
