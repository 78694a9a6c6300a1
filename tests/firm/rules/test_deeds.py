"""Deeds: what the words of a platform say was done, and by whom; in how many ways that breaks a rule; what it takes of a profit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.arithmetic import PLAIN, Figure, Working
from firm.deed import Deed, PlacedBy, action_of, placed_by
from firm.inputs import DealEntry
from firm.instant import MINUTE_US, SECOND_US, parse_utc
from firm.news import NewsItem, news_calendar
from firm.rules.deduction import excluded_rounded_down
from firm.rules.deeds import forbids_holding, judge_deed, looks_at_deeds
from firm.rules.openings import is_of_position
from firm.terms.conduct import AutomationUse, Impact, NewsAction, NewsSymbols, NewsWindow
from firm.terms.words import Action, DeductProfit, Scope, ToLeverage
from tests.firm.rules.parts import rule

RELEASE_US = parse_utc("2025-06-06T12:30")
PAYROLLS = NewsItem(
    id="nfp", title="Payrolls", currency="USD", impact=Impact.HIGH, at_us=RELEASE_US, until_us=RELEASE_US, all_day=False
)
LATER = replace(PAYROLLS, id="ism", at_us=RELEASE_US + 10 * MINUTE_US, until_us=RELEASE_US + 10 * MINUTE_US)
WEEK = news_calendar("week", [PAYROLLS, replace(PAYROLLS, id="rate"), LATER])
WINDOW = NewsWindow(
    id="news", before_s=120, after_s=120, inclusive=True, impacts=(Impact.HIGH,), symbols=NewsSymbols.ALL, actions=tuple(NewsAction),
    all_day_counts=False, exempt_opened_before_s=None, on_breach=(Action.EXCLUDE_PROFIT, DeductProfit(share_bp=2_500)),
    strikes_within=Scope.PHASE,
)  # fmt: skip
SOFTWARE = AutomationUse(
    id="software", experts_allowed=False, copiers_allowed=False, on_breach=(Action.WARN,), strikes_within=Scope.PHASE
)
CLOSED = Deed(NewsAction.CLOSE, "EURUSD", ("EUR", "USD"), RELEASE_US, RELEASE_US - MINUTE_US, 7, "P1", PlacedBy.PERSON)
HELD = replace(CLOSED, action=NewsAction.HOLD, placed_by=PlacedBy.UNKNOWN, at_us=RELEASE_US + 20 * MINUTE_US)


@pytest.mark.parametrize(
    ("entry", "reason", "pending", "action"),
    [
        (DealEntry.IN, "client", False, NewsAction.OPEN),
        (DealEntry.IN, "sl", False, NewsAction.OPEN),
        (DealEntry.IN, "client", True, NewsAction.PENDING_FILL),
        (DealEntry.OUT, "client", False, NewsAction.CLOSE),
        (DealEntry.OUT, "", False, NewsAction.CLOSE),
        (DealEntry.OUT, "client", True, NewsAction.PENDING_FILL),
        (DealEntry.OUT, "sl", True, NewsAction.STOP_LOSS),
        (DealEntry.OUT, "stop_out", False, NewsAction.STOP_LOSS),
        (DealEntry.OUT, "tp", False, NewsAction.TAKE_PROFIT),
    ],
)
def test_a_deal_did_what_its_platform_says(entry, reason, pending, action):
    assert action_of(entry, reason, pending=pending) is action


def test_who_placed_an_order_is_said_by_the_reason_of_its_deal():
    told = {
        reason: placed_by(reason)
        for reason in ("client", "mobile", "web", "expert", "copier", "dealer", "sl", "tp", "")
    }
    assert told == {
        "client": PlacedBy.PERSON, "mobile": PlacedBy.PERSON, "web": PlacedBy.PERSON, "expert": PlacedBy.EXPERT,
        "copier": PlacedBy.COPIER, "dealer": PlacedBy.FIRM, "sl": PlacedBy.UNKNOWN, "tp": PlacedBy.UNKNOWN, "": PlacedBy.UNKNOWN,
    }  # fmt: skip


def subjects(deed, terms=WINDOW, calendar=WEEK):
    return [answer.subject for answer in judge_deed(PLAIN, rule(terms), deed, calendar)]


@pytest.mark.parametrize(
    ("deed", "found"),
    [
        pytest.param(CLOSED, ["P1 nfp"], id="an instant meets two releases of one instant"),
        pytest.param(replace(CLOSED, placed_by=PlacedBy.FIRM), [], id="the firm did it"),
        pytest.param(HELD, ["P1 nfp", "P1 ism"], id="held through both instants"),
        pytest.param(
            replace(HELD, seen_us=RELEASE_US + 120 * SECOND_US), ["P1 nfp", "P1 ism"], id="seen to the last instant"
        ),
        pytest.param(replace(HELD, seen_us=RELEASE_US + 120 * SECOND_US + 1), ["P1 ism"], id="seen beyond it"),
        pytest.param(replace(HELD, opened_us=RELEASE_US + 120 * SECOND_US + 1), ["P1 ism"], id="opened after it"),
        pytest.param(
            replace(HELD, at_us=RELEASE_US + 8 * MINUTE_US - 1), ["P1 nfp"], id="not held into the second yet"
        ),
        pytest.param(replace(HELD, at_us=RELEASE_US + 8 * MINUTE_US), ["P1 nfp", "P1 ism"], id="held into it"),
    ],
)
def test_in_how_many_ways_a_deed_breaks_the_rule(deed, found):
    assert subjects(deed) == found


def test_two_windows_that_overlap_are_one_way_for_a_deed_of_an_instant_and_two_for_holding():
    close_by = replace(LATER, at_us=RELEASE_US + MINUTE_US, until_us=RELEASE_US + MINUTE_US)
    both = news_calendar("week", [PAYROLLS, close_by])
    assert subjects(CLOSED, calendar=both) == ["P1 nfp"]
    assert subjects(HELD, calendar=both) == ["P1 nfp", "P1 ism"]


def test_without_a_calendar_news_forbid_nothing_and_software_what_it_did():
    assert subjects(CLOSED, calendar=None) == []
    assert subjects(replace(CLOSED, placed_by=PlacedBy.COPIER), SOFTWARE, None) == ["P1 copier"]
    assert subjects(CLOSED, SOFTWARE, None) == []


def test_the_working_of_a_deed_ends_with_the_window_it_lies_in():
    calc = Working()
    [answer] = judge_deed(calc, rule(WINDOW), CLOSED, WEEK)
    assert [(step.op, step.value) for step in calc.steps][-2:] == [("is_at_or_above", 1), ("is_at_or_below", 1)]
    assert "7/t_us" in {step.source for step in calc.steps}
    assert answer.is_broken


def test_which_rules_look_at_deeds():
    assert [looks_at_deeds(rule(terms)) for terms in (WINDOW, SOFTWARE)] == [True, True]
    assert [is_of_position(subject, "P1") for subject in ("P1 nfp", "P12 nfp", "P1", "P12")] == [
        True,
        False,
        True,
        False,
    ]


# --- what it takes ---


@pytest.mark.parametrize(
    ("does", "profit", "taken"),
    [
        (Action.EXCLUDE_PROFIT, 1, 1),
        (Action.EXCLUDE_PROFIT, 0, 0),
        (Action.EXCLUDE_PROFIT, -1, 0),
        (DeductProfit(share_bp=2_500), 3, 0),
        (DeductProfit(share_bp=2_500), 4, 1),
        (DeductProfit(share_bp=2_500), -400, 0),
        (Action.WARN, 400, 0),
        (ToLeverage(leverage=30), 400, 0),
        (None, 400, 0),
    ],
)
def test_what_does_not_count_of_a_profit(does, profit, taken):
    assert excluded_rounded_down(PLAIN, rule(WINDOW), does, Figure(profit, "9/net/minor")) == taken


@given(st.integers(-(10**15), 10**15), st.sampled_from(WINDOW.on_breach))
def test_no_more_is_taken_than_was_made_and_nothing_of_a_loss(profit, does):
    taken = excluded_rounded_down(PLAIN, rule(WINDOW), does, Figure(profit, "9/net/minor"))
    assert 0 <= taken <= max(0, profit)


def test_the_working_of_what_is_taken_cites_the_closing():
    calc = Working()
    excluded_rounded_down(calc, rule(WINDOW), DeductProfit(share_bp=2_500), Figure(400, "9/net/minor"))
    assert [step.source for step in calc.steps if step.op == "given"] == [
        "9/net/minor",
        "ruleset/terms/3/on_breach/1/share_bp",
    ]


@pytest.mark.parametrize(
    ("terms", "forbidden"),
    [
        ((SOFTWARE,), False),
        ((replace(WINDOW, actions=(NewsAction.OPEN,)), SOFTWARE), False),
        ((SOFTWARE, replace(WINDOW, actions=(NewsAction.OPEN, NewsAction.HOLD))), True),
    ],
)
def test_holding_over_a_release_is_looked_at_where_one_rule_forbids_it(ada, terms, forbidden):
    assert forbids_holding(ada(*terms).ruleset) is forbidden
