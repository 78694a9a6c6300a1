"""Ruleset diff: a person reads what a new version changes, with money as money and basis points as per cent."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from firm.money import Money
from firm.ruleset import FirstRuleset, LateBreach, Phase
from firm.ruleset_diff import program_changes, ruleset_changes
from firm.terms.first import AmountBase, DailyLoss, OnDailyLoss
from firm.terms.objectives import Consistency, ConsistencyEffect, FailsAt
from firm.terms.words import Anchor, Boundary
from firm.trading_day import TradingCalendar
from tests.actors.test_conduct import DAYS, MAXIMUM, TARGET, rules_of
from tests.firm.ruleset_examples import LIMIT, SHARE, TERMS, program, ruleset, with_term, without
from tests.firm.sentences.examples import EXAMPLES

SHARE_OF_PROFIT = next(
    rule.terms for rules in EXAMPLES.values() for rule in rules.rules if isinstance(rule.terms, Consistency)
)
SPLIT = (
    "Profit split: tiers was (up to 10,000.00, trader 100 %), (up to 20,000.00, trader 90 %), (whatever is above, trader 80 %), "
    "is (up to 2000000, trader 90 %), (whatever is above, trader 80 %)\nProfit split: counted was account total, is payout number"
)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"daily_loss.amount.bp": 450}, "Daily loss: amount was 5 % of the anchor, is 4.5 % of the anchor"),
        (
            {"daily_loss.amount": SHARE | {"bp": 500}},
            "Daily loss: amount was 5 % of the anchor, is 5 % of the initial balance",
        ),
        (
            {"daily_loss.amount": {"type": "fixed", "minor": 125_000}},
            "Daily loss: amount was 5 % of the anchor, is 1,250.00",
        ),
        (
            {"daily_loss.amount": {"type": "by_size", "table": [{"size_minor": 5_000_000, "minor": 125_000}]}},
            "Daily loss: amount was 5 % of the anchor, is 1,250.00 at 50,000.00",
        ),
        ({"daily_loss.boundary": "crosses"}, "Daily loss: boundary was touches, is crosses"),
        ({"daily_loss.warn_at_bp": []}, "Daily loss: warn at was 50 %, 80 %, is none"),
        (
            {"daily_loss.on_breach": ["warn", {"type": "to_group", "group": "slow"}]},
            "Daily loss: on breach was pause, is warn, to group (group slow)",
        ),
        (
            {"daily_loss.on_breach": [{"type": "deduct_profit", "share_bp": 5000}]},
            "Daily loss: on breach was pause, is deduct profit (share 50 %)",
        ),
        (
            {"maximum_loss.lock.offset.bp": 100},
            "Maximum loss: lock, offset was 0 % of the initial balance, is 1 % of the initial balance",
        ),
        ({"maximum_loss.lock.permanent": False}, "Maximum loss: lock, permanent was yes, is no"),
        (
            {"maximum_loss.lock": None},
            "Maximum loss: lock was (offset 0 % of the initial balance, trigger floor reaches, permanent yes), is none",
        ),
        ({"lots.limit": 1_000_000}, "Maximum lots: limit was 5 lots, is 0.01 lots"),
        (
            {"lots.quantity": "positions", "lots.limit": 5},
            "Maximum positions: quantity was lots, is positions\nMaximum positions: limit was 5 lots, is 5",
        ),
        ({"together.limit": 50_000_000}, "Allocation over all accounts: limit was 400,000.00, is 500,000.00"),
        ({"news.before_s": 300}, "News trading: before was 120 s, is 300 s"),
        ({"lasting.average_s_min": 90}, "Trade duration: average min was none, is 90 s"),
        ({"schedule.then.days": 14}, "Payout dates: then, days was 7, is 14"),
        ({"amount.minimum_minor": 10_000}, "Payout amount: minimum was 50.00, is 100.00"),
        ({"split.tiers": TERMS["split"]["tiers"][1:], "split.counted": "payout_number"}, SPLIT),
        ({"calendar.zone": "UTC"}, "calendar, zone was Europe/Prague, is UTC"),
        ({"late_breach": "enforce"}, "late breach was review, is enforce"),
        ({"name": "Northlight II"}, "name was Northlight, every kind of term, is Northlight II"),
    ],
)
def test_a_changed_field_is_told_with_what_it_was_and_is(changes: dict[str, Any], told: str) -> None:
    assert "\n".join(map(str, ruleset_changes(ruleset(), ruleset(changes)))) == told


def test_the_same_rules_have_no_differences() -> None:
    assert ruleset_changes(ruleset(), ruleset()) == ()
    assert program_changes(program(), program()) == ()


def test_a_term_that_came_or_went_is_told_in_full() -> None:
    shorter = without("hours")
    told = "trading hours: zone Europe/Prague; opens 09:00; closes 17:00; on breach warn, fail; strikes within phase"
    assert list(map(str, ruleset_changes(shorter, ruleset()))) == [f"Trading hours is added: {told}"]
    assert list(map(str, ruleset_changes(ruleset(), shorter))) == [f"Trading hours is removed: {told}"]


def test_an_id_that_names_another_kind_of_term_now_is_another_term() -> None:
    before, after = with_term(LIMIT, id="own"), with_term(TERMS["trades"], id="own")
    removed, added = map(str, ruleset_changes(before, after))
    assert removed.startswith("Daily loss (own) is removed: loss limit: scope day; amount 5 % of the anchor; ")
    assert added == "Minimum number of trades (own) is added: minimum trades: trades min 10; per cycle"


def test_the_order_of_terms_matters_where_two_break_at_once() -> None:
    kept = without(*(name for name in TERMS if name not in ("daily_loss", "target")))
    turned = msgspec.structs.replace(kept, terms=kept.terms[::-1])
    [change] = ruleset_changes(kept, turned)
    assert str(change) == "the order of terms was Daily loss, Profit target, is Profit target, Daily loss"


def test_yen_have_no_decimals() -> None:
    [change] = ruleset_changes(ruleset(), ruleset({"amount.minimum_minor": 10_000}), exponent=0)
    assert str(change) == "Payout amount: minimum was 5,000, is 10,000"


def test_rules_sold_in_the_first_words_are_compared_in_those_of_today() -> None:
    first = FirstRuleset(
        name="Northlight, every kind of term",
        calendar=TradingCalendar("Europe/Prague", "00:00"),
        late_breach=LateBreach.REVIEW,
        await_swap=True,
        terms=(
            DailyLoss(
                id="daily_loss",
                loss_max_bp=500,
                anchor=Anchor.BALANCE,
                base=AmountBase.INITIAL,
                boundary=Boundary.TOUCHES,
                on_breach=OnDailyLoss.FAIL,
            ),
        ),
    )
    now = without(*(name for name in TERMS if name != "daily_loss"))
    told = list(map(str, ruleset_changes(first, now)))
    assert "Daily loss: amount was 5 % of the initial balance, is 5 % of the anchor" in told
    assert "Daily loss: on breach was fail, is pause" in told
    assert "overrides by two was none, is yes" in told
    assert not any("added" in one or "removed" in one for one in told)


def test_a_program_is_compared_by_what_is_sold_and_by_phase() -> None:
    changes = {
        "size": {"minor": 20_000_000, "currency": "USD", "exponent": 2},
        "leverage": 50,
        "phases[0].ruleset.terms[0].amount.bp": 400,
        "phases[0].ruleset.await_swap": False,
    }
    assert list(map(str, program_changes(program(), program(changes)))) == [
        "size was 100,000.00 USD, is 200,000.00 USD",
        "leverage was 100, is 50",
        "phase Evaluation: await swap was yes, is no",
        "phase Evaluation, Daily loss: amount was 5 % of the anchor, is 4 % of the anchor",
    ]


def test_phases_that_came_went_or_changed_places_are_told() -> None:
    before = program()
    [first, second] = before.phases
    third = Phase(name="Verification", ruleset=first.ruleset, funded=False)
    longer = msgspec.structs.replace(before, phases=(first, third, second))
    turned = msgspec.structs.replace(before, phases=(second, first))
    assert [str(one) for one in program_changes(before, longer)] == [
        "phase Verification is added: Northlight, every kind of term"
    ]
    assert [str(one) for one in program_changes(longer, before)] == [
        "phase Verification is removed: Northlight, every kind of term"
    ]
    assert [str(one) for one in program_changes(before, turned)] == [
        "order of phases was Evaluation, Funded, is Funded, Evaluation"
    ]


def test_a_price_in_another_currency_is_told() -> None:
    dearer = msgspec.structs.replace(program(), price=Money(45_000, "EUR", 2))
    assert list(map(str, program_changes(program(), dearer))) == ["price was 499.00 USD, is 450.00 EUR"]


def test_a_phase_that_is_called_otherwise_is_no_other_phase() -> None:
    before = program()
    [first, second] = before.phases
    named = msgspec.structs.replace(before, phases=(msgspec.structs.replace(first, name="Phase 1"), second))
    assert [str(one) for one in program_changes(before, named)] == [
        "phase Evaluation is called Phase 1 now; its rules are the same"
    ]
    assert [str(one) for one in program_changes(named, before)] == [
        "Phase 1 is called Evaluation now; its rules are the same"
    ]


def test_a_phase_that_is_won_by_counting_now_is_said_to_be_unless_it_is_funded() -> None:
    before, after = (rules_of(MAXIMUM, *terms) for terms in ((TARGET, DAYS), (DAYS,)))
    said = "won by was Profit target, is Minimum trading days"
    assert [str(one) for one in ruleset_changes(before, after)][-1] == said
    assert said not in [str(one) for one in ruleset_changes(before, rules_of(MAXIMUM, replace(TARGET, held_s=1), DAYS))]
    sold = program()
    for funded, told in ((False, [f"phase Evaluation: {said}"]), (True, [])):
        one, other = (
            replace(sold, phases=(Phase(name="Evaluation", ruleset=rules, funded=funded),)) for rules in (before, after)
        )
        assert [str(change) for change in program_changes(one, other) if change.field == "won by"] == told


def test_when_a_share_ends_the_account_is_told_in_words() -> None:
    delays = rules_of(SHARE_OF_PROFIT)
    for at, words in zip(
        FailsAt, ("with each closing", "at each day's end", "when all else that the phase asks for is met"), strict=True
    ):
        ends = rules_of(replace(SHARE_OF_PROFIT, effect=ConsistencyEffect.FAIL, fails_at=at))
        told = [str(one) for one in ruleset_changes(delays, ends)]
        assert f"Consistency: looked at to end the account was never, is {words}" in told
