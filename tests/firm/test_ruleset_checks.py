"""Ruleset checks: what contradicts itself is refused with the path of the field and the reason, all of it at once."""

import re
from typing import Any

import pytest

from firm.checks.problem import Problem
from firm.ruleset import Ruleset
from firm.ruleset_checks import problems_of, problems_of_program
from firm.terms.union import KINDS
from tests.firm.ruleset_examples import LIMIT, NO_MONEY, PROGRAM, SHARE, TERMS, program, ruleset, with_term, without

TABLE = {"type": "by_size", "table": [{"size_minor": 10_000_000, "minor": 500_000}]}
TWICE = {"type": "by_size", "table": [TABLE["table"][0], TABLE["table"][0]]}
LOCK_ABOVE: dict[str, Any] = {
    "offset": SHARE | {"bp": 101},
    "trigger": {"type": "balance_gain", "gain": SHARE | {"bp": 100}},
    "permanent": True,
}
STEP: dict[str, Any] = TERMS["maximum_loss"]["steps"][0]
OF_HIGH, OF_ANCHOR, OF_TARGET = (SHARE | {"of": of} for of in ("high", "anchor", "target"))


def named(problems: tuple[Problem, ...], rules: Ruleset) -> list[tuple[str, str]]:
    """Each problem with its term's id in the place of its number."""
    return [
        (re.sub(r"^terms\[(\d+)\]", lambda found: rules.terms[int(found[1])].id, one.path), one.reason)
        for one in problems
    ]


def test_the_example_has_every_kind_of_term_and_nothing_wrong() -> None:
    assert {term["type"] for term in TERMS.values()} == set(KINDS)
    assert problems_of(ruleset()) == ()
    assert problems_of_program(program()) == ()


