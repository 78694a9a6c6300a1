"""Grammar of stories: text in, a story that can be played out, or the line that cannot be read and what it may have meant.

First the program, a zone where it is not the ruleset's, and who buys; then day by day what happens and what is expected. The lines'
own shapes are in `happenings.py` and `expectations.py`.
"""

import re
from collections.abc import Iterator
from datetime import date, time, timedelta
from pathlib import Path

from appliance.story.cast import Cast
from appliance.story.clock import TIME, Unclear, day_of, instant_at, readings_of, time_of, zone_named
from appliance.story.expectations import EXPECT, expectation_in
from appliance.story.forms import Form, filled, nearest
from appliance.story.happenings import HAPPENINGS, happening_in
from appliance.story.offers import program_from_file, program_from_template
from appliance.story.refused import StoryRefused
from appliance.story.words import Bought, ByPlatform, Line, Story, Swapped
from firm.ruleset import Program

LINES_MAX = 5_000
DAYS_MAX = 400

_TIMED = re.compile(rf"({TIME})(?:\s+(.*))?")
_TOLD = re.compile(rf"(.*), told ({TIME})(?: ([A-Z]{{3,5}}))?( the next day)?")
_ZONE_NAME = re.compile(r"([A-Z]{3,5})\b\s*(.*)")
_OFFERS = (
    Form("program TEMPLATE[ size MONEY]", lambda said, _: program_from_template(said["template"], said["money"])),
    Form("rules FILE[ size MONEY]", lambda said, folder: program_from_file(folder / said["file"], said["money"])),
)
_ZONE = Form("zone ZONE", lambda said, _: zone_named(said["zone"]))
BEGINNINGS = (*_OFFERS, _ZONE)


def read_story(text: str, folder: Path) -> Story:
    """Read a story. `folder`: where the files that it names lie. StoryRefused at the first line that cannot be read."""
    return _Reading(folder).story(text)


