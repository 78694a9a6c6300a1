"""Life of a challenge in words: resets, retries, extensions, growth, mergers, and what one trader may hold."""

from collections.abc import Iterator

from firm.sentences.speaker import Speaker, whether
from firm.terms.lifecycle import Extension, GrowthStep, LiveStart, MaximumAllocation, Merge, Reset, Retry, Scaling


def reset(term: Reset, say: Speaker) -> Iterator[str]:
    yield say("reset.window", days=term.window_days)
    if not term.resets_max:
        yield say("reset.never")
        return
    if term.price_bp:
        yield say("reset.priced", times=term.resets_max, share=say.percent(term.price_bp))
    else:
        yield say("reset.free", times=term.resets_max)
    yield say(f"reset.before_deadline.{term.before_deadline}")
    yield say(f"reset.after_deadline.{term.after_deadline}")
    yield say(f"reset.after_breach.{whether(term.after_breach)}")
    yield say(f"reset.history.{whether(term.history_kept)}")


def retry(term: Retry, say: Speaker) -> Iterator[str]:
    yield say("retry.times", times=term.retries_max)
    if term.in_profit:
        yield say("lifecycle.in_profit")
    if term.flat:
        yield say("lifecycle.flat")


def extension(term: Extension, say: Speaker) -> Iterator[str]:
    yield say("extension.times", days=term.days, times=term.extensions_max)
    if term.in_profit:
        yield say("lifecycle.in_profit")


def scaling(term: Scaling, say: Speaker) -> Iterator[str]:
    for place, step in enumerate(term.steps):
        yield _growth(step, "_then" if place else "", say)
    if term.profit_min is not None:
        yield say("scaling.profit", amount=say.amount(term.profit_min))
    if term.payouts_min:
        yield say("scaling.payouts", payouts=term.payouts_min)
    if term.balance_above_initial:
        yield say("lifecycle.in_profit")
    yield say("scaling.size", size=say.money(term.size_max_minor))
    if term.split_after_bp is not None:
        yield say("scaling.split", share=say.percent(term.split_after_bp))


def _growth(step: GrowthStep, then: str, say: Speaker) -> str:
    grows = say(f"scaling.of.{step.of}", share=say.percent(step.grows_bp))
    if step.times is None:
        return say(f"scaling.always{then}", months=step.months, grows=grows)
    return say(f"scaling.times{then}", months=step.months, grows=grows, times=step.times)


def merge(term: Merge, say: Speaker) -> Iterator[str]:
    yield say("merge.size", size=say.money(term.size_max_minor))
    yield say(f"merge.lots.{term.lots}")
    if term.untouched_only:
        yield say("merge.untouched")


def live_start(term: LiveStart, say: Speaker) -> Iterator[str]:
    yield say(f"live_start.largest_only.{whether(term.largest_only)}")


def maximum_allocation(term: MaximumAllocation, say: Speaker) -> Iterator[str]:
    yield say("maximum_allocation.limit", accounts=term.accounts_max, amount=say.money(term.limit_minor))
    yield say(f"accounts.funded_only.{whether(term.funded_only)}")
