"""Trade count: how many trades a phase or a payout needs. Parts of a position that were closed one by one are one trade."""

from collections.abc import Sequence

from firm.arithmetic import Arithmetic
from firm.rules.judged import Judged, Unit, met
from firm.rules.results import source_of
from firm.ruleset import Rule
from firm.terms.objectives import MinimumTrades
from firm.track import Trade


def judge_minimum_trades(calc: Arithmetic, rule: Rule, trades: Sequence[Trade], since_us: int) -> Judged:
    """Whether enough positions were closed, in whole or in part, at `since_us` or later."""
    terms = rule.terms
    assert isinstance(terms, MinimumTrades), f"term {rule.id} asks for no trades"
    closings = {trade.position_id: trade for trade in trades if trade.closed_us >= since_us}
    count = 0
    for name, trade in closings.items():
        closed = calc.given(f"{name} closed", 1, "count", source_of(trade, "position_id"))
        count = calc.plus("trades closed", count, closed)
    asked = calc.given("trades to show", terms.trades_min, "count", rule.cited("trades_min"))
    return met(count, asked, Unit.COUNT, is_met=calc.is_at_or_above("enough trades", count, asked))
