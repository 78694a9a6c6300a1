"""Conformance kit: what our terms or the format cannot say fails with its place; nothing of a vector is passed over."""

import json
from pathlib import Path
from typing import Any

import pytest

from appliance.conformance.run import RULES_OF_ADAPTERS, conform
from appliance.conformance.vocabulary import RULES

DAILY: dict[str, Any] = {
    "id": "one",
    "firm": "",
    "rule": "daily_loss",
    "params": {
        "kind": "daily_loss", "amount": {"pct": 5}, "amount_base": "initial", "anchor": "balance", "breach_when": "lt",
        "tz": "America/New_York", "rollover": "17:00", "measure": "equity", "severity": "hard", "trail": "none",
        "initial": 100000,
    },
    "timeline": [{"ev": "rollover", "balance": 102000, "equity": 102000}],
    "expect": {"floor": 97000},
    "source": "",
}  # fmt: skip
TICK = {"ev": "tick", "balance": 102000, "equity": 96999.99}


def told(tmp_path: Path, vector: dict[str, Any]) -> str:
    file = tmp_path / "vectors.jsonl"
    file.write_text(json.dumps(vector), "utf-8")
    [result] = conform(file)
    return str(result)


def with_params(vector: dict[str, Any], **params: Any) -> dict[str, Any]:
    return vector | {"params": vector["params"] | params}


def of(rule: str, params: dict[str, Any], timeline: list[dict[str, Any]], expect: dict[str, Any]) -> dict[str, Any]:
    return DAILY | {"rule": rule, "params": params, "timeline": timeline, "expect": expect}


NEWS = {"before_min": 2, "after_min": 2, "actions": ["open"]}
OPENED = [{"action": "open", "offset_s": 0, "symbol": "EURUSD"}]
CAPPED = {"kind": "consistency", "denominator": "net_total", "pass_when": "le"}
WEEKEND = {"cutoff": "Fri 15:45", "tz": "America/New_York", "severity": "soft", "action": "auto_close"}
HELD = [{"t": "2025-06-06T15:45:00-04:00", "open_positions": 1}]


