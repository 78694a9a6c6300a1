"""Prices: integers with a symbol's digit count, and what a position is worth at them.

A price of 1.38597 on a five-digit symbol is 138597 points. Volumes are lots times 10^8, contract sizes units times
10^8, so that profit is one exact integer expression with one named rounding, as the platform does it.
"""

from bisect import insort
from collections.abc import Iterable

import msgspec

from firm.arithmetic import Arithmetic
from firm.money import divided_rounded_half_away

LOTS_SCALE = 10**8
CONTRACT_SCALE = 10**8
_SHIFTS = sorted(range(-9, 10), key=abs)  # by how many digits the points of a symbol may change


class SymbolSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A symbol as its platform defines it.

    `contract_e8`: units a lot, times 10^8. `sessions`: open stretches as [start, end) minutes of the week from Monday
    00:00 in `zone`; empty means always open. `sanity_band_bp`: a price that moves further than this from the last
    accepted one is kept but decides no hard failure; the band widens with each minute of silence. `closed`: stretches
    [from_us, to_us) in which it does not trade although the week says so: holidays and early closes. `renamed_to`: the name
    under which it goes on; under this one it has no price any more, and nothing is converted through it.
    """

    symbol: str
    digits: int
    contract_e8: int
    currency_base: str
    currency_profit: str
    zone: str = "UTC"
    sessions: tuple[tuple[int, int], ...] = ()
    sanity_band_bp: int = 500
    closed: tuple[tuple[int, int], ...] = ()
    renamed_to: str = ""

    @property
    def worth(self) -> tuple[int, int, str, str]:
        """What a price and a lot of it mean."""
        return self.digits, self.contract_e8, self.currency_base, self.currency_profit


class Quote(msgspec.Struct, frozen=True, gc=False):
    """One price: bid and ask in points at `t_us` by the platform's clock; tick `index` of the frame at ledger seq `frame`."""

    symbol: str
    t_us: int
    bid: int
    ask: int
    frame: int
    index: int


class Hop(msgspec.Struct, frozen=True):
    """One step of a conversion: through `symbol`, dividing by its price when `inverse`, else multiplying."""

    symbol: str
    digits: int
    inverse: bool


def rescaled(points: int, shift: int) -> int:
    """A price in points of `shift` more digits, rounded half away where there are fewer; a price stays one."""
    if shift >= 0:
        return int(points * 10**shift)
    rounded = divided_rounded_half_away(points, 10**-shift)
    return max(1, rounded) if points > 0 else rounded


def shift_between(before: int, after: int) -> int:
    """By how many digits the points of a price changed: the shift that comes nearest to it, mostly none."""
    return min(_SHIFTS, key=lambda shift: abs(rescaled(before, shift) - after))


class Crosses:
    """Ways between currencies, over contracts that change one at a time: thousands may be told, and each leaves most ways as they are."""

    def __init__(self, specs: Iterable[SymbolSpec]) -> None:
        self._hops: dict[tuple[str, str], list[tuple[str, Hop]]] = {}  # by name, between each two currencies
        self._beside: dict[str, set[str]] = {}
        for spec in specs:
            self.add(spec)

    def add(self, spec: SymbolSpec) -> None:
        for start, hop, end in _edges(spec):
            insort(self._hops.setdefault((start, end), []), (spec.symbol, hop), key=_name)
            self._beside.setdefault(start, set()).add(end)

    def remove(self, spec: SymbolSpec) -> None:
        """One that was added."""
        for start, hop, end in _edges(spec):
            self._hops[start, end].remove((spec.symbol, hop))
            if not self._hops[start, end]:
                del self._hops[start, end]
                self._beside[start].discard(end)

    def path(self, source: str, target: str) -> tuple[Hop, ...] | None:
        """The shortest way from one currency to another, of at most two hops, or None. Ties go to the first symbol by name."""
        if source == target:
            return ()
        if (source, target) in self._hops:
            return (self._hops[source, target][0][1],)
        # Each contract converts both ways, so that who lies beside the target is whoever leads to it.
        middles = self._beside.get(source, set()) & self._beside.get(target, set())
        if not middles:
            return None
        middle = min(middles, key=lambda middle: self._hops[source, middle][0][0])
        return self._hops[source, middle][0][1], self._hops[middle, target][0][1]


def _name(hop: tuple[str, Hop]) -> str:
    return hop[0]


def _edges(spec: SymbolSpec) -> tuple[tuple[str, Hop, str], ...]:
    """Currency pairs convert both ways: base to profit multiplies by the price, profit to base divides by it."""
    if spec.contract_e8 <= CONTRACT_SCALE or len(spec.currency_base) != 3 or spec.renamed_to:
        return ()
    return (
        (spec.currency_base, Hop(spec.symbol, spec.digits, inverse=False), spec.currency_profit),
        (spec.currency_profit, Hop(spec.symbol, spec.digits, inverse=True), spec.currency_base),
    )


def floating_profit(
    calc: Arithmetic,
    *,
    label: str,
    is_long: bool,
    lots_e8: int,
    price_open: int,
    price_close: int,
    contract_e8: int,
    digits: int,
    exponent: int,
    rates: tuple[tuple[Hop, int, int, str], ...],
    ten_to: "dict[int, int]",
) -> int:
    """Profit of one position in minor units of the account, rounded once, half away from zero.

    `rates` are the hops with the (bid, ask) of each and the row of that quote, "" where none holds it. A profit is converted at the
    price at which the account would sell the profit currency, a loss at the one at which it would buy it.
    """
    moved = (
        calc.minus(f"{label} points", price_close, price_open)
        if is_long
        else calc.minus(f"{label} points", price_open, price_close)
    )
    sized = calc.times(f"{label} points x lots_e8", moved, lots_e8, "points x lots_e8")
    numerator = calc.times(f"{label} x contract_e8", sized, contract_e8, "points x lots_e8 x contract_e8")
    denominator = ten_to[digits] * LOTS_SCALE * CONTRACT_SCALE
    gains = numerator > 0
    for hop, bid, ask, row in rates:
        # Profit in the quote currency buys the base at the ask; a loss is bought back by selling base at the bid.
        side, points = ("ask", ask) if gains == hop.inverse else ("bid", bid)
        price = calc.given(f"{hop.symbol} {side} for {label}", points, "points", f"{row}/{side}" if row else "")
        if hop.inverse:
            numerator = calc.times(f"{label} through 1/{hop.symbol}", numerator, ten_to[hop.digits], "scaled")
            denominator = calc.times(f"{label} divisor with {hop.symbol}", denominator, price, "scaled")
        else:
            numerator = calc.times(f"{label} through {hop.symbol}", numerator, price, "scaled")
            denominator = calc.times(f"{label} divisor with {hop.symbol}", denominator, ten_to[hop.digits], "scaled")
    numerator = calc.times(f"{label} in minor units, unrounded", numerator, ten_to[exponent], "scaled")
    return calc.divided_rounded_half_away(f"{label} profit", numerator, denominator, "minor")


TEN_TO = {power: 10**power for power in range(40)}
