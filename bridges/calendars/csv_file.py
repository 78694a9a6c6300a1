"""A CSV of news: a header with title, currency, impact and at; until for speeches, and id, may be there too.

`at` and `until` are instants with their offset from UTC, or dates: then the release lasts from the first to the last of those days.
"""

from bridges.calendars.content import believed, currency_of, day_of, impact_of, moment_of, whole_days, zone_of
from bridges.calendars.csv_rows import Row, rows_of
from firm.instant import utc_text
from firm.news import NEWS_ITEMS_MAX, BadCalendar, NewsCalendar, NewsItem, news_calendar

_REQUIRED = frozenset({"title", "currency", "impact", "at"})
_OPTIONAL = frozenset({"until", "id"})


def read_csv(name: str, content: bytes, zone: str) -> NewsCalendar:
    """A calendar of this name. `zone`: whose days are meant by dates without a time. BadCalendar says which line is refused, and why."""
    zone_of(zone)
    items: list[NewsItem] = []
    places = []
    for row in rows_of(content, _REQUIRED, _OPTIONAL):
        if len(items) == NEWS_ITEMS_MAX:
            raise BadCalendar(row.where, f"more than {NEWS_ITEMS_MAX} items")
        items.append(_item(row, zone))
        places.append(row.where)
    return news_calendar(name, items, places)


def _item(row: Row, zone: str) -> NewsItem:
    where, fields = row
    title, currency = fields["title"], currency_of(fields["currency"], where)
    at_us, until_us, all_day = _when(fields["at"], fields["until"], zone, where)
    return NewsItem(
        id=fields["id"] or " ".join(filter(None, (utc_text(at_us)[:16], currency, title))),
        title=title,
        currency=currency,
        impact=impact_of(fields["impact"], where),
        at_us=at_us,
        until_us=until_us,
        all_day=all_day,
    )


def _when(at: str, until: str, zone: str, where: str) -> tuple[int, int, bool]:
    if not at:
        raise BadCalendar(where, "has no date")
    first, last = day_of(at, where), day_of(until, where)
    if first is not None:
        if until and last is None:
            raise BadCalendar(where, f"begins with a date, {at}, and ends with a time, {until}")
        return *whole_days(zone, first, last or first, where), True
    at_us = believed(moment_of(at, where), where)
    return at_us, believed(moment_of(until, where), where) if until else at_us, False
