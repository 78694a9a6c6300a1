"""`evenhand staff add|list|password|role|scope|leave|roles|reset-factors`: who works in the backoffice, from the console."""

import argparse
from contextlib import closing
from pathlib import Path

import msgspec

from appliance.assembly import draw_id
from appliance.commands import staff_factors, staff_roles
from appliance.commands.init import new_password
from appliance.commands.options import (
    FROM_TERMINAL_OR_PIPE,
    Verbs,
    add_directory,
    add_json,
    mail_address,
    plain_text,
    tell,
    verb,
)
from appliance.console import CommandRefused, ask_firm
from appliance.founding import MailTaken
from appliance.members import member_named, opened_vault
from appliance.page_settings import breached_list_of
from appliance.settings_file import read_settings
from firm.commands import AddStaff, NoteSecurity, SecurityAct
from firm.ids import id_text
from firm.instant import utc_text
from firm.permissions import BUILT_IN, Scope, role_word, scope_words
from firm.staff import known_role
from storage.files import open_firm_directory
from storage.front import FrontFile
from storage.reader import LedgerReader
from storage.readmodels.staff import StaffLine, all_staff, own_roles
from storage.sessions import SessionStore
from storage.vault import Vault
from web.breached_list import BreachedList
from web.password_desk import hash_password


class Member(msgspec.Struct, frozen=True):
    """A member of staff. `name` and `mail` are "" where they were erased. `left`: "" while they are here.
    `scope`, `regions`: programs and regions that they are limited to, none is all.

    `written`: a role's word of an earlier release that is nobody's any more, and came to read-only.
    """

    id: str
    role: str
    mail: str
    name: str
    added: str
    left: str
    scope: tuple[str, ...]
    regions: tuple[str, ...]
    written: str


def add_to(verbs: Verbs) -> None:
    parser = verb(verbs, "staff", run_list, "add and list members of staff, and renew passwords", "evenhand staff list")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    example = "evenhand staff add ruth@northlight.example --role risk"
    add = verb(actions, "add", run_add, "add a member of staff", example, FROM_TERMINAL_OR_PIPE)
    add.add_argument("mail", type=mail_address, help="to sign in with")
    add.add_argument(
        "--name", type=plain_text, default="", help="how pages call them; the mail address where none is given"
    )
    add.add_argument(
        "--role", type=plain_text, default="support", help='as "evenhand staff roles" shows them (default support)'
    )
    add_directory(add)
    shown = verb(actions, "list", run_list, "list members of staff with id, role and mail", "evenhand staff list")
    add_directory(shown)
    add_json(shown)
    renew = verb(
        actions,
        "password",
        run_password,
        "give a member of staff a new password and sign them out everywhere",
        "evenhand staff password 7K2MQ-9XW3F",
        FROM_TERMINAL_OR_PIPE,
    )
    renew.add_argument("member", metavar="ID", help='their id as "evenhand staff list" shows it, or their mail address')
    add_directory(renew)
    staff_roles.add_to(actions)
    staff_factors.add_to(actions)


def run_add(options: argparse.Namespace) -> int:
    open_firm_directory(options.data_dir)
    role = _role(options.data_dir, options.role)
    password = new_password(options.mail, *_refusals(options), options.name)
    with opened_vault(options.data_dir) as vault:
        number = draw_id()
        name = options.name or options.mail
        sealed = vault.add_person("staff", number, options.mail, name, hash_password(password), role)
        if sealed is None:
            raise MailTaken(f"{options.mail} is somebody's already: give another address")
        ask_firm(options.data_dir, AddStaff(by="console", staff=number, role=role, sealed=sealed))
    print(f"{options.mail} may sign in as {role_word(role)}.")
    return 0


def run_list(options: argparse.Namespace) -> int:
    open_firm_directory(options.data_dir)
    with (
        opened_vault(options.data_dir) as vault,
        LedgerReader(options.data_dir) as reader,
        reader.connection() as connection,
    ):
        members = [_as_shown(vault, known) for known in all_staff(connection)]
    head = f"{'id':<11} {'role':<10} {'mail':<32} {'name':<24} added (UTC)"
    lines = [head, *(_line(member) for member in members)] if members else ["No staff yet: evenhand staff add MAIL"]
    tell(options, members, "\n".join(lines))
    return 0


def run_password(options: argparse.Namespace) -> int:
    open_firm_directory(options.data_dir)
    with opened_vault(options.data_dir) as vault:
        person = member_named(vault, options.member)
        vault.change_password_hash(
            "staff", person.id, hash_password(new_password(person.mail, *_refusals(options), person.name))
        )
    with closing(FrontFile.open(options.data_dir)) as front:
        SessionStore(front).delete_person(person.reference)
    ask_firm(
        options.data_dir,
        NoteSecurity(by="console", person=person.reference, act=SecurityAct.PASSWORD_RESET),
    )
    print(f"{person.mail} has a new password, and is signed out everywhere.")
    return 0


def _refusals(options: argparse.Namespace) -> tuple[BreachedList, str]:
    """Passwords that the firm refuses, and its name, which none may be."""
    settings = read_settings(open_firm_directory(options.data_dir).settings)
    return breached_list_of(settings), settings.firm.name


def _role(directory: Path, word: str) -> str:
    """The role that was meant. Asked before a password is: who cannot be added is not sealed in the vault either."""
    role = known_role(word)
    with LedgerReader(directory) as reader, reader.connection() as book:
        known = (*BUILT_IN, *own_roles(book))
    if role not in known:
        raise CommandRefused(f"there is no role {word!r}: {', '.join(known)}")
    return role


def _as_shown(vault: Vault, known: StaffLine) -> Member:
    person = vault.person("staff", known.staff)
    mail, name = (person.mail, person.name) if person else ("", "")
    left = utc_text(known.left_us) if known.left_us else ""
    return Member(
        id=id_text(known.staff),
        role=known.role,
        mail=mail,
        name=name,
        added=utc_text(known.added_us),
        left=left,
        scope=known.scope.programs or (),
        regions=known.scope.regions or (),
        written=known.written,
    )


def _line(member: Member) -> str:
    told = [member.added[:19].replace("T", " ")]
    told += [f"left {member.left[:19].replace('T', ' ')}"] if member.left else []
    scope = Scope(programs=member.scope or None, regions=member.regions or None)
    told += [f"only {scope_words(scope)}"] if scope.is_limited else []
    told += [f"was {member.written!r}, which is no role: read-only"] if member.written else []
    line = f"{member.id:<11} {member.role:<10} {member.mail or 'erased':<32} {member.name:<24} "
    return line + "; ".join(told)
