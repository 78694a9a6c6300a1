"""Commands about who signs up, and about the mail addresses by which people are known and written to."""

from firm.accepted import AcceptedText
from firm.commands.command import Command
from firm.letters import Letter


class JoinFirm(Command, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody signs up by themselves. In the vault: name, mail, credentials (`sealed`), country and language (`residence`).

    `region`: the firm's own that the country is in, as its settings say at that moment; "" for none.
    """

    trader: int
    sealed: str
    residence: str
    accepted: tuple[AcceptedText, ...]
    region: str = ""


class ConfirmAddress(Command, frozen=True, kw_only=True):
    """A trader who signed up by themselves has opened a link that went to their mail address."""

    trader: int


class OweMail(Command, frozen=True, kw_only=True):
    """Write to somebody. What they are to read, and at which address, is known when it is sent."""

    person: str
    letter: Letter


class AskAddressChange(Command, frozen=True, kw_only=True):
    """Somebody wants to be written to at another mail address, which is in the vault behind `sealed`, and is to be confirmed first."""

    person: str
    sealed: str


class ChangeAddress(Command, frozen=True, kw_only=True):
    """The address was confirmed: `sealed` commits to who they are with it."""

    person: str
    sealed: str


class DropAddressChange(Command, frozen=True, kw_only=True):
    """The mail address that somebody wants to be written to at is not to take the place of the present one after all."""

    person: str


OfAddresses = JoinFirm | ConfirmAddress | OweMail | AskAddressChange | ChangeAddress | DropAddressChange
