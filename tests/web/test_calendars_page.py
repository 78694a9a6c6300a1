"""Calendars for staff: which are in force, since when, with how many releases, and the next ones."""

import pytest

from firm.commands import AdoptCalendar
from firm.instant import DAY_US
from firm.news import NewsItem, news_calendar
from firm.terms.conduct import Impact


@pytest.fixture
async def ruth(firm, visiting):
    async with visiting(firm.firm) as visit:
        yield await visit("ruth")


def release(number: int, at_us: int) -> NewsItem:
    title = f"Release {number}"
    return NewsItem(
        id=str(number), title=title, currency="USD", impact=Impact.HIGH, at_us=at_us, until_us=at_us, all_day=False
    )


async def test_what_is_in_force_is_shown_with_what_is_to_come(ruth, firm, play):
    empty = (await ruth.get("/staff/calendars")).text
    assert "No calendar yet, so rules about news forbid nothing." in empty
    calendar = news_calendar("news", [release(1, firm.now_us - DAY_US), release(2, firm.now_us + DAY_US)])
    firm.put(AdoptCalendar(by="console", calendar=calendar))
    firm.settle()
    page = (await ruth.get("/staff/calendars")).text
    assert calendar.version[:12] in page
    assert "2, of which 1 are still to come" in page
    assert "Release 2" in page
    assert "Release 1" not in page
    assert "rules about news forbid nothing" not in page


async def test_a_calendar_that_is_over_is_warned_of(ruth, firm):
    firm.put(AdoptCalendar(by="console", calendar=news_calendar("news", [release(1, firm.now_us - DAY_US)])))
    firm.settle()
    assert "No release is to come" in (await ruth.get("/staff/calendars")).text
