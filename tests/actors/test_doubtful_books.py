"""What a hard failure may not rest on: a book the platform has not confirmed, deals that are not of it, figures nobody can store."""

import pytest
from msgspec.structs import replace

from actors.names import account_desk
from firm.bounds import AMOUNT_MINOR_MAX, DEAL_DAYS_KEPT, POSITIONS_MAX
from firm.commands import ReviewOutcome, ReviewVerdict
from firm.facts import (
    BreachDeclared,
    BreachSuspected,
    BreakerTripped,
    ContractChanged,
    DealBooked,
    DealIgnored,
    DeskStopped,
    Doubt,
    DriftCleared,
    PositionsDrifted,
    Refusal,
    Refused,
    VerdictCorrected,
)
from firm.inputs import CashKind, DealEntry, Side, SymbolReported
from firm.instant import DAY_US, SECOND_US
from firm.phase import Standing
from firm.price import SymbolSpec

EURUSD_IN_PIPS = SymbolSpec(
    symbol="EURUSD", digits=3, contract_e8=100_000 * 10**8, currency_base="EUR", currency_profit="USD"
)


@pytest.fixture
def held(stage):
    """Ada is long 10 lots of EURUSD from 1.38700, and the platform agrees."""
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    stage.equity(account, "99_900.00", "100_000.00")
    return account


def review(stage, account, outcome, decision=None):
    decision = decision or stage.account(account).findings[-1].seq
    stage.put(ReviewVerdict(by="console", account=account, decision=decision, outcome=outcome, why="seen"), account)


# --- the platform's word after a deal ---


@pytest.fixture
def unconfirmed(stage, held):
    """Ten lots more are bought, and the price falls before the platform has said what that makes of the equity."""
    stage.deal(held, "P2", Side.BUY, "10", 138_690)
    stage.tick("EURUSD", 138_400, 138_410)
    return held


def test_a_breach_before_the_platform_confirmed_the_last_deal_waits_for_its_word(stage, unconfirmed):
    [suspicion] = stage.facts(BreachSuspected)
    assert suspicion.doubts == (Doubt.BOOK_UNCONFIRMED,)
    assert stage.account(unconfirmed).standing is Standing.SUSPECTED


def test_the_platform_s_equity_turns_the_suspicion_into_a_breach(stage, unconfirmed):
    stage.equity(unconfirmed, "94_100.00", "100_000.00")
    [breach] = stage.facts(BreachDeclared)
    assert (breach.observed.minor, breach.reviewed) == (94_100_00, False)
    assert stage.account(unconfirmed).standing is Standing.BREACHED


def test_a_platform_that_sees_it_otherwise_brings_a_person_in(stage, unconfirmed):
    stage.equity(unconfirmed, "99_000.00", "100_000.00")
    assert not stage.facts(BreachDeclared)
    assert stage.account(unconfirmed).standing is Standing.UNDER_REVIEW


# --- deals that are not of this book ---


@pytest.mark.parametrize(
    "deal",
    [
        pytest.param({"side": Side.SELL, "lots": "10"}, id="a sell that adds to a long"),
        pytest.param({"side": Side.BUY, "lots": "10", "symbol": "XAUUSD"}, id="another symbol's"),
        pytest.param({"side": Side.SELL, "lots": "11", "entry": DealEntry.OUT}, id="a close of more than is open"),
        pytest.param(
            {"side": Side.BUY, "lots": "1", "entry": DealEntry.OUT}, id="a close in the direction of the position"
        ),
        pytest.param(
            {"side": Side.SELL, "lots": "1", "entry": DealEntry.OUT, "position": "P9"}, id="a close of nothing"
        ),
    ],
)
def test_a_deal_that_does_not_fit_its_position_changes_nothing_and_fails_nobody(stage, held, deal):
    before = stage.account(held)
    stage.deal(held, deal.pop("position", "P1"), price=138_690, **deal)
    [ignored] = stage.facts(DealIgnored)
    assert ignored.why == "does_not_fit"
    after = stage.account(held)
    assert (after.positions, after.balance) == (before.positions, before.balance)
    stage.tick("EURUSD", 137_000, 137_010)
    [suspicion] = stage.facts(BreachSuspected)
    assert Doubt.DRIFT in suspicion.doubts


