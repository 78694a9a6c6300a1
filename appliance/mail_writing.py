"""Mail writing: a mail that is owed becomes one with words, a link and an address, just before it goes out."""

import secrets
from collections.abc import Callable, Mapping
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from firm.instant import HOUR_US, MINUTE_US, datetime_of, utc_text
from firm.letters import Letter, MailEnd
from firm.mail_address import is_mail_address
from firm.sentences.languages import Language
from storage.links import LinkBook, Purpose
from storage.people import ADDRESS_WANTED, RESIDENCE, Person, Residence
from storage.reader import LedgerReader
from storage.readmodels.mails import OwedMail
from storage.readmodels.seals import only_seal
from storage.vault import Vault
from web.brand.letters import FIRM, HOURS, LINK, MINUTES, SUPPORT, WHEN, Letters, Written

TOKEN_BYTES = 32
PASSWORD_LINK_US = 30 * MINUTE_US
ADDRESS_LINK_US = 48 * HOUR_US
_WHEN_LENGTH = 16  # to the minute
_TRIES = 3  # an address that changes while a mail is written has it written anew

# Where a letter leads; those with a purpose get a token of their own.
_LEADS: Mapping[Letter, tuple[str, Purpose | None]] = MappingProxyType(
    {
        Letter.CONFIRM_ADDRESS: ("/confirm-address", Purpose.ADDRESS),
        Letter.ADDRESS_KNOWN: ("/sign-in", None),
        Letter.NEW_PASSWORD: ("/new-password", Purpose.PASSWORD_MAILED),
        Letter.CONFIRM_NEW_ADDRESS: ("/new-address", Purpose.NEW_ADDRESS),
        Letter.ADDRESS_CHANGE_ASKED: ("/security", None),
        Letter.PASSWORD_CHANGED: ("/forgotten-password", None),
        Letter.FACTORS_CHANGED: ("/security", None),
        Letter.DEVICE_NEW: ("/security", None),
        Letter.LINK_MADE: ("/security", None),
    }
)


class Unwritable(Exception):
    """No mail can be made of it, now or later."""

    def __init__(self, end: MailEnd) -> None:
        super().__init__(end.value)
        self.end = end


class House(NamedTuple):
    """Who writes. `origin`: as a browser shows the pages; `support`: as people write to it, or ""."""

    firm: str
    sender: str
    origin: str
    support: str
    lineage: str


class MailWriter:
    """`write` reads the vault and front.db: in a thread."""

    def __init__(
        self,
        house: House,
        letters: Letters,
        vault: Vault,
        links: LinkBook,
        reader: LedgerReader,
        wall_us: Callable[[], int],
    ) -> None:
        self._house, self._letters, self._vault, self._links = house, letters, vault, links
        self._reader, self._wall_us = reader, wall_us

    def write(self, mail: OwedMail) -> tuple[EmailMessage, str]:
        """The mail, and whom it goes to. Raises Unwritable.

        The address is looked at once more after a link was drawn: whoever changes it forgets links before and after, so that none which
        is good goes to the one of before.
        """
        for _ in range(_TRIES):
            address, about = self._goes_to(mail)
            if not is_mail_address(address):
                raise Unwritable(MailEnd.UNWRITABLE)
            written = self._letters.write(mail.letter, self._language(mail.person), self._fills(mail, about))
            try:
                letter = self._enveloped(mail, written, address)
            except (MessageError, ValueError, IndexError):  # what the settings or the vault hold fits in no header
                raise Unwritable(MailEnd.UNWRITABLE) from None
            if self._goes_to(mail) == (address, about):
                return letter, address
        raise Unwritable(MailEnd.UNWRITABLE)

    def _goes_to(self, mail: OwedMail) -> tuple[str, str]:
        """The address, and the commitment to what a link in the mail is about, or "". Raises Unwritable."""
        person = self._person(mail.person)
        if person is None:
            raise Unwritable(MailEnd.NOBODY)
        return self._wanted(mail.person) if mail.letter is Letter.CONFIRM_NEW_ADDRESS else (person.mail, "")

    def _person(self, reference: str) -> Person | None:
        kind, _, number = reference.partition(":")
        return self._vault.person("trader" if kind == "trader" else "staff", int(number))

    def _wanted(self, reference: str) -> tuple[str, str]:
        """The address that is to be confirmed, and the commitment to it; "" where none is any more."""
        with self._reader.connection() as book:
            sealed = only_seal(book, reference, ADDRESS_WANTED)
        value = self._vault.open_value(sealed) if sealed else None
        return (value.decode(), sealed or "") if value else ("", "")

    def _language(self, reference: str) -> Language:
        """The one that they said they read; English of whom nobody asked."""
        with self._reader.connection() as book:
            sealed = only_seal(book, reference, RESIDENCE)
        value = self._vault.open_value(sealed) if sealed else None
        return Language(msgspec.json.decode(value, type=Residence).language) if value else Language.ENGLISH

    def _fills(self, mail: OwedMail, about: str) -> dict[str, str]:
        house = self._house
        return {
            FIRM: house.firm,
            SUPPORT: house.support,
            LINK: f"{house.origin}{self._link(mail, about)}",
            HOURS: str(ADDRESS_LINK_US // HOUR_US),
            MINUTES: str(PASSWORD_LINK_US // MINUTE_US),
            WHEN: f"{utc_text(mail.owed_us)[:_WHEN_LENGTH].replace('T', ' ')} UTC",
        }

    def _link(self, mail: OwedMail, about: str) -> str:
        page, purpose = _LEADS[mail.letter]
        if purpose is None:
            return page
        token, good_for_us = secrets.token_urlsafe(TOKEN_BYTES), _good_for_us(purpose)
        self._links.issue(mail.person, purpose, token, self._wall_us(), good_for_us, about=about)
        return f"{page}?token={token}"

    def _enveloped(self, mail: OwedMail, written: Written, address: str) -> EmailMessage:
        house, letter = self._house, EmailMessage()
        local, _, domain = house.sender.rpartition("@")
        letter["Subject"] = written.subject
        letter["From"] = Address(" ".join(house.firm.split()), local, domain)
        letter["To"] = address
        letter["Date"] = format_datetime(datetime_of(self._wall_us()))
        letter["Message-ID"] = f"<{house.lineage}.{mail.seq}@{domain}>"
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(written.text)
        letter.add_alternative(written.html, subtype="html")
        return letter


def _good_for_us(purpose: Purpose) -> int:
    return PASSWORD_LINK_US if purpose is Purpose.PASSWORD_MAILED else ADDRESS_LINK_US
