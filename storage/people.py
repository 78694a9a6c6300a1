"""People: who somebody is behind a pseudonym, as the vault holds it."""

from typing import Literal

import msgspec

from firm.instant import utc_text

IDENTITY = "identity"  # class: name, mail, role; what AddStaff and RegisterTrader commit to
CREDENTIALS = "credentials"  # class: the password hash; changes without a trace in the ledger
FACTORS = "factors"  # class: what one proves who one is with beside the password, as storage/factors.py has it; no trace either
ADDRESS_WANTED = (
    "address_wanted"  # class: a mail address that is to take the place of another; what AskAddressChange commits to
)
RESIDENCE = "residence"  # class: country and language; what JoinFirm commits to
WHENCE = "whence"  # class: the address and the device that a change of one's security came from; what NoteSecurity commits to
APPEAL = "appeal"  # class: what a trader says of a decision; what AppealDecision commits to

API_KEY = (
    "api_key"  # class: the hash of a machine's secret, which is nobody's; what IssueApiKey and RotateApiKey commit to
)
DOCUMENTS = (
    "documents"  # class: one that a trader handed in, as storage/documents.py has it; what DocumentKept commits to
)

LOGINS = "platform:logins"  # whose the addresses and devices are that platforms report
MONTHS = "platform:"  # and the month: whose refused events are, of nobody known
SESSION = "session"  # class: one login or refused event with what is personal in it

Kind = Literal["trader", "staff"]


class Identity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The sealed value of class `identity`, as JSON in this order. `role` is "" for a trader."""

    kind: Kind
    id: int
    role: str
    name: str
    mail: str


class Residence(msgspec.Struct, frozen=True):
    """The sealed value of class `residence`, as JSON in this order: ISO 3166-1 alpha-2, and a language that pages are read in."""

    country: str
    language: str


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A person with name. `mail` is as it was typed. Shown in logs and errors by pseudonym only."""

    kind: Kind
    id: int
    role: str
    name: str
    mail: str
    password_hash: str
    commitment: str

    @property
    def reference(self) -> str:
        return reference(self.kind, self.id)

    def __repr__(self) -> str:
        """No name, mail or hash, wherever this is printed."""
        return f"Person({self.reference})"


def reference(kind: Kind, number: int) -> str:
    """The pseudonym in commands and in the vault: "trader:123"."""
    return f"{kind}:{number}"


def key_reference(key: int) -> str:
    """Under which name the vault keeps what is kept of a machine's key: no person's."""
    return f"key:{key}"


def month_of(at_us: int) -> str:
    """Whose refused events of this instant are: "platform:2026-11"."""
    return f"{MONTHS}{utc_text(at_us)[:7]}"
