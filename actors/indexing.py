"""Indexing: which prices wake which account, worked out afresh wherever no desk has just said so itself.

A desk may raise as it is asked. In the middle of an input that undoes the input; anywhere else the account is watched as a stopped one,
and its desk stops with the input that comes next.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from actors.account_desk import AccountDesk
from actors.desk import Header
from firm.facts import DeskStopped
from firm.inputs import SymbolReported
from firm.kinds import Body
from firm.phase import JUDGED

if TYPE_CHECKING:
    from actors.engine import Engine


class Indexing:
    """One engine's index of accounts."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._retold: set[str] = set()  # bridges that told contracts since their accounts were last indexed
        self._failed: dict[str, Exception] = {}  # by desk; what was wrong when it was indexed last

    def index(self, desk: AccountDesk) -> None:
        """One account, in the middle of an input. Whatever its desk raises is the caller's."""
        self._watch(desk, stopped=desk.name in self._engine.own.state.stopped)

    def index_named(self, name: str) -> None:
        """An account, if there is one by that name, while no input is decided."""
        desk = self._engine.desks.get(name)
        if isinstance(desk, AccountDesk) and desk.state is not None:
            self._index_surely(desk)

    def index_all(self) -> None:
        """Every account: after a snapshot was loaded, or prices were undone."""
        for desk in tuple(self._engine.desks.values()):  # an account's market may be made on the way
            if isinstance(desk, AccountDesk) and desk.state is not None:
                self._index_surely(desk)

    def index_retold(self, body: Body) -> None:
        """After contracts were told, and before anything else: index whose profits are converted another way now.

        Once for all of them: a platform tells thousands, one after the other.
        """
        if type(body) is SymbolReported:
            self._retold.add(body.bridge)
        elif self._retold:
            for desk in tuple(self._engine.desks.values()):
                if not isinstance(desk, AccountDesk) or desk.state is None or desk.state.bridge not in self._retold:
                    continue
                if desk.depends_otherwise(self._engine.market(desk.state.bridge).board):
                    self._index_surely(desk)
            self._retold.clear()

    def await_next_day(self, desk: AccountDesk, ended_us: int) -> None:
        """A stopped desk does not say itself when its account's day ends that began at this instant."""
        if desk.held.standing in JUDGED:
            wakes = self._engine.market(desk.held.bridge).wakes
            wakes.await_day_end(desk.account, _next_day_end_us(desk, ended_us))

    def stops(self, header: Header, stopped: Iterable[DeskStopped]) -> list[DeskStopped]:
        """The desks that failed since they were last asked for stop with this input, but those that are `stopped` already."""
        if not self._failed:
            return []
        known = {one.desk for one in stopped}
        failed = [(name, error) for name, error in self._failed.items() if name not in known]
        self._failed.clear()
        for name, error in failed:
            self._engine.raise_alarm(name, error)
        return [DeskStopped(desk=name, input=header.seq, exception=type(error).__name__) for name, error in failed]

    def _index_surely(self, desk: AccountDesk) -> None:
        self._failed.pop(desk.name, None)
        error = self._engine.failure_of(lambda: self.index(desk))
        if error is not None:
            self._failed[desk.name] = error
            self._watch(desk, stopped=True)

    def _watch(self, desk: AccountDesk, *, stopped: bool) -> None:
        engine = self._engine
        market = engine.market(desk.held.bridge)
        # No price wakes a stopped one, and none brings it a high: it looks at those there are when it goes on.
        watch = replace(desk.watch_unpriced(market), needed=(), bands=()) if stopped else desk.watch_now(market)
        ended_us = engine.own.newest_day_end_us(desk.name)
        if ended_us and watch.day_end_us:
            # Told already: the stopped desk will hear of it when it resumes, and of each one that comes.
            watch = replace(watch, day_end_us=_next_day_end_us(desk, ended_us))
        engine.watch(desk.held.bridge, watch)
        desk.watched(watch, market)


def _next_day_end_us(desk: AccountDesk, ended_us: int) -> int:
    return desk.held.ruleset.calendar.day_at(ended_us).end_us
