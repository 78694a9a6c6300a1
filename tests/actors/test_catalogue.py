"""The catalogue: what is sold, what is sold no more, and that neither changes what somebody holds."""

import pytest
from msgspec.structs import replace

from firm.commands import PlaceOrder, Publication, PublishProgram, RetireProgram
from firm.facts import OrderPlaced, ProgramPublished, ProgramRetired, Refusal, Refused
from firm.money import Money
from firm.ruleset import Phase, Program
from tests.actors.conftest import Stage, program
from tests.actors.test_conduct import LOTS, MAXIMUM, rules_of

RULES = rules_of(MAXIMUM, LOTS)


def published(stage: Stage) -> None:
    stage.put(PublishProgram(by="console", program=program(RULES, RULES, name="two-step")))


def retired(stage: Stage, name: str = "two-step") -> None:
    stage.put(RetireProgram(by="console", program=name, why="nobody understood it"))


def ordered(stage: Stage, order: int) -> None:
    stage.put(PlaceOrder(by="trader:1003", order=order, trader=1003, program="two-step", accounts=(7005, 7006)))


def refusals(stage: Stage) -> list[tuple[str, str]]:
    return [(fact.refusal, fact.detail) for fact in stage.facts(Refused)]


def test_a_retired_program_is_sold_to_nobody_and_the_no_says_so(stage):
    published(stage)
    retired(stage)
    ordered(stage, 503)
    assert [(fact.program, fact.by, fact.why) for fact in stage.facts(ProgramRetired)] == [
        ("two-step", "console", "nobody understood it")
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


SOLD = replace(program(), program="autumn")
OWNED = Publication(why="the terms of autumn", role="owner", read_against="")


def offered(stage: Stage, what: Program, publication: Publication | None = OWNED, by: str = "console") -> None:
    stage.put(PublishProgram(by=by, program=what, publication=publication))


def published_of_autumn(stage: Stage) -> int:
    return sum(fact.program.program == "autumn" for fact in stage.facts(ProgramPublished))


def phases_of(*names: str) -> tuple[Phase, ...]:
    return tuple(replace(phase, name=name) for phase, name in zip(SOLD.phases, names, strict=True))


@pytest.mark.parametrize(
    ("what", "publication", "refusal", "detail"),
    [
        (SOLD, replace(OWNED, why=" "), Refusal.WHY_MISSING, "say why autumn is published"),
        (SOLD, replace(OWNED, why="y" * 501), Refusal.WHY_MISSING, "in 1 to 500 characters"),
        (replace(SOLD, leverage=0), OWNED, Refusal.PROGRAM_FAULTY, "leverage: at least 1 and at most 2000"),
        (replace(SOLD, phases=phases_of("a", "a")), OWNED, Refusal.PROGRAM_FAULTY, "phases[1].name: another phase"),
        (replace(SOLD, phases=()), OWNED, Refusal.PROGRAM_FAULTY, "phases: a program has 1 to"),
        (replace(SOLD, group="your-group"), OWNED, Refusal.PROGRAM_FAULTY, "group: your-group is the template's"),
        (SOLD, replace(OWNED, read_against="0" * 64), Refusal.ANOTHER_VERSION, "another version of autumn"),
    ],
)
def test_what_may_not_be_sold_is_refused_by_the_desk_itself(stage, what, publication, refusal, detail):
    offered(stage, what, publication)
    [(said, told)] = refusals(stage)
    assert (said, detail in told) == (refusal, True), told
    assert published_of_autumn(stage) == 0


@pytest.mark.parametrize("role", ["risk", "owner", "console"])  # whatever the border believes
def test_what_is_sold_for_the_first_time_is_an_owners(stage, role):
    offered(stage, SOLD, replace(OWNED, role=role), by="staff:1")
    [(said, told)] = refusals(stage)
    assert (said, "sold for the first time" in told) == (Refusal.ROLE_TOO_LOW, True), told
    offered(stage, SOLD, replace(OWNED, role=role), by="staff:2")
    assert published_of_autumn(stage) == 1


def test_who_may_not_set_prices_publishes_nothing_without_a_reason_either(stage):
    offered(stage, SOLD, None, by="staff:1")
    assert [refusal for refusal, _ in refusals(stage)] == [Refusal.ROLE_TOO_LOW]


def test_a_command_of_before_a_publication_was_asked_for_is_decided_as_it_was(stage):
    offered(stage, replace(SOLD, leverage=0), None)
    assert refusals(stage) == []
    assert published_of_autumn(stage) == 1


def test_what_says_the_same_is_published_again_only_once_it_was_retired(stage):
    offered(stage, SOLD)
    same = replace(OWNED, read_against=SOLD.fingerprint())
    offered(stage, SOLD, same)
    assert [refusal for refusal, _ in refusals(stage)] == [Refusal.PROGRAM_UNCHANGED]
    retired(stage, "autumn")
    offered(stage, SOLD, same)
    assert published_of_autumn(stage) == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"price": Money(1, "USD", 2)},
        {"size": Money(20_000_000, "USD", 2)},
        {"size": Money(SOLD.size.minor, "EUR", 2), "price": Money(SOLD.price.minor, "EUR", 2)},
        {"accounts_max": 9},
        {"price": Money(SOLD.price.minor, "EUR", 2)},
    ],
)
def test_price_size_currency_and_accounts_are_an_owners(stage, changed):
    offered(stage, SOLD)
    by_risk = Publication(why="cheaper", role="risk", read_against=SOLD.fingerprint())
    offered(stage, replace(SOLD, **changed), by_risk, by="staff:1")
    assert [refusal for refusal, _ in refusals(stage)] == [Refusal.ROLE_TOO_LOW]
    offered(stage, replace(SOLD, leverage=30), by_risk)
    assert published_of_autumn(stage) == 2
