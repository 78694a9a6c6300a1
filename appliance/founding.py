"""Founding: a new firm in an empty directory: settings, secrets, ledger, and the people it starts with."""

import secrets as random
from pathlib import Path

from appliance.assembly import Machine, draw_id
from appliance.settings import Settings
from appliance.settings_file import write_settings
from firm.commands import AddStaff, RegisterTrader
from storage.files import create_firm_directory
from storage.leaf import LINEAGE_BYTES
from storage.ledger import Ledger
from storage.secret_files import create_secrets


def found(directory: Path, settings: Settings, start_us: int = 0) -> Machine:
    """Create the firm and open it. `start_us`: where simulated time begins."""
    files = create_firm_directory(directory)
    write_settings(files.settings, settings)
    secrets = create_secrets(directory)
    Ledger.create(
        directory,
        firm_slug=settings.firm.slug,
        lineage=random.token_bytes(LINEAGE_BYTES),
        secret=secrets.ledger_secret,
        signing_seed=secrets.signing_seed,
    )
    return Machine(directory, settings, secrets, start_us)


class MailTaken(ValueError):
    """Somebody already signs in with this mail address."""


def staff_command(machine: Machine, mail: str, name: str, role: str, password_hash: str) -> AddStaff:
    """Seal a new member of staff in the vault; the command that tells the ledger."""
    number = draw_id()
    commitment = machine.vault.add_person("staff", number, mail, name, password_hash, role)
    if commitment is None:
        raise MailTaken(f"{mail} is somebody's already: sign in with it, or give another address")
    return AddStaff(by="console", staff=number, role=role, sealed=commitment)


def trader_command(machine: Machine, number: int, mail: str, name: str, password_hash: str) -> RegisterTrader:
    """Seal a new trader in the vault; the command that tells the ledger."""
    commitment = machine.vault.add_person("trader", number, mail, name, password_hash)
    if commitment is None:
        raise MailTaken(f"{mail} is somebody's already: give another address")
    return RegisterTrader(by="console", trader=number, sealed=commitment)
