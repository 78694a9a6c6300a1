"""Room for one more account: what Ada may be given in all, at the sale and when a phase is won."""

import pytest
from msgspec.structs import replace

from firm.commands import (
    AdvanceChallenge,
    PlaceOrder,
    PublishProgram,
)
from firm.facts import (
    ChallengeHeld,
    PhasePassed,
    Refusal,
    Refused,
)
from firm.phase import Standing
from firm.terms.exposure import AccountsTogether
from firm.terms.lifecycle import MaximumAllocation
from tests.actors.conftest import ADA, program
from tests.actors.several import OPPOSITE, WON, ada, buy, close
from tests.actors.test_conduct import MAXIMUM, rules_of

# --- room ---


def place(stage, order, name, accounts):
    """The answer where it is refused."""
    told = stage.put(PlaceOrder(by="console", order=order, trader=ADA, program=name, accounts=accounts))
    return next((fact for _, fact in told.facts if isinstance(fact, Refused)), None)


def allocation(limit, accounts_max=9, **changes):
    terms = MaximumAllocation(id="allocation", limit_minor=limit, accounts_max=accounts_max, funded_only=False)
    return replace(terms, **changes)


def sizes(limit):
    return replace(OPPOSITE, id="allocation", measured=AccountsTogether.ALLOCATION, limit=limit)


@pytest.mark.parametrize(
    ("limit", "refusal"),
    [
        pytest.param(200_000_00, None, id="all that is allowed"),
        pytest.param(199_999_99, Refusal.ALLOCATION_EXCEEDED, id="a cent more"),
    ],
)
@pytest.mark.parametrize("kind", ["maximum_allocation", "across_accounts"])
def test_an_order_beyond_the_allocation_is_refused(kind, limit, refusal):
    term = allocation(limit) if kind == "maximum_allocation" else sizes(limit)
    stage, _ = ada(term, count=1)
    refused = place(stage, 801, "together", (7_801, 7_802))
    assert (refused.refusal if refused else None) is refusal
    if refused:
        assert refused.detail == (
            "rule “allocation” of together: 100,000.00 USD run or are on order, with 100,000.00 USD more it would be "
            "200,000.00 USD, and it allows 199,999.99 USD; choose a smaller size, or wait until an account has ended"
        )


def test_the_number_of_accounts_is_a_matter_of_the_sale():
    counted = replace(OPPOSITE, id="number", measured=AccountsTogether.ACCOUNTS, limit=2)
    stage, _ = ada(counted, count=1)
    assert place(stage, 801, "together", (7_801, 7_802)) is None  # on order, and counted from now on
    refused = place(stage, 802, "together", (7_803, 7_804))
    assert refused.refusal is Refusal.TOO_MANY_ACCOUNTS
    assert "2 accounts run or are on order, and it allows 2" in refused.detail


def test_the_rules_of_what_runs_hold_against_what_is_ordered_without_them():
    stage, _ = ada(allocation(150_000_00), count=1)
    stage.offer("free")
    refused = place(stage, 801, "free", (7_801, 7_802))
    assert refused.refusal is Refusal.ALLOCATION_EXCEEDED


def in_euro(stage, *terms):
    rules = rules_of(MAXIMUM, *terms)
    stage.put(
        PublishProgram(by="console", program=replace(program(rules, name="euro", currency="EUR"), accounts_max=9))
    )


@pytest.mark.parametrize("kind", ["maximum_allocation", "across_accounts"])
def test_accounts_in_another_currency_are_counted_by_themselves(kind):
    term = allocation(150_000_00) if kind == "maximum_allocation" else sizes(150_000_00)
    stage, _ = ada(term, count=1)
    in_euro(stage, term)
    assert place(stage, 801, "euro", (7_801, 7_802)) is None
    refused = place(stage, 802, "euro", (7_803, 7_804))
    assert refused.refusal is Refusal.ALLOCATION_EXCEEDED
    assert "100,000.00 EUR run or are on order" in refused.detail
    assert "accounts in other currencies are not added to it" in refused.detail


