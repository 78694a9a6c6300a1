"""A deal whose figures can each be, and together cannot: it stops one desk. The rest of the firm goes on, and a person is told."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread

from appliance.alarms.notice import Alarm
from bridges import events
from bridges.bounds import LOTS_E8_MAX, PRICE_POINTS_MAX
from bridges.outbox import Outbox
from firm.facts import CommandQueued, DeskStopped
from firm.ids import id_text
from firm.inputs import DealEntry, DealReported, Side
from tests.appliance.conftest import ADAS_ACCOUNT
from tests.process.hands import Hand, Served, assert_sound, found_for, settled, stored, trading, until


async def poison(hand: Hand) -> None:
    """A million lots, ten million dollars a euro."""
    told = events.Deal(
        hand.login, "p1", "p1", "p1", "EURUSD", Side.BUY, DealEntry.IN, LOTS_E8_MAX, PRICE_POINTS_MAX, "USD", 2, 0, 0, 0, 0,
        "client", hand.now_us,
    )  # fmt: skip
    await hand.publish(told)


@pytest.mark.fires(Alarm.DESK_STOPPED)
async def test_a_desk_that_stopped_is_told_by_kind_and_never_by_account(
    tmp_path: Path, serve: Callable[..., Served], capsys: pytest.CaptureFixture[str]
) -> None:
    firm, hand = tmp_path / "firm", Hand()
    key, outbox = found_for(firm), Outbox(tmp_path / "outbox.db")
    served = await to_thread.run_sync(serve, firm)
    async with trading(firm, key, outbox, hand) as client:
        assert Alarm.DESK_STOPPED not in served.alarms()
        await poison(hand)
        await settled(client)
        told: Any = await until(lambda: served.alarms().get(Alarm.DESK_STOPPED), "the alarm")
        assert told == "1 desk of kind account stopped"
        assert served.health()["stopped_desks"] == [f"account/{id_text(ADAS_ACCOUNT)}"]
        await until(lambda: not hand.trading_allowed, "the account's closing to new risk")
    outbox.close()
    assert served.close() == 0
    bodies = [row.body for row in stored(firm)]
    [stopped] = [body for body in bodies if isinstance(body, DeskStopped)]
    assert stopped.exception == "AssertionError"
    # What the platform said is kept, and so is the order that follows from it.
    assert [body.deal_id for body in bodies if isinstance(body, DealReported)] == ["p1"]
    assert [body.action for body in bodies if isinstance(body, CommandQueued)][-1] == "close_only"
    log = served.log.read_text()
    assert "worth what cannot be stored" in log
    assert "alarm desk_stopped raised: 1 desk of kind account stopped" in log
    assert_sound(firm, capsys)
