"""Shipping: how far copies are behind: from a commit until its rows lie durable at the destination, under load.

    python -m bench.shipping [--json] [--seconds N]

This process appends the demo's mix of rows to a real ledger, 20 commits a second; `evenhand backup --ship` in a second process ships
them to a directory as often as its settings say by default. A row has arrived when the shipping says so: its tail file and the
newest checkpoint are synced and renamed by then. Both instants are of one clock.
"""

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pyrage

from appliance.founding import found
from appliance.settings import BackupSettings, FirmSettings, LogLevel, LogSettings, Settings
from bench.append import DEMO, batch_of, kinds_in_turn
from bench.ground import ground
from bench.samples import Samples
from bench.telling import parser_of, tell
from storage.ledger import Ledger
from storage.readmodels.registry import READ_MODELS
from storage.secret_files import read_secrets

ROWS_A_COMMIT, COMMITS_A_SECOND = 50, 20
SECONDS = 60
GOAL_S = 5.0
PATIENCE_S = 120
CHECKPOINT_COMMITS = 20  # each thousand rows


class _Arrivals:
    """What the shipping says: through which row, and when it was heard."""

    def __init__(self, shipping: "subprocess.Popen[str]") -> None:
        self.began, self.files = threading.Event(), 0
        self._shipping, self._heard = shipping, threading.Condition()
        self._through: list[tuple[int, float]] = [(0, 0.0)]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._shipping.stdout is not None
        for line in self._shipping.stdout:
            now, said = time.monotonic(), json.loads(line)
            if "after_row" in said:
                self.began.set()
            else:
                with self._heard:
                    self.files += 1
                    self._through.append((said["last"], now))
                    self._heard.notify_all()

    def wait_for(self, row: int) -> None:
        with self._heard:
            came = self._heard.wait_for(lambda: self._through[-1][0] >= row, PATIENCE_S)
        assert came, f"row {row} was not shipped within {PATIENCE_S} s; the shipping ended with {self._shipping.poll()}"

    def lags(self, commits: list[tuple[int, float]]) -> Samples:
        """Of every row. `commits`: the last row of each, and the instant at which it was durable here."""
        samples, arrived = Samples(), iter(self._through)
        through, at = next(arrived)
        for last, committed in commits:
            while through < last:
                through, at = next(arrived)
            samples.add(0, int((at - committed) * 1e6), ROWS_A_COMMIT)
        return samples


def run(seconds: int) -> dict[str, Any]:
    """Measure once."""
    with ground() as folder:
        directory, copies = Path(folder) / "firm", Path(folder) / "copies"
        copies.mkdir(mode=0o700)
        recipient = str(pyrage.x25519.Identity.generate().to_public())
        backups = BackupSettings(destination=str(copies), recipient=recipient)
        quiet = LogSettings(level=LogLevel.WARNING)
        firm = FirmSettings(name="Bench", slug="bench")
        machine = found(directory, Settings(firm=firm, log=quiet, backups=backups))
        machine.runner.run_dry()
        machine.close()
        command = [sys.executable, "-m", "appliance", "backup", "--ship", "--json", "--data-dir", str(directory)]
        shipping = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            arrivals = _Arrivals(shipping)
            assert arrivals.began.wait(PATIENCE_S), "the shipping did not begin"
            commits = _append(directory, seconds)
            arrivals.wait_for(commits[-1][0])
        finally:
            shipping.send_signal(signal.SIGTERM)
            shipping.wait(PATIENCE_S)
    lag = {name: ms / 1_000 for name, ms in arrivals.lags(commits).summary(0, 1).items() if name != "count"}
    took_s = commits[-1][1] - commits[0][1]
    return {
        "bench": "shipping",
        "rows_per_s": (len(commits) - 1) * ROWS_A_COMMIT / took_s,
        "files": arrivals.files,
        "every_s": backups.ship_every_s,
        "lag_s": lag,
        "goal_s": GOAL_S,
        "goals_met": lag["max"] <= GOAL_S,
    }


def _append(directory: Path, seconds: int) -> list[tuple[int, float]]:
    """At an even pace; what is late is made up for."""
    kinds, secrets, commits = kinds_in_turn(DEMO), read_secrets(directory), []
    with Ledger.open(
        directory, secret=secrets.ledger_secret, signing_seed=secrets.signing_seed, read_models=READ_MODELS
    ) as ledger:
        began = time.monotonic()
        for number in range(seconds * COMMITS_A_SECOND):
            rows, frames = batch_of(kinds, ledger.size + 1, ROWS_A_COMMIT)
            last = rows[-1][0]
            signed = [(last.seq, last.received_us)] if number % CHECKPOINT_COMMITS == 0 else []
            time.sleep(max(0.0, began + number / COMMITS_A_SECOND - time.monotonic()))
            ledger.append(rows, frames=frames, checkpoints=signed)
            commits.append((last.seq, time.monotonic()))
    return commits


def text_of(result: dict[str, Any]) -> str:
    """For people."""
    lag = result["lag_s"]
    return (
        f"{result['rows_per_s']:,.0f} rows/s, {result['files']} files, one each {result['every_s']} s at most: "
        f"p50 {lag['p50']:.2f}, p99 {lag['p99']:.2f}, max {lag['max']:.2f} s; goal: max <= {result['goal_s']:g} s"
    )


def main() -> int:
    parser = parser_of(__doc__)
    parser.add_argument("--seconds", type=int, default=SECONDS, metavar="N", help=f"how long (default {SECONDS})")
    options = parser.parse_args()
    result = run(options.seconds)
    return tell(result, options, text_of)


if __name__ == "__main__":
    raise SystemExit(main())
