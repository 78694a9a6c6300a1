"""The account's doubts about prices: what may be wrong with those that a verdict would rest on. None of them ends an account by itself."""

from actors.desk import Turn
from firm.account import AccountState
from firm.equity import symbols_needed
from firm.facts import Doubt
from firm.freshness import as_conversion, symbols_converting, symbols_held

OF_PRICES = frozenset({
    Doubt.STALE_QUOTE, Doubt.STALE_CONVERSION, Doubt.NO_QUOTE, Doubt.OUTSIDE_SANITY_BAND, Doubt.CONFLATED_PRICES,
    Doubt.PLATFORM_DOWN, Doubt.LATE_DATA,
})  # fmt: skip


def price_doubts(state: AccountState, at_us: int, turn: Turn) -> set[Doubt]:
    """What is not certain of the prices of what is held, and of the exchange rates through which its profit comes."""
    market, policy = turn.market(state.bridge), turn.policy
    if symbols_needed(state, market.board) is None:
        return set(market.doubts_about((), at_us, policy.stale_after_us))
    held = market.doubts_about(symbols_held(state), at_us, policy.stale_after_us)
    rates = market.doubts_about(symbols_converting(state, market.board), at_us, policy.conversion_age_max_us)
    return {*held, *map(as_conversion, rates)}
