"""The catalogue: what is sold, what is sold no more, and that neither changes what somebody holds."""

from firm.commands import PlaceOrder, PublishProgram, RetireProgram
from firm.facts import OrderPlaced, ProgramRetired, Refusal, Refused
from tests.actors.conftest import Stage, program
from tests.actors.test_conduct import LOTS, MAXIMUM, rules_of

RULES = rules_of(MAXIMUM, LOTS)


def published(stage: Stage) -> None:
    stage.put(PublishProgram(by="staff:omar", program=program(RULES, RULES, name="two-step")))


def retired(stage: Stage, name: str = "two-step") -> None:
    stage.put(RetireProgram(by="staff:omar", program=name, why="nobody understood it"))


def ordered(stage: Stage, order: int) -> None:
    stage.put(PlaceOrder(by="trader:1003", order=order, trader=1003, program="two-step", accounts=(7005, 7006)))


def refusals(stage: Stage) -> list[tuple[str, str]]:
    return [(fact.refusal, fact.detail) for fact in stage.facts(Refused)]


def test_a_retired_program_is_sold_to_nobody_and_the_no_says_so(stage):
    published(stage)
    retired(stage)
    ordered(stage, 503)
    assert [(fact.program, fact.by, fact.why) for fact in stage.facts(ProgramRetired)] == [
        ("two-step", "staff:omar", "nobody understood it")
    ]
    assert refusals(stage) == [(Refusal.PROGRAM_RETIRED, "program 'two-step' is not sold any more")]


def test_a_program_that_is_published_again_is_sold_again(stage):
    published(stage)
    retired(stage)
    published(stage)
    stage.sell(1003, 503, (7005, 7006), "two-step")
    assert len(stage.facts(OrderPlaced)) == 1
    assert refusals(stage) == []


def test_who_bought_a_program_keeps_it_when_it_is_retired(stage):
    published(stage)
    account = stage.sell(1003, 503, (7005, 7006), "two-step")
    retired(stage)
    assert stage.account(account).ruleset == RULES
    stage.tick("EURUSD", 138_690, 138_700)
    assert refusals(stage) == []


def test_only_what_is_on_offer_can_be_retired(stage):
    retired(stage, "never-was")
    published(stage)
    retired(stage)
    retired(stage)
    assert [refusal for refusal, _ in refusals(stage)] == [Refusal.UNKNOWN_PROGRAM, Refusal.PROGRAM_RETIRED]
