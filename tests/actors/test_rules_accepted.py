"""Whatever rules `check` accepts, a firm goes on under them: an account is opened, trades and is watched, and no desk stops."""

from typing import get_args

from hypothesis import HealthCheck, assume, given, settings
from msgspec.structs import replace

from firm.facts import DeskStopped, Refused
from firm.inputs import Side
from firm.terms.union import Lifecycle, Payout
from tests.actors.conftest import Stage, program
from tests.firm.any_terms import changed_ruleset
from tests.firm.test_accepted_rules import accepted

OF_FUNDED = get_args(Payout | Lifecycle)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(changed_ruleset())
def test_no_desk_stops_under_rules_that_were_accepted(changed):
    rules = accepted(changed[1])
    assume(rules is not None)
    terms = tuple(term for term in rules.terms if not isinstance(term, OF_FUNDED))
    stage = Stage()
    stage.open_shop(program(replace(rules, terms=terms), replace(rules, terms=terms)))
    assert stage.facts(Refused) == []
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "1", 138_700)
    stage.equity(account, "99_990.00", "100_000.00")
    stage.tick("EURUSD", 138_590, 138_600)
    stage.engine.indexing.index_all()
    stage.clock()
    assert stage.facts(DeskStopped) == []
