"""Staff: who works for the firm in which role and for what of it, and what of that one of them may change about another.

Nobody gives, takes or words a role that holds more than they do, nobody changes what they may do themselves, and an owner of the
whole firm is left, whoever asks. Names and credentials are in the vault.
"""

import re
from collections.abc import Mapping

import msgspec

from firm.api_keys import OPEN_TO_KEYS, ApiKey, Held, narrower
from firm.bounds import ROLE_PERMISSIONS_MAX, ROLES_MAX, SCOPE_PROGRAMS_MAX, SCOPE_REGIONS_MAX, STAFF_WORDS_MAX
from firm.facts.refusals import Refusal
from firm.ids import id_text
from firm.permissions import (
    ALL,
    BUILT_IN,
    CONSOLE,
    EVERYTHING,
    MEANS,
    OWNER,
    READ_ONLY,
    STAFF,
    Permission,
    Scope,
    known,
    role_word,
)
from firm.regions import REGION_WORDS, is_region_name

_ROLE_NAME = re.compile(r"[a-z][a-z0-9-]{1,39}")
_TAKEN = frozenset({*BUILT_IN, *map(role_word, BUILT_IN)})
_PROGRAM_NAME_MAX = 100

No = tuple[Refusal, str]
"""Why not, and in detail."""


