"""`evenhand rebuild`: fold the read models again from the ledger."""

import argparse

from appliance.commands.options import Verbs, add_directory, verb
from appliance.console import CommandRefused
from appliance.wording import counted
from storage.files import open_firm_directory
from storage.ledger import Ledger
from storage.readmodels.registry import READ_MODELS
from storage.secret_files import read_secrets

NAMES = tuple(model.name for model in READ_MODELS)


def add_to(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "rebuild",
        run,
        "fold the read models (the tables that pages read) again from the ledger",
        "evenhand rebuild --data-dir /var/lib/evenhand trades",
        "The firm must be stopped meanwhile.",
    )
    add_directory(parser)
    parser.add_argument(
        "models", nargs="*", metavar="MODEL", help=f"which: {', '.join(NAMES)}; all where none is named"
    )


def run(options: argparse.Namespace) -> int:
    wanted = tuple(options.models) or NAMES
    unknown = sorted(set(wanted) - set(NAMES))
    if unknown:
        raise CommandRefused(f"no read model is called {unknown[0]!r}: name some of {', '.join(NAMES)}")
    open_firm_directory(options.data_dir)
    secrets = read_secrets(options.data_dir)
    opened = Ledger.open(
        options.data_dir, secret=secrets.ledger_secret, signing_seed=secrets.signing_seed, read_models=READ_MODELS
    )
    with opened as ledger:
        ledger.rebuild(wanted)
        print(f"{counted(len(wanted), 'read model')} folded again from {counted(ledger.size, 'row')}.")
    return 0
