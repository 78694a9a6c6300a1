"""Beside: what else a ruleset says, for terms that mean something only together with another one."""

from typing import TypeVar

import msgspec

from firm.terms.objectives import MinimumTrades, ProfitTarget, ScoreTarget, TradingDays
from firm.terms.union import Term
from firm.terms.words import RuleTerm, Scope

Kind = TypeVar("Kind", bound=RuleTerm)


class Beside(msgspec.Struct, frozen=True):
    """All terms of a ruleset, in their order."""

    terms: tuple[Term, ...]

    def named(self, term_id: str) -> Term | None:
        return next((term for term in self.terms if term.id == term_id), None)

    def of_kind(self, kind: type[Kind]) -> tuple[Kind, ...]:
        return tuple(term for term in self.terms if isinstance(term, kind))

    @property
    def has_target(self) -> bool:
        return bool(self.of_kind(ProfitTarget))

    @property
    def can_be_won(self) -> bool:
        """Whether something wins the phase: a target, a score, or days or trades that are counted since it began."""
        counted = any(isinstance(term, TradingDays | MinimumTrades) and term.per is Scope.PHASE for term in self.terms)
        return counted or any(isinstance(term, ProfitTarget | ScoreTarget) for term in self.terms)
