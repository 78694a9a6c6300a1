"""A firm that writes a wrong verdict into its own ledger, properly signed, is found out by the arithmetic and the book."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from firm.facts import Doubt
from firm.inputs import Side
from firm.terms.words import Boundary

Told = dict[str, Any]


pytestmark = pytest.mark.usefixtures("silent")


def altered(told: Told, name: str, /, **changes: Any) -> None:
    """Change one step of the working."""
    steps = [replace(step, **changes) if step.name == name else step for step in told["working"]]
    assert tuple(steps) != told["working"], f"no step {name!r} to alter in {[step.name for step in told['working']]}"
    told["working"] = tuple(steps)


def refused(story: Any, verifier: ModuleType, why: str, alter: Callable[[Told], object]) -> None:
    story.alter = alter
    raw = story.bundle(story.ada_breaks_her_daily_loss())
    with pytest.raises(verifier.Refused, match=why):
        verifier.verify(raw)


def test_recomputing_an_honest_working_changes_nothing(story: Any, verifier: ModuleType) -> None:
    story.alter = story.recomputed
    assert verifier.verify(story.bundle(story.ada_breaks_her_daily_loss()))


def one_loses_one_wins(story: Any, alter: Callable[[Told], object]) -> int:
    """EURUSD loses 5 404.00, the short USDJPY wins more than half of it back: no breach, were it not for `alter`."""
    story.both_open()
    story.price("EURUSD", 138_700, 138_702)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 200_000_000, 138_702)
    story.price("USDJPY", 102_300, 102_303)
    story.trade(story.ada, "p2", "USDJPY", Side.SELL, 50_000_000, 109_300)
    story.swap(story.ada, "p1", "-4.20")
    story.price("EURUSD", 136_000, 136_005)
    story.alter = alter
    decision: int = story.judge(story.ada, "daily")
    return decision


def wrong(name: str, /, **changes: Any) -> Callable[[Told], None]:
    return lambda told: altered(told, name, **changes)


WORKINGS = [
    pytest.param(
        wrong("allowed daily loss", value=1),
        r"is allowed daily loss = 1 minor .*; by the rows .* = 500000",
        id="a sum that is wrong",
    ),
    pytest.param(
        wrong("daily loss limit", value=100),
        r"is daily loss limit = 100 bp .*; by the rows .* = 500 bp",
        id="a limit that the rules do not state",
    ),
    pytest.param(wrong("balance", source="10/login"), "another account", id="a row of Ben's"),
    pytest.param(
        wrong("balance", source="3/balance/minor"),
        r"is balance = 9999300 minor \(given by 3/balance/minor\)",
        id="a field that is not there",
    ),
    pytest.param(
        wrong("balance", source="3/phase_name"),
        r"is balance = 9999300 minor \(given by 3/phase_name\)",
        id="a text for a number",
    ),
    pytest.param(
        wrong("balance", source=""), r"is balance = 9999300 minor \(given by None\)", id="a figure from nowhere"
    ),
    pytest.param(
        wrong("balance", source="ruleset/terms/9/id"), r"given by ruleset/terms/9/id", id="a rule that is not there"
    ),
    pytest.param(
        wrong("allowed daily loss", args=("daily loss limit x base", "#9999")),
        r"of daily loss limit x base, 9999\); by the rows",
        id="a smuggled constant",
    ),
    pytest.param(
        wrong("allowed daily loss", args=("daily loss limit x base", "#1000")),
        r"of daily loss limit x base, 1000\); by the rows",
        id="another scale",
    ),
    pytest.param(
        wrong("allowed daily loss", args=("daily loss limit x base", "#100000000")),
        r"of daily loss limit x base, 100000000\); by the rows",
        id="a scale of nothing",
    ),
    pytest.param(
        wrong("allowed daily loss", args=("daily floor", "#10000")),
        r"of daily floor, 10000\); by the rows",
        id="a later step",
    ),
    pytest.param(wrong("allowed daily loss", op="guessed"), r"guessed of daily loss limit", id="an unknown operation"),
    pytest.param(
        wrong("allowed daily loss", args=("daily loss limit x base",)),
        r"of daily loss limit x base\); by the rows",
        id="an operand less",
    ),
    pytest.param(
        wrong("daily floor", name="balance"),
        r"is balance = 9500000 minor .*; by the rows .* is daily floor = 9500000",
        id="a name twice",
    ),
    pytest.param(
        wrong("daily floor", name="#10000"),
        r"is #10000 = 9500000 minor .*; by the rows .* is daily floor = 9500000",
        id="a name like a constant",
    ),
    pytest.param(lambda told: told.update(working=()), "shows no working", id="no working"),
    pytest.param(
        lambda told: told.update(floor=told["floor"].with_minor(9_600_000)),
        "says floor 9600000 USD, the rows and the rules give 9500000",
        id="another floor",
    ),
    pytest.param(
        lambda told: told.update(observed=told["observed"].with_minor(1)),
        "says observed 1 USD, the rows and the rules give 9493966",
        id="another equity",
    ),
    pytest.param(
        lambda told: told.update(floor=replace(told["floor"], currency="EUR")),
        "says floor 9500000 EUR, the rows and the rules give 9500000 USD",
        id="another currency",
    ),
    pytest.param(
        lambda told: told.update(rule="overall"),
        "by the rows and the rules it is initial balance",
        id="a rule that asks another question",
    ),
    pytest.param(
        lambda told: told.update(rule="none"), "not in the account's ruleset", id="a rule that was never sold"
    ),
    pytest.param(
        lambda told: told.update(rule_kind="maximum_loss"),
        'says rule_kind "maximum_loss", the rows and the rules give "daily_loss"',
        id="another kind",
    ),
    pytest.param(lambda told: told.update(quotes=told["quotes"][:1]), "no cited price", id="a tick that is not named"),
]


@pytest.mark.parametrize(("alter", "why"), WORKINGS)
def test_a_working_that_does_not_hold_is_refused(
    story: Any, verifier: ModuleType, alter: Callable[[Told], object], why: str
) -> None:
    refused(story, verifier, why, alter)


def test_a_stricter_limit_from_another_rule_is_refused(story: Any, verifier: ModuleType) -> None:
    def alter(told: Told) -> None:
        altered(told, "daily loss limit", source="ruleset/terms/2/target_bp", value=800)
        story.recomputed(told)

    story.alter = alter
    story.both_open()
    story.earn(story.ada, "-20_000.00")
    with pytest.raises(
        verifier.Refused, match=r"is daily loss limit = 800 bp \(given by ruleset/terms/2/target_bp\); by the rows"
    ):
        verifier.verify(story.bundle(story.judge(story.ada, "daily")))


def test_touching_is_no_breach_where_the_rule_says_crossing(story: Any, verifier: ModuleType) -> None:
    crossing = replace(story.rules.terms[0], boundary=Boundary.CROSSES)
    story.both_open(replace(story.rules, terms=(crossing, *story.rules.terms[1:])))
    story.earn(story.ada, "-5_000.00")
    story.alter = lambda told: told.update(
        working=(*told["working"][:-1], replace(told["working"][-1], op="is_at_or_below", value=1))
    )
    with pytest.raises(
        verifier.Refused, match=r"is_at_or_below of balance, daily floor\); by the rows .* = 0 yes or no \(is_below"
    ):
        verifier.verify(story.bundle(story.judge(story.ada, "daily")))


def test_a_verdict_against_its_own_answer_is_refused(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    story.earn(story.ada, "-4_999.99")
    with pytest.raises(verifier.Refused, match="the last step's answer is no"):
        verifier.verify(story.bundle(story.judge(story.ada, "daily")))


def test_a_winning_position_cannot_be_left_out(story: Any, verifier: ModuleType) -> None:
    def alter(told: Told) -> None:
        steps = [step for step in told["working"] if "USDJPY" not in step.name]
        last = replace(steps[-1], args=("balance, profit and swap up to EURUSD #1", steps[-1].args[1]))
        told["working"] = (*steps[:-1], last)
        story.recomputed(told)

    with pytest.raises(
        verifier.Refused, match=r"is balance at day start .*; by the rows and the rules it is USDJPY #2 lots_e8"
    ):
        verifier.verify(story.bundle(one_loses_one_wins(story, alter)))


def test_a_swap_in_the_trader_s_favour_cannot_be_left_out(story: Any, verifier: ModuleType) -> None:
    def alter(told: Told) -> None:
        told["working"] = tuple(step for step in told["working"] if "swap" not in step.name)
        story.recomputed(told)

    refused(story, verifier, "is USDJPY #2 lots_e8 .*; by the rows and the rules it is EURUSD #1 swap = -420", alter)


def test_an_older_balance_is_refused(story: Any, verifier: ModuleType) -> None:
    def alter(told: Told) -> None:
        altered(told, "balance", source="6/balance/minor", value=10_000_000)
        story.recomputed(told)

    refused(
        story, verifier, r"is balance = 10000000 minor \(given by 6/balance/minor\); by the rows .* = 9999300", alter
    )


def test_a_short_is_not_valued_as_a_long(story: Any, verifier: ModuleType) -> None:
    def alter(told: Told) -> None:
        altered(told, "USDJPY #2 points", args=("USDJPY #2 ask", "USDJPY #2 open price"))
        story.recomputed(told)

    with pytest.raises(
        verifier.Refused,
        match=r"minus of USDJPY #2 ask, USDJPY #2 open price\); by the rows .*\(minus of USDJPY #2 open price, USDJPY #2 ask",
    ):
        verifier.verify(story.bundle(one_loses_one_wins(story, alter)))


def test_a_long_closes_at_the_bid(story: Any, verifier: ModuleType) -> None:
    def alter(told: Told) -> None:
        seq = told["quotes"][0]
        altered(told, "EURUSD #1 bid", source=f"{seq}/ask", value=136_305)
        story.recomputed(told)

    refused(story, verifier, r"given by [0-9]+/ask\); by the rows .*given by [0-9]+/bid", alter)


def test_a_position_is_valued_at_its_own_symbol_s_price(story: Any, verifier: ModuleType) -> None:
    def alter(told: Told) -> None:
        altered(told, "EURUSD #1 bid", source=f"{told['quotes'][1]}/bid", value=102_800)
        story.recomputed(told)

    refused(story, verifier, r"is EURUSD #1 bid = 102800 points .*; by the rows .* = 136300 points", alter)


def test_a_position_is_valued_with_its_own_size(story: Any, verifier: ModuleType) -> None:
    def alter(told: Told) -> None:
        altered(told, "USDJPY #2 points x lots_e8", args=("USDJPY #2 points", "EURUSD #1 lots_e8"))
        story.recomputed(told)

    refused(
        story, verifier, r"times of USDJPY #2 points, EURUSD #1 lots_e8\); by the rows .*USDJPY #2 lots_e8\)", alter
    )


def test_a_loss_is_not_counted_twice(story: Any, verifier: ModuleType) -> None:
    def alter(told: Told) -> None:
        altered(
            told,
            "balance, profit and swap up to EURUSD #1",
            args=("balance and profit up to EURUSD #1", "EURUSD #1 profit"),
        )
        story.recomputed(told)

    refused(
        story,
        verifier,
        r"plus of balance and profit up to EURUSD #1, EURUSD #1 profit\); by the rows .*EURUSD #1 swap\)",
        alter,
    )


def test_a_booking_that_does_not_add_up_is_found(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    story.states[story.ada] = replace(story.states[story.ada], balance=9_000_000)
    story.deposit(story.ada, "100.00")
    with pytest.raises(verifier.Refused, match="do not make 9010000"):
        verifier.verify(story.bundle(story.judge(story.ada, "daily")))


def test_a_day_does_not_begin_with_less_than_the_last_one_ended(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    yesterday = story.at_us
    story.next_day()
    story.states[story.ada] = replace(story.states[story.ada], balance=8_900_000)
    story.open_day(story.ada)
    story.alter = lambda told: told.update(at_us=yesterday)  # so that the bundle spans the rollover
    with pytest.raises(verifier.Refused, match="begins the day with 8900000, the book held 10000000"):
        verifier.verify(story.bundle(story.judge(story.ada, "overall")))


def test_a_confirmation_cannot_rest_on_a_wrong_suspicion(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    story.price("EURUSD", 138_700, 138_702)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 200_000_000, 138_702)
    story.price("EURUSD", 138_000, 138_002)

    def alter(told: Told) -> None:
        altered(told, "EURUSD #1 bid", value=130_000)
        story.recomputed(told)

    story.alter = alter
    story.judge(story.ada, "daily", (Doubt.PROVISIONAL_ANCHOR,))
    story.alter = dict
    with pytest.raises(verifier.Refused, match=r"is EURUSD #1 bid = 130000 points .*; by the rows .* = 138000 points"):
        verifier.verify(story.bundle(story.confirm(story.ada)))


def test_a_pass_needs_its_trading_days(story: Any, verifier: ModuleType) -> None:
    story.alter = lambda told: told.update(working=told["working"][3:])
    with pytest.raises(
        verifier.Refused, match=r"is initial balance .*; by the rows and the rules it is trading days needed = 1 days"
    ):
        verifier.verify(story.bundle(story.ada_reaches_her_target()))


def test_a_pass_with_a_position_open_is_refused_where_the_rule_asks_for_none(story: Any, verifier: ModuleType) -> None:
    story.ada_reaches_her_target((Doubt.DRIFT,))
    fair = story.states[story.ada]
    story.trade(story.ada, "p2", "EURUSD", Side.BUY, 100_000_000, 138_700, net="0.00")
    story.states[story.ada] = replace(story.states[story.ada], positions=fair.positions)
    with pytest.raises(verifier.Refused, match=r"1 position\(s\) were open"):
        verifier.verify(story.bundle(story.win(story.ada)))
