"""`evenhand calendar import|show`: the economic news and the market days that rules go by."""

import argparse
from pathlib import Path

from appliance.commands.options import Verbs, add_directory, add_json, plain_text, tell, verb
from appliance.console import CommandRefused, ask_firm
from bridges.calendars.content import CONTENT_BYTES_MAX
from bridges.calendars.formats import CalendarFormat, read_calendar
from bridges.calendars.market_days_csv import read_market_days_csv
from firm.commands import AdoptCalendar, AdoptMarketDays
from firm.facts import CalendarAdopted, MarketDaysAdopted
from firm.instant import utc_text
from firm.kinds import body_of
from firm.market_days import MarketDay, MarketDays
from firm.news import NEWS_NAME, BadCalendar, NewsCalendar, NewsItem
from storage.files import open_firm_directory
from storage.reader import LedgerReader
from storage.readmodels.calendars import MARKET_DAYS, NEWS, CalendarLine, all_calendars

VERSION_SHOWN = 12
MARKET_DAYS_FORMAT = "market-days"


def add_to(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "calendar",
        run_show,
        "import and show the economic news and market days that rules go by",
        "evenhand calendar import week.json --format forexfactory",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    brought = verb(
        actions,
        "import",
        run_import,
        "go by the calendar in a file from now on",
        "evenhand calendar import week.json --format forexfactory",
        "It takes the place of the one of its name. docs/calendars.md describes the formats.",
    )
    brought.add_argument("file", type=Path, metavar="FILE", help="read whole, or refused whole")
    brought.add_argument(
        "--format",
        required=True,
        choices=[*(one.value for one in CalendarFormat), MARKET_DAYS_FORMAT],
        help="what kind of file it is",
    )
    brought.add_argument(
        "--symbols",
        type=plain_text,
        default="",
        metavar="A,B",
        help="of market days: the symbols that they concern (default: all)",
    )
    brought.add_argument(
        "--name", type=plain_text, default=NEWS_NAME, help=f"the calendar's (default {NEWS_NAME}, which rules go by)"
    )
    brought.add_argument(
        "--zone", type=plain_text, default="UTC", help="whose days are meant by dates without a time (default UTC)"
    )
    add_directory(brought)
    shown = verb(
        actions, "show", run_show, "list calendars, or the releases of one", "evenhand calendar show --name news"
    )
    shown.add_argument("--name", type=plain_text, default="", help="of which to list every release")
    add_directory(shown)
    add_json(shown)


def run_import(options: argparse.Namespace) -> int:
    if options.format == MARKET_DAYS_FORMAT:
        return _import_market_days(options)
    if options.symbols:
        raise CommandRefused("--symbols is for market days: a release names its currency")
    try:
        calendar = read_calendar(CalendarFormat(options.format), options.name, _content(options.file), options.zone)
    except BadCalendar as bad:
        raise CommandRefused(f"{options.file}: {bad}") from bad
    if not calendar.items:
        raise CommandRefused(
            f"{options.file} has no release: without any, news would forbid nothing. Name a file with releases"
        )
    return _adopt(
        options.data_dir,
        AdoptCalendar(by="console", calendar=calendar),
        f"{calendar.name}: {_count(len(calendar.items))}",
        calendar.version,
        "the firm goes by it from now on",
    )


def _import_market_days(options: argparse.Namespace) -> int:
    symbols = tuple(name.strip() for name in options.symbols.split(",") if name.strip())
    try:
        days = read_market_days_csv(options.name, _content(options.file), options.zone, symbols)
    except BadCalendar as bad:
        raise CommandRefused(f"{options.file}: {bad}") from bad
    return _adopt(
        options.data_dir,
        AdoptMarketDays(by="console", days=days),
        f"{days.name}: {_counted(MARKET_DAYS, len(days.days))}",
        days.version,
        "rules that name it go by it from now on",
    )


def _adopt(directory: Path, command: AdoptCalendar | AdoptMarketDays, what: str, version: str, then: str) -> int:
    """Once: a version that the firm goes by already leaves no second row."""
    told = f"{what}, version {version[:VERSION_SHOWN]}"
    if version in {line.version for line in _lines(directory)}:
        print(f"{told}: the firm goes by it already")
        return 0
    ask_firm(directory, command)
    print(f"{told}: {then}")
    return 0


def run_show(options: argparse.Namespace) -> int:
    lines = _lines(options.data_dir)
    if not options.name:
        none = "No calendar yet, so no news forbid anything: evenhand calendar import FILE --format FORMAT"
        tell(options, lines, "\n".join(map(_line, lines)) or none)
        return 0
    named = [line for line in lines if line.calendar == options.name]
    if not named:
        raise CommandRefused(f"no calendar is called {options.name!r}: evenhand calendar show lists all")
    found = [_calendar(options.data_dir, line) for line in named]
    text = [told for line, one in zip(named, found, strict=True) for told in (_line(line), *_content_lines(one))]
    tell(options, found[0] if len(found) == 1 else found, "\n".join(text))
    return 0


def _content(path: Path) -> bytes:
    """No more of a file than shows that it is too long."""
    try:
        with path.open("rb") as file:
            return file.read(CONTENT_BYTES_MAX + 1)
    except OSError as error:
        raise CommandRefused(f"{path} cannot be read ({error.strerror}): name the file of a calendar") from error


def _lines(directory: Path) -> list[CalendarLine]:
    open_firm_directory(directory)
    with LedgerReader(directory) as reader, reader.connection() as connection:
        return all_calendars(connection)


def _calendar(directory: Path, line: CalendarLine) -> NewsCalendar | MarketDays:
    with LedgerReader(directory) as reader:
        row = reader.row(line.seq)
    assert row is not None, f"row {line.seq} adopted a calendar"
    adopted = body_of(row.kind, row.payload)
    if isinstance(adopted, MarketDaysAdopted):
        return adopted.days
    assert isinstance(adopted, CalendarAdopted)
    return adopted.calendar


def _content_lines(calendar: NewsCalendar | MarketDays) -> list[str]:
    if isinstance(calendar, NewsCalendar):
        return [_release(item) for item in calendar.items]
    concerns = ", ".join(calendar.symbols) or "all symbols"
    return [f"{concerns}, by the clocks of {calendar.zone}", *map(_market_day, calendar.days)]


def _market_day(day: MarketDay) -> str:
    closed = "closed" if day.closes == day.reopens == "00:00" else f"closes {day.closes}"
    again = f", opens again {day.reopens}" if day.reopens != "00:00" else ""
    return f"{day.date.isoformat()} {closed}{again}: {day.name}"


def _count(releases: int) -> str:
    return _counted(NEWS, releases)


def _counted(kind: str, number: int) -> str:
    what = "release" if kind == NEWS else "market day"
    return f"{number} {what}{'' if number == 1 else 's'}"


def _line(line: CalendarLine) -> str:
    span = (
        "nothing" if line.first_us is None or line.last_us is None else f"{_day(line.first_us)} to {_day(line.last_us)}"
    )
    version, adopted = line.version[:VERSION_SHOWN], _minute(line.adopted_us)
    return f"{line.calendar}: {_counted(line.kind, line.releases)}, {span}, version {version}, since {adopted} UTC (row {line.seq})"


def _release(item: NewsItem) -> str:
    at = f"{_day(item.at_us)} day  " if item.all_day else _minute(item.at_us)
    return f"{at} {item.currency or 'all':<4} {item.impact:<8} {item.title}"


def _minute(at_us: int) -> str:
    return utc_text(at_us)[:16].replace("T", " ")


def _day(at_us: int) -> str:
    return utc_text(at_us)[:10]
