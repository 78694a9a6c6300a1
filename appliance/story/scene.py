"""Scene: what names of a story mean while it is played: accounts, positions, and orders that wait or have become positions."""

from typing import NamedTuple

from appliance.story.clock import Unclear
from appliance.story.venue import Venue
from appliance.story.world import World
from bridges.simulator.state import Account, Pending, Position
from firm.account import AccountState
from firm.news import NewsItem


class _Order(NamedTuple):
    """An order that a trader left. `account`: as the story calls it."""

    account: str
    order_id: str


class PlayedScene:
    """Positions by what the story calls them: their account, and their number on the platform."""

    def __init__(self, world: World) -> None:
        self.venue: Venue = world.venue
        self.office = world.office
        self.news: list[NewsItem] = []
        self._world = world
        self._positions: dict[str, tuple[str, str]] = {}
        self._orders: dict[str, _Order] = {}

    def opened(self, name: str, account: str, position_id: str) -> None:
        """A position is called so from now on."""
        self._positions[name] = (account, position_id)

    def places(self, order: str, account: str, order_id: str) -> None:
        """An order is called so, and the position that it becomes."""
        self._orders[order] = _Order(account, order_id)

    @property
    def named(self) -> dict[str, str]:
        """What the story calls each position, by its number."""
        self._learn()
        return {position_id: name for name, (_, position_id) in self._positions.items()}

    # --- what a name means now ---

    def state(self, name: str) -> AccountState:
        state = self._world.newest(name)
        if state is None:
            raise Unclear(f"{name} was sold no account: the firm refused")
        return state

    def account(self, name: str) -> Account:
        state = self.state(name)
        if not state.login:
            raise Unclear(f"the account of {name} is not open on the platform by then")
        return self.venue.account(state.login)

    def traded(self, position: str) -> tuple[Account, str] | None:
        self._learn()
        found = self._positions.get(position)
        return None if found is None else (self.account(found[0]), found[1])

    def held(self, position: str) -> tuple[Account, Position] | None:
        found = self.traded(position)
        if found is None:
            return None
        account, position_id = found
        held = account.positions.get(position_id)
        return None if held is None else (account, held)

    def waiting(self, order: str) -> tuple[Account, Pending] | None:
        left = self._orders.get(order)
        if left is None:
            return None
        account = self.account(left.account)
        found = account.orders.get(left.order_id)
        return None if found is None else (account, found)

    def _learn(self) -> None:
        """Orders that were filled have become positions."""
        for name, left in self._orders.items():
            if name not in self._positions and (position_id := self.venue.position_of(left.order_id)):
                self._positions[name] = (left.account, position_id)
