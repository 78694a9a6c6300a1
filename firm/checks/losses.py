"""Loss limits: floors below their anchor, that rise only where they may, and locks and steps that can be reached."""

from collections.abc import Sequence
from itertools import pairwise

from firm.checks.amounts import OF_SOLD, amount_problems
from firm.checks.beside import Beside
from firm.checks.locks import lowering_problems
from firm.checks.problem import Problem, Problems, below
from firm.needs import follows_prices
from firm.terms.losses import FloorReaches, Lock, LossLimit, OnPayout, Step, Trail
from firm.terms.words import (
    Action,
    Anchor,
    BalanceGain,
    Boundary,
    EndOfDayBalance,
    EquityGain,
    Fixed,
    PayoutsMade,
    Scope,
    Share,
    ShareOf,
    Trigger,
)

NO_LOSS = "no loss at all is allowed: the floor lies at its anchor, and the first spread breaks it"
BELOW_ZERO = "the floor would lie below zero, and could not be reached"


def loss_limit_problems(term: LossLimit, beside: Beside) -> Problems:
    of = _shares_of(term)
    yield from amount_problems("amount", term.amount, beside, of, nothing=NO_LOSS, whole=BELOW_ZERO)
    if term.scope is Scope.CYCLE:
        yield from _cycle_problems(term)
    yield from _trail_problems(term)
    if term.lock is not None:
        yield from below("lock", _lock_problems(term.lock, term, beside))
    for place, step in enumerate(term.steps):
        yield from below(f"steps[{place}]", _step_problems(step, of, beside))
    yield from _order_problems(term.steps)
    if list(term.warn_at_bp) != sorted(set(term.warn_at_bp)):
        yield Problem("warn_at_bp", "the shares must rise, each named once")
    yield from _lasting_problems(term)
    yield from _payout_problems(term)
    yield from lowering_problems(term, None)
    yield from _together_problems(term, beside)


def _cycle_problems(term: LossLimit) -> Problems:
    """Of a payout no row tells what equity was right after it, and a high of its day would belong to two cycles."""
    if term.anchor is not Anchor.BALANCE:
        yield Problem("anchor", "a payout cycle is measured from the balance that its payout left: name the balance")
    if term.trail is not Trail.STATIC:
        yield Problem("trail", "a floor that begins anew with each payout follows no high yet: name static")
    if term.on_payout is not OnPayout.NONE:
        yield Problem("on_payout", "this floor begins anew with each payout: nothing else is done to it, name none")


def _shares_of(term: LossLimit) -> frozenset[ShareOf]:
    there = OF_SOLD | {ShareOf.ANCHOR}
    if term.trail is not Trail.STATIC:
        there |= {ShareOf.HIGH}
    return there


def _trail_problems(term: LossLimit) -> Problems:
    if term.trail is Trail.END_OF_DAY and term.scope is Scope.DAY:
        yield Problem("trail", "a floor that begins anew with each day cannot trail from one day's end to the next")
    if term.trail is not Trail.STATIC and term.high is Anchor.INITIAL:
        yield Problem("high", "the initial balance makes no high: name balance, equity or the higher of both")
    if term.trail is Trail.ON_CLOSE and term.high is Anchor.EQUITY:
        yield Problem("high", "a trail on closes follows the balance: equity moves with every price")


def _payout_problems(term: LossLimit) -> Problems:
    """A payout can lower what a floor follows, not what it does not."""
    begins_anew = term.scope is not Scope.PHASE and term.anchor is not Anchor.INITIAL
    lowers = term.on_payout is OnPayout.HIGH_LESS_PAYOUT and begins_anew
    if term.trail is Trail.STATIC and term.on_payout in _LOWERING and not lowers:
        yield Problem("on_payout", "this floor follows no high that a payout could lower: it stays (none)")


def _together_problems(term: LossLimit, beside: Beside) -> Problems:
    """An account has one peak of what prices bring: a payout cannot lower it for one limit and leave it for another."""
    following = [one for one in beside.of_kind(LossLimit) if follows_prices(one)]
    if term in following[1:] and _peak_after(term) is not _peak_after(following[0]):
        one = following[0]
        yield Problem(
            "on_payout",
            f"the highest equity is one for all limits that follow every price, and {one.id} says {one.on_payout.value} of it: "
            "name the same for both",
        )


