"""Consequences of a breach that does not end the account, carried out: on its standing and on its platform."""

from actors.account_seat import AccountSeat
from actors.desk import Turn
from firm.facts import AccountPaused, AccountRestricted
from firm.phase import Standing
from firm.terms.words import Action, Consequence, DeductProfit, ToGroup, ToLeverage


def carry_out(seat: AccountSeat, rule: str, does: Consequence, decision: int, turn: Turn) -> None:
    """Do what a broken term does. Failures and reviews are verdicts of their own."""
    match does:
        case Action.PAUSE:
            _hold_until_rollover(seat, rule, turn)
            seat.stand(Standing.PAUSED, rule, turn)
            seat.enforce("pause", decision, turn)
        case Action.RESTRICT:
            _restrict(seat, rule, decision, turn)
        case Action.CLOSE_POSITIONS:
            seat.enforce("close", decision, turn)
        case ToGroup():
            seat.enforce("regroup", decision, turn, {"group": does.group})
        case ToLeverage():
            seat.enforce("releverage", decision, turn, {"leverage": f"{does.leverage}"})
        case Action.WARN | Action.EXCLUDE_PROFIT | DeductProfit():
            return
        case Action.REVIEW | Action.FAIL:
            raise AssertionError(f"{seat.name}: {rule} is no soft breach")


def _hold_until_rollover(seat: AccountSeat, rule: str, turn: Turn) -> None:
    day = seat.held.day
    assert day is not None
    seat.record(AccountPaused(rule=rule, until_us=day.day.end_us), turn)


def _restrict(seat: AccountSeat, rule: str, decision: int, turn: Turn) -> None:
    day = seat.held.day
    assert day is not None
    seat.record(AccountRestricted(rule=rule, until_us=day.day.end_us), turn)
    seat.stand(Standing.RESTRICTED, rule, turn)
    seat.enforce("close_only", decision, turn)
