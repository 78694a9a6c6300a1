"""The accounts read model: how much its rules allow an account to lose, from the row that opens it."""

import apsw
import pytest
from msgspec.structs import replace

from firm.facts import AccountOpened
from storage.readmodels.accounts import Accounts, account_line
from storage.rows import Row
from tests.evidence.limits_of_today import LIMIT, PHASE, TODAY, Anchor, Scope
from tests.storage.test_decisions_model import usd

ADA = 7


def allowed_under(*terms):
    """The smallest loss that an account of 100 000 is allowed, as lists show it, in minor units."""
    rules = replace(TODAY, terms=terms)
    fact = AccountOpened(
        trader=1, challenge=2, phase=0, phase_name="Phase 1", funded=False, bridge="sim", initial=usd(100_000_00),
        ruleset_id=rules.ruleset_id(), ruleset=rules,
    )  # fmt: skip
    connection = apsw.Connection("")
    connection.execute(Accounts.schema)
    connection.execute("CREATE TABLE rm_decision (decision INTEGER, settled TEXT)")
    Accounts().project(connection, [(Row(1, "AccountOpened", 5, 5, 0, ADA, b"{}"), fact)])
    return account_line(connection, ADA).allowed


@pytest.mark.parametrize("anchor", list(Anchor))
@pytest.mark.parametrize("scope", [Scope.DAY, Scope.WEEK])
def test_a_limit_of_the_week_is_known_before_the_first_week_begins(scope, anchor):
    assert allowed_under(replace(LIMIT, scope=scope, anchor=anchor)) == 5_000_00


def test_of_several_limits_the_nearest_floor_counts():
    weekly = replace(LIMIT, id="weekly", scope=Scope.WEEK, amount=replace(LIMIT.amount, bp=300))
    assert allowed_under(PHASE, weekly) == 3_000_00
