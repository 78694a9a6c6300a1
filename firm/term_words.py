"""Term words: each figure of a term as plain English with its unit: money as money, basis points as per cent, lots as lots.

For people who compare and check rulesets; the trader's sentences, which say what a term means, are elsewhere.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import msgspec

from firm.money import Money
from firm.plain_figures import lots, money, percent
from firm.terms.exposure import AccountsTogether, AcrossAccounts, ExposureLimit, Quantity
from firm.terms.objectives import FailsAt
from firm.terms.payouts import ProfitSplit, SplitCounted
from firm.terms.words import BySize, Fixed, Share, ShareOf

NONE = "none"
_OF = {
    ShareOf.INITIAL: "the initial balance",
    ShareOf.ANCHOR: "the anchor",
    ShareOf.HIGH: "the high",
    ShareOf.TARGET: "the profit target",
    ShareOf.DAY_START_PROFIT: "the profit with which the day began",
}
_LOOKED_AT = {
    FailsAt.CLOSE: "with each closing",
    FailsAt.ROLLOVER: "at each day's end",
    FailsAt.TARGET: "when all else that the phase asks for is met",
    None: "never",
}
"""When a share of the profit is looked at that ends the account, as decision 23 has it."""
_LABELS = {"fails_at": "looked at to end the account"}
_UNITS = frozenset({"bp", "minor", "e8", "s"})
_LIMITED = {
    Quantity.LOTS: "lots_e8",
    Quantity.POSITIONS: "count",
    Quantity.NOTIONAL: "bp",
    Quantity.MARGIN: "bp",
    AccountsTogether.ALLOCATION: "minor",
    AccountsTogether.LOTS: "lots_e8",
    AccountsTogether.ACCOUNTS: "count",
    AccountsTogether.OPPOSITE_POSITIONS: "lots_e8",
}
"""What `limit` counts, by what is measured."""


class TermWords:
    """Words for one term, or for a ruleset's own fields. `exponent`: decimals of the account's currency."""

    def __init__(self, term: msgspec.Struct, exponent: int) -> None:
        self._term = term
        self._exponent = exponent

    def fields(self) -> Iterator[tuple[str, str]]:
        """(label, value) of each of its fields in their order, the id apart."""
        for name in self._term.__struct_fields__:
            if name != "id":
                yield label(name), self.value(name, getattr(self._term, name))

    def value(self, name: str, value: Any) -> str:
        """The value of the field that is called `name`, at whatever depth."""
        match value:
            case FailsAt() | None if name == "fails_at":
                return _LOOKED_AT[value]
            case None:
                return NONE
            case bool():
                return "yes" if value else "no"
            case StrEnum():
                return value.value.replace("_", " ")
            case int():
                return self._number(self._unit(name), value)
            case Share():
                return f"{percent(value.bp)} of {_OF[value.of]}"
            case Fixed():
                return self._money(value.minor)
            case BySize():
                return ", ".join(f"{self._money(one.minor)} at {self._money(one.size_minor)}" for one in value.table)
            case Money():
                return str(value)
            case msgspec.Struct():
                return self._struct(value)
            case tuple():
                return ", ".join(self.value(name, one) for one in value) or NONE
            case _:
                return str(value)

    def _struct(self, value: msgspec.Struct) -> str:
        tag = value.__struct_config__.tag
        inner = ", ".join(self._within(name, getattr(value, name)) for name in value.__struct_fields__)
        kind = str(tag).replace("_", " ") if tag is not None else ""
        return f"{kind} ({inner})" if kind and inner else kind or f"({inner})"

    def _within(self, name: str, value: Any) -> str:
        """One field of a piece, so that a person can say it: a bound that is none, and a word that has its label in it already."""
        if value is None:
            return "whatever is above" if name == "up_to_minor" else f"no {label(name)}"
        told = self.value(name, value)
        return told if told.startswith(f"{label(name)} ") else f"{label(name)} {told}"

    def _unit(self, name: str) -> str:
        match self._term, name:
            case ExposureLimit(quantity=measured), "limit":
                return _LIMITED[measured]
            case AcrossAccounts(measured=measured), "limit":
                return _LIMITED[measured]
            case ProfitSplit(counted=SplitCounted.PAYOUT_NUMBER), "up_to_minor":
                return "count"
            case _, "profit_from":
                return "minor"
        return name

    def _number(self, unit: str, value: int) -> str:
        words = unit.split("_")
        if words[-1] == "bp":
            return percent(value)
        if words[-1] == "minor":
            return self._money(value)
        if words[-1] == "e8":
            return lots(value)
        if "s" in words:
            return f"{value} s"
        return str(value)

    def _money(self, minor: int) -> str:
        return money(minor, self._exponent)


def label(name: str) -> str:
    """A field's name for people, without the unit that its value is told with."""
    return _LABELS.get(name) or " ".join(word for word in name.split("_") if word not in _UNITS) or name


def kind_of(term: msgspec.Struct) -> str:
    """What kind of term it is: "loss limit"."""
    return str(term.__struct_config__.tag).replace("_", " ")
