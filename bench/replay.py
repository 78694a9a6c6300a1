"""Replay: how fast a book is decided again and verified beside deciding it first; and what a firm costs: disk, memory, a start.

    python -m bench.replay [--json] [--accounts N] [--rows N] [--frames N] [--rounds N]

An event is a row of the ledger, an input or a fact. Each round founds a firm, opens its accounts, and lets prices come in frames of ten
with a deal after each, until there are so many rows; then the whole epoch is decided again as `evenhand replay` does it, and all of it
verified as `evenhand verify` does it. Rates are by the clock, ratios of processor time. What prices take on disk is measured in a firm
that holds no positions, in frames of six ticks, as many as the demo's have on average, and of one, the most that a tick can take.
"""

import argparse
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from actors.arrival import Arrival
from actors.batch import Batch
from appliance.assembly import Machine
from appliance.commands.replay import replay
from appliance.founding import found
from appliance.ports import free_port
from appliance.settings import FirmSettings, GatewaySettings, Settings, WebSettings
from bench import restart
from bench.firm import HOST
from bench.ground import ground
from bench.kept import Kept, found_in_simulated_time
from bench.telling import parser_of, tell
from storage.readmodels.registry import READ_MODELS
from storage.secret_files import read_secrets
from storage.verify import verify

TICKS_A_DAY = (
    71_840  # of a symbol: what the bundled EURUSD and XAUUSD have on average on 2 May 2014, a day of US payrolls
)
FRAME_TICKS = (6, 1)
MEMORY_TAIL_ROWS = 100
GB = 1_000_000_000

T = TypeVar("T")


class Stopwatch:
    """Seconds by the clock and of processor time, added up."""

    def __init__(self) -> None:
        self.seconds = self.cpu_s = 0.0

    def timing(self, work: Callable[[], T]) -> T:
        began, used = time.perf_counter(), time.process_time()
        done = work()
        self.seconds += time.perf_counter() - began
        self.cpu_s += time.process_time() - used
        return done


class Timed(Kept):
    """Times what a live firm does with an input: deciding it, and a commit for a thousand rows."""

    def __init__(self, machine: Machine, *, trailing: bool) -> None:
        self.live = Stopwatch()
        super().__init__(machine, trailing=trailing)

    def decide(self, arrivals: list[Arrival]) -> Batch:
        return self.live.timing(lambda: super(Timed, self).decide(arrivals))


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure: medians of the rounds."""
    rounds = [_in_a_folder(lambda folder: _again(folder, options)) for _ in range(options.rounds)]
    result: dict[str, Any] = {"bench": "replay", "accounts": options.accounts, "rounds": options.rounds}
    result |= {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    result["prices"] = [
        _in_a_folder(lambda folder, n=n: _prices_on_disk(folder, n, options.frames)) for n in FRAME_TICKS
    ]
    result |= _memory(options)
    result["start_s"] = statistics.median(_in_a_folder(_start_empty) for _ in range(options.rounds))
    return result | {"goals_met": True}


def _in_a_folder(work: Callable[[Path], T]) -> T:
    with ground() as folder:
        return work(Path(folder))


def _again(folder: Path, options: argparse.Namespace) -> dict[str, float]:
    """Live, decided again, and verified: the same rows."""
    directory = folder / "firm"
    machine = found_in_simulated_time(directory)
    floor = Timed(machine, trailing=True)
    _fill(floor, options.accounts, options.rows)
    rows, size = machine.ledger.size, _bytes(machine)
    machine.close()
    decided_again, checked = Stopwatch(), Stopwatch()
    outcome = decided_again.timing(lambda: replay(directory))
    assert outcome.identical, outcome.difference
    secrets = read_secrets(directory)
    report = checked.timing(
        lambda: verify(
            directory, secret=secrets.ledger_secret, vault_master=secrets.vault_master, read_models=READ_MODELS
        )
    )
    assert report.is_sound, report.findings
    return {
        "rows": rows,
        "bytes_per_row": size / rows,
        "live_per_s": rows / floor.live.seconds,
        "replay_per_s": rows / decided_again.seconds,
        "verify_per_s": rows / checked.seconds,
        "replay_times_live": floor.live.cpu_s / decided_again.cpu_s,
        "verify_times_live": floor.live.cpu_s / checked.cpu_s,
    }


def _fill(floor: Timed, accounts: int, rows: int) -> None:
    floor.grow(accounts)
    place = 0
    while floor.engine.size < rows:
        place += 1
        floor.decide(floor.frames(1))
        floor.buy(floor.opened[place % len(floor.opened)])
    floor.live.timing(floor.flush)


def _prices_on_disk(folder: Path, ticks: int, frames: int) -> dict[str, float]:
    """What a tick takes in the ledger where each frame has so many, and with it a day of 30 symbols."""
    machine = found_in_simulated_time(folder / "firm")
    try:
        floor = Kept(machine, trailing=True)
        floor.flush()
        before = _bytes(machine)
        for arrival in floor.frames(frames, ticks):
            floor.decide([arrival])
        floor.flush()
        each = (_bytes(machine) - before) / (frames * ticks)
        a_day = each * TICKS_A_DAY * len(floor.book.symbols) / GB
        return {"frame_ticks": ticks, "bytes_per_tick": each, "day_ticks": TICKS_A_DAY, "gb_per_day": a_day}
    finally:
        machine.close()


def _bytes(machine: Machine) -> int:
    """Of the ledger's file, with what its log still holds."""
    with machine.reader.connection() as connection:
        return int(connection.pragma("page_count")) * int(connection.pragma("page_size"))


