"""Deeds: what else a story can say of platforms and people: each line carries itself out in the story's scene."""

from abc import abstractmethod
from typing import Protocol

from appliance.story.office import Office
from appliance.story.venue import Venue
from appliance.story.words import Deed
from bridges.simulator.answers import Retcode
from bridges.simulator.state import Account, Pending, Position
from firm.account import AccountState
from firm.news import NewsItem


class Scene(Protocol):
    """Where a story is played, as its lines find it. What a name means is looked up when the line is played."""

    @property
    def venue(self) -> Venue: ...

    @property
    def office(self) -> Office: ...

    @property
    def news(self) -> list[NewsItem]:
        """The releases that the firm's calendar has so far."""
        ...

    def state(self, name: str) -> AccountState:
        """An account as the firm has it: that of its newest phase."""
        ...

    def account(self, name: str) -> Account:
        """The platform's own record of it."""
        ...

    def held(self, position: str) -> tuple[Account, Position] | None:
        """An open position; None where it is not open, or is an order yet."""
        ...

    def waiting(self, order: str) -> tuple[Account, Pending] | None:
        """An order that waits."""
        ...

    def traded(self, position: str) -> tuple[Account, str] | None:
        """The account of a position that was opened, whether it is closed by now or not, and its number on the platform."""
        ...

    def places(self, order: str, account: str, order_id: str) -> None:
        """What the story calls an order, and the position that it becomes."""
        ...


class SceneDeed(Deed, frozen=True, kw_only=True):
    """Something that a trader, a platform or a person does."""

    @abstractmethod
    def carry_out(self, scene: Scene) -> Retcode:
        """The platform's answer, DONE also where it was not asked."""


class DeedOfPlatform(SceneDeed, frozen=True, kw_only=True):
    """One that the platform tells of, so that it may be heard later than it happens."""
