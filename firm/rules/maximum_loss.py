"""Maximum loss: an account may not fall more than a fixed amount below its initial balance, or below its highest mark.

The amount is a share of the initial balance whatever the floor trails: "10 % trailing" on 100 000.00 is 10 000.00 below the
high. Once the floor has reached its lock it rises no further.
"""

from firm.arithmetic import Arithmetic
from firm.ruleset import MaximumLoss, Trail


def maximum_loss_floor(
    calc: Arithmetic,
    terms: MaximumLoss,
    at: str,
    initial: int,
    initial_source: str,
    high: int,
    high_source: str,
    start: int,
) -> int:
    """The lowest equity that is allowed, in minor units.

    `high`: the highest mark of the kind the floor trails; `start`: the initial balance with deposits and withdrawals.
    """
    sold = calc.given("initial balance that was sold", initial, "minor", initial_source)
    loss_max_bp = calc.given("maximum loss limit", terms.loss_max_bp, "bp", f"{at}/loss_max_bp")
    # Rounded down: the allowed loss never exceeds the share that was sold.
    scaled = calc.times("maximum loss limit x initial balance", sold, loss_max_bp, "minor x bp")
    allowed = calc.divided_rounded_down("allowed maximum loss", scaled, 10_000, "minor")
    if terms.trail is Trail.STATIC:
        return calc.minus("maximum-loss floor", start, allowed)
    mark = calc.given("highest mark", high, "minor", high_source)
    raised_from = calc.highest("higher of initial balance and highest mark", start, mark)
    trailing = calc.minus("trailing floor", raised_from, allowed)
    if terms.lock_at_bp is None:
        return trailing
    lock_bp = calc.given("lock above initial balance", terms.lock_at_bp, "bp", f"{at}/lock_at_bp")
    lock_scaled = calc.times("lock x initial balance", sold, lock_bp, "minor x bp")
    lock_above = calc.divided_rounded_down("lock amount", lock_scaled, 10_000, "minor")
    lock = calc.plus("locked floor", start, lock_above)
    return calc.lowest("maximum-loss floor", trailing, lock)