def _memory(options: argparse.Namespace) -> dict[str, float]:
    """What one more account with two positions takes in a process that has recovered them all and serves no pages yet."""
    few, many = options.accounts // 10, options.accounts
    lines: Iterable[dict[str, Any]] = restart.run((few, many), MEMORY_TAIL_ROWS, options.rounds)["lines"]
    less, more = (line["mb"] for line in lines)
    return {"kb_per_account": (more - less) * 1_000 / (many - few), "mb_with_accounts": more}


def _start_empty(folder: Path) -> float:
    """Seconds from the start of the process until the first page of a firm without traders was read."""
    settings = Settings(
        firm=FirmSettings(name="Bench", slug="bench"),
        web=WebSettings(host=HOST, port=free_port(HOST)),
        gateway=GatewaySettings(host=HOST, port=free_port(HOST)),
    )
    machine = found(folder / "firm", settings)
    machine.runner.run_dry()
    machine.close()
    command = [sys.executable, "-m", "appliance", "serve", "--data-dir", str(folder / "firm")]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as firm:
        assert firm.stdout is not None
        try:
            firm.stdout.readline()  # says that it serves
            with urllib.request.urlopen(f"http://{HOST}:{settings.web.port}/", timeout=30) as page:
                page.read()
            return time.perf_counter() - began
        finally:
            firm.send_signal(signal.SIGTERM)
            firm.communicate()


def text_of(result: dict[str, Any]) -> str:
    """For people."""
    lines = [
        f"{result['rows']:,.0f} events of {result['accounts']:,} accounts, {result['bytes_per_row']:,.0f} bytes each in the ledger",
        f"live: decided and durable, a thousand rows in a commit: {result['live_per_s']:,.0f} events/s",
    ]
    lines += [
        f"{name}: {result[f'{name}_per_s']:,.0f} events/s, {result[f'{name}_times_live']:.2f} times live by processor time"
        for name in ("replay", "verify")
    ]
    lines += [
        f"{prices['bytes_per_tick']:,.0f} bytes a tick at {prices['frame_ticks']} in a frame: {prices['gb_per_day']:.2f} GB a day"
        f" for 30 symbols of {prices['day_ticks']:,} ticks each"
        for prices in result["prices"]
    ]
    lines.append(f"{result['kb_per_account']:.1f} kB of memory an account; {result['mb_with_accounts']:.0f} MB in all")
    lines.append(f"an empty firm's first page: {result['start_s']:.2f} s after the start of its process")
    return "\n".join(lines)


def main() -> int:
    parser = parser_of(__doc__)
    parser.add_argument("--accounts", type=int, default=1_000)
    parser.add_argument(
        "--rows", type=int, default=40_000, help="in the ledger, those of opening the accounts among them"
    )
    parser.add_argument("--frames", type=int, default=10_000, help="of prices alone, for what a tick takes on disk")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    result = run(options)
    tell(result, options, text_of)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
