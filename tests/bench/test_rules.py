"""The benchmark of rules measures what it says: 22 rules that stay kept, five positions, twenty trades, 95 prices of a hundred events."""

import argparse

import pytest

from bench.lines import lines_of
from bench.rules import CHANGES, CYCLES, HELD, MIX, PRICE, TRADES, Seat, Spent, interpret, run, take_round, terms_taken
from firm.inputs import DealReported


def test_22_rules_of_as_many_kinds_as_bind_a_phase() -> None:
    terms = terms_taken()
    assert (len(terms), len({type(term) for term in terms}), len({term.id for term in terms})) == (22, 21, 22)


def test_a_hundred_events_are_95_prices_four_changes_and_a_close() -> None:
    kinds = [kind for _, kind in MIX]
    assert sum(prices for prices, _ in MIX) == 95
    assert {kind: kinds.count(kind) for kind in CHANGES} == {"opening": 1, "stop moved": 3, "close": 1}


def test_the_account_holds_what_is_said_and_keeps_its_rules() -> None:
    seat = Seat()
    assert (len(seat.state.positions), len(seat.state.track.trades)) == (HELD, TRADES)
    assert seat.stands
    interpret(seat.state, seat.board, seat.floor.t_us)


def test_an_account_that_broke_a_rule_is_not_what_is_measured() -> None:
    seat = Seat()
    for report in seat.close():
        if isinstance(report, DealReported):
            seat.floor.put(report, seat.account)
    assert not seat.stands


def test_every_event_of_a_round_is_counted_once() -> None:
    spent = Spent()
    take_round(spent)
    assert spent.events == {PRICE: 95 * CYCLES, "opening": CYCLES, "stop moved": 3 * CYCLES, "close": CYCLES}


def test_the_table_says_what_an_event_costs_and_what_all_rules_would() -> None:
    result = run(argparse.Namespace(rounds=1))
    assert result["times_plain"] == pytest.approx(result["plain_us"] / result["us_per_event"])
    event, plain = lines_of("rules", result)
    assert (event.goal, event.met, plain.met) == ("<= 20 µs", result["goals_met"], None)
    assert "22 rules, 5 positions, 20 trades" in event.what
