"""API keys: what a machine may ask of the firm with a key, until when, and who answers for it.

A key can do what it was issued for and never more than whoever issued it still may: their role shrinks, and it shrinks with it; they
leave, and it ends. What is kept of its secret lies in the vault; here is only the commitment to that.
"""

from typing import NamedTuple

import msgspec

from firm.instant import DAY_US, HOUR_US
from firm.permissions import EVERYTHING, Permission, Scope

P = Permission

OPEN_TO_KEYS: tuple[Permission, ...] = (P.SEE_ACCOUNTS, P.SEE_DECISIONS, P.SEE_PROGRAMS)
"""What a route of the API asks for. A key is issued for nothing that no route asks for: it would gain it unseen with a later release."""

DAYS_MAX = 366  # for how long a key is good
DAYS_USUAL = 90
OVERLAP_HOURS_MAX = 7 * 24  # for how long a rotated key is good beside the one that follows it
OVERLAP_HOURS_USUAL = 24
LIFE_MAX_US = DAYS_MAX * DAY_US
OVERLAP_MAX_US = OVERLAP_HOURS_MAX * HOUR_US


class ApiKey(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A key that is good until `expires_us`, in firm time. `owner`: who issued it, "staff:<id>" or "console".

    `sealed`: the commitment to the hash of its secret. `follower`: the key that it was rotated to; 0 where it was not.
    """

    name: str
    owner: str
    permissions: tuple[str, ...]
    issued_us: int
    expires_us: int
    sealed: str
    scope: Scope = EVERYTHING
    follower: int = 0


class Held(NamedTuple):
    """What a key may do at this moment, and for what of the firm."""

    permissions: frozenset[Permission]
    scope: Scope


Limit = tuple[str, ...] | None
"""Names that somebody is limited to; None is no limit."""


def narrower(one: Scope, other: Scope) -> Scope:
    """What both hold."""
    return Scope(programs=_shared(one.programs, other.programs), regions=_shared(one.regions, other.regions))


def within(scope: Scope, wider: Scope) -> bool:
    """Whether everything in a scope is in another one, too."""
    return _is_part(scope.programs, wider.programs) and _is_part(scope.regions, wider.regions)


def _shared(one: Limit, other: Limit) -> Limit:
    if one is None or other is None:
        return other if one is None else one
    return tuple(sorted({*one} & {*other}))


def _is_part(limit: Limit, wider: Limit) -> bool:
    return wider is None or (limit is not None and {*limit} <= {*wider})
