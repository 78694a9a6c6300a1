"""Formats: the kinds of files that news come in, by the names that commands and settings give them."""

from enum import StrEnum

from bridges.calendars.csv_file import read_csv
from bridges.calendars.forexfactory_json import read_forexfactory_json
from bridges.calendars.ics_file import read_ics
from firm.news import BadCalendar, NewsCalendar


class CalendarFormat(StrEnum):
    """docs/calendars.md describes each."""

    FOREXFACTORY = "forexfactory"
    CSV = "csv"
    ICS = "ics"


_READERS = {
    CalendarFormat.FOREXFACTORY: read_forexfactory_json,
    CalendarFormat.CSV: read_csv,
    CalendarFormat.ICS: read_ics,
}


def read_calendar(kind: CalendarFormat, name: str, content: bytes, zone: str) -> NewsCalendar:
    """A calendar of this name. `zone`: whose days are meant by dates without a time. BadCalendar says what is refused, and why."""
    calendar = _READERS[kind](name, content, zone)
    if not calendar.items:
        raise BadCalendar("", "it has no release: without any, news would forbid nothing")
    return calendar
