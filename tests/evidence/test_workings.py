"""Honest workings of every kind are built anew to the very same steps: what a trader is shown can be shown to a stranger."""

import json
from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from firm.facts import Doubt, MessageParked
from firm.inputs import DealEntry, Side
from firm.kinds import payload_of
from firm.money import Money
from firm.price import Quote, SymbolSpec
from firm.quote_frame import Tick
from firm.terms.first import FirstAnchor, FirstTrail, MaximumLoss, OnDailyLoss
from firm.terms.words import Boundary
from tests.evidence.checking import told


def working(story: Any, decision: int) -> list[str]:
    payload = json.loads(story.bundle(decision))["rows"][-1]["payload"]
    return [step["name"] for step in json.loads(payload)["working"]]


# --- conversions ---


def pair(symbol: str, digits: int) -> SymbolSpec:
    return SymbolSpec(
        symbol=symbol, digits=digits, contract_e8=100_000 * 10**8, currency_base=symbol[:3], currency_profit=symbol[3:]
    )


PRICES = {
    "EURGBP": (82_000, 82_004),
    "EURUSD": (138_000, 138_004),
    "GBPUSD": (168_500, 168_508),
    "USDJPY": (102_300, 102_304),
}
CONVERSIONS = [
    pytest.param("USD", 2, "EURUSD", ["EURUSD"], id="none needed"),
    pytest.param("JPY", 0, "EURUSD", ["EURUSD", "USDJPY"], id="one hop, multiplying"),
    pytest.param("EUR", 2, "EURUSD", ["EURUSD"], id="one hop, dividing, through its own symbol"),
    pytest.param("USD", 2, "USDJPY", ["USDJPY"], id="one hop, dividing"),
    pytest.param("JPY", 2, "EURGBP", ["EURGBP", "GBPUSD", "USDJPY"], id="two hops, multiplying"),
    pytest.param("GBP", 2, "USDJPY", ["GBPUSD", "USDJPY"], id="two hops, dividing"),
    pytest.param("USD", 3, "EURGBP", ["EURGBP", "GBPUSD"], id="one hop, multiplying, at three digits"),
]


@pytest.mark.parametrize("moved", [400, -400], ids=["it won", "it lost"])
@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(("currency", "exponent", "symbol", "needed"), CONVERSIONS)
def test_a_profit_is_converted(
    story: Any,
    verifier: ModuleType,
    currency: str,
    exponent: int,
    symbol: str,
    needed: list[str],
    side: Side,
    moved: int,
) -> None:
    story.initial = Money.parse("10_000_000", currency, exponent)
    story.board.specs |= {name: pair(name, 3 if name == "USDJPY" else 5) for name in PRICES}
    story.both_open()
    for name, (bid, ask) in PRICES.items():
        story.price(name, bid, ask)
    story.earn(story.ada, "-2_000_000")
    bid, ask = PRICES[symbol]
    story.trade(story.ada, "p1", symbol, side, 250_000_000, ask if side is Side.BUY else bid, net="0")
    story.price(symbol, bid + moved, ask + moved)
    decision = story.judge(story.ada, "daily")
    assert "the same" in told(story, verifier, decision)
    rows = json.loads(story.bundle(decision))["rows"]
    assert [json.loads(row["payload"])["symbol"] for row in rows if row["kind"] == "QuoteUsed"] == needed


# --- the book ---


def test_a_position_added_to_and_closed_in_part_with_its_share_of_the_swap(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    story.price("EURUSD", 138_700, 138_702)
    story.price("USDJPY", 102_300, 102_303)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 100_000_000, 138_702)
    story.trade(story.ada, "p2", "USDJPY", Side.SELL, 50_000_000, 102_300)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 300_000_000, 138_805)
    story.swap(story.ada, "p1", "-9.00")
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 200_000_000, 138_600, net="-71.00")
    story.deposit(story.ada, "250.00")
    story.swap(story.ada, "p2", "1.20")
    story.price("EURUSD", 136_000, 136_002)
    decision = story.judge(story.ada, "daily")
    assert "7 booking(s), each with the platform's own report" in told(story, verifier, decision)
    assert "EURUSD #2 swap" in working(story, decision)  # what is added to comes after the others


