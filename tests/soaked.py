"""Soaked: what the long tests have been through so far. Kept with the repository, so that figures add up over machines.

`python -m tests.soaked` writes the table in docs/reliability.md from it.
"""

import os
from collections import Counter
from pathlib import Path
from typing import TypeVar

import msgspec

from storage.files import replace_file

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "soaked"
MINUTES = float(os.environ.get("EVENHAND_SOAK_MINUTES", "10"))
SHARE_S = 60 * MINUTES / 4
"""Seconds for one bed of a soak: the others want their share."""


class PowerCuts(msgspec.Struct, forbid_unknown_fields=True):
    """Images of disks after a power cut, each opened and held against what was acknowledged. `rounds` is the seed of the next one."""

    rounds: int = 0
    images: dict[str, int] = {}  # by scene
    second_crashes: int = 0
    seconds: float = 0.0
    wanted: int = 1_000_000

    @property
    def count(self) -> int:
        return sum(self.images.values())

    @property
    def besides(self) -> str:
        return f", and {self.second_crashes:,} second crashes"


class Evenings(msgspec.Struct, forbid_unknown_fields=True):
    """Simulated evenings, each seed once. `next_seed` has not been played; `broken` were, and are kept in kept_seeds.txt."""

    next_seed: int
    count: int = 0
    broken: list[int] = []
    happened: dict[str, int] = {}
    seconds: float = 0.0
    wanted: int = 20_000

    @property
    def besides(self) -> str:
        return f"; {len(self.broken)} broke and were mended" if self.broken else ""


class Histories(msgspec.Struct, forbid_unknown_fields=True):
    """Random histories in which the platform's books and ours are the same, each seed once. `next_seed` has not been played."""

    next_seed: int
    count: int = 0
    broken: list[int] = []
    happened: dict[str, int] = {}
    seconds: float = 0.0
    wanted: int = 10_000

    @property
    def besides(self) -> str:
        return f"; {len(self.broken)} drifted and were mended" if self.broken else ""


class Kills(msgspec.Struct, forbid_unknown_fields=True):
    """Processes killed under load. `rounds` is also the seed of the next one: a round that fails comes again."""

    rounds: int = 0
    count: int = 0
    seconds: float = 0.0
    wanted: int = 500


class TurnedBits(msgspec.Struct, forbid_unknown_fields=True):
    """Bits turned in a firm's files. `rounds` is the seed of the next one."""

    rounds: int = 1
    count: int = 0
    told: dict[str, int] = {}  # by who told of them
    wanted: int = 2_000


class Worlds(msgspec.Struct, forbid_unknown_fields=True):
    """Random worlds that filters and plain evaluation decided alike, each seed once. `next_seed` has not been played."""

    next_seed: int = 0
    count: int = 0
    wanted: int = 20_000


class Proofs(msgspec.Struct, forbid_unknown_fields=True):
    """Verdicts of random histories under rules about conduct that the offline verifier took, by kind. `next_seed` has not been played."""

    next_seed: int = 0
    count: int = 0
    told: dict[str, int] = {}
    wanted: int = 20_000


Figures = TypeVar("Figures", PowerCuts, Evenings, Histories, Kills, TurnedBits, Worlds, Proofs)


def path_of(kind: type[Figures]) -> Path:
    return FOLDER / f"{kind.__name__.lower()}.json"


def read(kind: type[Figures]) -> Figures:
    return msgspec.json.decode(path_of(kind).read_bytes(), type=kind)


def keep(figures: Figures) -> None:
    """Whole or not at all: a soak is ended by whoever has had enough of it."""
    raw = msgspec.json.format(msgspec.json.encode(figures, order="sorted"), indent=1)
    replace_file(path_of(type(figures)), raw + b"\n")


def one_more(figures: Evenings | Histories, happened: Counter[str], took_s: float) -> None:
    """A seed was played: what happened in it, and how long that took."""
    figures.happened = dict(Counter(figures.happened) + happened)
    figures.count += 1
    figures.next_seed += 1
    figures.seconds += took_s


_TABLE = """\
| bed | wanted | so far |
|---|---|---|
| power cuts (`tests/faults`): images recovered | {cuts.wanted:,} | {cuts.count:,}{cuts.besides} |
| simulated evenings (`tests/simulation`), each seed once | {evenings.wanted:,} | {evenings.count:,}{evenings.besides} |
| random histories without a cent of drift (`tests/drift`), each seed once | {histories.wanted:,} | {histories.count:,}{histories.besides} |
| turned bits (`tests/rot`), other ones each time | {bits.wanted:,} | {bits.count:,} |
| `kill -9` of firm and platform under load (`tests/process`) | {kills.wanted:,} | {kills.count:,} |
| worlds decided with filters as without (`tests/worlds`), each seed once | {worlds.wanted:,} | {worlds.count:,} |
| verdicts of random histories about conduct, proven offline (`tests/evidence`), each seed once | {proofs.wanted:,} | {proofs.count:,} |
"""
PAGE = FOLDER.parent / "reliability.md"


def table() -> str:
    return _TABLE.format(
        cuts=read(PowerCuts),
        evenings=read(Evenings),
        histories=read(Histories),
        bits=read(TurnedBits),
        kills=read(Kills),
        worlds=read(Worlds),
        proofs=read(Proofs),
    )


def written(page: str) -> str:
    """The page with the table as it is now in the place of the one that it has."""
    before, _, after = page.partition(_TABLE.splitlines()[0])
    return before + table() + "\n" + after.partition("\n\n")[2]


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