CASES = [
    # the calendar
    ("calendar.zone", "Europe/Praha", "calendar.zone", "no zone Europe/Praha"),
    ("calendar.zone", "EST", "calendar.zone", "America/New_York"),
    ("calendar.rollover", "24:00", "calendar.rollover", "no time of day"),
    ("calendar.merged", ["25.12.2026"], "calendar.merged[0]", "no date"),
    ("calendar.merged", ["2026-W52-5"], "calendar.merged[0]", "no date"),
    ("calendar.merged", ["2026-12-26", "2026-12-25"], "calendar.merged[1]", "does not come after"),
    ("calendar.merged", ["2026-12-25", "2026-12-25"], "calendar.merged[1]", "does not come after"),
    (
        "calendar.merged",
        [f"2026-12-{day:02}" for day in range(1, 9)],
        "calendar.merged[7]",
        "more than 7 days in a row",
    ),
    # loss limits
    ("daily_loss.amount", NO_MONEY, "daily_loss.amount.minor", "no loss at all"),
    ("daily_loss.amount.bp", 0, "daily_loss.amount.bp", "no loss at all"),
    ("daily_loss.amount.bp", 10_001, "daily_loss.amount.bp", "100.01 % is more than the whole"),
    ("daily_loss.amount", OF_HIGH, "daily_loss.amount.of", "no high here"),
    ("maximum_loss.amount.of", "day_start_profit", "maximum_loss.amount.of", "may begin without a profit"),
    ("daily_loss.amount.of", "day_start_profit", "daily_loss.amount.of", "may begin without a profit"),
    ("idea.amount.of", "day_start_profit", "idea.amount.of", "may begin without a profit"),
    ("conditions.profit_min", OF_TARGET, "conditions.profit_min.of", "cannot be a share of the profit target"),
    ("conditions.trader_share_min.of", "initial", "conditions.trader_share_min.of", "the limit that is named"),
    ("daily_loss.amount", TWICE, "daily_loss.amount.table[1].size_minor", "a line already"),
    ("daily_loss.trail", "end_of_day", "daily_loss.trail", "begins anew with each day"),
    ("maximum_loss.high", "initial", "maximum_loss.high", "makes no high"),
    ("maximum_loss.trail", "static", "maximum_loss.lock.trigger", "without a trail never gets there"),
    ("maximum_loss.lock.offset", OF_ANCHOR, "maximum_loss.lock.offset.of", "no anchor here"),
    (
        "maximum_loss.lock.trigger",
        {"type": "balance_gain", "gain": NO_MONEY},
        "maximum_loss.lock.trigger.gain.minor",
        "before the first trade",
    ),
    ("maximum_loss.lock", LOCK_ABOVE, "maximum_loss.lock.offset", "end by its own profit"),
    (
        "maximum_loss.lock",
        LOCK_ABOVE
        | {
            "offset": {"type": "fixed", "minor": 2},
            "trigger": {"type": "balance_gain", "gain": {"type": "fixed", "minor": 1}},
        },
        "maximum_loss.lock.offset",
        "end by its own profit",
    ),
    (
        "maximum_loss.lock",
        LOCK_ABOVE | {"offset": SHARE | {"bp": 100}},
        "maximum_loss.lock.offset",
        "end by its own profit",
    ),
    ("daily_loss.on_payout", "reset_to_initial", "daily_loss.on_payout", "follows no high"),
    ("excursion.minimum_minor", 0, "excursion.minimum_minor", "would allow nothing"),
    ("consistency.effect", "fail", "consistency.fails_at", "say when it is looked at"),
    ("lots.tiers[1].limit", 0, "lots.tiers[1].limit", "nothing could be held"),
    ("maximum_loss.lock.trigger", {"type": "payouts_made", "count": 1}, "maximum_loss.lock.trigger", "lowers none"),
    (
        "maximum_loss.lock.trigger",
        {"type": "equity_gain", "gain": SHARE | {"bp": 600}},
        "maximum_loss.lock.trigger",
        "lowers none",
    ),
    (
        "maximum_loss.lock.trigger",
        {"type": "balance_gain", "gain": SHARE | {"bp": 2_000}},
        "maximum_loss.lock.offset",
        "has risen above it",
    ),
    ("maximum_loss.steps[0].when.gain.bp", 900, "maximum_loss.steps[1].when", "before the one above"),
    ("maximum_loss.steps[0].when.gain.bp", 901, "maximum_loss.steps[1].when", "before the one above"),
    ("maximum_loss.steps[0].when.gain", OF_HIGH, "maximum_loss.steps[0].when.gain.of", "no high here"),
    ("maximum_loss.steps[1].amount.bp", 0, "maximum_loss.steps[1].amount.bp", "no loss at all"),
    ("daily_loss.warn_at_bp", [8000, 5000], "daily_loss.warn_at_bp", "must rise"),
    ("daily_loss.warn_at_bp", [8000, 8000], "daily_loss.warn_at_bp", "must rise"),
    ("maximum_loss.on_breach", ["warn", "pause"], "maximum_loss.on_breach[1]", "broken for ever"),
    ("maximum_loss.on_breach", ["close_positions"], "maximum_loss.on_breach[0]", "closed again, for ever"),
    ("maximum_loss.on_breach", ["restrict"], "maximum_loss.on_breach[0]", "broken for ever"),
    # what a broken term does
    ("daily_loss.on_breach", ["exclude_profit"], "daily_loss.on_breach[0]", "no single trade"),
    (
        "daily_loss.on_breach",
        [{"type": "deduct_profit", "share_bp": 5000}],
        "daily_loss.on_breach[0]",
        "no single trade",
    ),
    ("lots.on_breach", ["exclude_profit"], "lots.on_breach[0]", "no single trade"),
    ("idea.on_breach", ["exclude_profit"], "idea.on_breach[0]", "group by position"),
    ("lasting.on_breach", ["warn", "exclude_profit"], "lasting.on_breach[1]", "an average or a share"),
    ("daily_loss.on_breach", ["fail", "warn"], "daily_loss.on_breach[1]", "has failed by then"),
    ("lasting.on_breach", ["close_positions"], "lasting.on_breach[0]", "closed trades alone"),
    ("inactivity.on_breach", ["pause"], "inactivity.on_breach[0]", "only stay inactive"),
    # objectives
    ("target.amount", NO_MONEY, "target.amount.minor", "reached before the first trade"),
    ("target.amount.bp", 0, "target.amount.bp", "reached before the first trade"),
    ("target.amount", OF_TARGET, "target.amount.of", "cannot be a share of the profit target"),
    ("days.profit_min", None, "days.profit_min", "need the profit"),
    ("days.counts", "opened", "days.profit_min", "ask for no profit"),
    ("days.profit_min", NO_MONEY, "days.profit_min", "without any profit"),
    ("days.profit_min", OF_HIGH, "days.profit_min.of", "no high here"),
    ("days.days_min", 31, "days.days_min", "lasts 30 days"),
    ("days.days_min", 23, "days.days_min", "22 of them at most"),
    ("target.amount.bp", 100_001, "target.amount.bp", "1,000 % is the most"),
    ("consistency.caps_bp", [1], "consistency.caps_bp[0]", "10000 days alike"),
    ("consistency.caps_bp", [5_000, 434], "consistency.caps_bp[1]", "24 days alike"),
    ("score.score_min", 0, "score.score_min", "reached before"),
    ("days.per", "day", "days.per", "not by day"),
    ("consistency.per", "week", "consistency.per", "not by week"),
    ("trades.per", "day", "trades.per", "not by day"),
    ("duration.counted_from", "last_trade", "duration.counted_from", "is an inactivity"),
    ("inactivity.counted_from", "first_trade", "inactivity.counted_from", "nothing would start this clock anew"),
    ("lot_range.max_bp", 9_999, "lot_range.max_bp", "below the average"),
    # exposure and risk
    ("lots.symbols", ["US30", "US30"], "lots.symbols", "named once"),
    ("lots.tiers[0].profit_from", 200_000, "lots.tiers[1].profit_from", "tiers rise"),
    ("idea.amount.bp", 0, "idea.amount.bp", "no risk at all"),
    ("idea.amount", OF_ANCHOR, "idea.amount.of", "no anchor here"),
    ("idea.grouping", "position", "idea.gap_s", "idea of its own"),
    ("stop.risk_max", NO_MONEY, "stop.risk_max.minor", "no risk at all"),
    ("stop.risk_max", SHARE | {"bp": 10_001}, "stop.risk_max.bp", "more than it has"),
    ("reward.stop_to_target_max_bp", 0, "reward.stop_to_target_max_bp", "every trade"),
    ("together.limit", 0, "together.limit", "nobody could"),
    # conduct
    ("news.impacts", ["high", "high"], "news.impacts[1]", "named already"),
    ("news.actions", ["close", "open", "close"], "news.actions[2]", "named already"),
    ("news.exempt_opened_before_s", 0, "news.exempt_opened_before_s", "every position"),
    ("news.actions", ["open"], "news.exempt_opened_before_s", "only openings"),
    ("weekend.zone", "Nowhere/Land", "weekend.zone", "no zone"),
    ("weekend.over", "long_break", "weekend.break_s", "must be said"),
    ("weekend.break_s", 7200, "weekend.break_s", "long breaks alone"),
    ("hours.zone", "MST", "hours.zone", "America/Denver"),
    ("hours.closes", "09:00", "hours.closes", "no length"),
    ("lasting.longer_s", None, "lasting.longer_s", "what counts as a longer trade"),
    ("lasting.longer_s", 0, "lasting.longer_s", "what counts as a longer trade"),
    ("lasting.share_of_longer_bp", None, "lasting.share_of_longer_bp", "no share of it is asked"),
    ("grid.within_s", 0, "grid.within_s", "no length"),
    ("frequency.within_s", 0, "frequency.within_s", "no length"),
    ("martingale.factor_bp", 10_000, "martingale.factor_bp", "above 10000"),
    ("one_sided.trades_from", 1, "one_sided.trades_from", "always goes one way"),
    ("automation.copiers_allowed", True, "automation", "forbids nothing"),
    # payouts
    ("schedule.first.counted_from", "last_payout", "schedule.first.counted_from", "before the first one"),
    ("schedule.then.counted_from", "assignment", "schedule.then.counted_from", "over by then"),
    ("schedule.windows[1].from_day", 6, "schedule.windows[1].to_day", "two windows"),
    ("conditions.profit_min", OF_ANCHOR, "conditions.profit_min.of", "no anchor here"),
    ("conditions.share_of", "daily", "conditions.share_of", "no term is called daily"),
    ("conditions.share_of", "target", "conditions.share_of", "no loss limit"),
    ("conditions.share_of", "maximum_loss", "conditions.share_of", "no daily limit"),
    ("conditions.trader_share_min", NO_MONEY, "conditions.share_of", "is no share"),
    ("conditions.needs", ["day"], "conditions.needs[0]", "no term is called day"),
    ("conditions.needs", ["split"], "conditions.needs[0]", "nothing to be met"),
    ("conditions.needs", ["days", "days"], "conditions.needs[1]", "named already"),
    ("amount.buffer_plus_drawdown", "max_loss", "amount.buffer_plus_drawdown", "no term is called max_loss"),
    ("amount.buffer_plus_drawdown", "split", "amount.buffer_plus_drawdown", "no loss limit"),
    ("amount.retain_bp", 10_000, "amount.retain_bp", "nothing could ever be paid"),
    ("amount.resets_balance", True, "amount.resets_balance", "keep a buffer"),
    ("amount.caps", [NO_MONEY], "amount.caps[0].minor", "nothing could ever be paid"),
    ("amount.minimum_minor", 200_001, "amount.caps[0]", "below the least"),
    ("split.tiers[2].up_to_minor", 3_000_000, "split.tiers[2].up_to_minor", "the last tier has no end"),
    ("split.tiers[0].up_to_minor", None, "split.tiers[0].up_to_minor", "never reached"),
    ("split.tiers[0].up_to_minor", 0, "split.tiers[0].up_to_minor", "holds nothing"),
    ("split.tiers[0].up_to_minor", 2_000_000, "split.tiers[1].up_to_minor", "tiers rise"),
    ("loyalty.after", SHARE, "loyalty.after", "earned by payouts"),
    ("loyalty.after_payouts", None, "loyalty.after_payouts", "earned by payouts"),
    ("performance.after", None, "performance.after", "earned by money"),
    ("performance.after_payouts", 3, "performance.after_payouts", "earned by money"),
    ("salvage.after", ["daily"], "salvage.after[0]", "no term is called daily"),
    ("salvage.after", ["target"], "salvage.after[0]", "cannot be broken"),
    ("salvage.trade_loss_max", OF_HIGH, "salvage.trade_loss_max.of", "no high here"),
    # the life of a challenge
    ("reset.resets_max", 0, "reset.resets_max", "leave the term out"),
    ("reset.window_days", 60, "reset.window_days", "lasts 30 days"),
    ("growth.steps[1].grows_bp", 0, "growth.steps[1].grows_bp", "by nothing"),
    ("growth.steps[0].times", None, "growth.steps[0].times", "never reached"),
    ("growth.profit_min", OF_HIGH, "growth.profit_min.of", "no high here"),
    ("growth.size_max_minor", 0, "growth.size_max_minor", "no account could grow"),
    ("merge.size_max_minor", 0, "merge.size_max_minor", "no account could be merged"),
    ("allocation.limit_minor", 0, "allocation.limit_minor", "nobody"),
]

