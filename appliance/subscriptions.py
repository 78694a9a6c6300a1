"""Subscriptions: which symbols each bridge is asked to feed: those that accounts hold, and those that convert their profits.

Grown with each durable batch and told again with each session. A symbol stays subscribed while the session lasts: one that was
held a moment ago will often be held again, and a missing price costs more than one that nobody needed.
"""

from collections import defaultdict
from collections.abc import Iterable

from actors.account_desk import AccountDesk
from actors.batch import Batch
from actors.effects import Subscribe
from actors.engine import Engine
from bridges.bounds import SYMBOLS_MAX
from bridges.gateway import Gateway
from firm.account import AccountState
from firm.equity import symbols_needed
from firm.inputs import BridgeConnected


class Subscriptions:
    """Tells bridges through the gateway. One on which nobody holds anything is told nothing, and feeds what it likes."""

    def __init__(self, engine: Engine, gateway: Gateway) -> None:
        self._engine = engine
        self._gateway = gateway
        self._told: dict[str, set[str]] = {}

    def learn(self, batch: Batch) -> None:
        """Tell what a durable batch made necessary."""
        for _, body in batch.rows:
            if type(body) is BridgeConnected:
                self._told.pop(body.bridge, None)
                desks = (desk for desk in self._engine.desks.values() if isinstance(desk, AccountDesk))
                self._tell(desk.state for desk in desks if desk.state is not None and desk.state.bridge == body.bridge)
        self._tell(state for account in batch.accounts if (state := self._engine.account(account)) is not None)

    def _tell(self, states: Iterable[AccountState]) -> None:
        needed: dict[str, set[str]] = defaultdict(set)
        for state in states:
            needed[state.bridge].update(symbols_needed(state, self._engine.market(state.bridge).board) or ())
        for bridge, symbols in needed.items():
            told = self._told.get(bridge, set())
            if not symbols <= told:
                self._subscribe(bridge, told | symbols)

    def _subscribe(self, bridge: str, symbols: set[str]) -> None:
        """Where no bridge tells it now, its next session does. More than one message can name means all."""
        named = tuple(sorted(symbols)) if len(symbols) <= SYMBOLS_MAX else ()
        if self._gateway.carry(Subscribe(bridge=bridge, symbols=named)):
            self._told[bridge] = symbols
