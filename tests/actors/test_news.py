"""Economic news in the engine: which calendar counts, what is done around a release, and what that takes of the profit."""

from msgspec.structs import replace

from actors.names import CALENDARS
from firm.bounds import CALENDARS_MAX
from firm.commands import AdoptCalendar
from firm.facts import CalendarAdopted, Refusal, Refused
from firm.instant import parse_utc
from firm.news import NEWS_NAME, NewsCalendar, NewsItem, news_calendar
from firm.terms.conduct import Impact
from tests.actors.conftest import Stage

RELEASE_US = parse_utc("2014-05-02T12:30")
PAYROLLS = NewsItem(
    id="nfp", title="Payrolls", currency="USD", impact=Impact.HIGH, at_us=RELEASE_US, until_us=RELEASE_US, all_day=False
)
WEEK = news_calendar(NEWS_NAME, [PAYROLLS])


def adopt(stage: Stage, calendar: NewsCalendar = WEEK):
    return stage.put(AdoptCalendar(by="console", calendar=calendar))


# --- which calendar counts ---


def test_the_newest_calendar_of_a_name_counts(stage):
    adopt(stage)
    other = news_calendar("earnings", [replace(PAYROLLS, id="q1")])
    adopt(stage, other)
    moved = news_calendar(NEWS_NAME, [replace(PAYROLLS, at_us=RELEASE_US + 1, until_us=RELEASE_US + 1)])
    adopt(stage, moved)
    assert [fact.version for fact in stage.facts(CalendarAdopted)] == [WEEK.version, other.version, moved.version]
    assert (stage.engine.calendar(NEWS_NAME), stage.engine.calendar("earnings")) == (moved, other)
    assert stage.engine.calendar("holidays") is None


def test_a_calendar_that_counts_already_is_not_written_down_again(stage):
    adopt(stage)
    adopt(stage)
    assert len(stage.facts(CalendarAdopted)) == 1
    assert [fact.refusal for fact in stage.facts(Refused)] == [Refusal.CALENDAR_KNOWN]


def test_a_calendar_that_nobody_could_read_in_one_way_changes_nothing(stage):
    adopt(stage)
    adopt(stage, NewsCalendar(name=NEWS_NAME, items=(PAYROLLS, replace(PAYROLLS, title="Claims"))))
    adopt(stage, NewsCalendar(name="No name", items=(PAYROLLS,)))
    assert [fact.refusal for fact in stage.facts(Refused)] == [Refusal.BAD_CALENDAR] * 2
    assert stage.engine.calendar(NEWS_NAME) == WEEK


def test_releases_lie_in_their_order_however_they_were_told(stage):
    late = replace(PAYROLLS, id="late", at_us=RELEASE_US + 5, until_us=RELEASE_US + 5)
    adopt(stage, NewsCalendar(name=NEWS_NAME, items=(late, PAYROLLS)))
    assert stage.engine.calendar(NEWS_NAME) == news_calendar(NEWS_NAME, [PAYROLLS, late])


def test_a_firm_goes_by_so_many_calendars_and_no_more(stage):
    for number in range(CALENDARS_MAX + 1):
        adopt(stage, news_calendar(f"n{number}", [PAYROLLS]))
    assert [fact.refusal for fact in stage.facts(Refused)] == [Refusal.BAD_CALENDAR]
    adopt(stage, news_calendar("n0", []))
    assert stage.engine.calendar("n0") == news_calendar("n0", [])


def test_the_rows_alone_give_the_same_calendars(stage):
    assert CALENDARS not in stage.engine.capture().states
    adopt(stage)
    again = stage.refolded()
    assert again.calendar(NEWS_NAME) == WEEK
    assert again.capture().states[CALENDARS] == stage.engine.capture().states[CALENDARS]