CYCLE = {
    "maximum_loss.scope": "cycle",
    "maximum_loss.anchor": "balance",
    "maximum_loss.trail": "static",
    "maximum_loss.lock": None,
    "maximum_loss.on_payout": "none",
}


@pytest.mark.parametrize(("field", "value", "path", "reason"), CASES, ids=[f"{one[0]}={one[1]}"[:70] for one in CASES])
def test_a_contradiction_is_named_by_its_field_and_reason(field: str, value: Any, path: str, reason: str) -> None:
    spoilt = ruleset({field: value})
    [(found, why)] = named(problems_of(spoilt), spoilt)
    assert found == path
    assert reason in why


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        (
            {"daily_loss.strikes_within": "day", "daily_loss.on_breach": ["warn", "fail"]},
            "daily_loss.strikes_within",
            "once a day",
        ),
        (CYCLE | {"maximum_loss.anchor": "equity"}, "maximum_loss.anchor", "the balance that its payout left"),
        (CYCLE | {"maximum_loss.on_payout": "to_zero"}, "maximum_loss.on_payout", "begins anew with each payout"),
        (CYCLE | {"maximum_loss.trail": "end_of_day"}, "maximum_loss.trail", "follows no high yet"),
        ({"maximum_loss.trail": "on_close", "maximum_loss.high": "equity"}, "maximum_loss.high", "follows the balance"),
        ({"lots.quantity": "margin", "lots.limit": 10_001}, "lots.limit", "whole equity"),
        (
            {"lots.quantity": "margin", "lots.limit": 7000, "lots.counted": "opened_in_day"},
            "lots.counted",
            "never overlapped",
        ),
        ({"lots.quantity": "positions", "lots.counted": "each_position"}, "lots.counted", "is one position"),
        ({"lot_range.min_bp": 10_000, "lot_range.max_bp": 10_000}, "lot_range.min_bp", "not below the largest"),
        ({"news.before_s": 0, "news.after_s": 0}, "news.after_s", "no length"),
        ({"target.measured": "closing_balance", "target.held_s": 30}, "target.held_s", "an instant"),
        (
            {"lasting.seconds_min": None, "lasting.longer_s": None, "lasting.share_of_longer_bp": None},
            "lasting",
            "asks for nothing",
        ),
        (
            {
                "maximum_loss.steps[0].when": {"type": "payouts_made", "count": 2},
                "maximum_loss.steps[1].when": {"type": "payouts_made", "count": 2},
            },
            "maximum_loss.steps[1].when",
            "before the one above",
        ),
        (
            {
                f"maximum_loss.steps[{place}].when": {"type": "equity_gain", "gain": {"type": "fixed", "minor": minor}}
                for place, minor in ((0, 200), (1, 100))
            },
            "maximum_loss.steps[1].when",
            "before the one above",
        ),
    ],
)
def test_fields_that_contradict_each_other_are_named(changes: dict[str, Any], path: str, reason: str) -> None:
    spoilt = ruleset(changes)
    [(found, why)] = named(problems_of(spoilt), spoilt)
    assert found == path
    assert reason in why


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"daily_loss.amount": SHARE | {"bp": 10_000}}, id="the whole is not more than the whole"),
        pytest.param({"daily_loss.amount": OF_TARGET}, id="a share of the target there is"),
        pytest.param({"daily_loss.amount": OF_TARGET | {"bp": 15_000}}, id="a loss of more than the target"),
        pytest.param({"maximum_loss.amount": OF_HIGH}, id="a share of the high that the floor follows"),
        pytest.param(
            {"maximum_loss.trail": "static", "maximum_loss.lock.trigger": {"type": "payouts_made", "count": 1}},
            id="a floor without a trail is lifted by the first payout",
        ),
        pytest.param(
            {"maximum_loss.steps[0].when": {"type": "payouts_made", "count": 9}}, id="steps of two kinds have no order"
        ),
        pytest.param({"days.profit_min": NO_MONEY, "days.boundary": "crosses"}, id="any profit at all makes a day"),
        pytest.param({"days.counts": "opened", "days.profit_min": None}, id="days by openings ask for no profit"),
        pytest.param({"days.days_min": 22}, id="as many days as the phase has from Monday to Friday"),
        pytest.param({"target.measured": "equity", "target.held_s": 30}, id="equity is held for a time"),
        pytest.param({"together.measured": "opposite_positions", "together.limit": 0}, id="no hedge over accounts"),
        pytest.param({"news.before_s": 0}, id="a window after the release"),
        pytest.param({"weekend.over": "long_break", "weekend.break_s": 7200}, id="a break of two hours"),
        pytest.param({"lasting.longer_s": None, "lasting.share_of_longer_bp": None}, id="each trade must last"),
        pytest.param({"conditions.needs": ["lasting"]}, id="a payout needs trades that last"),
        pytest.param({"amount.minimum_minor": 200_000}, id="the least is the most"),
        pytest.param({"amount.buffer": None}, id="a buffer of the drawdown alone"),
        pytest.param({"amount.buffer_plus_drawdown": None}, id="a buffer of money alone"),
        pytest.param({"amount.buffer_payouts": None}, id="a buffer for all payouts"),
        pytest.param({"schedule.windows[1].from_day": 5}, id="one day of the month"),
        pytest.param({"lots.quantity": "margin", "lots.limit": 10_000}, id="the whole margin"),
        pytest.param({"lots.counted": "each_position"}, id="lots of each position"),
        pytest.param({"lots.quantity": "positions"}, id="positions open at once"),
        pytest.param({"daily_loss.strikes_within": "day"}, id="a daily limit does one thing each day"),
        pytest.param({"daily_loss.on_breach": ["warn", "fail"]}, id="strikes of a daily limit over the phase"),
        pytest.param({"calendar.merged": [f"2026-12-{day:02}" for day in range(1, 8)]}, id="seven days in a row"),
        pytest.param({"calendar.zone": "Etc/GMT+5"}, id="five hours behind all year"),
        pytest.param({"inactivity.on_breach": ["review"]}, id="a person looks at an inactive account"),
    ],
)
def test_what_firms_sell_is_no_contradiction(changes: dict[str, Any]) -> None:
    assert problems_of(ruleset(changes)) == ()


