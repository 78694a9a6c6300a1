"""Commits that take longer than the looks are apart: told once, and over only once commits are quick again."""

from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from actors.arrival import Arrival
from appliance.alarms.book import OVER_AFTER_S, AlarmBook
from appliance.alarms.checks import look_over
from appliance.alarms.gather import Gatherer
from appliance.alarms.notice import Alarm, Saying
from firm.inputs import ClockTicked

TEN_MINUTES_S = 600
SLOW_S = (9.9, 10.4, 11.0)


@pytest.fixture
def looks(
    shop: Any, watched: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[[float, int], Counter[tuple[Alarm, Saying]]]:
    """Look for so long at a firm whose commits take so long, one after the other, while something waits: what was said."""
    machine = shop.machine
    limits = msgspec.structs.replace(machine.settings.alarms, look_every_s=5, engine_stands_s=10)
    files = watched(machine).figures.files
    clock = SimpleNamespace(monotonic=lambda: clock.now_s, now_s=1_000.0)
    monkeypatch.setattr("appliance.alarms.gather.time", clock)
    gatherer, book = Gatherer(machine), AlarmBook(limits, "Northlight")
    machine.runner.push([Arrival(ClockTicked(at_us=shop.now_us), shop.now_us, shop.now_us)] * 3)

    def look_for(commit_s: float, seconds: int) -> Counter[tuple[Alarm, Saying]]:
        said: Counter[tuple[Alarm, Saying]] = Counter()
        ends_s, until_s = clock.now_s + commit_s, clock.now_s + seconds
        while clock.now_s < until_s:
            clock.now_s += limits.look_every_s
            while ends_s <= clock.now_s:
                machine.meter.batch(SimpleNamespace(decided=[1], rows=[1]), 0, int(commit_s * 10**9))
                ends_s += commit_s
            notices = book.learn(look_over(gatherer.look(files), limits), clock.now_s, 0)
            said.update((one.alarm, one.saying) for one in notices)
        return said

    return look_for


@pytest.mark.parametrize("commit_s", SLOW_S)
def test_commits_of_ten_seconds_ring_once(looks: Any, commit_s: float) -> None:
    said = looks(commit_s, TEN_MINUTES_S)
    assert said[Alarm.COMMITS_SLOW, Saying.RAISED] == 1
    assert said[Alarm.ENGINE_STANDS, Saying.RAISED] == (1 if commit_s >= 10 else 0)
    assert not [saying for _, saying in said if saying is Saying.OVER]


def test_it_is_over_once_commits_are_quick_again(looks: Any) -> None:
    looks(11.0, TEN_MINUTES_S)
    said = looks(0.01, OVER_AFTER_S + 10)
    assert said[Alarm.COMMITS_SLOW, Saying.OVER] == said[Alarm.ENGINE_STANDS, Saying.OVER] == 1
    assert not looks(0.01, TEN_MINUTES_S)


def test_one_that_is_nearly_as_slow_does_not_end_it(looks: Any) -> None:
    looks(11.0, TEN_MINUTES_S)
    assert (Alarm.ENGINE_STANDS, Saying.OVER) not in looks(8.5, TEN_MINUTES_S)
