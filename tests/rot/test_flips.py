"""Bit rot: whichever single bit of whichever file turns, somebody is told, or nothing that can be read is another.

Where neither holds the test names file, byte and bit; `EVENHAND_ROT=FILE:BYTE:BIT` tries one flip alone.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import pytest

from tests.rot.headers import type_bytes
from tests.soaked import TurnedBits, keep, read

FLIPS, FLIPS_SOAK = 200, 2_000
LEDGER_SHARE = 0.45
TYPES = ", types of its values"
TYPES_EACH = 3
WITHOUT_WHICH_NOTHING_CAN_BE_HASHED = ("identity", "lineages", "sqlite_schema")


class Flip(NamedTuple):
    """One bit of one file. `region` is the table, index or part of the file it lies in."""

    file: Path
    byte: int
    bit: int
    region: str

    def __str__(self) -> str:
        return f"{self.file}:{self.byte}:{self.bit} ({self.region})"


class Dice:
    """Draws flips so that small files and small tables are hit as surely as large ones."""

    def __init__(self, ground: Any, seed: int) -> None:
        self._ground, self._dice = ground, random.Random(seed)
        ground.restore()
        self._regions = {file: _regions(ground.copy / file) for file in ground.files()}
        self._bytes: dict[Path, bytes] = {}
        self._turns = [file for file in ground.files() if self._regions[file]]

    def flips(self, count: int) -> list[Flip]:
        """`count` flips, more if the ledger has more regions than its share: within each file they go round its regions."""
        book, share = Path("ledger.db"), int(count * LEDGER_SHARE)
        ledger = [book] * max(share, len(self._regions[book]))
        # What may be lost is hit too, but less often: every flip of it takes the long way to being harmless.
        rarely = [file for file in self._turns if file.name in self._ground.spare]
        often = [file for file in self._turns if file.name != "ledger.db" and file not in rarely]
        others = often * 4 + rarely
        files = ledger + [others[number % len(others)] for number in range(count - share)]
        met: Counter[Path] = Counter()
        drawn = []
        for file in files:
            regions = self._regions[file]
            region, places = regions[met[file] % len(regions)]
            met[file] += 1
            # The lowest bit of a type makes text bytes and bytes text, as no column allows: half of those flips are of it.
            bit = self._dice.randrange(8) if self._dice.randrange(2) or not region.endswith(TYPES) else 0
            drawn.append(Flip(file, self._byte(file, places), bit, region))
        return drawn

    def _byte(self, file: Path, places: Sequence[int]) -> int:
        """Mostly one that is not nought: half of a small table's page holds nothing yet."""
        raw = self._bytes.setdefault(file, (self._ground.whole / file).read_bytes())
        for _ in range(10):
            byte = self._dice.choice(places)
            if raw[byte]:
                return byte
        return byte


def _regions(path: Path) -> list[tuple[str, Sequence[int]]]:
    """Each with the bytes of it: the pages of each table and index of a database, and the types of what lies in it, with the
    file's header apart; else the file.
    """
    size = path.stat().st_size
    if path.suffix != ".db":
        return [("the file", range(size))] if size else []
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        found: list[tuple[str, Sequence[int]]] = [("header of the file", range(100))]
        sql = "SELECT name, pgoffset, pgsize FROM dbstat"
        by_name: dict[str, list[tuple[int, int]]] = {}
        for name, offset, page in sorted(connection.execute(sql)):
            by_name.setdefault(name, []).append((offset, page))
    finally:
        connection.close()
    raw = path.read_bytes()
    for name, pages in by_name.items():
        shown = [pages[place] for place in sorted({0, len(pages) // 2, len(pages) - 1})]
        found.extend((name, range(offset, offset + page)) for offset, page in shown)
        types = [place for offset, _ in pages for place in type_bytes(raw, offset)]
        found.extend([(name + TYPES, types)] if types else [])
    return found


def turn(path: Path, byte: int, bit: int) -> None:
    with path.open("r+b") as file:
        file.seek(byte)
        before = file.read(1)[0]
        file.seek(byte)
        file.write(bytes([before ^ 1 << bit]))


def run(ground: Any, flips: list[Flip], calm_every: int = 1) -> Counter[str]:
    """Every flip tried; fails with all that slipped through, each of which can be tried again by its place.

    `calm_every`: one in so many is shown to all who could look.
    """
    seen: Counter[str] = Counter()
    slipped = []
    for number, flip in enumerate(flips):
        ground.restore()
        turn(ground.copy / flip.file, flip.byte, flip.bit)
        if number % calm_every == 0:
            with no_traceback(flip):
                ground.stays_calm()
            ground.restore()
            turn(ground.copy / flip.file, flip.byte, flip.bit)
        with no_traceback(flip):
            came_out = ground.came_out(flip.file.parts[0])
        seen[came_out.by] += 1
        if came_out.by == "nobody":
            slipped.append(f"{flip}: {came_out.text}")
    assert not slipped, f"{len(slipped)} of {len(flips)} flips were damage that nobody tells of:\n" + "\n".join(slipped)
    return seen


@contextmanager
def no_traceback(flip: Flip) -> Iterator[None]:
    """Whatever comes out here came past everyone who could have told it in words."""
    try:
        yield
    except Exception as error:
        raise AssertionError(f"{flip}: {error!r} would have been a traceback") from error


def test_no_flip_of_a_bit_is_damage_that_nobody_tells_of(ground: Any) -> None:
    if one := os.environ.get("EVENHAND_ROT"):
        file, byte, bit = one.split(":")
        run(ground, [Flip(Path(file), int(byte), int(bit), "as asked")])
        return
    seen = run(ground, Dice(ground, seed=2014).flips(FLIPS), calm_every=5)
    assert seen["verify"] + seen["doctor"] + seen["start"] > FLIPS // 2, seen


def test_a_type_that_turned_ends_no_walk(ground: Any) -> None:
    """Text that became bytes, or bytes that became text, in each table of the book: told, and what lies behind it is looked at."""
    dice, ledger = random.Random(2014), Path("ledger.db")
    for region, places in _regions(ground.whole / ledger):
        if not region.endswith(TYPES) or region.startswith(WITHOUT_WHICH_NOTHING_CAN_BE_HASHED):
            continue
        for byte in dice.sample(places, min(len(places), TYPES_EACH)):
            ground.restore()
            flip = Flip(ledger, byte, 0, region)
            turn(ground.copy / flip.file, flip.byte, flip.bit)
            with no_traceback(flip):
                told = ground.came_out("ledger.db")
            assert told.by in ("verify", "harmless"), f"{flip}: {told}"
            assert "cannot be read to its end" not in told.text, f"{flip}: {told.text}"


@pytest.mark.soak
def test_no_flip_of_two_thousand_either(ground: Any) -> None:
    """Other ones each time; docs/soaked adds up how many there were."""
    figures = read(TurnedBits)
    seen = run(ground, Dice(ground, seed=figures.rounds).flips(FLIPS_SOAK))
    figures.rounds += 1
    figures.count += seen.total()
    figures.told = dict(Counter(figures.told) + seen)
    keep(figures)


def test_every_file_and_every_table_is_hit(ground: Any) -> None:
    """The dice are fair: no file of the firm, and no table or index of its ledger, is left out of two hundred flips."""
    flips = Dice(ground, seed=2014).flips(FLIPS)
    full = {file for file in ground.files() if (ground.whole / file).stat().st_size}
    assert {flip.file for flip in flips} == full
    ledger = {region for region, _ in _regions(ground.copy / "ledger.db")}
    assert {flip.region for flip in flips if flip.file.name == "ledger.db"} == ledger
