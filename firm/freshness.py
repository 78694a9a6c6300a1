"""Freshness: whether the prices that an equity rests on were too old for a verdict: those of what is held, and exchange rates.

A conversion names its path (the hops), its quote and side (the working cites them) and its age at most (the policy). A symbol is silent
only while its session is open: what nobody trades has no newer price, at the platform neither.
"""

from firm.account import AccountState
from firm.equity import Board
from firm.facts import Doubt
from firm.policy import Policy
from firm.price import Quote, SymbolSpec
from firm.sessions import is_closed, is_open


def symbols_held(account: AccountState) -> tuple[str, ...]:
    """What positions are in, sorted."""
    return tuple(sorted({held.symbol for held in account.positions}))


def symbols_converting(account: AccountState, board: Board) -> tuple[str, ...]:
    """The symbols through whose prices profits come into the account's currency, sorted. Contracts must be known."""
    hops = [
        hop
        for symbol in symbols_held(account)
        if symbol in board.specs
        for hop in board.path(board.specs[symbol].currency_profit, account.initial.currency) or ()
    ]
    return tuple(sorted({hop.symbol for hop in hops}))


def as_conversion(doubt: Doubt) -> Doubt:
    """What a doubt about a price is called where the price is an exchange rate."""
    return Doubt.STALE_CONVERSION if doubt is Doubt.STALE_QUOTE else doubt


def is_stale(quote: Quote, spec: SymbolSpec, at_us: int, age_max_us: int) -> bool:
    """Whether a price was too old at an instant to decide by. At a session's open Friday's price is no silence of the feed, and yet not
    the market's; nor is a price of a name that was given away, nor one that came while the market was closed.
    """
    if spec.renamed_to or is_closed(spec, quote.t_us):
        return True
    return at_us - quote.t_us > age_max_us and is_open(spec, at_us)


def aged(account: AccountState, board: Board, at_us: int, policy: Policy) -> set[Doubt]:
    """Which of the board's prices were older at an instant than they may be."""

    def is_aged(symbol: str, age_max_us: int) -> bool:
        quote = board.quotes.get(symbol)
        return quote is not None and is_stale(quote, board.specs[symbol], at_us, age_max_us)

    held = any(is_aged(symbol, policy.stale_after_us) for symbol in symbols_held(account))
    rates = any(is_aged(symbol, policy.conversion_age_max_us) for symbol in symbols_converting(account, board))
    return ({Doubt.STALE_QUOTE} if held else set()) | ({Doubt.STALE_CONVERSION} if rates else set())
