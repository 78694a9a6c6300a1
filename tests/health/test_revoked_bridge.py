"""A bridge that was revoked never comes again: it is called away and silent no more, and what was ordered of it still has to be seen."""

from typing import Any

import pytest

from appliance.alarms.checks import look_over
from appliance.alarms.gather import Gatherer
from appliance.alarms.notice import Alarm
from firm.commands import MarkOrderPaid, PlaceOrder, RegisterTrader, RevokeBridge
from firm.inputs import ClockTicked


@pytest.fixture
def left_alone(shop: Any, appliance: Any) -> Any:
    """Its prices end, and a command to it waits."""
    shop.tick(138_700, 138_705)
    shop.put(RegisterTrader(by="console", trader=appliance.ADA + 1, sealed="c0ffef"))
    account = appliance.ADAS_ACCOUNT + 10
    order = appliance.ADAS_ORDER + 1
    program = "trailing-100k"
    shop.put(
        PlaceOrder(
            by="console", order=order, trader=appliance.ADA + 1, program=program, accounts=(account, account + 1)
        )
    )
    shop.put(MarkOrderPaid(by="console", order=order, reference="wire 2"))
    time_passes(shop)
    return shop


def time_passes(shop: Any) -> None:
    """Until nobody asks about the command any more, and it has waited."""
    for _ in range(80):
        shop.wait(10)
        shop.put(ClockTicked(at_us=shop.now_us))


def bad(shop: Any, files: Any) -> set[Alarm]:
    seen = Gatherer(shop.machine).look(files)
    return {reading.alarm for reading in look_over(seen, shop.machine.settings.alarms) if reading.is_bad}


def test_only_what_was_ordered_of_it_is_still_told(left_alone: Any, watched: Any) -> None:
    files = watched(left_alone.machine).figures.files
    of_bridges = {Alarm.FEED_SILENT, Alarm.BRIDGE_AWAY, Alarm.COMMAND_WAITS}
    assert bad(left_alone, files) & of_bridges == of_bridges
    left_alone.put(RevokeBridge(by="console", bridge="sim", why="the server was sold"))
    time_passes(left_alone)
    assert bad(left_alone, files) & of_bridges == {Alarm.COMMAND_WAITS}


def test_health_says_that_it_was_revoked(left_alone: Any) -> None:
    assert left_alone.machine.health.now().bridges[0].mode == "enforce"
    left_alone.put(RevokeBridge(by="console", bridge="sim", why="the server was sold"))
    assert left_alone.machine.health.now().bridges[0].mode == "revoked"
