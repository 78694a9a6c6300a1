"""Term variants: of every kind of term one for each value that any of its fields may take, built from the types alone.

Each number in a term is another prime above 100 (or as near as its bounds allow), so that a sentence that leaves one out, or puts one in
another's place, is seen.
"""

from collections.abc import Iterator
from itertools import count
from typing import Any

import msgspec
from msgspec import inspect
from msgspec.structs import replace

from firm.checks.objectives import BY_PROFIT
from firm.ruleset import Rule
from firm.terms.conduct import Closure, HoldingLimit, NewsWindow, TradeDuration, TradingHours
from firm.terms.exposure import AccountsTogether, AcrossAccounts, ExposureLimit, IdeaGrouping, IdeaRisk, Quantity
from firm.terms.losses import LossLimit, Trail
from firm.terms.objectives import DayCounts, TradingDays
from firm.terms.payouts import (
    Bonus,
    BonusFor,
    Capped,
    Monthly,
    PayoutAmount,
    PayoutConditions,
    ProfitSplit,
    SplitCounted,
)
from firm.terms.union import KINDS
from firm.terms.words import RuleTerm, Share, ShareOf

WORDS = {"zone": "Europe/Prague", "opens": "08:11", "closes": "21:12", "cutoff": "22:13", "at": "12:14", "id": "a_rule"}


def _primes() -> Iterator[int]:
    return (n for n in count(101) if all(n % d for d in range(2, int(n**0.5) + 1)))


class _Builder:
    """Values of types. Every number is drawn once."""

    def __init__(self) -> None:
        self._numbers = _primes()

    def values(self, kind: inspect.Type, name: str) -> list[Any]:
        match kind:
            case inspect.Metadata(type=inner):
                return self.values(inner, name)
            case inspect.UnionType(types=kinds):
                return [value for one in kinds for value in self.values(one, name)]
            case inspect.NoneType():
                return [None]
            case inspect.BoolType():
                return [True, False]
            case inspect.IntType(ge=low, le=high) if high is not None and high < 10:
                return list(range(low or 0, high + 1))
            case inspect.IntType(ge=low, le=high):
                number = next(self._numbers)
                values = [number if high is None or number <= high else high]
                return [*values, 0] if low == 0 else values
            case inspect.StrType():
                return [WORDS.get(name, f"{name.upper()}-X")]
            case inspect.EnumType(cls=cls):
                return list(cls)
            case inspect.StructType(cls=cls):
                return self.structs(cls)
            case inspect.VarTupleType(item_type=item, min_length=least):
                items = self.values(item, name)
                several = [tuple(self.values(item, name)[0] for _ in range(3)), tuple(items[:10])]
                return [*((one,) for one in items), *several, *([] if least else [()])]
        raise AssertionError(f"{name}: no values of {kind}")

    def structs(self, cls: type[msgspec.Struct]) -> list[Any]:
        info = inspect.type_info(cls)
        assert isinstance(info, inspect.StructType)
        choices = {field.name: self.values(field.type, field.name) for field in info.fields}
        first = cls(**{name: values[0] for name, values in choices.items()})
        found = [first]
        for base in _bases(first):
            for name, values in choices.items():
                found += [replace(base, **{name: value}) for value in values]
        return [one for place, one in enumerate(found) if one not in found[:place]]


# What another field must be for a field to say anything.
_BESIDE: dict[type[msgspec.Struct], tuple[str, tuple[Any, ...]]] = {
    LossLimit: ("trail", (Trail.END_OF_DAY,)),
    TradingDays: ("counts", (DayCounts.PROFIT_CLOSED,)),
    IdeaRisk: ("grouping", (IdeaGrouping.SYMBOL,)),
    TradingHours: ("closes", (WORDS["closes"], "02:05")),
    NewsWindow: ("before_s", (61, 0)),
    HoldingLimit: ("over", (Closure.LONG_BREAK,)),
    ExposureLimit: ("quantity", tuple(Quantity)),
    AcrossAccounts: ("measured", tuple(AccountsTogether)),
    PayoutAmount: ("capped", tuple(Capped)),
    ProfitSplit: ("counted", tuple(SplitCounted)),
    PayoutConditions: ("trader_share_min", (Share(bp=67, of=ShareOf.ANCHOR),)),
    Monthly: ("from_day", (31, 17)),
    Bonus: ("earned_by", tuple(BonusFor)),
}


def _bases(term: Any) -> list[Any]:
    name, values = _BESIDE.get(type(term), ("", ()))
    return [replace(term, **{name: value}) for value in values] or [term]


def _is_sound(term: RuleTerm) -> bool:
    """Whether a ruleset may hold it: what contradicts itself is refused before it is ever said."""
    match term:
        case Bonus(earned_by=BonusFor.LOYALTY):
            return term.after_payouts is not None
        case Bonus():
            return term.after is not None
        case TradingDays():
            return term.counts not in BY_PROFIT or term.profit_min is not None
        case TradeDuration():
            return (term.longer_s is None) == (term.share_of_longer_bp is None)
        case _:
            return True


def variants_of(tag: str) -> list[RuleTerm]:
    return [term for term in _Builder().structs(KINDS[tag]) if _is_sound(term)]


VARIANTS: dict[str, list[RuleTerm]] = {tag: variants_of(tag) for tag in KINDS}


def rule_of(term: Any) -> Rule:
    return Rule(0, term, {})
