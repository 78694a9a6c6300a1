"""iCalendar (RFC 5545) of news: each VEVENT a release, from DTSTART to DTEND (or DURATION), or a whole day as VALUE=DATE.

CATEGORIES say currency and impact ("USD,High"); where they say no impact, PRIORITY does: 1 to 4 is high, 5 medium, 6 to 9 low. What can be
read in two ways is refused: a time of no zone, a zone that is not the database's, an event that repeats. A cancelled event is left out.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo

from bridges.calendars.content import believed, currency_of, impact_of, whole_days, zone_of
from bridges.calendars.ics_lines import ContentLine, content_lines
from firm.instant import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from firm.news import NEWS_ITEMS_MAX, BadCalendar, NewsCalendar, NewsItem, news_calendar
from firm.terms.conduct import Impact

DEPTH_MAX = 8  # components within one another

_EVENT = ["VCALENDAR", "VEVENT"]
_REPEATS = ("RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID")
_ONCE = frozenset({"UID", "SUMMARY", "DTSTART", "DTEND", "DURATION", "CATEGORIES", "PRIORITY", "STATUS"})
_TIME = re.compile(r"[0-9]{8}T[0-9]{6}Z?\Z")
_DAY = re.compile(r"[0-9]{8}\Z")
_DURATION = re.compile(
    r"\+?P(?:(?P<weeks>[0-9]{1,4})W|(?=.)(?:(?P<days>[0-9]{1,4})D)?"
    r"(?:T(?=.)(?:(?P<hours>[0-9]{1,4})H)?(?:(?P<minutes>[0-9]{1,5})M)?(?:(?P<seconds>[0-9]{1,7})S)?)?)\Z"
)
_PRIORITIES = {
    **dict.fromkeys(("1", "2", "3", "4"), Impact.HIGH),
    "5": Impact.MEDIUM,
    **dict.fromkeys(("6", "7", "8", "9"), Impact.LOW),
}

_UNITS_US = {"weeks": 7 * DAY_US, "days": DAY_US, "hours": HOUR_US, "minutes": MINUTE_US, "seconds": SECOND_US}

_Event = Mapping[str, ContentLine]


def read_ics(name: str, content: bytes, zone: str) -> NewsCalendar:
    """A calendar of this name. `zone`: whose days are meant by dates without a time. BadCalendar says which line is refused, and why."""
    zone_of(zone)
    items: list[NewsItem] = []
    places = []
    for event in _events(content):
        where = event["BEGIN"].where
        if len(items) == NEWS_ITEMS_MAX:
            raise BadCalendar(where, f"more than {NEWS_ITEMS_MAX} items")
        if "STATUS" not in event or event["STATUS"].text.upper() != "CANCELLED":
            items.append(_item(event, zone, where))
            places.append(where)
    return news_calendar(name, items, places)


def _events(content: bytes) -> Iterator[_Event]:
    """The events' own properties that are asked for; those of alarms within them and of zones are passed over."""
    inside: list[str] = []
    event: dict[str, ContentLine] = {}
    for line in content_lines(content):
        if line.name == "BEGIN":
            inside.append(line.text.upper())
            if inside[0] != "VCALENDAR" or len(inside) > DEPTH_MAX:
                raise BadCalendar(line.where, f"{line.text} begins where it cannot")
            if inside == _EVENT:
                event = {"BEGIN": line}
        elif line.name == "END":
            if not inside or inside[-1] != line.text.upper():
                raise BadCalendar(line.where, f"{line.text} ends, which is not open")
            if inside == _EVENT:
                yield event
            inside.pop()
        elif not inside:
            raise BadCalendar(line.where, "it stands outside of a VCALENDAR")
        elif inside == _EVENT:
            _keep(event, line)
    if inside:
        raise BadCalendar("", f"it ends within a {inside[-1]}")


def _keep(event: dict[str, ContentLine], line: ContentLine) -> None:
    if line.name in _REPEATS:
        raise BadCalendar(line.where, f"{line.name}: releases that repeat are listed one by one")
    if line.name in _ONCE:
        if line.name in event:
            raise BadCalendar(line.where, f"a second {line.name} in one event")
        event[line.name] = line


