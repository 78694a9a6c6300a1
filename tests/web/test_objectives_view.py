"""Which limits still count: what is broken or paused for is not the nearest, and an ended account is not judged."""

import pytest
from msgspec.structs import replace

from actors.live import LiveAccount
from firm.money import Money
from firm.objective import Objective, Progress
from firm.phase import Standing
from firm.ruleset import FirstRuleset, LateBreach
from firm.terms.first import AmountBase, DailyLoss, FirstAnchor, FirstTrail, MaximumLoss, OnDailyLoss
from firm.terms.words import Boundary
from firm.trading_day import TradingCalendar
from web.judged_words import verdict_word
from web.objectives_view import ObjectiveRow, nearest_limit, objective_rows, pause_sentence


def usd(text: str) -> Money:
    return Money.parse(text, "USD")


RULES = FirstRuleset(
    name="Soft days",
    calendar=TradingCalendar("Europe/Prague", "00:00"),
    late_breach=LateBreach.REVIEW,
    await_swap=False,
    terms=(
        DailyLoss(
            id="daily_loss",
            loss_max_bp=500,
            anchor=FirstAnchor.HIGHER,
            base=AmountBase.INITIAL,
            boundary=Boundary.TOUCHES,
            on_breach=OnDailyLoss.PAUSE_UNTIL_ROLLOVER,
        ),
        MaximumLoss(
            id="maximum_loss",
            loss_max_bp=1000,
            trail=FirstTrail.STATIC,
            trails_on=FirstAnchor.BALANCE,
            lock_at_bp=None,
            boundary=Boundary.CROSSES,
        ),
    ),
)


def limit(rule: str, title: str, floor: str, headroom: str, progress: Progress) -> Objective:
    return Objective(
        rule=rule,
        kind=rule,
        title=title,
        progress=progress,
        sentence="",
        how="",
        floor=usd(floor),
        headroom=usd(headroom),
        allowed=usd("5_000.00"),
        current=usd("90_142.50"),
    )


def rows_of(live: LiveAccount) -> tuple[ObjectiveRow, ...]:
    return objective_rows(live.objectives, live, RULES, None)


def live_account(standing: Standing, daily: Progress = Progress.AT_RISK) -> LiveAccount:
    return LiveAccount(
        account=1,
        trader=2,
        login="7",
        standing=standing,
        phase_name="Phase 1",
        as_of_us=0,
        stale=False,
        initial=usd("100_000.00"),
        balance=usd("90_142.50"),
        equity=usd("90_142.50"),
        day=None,
        day_is_final=True,
        nearest="daily_loss",
        headroom=None,
        objectives=(
            limit("daily_loss", "Daily loss", "95_000.00", "-4_857.50", daily),
            limit("maximum_loss", "Maximum loss", "90_000.00", "142.50", Progress.AT_RISK),
        ),
        positions=(),
        positions_open=0,
    )


@pytest.mark.parametrize(
    ("standing", "daily", "nearest"),
    [
        (Standing.ACTIVE, Progress.AT_RISK, "daily_loss"),
        (Standing.PAUSED, Progress.AT_RISK, "maximum_loss"),
        (Standing.UNDER_REVIEW, Progress.BROKEN, "maximum_loss"),
    ],
)
def test_the_nearest_limit_is_one_that_can_still_be_broken(standing, daily, nearest):
    found = nearest_limit(live_account(standing, daily), RULES)
    assert found is not None
    assert found.rule == nearest


def test_a_pause_says_until_when_by_the_calendar_that_cuts_the_days():
    assert pause_sentence(live_account(Standing.ACTIVE), RULES, 0) == ""
    said = pause_sentence(live_account(Standing.PAUSED), RULES, 0)
    assert said == "The daily limit is used up: paused until Fri 2 Jan, 00:00 in Europe/Prague (Thu 1 Jan, 23:00 UTC)."


def test_a_limit_says_on_which_side_of_it_equity_must_stay_with_its_currency():
    required = [row.required.replace("\u00a0", " ") for row in rows_of(live_account(Standing.PAUSED))]
    assert required == ["above 95,000.00 USD", "at least 90,000.00 USD"]


def test_after_a_breach_no_limit_is_at_risk():
    rows = rows_of(live_account(Standing.BREACHED))
    assert {row.state for row in rows} == {"Not judged after the breach"}
    assert {row.used_bp for row in rows} == {None}


def test_a_soft_breach_is_called_a_pause():
    assert verdict_word("BreachDeclared", "soft", "pause")[0] == "Pause"
    assert verdict_word("BreachDeclared", "hard", "fail")[0] == "Breach"


@pytest.mark.parametrize(("is_asked", "states"), [(False, ["Broken", "Broken"]), (True, ["In question", "Broken"])])
def test_a_breach_that_is_not_final_is_not_called_one_and_another_that_is_final_is(is_asked: bool, states: list[str]):
    live = live_account(Standing.UNDER_REVIEW, Progress.BROKEN)
    daily, most = live.objectives
    rows = (replace(daily, in_question=is_asked), replace(most, progress=Progress.BROKEN))
    assert [row.state for row in rows_of(replace(live, objectives=rows))] == states
