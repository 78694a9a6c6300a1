"""Marks that a person sets: what a slip of the pen may not do, what follows from one, and who decides on a breach by it."""

import pytest
from msgspec.structs import replace

from actors.names import account_desk
from firm.commands import ReviewOutcome, ReviewVerdict
from firm.facts import BreachDeclared, BreachSuspected, DayAnchored, Doubt, HighMoved, Refusal
from firm.inputs import Side
from firm.instant import DAY_US, SECOND_US
from firm.kinds import payload_of
from firm.overrides import AdjustMark, Mark
from firm.phase import Standing
from firm.terms.losses import Trail
from firm.terms.words import Anchor, Fixed, Scope
from tests.actors.conftest import Stage
from tests.actors.test_conduct import MAXIMUM, MIDNIGHT_US, TARGET, buy, close, trading
from tests.actors.test_overrides import DAILY, asks, price, refusal_of

HIGHER = replace(DAILY, anchor=Anchor.HIGHER)
WEEKLY = replace(DAILY, id="weekly", scope=Scope.WEEK, amount=Fixed(minor=3_000_00))
END_OF_DAY = replace(MAXIMUM, id="trailing", trail=Trail.END_OF_DAY, high=Anchor.EQUITY, amount=Fixed(minor=2_000_00))
ON_CLOSE = replace(MAXIMUM, id="trailing", trail=Trail.ON_CLOSE, high=Anchor.BALANCE, amount=Fixed(minor=2_000_00))


def day_begun(stage: Stage, *terms) -> int:
    """Ada's account on a day whose start is final."""
    account = trading(stage, *terms)
    stage.now_us = MIDNIGHT_US + SECOND_US
    stage.tick("EURUSD", 138_690, 138_700)
    stage.watermark()
    return account


def floors(stage: Stage, account: int) -> dict[str, int]:
    return {limit.rule.id: limit.floor for limit in stage.engine.desk(account_desk(account)).limits()}


def balance(minor: int) -> AdjustMark:
    return AdjustMark(mark=Mark.DAY_BALANCE, rule="", minor=minor)


def equity(minor: int) -> AdjustMark:
    return AdjustMark(mark=Mark.DAY_EQUITY, rule="", minor=minor)


def high(minor: int, rule: str = "trailing") -> AdjustMark:
    return AdjustMark(mark=Mark.HIGH, rule=rule, minor=minor)


def reviewed(stage: Stage, account: int, decision: int, outcome: ReviewOutcome) -> None:
    command = ReviewVerdict(by="console", account=account, decision=decision, outcome=outcome, why="looked")
    stage.put(command, account)


# --- a slip of the pen ---


@pytest.mark.parametrize(
    ("minor", "refusal"),
    [
        pytest.param(150_000_00, Refusal.BREAKS_AT_ONCE, id="a floor far above equity"),
        pytest.param(101_000_00, Refusal.BREAKS_AT_ONCE, id="a floor at equity"),
        pytest.param(100_999_99, None, id="a cent below it"),
        pytest.param(50_000_00, None, id="half of what there is"),
        pytest.param(49_999_99, Refusal.OUT_OF_BOUNDS, id="less than half"),
        pytest.param(200_000_01, Refusal.OUT_OF_BOUNDS, id="more than twice"),
        pytest.param(0, Refusal.OUT_OF_BOUNDS, id="nothing"),
        pytest.param(-5_00, Refusal.OUT_OF_BOUNDS, id="less than nothing"),
        pytest.param(100_000_00, Refusal.NOTHING_TO_OVERRIDE, id="what it is"),
    ],
)
def test_a_day_s_mark_moves_no_floor_to_where_it_breaks_and_is_one_that_a_day_can_have(stage, minor, refusal):
    account = day_begun(stage, MAXIMUM, DAILY, TARGET)
    before = stage.account(account)
    facts = asks(stage, account, balance(minor))
    assert refusal_of(facts) is refusal
    assert (stage.account(account) == before) is (refusal is not None)
    assert stage.account(account).standing is Standing.ACTIVE


def test_a_floor_is_told_with_what_it_would_break(stage):
    account = day_begun(stage, MAXIMUM, DAILY)
    [no] = asks(stage, account, balance(150_000_00))
    assert "the floor of daily would be 149,000.00 USD, and the account stands at 100,000.00 USD" in no.detail


def test_a_high_is_set_to_no_floor_that_breaks(stage):
    account = day_begun(stage, ON_CLOSE)
    assert refusal_of(asks(stage, account, high(102_000_00))) is Refusal.BREAKS_AT_ONCE
    assert refusal_of(asks(stage, account, high(101_999_99))) is None
    assert floors(stage, account) == {"trailing": 99_999_99}


def test_a_floor_that_is_lowered_needs_no_price_and_one_that_rises_does(stage):
    account = day_begun(stage, MAXIMUM, DAILY)
    stage.deal(account, "P1", Side.BUY, "1", 1_300_000, symbol="XAUUSD")
    assert refusal_of(asks(stage, account, balance(100_100_00))) is Refusal.BREAKS_AT_ONCE
    assert refusal_of(asks(stage, account, balance(99_000_00))) is None


# --- what has no effect ---


