"""Downloads: long files that are read piece by piece, few at once of one account: however many are asked for, others get their pages."""

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar

from web.bounds import DOWNLOADS_PER_ACCOUNT_MAX

_Piece = TypeVar("_Piece", str, bytes)


class TooManyDownloads(Exception):
    """As many files of this account are on their way as there may be."""


class Downloads:
    """How many are on their way, by account."""

    def __init__(self) -> None:
        self._open: Counter[int] = Counter()

    async def begin(self, account: int, pieces: AsyncGenerator[_Piece, None]) -> AsyncGenerator[_Piece, None]:
        """The same pieces, counted until the last is taken or nobody takes them any more. Raises TooManyDownloads before anything
        is sent. The first piece is made at once, so that what began is sure to be counted off, also where nobody reads on.
        """
        counted = self._counted(account, pieces)
        return _from(await anext(counted), counted)

    async def _counted(self, account: int, pieces: AsyncGenerator[_Piece, None]) -> AsyncGenerator[_Piece, None]:
        if self._open[account] >= DOWNLOADS_PER_ACCOUNT_MAX:
            raise TooManyDownloads
        self._open[account] += 1
        try:
            async for piece in pieces:
                yield piece
        finally:
            # Nothing here may wait: the server cancels awaits while it cleans a download up.
            self._open[account] -= 1
            if not self._open[account]:
                del self._open[account]


async def _from(first: _Piece, rest: AsyncGenerator[_Piece, None]) -> AsyncGenerator[_Piece, None]:
    async with aclosing(rest):
        yield first
        async for piece in rest:
            yield piece
