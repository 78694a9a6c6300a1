"""Calendar files: news as ForexFactory's JSON, as CSV and as iCalendar, read exactly or refused with the line and the reason."""

import json
import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridges.calendars.content import CONTENT_BYTES_MAX
from bridges.calendars.csv_file import read_csv
from bridges.calendars.csv_rows import FIELD_LENGTH_MAX
from bridges.calendars.forexfactory_json import read_forexfactory_json
from bridges.calendars.formats import CalendarFormat, read_calendar
from bridges.calendars.ics_file import read_ics
from bridges.calendars.ics_lines import LINE_BYTES_MAX
from bridges.calendars.market_days_csv import read_market_days_csv
from firm.instant import utc_text
from firm.market_days import MARKET_DAYS_MAX
from firm.news import NEWS_ITEMS_MAX, BadCalendar

NEW_YORK = "America/New_York"


def rows(calendar):
    """Title, currency, impact, from, to (to the minute, UTC), and whether it lasts all day."""
    return [
        (one.title, one.currency, one.impact.value, utc_text(one.at_us)[:16], utc_text(one.until_us)[:16], one.all_day)
        for one in calendar.items
    ]


def refusal(read, content, zone=NEW_YORK):
    with pytest.raises(BadCalendar) as refused:
        read("x", content, zone)
    return str(refused.value)


@pytest.mark.parametrize("read", [read_forexfactory_json, read_csv, read_ics])
def test_a_file_that_is_too_large_and_a_zone_that_is_none_are_refused(read):
    assert "8388609 bytes: at most 8388608" in refusal(read, b"x" * (CONTENT_BYTES_MAX + 1))
    for zone in ("Mars/Olympus", "", "../etc/passwd"):
        assert "is no zone of the zone database" in refusal(read, b"", zone)


# --- ForexFactory's JSON ---

PAYROLLS = {
    "title": "Non-Farm Employment Change",
    "country": "USD",
    "date": "2025-06-06T08:30:00-04:00",
    "impact": "High",
    "forecast": "126K",
    "previous": "177K",
}


def forexfactory(*changes):
    return json.dumps([PAYROLLS | change for change in changes]).encode()


def test_a_week_of_forexfactory():
    content = forexfactory(
        {},
        {"title": "OPEC Meetings", "country": "All", "impact": "Medium", "date": "2025-06-05T00:00:00-04:00"},
        {"title": "Bank Holiday", "country": "CHF", "impact": "Holiday", "date": "2025-06-09T03:00:00-04:00"},
        {"title": "Industrial Production", "country": "EUR", "impact": "Low", "date": "2025-06-10"},
        {"title": "Daylight Saving Time Shift", "impact": "Non-Economic"},
    )
    calendar = read_forexfactory_json("week", content, "Europe/Berlin")
    assert rows(calendar) == [
        ("OPEC Meetings", "", "medium", "2025-06-05T04:00", "2025-06-05T04:00", False),
        ("Non-Farm Employment Change", "USD", "high", "2025-06-06T12:30", "2025-06-06T12:30", False),
        ("Bank Holiday", "CHF", "holiday", "2025-06-09T04:00", "2025-06-10T04:00", True),
        ("Industrial Production", "EUR", "low", "2025-06-09T22:00", "2025-06-10T22:00", True),
    ]
    assert [item.id for item in calendar.items][:2] == [
        "2025-06-05T04:00 OPEC Meetings",
        "2025-06-06T12:30 USD Non-Farm Employment Change",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "it is no list of JSON objects", id="nothing"),
        pytest.param(b'{"a": 1}', "it is no list of JSON objects", id="no list"),
        pytest.param(b"[" * 100_000, "it is no list of JSON objects", id="a deep hole"),
        pytest.param(b"[1]", "item 1: Expected `object`, got `int`", id="no object"),
        pytest.param(b'[{"title": "x"}]', "item 1: Object missing required field `country`", id="a field is missing"),
        pytest.param(forexfactory({}, {"date": ""}), "item 2: 'Non-Farm Employment Change' has no date", id="undated"),
        pytest.param(forexfactory({"date": "Friday"}), "item 1: 'Friday' is no date and time", id="no date"),
        pytest.param(forexfactory({"date": "2025-06-31"}), "item 1: 2025-06-31 is on no calendar", id="no such day"),
        pytest.param(forexfactory({"date": "2025-06-06T08:30:00"}), "says no offset from UTC", id="no offset"),
        pytest.param(forexfactory({"date": "1999-12-31T23:59:59Z"}), "before 2000 or after 2099", id="long ago"),
        pytest.param(forexfactory({"date": "9999-12-31", "impact": "Holiday"}), "before 2000", id="the end of time"),
        pytest.param(
            forexfactory({"country": "Mars"}), "item 1: 'Mars' is no currency code, nor All", id="no currency"
        ),
        pytest.param(forexfactory({"impact": "huge"}), "item 1: 'huge' is no impact", id="no impact"),
        pytest.param(forexfactory({"title": " "}), "item 1: has no id or no title", id="no title"),
        pytest.param(forexfactory({"impact": "Non-Economic"}, {}, {}), "item 3: the id", id="twice"),
    ],
)
def test_forexfactory_is_refused_with_the_item(content, reason):
    assert reason in refusal(read_forexfactory_json, content)


