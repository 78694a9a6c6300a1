"""`evenhand demo`: a whole firm on real prices, to look at."""

import argparse
import re
import signal
import sys
from functools import partial
from pathlib import Path

from appliance.commands.options import Verbs, verb
from appliance.demo import TO_END, Demo, hurry_no_more, wait
from appliance.demo_firm import BRIDGE, OWNER_MAIL, PASSWORD, REVIEWER_MAIL, TRADER_MAIL
from appliance.demo_platforms import PASSWORDS_NAME, PLATFORMS_MAX, DemoOptions, first_password
from appliance.interrupted import INTERRUPTED
from appliance.summary import summarise, summary_json, summary_text, tally
from appliance.wording import counted
from firm.instant import parse_utc


def add_to(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "demo",
        run,
        "run a throw-away firm on real prices, with simulated traders, a portal and a backoffice",
        "evenhand demo --speed 60",
    )
    _add_prices(parser)
    _add_platforms(parser)
    parser.add_argument("--headless", action="store_true", help="no live display and no trading by hand: for scripts")
    parser.add_argument("--until-done", action="store_true", help="end when the prices end, and print what happened")
    parser.add_argument("--json", action="store_true", help="print what happened as JSON")
    parser.add_argument(
        "--data-dir", type=Path, default=Path("var/demo"), metavar="DIR", help="default var/demo; made anew"
    )
    parser.add_argument("--port", type=_port, default=8_080, metavar="P", help="the portal's port (default 8080)")


def _add_prices(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--speed", type=_speed, default="100", metavar="N", help='market seconds a second, or "max" (default 100)'
    )
    parser.add_argument(
        "--from",
        dest="from_text",
        type=_instant,
        default=None,
        metavar="T",
        help="begin here, UTC: 2014-05-02T12:25:00; with the first price where none is named",
    )
    parser.add_argument(
        "--to",
        dest="to_text",
        type=_instant,
        default=None,
        metavar="T",
        help="end before here; with the last price else",
    )
    played = parser.add_mutually_exclusive_group()
    played.add_argument(
        "--ticks",
        type=_file,
        nargs="+",
        default=(),
        metavar="FILE",
        help="other prices to play: eurusd_tick_20140501.zip, with lines of ms,bid,ask, or minute bars",
    )
    played.add_argument(
        "--market",
        default="",
        metavar="SPEC",
        help='prices that are made up: "walk+jumps:EURUSD,XAUUSD;days=5" or a TOML file, see docs/simulator.md',
    )
    parser.add_argument(
        "--script",
        type=_file,
        default=None,
        metavar="FILE",
        help="a TOML file of what befalls the first platform, and it alone, besides prices: outages, frozen quotes, spikes, late "
        "prices; an example is docs/examples/faults.toml, docs/simulator.md lists the tables",
    )


