"""`evenhand staff add`: a member of staff, from the console."""

import argparse

from appliance.assembly import draw_id
from appliance.commands.init import new_password
from appliance.commands.options import Verbs, add_directory, mail_address, verb
from appliance.console import ask_firm
from appliance.founding import MailTaken
from firm.commands import AddStaff
from storage.files import open_firm_directory
from storage.secret_files import read_secrets
from storage.vault import Vault
from web.auth import hash_password

ROLES = ("owner", "risk", "support", "read_only")


def add_to(verbs: Verbs) -> None:
    parser = verb(
        verbs, "staff", run_add, "add members of staff", "evenhand staff add ruth@northlight.example --role risk"
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    add = verb(
        actions, "add", run_add, "add a member of staff", "evenhand staff add ruth@northlight.example --role risk"
    )
    add.add_argument("mail", type=mail_address, help="to sign in with")
    add.add_argument("--name", default="", help="how pages call them; the mail address where none is given")
    add.add_argument("--role", choices=ROLES, default="support")
    add_directory(add)


def run_add(options: argparse.Namespace) -> int:
    open_firm_directory(options.data_dir)
    password = new_password(options.mail)
    vault = Vault.open(options.data_dir, read_secrets(options.data_dir).vault_master)
    try:
        number = draw_id()
        name = options.name or options.mail
        sealed = vault.add_person("staff", number, options.mail, name, hash_password(password), options.role)
        if sealed is None:
            raise MailTaken(f"{options.mail} is somebody's already: give another address")
        ask_firm(options.data_dir, AddStaff(by="console", staff=number, role=options.role, sealed=sealed))
    finally:
        vault.close()
    print(f"{options.mail} may sign in as {options.role}.")
    return 0