# --- CSV ---

CSV = """\
Title,currency,impact,at,until
Payrolls,USD,high,2025-06-06T08:30:00-04:00,

"Speech, with questions",eur,Medium,2025-06-05T12:00Z,2025-06-05T13:30Z
Golden Week,JPY,holiday,2025-05-03,2025-05-06
"""


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_table_of_news(mark, ending):
    content = mark + CSV.replace("\n", ending).encode()
    assert rows(read_csv("table", content, "Asia/Tokyo")) == [
        ("Golden Week", "JPY", "holiday", "2025-05-02T15:00", "2025-05-06T15:00", True),
        ("Speech, with questions", "EUR", "medium", "2025-06-05T12:00", "2025-06-05T13:30", False),
        ("Payrolls", "USD", "high", "2025-06-06T12:30", "2025-06-06T12:30", False),
    ]


def test_an_id_may_be_given():
    content = b"id,title,currency,impact,at\nnfp-june,Payrolls,USD,high,2025-06-06T12:30Z\n"
    assert [item.id for item in read_csv("x", content, NEW_YORK).items] == ["nfp-june"]


HEADER = b"title,currency,impact,at,until\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "it is empty: its first line names the columns at, currency, impact, title", id="empty"),
        pytest.param(b"title,currency\n", "line 1: no column at, impact", id="columns are missing"),
        pytest.param(HEADER[:-1] + b",mood\n", "line 1: unknown column mood", id="an unknown column"),
        pytest.param(HEADER[:-1] + b",at\n", "line 1: a column is there twice", id="a column twice"),
        pytest.param(HEADER + b"\nx,USD,high\n", "line 3: 3 fields where the header has 5", id="a short row"),
        pytest.param(HEADER + b'"x\ny",USD,high,,\n', "line 3: has no date", id="undated, over two lines"),
        pytest.param(HEADER + b'"x"y,USD,high,,\n', "line 2: ", id="a quote within"),
        pytest.param(HEADER + b'"x,USD,high,,\n', "line 2: unexpected end of data", id="a quote that does not end"),
        pytest.param(HEADER + b"x\xff,USD,high,,\n", "line 2: it is no UTF-8", id="another encoding"),
        pytest.param(HEADER + b"x" * (FIELD_LENGTH_MAX + 1) + b",USD,high,,\n", "line 2: a field of more", id="long"),
        pytest.param(HEADER + b"x,USD,high,2025-06-06,2025-06-06T12:00Z\n", "begins with a date", id="half a day"),
        pytest.param(HEADER + b"x,USD,high,2025-06-06T12:00Z,2025-06-06\n", "says no offset", id="ends with a date"),
        pytest.param(
            HEADER + b"x,USD,high,2025-06-06T12:00Z,2025-06-06T11:59Z\n", "line 2: 'x' ends before", id="back"
        ),
        pytest.param(HEADER + b"x,USD,high,2025-06-06,2025-06-05\n", "line 2: 'x' ends before", id="days back"),
        pytest.param(HEADER + 2 * b"x,USD,high,2025-06-06,\n", "line 3: the id", id="twice"),
        pytest.param(HEADER + b"x,USD,high,2025-02-30,\n", "line 2: 2025-02-30 is on no calendar", id="no such day"),
        pytest.param(
            HEADER + b"x,USD,high,2025-06-06,\n" * (NEWS_ITEMS_MAX + 1), "more than 20000 items", id="too many"
        ),
    ],
)
def test_a_table_is_refused_with_the_line(content, reason):
    assert reason in refusal(read_csv, content)


