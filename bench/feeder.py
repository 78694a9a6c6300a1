"""Feeder: the second process of the feed benchmark: a bridge like any other, over CURVE, with prices and deals on a fixed timetable.

It opens the accounts it is asked for and fills them with positions; then prices and deals leave when they are due, whether or
not the firm keeps up. It prints JSON lines: `begin`, when the measured stretch begins, and at the end what it saw.
"""

import argparse
import random
import resource
import time
from collections import deque
from pathlib import Path
from typing import NamedTuple

import anyio

from bench.beside import now_us, say
from bench.firm import Listed, listing
from bench.samples import Samples
from bridges.client import BridgeClient, Identity, Resume
from bridges.enrolment import read_key_file
from bridges.events import Account, CmdResult, Deal, Event, Position, SymbolSpec
from bridges.link import Link
from bridges.outbox import Outbox
from bridges.wire import Ack, BackfillReq, Cmd, Kind, read_body
from firm.inputs import CommandState, DealEntry, Side
from firm.quote_frame import Tick

FRAME_S = 0.002
WATERMARK_EVERY = 50  # frames: ten a second
WARM_UP_S = 5
SETTLED_WITHIN_S = 180
OPENING_DEALS_AT_ONCE = 100


class Held(NamedTuple):
    """An open position."""

    position: str
    listed: Listed
    side: Side
    lots_e8: int
    price: int
    opened_us: int


class _Client(BridgeClient):
    """Tells when an acknowledgement arrives."""

    acked: "Sent | None" = None

    def _answer(self, link: Link, kind: Kind, body: bytes) -> None:
        if kind is Kind.ACK and self.acked is not None:
            ack = read_body(Ack, body)
            self.acked.acknowledged(ack.seq, ack.qseq)
        super()._answer(link, kind, body)


class Sent:
    """What left and is not yet acknowledged: (number, instant, how many)."""

    def __init__(self) -> None:
        self.samples = Samples()
        self.quotes: deque[tuple[int, int, int]] = deque()
        self.events: deque[tuple[int, int, int]] = deque()

    def acknowledged(self, seq: int, qseq: int) -> None:
        at_us = now_us()
        for lane, upto in ((self.events, seq), (self.quotes, qseq)):
            while lane and lane[0][0] <= upto:
                _, sent_us, count = lane.popleft()
                self.samples.add(sent_us, at_us - sent_us, count)


class Book:
    """The platform: prices that walk at random, and positions that open and close. `positions` by login."""

    lots_below = 50  # of a position, in hundredths

    def __init__(self, symbols: tuple[Listed, ...]) -> None:
        self.symbols = symbols
        self.dice = random.Random(7)
        self.bids = [listed.bid for listed in symbols]
        self.positions: dict[str, list[Held]] = {}
        self.logins: list[str] = []
        self.number = 0
        self._next = 0

    def tick(self, t_us: int) -> Tick:
        """Each symbol in its turn; half of all prices move, by a point."""
        place = self._next
        self._next = (place + 1) % len(self.symbols)
        listed = self.symbols[place]
        self.bids[place] = bid = max(1, self.bids[place] + (0, 0, 1, -1)[self.dice.getrandbits(2)])
        return Tick(listed.symbol, t_us, bid, bid + listed.spread)

    def open_account(self, command: Cmd, t_us: int) -> list[Event]:
        login, balance = f"{700_001 + len(self.logins)}", int(command.args["balance_minor"])
        self.logins.append(login)
        self.positions[login] = []
        opened = CmdResult(command.cmd_id, "", CommandState.APPLIED, "DONE", login, "", t_us)
        leverage, group = int(command.args["leverage"]), command.args["group"]
        return [opened, Account(login, group, "USD", 2, leverage, 0, True, "full", balance, 0, 1, t_us)]

    def trade(self, t_us: int) -> list[Event]:
        """Anyone's next deal, so that about two positions stay open on each account."""
        login = self.dice.choice(self.logins)
        held = self.positions[login]
        if len(held) >= 3 or (held and self.dice.getrandbits(1)):
            return self._close(login, held.pop(0), t_us)
        return self.open_position(login, t_us)

    def open_position(self, login: str, t_us: int) -> list[Event]:
        self.number += 1
        place = self.dice.randrange(len(self.symbols))
        listed, side = self.symbols[place], self.dice.choice((Side.BUY, Side.SELL))
        price = self.bids[place] + (listed.spread if side is Side.BUY else 0)
        held = Held(f"P{self.number}", listed, side, self.dice.randrange(1, self.lots_below) * 1_000_000, price, t_us)
        self.positions[login].append(held)
        return self._told(login, held, "opened", DealEntry.IN, side, held.lots_e8, price, 0, t_us)

    def _close(self, login: str, held: Held, t_us: int) -> list[Event]:
        self.number += 1
        bid = self.bids[self.symbols.index(held.listed)]
        is_long = held.side is Side.BUY
        price = bid if is_long else bid + held.listed.spread
        moved = price - held.price if is_long else held.price - price
        # In whole cents; what is lost in a conversion that this platform does not do is no matter here.
        profit = moved * held.lots_e8 * held.listed.contract * 100 // (10**8 * 10**held.listed.digits)
        side = Side.SELL if is_long else Side.BUY
        return self._told(login, held, "closed", DealEntry.OUT, side, 0, price, profit, t_us)

    def _told(
        self,
        login: str,
        held: Held,
        op: str,
        entry: DealEntry,
        side: Side,
        left: int,
        price: int,
        profit: int,
        t_us: int,
    ) -> list[Event]:
        symbol, number = held.listed.symbol, f"D{self.number}"
        deal = Deal(
            login, number, number, held.position, symbol, side, entry, held.lots_e8, price, "USD", 2, profit, -70, 0, 0,
            "client", t_us,
        )  # fmt: skip
        position = Position(
            login, held.position, op, symbol, held.side, left, held.price, 0, 0, "USD", 2, 0, 0, held.opened_us, t_us
        )
        return [deal, position]

    def contracts(self) -> list[Event]:
        return [
            SymbolSpec(
                listed.symbol,
                listed.digits,
                listed.contract * 10**8,
                listed.symbol[:3],
                listed.profit,
                1,
                "forex",
                "UTC",
            )
            for listed in self.symbols
        ]


