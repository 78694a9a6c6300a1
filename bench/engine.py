"""The engine alone: CPU time for each price and each wake, without wire and disk: what the rest of the feed's time is not.

    python -m bench.engine [--json] [--accounts N] [--static | --trend] [--conversions | --one-symbol]
    python -m bench.engine --sizes 1000,5000,20000,100000 [--static | --trend] [--one-symbol]

Process time, so that a busy machine changes it little. Prices walk as in `bench/feeder.py`; each price goes through every desk.
`--trend` is the worst that can be: each price is a point higher, all accounts hold long positions and all floors trail, so that
every price is a new high of every account that holds its symbol. With `--one-symbol` that is each of them, twice over. `--sizes`
measures one firm again as it grows.
"""

import argparse
import gc
import hashlib
import math
import random
import time
from collections.abc import Sequence
from typing import Any

from actors.arrival import Arrival
from actors.batch import Batch
from actors.effects import SendCommand
from actors.engine import Engine
from bench.feeder import Book
from bench.firm import BRIDGE, Listed, listing, programs_sold, trails_every_tick
from bench.telling import in_a_line, parser_of, tell
from firm.commands import Command, EnrolBridge, MarkOrderPaid, PlaceOrder, PublishProgram, RegisterTrader
from firm.ids import ID_BITS
from firm.inputs import (
    AccountReported,
    CommandReported,
    CommandState,
    DealEntry,
    DealReported,
    Input,
    QuoteFrame,
    Side,
    SymbolReported,
)
from firm.money import Money
from firm.price import SymbolSpec
from firm.quote_frame import Tick, encode_quotes
from firm.ruleset import Program

T0 = 1_398_988_800_000_000
TICKS_PER_FRAME = 10
FRAME_US = 2_000
FRAMES = 2_000
SYMBOLS = 30
ROUND_FRAMES = SYMBOLS // TICKS_PER_FRAME  # one price of each symbol
SIZE_ROUNDS_MIN, SIZE_ROUNDS_MAX, SIZE_S = 3, 200, 10.0  # how long each size of a growing firm is measured
NOTHING = Money(0, "USD", 2)


class Floor:
    """An engine with accounts that hold two positions each, and the platform's side of it."""

    def __init__(
        self,
        symbols: tuple[Listed, ...],
        *,
        trailing: bool,
        trend: bool = False,
        sold: Sequence[Program] | None = None,
        engine: Engine | None = None,
        t_us: int = T0,
    ) -> None:
        """`sold`: the programs of its accounts in turn; else those of the demo, with floors that trail where `trailing`."""
        self.engine = engine or Engine("00" * 16)
        self.book = _Rising(symbols) if trend else Book(symbols)
        self.t_us = t_us
        self.seq = self.qseq = 0
        self.opened: list[int] = []
        self._trend = trend
        self._dice = random.Random(1)
        self._sold = sold or [
            program for program in programs_sold(trailing=trailing) if not trend or trails_every_tick(program)
        ]
        self._open()

    def frames(self, count: int, ticks: int = TICKS_PER_FRAME) -> list[Arrival]:
        """The next frames of so many prices, in order."""
        return [self._frame(ticks) for _ in range(count)]

    def put(self, body: Input, account: int = 0) -> Batch:
        return self.decide([Arrival(body, self.t_us, self.t_us, account)])

    def decide(self, arrivals: list[Arrival]) -> Batch:
        """Where all that happens goes through."""
        return self.engine.decide(arrivals)

    def _frame(self, count: int) -> Arrival:
        self.t_us += FRAME_US
        ticks = [self.book.tick(self.t_us) for _ in range(count)]
        frame = encode_quotes(self.seq, ticks)
        body = QuoteFrame(
            bridge=BRIDGE, qseq=self.qseq + 1, after_seq=self.seq, n=len(ticks), first_us=self.t_us, last_us=self.t_us,
            conflated=False, sha256=hashlib.sha256(frame).hexdigest(),
        )  # fmt: skip
        self.qseq += len(ticks)
        return Arrival(body, self.t_us, self.t_us, attachment=frame)

    def grow(self, accounts: int, *, holding: bool = True) -> None:
        """Until there are so many. `holding`: the new ones hold two positions each, else nothing."""
        dice = self._dice
        gc.disable()  # nothing that is made here is let go, and the collector would look through all of it again and again
        for place in range(len(self.opened), accounts):
            program, order, trader = (
                self._sold[place % len(self._sold)],
                dice.randrange(1 << ID_BITS),
                dice.randrange(1 << ID_BITS),
            )
            ids = tuple(dice.randrange(1 << ID_BITS) for _ in program.phases)
            self._sell(
                program,
                ids[0],
                RegisterTrader(by="console", trader=trader, sealed=""),
                PlaceOrder(by="console", order=order, trader=trader, program=program.program, accounts=ids),
                MarkOrderPaid(by="console", order=order, reference="bench"),
            )
            self.opened.append(ids[0])
            if holding:
                self.buy(ids[0])
                self.buy(ids[0])
        gc.enable()

    def _open(self) -> None:
        self.put(EnrolBridge(by="console", bridge=BRIDGE, public_key="k", simulator=True))
        for program in self._sold:
            self.put(PublishProgram(by="console", program=program))
        for listed in self.book.symbols:
            self.seq += 1
            self.put(SymbolReported(bridge=BRIDGE, seq=self.seq, spec=_spec(listed)))
        self.decide(self.frames(math.ceil(2 * len(self.book.symbols) / TICKS_PER_FRAME)))

    def _sell(self, program: Program, account: int, *commands: Command) -> None:
        """Up to the platform's own record of the account, without which its opening would stay open, here and in every copy of it."""
        for command in commands:
            for effect in self.put(command).effects:
                if isinstance(effect, SendCommand):
                    login = f"L{self.seq + 1}"
                    self.seq += 2
                    applied = CommandReported(
                        bridge=BRIDGE, seq=self.seq - 1, command=effect.command, state=CommandState.APPLIED, retcode="",
                        vendor_ref=login, t_us=self.t_us,
                    )  # fmt: skip
                    self.put(applied)
                    record = AccountReported(
                        bridge=BRIDGE, seq=self.seq, login=login, group=program.group, leverage=program.leverage,
                        trading_allowed=True, balance=program.size, credit=NOTHING, t_us=self.t_us,
                    )  # fmt: skip
                    self.put(record, account)

    def buy(self, account: int) -> None:
        """Open a position, at the price of now and of any symbol."""
        self.seq += 1
        place = self.book.dice.randrange(len(self.book.symbols))
        side = self.book.dice.choice((Side.BUY, Side.SELL))
        listed = self.book.symbols[place]
        price = self.book.bids[place] + (listed.spread if side is Side.BUY else 0)
        if self._trend:  # bought below today's price, so that the next one is already a high
            side, price = Side.BUY, self.book.bids[place] - 1
        deal = DealReported(
            bridge=BRIDGE, seq=self.seq, deal_id=f"D{self.seq}", order_id="", position_id=f"P{self.seq}", symbol=listed.symbol,
            entry=DealEntry.IN, side=side, lots_e8=self.book.dice.randrange(1, 50) * 1_000_000, price=price, profit=NOTHING,
            commission=NOTHING, swap=NOTHING, fee=NOTHING, reason="", t_us=self.t_us,
        )  # fmt: skip
        self.put(deal, account)


