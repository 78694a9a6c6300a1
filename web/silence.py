"""Silence: which platform has had no price of which symbols, and since when, in one sentence for each platform."""

from collections.abc import Collection, Iterator, Mapping

from actors.live import Health
from actors.market_state import MarketState
from web import words

NAMED_MAX = 4  # symbols of one platform that are named; of more it is said how many


def silences(
    health: Health, markets: Mapping[str, MarketState], wanted: Collection[tuple[str, str]] | None = None
) -> Iterator[str]:
    """`wanted`: the (bridge, symbol) that are asked about; None is all."""
    for one in health.bridges:
        market = markets.get(one.bridge)
        asked = [symbol for symbol in one.stale_symbols if wanted is None or (one.bridge, symbol) in wanted]
        known = [symbol for symbol in asked if market is not None and symbol in market.quotes]
        if market is None or not known:
            continue
        if one.prices_ended_us:
            yield f"{one.bridge}: the prices ended at {_instant(one.prices_ended_us, health.firm_time_us)}"
            continue
        since: dict[str, list[str]] = {}
        for symbol in known:
            since.setdefault(_instant(market.quotes[symbol].t_us, health.firm_time_us), []).append(symbol)
        told = (
            f"{_listed(symbols)} {'has' if len(symbols) == 1 else 'have'} had no price since {at}"
            for at, symbols in since.items()
        )
        yield f"{one.bridge}: {', '.join(told)}"


def _instant(at_us: int, now_us: int) -> str:
    """With its date, where that is another than today's."""
    is_today = words.day(at_us) == words.day(now_us)
    return f"{words.clock(at_us)} UTC" if is_today else words.moment(at_us)


def _listed(symbols: list[str]) -> str:
    """EURUSD and XAUUSD; of many the first ones, and how many more."""
    named, more = symbols[:NAMED_MAX], len(symbols) - NAMED_MAX
    if more > 0:
        return f"{', '.join(named)} and {words.plural(more, 'other', 'others')}"
    *first, last = named
    return f"{', '.join(first)} and {last}" if first else last
