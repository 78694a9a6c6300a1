"""Retention: which snapshots stay: the newest of each of the last hours, days, weeks and months. Never does the last good one go.

Pure: names' instants in, instants out.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from typing import NamedTuple


class Keep(NamedTuple):
    """For how many hours, days, ISO weeks and months (UTC) in which there was a snapshot the newest of it is kept."""

    hourly: int
    daily: int
    weekly: int
    monthly: int


def worth_keeping(instants_us: Iterable[int], good: Collection[int], keep: Keep) -> set[int]:
    """The instants whose snapshots stay. `good`: those that are known to be whole; the newest of these stays in any case.

    A snapshot that is not known to be good counts for no period: it shall not push out one that is.
    """
    ranked = sorted(set(good), reverse=True)
    kept = set(ranked[:1])
    for count, period in ((keep.hourly, _hour), (keep.daily, _day), (keep.weekly, _week), (keep.monthly, _month)):
        kept |= set(_newest_of_each(ranked, period, count))
    # One that is still being made, or was made after the newest good one, is not for this to judge.
    newest = ranked[0] if ranked else -1
    return kept | {instant for instant in instants_us if instant > newest}


def _newest_of_each(ranked: list[int], period: Callable[[datetime], tuple[int, ...]], count: int) -> list[int]:
    found: dict[tuple[int, ...], int] = {}
    for instant in ranked:
        found.setdefault(period(datetime.fromtimestamp(instant // 1_000_000, UTC)), instant)
    return list(found.values())[:count]


def _hour(at: datetime) -> tuple[int, ...]:
    return (at.year, at.month, at.day, at.hour)


def _day(at: datetime) -> tuple[int, ...]:
    return (at.year, at.month, at.day)


def _week(at: datetime) -> tuple[int, ...]:
    return tuple(at.isocalendar()[:2])


def _month(at: datetime) -> tuple[int, ...]:
    return (at.year, at.month)
