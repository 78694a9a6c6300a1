"""Release titles: what the economic releases are called that a breach is about, by the very calendar that it was judged by."""

import threading

from firm.facts import CalendarAdopted, RuleBroken, RuleSuspected
from firm.kinds import body_of
from storage.reader import LedgerReader
from storage.readmodels.calendars import NEWS, all_calendars
from storage.rule_grounds import SOUGHT_ROWS_MAX

SOUGHT_MAX = 16  # newest calendars before a decision, among which its own is looked for
KEPT_MAX = 4
"""Calendars whose titles are kept at hand; one may have thousands."""


class ReleaseTitles:
    """Titles by release, of calendars by version: a version is a hash of all that its calendar says, so that it is read once."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._kept: dict[str, dict[str, str]] = {}

    def of(self, reader: LedgerReader, fact: RuleBroken | RuleSuspected, decision: int) -> dict[str, str]:
        """Of the calendar that decision `decision` names; nothing where it names none, or where its row is too far back."""
        version = fact.calendar
        if not version:
            return {}
        with self._guard:
            if version in self._kept:
                return self._kept[version]
        found = _titles(reader, version, decision)
        with self._guard:
            self._kept[version] = found
            while len(self._kept) > KEPT_MAX:
                del self._kept[next(iter(self._kept))]
        return found


def _titles(reader: LedgerReader, version: str, before: int) -> dict[str, str]:
    with reader.connection() as book:
        newest = [line.seq for line in all_calendars(book) if line.kind == NEWS and line.version == version]
    if newest and (row := reader.row(newest[0])) is not None:
        rows = [row]
    else:
        rows = list(
            reader.newest_of_kind(CalendarAdopted.__name__, before=before, among=SOUGHT_ROWS_MAX, limit=SOUGHT_MAX)
        )
    for row in rows:
        if version in row.payload[:100].decode("utf-8", "replace"):
            body = body_of(row.kind, row.payload)
            assert isinstance(body, CalendarAdopted)
            return {item.id: item.title for item in body.calendar.items}
    return {}


RELEASE_TITLES = ReleaseTitles()
