"""Spoken: a term that an adapter made, once the language's own reader has read it and found nothing that contradicts itself.

So no vector is answered by a term that nobody could be sold: a loss of more than the whole, a floor above its anchor.
"""

import msgspec

from appliance.conformance.vector import CannotExpress
from firm.ruleset import LateBreach, Rule, Ruleset
from firm.ruleset_checks import problems_of
from firm.ruleset_text import RulesetRefused, read_data
from firm.terms.losses import Checked, LossLimit, Measured, OnPayout, Trail
from firm.terms.objectives import ProfitTarget, TargetMeasure
from firm.terms.payouts import Capped, PayoutAmount, ProfitMeasure, Salvage
from firm.terms.union import Term
from firm.terms.words import Action, Anchor, Boundary, Fixed, Scope, Share, ShareOf
from firm.trading_day import DayLabel, LabelledCalendar

DRAWDOWN = "drawdown"
"""The id of the loss limit that a payout term refers to."""

_CALENDAR = LabelledCalendar(zone="UTC", rollover="00:00", label=DayLabel.START, merged=())
_UNTOLD = frozenset({"terms[0].lock.trigger", "terms[0].profit_min", "terms[0].after_s", "terms[0].minimum_minor"})
"""Where a vector may be loose and still mean one thing: a lock of a floor that never moves by itself (a payout moves it), a day's least
profit of nothing, a window that is not told where strikes in it are, and the depth allowed on a day without a profit."""


def rule_of(term: Term) -> Rule:
    """A term as the only rule of its ruleset. Raises CannotExpress where the language has no such term."""
    return Rule(0, spoken(term), {})


def spoken(term: Term) -> Term:
    """The same term. Raises CannotExpress, with the field, where the language's reader refuses it."""
    terms = (term, *_beside(term))
    ruleset = Ruleset(
        name="vector", calendar=_CALENDAR, late_breach=LateBreach.ENFORCE, await_swap=False, failures_reviewed=False,
        overrides_by_two=False, terms=terms,
    )  # fmt: skip
    try:
        read = read_data(msgspec.json.decode(ruleset.canonical()))
    except RulesetRefused as refused:
        raise CannotExpress(f"no term says it: {refused}") from refused
    assert isinstance(read, Ruleset)
    for problem in problems_of(read):
        if problem.path.startswith("terms[0]") and problem.path not in _UNTOLD:
            raise CannotExpress(f"no term says it: {problem}")
    return term


def _beside(term: Term) -> tuple[Term, ...]:
    """What a term may refer to, which its vector has no need to tell."""
    limits = (DRAWDOWN, *term.after) if isinstance(term, Salvage) else (DRAWDOWN,)
    return (*map(_limit, limits), _TARGET, _AMOUNT)


def _limit(name: str) -> LossLimit:
    return LossLimit(
        id=name, scope=Scope.DAY, amount=Share(bp=500, of=ShareOf.INITIAL), anchor=Anchor.BALANCE, trail=Trail.STATIC,
        high=Anchor.BALANCE, lock=None, steps=(), checked=Checked.EVERY_TICK, measured=Measured.EQUITY,
        boundary=Boundary.CROSSES, on_payout=OnPayout.NONE, warn_at_bp=(), on_breach=(Action.FAIL,),
        strikes_within=Scope.PHASE,
    )  # fmt: skip


_TARGET = ProfitTarget(
    id="its-target", amount=Share(bp=1_000, of=ShareOf.INITIAL), measured=TargetMeasure.BALANCE, held_s=0,
    flat_required=False, latched=False, auto_close=False,
)  # fmt: skip
_AMOUNT = PayoutAmount(
    id="its-amount", measured=ProfitMeasure.BALANCE, buffer=Fixed(minor=1), buffer_payouts=None,
    buffer_plus_drawdown=None, retain_bp=0, minimum_minor=0, caps=(), capped=Capped.PROFIT, balance_share_bp=None,
    resets_balance=False,
)  # fmt: skip
