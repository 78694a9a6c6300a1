"""API keys asked for: whether a key may be issued, rotated or revoked, and why not.

Nobody issues a key that may do more than they do themselves, or for more of the firm. Rotating hands out a secret as issuing does, so
it asks for the same; revoking takes something away, and is anybody's who manages keys.
"""

import re

from firm.api_keys import DAYS_MAX, LIFE_MAX_US, OPEN_TO_KEYS, OVERLAP_HOURS_MAX, OVERLAP_MAX_US, ApiKey, within
from firm.bounds import API_KEYS_MAX
from firm.commands import IssueApiKey, RevokeApiKey, RotateApiKey
from firm.facts.refusals import Refusal
from firm.permissions import MEANS, Permission, Scope, known
from firm.staff import No, Staff, bad_scope, wordless

NAME = re.compile(r"[a-z][a-z0-9-]{1,39}")


def good_keys(staff: Staff, now_us: int) -> dict[int, ApiKey]:
    """Those that are good, by id."""
    return {number: key for number, key in staff.keys.items() if now_us < key.expires_us}


def why_not_issue(staff: Staff, asked: IssueApiKey, now_us: int) -> No | None:
    held = known(asked.permissions)
    if not NAME.fullmatch(asked.name):
        return Refusal.BAD_KEY, "its name has 2 to 40 small letters, digits and dashes"
    if not held or len(held) != len(asked.permissions) or not held <= frozenset(OPEN_TO_KEYS):
        return Refusal.BAD_KEY, f"name what it may see, each once, of {', '.join(OPEN_TO_KEYS)}"
    if any(key.name == asked.name and not key.follower for key in good_keys(staff, now_us).values()):
        return Refusal.BAD_KEY, f"a key called {asked.name} is good: rotate it, or give this one another name"
    return (
        bad_scope(asked.scope)
        or wordless(asked.why)
        or _beyond(staff, asked.by, held, asked.scope)
        or _no_room(staff, asked.key, asked.expires_us, now_us)
    )


def why_not_rotate(staff: Staff, asked: RotateApiKey, now_us: int) -> No | None:
    key = staff.good_key(asked.key, now_us)
    if key is None:
        return _unknown(asked.key)
    if key.follower:
        return Refusal.BAD_KEY, "another key follows it already: rotate that one"
    if not now_us <= asked.until_us <= now_us + OVERLAP_MAX_US:
        return Refusal.BAD_KEY, f"both are good for {OVERLAP_HOURS_MAX} hours at most"
    no = _beyond(staff, asked.by, known(key.permissions), key.scope)
    return no or _no_room(staff, asked.follower, asked.expires_us, now_us)


def why_not_revoke(staff: Staff, asked: RevokeApiKey, now_us: int) -> No | None:
    if staff.good_key(asked.key, now_us) is None:
        return _unknown(asked.key)
    return wordless(asked.why)


def _unknown(key: int) -> No:
    return Refusal.UNKNOWN_KEY, f"no key that is good has the number {key}"


def _no_room(staff: Staff, key: int, expires_us: int, now_us: int) -> No | None:
    if key in staff.keys:
        return Refusal.ID_TAKEN, "a key has this id"
    if not now_us < expires_us <= now_us + LIFE_MAX_US:
        return Refusal.BAD_KEY, f"its end lies ahead, and {DAYS_MAX} days at most"
    if len(good_keys(staff, now_us)) >= API_KEYS_MAX:
        return Refusal.TOO_MANY_KEYS, f"{API_KEYS_MAX} keys are good"
    return None


def _beyond(staff: Staff, by: str, held: frozenset[Permission], scope: Scope) -> No | None:
    lacked = held - staff.held_by(by)
    if lacked:
        return Refusal.KEY_BEYOND_OWN, f"you may not {MEANS[min(lacked, key=list(Permission).index)]} yourself"
    if not within(scope, staff.scope_of(by)):
        return Refusal.KEY_BEYOND_OWN, "it would reach what you do not work on"
    return None
