"""`evenhand rules run`: a ruleset over a history, day by day what each rule says, and what is wrong with a line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.cli import main

Said = Callable[..., tuple[int, str, str]]
TEMPLATES = Path(__file__).resolve().parents[2] / "firm" / "templates"
STORY_RULES = Path(__file__).resolve().parents[1] / "stories" / "rules"
TWO_STEP = TEMPLATES / "two_step_static.toml"
CUP = STORY_RULES / "spring_cup.toml"
MONDAY = "2025-06-02T10:00:00+02:00"
TUESDAY = "2025-06-03T10:00:00+02:00"


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Said:
    def run(rules: Path, *entries: dict[str, Any] | str, more: tuple[str, ...] = ()) -> tuple[int, str, str]:
        path = tmp_path / "history.jsonl"
        path.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in entries))
        status = main(["rules", "run", str(rules), str(path), *more])
        told = capsys.readouterr()
        return status, told.out, told.err

    return run


def told(said: Said, rules: Path, *entries: dict[str, Any] | str, more: tuple[str, ...] = ()) -> dict[str, Any]:
    status, out, err = said(rules, *entries, more=(*more, "--json"))
    assert (status, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


def rule_of(day: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in day["rules"] if one["rule"] == name)
    return found


def test_each_day_says_how_each_rule_stands(said: Said) -> None:
    ran = told(
        said,
        TWO_STEP,
        {"ev": "tick", "balance": 100000, "equity": 99000, "t": MONDAY},
        {"ev": "rollover", "balance": 102000, "equity": 101000},
        "",
        {"ev": "tick", "balance": 102000, "equity": 97000.01, "t": TUESDAY},
    )
    first, second = ran["days"]
    assert (first["day"], first["first_line"], first["last_line"], first["balance"]) == (
        "2025-06-02",
        1,
        2,
        "102,000.00 USD",
    )
    daily = rule_of(first, "daily_loss")
    assert (daily["floor"], daily["headroom"], daily["progress"]) == ("95,000.00 USD", "6,000.00 USD", "within")
    assert (second["day"], second["first_line"], second["last_line"]) == ("2025-06-03", 4, 4)
    daily = rule_of(second, "daily_loss")
    assert (daily["floor"], daily["headroom"], daily["progress"]) == ("97,000.00 USD", "0.01 USD", "at_risk")
    assert rule_of(second, "profit_target")["target"] == "110,000.00 USD"
    assert ran["ended"] is None


def test_a_broken_limit_says_its_line_and_ends_the_phase(said: Said) -> None:
    status, out, _ = said(
        TWO_STEP,
        {"ev": "tick", "balance": 100000, "equity": 95000, "t": MONDAY},
        {"ev": "tick", "balance": 100000, "equity": 94999.99},
        {"ev": "day", "pnl": 500},
    )
    assert status == 0
    assert "  line 2: daily_loss broken: 94,999.99 USD against a floor of 95,000.00 USD. The account ends." in out
    ended = "The phase is over with line 2: daily_loss: 94,999.99 USD against a floor of 95,000.00 USD."
    assert out.rstrip().endswith(f"{ended} The account ends.")


def test_four_days_and_the_target_pass_the_phase(said: Said) -> None:
    ran = told(said, TWO_STEP, *({"ev": "day", "pnl": 2500} for _ in range(4)))
    assert (ran["ended"]["line"], ran["ended"]["what"]) == (4, "passed")
    assert [rule_of(day, "trading_days")["observed"] for day in ran["days"]] == [1, 2, 3, 4]


def test_days_of_which_no_line_tells_pass_with_the_marks_that_stood(said: Said) -> None:
    ran = told(
        said,
        TWO_STEP,
        {"ev": "tick", "balance": 100000, "equity": 98000, "t": MONDAY},
        {"ev": "tick", "balance": 100000, "equity": 100000, "t": "2025-06-05T10:00:00+02:00"},
    )
    assert [(day["day"], day["first_line"], day["equity"]) for day in ran["days"]] == [
        ("2025-06-02", 1, "98,000.00 USD"),
        ("2025-06-03", 0, "98,000.00 USD"),
        ("2025-06-04", 0, "98,000.00 USD"),
        ("2025-06-05", 2, "100,000.00 USD"),
    ]


def test_what_came_after_its_day_changes_nothing(said: Said) -> None:
    ran = told(
        said,
        TWO_STEP,
        {"ev": "rollover", "balance": 102000, "equity": 102000, "t": "2025-06-03T00:00:00+02:00"},
        {"ev": "tick", "balance": 90000, "equity": 80000, "t": "2025-06-02T23:59:59+02:00"},
        {"ev": "tick", "balance": 102000, "equity": 102000, "t": TUESDAY},
    )
    assert ran["ended"] is None
    assert ran["days"][-1]["happened"][0]["what"] == "late"


def test_positions_payouts_and_scores(said: Said) -> None:
    ran = told(
        said,
        CUP,
        {"ev": "open", "pos": "a", "lots": 0.5, "symbol": "EURUSD", "t": "2025-06-02T10:00:00+00:00"},
        {"ev": "close", "pos": "a", "pnl": 1200.5, "t": "2025-06-02T10:00:00+00:00"},
        {"ev": "payout", "amount": 200.5},
        {"ev": "score", "board": "Spring cup", "score": 9},
        {"ev": "score", "board": "Spring cup", "score": 10},
        more=("--initial", "50,000.00 EUR"),
    )
    assert (ran["initial"], ran["days"][0]["balance"]) == ("50,000.00 EUR", "51,000.00 EUR")
    assert rule_of(ran["days"][0], "trades")["observed"] == 1
    assert (ran["ended"]["line"], ran["ended"]["what"]) == (5, "passed")


def test_a_rule_beside_the_limits_is_broken_and_kept_again(said: Said, tmp_path: Path) -> None:
    rules = tmp_path / "lots.toml"
    lots = """