@pytest.mark.parametrize(
    ("rules", "path", "reason"),
    [
        pytest.param(with_term(LIMIT, id="daily_loss"), "daily_loss.id", "is called daily_loss already", id="id twice"),
        pytest.param(with_term(LIMIT, id="null"), "null.id", "means that there is none", id="reserved id"),
        pytest.param(
            with_term(TERMS["target"], id="second"), "second", "a profit_target already (term target)", id="two targets"
        ),
        pytest.param(with_term(TERMS["split"], id="second"), "second", "a profit_split already", id="two splits"),
        pytest.param(
            without(**{"idea.gap_s": 0, "idea.gap_from": "last_closing"}), "idea.gap_from", "no time runs", id="no gap"
        ),
        pytest.param(
            ruleset(
                {
                    "daily_loss.trail": "every_tick",
                    "daily_loss.on_payout": "high_less_payout",
                    "maximum_loss.trail": "every_tick",
                    "maximum_loss.high": "equity",
                }
            ),
            "maximum_loss.on_payout",
            "one for all limits that follow every price, and daily_loss says high_less_payout",
            id="a payout lowers one of two highs that are one",
        ),
        pytest.param(without("split"), "terms", "no profit_split", id="payouts without a split"),
        pytest.param(without("amount"), "inside", "no buffer to be inside of", id="inside no buffer"),
        pytest.param(
            without("target", **{"consistency.of": "target"}),
            "consistency.of",
            "no profit target",
            id="share of no target",
        ),
        pytest.param(
            without("target", **{"consistency.effect": "raise_target"}),
            "consistency.effect",
            "to raise",
            id="raises no target",
        ),
        pytest.param(
            without("target", **{"daily_loss.amount.of": "target"}),
            "daily_loss.amount.of",
            "no profit target",
            id="loss of no target",
        ),
    ],
)
def test_terms_that_contradict_each_other_are_named(rules: Ruleset, path: str, reason: str) -> None:
    [(found, why)] = named(problems_of(rules), rules)
    assert found == path
    assert reason in why


