"""Ruleset: the frozen rules of one phase, as data. Its id is the SHA-256 of its canonical bytes.

Every field is required: where firms differ there is no default, because an unstated anchor or boundary is how disputes
start. A ruleset names the version of its semantics, so that a later meaning never falls on an account sold under an earlier one;
`firm/terms` holds the words of today's, `firm/terms/first.py` those of the first.
"""

import hashlib
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Annotated, TypeVar
from weakref import WeakValueDictionary

import msgspec
from msgspec import Meta

from firm.money import Money
from firm.terms.first import FirstTerm, as_now
from firm.terms.union import Term
from firm.terms.words import Word
from firm.trading_day import LabelledCalendar, TradingCalendar

SEMANTICS = 2
TERMS_MAX = 64

_AS_WRITTEN: Mapping[str, str] = MappingProxyType({})


class LateBreach(StrEnum):
    """What follows when late data shows a breach that was not seen in time."""

    ENFORCE = "enforce"
    REVIEW = "review"


class Rule(msgspec.Struct, frozen=True, gc=False):
    """A term at its place in a ruleset, in the words of today. `paths`: where its figures stand, if it was sold in other words."""

    place: int
    terms: Term
    paths: Mapping[str, str]
    id: str = ""  # its term's, asked for at every look

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "id", self.terms.id)

    def cited(self, path: str) -> str:
        """The source of one of its figures, as a working cites it."""
        return f"ruleset/terms/{self.place}/{self.paths.get(path, path)}"


class _Sold(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="semantics",
    dict=True,
    weakref=True,
):
    """What rulesets of all semantics have in common."""

    def canonical(self) -> bytes:
        """The bytes that the id is made of: JSON with fields in declared order, no white space."""
        return msgspec.json.encode(self)

    def ruleset_id(self) -> str:
        return hashlib.sha256(self.canonical()).hexdigest()


class FirstRuleset(_Sold, frozen=True, tag=1):
    """The rules of one phase in the first words. `await_swap`: the day's anchor is final only after the platform posted swap."""

    name: str
    calendar: TradingCalendar
    late_breach: LateBreach
    await_swap: bool
    terms: tuple[FirstTerm, ...]

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Its terms in the words of today."""
        return tuple(Rule(place, *as_now(term)) for place, term in enumerate(self.terms))


class Ruleset(_Sold, frozen=True, tag=SEMANTICS):
    """The rules of one phase."""

    name: Annotated[Word, Meta(description="What people call these rules.")]
    calendar: Annotated[LabelledCalendar, Meta(description="How trading days are cut and named.")]
    late_breach: Annotated[
        LateBreach, Meta(description="What follows when late data shows a breach that was not seen in time.")
    ]
    await_swap: Annotated[
        bool, Meta(description="Whether the day's anchor is final only after the platform posted the night's swap.")
    ]
    failures_reviewed: Annotated[
        bool, Meta(description="Whether a person looks at every failure before it is declared.")
    ]
    overrides_by_two: Annotated[bool, Meta(description="Whether an exception from these rules needs a second person.")]
    terms: Annotated[
        tuple[Term, ...], Meta(min_length=1, max_length=TERMS_MAX, description="The rules, in their order.")
    ]

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Its terms at their places."""
        return tuple(Rule(place, term, _AS_WRITTEN) for place, term in enumerate(self.terms))


AnyRuleset = Ruleset | FirstRuleset


Kept = TypeVar("Kept")


def kept_with(ruleset: AnyRuleset, name: str, make: Callable[[AnyRuleset], Kept]) -> Kept:
    """What is worked out of a ruleset alone, once for all who ask: rulesets are frozen, and shared by the accounts that were sold them."""
    kept: dict[str, Kept] = ruleset.__dict__
    if name not in kept:
        kept[name] = make(ruleset)
    return kept[name]


def rule_named(ruleset: AnyRuleset, rule: str) -> Rule | None:
    """The rule of this id."""
    return next((one for one in ruleset.rules if one.id == rule), None)


def term_named(ruleset: AnyRuleset, rule: str) -> Term | None:
    """The term of this id, in the words of today."""
    found = rule_named(ruleset, rule)
    return None if found is None else found.terms


_known: WeakValueDictionary[str, AnyRuleset] = WeakValueDictionary()


def shared(ruleset_id: str, ruleset: AnyRuleset) -> AnyRuleset:
    """The same ruleset, once for all accounts that were sold under it."""
    return _known.setdefault(ruleset_id, ruleset)


class Phase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One stage of a program. `funded`: the last one, where profit is shared."""

    name: Annotated[str, Meta(description="What the stage is called; unique in its program.")]
    ruleset: Annotated[AnyRuleset, Meta(description="The rules of the stage.")]
    funded: Annotated[bool, Meta(description="Whether profit is shared in it: only in the last one.")]


class Program(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is sold: a size, a price, the platform it runs on, and its phases in order."""

    program: Annotated[
        str, Meta(description="The name by which orders ask for it; another of the same name takes its place.")
    ]
    title: Annotated[str, Meta(description="What traders read.")]
    size: Annotated[
        Money, Meta(description="The initial balance, in minor units: 10000000 is 100,000.00 at two decimals.")
    ]
    price: Annotated[Money, Meta(description="What it costs, in minor units.")]
    bridge: Annotated[str, Meta(description="The platform it runs on: a bridge that is enrolled.")]
    group: Annotated[str, Meta(description="The platform's group in which accounts are opened.")]
    leverage: Annotated[int, Meta(description="The leverage with which accounts are opened: 100 is 1:100.")]
    accounts_max: Annotated[int, Meta(description="How many accounts of it one trader may hold.")]
    phases: Annotated[tuple[Phase, ...], Meta(description="Its stages, in their order.")]

    def fingerprint(self) -> str:
        """SHA-256 of all that it says, in hex: two versions are the same where theirs are."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()
