"""Rehearsal: the market played to the traders with no firm behind it, to see who would stand where and when.

`python -m bridges.simulator.rehearsal` prints a table of tempers: equity at the end, its low and high with their instants, and the
equity around Prague's midnight. Scripted commands are carried out at the first slice that ends at or after their instant.
"""

import argparse
import sys
from collections.abc import Sequence

import msgspec

from bridges.events import Deal, Event
from bridges.simulator.house import BUNDLED, House
from bridges.simulator.market_spec import read_market
from bridges.simulator.price_files import FilePrices, PriceFile, bundled_tick_files, price_file
from bridges.simulator.replay import Market, Replay
from bridges.simulator.state import Account
from bridges.simulator.synthetic import SyntheticPrices
from bridges.simulator.tempers import BUNDLED_TROUPE, TEMPERS, VARIED_TROUPE, cast
from bridges.simulator.valuation import equity_minor
from bridges.wire import Cmd
from firm.instant import parse_utc, utc_text
from firm.quote_frame import Tick

MIDNIGHT_PRAGUE = "2014-05-01T22:00:00"


class Course(msgspec.Struct):
    """How an account's equity went, in minor units, with instants; `before_midnight` is None where it was not open then."""

    lowest: int
    lowest_us: int
    highest: int
    highest_us: int
    before_midnight: int | None = None
    balance_at_midnight: int | None = None
    deals: int = 0


class Rehearsal:
    """A replay with its audience left out: `told` is every tick and event in order."""

    def __init__(
        self, market: Market, seed: int, script: Sequence[tuple[int, Cmd]] = (), house: House = BUNDLED
    ) -> None:
        self.replay = Replay(market, seed, house=house)
        self.told: list[Tick | Event] = []
        self.courses: dict[str, Course] = {}
        self._script = sorted(script, key=lambda line: line[0])
        self._midnight_us = parse_utc(MIDNIGHT_PRAGUE)

    def play(self, *, keep: bool = True) -> None:
        """Play to the end of the market. `keep` False forgets what was told, for long stretches."""
        self._carry_out_due()
        while not self.replay.is_over:
            before_us = self.replay.now_us
            self.replay.play_slice()
            self._carry_out_due()
            self._take(keep=keep)
            self._measure(before_us)

    def accounts(self) -> dict[str, Account]:
        return self.replay.state.accounts

    def equity(self, login: str) -> int:
        """An account's equity now."""
        return equity_minor(self.accounts()[login], self.replay.state)

    def _carry_out_due(self) -> None:
        while self._script and self._script[0][0] <= self.replay.now_us:
            self.replay.carry_out(self._script.pop(0)[1])

    def _take(self, *, keep: bool) -> None:
        for parcel in self.replay.hand_over():
            for event in parcel.events:
                if isinstance(event, Deal):
                    self._course(event.acc).deals += 1
            if keep:
                self.told += [*parcel.ticks, *parcel.events]

    def _course(self, login: str) -> Course:
        account = self.accounts()[login]
        return self.courses.setdefault(
            login, Course(account.initial_minor, self.replay.now_us, account.initial_minor, self.replay.now_us)
        )

    def _measure(self, before_us: int) -> None:
        now_us = self.replay.now_us
        for account in self.accounts().values():
            equity, course = self.equity(account.login), self._course(account.login)
            if equity < course.lowest:
                course.lowest, course.lowest_us = equity, now_us
            if equity > course.highest:
                course.highest, course.highest_us = equity, now_us
            if before_us < self._midnight_us:
                course.before_midnight, course.balance_at_midnight = equity, account.balance_minor


def opening_commands(openings: Sequence[tuple[str, str, int, int]]) -> list[Cmd]:
    """create_account for each (temper, currency, size, leverage), as the firm would send it."""
    return [
        Cmd(
            f"open-{number}",
            f"open-{number}",
            "",
            "create_account",
            {
                "trader": f"trader-{number}",
                "label": temper,
                "group": "rehearsal",
                "leverage": str(leverage),
                "currency": currency,
                "exponent": "2",
                "balance_minor": str(size * 100),
            },
            "",
            0,
        )
        for number, (temper, currency, size, leverage) in enumerate(openings, start=1)
    ]


def table(rehearsal: Rehearsal) -> str:
    """One line an account: temper, deals, equity in percent of the start."""
    lines = [
        "temper        ccy  deals    final   lowest at              highest at              midnight equity (balance)"
    ]
    for account in rehearsal.accounts().values():
        course = rehearsal.courses[account.login]

        def percent(minor: int | None, of: int = account.initial_minor) -> str:
            return "      -" if minor is None else f"{minor * 10_000 // of / 100:7.2f}"

        lines.append(
            f"{account.temper:13} {account.currency} {course.deals:6} {percent(rehearsal.equity(account.login))} "
            f"{percent(course.lowest)} {utc_text(course.lowest_us)[8:22]} "
            f"{percent(course.highest)} {utc_text(course.highest_us)[8:22]} "
            f"{percent(course.before_midnight)} ({percent(course.balance_at_midnight).strip()})"
        )
    return "\n".join(lines)


def _bundled() -> list[PriceFile]:
    return [price_file(path) for path in bundled_tick_files()]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bridges.simulator.rehearsal", description=__doc__)
    parser.add_argument(
        "--accounts", type=int, default=0, help="so many of the demo's mix; without it two of each temper"
    )
    parser.add_argument("--from", dest="from_us", type=parse_utc, help="begin here (UTC)")
    parser.add_argument("--to", dest="to_us", type=parse_utc, help="end before here (UTC)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--leverage", type=int, default=200)
    parser.add_argument("--market", default="", help="made-up prices, as the simulator takes them")
    options = parser.parse_args(arguments)
    troupe = VARIED_TROUPE if options.market else BUNDLED_TROUPE
    tempers = cast(options.accounts, troupe) if options.accounts else tuple(name for name in TEMPERS for _ in range(2))
    prices = SyntheticPrices(read_market(options.market)) if options.market else FilePrices(_bundled())
    market = Market(prices, from_us=options.from_us, to_us=options.to_us)
    commands = opening_commands([(temper, "USD", 100_000, options.leverage) for temper in tempers])
    rehearsal = Rehearsal(market, options.seed, [(market.from_us, command) for command in commands])
    rehearsal.play(keep=False)
    print(table(rehearsal))
    return 0


if __name__ == "__main__":
    sys.exit(main())
