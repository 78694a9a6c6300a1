"""Figures: amounts, prices, volumes and times as the ticket writes them: with the symbol's digits, in the currency's decimals, in UTC."""

from babel import Locale
from babel.dates import format_datetime

from bridges.simulator.state import State
from firm.instant import datetime_of
from firm.price import TEN_TO

_LOCALE = Locale("en", "GB")  # as the portal has it


def money(minor: int, exponent: int, *, signed: bool = False) -> str:
    """An amount with its decimals and thousands apart: "−1,234.50"."""
    whole, rest = divmod(abs(minor), TEN_TO[exponent])
    sign = "−" if minor < 0 else "+" if signed and minor > 0 else ""
    return f"{sign}{whole:,}" + (f".{rest:0{exponent}}" if exponent else "")


def price(state: State, symbol: str, points: int) -> str:
    """A price in the symbol's digits; "" for 0, which is none."""
    digits = state.listing(symbol).spec.digits
    whole, rest = divmod(points, TEN_TO[digits])
    return (f"{whole}.{rest:0{digits}}" if digits else str(whole)) if points else ""


def lots(lots_e8: int) -> str:
    hundredths = lots_e8 // 1_000_000
    return f"{hundredths // 100}.{hundredths % 100:02}"


def moment(instant_us: int) -> str:
    """2 May 2014, 12:30:05 UTC: as the portal writes it."""
    return f"{format_datetime(datetime_of(instant_us), 'd MMM y, HH:mm:ss', locale=_LOCALE)} UTC"
