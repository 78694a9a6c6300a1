"""Act titles: what each kind of act is called in the record of what staff did."""

from firm.commands import Commanded, GrantOverride, NoteAct, NoteSecurity, SecurityAct, StaffAct

# Commands by their own names; what is only noted, by what was noted.
TITLES: dict[str, str] = {
    "EnrolBridge": "Enrolled a bridge",
    "RevokeBridge": "Revoked a bridge",
    "SetBridgeMode": "Switched a bridge",
    "AddStaff": "Added somebody to the staff",
    "SetStaffRole": "Gave a role",
    "SetStaffScope": "Set what somebody works on",
    "LetStaffGo": "Let somebody go",
    "DefineRole": "Defined a role",
    "RetireRole": "Retired a role",
    "IssueApiKey": "Issued an API key",
    "RotateApiKey": "Rotated an API key",
    "RevokeApiKey": "Revoked an API key",
    "RegisterTrader": "Registered a trader",
    "PlaceTrader": "Placed a trader in a region",
    "JoinFirm": "Let somebody join",
    "ConfirmAddress": "Confirmed a mail address",
    "KeepDocument": "Handed in a document",
    "NoteDocumentRefused": "Had a document refused",
    "OpenDocument": "Opened a document",
    "DeleteDocument": "Deleted a document",
    "OweMail": "Had a mail sent",
    "AskAddressChange": "Asked for another mail address",
    "ChangeAddress": "Changed a mail address",
    "DropAddressChange": "Dropped a change of mail address",
    "EraseTrader": "Had a trader forgotten",
    "PublishProgram": "Published a program",
    "RetireProgram": "Retired a program",
    "AdoptCalendar": "Adopted a calendar",
    "AdoptMarketDays": "Adopted market days",
    "PlaceOrder": "Placed an order",
    "MarkOrderPaid": "Booked a payment",
    "LapseOrder": "Let an unpaid order lapse",
    "AdvanceChallenge": "Opened a held phase",
    "ReviewVerdict": "Reviewed a decision",
    "AppealDecision": "Asked for a person's look at a decision",
    "AnswerAppeal": "Answered somebody who asked for a look at a decision",
    "GrantOverride": "Granted an exception, or asked for one",
    "PublishScore": "Published a score",
    "EngageKillSwitch": "Engaged a kill switch",
    "ReleaseKillSwitch": "Released a kill switch",
    "ResetBreaker": "Reset the breaker",
    "ResumeDesk": "Resumed a desk",
    "SettleCommand": "Settled a command",
    "EnforceAgain": "Ordered enforcement anew",
    "NoteIncident": "Wrote about an incident",
    "PublishIncident": "Published words about an incident",
    "CloseIncident": "Closed an incident",
    "BeginView": "Viewed the portal as a trader",
    "SeePage": "Viewed a page as a trader",
    "EndView": "Ended a view as a trader",
    StaffAct.CAME_FROM: "Came from elsewhere",
    StaffAct.SIGNED_IN: "Signed in",
    StaffAct.SIGNED_OUT: "Signed out",
    StaffAct.SIGN_IN_FAILED: "A sign-in as them failed",
    StaffAct.PROVEN: "Proved who they are",
    StaffAct.PROOF_FAILED: "Failed to prove who they are",
    StaffAct.NAMES_SEEN: "Opened a list with names",
    StaffAct.PERSON_SOUGHT: "Looked somebody up by mail address or name",
    StaffAct.ADDRESSES_SEEN: "Saw from where staff acted",
    StaffAct.EVIDENCE_TAKEN: "Took evidence",
    StaffAct.TRADES_TAKEN: "Took trades as a file",
    StaffAct.TRACE_TAKEN: "Took a trace as a file",
    StaffAct.RECORD_TAKEN: "Took this record as a file",
    StaffAct.TRIAL_TAKEN: "Took a trial as a file",
    StaffAct.PERSON_TAKEN: "Took everything about a trader",
    StaffAct.TRIAL_BEGUN: "Tried a draft in the lab",
    StaffAct.TRIAL_ENDED: "Ended a trial in the lab",
    StaffAct.DRAFT_KEPT: "Kept a draft",
    StaffAct.DRAFT_DELETED: "Deleted a draft",
    SecurityAct.PASSWORD_CHANGED: "Changed a password",
    SecurityAct.PASSWORD_RESET: "Set a new password",
    SecurityAct.LINK_MADE: "Made a link to a new password",
    SecurityAct.TOTP_ADDED: "Added an authenticator app",
    SecurityAct.TOTP_REMOVED: "Removed an authenticator app",
    SecurityAct.PASSKEY_ADDED: "Added a passkey",
    SecurityAct.PASSKEY_REMOVED: "Removed a passkey",
    SecurityAct.CODES_RENEWED: "Renewed recovery codes",
    SecurityAct.CODE_USED: "Used a recovery code",
    SecurityAct.FACTORS_RESET: "Took second factors away",
    SecurityAct.SESSIONS_ENDED: "Ended other sessions",
    SecurityAct.DEVICE_NEW: "Signed in from a new device",
    SecurityAct.DEVICE_FORGOTTEN: "Had a device forgotten",
}

# What an act is about, where the ledger has the name of a shape for it.
_ABOUT = {
    "Reinstate": "a reinstatement",
    "WaiveRule": "a rule that is not judged for a while",
    "ExtendPhase": "more days",
    "AdjustMark": "a mark that a limit is measured from",
}

KINDS = frozenset(TITLES)
assert {kind.__name__ for kind in Commanded.__args__} - {NoteAct.__name__, NoteSecurity.__name__} <= KINDS
assert set(StaffAct) | set(SecurityAct) <= KINDS


def title_of(kind: str) -> str:
    """In words; a kind of another release by its own name."""
    return TITLES.get(kind, kind)


def about_of(kind: str, about: str) -> str:
    """What an act of this kind is about, for people. Files keep the ledger's own word."""
    return _ABOUT.get(about, about) if kind == GrantOverride.__name__ else about
