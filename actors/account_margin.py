"""The account's margin in use held against the platform's word: where it is worked out otherwise there, no rule rests on our figure."""

from actors.account_seat import AccountSeat
from actors.desk import Turn
from firm.account_fold import MARGIN
from firm.bounds import MARGIN_DRIFT_BP
from firm.equity import Board
from firm.facts import DriftCleared, DriftFound
from firm.inputs import EquityReported
from firm.rules.margin import limits_margin, margins_in_use


def compare_margin(seat: AccountSeat, report: EquityReported, board: Board, turn: Turn) -> None:
    """Of accounts with a rule about it alone. A platform that tells none while something is held says nothing about it."""
    state, told, policy = seat.held, report.margin.minor, turn.policy
    if not limits_margin(state.ruleset) or (state.positions and not told):
        return
    ours = margins_in_use(state, board, turn.at_us, policy.conversion_age_max_us)
    if ours is None:
        return
    tolerance = max(state.initial.minor * policy.drift_tolerance_bp, told * MARGIN_DRIFT_BP) // 10_000
    drifts = all(abs(one - told) > tolerance for one in ours)
    if drifts and not state.margin_drifts:
        found = DriftFound(
            what=MARGIN, computed=state.money(ours[0]), reported=report.margin, tolerance=state.money(tolerance)
        )
        seat.record(found, turn)
    elif state.margin_drifts and not drifts:
        seat.record(DriftCleared(what=MARGIN), turn)
