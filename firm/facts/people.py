"""Facts of the firm's people and bridges: who may act, and what may connect."""

from firm.accepted import AcceptedText
from firm.commands import AppealOutcome, BridgeMode, SecurityAct
from firm.commands.acts import StaffAct, ViewEnd
from firm.facts.fact import Fact
from firm.letters import Letter, MailEnd
from firm.permissions import Scope
from firm.personal import Destruction


class BridgeEnrolled(Fact, frozen=True, kw_only=True):
    """A bridge may connect with this key."""

    bridge: str
    public_key: str
    mode: BridgeMode


class BridgeRevoked(Fact, frozen=True, kw_only=True):
    """A bridge may not connect any more."""

    bridge: str


class BridgeModeChanged(Fact, frozen=True, kw_only=True):
    """Observe or enforce, from now on."""

    bridge: str
    mode: BridgeMode


class StaffAdded(Fact, frozen=True, kw_only=True):
    """A member of staff."""

    staff: int
    role: str


class StaffRoleSet(Fact, frozen=True, kw_only=True):
    """A member of staff has another role from now on. `before`: the one they had."""

    staff: int
    role: str
    before: str
    by: str
    why: str


class StaffScopeSet(Fact, frozen=True, kw_only=True):
    """A member of staff works on this of the firm from now on."""

    staff: int
    scope: Scope
    by: str
    why: str


class StaffLeft(Fact, frozen=True, kw_only=True):
    """Somebody is on the staff no more: their sessions end and they may do nothing. What they did stays theirs."""

    staff: int
    by: str
    why: str


class RoleDefined(Fact, frozen=True, kw_only=True):
    """A role of the firm's own holds these permissions from now on, for whoever has it too."""

    role: str
    permissions: tuple[str, ...]
    by: str
    why: str


class RoleRetired(Fact, frozen=True, kw_only=True):
    """The firm has this role no more. Nobody had it."""

    role: str
    by: str
    why: str


class ApiKeyIssued(Fact, frozen=True, kw_only=True):
    """A machine may ask the firm with this key until `expires_us`. `sealed`: the commitment to the hash of its secret."""

    key: int
    name: str
    permissions: tuple[str, ...]
    scope: Scope
    expires_us: int
    sealed: str
    by: str
    why: str


class ApiKeyRotated(Fact, frozen=True, kw_only=True):
    """Another key follows this one, for the same, and is good until `expires_us`. This one is good until `until_us` beside it."""

    key: int
    follower: int
    until_us: int
    expires_us: int
    sealed: str
    by: str


class ApiKeyRevoked(Fact, frozen=True, kw_only=True):
    """A key is good no more."""

    key: int
    by: str
    why: str


class TraderRegistered(Fact, frozen=True, kw_only=True):
    """A trader."""

    trader: int


class TraderJoined(Fact, frozen=True, kw_only=True):
    """A trader signed up by themselves, and accepted these texts. Until their mail address is confirmed nothing is open to them."""

    trader: int
    accepted: tuple[AcceptedText, ...]


class AddressConfirmed(Fact, frozen=True, kw_only=True):
    """A trader who signed up by themselves reads what is sent to the mail address that they gave."""

    trader: int


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


class ErasureOrdered(Fact, frozen=True, kw_only=True):
    """A trader is to be forgotten: nothing is sold to them any more, and the vault destroys each class from its instant on."""

    trader: int
    classes: tuple[Destruction, ...]


class ValuesForgotten(Fact, frozen=True, kw_only=True):
    """Values of a trader, of one class, are gone for ever. What is in the ledger about them proves what it proved, and names nobody.

    `pooled`: commitments of those that had no key of their own. `finished`: nothing of the class is left.
    """

    trader: int
    klass: str
    values: int
    pooled: tuple[str, ...]
    finished: bool


class DecisionAppealed(Fact, frozen=True, kw_only=True):
    """A trader wants a person to look at this decision of the row's account. What they say of it is in the vault."""

    trader: int
    decision: int
    sealed: str


class AppealAnswered(Fact, frozen=True, kw_only=True):
    """A person looked at a decision as its trader had asked; `why` is for the trader to read."""

    trader: int
    decision: int
    outcome: AppealOutcome
    by: str
    why: str


class SecurityNoted(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """Something changed in how `person` signs in; `by` did it, with a reason where that was somebody else. It changes no desk's state."""

    person: str
    act: SecurityAct
    by: str
    why: str = ""


class StaffActed(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A member of staff did something that no desk decides, or did it as far as the pages could see: a file was asked for, and may not
    have come through. `about`, `on` and `trader` as they were asked. It changes no desk's state.
    """

    act: StaffAct
    by: str
    about: str = ""
    on: int = 0
    trader: int = 0


class ViewBegan(Fact, frozen=True, kw_only=True):
    """A member of staff looks at the portal as a trader from now on, for at most `seconds`. The row that it follows from
    names the view."""

    trader: int
    by: str
    role: str
    why: str
    seconds: int


class PageSeen(Fact, frozen=True, kw_only=True):
    """A page was shown to a member of staff as the trader sees it, in the view that row `view` asked for."""

    trader: int
    view: int
    by: str
    page: str


class ViewEnded(Fact, frozen=True, kw_only=True):
    """They look as the trader no more. A view without this row was over with its time, or when they left."""

    trader: int
    view: int
    by: str
    how: ViewEnd
