"""Life of a challenge: what is granted can be used, and agrees with the clock of the phase."""

from firm.checks.amounts import OF_INITIAL, amount_problems
from firm.checks.beside import Beside
from firm.checks.problem import Problem, Problems
from firm.terms.lifecycle import Extension, MaximumAllocation, Merge, Reset, Retry, Scaling
from firm.terms.objectives import MaximumDuration

_WITHOUT_END = "the phase has no last day: a maximum_duration is missing"


def reset_problems(term: Reset, beside: Beside) -> Problems:
    if term.resets_max == 0:
        yield Problem("resets_max", "no reset at all: leave the term out")
    for clock in beside.of_kind(MaximumDuration):
        if clock.days_max != term.window_days:
            yield Problem("window_days", f"the phase lasts {clock.days_max} days (term {clock.id})")


def retry_problems(_: Retry, beside: Beside) -> Problems:
    if not beside.of_kind(MaximumDuration):
        yield Problem("", f"nothing ends in time that could be tried again: {_WITHOUT_END}")


def extension_problems(_: Extension, beside: Beside) -> Problems:
    if not beside.of_kind(MaximumDuration):
        yield Problem("", f"there is nothing to extend: {_WITHOUT_END}")


def scaling_problems(term: Scaling, beside: Beside) -> Problems:
    *earlier, _ = term.steps
    for place, step in enumerate(term.steps):
        if step.grows_bp == 0:
            yield Problem(f"steps[{place}].grows_bp", "it grows by nothing")
    for place, step in enumerate(earlier):
        if step.times is None:
            yield Problem(f"steps[{place}].times", "it holds from then on always: the steps after it are never reached")
    yield from amount_problems("profit_min", term.profit_min, beside, OF_INITIAL)
    if term.size_max_minor == 0:
        yield Problem("size_max_minor", "no account could grow")


def merge_problems(term: Merge, _: Beside) -> Problems:
    if term.size_max_minor == 0:
        yield Problem("size_max_minor", "no account could be merged")


def allocation_problems(term: MaximumAllocation, _: Beside) -> Problems:
    if term.limit_minor == 0:
        yield Problem("limit_minor", "nobody could have an account")
