"""Positions that the platform restates without a deal, and dividends: what the account's desk takes for one, and what it does not."""

import pytest

from firm.commands import PublishProgram
from firm.facts import (
    BreachDeclared,
    CashBooked,
    ContractChanged,
    DealIgnored,
    DividendBooked,
    Doubt,
    PositionRestated,
    PositionsDrifted,
    SwapPosted,
    VerdictCorrected,
)
from firm.inputs import CashKind, CashReported, DealEntry, Side
from firm.instant import SECOND_US
from firm.phase import Standing
from firm.terms.first import FirstTrail
from firm.terms.words import Anchor
from tests.actors.dealer import lists, says


@pytest.fixture
def held(stage):
    """Long five lots of EURUSD, five dollars a point."""
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "5", 138_700)
    stage.equity(account, "99_950.00", "100_000.00")
    stage.wait(10)
    return account


def dividend(stage, account, minor, at_us=None, cash_id="X1"):
    state = stage.account(account)
    t_us = stage.now_us if at_us is None else at_us
    return stage.put(
        CashReported(
            bridge="sim", seq=stage.next_seq(), cash_id=cash_id, cash_kind=CashKind.DIVIDEND, amount=state.money(minor),
            balance_after=state.money(state.balance + minor), t_us=t_us,
        ),
        account,
        happened_us=t_us,
    )  # fmt: skip


def test_a_renamed_position_is_valued_at_the_new_names_price(stage, held):
    lists(stage, "EURUSD.r")
    lists(stage, "EURUSD", renamed_to="EURUSD.r")
    says(stage, held, symbol="EURUSD.r")
    stage.tick("EURUSD.r", 138_600, 138_610)
    [restated] = stage.facts(PositionRestated)
    assert (restated.symbol, restated.price_open, restated.lots_e8) == ("EURUSD.r", 138_700, 5 * 10**8)
    stage.tick("EURUSD.r", 137_600, 137_610)  # 5 500 dollars below
    [breach] = stage.facts(BreachDeclared)
    assert breach.observed.minor == 94_500_00
    assert stage.refolded().capture().states == stage.engine.capture().states


def test_other_digits_judge_nobody_before_the_open_price_is_told_in_them(stage, held):
    """At three digits 1.387: read as 138 700 points of them, the position would have lost everything."""
    lists(stage, "EURUSD", digits=3)
    says(stage, held, price_open=1_387)
    stage.tick("EURUSD", 1_386, 1_387)
    assert len(stage.facts(ContractChanged)) == 1
    assert stage.account(held).positions[0].price_open == 1_387
    stage.equity(held, "99_500.00", "100_000.00")
    assert stage.account(held).drifting == ()
    assert stage.account(held).standing is Standing.ACTIVE


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"lots_e8": 10 * 10**8, "price_open": 138_650}, id="another volume: its deal has not come yet"),
        pytest.param({"side": Side.SELL, "price_open": 138_650}, id="the other side"),
    ],
)
def test_deals_alone_change_what_is_held(stage, held, said):
    says(stage, held, **said)
    assert stage.facts(PositionRestated) == []
    assert stage.account(held).positions[0].price_open == 138_700
    assert stage.account(held).drifting == ()


def test_a_word_from_before_the_newest_deal_restates_nothing(stage, held):
    """Half was closed and bought back at another price since: what the platform held before that comes late."""
    before_us = stage.now_us - SECOND_US
    stage.deal(held, "P1", Side.SELL, "2", 138_700, entry=DealEntry.OUT)
    stage.deal(held, "P1", Side.BUY, "2", 138_750)
    says(stage, held, price_open=138_700, t_us=before_us)
    assert stage.facts(PositionRestated) + stage.facts(PositionsDrifted) == []
    assert stage.account(held).positions[0].price_open == 138_720


def test_a_word_that_says_what_is_known_changes_nothing_and_a_swap_is_a_swap(stage, held):
    says(stage, held)
    assert stage.facts(PositionRestated) + stage.facts(SwapPosted) == []
    says(stage, held, swap=stage.account(held).money(-600))
    assert [fact.swap.minor for fact in stage.facts(SwapPosted)] == [-600]


