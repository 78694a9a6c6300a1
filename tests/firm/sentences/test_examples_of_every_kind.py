"""Worked examples of every kind of term: in each language, at the very step where the judge's answer changes."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.arithmetic import PLAIN
from firm.money import Money
from firm.rules.behaviour import judge_high_frequency
from firm.rules.ideas import judge_idea_risk
from firm.rules.trade_duration import judge_each_duration
from firm.sentences.example_edge import Edge, falling, held, rising, trade
from firm.sentences.languages import Language
from firm.sentences.rule import tag_of
from firm.sentences.worked_example import worked_example
from firm.templates import templates
from firm.terms.union import KINDS
from firm.terms.words import Boundary, Share, ShareOf
from tests.firm.ruleset_examples import ruleset
from tests.firm.sentences.examples import ruleset_of
from tests.firm.sentences.plain_figures import PLAIN_FIGURES

SIZE = Money(10_000_000, "USD", 2)
WHOLE = ruleset()
ENGLISH = {rule.id: worked_example(WHOLE, rule, SIZE, Language.ENGLISH, PLAIN_FIGURES) for rule in WHOLE.rules}


def example(term: Any, size: Money = SIZE) -> str:
    alone = ruleset_of("example", term)
    return worked_example(alone, alone.rules[0], size, Language.ENGLISH, PLAIN_FIGURES)


def term_of(name: str) -> Any:
    return next(rule.terms for rule in WHOLE.rules if rule.id == name)


@pytest.mark.parametrize("language", Language)
def test_every_kind_of_term_has_an_example(language: Language) -> None:
    told = {}
    for rule in WHOLE.rules:
        text = worked_example(WHOLE, rule, SIZE, language, PLAIN_FIGURES)
        assert text.endswith("."), rule.id
        assert not re.search(r"[{}|#]|  ", text), text
        told.setdefault(tag_of(rule), text)
    assert told.keys() == KINDS.keys()


@pytest.mark.parametrize("template", templates(), ids=lambda template: template.name)
def test_no_rule_of_a_ready_program_is_without_one(template: Any) -> None:
    for phase in template.program.phases:
        for rule in phase.ruleset.rules:
            text = worked_example(phase.ruleset, rule, template.program.size, Language.ENGLISH, PLAIN_FIGURES)
            assert text, rule.id


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("score", "published score: with 10 it is enough, with 9 it is not."),
        ("trades", "closed trades: with 10 it is enough, with 9 it is not."),
        ("duration", "with 29 days the rule is kept, with 30 days it is broken."),
        ("inactivity", "with 13 days the rule is kept, with 14 days it is broken."),
        ("lot_range", "with 15 lots the rule is kept, with 15.01 lots it is broken."),
        ("lot_range", "with 5 lots the rule is kept, with 4.99 lots it is broken."),
        ("lots", "with 5 lots the rule is kept, with 5.01 lots it is broken."),
        ("idea", "with 1,000.00 USD the rule is kept, with 1,000.01 USD it is broken."),
        ("stop", "with 59 seconds the rule is kept, with 1 minute it is broken."),
        ("reward", "with 5000 the rule is kept, with 5001 it is broken."),
        ("together", "with 400,000.00 USD the rule is kept, with 400,000.01 USD it is broken."),
        ("news", "with 121 seconds the rule is kept, with 2 minutes it is broken."),
        ("weekend", "with 2025-06-06 15:44:59 the rule is kept, with 2025-06-06 15:45:00 it is broken."),
        ("hours", "with 16:59:59 the rule is kept, with 17:00:00 it is broken."),
        ("lasting", "with 1 minute the rule is kept, with 59 seconds it is broken."),
        ("lasting", "with 5,000.00 USD the rule is kept, with 4,999.99 USD it is broken."),
        ("hedging", "with 0 lots the rule is kept, with 0.01 lots it is broken."),
        ("grid", "with 3 positions the rule is kept, with 4 positions it is broken."),
        ("martingale", "losing trades of 1 lots and 2 lots: with 3.99 lots the rule is kept, with 4 lots it is broken."),
        ("one_sided", "out of 10: with 9 the rule is kept, with 10 it is broken."),
        ("frequency", "with 50 positions the rule is kept, with 51 positions it is broken."),
        ("excursion", "with 750.00 USD the rule is kept, with 750.01 USD it is broken."),
        ("automation", "an order that a program places: this keeps the rule."),
        ("automation", "an order that is copied from elsewhere: this breaks the rule."),
        ("schedule", "from 2025-06-16 12:00:00 on, and at 2025-06-16 11:59:59 not yet."),
        ("conditions", "profit since the last payout: with 1,000.00 USD it is enough, with 999.99 USD it is not."),
        ("conditions", "a loss of 5,000.00 USD: with 2,500.00 USD it is enough, with 2,499.99 USD it is not."),
        ("conditions", "open positions at the request: 0 is allowed, 1 is too much."),
        ("amount", "2,000.00 USD is allowed, 2,000.01 USD is too much."),
        ("amount", "with 50.00 USD it is enough, with 49.99 USD it is not."),
        ("split", "trader’s share of a first payout of 10,000.00 USD: 10,000.00 USD."),
        ("refund", "with payout number 1: 100.00 USD. Example: what comes back of a fee of 100.00 USD with payout number 2: 0.00"),
        ("loyalty", "with 5 it is enough, with 4 it is not. Example: bonus on a payout of 1,000.00 USD: 50.00 USD."),
        ("performance", "with 10,000.00 USD it is enough, with 9,999.99 USD it is not."),
        ("inside", "after 59 days: 500.00 USD."),
        ("inside", "after 60 days: 800.00 USD."),
        ("salvage", "6 days is allowed, 7 days is too much."),
        ("cycle", "from 2025-06-07 00:00:00 on, and at 2025-06-06 23:59:59 not yet."),
        ("reset", "resets so far: after 1, one more is possible; after 2, none."),
        ("reset", "begun on 2025-06-02 and reset on 2025-07-01, is over on: 2025-07-02."),
        ("reset", "begun on 2025-06-02 and reset on 2025-07-02, is over on: 2025-08-01."),
        ("retry", "after 0, one more is possible; after 1, none."),
        ("extension", "a deadline of 2025-06-02 becomes: 2025-06-16."),
        ("growth", "size on 2025-09-01 of an account of 2025-06-02 that meets all other conditions: 100,000.00 USD."),
        ("growth", "size on 2025-09-02 of an account of 2025-06-02 that meets all other conditions: 125,000.00 USD."),
        ("merge", "400,000.00 USD is allowed, 400,000.01 USD is too much."),
        ("live", "with 104,000.00 USD each: 100,000.00 USD."),
        ("allocation", "number of accounts: 5 is allowed, 6 is too much."),
    ],
)  # fmt: skip
def test_an_example_stands_at_its_edge(name: str, part: str) -> None:
    assert part in ENGLISH[name]


@pytest.mark.parametrize(
    ("name", "change", "part"),
    [
        ("lots", {"boundary": Boundary.TOUCHES}, "with 4.99 lots the rule is kept, with 5 lots it is broken."),
        ("idea", {"boundary": Boundary.TOUCHES}, "with 999.99 USD the rule is kept, with 1,000.00 USD it is broken."),
        ("frequency", {"boundary": Boundary.TOUCHES}, "with 49 positions the rule is kept"),
        ("excursion", {"of_profit": False}, "with 30,000.00 USD the rule is kept"),
        ("news", {"inclusive": False}, "with 2 minutes the rule is kept, with 119 seconds it is broken."),
        ("news", {"before_s": 0}, "time after the release: with 121 seconds the rule is kept"),
        ("stop", {"within_s": 0}, "one without breaks it from its first instant."),
        ("hedging", {"lots_e8_max": 5 * 10**7}, "with 0.50 lots the rule is kept, with 0.51 lots it is broken."),
        ("conditions", {"boundary": Boundary.CROSSES}, "with 1,000.01 USD it is enough, with 1,000.00 USD it is not."),
        ("retry", {"retries_max": 3}, "after 2, one more is possible; after 3, none."),
    ],
)
def test_other_terms_have_other_edges(name: str, change: dict[str, Any], part: str) -> None:
    assert part.replace("0.50", "0.5") in example(replace(term_of(name), **change)).replace("0.50", "0.5")


# --- an example never contradicts the evaluator ---


@given(edge=st.integers(1, 999), step=st.sampled_from([1, 7]))
def test_the_edge_of_what_is_good_is_found_wherever_it_lies(edge: int, step: int) -> None:
    last = edge // step * step
    assert rising(lambda figure: figure <= edge, 1_000 * step, step) == Edge(last, last + step)
    assert falling(lambda figure: figure > edge, 1_000 * step, step) == Edge(last + step, last)


def test_where_all_is_good_or_nothing_there_is_no_edge() -> None:
    for answer in (True, False):
        assert rising(lambda _, answer=answer: answer, 10) is None
        assert falling(lambda _, answer=answer: answer, 10) is None


def money_in(text: str) -> list[int]:
    return [int(re.sub("[,.]", "", one)) for one in re.findall(r"([\d,.]+) USD", text)]


@given(bp=st.integers(1, 10_000), size=st.integers(10_000, 10**12), boundary=st.sampled_from(Boundary))
def test_what_an_idea_may_lose_is_what_its_judge_lets_it_lose(bp: int, size: int, boundary: Boundary) -> None:
    term = replace(term_of("idea"), amount=Share(bp=bp, of=ShareOf.INITIAL), boundary=boundary)
    *_, good, bad = money_in(example(term, Money(size, "USD", 2)))
    [rule] = ruleset_of("example", term).rules
    for loss, is_broken in ((good, False), (bad, True)):
        [answer] = judge_idea_risk(PLAIN, rule, size * bp // 10_000, [held(floating=-loss)], ())
        assert answer.is_broken is is_broken
    assert bad == good + 1


@given(openings=st.integers(1, 60), boundary=st.sampled_from(Boundary))
def test_how_many_may_be_opened_is_what_the_judge_lets_be_opened(openings: int, boundary: Boundary) -> None:
    term = replace(term_of("frequency"), openings_max=openings, boundary=boundary)
    good, bad = (int(one) for one in re.findall(r"(\d+) positions?", example(term)))
    [rule] = ruleset_of("example", term).rules
    for count, is_broken in ((good, False), (bad, True)):
        assert judge_high_frequency(PLAIN, rule, [0] * count).is_broken is is_broken
    assert bad == good + 1


@given(seconds=st.integers(1, 59))
def test_how_short_a_trade_may_be_is_what_the_judge_lets_it_be(seconds: int) -> None:
    term = replace(term_of("lasting"), seconds_min=seconds, longer_s=None, share_of_longer_bp=None)
    good, bad = (int(one) for one in re.findall(r"(\d+) seconds?", example(term)))
    [rule] = ruleset_of("example", term).rules
    for lasted, is_broken in ((good, False), (bad, True)):
        [answer] = judge_each_duration(PLAIN, rule, [trade(lasted_us=lasted * 1_000_000)])
        assert answer.is_broken is is_broken