class Feeder:
    """The bridge program, and its timetable."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.book = Book(listing(options.conversions))
        self.sent = Sent()
        self.outbox = Outbox(options.outbox)
        self.late_us_max = 0
        self.client = _Client(
            key=read_key_file(options.key_file),
            outbox=self.outbox,
            program=self,
            identity=Identity(plugin="bench-feeder", plugin_version="1", platform="bench"),
            now_us=now_us,
        )

    # --- what the appliance asks ---

    async def on_welcome(self, resume: Resume) -> None:
        """Nothing is there before the first session."""

    async def on_command(self, command: Cmd, *, again: bool) -> None:  # noqa: ARG002
        t_us = now_us()
        if command.action == "create_account":
            await self.client.publish(self.book.open_account(command, t_us))
        else:
            done = CmdResult(command.cmd_id, command.acc, CommandState.APPLIED, "DONE", "", "", t_us)
            await self.client.publish([done])

    async def on_subscribe(self, symbols: tuple[str, ...]) -> None: ...

    async def on_snapshot_request(self, login: str) -> None: ...

    async def on_backfill_request(self, request: BackfillReq) -> None: ...

    # --- the timetable ---

    async def run(self) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.client.run)
            await self.client.welcomed()
            await self._fill()
            self.client.acked = self.sent
            await self._feed()
            with anyio.fail_after(SETTLED_WITHIN_S):
                await self.client.settled()
            tasks.cancel_scope.cancel()

    async def _fill(self) -> None:
        """Contracts, first prices, accounts, and two positions for each."""
        await self.client.publish(self.book.contracts())
        for _ in range(2):
            await self.client.send_quotes([self.book.tick(now_us()) for _ in self.book.symbols])
        while len(self.book.logins) < self.options.accounts:  # noqa: ASYNC110  (they come as commands, a thousand or more)
            await anyio.sleep(0.05)
        await self.client.settled()
        opening = [login for login in self.book.logins for _ in range(2)]
        for start in range(0, len(opening), OPENING_DEALS_AT_ONCE):
            part = opening[start : start + OPENING_DEALS_AT_ONCE]
            await self.client.publish([event for login in part for event in self.book.open_position(login, now_us())])
            await self.client.settled()

    async def _feed(self) -> None:
        began_us, began = now_us(), time.perf_counter()
        seconds = WARM_UP_S + self.options.seconds
        from_us, to_us = began_us + WARM_UP_S * 1_000_000, began_us + seconds * 1_000_000
        say({"begin_us": from_us, "end_us": to_us})
        ticks = deals = frames = 0
        used = None
        while (elapsed := time.perf_counter() - began) < seconds:
            if used is None and elapsed >= WARM_UP_S:
                used = resource.getrusage(resource.RUSAGE_SELF)
            t_us = began_us + int(elapsed * 1_000_000)
            due = int(elapsed * self.options.prices) - ticks
            if due > 0:
                self._send_frame(due, t_us)
                ticks += due
                frames += 1
            while deals < int(elapsed * self.options.deals):
                await self._send_deal(now_us())
                deals += 1
            if frames % WATERMARK_EVERY == 0:
                await self.client.watermark(now_us())
            await anyio.sleep(FRAME_S)
            self.late_us_max = max(self.late_us_max, int((time.perf_counter() - began - elapsed - FRAME_S) * 1e6))
        assert used is not None
        after = resource.getrusage(resource.RUSAGE_SELF)
        self.cpu = (after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime) / self.options.seconds
        self.window = (from_us, to_us)

    def _send_frame(self, count: int, t_us: int) -> None:
        del t_us
        at_us = now_us()
        self.client.push_quotes([self.book.tick(at_us) for _ in range(count)])
        self.sent.quotes.append((self.client.last_qseq, at_us, count))

    async def _send_deal(self, t_us: int) -> None:
        events = self.book.trade(t_us)
        seq = await self.client.publish(events)
        self.sent.events.append((seq, t_us, len(events)))

    def result(self) -> dict[str, object]:
        return {
            "acknowledged": self.sent.samples.summary(*self.window),
            "cpu": self.cpu,
            "late_us_max": self.late_us_max,
            "positions": sum(map(len, self.book.positions.values())),
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--key-file", type=Path, required=True)
    parser.add_argument("--outbox", type=Path, required=True)
    parser.add_argument("--accounts", type=int, required=True)
    parser.add_argument("--prices", type=int, required=True, help="a second")
    parser.add_argument("--deals", type=int, required=True, help="a second")
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--conversions", action="store_true")
    feeder = Feeder(parser.parse_args())
    anyio.run(feeder.run)
    say(feeder.result())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
