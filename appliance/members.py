"""Members: whom an operator means at the console, by id or mail address."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from appliance.console import CommandRefused
from firm.ids import parse_id
from storage.people import Person
from storage.secret_files import read_secrets
from storage.vault import Vault


@contextmanager
def opened_vault(directory: Path) -> Iterator[Vault]:
    """The vault of a firm that serves or not; it is not made."""
    with closing(Vault.open(directory, read_secrets(directory).vault_master, may_create=False)) as vault:
        yield vault


def member_named(vault: Vault, text: str) -> Person:
    """Whom an operator means by an id or a mail address. Raises CommandRefused where nobody on the staff is called so."""
    try:
        person = vault.find_by_mail(text) if "@" in text else vault.person("staff", parse_id(text))
    except ValueError as unreadable:
        raise CommandRefused(f"{unreadable}; evenhand staff list shows everyone's") from unreadable
    if person is None or person.kind != "staff":
        raise CommandRefused(f"nobody on the staff is {text!r}: evenhand staff list shows everyone")
    return person


def trader_named(vault: Vault, text: str) -> int:
    """The id of the trader whom an operator means. One who was forgotten is found by the id alone. Raises CommandRefused."""
    try:
        if "@" not in text:
            return parse_id(text)
        person = vault.find_by_mail(text)
    except ValueError as unreadable:
        raise CommandRefused(f"{unreadable}; pages show a trader's id") from unreadable
    if person is None or person.kind != "trader":
        raise CommandRefused(f"no trader is called {text!r}: give the id that pages show, or the mail address")
    return person.id