# --- iCalendar ---

EVENT = {
    "UID": "nfp@example",
    "SUMMARY": "Payrolls",
    "CATEGORIES": "USD,High",
    "DTSTART": "20250606T123000Z",
}


def ics(*events, ending="\r\n"):
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0"]
    for number, event in enumerate(events):
        told = EVENT | {"UID": f"n{number}"} | event
        lines += [
            "BEGIN:VEVENT",
            *(f"{name}:{value}" for name, value in told.items() if value is not None),
            "END:VEVENT",
        ]
    return ending.join([*lines, "END:VCALENDAR", ""]).encode()


BERLIN = "DTSTART;TZID=Europe/Berlin"
WHOLE = "DTSTART;VALUE=DATE"


@pytest.mark.parametrize(
    ("event", "at", "until", "all_day"),
    [
        pytest.param({}, "2025-06-06T12:30", "2025-06-06T12:30", False, id="UTC"),
        pytest.param({"DTEND": "20250606T133000Z"}, "2025-06-06T12:30", "2025-06-06T13:30", False, id="to its end"),
        pytest.param({"DURATION": "PT1H30M"}, "2025-06-06T12:30", "2025-06-06T14:00", False, id="so long"),
        pytest.param({"DURATION": "P1DT2S"}, "2025-06-06T12:30", "2025-06-07T12:30", False, id="a day and two seconds"),
        pytest.param({"DURATION": "P1W"}, "2025-06-06T12:30", "2025-06-13T12:30", False, id="a week"),
        pytest.param({"DTSTART": None, BERLIN: "20250606T143000"}, "2025-06-06T12:30", "2025-06-06T12:30", False,
                     id="in a zone"),
        pytest.param({"DTSTART": None, BERLIN: "20250330T023000"}, "2025-03-30T01:30", "2025-03-30T01:30", False,
                     id="a time that is skipped: by the offset before the gap"),
        pytest.param({"DTSTART": None, BERLIN: "20251026T023000"}, "2025-10-26T00:30", "2025-10-26T00:30", False,
                     id="a time that comes twice: the first"),
        pytest.param({"DTSTART": None, WHOLE: "20250704"}, "2025-07-04T04:00", "2025-07-05T04:00", True, id="a day"),
        pytest.param({"DTSTART": None, WHOLE: "20250704", "DTEND;VALUE=DATE": "20250706"},
                     "2025-07-04T04:00", "2025-07-06T04:00", True, id="two days"),
        pytest.param({"DTSTART": None, 'DTSTART;X-A="a:b;c";VALUE=DATE-TIME': "20250606T123000Z"},
                     "2025-06-06T12:30", "2025-06-06T12:30", False, id="parameters in quotes"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ending", ["\r\n", "\n"])
def test_when_an_event_is(event, at, until, all_day, ending):
    assert rows(read_ics("x", ics(event, ending=ending), NEW_YORK)) == [("Payrolls", "USD", "high", at, until, all_day)]


@pytest.mark.parametrize(
    ("event", "currency", "impact"),
    [
        ({"CATEGORIES": "low,gbp"}, "GBP", "low"),
        ({"CATEGORIES": "All,High"}, "", "high"),
        ({"CATEGORIES": "USD", "PRIORITY": "1"}, "USD", "high"),
        ({"CATEGORIES": "USD", "PRIORITY": "4"}, "USD", "high"),
        ({"CATEGORIES": "USD", "PRIORITY": "5"}, "USD", "medium"),
        ({"CATEGORIES": "USD", "PRIORITY": "6"}, "USD", "low"),
        ({"CATEGORIES": "USD", "PRIORITY": "9"}, "USD", "low"),
        ({"CATEGORIES": "USD,medium", "PRIORITY": "1"}, "USD", "medium"),
    ],
)
def test_what_an_event_concerns(event, currency, impact):
    ((_, found, its_impact, *_),) = rows(read_ics("x", ics(event), NEW_YORK))
    assert (found, its_impact) == (currency, impact)


def test_text_is_folded_within_a_character_and_escaped():
    content = ics({"SUMMARY": r"Réunion\, Paris\nthe end\\"}).replace("é".encode(), b"\xc3\r\n \xa9")
    assert rows(read_ics("x", content, NEW_YORK))[0][0] == "Réunion, Paris the end\\"


def test_what_is_within_an_event_or_beside_it_is_passed_over_and_a_cancelled_one_left_out():
    alarm = "BEGIN:VALARM\r\nDTSTART:20000101T000000Z\r\nRRULE:FREQ=DAILY\r\nEND:VALARM"
    zone = b"BEGIN:VTIMEZONE\r\nBEGIN:STANDARD\r\nDTSTART:1970\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT"
    content = ics({"SUMMARY": f"Payrolls\r\n{alarm}"}, {"STATUS": "CANCELLED", "DTSTART": "nonsense"})
    assert [row[0] for row in rows(read_ics("x", content.replace(b"BEGIN:VEVENT", zone, 1), NEW_YORK))] == ["Payrolls"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"Hello", "line 1: it is no property of an iCalendar", id="no calendar"),
        pytest.param(b"VERSION:2.0\n", "line 1: it stands outside of a VCALENDAR", id="outside"),
        pytest.param(b"BEGIN:VEVENT\n", "line 1: VEVENT begins where it cannot", id="an event alone"),
        pytest.param(b"BEGIN:VCALENDAR\n", "it ends within a VCALENDAR", id="cut"),
        pytest.param(b"BEGIN:VCALENDAR\nEND:VEVENT\n", "line 2: VEVENT ends, which is not open", id="crossed"),
        pytest.param(b"END:VCALENDAR\n", "line 1: VCALENDAR ends, which is not open", id="never begun"),
        pytest.param(b"BEGIN:VCALENDAR\n" + b"BEGIN:X\n" * 8, "line 9: X begins where it cannot", id="deep"),
        pytest.param(b"BEGIN:VCALENDAR\nX:\xff\n", "line 2: it is no UTF-8", id="another encoding"),
        pytest.param(b"BEGIN:VCALENDAR\nX:" + b"x" * LINE_BYTES_MAX, "line 2: it has 16386 bytes", id="a long line"),
        pytest.param(b"BEGIN:VCALENDAR\nX:1\n " + b"x" * LINE_BYTES_MAX, "line 2: it has", id="a long folded line"),
        pytest.param(ics({"DTSTART": None}), "line 3: an event without DTSTART", id="undated"),
        pytest.param(ics({"UID": None}), "line 3: an event without UID", id="no id"),
        pytest.param(ics({"CATEGORIES": None}), "line 3: an event without CATEGORIES", id="no currency"),
        pytest.param(ics({"CATEGORIES": "USD,EUR"}), "line 6: 'USD,EUR' names not one currency", id="two currencies"),
        pytest.param(ics({"CATEGORIES": "High"}), "line 6: 'High' names not one currency", id="only an impact"),
        pytest.param(ics({"CATEGORIES": "USD,low,high"}), "at most one impact", id="two impacts"),
        pytest.param(ics({"CATEGORIES": "Economy,high"}), "'Economy' is no currency code", id="a word"),
        pytest.param(ics({"CATEGORIES": "USD"}), "neither CATEGORIES nor PRIORITY says an impact", id="no impact"),
        pytest.param(ics({"CATEGORIES": "USD", "PRIORITY": "0"}), "neither CATEGORIES nor PRIORITY", id="undefined"),
        pytest.param(ics({"DTSTART": "20250606T123000"}), "line 7: DTSTART 20250606T123000 has no zone", id="floating"),
        pytest.param(ics({"DTSTART": "20250606"}), "is no time such as", id="a date that is not said to be one"),
        pytest.param(ics({"DTSTART": "20250631T123000Z"}), "is on no calendar", id="no such day"),
        pytest.param(ics({"DTSTART": "00010101T000000Z"}), "before 2000 or after 2099", id="the first day"),
        pytest.param(ics({"DTSTART": None, "DTSTART;TZID=Eastern Time": "20250606T123000"}),
                     "line 7: 'Eastern Time' is no zone", id="a zone of another database"),
        pytest.param(ics({"DTSTART": None, WHOLE: "20250606T123000Z"}), "is no date such as", id="a time as a date"),
        pytest.param(ics({"DTSTART": None, WHOLE: "20250606", "DTEND": "20250607T000000Z"}), "is no date", id="mixed"),
        pytest.param(ics({"DTSTART": None, WHOLE: "20250606", "DTEND;VALUE=DATE": "20250606"}), "ends before", id="no day"),
        pytest.param(ics({"DTSTART": None, WHOLE: "20250606", "DTEND;VALUE=DATE": "00010101"}), "before 2000", id="0001"),
        pytest.param(ics({"DTSTART": None, WHOLE: "20250606", "DURATION": "P1D"}), "give it a DTEND", id="a day so long"),
        pytest.param(ics({"DTEND": "20250606T122959Z"}), "line 3: 'Payrolls' ends before it starts", id="back"),
        pytest.param(ics({"DTEND": "20250606T133000Z", "DURATION": "PT1H"}), "both DTEND and DURATION", id="two ends"),
        *(pytest.param(ics({"DURATION": text}), f"DURATION {text!r} is none", id=f"duration {text}")
          for text in ("P", "PT", "P1DT", "-PT1H", "1H", "P1H")),
        pytest.param(ics({"RRULE": "FREQ=WEEKLY"}), "line 8: RRULE: releases that repeat", id="it repeats"),
        pytest.param(ics({"SUMMARY": "a\r\nSUMMARY:b"}), "line 6: a second SUMMARY in one event", id="two titles"),
        pytest.param(ics({"UID": "a"}, {"UID": "a"}), "line 9: the id 'a' is there twice", id="an id twice"),
    ],
)  # fmt: skip
def test_an_icalendar_is_refused_with_the_line(content, reason):
    assert reason in refusal(read_ics, content)


def test_an_icalendar_holds_no_more_than_a_calendar_may():
    assert f"more than {NEWS_ITEMS_MAX} items" in refusal(read_ics, ics(*[{}] * (NEWS_ITEMS_MAX + 1)))


# --- market days ---


def market_days_refusal(content, zone=NEW_YORK):
    return refusal(lambda name, told, zone: read_market_days_csv(name, told, zone, ()), content, zone)


def test_a_table_of_market_days():
    content = b"date,name,closes,reopens\n2025-11-28,Day after,13:15,\n2025-11-27,Thanksgiving,13:00,18:00\n2025-12-25,Christmas,,\n"
    found = read_market_days_csv("US", content, NEW_YORK, ("US500",))
    assert (found.name, found.symbols) == ("US", ("US500",))
    assert [(utc_text(since)[:16], utc_text(until)[:16]) for since, until in found.stretches()] == [
        ("2025-11-27T18:00", "2025-11-27T23:00"),
        ("2025-11-28T18:15", "2025-11-29T05:00"),
        ("2025-12-25T05:00", "2025-12-26T05:00"),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"date,name\nsoon,x\n", "line 2: 'soon' is no date such as"),
        (b"date,name\n2025-02-30,x\n", "line 2: 2025-02-30 is on no calendar"),
        (b"date,name\n1900-01-01,x\n", "line 2: 1900-01-01T00:00:00+00:00 lies before 2000"),
        (b"date,name,closes\n2025-01-01,x,25:00\n", "line 2: closes '25:00' is no time of day"),
        (b"date,name,closes\n2025-01-01,x,9:00\n", "line 2: closes '9:00' is no time of day"),
        (b"date,name\n2025-01-01,x\n2025-01-01,y\n", "2025-01-01 is there twice"),
        (b"date,name\n" + b"2025-01-01,x\n" * (MARKET_DAYS_MAX + 1), "more than 2000 days"),
    ],
)
def test_a_table_of_market_days_is_refused(content, reason):
    assert reason in market_days_refusal(content)


