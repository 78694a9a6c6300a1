"""Turn: one input's working space: the facts, messages and effects so far, and what to restore if it fails."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from actors.desk import Desk, Header, Market, Watch
from actors.effects import Effect
from actors.messages import DayEnded, Message, PriceReached
from actors.names import account_desk, trader_desk
from actors.trader_desk import TraderDesk
from firm.account import AccountState
from firm.account_outages import all_symbols_of, what_it_needs
from firm.facts import CalendarAdopted, Fact, MarketDaysAdopted
from firm.incidents import Incident
from firm.inputs import Input
from firm.permissions import Permission
from firm.policy import Policy
from firm.quote_frame import Tick


class House(Protocol):
    """What a turn needs of the engine it is taken in."""

    lineage: str

    @property
    def policy(self) -> Policy: ...
    def fold(
        self, body: Input | Fact, seq: int, account: int, happened_us: int, turn: "WorkingTurn | None"
    ) -> None: ...
    def market(self, bridge: str) -> Market: ...
    def calendar(self, name: str) -> CalendarAdopted | None: ...
    def market_days(self) -> Mapping[str, MarketDaysAdopted]: ...
    @property
    def desks(self) -> dict[str, Desk]: ...
    def account(self, account: int) -> AccountState | None: ...
    def desk(self, name: str) -> Desk: ...
    def is_stopped(self, desk: str) -> bool: ...
    def watch(self, bridge: str, watch: Watch) -> None: ...
    def incident(self, bridge: str) -> Incident | None: ...
    def holds(self, by: str, permission: Permission) -> bool: ...
    def account_states(self, bridge: str) -> Iterator[AccountState]: ...


class Looker(Protocol):
    """Who looks at what prices bring while rows are folded."""

    def see_price(self, name: str, message: PriceReached, turn: "WorkingTurn") -> None: ...
    def see_day_end(self, name: str, message: DayEnded) -> None: ...


class WorkingTurn:
    """One input's working space. What it holds leaves the engine only if the whole input succeeds."""

    def __init__(
        self, house: House, header: Header, ticks: Sequence[Tick] = (), stopping: tuple[str, ...] = ()
    ) -> None:
        self.header = header
        self.stopping = stopping
        self.policy: Policy = house.policy
        self.lineage = house.lineage
        self.at_us = header.happened_us
        self.ticks = ticks
        self.facts: list[tuple[int, int, Fact]] = []
        self.effects: list[Effect] = []
        self.mail: deque[tuple[str, Message | Input]] = deque()
        self.touched: dict[str, tuple[Desk, Any]] = {}
        self.desk = ""
        self._house = house

    @property
    def next_seq(self) -> int:
        return self.header.seq + 1 + len(self.facts)

    def record(self, fact: Fact, account: int = 0, at_us: int | None = None) -> int:
        seq = self.next_seq
        happened_us = self.at_us if at_us is None else at_us
        self.facts.append((account, happened_us, fact))
        self._house.fold(fact, seq, account, happened_us, self)
        return seq

    def send(self, desk: str, message: Message) -> None:
        self.mail.append((desk, message))

    def effect(self, effect: Effect) -> None:
        self.effects.append(effect)

    def market(self, bridge: str) -> Market:
        return self._house.market(bridge)

    def account(self, account: int) -> AccountState | None:
        desk = self._house.desks.get(account_desk(account))
        if desk is not None:
            self.touch(desk)  # before its state is read: see AccountSeat
        return self._house.account(account)

    def platforms_together(self, trader: int) -> int:
        desk = self._house.desk(trader_desk(trader))
        return desk.platforms_together if isinstance(desk, TraderDesk) else 0

    def is_stopped(self, desk: str) -> bool:
        return self._house.is_stopped(desk)

    def calendar(self, name: str) -> CalendarAdopted | None:
        return self._house.calendar(name)

    def market_days(self) -> Mapping[str, MarketDaysAdopted]:
        return self._house.market_days()

    def watch(self, bridge: str, watch: Watch) -> None:
        self._house.watch(bridge, watch)

    def incident(self, bridge: str) -> Incident | None:
        return self._house.incident(bridge)

    def holds(self, by: str, permission: Permission) -> bool:
        return self._house.holds(by, permission)

    def dependents(self, incident: Incident) -> list[int]:
        board = self.market(incident.bridge).board
        states = self._house.account_states(incident.bridge)
        return sorted(state.account for state in states if what_it_needs(state, board, incident) is not None)

    def needed_symbols(self, bridge: str) -> frozenset[str]:
        board, states = self.market(bridge).board, self._house.account_states(bridge)
        return frozenset(symbol for state in states for symbol in all_symbols_of(state, board))

    def touch(self, desk: Desk) -> None:
        """Remember a desk's state before this input first reaches it."""
        if desk.name not in self.touched:
            self.touched[desk.name] = (desk, desk.capture())

    def undo(self) -> None:
        for desk, state in self.touched.values():
            desk.restore(state)


class QuietTurn(WorkingTurn):
    """A turn for folding: prices move boards and peaks, but nobody decides; the facts are already in the ledger.

    They are folded when the whole input has been: that a day began in it no state says yet.
    """

    def __init__(self, house: House, header: Header, ticks: Sequence[Tick], looker: Looker) -> None:
        super().__init__(house, header, ticks)
        self._looker = looker
        self._days_began: dict[str, int] = {}  # of accounts, by their desk

    def record(self, fact: Fact, account: int = 0, at_us: int | None = None) -> int:  # noqa: ARG002
        return self.next_seq

    def send(self, desk: str, message: Message) -> None:
        match message:
            case DayEnded():
                self._days_began[desk] = message.at_us
                self._looker.see_day_end(desk, message)
            case PriceReached() if message.at_us >= self._days_began.get(desk, 0):
                self._looker.see_price(desk, message, self)
