"""Sessions: who is signed in at the ticket, and which of their forms were followed. One ends when its trader signs out, twelve
hours after they signed in, and with the process; no form of it is taken any more then.
"""

import secrets
import time
from collections.abc import Callable
from typing import NamedTuple

from bridges.simulator.ticket.outcome import Followed

SESSION_S = 12 * 60 * 60
SESSIONS_MAX = 1_000  # beyond them the oldest ends
SESSIONS_PER_LOGIN_MAX = 20  # beyond them the oldest of the account's own
_NAME_BYTES = 24


class Session(NamedTuple):
    """`answered`: what its forms led to, by their numbers."""

    login: str
    ends_s: float
    answered: dict[str, Followed]


class Sessions:
    """Kept in memory alone: a cookie outlives neither its session nor the platform's process. `now_s` never goes back."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._open: dict[str, Session] = {}  # the oldest first, and so the first to end

    def begin(self, login: str) -> str:
        """A cookie's value that stands for one account."""
        self._end_old()
        own = [cookie for cookie, session in self._open.items() if session.login == login]
        if len(own) >= SESSIONS_PER_LOGIN_MAX:
            del self._open[own[0]]
        if len(self._open) >= SESSIONS_MAX:
            del self._open[next(iter(self._open))]
        cookie = secrets.token_urlsafe(_NAME_BYTES)
        self._open[cookie] = Session(login, self._now_s() + SESSION_S, {})
        return cookie

    def of(self, cookie: str) -> Session | None:
        """None where it has ended, or never was one."""
        self._end_old()
        return self._open.get(cookie)

    def end(self, cookie: str) -> None:
        self._open.pop(cookie, None)

    def _end_old(self) -> None:
        while self._open and (oldest := next(iter(self._open))) and self._open[oldest].ends_s <= self._now_s():
            del self._open[oldest]
