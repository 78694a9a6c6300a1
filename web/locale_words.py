"""Locale words: what `web/words.py` writes of money, numbers and times, as another language than English writes it.

Pages call it as they call that module. What is kept in its own order among words from right to left says so here.
"""

from collections.abc import Callable
from datetime import date
from functools import lru_cache

from babel import Locale
from babel.numbers import get_decimal_symbol

from firm.instant import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from firm.money import Money
from firm.sentences.languages import Language
from firm.trading_day import TradingCalendar
from web import words
from web.languages import RIGHT_TO_LEFT
from web.rule_words import RuleFigures, day_as

_UNITS = ((DAY_US, "day"), (HOUR_US, "hour"), (MINUTE_US, "minute"), (SECOND_US, "second"))
_DAYS_KEPT = 512  # a page tells a few days, each many times


class LocaleWords:
    """One language. `unit`: what it calls a unit of time, by our name of it."""

    iso = staticmethod(words.iso)
    tone_of = staticmethod(words.tone_of)
    moment_field = staticmethod(words.moment_field)
    upper_first = staticmethod(words.upper_first)

    def __init__(self, language: Language, figures: RuleFigures, unit: Callable[[str], str]) -> None:
        self._figures = figures
        self._language = language.value
        self._unit = unit
        self._comma = "،" if language in RIGHT_TO_LEFT else ","
        self._point = get_decimal_symbol(Locale(self._language))
        self._apart = figures.apart

    # --- numbers ---

    def money(self, amount: Money) -> str:
        return self._apart(f"{self._plain(amount)}{words.JOINED}{amount.currency}")

    def figure(self, amount: Money) -> str:
        return self._apart(self._plain(amount))

    def change(self, amount: Money) -> str:
        return self._apart(f"{_sign(amount)}{self._plain(amount)}{words.JOINED}{amount.currency}")

    def change_figure(self, amount: Money) -> str:
        return self._apart(f"{_sign(amount)}{self._plain(amount)}")

    def percent(self, basis_points: int) -> str:
        return self._apart(self._figures.percent(basis_points))

    def price(self, points: int, digits: int) -> str:
        """Every digit that the platform has, none grouped, with the mark that the amounts beside it have."""
        return self._apart(words.price(points, digits).replace(".", self._point))

    def lots(self, lots_e8: int) -> str:
        return self._apart(self._figures.lots(lots_e8))

    def count(self, number: int) -> str:
        return self._apart(self._figures.count(number))

    def units(self, amount_e8: int) -> str:
        """A contract's size, with the decimals it has."""
        return self._apart(self._figures.units(amount_e8))

    def _plain(self, amount: Money) -> str:
        return self._figures.decimal(amount.minor, amount.exponent)

    # --- times ---

    def clock(self, instant_us: int, zone: str = "UTC") -> str:
        return words.clock(instant_us, zone)

    def clock_short(self, instant_us: int, zone: str = "UTC") -> str:
        return words.clock_short(instant_us, zone)

    def precise(self, instant_us: int, zone: str = "UTC") -> str:
        return words.precise(instant_us, zone)

    def hour(self, instant_us: int, zone: str = "UTC") -> str:
        local = words.in_zone(instant_us, zone)
        return f"{_day_as('MMMEd', local.date(), self._language)}{self._comma} {words.clock_short(instant_us, zone)}"

    def day(self, instant_us: int, zone: str = "UTC") -> str:
        return _day_as("yMMMd", words.in_zone(instant_us, zone).date(), self._language)

    def moment(self, instant_us: int, zone: str = "UTC") -> str:
        return f"{self.day(instant_us, zone)}{self._comma} {self._clock_in_zone(instant_us, zone, words.clock)}"

    def moment_precise(self, instant_us: int, zone: str = "UTC") -> str:
        return f"{self.day(instant_us, zone)}{self._comma} {self._clock_in_zone(instant_us, zone, words.precise)}"

    def other_day(self, instant_us: int, calendar: TradingCalendar) -> str:
        label = calendar.day_at(instant_us).label
        is_same = words.iso(instant_us).startswith(label)
        return "" if is_same else _day_as("MMMd", date.fromisoformat(label), self._language)

    def span(self, length_us: int) -> str:
        """A length of time in its two largest units."""
        left, parts = max(0, length_us), []
        for size, name in _UNITS:
            amount, left = divmod(left, size)
            if amount:
                parts.append(f"{amount}{words.JOINED}{self._unit(name)}")
        return " ".join(parts[:2]) or f"0{words.JOINED}{self._unit('second')}"

    def pause(self, length_us: int) -> str:
        """The time between two prices, to the millisecond where it is shorter than a minute."""
        if length_us >= MINUTE_US:
            return self.span(length_us)
        thousandths = length_us // 1_000
        if thousandths < SECOND_US // 1_000:
            return f"{thousandths}{words.JOINED}{self._unit('millisecond')}"
        return f"{self._figures.decimal(thousandths, 3)}{words.JOINED}{self._unit('second')}"

    def _clock_in_zone(self, instant_us: int, zone: str, written: Callable[[int, str], str]) -> str:
        name = words.in_zone(instant_us, zone).tzname() or zone
        return self._apart(f"{written(instant_us, zone)} {name}")


def _sign(amount: Money) -> str:
    return "+" if amount.minor > 0 else ""


@lru_cache(maxsize=_DAYS_KEPT)
def _day_as(skeleton: str, day: date, language: str) -> str:
    """Babel reads its patterns anew for each date, and a page has the same few dates many times."""
    return day_as(skeleton, day, Locale(language))
