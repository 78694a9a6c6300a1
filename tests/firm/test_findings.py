"""Findings: what a row makes of the breaches that are in question."""

from firm.account_findings import finding_of
from firm.account_fold import opened
from firm.facts import AccountOpened, BreachDeclared
from firm.money import Money
from tests.evidence.limits_of_today import PHASE, TODAY, replace


def usd(minor):
    return Money(minor, "USD", 2)


def test_a_breach_of_a_rule_that_was_never_sold_is_found_and_rests_on_nothing():
    """Such a row can only be a dishonest firm's; whoever folds it is to find the rule missing, and not to stop."""
    rules = replace(TODAY, terms=(PHASE,))
    fact = AccountOpened(
        trader=1, challenge=2, phase=0, phase_name="Phase 1", funded=False, bridge="sim", initial=usd(100_000_00),
        ruleset_id=rules.ruleset_id(), ruleset=rules,
    )  # fmt: skip
    told = {"floor": usd(95), "observed": usd(90), "at_us": 5, "late": False, "quotes": (), "working": ()}
    breach = BreachDeclared(rule="none", rule_kind="daily_loss", severity="hard", reviewed=False, does=None, **told)
    found = finding_of(opened(fact, 7, 1, 5), breach, 9)
    assert (found.rule, found.grounds) == ("none", None)
