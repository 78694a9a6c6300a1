"""Commands: what a person (or a script in a person's name) asks the firm to do. Imperative; each says who, and where it matters why.

`by` is a pseudonymous reference: "staff:<id>", "trader:<id>", "console", "courier" for what the settings have brought, or "portal" for
whoever is not signed in. Personal data is sealed in the vault at the border; a command carries only its commitment. Ids that it creates
were drawn at the border. The answer is a fact, or `Refused`.
"""

from firm.commands.acts import (
    BeginView,
    EndView,
    NoteAct,
    SeePage,
    StaffAct,
    ViewEnd,
)
from firm.commands.addresses import (
    AskAddressChange,
    ChangeAddress,
    ConfirmAddress,
    DropAddressChange,
    JoinFirm,
    OfAddresses,
    OweMail,
)
from firm.commands.appeals import (
    AnswerAppeal,
    AppealDecision,
    AppealOutcome,
)
from firm.commands.bridges import (
    BridgeMode,
    EnrolBridge,
    RevokeBridge,
    SetBridgeMode,
)
from firm.commands.command import (
    Command,
    is_named,
)
from firm.commands.controls import (
    EnforceAgain,
    EngageKillSwitch,
    KillSwitch,
    ReleaseKillSwitch,
    ResetBreaker,
    ResumeDesk,
    SettleCommand,
)
from firm.commands.documents import (
    DeleteDocument,
    KeepDocument,
    NoteDocumentRefused,
    OpenDocument,
)
from firm.commands.incidents import (
    CloseIncident,
    NoteIncident,
    PublishIncident,
)
from firm.commands.people import (
    EraseTrader,
    NoteSecurity,
    PlaceTrader,
    RegisterTrader,
    SecurityAct,
)
from firm.commands.programs import (
    AdoptCalendar,
    AdoptMarketDays,
    Publication,
    PublishProgram,
    RetireProgram,
)
from firm.commands.sales import (
    LapseOrder,
    MarkOrderPaid,
    PlaceOrder,
)
from firm.commands.staff import (
    AddStaff,
    DefineRole,
    IssueApiKey,
    LetStaffGo,
    RetireRole,
    RevokeApiKey,
    RotateApiKey,
    SetStaffRole,
    SetStaffScope,
)
from firm.commands.verdicts import (
    AdvanceChallenge,
    GrantOverride,
    PublishScore,
    ReviewOutcome,
    ReviewVerdict,
)

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
    | PlaceTrader
    | OfAddresses
    | EraseTrader
    | KeepDocument
    | NoteDocumentRefused
    | OpenDocument
    | DeleteDocument
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
