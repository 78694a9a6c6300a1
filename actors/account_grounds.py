"""Grounds of a breach, measured again: late prices stand in place of those that it was seen with, late deals are in its book."""

from firm.account import AccountState, Finding, Grounds
from firm.arithmetic import PLAIN
from firm.equity import Board, equity_of, symbols_needed


def change_since(state: AccountState, finding: Finding, board: Board) -> int | None:
    """What came since changes of the equity that was seen, in minor units; None where nobody can tell.

    Nobody can where the contract has changed, profits are converted by other prices since, or something was held of which no price is
    known. What was booked as `moved`, cash or a deal of the day before, is not in it.
    """
    grounds = finding.grounds
    if grounds is None or not _is_measurable(state, grounds, board):
        return None
    at_them = board.at({quote.symbol: quote for quote in grounds.quotes})
    return worth(state, grounds, board) - equity_of(PLAIN, state.holding(grounds), at_them)


def worth(state: AccountState, grounds: Grounds, board: Board) -> int:
    """The equity of that instant by all that is known now, where it can be measured."""
    return equity_of(PLAIN, state.held_at(grounds), board.at({quote.symbol: quote for quote in grounds.mended}))


def _is_measurable(state: AccountState, grounds: Grounds, board: Board) -> bool:
    priced = {known.symbol for known in grounds.quotes}
    books = (state.holding(grounds), state.held_at(grounds))
    return all(priced.issuperset(symbols_needed(book, board) or (None,)) or not book.positions for book in books)
