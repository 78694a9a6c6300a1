"""A share of the profit that ended an account: worked out again from the deals alone, and what a firm forges of it is found out."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from actors import account_conduct as conduct
from firm.commands import GrantOverride
from firm.facts import DayClosed, PhasePassed, RuleBroken, RuleSuspected
from firm.instant import DAY_US
from firm.overrides import Reinstate, WaiveRule
from firm.terms.objectives import (
    Consistency,
    ConsistencyEffect,
    DayBasis,
    Denominator,
    FailsAt,
    MinimumTrades,
    Numerator,
)
from firm.terms.words import Action, Boundary, Scope
from storage import grounds
from tests.actors.conftest import Stage
from tests.actors.test_conduct import MAXIMUM, buy, close, trading
from tests.actors.test_shares_that_end import IN_PLACE, OF_TARGET, TARGET, confirmed, earn, next_day
from tests.evidence.proven import DERIVED, Forging, changed, decisions, proven, rows_of, with_step

AT_ROLLOVER = replace(OF_TARGET, fails_at=FailsAt.ROLLOVER)


def lucky(stage: Stage, *terms: Any) -> int:
    """Ada makes 300.00 on one day and 1,700.00 on the next; the decision that ended the account."""
    account = trading(stage, MAXIMUM, *(terms or (IN_PLACE,)), TARGET)
    earn(stage, account, "300.00")
    next_day(stage, account)
    earn(stage, account, "1_700.00", "P2")
    confirmed(stage, account)
    if AT_ROLLOVER in terms:
        next_day(stage, account)
    [decision] = decisions(stage, RuleBroken)
    return decision


@pytest.mark.parametrize(
    "terms",
    [
        pytest.param(IN_PLACE, id="in place of a pass"),
        pytest.param(OF_TARGET, id="with the closing"),
        pytest.param(AT_ROLLOVER, id="at a rollover"),
        pytest.param(replace(IN_PLACE, boundary=Boundary.TOUCHES, of=Denominator.POSITIVE_DAYS), id="of winning days"),
        pytest.param(replace(OF_TARGET, day_basis=DayBasis.OPEN), id="by the day of the opening"),
        pytest.param(replace(OF_TARGET, best=Numerator.BEST_TRADE), id="of the best trade"),
    ],
)
def test_it_is_worked_out_from_the_deals_alone(stage: Stage, verifier: ModuleType, tmp_path: Path, terms: Any) -> None:
    said = proven(verifier, stage, tmp_path, lucky(stage, terms))
    assert DERIVED in said
    assert 'what the breach does, "fail", as the rule says' in said
    assert "NOT shown: that these steps" not in said


@pytest.mark.parametrize(
    "terms",
    [replace(OF_TARGET, best=Numerator.BEST_IDEA), replace(AT_ROLLOVER, day_basis=DayBasis.EQUITY)],
    ids=["ideas", "equity"],
)
def test_of_what_is_not_worked_out_the_steps_are_done_again(
    stage: Stage, verifier: ModuleType, tmp_path: Path, terms: Any
) -> None:
    account = trading(stage, MAXIMUM, terms, TARGET)
    earn(stage, account, "1_700.00")
    next_day(stage, account)
    [decision] = decisions(stage, RuleBroken)
    said = proven(verifier, stage, tmp_path, decision)
    assert "NOT shown: that these steps are what the rule says; the file does not hold a definition of best_" in said


FORGERIES: list[tuple[str, Any]] = [
    ("largest share = 7000 bp .*it is largest share = 5000 bp", lambda seq: with_step(seq, "largest share", value=7_000)),
    ("by the rows and the rules it is result of 2014-05-01 = 30000", lambda seq: with_step(seq, "result of 2014-05-01", value=100_00)),
    ("the decision says .*9000.*the rows and the rules give .*8500", lambda seq: changed(seq, observed=9_000)),
    ("does not break 'share'", lambda seq: changed(seq, subject="2014-05-01")),
    ("by the rule it ends the account", lambda seq: changed(seq, does=Action.WARN)),
]  # fmt: skip


@pytest.mark.parametrize(("why", "forged"), FORGERIES, ids=[why for why, _ in FORGERIES])
def test_what_a_firm_writes_otherwise_is_found_out(
    stage: Stage, verifier: ModuleType, tmp_path: Path, why: str, forged: Any
) -> None:
    decision = lucky(stage)
    with pytest.raises(verifier.Refused, match=why):
        proven(verifier, stage, tmp_path, decision, forged(decision))


def test_a_day_that_is_said_to_have_brought_more_than_its_deals_is_found_out(
    stage: Stage, verifier: ModuleType, tmp_path: Path
) -> None:
    decision = lucky(stage)
    [(row, closed)] = [(row.seq, body) for row, body in rows_of(stage) if isinstance(body, DayClosed)]
    forged = changed(row, closed=closed.closed.with_minor(10_00))
    with pytest.raises(
        verifier.Refused, match=r"says that 2014-05-01 brought \(1000, 30000\), its bookings \(30000, 30000\)"
    ):
        proven(verifier, stage, tmp_path, decision, forged)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"effect": ConsistencyEffect.DELAY, "fails_at": None}, "ends no account: it does delay"),
        ({"fails_at": FailsAt.ROLLOVER}, "is looked at where a day begins, and no later"),
    ],
)
def test_a_breach_of_a_share_that_was_sold_otherwise_is_found_out(
    stage: Stage, verifier: ModuleType, tmp_path: Path, changes: dict[str, Any], why: str
) -> None:
    """The rules of all rows say something else than those by which the firm decided."""
    decision = lucky(stage)
    with pytest.raises(verifier.Refused, match=why):
        proven(verifier, stage, tmp_path, decision, sold_as(stage, **changes))


def sold_as(stage: Stage, **changes: Any) -> Forging:
    def forge(row: Any, body: Any) -> Any:
        if type(body).__name__ != "AccountOpened":
            return row, body
        terms = tuple(replace(term, **changes) if term.id == "share" else term for term in body.ruleset.terms)
        rules = replace(body.ruleset, terms=terms)
        return row, replace(body, ruleset=rules, ruleset_id=rules.ruleset_id())

    return forge


def test_it_ends_no_account_before_all_else_is_met(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    """Sold with two trades more to show than there were."""
    decision = lucky(stage, IN_PLACE, MinimumTrades(id="trades", trades_min=2, per=Scope.PHASE))

    def forge(row: Any, body: Any) -> Any:
        if type(body).__name__ != "AccountOpened":
            return row, body
        terms = tuple(replace(term, trades_min=4) if term.id == "trades" else term for term in body.ruleset.terms)
        rules = replace(body.ruleset, terms=terms)
        return row, replace(body, ruleset=rules, ruleset_id=rules.ruleset_id())

    with pytest.raises(verifier.Refused, match="'trades' is not met: 2 of 4 trades"):
        proven(verifier, stage, tmp_path, decision, forge)


# --- passes that it stood in the way of ---


def alike(stage: Stage, share: Consistency = IN_PLACE) -> int:
    """Two days of 1,000.00, which is a pass; its decision."""
    account = trading(stage, MAXIMUM, share, TARGET)
    earn(stage, account, "1_000.00")
    next_day(stage, account)
    earn(stage, account, "1_000.00", "P2")
    confirmed(stage, account)
    [decision] = decisions(stage, PhasePassed)
    return decision


def test_a_pass_shows_that_the_share_was_kept(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    said = proven(verifier, stage, tmp_path, alike(stage))
    assert DERIVED in said
    assert "best day above its largest share = 0" in said


def test_a_pass_shows_that_no_day_was_too_large_that_had_ended_or_ran(
    stage: Stage, verifier: ModuleType, tmp_path: Path
) -> None:
    decision = alike(stage, AT_ROLLOVER)
    assert DERIVED in proven(verifier, stage, tmp_path, decision)
    forged = sold_as(stage, caps_bp=(4_999,))
    with pytest.raises(verifier.Refused, match="'share' is not met: its day must end first"):
        proven(verifier, stage, tmp_path / "forged", decision, forged)


def test_a_pass_in_spite_of_too_large_a_share_is_found_out(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    decision = alike(stage)
    with pytest.raises(verifier.Refused, match="'share' would have ended the account in place of this pass"):
        proven(verifier, stage, tmp_path, decision, sold_as(stage, caps_bp=(4_999,)))


@pytest.mark.parametrize("terms", [IN_PLACE, AT_ROLLOVER], ids=["in place of a pass", "at a rollover"])
def test_a_pass_in_spite_of_a_waived_share_holds(
    stage: Stage, verifier: ModuleType, tmp_path: Path, terms: Any
) -> None:
    account = trading(stage, MAXIMUM, terms, TARGET)
    waive = WaiveRule(rule="share", until_us=stage.now_us + DAY_US)
    stage.put(GrantOverride(by="console", account=account, override=waive, why="ours", evidence="ticket 4"), account)
    earn(stage, account, "2_000.00")
    confirmed(stage, account)
    [decision] = decisions(stage, PhasePassed)
    assert not decisions(stage, RuleSuspected)
    assert DERIVED in proven(verifier, stage, tmp_path, decision)


# --- passes of a firm that says less than it should ---


def leaving_out_the_share(row: Any, body: Any) -> Any:
    """A pass that says nothing of the share among its conditions."""
    if not isinstance(body, PhasePassed):
        return row, body
    told = tuple(one for one in body.conditions if one.rule != "share")
    assert told != body.conditions
    return row, replace(body, conditions=told)


def test_a_pass_that_leaves_its_share_out_is_found_out(stage: Stage, verifier: ModuleType, tmp_path: Path) -> None:
    """The file goes back to where the phase began by the rules, whatever the pass says of itself."""
    with pytest.raises(verifier.Refused, match="the decision says conditions"):
        proven(verifier, stage, tmp_path, alike(stage), leaving_out_the_share)


def test_a_file_that_begins_with_the_day_hides_no_share_that_was_left_out(
    stage: Stage, verifier: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grounds, "CHAIN_ROWS_MAX", 1)
    decision = alike(stage)
    assert "NOT shown: that share 'share' was kept" in proven(verifier, stage, tmp_path / "honest", decision)
    with pytest.raises(verifier.Refused, match="the pass leaves out 'share', which may end the account"):
        proven(verifier, stage, tmp_path / "forged", decision, leaving_out_the_share)


def test_a_breach_of_one_day_that_a_person_let_off_lets_off_no_other_day(
    stage: Stage, verifier: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A firm whose engine goes by the rule alone: whoever broke it once is asked nothing of it any more."""
    account = trading(stage, MAXIMUM, IN_PLACE, TARGET)
    earn(stage, account, "2_000.00")
    confirmed(stage, account)
    [decision] = decisions(stage, RuleBroken)
    back = GrantOverride(by="console", account=account, override=Reinstate(decision=decision), why="ours", evidence="t")
    stage.put(back, account)
    buy(stage, account, "1", "P2")
    monkeypatch.setattr(conduct, "is_new", lambda state, rule, answer: False)
    monkeypatch.setattr(conduct, "_still_there", lambda state, rule, answers: conduct.subjects_known(state, rule))
    stage.now_us += DAY_US
    stage.tick("EURUSD", 138_690, 138_700)
    stage.watermark()
    close(stage, account, "1", price=138_700, position="P2", profit="5_000.00")
    confirmed(stage, account)
    [passed] = decisions(stage, PhasePassed)
    with pytest.raises(verifier.Refused, match="'share' would have ended the account in place of this pass"):
        proven(verifier, stage, tmp_path, passed)
