"""Keeping: under whose key is sealed what platforms report about people, and that nothing is kept of who is forgotten."""

from collections.abc import Callable, Sequence

from anyio import to_thread
from nacl.utils import random

from actors.engine import Engine
from actors.names import trader_desk
from actors.trader_desk import TraderDesk
from bridges.sealer import Personal, Sealed
from storage.commitment import SALT_BYTES, commitment_of
from storage.people import MONTHS, SESSION, month_of, reference
from storage.vault import Vault


class LoginsKept:
    """Seals what came with logins, each under the key of its account's trader, so that it goes with them.

    What is of nobody known is sealed under the key of its month, and goes with that.
    """

    def __init__(self, engine: Engine, vault: Vault, now_us: Callable[[], int]) -> None:
        """`now_us`: firm time."""
        self._engine = engine
        self._vault = vault
        self._now_us = now_us

    async def seal(self, values: Sequence[Personal]) -> list[Sealed]:
        """Never in the loop: prices are read and pages answered while the disk syncs."""
        owners = [self._owner(each.account) for each in values]
        kept = [(owner, SESSION, each.value) for owner, each in zip(owners, values, strict=True) if owner is not None]
        commitments = iter(await to_thread.run_sync(self._vault.seal_each, kept) if kept else [])
        await self._unkeep({owner for owner, _, _ in kept})
        return [
            Sealed(_of_nothing(each.value), self._reference(each.account))
            if owner is None
            else Sealed(next(commitments), owner)
            for owner, each in zip(owners, values, strict=True)
        ]

    async def _unkeep(self, owners: set[str]) -> None:
        """Whoever was forgotten while the disk synced is not kept after all: an erasure that was done by then saw nothing of it."""
        numbers = {owner: int(owner.partition(":")[2]) for owner in owners if not owner.startswith(MONTHS)}
        late = [(owner, SESSION) for owner, number in numbers.items() if self._is_forgotten(number)]
        if late:
            await to_thread.run_sync(self._vault.erase_each, late)

    def _owner(self, account: int) -> str | None:
        """None: of somebody who is forgotten."""
        if not account:
            return month_of(self._now_us())
        return None if self._is_forgotten(self._trader(account)) else self._reference(account)

    def _is_forgotten(self, trader: int) -> bool:
        desk = self._engine.desk(trader_desk(trader))
        assert isinstance(desk, TraderDesk)
        return desk.state.forgetting is not None

    def _reference(self, account: int) -> str:
        return reference("trader", self._trader(account))

    def _trader(self, account: int) -> int:
        state = self._engine.account(account)
        assert state is not None, f"account {account} logged in before it was opened"
        return state.trader


def _of_nothing(value: bytes) -> str:
    """A commitment whose salt nobody keeps: it says that something was told, and never what."""
    return commitment_of(random(SALT_BYTES), SESSION, value)
