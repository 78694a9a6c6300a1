"""Exhibits: a price and its symbol's contract, as one row holds them, and as they are read back from it."""

from firm.facts import QuoteUsed
from firm.price import Quote, SymbolSpec


def exhibit_of(quote: Quote, spec: SymbolSpec) -> QuoteUsed:
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


def quote_of(exhibit: QuoteUsed) -> Quote:
    return Quote(exhibit.symbol, exhibit.t_us, exhibit.bid, exhibit.ask, exhibit.frame, exhibit.index)


def spec_of(exhibit: QuoteUsed) -> SymbolSpec:
    """As much of the contract as a profit depends on."""
    return SymbolSpec(
        symbol=exhibit.symbol,
        digits=exhibit.digits,
        contract_e8=exhibit.contract_e8,
        currency_base=exhibit.currency_base,
        currency_profit=exhibit.currency_profit,
    )