def _peak_after(term: LossLimit) -> OnPayout:
    """What a payout does to the peak; NONE where it stays, whatever becomes of the floor."""
    return term.on_payout if term.on_payout in _LOWERING else OnPayout.NONE


_LOWERING = frozenset({OnPayout.HIGH_LESS_PAYOUT, OnPayout.RESET_TO_INITIAL})


def _lock_problems(lock: Lock, term: LossLimit, beside: Beside) -> Problems:
    yield from amount_problems("offset", lock.offset, beside, OF_SOLD)
    match lock.trigger:
        case FloorReaches():
            if term.trail is Trail.STATIC:
                yield Problem("trigger", "a floor without a trail never gets there: name another trigger, or a trail")
        case PayoutsMade():
            if not _is_nothing(lock.offset):
                yield Problem(
                    "offset", "nothing says that a payout leaves so much: an account could end by its own payout"
                )
        case trigger:
            yield from below("trigger", _trigger_problems(trigger, beside))
            if is_too_high(lock.offset, trigger.gain, term.boundary):
                yield Problem("offset", LOCK_TOO_HIGH)


LOCK_TOO_HIGH = "the floor would lie above the gain that locks it: an account would end by its own profit"


def is_too_high(offset: Share | Fixed, gain: Share | Fixed, boundary: Boundary) -> bool:
    """Whether a floor locks where what reached its gain breaks it; False of two that only a size makes comparable."""
    match offset, gain:
        case Fixed(minor=high), Fixed(minor=reached):
            pass
        case Share(bp=high), Share(bp=reached) if offset.of is gain.of:
            pass
        case _:
            return False
    return high > reached or (high == reached and boundary is Boundary.TOUCHES)


def _is_nothing(offset: Share | Fixed) -> bool:
    return (offset.bp if isinstance(offset, Share) else offset.minor) == 0


def _step_problems(step: Step, of: frozenset[ShareOf], beside: Beside) -> Problems:
    yield from below("when", _trigger_problems(step.when, beside))
    yield from amount_problems("amount", step.amount, beside, of, nothing=NO_LOSS, whole=BELOW_ZERO)


def _trigger_problems(trigger: Trigger, beside: Beside) -> Problems:
    if not isinstance(trigger, PayoutsMade):
        at_once = "it is reached before the first trade: say what holds from the start instead"
        yield from amount_problems("gain", trigger.gain, beside, OF_SOLD, nothing=at_once)


def _order_problems(steps: Sequence[Step]) -> Problems:
    """Steps of one kind must rise; those of two kinds cannot be compared."""
    for place, (one, next_one) in enumerate(pairwise(steps), start=1):
        before, after = _level(one.when), _level(next_one.when)
        if before[0] == after[0] and before[1] >= after[1]:
            yield Problem(f"steps[{place}].when", "steps are in their order: this one is reached before the one above")


def _level(trigger: Trigger) -> tuple[tuple[str, ...], int]:
    """What a trigger counts, and how much of it."""
    match trigger:
        case PayoutsMade():
            return ("payouts",), trigger.count
        case (
            BalanceGain(gain=Share() as gain) | EquityGain(gain=Share() as gain) | EndOfDayBalance(gain=Share() as gain)
        ):
            return (type(trigger).__name__, gain.of), gain.bp
        case (
            BalanceGain(gain=Fixed() as fixed)
            | EquityGain(gain=Fixed() as fixed)
            | EndOfDayBalance(gain=Fixed() as fixed)
        ):
            return (type(trigger).__name__, "minor"), fixed.minor
    raise AssertionError(f"{trigger!r} is no trigger")


def _lasting_problems(term: LossLimit) -> Problems:
    """A floor of the day is broken once a day at most; one of the whole phase stays broken."""
    if term.scope is Scope.DAY and term.strikes_within is Scope.DAY and len(term.on_breach) > 1:
        yield Problem("strikes_within", "a day's limit is broken once a day: its second breach would never be counted")
    if term.scope is Scope.PHASE:
        for place, consequence in enumerate(term.on_breach):
            if consequence is Action.CLOSE_POSITIONS:
                reason = (
                    "whatever is opened under this floor would be closed again, for ever: fail, or have a person decide"
                )
                yield Problem(f"on_breach[{place}]", reason)
            if consequence in (Action.PAUSE, Action.RESTRICT):
                reason = "it ends at the rollover, but this floor does not begin anew with the day: it would be broken for ever"
                yield Problem(f"on_breach[{place}]", reason)
