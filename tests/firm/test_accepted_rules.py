"""What `check` accepts works: it can be judged, watched, said in every language, worked as an example and shown; nothing raises."""

from collections import Counter
from collections.abc import Iterator

from hypothesis import HealthCheck, assume, given, settings
from msgspec.structs import replace

from firm.account import AccountState, Position
from firm.arithmetic import Figure, Working
from firm.checks.sizes import size_problems
from firm.inputs import Side
from firm.money import Money
from firm.rules.limits import floor_of, limits_of
from firm.rules.looks import LOOKS, glance, look, slack
from firm.rules.winning import Moment, objectives_met, won
from firm.ruleset import Ruleset
from firm.ruleset_checks import problems_of
from firm.ruleset_text import RulesetRefused, json_of, read_data, read_json, read_toml, toml_of
from firm.sentences.languages import Language
from firm.sentences.rule import rule_sentence, titles_of
from firm.sentences.worked_example import worked_example
from firm.terms.words import ShareOf
from tests.firm.any_terms import SIZE_MINOR, changed_ruleset, shares_of_everything
from tests.firm.sentences.plain_figures import PLAIN_FIGURES
from tests.firm.test_objectives import BOARD, NOW_US, account, rows, with_days

SIZE = Money(SIZE_MINOR, "USD", 2)
HELD = Position("P1", "EURUSD", Side.BUY, 10**8, 138_700, NOW_US, 2, "", 0, 0, "")


def accepted(data) -> Ruleset | None:
    """The ruleset, or None where it is refused."""
    try:
        rules = read_data(data)
    except RulesetRefused:
        return None
    if problems_of(rules) or any(True for term in rules.terms for _ in size_problems(term, SIZE_MINOR)):
        return None
    return rules


def standings(rules: Ruleset) -> Iterator[AccountState]:
    """An account before anything was held, while something is, and after days with a profit and a loss."""
    fresh = account(rules)
    yield fresh
    yield replace(fresh, positions=(HELD,))
    yield replace(with_days(fresh, 1_200_00, -300_00), positions=(HELD,))


def judge(state: AccountState) -> None:
    """Every rule with and without its working, as desks and filters ask for it."""
    equity = state.balance - 10_00
    for limit in limits_of(state):
        floor_of(Working(), state, limit)
    seen = glance(state, BOARD, Figure(equity, ""), NOW_US)
    slack(seen)
    for rule in state.ruleset.rules:
        if type(rule.terms) in LOOKS:
            look(Working(), rule, seen)
    moment = Moment(NOW_US, Figure(equity, ""))
    won(Working(), state, moment)
    tuple(objectives_met(Working(), state, moment))


def say(state: AccountState, name: str) -> None:
    rules = state.ruleset
    assert list(rows(state)) == [rule.id for rule in rules.rules]
    rule = next(rule for rule in rules.rules if rule.id == name)
    for language in Language:
        assert rule_sentence(rule, language, PLAIN_FIGURES, titles_of(rules, language)).text
        worked_example(rules, rule, SIZE, language, PLAIN_FIGURES)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(changed_ruleset())
def test_whatever_is_accepted_can_be_judged_said_and_shown(changed):
    name, data = changed
    rules = accepted(data)
    assume(rules is not None)
    assert read_json(json_of(rules)) == read_toml(toml_of(rules)) == rules
    for state in standings(rules):
        judge(state)
        say(state, name)


def test_whatever_a_share_may_be_of_it_is_worked_out():
    """Of each amount that a term has: a loss limit of the target, of its anchor, of its high; an idea's of the target, and so on."""
    of = set()
    for name, data in shares_of_everything():
        rules = accepted(data)
        if rules is not None:
            for state in standings(rules):
                judge(state)
                say(state, name)
            of |= {(name, one) for one in ShareOf if f'"of":"{one}"' in json_of(rules).replace(": ", ":")}
    assert {("maximum_loss", "target"), ("idea", "target"), ("days", "target"), ("maximum_loss", "high")} <= of


def test_terms_of_every_kind_are_accepted_with_some_changes_and_refused_with_others():
    """Else nothing would be known of them by the test above."""
    seen: Counter[bool] = Counter()

    @settings(max_examples=100, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(changed_ruleset())
    def count(changed):
        seen[accepted(changed[1]) is not None] += 1

    count()
    assert min(seen[True], seen[False]) >= 10, seen
