"""News that are fetched: only what is new reaches the engine, and where the other side fails the firm goes by what it has."""

import logging
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from actors.arrival import Decided, Overloaded
from appliance.alarms.notice import Alarm, Saying
from appliance.calendar_courier import CalendarCourier, CalendarSettings
from appliance.clock import wall_us
from appliance.settings_file import SettingsRefused, parse_settings
from bridges.calendars.content import CONTENT_BYTES_MAX
from bridges.calendars.formats import CalendarFormat
from firm.commands import AdoptCalendar
from firm.instant import HOUR_US
from firm.news import NEWS_NAME

WEEK = b'[{"title": "Payrolls", "country": "USD", "date": "2025-06-06T08:30:00-04:00", "impact": "High"}]'


@pytest.fixture
def paper(sinks: Any) -> Iterator[Any]:
    """Where news are published."""
    with sinks.running(sinks.HttpSink([])) as sink:
        sink.answers, sink.body = [200] * 100, WEEK
        yield sink


@pytest.fixture
def courier(shop: Any, paper: Any, outbound: Any) -> CalendarCourier:
    """The firm's own, which asks its engine; there is nothing else to decide."""
    machine = shop.machine

    async def ask(command: AdoptCalendar) -> Decided:
        [decided] = machine.decide_now([command])
        return decided

    def version() -> str:
        adopted = machine.engine.calendar(NEWS_NAME)
        return "" if adopted is None else adopted.version

    return CalendarCourier(
        CalendarSettings(url=f"{paper.url}/week.json?key=T0KEN"),
        version,
        ask,
        outbound(paper.url, circuit_failures_max=100),
        lambda: setattr(machine, "calendar_current_us", wall_us()),
    )


def never() -> None:
    raise AssertionError("nothing was published")


def titles(shop: Any) -> list[str]:
    adopted = shop.machine.engine.calendar(NEWS_NAME)
    return [] if adopted is None else [item.title for item in adopted.calendar.items]


async def test_news_are_taken_once_and_again_when_they_changed(shop: Any, paper: Any, courier: CalendarCourier) -> None:
    await courier.look()
    assert titles(shop) == ["Payrolls"]
    size = shop.machine.engine.size
    await courier.look()
    assert shop.machine.engine.size == size
    paper.body = WEEK.replace(b"Payrolls", b"Nonfarm payrolls")
    await courier.look()
    assert titles(shop) == ["Nonfarm payrolls"]


async def test_what_was_read_is_not_sent_again(shop: Any, paper: Any, courier: CalendarCourier) -> None:
    paper.tags = {"etag": '"7"', "last-modified": "Fri, 06 Jun 2025 12:00:00 GMT"}
    await courier.look()
    paper.answers, paper.body = [304], b""
    await courier.look()
    first, second = (heard.headers for heard in paper.heard)
    assert "if-none-match" not in first
    assert (second["if-none-match"], second["if-modified-since"]) == ('"7"', "Fri, 06 Jun 2025 12:00:00 GMT")
    assert second["accept-encoding"] == "identity"
    assert titles(shop) == ["Payrolls"]


@pytest.mark.parametrize("told", ['W/"caf\u00e9"', f'"{"7" * 1_023}"', '"7\t8"', ""])
async def test_what_no_request_may_say_is_not_kept_of_an_answer_and_the_rest_is(
    told: str, shop: Any, paper: Any, courier: CalendarCourier
) -> None:
    paper.tags = {"etag": told, "last-modified": "Fri, 06 Jun 2025 12:00:00 GMT"}
    await courier.look()
    paper.body = WEEK.replace(b"Payrolls", b"Claims")
    await courier.look()
    assert titles(shop) == ["Claims"]
    assert "if-none-match" not in paper.heard[-1].headers
    assert paper.heard[-1].headers["if-modified-since"] == "Fri, 06 Jun 2025 12:00:00 GMT"


async def test_a_validator_of_1024_characters_is_kept(paper: Any, courier: CalendarCourier) -> None:
    paper.tags = {"etag": f'"{"7" * 1_022}"'}
    await courier.look()
    await courier.look()
    assert paper.heard[-1].headers["if-none-match"] == paper.tags["etag"]