def _add_platforms(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--accounts", type=_count, default=60, metavar="N", help="how many traders (default 60)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the traders' dice (default 1)")
    parser.add_argument(
        "--bots", type=_file, default=None, metavar="FILE.py", help="your own traders, see docs/simulator.md"
    )
    parser.add_argument(
        "--platforms",
        type=int,
        choices=range(1, PLATFORMS_MAX + 1),
        default=1,
        help="2: beside the first a platform of netting accounts on made-up prices (default 1)",
    )
    parser.add_argument(
        "--ticket",
        type=_port,
        default=0,
        metavar="P",
        help="the port on which people trade by hand (default: a free one)",
    )


def run(options: argparse.Namespace) -> int:
    demo = Demo(
        DemoOptions(
            directory=options.data_dir,
            accounts=options.accounts,
            speed=options.speed,
            from_text=options.from_text or "",
            to_text=options.to_text or "",
            ticks=options.ticks,
            port=options.port,
            until_done=options.until_done,
            seed=options.seed,
            market=options.market,
            script=options.script,
            bots=options.bots,
            platforms=options.platforms,
            ticket=not options.headless,
            ticket_port=options.ticket,
        )
    )
    demo.claim()
    _say(options, f"Founding a demo firm with {counted(options.accounts, 'trader')} in {options.data_dir} ...")
    demo.prepare()
    _end_as_with_ctrl_c()
    told_to_end = False
    with demo.running():
        _say(options, welcome(demo))
        try:
            wait(demo, partial(watch, options))
        except KeyboardInterrupt:
            hurry_no_more()  # before anybody reads that it ends, and presses again
            told_to_end = True
            _say(options, "\n  Ending: the platform stops, then the firm ...")
    summary = summarise(demo.firm_directory)
    print(summary_json(summary) if options.json else "\n" + summary_text(summary))
    return INTERRUPTED if told_to_end and options.until_done else 0


def welcome(demo: Demo) -> str:
    """Where to look and who to be."""
    return "\n".join(
        [
            "",
            f"  Portal and backoffice   {demo.url}",
            f"  Trader                  {TRADER_MAIL}",
            f"  Owner                   {OWNER_MAIL}",
            f"  Risk reviewer           {REVIEWER_MAIL}",
            f"  Password of all three   {PASSWORD}",
            *tickets(demo),
            "",
            *prices(demo),
            "  Ctrl-C ends the demo.",
            "",
        ]
    )


def tickets(demo: Demo) -> list[str]:
    """Where people trade by hand, and with which password the first trader does; the others' are in a file."""
    if not demo.options.ticket:
        return []
    lines = [f"  Trade by hand           {platform.ticket_url}  ({platform.bridge})" for platform in demo.platforms]
    password = first_password(demo.options.directory)
    return [*lines, f"  Ticket password         {password}  (the others: {demo.options.directory / PASSWORDS_NAME})"]


def prices(demo: Demo) -> list[str]:
    """What is played, in words."""
    lines = []
    if demo.options.market:
        lines.append(f"  Prices: made up, {demo.options.market}.")
    elif not demo.options.ticks:
        lines.append(
            "  Prices: EURUSD and XAUUSD of 1 and 2 May 2014. Midnight in Prague is 22:00 UTC, US payrolls 12:30 UTC."
        )
    if demo.options.script is not None:
        lines.append(f"  Outages, spikes and the like: from {demo.options.script}, on {BRIDGE}.")
    if len(demo.platforms) > 1:
        lines.append(
            f"  {demo.platforms[1].bridge} nets its accounts' positions, and makes its prices up for the same days."
        )
    return lines


def watch(options: argparse.Namespace, demo: Demo) -> None:
    """What is said meanwhile: how it goes, to whoever looks on; that the prices ended, to everybody whom they leave waiting."""
    if demo.market.get("done"):
        if not options.until_done and not demo.told_end:
            demo.told_end = True
            _say(options, the_end(demo))
    elif not options.headless:
        show(demo)


def show(demo: Demo) -> None:
    """One line that keeps itself up to date."""
    health = demo.health()
    if not health or not demo.market:
        return
    restarts = demo.restarts
    line = (
        f"  {str(demo.market['market_time'])[:19].replace('T', ' ')} UTC  {demo.market['ticks']:>7,} prices  "
        f"{demo.market['deals']:>5,} deals  {health['facts']:>7,} facts  "
        f"commit p99 {health['commit_us_p99'] / 1000:.1f} ms" + (f"  restarted {restarts} x" if restarts else "")
    )
    end, start = ("", "\r") if sys.stdout.isatty() else ("\n", "")
    print(f"{start}{line}", end=end, flush=True)


def the_end(demo: Demo) -> str:
    """From here on nothing moves."""
    at = str(demo.market["market_time"])[:19].replace("T", " ")
    return (
        f"\n  The prices ended at {at} UTC: {tally(summarise(demo.firm_directory))}.\n"
        "  The firm stays open for you to look around; Ctrl-C ends it and lists each verdict."
    )


def _end_as_with_ctrl_c() -> None:
    """Whatever tells a demo to end: it takes its firm and its platform with it. What the shell said to ignore stays ignored."""
    for each in TO_END:
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, signal.default_int_handler)


def _say(options: argparse.Namespace, text: str) -> None:
    """To people on standard output; beside JSON it would be noise."""
    print(text, file=sys.stderr if options.json else sys.stdout, flush=True)


def _port(text: str) -> int:
    port = int(text) if text.isdecimal() else 0
    if not 1 <= port <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give one between 1 and 65535")
    return port


def _count(text: str) -> int:
    count = int(text) if text.isdecimal() else 0
    if not 1 <= count <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of traders: give one between 1 and 100000")
    return count


def _instant(text: str) -> str:
    """Text that `parse_utc` reads."""
    try:
        parse_utc(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(f"{text!r} is no instant: write 2014-05-02T12:25:00") from wrong
    return text


def _file(text: str) -> Path:
    """A file that is there. What it holds is looked at with the others."""
    path = Path(text)
    try:
        if path.is_file():
            return path
    except (OSError, ValueError) as unreachable:  # such as a name that is longer than names may be
        why = unreachable.strerror if isinstance(unreachable, OSError) else "no file has such a name"
        raise argparse.ArgumentTypeError(f"there is no file {text} ({why}): check its path") from unreachable
    raise argparse.ArgumentTypeError(f"there is no file {text}: check its path")


def _speed(text: str) -> str:
    """Text that the simulator takes for a speed."""
    if text != "max" and not (re.fullmatch(r"\d{1,6}(\.\d{1,3})?", text) and float(text)):
        raise argparse.ArgumentTypeError(f'{text!r} is no speed: give market seconds a second, such as 60, or "max"')
    return text
