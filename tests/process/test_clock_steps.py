"""The machine's clock is stepped under a serving firm: its own time goes on as if nothing were, no rule fires, and a person is told."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread

from appliance.alarms.notice import Alarm
from appliance.clock import SLEW_PER_SECOND_US
from bridges.outbox import Outbox
from firm.inputs import ClockTicked, DealReported
from firm.instant import HOUR_US
from firm.quote_frame import Tick
from storage.files import replace_file
from tests.process import stepped_clock
from tests.process.hands import (
    PRICE,
    Hand,
    Served,
    assert_every_number_once,
    assert_sound,
    figure,
    found_for,
    settled,
    stored,
    trading,
    until,
)

HOUR_S = 3_600
STEPS_S = (HOUR_S, -HOUR_S, -5, 0)  # off true time; each is a step from the one before
PRICES_A_STEP, DEALS_A_STEP = 40, 10
# What traffic and the passing of minutes write. Anything else would be a rule that fired, or something that was refused.
ORDINARY = {
    "QuoteFrame", "Watermark", "ClockTicked", "DealReported", "DealBooked", "MarkTaken", "QuoteUsed", "TradingDayCounted",
}  # fmt: skip
OF_A_DAYS_END = {"DayOpened", "DayAnchored", "PeakReached", "RolloverHighMoved"}
OF_A_START = {"BridgeDisconnected", "EngineResumed", "BridgeConnected"}


def step(file: Path, seconds: int) -> None:
    replace_file(file, str(seconds).encode())


async def some_trading(client: Any, hand: Hand) -> list[str]:
    """Prices and deals in turn, each told as it happens; the ids of the deals."""
    deals = []
    for n in range(PRICES_A_STEP):
        await client.send_quotes([Tick("EURUSD", hand.now_us, PRICE + n % 2, PRICE + 5 + n % 2)])
        if n % (PRICES_A_STEP // DEALS_A_STEP) == 0:
            deals.append(await hand.trade())
    await client.watermark(hand.now_us)
    await settled(client)
    return deals


@pytest.mark.fires(Alarm.CLOCK_STEPPED)
async def test_steps_of_an_hour_and_of_five_seconds_move_no_rule_and_are_told(
    tmp_path: Path, serve: Callable[..., Served], capsys: pytest.CaptureFixture[str]
) -> None:
    firm, clock, hand, began_s = tmp_path / "firm", tmp_path / "clock", Hand(), time.monotonic()
    step(clock, 0)
    key, outbox = found_for(firm), Outbox(tmp_path / "outbox.db")
    program = (sys.executable, stepped_clock.__file__, str(clock))
    served = await to_thread.run_sync(serve, firm, program)
    deals: list[str] = []
    async with trading(firm, key, outbox, hand) as client:
        deals += await some_trading(client, hand)
        before = stored(firm)
        assert "clock_stepped" not in served.alarms()
        for seconds in STEPS_S:
            await to_thread.run_sync(step, clock, seconds)
            deals += await some_trading(client, hand)
            # Firm time follows by half a millisecond a second.
            await until(lambda off=seconds: abs(figure(served, "evenhand_clock_offset_seconds") - off) < 1, "a look")
            assert "it was stepped" in served.alarms()["clock_stepped"]
        refusals = served.health()["refusals"]
        # And a start while the clock is an hour behind: time goes on where the ledger ends.
        await to_thread.run_sync(step, clock, -HOUR_S)
        served.kill()
        served = await to_thread.run_sync(serve, firm, program)
        deals += await some_trading(client, hand)
        lasted_us = (time.monotonic() - began_s) * 1_000_000
    outbox.close()
    assert served.close() == 0
    assert refusals == []
    rows = stored(firm)
    times = [row.received_us for row in rows]
    assert times == sorted(times)
    # It never jumped either: since the first row it went on by what truly passed.
    assert times[-1] - times[0] <= lasted_us * (1 + SLEW_PER_SECOND_US / 1_000_000)
    new = rows[len(before) :]
    an_hour_ended = times[0] // HOUR_US != times[-1] // HOUR_US
    assert {row.kind for row in new} - ORDINARY - OF_A_START <= (OF_A_DAYS_END if an_hour_ended else set())
    ticked = [row.body.at_us for row in rows if isinstance(row.body, ClockTicked)]
    assert ticked == sorted(set(ticked))
    assert [row.body.deal_id for row in rows if isinstance(row.body, DealReported)] == deals
    assert_every_number_once(firm)
    assert_sound(firm, capsys)
