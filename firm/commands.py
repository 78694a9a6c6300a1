"""Commands: what a person (or a script in a person's name) asks the firm to do. Imperative; each says who, and where it matters why.

`by` is a pseudonymous reference: "staff:<id>", "trader:<id>", "console", "courier" for what the settings have brought, or "portal" for
whoever is not signed in. Personal data is sealed in the vault at the border; a command carries only its commitment. Ids that it creates
were drawn at the border. The answer is a fact, or `Refused`.
"""

from enum import StrEnum

import msgspec

from firm.address_commands import AskAddressChange, ChangeAddress, ConfirmAddress, JoinFirm, OfAddresses, OweMail
from firm.appeal_commands import AnswerAppeal, AppealDecision, AppealOutcome
from firm.command import Command, is_named
from firm.document_commands import KeepDocument, NoteDocumentRefused, OpenDocument
from firm.market_days import MarketDays
from firm.news import NewsCalendar
from firm.overrides import Override
from firm.permissions import Scope
from firm.personal import Destruction
from firm.ruleset import Program
from firm.staff_acts import BeginView, EndView, NoteAct, SeePage, StaffAct, ViewEnd


class KillSwitch(StrEnum):
    """What can be stopped at once, by one person; two people release it."""

    FAILURES = "failures"
    PASSES = "passes"
    PAYOUTS = "payouts"
    ENFORCEMENT = "enforcement"


class BridgeMode(StrEnum):
    """OBSERVE reaches all verdicts and withholds every command; ENFORCE sends them."""

    OBSERVE = "observe"
    ENFORCE = "enforce"


class ReviewOutcome(StrEnum):
    """A reviewer's word on a suspected breach or a held pass."""

    CONFIRM = "confirm"
    DISMISS = "dismiss"


class EnrolBridge(Command, frozen=True, kw_only=True):
    """Let a platform's bridge in, by its CURVE public key (Z85). `simulator`: bundled, enforced from its creation."""

    bridge: str
    public_key: str
    simulator: bool


class RevokeBridge(Command, frozen=True, kw_only=True):
    """Never let this bridge in again."""

    bridge: str
    why: str


class SetBridgeMode(Command, frozen=True, kw_only=True):
    """Observe or enforce."""

    bridge: str
    mode: BridgeMode
    why: str


class AddStaff(Command, frozen=True, kw_only=True):
    """A member of staff; name, mail and credentials are in the vault behind `sealed`."""

    staff: int
    role: str
    sealed: str


class SetStaffRole(Command, frozen=True, kw_only=True):
    """Give a member of staff another role: a built-in one, or one of the firm's own."""

    staff: int
    role: str
    why: str


class SetStaffScope(Command, frozen=True, kw_only=True):
    """Limit a member of staff to some of the firm, or to none of its limits."""

    staff: int
    scope: Scope
    why: str


class LetStaffGo(Command, frozen=True, kw_only=True):
    """Take a member off the staff: sessions end, and they may do nothing any more."""

    staff: int
    why: str


class DefineRole(Command, frozen=True, kw_only=True):
    """Give the firm a role of its own, or another content to one that it has. `permissions` by name, each once."""

    role: str
    permissions: tuple[str, ...]
    why: str


class RetireRole(Command, frozen=True, kw_only=True):
    """Take a role of the firm's own away, once nobody has it."""

    role: str
    why: str


class SecurityAct(StrEnum):
    """What changed in how somebody signs in."""

    PASSWORD_CHANGED = "password_changed"  # noqa: S105  (words, no password)
    PASSWORD_RESET = "password_reset"  # noqa: S105
    TOTP_ADDED = "totp_added"
    TOTP_REMOVED = "totp_removed"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    CODES_RENEWED = "codes_renewed"
    CODE_USED = "code_used"
    FACTORS_RESET = "factors_reset"
    SESSIONS_ENDED = "sessions_ended"
    DEVICE_FORGOTTEN = "device_forgotten"
    DEVICE_NEW = "device_new"


class NoteSecurity(Command, frozen=True, kw_only=True, omit_defaults=True):
    """Something changed in how `person` ("trader:<id>", "staff:<id>") signs in. `why`: where somebody else did it.

    `sealed`: the address and device it came from, in the vault as whose `by` is; "" where it came from the console.
    """

    person: str
    act: SecurityAct
    sealed: str = ""
    why: str = ""


class IssueApiKey(Command, frozen=True, kw_only=True):
    """Give a machine a key of this name, good until `expires_us`. `sealed`: the commitment to the hash of its secret."""

    key: int
    name: str
    permissions: tuple[str, ...]
    scope: Scope
    expires_us: int
    sealed: str
    why: str


class RotateApiKey(Command, frozen=True, kw_only=True):
    """Let another key follow this one, for the same; both are good until `until_us`, and the new one until `expires_us`."""

    key: int
    follower: int
    until_us: int
    expires_us: int
    sealed: str


class RevokeApiKey(Command, frozen=True, kw_only=True):
    """End a key at once."""

    key: int
    why: str


class RegisterTrader(Command, frozen=True, kw_only=True):
    """A trader; name, mail and credentials are in the vault behind `sealed`."""

    trader: int
    sealed: str


class EraseTrader(Command, frozen=True, kw_only=True, omit_defaults=True):
    """Forget a trader: each class of what the vault holds of them is destroyed from an instant on. The border knows which there are.

    `gives_up`: they know that what still runs is closed and forfeited, that orders lapse, and that open questions are dropped with it.
    """

    trader: int
    why: str
    classes: tuple[Destruction, ...]
    gives_up: bool = False


