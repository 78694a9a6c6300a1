"""Burst platform: the second process of the burst benchmark: a bridge that plays the real prices around a release when they came.

It opens the accounts it is asked for with a long position each, says what each is worth, and then hands over every price at its
instant, with its own stamp. It does what it is asked to: stops an account's trading, closes its position, shows the account.
It prints JSON lines: `filled`, then waits for a line; `begin_us`, by the machine's clock; and at the end what it handed over when, and
when it heard which request.
"""

import argparse
import random
import sys
from pathlib import Path

import anyio
from anyio import to_thread

from bench.beside import now_us, say
from bench.payrolls import SPECS, Long, Stretch, sized, stretch
from bridges.client import BridgeClient, Identity, Resume
from bridges.enrolment import read_key_file
from bridges.events import (
    Account,
    CmdResult,
    Deal,
    Equity,
    Event,
    Position,
    Snapshot,
    SnapshotPosition,
    SymbolSpec,
)
from bridges.link import Link
from bridges.outbox import Outbox
from bridges.wire import BackfillReq, Cmd, Kind, read_body
from firm.inputs import CommandState, DealEntry, Side
from firm.instant import SECOND_US
from firm.quote_frame import Tick

FRAME_S = 0.002
WATERMARK_EVERY = 50  # frames: ten a second
OPENED_AT_ONCE = 100
SETTLED_WITHIN_S = 180
LEVERAGE_THAT_BREAKS = 200  # of the program with a static floor that a day's loss breaks
ALLOWED_BP = 500  # of its size, which that day may lose
SHARES = (0.3, 0.98)  # of the fall in the stretch, at which floors lie
TRADING_AFTER = {"close_only": False, "block": False, "unblock": True}
CALM_LOTS = 50  # hundredths of a lot that those hold who shall not break


class Client(BridgeClient):
    """Tells when a request arrives, before anything is done about it."""

    platform: "Payrolls"

    def _answer(self, link: Link, kind: Kind, body: bytes) -> None:
        if kind is Kind.CMD:
            self.platform.heard(read_body(Cmd, body))
        super()._answer(link, kind, body)


class Held:
    """An account of the platform. Money in cents."""

    def __init__(self, login: str, group: str, leverage: int, balance: int) -> None:
        self.login, self.group, self.leverage, self.balance = login, group, leverage, balance
        self.position: Long | None = None
        self.trading = True


