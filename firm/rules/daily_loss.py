"""Daily loss: an account may not fall more than a fixed amount below where its day began.

When a day begins is decided in `firm/trading_day.py`; this file only measures the fall.
"""

from firm.account import DayStart
from firm.arithmetic import Arithmetic
from firm.ruleset import AmountBase, Anchor, DailyLoss


def daily_floor(calc: Arithmetic, terms: DailyLoss, at: str, day: DayStart, initial: int, initial_source: str) -> int:
    """The lowest equity that the day allows, in minor units. `at` is the path of the terms in the ruleset."""
    anchor = _anchor(calc, terms, day)
    loss_max_bp = calc.given("daily loss limit", terms.loss_max_bp, "bp", f"{at}/loss_max_bp")
    base = (
        anchor if terms.base is AmountBase.ANCHOR else calc.given("initial balance", initial, "minor", initial_source)
    )
    # Rounded down: the allowed loss never exceeds the share that was sold.
    scaled = calc.times("daily loss limit x base", base, loss_max_bp, "minor x bp")
    allowed = calc.divided_rounded_down("allowed daily loss", scaled, 10_000, "minor")
    return calc.minus("daily floor", anchor, allowed)


def _anchor(calc: Arithmetic, terms: DailyLoss, day: DayStart) -> int:
    match terms.anchor:
        case Anchor.BALANCE:
            return calc.given("balance at day start", day.balance, "minor", f"{day.seq}/balance/minor")
        case Anchor.EQUITY:
            return calc.given("equity at day start", day.equity, "minor", f"{day.seq}/equity/minor")
        case Anchor.HIGHER:
            balance = calc.given("balance at day start", day.balance, "minor", f"{day.seq}/balance/minor")
            equity = calc.given("equity at day start", day.equity, "minor", f"{day.seq}/equity/minor")
            return calc.highest("higher of balance and equity at day start", balance, equity)
