"""`evenhand staff role|scope|leave|roles`: who may do what in the backoffice, and who works there no more."""

import argparse
from contextlib import closing
from pathlib import Path

import msgspec

from appliance.commands.limits import add_limits, scope_of
from appliance.commands.options import Verbs, add_directory, add_json, plain_text, tell, verb
from appliance.console import CommandRefused, ask_firm
from appliance.members import member_named, opened_vault
from firm.commands import LetStaffGo, SetStaffRole, SetStaffScope
from firm.permissions import BUILT_IN, MEANS, Permission, role_word, scope_words
from firm.staff import known_role
from storage.files import open_firm_directory
from storage.front import FrontFile
from storage.people import Person
from storage.reader import LedgerReader
from storage.readmodels.staff import own_roles
from storage.sessions import SessionStore

_MEMBER = 'their id as "evenhand staff list" shows it, or their mail address'


class RoleShown(msgspec.Struct, frozen=True):
    """A role. `why`: whom it is for, "" for one of the firm's own."""

    role: str
    built_in: bool
    why: str
    permissions: tuple[str, ...]


def add_to(actions: Verbs) -> None:
    """The verbs below `evenhand staff`."""
    role = verb(
        actions,
        "role",
        run_role,
        "give a member another role",
        "evenhand staff role ruth@northlight.example compliance --why 'new desk'",
    )
    role.add_argument("member", metavar="ID", help=_MEMBER)
    role.add_argument("role", metavar="ROLE", type=plain_text, help='one of those that "evenhand staff roles" shows')
    scope = verb(
        actions,
        "scope",
        run_scope,
        "limit a member to some programs, to traders of some regions, or lift their limits",
        "evenhand staff scope ruth@northlight.example --program two-step --region dach --why 'her desk'",
    )
    scope.add_argument("member", metavar="ID", help=_MEMBER)
    add_limits(scope, "they work on")
    scope.add_argument("--whole-firm", action="store_true", help="no limit")
    leave = verb(
        actions,
        "leave",
        run_leave,
        "take a member off the staff and end their sessions",
        "evenhand staff leave ruth@northlight.example --why 'her last day'",
    )
    leave.add_argument("member", metavar="ID", help=_MEMBER)
    for parser in (role, scope, leave):
        parser.add_argument("--why", type=plain_text, required=True, help="it is kept in the ledger")
        add_directory(parser)
    roles = verb(actions, "roles", run_roles, "list the roles and what each may do", "evenhand staff roles")
    add_directory(roles)
    add_json(roles)


def run_role(options: argparse.Namespace) -> int:
    person = _member(options)
    role = known_role(options.role)
    ask_firm(options.data_dir, SetStaffRole(by="console", staff=person.id, role=role, why=options.why))
    print(f"{person.mail} is {role_word(role)} from now on.")
    return 0


def run_scope(options: argparse.Namespace) -> int:
    person = _member(options)
    scope = scope_of(options)
    if scope.is_limited == options.whole_firm:
        raise CommandRefused("say what they work on, by --program, --region or both; or --whole-firm alone")
    ask_firm(options.data_dir, SetStaffScope(by="console", staff=person.id, scope=scope, why=options.why))
    print(f"{person.mail} works on {scope_words(scope)} from now on.")
    return 0


def run_leave(options: argparse.Namespace) -> int:
    person = _member(options)
    ask_firm(options.data_dir, LetStaffGo(by="console", staff=person.id, why=options.why))
    with closing(FrontFile.open(options.data_dir)) as front:
        SessionStore(front).delete_person(person.reference)
    print(f"{person.mail} is on the staff no more, and is signed out everywhere. What they did stays under their name.")
    return 0


def run_roles(options: argparse.Namespace) -> int:
    open_firm_directory(options.data_dir)
    roles = [*_built_in(), *_own(options.data_dir)]
    tell(options, roles, "\n\n".join(map(_told, roles)))
    return 0


def _member(options: argparse.Namespace) -> Person:
    open_firm_directory(options.data_dir)
    with opened_vault(options.data_dir) as vault:
        return member_named(vault, options.member)


def _built_in() -> list[RoleShown]:
    return [
        RoleShown(role, built_in=True, why=one.why, permissions=_ordered(one.permissions))
        for role, one in BUILT_IN.items()
    ]


def _own(directory: Path) -> list[RoleShown]:
    with LedgerReader(directory) as reader, reader.connection() as book:
        return [RoleShown(role, built_in=False, why="", permissions=held) for role, held in own_roles(book).items()]


def _ordered(permissions: frozenset[Permission]) -> tuple[str, ...]:
    return tuple(one.value for one in Permission if one in permissions)


def _told(shown: RoleShown) -> str:
    lines = [f"{shown.role}: {shown.why or 'of the firm’s own.'}"]
    lines += [f"  {one.value:<20} {MEANS[one]}" for one in Permission if one.value in shown.permissions]
    return "\n".join(lines)
