"""News: a calendar is a value with a version, in its order in time, and is refused whole where an item could be read in two ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firm.instant import DAY_US, HOUR_US, parse_utc
from firm.news import (
    NEWS_ID_MAX,
    NEWS_ITEMS_MAX,
    NEWS_LASTS_MAX_US,
    NEWS_TITLE_MAX,
    BadCalendar,
    NewsItem,
    news_calendar,
)
from firm.terms.conduct import Impact

AT_US = parse_utc("2025-06-06T12:30")
PAYROLLS = NewsItem(
    id="nfp", title="Payrolls", currency="USD", impact=Impact.HIGH, at_us=AT_US, until_us=AT_US, all_day=False
)


def refusal(*items):
    with pytest.raises(BadCalendar) as refused:
        news_calendar("x", items)
    return str(refused.value)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"id": ""}, "item 1: has no id or no title", id="no id"),
        pytest.param({"title": ""}, "item 1: has no id or no title", id="no title"),
        pytest.param(
            {"title": "x" * (NEWS_TITLE_MAX + 1)}, "its title has more than 200 characters", id="a long title"
        ),
        pytest.param({"id": "x" * (NEWS_ID_MAX + 1)}, "its id has more than 255 characters", id="a long id"),
        pytest.param({"currency": "usd"}, "'usd' is no currency code", id="small letters"),
        pytest.param({"currency": "US"}, "'US' is no currency code", id="a country"),
        pytest.param({"currency": "ÜSD"}, "'ÜSD' is no currency code", id="other letters"),
        pytest.param({"until_us": AT_US - 1}, "'Payrolls' ends before it starts", id="ends before it starts"),
        pytest.param({"all_day": True}, "'Payrolls' ends before it starts", id="a day of no length"),
        pytest.param({"until_us": AT_US + NEWS_LASTS_MAX_US + 1}, "lasts longer than a month", id="too long"),
    ],
)
def test_an_item_that_cannot_be_is_refused(changes, reason):
    assert reason in refusal(replace(PAYROLLS, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "x" * NEWS_TITLE_MAX},
        {"id": "x" * NEWS_ID_MAX},
        {"currency": ""},
        {"until_us": AT_US + NEWS_LASTS_MAX_US},
        {"until_us": AT_US + DAY_US, "all_day": True},
    ],
)
def test_an_item_at_the_edge_of_what_can_be_is_taken(changes):
    assert news_calendar("x", [replace(PAYROLLS, **changes)]).items == (replace(PAYROLLS, **changes),)


def test_two_items_of_one_id_are_refused_with_both_their_titles():
    other = replace(PAYROLLS, title="Rate decision")
    assert refusal(PAYROLLS, other) == "item 2: the id 'nfp' is there twice: 'Payrolls' and 'Rate decision'"


def test_a_refusal_names_the_place_where_the_item_was_read():
    with pytest.raises(BadCalendar, match=r"^line 7: has no id"):
        news_calendar("x", [PAYROLLS, replace(PAYROLLS, id="")], ["line 6", "line 7"])


def test_a_calendar_holds_no_more_than_it_may():
    items = [replace(PAYROLLS, id=f"n{number}") for number in range(NEWS_ITEMS_MAX + 1)]
    assert len(news_calendar("x", items[1:]).items) == NEWS_ITEMS_MAX
    assert refusal(*items) == f"more than {NEWS_ITEMS_MAX} items"


items = st.lists(
    st.builds(replace, st.just(PAYROLLS), id=st.uuids().map(str), at_us=st.integers(AT_US - HOUR_US, AT_US)), max_size=6
)


@given(items, st.randoms())
def test_the_version_does_not_depend_on_the_order_in_which_items_were_told(told, random):
    shuffled = random.sample(told, len(told))
    calendar = news_calendar("x", told)
    assert calendar.version == news_calendar("x", shuffled).version
    assert [item.at_us for item in calendar.items] == sorted(item.at_us for item in told)
    changed = [replace(item, until_us=item.until_us + 1) for item in told]
    assert not told or news_calendar("x", changed).version != calendar.version
