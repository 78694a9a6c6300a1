"""News from the console: a file is read whole or refused whole, and what the firm goes by can be seen, whether it serves or not."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.to_thread import run_sync

from appliance.console import answer, ask_firm
from appliance.control import serve_control
from appliance.founding import found
from firm.commands import AdoptCalendar
from firm.facts import CalendarAdopted
from firm.instant import parse_utc
from firm.news import NEWS_BYTES_MAX, NewsItem, news_calendar
from firm.terms.conduct import Impact
from storage.files import FirmDirectory

Run = Callable[..., Any]
WEEK = """[
  {"title": "Payrolls", "country": "USD", "date": "2025-06-06T08:30:00-04:00", "impact": "High"},
  {"title": "Bank Holiday", "country": "CHF", "date": "2025-06-09T00:00:00+02:00", "impact": "Holiday"}
]"""
TABLE = "title,currency,impact,at,until\nGolden Week,JPY,holiday,2025-05-03,2025-05-06\n"
ICS = """BEGIN:VCALENDAR
BEGIN:VEVENT
UID:1
SUMMARY:Rate decision
DTSTART:20250605T121500Z
CATEGORIES:EUR,High
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def firm(tmp_path: Path, settings: Any) -> Path:
    directory = tmp_path / "firm"
    found(directory, settings()).close()
    return directory


@pytest.fixture
def week(tmp_path: Path) -> Path:
    path = tmp_path / "week.json"
    path.write_text(WEEK)
    return path


def bring(run: Run, firm: Path, path: Path, *more: str) -> Any:
    return run("calendar", "import", path, *more, "--data-dir", firm)


def shown(run: Run, firm: Path, *more: str) -> Any:
    return json.loads(run("calendar", "show", *more, "--json", "--data-dir", firm).stdout)


def test_a_week_is_imported_once_and_can_be_seen(firm: Path, week: Path, run: Run) -> None:
    assert "No calendar yet" in run("calendar", "show", "--data-dir", firm).stdout
    told = bring(run, firm, week, "--format", "forexfactory")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("news: 2 releases, version ")
    assert told.stdout.endswith(": the firm goes by it from now on\n")
    again = bring(run, firm, week, "--format", "forexfactory")
    assert (again.returncode, again.stdout.endswith(": the firm goes by it already\n")) == (0, True)
    [line] = shown(run, firm)
    assert (line["calendar"], line["releases"], line["first_us"]) == ("news", 2, parse_utc("2025-06-06T12:30"))
    calendar = shown(run, firm, "--name", "news")
    assert [item["title"] for item in calendar["items"]] == ["Payrolls", "Bank Holiday"]
    text = run("calendar", "show", "--name", "news", "--data-dir", firm).stdout
    assert "2025-06-06 12:30 USD  high     Payrolls\n2025-06-08 day   CHF  holiday  Bank Holiday\n" in text


@pytest.mark.parametrize(
    ("kind", "text", "zone", "first"),
    [
        ("csv", TABLE, "Asia/Tokyo", "2025-05-02T15:00"),
        ("csv", TABLE, "UTC", "2025-05-03T00:00"),
        ("ics", ICS, "UTC", "2025-06-05T12:15"),
    ],
)
def test_other_files_and_zones_are_read_as_they_are_named(
    kind: str, text: str, zone: str, first: str, firm: Path, tmp_path: Path, run: Run
) -> None:
    path = tmp_path / "file"
    path.write_text(text)
    told = bring(run, firm, path, "--format", kind, "--zone", zone, "--name", "holidays")
    assert told.returncode == 0, told.stderr
    [line] = shown(run, firm)
    assert (line["calendar"], line["first_us"]) == ("holidays", parse_utc(first))


@pytest.mark.parametrize(
    ("text", "more", "problem"),
    [
        (WEEK.replace("High", "Huge"), (), "item 1: 'Huge' is no impact"),
        (WEEK, ("--name", "The News"), "'The News' is no name of a calendar"),
        (WEEK, ("--zone", "Nowhere"), "'Nowhere' is no zone"),
        ("[]" + " " * (8 * 2**20), (), "bytes: at most"),
    ],
)
def test_what_cannot_be_read_leaves_the_calendar_as_it_was(
    text: str, more: tuple[str, ...], problem: str, firm: Path, week: Path, run: Run
) -> None:
    bring(run, firm, week, "--format", "forexfactory")
    before = shown(run, firm)
    week.write_text(text)
    told = bring(run, firm, week, "--format", "forexfactory", *more)
    assert (told.returncode, problem in told.stderr) == (2, True), told.stderr
    assert shown(run, firm) == before


