"""Cuts the bundled market subset: the lines of full tick files that fall into the demo's window, byte for byte.

Usage: python tools/cut_market_subset.py OUT_DIR FULL_FILE.zip ... where each file is a day of ticks in the format that
docs/simulator.md describes (LEAN's `eurusd_tick_20140501.zip`). The zips it writes are the same on every run.
"""

import re
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

HOUR_MS = 3_600_000
# Kept hours of each day, [from, to) in UTC: midnight in Prague (22:00 UTC) in an open market, and the payrolls release at 12:30.
WINDOWS_UTC = {"20140501": (20, 24), "20140502": (0, 13)}
ZIP_TIME = (2014, 5, 3, 0, 0, 0)  # fixed, so that cutting again gives the same bytes
NAME = re.compile(r"(?P<symbol>[a-z0-9]+)_tick_(?P<date>\d{8})\.zip\Z")


def main(arguments: list[str]) -> int:
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    out, *files = (Path(argument) for argument in arguments)
    out.mkdir(parents=True, exist_ok=True)
    for path in files:
        cut(path, out)
    return 0


def cut(path: Path, out: Path) -> None:
    """Write the kept lines of one day under the same names."""
    match = NAME.match(path.name)
    if match is None or match["date"] not in WINDOWS_UTC:
        raise SystemExit(f"{path.name}: expected SYMBOL_tick_YYYYMMDD.zip with a date of {', '.join(WINDOWS_UTC)}")
    from_hour, to_hour = WINDOWS_UTC[match["date"]]
    with zipfile.ZipFile(path) as full:
        [member] = full.namelist()
        lines = full.read(member).splitlines(keepends=True)
    kept = [line for line in lines if from_hour * HOUR_MS <= Decimal(line.split(b",")[0].decode()) < to_hour * HOUR_MS]
    entry = zipfile.ZipInfo(member, ZIP_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(out / path.name, "w") as subset:
        subset.writestr(entry, b"".join(kept), compresslevel=9)
    print(f"{path.name}: kept {len(kept)} of {len(lines)} ticks")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
