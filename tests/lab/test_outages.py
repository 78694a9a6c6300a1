"""Outages in the lab: under the rules that were sold it says of each account what was said, with prices that were missing."""

import pytest
from msgspec.structs import replace

from firm.facts import OutageAssessed
from firm.inputs import BackfillReported, ClockTicked, DealEntry, Side
from firm.instant import MINUTE_US
from tests.actors.conftest import Stage
from tests.lab.conftest import frames_of, history_of
from tests.lab.test_nothing_changed import compared


def goes_on(stage: Stage, bid: int) -> None:
    for _ in range(7):
        stage.wait(60)
        stage.tick("EURUSD", bid, bid + 10)
        stage.put(ClockTicked(at_us=stage.now_us))


@pytest.mark.parametrize("bid", [138_690, 138_100], ids=["nothing broken", "a limit broken by the first price"])
def test_under_the_rules_that_were_sold_an_outage_is_told_as_it_was(bid: int) -> None:
    stage = Stage()
    stage.open_shop()
    holder, other = stage.sell(), stage.sell(1002, 502, (7003, 7004))
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(holder, "P1", Side.BUY, "10", 138_700)
    stage.equity(holder, "99_900.00", "100_000.00")
    since_us = stage.now_us
    stage.now_us += 6 * MINUTE_US
    stage.put(ClockTicked(at_us=stage.now_us))
    stage.deal(other, "P2", Side.SELL, "1", 138_690)
    stage.equity(holder, "99_900.00", "100_000.00")
    stage.tick("EURUSD", bid, bid + 10)
    stage.tick("EURUSD", 138_650, 138_660, since_us + MINUTE_US)
    stretch = {"from_us": since_us, "to_us": stage.now_us, "ticks": 1}
    stage.put(BackfillReported(bridge="sim", seq=stage.next_seq(), symbol="EURUSD", **stretch))
    goes_on(stage, bid)
    stage.deal(other, "P2", Side.BUY, "1", bid + 10, entry=DealEntry.OUT, profit="20.00")
    assert len(stage.facts(OutageAssessed)) == 2
    seen = compared(history_of(stage), frames_of(stage), "the outage")
    assert seen["OutageAssessed"] == seen["PassesFrozen"] == 2


def test_a_question_of_a_world_that_is_another_is_another() -> None:
    """The comparison above can fail: an answer that was another is found."""
    stage = Stage()
    stage.open_shop()
    holder = stage.sell()
    stage.tick("EURUSD", 138_690, 138_700)
    stage.deal(holder, "P1", Side.BUY, "10", 138_700)
    stage.now_us += 6 * MINUTE_US
    stage.put(ClockTicked(at_us=stage.now_us))
    batch = next(batch for batch in stage.batches if any(row.kind == "PassesFrozen" for row, _ in batch.rows))
    batch.rows = [
        (row._replace(payload=row.payload.replace(b'"held"', b'"ordered"')), replace(body)) for row, body in batch.rows
    ]
    with pytest.raises(AssertionError, match="the outage"):
        compared(history_of(stage), frames_of(stage), "the outage")