class _Reading:
    """A story as far as it was read. Lines before the first day happen when that begins."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._program: Program | None = None
        self._zone = ""
        self._cast: Cast | None = None
        self._first_day: date | None = None
        self._day: date | None = None
        self._at_us = 0
        self._has_time = False  # whether a line of this day has said one, which stands for those that say none
        self._before: list[tuple[int, str]] = []
        self._lines: list[Line] = []

    def story(self, text: str) -> Story:
        for number, told in _told(text):
            try:
                self._take(number, told)
            except StoryRefused:  # of a line further up, which was kept for the first day
                raise
            except ValueError as wrong:
                raise StoryRefused(number, told, str(wrong)) from wrong
        if self._program is None or not any(isinstance(line.does, Bought) for line in self._lines):
            raise StoryRefused(0, "", "the story has no program, no day or nobody who buys: nothing can happen in it")
        tells_swap = any(isinstance(line.does, Swapped) for line in self._lines)
        return Story(program=self._program, zone=self._zone, lines=tuple(self._lines), tells_swap=tells_swap)

    # --- one line ---

    def _take(self, number: int, told: str) -> None:
        day = day_of(told)
        if day is not None:
            self._begin(day)
        elif self._day is None:
            self._prepare(number, told)
        else:
            self._play(number, told)

    def _prepare(self, number: int, told: str) -> None:
        """Before the first day."""
        for offer in _OFFERS:
            if found := filled(offer, told):
                self._offer(offer.read(found, self._folder))
                return
        if found := filled(_ZONE, told):
            self._zone = _ZONE.read(found, self._folder)
        elif self._program is None:
            raise Unclear(f"a story begins with its program: “{_OFFERS[0].shape}” or “{_OFFERS[1].shape}”")
        elif _TIMED.fullmatch(told) or EXPECT.match(told):
            raise Unclear("no day stands above it: write one, such as “Monday 2 June 2025”")
        else:
            self._before.append((number, told))

    def _offer(self, program: Program) -> None:
        if self._program is not None:
            raise Unclear("the story has a program already: one that comes later is “published anew”, on its day")
        self._program = program
        self._zone = self._zone or program.phases[0].ruleset.calendar.zone
        self._cast = Cast(program, self._folder)

    def _begin(self, day: date) -> None:
        if self._program is None:
            raise Unclear("a day begins, but no program stands above it")
        if self._day is not None and day <= self._day:
            raise Unclear("this day is not after the one above it")
        if self._first_day is None:
            self._first_day, self._at_us = day, _first_instant(self._zone, day)
        if day - self._first_day > timedelta(days=DAYS_MAX):
            raise Unclear(f"this day is more than {DAYS_MAX} days after the first: tell it in two stories")
        self._day, self._has_time = day, False
        while self._before:
            number, told = self._before.pop(0)
            try:
                self._add(number, told, None)
            except ValueError as wrong:
                raise StoryRefused(number, told, str(wrong)) from wrong

    def _play(self, number: int, told: str) -> None:
        found = _TIMED.fullmatch(told)
        if found is not None:
            rest = self._move_to(found[1], found[2] or "")
        elif not self._has_time:
            raise Unclear("it says no time, and no line of this day stands above it: begin it with one, such as 09:30")
        else:
            rest = told
        later = _TOLD.fullmatch(rest)
        told_us = None if later is None else self._told_us(later[2], later[3] or "", next_day=bool(later[4]))
        self._add(number, rest if later is None else later[1], told_us)

    def _add(self, number: int, rest: str, told_us: int | None) -> None:
        assert self._cast is not None
        does = expectation_in(rest, self._cast) if EXPECT.match(rest) else happening_in(rest, self._cast)
        if does is None and any(filled(form, rest) for form in BEGINNINGS):
            raise Unclear("it stands above the first day; a program that comes later is “published anew”")
        if does is None:
            raise Unclear(f"no line has this shape: “{nearest(rest, (*HAPPENINGS, *BEGINNINGS))}” is near")
        if told_us is not None and not isinstance(does, ByPlatform):
            raise Unclear("only what the platform tells can be told later")
        self._lines.append(Line(number=number, text=rest, at_us=self._at_us, does=does, told_us=told_us))

    # --- time ---

    def _move_to(self, text: str, rest: str) -> str:
        """Take the line's time; what stands after it."""
        assert self._day is not None
        at, name = time_of(text), ""
        zoned = _ZONE_NAME.fullmatch(rest)
        if zoned is not None and _is_called(self._zone, self._day, at, zoned[1]):
            name, rest = zoned[1], zoned[2]
        at_us = instant_at(self._zone, self._day, at, name)
        if at_us < self._at_us:
            raise Unclear(f"{text} is before the line above: write what happens in its order; “, told TIME” says later")
        self._at_us, self._has_time = at_us, True
        return rest or "nothing happens"

    def _told_us(self, text: str, name: str, *, next_day: bool) -> int:
        """The time on the line's own day, or on the day after it where that is said."""
        assert self._day is not None
        day = self._day + timedelta(days=1) if next_day else self._day
        told_us = instant_at(self._zone, day, time_of(text), name)
        if told_us <= self._at_us:
            raise Unclear(f"{text} is not after it happens: “, told {text} the next day” says so, if that is meant")
        return told_us


def _told(text: str) -> Iterator[tuple[int, str]]:
    """Lines that say something, with their numbers."""
    lines = text.splitlines()
    if len(lines) > LINES_MAX:
        raise StoryRefused(0, "", f"it has more than {LINES_MAX} lines: tell it in several stories")
    for number, line in enumerate(lines, start=1):
        told = " ".join(line.partition("#")[0].split())
        if told:
            yield number, told


def _first_instant(zone: str, day: date) -> int:
    """The day's first instant by the clock."""
    at = time(0)
    for minutes in range(0, 24 * 60, 15):
        at = time(minutes // 60, minutes % 60)
        try:
            return instant_at(zone, day, at)
        except Unclear:
            continue
    raise Unclear(f"{day} has no clear hour in {zone}")


def _is_called(zone: str, day: date, at: time, name: str) -> bool:
    """Whether the zone's time has this name then, or one of its two readings."""
    return any(reading.name == name for reading in readings_of(zone, day, at))
