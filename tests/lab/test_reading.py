"""Reading: an account that goes on after its end has what was booked meanwhile, and says which breach was overridden."""

from actors.lab_found import Ending
from appliance.lab.reading import Reading
from appliance.lab.words import outcome_words
from firm.facts import BreachDeclared, DealBooked, StandingChanged, VerdictCorrected
from firm.inputs import Side
from firm.money import Money
from firm.phase import Standing

INITIAL = Money(10_000_000, "USD", 2)


def usd(minor: int) -> Money:
    return Money(minor, "USD", 2)


def booked(balance: int) -> DealBooked:
    return DealBooked(
        deal_id="d",
        position_id="p",
        symbol="EURUSD",
        side=Side.BUY,
        lots_e8=0,
        price_open=1,
        swap=usd(0),
        opened_us=1,
        net=usd(0),
        balance=usd(balance),
    )


def stopped() -> Reading:
    """With 250.00 of profit at its breach; the firm's own closing costs 5,760.00."""
    reading = Reading(INITIAL, 1)
    reading.take(StandingChanged(before=Standing.PROVISIONING, after=Standing.ACTIVE, because="opened"), 2, 2)
    reading.take(booked(10_025_000), 3, 3)
    breach = BreachDeclared(
        rule="daily_loss",
        rule_kind="loss_limit",
        severity="hard",
        floor=usd(9_500_000),
        observed=usd(9_450_000),
        at_us=4,
        late=False,
        reviewed=False,
        quotes=(),
        working=(),
    )
    reading.take(breach, 4, 4)
    reading.take(StandingChanged(before=Standing.ACTIVE, after=Standing.BREACHED, because="daily_loss"), 5, 4)
    reading.take(booked(9_449_000), 6, 6)
    return reading


def test_what_is_booked_after_the_end_is_no_figure_of_it() -> None:
    outcome = stopped().outcome()
    assert (outcome.ending, outcome.profit, outcome.undone) == (Ending.BREACHED, 25_000, None)


def test_an_account_that_was_reinstated_has_the_firms_own_closing_and_says_what_was_overridden() -> None:
    reading = stopped()
    reading.take(VerdictCorrected(decision=4, verdict="overridden", because="reinstated"), 7, 7)
    reading.take(StandingChanged(before=Standing.BREACHED, after=Standing.ACTIVE, because="reinstated"), 8, 7)
    outcome = reading.outcome()
    assert (outcome.ending, outcome.profit) == (Ending.RUNNING, -551_000)
    said = outcome_words(outcome, 2)
    assert "after a breach by daily_loss" in said
    assert "at 94,500.00 against 95,000.00 (row 4)" in said
    assert "later: it stands, and a person let the account go on" in said
    reading.take(booked(9_500_000), 9, 9)
    assert reading.outcome().profit == -500_000
