"""`evenhand person reset-link|reset-factors`: help somebody back in, trader or staff, from the console."""

import argparse
import secrets
from contextlib import closing

from appliance.clock import wall_us
from appliance.commands.options import Verbs, add_directory, known_address, plain_text, verb
from appliance.commands.staff_factors import WHY_LENGTH_MIN, take_factors
from appliance.console import CommandRefused, ask_firm
from appliance.members import opened_vault
from appliance.settings_file import read_settings
from firm.commands import NoteSecurity, SecurityAct
from firm.facts import SecurityNoted
from firm.instant import MINUTE_US
from firm.permissions import CONSOLE
from storage.files import open_firm_directory
from storage.front import FrontFile
from storage.links import LinkBook, Purpose
from storage.people import Person

TOKEN_BYTES = 32
GOOD_FOR_US = 60 * MINUTE_US


def add_to(actions: Verbs) -> None:
    example = (
        'evenhand person reset-link ada@trader.example --why "Cannot read her mail; she knew her last three orders"'
    )
    note = (
        "Prints a link for whoever has this mail address, trader or staff: good once, for an hour, and a new one ends the one before. "
        "Hand it over only to them, and on a way that you know to be theirs. Second factors stay, and are asked for at the next sign-in. "
        "The reason is kept, and they read it on their security page."
    )
    link = verb(actions, "reset-link", run_reset_link, "print a link to a new password", example, note)
    link.add_argument("mail", type=known_address, help="as they sign in with it")
    link.add_argument("--why", type=plain_text, required=True, help="the reason, and how you know that it is them")
    add_directory(link)
    reset = verb(
        actions,
        "reset-factors",
        run_reset_factors,
        "take the second factors from somebody who lost theirs",
        'evenhand person reset-factors ada@trader.example --why "Lost her phone; she knew her last three orders"',
        "All their sessions end. The password stays, and signs a trader in alone; staff add a factor first. The reason is kept.",
    )
    reset.add_argument("mail", type=known_address, help="as they sign in with it")
    reset.add_argument("--why", type=plain_text, required=True, help="the reason, and how you know that it is them")
    add_directory(reset)


def run_reset_link(options: argparse.Namespace) -> int:
    settings = read_settings(open_firm_directory(options.data_dir).settings)
    why = options.why.strip()
    if len(why) < WHY_LENGTH_MIN:
        raise CommandRefused(f"say why in a sentence, of at least {WHY_LENGTH_MIN} characters: others read it later")
    person = _person(options)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    # On record first: nobody holds a link that no row tells of.
    noted = ask_firm(
        options.data_dir, NoteSecurity(by=CONSOLE, person=person.reference, act=SecurityAct.LINK_MADE, why=why)
    )
    if not any(isinstance(fact, SecurityNoted) for fact in noted):
        raise CommandRefused("this cannot be put on record: a desk is stopped; let it go on first (/staff/health)")
    with closing(FrontFile.open(options.data_dir)) as front:
        LinkBook(front).issue(person.reference, Purpose.PASSWORD, token, wall_us(), GOOD_FOR_US, alone=True)
    print(f"{settings.web.origin}/new-password?token={token}")
    print(f"Good once, for {GOOD_FOR_US // MINUTE_US} minutes.")
    return 0


def run_reset_factors(options: argparse.Namespace) -> int:
    open_firm_directory(options.data_dir)
    person = _person(options)
    take_factors(options, person)
    print(f"{person.mail} has no second factor any more, and is signed out everywhere.")
    return 0


def _person(options: argparse.Namespace) -> Person:
    with opened_vault(options.data_dir) as vault:
        person = vault.find_by_mail(options.mail)
    if person is None:
        raise CommandRefused("nobody signs in with this mail address: see how they spell it, or evenhand staff list")
    return person
