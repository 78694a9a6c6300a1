"""The engine alone: CPU time for each price and each wake, without wire and disk: what the rest of the feed's time is not.

    python -m bench.engine [--json] [--accounts N] [--static] [--conversions]

Process time, so that a busy machine changes it little. Prices walk as in `bench/feeder.py`; each price goes through every desk.
"""

import argparse
import json
import random
import sys
import time
from typing import Any

from actors.arrival import Arrival
from actors.batch import Batch
from actors.effects import SendCommand
from actors.engine import Engine
from bench.feeder import Book
from bench.firm import BRIDGE, Listed, listing, programs_sold
from firm.commands import Command, EnrolBridge, MarkOrderPaid, PlaceOrder, PublishProgram, RegisterTrader
from firm.ids import ID_BITS
from firm.inputs import CommandReported, CommandState, DealEntry, DealReported, Input, QuoteFrame, Side, SymbolReported
from firm.money import Money
from firm.price import SymbolSpec
from firm.quote_frame import encode_quotes

T0 = 1_398_988_800_000_000
TICKS_PER_FRAME = 10
FRAME_US = 2_000
FRAMES = 2_000
NOTHING = Money(0, "USD", 2)


class Floor:
    """An engine with accounts that hold two positions each, and the platform's side of it."""

    def __init__(self, accounts: int, symbols: tuple[Listed, ...], trailing: bool) -> None:
        self.engine = Engine("00" * 16)
        self.book = Book(symbols)
        self.t_us = T0
        self.seq = self.qseq = 0
        self._open(accounts, trailing)

    def frames(self, count: int) -> list[Arrival]:
        """The next frames, in order."""
        return [self._frame() for _ in range(count)]

    def put(self, body: Input, account: int = 0) -> Batch:
        return self.engine.decide([Arrival(body, self.t_us, self.t_us, account)])

    def _frame(self) -> Arrival:
        self.t_us += FRAME_US
        ticks = [self.book.tick(self.t_us) for _ in range(TICKS_PER_FRAME)]
        body = QuoteFrame(
            bridge=BRIDGE, qseq=self.qseq + 1, after_seq=self.seq, n=len(ticks), first_us=self.t_us, last_us=self.t_us,
            conflated=False, sha256="",
        )  # fmt: skip
        self.qseq += len(ticks)
        return Arrival(body, self.t_us, self.t_us, attachment=encode_quotes(self.seq, ticks))

    def _open(self, accounts: int, trailing: bool) -> None:
        self.put(EnrolBridge(by="console", bridge=BRIDGE, public_key="k", simulator=True))
        sold = programs_sold(trailing=trailing)
        for program in sold:
            self.put(PublishProgram(by="console", program=program))
        for listed in self.book.symbols:
            self.seq += 1
            self.put(SymbolReported(bridge=BRIDGE, seq=self.seq, spec=_spec(listed)))
        self.engine.decide(self.frames(2 * len(self.book.symbols) // TICKS_PER_FRAME))
        dice = random.Random(1)
        for place in range(accounts):
            program, order, trader = sold[place % len(sold)], dice.randrange(1 << ID_BITS), dice.randrange(1 << ID_BITS)
            ids = tuple(dice.randrange(1 << ID_BITS) for _ in program.phases)
            self._sell(
                RegisterTrader(by="console", trader=trader, sealed=""),
                PlaceOrder(by="console", order=order, trader=trader, program=program.program, accounts=ids),
                MarkOrderPaid(by="console", order=order, reference="bench"),
            )
            self._buy(ids[0])
            self._buy(ids[0])

    def _sell(self, *commands: Command) -> None:
        for command in commands:
            for effect in self.put(command).effects:
                if isinstance(effect, SendCommand):
                    self.seq += 1
                    self.put(
                        CommandReported(
                            bridge=BRIDGE, seq=self.seq, command=effect.command, state=CommandState.APPLIED, retcode="",
                            vendor_ref=f"L{self.seq}", t_us=self.t_us,
                        )
                    )  # fmt: skip

    def _buy(self, account: int) -> None:
        self.seq += 1
        place = self.book.dice.randrange(len(self.book.symbols))
        side = self.book.dice.choice((Side.BUY, Side.SELL))
        listed = self.book.symbols[place]
        price = self.book.bids[place] + (listed.spread if side is Side.BUY else 0)
        deal = DealReported(
            bridge=BRIDGE, seq=self.seq, deal_id=f"D{self.seq}", order_id="", position_id=f"P{self.seq}", symbol=listed.symbol,
            entry=DealEntry.IN, side=side, lots_e8=self.book.dice.randrange(1, 50) * 1_000_000, price=price, profit=NOTHING,
            commission=NOTHING, swap=NOTHING, fee=NOTHING, reason="", t_us=self.t_us,
        )  # fmt: skip
        self.put(deal, account)


def _spec(listed: Listed) -> SymbolSpec:
    return SymbolSpec(
        symbol=listed.symbol, digits=listed.digits, contract_e8=listed.contract * 10**8, currency_base=listed.symbol[:3],
        currency_profit=listed.profit, zone="UTC", sessions=(),
    )  # fmt: skip


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure once."""
    floor = Floor(options.accounts, listing(options.conversions), not options.static)
    market = floor.engine.market(BRIDGE)
    floor.engine.decide(floor.frames(FRAMES // 10))
    frames = floor.frames(options.frames)
    ticks, wakes, began = market.tick_count, market.wake_count, time.process_time()
    for arrival in frames:
        floor.engine.decide([arrival])
    took_us = (time.process_time() - began) * 1e6
    ticks, wakes = market.tick_count - ticks, market.wake_count - wakes
    return {
        "bench": "engine",
        "accounts": options.accounts,
        "static": options.static,
        "conversions": options.conversions,
        "us_per_price": took_us / ticks,
        "wakes_per_price": wakes / ticks,
        "us_per_wake": took_us / wakes if wakes else None,
        "rows": floor.engine.size,
        "goals_met": True,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a line")
    parser.add_argument("--accounts", type=int, default=2_000)
    parser.add_argument("--frames", type=int, default=FRAMES, help=f"of {TICKS_PER_FRAME} prices")
    parser.add_argument("--static", action="store_true", help="only floors that stay where they are")
    parser.add_argument("--conversions", action="store_true", help="six of the 30 symbols need a conversion")
    options = parser.parse_args()
    result = run(options)
    text = json.dumps(result) if options.json else "  ".join(f"{key} {value}" for key, value in result.items())
    sys.stdout.write(text + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
