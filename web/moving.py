"""Moving: the figures of all accounts that hold something, reckoned once for all lists that are looked at in the same half second."""

from collections.abc import Callable

import anyio
import anyio.to_thread

from actors.exposure import Holders
from actors.live_figures import LiveFigures, figures_of
from web.bounds import LISTED_FIGURES_SECONDS


class Moving:
    """Thousands of accounts may hold something: who asks while they are reckoned waits for those very figures."""

    def __init__(self, holders: Callable[[], Holders]) -> None:
        self._holders = holders
        self._turn = anyio.Lock()
        self._made_at = float("-inf")
        self._figures: list[LiveFigures] = []

    async def figures(self) -> list[LiveFigures]:
        """At prices of half a second ago at the most; each says of when it is. Made in a thread: prices wait for nobody's page."""
        async with self._turn:
            if anyio.current_time() - self._made_at >= LISTED_FIGURES_SECONDS:
                began_at = anyio.current_time()
                self._figures = await anyio.to_thread.run_sync(figures_of, self._holders())
                self._made_at = began_at
            return self._figures