NO_BUFFER = {"amount.buffer": None, "amount.buffer_plus_drawdown": None}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({}, ["amount.buffer_payouts"]),
        ({"amount.buffer_payouts": None}, []),
        ({"amount.buffer_payouts": None, "amount.resets_balance": True}, []),
        (
            {"amount.buffer_payouts": None, "amount.resets_balance": True, "amount.retain_bp": 1},
            ["amount.resets_balance"],
        ),
    ],
)
def test_without_a_buffer_nothing_holds_for_it_and_the_balance_may_go_back(
    changes: dict[str, Any], path: list[str]
) -> None:
    rules = without("inside", **NO_BUFFER, **changes)
    assert [found for found, _ in named(problems_of(rules), rules)] == path


def test_a_phase_without_a_last_day_has_nothing_to_retry_or_extend() -> None:
    rules = without("duration")
    assert [path for path, _ in named(problems_of(rules), rules)] == ["retry", "extension"]


def test_all_problems_are_told_at_once_in_the_order_of_the_fields() -> None:
    rules = ruleset({"calendar.zone": "x", "daily_loss.amount.bp": 0, "target.amount.bp": 0, "grid.within_s": 0})
    found = [path for path, _ in named(problems_of(rules), rules)]
    assert found == ["calendar.zone", "daily_loss.amount.bp", "target.amount.bp", "grid.within_s"]


