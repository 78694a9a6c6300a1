"""Example edge: where a rule's answer changes, found by asking its judge; and the positions, trades and words that examples share.

No bound of a term is read here: the last figure that is good and the first that is not are what the judge itself says. An example therefore
cannot say anything else than what decides.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from firm.account import AccountState
from firm.arithmetic import Figure
from firm.inputs import Side
from firm.instant import DAY_US, SECOND_US
from firm.rules.judged import Judged
from firm.ruleset import Rule
from firm.sentences.speaker import Speaker
from firm.track import HeldPosition, Trade

MANY = 2_000
"""From so many positions or trades on an example would be one to no reader."""
LOTS_STEP_E8 = 10**6
ONE_LOT_E8 = 10**8
SYMBOL = "EURUSD"
BEGINS_US = 20_241 * DAY_US + DAY_US // 2  # noon in London on a Monday, 2 June 2025


class Case(NamedTuple):
    """Of whom an example is told: an account that is made up, under a rule of its ruleset, and who tells it.

    `granted_days`: by which people extended the clocks of its phase.
    """

    account: AccountState
    rule: Rule
    say: Speaker
    granted_days: int = 0

    @property
    def size(self) -> int:
        """The initial balance in minor units."""
        return self.account.initial.minor


class Edge(NamedTuple):
    """Two neighbouring figures: with `good` a rule is kept or a condition met, with `bad` not."""

    good: int
    bad: int


def rising(is_good: Callable[[int], bool], highest: int, step: int = 1) -> Edge | None:
    """The edge of what is good while it is small, from nothing to `highest`, in steps; None where all of that is good, or none."""
    first_bad = bisect_left(range(highest // step + 1), True, key=lambda place: not is_good(place * step))
    return None if first_bad in (0, highest // step + 1) else Edge((first_bad - 1) * step, first_bad * step)


def falling(is_good: Callable[[int], bool], highest: int, step: int = 1) -> Edge | None:
    """The edge of what is good from some figure on."""
    edge = rising(lambda figure: not is_good(figure), highest, step)
    return None if edge is None else Edge(edge.bad, edge.good)


def nothing_broken(answers: Iterable[Judged]) -> bool:
    return not any(answer.is_broken for answer in answers)


def told(figure: int) -> Figure:
    """A figure that an example tells: it came from no row."""
    return Figure(figure, "")


def edge_told(say: Speaker, form: str, what: str, edge: Edge | None, figure: Callable[[int], str]) -> Iterator[str]:
    """One sentence about both sides of an edge; none where there is no edge. `form`: of the catalog's, under `example`."""
    if edge is not None:
        yield say(f"example.{form}", what=what, good=figure(edge.good), bad=figure(edge.bad))


def held(
    number: int = 1,
    *,
    side: Side = Side.BUY,
    lots_e8: int = ONE_LOT_E8,
    price: int = 100_000,
    opened_us: int = BEGINS_US,
    floating: int = 0,
    stop: int = 0,
    target: int = 0,
    stop_risk: int | None = None,
    share_minor: int = 0,
    symbol: str = SYMBOL,
) -> HeldPosition:
    """An open position. `share_minor`: what it is worth, and the margin that it takes."""
    return HeldPosition(
        position_id=str(number), symbol=symbol, side=side, lots_e8=lots_e8, price_open=price, opened_us=opened_us,
        floating=floating, stop_loss=stop, take_profit=target, stop_risk=stop_risk, target_gain=None,
        notional=share_minor, margin=share_minor, seq=0,
    )  # fmt: skip


def trade(
    number: int = 1,
    *,
    side: Side = Side.BUY,
    lots_e8: int = ONE_LOT_E8,
    opened_us: int = BEGINS_US,
    lasted_us: int = SECOND_US,
    net: int = 0,
    symbol: str = SYMBOL,
) -> Trade:
    """A position that was opened and closed again."""
    return Trade(
        position_id=str(number), symbol=symbol, side=side, lots_e8=lots_e8, price_open=1, price_close=1,
        opened_us=opened_us, closed_us=opened_us + lasted_us, opened_day="", closed_day="", net=net, had_stop=True,
        part=False, seq=0,
    )  # fmt: skip
