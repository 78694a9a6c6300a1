"""`evenhand calendar import|show`: the economic news that rules about news go by."""

import argparse
from pathlib import Path

from appliance.commands.options import Verbs, add_directory, add_json, plain_text, tell, verb
from appliance.console import CommandRefused, ask_firm
from bridges.calendars.content import CONTENT_BYTES_MAX
from bridges.calendars.formats import CalendarFormat, read_calendar
from firm.commands import AdoptCalendar
from firm.facts import CalendarAdopted
from firm.instant import utc_text
from firm.kinds import body_of
from firm.news import NEWS_NAME, BadCalendar, NewsCalendar, NewsItem
from storage.files import open_firm_directory
from storage.reader import LedgerReader
from storage.readmodels.calendars import CalendarLine, all_calendars

VERSION_SHOWN = 12


def add_to(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "calendar",
        run_show,
        "import and show the economic news that rules go by",
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
        "--format", required=True, choices=[one.value for one in CalendarFormat], help="what kind of file it is"
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
    try:
        calendar = read_calendar(CalendarFormat(options.format), options.name, _content(options.file), options.zone)
    except BadCalendar as bad:
        raise CommandRefused(f"{options.file}: {bad}") from bad
    told = f"{calendar.name}: {_count(len(calendar.items))}, version {calendar.version[:VERSION_SHOWN]}"
    if calendar.version in {line.version for line in _lines(options.data_dir)}:
        print(f"{told}: the firm goes by it already")
        return 0
    ask_firm(options.data_dir, AdoptCalendar(by="console", calendar=calendar))
    print(f"{told}: the firm goes by it from now on")
    return 0


def run_show(options: argparse.Namespace) -> int:
    lines = _lines(options.data_dir)
    if not options.name:
        none = "No calendar yet, so no news forbid anything: evenhand calendar import FILE --format FORMAT"
        tell(options, lines, "\n".join(map(_line, lines)) or none)
        return 0
    line = next((line for line in lines if line.calendar == options.name), None)
    if line is None:
        raise CommandRefused(f"no calendar is called {options.name!r}: evenhand calendar show lists all")
    calendar = _calendar(options.data_dir, line)
    tell(options, calendar, "\n".join([_line(line), *map(_release, calendar.items)]))
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


def _calendar(directory: Path, line: CalendarLine) -> NewsCalendar:
    with LedgerReader(directory) as reader:
        row = reader.row(line.seq)
    assert row is not None, f"row {line.seq} adopted a calendar"
    adopted = body_of(row.kind, row.payload)
    assert isinstance(adopted, CalendarAdopted)
    return adopted.calendar


def _count(releases: int) -> str:
    return f"{releases} release{'' if releases == 1 else 's'}"


def _line(line: CalendarLine) -> str:
    span = (
        "nothing" if line.first_us is None or line.last_us is None else f"{_day(line.first_us)} to {_day(line.last_us)}"
    )
    version, adopted = line.version[:VERSION_SHOWN], _minute(line.adopted_us)
    return f"{line.calendar}: {_count(line.releases)}, {span}, version {version}, since {adopted} UTC (row {line.seq})"


def _release(item: NewsItem) -> str:
    at = f"{_day(item.at_us)} day  " if item.all_day else _minute(item.at_us)
    return f"{at} {item.currency or 'all':<4} {item.impact:<8} {item.title}"


def _minute(at_us: int) -> str:
    return utc_text(at_us)[:16].replace("T", " ")


def _day(at_us: int) -> str:
    return utc_text(at_us)[:10]
