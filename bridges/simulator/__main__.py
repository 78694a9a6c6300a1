"""The simulator's command line: read the options, open the files, play. Exit status 2 where something cannot be used."""

import argparse
import signal
import socket
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import anyio

from bridges.enrolment import KeyFileUnusable, read_key_file
from bridges.outbox import Outbox, OutboxUnusable
from bridges.simulator.bots import BotsUnusable, read_bots
from bridges.simulator.house import House
from bridges.simulator.in_step import InStep
from bridges.simulator.market_spec import MarketUnusable, read_market
from bridges.simulator.options import parser
from bridges.simulator.price_files import FilePrices, bundled_tick_files, price_file
from bridges.simulator.program import Simulator
from bridges.simulator.progress import ProgressLines
from bridges.simulator.replay import Market, Prices
from bridges.simulator.script import NOTHING, ScriptUnusable, read_script
from bridges.simulator.state import Execution, PositionMode, StateUnusable
from bridges.simulator.synthetic import SyntheticPrices
from bridges.simulator.tempers import BUNDLED_TROUPE, VARIED_TROUPE
from bridges.simulator.ticket.keys import TicketKeys, TicketKeyUnusable, ticket_keys
from bridges.simulator.ticket.loopback import TicketPortTaken, listen
from bridges.simulator.ticks import TickFileError

OUTBOX_NAME = "outbox.db"
UNUSABLE = (
    BotsUnusable,
    KeyFileUnusable,
    MarketUnusable,
    OutboxUnusable,
    StateUnusable,
    TickFileError,
    ScriptUnusable,
    TicketKeyUnusable,
    TicketPortTaken,
)

Ticket = tuple[TicketKeys, socket.socket, str]


def main(arguments: Sequence[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        ticket = _ticket(options)
        simulator, outbox = _assembled(options)
    except UNUSABLE as unusable:
        print(f"simulator: {unusable}", file=sys.stderr)
        return 2
    status = 0
    try:
        anyio.run(_run, simulator, options.until_done, ticket)
    except* (BotsUnusable, TickFileError) as group:
        # Bad lines and bots come to light while playing; task groups wrap what their tasks raise.
        print(f"simulator: {_innermost(group)}", file=sys.stderr)
        status = 2
    finally:
        outbox.close()
    return status


def prices_of(market: str, files: Sequence[Path] | None) -> Prices:
    """A market that is made up as said, or else the files, or else the bundled ones."""
    if market:
        return SyntheticPrices(read_market(market))
    return FilePrices([price_file(path) for path in files or bundled_tick_files()])


def house_of(options: argparse.Namespace) -> House:
    """The user's own bots where there are some; else the bundled ones that know how to trade such a market."""
    bundled = VARIED_TROUPE if options.market else BUNDLED_TROUPE
    troupe = read_bots(options.bots) if options.bots else bundled
    return House(troupe, PositionMode(options.position_mode), Execution(options.execution), tuple(options.group))


def _ticket(options: argparse.Namespace) -> Ticket | None:
    """The ticket's keys, its socket and the portal that it leads to, where it is to be served."""
    if options.ticket is None:
        return None
    return ticket_keys(options.data_dir), listen(options.ticket), options.portal or ""


def _assembled(options: argparse.Namespace) -> tuple[Simulator, Outbox]:
    key = read_key_file(options.key_file)
    house = house_of(options)
    market = Market(
        prices_of(options.market, options.ticks),
        from_us=options.from_us,
        to_us=options.to_us,
        skipped=Counter() if options.skip_bad_lines else None,
        script=read_script(options.script) if options.script else NOTHING,
    )
    options.data_dir.mkdir(parents=True, exist_ok=True)
    outbox = Outbox(options.data_dir / OUTBOX_NAME)
    simulator = Simulator(
        key=key,
        outbox=outbox,
        market=market,
        seed=options.seed,
        speed=options.speed,
        accounts_min=options.wait_accounts,
        house=house,
        in_step=InStep(options.data_dir, options.in_step_with) if options.in_step_with else None,
        report=ProgressLines(sys.stdout) if options.progress else None,
    )
    return simulator, outbox


async def _run(simulator: Simulator, until_done: bool, ticket: Ticket | None) -> None:
    async with anyio.create_task_group() as tasks:
        if ticket is not None:
            # Here, for it takes longer than everything else together, and most platforms do without.
            from bridges.simulator.ticket.server import serve_ticket

            tasks.start_soon(serve_ticket, simulator, *ticket)
        tasks.start_soon(_stop_on_signal, tasks.cancel_scope)
        await simulator.run(until_done=until_done)
        tasks.cancel_scope.cancel()


async def _stop_on_signal(scope: anyio.CancelScope) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            scope.cancel()


def _innermost(group: BaseException) -> BaseException:
    return _innermost(group.exceptions[0]) if isinstance(group, BaseExceptionGroup) else group


if __name__ == "__main__":
    sys.exit(main())
