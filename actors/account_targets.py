"""The account and targets that equity must reach: since when one is, and what follows when it just was."""

from actors.account_seat import AccountSeat
from actors.desk import Turn
from firm.facts import TargetLeft, TargetReached
from firm.phase import Standing
from firm.rules.winning import noted_targets, target_balance_of
from firm.terms.objectives import ProfitTarget, TargetMeasure


def note(seat: AccountSeat, equity: int, at_us: int, turn: Turn) -> bool:
    """Write down when what a target measures comes to stand at or above it, or does no more: it may have to stay there, or to latch.

    Whether one was reached that need not be held: the one way in which a price wins a phase. What must be held is looked at by the minute.
    """
    state = seat.held
    wins = False
    if state.standing is not Standing.ACTIVE:
        return wins
    for rule in noted_targets(seat.held.ruleset):
        assert isinstance(rule.terms, ProfitTarget)
        target = target_balance_of(state, rule)
        measured = equity if rule.terms.measured is TargetMeasure.EQUITY else state.balance
        is_known = any(one.rule == rule.id for one in state.track.reached)
        if measured >= target and not is_known:
            reached = TargetReached(rule=rule.id, observed=state.money(measured), at_us=at_us)
            seq = seat.record(reached, turn, at_us)
            wins = wins or not rule.terms.held_s
            if rule.terms.auto_close and state.positions:
                seat.enforce("close", seq, turn)
        elif measured < target and is_known:
            seat.record(TargetLeft(rule=rule.id, observed=state.money(measured), at_us=at_us), turn, at_us)
    return wins
