"""Exhibits: ticks that a decision rests on, copied into the account's own chain so that evidence can show them."""

from actors.desk import Turn
from firm.account import AccountState
from firm.equity import Board, Priced, quotes_used
from firm.facts import QuoteUsed
from firm.price import Quote, SymbolSpec


def cite(state: AccountState, board: Board, turn: Turn) -> dict[str, Priced]:
    """Record each tick that the account's equity rests on; returns the row of each by symbol."""
    return cite_quotes(quotes_used(state, board), board.specs, state.account, turn)


def cite_quotes(quotes: tuple[Quote, ...], specs: dict[str, SymbolSpec], account: int, turn: Turn) -> dict[str, Priced]:
    """Record the given ticks with the contracts in force."""
    return {
        quote.symbol: Priced(turn.record(_exhibit(quote, specs[quote.symbol]), account, quote.t_us)) for quote in quotes
    }


def _exhibit(quote: Quote, spec: SymbolSpec) -> QuoteUsed:
    return QuoteUsed(
        symbol=quote.symbol,
        frame=quote.frame,
        index=quote.index,
        t_us=quote.t_us,
        bid=quote.bid,
        ask=quote.ask,
        digits=spec.digits,
        contract_e8=spec.contract_e8,
        currency_base=spec.currency_base,
        currency_profit=spec.currency_profit,
    )
