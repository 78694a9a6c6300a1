"""Locks: a lock lifts a floor or stops it, and lowers none.

What a lock would find is known where the floor follows the very mark that triggers it: the floor then stands at most where the trigger's
level puts it. Where it follows another one it may stand anywhere.
"""

from firm.checks.problem import Problem, Problems
from firm.terms.losses import FloorReaches, Lock, LossLimit, Trail
from firm.terms.words import (
    BP_WHOLE,
    Amount,
    Anchor,
    BalanceGain,
    BySize,
    EndOfDayBalance,
    EquityGain,
    Fixed,
    Scope,
    Share,
    ShareOf,
    Trigger,
)

_WHOLE_MINOR = 10**12
"""An initial balance of which shares are compared where none is known."""


def lowering_problems(term: LossLimit, size_minor: int | None) -> Problems:
    """Whether a lock could lower the floor it is to stop. `size_minor`: the initial balance; None where none is known yet."""
    lock = term.lock
    if lock is None or isinstance(lock.trigger, FloorReaches):
        return
    begins_anew = term.scope is not Scope.PHASE
    if begins_anew or (term.trail is not Trail.STATIC and not _follows_trigger(term, lock.trigger)):
        if size_minor is None:
            reason = (
                "the floor may stand above the locked one by then, and a lock lowers none: name floor_reaches, or the very mark that "
                "the floor follows; for the first payout there is on_payout"
            )
            yield Problem("lock.trigger", reason)
        return
    amounts = (term.amount, *(step.amount for step in term.steps))
    figures = [lock.offset, *amounts, *([] if _gain(lock.trigger) is None else [_gain(lock.trigger)])]
    if (size_minor is None) is any(isinstance(one, Fixed | BySize) for one in figures) or term.trail is Trail.STATIC:
        return
    if _stands_above(lock, amounts, _WHOLE_MINOR if size_minor is None else size_minor):
        yield Problem("lock.offset", "the floor has risen above it when the lock is reached, and a lock lowers none")


def _follows_trigger(term: LossLimit, trigger: Trigger) -> bool:
    """Whether no mark that the floor follows can be higher than the trigger's own before it is reached."""
    match trigger:
        case BalanceGain():
            return term.high is Anchor.BALANCE
        case EndOfDayBalance():
            return term.trail is Trail.END_OF_DAY and term.high in (Anchor.BALANCE, Anchor.LOWER)
        case EquityGain():
            return term.trail is Trail.EVERY_TICK and term.high is Anchor.EQUITY
        case _:
            return False


def _gain(trigger: Trigger) -> Share | Fixed | None:
    return trigger.gain if isinstance(trigger, BalanceGain | EquityGain | EndOfDayBalance) else None


def _stands_above(lock: Lock, amounts: tuple[Amount, ...], initial: int) -> bool:
    """Whether the floor stands above the locked one where the trigger is reached; what is no share of a mark known here is let be."""
    gain = None if isinstance(lock.trigger, FloorReaches) else _gain(lock.trigger)
    reached = None if gain is None else _minor(gain, initial, initial)
    offset = _minor(lock.offset, initial, initial)
    if reached is None or offset is None:
        return False
    level = initial + reached
    allowed = [minor for one in amounts if (minor := _minor(one, initial, level)) is not None]
    return bool(allowed) and level - min(allowed) > initial + offset


def _minor(amount: Amount, initial: int, high: int) -> int | None:
    match amount:
        case Fixed():
            return amount.minor
        case Share(of=ShareOf.INITIAL | ShareOf.ANCHOR):
            return amount.bp * initial // BP_WHOLE
        case Share(of=ShareOf.HIGH):
            return amount.bp * high // BP_WHOLE
        case BySize():
            return next((line.minor for line in amount.table if line.size_minor == initial), None)
        case _:
            return None
