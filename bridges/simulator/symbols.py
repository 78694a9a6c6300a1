"""Symbols: what this platform lists, with contract, sessions, swap, slippage and the platform's rollover.

Sessions are minutes of the week from Monday 00:00 in New York, as `firm.price.SymbolSpec` has them. Both symbols close for
the week on Friday at 17:00; gold also rests each day until 18:00, and in the bundled prices its last price before the rest is of 17:14.
"""

from datetime import timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from firm.instant import DAY_US, HOUR_US, MINUTE_US, datetime_of
from firm.price import CONTRACT_SCALE, LOTS_SCALE, SymbolSpec
from firm.trading_day import TradingCalendar

NEW_YORK = "America/New_York"
_MINUTES_OF_DAY = 24 * 60
_MINUTES_OF_WEEK = 7 * _MINUTES_OF_DAY
_CLOSE = 17 * 60
_GOLD_BREAK = 17 * 60 + 15
_GOLD_OPEN = 18 * 60
_FRIDAY, _SUNDAY, _WEDNESDAY = 4, 6, 2


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A symbol with the platform's own terms.

    `swap_long`, `swap_short`: points added to the profit of a lot for each night. `calc_mode`: the platform's name for
    its profit formula. `depth_e8`: lots that each side of a price has in a calm market, for exchange execution.
    """

    spec: SymbolSpec
    calc_mode: str
    swap_long: int
    swap_short: int
    depth_e8: int


def _gold_sessions() -> tuple[tuple[int, int], ...]:
    day = _MINUTES_OF_DAY
    breaks = [(n * day + _GOLD_BREAK, n * day + _GOLD_OPEN) for n in range(_FRIDAY)]
    edges = [0, *(minute for pair in breaks for minute in pair), _FRIDAY * day + _CLOSE]
    return (*zip(edges[::2], edges[1::2], strict=True), (_SUNDAY * day + _GOLD_OPEN, _MINUTES_OF_WEEK))


EURUSD = Listing(
    spec=SymbolSpec(
        symbol="EURUSD",
        digits=5,
        contract_e8=100_000 * CONTRACT_SCALE,
        currency_base="EUR",
        currency_profit="USD",
        zone=NEW_YORK,
        sessions=((0, _FRIDAY * _MINUTES_OF_DAY + _CLOSE), (_SUNDAY * _MINUTES_OF_DAY + _CLOSE, _MINUTES_OF_WEEK)),
    ),
    calc_mode="forex",
    swap_long=-6,
    swap_short=-6,
    depth_e8=50 * LOTS_SCALE,
)

XAUUSD = Listing(
    spec=SymbolSpec(
        symbol="XAUUSD",
        digits=3,
        contract_e8=100 * CONTRACT_SCALE,
        currency_base="XAU",
        currency_profit="USD",
        zone=NEW_YORK,
        sessions=_gold_sessions(),
    ),
    calc_mode="cfd_leverage",
    swap_long=-42,
    swap_short=-18,
    depth_e8=20 * LOTS_SCALE,
)

LISTED = {listing.spec.symbol: listing for listing in (EURUSD, XAUUSD)}

_PLATFORM_DAY = TradingCalendar(NEW_YORK, "17:00")


def is_open(spec: SymbolSpec, instant_us: int) -> bool:
    """Whether the symbol's session is open at the instant."""
    local_us = instant_us + _offset_us(spec.zone, instant_us // HOUR_US)
    # 1970-01-01 was a Thursday, three days after a Monday.
    minute = (local_us + 3 * DAY_US) // MINUTE_US % _MINUTES_OF_WEEK
    return any(start <= minute < end for start, end in spec.sessions)


@lru_cache(maxsize=4096)
def _offset_us(zone: str, hour: int) -> int:
    """Local time less UTC; zones here change their offset on a whole UTC hour."""
    offset = datetime_of(hour * HOUR_US).astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return offset // timedelta(microseconds=1)


def rollover_after(instant_us: int) -> int:
    """The platform's next rollover strictly after the instant: 17:00 in New York."""
    return _PLATFORM_DAY.day_at(instant_us).end_us


def nights_at(rollover_us: int) -> int:
    """How many nights' swap this rollover posts: three on Wednesday, for settlement is two days off; none at weekends."""
    weekday = datetime_of(rollover_us).astimezone(ZoneInfo(NEW_YORK)).weekday()
    if weekday > _FRIDAY:
        return 0
    return 3 if weekday == _WEDNESDAY else 1
