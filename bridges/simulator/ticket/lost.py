"""Lost: what was sent when the session had ended already: told once to whoever signs in again in the same browser, and then forgotten.

It is kept here and not in the address: a link from elsewhere shall fill in no order, and going back in the browser shall bring
none again. What was typed is given back to the account that it was typed for, and to no other.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

KEPT_S = 15 * 60
LOST_MAX = 1_000  # beyond them the oldest is forgotten
_NAME_BYTES = 24

ORDER, CHANGE = "order", "change"


class Lost(NamedTuple):
    """`what`: an order, or a change to what is there. `login`: whose page it was sent from, "" where nobody says."""

    what: str
    login: str
    typed: Mapping[str, str]

    def for_login(self, login: str) -> "Lost":
        """As another may see it: that something was not done, and nothing of what was typed."""
        return self if login == self.login else self._replace(typed=MappingProxyType({}))


class LostForms:
    """Kept in memory alone. `now_s` never goes back."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._kept: dict[str, tuple[float, Lost]] = {}  # the oldest first, and so the first to be forgotten

    def keep(self, lost: Lost) -> str:
        """A cookie's value that stands for it."""
        self._forget_old()
        if len(self._kept) >= LOST_MAX:
            del self._kept[next(iter(self._kept))]
        cookie = secrets.token_urlsafe(_NAME_BYTES)
        self._kept[cookie] = self._now_s() + KEPT_S, lost
        return cookie

    def of(self, cookie: str) -> Lost | None:
        self._forget_old()
        found = self._kept.get(cookie)
        return None if found is None else found[1]

    def take(self, cookie: str) -> Lost | None:
        """The same, for the last time."""
        lost = self.of(cookie)
        self._kept.pop(cookie, None)
        return lost

    def _forget_old(self) -> None:
        while self._kept and self._kept[oldest := next(iter(self._kept))][0] <= self._now_s():
            del self._kept[oldest]
