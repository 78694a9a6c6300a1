"""Directory: which bridge a key belongs to and which account a login is, for the gateway.

It reads the desks' own states, so it cannot disagree with them; logins are indexed because every event asks for one.
"""

from actors.batch import Batch
from actors.bridge_desk import BridgeDesk, BridgeState
from actors.engine import Engine
from actors.names import bridge_desk
from firm.account import AccountState
from firm.facts import AccountLinked


class Directory:
    """The gateway's view of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._logins: dict[tuple[str, str], int] = {}
        for desk in engine.desks.values():
            state = desk.capture()
            if isinstance(state, AccountState) and state.login:
                self._logins[state.bridge, state.login] = state.account

    def learn(self, batch: Batch) -> None:
        """Take up the logins that a durable batch linked."""
        for row, body in batch.rows:
            if type(body) is AccountLinked:
                state = self._engine.account(row.account)
                assert state is not None
                self._logins[state.bridge, body.login] = row.account

    def account_of(self, bridge: str, login: str) -> int | None:
        return self._logins.get((bridge, login))

    def currency_of(self, account: int) -> tuple[str, int]:
        """Code and exponent."""
        state = self._engine.account(account)
        assert state is not None, f"account {account} is in the directory but not open"
        return state.initial.currency, state.initial.exponent

    def bridge_of_key(self, z85: str) -> str | None:
        return next((state.bridge for state in self.bridges() if state.public_key == z85), None)

    def is_revoked(self, bridge: str) -> bool:
        return self.bridge(bridge).revoked

    def journal_seq(self, bridge: str) -> int:
        return self.bridge(bridge).journal_seq

    def quote_seq(self, bridge: str) -> int:
        return self.bridge(bridge).quote_seq

    def outbox_epoch(self, bridge: str) -> str:
        return self.bridge(bridge).outbox_epoch

    def bridges(self) -> list[BridgeState]:
        """Every bridge ever enrolled, in order."""
        return [self.bridge(name) for name in self._engine.own.state.bridges]

    def bridge(self, name: str) -> BridgeState:
        desk = self._engine.desk(bridge_desk(name))
        assert isinstance(desk, BridgeDesk)
        return desk.state
