"""Restart: from the start of the process to the first decision that is durable, after a firm of 1,000 to 100,000 accounts was killed.

    python -m bench.restart [--json] [--sizes 1000,5000,20000,100000]

The firm writes a snapshot, then a tail of a tenth of the rows that lie between two snapshots: prices, and a deal after each frame. It is
ended by SIGKILL, its log still apart from its file. Each start decides the tail again, books one deal and is killed as well.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from actors.arrival import Arrival, Decided
from appliance.assembly import Machine
from appliance.settings_file import read_settings
from bench.ground import ground
from bench.memory import pss_kib
from bench.telling import parser_of, tell
from firm.facts import DealBooked
from firm.inputs import DealEntry, DealReported, Side
from firm.money import Money
from storage.files import FirmDirectory
from storage.secret_files import read_secrets

SIZES = (1_000, 5_000, 20_000, 100_000)
STARTS = 3
TAIL_ROWS = 5_000
BUILT_WITHIN_S = 1_800
MARK = "bench.json"  # beside the firm: where the platform stood when all was killed


def build(folder: Path, accounts: int, tail_rows: int) -> None:
    """Found the firm, let it live until its tail is durable, and end this process as no firm should end."""
    # Only here, so that a start imports what `evenhand serve` does and no more.
    from bench.firm import BRIDGE
    from bench.kept import Kept, found_in_simulated_time

    machine = found_in_simulated_time(folder / "firm")
    floor = Kept(machine, trailing=True)
    floor.grow(accounts)
    floor.snapshot()
    target, opened = machine.ledger.size + tail_rows, floor.opened
    place = 0
    while machine.engine.size < target:
        place += 1
        floor.decide(floor.frames(1))
        floor.buy(opened[place % len(opened)])
    floor.flush()
    mark = {
        "bridge": BRIDGE,
        "account": opened[0],
        "seq": floor.seq,
        "t_us": floor.t_us,
        "symbol": floor.book.symbols[0].symbol,
    }
    (folder / MARK).write_text(json.dumps(mark | {"price": floor.book.bids[0], "rows": machine.ledger.size}))
    os.kill(os.getpid(), signal.SIGKILL)


def start(folder: Path, deal: int) -> None:
    """Start as `evenhand serve` does, book a deal, say how long it took, and be killed."""
    imported = time.monotonic()
    files = FirmDirectory(folder / "firm")
    machine = Machine(files.path, read_settings(files.settings), read_secrets(files.path))
    recovered = time.monotonic()
    _book(machine, json.loads((folder / MARK).read_text()), deal)
    told = {
        "imported": imported,
        "recovered": recovered,
        "decided": time.monotonic(),
        "cpu_s": time.process_time(),
        "epoch_open": machine.recovered.epoch_open,
        "rows": machine.recovered.rows,
        "mb": pss_kib(os.getpid()) * 1024 / 1e6,
    }
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)


def _book(machine: Machine, mark: dict[str, Any], deal: int) -> None:
    seq, nothing = mark["seq"] + deal, Money(0, "USD", 2)
    body = DealReported(
        bridge=mark["bridge"], seq=seq, deal_id=f"D{seq}", order_id="", position_id=f"P{seq}", symbol=mark["symbol"],
        entry=DealEntry.IN, side=Side.BUY, lots_e8=1_000_000, price=mark["price"], profit=nothing, commission=nothing,
        swap=nothing, fee=nothing, reason="", t_us=mark["t_us"],
    )  # fmt: skip
    durable: list[Decided] = []
    machine.offer([Arrival(body, mark["t_us"], mark["t_us"], mark["account"], on_durable=durable.append)])
    machine.runner.run_dry()
    booked = [fact for decided in durable for _, fact in decided.facts if isinstance(fact, DealBooked)]
    assert booked, "the first decision did not book the deal"


def run(sizes: tuple[int, ...] = SIZES, tail_rows: int = TAIL_ROWS, starts: int = STARTS) -> dict[str, Any]:
    """Measure each size: the median of starts."""
    lines = []
    for accounts in sizes:
        with ground() as folder:
            building = _command("--build", folder, "--accounts", accounts, "--tail", tail_rows)
            built = subprocess.run(building, timeout=BUILT_WITHIN_S, check=False)
            assert built.returncode == -signal.SIGKILL, f"the firm was not built: it ended with {built.returncode}"
            told = [_started(Path(folder), deal) for deal in range(1, starts + 1)]
            rows = json.loads((Path(folder) / MARK).read_text())["rows"]
        medians = {name: statistics.median(each[name] for each in told) for name in told[0]}
        lines.append({"accounts": accounts, "rows": rows} | medians)
    return {"bench": "restart", "tail_rows": tail_rows, "lines": lines, "goals_met": True}


def _started(folder: Path, deal: int) -> dict[str, float]:
    """One start, in seconds of its parts; the clock is the same in both processes."""
    began = time.monotonic()
    done = subprocess.run(_command("--start", folder, "--deal", deal), stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, f"the firm did not start: it ended with {done.returncode}"
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["epoch_open"], "the epoch did not go on, so nothing was decided again"
    return {
        "import_s": told["imported"] - began,
        "recover_s": told["recovered"] - told["imported"],
        "decide_s": told["decided"] - told["recovered"],
        "total_s": told["decided"] - began,
        "cpu_s": told["cpu_s"],
        "rows_again": told["rows"],
        "mb": told["mb"],
    }


def _command(*options: object) -> list[str]:
    return [sys.executable, "-m", "bench.restart", *map(str, options)]


def text_of(result: dict[str, Any]) -> str:
    """For people."""
    lines = ["accounts        rows   gone through   imports s   recovery s   decision s   together s   CPU s      MB"]
    lines += [
        f"{line['accounts']:>8,} {line['rows']:>11,} {line['rows_again']:>14,.0f} {line['import_s']:>11.2f}"
        f" {line['recover_s']:>12.2f} {line['decide_s']:>12.3f} {line['total_s']:>12.2f} {line['cpu_s']:>7.2f} {line['mb']:>7.0f}"
        for line in result["lines"]
    ]
    return "\n".join(lines)


def main() -> int:
    parser = parser_of(__doc__)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="numbers of accounts")
    parser.add_argument("--tail", type=int, default=TAIL_ROWS, help="rows after the snapshot")
    parser.add_argument("--build", type=Path, help="only build a firm in this directory")
    parser.add_argument("--accounts", type=int, help="with --build")
    parser.add_argument("--start", type=Path, help="only start the firm in this directory")
    parser.add_argument("--deal", type=int, default=1, help="with --start: which deal after the kill this is")
    options = parser.parse_args()
    if options.build:
        build(options.build, options.accounts, options.tail)
    if options.start:
        start(options.start, options.deal)
    result = run(tuple(int(size) for size in options.sizes.split(",")), options.tail)
    tell(result, options, text_of)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
