"""What changes a book without a deal: a dividend, and a position under another name or in other points. Proven, or found out."""

from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from firm.facts import CashBooked, DividendBooked, PositionRestated
from firm.inputs import CashKind, CashReported, PositionReported, Side
from firm.money import Money
from tests.evidence.checking import refused

MISSED = r"the report in row \d+ was never booked"


def proven(story: Any, verifier: ModuleType, decision: int) -> str:
    return "\n".join(verifier.verify(story.bundle(decision)))


def holding(story: Any) -> None:
    story.both_open()
    story.price("EURUSD", 138_700, 138_702)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 200_000_000, 138_702)
    story.price("EURUSD", 138_702, 138_704)


def told_of_cash(story: Any, amount: str, kind: CashKind = CashKind.DIVIDEND) -> tuple[Money, Money]:
    """The platform's word of a balance operation: what it was, and the balance after it."""
    money = Money.parse(amount, "USD", 2)
    after = story.states[story.ada].money(story.states[story.ada].balance) + money
    report = CashReported(
        bridge="sim", seq=1, cash_id="x1", cash_kind=kind, amount=money, balance_after=after, t_us=story.at_us
    )
    story.report(report, story.ada)
    return money, after


def test_a_breach_by_a_dividend_is_proven_and_its_floor_stays(story: Any, verifier: ModuleType) -> None:
    """Six thousand dollars for a short that was held over an ex-date."""
    holding(story)
    amount, after = told_of_cash(story, "-6_000.00")
    story.add(DividendBooked(cash_id="x1", amount=amount, balance=after), story.ada)
    floor = story.states[story.ada].day.balance - 500_000
    decision = story.judge(story.ada, "daily")
    assert proven(story, verifier, decision)
    assert story.states[story.ada].cash_net == 0
    assert story.states[story.ada].findings[0].floor == floor


@pytest.mark.parametrize(
    ("amount", "balance", "why"),
    [
        pytest.param(-700_000, -600_000, "books -700000, the platform reported -600000", id="another amount"),
        pytest.param(-600_000, -700_000, "do not make", id="another balance"),
    ],
)
def test_a_dividend_is_booked_as_it_was_reported(
    story: Any, verifier: ModuleType, amount: int, balance: int, why: str
) -> None:
    holding(story)
    told_of_cash(story, "-6_000.00")
    before = story.states[story.ada].balance
    money = story.states[story.ada].money
    story.add(DividendBooked(cash_id="x1", amount=money(amount), balance=money(before + balance)), story.ada)
    refused(story, verifier, story.judge(story.ada, "daily"), why)


def test_a_deposit_is_no_dividend_and_a_dividend_no_deposit(story: Any, verifier: ModuleType) -> None:
    """As profit a deposit would win a target; as a deposit a dividend would move a floor."""
    holding(story)
    amount, after = told_of_cash(story, "-6_000.00", CashKind.WITHDRAWAL)
    story.add(DividendBooked(cash_id="x1", amount=amount, balance=after), story.ada)
    refused(story, verifier, story.judge(story.ada, "daily"), "books withdrawal as a dividend")


def test_a_dividend_that_moves_what_is_measured_from_is_found_out(story: Any, verifier: ModuleType) -> None:
    holding(story)
    amount, after = told_of_cash(story, "-6_000.00")
    story.add(CashBooked(cash_id="x1", amount=amount, balance=after, net=amount), story.ada)
    story._move_marks(story.ada, amount.minor)
    story.price("EURUSD", 136_000, 136_002)
    refused(story, verifier, story.judge(story.ada, "daily"), "books a dividend as a deposit or withdrawal")


# --- positions ---


def told_of_position(story: Any, **said: Any) -> PositionReported:
    [held] = story.states[story.ada].positions
    report = PositionReported(
        bridge="sim", seq=1, position_id="p1", op="changed", symbol=held.symbol, side=held.side, lots_e8=held.lots_e8,
        price_open=held.price_open, stop_loss=0, take_profit=0, swap=story.states[story.ada].money(-700),
        opened_us=held.opened_us, t_us=story.at_us,
    )  # fmt: skip
    report = replace(report, **said)
    story.report(report, story.ada)
    return report


def restated(story: Any, report: PositionReported, **told: Any) -> None:
    fact = PositionRestated(
        position_id="p1", symbol=report.symbol, side=report.side, lots_e8=report.lots_e8, price_open=report.price_open,
        swap=report.swap, opened_us=report.opened_us, digits=story.board.digits_of(report.symbol),
    )  # fmt: skip
    story.add(replace(fact, **told), story.ada)


def listed(story: Any, symbol: str, digits: int) -> None:
    spec = replace(story.board.specs["EURUSD"], symbol=symbol, digits=digits)
    story.board.specs = story.board.specs | {symbol: spec}
    story.board.paths.clear()


@pytest.mark.parametrize(("symbol", "digits", "shown"), [("EURUSD.r", 5, 138_702), ("EURUSD", 3, 1_387)])
def test_a_breach_is_proven_with_a_position_of_another_name_or_other_points(
    story: Any, verifier: ModuleType, symbol: str, digits: int, shown: int
) -> None:
    holding(story)
    listed(story, symbol, digits)
    restated(story, told_of_position(story, symbol=symbol, price_open=shown))
    fallen = shown - 4 * 10 ** (digits - 2)
    story.price(symbol, fallen, fallen + 2)
    decision = story.judge(story.ada, "daily")
    assert f"{symbol} #1" in str(story.bundle(decision))
    assert proven(story, verifier, decision)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"price_open": 138_600}, id="another price"),
        pytest.param({"symbol": "EURUSD.x"}, id="another symbol"),
        pytest.param({"lots_e8": 100_000_000}, id="fewer lots"),
        pytest.param({"side": Side.SELL}, id="the other side"),
        pytest.param({"opened_us": 1}, id="another age"),
    ],
)
def test_a_position_is_restated_as_it_was_reported(story: Any, verifier: ModuleType, told: dict[str, Any]) -> None:
    holding(story)
    listed(story, "EURUSD.r", 5)
    restated(story, told_of_position(story, symbol="EURUSD.r"), **told)
    symbol = told.get("symbol", "EURUSD.r")
    listed(story, symbol, 5)
    story.price(symbol, 134_000, 134_002)
    refused(story, verifier, story.judge(story.ada, "daily"), "does not restate the position as reported")


def test_a_restatement_of_another_volume_is_none(story: Any, verifier: ModuleType) -> None:
    """Deals alone change what is held: a firm that takes such a word for one is found out."""
    holding(story)
    listed(story, "EURUSD.r", 5)
    restated(story, told_of_position(story, symbol="EURUSD.r", lots_e8=400_000_000))
    story.price("EURUSD.r", 137_000, 137_002)
    refused(story, verifier, story.judge(story.ada, "daily"), "does not restate the position as reported")


def test_a_restatement_that_is_passed_over_is_missed(story: Any, verifier: ModuleType) -> None:
    holding(story)
    told_of_position(story, symbol="EURUSD.r", swap=story.states[story.ada].money(0))
    story.price("EURUSD", 134_000, 134_002)
    refused(story, verifier, story.judge(story.ada, "daily"), MISSED)
