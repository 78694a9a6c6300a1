"""Exhibits: ticks that a decision rests on, copied into the account's own chain so that evidence can show them."""

from actors.desk import Turn
from firm.account import AccountState
from firm.equity import Board, Priced, quotes_used
from firm.exhibits import exhibit_of
from firm.price import Quote, SymbolSpec


def cite(state: AccountState, board: Board, turn: Turn) -> dict[str, Priced]:
    """Record each tick that the account's equity rests on; returns the row of each by symbol."""
    return cite_quotes(quotes_used(state, board), board.specs, state.account, turn)


def cite_quotes(quotes: tuple[Quote, ...], specs: dict[str, SymbolSpec], account: int, turn: Turn) -> dict[str, Priced]:
    """Record the given ticks with the contracts in force."""
    return {
        quote.symbol: Priced(turn.record(exhibit_of(quote, specs[quote.symbol]), account, quote.t_us))
        for quote in quotes
    }