def test_market_days_of_no_zone_are_refused():
    assert "'Wall Street' is no zone" in market_days_refusal(b"date,name\n", "Wall Street")


# --- what is told of it ---


def test_the_examples_that_the_documentation_gives_are_read():
    told = (Path(__file__).resolve().parents[3] / "docs/calendars.md").read_text(encoding="utf-8")
    news, days = (block.encode() for block in re.findall(r"^```\n(.*?)^```$", told, re.DOTALL | re.MULTILINE))
    assert [item.title for item in read_csv("x", news, NEW_YORK).items] == ["Golden Week", "Speech", "Payrolls"]
    assert len(read_market_days_csv("x", days, NEW_YORK, ()).days) == 3


# --- whatever bytes there are ---

pieces = st.sampled_from(
    [
        *(b"BEGIN:VCALENDAR\n", b"BEGIN:VEVENT\n", b"END:VEVENT\n", b"END:VCALENDAR\n", b"\n ", b"\x00", b"\xff"),
        *(b"UID:a\n", b"SUMMARY:b\n", b"CATEGORIES:USD,low\n", b"DTSTART:20250606T123000Z\n", b"DURATION:P9999W\n"),
        *(b"DTSTART;VALUE=DATE:20250606\n", b"DTEND;TZID=UTC:99991231T235959\n", b"DTEND;VALUE=DATE:00010101\n"),
        *(b"title,currency,impact,at\n", b"x,USD,low,2025-06-06\n", b'"', b"[", b"]", b"{}", b","),
        *(b'{"title":"x","country":"USD",', b'"date":"0001-01-01T00:00:00+14:00","impact":"Holiday"}'),
        b'"date":"9999-12-31T23:59:59-14:00","impact":"low"}',
    ]
)


