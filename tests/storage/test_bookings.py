"""Bookings: how the balance of a decision came about, told from the rows, and positions under the platform's own numbers."""

from typing import Any

from firm.arithmetic import Step
from firm.facts import CashBooked, DayOpened, DealBooked, DealCorrected, DividendBooked, OpenPosition, QuoteUsed
from firm.inputs import Side
from firm.instant import HOUR_US, parse_utc
from firm.kinds import payload_of
from firm.money import Money
from firm.trading_day import TradingDay
from storage.bookings import BOOKINGS_SHOWN_MAX, bookings_in_words, day_bookings, with_positions_named
from storage.conversions_told import conversions_in_words
from storage.rows import StoredRow

NOON_US = parse_utc("2014-05-02T12:00:00")
DAY = TradingDay("2014-05-02", NOON_US - 14 * HOUR_US, NOON_US + 10 * HOUR_US)


def usd(minor: int) -> Money:
    return Money(minor, "USD", 2)


def row(seq: int, fact: Any, at_us: int = NOON_US) -> StoredRow:
    return StoredRow(seq, type(fact).__name__, at_us, at_us, 0, 7, 1, 0, b"", payload_of(fact))


def opened(balance: int, *positions: OpenPosition) -> DayOpened:
    figures = {"balance": usd(balance), "equity": usd(balance)}
    return DayOpened(day=DAY, **figures, positions=positions, quotes=(), provisional=False, priced=True)


def booked(position: str, net: int, balance: int) -> DealBooked:
    return DealBooked(
        deal_id=f"D{balance}",
        position_id=position,
        symbol="EURUSD",
        side=Side.BUY,
        lots_e8=10**8,
        price_open=138_700,
        swap=usd(0),
        opened_us=1,
        net=usd(net),
        balance=usd(balance),
    )


def test_the_balance_is_the_days_start_and_every_booking_since():
    cash = CashBooked(cash_id="C1", amount=usd(50_000), balance=usd(5_032_803), net=usd(50_000))
    rows = [row(1, opened(5_000_000)), row(2, booked("76", -17_197, 4_982_803)), row(3, cash)]
    told = day_bookings(rows[::-1])
    assert told is not None
    assert [(each.position, each.net.minor) for each in told.shown] == [("76", -17_197), ("", 50_000)]
    assert (told.start.minor, told.balance.minor, told.more, told.opened) == (5_000_000, 5_032_803, 0, True)
    words = bookings_in_words(told)
    assert "when the account was opened" in words
    assert "−171.97 USD: a deal in position 76 (EURUSD), 1.00 lots open after it, 2014-05-02T12:00:00" in words
    assert "+500.00 USD: deposit or withdrawal" in words


def test_a_dividend_is_told_as_one():
    paid = DividendBooked(cash_id="C2", amount=usd(-310), balance=usd(4_999_690))
    told = day_bookings([row(2, paid), row(1, opened(5_000_000))])
    assert told is not None
    assert told.balance.minor == 4_999_690
    assert "−3.10 USD: dividend" in bookings_in_words(told)


def test_a_day_in_which_nothing_was_booked_tells_the_one_before_and_rows_without_a_start_tell_nothing():
    before = row(1, opened(5_000_000), DAY.start_us)
    rows = [before, row(2, booked("76", -100, 4_999_900)), row(3, opened(4_999_900), DAY.start_us)]
    told = day_bookings(rows[::-1])
    assert told is not None
    assert (told.start_seq, told.balance.minor, told.opened) == (1, 4_999_900, False)
    alone = day_bookings(rows[2:])
    assert alone is not None
    assert (alone.shown, alone.balance.minor) == ((), 4_999_900)
    assert day_bookings(rows[1:2]) is None


def test_a_long_days_bookings_are_told_up_to_a_bound_and_the_rest_as_a_sum():
    many = BOOKINGS_SHOWN_MAX + 3
    rows = [row(1, opened(0))] + [row(2 + n, booked(f"{n}", n + 1, 0)) for n in range(many)]
    told = day_bookings(rows[::-1])
    assert told is not None
    assert len(told.shown) == BOOKINGS_SHOWN_MAX
    assert told.shown[-1].net.minor == many
    assert (told.more, told.more_net.minor) == (3, 1 + 2 + 3)
    assert told.balance.minor == many * (many + 1) // 2
    assert "+0.06 USD: 3 bookings before these" in bookings_in_words(told)


def test_positions_are_read_aloud_under_the_platforms_numbers_and_nothing_else_is_renamed():
    carried = OpenPosition(
        position_id="80", symbol="EURUSD", side=Side.BUY, lots_e8=1, price_open=1, swap=usd(0), opened_us=1
    )
    bodies = {4: booked("76", 0, 0), 5: opened(0, carried)}
    steps = [
        Step("EURUSD #1 lots_e8", "given", (), 1, "lots_e8", "4/lots_e8"),
        Step("EURUSD #2 lots_e8", "given", (), 1, "lots_e8", "5/positions/0/lots_e8"),
        Step("EURUSD #10 lots_e8", "given", (), 1, "lots_e8", "9/lots_e8"),
        Step("up to EURUSD #2", "times", ("EURUSD #1 lots_e8", "#1"), 1, "minor"),
    ]
    named = with_positions_named(steps, bodies)
    assert [step.name for step in named] == [
        "EURUSD position 76 lots_e8",
        "EURUSD position 80 lots_e8",
        "EURUSD #10 lots_e8",
        "up to EURUSD position 80",
    ]
    assert named[3].args == ("EURUSD position 76 lots_e8", "#1")
    assert with_positions_named([], bodies) == []


def test_a_deal_that_the_platform_corrected_is_told_as_such_and_the_sum_holds():
    corrected = DealCorrected(
        deal_id="D9", position_id="76", symbol="EURUSD", side=Side.BUY, lots_e8=0, price_open=138_700, swap=usd(0), opened_us=1,
        net=usd(197), balance=usd(4_983_000), deal_us=NOON_US, deleted=True, told_us=NOON_US, deal=None, digits=5,
    )  # fmt: skip
    rows = [row(1, opened(5_000_000)), row(2, booked("76", -17_197, 4_982_803)), row(3, corrected)]
    told = day_bookings(rows[::-1])
    assert told is not None
    assert told.balance.minor == 4_983_000
    assert (
        "+1.97 USD: deal D9 in position 76 (EURUSD), deleted by the platform, nothing open after that, 2014"
        in bookings_in_words(told)
    )


def test_a_conversion_is_told_with_its_path_side_quote_and_age():
    quote = QuoteUsed(
        symbol="EURUSD", frame=3, index=0, t_us=NOON_US - 4_100_000, bid=138_690, ask=138_700, digits=5, contract_e8=10**13,
        currency_base="EUR", currency_profit="USD",
    )  # fmt: skip
    rate = Step(
        name="EURUSD bid for XAUUSD position 7", op="given", args=(), value=138_690, unit="points", source="8/bid"
    )
    words = conversions_in_words([rate], {8: quote}, NOON_US)
    assert (
        "position 7 (XAUUSD): through the EURUSD bid 1.38690 of 2014-05-02T11:59:55.900000Z, 4.100 s old then" in words
    )
    assert "[ledger row 8]" in words
    assert conversions_in_words([], {}, NOON_US) == ""