@pytest.mark.parametrize(
    ("terms", "wanted", "refused"),
    [
        pytest.param((MAXIMUM, DAILY), equity(99_000_00), True, id="no floor is measured from equity"),
        pytest.param((MAXIMUM, HIGHER), balance(99_000_00), True, id="the higher of both stays"),
        pytest.param((MAXIMUM, HIGHER), balance(100_500_00), False, id="it becomes the higher of both"),
        pytest.param((ON_CLOSE,), high(100_000_00), True, id="the high is there already"),
        pytest.param((ON_CLOSE,), high(99_000_00), True, id="a floor stays above where the account began"),
    ],
)
def test_an_exception_without_effect_is_refused(stage, terms, wanted, refused):
    account = day_begun(stage, *terms)
    found = asks(stage, account, wanted)
    assert (refusal_of(found) is Refusal.NOTHING_TO_OVERRIDE) is refused


# --- what follows, and what does not ---


def test_a_day_s_mark_moves_no_high_of_the_phase_and_can_be_set_back(stage):
    account = day_begun(stage, END_OF_DAY, replace(DAILY, anchor=Anchor.EQUITY))
    asks(stage, account, equity(100_900_00))
    assert floors(stage, account) == {"trailing": 98_000_00, "daily": 99_900_00}
    asks(stage, account, equity(100_000_00))
    assert floors(stage, account) == {"trailing": 98_000_00, "daily": 99_000_00}
    assert stage.refolded().account(account) == stage.account(account)


def test_cash_moves_an_adjusted_day_and_no_high_of_the_phase_beyond_it(stage):
    account = day_begun(stage, END_OF_DAY, replace(DAILY, anchor=Anchor.EQUITY))
    asks(stage, account, equity(100_900_00))
    stage.cash(account, "1_000.00")
    assert floors(stage, account) == {"trailing": 99_000_00, "daily": 100_900_00}
    assert stage.account(account).day.adjusted
    assert stage.refolded().account(account) == stage.account(account)


def test_a_row_of_no_adjustment_is_as_it_ever_was(stage):
    account = day_begun(stage, END_OF_DAY)
    stage.cash(account, "1_000.00")
    rows = [*stage.facts(DayAnchored, account), *stage.facts(HighMoved, account)]
    assert rows
    assert not any(b"adjusted" in payload_of(row) for row in rows)


# --- who decides ---


def falls_below(stage: Stage, account: int, bid: int) -> None:
    buy(stage, account, "1")
    stage.equity(account, "99_990.00", "100_000.00")
    price(stage, bid)


@pytest.mark.parametrize(
    ("terms", "wanted"),
    [
        pytest.param((DAILY,), balance(100_500_00), id="a day's start"),
        pytest.param((WEEKLY,), balance(100_500_00), id="a week's start on its first day"),
        pytest.param((ON_CLOSE,), high(100_500_00), id="a high"),
    ],
)
def test_a_breach_by_a_mark_that_a_person_set_is_for_a_person(stage, terms, wanted):
    account = first_of_week(stage, *terms) if WEEKLY in terms else day_begun(stage, *terms)
    assert refusal_of(asks(stage, account, wanted)) is None
    falls_below(stage, account, 135_000)
    assert stage.facts(BreachDeclared, account) == []
    [suspected] = stage.facts(BreachSuspected, account)
    assert suspected.doubts == (Doubt.ADJUSTED_MARK,)
    assert stage.account(account).standing is Standing.UNDER_REVIEW
    [finding] = stage.account(account).findings
    reviewed(stage, account, finding.seq, ReviewOutcome.CONFIRM)
    assert stage.account(account).standing is Standing.BREACHED
    assert [fact.reviewed for fact in stage.facts(BreachDeclared, account)] == [True]
    assert stage.refolded().account(account) == stage.account(account)


def test_a_breach_of_another_rule_is_final_as_ever(stage):
    account = day_begun(stage, replace(MAXIMUM, amount=Fixed(minor=2_000_00)), DAILY)
    asks(stage, account, balance(60_000_00))
    falls_below(stage, account, 136_600)
    assert [fact.rule for fact in stage.facts(BreachDeclared, account)] == ["maximum"]


def test_the_next_day_is_nobody_s_adjustment_any_more(stage):
    account = day_begun(stage, DAILY)
    asks(stage, account, balance(100_500_00))
    stage.now_us += DAY_US
    stage.tick("EURUSD", 138_690, 138_700)
    stage.watermark()
    falls_below(stage, account, 135_000)
    assert [fact.rule for fact in stage.facts(BreachDeclared, account)] == ["daily"]


def test_a_high_that_was_traded_for_after_the_adjustment_is_nobody_s(stage):
    account = day_begun(stage, ON_CLOSE)
    asks(stage, account, high(100_500_00))
    buy(stage, account, "1")
    close(stage, account, "1", profit="1_000.00")
    stage.equity(account, "101_000.00", "101_000.00")
    buy(stage, account, "1", "P2")
    stage.equity(account, "100_990.00", "101_000.00")
    price(stage, 135_000)
    assert [fact.floor.minor for fact in stage.facts(BreachDeclared, account)] == [99_000_00]


def first_of_week(stage: Stage, *terms) -> int:
    account = day_begun(stage, *terms)
    stage.now_us += 3 * DAY_US
    stage.tick("EURUSD", 138_690, 138_700)
    stage.watermark()
    assert stage.account(account).track.week.day == stage.account(account).day.day
    return account
