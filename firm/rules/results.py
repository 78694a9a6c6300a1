"""Results: what each day, trade or idea brought, as rules that look for the best one see them.

Parts of a position that were closed one by one are one trade. Trades of one symbol and direction that were held at the same time, or of
which the next was opened at the instant when the last was closed, are one idea.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, assert_never

from firm.arithmetic import Arithmetic
from firm.inputs import Side
from firm.terms.objectives import DayBasis
from firm.track import DayResult, Trade


class Result(NamedTuple):
    """`name`: the day's label, the trade's position, or an idea's first position. `profit`: minor units with all costs, in the working."""

    name: str
    profit: int


def source_of(row: DayResult | Trade, path: str) -> str:
    """Where a figure of it stands in the ledger; "" while the day runs and no row holds it."""
    return f"{row.seq}/{path}" if row.seq else ""


def results_of_days(calc: Arithmetic, days: Iterable[DayResult], basis: DayBasis) -> tuple[Result, ...]:
    """One for each day. Equity gives none for a day that runs or could not be priced."""
    found = ((day, _profit(day, basis)) for day in days)
    return tuple(
        Result(day.label, calc.given(f"result of {day.label}", profit, "minor", source_of(day, basis_path)))
        for day, (profit, basis_path) in found
        if profit is not None
    )


def results_of_trades(calc: Arithmetic, trades: Iterable[Trade]) -> tuple[Result, ...]:
    """One for each position of which something was closed."""
    positions: dict[str, list[Trade]] = {}
    for trade in trades:
        positions.setdefault(trade.position_id, []).append(trade)
    return tuple(Result(name, _sum(calc, f"result of {name}", parts)) for name, parts in positions.items())


def results_of_ideas(calc: Arithmetic, trades: Sequence[Trade]) -> tuple[Result, ...]:
    """One for each idea of which something was closed."""
    ideas: list[list[Trade]] = []
    running: dict[tuple[str, Side], list[Trade]] = {}
    for trade in sorted(trades, key=lambda one: one.opened_us):
        idea = running.get((trade.symbol, trade.side))
        if idea is None or trade.opened_us > max(earlier.closed_us for earlier in idea):
            idea = running[trade.symbol, trade.side] = []
            ideas.append(idea)
        idea.append(trade)
    return tuple(Result(idea[0].position_id, _sum(calc, f"idea of {idea[0].position_id}", idea)) for idea in ideas)


def total_of(calc: Arithmetic, name: str, profits: Sequence[int]) -> int:
    """Added up, in their order; 0 for none."""
    if not profits:
        return 0
    total = profits[0]
    for profit in profits[1:]:
        total = calc.plus(name, total, profit)
    return total


def _profit(day: DayResult, basis: DayBasis) -> tuple[int | None, str]:
    match basis:
        case DayBasis.CLOSE:
            return day.closed, "closed/minor"
        case DayBasis.OPEN:
            return day.opened, "opened/minor"
        case DayBasis.EQUITY:
            return day.equity, "equity/minor"
        case unknown:
            assert_never(unknown)


def _sum(calc: Arithmetic, name: str, trades: Sequence[Trade]) -> int:
    return total_of(calc, name, calc.given_each("net", trades, [one.net for one in trades], "minor", "net/minor"))
