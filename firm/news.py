"""News: a calendar of economic releases as a value, with a version that a decision can name.

It is refused whole where one item could be read in two ways: ids that are there twice, an end before a start, more than can be held.
"""

import hashlib
import re
from collections.abc import Sequence

import msgspec

from firm.instant import DAY_US
from firm.terms.conduct import Impact
from firm.unseen import unseen_in

NEWS_ITEMS_MAX = 20_000
NEWS_TITLE_MAX = 200
NEWS_ID_MAX = 255
NEWS_BYTES_MAX = 4 * 2**20  # of its canonical form, which is a row of the ledger
NEWS_NAME = "news"  # the calendar that rules about news go by
NEWS_NAME_MAX = 32
NEWS_LASTS_MAX_US = 31 * DAY_US  # longer than any speech, conference or holiday: what lasts longer is a mistake


_NAME = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{NEWS_NAME_MAX - 1}}}")


class BadCalendar(ValueError):
    """A calendar that is refused. `where`: which line or item of what was read, "" for the whole."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}" if where else reason)
        self.where = where
        self.reason = reason


class NewsItem(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A release. `currency`: its code, "" where it concerns all. `until_us`: when a speech ends, else `at_us`.

    `all_day`: it has no time of day; then [at_us, until_us) is its whole day.
    """

    id: str
    title: str
    currency: str
    impact: Impact
    at_us: int
    until_us: int
    all_day: bool


class NewsCalendar(msgspec.Struct, frozen=True, kw_only=True):
    """Releases by instant, then id. Made by `news_calendar` alone."""

    name: str
    items: tuple[NewsItem, ...]

    @property
    def canonical(self) -> bytes:
        """JSON with fields in declared order, no white space."""
        return msgspec.json.encode(self)

    @property
    def version(self) -> str:
        """SHA-256 of its canonical bytes."""
        return hashlib.sha256(self.canonical).hexdigest()


def news_calendar(name: str, items: Sequence[NewsItem], places: Sequence[str] = ()) -> NewsCalendar:
    """A calendar of these items, in their order in time; BadCalendar names the item that is refused, by its place if it has one."""
    if not _NAME.fullmatch(name):
        raise BadCalendar(
            "", f"{name!r} is no name of a calendar: small letters, digits and dashes, at most {NEWS_NAME_MAX}"
        )
    if len(items) > NEWS_ITEMS_MAX:
        raise BadCalendar("", f"more than {NEWS_ITEMS_MAX} items")
    known: dict[str, NewsItem] = {}
    for number, item in enumerate(items):
        reason = _refused(item)
        if item.id in known:
            reason = f"the id {item.id!r} is there twice: {known[item.id].title!r} and {item.title!r}"
        if reason:
            raise BadCalendar(places[number] if places else f"item {number + 1}", reason)
        known[item.id] = item
    calendar = NewsCalendar(name=name, items=tuple(sorted(known.values(), key=lambda item: (item.at_us, item.id))))
    if len(calendar.canonical) > NEWS_BYTES_MAX:
        raise BadCalendar(
            "", f"it takes {len(calendar.canonical)} bytes: at most {NEWS_BYTES_MAX}, which is years of releases"
        )
    return calendar


def _refused(item: NewsItem) -> str:
    if not item.id or not item.title:
        return "has no id or no title"
    if unseen := unseen_in(item.title) or unseen_in(item.id):
        return f"its title or id holds the character {unseen}, which nobody sees"
    if len(item.id) > NEWS_ID_MAX:
        return f"its id has more than {NEWS_ID_MAX} characters"
    if len(item.title) > NEWS_TITLE_MAX:
        return f"its title has more than {NEWS_TITLE_MAX} characters"
    if item.currency and not (len(item.currency) == 3 and item.currency.isascii() and item.currency.isupper()):
        return f"{item.currency!r} is no currency code"
    if item.until_us < item.at_us or (item.all_day and item.until_us == item.at_us):
        return f"{item.title!r} ends before it starts"
    if item.until_us - item.at_us > NEWS_LASTS_MAX_US:
        return f"{item.title!r} lasts longer than a month"
    return ""
