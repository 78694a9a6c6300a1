"""News window: two minutes before and after Payrolls at 12:30:00 UTC, to the microsecond; speeches, whole days, who is exempt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.arithmetic import PLAIN, Figure, Working
from firm.deed import Deed
from firm.instant import DAY_US, HOUR_US, MINUTE_US, SECOND_US, parse_utc
from firm.news import NEWS_LASTS_MAX_US, NewsItem, news_calendar
from firm.rules.deduction import deducted_rounded_down
from firm.rules.judged import Verdict
from firm.rules.news import judge_news_window, window_of
from firm.terms.conduct import Impact, NewsAction, NewsSymbols, NewsWindow
from firm.terms.words import Action, DeductProfit, Scope
from tests.firm.rules.parts import rule

RELEASE_US = parse_utc("2025-06-06T12:30")
WINDOW_US = 120 * SECOND_US
PAYROLLS = NewsItem(
    id="nfp", title="Payrolls", currency="USD", impact=Impact.HIGH, at_us=RELEASE_US, until_us=RELEASE_US, all_day=False
)
SPEECH = replace(PAYROLLS, id="speech", title="Speech", until_us=RELEASE_US + HOUR_US)
HOLIDAY = replace(PAYROLLS, id="day", title="Holiday", at_us=RELEASE_US, until_us=RELEASE_US + DAY_US, all_day=True)
TERM = NewsWindow(
    id="news",
    before_s=120,
    after_s=120,
    inclusive=True,
    impacts=(Impact.HIGH,),
    symbols=NewsSymbols.CURRENCY,
    actions=(NewsAction.OPEN, NewsAction.CLOSE, NewsAction.TAKE_PROFIT, NewsAction.STOP_LOSS, NewsAction.PENDING_FILL),
    all_day_counts=False,
    exempt_opened_before_s=None,
    on_breach=(DeductProfit(share_bp=5_000), Action.FAIL),
    strikes_within=Scope.PHASE,
)


def deed(offset_us, action=NewsAction.OPEN, *, opened_us=None, currencies=("EUR", "USD"), release_us=RELEASE_US):
    at_us = release_us + offset_us
    return Deed(
        action, "".join(currencies), currencies, at_us, at_us if opened_us is None else release_us + opened_us, 90
    )


def judged(what, *items, calc=PLAIN, **changes):
    calendar = news_calendar("week", items or (PAYROLLS,))
    return judge_news_window(calc, rule(replace(TERM, **changes)), calendar, what)


@pytest.mark.parametrize(
    ("inclusive", "offset_us", "broken"),
    [
        pytest.param(True, -WINDOW_US - 1, False, id="a microsecond too early"),
        pytest.param(True, -WINDOW_US, True, id="the first instant"),
        pytest.param(True, 0, True, id="the release itself"),
        pytest.param(True, WINDOW_US, True, id="the last instant"),
        pytest.param(True, WINDOW_US + 1, False, id="a microsecond too late"),
        pytest.param(False, -WINDOW_US, False, id="the first instant, which is not of it"),
        pytest.param(False, -WINDOW_US + 1, True, id="a microsecond after it"),
        pytest.param(False, WINDOW_US - 1, True, id="a microsecond before the last"),
        pytest.param(False, WINDOW_US, False, id="the last instant, which is not of it"),
    ],
)
def test_the_edges_of_a_window(inclusive, offset_us, broken):
    found = judged(deed(offset_us), inclusive=inclusive)
    assert found.verdict is (Verdict.BROKEN if broken else Verdict.SILENT)
    assert found.subject == ("nfp" if broken else "")


@pytest.mark.parametrize(
    ("before_s", "after_s", "offset_s", "observed", "limit"),
    [(600, 120, -600, -600, 600), (600, 120, -1, -1, 600), (600, 120, 0, 0, 120), (600, 120, 120, 120, 120)],
)
def test_a_window_may_be_longer_on_one_side(before_s, after_s, offset_s, observed, limit):
    found = judged(deed(offset_s * SECOND_US), before_s=before_s, after_s=after_s)
    assert (found.is_broken, found.observed, found.limit) == (True, observed, limit)
    assert not judged(deed(before_s * SECOND_US), before_s=before_s, after_s=after_s).is_broken


def test_a_window_of_no_length_holds_the_release_alone():
    assert judged(deed(0), before_s=0, after_s=0).is_broken
    assert not judged(deed(0), before_s=0, after_s=0, inclusive=False).is_broken
    assert not judged(deed(1), before_s=0, after_s=0).is_broken


@pytest.mark.parametrize("action", NewsAction)
def test_only_what_the_term_names_is_forbidden(action):
    what = deed(0, action)
    assert judged(what).is_broken is (action not in (NewsAction.MODIFY, NewsAction.HOLD))
    assert judged(what, actions=(action,)).is_broken
    assert not judged(what, actions=tuple(other for other in NewsAction if other is not action)).is_broken


@pytest.mark.parametrize(
    ("currencies", "of", "symbols", "broken"),
    [
        pytest.param(("USD", "JPY"), "USD", NewsSymbols.CURRENCY, True, id="its base"),
        pytest.param(("EUR", "USD"), "USD", NewsSymbols.CURRENCY, True, id="its quote"),
        pytest.param(("EUR", "GBP"), "USD", NewsSymbols.CURRENCY, False, id="another pair"),
        pytest.param(("EUR", "GBP"), "USD", NewsSymbols.ALL, True, id="another pair, where all are concerned"),
        pytest.param(("EUR", "GBP"), "", NewsSymbols.CURRENCY, True, id="a release of no currency concerns all"),
    ],
)
def test_which_symbols_a_release_concerns(currencies, of, symbols, broken):
    assert judged(deed(0, currencies=currencies), replace(PAYROLLS, currency=of), symbols=symbols).is_broken is broken


@pytest.mark.parametrize("impact", Impact)
def test_only_releases_that_count_are_looked_at(impact):
    assert judged(deed(0), replace(PAYROLLS, impact=impact)).is_broken is (impact is Impact.HIGH)


@pytest.mark.parametrize(
    ("offset_us", "observed"),
    [
        pytest.param(HOUR_US // 2, 0, id="while it lasts"),
        pytest.param(HOUR_US + WINDOW_US, 120, id="two minutes after its end"),
        pytest.param(HOUR_US + WINDOW_US + 1, None, id="a microsecond later"),
    ],
)
def test_a_speech_lasts_until_its_end(offset_us, observed):
    found = judged(deed(offset_us), SPEECH)
    assert (found.observed if found.is_broken else None) == observed


@pytest.mark.parametrize("inclusive", [True, False])
@pytest.mark.parametrize(
    ("offset_us", "broken"),
    [
        pytest.param(-1, False, id="the day before"),
        pytest.param(0, True, id="its first instant"),
        pytest.param(DAY_US - 1, True, id="its last"),
        pytest.param(DAY_US, False, id="the next day"),
    ],
)
def test_a_release_without_a_time_closes_its_day_where_the_term_says_so(offset_us, broken, inclusive):
    what = deed(offset_us)
    assert judged(what, HOLIDAY, all_day_counts=True, inclusive=inclusive).is_broken is broken
    assert not judged(what, HOLIDAY, inclusive=inclusive).is_broken


# --- holding, and who is exempt ---


@pytest.mark.parametrize(
    ("opened_us", "now_us", "broken"),
    [
        pytest.param(-HOUR_US, -WINDOW_US - 1, False, id="held until just before"),
        pytest.param(-HOUR_US, -WINDOW_US, True, id="held into it"),
        pytest.param(-HOUR_US, HOUR_US, True, id="held through it"),
        pytest.param(WINDOW_US, HOUR_US, True, id="opened at its last instant"),
        pytest.param(WINDOW_US + 1, HOUR_US, False, id="opened after it"),
    ],
)
def test_holding_through_a_window(opened_us, now_us, broken):
    what = deed(now_us, NewsAction.HOLD, opened_us=opened_us)
    assert judged(what, actions=(NewsAction.HOLD,)).is_broken is broken
    assert not judged(what).is_broken


def test_a_position_held_for_a_year_still_meets_the_release_within_it():
    assert judged(deed(300 * DAY_US, NewsAction.HOLD, opened_us=-300 * DAY_US), actions=(NewsAction.HOLD,)).is_broken


@pytest.mark.parametrize(
    ("opened_us", "broken"),
    [
        pytest.param(-5 * HOUR_US + 1, True, id="a microsecond too late to be exempt"),
        pytest.param(-5 * HOUR_US, False, id="five hours before"),
        pytest.param(-9 * HOUR_US, False, id="long before"),
    ],
)
def test_a_position_opened_long_before_is_exempt(opened_us, broken):
    what = deed(0, NewsAction.CLOSE, opened_us=opened_us)
    assert judged(what, exempt_opened_before_s=5 * 3_600).is_broken is broken
    assert judged(what).is_broken


def test_the_first_release_that_forbids_it_is_named():
    later = replace(PAYROLLS, id="later", at_us=RELEASE_US + MINUTE_US, until_us=RELEASE_US + MINUTE_US)
    euro = replace(PAYROLLS, id="euro", currency="EUR", at_us=RELEASE_US - MINUTE_US, until_us=RELEASE_US - MINUTE_US)
    assert judged(deed(0), PAYROLLS, later, euro).subject == "euro"
    assert judged(deed(0, currencies=("USD", "JPY")), PAYROLLS, later, euro).subject == "nfp"
    assert judged(deed(0), PAYROLLS, later, euro, impacts=(Impact.LOW,)).verdict is Verdict.SILENT


def test_the_longest_release_is_found_at_its_end():
    month = replace(PAYROLLS, until_us=RELEASE_US + NEWS_LASTS_MAX_US)
    assert judged(deed(NEWS_LASTS_MAX_US + WINDOW_US), month).is_broken
    assert not judged(deed(NEWS_LASTS_MAX_US + WINDOW_US + 1), month).is_broken


def test_the_working_compares_the_deed_with_the_windows_ends():
    working = Working()
    judged(deed(SECOND_US, NewsAction.STOP_LOSS), calc=working)
    values = {step.name: step.value for step in working.steps}
    assert values["window begins"] == RELEASE_US - WINDOW_US
    assert values["window ends"] == RELEASE_US + WINDOW_US
    assert values["stop_loss of EURUSD"] == RELEASE_US + SECOND_US
    assert "end of Payrolls" not in values
    assert [step.op for step in working.steps[-2:]] == ["is_at_or_above", "is_at_or_below"]


offsets = st.integers(-HOUR_US, HOUR_US)


@given(offsets, st.integers(0, 3_000), st.integers(0, 3_000), st.booleans())
def test_a_deed_is_forbidden_exactly_within_the_window(offset_us, before_s, after_s, inclusive):
    changes = {"before_s": before_s, "after_s": after_s, "inclusive": inclusive}
    window = window_of(PLAIN, rule(replace(TERM, **changes)), PAYROLLS)
    inside = window.first_us <= RELEASE_US + offset_us <= window.last_us
    assert judged(deed(offset_us), **changes).is_broken is inside


@given(offsets, st.lists(offsets, max_size=5))
def test_more_releases_never_allow_more(offset_us, others):
    more = [
        replace(PAYROLLS, id=f"n{number}", at_us=RELEASE_US + other, until_us=RELEASE_US + other)
        for number, other in enumerate(others)
    ]
    assert not judged(deed(offset_us)).is_broken or judged(deed(offset_us), PAYROLLS, *more).is_broken


# --- what is deducted ---


@pytest.mark.parametrize(
    ("profit", "deducted"),
    [
        pytest.param(1_000_00, 500_00, id="half of it"),
        pytest.param(1_01, 50, id="half a cent stays the trader's"),
        pytest.param(0, 0, id="nothing of nothing"),
        pytest.param(-1_000_00, 0, id="nothing of a loss"),
    ],
)
def test_what_a_strike_takes_of_the_profit(profit, deducted):
    working, takes = Working(), TERM.on_breach[0]
    assert deducted_rounded_down(working, rule(TERM), 0, takes, Figure(profit, "88/profit/minor")) == deducted
    cited = [step.source for step in working.steps if step.op == "given"]
    assert cited == ["88/profit/minor", "ruleset/terms/3/on_breach/0/share_bp"]


@given(st.integers(-(10**9), 10**9), st.integers(1, 10_000))
def test_no_more_is_taken_than_the_share_and_never_a_whole_cent_less(profit, share_bp):
    taken = deducted_rounded_down(PLAIN, rule(TERM), 0, DeductProfit(share_bp=share_bp), Figure(profit, ""))
    assert taken * 10_000 <= max(0, profit) * share_bp < (taken + 1) * 10_000