def test_a_snapshot_that_shows_the_same_positions_clears_the_doubt(stage, held):
    stage.deal(held, "P9", Side.SELL, "1", 138_690, entry=DealEntry.OUT)
    stage.snapshot(held, trading_allowed=True)
    assert "positions" in [fact.what for fact in stage.facts(DriftCleared)]


def test_positions_that_are_not_ours_are_counted(stage, held):
    stage.flat(held, trading_allowed=True)
    [drifted] = stage.facts(PositionsDrifted)
    assert (drifted.missing, drifted.unknown) == (1, 0)


@pytest.mark.parametrize("days", [0, 1, DEAL_DAYS_KEPT - 1])
def test_a_deal_that_is_told_again_is_booked_once_days_later_too(stage, held, days):
    stage.deal(held, "P2", Side.BUY, "1", 138_690, profit="-3_100.00", deal="LOSS")
    balance = stage.account(held).balance
    for _ in range(days):
        stage.now_us += DAY_US
        stage.tick("EURUSD", 138_690, 138_700)
        stage.watermark()
    booked = len(stage.facts(DealBooked))
    stage.deal(held, "P2", Side.BUY, "1", 138_690, profit="-3_100.00", deal="LOSS")
    assert [fact.why for fact in stage.facts(DealIgnored)] == ["already_booked"]
    assert len(stage.facts(DealBooked)) == booked
    assert stage.account(held).balance == balance
    assert not stage.account(held).drifting


def test_cash_that_is_told_again_is_booked_once(stage, held):
    stage.cash(held, "-1_000.00", "C1")
    stage.cash(held, "-1_000.00", "C1")
    assert stage.account(held).balance == 99_000_00
    assert [fact.why for fact in stage.facts(DealIgnored)] == ["already_booked"]


# --- figures beyond all measure ---


def test_a_balance_that_nobody_could_hold_is_not_booked(stage, held):
    beyond = AMOUNT_MINOR_MAX // 100
    stage.deal(held, "P2", Side.BUY, "1", 138_690, profit=f"{beyond}.00")
    stage.cash(held, f"{beyond}.00")
    assert [fact.why for fact in stage.facts(DealIgnored)] == ["out_of_range", "out_of_range"]
    assert stage.account(held).balance == 100_000_00


def test_an_account_holds_no_more_positions_than_the_wire_can_tell(stage):
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    for number in range(POSITIONS_MAX + 1):
        stage.deal(account, f"P{number}", Side.BUY, "0.01", 138_700)
    assert len(stage.account(account).positions) == POSITIONS_MAX
    assert [fact.why for fact in stage.facts(DealIgnored)] == ["too_many_positions"]


def test_equity_that_could_not_be_stored_stops_the_account_s_desk_and_nobody_else_s(stage, held):
    other = stage.sell(1002, 502, (7003, 7004))
    stage.deal(other, "P1", Side.BUY, "100_000_000", 138_700)
    stage.tick("EURUSD", 10**12 - 1, 10**12)
    stage.wait(61)
    stage.tick("EURUSD", 10**12 - 1, 10**12)
    [stopped] = stage.facts(DeskStopped)
    assert stopped.desk == account_desk(other)
    assert stage.engine.market("sim").board.quotes["EURUSD"].ask == 10**12


# --- a contract that changes ---


def test_a_changed_contract_fails_nobody_until_the_platform_agrees(stage, held):
    stage.put(SymbolReported(bridge="sim", seq=stage.next_seq(), spec=EURUSD_IN_PIPS))
    assert [fact.symbol for fact in stage.facts(ContractChanged)] == ["EURUSD"]
    stage.tick("EURUSD", 1_386, 1_387)
    [suspicion, *_] = stage.facts(BreachSuspected)
    assert Doubt.NOT_RECONCILED in suspicion.doubts
    assert not stage.facts(BreachDeclared)


def test_the_same_contract_told_again_changes_nothing(stage, held):
    spec = stage.engine.market("sim").board.specs["EURUSD"]
    stage.put(SymbolReported(bridge="sim", seq=stage.next_seq(), spec=spec))
    assert not stage.facts(ContractChanged)
    assert "EURUSD" in stage.engine.market("sim").board.quotes


# --- cash and reviews ---


def suspected(stage, account):
    """8 000 down in a jump beyond the sanity band: a person must look."""
    stage.tick("EURUSD", 130_000, 130_010)
    assert stage.account(account).standing is Standing.UNDER_REVIEW


