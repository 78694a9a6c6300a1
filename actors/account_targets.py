"""The account and targets that equity must reach: since when one is, and what follows when it just was."""

from actors.account_seat import AccountSeat
from actors.desk import Turn
from firm.arithmetic import PLAIN
from firm.facts import TargetLeft, TargetReached
from firm.phase import Standing
from firm.rules.winning import target_with_consistency
from firm.ruleset import Rule
from firm.terms.objectives import ProfitTarget, TargetMeasure


def note(seat: AccountSeat, equity: int, at_us: int, turn: Turn) -> None:
    """Write down when what a target measures comes to stand at or above it, or does no more: it may have to stay there, or to latch."""
    state = seat.held
    if state.standing is not Standing.ACTIVE:
        return
    for rule in noted_targets(seat):
        assert isinstance(rule.terms, ProfitTarget)
        target = target_with_consistency(PLAIN, state, rule, rule.terms)
        measured = equity if rule.terms.measured is TargetMeasure.EQUITY else state.balance
        is_known = any(one.rule == rule.id for one in state.track.reached)
        if measured >= target and not is_known:
            reached = TargetReached(rule=rule.id, observed=state.money(measured), at_us=at_us)
            seq = seat.record(reached, turn, at_us)
            if rule.terms.auto_close and state.positions:
                seat.enforce("close", seq, turn)
        elif measured < target and is_known:
            seat.record(TargetLeft(rule=rule.id, observed=state.money(measured), at_us=at_us), turn, at_us)


def noted_targets(seat: AccountSeat) -> tuple[Rule, ...]:
    """Targets of which it matters when they were reached: by equity, or once for all."""
    return tuple(
        rule
        for rule in seat.held.ruleset.rules
        if isinstance(rule.terms, ProfitTarget) and (rule.terms.measured is TargetMeasure.EQUITY or rule.terms.latched)
    )


def has_just_been_reached(seat: AccountSeat, at_us: int) -> bool:
    """Whether a price may have won the phase: it is the one way in which prices do."""
    return any(one.at_us <= at_us for one in seat.held.track.reached) and bool(noted_targets(seat))
