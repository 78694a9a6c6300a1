"""The rule lab as its pages see it: drafts that are tried on past accounts, each in a process of its own."""

from enum import StrEnum
from typing import Protocol

import msgspec

from actors.lab_found import Progress, Report
from firm.ruleset import Ruleset


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """A draft, and on whom: accounts of a program, of a phase, bought from a day to before another; "" says nothing.

    `rules` None: as each was sold. `follows`: whether it goes on as the ledger grows. `origin`: where the rules are from, for people.
    """

    rules: Ruleset | None
    program: str
    phase: str
    bought_from: str
    bought_before: str
    follows: bool
    origin: str = ""


class TrialState(StrEnum):
    """Where a trial stands."""

    RUNNING = "running"  # through history
    FOLLOWING = "following"  # at the ledger's end, and on with it
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


GOING_ON = frozenset({TrialState.RUNNING, TrialState.FOLLOWING})


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """A draft being tried, or tried. `started_us`: firm time. `problem`: what became of it, where it failed."""

    number: int
    tried: Tried
    by: str
    started_us: int
    state: TrialState
    progress: Progress | None = None
    report: Report | None = None
    problem: str = ""

    @property
    def goes_on(self) -> bool:
        return self.state in GOING_ON


class LabView(Protocol):
    """Called in the event loop; must not wait."""

    def trials(self) -> tuple[Trial, ...]:
        """Those that are kept, the newest first."""
        ...

    def trial(self, number: int) -> Trial | None: ...

    def start(self, tried: Tried, by: str, started_us: int) -> Trial | None:
        """None while as many go on as may."""
        ...

    def end(self, number: int) -> None:
        """Tell one to end. Harmless where it has ended, or was never there."""
        ...


class ClosedLab:
    """Where nothing can be tried: a firm that only reads."""

    def trials(self) -> tuple[Trial, ...]:
        return ()

    def trial(self, number: int) -> Trial | None:  # noqa: ARG002
        return None

    def start(self, tried: Tried, by: str, started_us: int) -> Trial | None:  # noqa: ARG002
        return None

    def end(self, number: int) -> None:
        """There is none."""
