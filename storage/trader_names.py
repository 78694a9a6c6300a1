"""Trader names: the names of the firm's traders, read from the vault into memory, for staff who look for a part of one.

A row that tells of a trader's name says only whom to look at again; the vault is asked afterwards, and what it says then counts. So it does
not matter how often or how late it is told: whoever is there is found, whoever was erased is not, and nothing of them stays.
"""

import threading
from collections import deque
from collections.abc import Iterable

from firm.facts import AddressChanged, TraderRegistered, ValuesForgotten
from firm.kinds import Body
from storage.errors import DiskRefused, VaultDamaged
from storage.name_index import Matches, NameIndex
from storage.rows import Row
from storage.vault import Vault


class TraderNames:
    """`waiting`: how many traders are still to be read. `untold`: how many are not found by name: too many, or unreadable.

    `learn` is for the event loop; what reads the vault is for any other thread, and raises DiskRefused.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._index = NameIndex()
        self._news: dict[int, None] = {}
        self._unread: deque[int] = deque()
        self._without: set[int] = set()
        # What is read and what is kept of it must not be parted by an erasure that another thread hears of.
        self._guard = threading.Lock()

    @property
    def waiting(self) -> int:
        return len(self._unread) + len(self._news)

    @property
    def untold(self) -> int:
        return len(self._without)

    def __len__(self) -> int:
        return len(self._index)

    def begin(self, traders: Iterable[int]) -> None:
        """All that the firm has; they are read by `read_some`."""
        self._unread.extend(traders)

    def learn(self, rows: Iterable[tuple[Row, Body]]) -> None:
        """Take up of whom a durable batch tells: new, of another address, or erased."""
        for _, body in rows:
            match body:
                case TraderRegistered() | ValuesForgotten():
                    self._news[body.trader] = None
                case AddressChanged():
                    kind, _, number = body.person.partition(":")
                    if kind == "trader":
                        self._news[int(number)] = None
                case _:
                    pass

    def read_some(self, many: int) -> None:
        """Look after the news, and then at so many of those who are still to be read."""
        with self._guard:
            self._look_after_news()
            for _ in range(min(many, len(self._unread))):
                self._read(self._unread.popleft())

    def matches(self, text: str) -> Matches:
        """Traders with a name of these beginnings, as of now."""
        with self._guard:
            self._look_after_news()
            return self._index.matches(text)

    def _look_after_news(self) -> None:
        for trader in tuple(self._news):
            self._news.pop(trader)  # before it is read: what is told from now on is looked after again
            self._read(trader)

    def _read(self, trader: int) -> None:
        try:
            person = self._vault.person("trader", trader)
        except DiskRefused:
            self._news[trader] = None
            raise
        except VaultDamaged:  # counted by the vault; nobody's search fails for it
            self._index.drop(trader)
            self._without.add(trader)
            return
        self._without.discard(trader)
        if person is None:
            self._index.drop(trader)
        elif not self._index.put(trader, person.name):
            self._without.add(trader)
