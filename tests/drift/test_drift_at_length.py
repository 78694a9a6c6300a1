"""Zero drift in as many histories as a soak has time for, each seed once, and what a history that drifts is told as."""

import time
from collections import Counter

import pytest

from tests import soaked
from tests.drift.drift_verdict import CHOSEN, Result, judge, keep, told


@pytest.mark.soak
def test_as_many_histories_as_the_soak_has_time_for() -> None:
    """The next soak goes on where the last one stopped."""
    figures = soaked.read(soaked.Histories)
    end = time.monotonic() + soaked.SHARE_S
    while time.monotonic() < end:
        began_s, result = time.monotonic(), judge(figures.next_seed)
        soaked.one_more(figures, result.happened, time.monotonic() - began_s)
        if result.drift:
            keep(result)
            figures.broken.append(result.seed)
        if result.drift or figures.count % 50 == 0:
            soaked.keep(figures)
        assert not result.drift, told(result)
    soaked.keep(figures)


def test_a_history_that_drifts_says_how_it_is_seen_again() -> None:
    line = told(Result(17, "balance is 1 in our book and 2 in the platform's", Counter())).splitlines()[0]
    assert line.endswith(f"{CHOSEN}=17 .venv/bin/python -m pytest tests/drift")