@pytest.mark.parametrize("kind", ["maximum_allocation", "across_accounts"])
def test_a_limit_in_dollars_says_nothing_of_euros(kind):
    stage, _ = ada(allocation(150_000_00) if kind == "maximum_allocation" else sizes(150_000_00), count=1)
    in_euro(stage)
    assert place(stage, 801, "euro", (7_801, 7_802)) is None
    assert place(stage, 802, "euro", (7_803, 7_804)) is None


def test_what_a_rule_does_not_count_passes_nothing():
    counted = replace(OPPOSITE, id="number", measured=AccountsTogether.ACCOUNTS, limit=1, same_program=True)
    stage, _ = ada(counted, count=1)
    stage.offer("free")
    assert place(stage, 801, "free", (7_801, 7_802)) is None
    assert place(stage, 802, "together", (7_803, 7_804)).refusal is Refusal.TOO_MANY_ACCOUNTS
    funded = replace(allocation(100_000_00), funded_only=True)
    stage, _ = ada(funded, count=2)
    assert place(stage, 801, "together", (7_801, 7_802)) is None


def test_what_a_person_let_pass_stands_in_nobody_elses_way():
    counted = replace(OPPOSITE, id="number", measured=AccountsTogether.ACCOUNTS, limit=1, same_program=True)
    stage, _ = ada(WON, count=1)
    steps = replace(program(rules_of(MAXIMUM, WON), rules_of(MAXIMUM, counted), name="steps"), accounts_max=9)
    stage.put(PublishProgram(by="console", program=steps))
    stepping = stage.sell(ADA, 900, (7_901, 7_902), "steps")
    stage.sell(ADA, 901, (7_903, 7_904), "steps")
    win(stage, stepping)
    stage.put(AdvanceChallenge(by="console", order=900, why="agreed with the owner"))
    assert stage.account(7_902).standing is Standing.PROVISIONING
    assert place(stage, 801, "together", (7_801, 7_802)) is None
    assert place(stage, 802, "steps", (7_803, 7_804)).refusal is Refusal.TOO_MANY_ACCOUNTS


def test_a_phase_that_is_won_without_room_is_held_for_a_person():
    stage, (one, other) = ada(WON, count=2)
    rules = rules_of(MAXIMUM, allocation(100_000_00))
    two = replace(program(rules_of(MAXIMUM, WON), rules, name="steps"), accounts_max=9)
    stage.put(PublishProgram(by="console", program=two))
    stepping = stage.sell(ADA, 900, (7_901, 7_902), "steps")
    win(stage, stepping)
    [held] = stage.facts(ChallengeHeld, stepping)
    assert held.why.startswith("rule “allocation” of steps: 200,000.00 USD run or are on order")
    assert stage.engine.account(7_902) is None
    assert place(stage, 801, "together", (7_801, 7_802)) is None
    stage.offer("counted", replace(OPPOSITE, id="number", measured=AccountsTogether.ACCOUNTS, limit=4))
    refused = place(stage, 802, "counted", (7_803, 7_804))
    assert "4 accounts run or are on order" in refused.detail  # the held one among them
    stage.put(AdvanceChallenge(by="console", order=900, why=" "))
    assert stage.facts(Refused)[-1].refusal is Refusal.REASON_MISSING
    stage.put(AdvanceChallenge(by="console", order=900, why="agreed with the owner"))
    assert stage.account(7_902).standing is Standing.PROVISIONING
    stage.put(AdvanceChallenge(by="console", order=900, why="again"))
    assert stage.facts(Refused)[-1].refusal is Refusal.NOTHING_TO_DECIDE
    assert one != other


def test_a_phase_that_is_won_with_room_goes_on_by_itself():
    stage, _ = ada(WON, allocation(200_000_00), count=2, name="steps")
    win(stage, 7_100)
    assert stage.facts(ChallengeHeld) == []
    assert stage.account(7_101).standing is Standing.PROVISIONING


def win(stage, account):
    buy(stage, account, "1", "W")
    close(stage, account, "1", position="W", profit="1000.00")
    stage.equity(account, "101000.00", "101000.00")
    assert stage.facts(PhasePassed, account)
