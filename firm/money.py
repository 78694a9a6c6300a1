"""Money: integer minor units of one currency, with the exponent of the account that holds it.

`Money(9_500_000, "USD", 2)` is 95,000.00 USD. The exponent travels with the value because a platform may keep
an account in a currency at its own precision (JPY at 0 or 2 digits, BTC at 8).
"""

import re
from typing import Annotated

import msgspec
from msgspec import Meta

MINUS = "−"
EXPONENT_READ_MAX = 18
"""Decimals that are written out. Nothing with more is sold; what was once is told as minor units and a power of ten."""
_DECIMAL = re.compile(r"(-?)([0-9][0-9_ ]*)(?:\.([0-9]+))?\Z")


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies or exponents met in one operation."""


class Money(msgspec.Struct, frozen=True, gc=False):
    """An amount: `minor` units of 10^-`exponent` `currency`."""

    minor: Annotated[
        int, Meta(description="How much, in the currency's smallest units: 10000 is 100.00 at two decimals.")
    ]
    currency: Annotated[str, Meta(description="Its three letters, such as EUR.")]
    exponent: Annotated[int, Meta(description="How many decimals the currency has.")]

    @classmethod
    def parse(cls, text: str, currency: str, exponent: int = 2) -> "Money":
        """Read "95_000.00" exactly; more decimals than `exponent` is a ValueError, never a rounding."""
        match = _DECIMAL.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"not an amount: {text!r}: write digits with at most {exponent} decimals")
        sign, whole, fraction = match.group(1), re.sub("[_ ]", "", match.group(2)), match.group(3) or ""
        if len(fraction) > exponent:
            raise ValueError(f"{text!r} has more than {exponent} decimals of {currency}")
        minor = int(whole + fraction.ljust(exponent, "0"))
        return cls(-minor if sign else minor, currency, exponent)

    def with_minor(self, minor: int) -> "Money":
        return Money(minor, self.currency, self.exponent)

    def __add__(self, other: "Money") -> "Money":
        self._require_same(other)
        return self.with_minor(self.minor + other.minor)

    def __sub__(self, other: "Money") -> "Money":
        self._require_same(other)
        return self.with_minor(self.minor - other.minor)

    def __neg__(self) -> "Money":
        return self.with_minor(-self.minor)

    def __lt__(self, other: "Money") -> bool:
        self._require_same(other)
        return self.minor < other.minor

    def __le__(self, other: "Money") -> bool:
        self._require_same(other)
        return self.minor <= other.minor

    def __str__(self) -> str:
        return f"{self.decimal()} {self.currency}"

    def decimal(self) -> str:
        """The amount as people read it, on pages and in the console alike: "−95,000.00", with a true minus sign."""
        if not 0 <= self.exponent <= EXPONENT_READ_MAX:
            return f"{MINUS if self.minor < 0 else ''}{abs(self.minor)}e{-self.exponent}"
        digits = str(abs(self.minor)).rjust(self.exponent + 1, "0")
        whole, fraction = (digits[: -self.exponent], digits[-self.exponent :]) if self.exponent else (digits, "")
        grouped = f"{int(whole):,}"
        return (MINUS if self.minor < 0 else "") + grouped + (f".{fraction}" if fraction else "")

    def _require_same(self, other: "Money") -> None:
        if (self.currency, self.exponent) != (other.currency, other.exponent):
            raise CurrencyMismatch(
                f"{self.currency} at {self.exponent} digits met {other.currency} at {other.exponent} digits: convert first"
            )


def divided_rounded_down(numerator: int, denominator: int) -> int:
    """The quotient rounded towards minus infinity."""
    return numerator // denominator


def divided_rounded_up(numerator: int, denominator: int) -> int:
    """The quotient rounded towards plus infinity."""
    return -(-numerator // denominator)


def divided_rounded_half_away(numerator: int, denominator: int) -> int:
    """The quotient rounded to the nearest, halves away from zero: how MetaTrader rounds profit."""
    assert denominator > 0
    doubled = 2 * abs(numerator) + denominator
    rounded = doubled // (2 * denominator)
    return -rounded if numerator < 0 else rounded