PROGRAM_CASES = [
    ({"program": " "}, "program", "must be said"),
    ({"bridge": ""}, "bridge", "must be said"),
    ({"leverage": 0}, "leverage", "at least 1"),
    ({"accounts_max": 0}, "accounts_max", "at least 1"),
    (
        {"phases[1].ruleset.terms[29].reset_penalties[0].phase": "Phase 1"},
        "phases[1].ruleset.terms[29].reset_penalties[0].phase",
        "no phase is called Phase 1",
    ),
    ({"price.minor": -1}, "price.minor", "paid for buying"),
    ({"phases[1].name": ""}, "phases[1].name", "must be said"),
    ({"phases[1].name": "Evaluation"}, "phases[1].name", "another phase is called Evaluation"),
    ({"phases[0].funded": True}, "phases[0].funded", "the last one"),
    ({"phases[0].ruleset.calendar.zone": "x"}, "phases[0].ruleset.calendar.zone", "no zone x"),
    ({"phases[0].ruleset.terms[1]": {"id": "own", **LIMIT}}, "phases[0].ruleset.terms", "nothing wins this phase"),
    (
        {"phases[1].ruleset.terms[1].steps[1].amount": {"type": "fixed", "minor": 10_000_001}},
        "phases[1].ruleset.terms[1].steps[1].amount.minor",
        "more than the size",
    ),
    (
        {"phases[1].ruleset.terms[1].lock": LOCK_ABOVE | {"offset": {"type": "fixed", "minor": 100_001}}},
        "phases[1].ruleset.terms[1].lock.offset",
        "end by its own profit",
    ),
    (
        {"phases[0].ruleset.terms[1].amount": {"type": "fixed", "minor": 1_000_000_001}},
        "phases[0].ruleset.terms[1].amount",
        "more than 100 times the size",
    ),
    (
        {"phases[0].ruleset.terms[0].amount": {"type": "fixed", "minor": 10_000_001}},
        "phases[0].ruleset.terms[0].amount.minor",
        "more than the size",
    ),
    (
        {"phases[0].ruleset.terms[0].amount": TABLE, "size.minor": 5_000_000},
        "phases[0].ruleset.terms[0].amount.table",
        "no line for the size",
    ),
    (
        {"phases[1].ruleset.terms[1].steps[1].amount": TABLE, "size.minor": 5_000_000},
        "phases[1].ruleset.terms[1].steps[1].amount.table",
        "no line for the size",
    ),
    (
        {"phases[1].ruleset.terms[14].limit": 9_999_999},
        "phases[1].ruleset.terms[14].limit",
        "more than one trader may have",
    ),
    (
        {"phases[1].ruleset.terms[42].limit_minor": 9_999_999},
        "phases[1].ruleset.terms[42].limit_minor",
        "more than one trader may have",
    ),
]


