"""The firm as pages see it: what they may read, whom they may ask, and what time it is."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Protocol, TypeVar

import anyio
import anyio.to_thread
import apsw

from actors.arrival import Decided
from actors.exposure import Holders
from actors.live import Health, LiveAccount, LiveOwed
from actors.live_board import Grounds
from actors.market_state import MarketState
from firm.commands import Command
from firm.objective import Objective
from storage.devices import DeviceBook
from storage.drafts import DraftStore
from storage.reader import LedgerReader
from storage.resets import ResetBook
from storage.sessions import SessionStore
from storage.throttles import Throttle
from storage.vault import Vault
from web.bounds import READERS, STREAM_INTERVAL_SECONDS
from web.breached_list import BreachedList, bundled
from web.lab import ClosedLab, LabView
from web.machine import MachineView, Unwatched
from web.moving import Moving

_Answer = TypeVar("_Answer")


class LiveView(Protocol):
    """The live board: copies published after the commit. Called in the event loop; must not wait."""

    def account(self, account: int) -> LiveAccount | None: ...

    def every_rule(self, account: int) -> tuple[Objective, ...]: ...

    def grounds(self, account: int, known: Grounds | None = None) -> Grounds | None: ...

    def newest_row(self, account: int) -> int: ...

    def incidents_row(self) -> int: ...

    def accounts_counted(self, trader: int) -> int: ...

    def tell_rows(self, account: int, heard: Callable[[], None]) -> None: ...

    def tell_no_more(self, account: int, heard: Callable[[], None]) -> None: ...

    def health(self) -> Health: ...

    def holders(self, *, funded: bool) -> Holders: ...

    def markets(self) -> dict[str, MarketState]: ...

    def owed(self) -> tuple[LiveOwed, ...]: ...

    def owed_to(self, account: int) -> LiveOwed | None: ...


class Evidence(Protocol):
    """Builds the bundle of a decision, in a thread. `since`: a checkpoint that its reader kept; raises NoteRefused."""

    def __call__(self, decision: int, since: str | None = None) -> bytes: ...


@dataclass(frozen=True)
class Firm:
    """Everything the web room depends on.

    `reader` reads the book without holding up its writer. `ask` brings a command to the
    engine and answers once that is durable; it raises Overloaded.
    `now_us` is firm time (simulated in a demo), `wall_us` the time by which sessions and guesses are counted.
    `https`: cookies are marked for it; False only on a loopback demo. `streams_max`: live pages at
    once, as the door to the pages can hold them. `held`: why nothing is taken for now; empty where it is. `held_since_us`: since when,
    in firm time. `goes_on`: by itself, once that is over. `tickets`: where a demo's accounts are traded by hand, by bridge.
    `origin`: as a browser shows the pages, scheme and host. `staff_factor`: staff need a second factor; False only in a demo.
    `breached`: passwords nobody may choose. `used_steps`: the newest half minute of which a code was taken, by person, beside what the
    vault holds.
    `lab`: where drafts are tried on past accounts.
    """

    name: str
    live: LiveView
    reader: LedgerReader
    vault: Vault
    sessions: SessionStore
    drafts: DraftStore
    throttle: Throttle
    devices: DeviceBook
    resets: ResetBook
    ask: Callable[[Command], Awaitable[Decided]]
    evidence: Evidence
    now_us: Callable[[], int]
    wall_us: Callable[[], int]
    https: bool
    streams_max: int
    origin: str
    staff_factor: bool
    machine: MachineView = field(default_factory=Unwatched)
    held: Callable[[], str] = lambda: ""
    held_since_us: Callable[[], int] = lambda: 0
    goes_on: bool = True
    tickets: Mapping[str, str] = field(default_factory=dict)
    lab: LabView = field(default_factory=ClosedLab)
    breached: BreachedList = field(default_factory=bundled)
    used_steps: dict[str, int] = field(default_factory=dict)
    book: "Book" = field(init=False)
    moving: Moving = field(init=False)
    pulse: "Pulse" = field(init=False)

    def __post_init__(self) -> None:
        """The book is the reader with a bound on how many ask it at once; the pulse is health with one on how often."""
        object.__setattr__(self, "book", Book(self.reader))
        object.__setattr__(self, "moving", Moving(partial(self.live.holders, funded=False)))
        object.__setattr__(self, "pulse", Pulse(self.live.health))


class Pulse:
    """The machine's health, for thousands of pages that watch one figure of it: it takes longer to gather than all else they show."""

    def __init__(self, read: Callable[[], Health]) -> None:
        self._read = read
        self._health: Health | None = None
        self._read_at = 0.0

    def now(self) -> Health:
        self._health, self._read_at = self._read(), monotonic()
        return self._health

    def lately(self) -> Health:
        """At most as old as what a live page shows."""
        health = self._health
        return health if health is not None and monotonic() - self._read_at < STREAM_INTERVAL_SECONDS else self.now()


class Book:
    """Questions to the ledger and its read models, answered in threads, a few at once."""

    def __init__(self, reader: LedgerReader) -> None:
        self._reader = reader
        self._turn = anyio.CapacityLimiter(READERS)

    async def read(self, question: Callable[[apsw.Connection], _Answer]) -> _Answer:
        """A question to the read models: everything it sees is of one moment."""
        return await self.look(lambda reader: _with_connection(reader, question))

    async def look(self, question: Callable[[LedgerReader], _Answer]) -> _Answer:
        """A question to the ledger itself."""
        return await anyio.to_thread.run_sync(question, self._reader, limiter=self._turn)


def _with_connection(reader: LedgerReader, question: Callable[[apsw.Connection], _Answer]) -> _Answer:
    with reader.connection() as connection:
        return question(connection)