class _Rising(Book):
    """Prices that only rise."""

    def tick(self, t_us: int) -> Tick:
        place = self._next
        self._next = (place + 1) % len(self.symbols)
        listed = self.symbols[place]
        self.bids[place] += 1
        return Tick(listed.symbol, t_us, self.bids[place], self.bids[place] + listed.spread)


def _spec(listed: Listed) -> SymbolSpec:
    return SymbolSpec(
        symbol=listed.symbol, digits=listed.digits, contract_e8=listed.contract * 10**8, currency_base=listed.symbol[:3],
        currency_profit=listed.profit, zone="UTC", sessions=(),
    )  # fmt: skip


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure once."""
    floor = _floor(options)
    floor.grow(options.accounts)
    floor.engine.decide(floor.frames(FRAMES // 10))
    told = _measured(floor, options.frames, options.frames, math.inf)
    return _told("engine", options) | {"accounts": options.accounts, "conversions": options.conversions} | told


def run_sizes(options: argparse.Namespace) -> dict[str, Any]:
    """Measure one firm at each size, smallest first."""
    floor, lines = _floor(options), []
    for size in sorted(options.sizes):
        floor.grow(size)
        gc.collect()
        gc.freeze()  # as a start does it: what stays is not looked through again and again
        floor.engine.decide(floor.frames(ROUND_FRAMES))
        least, most = SIZE_ROUNDS_MIN * ROUND_FRAMES, SIZE_ROUNDS_MAX * ROUND_FRAMES
        lines.append({"accounts": size} | _measured(floor, least, most, SIZE_S))
    return _told("engine-sizes", options) | {"lines": lines}


def _floor(options: argparse.Namespace) -> Floor:
    symbols = listing(options.conversions)
    return Floor(symbols[:1] if options.one_symbol else symbols, trailing=not options.static, trend=options.trend)


def _told(bench: str, options: argparse.Namespace) -> dict[str, Any]:
    asked = {name: getattr(options, name) for name in ("static", "trend", "one_symbol")}
    return {"bench": bench, **asked, "goals_met": True}


def _measured(floor: Floor, least: int, most: int, seconds: float) -> dict[str, Any]:
    """Whole rounds over the symbols, `least` to `most` frames; no more are begun after so many seconds."""
    market = floor.engine.market(BRIDGE)
    ticks, wakes, used_s, frames = market.tick_count, market.wake_count, 0.0, 0
    while frames < least or (frames < most and used_s < seconds):
        arrivals = floor.frames(min(ROUND_FRAMES, most - frames))
        began = time.process_time()
        for arrival in arrivals:
            floor.engine.decide([arrival])
        used_s += time.process_time() - began
        frames += len(arrivals)
    ticks, wakes = market.tick_count - ticks, market.wake_count - wakes
    return {
        "us_per_price": used_s * 1e6 / ticks,
        "wakes_per_price": wakes / ticks,
        "us_per_wake": used_s * 1e6 / wakes if wakes else None,
        "rows": floor.engine.size,
    }


def _sizes(text: str) -> list[int]:
    return [int(size) for size in text.split(",")]


def main() -> int:
    parser = parser_of(__doc__)
    parser.add_argument("--accounts", type=int, default=2_000)
    parser.add_argument("--frames", type=int, default=FRAMES, help=f"of {TICKS_PER_FRAME} prices")
    floors = parser.add_mutually_exclusive_group()
    floors.add_argument("--static", action="store_true", help="only floors that stay where they are")
    floors.add_argument("--trend", action="store_true", help="all floors trail, and every price is a new high")
    parser.add_argument("--sizes", type=_sizes, help="measure a growing firm at these numbers of accounts")
    held = parser.add_mutually_exclusive_group()
    held.add_argument("--conversions", action="store_true", help="six of the 30 symbols need a conversion")
    held.add_argument("--one-symbol", action="store_true", help="all positions are of one symbol, as are all prices")
    options = parser.parse_args()
    result = run_sizes(options) if options.sizes else run(options)
    tell(result, options, in_a_line)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
