"""Override words: an exception from an account's rules as a person says it, for its trader, for staff and for `explain`."""

from typing import assert_never

from firm.facts import FloorSet
from firm.instant import datetime_of
from firm.money import Money
from firm.overrides import AdjustMark, ExtendPhase, Mark, Override, Reinstate, WaiveRule

_DAY_MARKS = {Mark.DAY_BALANCE: "balance", Mark.DAY_EQUITY: "equity"}


def override_in_words(override: Override, money: Money) -> str:
    """What was done, to be read after who did it. `money`: any amount in the account's currency."""
    match override:
        case Reinstate():
            return f"reinstated this account, in spite of decision {override.decision}"
        case WaiveRule():
            until = f"{datetime_of(override.until_us):%Y-%m-%d %H:%M:%S} UTC"
            return f"waived the rule {_named(override.rule)} until {until}"
        case ExtendPhase():
            days = "1 day" if override.days == 1 else f"{override.days} days"
            return f"extended the phase by {days}"
        case AdjustMark(mark=Mark.HIGH):
            return f"set the high that the rule {_named(override.rule)} follows to {money.with_minor(override.minor)}"
        case AdjustMark():
            mark = _DAY_MARKS[override.mark]
            return f"set the {mark} with which the day began to {money.with_minor(override.minor)}"
        case unknown:
            assert_never(unknown)


def effect_in_words(override: Override, floors: tuple[FloorSet, ...] = ()) -> str:
    """What it means for the trader, in a sentence. `floors`: as the row of the exception has them."""
    match override:
        case Reinstate():
            return (
                "The account goes on from its balance, and what was closed stays closed. The broken rule is not judged again "
                "before the next trading day; the others are."
            )
        case WaiveRule():
            return "Until then nothing breaks this rule; all others are judged as before."
        case ExtendPhase():
            return "The phase ends so much later, and an account may be without a trade for so much longer."
        case AdjustMark() if floors:
            moved = " ".join(_floor_in_words(one) for one in floors)
            return f"{moved} A breach by such a floor is final only when a person has looked at it."
        case AdjustMark():
            return "What is measured from this figure is measured from the new one."
        case unknown:
            assert_never(unknown)


def _floor_in_words(moved: FloorSet) -> str:
    return f"The floor of the rule {_named(moved.rule)} moves from {moved.before} to {moved.floor}."


def _named(rule: str) -> str:
    return f"“{rule}”"
