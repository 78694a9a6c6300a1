"""What the appliance asks of a bridge's prices, over the real wire: the symbols that are needed, and what overload merged."""

import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from actors.recovery import all_rows
from appliance.summary import summarise, tally
from bridges import events
from bridges.wire import BackfillReq
from firm.facts import BreachDeclared, BreachSuspected, VerdictCorrected
from firm.phase import Standing
from firm.quote_frame import Tick

ADAS_ACCOUNT, PATIENCE_S = 7001, 60
MS_US = 1_000
VERIFIER = Path(__file__).resolve().parents[2] / "tools" / "verify_evidence.py"


@pytest.fixture
def sold() -> str:
    """5 % a day, and a breach ends the account."""
    return "two-step-100k"


async def until(true: Any) -> None:
    with anyio.fail_after(PATIENCE_S):
        while not true():  # noqa: ASYNC110
            await anyio.sleep(0.005)


async def test_a_bridge_is_told_which_symbols_accounts_hold(live: Any) -> None:
    assert live.platform.subscribed == []
    await live.platform.buys(1, 138_705)
    await live.settled()
    assert live.platform.subscribed == [("EURUSD",)]


async def test_the_next_session_is_told_again(live: Any) -> None:
    await live.platform.buys(1, 138_705)
    await live.settled()
    welcomes = live.platform.welcomes
    live.client._link.end("the test pulls the plug")
    live.client._tell()
    await until(lambda: live.platform.welcomes > welcomes)
    await until(lambda: len(live.platform.subscribed) == 2)
    assert live.platform.subscribed[-1] == ("EURUSD",)


@pytest.fixture
async def merged(live: Any) -> Any:
    """Ada is long; the overloaded bridge merges the release into one window, and then breathes again."""
    await live.platform.buys(3, 138_705)
    await live.platform.equals("99_985.00")
    await live.settled()
    now_us = live.platform.now_us
    live.platform.kept = [
        Tick("EURUSD", now_us + 1 * MS_US, 138_650, 138_655),
        Tick("EURUSD", now_us + 2 * MS_US, 136_000, 136_005),
        Tick("EURUSD", now_us + 3 * MS_US, 138_640, 138_645),
    ]
    return live


async def release(live: Any, merged: list[Tick]) -> None:
    live.client._ring.conflate(merged)
    await live.client.watermark(live.platform.now_us)
    await live.client.send_quotes([Tick("EURUSD", merged[-1].t_us + MS_US, 138_640, 138_645)])
    await live.settled()


async def test_the_single_prices_of_a_merged_window_confirm_the_breach(merged: Any) -> None:
    await release(merged, merged.platform.kept)
    [asked] = merged.platform.asked
    kept = merged.platform.kept
    assert (asked.sym, asked.to_us) == ("EURUSD", kept[-1].t_us + 1)
    assert asked.from_us < kept[0].t_us
    bodies = merged.bodies()
    [suspicion] = [body for body in bodies if isinstance(body, BreachSuspected)]
    breach = next(body for body in bodies if isinstance(body, BreachDeclared))
    assert (suspicion.late, breach.late, breach.at_us) == (False, True, kept[1].t_us)
    assert tally(summarise(merged.machine.directory)) == "0 phases passed, 1 breach, 0 left to a person"
    assert merged.machine.engine.account(ADAS_ACCOUNT).standing is Standing.BREACHED


async def test_a_trader_can_check_the_suspicion_and_the_late_breach_offline(merged: Any, tmp_path: Path) -> None:
    await release(merged, merged.platform.kept)
    decisions = [
        row.seq for row in all_rows(merged.machine.reader, 0) if row.kind in ("BreachSuspected", "BreachDeclared")
    ]
    assert len(decisions) == 2
    for decision in decisions:
        file = tmp_path / f"{decision}.json"
        file.write_bytes(merged.machine.evidence(decision))
        told = await anyio.run_process([sys.executable, VERIFIER, file], check=False)
        assert (told.returncode, told.stderr) == (0, b"")
        assert b"each in the very bytes that the platform's bridge sent" in told.stdout


async def test_single_prices_that_show_no_breach_take_the_suspicion_back(merged: Any) -> None:
    """The window's extremes were put together wrongly by the bridge: the prices themselves say otherwise."""
    sent, merged.platform.kept = merged.platform.kept, merged.platform.kept[::2]
    await release(merged, sent)
    [corrected] = [body for body in merged.bodies() if isinstance(body, VerdictCorrected)]
    assert corrected.verdict == "exonerated"
    assert summarise(merged.machine.directory).waiting == 0
    assert merged.machine.engine.account(ADAS_ACCOUNT).standing is Standing.ACTIVE


async def test_prices_that_are_gone_leave_it_to_a_person(merged: Any) -> None:
    sent, merged.platform.kept = merged.platform.kept, None
    await release(merged, sent)
    assert isinstance(merged.platform.asked[0], BackfillReq)
    assert merged.machine.engine.account(ADAS_ACCOUNT).standing is Standing.UNDER_REVIEW
    assert tally(summarise(merged.machine.directory)) == "0 phases passed, 0 breaches, 1 left to a person"


def test_the_events_of_an_answer_carry_its_bounds() -> None:
    told = events.decode_event(events.encode_event(events.Backfilled("EURUSD", 1, 2, 3)))
    assert told == events.Backfilled("EURUSD", 1, 2, 3)
