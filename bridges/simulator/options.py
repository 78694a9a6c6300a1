"""Options of the simulator's command line."""

import argparse
import re
from pathlib import Path

import msgspec

from bridges.simulator.state import Execution, PositionMode
from bridges.wire import Group
from firm.instant import parse_utc


def parser() -> argparse.ArgumentParser:
    """Every option; what files and specs hold is read later."""
    options = argparse.ArgumentParser(
        prog="python -m bridges.simulator",
        description="A simulated trading platform on real or made-up prices. It reaches the appliance over CURVE like any bridge.",
        epilog="Files of prices, made-up markets, tempers and books: docs/simulator.md.",
    )
    options.add_argument(
        "--key-file", type=Path, required=True, metavar="F", help='the output of "evenhand bridge add NAME"'
    )
    options.add_argument(
        "--data-dir", type=Path, required=True, metavar="D", help="where the platform keeps its books and its outbox"
    )
    _add_market(options)
    _add_accounts(options)
    options.add_argument("--progress", action="store_true", help="print JSON lines of progress")
    options.add_argument(
        "--until-done", action="store_true", help="exit 0 once all is played and acknowledged, instead of standing by"
    )
    return options


def _add_market(options: argparse.ArgumentParser) -> None:
    played = options.add_mutually_exclusive_group()
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
    options.add_argument(
        "--script", type=Path, metavar="FILE", help="faults and changes of what is listed, as TOML, for this market"
    )
    options.add_argument(
        "--skip-bad-lines",
        action="store_true",
        help="count bad lines of these files and go on; without it they stop the replay",
    )
    options.add_argument(
        "--from", dest="from_us", type=_instant, metavar="T", help="begin here, e.g. 2014-05-02T12:25:00 (UTC)"
    )
    options.add_argument("--to", dest="to_us", type=_instant, metavar="T", help="end before here")
    options.add_argument(
        "--in-step-with",
        type=Path,
        nargs="+",
        default=(),
        metavar="DIR",
        help="data directories of other platforms of the same firm: market time goes on together with theirs",
    )
    options.add_argument(
        "--speed",
        type=_speed,
        default=1.0,
        metavar="N",
        help='seconds of market time in a second, or "max" (default 1)',
    )


def _add_accounts(options: argparse.ArgumentParser) -> None:
    options.add_argument("--seed", type=int, default=1, metavar="N", help="the traders' dice (default 1)")
    options.add_argument("--bots", type=Path, metavar="FILE.py", help="your own traders instead of the bundled ones")
    options.add_argument(
        "--position-mode",
        choices=[mode.value for mode in PositionMode],
        default=PositionMode.HEDGING.value,
        help="of accounts for which the firm says none (default hedging)",
    )
    options.add_argument(
        "--execution",
        choices=[execution.value for execution in Execution],
        default=Execution.MARKET.value,
        help="of accounts for which the firm says none (default market)",
    )
    options.add_argument(
        "--group",
        type=_group,
        action="append",
        default=[],
        metavar="NAME[=LEVERAGE,…]",
        help="a group that accounts may be in, and its leverages: demo=30,100; repeated for each. Without it any group will do",
    )
    options.add_argument(
        "--wait-accounts",
        type=int,
        default=0,
        metavar="N",
        help="market time stands still until so many accounts are open",
    )
    options.add_argument(
        "--ticket",
        type=_port,
        metavar="PORT",
        help="serve the ticket, on which people trade by hand, on this port of 127.0.0.1",
    )
    options.add_argument(
        "--portal",
        type=_portal,
        metavar="URL",
        help="the firm's portal, for the ticket to lead to whoever may not trade",
    )


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


def _group(text: str) -> Group:
    name, equals, leverages = text.rpartition("=") if "=" in text else (text, "", "")
    try:
        return msgspec.convert((name, [int(each) for each in leverages.split(",")] if equals else []), Group)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(f"{text!r} is no group: write demo, or demo=30,100") from wrong


def _portal(text: str) -> str:
    if not re.fullmatch(r"https?://[a-zA-Z0-9.\-\[\]:]+/?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no portal: write https://portal.example")
    return text.rstrip("/")


def _port(text: str) -> int:
    port = int(text) if text.isdecimal() and len(text) < 6 else 0
    if not 1 <= port <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give one between 1 and 65535")
    return port
