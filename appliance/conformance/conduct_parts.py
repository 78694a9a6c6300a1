"""Parts of conduct: the positions, trades and answers that its adapters share."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from appliance.conformance.vector import CannotExpress, Vector
from firm.arithmetic import Figure
from firm.inputs import Side
from firm.instant import SECOND_US
from firm.rules.figures import Marks
from firm.terms.words import Boundary
from firm.track import HeldPosition, Trade

EQUITY_MINOR = 10_000_000
"""An account's worth where a vector speaks of shares alone: 1 % of it is a whole number of minor units, and so is 0.00001 %."""


def marks(*, start_profit: int = 0) -> Marks:
    return Marks(Figure(EQUITY_MINOR, ""), Figure(EQUITY_MINOR, ""), Figure(start_profit, ""))


def boundary_of(breach_when: Any) -> Boundary:
    """Whether reaching a limit breaks it. Where nothing is said, only what is beyond it does."""
    match breach_when:
        case "le" | "ge":
            return Boundary.TOUCHES
        case "lt" | "gt" | None:
            return Boundary.CROSSES
        case _:
            raise CannotExpress(f"a breach when {breach_when!r}")


def held(
    name: int,
    *,
    symbol: str = "X",
    lots_e8: int = 1,
    price_open: int = 0,
    opened_us: int = 0,
    stop: int = 0,
    target: int = 0,
    stop_risk: int | None = None,
    margin: int | None = None,
) -> HeldPosition:
    """A long position."""
    return HeldPosition(
        position_id=str(name),
        symbol=symbol,
        side=Side.BUY,
        lots_e8=lots_e8,
        price_open=price_open,
        opened_us=opened_us,
        floating=0,
        stop_loss=stop,
        take_profit=target,
        stop_risk=stop_risk,
        target_gain=None,
        notional=None,
        margin=margin,
        seq=0,
    )


def closed(name: int, *, lasted_us: int = 0, net: int = 0) -> Trade:
    """A trade of one lot."""
    return Trade(
        position_id=str(name),
        symbol="X",
        side=Side.BUY,
        lots_e8=1,
        price_open=0,
        price_close=0,
        opened_us=0,
        closed_us=lasted_us,
        opened_day="",
        closed_day="",
        net=net,
        had_stop=False,
        part=False,
        seq=0,
    )


def us_of(seconds: Any) -> int:
    """Seconds, of which parts may be told, in microseconds."""
    us = Decimal(seconds) * SECOND_US
    if us != us.to_integral_value():
        raise CannotExpress(f"{seconds} s is no number of microseconds")
    return int(us)


def seconds_of(number: Any, unit_s: int) -> int:
    """Minutes or hours of a term in whole seconds."""
    seconds = Decimal(number) * unit_s
    if seconds != seconds.to_integral_value():
        raise CannotExpress(f"{number} x {unit_s} s is no number of seconds")
    return int(seconds)


def each_or(vector: Vector, key: str, answers: Sequence[bool], together: bool) -> bool | list[bool]:
    """An answer for each entry where a list is asked for, else what they come to."""
    return list(answers) if isinstance(vector.expect.get(key), list) else together
