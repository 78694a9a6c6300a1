"""Lot range: a trade may not be much smaller or larger than the average of those before it.

Each trade is held against what was closed before it and once for all: a large trade that follows makes no earlier one too small. A first
trade has nothing to be held against. The edges of the range are allowed.
"""

from collections.abc import Sequence
from typing import assert_never

from firm.arithmetic import Arithmetic
from firm.rules.figures import lots_of
from firm.rules.judged import SILENT, Judged, Unit, kept
from firm.rules.results import total_of
from firm.ruleset import Rule
from firm.terms.objectives import LotConsistency, PartialCloses
from firm.terms.words import BP_WHOLE
from firm.track import HeldPosition, Trade


def judge_lot_consistency(
    calc: Arithmetic, rule: Rule, trades: Sequence[Trade], held: Sequence[HeldPosition], since_us: int
) -> Judged:
    """Whether the newest trade is in the range of those that were closed before it, at `since_us` or later; in lots times 10^8.

    `held`: open positions. Where the parts of a position count together, one of which a part is still open is no trade yet.
    """
    terms = _lot_consistency(rule)
    counted = [trade for trade in trades if trade.closed_us >= since_us]
    sizes = _sizes(calc, terms.partial_closes, counted, {position.position_id for position in held})
    if len(sizes) < 2 or counted[-1].position_id != sizes[-1][0]:
        return SILENT
    *earlier, (newest, lots) = sizes
    total = total_of(calc, "lots before it", [size for _, size in earlier])
    # Rounded into the range, the edges decide exactly as the unrounded ones would: lots are whole numbers too.
    smallest = smallest_lots(calc, rule, total, len(earlier))
    if calc.is_below("smaller than the range", lots, smallest):
        return kept(lots, smallest, Unit.LOTS_E8, newest, broken=True)
    largest = largest_lots(calc, rule, total, len(earlier))
    return kept(lots, largest, Unit.LOTS_E8, newest, broken=calc.is_above("larger than the range", lots, largest))


def smallest_lots(calc: Arithmetic, rule: Rule, total: int, count: int) -> int:
    """The smallest trade after `count` trades of `total` lots together, in lots times 10^8."""
    min_bp = calc.given("smallest share of the average", _lot_consistency(rule).min_bp, "bp", rule.cited("min_bp"))
    share = calc.times("smallest share of all lots", total, min_bp, "lots_e8 x bp")
    return calc.divided_rounded_up("smallest lots", share, count * BP_WHOLE, "lots_e8")


def largest_lots(calc: Arithmetic, rule: Rule, total: int, count: int) -> int:
    """The largest trade after `count` trades of `total` lots together, in lots times 10^8."""
    max_bp = calc.given("largest share of the average", _lot_consistency(rule).max_bp, "bp", rule.cited("max_bp"))
    share = calc.times("largest share of all lots", total, max_bp, "lots_e8 x bp")
    return calc.divided_rounded_down("largest lots", share, count * BP_WHOLE, "lots_e8")


def _lot_consistency(rule: Rule) -> LotConsistency:
    assert isinstance(rule.terms, LotConsistency), f"term {rule.id} is about no lots"
    return rule.terms


def _sizes(
    calc: Arithmetic, partial_closes: PartialCloses, trades: Sequence[Trade], held: set[str]
) -> list[tuple[str, int]]:
    """Each trade's position and lots, in the order in which they were complete."""
    lots = list(zip([one.position_id for one in trades], lots_of(calc, trades), strict=True))
    match partial_closes:
        case PartialCloses.SEPARATE:
            return lots
        case PartialCloses.TOGETHER:
            positions: dict[str, int] = {}
            for name, size in lots:
                # Put at the end again: a position is complete with its last part.
                before = positions.pop(name, None)
                positions[name] = size if before is None else calc.plus(f"lots of {name} together", before, size)
            return [(name, size) for name, size in positions.items() if name not in held]
        case unknown:
            assert_never(unknown)
