"""`evenhand staff reset-factors`: take the second factors from a member of staff who lost theirs, from the console."""

import argparse
from contextlib import closing

from appliance.commands.options import Verbs, add_directory, plain_text, verb
from appliance.console import CommandRefused, ask_firm
from appliance.members import member_named, opened_vault
from firm.commands import NoteSecurity, SecurityAct
from firm.facts import SecurityNoted
from storage.files import open_firm_directory
from storage.front import FrontFile
from storage.people import Person
from storage.sessions import SessionStore

WHY_LENGTH_MIN = 10


def add_to(actions: Verbs) -> None:
    reset = verb(
        actions,
        "reset-factors",
        run_reset,
        "take the second factors from a member of staff who lost theirs",
        'evenhand staff reset-factors ruth@northlight.example --why "Lost her phone; saw her passport"',
        "All their sessions end, and they add a factor at their next sign-in. The password stays. The reason is kept in the ledger.",
    )
    reset.add_argument("member", metavar="ID", help='their id as "evenhand staff list" shows it, or their mail address')
    reset.add_argument("--why", type=plain_text, required=True, help="the reason, and how you know that it is them")
    add_directory(reset)


def run_reset(options: argparse.Namespace) -> int:
    open_firm_directory(options.data_dir)
    with opened_vault(options.data_dir) as vault:
        person = member_named(vault, options.member)
    take_factors(options, person)
    print(f"{person.mail} has no second factor any more, is signed out everywhere, and adds one at the next sign-in.")
    return 0


def take_factors(options: argparse.Namespace, person: Person) -> None:
    """Sessions end. What the firm refuses is not done, and the reason is on record before anything changes."""
    if len(options.why.strip()) < WHY_LENGTH_MIN:
        raise CommandRefused(f"say why in a sentence, of at least {WHY_LENGTH_MIN} characters: others read it later")
    command = NoteSecurity(
        by="console", person=person.reference, act=SecurityAct.FACTORS_RESET, why=options.why.strip()
    )
    if not any(isinstance(fact, SecurityNoted) for fact in ask_firm(options.data_dir, command)):
        raise CommandRefused("this cannot be put on record just now, so nothing was done: see which desks are stopped")
    with opened_vault(options.data_dir) as vault:
        vault.change_factors(person.reference, lambda _: (None, None))
    with closing(FrontFile.open(options.data_dir)) as front:
        SessionStore(front).delete_person(person.reference)
