"""The end of a phase in the neutral vocabulary: what wins it, by a target or by what is counted, and a share of the profit that ends it."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from appliance.conformance.history import Day, Told
from appliance.conformance.objective_shares import DENOMINATORS
from appliance.conformance.objective_terms import BREACHES_AT, amount_in, chosen
from appliance.conformance.objectives import target_term
from appliance.conformance.rules_run import run
from appliance.conformance.units import bp_of, minor_of
from appliance.conformance.vector import CannotExpress, Vector, require_known
from firm.money import Money
from firm.rules.winning import told_by
from firm.ruleset import LateBreach, Ruleset
from firm.ruleset_checks import problems_of
from firm.terms.objectives import (
    Consistency,
    ConsistencyEffect,
    DayBasis,
    DayCounts,
    Denominator,
    FailsAt,
    MinimumTrades,
    Numerator,
    TradingDays,
)
from firm.terms.union import Term
from firm.terms.words import Boundary, Scope
from firm.trading_day import DayLabel, LabelledCalendar

_CALENDAR = LabelledCalendar(zone="UTC", rollover="00:00", label=DayLabel.START, merged=())


def phase_end(vector: Vector) -> dict[str, Any]:
    """By which entry the phase was over, how, and by which of its rules; nothing of each while it goes on."""
    require_known(vector.params, ("initial", "target", "min_days", "min_trades", "consistency"))
    ruleset = Ruleset(
        name="vector", calendar=_CALENDAR, late_breach=LateBreach.ENFORCE, await_swap=False, failures_reviewed=False,
        overrides_by_two=False, terms=tuple(_terms(vector.params)),
    )  # fmt: skip
    for problem in problems_of(ruleset):
        raise CannotExpress(f"{problem.path}: {problem.reason}")
    told = [Told(line, Day(pnl=Decimal(entry["pnl"])), None) for line, entry in enumerate(vector.timeline, start=1)]
    ended = run(ruleset, Money(minor_of(vector.params["initial"]), "USD", 2), told, vector.id).ended
    if ended is None:
        return {"ended": None, "by": None, "i": None}
    by = ended.rule or told_by(ruleset).id
    return {"ended": ended.what, "by": by, "i": ended.line - 1}


def _terms(params: Mapping[str, Any]) -> Iterator[Term]:
    if "target" in params:
        yield target_term({"measure": "balance"} | params["target"], amount_in(params["target"], "abs", "pct"))
    if "min_days" in params:
        yield TradingDays(
            id="min_days", days_min=params["min_days"], counts=DayCounts.OPENED, profit_min=None, boundary=Boundary.TOUCHES,
            per=Scope.PHASE,
        )  # fmt: skip
    if "min_trades" in params:
        yield MinimumTrades(id="min_trades", trades_min=params["min_trades"], per=Scope.PHASE)
    if "consistency" in params:
        yield _consistency(params["consistency"])


def _consistency(told: Mapping[str, Any]) -> Consistency:
    require_known(told, ("cap_pct", "denominator", "pass_when", "fails_at"))
    denominators = {**DENOMINATORS, "target": Denominator.TARGET}
    return Consistency(
        id="consistency", best=Numerator.BEST_DAY, of=chosen(told, "denominator", denominators), day_basis=DayBasis.CLOSE,
        caps_bp=(bp_of(told["cap_pct"]),), boundary=chosen(told, "pass_when", BREACHES_AT), effect=ConsistencyEffect.FAIL,
        per=Scope.PHASE, fails_at=chosen(told, "fails_at", {one.value: one for one in FailsAt}),
    )  # fmt: skip


FAMILIES: dict[str, Callable[[Vector], dict[str, Any]]] = {"phase_end": phase_end}
