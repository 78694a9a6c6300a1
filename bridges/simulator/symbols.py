"""Symbols: what this platform lists, with contract, sessions, swap and depth, and the platform's rollover.

Sessions are minutes of the week from Monday 00:00 in the symbol's zone, as `firm.price.SymbolSpec` has them. What is traded in New
York's hours closes for the week on Friday at 17:00. Holidays are in `bridges/simulator/holidays.py`, by year.
"""

from zoneinfo import ZoneInfo

import msgspec

from firm.instant import datetime_of
from firm.price import CONTRACT_SCALE, LOTS_SCALE, SymbolSpec
from firm.sessions import DAY_MINUTES, WEEK_MINUTES
from firm.trading_day import TradingCalendar

NEW_YORK = "America/New_York"
BERLIN = "Europe/Berlin"
_CLOSE = 17 * 60
_GOLD_BREAK = 17 * 60 + 15
_EVENING = 18 * 60  # when gold and the index open again in New York
_XETRA = (2 * 60, 22 * 60)
_FRIDAY, _SUNDAY, _WEDNESDAY = 4, 6, 2

Sessions = tuple[tuple[int, int], ...]


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A symbol with the platform's own terms.

    `swap_long`, `swap_short`: points added to the profit of a lot for each night. `calc_mode`: the platform's name for
    its profit formula. `depth_e8`: lots that each side of a price has in a calm market, for exchange execution.
    `dividends`: points a lot by ex-date ("2014-05-02"), credited to longs and debited from shorts.
    """

    spec: SymbolSpec
    calc_mode: str
    swap_long: int
    swap_short: int
    depth_e8: int
    dividends: tuple[tuple[str, int], ...] = ()


def _with_rest(break_minute: int) -> Sessions:
    """Sunday evening to Friday 17:00 in New York, with a rest each day until the evening."""
    breaks = [(n * DAY_MINUTES + break_minute, n * DAY_MINUTES + _EVENING) for n in range(_FRIDAY)]
    edges = [0, *(minute for pair in breaks for minute in pair), _FRIDAY * DAY_MINUTES + _CLOSE]
    return (*zip(edges[::2], edges[1::2], strict=True), (_SUNDAY * DAY_MINUTES + _EVENING, WEEK_MINUTES))


def _pair(symbol: str, digits: int, swap_long: int, swap_short: int, depth: int) -> Listing:
    """A currency pair: a lot is 100 000 of the first currency."""
    return Listing(
        spec=SymbolSpec(
            symbol=symbol,
            digits=digits,
            contract_e8=100_000 * CONTRACT_SCALE,
            currency_base=symbol[:3],
            currency_profit=symbol[3:],
            zone=NEW_YORK,
            sessions=((0, _FRIDAY * DAY_MINUTES + _CLOSE), (_SUNDAY * DAY_MINUTES + _CLOSE, WEEK_MINUTES)),
        ),
        calc_mode="forex",
        swap_long=swap_long,
        swap_short=swap_short,
        depth_e8=depth * LOTS_SCALE,
    )


EURUSD = _pair("EURUSD", 5, -6, -6, 50)
GBPUSD = _pair("GBPUSD", 5, -5, -7, 40)
USDJPY = _pair("USDJPY", 3, -2, -9, 40)
EURGBP = _pair("EURGBP", 5, -5, -3, 30)
USDCZK = _pair("USDCZK", 4, -60, -90, 10)

# In the bundled prices gold's last price before the rest is of 17:14.
XAUUSD = Listing(
    spec=SymbolSpec(
        symbol="XAUUSD",
        digits=3,
        contract_e8=100 * CONTRACT_SCALE,
        currency_base="XAU",
        currency_profit="USD",
        zone=NEW_YORK,
        sessions=_with_rest(_GOLD_BREAK),
    ),
    calc_mode="cfd_leverage",
    swap_long=-42,
    swap_short=-18,
    depth_e8=20 * LOTS_SCALE,
)

# The dividends are made up: a price index, whose members pay nearly every day.
US500 = Listing(
    spec=SymbolSpec(
        symbol="US500",
        digits=2,
        contract_e8=10 * CONTRACT_SCALE,
        currency_base="US500",
        currency_profit="USD",
        zone=NEW_YORK,
        sessions=_with_rest(_CLOSE),
    ),
    calc_mode="cfd_index",
    swap_long=-14,
    swap_short=-4,
    depth_e8=30 * LOTS_SCALE,
    dividends=(("2014-05-02", 31), ("2014-05-05", 12), ("2014-05-07", 48)),
)

# A performance index: what its members pay is in it already.
DE40 = Listing(
    spec=SymbolSpec(
        symbol="DE40",
        digits=1,
        contract_e8=25 * CONTRACT_SCALE,
        currency_base="DE40",
        currency_profit="EUR",
        zone=BERLIN,
        sessions=tuple((n * DAY_MINUTES + _XETRA[0], n * DAY_MINUTES + _XETRA[1]) for n in range(_FRIDAY + 1)),
    ),
    calc_mode="cfd_index",
    swap_long=-9,
    swap_short=-3,
    depth_e8=20 * LOTS_SCALE,
)

LISTED = {listing.spec.symbol: listing for listing in (EURUSD, XAUUSD, GBPUSD, USDJPY, EURGBP, USDCZK, US500, DE40)}

_PLATFORM_DAY = TradingCalendar(NEW_YORK, "17:00")


def rollover_after(instant_us: int) -> int:
    """The platform's next rollover strictly after the instant: 17:00 in New York."""
    return _PLATFORM_DAY.day_at(instant_us).end_us


def nights_at(rollover_us: int) -> int:
    """How many nights' swap this rollover posts: three on Wednesday, for settlement is two days off; none at weekends."""
    weekday = datetime_of(rollover_us).astimezone(ZoneInfo(NEW_YORK)).weekday()
    if weekday > _FRIDAY:
        return 0
    return 3 if weekday == _WEDNESDAY else 1