@pytest.mark.parametrize(
    ("vector", "reason"),
    [
        (with_params(DAILY, amount={"pct": -5}) | {"expect": {"floor": 107000}}, "params.amount.pct: -5 is not"),
        (with_params(DAILY, amount={"pct": 250}) | {"expect": {"floor": -148000}}, "250 % is more than the whole"),
        (with_params(DAILY, amount={"pct": 5, "abs": 1}), "params.amount: one of pct, abs says it, not pct and abs"),
        (with_params(DAILY, amount={"pct": 5, "of": 1}), "params.amount: one of"),
        (with_params(DAILY, step_up={"abs": 1, "when": 2}), "params.step_up.when: nothing here is called so"),
        (with_params(DAILY, tz="Mars/Olympus"), "params.tz: 'Mars/Olympus' is not a zone"),
        (with_params(DAILY, rollover="25:00"), "params.rollover"),
        (with_params(DAILY, colour="red"), "params.colour: nothing here is called so"),
        (with_params(DAILY, kind="max_loss"), "params.kind"),
        (DAILY | {"timeline": [{**TICK, "withdrawal": 5, "swap": 1}]}, "no entry of daily_loss tells swap, withdrawal"),
        (DAILY | {"timeline": [{**TICK, "t": "2025-06-02T12:00:00"}]}, "timeline[0].t"),
        (DAILY | {"timeline": [{**TICK, "ev": "gap"}]}, "timeline[0].ev: 'gap' is not"),
        (DAILY | {"expect": {"checks": []}}, "expect.checks: it asks for nothing"),
        (DAILY | {"expect": {"checks": [{"i": 0}]}}, "expect.checks[0]"),
        (DAILY | {"expect": {"floor": {}}}, "expect.floor: it asks for nothing"),
        (DAILY | {"expect": {"flour": 97000}}, "expected flour 97000 got nothing"),
        (of("consistency", CAPPED | {"cap_pct": 140}, [{"best_day": 5, "total": 5}], {"passed": True}), "caps_bp[0]"),
        (of("news_window", NEWS | {"applies": "bananas"}, OPENED, {"violation": True}), "params.applies"),
        (of("news_window", NEWS | {"scope": "bananas"}, OPENED, {"violation": True}), "params.scope"),
        (of("weekend", WEEKEND | {"action": "review"}, HELD, {"closed": False}), "params.action: 'review' is not"),
        (
            of("payout_eligibility", {"days": 14, "min_days_from": "first_trade", "requires": ["written_exam"]},
               [{"ev": "first_trade", "date": "2025-06-02"}], {"first_eligible": "2025-06-16"}),
            "params.requires[0]: 'written_exam' is not a condition",
        ),
        (
            of("payout_amount", {"split": 80, "schedule": "never", "initial": 100000}, [{"ev": "payout", "balance": 101000}],
               {"paid": 800}),
            "params.schedule",
        ),
        (
            of("risk_per_idea", {"pct": 20_000, "initial": 100, "breach_when": "gt"}, [{"loss": 1}], {"breach": False}),
            "terms[0].amount.bp",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_said_fails_with_its_place(tmp_path: Path, vector: dict[str, Any], reason: str) -> None:
    answer = told(tmp_path, vector)
    assert answer.startswith("one FAIL")
    assert reason in answer


def test_what_these_are_spoilt_from_is_ok(tmp_path: Path) -> None:
    assert told(tmp_path, DAILY) == "one ok"
    capped = of("consistency", CAPPED | {"cap_pct": 100}, [{"best_day": 5, "total": 5}], {"passed": True})
    assert told(tmp_path, capped) == "one ok"
    assert told(tmp_path, of("news_window", NEWS, OPENED, {"violation": True})) == "one ok"
    assert told(tmp_path, of("weekend", WEEKEND, HELD, {"closed": True})) == "one ok"


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([{**TICK, "ev": "rollover", "t": "2025-06-03T03:00:00+00:00"}], "no day of America/New_York begins at"),
        ([{**TICK, "ev": "rollover", "t": "2025-06-02T17:00:00-05:00"}], "no day of America/New_York begins at"),
        (
            [{**TICK, "t": "2025-06-02T16:00:00-04:00"}, {**TICK, "t": "2025-06-02T17:00:00-04:00"}],
            "lies in a day that began without a rollover",
        ),
    ],
)
def test_the_timeline_keeps_the_rules_own_clock(tmp_path: Path, entries: list[dict[str, Any]], reason: str) -> None:
    assert reason in told(tmp_path, DAILY | {"timeline": entries})


def test_a_timeline_of_any_year_is_judged_from_its_first_instant(tmp_path: Path) -> None:
    """A mark of before the day that the kit would begin with is no late one."""
    entries = [{**TICK, "equity": 94999.99, "t": "2020-01-02T12:00:00-05:00"}]
    assert told(tmp_path, DAILY | {"timeline": entries, "expect": {"account_failed": True}}) == "one ok"


def test_what_is_open_at_a_request_is_looked_at(tmp_path: Path) -> None:
    params = {
        "requires": ["no_open_positions"],
        "trader_share_must_exceed_pct_of_daily_dd": 50,
        "daily_dd_pct": 5,
        "initial": 100000,
    }
    for held, eligible in ((3, False), (0, True)):
        entries = [{"ev": "request", "trader_share": 3000, "open_positions": held}]
        assert told(tmp_path, of("payout_eligibility", params, entries, {"eligible": eligible})) == "one ok"


def test_a_payout_that_ends_the_account_closes_it(tmp_path: Path) -> None:
    params = {"split": 80, "schedule": "Mon 12:00 server", "terminates_account": True, "initial": 100000}
    vector = of("payout_amount", params, [{"ev": "payout", "balance": 101000}], {"paid": 800, "account_closed": True})
    assert told(tmp_path, vector) == "one ok"
    assert told(tmp_path, with_params(vector, terminates_account=False)).startswith("one FAIL expected account_closed")


def test_without_profit_the_share_of_a_day_is_neither_kept_nor_broken(tmp_path: Path) -> None:
    days = [{"ev": "day", "pnl": 100}, {"ev": "day", "pnl": -100}, {"ev": "day", "pnl": 1}]
    expect = {
        "per_day": [
            {"score": 100, "passed": False},
            {"score": None, "passed": None},
            {"score": 10000, "passed": False},
        ]
    }
    assert told(tmp_path, of("consistency", CAPPED | {"cap_pct": 40}, days, expect)) == "one ok"


def test_strikes_are_counted_where_no_window_is_told(tmp_path: Path) -> None:
    params = {"effect": "deduct_profit", "soft_strikes": 2, "third": "breach"}
    strikes = [{"strike": number, "profit": 100} for number in (1, 2, 3)]
    vector = of("news_window", params, strikes, {"deducted": [100, 100, 0], "breached_at": 3})
    assert told(tmp_path, vector) == "one ok"


def test_the_vocabulary_has_the_rules_that_there_are_adapters_for() -> None:
    assert RULES.keys() == RULES_OF_ADAPTERS
