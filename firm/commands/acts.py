"""Staff acts: what staff do that no desk decides, and viewing the portal as a trader. All of it is asked of the firm like anything
else, so that it is in the book before it happens.
"""

from enum import StrEnum

from firm.commands.command import Command

VIEW_SECONDS = 15 * 60  # how long somebody may view as a trader at once; it is not prolonged


class StaffAct(StrEnum):
    """What was done. The values are written into the ledger and never change."""

    CAME_FROM = "came_from"  # from another address or device than at the act before; where, is sealed
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    SIGN_IN_FAILED = "sign_in_failed"  # somebody tried to, as this person
    PROVEN = "proven"  # they proved anew who they are
    PROOF_FAILED = "proof_failed"
    NAMES_SEEN = "names_seen"
    PERSON_SOUGHT = "person_sought"
    ADDRESSES_SEEN = "addresses_seen"
    EVIDENCE_TAKEN = "evidence_taken"
    TRADES_TAKEN = "trades_taken"
    TRACE_TAKEN = "trace_taken"
    RECORD_TAKEN = "record_taken"
    TRIAL_TAKEN = "trial_taken"
    PERSON_TAKEN = "person_taken"  # everything about a trader, as a file
    TRIAL_BEGUN = "trial_begun"
    TRIAL_ENDED = "trial_ended"
    DRAFT_KEPT = "draft_kept"
    DRAFT_DELETED = "draft_deleted"


class NoteAct(Command, frozen=True, kw_only=True, omit_defaults=True):
    """A member of staff does something that no desk decides. `about`: an address of our pages, or a number, with nothing personal in it.

    `on`: the account, and `trader` the trader whom it concerns, 0 for none. `sealed`: the network address and device that it came from,
    in the vault as whose `by` is; "" where that is as at their act before, or the console.
    """

    act: StaffAct
    about: str = ""
    on: int = 0
    trader: int = 0
    sealed: str = ""


class ViewEnd(StrEnum):
    """Why somebody views as a trader no more."""

    ENDED = "ended"  # they ended it
    EXPIRED = "expired"
    REVOKED = "revoked"  # they may not any more
    SIGNED_OUT = "signed_out"
    GONE = "gone"  # the trader was forgotten


class BeginView(Command, frozen=True, kw_only=True):
    """View the portal as a trader sees it, for `seconds`. `role`: of the member of staff, as the border knew it. `on`: by whose account
    they came to it.
    """

    trader: int
    on: int
    role: str
    why: str
    seconds: int


class SeePage(Command, frozen=True, kw_only=True):
    """Look at a page as a trader, in the view that row `view` asked for. `page`: its address, without what is asked of it."""

    trader: int
    view: int
    page: str


class EndView(Command, frozen=True, kw_only=True):
    """View as the trader no more."""

    trader: int
    view: int
    how: ViewEnd
