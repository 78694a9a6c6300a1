"""Loss limits in words: how far an account may fall, from where, and how its floor moves."""

from collections.abc import Iterator

from firm.sentences.breaches import breach_sentences
from firm.sentences.speaker import Speaker, whether
from firm.terms.losses import FloorReaches, Lock, LossLimit, Step, Trail
from firm.terms.words import Anchor, Fixed, Scope, Share


def loss_limit(term: LossLimit, say: Speaker) -> Iterator[str]:
    yield say(f"loss_limit.scope.{term.scope}", amount=say.amount(term.amount))
    # A phase begins at its initial balance, whatever the mark is called.
    anchor = Anchor.INITIAL if term.scope is Scope.PHASE else term.anchor
    yield _anchor(anchor, term.scope, say)
    yield _trail(term, say)
    if term.lock is not None:
        yield from _lock(term.lock, say)
    for step in term.steps:
        yield _step(step, say)
    yield say(f"loss_limit.checked.{term.checked}", measured=say(f"measured.{term.measured}"))
    yield say(f"loss_limit.boundary.{term.boundary}")
    if term.scope is not Scope.CYCLE:  # which begins anew with a payout, as its first sentence says
        yield say(f"loss_limit.on_payout.{term.on_payout}")
    if term.warn_at_bp:
        yield say("loss_limit.warn_at", shares=say.listed([say.percent(bp) for bp in term.warn_at_bp], "and"))
    yield from breach_sentences(term, say)


def _anchor(anchor: Anchor, scope: Scope, say: Speaker) -> str:
    if anchor is Anchor.INITIAL:
        return say("loss_limit.anchor.initial")
    return say(f"loss_limit.anchor.{anchor}", start=say(f"loss_limit.start.{scope}"))


def _trail(term: LossLimit, say: Speaker) -> str:
    match term.trail:
        case Trail.STATIC | Trail.ON_CLOSE:  # the first has no high, and every booking's high is the balance's
            return say(f"loss_limit.trail.{term.trail}")
        case Trail.END_OF_DAY | Trail.EVERY_TICK:
            return say(f"loss_limit.trail.{term.trail}", high=say(f"loss_limit.high.{term.high}"))


def _lock(lock: Lock, say: Speaker) -> Iterator[str]:
    level = say("lock.at_initial") if _is_nothing(lock.offset) else say("lock.above", offset=say.amount(lock.offset))
    if isinstance(lock.trigger, FloorReaches):
        yield say("lock.when_reached", level=level)
    else:
        yield say("lock.when", when=say.trigger(lock.trigger), level=level)
    yield say(f"lock.permanent.{whether(lock.permanent)}")


def _step(step: Step, say: Speaker) -> str:
    return say(f"loss_limit.step.{step.effective}", when=say.trigger(step.when), amount=say.amount(step.amount))


def _is_nothing(offset: Share | Fixed) -> bool:
    return (offset.bp if isinstance(offset, Share) else offset.minor) == 0
