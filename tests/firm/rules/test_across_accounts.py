"""Across accounts: what Ada's accounts have together; lots are held against each other between two accounts, not within one."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.arithmetic import PLAIN, Figure, Working
from firm.inputs import Side
from firm.rules.across_accounts import AccountOfTrader, judge_across_accounts
from firm.terms.exposure import AccountsTogether, AcrossAccounts
from firm.terms.words import Action, Scope
from tests.firm.rules.pairings import most_pairs
from tests.firm.rules.parts import INITIAL, LOT, held, rule

TOGETHER = AcrossAccounts(
    id="together",
    measured=AccountsTogether.ALLOCATION,
    limit=2 * INITIAL,
    funded_only=False,
    same_program=False,
    on_breach=(Action.REVIEW,),
    strikes_within=Scope.PHASE,
)


def account(number, *positions, program="classic", funded=True, initial=INITIAL):
    return AccountOfTrader(number, program, funded, Figure(initial, f"{number}/initial/minor"), positions)


def answers(*accounts, calc=PLAIN, **changes):
    return judge_across_accounts(calc, rule(replace(TOGETHER, **changes)), "classic", accounts)


@pytest.mark.parametrize(
    ("initial", "broken"),
    [
        pytest.param(INITIAL - 1, False, id="a cent less"),
        pytest.param(INITIAL, False, id="all that is allowed"),
        pytest.param(INITIAL + 1, True, id="a cent more"),
    ],
)
def test_sizes_are_added(initial, broken):
    (found,) = answers(account(1), account(2, initial=initial))
    assert (found.is_broken, found.observed) == (broken, INITIAL + initial)


@pytest.mark.parametrize(("count", "broken"), [(1, False), (2, False), (3, True)])
def test_accounts_are_counted(count, broken):
    (found,) = answers(*map(account, range(count)), measured=AccountsTogether.ACCOUNTS, limit=2)
    assert (found.is_broken, found.observed) == (broken, count)


@pytest.mark.parametrize(
    ("changes", "counted"),
    [
        pytest.param({}, 5, id="all"),
        pytest.param({"funded_only": True}, 2, id="the funded ones"),
        pytest.param({"same_program": True}, 3, id="those of the program"),
        pytest.param({"funded_only": True, "same_program": True}, 1, id="the funded ones of the program"),
    ],
)
def test_which_accounts_count(changes, counted):
    accounts = [
        account(1),
        account(2, funded=False),
        account(3, program="other"),
        account(4, program="other", funded=False),
        account(5, funded=False),
    ]
    (found,) = answers(*accounts, measured=AccountsTogether.ACCOUNTS, **changes)
    assert found.observed == counted


def test_lots_are_added_by_symbol_and_side():
    found = answers(
        account(1, held(lots=3 * LOT), held("b", side=Side.SELL, lots=1 * LOT)),
        account(2, held(lots=2 * LOT), held("c", "XAUUSD", lots=9 * LOT)),
        measured=AccountsTogether.LOTS,
        limit=5 * LOT,
    )
    assert {one.subject: (one.observed // LOT, one.is_broken) for one in found} == {
        "EURUSD buy": (5, False),
        "EURUSD sell": (1, False),
        "XAUUSD buy": (9, True),
        "XAUUSD sell": (0, False),
    }


def against(*books):
    """Lots of EURUSD that are held against each other, of accounts that are long and short so many."""
    found = answers(
        *(account(number, *_book(number, *lots)) for number, lots in enumerate(books)),
        measured=AccountsTogether.OPPOSITE_POSITIONS,
        limit=0,
    )
    return sum(one.observed for one in found)


def _book(number, long, short):
    return [
        held(f"{number} {side}", side=side, lots=lots) for side, lots in ((Side.BUY, long), (Side.SELL, short)) if lots
    ]


@pytest.mark.parametrize(
    ("books", "opposed"),
    [
        pytest.param([(5, 0), (0, 3)], 3, id="long here and short there"),
        pytest.param([(5, 5), (0, 0)], 0, id="hedged within one account"),
        pytest.param([(5, 5), (1, 0)], 1, id="its short against the other's long"),
        pytest.param([(4, 0), (0, 3), (0, 3)], 4, id="one against two"),
        pytest.param([(2, 0), (3, 0)], 0, id="all one way"),
    ],
)
def test_lots_against_each_other(books, opposed):
    assert against(*books) == opposed


def test_any_lot_against_another_account_breaks_a_term_that_allows_none():
    accounts = account(1, held(lots=1)), account(2, held(side=Side.SELL, lots=1))
    (found,) = answers(*accounts, measured=AccountsTogether.OPPOSITE_POSITIONS, limit=0)
    assert found.is_broken
    (found,) = answers(accounts[0], measured=AccountsTogether.OPPOSITE_POSITIONS, limit=0)
    assert not found.is_broken


def test_the_working_cites_each_account():
    working = Working()
    answers(account(1), account(2), calc=working)
    assert [step.source for step in working.steps if step.op == "given"] == [
        "ruleset/terms/3/limit", "1/initial/minor", "2/initial/minor",
    ]  # fmt: skip


small = st.integers(0, 3)


@given(st.lists(st.tuples(small, small), min_size=1, max_size=3))
def test_no_way_of_pairing_lots_between_accounts_finds_more(books):
    long = [number for number, (lots, _) in enumerate(books) for _ in range(lots)]
    short = [number for number, (_, lots) in enumerate(books) for _ in range(lots)]
    assert against(*books) == most_pairs(long, short)


@given(st.lists(st.tuples(small, small), min_size=1, max_size=3))
def test_the_order_of_accounts_decides_nothing(books):
    assert {against(*order) for order in permutations(books)} == {against(*books)}