[[terms]]
type = "exposure_limit"
id = "lots"
quantity = "lots"
limit = 200_000_000
symbols = []
counted = "open_at_once"
netted = "gross"
tiers = []
boundary = "crosses"
on_breach = ["warn", "fail"]
strikes_within = "phase"
"""
    rules.write_text(CUP.read_text() + lots)
    entries = [
        {"ev": "open", "pos": "a", "lots": 2},
        {"ev": "open", "pos": "b", "lots": 0.01},
        {"ev": "close", "pos": "b", "pnl": 0},
        {"ev": "open", "pos": "c", "lots": 1},
    ]
    ran = told(said, rules, *entries, more=("--initial", "100000"))
    happened = [(one["line"], one["rule"], one["text"]) for one in ran["days"][0]["happened"]]
    assert happened == [
        (2, "lots", "2.01 lots against 2.00 lots. The trader is warned; nothing else follows."),
        (4, "lots", "3.00 lots against 2.00 lots. The account ends."),
    ]
    assert ran["ended"]["line"] == 4


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ((), "holds no entry"),
        (({"ev": "day", "pnl": 1}, "{"), "line 2: "),
        (({"ev": "dag", "pnl": 1},), "line 1: Invalid value 'dag' - at `$.ev`"),
        (({"ev": "tick", "balance": "much"},), "line 1: Invalid decimal string - at `$.balance`"),
        (({"ev": "tick", "ballance": 1},), "line 1: Object contains unknown field `ballance`"),
        (({"ev": "tick"},), "line 1: Object missing required field `balance`"),
        (({"ev": "tick", "balance": 1.001},), "line 1, balance: 1.001 has more decimals than there are"),
        (({"ev": "tick", "balance": 1, "equity": 1e40},), "line 1, equity: 1E+40 is more than any account holds"),
        (({"ev": "tick", "balance": 1, "t": "yesterday"},), "line 1, t: 'yesterday' is no instant"),
        (({"ev": "tick", "balance": 1, "t": "2025-06-02T10:00:00"},), "line 1, t: '2025-06-02T10:00:00' is no instant"),
        (
            ({"ev": "day", "pnl": 1, "t": TUESDAY}, {"ev": "open", "pos": "a", "lots": 1, "t": "2025-06-04T10:00:00+02:00"},
             {"ev": "close", "pos": "a", "pnl": 1, "t": "2025-06-04T09:00:00+02:00"}),
            "line 3, t: it is before the line above",
        ),
        (
            ({"ev": "tick", "balance": 100000, "t": MONDAY}, {"ev": "rollover", "balance": 100000, "t": "2025-06-02T20:00:00+02:00"}),
            "line 2, t: by the ruleset's calendar the day of 2025-06-02 ends at another instant",
        ),
        (({"ev": "close", "pos": "a", "pnl": 1},), "line 1, pos: nothing called a is open"),
        (({"ev": "open", "pos": "a", "lots": 0},), "line 1, lots: a volume is above zero"),
        (({"ev": "open", "pos": "a", "lots": 1}, {"ev": "close", "pos": "a", "lots": 2, "pnl": 1}), "line 2, lots: "),
        (({"ev": "payout", "amount": -5},), "line 1, amount: a payout is above zero"),
        (
            ({"ev": "tick", "balance": 1e5, "t": MONDAY}, {"ev": "tick", "balance": 1e5, "t": "2045-06-02T10:00:00+02:00"}),
            "days after the first",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_line_says_its_number_and_the_field(
    said: Said, entries: tuple[Any, ...], why: str
) -> None:
    status, out, err = said(CUP, *entries, more=("--initial", "100000"))
    assert (status, out) == (2, "")
    assert why in err


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ((), "has the rules of one phase and no size: give --initial"),
        (("--initial", "much"), "--initial 'much'"),
        (("--initial", "0"), "begins with more than nothing"),
    ],
)
def test_the_size_of_the_account_is_asked_for(said: Said, more: tuple[str, ...], why: str) -> None:
    status, _, err = said(CUP, {"ev": "day", "pnl": 1}, more=more)
    assert status == 2
    assert why in err


def test_a_program_has_phases(said: Said) -> None:
    assert told(said, TWO_STEP, {"ev": "day", "pnl": 1}, more=("--phase", "2"))["ruleset"].startswith("Step two")
    assert "has phases 1 to" in said(TWO_STEP, {"ev": "day", "pnl": 1}, more=("--phase", "9"))[2]