def _item(event: _Event, zone: str, where: str) -> NewsItem:
    for name in ("UID", "SUMMARY", "DTSTART", "CATEGORIES"):
        if name not in event:
            raise BadCalendar(where, f"an event without {name}")
    at_us, until_us, all_day = _when(event, zone)
    currency, impact = _concerns(event)
    return NewsItem(
        id=event["UID"].text,
        title=event["SUMMARY"].text,
        currency=currency,
        impact=impact,
        at_us=at_us,
        until_us=until_us,
        all_day=all_day,
    )


def _concerns(event: _Event) -> tuple[str, Impact]:
    line = event["CATEGORIES"]
    words = [text for text in line.texts if text]
    impacts = [word for word in words if word.lower() in set(Impact)]
    currencies = [word for word in words if word not in impacts]
    if len(currencies) != 1 or len(impacts) > 1:
        raise BadCalendar(line.where, f"{line.text!r} names not one currency (or All) and at most one impact")
    currency = currency_of(currencies[0], line.where)
    if impacts:
        return currency, impact_of(impacts[0], line.where)
    priority = event.get("PRIORITY")
    if priority is None or priority.text not in _PRIORITIES:
        raise BadCalendar(line.where, "neither CATEGORIES nor PRIORITY says an impact")
    return currency, _PRIORITIES[priority.text]


def _when(event: _Event, zone: str) -> tuple[int, int, bool]:
    start, end, lasts = event["DTSTART"], event.get("DTEND"), event.get("DURATION")
    if end is not None and lasts is not None:
        raise BadCalendar(lasts.where, "both DTEND and DURATION")
    if start.parameters.get("VALUE") == "DATE":
        return *_days(start, end, lasts, zone), True
    at_us = _moment_us(start)
    if end is not None:
        return at_us, _moment_us(end), False
    return at_us, at_us if lasts is None else at_us + _duration_us(lasts), False


def _days(start: ContentLine, end: ContentLine | None, lasts: ContentLine | None, zone: str) -> tuple[int, int]:
    """Whole days; DTEND is the first day that is not of it."""
    if lasts is not None:
        raise BadCalendar(lasts.where, "a whole day with a DURATION: give it a DTEND")
    first = _day(start)
    last = first if end is None else _day(end) - timedelta(days=1)
    if last < first:
        raise BadCalendar(start.where, f"{start.value} ends before it starts")
    return whole_days(zone, first, last, start.where)


def _day(line: ContentLine) -> date:
    if line.parameters.get("VALUE") != "DATE" or not _DAY.match(line.value):
        raise BadCalendar(line.where, f"{line.name} {line.value!r} is no date such as 20250606")
    day = _read(line, "%Y%m%d", UTC)
    believed(day, line.where)
    return day.date()


def _moment_us(line: ContentLine) -> int:
    if not _TIME.match(line.value) or line.parameters.get("VALUE", "DATE-TIME") != "DATE-TIME":
        raise BadCalendar(line.where, f"{line.name} {line.value!r} is no time such as 20250606T123000Z")
    if line.value.endswith("Z"):
        return believed(_read(line, "%Y%m%dT%H%M%SZ", UTC), line.where)
    if "TZID" not in line.parameters:
        raise BadCalendar(line.where, f"{line.name} {line.value} has no zone: end it with Z, or give it a TZID")
    # A time that the clocks skip is read with the offset before the gap, and of two the first is meant (RFC 5545, 3.3.5).
    return believed(_read(line, "%Y%m%dT%H%M%S", zone_of(line.parameters["TZID"], line.where)), line.where)


def _read(line: ContentLine, form: str, zone: tzinfo) -> datetime:
    try:
        return datetime.strptime(line.value, form).replace(tzinfo=zone)
    except ValueError as wrong:
        raise BadCalendar(line.where, f"{line.name} {line.value} is on no calendar") from wrong


def _duration_us(line: ContentLine) -> int:
    match = _DURATION.match(line.value)
    if match is None:
        raise BadCalendar(line.where, f"DURATION {line.value!r} is none such as PT1H30M")
    return sum(int(count or 0) * _UNITS_US[unit] for unit, count in match.groupdict().items())
