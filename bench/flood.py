"""Flood: the second process of the gateway benchmark: one bridge that sends all it has as fast as it is taken.

Its events lie in its outbox before it is timed, so that what is timed is sending, taking and the word that all is durable. Each flood
has its bare twin: the very messages, to a peer that only answers (`bench/bare.py`), before or after it in turns.
"""

import argparse
import os
import resource
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import anyio.lowlevel
import zmq

from bench.bare import Batch, bare_peer, seconds_of
from bench.beside import now_us, say
from bench.feeder import Book, Feeder
from bridges.bounds import EVENTS_MAX, TICKS_MAX, WINDOW_EVENTS_MAX, WINDOW_TICKS_MAX
from bridges.events import Event, Order
from bridges.wire import journal, quotes
from firm.inputs import Side
from firm.quote_frame import Tick, encode_quotes

WRITTEN_AT_ONCE = 1_000  # events, into the outbox
SESSION = "0" * 16  # as long as the name of a session
JIFFIES_PER_SECOND = os.sysconf("SC_CLK_TCK")


class SmallBook(Book):
    """Positions so small that no number of deals breaks a limit."""

    lots_below = 2

    def order(self, t_us: int) -> Event:
        """Anyone's pending order, of which the firm keeps a row and decides nothing."""
        self.number += 1
        listed = self.symbols[self.number % len(self.symbols)]
        login = self.logins[self.number % len(self.logins)]
        return Order(
            login, f"O{self.number}", listed.symbol, Side.BUY, "limit", 1_000_000, listed.bid, 0, 0, "placed", t_us
        )

    def deal(self, t_us: int) -> Event:
        """Anyone's next fill, without the position's report that a platform sends after it."""
        return self.trade(t_us)[0]


class Sending(NamedTuple):
    """What sets a flood off, and the messages of its bare twin, of which so many events or ticks are under way at once."""

    send: Callable[[], Awaitable[object]]
    batches: list[Batch]
    window: int


class Flood(Feeder):
    """The bridge, once its accounts are open and each holds two positions."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(options)
        self.book: SmallBook = SmallBook(self.book.symbols)
        self.lines: list[dict[str, Any]] = []

    async def _feed(self) -> None:
        options = self.options
        events: dict[str, tuple[Callable[[int], Event], int]] = {
            "orders": (self.book.order, options.orders),
            "deals": (self.book.deal, options.deals),
        }
        with bare_peer() as bare:
            for number in range(options.rounds + 1):  # the first is to warm up, and not told
                for name, (make, count) in events.items():
                    self._note(number, name, count, await self._both(bare, number, await self._written(make, count)))
                self._note(number, "prices", options.prices, await self._both(bare, number, self._prices()))

    def _note(self, number: int, name: str, count: int, took: dict[str, float]) -> None:
        if number:
            self.lines.append({"name": name, "count": count} | took)

    async def _both(self, bare: "zmq.Socket[bytes]", number: int, flood: Sending) -> dict[str, float]:
        """Seconds of ours, and of the bare twin before it or, every other time, after it."""
        took = {}
        if number % 2:
            took["bare_s"] = seconds_of(bare, flood.batches, flood.window)
        before, began = _used(), time.perf_counter()
        await flood.send()
        await self.client.settled()
        took["s"] = time.perf_counter() - began
        took |= {name: used - before[name] for name, used in _used().items()}
        if not number % 2:
            took["bare_s"] = seconds_of(bare, flood.batches, flood.window)
        return took

    async def _written(self, make: Callable[[int], Event], count: int) -> Sending:
        """So many events, all but the last of them in the outbox: that one sets them off."""
        first, outbox = self.client.last_seq + 1, self.outbox
        for start in range(0, count - 1, WRITTEN_AT_ONCE):
            outbox.append([make(now_us()) for _ in range(min(WRITTEN_AT_ONCE, count - 1 - start))])
            await anyio.lowlevel.checkpoint()  # heartbeats go on
        last = make(now_us())
        batches = []
        for start in range(first, first + count - 1, EVENTS_MAX):
            raws = [row.event for row in outbox.read(start, EVENTS_MAX)]
            batches.append(Batch(journal(SESSION, start, raws), len(raws)))

        async def send() -> None:
            await self.client.publish([last])

        return Sending(send, batches, WINDOW_EVENTS_MAX)

    def _prices(self) -> Sending:
        ticks = [self.book.tick(now_us()) for _ in range(self.options.prices)]
        parts = [ticks[start : start + TICKS_MAX] for start in range(0, len(ticks), TICKS_MAX)]

        async def send() -> None:
            for part in parts:
                await self.client.send_quotes(part)

        return Sending(send, [self._frame(part) for part in parts], WINDOW_TICKS_MAX)

    def _frame(self, part: list[Tick]) -> Batch:
        return Batch(quotes(SESSION, 1, len(part), encode_quotes(self.client.last_seq, part)), len(part))

    def result(self) -> dict[str, object]:
        return {"lines": [_median_line(name, self.lines) for name in ("orders", "deals", "prices")]}


def _used() -> dict[str, float]:
    """Processor time so far, in seconds: the appliance's, which started this process, and our own."""
    fields = Path(f"/proc/{os.getppid()}/stat").read_text().rpartition(")")[2].split()
    own = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "cpu_appliance_s": (int(fields[11]) + int(fields[12])) / JIFFIES_PER_SECOND,
        "cpu_bridge_s": own.ru_utime + own.ru_stime,
    }


def _median_line(name: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians of the rounds; the ratio is that of each round."""
    rounds = [line for line in lines if line["name"] == name]

    def median(of: Callable[[dict[str, Any]], float]) -> float:
        return statistics.median(map(of, rounds))

    return {
        "name": name,
        "count": rounds[0]["count"],
        "per_s": median(lambda line: line["count"] / line["s"]),
        "bare_per_s": median(lambda line: line["count"] / line["bare_s"]),
        "ratio": median(lambda line: line["bare_s"] / line["s"]),
        "us_cpu": median(lambda line: line["cpu_appliance_s"] * 1e6 / line["count"]),
        "cpu_appliance": median(lambda line: line["cpu_appliance_s"] / line["s"]),
        "cpu_bridge": median(lambda line: line["cpu_bridge_s"] / line["s"]),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--key-file", type=Path, required=True)
    parser.add_argument("--outbox", type=Path, required=True)
    for name in ("accounts", "orders", "deals", "prices", "rounds"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.set_defaults(conversions=False)
    flood = Flood(parser.parse_args())
    anyio.run(flood.run)
    say(flood.result())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
