"""Desk: an actor that owns one thing's state and decides about it. A turn is its chance to do so.

A desk is handed one message at a time. It may read its own state and what the turn shows it; it records facts, sends
messages to other desks and asks for effects. Nothing of that leaves the engine unless the whole input succeeds.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from actors.effects import Effect
from actors.messages import Message
from firm.account import AccountState
from firm.equity import Board, Leg
from firm.facts import CalendarAdopted, Doubt, Fact, MarketDaysAdopted
from firm.incidents import Hole, Incident
from firm.inputs import GapReported, Input
from firm.permissions import Permission
from firm.policy import Policy
from firm.price import Quote
from firm.quote_frame import Tick


class Header(msgspec.Struct, frozen=True, gc=False):
    """The ledger header of the input being decided. `happened_us`: by the source's clock, as far as that is believed.

    `kept`: what is decided was kept for a stopped desk. Then the row is that of the person's word by which the desk goes on.
    """

    seq: int
    happened_us: int
    received_us: int
    account: int
    kept: bool = False


class High(NamedTuple):
    """A new equity high that prices brought, in minor units: when, and the ticks it rests on.

    `off_market`: one of them was beyond its symbol's sanity band.
    """

    equity: int
    at_us: int
    quotes: tuple[Quote, ...]
    off_market: bool


Bands = tuple[tuple[str, str, int | None, int | None], ...]


class Market(Protocol):
    """What a desk may ask of its bridge's prices. Only the market desk writes them."""

    board: Board

    @property
    def has_columns(self) -> bool:
        """Whether so many accounts follow every high that they are valued side by side."""
        ...

    def is_off_market(self, symbols: tuple[str, ...]) -> bool:
        """Whether one of these stands beyond its sanity band, at a level that is not accepted yet."""
        ...

    def take_high(self, account: int) -> High | None:
        """The high that prices brought a follower since it last asked, if any; nobody else keeps it."""
        ...

    def high_before(self, account: int) -> High | None:
        """As `take_high`, without taking it, as it was before the input that is being decided."""
        ...

    def doubts_about(self, symbols: tuple[str, ...], now_us: int, stale_after_us: int) -> tuple[Doubt, ...]: ...
    def is_final(self, instant_us: int) -> bool: ...
    @property
    def latest_us(self) -> int: ...
    def prices_at(self, symbols: tuple[str, ...], at_us: int) -> dict[str, Quote] | None: ...
    def stamps(self, symbols: Iterable[str], from_us: int, until_us: int) -> set[int]: ...
    def next_price_us(self, symbol: str, at_us: int) -> int | None: ...
    def missing(self, now_us: int, after_us: int) -> dict[str, int]:
        """Symbols of which nothing was told for longer than `after_us` while their market was open, with since when."""
        ...

    def told_us(self, symbol: str) -> int: ...
    def is_answered(self, report: GapReported) -> bool: ...
    @property
    def is_platform_up(self) -> bool: ...
    @property
    def awaits_prices(self) -> bool: ...
    @property
    def lost_prices(self) -> bool: ...
    def holes(self) -> dict[str, Hole | None]: ...


class Follower(msgspec.Struct, frozen=True, gc=False):
    """An account whose floor follows every new high, as columns hold it: minor units, at the prices on the board.

    `legs`: its positions, `needed`: the symbols they depend on. `floor`: the highest of its floors now; with a new high it rises no
    further than to that high less `gap`, nor above `ceiling`. A price stamped before `since_us` brings no high.
    """

    account: int
    legs: tuple[Leg, ...]
    needed: tuple[str, ...]
    equity: int
    peak: int
    floor: int
    gap: int
    ceiling: int
    since_us: int


class Watch(msgspec.Struct, frozen=True, gc=False):
    """How the market desk is to wake an account: an index entry, derivable from the account's state, never state itself.

    `needed`: the symbols its equity depends on. It is woken by their prices when a quote leaves one of its `bands` (symbol, side of the
    quote, low, high; None: no bound that way), or as columns find that it must be where it is a `follower`; where it is None of
    both, by every price. `trails`: whether a floor of it follows every high.
    `day_end_us`: 0, or when its day ends. `provisional_us`: 0, or the instant whose
    marks await the watermark. `marked`: whether equity marks are taken. `late`: symbols of which it judges prices that come
    late. `breached`: those at whose prices it was seen to break a limit. A price of either that is stamped before `newest_us` is
    late to it even as the newest: its book, or its breach, is newer still. `unfilled`: symbols whose full prices it waits for.
    """

    account: int
    needed: tuple[str, ...] = ()
    bands: Bands | None = ()
    follower: Follower | None = None
    trails: bool = False
    day_end_us: int = 0
    provisional_us: int = 0
    marked: bool = False
    late: tuple[str, ...] = ()
    breached: tuple[str, ...] = ()
    newest_us: int = 0
    unfilled: tuple[str, ...] = ()


class Turn(Protocol):
    """What a desk may do while it decides one message."""

    header: Header
    policy: Policy
    lineage: str
    at_us: int
    ticks: Sequence[Tick]

    @property
    def next_seq(self) -> int:
        """The ledger seq that the next recorded fact will have."""
        ...

    def record(self, fact: Fact, account: int = 0, at_us: int | None = None) -> int:
        """Book a fact of this desk now and fold it into its state; returns the ledger seq it will have."""
        ...

    def send(self, desk: str, message: Message) -> None: ...
    def effect(self, effect: Effect) -> None: ...
    def market(self, bridge: str) -> Market: ...
    def account(self, account: int) -> AccountState | None:
        """What an account's desk has of it, for the desk of its trader alone."""
        ...

    def platforms_together(self, trader: int) -> int:
        """On how many platforms a trader's accounts are, where a rule asks what they hold together; else 0."""
        ...

    def is_stopped(self, desk: str) -> bool: ...
    def calendar(self, name: str) -> CalendarAdopted | None:
        """The economic news that the firm goes by under this name; None where it adopted none."""
        ...

    def market_days(self) -> Mapping[str, MarketDaysAdopted]:
        """The market days that the firm goes by, by name."""
        ...

    def watch(self, bridge: str, watch: Watch) -> None: ...
    def incident(self, bridge: str) -> Incident | None:
        """The incident that goes on at a bridge."""
        ...

    def holds(self, by: str, permission: Permission) -> bool:
        """Whether the author of a command holds this, by the roles and scopes as they are now."""
        ...

    def dependents(self, incident: Incident) -> list[int]:
        """Accounts that need prices of an incident's symbols, or may have while they were missing, by id."""
        ...

    def needed_symbols(self, bridge: str) -> frozenset[str]:
        """The symbols that some account of the bridge needs."""
        ...


class Desk(Protocol):
    """One actor. `capture` gives its state as an immutable value; `restore` takes one back."""

    name: str

    def fold(self, body: Input | Fact, seq: int, account: int, happened_us: int) -> None: ...
    def decide(self, message: Message | Input, turn: Turn) -> Iterator[None] | None:
        """Decide one message. A desk that takes many things in one message yields after each; see MarketDesk."""
        ...

    def capture(self) -> Any: ...
    def restore(self, state: Any) -> None: ...
