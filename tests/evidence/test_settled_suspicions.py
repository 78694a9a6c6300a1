"""A suspicion that is settled is worked out again: the equity that was seen, what belongs into it, and the floor that counts."""

from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from firm.facts import DividendBooked, Doubt
from firm.inputs import CashKind, CashReported, Side
from firm.terms.losses import Checked, Measured, Trail
from firm.terms.words import Anchor, Scope
from storage.grounds import Grounds
from tests.evidence.checking import derived
from tests.evidence.limits_of_today import LIMIT, PHASE, end_day_with, judge_rollover, sold

AT_ROLLOVER = replace(LIMIT, checked=Checked.AT_ROLLOVER)
UNCONFIRMED = (Doubt.BOOK_UNCONFIRMED,)


@pytest.mark.parametrize("cash", ["", "5_000.00"])
def test_the_end_of_a_day_is_confirmed_against_the_floor_with_which_it_ended(
    story: Any, verifier: ModuleType, cash: str
) -> None:
    """Cash of the new day moves the new day's floor, and is none of the old one's."""
    sold(story, AT_ROLLOVER)
    story.earn(story.ada, "-6_000.00")
    end_day_with(story, asked=95_000_00)
    suspicion = judge_rollover(story, UNCONFIRMED)
    assert derived(story, verifier, suspicion)
    if cash:
        story.deposit(story.ada, cash)
    said = derived(story, verifier, story.confirm(story.ada))
    assert f"floor when the breach was suspected = 9500000 minor (given by {suspicion}/floor/minor)" in said
    assert "deposit or withdrawal" not in said.partition("In the firm's words")[0]


# --- the night's swap ---

FROM_EQUITY = replace(LIMIT, anchor=Anchor.EQUITY)


def seen_before_the_swap(story: Any, terms: Any = FROM_EQUITY) -> int:
    """Ada's position is carried over a midnight; on Saturday she seems to break the limit, before the swap of the night is told."""
    sold(story, terms)
    story.price("EURUSD", 138_700, 138_702)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 100_000_000, 138_702, net="0")
    story.next_day()
    story.price("EURUSD", 138_700, 138_702)
    story.open_day(story.ada, provisional=True)
    story.price("EURUSD", 133_600, 133_602)
    decision: int = story.judge(story.ada, "asked", (Doubt.PROVISIONAL_ANCHOR,))
    return decision


def settled(story: Any) -> int:
    """The day's start is final, at the prices of its first instant, and the suspicion stands."""
    story.price("EURUSD", 138_700, 138_702)
    story.anchor_day(story.ada)
    decision: int = story.confirm(story.ada)
    return decision


def test_the_night_s_swap_is_in_the_equity_as_it_is_in_the_floor(story: Any, verifier: ModuleType) -> None:
    suspicion = seen_before_the_swap(story)
    seen = story.states[story.ada].findings[-1]
    row = story.swap(story.ada, "p1", "-60.00")
    said = derived(story, verifier, settled(story))
    assert f"swap told since #1 = -6000 minor (given by {row}/swap/minor)" in said
    assert f"equity with swap #1 = {seen.observed - 6_000} minor" in said
    assert f"equity when the breach was suspected = {seen.observed} minor (given by {suspicion}/observed/minor)" in said
    assert story.states[story.ada].findings[-1].floor == seen.floor - 6_000


def test_of_a_swap_that_is_told_twice_each_word_counts_from_the_last(story: Any, verifier: ModuleType) -> None:
    seen_before_the_swap(story)
    first = story.swap(story.ada, "p1", "-20.00")
    story.swap(story.ada, "p1", "-60.00")
    said = derived(story, verifier, settled(story))
    assert f"swap that was seen #2 = -2000 minor (given by {first}/swap/minor)" in said


def test_cash_and_swap_are_taken_in_the_order_in_which_they_came(story: Any, verifier: ModuleType) -> None:
    seen_before_the_swap(story)
    story.deposit(story.ada, "700.00")
    story.swap(story.ada, "p1", "-60.00")
    said = derived(story, verifier, settled(story))
    assert "equity with deposit or withdrawal #1" in said
    assert "equity with swap #2" in said


@pytest.mark.parametrize(
    "terms",
    [
        replace(LIMIT, anchor=Anchor.BALANCE),
        replace(LIMIT, anchor=Anchor.INITIAL),
        replace(LIMIT, scope=Scope.WEEK, anchor=Anchor.EQUITY),
        replace(LIMIT, anchor=Anchor.EQUITY, measured=Measured.EITHER),
        replace(LIMIT, anchor=Anchor.EQUITY, trail=Trail.EVERY_TICK),
    ],
    ids=["balance", "initial", "a week that began before", "equity or balance", "every tick"],
)
def test_a_swap_that_is_not_in_what_the_floor_rests_on_is_left_out(
    story: Any, verifier: ModuleType, terms: Any
) -> None:
    seen_before_the_swap(story, terms)
    story.swap(story.ada, "p1", "-60.00")
    assert "equity with swap" not in derived(story, verifier, settled(story))


def test_a_floor_that_follows_the_days_has_the_swap_in_it(story: Any, verifier: ModuleType) -> None:
    seen_before_the_swap(story, replace(PHASE, trail=Trail.END_OF_DAY))
    story.swap(story.ada, "p1", "-60.00")
    assert "equity with swap #1" in derived(story, verifier, settled(story))


def test_a_firm_that_leaves_the_swap_out_is_refused(
    story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Grounds, "words", lambda _: ["Trust us."])
    seen_before_the_swap(story)
    story.swap(story.ada, "p1", "-60.00")
    state = story.states[story.ada]
    [finding] = state.findings
    story.states[story.ada] = replace(state, findings=(replace(finding, moved=()),))
    decision = settled(story)
    with pytest.raises(verifier.Refused, match="by the rows and the rules it is swap told since #1"):
        verifier.verify(story.bundle(decision))


def test_a_firm_that_counts_a_swap_from_another_word_is_refused(
    story: Any, verifier: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Grounds, "words", lambda _: ["Trust us."])
    seen_before_the_swap(story)
    story.swap(story.ada, "p1", "-20.00")
    story.swap(story.ada, "p1", "-60.00")
    state = story.states[story.ada]
    [finding] = state.findings
    first, second = finding.moved
    again = replace(second, swap_was=first.swap_was, minor=first.minor + second.minor)
    story.states[story.ada] = replace(state, findings=(replace(finding, moved=(first, again)),))
    decision = settled(story)
    with pytest.raises(verifier.Refused, match="by the rows and the rules it is swap that was seen #2 = -2000"):
        verifier.verify(story.bundle(decision))


# --- a dividend that comes late ---


def test_a_dividend_of_before_the_breach_is_in_the_equity_that_was_seen(story: Any, verifier: ModuleType) -> None:
    seen_before_the_swap(story)
    state = story.states[story.ada]
    day_us, money = state.day.day.start_us, state.money(-50_00)
    now_us, story.at_us = story.at_us, day_us - 2_000
    report = CashReported(
        bridge="sim", seq=1, cash_id="v1", cash_kind=CashKind.DIVIDEND, amount=money, t_us=day_us - 1_000,
        balance_after=state.money(state.balance - 50_00),
    )  # fmt: skip
    story.report(report, story.ada)
    row = story.add(DividendBooked(cash_id="v1", amount=money, balance=state.money(state.balance - 50_00)), story.ada)
    story.at_us = now_us
    said = derived(story, verifier, settled(story))
    assert f"late dividend #1 = -5000 minor (given by {row}/amount/minor)" in said
