"""Counterparts: which rule of a draft is one that was sold, though the draft calls it otherwise.

Templates write ids in one way and a firm's own programs in another: that alone makes nothing come out otherwise.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable

import msgspec
from msgspec.structs import replace

from firm.ruleset import AnyRuleset, rule_named
from firm.terms.losses import LossLimit
from firm.terms.union import Term


def counterparts(sold: AnyRuleset, drafted: AnyRuleset) -> dict[str, str]:
    """Ids of the draft to the ids under which those rules were sold, where these differ.

    A rule is the same where its id is only spelled otherwise, where its terms are the same, or where it is the only one of its kind;
    where two could be it, it is none of them.
    """
    found: dict[str, str] = {}
    left = [rule.terms for rule in sold.rules if rule_named(drafted, rule.id) is None]
    asked = [rule.terms for rule in drafted.rules if rule_named(sold, rule.id) is None]
    for key_of in (_spelled, _agreed, _kind):
        were, are = _only_ones(left, key_of), _only_ones(asked, key_of)
        found |= {are[key].id: were[key].id for key in are.keys() & were.keys()}
        left = [terms for terms in left if terms.id not in found.values()]
        asked = [terms for terms in asked if terms.id not in found]
    return found


def _only_ones(terms: list[Term], key_of: Callable[[Term], Hashable]) -> dict[Hashable, Term]:
    groups: dict[Hashable, list[Term]] = defaultdict(list)
    for each in terms:
        groups[key_of(each)].append(each)
    return {key: alike[0] for key, alike in groups.items() if len(alike) == 1}


def _spelled(terms: Term) -> Hashable:
    return _kind(terms), terms.id.replace("_", "-").lower()


def _agreed(terms: Term) -> Hashable:
    return msgspec.json.encode(replace(terms, id=""))


def _kind(terms: Term) -> Hashable:
    """Loss limits of the day and of all the phase are two kinds."""
    return type(terms), terms.scope if isinstance(terms, LossLimit) else None
