"""Appeal commands: a trader wants a person to look at a decision of the program, and a person answers."""

from enum import StrEnum

from firm.commands.command import Command


class AppealOutcome(StrEnum):
    """What a person found who looked at a decision as its trader had asked. CORRECTED: it was put right, by an act of its own."""

    STANDS = "stands"
    CORRECTED = "corrected"


class AppealDecision(Command, frozen=True, kw_only=True):
    """A trader wants a person to look at decision `decision` (its ledger seq) of an account of theirs.

    `sealed`: the commitment to what they say of it, which lies in the vault as theirs.
    """

    trader: int
    account: int
    decision: int
    sealed: str


class AnswerAppeal(Command, frozen=True, kw_only=True):
    """A person looked at it. The trader reads the why."""

    trader: int
    account: int
    decision: int
    outcome: AppealOutcome
    why: str
