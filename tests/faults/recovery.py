"""Recovery: a firm's book is opened on what a crash left, and must hold all that was acknowledged, once, and nothing else."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import NamedTuple

from appliance.failing import KNOWN
from storage.errors import LedgerRefused
from storage.ledger import Ledger
from storage.master import opening_master
from storage.vault import Vault
from storage.verify import verify
from tests.faults.crashes import Crash, Image, images, lay
from tests.faults.scenes import MASTER, MODELS, NEXT_MASTER, Player, Scene, Trace, play, rows_in
from tests.storage.conftest import SECRET, SEED

EVERY_CRASH = tuple(Crash)


class Problem(NamedTuple):
    """What a recovery got wrong. `kind`: refused, lost, alien, twisted, unsound, unopened or unforgotten."""

    kind: str
    detail: str


@dataclass
class Tally:
    """How many different images were opened, by crash, and what was wrong."""

    images: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.images.total()


def try_crashes(
    trace: Trace,
    folder: Path,
    drawn: Random,
    *,
    images_max: int,
    every: int = 1,
    crashes: tuple[Crash, ...] = EVERY_CRASH,
) -> Tally:
    """Open the images of a trace, each different one once, drawing again and again until so many were opened.

    It ends earlier where drawing brings nothing new.
    """
    tally, seen = Tally(), set[int]()
    told = -1
    while told < tally.total < images_max:
        told = tally.total
        for length, crash, platter, image in images(trace.disk, crashes, drawn, every=every):
            digest = digest_of(image, platter.told)
            if digest in seen:
                continue
            seen.add(digest)
            note_problems(tally, crash, f"operation {length}", problems_of(trace, image, platter.told, folder))
            if tally.total >= images_max:
                break
    return tally


def note_problems(tally: Tally, crash: str, after: str, problems: list[Problem]) -> None:
    """Count an image, with what was wrong with it."""
    tally.images[crash] += 1
    for problem in problems:
        tally.kinds[problem.kind] += 1
        tally.problems.append(f"{crash} after {after}: {problem.kind}: {problem.detail}")


def different_images(trace: Trace, drawn: Random) -> list[tuple[dict[str, int], Image]]:
    """What was promised, and the image, for each different one of which a part was not synced."""
    found = {}
    for _, _, platter, image in images(trace.disk, EVERY_CRASH, drawn):
        if platter.pending:
            found[digest_of(image, platter.told)] = (dict(platter.told), image)
    return list(found.values())


def started_again(trace: Trace, image: Image, told: dict[str, int], folders: Iterator[Path]) -> Trace:
    """The noted start on an image, and a little trade after it: what a second crash cuts short."""
    place = next(folders)
    lay(image, place)

    def start(player: Player) -> None:
        if trace.people:
            player.open_vault()
        player.trade(player.open(), 1)

    again = play(Scene(start), place, platter=image)
    assert again.raised is None
    again.disk.told = told
    assert again.rows[:-1] == trace.rows[: len(again.rows) - 1]
    return Trace(again.disk, roots={**trace.roots, **again.roots}, rows=again.rows, people=trace.people)


def digest_of(image: Image, told: dict[str, int]) -> int:
    """The same files with the same promises are the same image. Files that did not change are the same objects, whose hash is kept."""
    return hash((frozenset(image.items()), frozenset(told.items())))


def problems_of(trace: Trace, image: Image, told: dict[str, int], folder: Path) -> list[Problem]:
    """Start on an image as the firm would, and say what is wrong then."""
    lay(image, folder)
    try:
        ledger = Ledger.open(folder, secret=SECRET, signing_seed=SEED, read_models=MODELS)
    except LedgerRefused as missing:
        if "is missing" in str(missing) and not told.get("founded") and not told.get("acked") and not trace.disk.start:
            return []  # a ledger that nobody was told of: it is created again
        return [Problem("refused", str(missing))]
    except KNOWN as refused:
        return [Problem("refused", str(refused))]
    with ledger:
        return [
            *_problems_of_rows(trace, told, ledger),
            *_problems_of_people(trace, told, folder),
            *_unsound(folder, trace),
        ]


def _problems_of_rows(trace: Trace, told: dict[str, int], ledger: Ledger) -> Iterator[Problem]:
    size, acked = ledger.size, told.get("acked", 0)
    asked = max(told.get("asked", 0), min(trace.roots, default=0))
    if size < acked:
        yield Problem("lost", f"row {acked} was acknowledged, the ledger ends at row {size}")
    if size > asked:
        yield Problem("alien", f"row {asked} was the last that was offered, the ledger ends at row {size}")
    if ledger.root() != trace.roots.get(size):
        yield Problem("twisted", f"the tree of {size} rows has another root than when they were written")


def _problems_of_people(trace: Trace, told: dict[str, int], folder: Path) -> Iterator[Problem]:
    if not trace.people:
        return
    if told.get("rotated") and opening_master(folder / "keys.db", (MASTER,)):
        yield Problem("unrotated", "the master before was said to be of no use, and opens the keys")
    try:
        vault = Vault.open(
            folder, master_of(folder), may_create=not any(kind == "RegisterTrader" for _, kind, _ in rows_in(folder))
        )
    except KNOWN as refused:
        yield Problem("unopened", str(refused))
        return
    with closing(vault):
        if told.get("erased") and vault.open_value(trace.people[1]) is not None:
            yield Problem("unforgotten", "trader 1 was erased and can be read")
        for number, commitment in trace.people.items():
            kept = vault.open_value(commitment) is not None
            acked = any(
                kind == "RegisterTrader" and commitment.encode() in payload for _, kind, payload in rows_in(folder)
            )
            if acked and not kept and not (number == 1 and told.get("erasing")):
                yield Problem("unopened", f"the ledger names trader {number}, whom the vault does not know")


def master_of(folder: Path) -> bytes:
    """The one that the keys are under, as a start finds it out."""
    return opening_master(folder / "keys.db", (MASTER, NEXT_MASTER)) or MASTER


def _unsound(folder: Path, trace: Trace) -> Iterator[Problem]:
    report = verify(folder, secret=SECRET, read_models=MODELS, vault_master=master_of(folder) if trace.people else None)
    for finding in report.findings:
        yield Problem("unsound", str(finding))
    found = rows_in(folder)
    if found != trace.rows[: len(found)]:
        yield Problem("twisted", "the rows are not those that were offered, each once and in order")