class Member(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Somebody on the staff. `since_us`: of when the role is. `left_us`: 0 while they are here.

    `written`: the role as an earlier release wrote it, where nobody knows it any more and it came to read-only.
    """

    role: str
    since_us: int
    scope: Scope = EVERYTHING
    left_us: int = 0
    written: str = ""


class Staff(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everybody who is or was on the staff by id, and the firm's own roles: the permissions of each, by name.

    `keys`: what machines ask with, by id; one that has ended may still be among them.
    """

    members: Mapping[int, Member]
    roles: Mapping[str, tuple[str, ...]]
    keys: Mapping[int, ApiKey] = {}

    def working(self, by: str) -> Member | None:
        """The member that a reference means, while they are here."""
        number = by.removeprefix(STAFF)
        if not by.startswith(STAFF) or not (number.isascii() and number.isdigit()):
            return None
        member = self.members.get(int(number))
        return None if member is None or member.left_us else member

    def knows(self, role: str) -> bool:
        return role in BUILT_IN or role in self.roles

    def of_role(self, role: str) -> frozenset[Permission]:
        """What a role holds; nothing where there is none of this name."""
        built_in = BUILT_IN.get(role)
        return built_in.permissions if built_in is not None else known(self.roles.get(role, ()))

    def of_member(self, member: Member) -> frozenset[Permission]:
        """What somebody holds: their role's, less what reaches beyond a limited scope."""
        return self.of_role(member.role) - member.scope.withheld

    def held_by(self, by: str) -> frozenset[Permission]:
        """What the author of a command holds; nothing where nobody here is meant."""
        if by == CONSOLE:
            return ALL
        member = self.working(by)
        return frozenset() if member is None else self.of_member(member)

    def scope_of(self, by: str) -> Scope:
        member = self.working(by)
        return EVERYTHING if member is None else member.scope

    def good_key(self, key: int, now_us: int) -> ApiKey | None:
        """The key of this id, while it is good; `now_us` is firm time."""
        found = self.keys.get(key)
        return found if found is not None and now_us < found.expires_us else None

    def held_by_key(self, key: ApiKey) -> Held:
        """What a key that is good may do: no more than it was issued for, nor than who answers for it still may."""
        held = known(key.permissions) & self.held_by(key.owner) & frozenset(OPEN_TO_KEYS)
        return Held(held, narrower(key.scope, self.scope_of(key.owner)))

    def roles_with(self, permission: Permission) -> tuple[str, ...]:
        """The roles that hold it, the built-in ones first."""
        return tuple(role for role in (*BUILT_IN, *sorted(self.roles)) if permission in self.of_role(role))

    def who_may(self, permission: Permission) -> tuple[int, ...]:
        """Who is here and holds it, by id."""
        return tuple(
            number
            for number, member in self.members.items()
            if not member.left_us and permission in self.of_member(member)
        )

    def is_last_owner(self, number: int) -> bool:
        """Whether without them nobody would own the whole firm."""
        return _owns(self.members[number]) and sum(map(_owns, self.members.values())) == 1


NOBODY = Staff(members={}, roles={})


def known_role(word: str) -> str:
    """A role as people write it: "read-only" is read_only. One of the firm's own is called as it is."""
    role = word.strip().lower().replace("-", "_")
    return role if role in BUILT_IN else word


def role_of(word: str, staff: Staff) -> tuple[str, str]:
    """The role that a written word means, and that word where nobody knows it and it means read-only."""
    role = known_role(word)
    return (role, "") if staff.knows(role) else (READ_ONLY, word)


# --- why not ---


def why_not_add(staff: Staff, by: str, number: int, role: str) -> No | None:
    if number in staff.members:
        return Refusal.ID_TAKEN, "a member of staff has this id"
    return _unknown_role(staff, role) or _beyond(staff, by, role_of(role, staff)[0])


def why_not_role(staff: Staff, by: str, number: int, role: str, why: str) -> No | None:
    member = staff.members.get(number)
    no = _why_not_touch(staff, by, number, why) or _unknown_role(staff, role) or _beyond(staff, by, role)
    if no is not None or member is None:
        return no
    if member.role == role and not member.written:
        return Refusal.STAFF_UNCHANGED, f"{id_text(number)} is {role_word(role)} already"
    return _last_owner(staff, number) if role != OWNER else None


def why_not_scope(staff: Staff, by: str, number: int, scope: Scope, why: str) -> No | None:
    no = _why_not_touch(staff, by, number, why) or bad_scope(scope)
    if no is not None:
        return no
    if staff.members[number].scope == scope:
        return Refusal.STAFF_UNCHANGED, f"{id_text(number)} works on just this already"
    return _last_owner(staff, number) if scope.is_limited else None


def why_not_leave(staff: Staff, by: str, number: int, why: str) -> No | None:
    return _why_not_touch(staff, by, number, why) or _last_owner(staff, number)


def why_not_reset(staff: Staff, by: str, person: str, why: str) -> No | None:
    """Of somebody's second factors. Without them a password alone lets in, so nobody takes them from who holds more than they do."""
    if staff.working(person) is None:
        return Refusal.UNKNOWN_STAFF, f"{person} is nobody who works here"
    if by == person:
        return Refusal.OWN_ROLE, "somebody else takes your second factors from you"
    return _why_not_touch(staff, by, int(person.removeprefix(STAFF)), why)


def why_not_define(staff: Staff, by: str, role: str, permissions: tuple[str, ...], why: str) -> No | None:
    if (no := wordless(why)) is not None:
        return no
    if not _ROLE_NAME.fullmatch(role) or role in _TAKEN:
        return Refusal.BAD_ROLE, "its name has 2 to 40 small letters, digits and dashes, and is not a built-in role’s"
    if not 1 <= len(permissions) <= ROLE_PERMISSIONS_MAX or len(known(permissions)) != len(permissions):
        return Refusal.BAD_ROLE, "name its permissions, each once, by names that this release knows"
    if role not in staff.roles and len(staff.roles) >= ROLES_MAX:
        return Refusal.TOO_MANY_ROLES, f"the firm has {ROLES_MAX} roles of its own: retire one first"
    if role in staff.roles and known(staff.roles[role]) == known(permissions):
        return Refusal.STAFF_UNCHANGED, f"{role} holds just this already"
    lacked = (known(permissions) | staff.of_role(role)) - staff.held_by(by)
    return _own_role(staff, by, role) or (_beyond_words(lacked) if lacked else None)


def why_not_retire(staff: Staff, by: str, role: str, why: str) -> No | None:
    if (no := wordless(why)) is not None:
        return no
    if role not in staff.roles:
        return Refusal.UNKNOWN_ROLE, f"the firm has no role of its own called {role!r}"
    holders = [number for number, member in staff.members.items() if member.role == role and not member.left_us]
    if holders:
        return Refusal.ROLE_IN_USE, f"{', '.join(map(id_text, holders[:5]))}: give them another role first"
    return _beyond(staff, by, role)


def _why_not_touch(staff: Staff, by: str, number: int, why: str) -> No | None:
    """What holds for every change to a person, and to how they sign in."""
    member = staff.members.get(number)
    if member is None or member.left_us:
        return Refusal.UNKNOWN_STAFF, f"{number} is nobody who works here"
    if by == f"{STAFF}{number}":
        return Refusal.OWN_ROLE, "somebody else changes what you may do"
    return wordless(why) or _beyond(staff, by, member.role)


def wordless(why: str) -> No | None:
    if why.strip() and len(why) <= STAFF_WORDS_MAX:
        return None
    return Refusal.WHY_MISSING, f"say why, in 1 to {STAFF_WORDS_MAX} characters"


def _unknown_role(staff: Staff, role: str) -> No | None:
    if not role_of(role, staff)[1]:
        return None
    return Refusal.UNKNOWN_ROLE, f"there is no role {role!r}: {', '.join((*BUILT_IN, *sorted(staff.roles)))}"


def _beyond(staff: Staff, by: str, role: str) -> No | None:
    lacked = staff.of_role(role) - staff.held_by(by)
    return _beyond_words(lacked) if lacked else None


def _beyond_words(lacked: frozenset[Permission]) -> No:
    first = min(lacked, key=list(Permission).index)
    beside = f", and {len(lacked) - 1} more" if len(lacked) > 1 else ""
    return Refusal.BEYOND_OWN, f"you may not {MEANS[first]} yourself{beside}"


def _own_role(staff: Staff, by: str, role: str) -> No | None:
    member = staff.working(by)
    if member is None or member.role != role:
        return None
    return Refusal.OWN_ROLE, "it is your own role: somebody else changes what you may do"


def _last_owner(staff: Staff, number: int) -> No | None:
    if not staff.is_last_owner(number):
        return None
    return Refusal.LAST_OWNER, "nobody else owns the whole firm: make somebody an owner first"


def bad_scope(scope: Scope) -> No | None:
    programs, regions = scope.programs, scope.regions
    if programs is not None and not (_is_list(programs, SCOPE_PROGRAMS_MAX) and all(map(_is_program_name, programs))):
        return Refusal.BAD_SCOPE, f"name 1 to {SCOPE_PROGRAMS_MAX} programs, each once, or none of them for all"
    if regions is not None and not (_is_list(regions, SCOPE_REGIONS_MAX) and all(map(is_region_name, regions))):
        told = f"name 1 to {SCOPE_REGIONS_MAX} regions, each once, or none of them for all; a name has {REGION_WORDS}"
        return Refusal.BAD_SCOPE, told
    return None


def _is_list(names: tuple[str, ...], most: int) -> bool:
    return 1 <= len(names) <= most and len(set(names)) == len(names)


def _is_program_name(name: str) -> bool:
    return 1 <= len(name) <= _PROGRAM_NAME_MAX


def _owns(member: Member) -> bool:
    return member.role == OWNER and not member.left_us and not member.scope.is_limited
