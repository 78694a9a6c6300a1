"""Retention, whatever copies there are: the last good one stays, good ones stay by period, and what is half made counts for nothing."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from backups.retention import Keep, worth_keeping

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
INSTANTS = st.integers(min_value=0, max_value=3 * 365 * 24).map(lambda hours: hours * HOUR_US + 7)
KEEPS = st.builds(Keep, *(st.integers(min_value=0, max_value=30) for _ in range(4)))
SETS = st.sets(INSTANTS, max_size=60)


@given(good=SETS.filter(bool), broken=SETS, keep=KEEPS)
def test_the_last_good_one_never_goes(good: set[int], broken: set[int], keep: Keep) -> None:
    broken -= good
    assert max(good) in worth_keeping(good | broken, good, keep)


@given(good=SETS, broken=SETS, keep=KEEPS)
def test_of_each_period_the_newest_good_one_stays_and_no_more_than_asked_for(
    good: set[int], broken: set[int], keep: Keep
) -> None:
    kept = worth_keeping(good | broken, good, keep) & good
    assert len(kept) <= 1 + sum(keep)
    days = sorted({instant // DAY_US for instant in good}, reverse=True)[: keep.daily]
    for day in days:
        assert max(instant for instant in good if instant // DAY_US == day) in kept
    months = {(at.year, at.month) for at in map(_at, good)}
    assert len({(at.year, at.month) for at in map(_at, kept)}) >= min(keep.monthly, len(months))


@given(good=SETS, broken=SETS, keep=KEEPS)
def test_one_that_is_not_whole_stays_only_while_it_may_still_be_made(
    good: set[int], broken: set[int], keep: Keep
) -> None:
    broken -= good
    kept = worth_keeping(good | broken, good, keep)
    assert kept & broken == {instant for instant in broken if not good or instant > max(good)}


@given(good=SETS, more=INSTANTS, keep=KEEPS)
def test_one_more_good_copy_takes_away_nothing_that_would_have_stayed_as_the_newest(
    good: set[int], more: int, keep: Keep
) -> None:
    """Asked every time a copy is made, retention never thins out to less than asking once would."""
    stepwise: set[int] = set()
    for instant in sorted(good | {more}):
        stepwise = worth_keeping(stepwise | {instant}, stepwise | {instant}, keep)
    assert stepwise == worth_keeping(good | {more}, good | {more}, keep)


def test_a_year_of_nightly_copies_thins_out_as_the_settings_say() -> None:
    nights = {night * DAY_US for night in range(365)}
    kept = worth_keeping(nights, nights, Keep(hourly=24, daily=14, weekly=8, monthly=24))
    assert len(kept) == len(worth_keeping(kept, kept, Keep(24, 14, 8, 24)))
    assert 24 + 5 <= len(kept) <= 24 + 8 + 12


def _at(instant_us: int) -> datetime:
    return datetime.fromtimestamp(instant_us // 1_000_000, UTC)
