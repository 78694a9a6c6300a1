"""Form figures: amounts, percents and lots as people type them into a form, exactly; the language keeps integers.

An amount of money has its currency in the same field, "100000.00 USD", and its usual decimals unless others are chosen. Other
amounts are in the currency of the program's size; basis points are typed as percent, lots as lots.
"""

import re
from collections.abc import Mapping

import msgspec

from firm.bounds import EXPONENT_MAX
from firm.money import Money

DECIMALS = "|decimals"
"""Beside the path of an amount with its currency: how many decimals it has, where they are not the usual ones."""
SIZE = "size"
"""Where the amount lies whose currency all other figures of a program are in."""

_DIGITS_MAX = 19
_DECIMALS_USUAL = 2
_WITH_CURRENCY = re.compile(r"(?P<figure>[-0-9_., ]*[0-9])\s*(?P<currency>[^\s0-9.,_-].*)", re.DOTALL)
_NONE = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
_THREE = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
_ITEM = re.compile(r"\[\d+\]\Z")
_TERM = re.compile(r"(?P<term>.*?\bterms\[\d+\])\..*", re.DOTALL)


class Unit(msgspec.Struct, frozen=True):
    """How a whole number of the language is typed: with so many `decimals`, and `sign` beside it. `said`: what such a figure is called."""

    sign: str
    decimals: int
    said: str
    example: str
    filled: bool = False  # money shows all its decimals

    def text(self, value: int) -> str:
        """As it would be typed: 525 basis points are "5.25"."""
        if not self.decimals:
            return str(value)
        digits = str(abs(value)).rjust(self.decimals + 1, "0")
        whole, fraction = digits[: -self.decimals], digits[-self.decimals :]
        kept = fraction if self.filled else fraction.rstrip("0")
        return ("-" if value < 0 else "") + whole + (f".{kept}" if kept else "")

    def read(self, typed: str) -> int:
        """The language's number. Raises ValueError in words."""
        text = typed.strip()
        if self.sign and text.endswith(self.sign):
            text = text.removesuffix(self.sign).strip()
        try:
            return _exactly(text, self.sign, self.decimals)
        except ValueError:
            written = f"digits with at most {self.decimals} decimals" if self.decimals else "whole digits"
            raise ValueError(f"{typed.strip()} is no {self.said}: write {written}, such as {self.example}.") from None


PERCENT = Unit("%", 2, "percentage", "5 or 5.25")
LOTS = Unit("lots", 8, "volume in lots", "1.5")
SECONDS = Unit("seconds", 0, "number of seconds", "60")
MINUTES = Unit("minutes", 0, "number of minutes", "15")
COUNT = Unit("", 0, "whole number", "3")
_MEASURED = {
    "quantity": {"lots": LOTS, "notional": PERCENT, "margin": PERCENT},
    "measured": {"lots": LOTS, "opposite_positions": LOTS},
}


def unit_of(path: str, typed: Mapping[str, str]) -> Unit:
    """The unit of the number at a path, by its name; of a limit, by what it is said to measure."""
    name = _ITEM.sub("", path).rpartition(".")[2]
    match name:
        case "limit":
            return _limited(path, typed)
        case "up_to_minor" if _beside(path, "counted", typed) == "payout_number":
            return COUNT
        case "profit_from":
            return in_currency(typed)
    words = name.split("_")
    match words[-1]:
        case "bp":
            return PERCENT
        case "minor":
            return in_currency(typed)
        case "minutes":
            return MINUTES
    return LOTS if "e8" in words else SECONDS if "s" in words or "seconds" in words else COUNT


def in_currency(typed: Mapping[str, str]) -> Unit:
    """Amounts in the currency of the program's size; while nobody knows it, with two decimals."""
    try:
        size = read_money(typed.get(SIZE, ""), typed.get(SIZE + DECIMALS, ""))
    except ValueError:
        size = Money(0, "", _DECIMALS_USUAL)
    example = Unit("", size.exponent, "", "", filled=True).text(1_000 * 10**size.exponent)
    return Unit(
        size.currency, size.exponent, f"amount{f' of {size.currency}' * bool(size.currency)}", example, filled=True
    )


def decimals_usual(currency: str) -> int:
    """As ISO 4217 has them; two where it does not know the currency."""
    return 0 if currency in _NONE else 3 if currency in _THREE else _DECIMALS_USUAL


def read_money(typed: str, decimals: str = "") -> Money:
    """An amount with its currency in one. `decimals`: "" for the usual ones. Raises ValueError in words."""
    found = _WITH_CURRENCY.fullmatch(typed.strip())
    if found is None:
        raise ValueError(f"{typed.strip()} is no amount with its currency: write both, such as 100000.00 USD.")
    currency = found["currency"]
    if decimals and not (re.fullmatch("[0-9]{1,2}", decimals) and int(decimals) <= EXPONENT_MAX):
        raise ValueError(f"a currency has 0 to {EXPONENT_MAX} decimals.")
    exponent = int(decimals) if decimals else decimals_usual(currency)
    try:
        return Money(_exactly(found["figure"], currency, exponent), currency, exponent)
    except ValueError:
        example = Unit("", exponent, "", "", filled=True).text(100_000 * 10**exponent)
        at_most = f"digits with at most {exponent} decimals" if exponent else "whole digits"
        raise ValueError(
            f"{typed.strip()} is no amount of {currency}: write {at_most} and no commas, such as {example} {currency}."
        ) from None


def typed_money(path: str, amount: Money) -> dict[str, str]:
    """What would have to be typed for it."""
    usual = amount.exponent == decimals_usual(amount.currency)
    figure = Unit("", max(amount.exponent, 0), "", "", filled=True).text(amount.minor)
    return {path: f"{figure} {amount.currency}".strip(), path + DECIMALS: "" if usual else str(amount.exponent)}


def _limited(path: str, typed: Mapping[str, str]) -> Unit:
    for by, units in _MEASURED.items():
        measured = _beside(path, by, typed)
        if measured:
            return in_currency(typed) if measured == "allocation" else units.get(measured, COUNT)
    return COUNT


def _beside(path: str, field: str, typed: Mapping[str, str]) -> str:
    """What was chosen in a field of the term that the path is in."""
    found = _TERM.fullmatch(path)
    return typed.get(f"{found['term']}.{field}|kind", "") if found else ""


def _exactly(text: str, currency: str, exponent: int) -> int:
    if sum(letter.isdigit() for letter in text) > _DIGITS_MAX:
        raise ValueError("too long for an amount")
    return Money.parse(text, currency, exponent).minor