class Publication(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What publishing asks of whom. `why`: for the audit, 1 to 500 characters. `role`: of the member of staff, as the border knew it.

    `read_against`: the fingerprint of what was on offer under this name when the draft was read; "" for nothing; None is not held to it.
    """

    why: str
    role: str
    read_against: str | None = None


class PublishProgram(Command, frozen=True, kw_only=True, omit_defaults=True):
    """Offer a program. A program of the same name is replaced for new orders; accounts keep what they were sold.

    `publication` is None in commands of before it was asked for: they are decided as they were then, by the number of phases alone.
    """

    program: Program
    publication: Publication | None = None


class RetireProgram(Command, frozen=True, kw_only=True):
    """Offer a program no more. Accounts and orders keep what they were sold; publishing it again offers it again."""

    program: str
    why: str


class AdoptCalendar(Command, frozen=True, kw_only=True):
    """Go by this calendar of economic news from now on, in place of the one of its name: what somebody else published, as it was read."""

    calendar: NewsCalendar


class AdoptMarketDays(Command, frozen=True, kw_only=True):
    """Go by these days on which a market rests or closes early from now on, in place of those of their name, where a rule names them."""

    days: MarketDays


class PlaceOrder(Command, frozen=True, kw_only=True):
    """A trader wants a program. `accounts` are the ids that its phases' accounts will have, in order; those left over lapse."""

    order: int
    trader: int
    program: str
    accounts: tuple[int, ...]


class MarkOrderPaid(Command, frozen=True, kw_only=True):
    """Staff saw the money: open the account. `reference` is the bank's or processor's."""

    order: int
    reference: str


class LapseOrder(Command, frozen=True, kw_only=True):
    """An order that nobody paid comes to nothing: after so long as the policy says, or before where its trader or staff say so."""

    order: int


class AdvanceChallenge(Command, frozen=True, kw_only=True):
    """Open the next phase's account although it was held, as it passes what a rule allows one trader. The why is kept with it."""

    order: int
    why: str


class ReviewVerdict(Command, frozen=True, kw_only=True):
    """A person settles the account's open question, decision `decision` (its ledger seq)."""

    account: int
    decision: int
    outcome: ReviewOutcome
    why: str


class GrantOverride(Command, frozen=True, kw_only=True):
    """Make an exception from an account's rules. Where they want a second person, the same again by another one grants it.

    `evidence`: where to read what it rests on, such as a ticket's number or a file's hash.
    """

    account: int
    override: Override
    why: str
    evidence: str


class PublishScore(Command, frozen=True, kw_only=True):
    """An account's score on a board that one of its rules asks for, 0 to 10^12. Published again it takes the place of the one before."""

    account: int
    board: str
    score: int
    why: str


class EngageKillSwitch(Command, frozen=True, kw_only=True):
    """Stop it now."""

    switch: KillSwitch
    why: str


class ReleaseKillSwitch(Command, frozen=True, kw_only=True):
    """One of the two releases that lift a kill switch."""

    switch: KillSwitch
    why: str


class ResetBreaker(Command, frozen=True, kw_only=True):
    """Automatic failures may go on after a mass breach was looked at."""

    why: str


class ResumeDesk(Command, frozen=True, kw_only=True):
    """Let a stopped desk decide again; what was parked for it is decided once, in order."""

    desk: str
    why: str


class SettleCommand(Command, frozen=True, kw_only=True):
    """A person looked at the platform: the command had its effect (`happened`) or had not."""

    bridge: str
    command: str
    happened: bool
    why: str


class EnforceAgain(Command, frozen=True, kw_only=True):
    """Order anew what enforcement withheld from an account and still owes it: a new command, on the decision of then."""

    bridge: str
    account: int


class NoteIncident(Command, frozen=True, kw_only=True):
    """Write something down about an incident, for staff."""

    incident: int
    note: str


class PublishIncident(Command, frozen=True, kw_only=True):
    """Have the public status page say this of an incident, in place of what it said. Without `shown` it is taken off the page."""

    incident: int
    sentence: str
    shown: bool


class CloseIncident(Command, frozen=True, kw_only=True):
    """Everything about an incident was looked at; this is the conclusion."""

    incident: int
    conclusion: str


Commanded = (
    EnrolBridge
    | RevokeBridge
    | SetBridgeMode
    | AddStaff
    | SetStaffRole
    | SetStaffScope
    | LetStaffGo
    | DefineRole
    | RetireRole
    | IssueApiKey
    | RotateApiKey
    | RevokeApiKey
    | NoteSecurity
    | RegisterTrader
    | OfAddresses
    | EraseTrader
    | KeepDocument
    | NoteDocumentRefused
    | OpenDocument
    | PublishProgram
    | RetireProgram
    | AdoptCalendar
    | AdoptMarketDays
    | PlaceOrder
    | MarkOrderPaid
    | LapseOrder
    | AdvanceChallenge
    | ReviewVerdict
    | AppealDecision
    | AnswerAppeal
    | GrantOverride
    | PublishScore
    | EngageKillSwitch
    | ReleaseKillSwitch
    | ResetBreaker
    | ResumeDesk
    | SettleCommand
    | EnforceAgain
    | NoteIncident
    | PublishIncident
    | CloseIncident
    | NoteAct
    | BeginView
    | SeePage
    | EndView
)
