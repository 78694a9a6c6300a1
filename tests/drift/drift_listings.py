"""What the histories of this room are traded in: the platform's listings, and others whose profit is converted in every way.

One hop, one hop the other way, two hops, a contract that is no currency pair, and prices from one to six digits.
"""

from bridges.simulator.symbols import LISTED, NEW_YORK, Listing
from firm.price import CONTRACT_SCALE, LOTS_SCALE, SymbolSpec

WEEK = ((0, 4 * 1_440 + 17 * 60), (6 * 1_440 + 17 * 60, 7 * 1_440))


def _listing(
    symbol: str, digits: int, units: int, base: str, profit: str, swaps: tuple[int, int], *, always: bool = False
) -> Listing:
    return Listing(
        spec=SymbolSpec(
            symbol=symbol, digits=digits, contract_e8=units * CONTRACT_SCALE, currency_base=base, currency_profit=profit,
            zone=NEW_YORK, sessions=() if always else WEEK,
        ),
        calc_mode="forex",
        swap_long=swaps[0],
        swap_short=swaps[1],
        depth_e8=40 * LOTS_SCALE,
    )  # fmt: skip


OTHERS = (
    _listing("EURGBP", 5, 100_000, "EUR", "GBP", (-5, 2)),
    _listing("GBPUSD", 5, 100_000, "GBP", "USD", (-3, -7)),
    _listing("USDJPY", 3, 100_000, "USD", "JPY", (11, -19)),
    _listing("GER40", 1, 25, "GER", "EUR", (-9, -4)),
)
# Where prices begin, in points; what is listed besides begins at 100 000.
BEGINS = {
    "EURUSD": 138_700, "XAUUSD": 1_290_000, "EURGBP": 82_300, "GBPUSD": 168_500, "USDJPY": 102_300, "GER40": 95_000,
}  # fmt: skip


def listed() -> dict[str, Listing]:
    """All of them, by name."""
    return {**LISTED, **{one.spec.symbol: one for one in OTHERS}}
