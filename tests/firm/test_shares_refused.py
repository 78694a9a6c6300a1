"""Failing shares: when a share of the profit that ends an account is looked at must be said, and somebody must be able to keep it."""

from typing import Any

import pytest

from firm.ruleset_checks import problems_of, problems_of_program
from tests.firm.ruleset_examples import program, ruleset, without

FAILS = {"consistency.effect": "fail", "consistency.of": "target", "consistency.fails_at": "close"}
FUNDED = "phases[1].ruleset.terms[5]"


def found(changes: dict[str, Any], gone: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    return [(one.path.rpartition(".")[2], one.reason) for one in problems_of(without(*gone, **changes))]


@pytest.mark.parametrize(
    "changes",
    [
        FAILS,
        FAILS | {"consistency.fails_at": "rollover", "consistency.day_basis": "equity"},
        FAILS | {"consistency.fails_at": "target", "consistency.of": "net_total"},
        FAILS | {"consistency.best": "best_trade", "consistency.day_basis": "equity"},
    ],
)
def test_what_can_be_kept_is_sold(changes: dict[str, Any]) -> None:
    assert problems_of(ruleset(changes)) == ()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"consistency.fails_at": None}, "say when it is looked at", id="never"),
        pytest.param({"consistency.effect": "delay"}, "delay ends no account", id="what ends nothing"),
        pytest.param({"consistency.of": "net_total"}, "a first day, or trade, is always the whole", id="first day"),
        pytest.param(
            {"consistency.of": "positive_days", "consistency.fails_at": "rollover"},
            "take a share of the target",
            id="first day's end",
        ),
        pytest.param({"consistency.day_basis": "equity"}, "look at the rollover", id="a day's equity while it runs"),
    ],
)
def test_what_nobody_could_keep_is_refused_with_the_reason(changes: dict[str, Any], reason: str) -> None:
    [(field, why)] = found(FAILS | changes)
    assert field == "fails_at"
    assert reason in why


def test_what_is_looked_at_in_place_of_a_pass_needs_something_that_wins_the_phase() -> None:
    at_target = FAILS | {"consistency.of": "net_total", "consistency.fails_at": "target"}
    told = ("fails_at", "nothing wins this phase: there is no moment at which it is looked at")
    assert told in found(at_target, ("target", "score", "days"))
    assert told not in found(at_target, ("target", "score"))


def test_the_funded_phase_is_never_won_so_that_nothing_is_looked_at_in_place_of_a_pass() -> None:
    changes = {f"{FUNDED}.effect": "fail", f"{FUNDED}.fails_at": "target"}
    [problem] = problems_of_program(program(changes))
    assert (problem.path, problem.reason) == (
        f"{FUNDED}.fails_at",
        "the funded phase is never won, so that it is never looked at",
    )


OPENED = {"counts": "opened", "profit_min": None, "boundary": "touches"}


@pytest.mark.parametrize(
    ("counted", "is_sold"),
    [
        pytest.param({"type": "trading_days", "days_min": 10, "per": "phase", **OPENED}, True, id="ten days"),
        pytest.param({"type": "minimum_trades", "trades_min": 20, "per": "phase"}, True, id="twenty trades"),
        pytest.param({"type": "minimum_trades", "trades_min": 20, "per": "cycle"}, False, id="a payout's trades"),
    ],
)
def test_days_or_trades_alone_win_a_phase_and_nothing_at_all_is_refused(counted: dict[str, Any], is_sold: bool) -> None:
    problems = problems_of_program(program({"phases[0].ruleset.terms[1]": {"id": "counted", **counted}}))
    reason = "nothing wins this phase: name a target, a score, or days or trades that are counted since it began"
    told = [] if is_sold else [("phases[0].ruleset.terms", reason)]
    assert [(one.path, one.reason) for one in problems] == told
