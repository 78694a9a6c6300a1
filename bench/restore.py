"""Restore: how long a firm takes to come back from its copies with everything checked, and what that means for 5 GB.

    python -m bench.restore [--megabytes 100] [--json]

The ledger is filled with the demo's mix of rows until the file has so many megabytes; then snapshot, a shipped tail of a tenth of
it, and a restore with full verification are timed. Extrapolation is by bytes: every step reads and hashes each row once.
Beside it the same book is copied, hashed as a file and each of its rows read, in the same run: what of that cannot be spared.
"""

import argparse
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pyrage

from appliance.founding import found
from appliance.settings import FirmSettings, Settings
from backups.destination import DirectoryDestination
from backups.envelope import Identity, Recipient
from backups.restore import restore
from backups.shipping import Shipper
from backups.snapshot import take_snapshot
from backups.source import Source, workshop
from backups.wanted import Wanted
from bench.append import DEMO, batch_of, kinds_in_turn
from storage.files import FirmDirectory
from storage.ledger import Ledger
from storage.readmodels.registry import READ_MODELS
from storage.schema import open_for_reading
from storage.secret_files import Secrets, read_secrets

GOAL_GB, GOAL_S = 5, 15 * 60
ROWS_AT_ONCE = 1_000
TAIL_SHARE = 10  # a tenth more rows than the snapshot has are shipped after it
MB, GB = 1_000_000, 1_000_000_000


def run(folder: Path, megabytes: int) -> dict[str, Any]:
    """Seconds of each step, by the clock and of processor time, and the extrapolation."""
    directory, copies = folder / "firm", folder / "copies"
    copies.mkdir(mode=0o700)
    machine = found(directory, Settings(firm=FirmSettings(name="Bench", slug="bench")))
    machine.runner.run_dry()
    machine.close()
    secrets = read_secrets(directory)
    identity = pyrage.x25519.Identity.generate()
    (folder / "key").write_text(f"{identity}\n")
    source = Source(
        directory, DirectoryDestination(copies), Recipient(str(identity.to_public())), secrets, READ_MODELS, 0, 0
    )
    _fill(directory, secrets, megabytes * MB)
    took = {"snapshot": _timed(lambda: take_snapshot(source))}
    rows = _grow(directory, secrets, TAIL_SHARE)
    with workshop(directory, "ship") as scratch, Shipper(source, scratch) as shipper:
        shipper.begin()
        took["shipping"] = _timed(lambda: list(iter(shipper.round, None)))
    size_bytes = FirmDirectory(directory).ledger_db.stat().st_size
    wanted = Wanted(
        origin=source.destination,
        identity=Identity(folder / "key"),
        secrets=FirmDirectory(directory).secrets,
        target=folder / "restored",
        read_models=READ_MODELS,
    )
    took["restore"] = _timed(lambda: restore(wanted))
    took["bare"] = _timed(lambda: _bare(wanted.target, folder / "bare.db"))
    seconds, processor_s = took["restore"]
    for_goal_s = seconds * GOAL_GB * GB / size_bytes
    return {
        "bench": "restore",
        "rows": rows,
        "ledger_mb": size_bytes // MB,
        "seconds": {name: [round(each, 1) for each in both] for name, both in took.items()},
        "restore_mb_per_s": round(size_bytes / MB / seconds, 1),
        "times_bare": round(processor_s / took["bare"][1], 1),
        "goal_s": GOAL_S,
        "extrapolated_5_gb_s": round(for_goal_s),
        "extrapolated_5_gb_processor_s": round(processor_s * GOAL_GB * GB / size_bytes),
        "met": for_goal_s <= GOAL_S,
    }


def _fill(directory: Path, secrets: Secrets, size_bytes: int) -> None:
    kinds = kinds_in_turn(DEMO)
    path = FirmDirectory(directory).ledger_db
    with _opened(directory, secrets) as ledger:
        while path.stat().st_size < size_bytes:
            for _ in range(10):
                _append(ledger, kinds)


def _grow(directory: Path, secrets: Secrets, share: int) -> int:
    kinds = kinds_in_turn(DEMO)
    with _opened(directory, secrets) as ledger:
        for _ in range(ledger.size // share // ROWS_AT_ONCE):
            _append(ledger, kinds)
        return ledger.size


def _append(ledger: Ledger, kinds: list[Any]) -> None:
    rows, frames = batch_of(kinds, ledger.size + 1, ROWS_AT_ONCE)
    ledger.append(rows, frames=frames, checkpoints=[(rows[-1][0].seq, rows[-1][0].received_us)])


def _opened(directory: Path, secrets: Secrets) -> Ledger:
    return Ledger.open(
        directory, secret=secrets.ledger_secret, signing_seed=secrets.signing_seed, read_models=READ_MODELS
    )


def _bare(directory: Path, copy: Path) -> None:
    """What no restore can spare that looks at each row: the file copied and hashed, and its rows and frames read, unchecked."""
    shutil.copyfile(FirmDirectory(directory).ledger_db, copy)
    with copy.open("rb") as file:
        hashlib.file_digest(file, "sha256")
    with closing(open_for_reading(directory)) as connection:
        for sql in ("SELECT * FROM ledger ORDER BY seq", "SELECT * FROM quote_frames ORDER BY seq"):
            for _ in connection.execute(sql):
                pass


def _timed(work: Any) -> tuple[float, float]:
    """Seconds by the clock, and of processor time: on a machine that does other work too they differ."""
    began, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - used


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--megabytes", type=int, default=100, metavar="N", help="the ledger's size (default 100)")
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        result = run(Path(folder), chosen.megabytes)
    if chosen.json:
        print(json.dumps(result))
    else:
        print(f"{result['rows']:,} rows, {result['ledger_mb']} MB: {result['seconds']}")
        print(
            f"{result['restore_mb_per_s']} MB/s; 5 GB, extrapolated: {result['extrapolated_5_gb_s']} s "
            f"(of processor time: {result['extrapolated_5_gb_processor_s']} s; goal {GOAL_S} s); "
            f"{result['times_bare']} times the processor time of copying, hashing and reading the same"
        )
    return 0 if result["met"] else 1


if __name__ == "__main__":
    sys.exit(main())