@pytest.mark.parametrize("words", [("import", "nowhere.json", "--format", "csv"), ("show", "--name", "news")])
def test_what_is_not_there_is_said_so(words: tuple[str, ...], firm: Path, run: Run) -> None:
    told = run("calendar", *words, "--data-dir", firm)
    assert told.returncode == 2
    assert "cannot be read" in told.stderr or "evenhand calendar show lists all" in told.stderr


async def test_a_firm_that_serves_takes_the_largest_calendar(shop: Any) -> None:
    """All titles are quotation marks: nothing grows more on its way, as JSON within JSON."""
    at_us = parse_utc("2025-06-06T12:30")
    items = [
        NewsItem(
            id=f"{number}", title='"' * 76, currency="", impact=Impact.LOW, at_us=at_us, until_us=at_us, all_day=False
        )
        for number in range(15_000)
    ]
    largest = news_calendar("large", items)
    assert NEWS_BYTES_MAX * 95 // 100 < len(largest.canonical) <= NEWS_BYTES_MAX
    path, command = FirmDirectory(shop.directory).control_socket, AdoptCalendar(by="console", calendar=largest)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(shop.machine.runner.run)
        await tasks.start(serve_control, path, lambda request: answer(shop.machine, request))
        [adopted] = await run_sync(ask_firm, shop.directory, command)
        tasks.cancel_scope.cancel()
    assert adopted == CalendarAdopted(version=largest.version, calendar=largest)


MARKET = "date,name,closes,reopens\n2025-11-27,Thanksgiving,13:00,18:00\n2025-12-25,Christmas,,\n"


def test_market_days_are_brought_and_shown_beside_news(run: Run, firm: Path, tmp_path: Path, week: Path) -> None:
    path = tmp_path / "nyse.csv"
    path.write_text(MARKET)
    how = ("--format", "market-days", "--name", "nyse", "--zone", "America/New_York", "--symbols", "US500, US30")
    told = bring(run, firm, path, *how)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("nyse: 2 market days, version ")
    assert "rules that name it go by it from now on" in told.stdout
    assert "the firm goes by it already" in bring(run, firm, path, *how).stdout
    bring(run, firm, week, "--format", "forexfactory")
    assert [(line["kind"], line["calendar"], line["releases"]) for line in shown(run, firm)] == [
        ("news", "news", 2),
        ("market_days", "nyse", 2),
    ]
    said = run("calendar", "show", "--name", "nyse", "--data-dir", firm).stdout
    assert "US500, US30, by the clocks of America/New_York" in said
    assert "2025-11-27 closes 13:00, opens again 18:00: Thanksgiving" in said
    assert "2025-12-25 closed: Christmas" in said


def test_market_days_that_cannot_be_read_say_the_line(run: Run, firm: Path, tmp_path: Path, week: Path) -> None:
    path = tmp_path / "nyse.csv"
    path.write_text(MARKET.replace("13:00", "1 pm"))
    told = bring(run, firm, path, "--format", "market-days", "--name", "nyse", "--zone", "America/New_York")
    assert told.returncode == 2
    assert "line 2: closes '1 pm' is no time of day" in told.stderr
    path.write_text(MARKET)
    told = bring(run, firm, path, "--format", "market-days", "--name", "New York")
    assert "'New York' is no name of a calendar" in told.stderr
    assert "--symbols is for market days" in bring(run, firm, week, "--format", "forexfactory", "--symbols", "X").stderr


def test_a_calendar_without_a_release_is_refused_and_the_one_before_stays(run: Run, firm: Path, week: Path) -> None:
    bring(run, firm, week, "--format", "forexfactory")
    before = shown(run, firm)
    empty = week.with_name("empty.csv")
    empty.write_text(TABLE.partition("\n")[0] + "\n")
    answer = bring(run, firm, empty, "--format", "csv")
    assert answer.returncode == 2
    assert "has no release: without any, news would forbid nothing" in answer.stderr
    assert shown(run, firm) == before
