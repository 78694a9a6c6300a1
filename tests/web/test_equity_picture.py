"""The equity chart's curve: a step where nothing was open, because an account without positions gets no marks by the minute."""

from firm.instant import DAY_US, MINUTE_US, SECOND_US
from storage.readmodels.days import Day
from storage.readmodels.marks import Mark
from web.equity_picture import day_lines, standing_still

FLAT_US = 32 * MINUTE_US


def test_where_nothing_was_open_the_curve_stands_still_until_the_next_mark():
    marks = [
        Mark(FLAT_US - 40 * SECOND_US, 100_279_00, 100_067_50),
        Mark(FLAT_US, 100_279_00, 100_279_00),
        Mark(FLAT_US + 28 * MINUTE_US, 100_148_00, 99_980_00),
    ]
    drawn = standing_still(marks)
    assert drawn == [*marks[:2], Mark(FLAT_US + 28 * MINUTE_US - SECOND_US, 100_279_00, 100_279_00), marks[2]]


def test_where_something_was_open_or_no_time_passed_nothing_is_added():
    open_marks = [Mark(0, 100_000_00, 99_000_00), Mark(MINUTE_US, 100_000_00, 98_000_00)]
    assert standing_still(open_marks) == open_marks
    at_once = [Mark(0, 100_000_00, 100_000_00), Mark(SECOND_US, 100_000_00, 98_000_00)]
    assert standing_still(at_once) == at_once
    assert standing_still([]) == []


def test_a_level_that_stays_needs_no_point_in_between():
    level = [Mark(0, 100_000_00, 100_000_00), Mark(60 * MINUTE_US, 100_000_00, 100_000_00)]
    assert standing_still(level) == level


def day(number: int, label: str) -> Day:
    return Day(number * DAY_US, label, (number + 1) * DAY_US, 0, 0, None, None, 0, 0, 0, True)


def test_the_beginning_of_a_day_is_marked_where_it_lies_inside_the_picture():
    days = [day(number, f"2014-05-{number + 1:02d}") for number in range(4)]
    marks = [Mark(DAY_US, 1, 1), Mark(3 * DAY_US - 1, 1, 1)]
    assert day_lines(days, marks) == [(2 * DAY_US, "2014-05-03")]
    assert day_lines(days, []) == []


def test_of_many_days_the_months_are_marked():
    labels = [f"2014-{month:02d}-{date:02d}" for month in (5, 6, 7) for date in range(1, 21)]
    days = [day(number, label) for number, label in enumerate(labels)]
    marks = [Mark(0, 1, 1), Mark(60 * DAY_US, 1, 1)]
    assert day_lines(days, marks) == [(20 * DAY_US, "2014-06"), (40 * DAY_US, "2014-07")]
    from_last_of_may = [Mark(19 * DAY_US, 1, 1), Mark(60 * DAY_US, 1, 1)]
    assert day_lines(days, from_last_of_may) == [(20 * DAY_US, "2014-06"), (40 * DAY_US, "2014-07")]
