"""ForexFactory's week as JSON: objects with title, country, date, impact, forecast and previous.

`country` is a currency, or "All". A holiday, and an item that has a date alone, lasts its whole day. Items that ForexFactory itself calls
non-economic release nothing and are left out. The file says of no speech when it ends.
"""

import json
from datetime import date, datetime, timedelta

import msgspec

from bridges.calendars.content import believed, bounded, currency_of, day_of, impact_of, moment_of, whole_days, zone_of
from firm.instant import utc_text
from firm.news import BadCalendar, NewsCalendar, NewsItem, news_calendar
from firm.terms.conduct import Impact

_NOT_ECONOMIC = "non-economic"


class _Told(msgspec.Struct, frozen=True):
    """One object of the file. What else it says, such as figures, is not asked for."""

    title: str
    country: str
    date: str
    impact: str


def read_forexfactory_json(name: str, content: bytes, zone: str) -> NewsCalendar:
    """A calendar of this name. `zone`: whose days are meant by dates without a time. BadCalendar says which item is refused, and why."""
    zone_of(zone)
    try:
        objects = msgspec.json.decode(bounded(content), type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise BadCalendar("", f"it is no list of JSON objects: {wrong}") from wrong
    items, places = [], []
    for number, raw in enumerate(objects, start=1):
        where = f"item {number}"
        told = _told(raw, where)
        if told.impact.strip().lower() != _NOT_ECONOMIC:
            items.append(_item(told, zone, where))
            places.append(where)
    return news_calendar(name, items, places)


def _told(raw: msgspec.Raw, where: str) -> _Told:
    try:
        told = msgspec.json.decode(raw, type=_Told)
        names = [name for name, _ in json.loads(bytes(raw), object_pairs_hook=tuple)]
    except (msgspec.DecodeError, ValueError, RecursionError) as wrong:
        raise BadCalendar(where, str(wrong)) from wrong
    for name in told.__struct_fields__:
        if names.count(name) > 1:  # the last would count, and nobody would see which was meant
            raise BadCalendar(where, f"{name} stands twice")
    return told


def _item(told: _Told, zone: str, where: str) -> NewsItem:
    if not told.date.strip():
        raise BadCalendar(where, f"{told.title!r} has no date")
    title, currency, impact = (
        told.title.strip(),
        currency_of(told.country.strip(), where),
        impact_of(told.impact, where),
    )
    at_us, until_us, all_day = _when(told.date.strip(), zone, where, is_holiday=impact is Impact.HOLIDAY)
    return NewsItem(
        id=" ".join(filter(None, (utc_text(at_us)[:16], currency, title))),
        title=title,
        currency=currency,
        impact=impact,
        at_us=at_us,
        until_us=until_us,
        all_day=all_day,
    )


def _when(text: str, zone: str, where: str, *, is_holiday: bool) -> tuple[int, int, bool]:
    day = day_of(text, where)
    if day is not None:
        return *whole_days(zone, day, day, where), True
    moment = moment_of(text, where)
    if is_holiday:
        return *_by_its_offset(moment, where), True
    at_us = believed(moment, where)
    return at_us, at_us, False


def _by_its_offset(moment: datetime, where: str) -> tuple[int, int]:
    day: date = moment.date()
    midnight = datetime(day.year, day.month, day.day, tzinfo=moment.tzinfo)
    return believed(midnight, where), believed(midnight + timedelta(days=1), where)
