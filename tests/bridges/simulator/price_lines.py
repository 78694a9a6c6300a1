"""Files of prices, as they are bundled: a table in an archive of its own. They are written from lines, or cut from the bundled ones."""

import zipfile
from decimal import Decimal
from pathlib import Path

from bridges.simulator.price_files import bundled_tick_files


def write(folder: Path, name: str, *lines: str) -> Path:
    """`name`: that of the archive, which says what the lines are, and of which day."""
    path = folder / name
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name.replace(".zip", ".csv"), "".join(f"{line}\n" for line in lines))
    return path


def ticks_between(folder: Path, first: str, last: str) -> list[Path]:
    """The bundled prices of 2 May 2014 from one time of day to another: looking back on so few is quick."""
    from_ms, to_ms = _ms_of_day(first), _ms_of_day(last)
    files = []
    for path in bundled_tick_files():
        if "20140502" not in path.name:
            continue
        with zipfile.ZipFile(path) as full:
            lines = full.read(full.namelist()[0]).decode().splitlines()
        kept = [line for line in lines if from_ms <= Decimal(line.split(",")[0]) < to_ms]
        with zipfile.ZipFile(folder / path.name, "w") as part:
            part.writestr("part.csv", "\n".join(kept))
        files.append(folder / path.name)
    return files


def _ms_of_day(text: str) -> int:
    hours, minutes, seconds = (int(part) for part in text.split(":"))
    return ((hours * 60 + minutes) * 60 + seconds) * 1_000