def test_a_withdrawal_before_the_review_does_not_undo_a_breach(stage, held):
    suspected(stage, held)
    stage.cash(held, "-10_000.00")
    review(stage, held, ReviewOutcome.CONFIRM, stage.account(held).findings[0].seq)
    [breach] = stage.facts(BreachDeclared)
    assert (breach.observed.minor, breach.floor.minor) == (3_000_00, 85_000_00)
    assert breach.reviewed


def test_a_payout_before_the_review_is_no_loss_of_what_was_seen(stage, held):
    """Its floors may have moved by more or less than the balance: the equity that was seen is held against the floor of then."""
    suspected(stage, held)
    [suspicion] = stage.facts(BreachSuspected)
    stage.cash(held, "-10_000.00", kind=CashKind.PAYOUT)
    review(stage, held, ReviewOutcome.CONFIRM, stage.account(held).findings[0].seq)
    [breach] = stage.facts(BreachDeclared)
    assert (breach.observed, breach.floor) == (suspicion.observed, suspicion.floor)


def test_confirming_what_is_no_breach_any_more_releases_nobody(stage, held):
    """A late deal of the ended day can show that equity never was so low; then it is dismissed, not confirmed."""
    suspected(stage, held)
    finding = stage.account(held).findings[0]
    state = stage.account(held)
    otherwise = replace(state, findings=(replace(finding, observed=99_000_00, doubts=()),))
    stage.engine.desk(account_desk(held)).restore(otherwise)
    review(stage, held, ReviewOutcome.CONFIRM, finding.seq)
    [refused] = stage.facts(Refused)
    assert refused.refusal is Refusal.NOT_BROKEN
    assert stage.account(held).standing is Standing.UNDER_REVIEW
    assert not stage.facts(VerdictCorrected)


def test_what_people_confirm_does_not_trip_the_breaker(stage):
    accounts = [stage.sell(2_000 + n, 600 + n, (8_000 + 2 * n, 8_001 + 2 * n)) for n in range(30)]
    stage.tick("EURUSD", 138_690, 138_700)
    for account in accounts:
        stage.deal(account, f"P{account}", Side.BUY, "10", 138_700)
        stage.equity(account, "99_900.00", "100_000.00")
    stage.tick("EURUSD", 130_000, 130_010)
    for account in accounts:
        review(stage, account, ReviewOutcome.CONFIRM)
    assert len(stage.facts(BreachDeclared)) == 30
    last = stage.sell(9_000, 900, (9_500, 9_501))
    stage.tick("EURUSD", 130_000, 130_010)
    stage.deal(last, "PX", Side.BUY, "10", 130_010)
    stage.equity(last, "99_900.00", "100_000.00")
    for _ in range(21):
        stage.tick("EURUSD", 130_000, 130_010)
    stage.tick("EURUSD", 129_000, 129_010)
    assert not stage.facts(BreakerTripped)
    assert stage.account(last).standing is Standing.BREACHED


# --- cash between a day's first instant and its final start ---


@pytest.mark.parametrize(
    ("amount", "floor"), [("-20_000.00", 75_000_00), ("1.00", 95_001_00), ("20_000.00", 115_000_00)]
)
def test_cash_before_the_days_start_is_final_moves_what_is_measured_from_it(stage, amount, floor):
    """It is no loss and no profit, and it switches no limit off: what then breaks one is a suspicion until the start is final."""
    account = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.now_us = stage.account(account).day.day.end_us - SECOND_US
    stage.tick("EURUSD", 138_690, 138_700)
    stage.wait(3)
    stage.tick("EURUSD", 138_690, 138_700)
    assert not stage.account(account).day.final
    stage.cash(account, amount)
    stage.tick("EURUSD", 138_691, 138_701)
    assert not stage.facts(BreachSuspected)
    stage.deal(account, "P1", Side.BUY, "10", 138_700)
    balance = (floor + 5_000_00) // 100
    stage.equity(account, f"{balance - 90}.00", f"{balance}.00")
    stage.wait(1)
    stage.tick("EURUSD", 138_200, 138_210)
    [suspicion] = stage.facts(BreachSuspected, account)
    assert (suspicion.rule, suspicion.floor.minor, suspicion.doubts) == ("daily", floor, (Doubt.PROVISIONAL_ANCHOR,))
    stage.watermark()
    [breach] = stage.facts(BreachDeclared, account)
    assert (breach.rule, breach.floor.minor) == ("daily", floor)