def test_a_deal_that_a_stopped_desk_booked_later_is_its_report_s(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    story.price("EURUSD", 138_700, 138_702)
    deal = story.deal("p1", "EURUSD", DealEntry.IN, Side.BUY, 200_000_000, 138_702, "-3.50", story.ada)
    story.report(deal, story.ada)
    name = f"account/{story.ada}"
    kept = payload_of(deal).decode()
    story.add(MessageParked(desk=name, message_kind="DealReported", message=kept, happened_us=story.at_us), story.ada)
    story.clock()  # in the place of the person who let the desk go on
    story.book(deal, story.ada)
    story.price("EURUSD", 135_000, 135_002)
    assert told(story, verifier, story.judge(story.ada, "daily")).count("NOT") == 1  # whether it was corrected since


def test_a_price_that_came_late_is_judged_on_the_book_of_its_instant(story: Any, verifier: ModuleType) -> None:
    """She had closed her position by the time that the price became known."""
    story.both_open()
    story.price("EURUSD", 138_700, 138_702)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 200_000_000, 138_702)
    seen_us = story.at_us + 500
    story.at_us += 60_000_000
    story.price("EURUSD", 138_690, 138_692)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 0, 138_690, net="-24.00")
    seq = story.show(Tick("EURUSD", seen_us, 135_000, 135_002))
    late = Quote("EURUSD", seen_us, 135_000, 135_002, seq, 0)
    decision = story.judge(story.ada, "daily", (Doubt.LATE_DATA,), late=late)
    said = told(story, verifier, decision)
    assert f"the book at instant {seen_us}: the newest balance, and 1 open position(s)" in said
    assert "none newer was passed over" in said
    confirmed = told(story, verifier, story.confirm(story.ada, reviewed=True))
    assert "confirmed by a person" in confirmed


# --- suspicions that became final ---


def suspected(story: Any) -> int:
    story.both_open(provisional=True)
    story.price("EURUSD", 138_700, 138_702)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 200_000_000, 138_702)
    story.price("EURUSD", 135_000, 135_002)
    suspicion: int = story.judge(story.ada, "daily", (Doubt.PROVISIONAL_ANCHOR,))
    return suspicion


def test_what_was_booked_since_is_added_in_the_order_of_the_rows(story: Any, verifier: ModuleType) -> None:
    suspected(story)
    story.deposit(story.ada, "700.00")
    now, story.at_us = story.at_us, story.states[story.ada].day.day.start_us - 60_000_000
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 150_000_000, 138_702, net="-80.00")  # of yesterday, come late
    story.at_us = now
    story.deposit(story.ada, "-100.00")
    story.anchor_day(story.ada)
    decision = story.confirm(story.ada)
    assert "confirmed by what was final by then" in told(story, verifier, decision)
    assert working(story, decision)[:7] == [
        "equity when the breach was suspected",
        "deposit or withdrawal #1",
        "equity with deposit or withdrawal #1",
        "late deal #2",
        "equity with late deal #2",
        "deposit or withdrawal #3",
        "equity with deposit or withdrawal #3",
    ]


def test_on_a_later_day_cash_leaves_the_floor_and_the_figure_of_the_earlier_one_alone(
    story: Any, verifier: ModuleType
) -> None:
    suspected(story)
    story.deposit(story.ada, "700.00")
    story.anchor_day(story.ada)
    story.next_day()
    story.price("EURUSD", 138_000, 138_002)
    story.open_day(story.ada)
    story.deposit(story.ada, "-100.00")
    decision = story.confirm(story.ada, reviewed=True)
    said = told(story, verifier, decision)
    assert "the floor, which is the one of the suspicion" in said
    assert working(story, decision) == [
        "equity when the breach was suspected",
        "floor when the breach was suspected",
        "equity at or below the floor",
    ]


# --- days and marks ---


def test_the_day_s_start_with_open_positions_is_worked_out_from_its_prices(story: Any, verifier: ModuleType) -> None:
    story.both_open(replace(story.rules, terms=(replace(story.rules.terms[0], anchor=FirstAnchor.EQUITY),)))
    story.price("EURUSD", 138_700, 138_702)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 200_000_000, 138_702)
    story.next_day()
    story.price("EURUSD", 139_900, 139_902)
    story.open_day(story.ada)
    story.price("EURUSD", 137_000, 137_002)
    said = told(story, verifier, story.judge(story.ada, "daily"))
    assert said.count("NOT") == 2  # what lies before the day, and whether it was corrected since
    assert "equity at day start = 10239250 minor" in said


def test_a_day_that_began_without_a_price_began_with_the_balance(story: Any, verifier: ModuleType) -> None:
    story.both_open(replace(story.rules, terms=(replace(story.rules.terms[0], anchor=FirstAnchor.EQUITY),)))
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 200_000_000, 138_702)
    story.next_day()
    story.open_day(story.ada)
    story.price("EURUSD", 135_000, 135_002)
    assert "equity at day start = 9999650 minor" in told(story, verifier, story.judge(story.ada, "daily"))