@pytest.mark.parametrize(("changes", "path", "reason"), PROGRAM_CASES)
def test_what_is_wrong_with_a_program_is_named(changes: dict[str, Any], path: str, reason: str) -> None:
    [problem] = problems_of_program(program(changes))
    assert problem.path == path
    assert reason in problem.reason


def test_a_program_without_phases_sells_nothing() -> None:
    assert [one.path for one in problems_of_program(program({"phases": []}))] == ["phases"]


def test_a_free_challenge_of_one_or_eight_phases_without_leverage_is_a_program() -> None:
    least = {"price.minor": 0, "leverage": 1, "accounts_max": 1, "size.minor": 40_000_000}
    [evaluation, funded] = PROGRAM["phases"]
    eight = [*(evaluation | {"name": f"Phase {number}"} for number in range(6)), evaluation, funded]
    for phases in ([evaluation], eight):
        assert problems_of_program(program(least | {"phases": phases})) == ()
    assert [
        one.path for one in problems_of_program(program({"phases": [evaluation | {"name": "Phase 9"}, *eight]}))
    ] == ["phases"]


def test_an_account_begins_with_some_money() -> None:
    assert "size.minor" in [one.path for one in problems_of_program(program({"size.minor": 0}))]


def test_payouts_of_a_phase_that_is_not_funded_are_each_named() -> None:
    found = problems_of_program(program({"phases[1].funded": False}))
    assert [one.reason for one in found] == ["profit is shared in the funded phase alone"] * 10


