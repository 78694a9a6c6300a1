"""Facts of appeals: a trader wanted a person to look at a decision, and a person answered."""

from firm.commands import AppealOutcome
from firm.facts.fact import Fact


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
