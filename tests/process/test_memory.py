"""Little memory: with just what it needs a firm goes on under a flood; one that gets no more ends, says why, and has lost nothing."""

import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio import to_thread

from bridges import events
from bridges.outbox import Outbox
from firm.inputs import DealReported
from firm.quote_frame import Tick
from tests.process.hands import (
    PATIENCE_S,
    PRICE,
    Hand,
    Served,
    assert_every_number_once,
    assert_sound,
    found_for,
    journalled,
    settled,
    stored,
    trading,
)

KB = 1_024
ROOM_KB = 64 * KB  # above what a firm holds that has just started
PRICES_AT_ONCE, CONTRACTS_AT_ONCE = 2_000, 200
# Prices in the flood, and the room that is left after it: a firm that is told of ever more contracts then runs out, now or a little later.
FLOODS = [
    pytest.param(5, 3_000, id="10,000 prices, 3 MB"),
    pytest.param(100, 0, id="200,000 prices, nothing", marks=pytest.mark.soak),
    pytest.param(10, 1_000, id="20,000 prices, 1 MB", marks=pytest.mark.soak),
    pytest.param(10, 5_000, id="20,000 prices, 5 MB", marks=pytest.mark.soak),
]


def leave(served: Served, room_kb: int) -> None:
    """From now on it may hold so much more than it does. RLIMIT_DATA counts what is private and written."""
    limit = (served.memory_kb("VmData") + room_kb) * KB
    resource.prlimit(served.process.pid, resource.RLIMIT_DATA, (limit, limit))


async def prices_and_deals(client: Any, hand: Hand, rounds: int) -> list[str]:
    """Prices as fast as they are taken, a deal among so many; the deals."""
    deals = []
    for _ in range(rounds):
        await client.send_quotes([Tick("EURUSD", hand.now_us, PRICE + n % 2, PRICE + 5) for n in range(PRICES_AT_ONCE)])
        deals.append(await hand.trade())
    await settled(client)
    return deals


async def contracts_until_it_ends(hand: Hand, served: Served) -> None:
    """Each contract stays in the firm's memory."""
    number = 0
    with anyio.fail_after(PATIENCE_S):
        while served.process.poll() is None:
            told = range(number, number + CONTRACTS_AT_ONCE)
            await hand.publish(*(contract(f"{served.process.pid}.{n:06}") for n in told))
            number += CONTRACTS_AT_ONCE
            await anyio.sleep(0.01)


def contract(symbol: str) -> events.SymbolSpec:
    return events.SymbolSpec(symbol, 5, 100_000 * 10**8, "EUR", "USD", 1, "forex", "UTC")


@pytest.mark.parametrize(("rounds", "room_kb"), FLOODS)
async def test_with_what_it_needs_a_firm_goes_on_and_with_too_little_it_ends_and_loses_nothing(
    rounds: int, room_kb: int, tmp_path: Path, serve: Callable[..., Served], capsys: pytest.CaptureFixture[str]
) -> None:
    firm, hand = tmp_path / "firm", Hand()
    key, outbox = found_for(firm), Outbox(tmp_path / "outbox.db")
    served = await to_thread.run_sync(serve, firm)
    async with trading(firm, key, outbox, hand) as client:
        leave(served, ROOM_KB)
        deals = await prices_and_deals(client, hand, rounds)
        assert served.health()["stopped_desks"] == []
        leave(served, room_kb)
        await contracts_until_it_ends(hand, served)
        status, said = served.ended(), served.log.read_text()
        assert status not in (0, 2), said
        # Our own word, or the C library's; ZeroMQ aborts.
        assert status < 0 or "memory" in said.splitlines()[-1], said
        assert journalled(stored(firm))[-1] >= outbox.acked_seq
        served = await to_thread.run_sync(serve, firm)
        deals += await prices_and_deals(client, hand, 1)
    outbox.close()
    assert served.close() == 0
    assert [row.body.deal_id for row in stored(firm) if isinstance(row.body, DealReported)] == deals
    assert_every_number_once(firm)
    assert_sound(firm, capsys)
