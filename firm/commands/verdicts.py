"""Commands that people put beside what rules decide: reviews, exceptions, scores, held phases."""

from enum import StrEnum

from firm.commands.command import Command
from firm.overrides import Override


class ReviewOutcome(StrEnum):
    """A reviewer's word on a suspected breach or a held pass."""

    CONFIRM = "confirm"
    DISMISS = "dismiss"


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