def test_amounts_at_the_size_that_is_sold_are_no_problem() -> None:
    whole = {"type": "fixed", "minor": 10_000_000}
    changes = {
        "phases[0].ruleset.terms[0].amount": whole,
        "phases[1].ruleset.terms[0].amount": TABLE,
        "phases[1].ruleset.terms[14].limit": 10_000_000,
        "phases[1].ruleset.terms[42].limit_minor": 10_000_000,
    }
    assert problems_of_program(program(changes)) == ()


def test_a_limit_of_a_payout_cycle_is_sold() -> None:
    assert named(problems_of(ruleset(CYCLE)), ruleset(CYCLE)) == []


@pytest.mark.parametrize(("minor", "is_refused"), [(500_00, True), (400_00, False)])
def test_a_lock_that_would_lower_a_floor_of_this_size_is_refused(minor: int, is_refused: bool) -> None:
    """Of 100 000.00: 0.5 % below the highest balance, locked at the initial one with a gain of so much."""
    gain = {"type": "balance_gain", "gain": {"type": "fixed", "minor": minor}}
    lock = {"offset": SHARE | {"bp": 0}, "trigger": gain, "permanent": True}
    term = LIMIT | {
        "id": "locked", "scope": "phase", "anchor": "initial", "amount": SHARE | {"bp": 45}, "trail": "on_close", "high": "balance",
        "lock": lock, "on_breach": ["fail"],
    }  # fmt: skip
    found = problems_of_program(program({"phases[0].ruleset.terms": [*PROGRAM["phases"][0]["ruleset"]["terms"], term]}))
    assert [problem.path.rpartition("]")[2] for problem in found] == ([".lock.offset"] if is_refused else [])


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"lots.quantity": "positions", "lots.limit": 1, "lots.tiers": []}, "lots.limit"),
        (
            {"lots.quantity": "positions", "lots.limit": 2, "lots.tiers": [{"profit_from": 1, "limit": 1}]},
            "lots.tiers[0].limit",
        ),
        ({"frequency.openings_max": 1}, "frequency.openings_max"),
    ],
)
def test_a_rule_that_the_first_order_breaks_is_refused(changes: dict[str, Any], path: str) -> None:
    term = path.partition(".")[0]
    rules = ruleset(changes | {f"{term}.boundary": "touches"})
    [(found, reason)] = named(problems_of(rules), rules)
    assert found == path
    assert "boundary crosses" in reason
    assert problems_of(ruleset(changes | {f"{term}.boundary": "crosses"})) == ()


@pytest.mark.parametrize(("leverage", "is_refused"), [(101, True), (100, False), (30, False)])
def test_no_breach_is_rewarded_with_more_leverage(leverage: int, is_refused: bool) -> None:
    """Accounts of the example are opened with 1:100."""
    terms = [LIMIT | {"id": "daily", "on_breach": [{"type": "to_leverage", "leverage": leverage}]}]
    terms += [term for term in PROGRAM["phases"][0]["ruleset"]["terms"] if term["type"] == "profit_target"]
    found = problems_of_program(program({"phases[0].ruleset.terms": terms}))
    paths = [problem.path for problem in found if "rewarded" in problem.reason]
    assert paths == (["phases[0].ruleset.terms[0].on_breach[0].leverage"] if is_refused else [])


def test_a_lock_by_a_payout_lifts_no_floor_above_what_the_payout_left() -> None:
    lock = LOCK_ABOVE | {"offset": SHARE | {"bp": 1}, "trigger": {"type": "payouts_made", "count": 1}}
    spoilt = ruleset({"maximum_loss.lock": lock, "maximum_loss.trail": "static", "maximum_loss.on_payout": "none"})
    assert [(path, "by its own payout" in why) for path, why in named(problems_of(spoilt), spoilt)] == [
        ("maximum_loss.lock.offset", True)
    ]
