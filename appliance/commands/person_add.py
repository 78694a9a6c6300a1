"""`evenhand person add`: a trader whom the firm adds itself, from the console."""

import argparse
import secrets

from appliance.assembly import draw_id
from appliance.commands.options import Verbs, add_directory, mail_address, plain_text, verb
from appliance.commands.person_place import known_region
from appliance.console import CommandRefused, ask_firm
from appliance.founding import MailTaken
from appliance.members import opened_vault
from firm.commands import RegisterTrader
from firm.facts import TraderRegistered
from firm.ids import id_text
from firm.regions import NO_REGION
from storage.files import open_firm_directory
from storage.people import reference
from web.password_desk import hash_password


def add_to(actions: Verbs) -> None:
    example = "evenhand person add ada@trader.example --name 'Ada Marlow'"
    note = (
        "The firm has seen to it that the address is theirs: it is not asked to be confirmed. They have no password yet: hand them the "
        "link of “evenhand person reset-link”, or let them ask for one at the sign-in, where mails are sent."
    )
    add = verb(actions, "add", run_add, "add a trader", example, note)
    add.add_argument("mail", type=mail_address, help="to sign in with")
    add.add_argument(
        "--name", type=plain_text, default="", help="how pages call them; the mail address where none is given"
    )
    add.add_argument(
        "--region", metavar="NAME", type=plain_text, default="", help="one of [regions] in the settings; none is none"
    )
    add_directory(add)


def run_add(options: argparse.Namespace) -> int:
    open_firm_directory(options.data_dir)
    region = known_region(options.data_dir, options.region) if options.region else NO_REGION
    with opened_vault(options.data_dir) as vault:
        number, nobody_knows = draw_id(), hash_password(secrets.token_urlsafe())
        sealed = vault.add_person("trader", number, options.mail, options.name or options.mail, nobody_knows)
        if sealed is None:
            raise MailTaken(f"{options.mail} is somebody's already: give another address")
        try:
            facts = ask_firm(
                options.data_dir, RegisterTrader(by="console", trader=number, sealed=sealed, region=region)
            )
        except CommandRefused:
            vault.erase(reference("trader", number))
            raise
    if not any(isinstance(fact, TraderRegistered) for fact in facts):
        raise CommandRefused("the trader's desk is stopped: let it go on first (/staff/health)")
    print(
        f"{id_text(number)} is a trader: evenhand person reset-link {options.mail} --why … prints a link to their password."
    )
    return 0