@given(st.one_of(st.binary(max_size=200), st.lists(pieces, max_size=14).map(b"".join)))
def test_any_bytes_are_a_calendar_or_a_refusal(content):
    for read in (read_forexfactory_json, read_csv, read_ics):
        with suppress(BadCalendar):
            calendar = read("x", content, "Pacific/Kiritimati")
            assert all(item.at_us <= item.until_us for item in calendar.items)


# --- what would lift every rule, or be read otherwise than it is ---


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (CalendarFormat.FOREXFACTORY, b"[]"),
        (CalendarFormat.FOREXFACTORY, forexfactory({"impact": "Non-Economic"})),
        (CalendarFormat.CSV, b"title,currency,impact,at\n"),
        (CalendarFormat.ICS, b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"),
    ],
)
def test_a_calendar_without_a_release_is_refused(kind, content):
    with pytest.raises(BadCalendar, match=r"no release|no event|VEVENT"):
        read_calendar(kind, "news", content, NEW_YORK)


@pytest.mark.parametrize("field", ["title", "country", "date", "impact"])
def test_a_field_that_stands_twice_is_refused(field):
    content = forexfactory({}).replace(b"[{", b'[{"%s": "Claims", ' % field.encode(), 1)
    assert f"item 1: {field} stands twice" in refusal(read_forexfactory_json, content)


@pytest.mark.parametrize("sign", ["\u0000", "\u202e", "\u2066", "\u200b"])
def test_a_title_with_what_nobody_sees_is_refused(sign):
    assert f"U+{ord(sign):04X}" in refusal(read_forexfactory_json, forexfactory({"title": f"Pay{sign}rolls"}))