def test_a_final_start_that_later_prices_moved_is_told_as_not_shown(story: Any, verifier: ModuleType) -> None:
    story.both_open(replace(story.rules, terms=(replace(story.rules.terms[0], anchor=FirstAnchor.HIGHER),)))
    story.price("EURUSD", 138_700, 138_702)
    story.trade(story.ada, "p1", "EURUSD", Side.BUY, 200_000_000, 138_702)
    story.next_day()
    story.open_day(story.ada, provisional=True)
    story.price("EURUSD", 138_710, 138_712)
    start = story.anchor_day(story.ada)
    story.price("EURUSD", 135_000, 135_002)
    said = told(story, verifier, story.judge(story.ada, "daily"))
    assert f"NOT shown: the prices of the final equity at the day's start in row {start}" in said


@pytest.mark.parametrize("trails_on", list(FirstAnchor))
def test_a_start_that_may_still_move_counts_for_a_floor_that_trails(
    story: Any, verifier: ModuleType, trails_on: FirstAnchor
) -> None:
    trailing = MaximumLoss(
        id="overall", loss_max_bp=1_000, trail=FirstTrail.END_OF_DAY, trails_on=trails_on, lock_at_bp=None,
        boundary=Boundary.CROSSES,
    )  # fmt: skip
    story.both_open(replace(story.rules, terms=(trailing,)))
    story.earn(story.ada, "4_000.00")
    story.next_day()
    start = story.open_day(story.ada, provisional=True)
    story.earn(story.ada, "-12_000.00")
    assert f"highest mark = 10400000 minor (given by {start}/" in told(
        story, verifier, story.judge(story.ada, "overall")
    )


@pytest.mark.parametrize("trail", [FirstTrail.END_OF_DAY, FirstTrail.EVERY_TICK])
@pytest.mark.parametrize("amount", ["500.00", "-500.00"])
def test_marks_move_with_cash_and_are_cited_where_they_moved(
    story: Any, verifier: ModuleType, trail: FirstTrail, amount: str
) -> None:
    trailing = MaximumLoss(
        id="overall",
        loss_max_bp=1_000,
        trail=trail,
        trails_on=FirstAnchor.EQUITY,
        lock_at_bp=300,
        boundary=Boundary.TOUCHES,
    )
    story.both_open(replace(story.rules, terms=(trailing,)))
    story.deposit(story.ada, amount)
    story.earn(story.ada, "-11_000.00")
    assert "highest mark" in told(story, verifier, story.judge(story.ada, "overall"))


def test_a_mark_of_an_earlier_day_is_told_as_not_shown(story: Any, verifier: ModuleType) -> None:
    trailing = MaximumLoss(
        id="overall", loss_max_bp=1_000, trail=FirstTrail.END_OF_DAY, trails_on=FirstAnchor.BALANCE, lock_at_bp=None,
        boundary=Boundary.TOUCHES,
    )  # fmt: skip
    story.both_open(replace(story.rules, terms=(trailing,)))
    story.earn(story.ada, "4_000.00")
    story.next_day()
    high = story.open_day(story.ada)
    story.earn(story.ada, "-3_000.00")
    story.next_day()
    story.open_day(story.ada)
    story.earn(story.ada, "-8_000.00")
    said = told(story, verifier, story.judge(story.ada, "overall"))
    assert f"NOT shown: that the highest mark in row {high} (DayOpened) was reached" in said
    assert "NOT shown: deposits and withdrawals before row" in said


# --- soft limits and passes ---


def test_a_limit_that_pauses_is_broken_softly(story: Any, verifier: ModuleType) -> None:
    pauses = replace(story.rules.terms[0], on_breach=OnDailyLoss.PAUSE_UNTIL_ROLLOVER)
    story.both_open(replace(story.rules, terms=(pauses, *story.rules.terms[1:])))
    story.earn(story.ada, "-5_000.00")
    assert "it holds" in told(story, verifier, story.judge(story.ada, "daily"))


def test_a_pass_measures_from_the_start_with_deposits(story: Any, verifier: ModuleType) -> None:
    story.both_open()
    story.earn(story.ada, "8_000.00")
    story.deposit(story.ada, "1_000.00")
    decision = story.win(story.ada)
    assert "initial balance with deposits and withdrawals" in working(story, decision)
    assert "target balance = 10900000 minor" in told(story, verifier, decision)


def test_a_pass_on_a_later_day_carries_the_days_counted_before(story: Any, verifier: ModuleType) -> None:
    """Also where no rule asks for any."""
    story.both_open(replace(story.rules, terms=(story.rules.terms[2],)))
    story.earn(story.ada, "8_000.00")
    for _ in range(2):
        story.next_day()
        story.open_day(story.ada)
    assert "it holds" in told(story, verifier, story.win(story.ada))
