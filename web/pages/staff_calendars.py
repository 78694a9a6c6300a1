"""Calendars, for staff: by which economic news and market days rules go now, since when, and what comes next."""

from typing import Any

import msgspec
from litestar import Request, get
from litestar.response import Response

from firm.facts import CalendarAdopted, MarketDaysAdopted
from firm.kinds import body_of
from firm.news import NewsItem
from firm.permissions import Permission
from storage.reader import LedgerReader
from storage.readmodels.calendars import MARKET_DAYS, CalendarLine, all_calendars
from web.bounds import RELEASES_SHOWN
from web.render import page
from web.visitor import firm_of, may


class CalendarShown(msgspec.Struct, frozen=True):
    """A calendar in force. `news`: its next releases; `market`: its next stretches of other hours, from and until, in microseconds.

    `left`: how many of them are not over.
    """

    line: CalendarLine
    news: tuple[NewsItem, ...]
    market: tuple[tuple[int, int], ...]
    left: int

    @property
    def of_market(self) -> bool:
        return self.line.kind == MARKET_DAYS


@get("/staff/calendars", policy=may(Permission.SEE_CALENDARS))
async def staff_calendars(request: Request[Any, Any, Any]) -> Response[str]:
    firm = firm_of(request)
    now_us = firm.now_us()
    shown = await firm.book.look(lambda reader: [_shown(reader, line, now_us) for line in _lines(reader)])
    return page(request, "staff_calendars.html", calendars=shown, now_us=now_us)


def _lines(reader: LedgerReader) -> list[CalendarLine]:
    with reader.connection() as book:
        return all_calendars(book)


def _shown(reader: LedgerReader, line: CalendarLine, now_us: int) -> CalendarShown:
    row = reader.row(line.seq)
    assert row is not None, f"row {line.seq} adopted a calendar"
    body = body_of(row.kind, row.payload)
    if isinstance(body, CalendarAdopted):
        news = tuple(item for item in body.calendar.items if item.until_us >= now_us)
        return CalendarShown(line, news[:RELEASES_SHOWN], (), len(news))
    assert isinstance(body, MarketDaysAdopted), f"row {line.seq} adopted no calendar"
    market = tuple(stretch for stretch in body.days.stretches() if stretch[1] >= now_us)
    return CalendarShown(line, (), market[:RELEASES_SHOWN], len(market))


ROUTES = (staff_calendars,)
