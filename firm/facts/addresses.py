"""Facts of who signed up, of the mail addresses by which people are known, and of the mails that go there."""

from firm.accepted import AcceptedText
from firm.facts.fact import Fact
from firm.letters import Letter, MailEnd


class TraderJoined(Fact, frozen=True, kw_only=True):
    """A trader signed up by themselves, and accepted these texts. Until their mail address is confirmed nothing is open to them."""

    trader: int
    accepted: tuple[AcceptedText, ...]


class AddressConfirmed(Fact, frozen=True, kw_only=True):
    """A trader who signed up by themselves reads what is sent to the mail address that they gave."""

    trader: int


class AddressChangeAsked(Fact, frozen=True, kw_only=True):
    """Somebody asked to be written to at another mail address. It changes no desk's state."""

    person: str
    sealed: str


class AddressChanged(Fact, frozen=True, kw_only=True):
    """Somebody is written to, and signs in, with another mail address from now on. It changes no desk's state."""

    person: str
    sealed: str


class AddressChangeDropped(Fact, frozen=True, kw_only=True):
    """The mail address that somebody asked for is not to be theirs any more: links to it open nothing. It changes no desk's state."""

    person: str


class MailOwed(Fact, frozen=True, kw_only=True):
    """A mail goes to this person, as soon as a mail server takes it. It changes no desk's state."""

    person: str
    letter: Letter


class MailEnded(Fact, frozen=True, kw_only=True):
    """The mail that the row `mail` owed to this person was sent, or never will be. It changes no desk's state."""

    mail: int
    person: str
    letter: Letter
    end: MailEnd
    tries: int
