"""Conduct's adapters: the public vectors, and ways of asking that those do not use."""

from decimal import Decimal
from pathlib import Path

import pytest

from appliance.conformance.compare import differences
from appliance.conformance.conduct import FAMILIES
from appliance.conformance.run import conform
from appliance.conformance.vector import CannotExpress, Vector, read_vectors

PATH = Path(__file__).resolve().parents[2] / "docs/conformance/vectors.jsonl"
PUBLIC = {vector.id for vector in read_vectors(PATH) if vector.rule in FAMILIES}


def got(rule, params, timeline, expect):
    return FAMILIES[rule](Vector("one", "firm", rule, params, timeline, expect, "source"))


def test_the_public_vectors_conform():
    assert [str(result) for result in conform(PATH, (FAMILIES,)) if result.id in PUBLIC and not result.is_ok] == []


def test_each_family_has_a_public_vector():
    assert {vector.rule for vector in read_vectors(PATH)} >= set(FAMILIES)


FIVE_HOURS = {"before_min": 5, "after_min": 5, "exempt_if_opened_before_h": 5, "effect": "profit_excluded"}
DEDUCTED = {"before_min": 5, "after_min": 5, "effect": "deduct_profit", "soft_strikes": 2, "third": "breach"}
THREE = [{"strike": 1, "profit": 800}, {"strike": 2, "profit": 500}, {"strike": 3, "profit": 200}]
TARGETED = {"before_min": 2, "after_min": 2, "applies": "targeted", "actions": ["open", "close", "hold"]}


@pytest.mark.parametrize(
    ("params", "timeline", "expect"),
    [
        (FIVE_HOURS, [{"action": "close", "offset_s": 60, "opened_offset_h": -5}], {"profit_counts": True}),
        (FIVE_HOURS, [{"action": "close", "offset_s": 60, "opened_offset_h": -4}], {"profit_counts": False}),
        (
            FIVE_HOURS,
            [{"action": "close", "offset_s": at, "opened_offset_h": Decimal("-4.99")} for at in (300, 301)],
            {"profit_counts": [False, True]},
        ),
        (FIVE_HOURS, [{"release": "12:30"}], {"from_": "12:25", "to": "12:35"}),
        (FIVE_HOURS, [{"release": "23:58:00"}], {"from_": "23:53:00", "to": "00:03:00"}),
        (
            FIVE_HOURS,
            [{"release": "2025-06-06T08:30:00-04:00"}],
            {"from_": "2025-06-06T08:25:00-04:00", "to": "2025-06-06T08:35:00-04:00"},
        ),
        (FIVE_HOURS, [{"release": "2025-06-06T12:30Z"}], {"from_": "2025-06-06T12:25Z", "to": "2025-06-06T12:35Z"}),
        (DEDUCTED, THREE, {"deducted": 1_300, "breached_at": 3}),
        (DEDUCTED, THREE, {"deducted": [800, 500]}),
        (DEDUCTED, THREE, {"deducted": [800, 500, 0]}),
        (DEDUCTED, THREE[:2], {"deducted": 1_300, "breached_at": None}),
        (
            TARGETED,
            [{"release": "NFP", "symbol": "GBPUSD", "action": "hold", "opened_offset_s": -121}],
            {"violation": True},
        ),
        (TARGETED, [{"release": "ECB", "symbol": "GER40", "action": "open", "offset_s": -120}], {"violation": True}),
        (TARGETED, [{"release": "ECB", "symbol": "US30", "action": "open", "offset_s": 0}], {"violation": False}),
    ],
)
def test_news_asked_otherwise(params, timeline, expect):
    assert not list(differences(expect, got("news_window", params, timeline, expect)))


@pytest.mark.parametrize(
    ("rule", "params", "timeline", "expect"),
    [
        pytest.param(
            "max_exposure",
            {"max_open_lots": 5, "scope": "symbol_group:indices"},
            [{"symbol": "US30", "lots": 5}, {"symbol": "EURUSD", "lots": 5}],
            {"violation": False, "total": 5},
            id="a symbol that is not of the group",
        ),
        pytest.param(
            "daily_lots",
            {"max": 10, "severity": "pause", "tz": "America/New_York"},
            [{"ev": "open", "lots": 10}, {"ev": "rollover"}, {"ev": "open", "lots": Decimal("0.01")}],
            {"breach": False, "disabled_until": None},
            id="what was carried does not count unless it is said",
        ),
        pytest.param(
            "margin_usage",
            {"limit_pct": 70, "method": "peak_concurrent"},
            [
                {"open": "23:00", "close": "01:00", "margin_pct": Decimal("40.5")},
                {"open": "23:59", "close": "00:30", "margin_pct": 30},
            ],
            {"peak": Decimal("70.5"), "breach": True},
            id="over midnight",
        ),
        pytest.param(
            "min_duration",
            {"min_seconds": 60},
            [{"sec": 60}, {"sec": Decimal("59.5")}],
            {"valid": [True, False], "passed": False},
            id="each trade",
        ),
        pytest.param(
            "risk_per_idea",
            {"pct": 3, "initial": 25_000, "breach_when": "gt"},
            [{"loss": -500}, {"loss": -250}],
            {"breach": False, "total": 750, "limit": 750},
            id="all of it, where only more is a breach",
        ),
        pytest.param(
            "weekend",
            {"cutoff": "Fri 15:45", "tz": "America/New_York", "severity": "hard", "action": "auto_close"},
            [{"t": "2025-06-06T15:44:59-04:00", "open_positions": 1}],
            {"closed": False, "account_failed": False},
            id="a second before the cut-off",
        ),
        pytest.param(
            "weekend",
            {"cutoff": "Fri 15:45", "tz": "America/New_York", "severity": "hard", "action": "auto_close"},
            [
                {"t": "2025-06-06T15:44:59-04:00", "open_positions": 1},
                {"t": "2025-06-07T12:00:00Z", "open_positions": 1},
            ],
            {"closed": True, "account_failed": True},
            id="a hard one",
        ),
    ],
)
def test_asked_otherwise(rule, params, timeline, expect):
    assert not list(differences(expect, got(rule, params, timeline, expect)))


@pytest.mark.parametrize(
    ("rule", "params", "timeline"),
    [
        ("max_exposure", {"max_open_lots": 5, "scope": "symbol_group:spices"}, [{"open": 1}]),
        ("max_exposure", {"max_open_lots": 5, "scope": "account", "colour": "red"}, [{"open": 1}]),
        ("margin_usage", {"limit_pct": 70, "method": "sum"}, []),
        ("max_adverse_excursion", {"pct": 30, "pct_of": "hope"}, []),
        ("weekend", {"cutoff": "Thu 15:45", "tz": "UTC", "severity": "soft"}, []),
        ("risk_per_idea", {"pct": 1, "initial": 1, "breach_when": "often"}, [{"loss": -1}]),
        ("news_window", {"effect": "applause"}, [{"action": "open", "offset_s": 0}]),
        ("news_window", {"third": "applause"}, [{"action": "open", "offset_s": 0}]),
        ("news_window", {}, [{"release": "BBQ", "action": "open", "offset_s": 0}]),
        ("daily_lots", {"max": 1, "severity": "pause", "tz": "UTC"}, [{"ev": "party"}]),
    ],
)
def test_what_no_term_says_is_refused(rule, params, timeline):
    with pytest.raises(CannotExpress):
        got(rule, params, timeline, {"violation": True})
