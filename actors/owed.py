"""Owed: of each account what enforcement withheld and the platform still lacks, until it is ordered anew, served or no longer wanted.

A withheld command is never sent later. What it was for is kept here, one purpose an account: the strongest, with the decision it
rests on, so that a person can order it anew.
"""

from immutables import Map
from msgspec.structs import replace

from actors.enforcement_plans import Owed, Plan, is_replaced
from firm.facts import AccountLinked, CommandQueued, CommandWithheld, Fact, FlatConfirmed, OverrideGranted
from firm.inputs import AccountReported, Input, SnapshotReported

# The weakest purpose of which an action is a part. The rows of one withholding follow each other, and the last one tells the purpose.
_PURPOSE_OF = {
    "create_account": "provision",
    "close_only": "close_only",
    "cancel_orders": "pause",
    "close_all": "pause",
    "block": "flatten",
    "unblock": "release",
}


def owed_after(owed: Map[int, Owed], body: Input | Fact, seq: int, account: int, happened_us: int) -> Map[int, Owed]:
    """What is owed after one row of a bridge; the same map where the row changes nothing."""
    held = owed.get(account)
    match body:
        case CommandWithheld():
            then: Owed | None = _after_withheld(held, body, seq, happened_us)
        case _ if held is None:
            return owed
        case CommandQueued():
            then = None if is_replaced(held.purpose, body.purpose) else held
        case AccountLinked():
            then = None if held.purpose == "provision" else held
        case FlatConfirmed() | OverrideGranted():  # of one that is reinstated nothing is wanted any more
            then = None
        case AccountReported() | SnapshotReported():
            then = None if is_served(held, body) else held
        case _:
            then = held
    if then is held:
        return owed
    return owed.delete(account) if then is None else owed.set(account, then)


def shows_flat(held: Owed | Plan | None, report: SnapshotReported) -> bool:
    """Whether a flattening is owed, or was given up, that the platform shows done, by whomever."""
    left = report.positions or report.pending_orders
    return held is not None and held.purpose == "flatten" and not left and not report.trading_allowed


def _after_withheld(held: Owed | None, fact: CommandWithheld, seq: int, happened_us: int) -> Owed:
    purpose = _PURPOSE_OF[fact.action]
    if held is not None and held.last_seq == seq - 1 and held.decision == fact.for_decision:
        return replace(held, purpose=purpose, last_seq=seq)
    if held is not None and not is_replaced(held.purpose, purpose):
        return held
    return Owed(
        login=fact.login,
        purpose=purpose,
        decision=fact.for_decision,
        args=fact.args,
        because=fact.because,
        since_us=happened_us,
        first_seq=seq,
        last_seq=seq,
    )


def is_served(held: Owed | Plan, report: AccountReported | SnapshotReported) -> bool:
    """The platform shows it done, by whomever. A flattening is confirmed by a fact of its own."""
    match held.purpose:
        case "close_only":
            return not report.trading_allowed
        case "release":
            return report.trading_allowed
        case "pause":
            left = not isinstance(report, SnapshotReported) or report.positions or report.pending_orders
            return not left and not report.trading_allowed
        case _:
            return False