class Payrolls:
    """The bridge program, and its prices."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.prices: Stretch = stretch(int(options.lead * SECOND_US), int(options.seconds * SECOND_US))
        self.accounts: dict[str, Held] = {}
        self.bids: dict[str, int] = {}
        self.handed: list[tuple[int, int, int, int]] = []
        self.commands: list[tuple[str, int, str]] = []
        self.late_us_max = 0
        self._dice = random.Random(7)
        self._shift_us = 0  # from market time to the machine's clock; 0 until the prices begin
        self._deals = 0
        self._breaking: dict[str, tuple[str, int, int, int]] = {}
        self.client = Client(
            key=read_key_file(options.key_file),
            outbox=Outbox(options.outbox),
            program=self,
            identity=Identity(plugin="bench-burst", plugin_version="1", platform="bench"),
            now_us=self._now_us,
        )
        self.client.platform = self

    def heard(self, command: Cmd) -> None:
        """At the wire: which request, when, for whom."""
        if self._shift_us:
            self.commands.append((command.action, now_us(), command.acc))

    # --- what the appliance asks ---

    async def on_welcome(self, resume: Resume) -> None:
        """Nothing is there before the first session."""

    async def on_command(self, command: Cmd, *, again: bool) -> None:  # noqa: ARG002
        t_us = self._now_us()
        if command.action == "create_account":
            await self.client.publish(self._open(command, t_us))
            return
        held = self.accounts[command.acc]
        events = self._close(held, t_us) if command.action == "close_all" else []
        held.trading = TRADING_AFTER.get(command.action, held.trading)
        done = CmdResult(command.cmd_id, command.acc, CommandState.APPLIED, "DONE", "", "", t_us)
        await self.client.publish([*events, done])

    async def on_snapshot_request(self, login: str) -> None:
        if login in self.accounts:
            await self.client.publish([self._shown(self.accounts[login])])

    async def on_subscribe(self, symbols: tuple[str, ...]) -> None: ...

    async def on_backfill_request(self, request: BackfillReq) -> None: ...

    # --- the book ---

    def _open(self, command: Cmd, t_us: int) -> list[Event]:
        login, args = f"{700_001 + len(self.accounts)}", command.args
        held = Held(login, args["group"], int(args["leverage"]), int(args["balance_minor"]))
        self.accounts[login] = held
        opened = CmdResult(command.cmd_id, "", CommandState.APPLIED, "DONE", login, "", t_us)
        record = Account(login, held.group, "USD", 2, held.leverage, 0, True, "full", held.balance, 0, 1, t_us)
        return [opened, record]

    def _buy(self, held: Held, t_us: int) -> list[Event]:
        """One position: of the first so many accounts that can break one that will, of all others a small one."""
        symbol = self._dice.choice(sorted(SPECS))
        if held.leverage == LEVERAGE_THAT_BREAKS and len(self._breaking) < self.options.breaking:
            position = sized(self.prices, symbol, self._dice.uniform(*SHARES), held.balance * ALLOWED_BP // 10_000)
            self._breaking[held.login] = (*position, held.balance)
        else:
            price = next(tick.ask for tick in self.prices.before if tick.symbol == symbol)
            position = Long(symbol, self._dice.randrange(1, CALM_LOTS) * 1_000_000, price)
        held.position = position
        told = self._told(held, position, DealEntry.IN, Side.BUY, position.price, 0, t_us)
        worth = held.balance + position.profit(self.bids[symbol])
        return [*told, Equity(held.login, "USD", 2, worth, held.balance, 0, "platform", t_us)]

    def _close(self, held: Held, t_us: int) -> list[Event]:
        position, held.position = held.position, None
        if position is None:
            return []
        bid = self.bids[position.symbol]
        profit = position.profit(bid)
        held.balance += profit
        return self._told(held, position, DealEntry.OUT, Side.SELL, bid, profit, t_us)

    def _told(
        self, held: Held, position: Long, entry: DealEntry, side: Side, price: int, profit: int, t_us: int
    ) -> list[Event]:
        self._deals += 1
        number, name, left = f"D{self._deals}", f"P{held.login}", position.lots_e8 if entry is DealEntry.IN else 0
        deal = Deal(
            held.login, number, number, name, position.symbol, side, entry, position.lots_e8, price, "USD", 2, profit,
            0, 0, 0, "client", t_us,
        )  # fmt: skip
        op = "opened" if left else "closed"
        shown = Position(
            held.login, name, op, position.symbol, Side.BUY, left, position.price, 0, 0, "USD", 2, 0, 0,
            self.prices.from_us, t_us,
        )  # fmt: skip
        return [deal, shown]

    def _shown(self, held: Held) -> Snapshot:
        worth, positions = held.balance, ()
        if (held_one := held.position) is not None:
            worth += held_one.profit(self.bids[held_one.symbol])
            opened_us = self.prices.from_us
            one = SnapshotPosition(
                f"P{held.login}", held_one.symbol, Side.BUY, held_one.lots_e8, held_one.price, 0, opened_us
            )
            positions = (one,)
        return Snapshot(
            held.login, self.client.last_seq, held.trading, "USD", 2, held.balance, worth, positions, 0, self._now_us()
        )

    # --- the timetable ---

    async def run(self) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.client.run)
            await self.client.welcomed()
            await self._fill()
            say({"filled": len(self.accounts)})
            await to_thread.run_sync(sys.stdin.readline)
            await self._play()
            with anyio.fail_after(SETTLED_WITHIN_S):
                await self.client.settled()
            tasks.cancel_scope.cancel()

    async def _fill(self) -> None:
        """Contracts, first prices, accounts, a position for each, and a day's start that is final."""
        t_us = self._now_us()
        await self.client.publish([_contract(symbol) for symbol in SPECS])
        self._hand_over(self.prices.before)
        while len(self.accounts) < self.options.accounts:  # noqa: ASYNC110  (they come as commands, a thousand or more)
            await anyio.sleep(0.05)
        await self.client.settled()
        opened = list(self.accounts.values())
        for start in range(0, len(opened), OPENED_AT_ONCE):
            part = opened[start : start + OPENED_AT_ONCE]
            await self.client.publish([event for held in part for event in self._buy(held, t_us)])
            await self.client.settled()
        await self.client.watermark(t_us)
        await self.client.settled()
        self.handed.clear()

    async def _play(self) -> None:
        began_us = now_us()
        self._shift_us = began_us - self.prices.from_us
        say({"begin_us": began_us})
        ticks, place, frames = self.prices.played, 0, 0
        while (t_us := self._now_us()) < self.prices.to_us:
            due = place
            while due < len(ticks) and ticks[due].t_us <= t_us:
                due += 1
            if due > place:
                self.late_us_max = max(self.late_us_max, t_us - ticks[place].t_us)
                self._hand_over(ticks[place:due])
                place = due
            frames += 1
            if frames % WATERMARK_EVERY == 0:
                await self.client.watermark(t_us)
            await anyio.sleep(FRAME_S)

    def _hand_over(self, ticks: list[Tick]) -> None:
        at_us = now_us()
        for tick in ticks:
            self.bids[tick.symbol] = tick.bid
        self.client.push_quotes(ticks)
        self.handed.append((ticks[0].t_us, self.client.last_qseq, len(ticks), at_us))

    def _now_us(self) -> int:
        """Market time: it stands still until the prices begin."""
        return now_us() - self._shift_us if self._shift_us else self.prices.from_us

    def result(self) -> dict[str, object]:
        return {
            "handed": self.handed,
            "commands": self.commands,
            "late_us_max": self.late_us_max,
            "breaking": self._breaking,
        }


def _contract(symbol: str) -> SymbolSpec:
    spec = SPECS[symbol]
    return SymbolSpec(
        symbol, spec.digits, spec.contract_e8, spec.currency_base, spec.currency_profit, 1, "forex", "UTC"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--key-file", type=Path, required=True)
    parser.add_argument("--outbox", type=Path, required=True)
    parser.add_argument("--accounts", type=int, required=True)
    parser.add_argument("--breaking", type=int, required=True, help="accounts whose positions break on the release")
    parser.add_argument("--lead", type=float, required=True, help="seconds before the release")
    parser.add_argument("--seconds", type=float, required=True, help="in all")
    platform = Payrolls(parser.parse_args())
    anyio.run(platform.run)
    say(platform.result())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
