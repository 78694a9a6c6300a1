"""Ten times the prices that the firm takes: only prices are merged, each merged frame says so, and every deal comes once, in order."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import anyio.lowlevel
import pytest
from anyio import to_thread

from bridges import ring
from bridges.client import BridgeClient
from bridges.outbox import Outbox
from firm.inputs import DealReported
from firm.quote_frame import Tick, Window
from tests.process.hands import (
    PATIENCE_S,
    PRICE,
    Hand,
    Served,
    assert_every_number_once,
    assert_sound,
    found_for,
    prices_stored,
    settled,
    stored,
    trading,
)

TIMES = 10
WAVE = 10  # prices of the flood that are pushed before the firm has taken one
SYMBOLS = ("EURUSD", "EURGBP", "EURCHF")


class Flood(NamedTuple):
    """How many prices a bridge holds before it merges; how many are pushed; a deal after so many."""

    ring: int
    prices: int
    deal_every: int


CASES = [
    pytest.param(Flood(1_000, 15_000, 250), id="15,000 prices"),
    pytest.param(Flood(ring.RING_TICKS_MAX, 1_000_000, 10_000), id="1,000,000 prices", marks=pytest.mark.soak),
]


def prices(hand: Hand) -> Iterator[Tick]:
    """Up and down within half a percent of where it began; no two of a symbol in a row alike."""
    number = 0
    while True:
        number += 1
        bid = PRICE + number * 7 % 600
        yield Tick(SYMBOLS[number % len(SYMBOLS)], hand.now_us, bid, bid + 5)


async def pour(client: BridgeClient, hand: Hand, flood: Flood) -> tuple[list[Tick], list[str]]:
    """Ten prices for each one that the firm took since; the prices and the deals."""
    before, pushed, deals = client._ring.first_qseq, [], []
    source = prices(hand)
    while len(pushed) < flood.prices:
        taken = client._ring.first_qseq - before
        due = WAVE + TIMES * taken - len(pushed)
        for _ in range(due):
            pushed.append(next(source))
            client.push_quotes(pushed[-1:])
            if len(pushed) % flood.deal_every == 0:
                deals.append(await hand.trade())
        await anyio.lowlevel.checkpoint()
        if not due:
            await client._something_new()
    return pushed, deals


@pytest.mark.parametrize("flood", CASES)
async def test_ten_times_what_the_firm_takes_merges_prices_alone(
    flood: Flood,
    tmp_path: Path,
    serve: Callable[..., Served],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(ring, "RING_TICKS_MAX", flood.ring)
    firm, hand = tmp_path / "firm", Hand()
    key, outbox = found_for(firm), Outbox(tmp_path / "outbox.db")
    served = await to_thread.run_sync(serve, firm)
    async with trading(firm, key, outbox, hand) as client:
        with anyio.fail_after(30 * PATIENCE_S):
            pushed, deals = await pour(client, hand, flood)
        # The lag is caught up: what is told now is taken at once, alone, and as it is.
        await settled(client)
        client.push_quotes([Tick("EURUSD", hand.now_us, PRICE, PRICE + 5)])
        await settled(client)
        health = served.health()
    outbox.close()
    assert (health["queue_depth"], health["stopped_desks"], health["breaker_tripped"]) == (0, [], False)
    assert served.close() == 0
    rows = stored(firm)
    assert [row.body.deal_id for row in rows if isinstance(row.body, DealReported)] == deals
    assert_nothing_is_missing_and_what_was_merged_says_so(firm, pushed)
    assert_every_number_once(firm)
    assert_sound(firm, capsys)


def assert_nothing_is_missing_and_what_was_merged_says_so(firm: Path, pushed: list[Tick]) -> None:
    """Every price is in the ledger: by itself as it was pushed, or counted in a window that spans it."""
    [_, *frames, last] = prices_stored(firm)  # the first and the last are those around the flood
    assert not last[0].conflated
    kinds: dict[bool, set[Any]] = {False: set(), True: set()}
    merged_in_all = 0
    unseen = {symbol: iter([tick for tick in pushed if tick.symbol == symbol]) for symbol in SYMBOLS}
    for frame, entries in frames:
        kinds[frame.conflated].update(type(entry) for entry in entries)
        for entry in entries:
            merged = [next(unseen[entry.symbol]) for _ in range(getattr(entry, "merged", 1))]
            assert (merged[-1].t_us, merged[-1].bid, merged[-1].ask) == (entry.t_us, entry.bid, entry.ask)
            if isinstance(entry, Window):
                merged_in_all += entry.merged
                bids, asks = [tick.bid for tick in merged], [tick.ask for tick in merged]
                assert (min(bids), max(bids)) == (entry.bid_lo, entry.bid_hi)
                assert (min(asks), max(asks)) == (entry.ask_lo, entry.ask_hi)
    assert kinds == {False: {Tick}, True: {Window}}
    assert merged_in_all > len(pushed) // 2, "the flood was none"
    assert [list(rest) for rest in unseen.values()] == [[]] * len(SYMBOLS)
