"""The firm as pages see it: what they may read, whom they may ask, and what time it is."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Protocol, TypeVar

import anyio
import anyio.to_thread
import apsw
import msgspec

from actors.arrival import Decided
from actors.exposure import Holders
from actors.live import Health, LiveAccount, LiveOwed
from actors.live_board import Grounds
from actors.market_state import MarketState
from firm.commands import Command
from firm.objective import Objective
from firm.permissions import EVERYTHING, Scope
from firm.regions import NO_REGIONS, Regions
from firm.staff import Staff
from storage.devices import DeviceBook
from storage.drafts import DraftStore
from storage.keys_used import KeysUsed
from storage.links import LinkBook
from storage.people import Kind, Person
from storage.reader import LedgerReader
from storage.readmodels.accounts import accounts_known
from storage.sessions import SessionStore
from storage.throttles import Throttle
from storage.trader_names import TraderNames
from storage.vault import Vault
from web.allowance import Limits
from web.bounds import READERS, STREAM_INTERVAL_SECONDS
from web.brand.brand import Brand
from web.breached_list import BreachedList, bundled
from web.inspecting import Inspector, NoInspector
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

    def is_unconfirmed(self, trader: int) -> bool: ...

    def documents_retained_us(self) -> int: ...

    def tell_rows(self, account: int, heard: Callable[[], None]) -> None: ...

    def tell_no_more(self, account: int, heard: Callable[[], None]) -> None: ...

    def health(self) -> Health: ...

    def holders(self, *, funded: bool) -> Holders: ...

    def markets(self) -> dict[str, MarketState]: ...

    def owed(self) -> tuple[LiveOwed, ...]: ...

    def owed_to(self, account: int) -> LiveOwed | None: ...

    def staff(self) -> Staff: ...

    def tell_staff(self, heard: Callable[[], None]) -> None: ...

    def departures(self, regions: Collection[str]) -> int: ...


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
    `mails`: people are written to; `sign_up`: whoever wants to may become a trader. `breached`: passwords nobody may choose.
    `used_steps`: the newest half minute of which a code was taken, by person, beside what the vault holds.
    `lab`: where drafts are tried on past accounts. `scope` and `names_seen`: of whoever looks, see `seen_by`. `brand`: what its pages wear.
    `limits`: how much may be asked. `keys_used`: when each key of a machine was used last. `inspector`: who looks at documents that are
    handed in. `names`: where traders are looked for by a part of their name; None where nobody is.
    `regions`: the firm's, by which whoever signs up is placed.
    """

    name: str
    live: LiveView
    reader: LedgerReader
    vault: Vault
    sessions: SessionStore
    drafts: DraftStore
    throttle: Throttle
    devices: DeviceBook
    keys_used: KeysUsed
    links: LinkBook
    ask: Callable[[Command], Awaitable[Decided]]
    evidence: Evidence
    now_us: Callable[[], int]
    wall_us: Callable[[], int]
    https: bool
    streams_max: int
    origin: str
    staff_factor: bool
    mails: bool = False
    sign_up: bool = False
    machine: MachineView = field(default_factory=Unwatched)
    held: Callable[[], str] = lambda: ""
    held_since_us: Callable[[], int] = lambda: 0
    goes_on: bool = True
    tickets: Mapping[str, str] = field(default_factory=dict)
    lab: LabView = field(default_factory=ClosedLab)
    inspector: Inspector = field(default_factory=NoInspector)
    names: TraderNames | None = None
    regions: Regions = NO_REGIONS
    scope: Scope = EVERYTHING
    names_seen: bool = True
    breached: BreachedList = field(default_factory=bundled)
    used_steps: dict[str, int] = field(default_factory=dict)
    brand: Brand = field(default_factory=Brand)
    limits: Limits = field(default_factory=Limits)
    book: "Book" = field(init=False)
    moving: Moving = field(init=False)
    pulse: "Pulse" = field(init=False)

    def __post_init__(self) -> None:
        """The book is the reader with a bound on how many ask it at once; the pulse is health with one on how often."""
        object.__setattr__(self, "book", Book(self.reader))
        object.__setattr__(self, "moving", Moving(partial(self.live.holders, funded=False)))
        object.__setattr__(self, "pulse", Pulse(self.live.health))

    def seen_by(self, scope: Scope, *, names_seen: bool) -> "Firm":
        """The same firm for somebody with this scope: what is outside is not in its book. Whose name is not seen goes by a pseudonym."""
        seen = copy(self)
        object.__setattr__(seen, "scope", scope)
        object.__setattr__(seen, "names_seen", names_seen)
        if scope.is_limited:
            object.__setattr__(seen, "book", self.book.narrowed_to(scope))
        return seen

    @property
    def seen_as(self) -> str:
        """What a live page is kept under beside its name: those who see the same share it."""
        # The scope as it is kept: a program may be called "two-step in dach", and must not be taken for one beside a region.
        scope = f" of {msgspec.json.encode(self.scope).decode()}" if self.scope.is_limited else ""
        return f"{scope}{'' if self.names_seen else ' without names'}"

    def person(self, kind: Kind, number: int) -> Person | None:
        """Who it is by name, for whoever may see that; called in a thread."""
        return self.vault.person(kind, number) if self.names_seen else None

    async def in_scope(self, accounts: Iterable[int]) -> frozenset[int]:
        """Those of the accounts that are there for whoever looks."""
        asked = list(accounts)
        if not self.scope.is_limited:
            return frozenset(asked)
        return await self.book.read(lambda book: accounts_known(book, asked))

    async def holders(self, *, funded: bool) -> Holders:
        """What accounts hold, as far as they are there for whoever looks."""
        held = self.live.holders(funded=funded)
        if not self.scope.is_limited:
            return held
        there = await self.in_scope(state.account for state in held.accounts)
        return Holders(tuple(state for state in held.accounts if state.account in there), held.boards)

    async def owed(self) -> tuple[LiveOwed, ...]:
        """What accounts are owed, likewise."""
        owed = self.live.owed()
        there = await self.in_scope(one.account for one in owed)
        return tuple(one for one in owed if one.account in there)


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

    def __init__(self, reader: LedgerReader, turn: anyio.CapacityLimiter | None = None) -> None:
        self._reader = reader
        self._turn = turn or anyio.CapacityLimiter(READERS)

    def narrowed_to(self, scope: Scope) -> "Book":
        """The book for whom nothing outside the scope is there; those who read it take their turns with all others."""
        return Book(self._reader.narrowed_to(scope), self._turn)

    async def read(self, question: Callable[[apsw.Connection], _Answer]) -> _Answer:
        """A question to the read models: everything it sees is of one moment."""
        return await self.look(lambda reader: _with_connection(reader, question))

    async def look(self, question: Callable[[LedgerReader], _Answer]) -> _Answer:
        """A question to the ledger itself."""
        return await anyio.to_thread.run_sync(question, self._reader, limiter=self._turn)


def _with_connection(reader: LedgerReader, question: Callable[[apsw.Connection], _Answer]) -> _Answer:
    with reader.connection() as connection:
        return question(connection)
