"""A chart's curve: whatever is left out, each column keeps its dip and its peak, and a year is read without its minutes."""

import random

import apsw
import pytest

from firm.facts import BreachDeclared, MarkTaken
from firm.instant import DAY_US, HOUR_US, MINUTE_US
from firm.money import Money
from storage.readmodels.mark_hours import highest_before
from storage.readmodels.marks import Mark, Marks, curve_of
from storage.rows import Row

COLUMNS = 100
ADA, BEN = 1, 2


def euros(minor):
    return Money(minor, "EUR", 2)


def marked(account, at_us, equity):
    body = MarkTaken(balance=euros(100), equity=euros(equity), headroom=euros(equity - 50))
    return Row(0, "MarkTaken", at_us, at_us, 0, account, b""), body


def breached(account, at_us, observed):
    body = BreachDeclared(
        rule="daily", rule_kind="daily_loss", severity="hard", floor=euros(75), observed=euros(observed), at_us=at_us,
        late=True, reviewed=False, quotes=(), working=(),
    )  # fmt: skip
    return Row(0, "BreachDeclared", at_us + 5, at_us + 5, 0, account, b""), body


def book_of(rows, size=1_000):
    connection = apsw.Connection("")
    connection.execute(Marks.schema)
    for start in range(0, len(rows), size):
        Marks().project(connection, rows[start : start + size])
    return connection


def minutes(count, seed=1):
    """A mark a minute, wandering, of Ada; and Ben's, far lower, between them."""
    drawn, equity, rows = random.Random(seed), 1_000_000, []
    for minute in range(count):
        equity += drawn.randint(-900, 900)
        rows += [marked(ADA, minute * MINUTE_US, equity), marked(BEN, minute * MINUTE_US, 5)]
    return rows


def all_marks(connection, account=ADA):
    sql = "SELECT at_us, balance, equity, headroom FROM rm_mark WHERE account = ? ORDER BY at_us"
    return [Mark(*row) for row in connection.execute(sql, (account,))]


def kept_of_columns(marks, width_us, from_us=0):
    """The first, lowest, highest and last of each column, the plain way."""
    columns = {}
    for mark in marks:
        columns.setdefault((mark.at_us - from_us) // width_us, []).append(mark)
    kept = set()
    for each in columns.values():
        lowest, highest = min(each, key=lambda mark: mark.equity), max(each, key=lambda mark: mark.equity)
        kept |= {each[0].at_us, lowest.at_us, highest.at_us, each[-1].at_us}
    return [mark for mark in marks if mark.at_us in kept]


@pytest.mark.parametrize("days", [1, 7])
def test_columns_of_minutes_keep_their_first_lowest_highest_and_last_mark(days):
    book = book_of(minutes(days * 24 * 60 // 4))
    until_us = days * DAY_US // 4
    width_us = -(-until_us // COLUMNS)
    assert width_us < HOUR_US
    assert curve_of(book, ADA, 0, until_us, COLUMNS) == kept_of_columns(all_marks(book), width_us)


def test_columns_of_hours_keep_them_too():
    book = book_of(minutes(15 * 24 * 60))
    curve = curve_of(book, ADA, 0, 15 * DAY_US, COLUMNS)
    assert curve == kept_of_columns(all_marks(book), 4 * HOUR_US)
    assert len(curve) <= 4 * (COLUMNS + 1)


def test_one_dip_of_a_minute_in_a_year_is_in_the_picture():
    rows = [marked(ADA, hour * HOUR_US + 60 * second, 1_000) for hour in range(365 * 24) for second in (1, 2)]
    dip = marked(ADA, 200 * DAY_US + 7 * MINUTE_US, 3)
    book = book_of([*rows, dip])  # and it comes late
    curve = curve_of(book, ADA, 0, 365 * DAY_US, COLUMNS)
    assert [mark.at_us for mark in curve if mark.equity == 3] == [200 * DAY_US + 7 * MINUTE_US]
    assert len(curve) <= 4 * (COLUMNS + 1)


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize("seed", range(5))
def test_the_hours_are_those_of_the_marks_in_whatever_order_they_come(seed, size):
    """Late ones, several of one instant, and breaches that overwrite a mark: the hours are those that the marks give at last."""
    drawn = random.Random(seed)
    rows = []
    for step in range(600):
        at_us = (step // 2 * 7 + drawn.choice([0, 0, 0, -1, -90])) * MINUTE_US + HOUR_US * 24
        of = drawn.choice([marked, marked, marked, breached])
        rows.append(of(drawn.choice([ADA, BEN]), at_us, drawn.randint(1, 6)))
    book = book_of(rows, size)
    for account in (ADA, BEN):
        hours = {}
        for mark in all_marks(book, account):
            hours.setdefault(mark.at_us // HOUR_US * HOUR_US, []).append(mark)
        expected = []
        for hour_us, each in hours.items():
            low, high = min(each, key=lambda mark: mark.equity), max(each, key=lambda mark: mark.equity)
            expected.append(
                (account, hour_us, each[0].at_us, low.at_us, low.equity, high.at_us, high.equity, each[-1].at_us)
            )
        sql = (
            "SELECT * FROM rm_mark_hour WHERE account = ?1 UNION ALL SELECT * FROM rm_mark_hour_now WHERE account = ?1"
        )
        assert sorted(book.execute(sql, (account,))) == expected
        middle_us = rows[300][0].happened_us
        highest = max(mark.equity for mark in all_marks(book, account) if mark.at_us < middle_us)
        assert highest_before(book, account, middle_us) == highest


def test_the_highest_before_anything_is_nothing():
    assert highest_before(book_of(minutes(5)), ADA, 0) == 0
    assert highest_before(book_of([marked(ADA, 0, 7), marked(ADA, 1, 9)]), ADA, 5 * HOUR_US) == 9
    assert curve_of(book_of([]), ADA, 0, DAY_US, COLUMNS) == curve_of(book_of([]), ADA, 0, 90 * DAY_US, COLUMNS) == []


def test_a_quarter_of_a_year_is_read_without_going_through_its_minutes():
    book = book_of(minutes(90 * 24 * 60), size=20_000)
    assert len(all_marks(book)) == 129_600
    assert steps_of(book, lambda: curve_of(book, ADA, 0, 90 * DAY_US, 400)) < 129_600
    assert steps_of(book, lambda: highest_before(book, ADA, 89 * DAY_US)) < 129_600 // 4


def steps_of(connection, question):
    """How many instructions SQLite's machine took for it."""
    steps = []
    connection.trace_v2(
        apsw.SQLITE_TRACE_PROFILE, lambda event: steps.append(event["stmt_status"]["SQLITE_STMTSTATUS_VM_STEP"])
    )
    question()
    connection.trace_v2(0)
    return sum(steps)