def test_a_position_under_a_name_that_was_given_away_decides_nothing(stage, held):
    """The platform tells the new name and forgets to restate what is held: the old name's price stands still for ever."""
    lists(stage, "EURUSD.r")
    lists(stage, "EURUSD", renamed_to="EURUSD.r")
    stage.tick("EURUSD.r", 138_600, 138_610)
    market = stage.engine.market("sim")
    assert market.doubts_about(("EURUSD",), stage.now_us, 60 * SECOND_US) == (Doubt.STALE_QUOTE,)
    assert market.doubts_about(("EURUSD.r",), stage.now_us, 60 * SECOND_US) == ()


def test_a_word_that_is_not_taken_and_says_otherwise_leaves_the_book_in_doubt(stage, held):
    """It is stamped before a deal of another position."""
    before_us = stage.now_us - SECOND_US
    stage.deal(held, "P2", Side.BUY, "1", 138_700)
    position = stage.account(held).position("P1")
    said = {"symbol": "EURUSD.r", "side": Side.BUY, "lots_e8": position.lots_e8, "price_open": position.price_open}
    says(stage, held, t_us=before_us, swap=stage.account(held).money(0), opened_us=position.opened_us, **said)
    assert stage.facts(PositionRestated) == []
    assert [(fact.missing, fact.unknown) for fact in stage.facts(PositionsDrifted)] == [(1, 1)]
    assert stage.account(held).drifting == ("positions",)


def test_a_name_that_was_given_away_converts_nothing(stage):
    """The rate goes on under another name: the old one's last price stands still on the board, and is used no more."""
    board = stage.engine.market("sim").board
    assert [hop.symbol for hop in board.path("USD", "EUR")] == ["EURUSD"]
    lists(stage, "EURUSD.r")
    lists(stage, "EURUSD", renamed_to="EURUSD.r")
    assert [hop.symbol for hop in board.path("USD", "EUR")] == ["EURUSD.r"]
    lists(stage, "EURUSD", renamed_to="")
    assert [hop.symbol for hop in board.path("USD", "EUR")] == ["EURUSD"]


# --- dividends ---


@pytest.mark.parametrize("trail", FirstTrail)
def test_a_dividend_moves_the_balance_and_nothing_that_is_measured_from(stage, hands, trail):
    rules = hands.ruleset(hands.daily_loss(anchor=Anchor.HIGHER), hands.maximum_loss(trail=trail))
    stage.put(PublishProgram(by="console", program=hands.program(rules, rules, name="dividends")))
    account = stage.sell(1003, 503, (7005, 7006), "dividends")
    before = stage.account(account)
    dividend(stage, account, 300_00)
    after = stage.account(account)
    assert after.balance == 100_300_00
    assert (after.cash_net, after.day, after.track.highs, after.peak) == (
        before.cash_net,
        before.day,
        before.track.highs,
        before.peak,
    )
    assert stage.facts(CashBooked) == []
    assert after.drifting == ()


def test_a_dividend_told_twice_is_booked_once(stage, held):
    dividend(stage, held, 50_00)
    dividend(stage, held, 50_00)
    assert len(stage.facts(DividendBooked)) == 1
    assert [fact.why for fact in stage.facts(DealIgnored)] == ["already_booked"]
    assert stage.account(held).balance == 100_050_00


def test_a_dividend_of_before_a_breach_that_comes_after_it_puts_it_in_question(stage, held):
    """Equity was 94 990 on the book of then; with 100 dollars of dividend it was above the floor of 95 000."""
    paid_us = stage.now_us
    stage.wait(1)
    stage.tick("EURUSD", 137_698, 137_708)
    [breach] = stage.facts(BreachDeclared)
    assert breach.observed.minor == 94_990_00
    stage.wait(1)
    dividend(stage, held, 100_00, at_us=paid_us)
    [question] = stage.facts(VerdictCorrected)
    assert question.verdict == "questioned"
    assert f"the dividend booked in row {stage.account(held).balance_source.partition('/')[0]}" in question.because
