"""What the adapters of objectives share: a parameter's word in ours, and answers in the shape that is asked for."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

from appliance.conformance.units import bp_of, minor_of
from appliance.conformance.vector import CannotExpress
from firm.money import divided_rounded_up
from firm.terms.words import BP_WHOLE, Boundary, Fixed, Share, ShareOf

Said = TypeVar("Said")

BREACHES_AT = MappingProxyType({"le": Boundary.CROSSES, "lt": Boundary.TOUCHES})
"""`pass_when`: where exactly the cap passes, only more than it is too much."""
ENOUGH_AT = MappingProxyType({"ge": Boundary.TOUCHES, "gt": Boundary.CROSSES})
"""`op`: where exactly the profit is enough, touching it is."""


def chosen(params: Mapping[str, Any], name: str, words: Mapping[str, Said], absent: Said | None = None) -> Said:
    """What a parameter says in our words; `absent` where it says nothing and that has a meaning."""
    if name not in params and absent is not None:
        return absent
    if params.get(name) not in words:
        raise CannotExpress(f"{name} = {params.get(name)!r} is none of {', '.join(sorted(words))}")
    return words[params[name]]


def amount_in(params: Mapping[str, Any], fixed: str, share: str) -> Fixed | Share:
    """An amount that is told in money or as a percentage of the initial balance."""
    if (fixed in params) == (share in params):
        raise CannotExpress(f"one of {fixed} and {share} says how much, not both and not none")
    if fixed in params:
        return Fixed(minor=minor_of(params[fixed]))
    return Share(bp=bp_of(params[share]), of=ShareOf.INITIAL)


def asked_rounded_up(amount: Fixed | Share, initial: int) -> int:
    """The profit that an amount asks, in minor units."""
    match amount:
        case Fixed():
            return amount.minor
        case Share():
            return divided_rounded_up(initial * amount.bp, BP_WHOLE)


def as_asked(answers: Sequence[Mapping[str, Any]], expect: Mapping[str, Any]) -> dict[str, Any]:
    """One answer for each entry of the timeline: all of them under a key where a list is asked for, else the last."""
    if not answers:
        raise CannotExpress("the timeline says nothing")
    return {
        key: [answer[key] for answer in answers] if isinstance(expect.get(key), list) else value
        for key, value in answers[-1].items()
    }
