"""The simulator's command line: read the options, open the files, play. Exit status 2 where something cannot be used."""

import argparse
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import anyio

from bridges.enrolment import KeyFileUnusable, read_key_file
from bridges.outbox import Outbox, OutboxUnusable
from bridges.simulator.bots import BotsUnusable, read_bots
from bridges.simulator.house import House
from bridges.simulator.market_spec import MarketUnusable, read_market
from bridges.simulator.price_files import FilePrices, bundled_tick_files, price_file
from bridges.simulator.program import Simulator
from bridges.simulator.progress import ProgressLines
from bridges.simulator.replay import Market, Prices
from bridges.simulator.state import Execution, PositionMode, StateUnusable
from bridges.simulator.synthetic import SyntheticPrices
from bridges.simulator.tempers import BUNDLED_TROUPE, VARIED_TROUPE
from bridges.simulator.ticks import TickFileError
from firm.instant import parse_utc

OUTBOX_NAME = "outbox.db"


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        simulator, outbox = _assembled(options)
    except (BotsUnusable, KeyFileUnusable, MarketUnusable, OutboxUnusable, StateUnusable, TickFileError) as unusable:
        print(f"simulator: {unusable}", file=sys.stderr)
        return 2
    status = 0
    try:
        anyio.run(_run, simulator, options.until_done)
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
    return House(troupe, PositionMode(options.position_mode), Execution(options.execution))


def _assembled(options: argparse.Namespace) -> tuple[Simulator, Outbox]:
    key = read_key_file(options.key_file)
    house = house_of(options)
    market = Market(
        prices_of(options.market, options.ticks),
        from_us=options.from_us,
        to_us=options.to_us,
        skipped=Counter() if options.skip_bad_lines else None,
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
        report=ProgressLines(sys.stdout) if options.progress else None,
    )
    return simulator, outbox


async def _run(simulator: Simulator, until_done: bool) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_stop_on_signal, tasks.cancel_scope)
        await simulator.run(until_done=until_done)
        tasks.cancel_scope.cancel()


async def _stop_on_signal(scope: anyio.CancelScope) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            scope.cancel()


def _innermost(group: BaseException) -> BaseException:
    return _innermost(group.exceptions[0]) if isinstance(group, BaseExceptionGroup) else group


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bridges.simulator",
        description="A simulated trading platform on real or made-up prices. It reaches the appliance over CURVE like any bridge.",
        epilog="Files of prices, made-up markets, tempers and books: docs/simulator.md.",
    )
    parser.add_argument(
        "--key-file", type=Path, required=True, metavar="F", help='the output of "evenhand bridge add NAME"'
    )
    parser.add_argument(
        "--data-dir", type=Path, required=True, metavar="D", help="where the platform keeps its books and its outbox"
    )
    played = parser.add_mutually_exclusive_group()
    played.add_argument(
        "--ticks",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="files of ticks or minute bars to play instead of the bundled ones",
    )
    played.add_argument(
        "--market",
        default="",
        metavar="SPEC",
        help='a made-up market: "walk+jumps:EURUSD,XAUUSD;days=5", or a TOML file',
    )
    parser.add_argument(
        "--from", dest="from_us", type=_instant, metavar="T", help="begin here, e.g. 2014-05-02T12:25:00 (UTC)"
    )
    parser.add_argument("--to", dest="to_us", type=_instant, metavar="T", help="end before here")
    parser.add_argument(
        "--speed",
        type=_speed,
        default=1.0,
        metavar="N",
        help='seconds of market time in a second, or "max" (default 1)',
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the traders' dice (default 1)")
    parser.add_argument("--bots", type=Path, metavar="FILE.py", help="your own traders instead of the bundled ones")
    parser.add_argument(
        "--position-mode",
        choices=list(PositionMode),
        default=PositionMode.HEDGING,
        help="of accounts for which the firm says none (default hedging)",
    )
    parser.add_argument(
        "--execution",
        choices=list(Execution),
        default=Execution.MARKET,
        help="of accounts for which the firm says none (default market)",
    )
    parser.add_argument(
        "--wait-accounts",
        type=int,
        default=0,
        metavar="N",
        help="market time stands still until so many accounts are open",
    )
    parser.add_argument(
        "--skip-bad-lines",
        action="store_true",
        help="count bad lines of these files and go on; without it they stop the replay",
    )
    parser.add_argument("--progress", action="store_true", help="print JSON lines of progress")
    parser.add_argument(
        "--until-done", action="store_true", help="exit 0 once all is played and acknowledged, instead of standing by"
    )
    return parser


def _instant(text: str) -> int:
    try:
        return parse_utc(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(f"{text!r} is no instant: write 2014-05-02T12:25:00") from wrong


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(f'{text!r} is no speed: a number or "max"') from wrong
    if not 0 < speed < float("inf"):
        raise argparse.ArgumentTypeError(f'{text!r} is no speed: above 0, or "max"')
    return speed


if __name__ == "__main__":
    sys.exit(main())
