"""Disk: how long a commit takes, and where between deciding and acknowledging the firm's process dies.

A crash leaves the files as they are at that moment: they are copied, and the next life of the firm opens the copy. The old
ledger object is never closed or asked again.
"""

import asyncio
import random
import shutil
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

from storage.ledger import Ledger


class Crash(BaseException):
    """The firm's process is dead. No handler of the firm's own may take it for an error."""


class Point(StrEnum):
    """Where in the life of a batch the process dies."""

    DECIDED = "decided, not written"
    COMMITTING = "written, not committed"
    COMMITTED = "committed, nobody told"
    PUBLISHED = "pages told, nobody else"
    CARRYING = "some of the effects carried"


class Disk:
    """One disk of the firm. `crash_in`: how many batches from now the process dies; 0 where no crash is planned."""

    def __init__(self, dice: random.Random, directory: Path) -> None:
        self.dice = dice
        self.directory = directory
        self.slow_s = dice.choice((0.0, 0.01, 0.2, 1.0))
        self.crashes: list[Point] = []
        self.crash_in = 0
        self._point = Point.DECIDED
        self._due: Point | None = None
        self._copies = 0
        self.on_crash: Callable[[], None] = lambda: None

    def plan_crash(self) -> None:
        self._point = self.dice.choice(list(Point))
        self.crash_in = self.dice.randint(1, 6)

    def plan_none(self) -> None:
        self.crash_in, self._due = 0, None

    async def run_sync(self, commit: Callable[..., None], *arguments: Any) -> None:
        """In the place of `anyio.to_thread.run_sync`: the commit, some simulated time before and after it. What begins takes none."""
        if commit.__name__ == Ledger.begin.__name__:
            commit(*arguments)
            return
        if self.crash_in:
            self.crash_in -= 1
            self._due = self._point if self.crash_in == 0 else None
        await asyncio.sleep(self.dice.random() * self.slow_s)
        self.reach(Point.DECIDED)
        commit(*arguments)
        self.reach(Point.COMMITTED)
        if self.dice.random() < 0.3:
            await asyncio.sleep(self.dice.random() * self.slow_s)

    def before_commit(self) -> bool:
        """A commit hook of SQLite; False lets the commit go on."""
        self.reach(Point.COMMITTING)
        return False

    def reach(self, point: Point) -> None:
        if self._due is point:
            self._due = None
            self.crashes.append(point)
            self._take_image()
            self.on_crash()
            raise Crash(point)

    def _take_image(self) -> None:
        """The files as the dead process leaves them; the shared memory of the log dies with it."""
        self._copies += 1
        image = self.directory.with_name(f"life-{self._copies}")
        image.mkdir(mode=0o700)
        (image / "segments").mkdir(mode=0o700)
        for name in ("ledger.db", "ledger.db-wal", "acknowledged"):
            if (self.directory / name).exists():
                shutil.copyfile(self.directory / name, image / name)
        self.directory = image
