"""The team, for pages: who works here as what, what a change would give and take, and what its forms say."""

from collections.abc import Mapping
from typing import Any

import apsw
import msgspec
from litestar.datastructures import FormMultiDict

from firm.ids import id_text
from firm.permissions import (
    BUILT_IN,
    EVERYTHING,
    FIRM_WIDE,
    MEANS,
    REGION_WIDE,
    Permission,
    Scope,
    role_word,
    scope_words,
)
from firm.refusal_words import REFUSALS
from firm.staff import Member, No, Staff
from storage.readmodels.account_lists import programs_and_bridges
from storage.readmodels.people import regions_taken
from storage.readmodels.staff import StaffAct, StaffLine
from web.firm import Firm
from web.forms import text_in
from web.words import upper_first


class Teammate(msgspec.Struct, frozen=True):
    """One person of the list. `name` and `mail` are "" where they are not for the reader, or were erased."""

    line: StaffLine
    name: str
    mail: str
    called: str


class RoleColumn(msgspec.Struct, frozen=True):
    """A role in the matrix. `holders`: how many people here have it."""

    role: str
    built_in: bool
    why: str
    held: frozenset[Permission]
    holders: int


class Preview(msgspec.Struct, frozen=True):
    """What a change would come to, if it were made now. `refused`: why it would not be made, "" where it would."""

    refused: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    says: str


def teammates(firm: Firm, lines: list[StaffLine]) -> list[Teammate]:
    """With their names, for whoever may see them; called in a thread."""
    found = []
    for line in lines:
        person = firm.person("staff", line.staff)
        name, mail = (person.name, person.mail) if person else ("", "")
        found.append(Teammate(line, name, mail, name or id_text(line.staff)))
    return found


def columns(staff: Staff) -> list[RoleColumn]:
    """All roles, the built-in ones first."""
    holders = [member.role for member in staff.members.values() if not member.left_us]
    return [
        RoleColumn(
            role,
            role in BUILT_IN,
            BUILT_IN[role].why if role in BUILT_IN else "",
            staff.of_role(role),
            holders.count(role),
        )
        for role in (*BUILT_IN, *sorted(staff.roles))
    ]


class Limits(msgspec.Struct, frozen=True):
    """What a scope can be limited to: programs that were sold, each with its title, and regions of the settings or that traders are in."""

    programs: list[tuple[str, str]]
    regions: list[str]


def limits_offered(firm: Firm, book: apsw.Connection, held: Scope = EVERYTHING) -> Limits:
    """`held`: what somebody is limited to already; it stays on offer, or a form about another limit would take it from them."""
    sold, _ = programs_and_bridges(book)
    titles = {program: program for program in held.programs or ()} | dict(sold)
    return Limits(list(titles.items()), sorted({*regions_offered(firm, book), *(held.regions or ())}))


def regions_offered(firm: Firm, book: apsw.Connection) -> list[str]:
    return sorted({*firm.regions.names, *(region for region, _ in regions_taken(book))})


def act_words(act: StaffAct) -> str:
    """What was done, about whom it names beside."""
    match act.act:
        case "added":
            return f"joined as {role_word(act.told)}"
        case "role":
            return f"became {role_word(act.told)}"
        case "scope":
            return f"works on {act.told}"
        case "left":
            return "left"
        case "defined":
            return f"role {act.told} defined"
        case _:
            return f"role {act.told} retired"


def preview_of_member(staff: Staff, before: Member, after: Member, no: No | None) -> Preview:
    """What a member would gain and lose."""
    had, has = staff.of_member(before), staff.of_member(after)
    says = f"They would be {role_word(after.role)}, for {scope_words(after.scope)}."
    return Preview(_refused(no), _told(has - had), _told(had - has), says)


def preview_of_leaving(staff: Staff, before: Member, no: No | None) -> Preview:
    says = "Every session of theirs ends at once, and they sign in no more. What they did stays under their name."
    return Preview(_refused(no), (), _told(staff.of_member(before)), says)


def preview_of_role(staff: Staff, role: str, permissions: frozenset[Permission], no: No | None) -> Preview:
    had = staff.of_role(role)
    holders = sum(member.role == role and not member.left_us for member in staff.members.values())
    people = (
        "nobody has it yet" if not holders else "one person has it" if holders == 1 else f"{holders} people have it"
    )
    says = f"The role {role} would hold {len(permissions | {Permission.ENTER})} permissions; {people}."
    return Preview(_refused(no), _told(permissions - had), _told(had - permissions - {Permission.ENTER}), says)


def read_permissions(fields: FormMultiDict) -> frozenset[Permission]:
    ticked = {str(each) for each in fields.getall("permission", [])}
    return frozenset(one for one in Permission if one.value in ticked)


def is_preview(fields: Mapping[str, Any]) -> bool:
    return text_in(fields, "step") == "preview"


def beyond_scope(permission: Permission) -> str:
    """The mark of what nobody with a limited scope holds, whatever their role says: * for any limit, † for regions; "" for neither."""
    return "*" if permission in FIRM_WIDE else "†" if permission in REGION_WIDE else ""


def refusal_told(no: No) -> str:
    """In our words, with the detail."""
    return f"{upper_first(REFUSALS[no[0]])}. In detail: {no[1]}."


def _refused(no: No | None) -> str:
    return "" if no is None else refusal_told(no)


def _told(permissions: frozenset[Permission]) -> tuple[str, ...]:
    return tuple(MEANS[one] for one in Permission if one in permissions)
