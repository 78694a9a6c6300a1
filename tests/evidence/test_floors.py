"""The floor and the target of a decision are worked out once more from the frozen rule alone, not from the firm's steps."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from firm.arithmetic import Step
from firm.facts import Doubt, PeakReached
from firm.terms.first import AmountBase, FirstAnchor, FirstTrail, MaximumLoss
from firm.terms.words import Boundary

Told = dict[str, Any]


def trailing(
    trail: FirstTrail, trails_on: FirstAnchor = FirstAnchor.EQUITY, lock_at_bp: int | None = None
) -> MaximumLoss:
    return MaximumLoss(
        id="overall", loss_max_bp=1_000, trail=trail, trails_on=trails_on, lock_at_bp=lock_at_bp,
        boundary=Boundary.TOUCHES,
    )  # fmt: skip


def sold(story: Any, *terms: Any) -> None:
    story.both_open(replace(story.rules, terms=terms))


def invented(told: Told, *steps: Step) -> None:
    """Put a floor of the firm's own making in the place of the rule's, with every step of it correct."""
    last = told["working"][-1]
    observed = next(step for step in told["working"] if step.name == "balance")
    told["working"] = (observed, *steps, replace(last, args=(last.args[0], steps[-1].name), value=1))
    told["floor"] = told["floor"].with_minor(steps[-1].value)


def refused(story: Any, verifier: ModuleType, why: str, alter: Callable[[Told], None], rule: str) -> None:
    story.alter = alter
    decision = story.judge(story.ada, rule)
    with pytest.raises(verifier.Refused, match=why):
        verifier.verify(story.bundle(decision))


@pytest.mark.parametrize("anchor", list(FirstAnchor))
@pytest.mark.parametrize("base", list(AmountBase))
def test_a_daily_floor_of_every_anchor_and_base_is_worked_out_again(
    story: Any, verifier: ModuleType, anchor: FirstAnchor, base: AmountBase
) -> None:
    sold(story, replace(story.rules.terms[0], anchor=anchor, base=base))
    story.earn(story.ada, "-6_000.00")
    told = verifier.verify(story.bundle(story.judge(story.ada, "daily")))
    assert any("the floor, worked out from the rule and the day's start" in line for line in told)


def test_a_day_anchored_later_moves_the_floor(story: Any, verifier: ModuleType) -> None:
    story.both_open(provisional=True)
    row = story.anchor_day(story.ada)
    story.earn(story.ada, "-6_000.00")
    told = verifier.verify(story.bundle(story.judge(story.ada, "daily")))
    assert any(f"the day's start in row {row}" in line for line in told)


@pytest.mark.parametrize("trail", [None, FirstTrail.END_OF_DAY])
def test_cash_moves_a_days_start_that_is_not_final(story: Any, verifier: ModuleType, trail: FirstTrail | None) -> None:
    terms = story.rules.terms if trail is None else (trailing(trail),)
    story.both_open(replace(story.rules, terms=terms), provisional=True)
    story.deposit(story.ada, "300.00")
    story.earn(story.ada, "-12_000.00")
    suspicion = story.judge(story.ada, terms[0].id, (Doubt.PROVISIONAL_ANCHOR,))
    assert verifier.verify(story.bundle(suspicion))
    floor = story.states[story.ada].findings[0].floor
    assert floor == (9_530_000 if trail is None else 9_030_000)
    story.anchor_day(story.ada)
    assert verifier.verify(story.bundle(story.confirm(story.ada)))


@pytest.mark.parametrize("wrong", ["DayStartMoved", "equity"])
def test_a_days_start_that_cash_moves_otherwise_is_refused(
    story: Any, verifier: ModuleType, silent: None, wrong: str
) -> None:
    story.both_open(provisional=True)
    story.deposit(story.ada, "300.00", moves=wrong == "equity", told=1)
    story.earn(story.ada, "-12_000.00")
    suspicion = story.judge(story.ada, "daily", (Doubt.PROVISIONAL_ANCHOR,))
    with pytest.raises(verifier.Refused, match=r"is no DayStartMoved|moves the day's start to"):
        verifier.verify(story.bundle(suspicion))


def test_a_floor_that_never_moves_is_worked_out_again(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    story.deposit(story.ada, "-1_000.00")  # which lowers where the floor is measured from
    story.earn(story.ada, "-10_100.00")
    assert verifier.verify(story.bundle(story.judge(story.ada, "overall")))


@pytest.mark.parametrize("lock_at_bp", [None, 0, 200])
def test_a_floor_that_trails_every_tick_is_worked_out_from_the_cited_peak(
    story: Any, verifier: ModuleType, lock_at_bp: int | None
) -> None:
    sold(story, trailing(FirstTrail.EVERY_TICK, lock_at_bp=lock_at_bp))
    state = story.states[story.ada]
    story.clock()
    story.add(
        PeakReached(equity=state.money(11_500_000), balance=state.money(10_000_000), at_us=story.at_us, quotes=()),
        story.ada,
    )  # fmt: skip
    story.earn(story.ada, "-20_000.00")
    decision = story.judge(story.ada, "overall")
    told = verifier.verify(story.bundle(decision))
    assert any("the highest mark in the rows" in line for line in told)
    assert story.states[story.ada].findings[-1].floor == {None: 10_500_000, 0: 10_000_000, 200: 10_200_000}[lock_at_bp]


@pytest.mark.parametrize("trails_on", list(FirstAnchor))
def test_a_floor_that_trails_at_the_end_of_the_day_is_worked_out_from_the_cited_mark(
    story: Any, verifier: ModuleType, trails_on: FirstAnchor
) -> None:
    sold(story, trailing(FirstTrail.END_OF_DAY, trails_on))
    story.earn(story.ada, "4_000.00")
    story.next_day()
    story.open_day(story.ada)
    story.earn(story.ada, "-12_000.00")
    assert verifier.verify(story.bundle(story.judge(story.ada, "overall")))
    assert story.states[story.ada].findings[-1].floor == 9_400_000


def test_a_high_that_cash_moved_is_a_mark_too(story: Any, verifier: ModuleType) -> None:
    sold(story, trailing(FirstTrail.END_OF_DAY))
    story.deposit(story.ada, "300.00")
    assert story.states[story.ada].track.highs[0].minor == 10_030_000
    story.earn(story.ada, "-12_000.00")
    assert verifier.verify(story.bundle(story.judge(story.ada, "overall")))


def test_a_high_of_an_earlier_day_that_cash_moved_is_taken_as_the_row_tells_it(
    story: Any, verifier: ModuleType
) -> None:
    """The file begins with a day that began lower; the high it does not hold is said not to be shown."""
    sold(story, trailing(FirstTrail.END_OF_DAY))
    story.earn(story.ada, "-2_000.00")
    story.next_day()
    story.open_day(story.ada)
    story.deposit(story.ada, "300.00")
    assert story.states[story.ada].track.highs[0].minor == 10_030_000
    story.earn(story.ada, "-12_000.00")
    told = verifier.verify(story.bundle(story.judge(story.ada, "overall")))
    assert any("NOT shown: that the highest mark in row" in line for line in told)


def test_a_confirmed_suspicion_of_an_earlier_day_keeps_the_floor_of_its_day(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    story.earn(story.ada, "-6_000.00")
    story.judge(story.ada, "daily", (Doubt.DRIFT,))
    story.next_day()
    story.open_day(story.ada)
    told = verifier.verify(story.bundle(story.confirm(story.ada)))
    assert any("the floor, which is the one of the suspicion" in line for line in told)


# --- what a firm could make up ---


def test_a_floor_without_the_allowed_loss_is_refused(story: Any, verifier: ModuleType, silent: None) -> None:
    def alter(told: Told) -> None:
        invented(told, next(step for step in told["working"] if step.name == "balance at day start"))

    story.both_open()
    story.earn(story.ada, "-1.00")
    refused(
        story,
        verifier,
        "working is equity at or below the floor .*; by the rows and the rules it is daily loss limit",
        alter,
        "daily",
    )


def test_another_day_s_start_is_refused(story: Any, verifier: ModuleType, silent: None) -> None:
    """Yesterday began higher: a floor measured from there would be a breach today."""

    def alter(told: Told) -> None:
        steps = {step.name: step for step in told["working"]}
        steps["balance at day start"] = replace(
            steps["balance at day start"], source=f"{yesterday}/balance/minor", value=10_000_000
        )
        steps["daily floor"] = replace(steps["daily floor"], value=9_500_000)
        told["working"] = tuple(steps.values())
        told["working"] = (*told["working"][:-1], replace(told["working"][-1], value=1))
        told["floor"] = told["floor"].with_minor(9_500_000)

    story.both_open()
    yesterday = story.states[story.ada].day.seq
    story.earn(story.ada, "-4_000.00")
    story.next_day()
    story.open_day(story.ada)
    story.earn(story.ada, "-1_500.00")
    refused(
        story, verifier, r"is balance at day start = 10000000 minor .*; by the rows .* = 9600000 minor", alter, "daily"
    )


def test_a_mark_that_is_none_is_refused(story: Any, verifier: ModuleType, silent: None) -> None:
    """A floor that trails the balance does not follow the equity."""

    def alter(told: Told) -> None:
        told["working"] = tuple(
            replace(step, source=step.source.replace("balance", "equity")) if step.name == "highest mark" else step
            for step in told["working"]
        )

    sold(story, trailing(FirstTrail.END_OF_DAY, FirstAnchor.BALANCE))
    story.earn(story.ada, "4_000.00")
    story.next_day()
    story.open_day(story.ada)
    story.earn(story.ada, "-12_000.00")
    refused(
        story,
        verifier,
        r"is highest mark = 10400000 minor \(given by [0-9]+/equity/minor\); by the rows .*/balance/minor",
        alter,
        "overall",
    )


def test_a_target_that_is_not_the_rule_s_is_refused(story: Any, verifier: ModuleType, silent: None) -> None:
    def alter(told: Told) -> None:
        start = next(step for step in told["working"] if step.name == "initial balance")
        last = told["working"][-1]
        told["working"] = (*told["working"][:-1], replace(last, args=(last.args[0], start.name)))
        told["target"] = told["target"].with_minor(start.value)

    story.alter = alter
    with pytest.raises(
        verifier.Refused, match=r"of balance, initial balance\); by the rows .* of balance, target balance"
    ):
        verifier.verify(story.bundle(story.ada_reaches_her_target()))
