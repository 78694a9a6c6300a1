"""Beyond the floor: how much more was lost than is allowed, by when one looked: we at every price, pollers now and then.

Pollers look at the very same prices, for nothing, and have closed the account in the same instant: what is said of them is the least.
"""

import statistics
from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

from bench.payrolls import Long, Polled, polled
from firm.instant import SECOND_US
from firm.quote_frame import Tick

OURS = ("at once", "durable", "close")
POLLERS_S = (0.5, 2.0, 30.0)


class Beyond(NamedTuple):
    """An account that broke, and the bids of its symbol: at the price that broke it, when that was durable, and when it was to be closed.

    Money in cents, prices in points.
    """

    position: Long
    balance: int
    floor: int
    bids: dict[str, int]

    @property
    def allowed(self) -> int:
        return self.balance - self.floor

    @property
    def level(self) -> int:
        """The bid at which it breaks."""
        return self.position.breaks_at(self.allowed)

    def percent(self, points: float) -> float:
        """So many points beyond it, of the allowed loss."""
        a_thousand = self.position.profit(self.position.price + 1_000)
        return points * a_thousand / 1_000 * 100 / self.allowed


def beyond_of(found: Sequence[Beyond], ticks: Mapping[str, Sequence[Tick]]) -> dict[str, Any]:
    """Means over the accounts, at each of our instants and for each poller: % of the allowed loss, points by symbol, share never seen.

    A poller's are those of its first look below the floor, over all the moments at which it may have begun to look.
    """
    told = {}
    for name in OURS:
        told[name] = _means([(one, float(one.level - one.bids[name]), 0.0) for one in found])
    for every_s in POLLERS_S:
        look = cache(partial(_polled, ticks, int(every_s * SECOND_US)))
        looks = [(one, look(one.position.symbol, one.level)) for one in found]
        theirs = [(one, float(seen.points), float(seen.missed)) for one, seen in looks if seen is not None]
        told[f"{every_s:g} s"] = _means(theirs)
    return told


def _polled(ticks: Mapping[str, Sequence[Tick]], every_us: int, symbol: str, level: int) -> Polled | None:
    return polled(ticks[symbol], level, every_us)


def _means(found: Sequence[tuple[Beyond, float, float]]) -> dict[str, Any]:
    """Of (account, points, share missed); how far one was that was not seen at all, nobody can say."""
    seen = [(one, points) for one, points, missed in found if missed < 1]
    symbols = sorted({one.position.symbol for one, _ in seen})
    percents = [one.percent(points) for one, points in seen]
    return {
        "accounts": len(found),
        "percent": statistics.fmean(percents),
        "percent_max": max(percents),
        "points": {
            symbol: statistics.fmean(points for one, points in seen if one.position.symbol == symbol)
            for symbol in symbols
        },
        "missed": statistics.fmean(missed for _, _, missed in found),
    }
