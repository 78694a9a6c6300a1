"""Ruleset checks: what contradicts itself in a ruleset or a program, all of it, before anybody is sold it.

The shape of each field is the language's own affair (`firm/terms`); here is what fields, terms and phases must be to each other.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Any, get_args

from firm.bounds import PHASES_MAX
from firm.checks import conduct, exposure, lifecycle, losses, objectives, payouts
from firm.checks.beside import Beside
from firm.checks.consequences import consequence_problems, leverage_problems
from firm.checks.names import figure_problems, name_problems, text_problems
from firm.checks.problem import Problem, Problems, below
from firm.checks.sizes import size_problems
from firm.checks.zones import calendar_problems
from firm.ruleset import Phase, Program, Ruleset
from firm.ruleset_shape import NULL
from firm.terms.conduct import (
    AdverseExcursion,
    AutomationUse,
    Grid,
    HighFrequency,
    HoldingLimit,
    Martingale,
    NewsWindow,
    OneSided,
    TradeDuration,
    TradingHours,
)
from firm.terms.exposure import AcrossAccounts, ExposureLimit, IdeaRisk, RiskReward, StopLossRequired
from firm.terms.lifecycle import Extension, LiveStart, MaximumAllocation, Merge, Reset, Retry, Scaling
from firm.terms.losses import LossLimit
from firm.terms.objectives import (
    Consistency,
    FailsAt,
    Inactivity,
    LotConsistency,
    MaximumDuration,
    MinimumTrades,
    ProfitTarget,
    ScoreTarget,
    TradingDays,
)
from firm.terms.payouts import (
    Bonus,
    InsideBuffer,
    PayoutAmount,
    PayoutConditions,
    PayoutCycle,
    PayoutSchedule,
    ProfitSplit,
    Salvage,
)
from firm.terms.union import Payout
from firm.terms.words import RuleTerm

_OF_KIND: dict[type[RuleTerm], Callable[[Any, Beside], Problems]] = {
    AcrossAccounts: exposure.across_accounts_problems,
    AdverseExcursion: conduct.adverse_excursion_problems,
    AutomationUse: conduct.automation_use_problems,
    Bonus: payouts.bonus_problems,
    Consistency: objectives.consistency_problems,
    ExposureLimit: exposure.exposure_limit_problems,
    Extension: lifecycle.extension_problems,
    Grid: conduct.grid_problems,
    HighFrequency: conduct.high_frequency_problems,
    HoldingLimit: conduct.holding_limit_problems,
    IdeaRisk: exposure.idea_risk_problems,
    Inactivity: objectives.inactivity_problems,
    InsideBuffer: payouts.inside_buffer_problems,
    LossLimit: losses.loss_limit_problems,
    LotConsistency: objectives.lot_consistency_problems,
    Martingale: conduct.martingale_problems,
    MaximumAllocation: lifecycle.allocation_problems,
    MaximumDuration: objectives.maximum_duration_problems,
    Merge: lifecycle.merge_problems,
    MinimumTrades: objectives.minimum_trades_problems,
    NewsWindow: conduct.news_window_problems,
    OneSided: conduct.one_sided_problems,
    PayoutAmount: payouts.amount_of_payout_problems,
    PayoutConditions: payouts.conditions_problems,
    PayoutSchedule: payouts.schedule_problems,
    ProfitSplit: payouts.split_problems,
    ProfitTarget: objectives.profit_target_problems,
    Reset: lifecycle.reset_problems,
    Retry: lifecycle.retry_problems,
    RiskReward: exposure.risk_reward_problems,
    Salvage: payouts.salvage_problems,
    ScoreTarget: objectives.score_target_problems,
    Scaling: lifecycle.scaling_problems,
    StopLossRequired: exposure.stop_loss_problems,
    TradeDuration: conduct.trade_duration_problems,
    TradingDays: objectives.trading_days_problems,
    TradingHours: conduct.trading_hours_problems,
}
_ONCE: tuple[type[RuleTerm], ...] = (
    ProfitTarget,
    MaximumDuration,
    PayoutSchedule,
    PayoutAmount,
    ProfitSplit,
    InsideBuffer,
    PayoutCycle,
    Reset,
    Retry,
    Extension,
    Scaling,
    Merge,
    LiveStart,
    MaximumAllocation,
)
"""Kinds of which a second term would contradict the first."""


def problems_of(ruleset: Ruleset) -> tuple[Problem, ...]:
    """All that contradicts itself, in the order of the fields; () where nothing does."""
    return tuple(_ruleset_problems(ruleset))


def problems_of_program(program: Program, bridges: Collection[str] | None = None) -> tuple[Problem, ...]:
    """The same of a program: of each phase's ruleset, of phases to each other, and of all of it to the size that is sold.

    `bridges`: those that are enrolled, where a firm is known that shall sell it.
    """
    problems = tuple(_program_problems(program))
    if bridges is None or program.bridge in bridges:
        return problems
    named = ", ".join(sorted(bridges)) or "none yet"
    return (*problems, Problem("bridge", f"no bridge is enrolled as {program.bridge}. There is: {named}"))


def _ruleset_problems(ruleset: Ruleset) -> Problems:
    yield from name_problems("name", ruleset.name)
    yield from below("calendar", calendar_problems(ruleset.calendar))
    beside = Beside(ruleset.terms)
    for place, term in enumerate(ruleset.terms):
        path = f"terms[{place}]"
        yield from text_problems(path, term)
        yield from below(path, _name_problems(term, ruleset.terms[:place]))
        if of_kind := _OF_KIND.get(type(term)):
            yield from below(path, of_kind(term, beside))
        if on_breach := getattr(term, "on_breach", None):
            yield from below(path, consequence_problems(term, on_breach))
    if any(isinstance(term, get_args(Payout)) for term in ruleset.terms) and not beside.of_kind(ProfitSplit):
        yield Problem("terms", "there are payouts, but no profit_split says whose the profit is")


def _name_problems(term: RuleTerm, before: tuple[RuleTerm, ...]) -> Problems:
    if term.id == NULL:
        yield Problem("id", f'"{NULL}" means that there is none: choose another name')
    for place, one in enumerate(before):
        if one.id == term.id:
            yield Problem("id", f"terms[{place}] is called {term.id} already")
        if type(one) is type(term) and isinstance(term, _ONCE):
            yield Problem("", f"there is a {_tag(term)} already (term {one.id}): a phase has one")


def _program_problems(program: Program) -> Problems:
    yield from figure_problems(program)
    if not 1 <= len(program.phases) <= PHASES_MAX:
        yield Problem("phases", f"a program has 1 to {PHASES_MAX} phases")
    for place, phase in enumerate(program.phases):
        yield from below(f"phases[{place}]", _phase_problems(program, phase, place))


def _phase_problems(program: Program, phase: Phase, place: int) -> Problems:
    yield from name_problems("name", phase.name)
    if phase.name in [one.name for one in program.phases[:place]]:
        yield Problem("name", f"another phase is called {phase.name}")
    if phase.funded and place + 1 < len(program.phases):
        yield Problem("funded", "the funded phase is the last one")
    if not isinstance(phase.ruleset, Ruleset):
        return  # sold in the first words, which were checked when it was published
    yield from below("ruleset", _ruleset_problems(phase.ruleset))
    of_its_kind = _funded_problems if phase.funded else _unfunded_problems
    yield from below("ruleset", of_its_kind(phase.ruleset))
    for at, term in enumerate(phase.ruleset.terms):
        yield from below(f"ruleset.terms[{at}]", size_problems(term, program.size.minor))
        yield from below(f"ruleset.terms[{at}]", leverage_problems(term, program.leverage))
        if isinstance(term, ProfitSplit):
            names = [one.name for one in program.phases]
            yield from below(f"ruleset.terms[{at}]", payouts.penalty_problems(term, names))


def _unfunded_problems(ruleset: Ruleset) -> Iterator[Problem]:
    for place, term in enumerate(ruleset.terms):
        if isinstance(term, get_args(Payout)):
            yield Problem(f"terms[{place}]", "profit is shared in the funded phase alone")
    if not Beside(ruleset.terms).can_be_won:
        reason = "nothing wins this phase: name a target, a score, or days or trades that are counted since it began"
        yield Problem("terms", reason)


def _funded_problems(ruleset: Ruleset) -> Iterator[Problem]:
    for place, term in enumerate(ruleset.terms):
        if isinstance(term, Consistency) and term.fails_at is FailsAt.TARGET:
            yield Problem(f"terms[{place}].fails_at", "the funded phase is never won, so that it is never looked at")


def _tag(term: RuleTerm) -> str:
    return str(term.__struct_config__.tag)
