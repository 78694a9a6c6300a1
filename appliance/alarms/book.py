"""Book of alarms: which are raised, and what is to be said about them: once when raised, now and then while they stand, once when over.

Counted in the machine's monotonic time, so that a clock that steps neither hides an alarm nor repeats one.
"""

import secrets
from collections.abc import Sequence
from copy import copy

import msgspec

from appliance.alarms.checks import WATCHED
from appliance.alarms.limits import AlarmSettings
from appliance.alarms.notice import RUNBOOKS, Alarm, Notice, Reading, Saying, Standing

OVER_AFTER_S = 30  # well for this long, and it is over
RAISED_MAX = 200  # bridges and alarms are few; a fault that makes many must not fill the memory
HOUR_S = 3_600


class _Course(msgspec.Struct):
    """One alarm about one subject, since it was first seen bad. Instants are monotonic seconds, but for `since_us`."""

    bad_since_s: float
    since_us: int
    text: str
    told_s: float | None = None
    well_since_s: float | None = None


class AlarmBook:
    """`firm`: its name, for whoever reads a notice."""

    def __init__(self, limits: AlarmSettings, firm: str) -> None:
        self._limits = limits
        self._firm = firm
        self._courses: dict[tuple[Alarm, str], _Course] = {}

    def go_on_from(self, earlier: "AlarmBook") -> None:
        """What was told already is not told anew, and what is over is told as over."""
        self._courses |= earlier.courses()

    def courses(self) -> dict[tuple[Alarm, str], _Course]:
        """For another book to go on with."""
        return {key: copy(course) for key, course in self._courses.items()}

    def standing(self) -> tuple[Standing, ...]:
        """What is raised now, the oldest first."""
        raised = [
            Standing(alarm=alarm, subject=subject, since_us=course.since_us, text=course.text)
            for (alarm, subject), course in self._courses.items()
            if course.told_s is not None
        ]
        return tuple(sorted(raised, key=lambda one: (one.since_us, one.alarm, one.subject)))

    def learn(self, readings: Sequence[Reading], now_s: float, wall_us: int) -> list[Notice]:
        """Take one look in; what is to be said now. What a look does not mention any more is well."""
        mentioned = set()
        for reading in readings:
            mentioned.add((reading.alarm, reading.subject))
            self._take(reading, now_s, wall_us)
        for key, course in self._courses.items():
            if key not in mentioned and course.well_since_s is None:
                course.well_since_s = now_s
        return [notice for key in list(self._courses) if (notice := self._say(key, now_s, wall_us)) is not None]

    def _take(self, reading: Reading, now_s: float, wall_us: int) -> None:
        key = (reading.alarm, reading.subject)
        course = self._courses.get(key)
        if course is None:
            if reading.is_bad and len(self._courses) < RAISED_MAX:
                self._courses[key] = _Course(now_s, wall_us, reading.text)
            return
        if reading.is_well or (course.told_s is None and not reading.is_bad):
            course.well_since_s = now_s if course.well_since_s is None else course.well_since_s
        else:
            course.well_since_s, course.text = None, reading.text

    def _say(self, key: tuple[Alarm, str], now_s: float, wall_us: int) -> Notice | None:
        course, hold_s = self._courses[key], WATCHED[key[0]].hold_s(self._limits)
        if course.told_s is None:
            if course.well_since_s is not None:
                del self._courses[key]
                return None
            if now_s - course.bad_since_s < hold_s:
                return None
            course.told_s = now_s
            return self._notice(key, Saying.RAISED, course, wall_us)
        if course.well_since_s is not None:
            if now_s - course.well_since_s < OVER_AFTER_S:
                return None
            del self._courses[key]
            return self._notice(key, Saying.OVER, course, wall_us)
        if now_s - course.told_s < self._limits.repeat_h * HOUR_S:
            return None
        course.told_s = now_s
        return self._notice(key, Saying.STANDS, course, wall_us)

    def _notice(self, key: tuple[Alarm, str], saying: Saying, course: _Course, wall_us: int) -> Notice:
        alarm, subject = key
        return Notice(
            id=f"alarm_{secrets.token_hex(12)}",
            saying=saying,
            alarm=alarm,
            subject=subject,
            text=course.text,
            since_us=course.since_us,
            at_us=wall_us,
            firm=self._firm,
            runbook=f"{RUNBOOKS}#{alarm}",
        )
