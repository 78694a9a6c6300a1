"""What a look counts: refusals of the last five minutes, and no waiting among them."""

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from appliance.alarms.gather import HELD_BACK, REFUSED_WINDOW_S, Gatherer
from bridges.sessions import VAULT_NOT_WRITABLE, WAITS_FOR_THE_VAULT


def test_refusals_are_counted_for_five_minutes(shop: Any, watched: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(monotonic=lambda: clock.now_s, now_s=1_000.0)
    monkeypatch.setattr("appliance.alarms.gather.time", clock)
    files, gatherer, seen = watched(shop.machine).figures.files, Gatherer(shop.machine), {}
    for at_s, refused in ((5, 60), (150, 40), (300, 0), (301, 0), (306, 0), (449, 7), (460, 0), (800, 0)):
        clock.now_s = 1_000.0 + at_s
        shop.machine.counters["unknown key"] += refused
        seen[at_s] = gatherer.look(files).refused
    assert REFUSED_WINDOW_S == 300
    assert seen == {5: 60, 150: 100, 300: 100, 301: 40, 306: 0, 449: 7, 460: 7, 800: 0}


def test_a_gateway_that_only_waits_refuses_nothing(shop: Any, watched: Any) -> None:
    gatherer, files = Gatherer(shop.machine), watched(shop.machine).figures.files
    for waiting in (HELD_BACK, WAITS_FOR_THE_VAULT, VAULT_NOT_WRITABLE):
        shop.machine.counters[waiting] += 1_000
    shop.machine.counters["unknown key"] += 3
    assert gatherer.look(files).refused == 3


def test_the_first_row_is_what_goes_unsigned_for_longest(shop: Any, watched: Any) -> None:
    figures = watched(shop.machine).figures
    assert figures.files.first_row_us == shop.machine.reader.row(1).received_us
    assert msgspec.structs.asdict(figures.files)["first_row_us"]
