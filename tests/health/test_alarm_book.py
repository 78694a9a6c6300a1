"""When an alarm is told: once, again after hours, and once when it is over; trembling around a limit is one alarm."""

import msgspec
import pytest

from appliance.alarms.book import OVER_AFTER_S, RAISED_MAX, AlarmBook
from appliance.alarms.checks import look_over
from appliance.alarms.limits import AlarmSettings
from appliance.alarms.notice import Alarm, Reading, Saying

LIMITS = AlarmSettings()
HOUR_S = 3_600


def bad(alarm: Alarm = Alarm.DISK_LOW, subject: str = "") -> Reading:
    return Reading(alarm=alarm, subject=subject, is_bad=True, is_well=False, text="it is bad")


def between(alarm: Alarm = Alarm.DISK_LOW) -> Reading:
    return Reading(alarm=alarm, is_bad=False, is_well=False, text="it is neither")


def well(alarm: Alarm = Alarm.DISK_LOW) -> Reading:
    return Reading(alarm=alarm, is_bad=False, is_well=True, text="it is well")


class Course:
    """Feeds readings second by second, and keeps what was said and when."""

    def __init__(self) -> None:
        self.book = AlarmBook(LIMITS, "Northlight")
        self.said: list[tuple[int, Saying]] = []
        self.now_s = 0

    def see(self, *readings: Reading, for_s: int = 1) -> None:
        for _ in range(for_s):
            self.said += [(self.now_s, notice.saying) for notice in self.book.learn(readings, self.now_s, 10**15)]
            self.now_s += 1


@pytest.fixture
def course() -> Course:
    return Course()


def test_it_is_told_once_and_again_only_after_hours(course: Course) -> None:
    course.see(bad(), for_s=13 * HOUR_S)
    assert course.said == [(0, Saying.RAISED), (6 * HOUR_S, Saying.STANDS), (12 * HOUR_S, Saying.STANDS)]


def test_trembling_around_the_limit_is_one_alarm(course: Course) -> None:
    for _ in range(200):
        course.see(bad())
        course.see(between(), for_s=40)
    assert course.said == [(0, Saying.RAISED)]


def test_peace_must_be_unbroken_to_count(course: Course) -> None:
    course.see(bad())
    course.see(well(), for_s=OVER_AFTER_S - 5)
    course.see(between(), for_s=20)
    course.see(well(), for_s=OVER_AFTER_S)
    assert course.said == [(0, Saying.RAISED)]


def test_it_is_over_when_it_has_been_well_for_a_while_and_then_may_come_again(course: Course) -> None:
    course.see(bad())
    course.see(well(), for_s=OVER_AFTER_S)
    course.see(bad())
    assert course.said == [(0, Saying.RAISED)], "half a minute of peace is none"
    course.see(well(), for_s=OVER_AFTER_S + 1)
    assert course.said[-1] == (course.now_s - 1, Saying.OVER)
    assert course.book.standing() == ()
    course.see(bad())
    assert course.said[-1] == (course.now_s - 1, Saying.RAISED)


def test_what_is_not_mentioned_any_more_is_over(course: Course) -> None:
    course.see(bad(Alarm.DESK_STOPPED, "account"))
    course.see(for_s=OVER_AFTER_S + 1)
    assert [saying for _, saying in course.said] == [Saying.RAISED, Saying.OVER]


def test_what_must_last_is_no_alarm_before_it_has_and_starts_anew_when_it_passed(course: Course) -> None:
    hold_s = LIMITS.bridge_away_s
    course.see(bad(Alarm.BRIDGE_AWAY), for_s=hold_s)
    course.see(well(Alarm.BRIDGE_AWAY))
    course.see(bad(Alarm.BRIDGE_AWAY), for_s=hold_s)
    course.see(between(Alarm.BRIDGE_AWAY))
    course.see(bad(Alarm.BRIDGE_AWAY), for_s=hold_s)
    assert course.said == []
    course.see(bad(Alarm.BRIDGE_AWAY))
    assert [saying for _, saying in course.said] == [Saying.RAISED]


def test_each_bridge_has_an_alarm_of_its_own_within_a_bound(course: Course) -> None:
    course.see(*(bad(Alarm.FEED_SILENT, f"bridge{number}") for number in range(RAISED_MAX + 50)))
    assert len(course.book.standing()) == RAISED_MAX
    assert len(course.said) == RAISED_MAX


def test_a_figure_is_well_only_with_a_fifth_to_spare(shop: object, watched: object) -> None:
    figures = watched(shop.machine).figures  # type: ignore[attr-defined,operator]
    states = {}
    for depth in (7_999, 8_000, 9_999, 10_000):
        seen = msgspec.structs.replace(figures, health=msgspec.structs.replace(figures.health, queue_depth=depth))
        [reading] = [one for one in look_over(seen, LIMITS) if one.alarm is Alarm.QUEUE_DEEP]
        states[depth] = (reading.is_bad, reading.is_well)
    assert states == {7_999: (False, True), 8_000: (False, False), 9_999: (False, False), 10_000: (True, False)}