async def test_after_a_refused_call_the_next_look_asks_for_all_of_it(
    shop: Any, paper: Any, courier: CalendarCourier
) -> None:
    paper.tags = {"etag": '"7"'}
    await courier.look()
    paper.answers, paper.tags = [302], {"etag": '"8"', "location": "https://169.254.169.254/"}
    await courier.look()
    paper.answers, paper.tags, paper.body = [200], {}, WEEK.replace(b"Payrolls", b"Claims")
    await courier.look()
    assert titles(shop) == ["Claims"]
    assert ["if-none-match" in heard.headers for heard in paper.heard] == [False, True, False]


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (503, WEEK, "it answered 503"),
        (301, WEEK, "calendar leads on and on"),
        (200, b"<html>", "it is no list of JSON objects"),
        (200, WEEK.replace(b"High", b"Huge"), "item 1: 'Huge' is no impact"),
        (200, b"[]", "it has no release"),
        (200, b"[" + b" " * CONTENT_BYTES_MAX, f"127.0.0.1 answered with more than {CONTENT_BYTES_MAX} bytes"),
    ],
)
async def test_where_it_fails_the_calendar_stays_and_the_log_says_so_once(
    status: int,
    body: bytes,
    told: str,
    shop: Any,
    paper: Any,
    courier: CalendarCourier,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    await courier.look()
    whole, paper.body, paper.answers = paper.body, body, [status] * 6
    paper.tags = {"etag": '"8"'}
    await courier.look()
    await courier.look()
    assert titles(shop) == ["Payrolls"]
    [line] = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert line.startswith("the calendar was not taken (")
    assert told in line
    assert line.endswith("): the firm goes by the one before")
    assert "T0KEN" not in caplog.text
    paper.answers, paper.body = [200], whole.replace(b"Payrolls", b"Claims")
    await courier.look()
    assert titles(shop) == ["Claims"]
    assert "if-none-match" not in paper.heard[-1].headers


@pytest.mark.fires(Alarm.CALENDAR_OLD)
async def test_a_calendar_that_nobody_could_ask_for(
    shop: Any, look: Any, paper: Any, courier: CalendarCourier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be as it was published; but after a day whoever trades by it should know that nobody can say so."""
    monkeypatch.setattr("appliance.alarms.book.OVER_AFTER_S", 0)
    machine, heard = shop.machine, []
    machine.settings = msgspec.structs.replace(machine.settings, calendar=CalendarSettings(url="https://news.example/"))
    for hours, status in ((25, 500), (26, 500), (26, 200), (26, 304)):
        machine.calendar_current_us, paper.answers = wall_us() - hours * HOUR_US, [status] * 3
        await courier.look()
        heard.append([(notice.saying, notice.text) for notice in await look(machine, Alarm.CALENDAR_OLD)])
    text = "whether the calendar of news is the newest has not been known for 26 hours"
    assert heard == [[], [(Saying.RAISED, text)], [(Saying.OVER, text)], []]


async def test_a_calendar_that_is_not_fetched_grows_not_old(shop: Any, look: Any) -> None:
    shop.machine.calendar_current_us = 0
    assert await look(shop.machine, Alarm.CALENDAR_OLD) == []


async def test_an_engine_that_takes_nothing_now_is_asked_again(
    paper: Any, outbound: Any, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[AdoptCalendar] = []

    async def ask(command: AdoptCalendar) -> Decided:
        asked.append(command)
        raise Overloaded("the firm's disk is full")

    courier = CalendarCourier(CalendarSettings(url=paper.url), lambda: "", ask, outbound(paper.url), never)
    await courier.look()
    await courier.look()
    assert [command.by for command in asked] == ["courier", "courier"]
    assert "was not taken (the firm's disk is full)" in caplog.text


async def test_nobody_there_is_no_fault_of_the_firm(shop: Any, outbound: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings = CalendarSettings(url="http://127.0.0.1:9/")
    courier = CalendarCourier(settings, lambda: "", shop.machine.ask, outbound(settings.url), never)
    await courier.look()
    assert "was not taken (127.0.0.1 took no connection: see whether it is up)" in caplog.text


async def test_without_a_url_nothing_is_fetched(shop: Any) -> None:
    await CalendarCourier(CalendarSettings(), lambda: "", shop.machine.ask, shop.machine.outbound, never).run()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('url = "http://news.example/week.json"', "calendar.url must begin with https://"),
        ('zone = "Nowhere"', "'Nowhere' is no zone"),
        ('format = "xml"', "calendar.format"),
        ("every_min = 4", "calendar.every_min"),
    ],
)
def test_a_calendar_that_nobody_could_fetch_is_refused(line: str, told: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        parse_settings(f'[firm]\nname = "A"\nslug = "a"\n[calendar]\n{line}\n', "evenhand.toml")
    assert told in str(refused.value)


def test_what_is_fetched_is_a_week_of_forexfactory_each_hour_unless_it_is_said_otherwise() -> None:
    usual = CalendarSettings(url="https://news.example/week.json")
    assert (usual.format, usual.zone, usual.every_min) == (CalendarFormat.FOREXFACTORY, "UTC", 60)
