"""`evenhand init`: found a firm in an empty directory, with its first owner."""

import argparse
import getpass
import sys

from appliance.commands.options import FROM_TERMINAL_OR_PIPE, Verbs, add_directory, mail_address, plain_text, verb
from appliance.console import CommandRefused
from appliance.founding import found, staff_command
from appliance.settings_file import new_settings
from storage.files import FirmDirectory, lay_ballast
from web.breached_list import BreachedList, bundled
from web.password_desk import hash_password
from web.passwords import why_refused


def add_to(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "init",
        run,
        "found a firm: its settings, keys, ledger and first owner",
        'evenhand init --data-dir /var/lib/evenhand --name "Northlight" --owner omar@northlight.example',
        FROM_TERMINAL_OR_PIPE,
    )
    add_directory(parser)
    parser.add_argument("--name", type=plain_text, required=True, help="the firm's name, as traders read it")
    parser.add_argument(
        "--owner",
        type=mail_address,
        required=True,
        metavar="MAIL",
        help="the first owner's mail address, to sign in with",
    )
    parser.add_argument(
        "--owner-name", type=plain_text, default="Owner", metavar="NAME", help="how staff pages call the owner"
    )


def run(options: argparse.Namespace) -> int:
    settings = new_settings(options.name, "--name")
    password = new_password(options.owner, bundled(), options.owner_name, options.name)
    machine = found(options.data_dir, settings)
    try:
        lay_ballast(FirmDirectory(options.data_dir))
        machine.decide_now(
            [staff_command(machine, options.owner, options.owner_name, "owner", hash_password(password))]
        )
    finally:
        machine.close()
    print(f"{options.name} stands in {options.data_dir}.")
    print(f"Settings: {options.data_dir / 'evenhand.toml'}. Keep a copy of {options.data_dir / 'secrets'} elsewhere.")
    print(f"{options.owner} signs in as owner.")
    print(
        f"Next: evenhand serve --data-dir {options.data_dir}, then evenhand bridge add NAME --out FILE for a trading platform."
    )
    return 0


def new_password(whose: str, breached: BreachedList, *own_words: str) -> str:
    """Asked twice on a terminal; one line of standard input elsewhere. `own_words`: what a stranger would try first."""
    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = getpass.getpass(f"Password for {whose}: ")
        if getpass.getpass("Again: ") != password:
            raise CommandRefused("the two passwords differ: try again")
    if not password:
        raise CommandRefused("no password was given: type it twice on a terminal, or pipe it in as one line")
    refused = why_refused(password, breached, (whose, *own_words))
    if refused:
        raise CommandRefused(f"this password is not taken: {refused}")
    return password
