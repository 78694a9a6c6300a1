"""Live figures: equity and headroom of accounts that hold something, at the last prices; the others' stand in the book.

The headroom is the one of a mark, by the same floors, so that a list may put both beside each other.
"""

import msgspec

from actors.exposure import Holders
from firm.account import AccountState
from firm.arithmetic import PLAIN
from firm.equity import Board, equity_of, unpriced
from firm.exceptions_now import judged_at
from firm.phase import ENDED
from firm.rules.limits import limits_of


class LiveFigures(msgspec.Struct, frozen=True, array_like=True):
    """One account, in minor units of its currency. `at_us`: of the newest price of its bridge; `headroom` None without a limit."""

    account: int
    equity: int
    headroom: int | None
    at_us: int


def figures_of(holders: Holders) -> list[LiveFigures]:
    """Of every account that is not over and whose positions all have prices."""
    newest = {
        name: max((quote.t_us for quote in board.quotes.values()), default=0) for name, board in holders.boards.items()
    }
    found = []
    for state in holders.accounts:
        board = holders.boards.get(state.bridge)
        if board is not None and state.standing not in ENDED and not unpriced(state, board):
            found.append(_figures(state, board, newest[state.bridge]))
    return found


def _figures(state: AccountState, board: Board, at_us: int) -> LiveFigures:
    equity = equity_of(PLAIN, state, board)
    headroom = min((equity - limit.floor for limit in judged_at(state, limits_of(state), at_us)), default=None)
    return LiveFigures(state.account, equity, headroom, at_us)
