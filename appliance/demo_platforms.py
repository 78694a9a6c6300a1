"""Demo platforms: which simulated platforms a demo runs, what each of them plays, and who trades there.

The first plays what was asked for, on hedging accounts. A second one makes up the same days from the seed, with netting accounts and
an exchange's depth; both go through market time together, for the firm's clock is theirs.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.demo_firm import BRIDGE, GROUPS, NETTING_BRIDGE, DemoTrader
from appliance.ports import free_port
from bridges.simulator.bots import BotsUnusable, read_bots
from bridges.simulator.state import Execution, PositionMode
from bridges.simulator.tempers import BUNDLED_TROUPE, VARIED_TROUPE, Troupe
from bridges.simulator.ticket.keys import ticket_keys
from bridges.simulator.ticket.loopback import HOST, TicketPortTaken, listen
from firm.instant import DAY_US, utc_text
from storage.files import write_new

PLATFORMS_MAX = 2
PASSWORDS_NAME = "ticket-passwords.txt"


class DemoRefused(ValueError):
    """The demo cannot be set up as asked."""


@dataclass(frozen=True)
class DemoOptions:
    """What `evenhand demo` was asked. `speed` is market seconds a second, or "max"; empty texts mean the bundled stretch.

    `market`: of made-up prices, "" for files. `script`: what befalls the first platform's market besides prices. `bots`: a file of the
    user's own traders. `ticket`: whether people trade by hand; `ticket_port` 0 takes free ports for that, else the platforms have this one
    and those that follow.
    """

    directory: Path
    accounts: int = 60
    speed: str = "100"
    from_text: str = ""
    to_text: str = ""
    ticks: Sequence[Path] = ()
    port: int = 8_080
    until_done: bool = False
    seed: int = 1
    market: str = ""
    script: Path | None = None
    bots: Path | None = None
    platforms: int = 1
    ticket: bool = False
    ticket_port: int = 0


@dataclass
class Platform:
    """One platform of a demo. `plays`: the simulator's options for its market and its accounts. `said`: its last progress line."""

    bridge: str
    folder: str
    key_file: Path
    data_dir: Path
    plays: Sequence[str]
    troupe: Troupe
    accounts: int
    ticket_port: int
    said: dict[str, Any] = field(default_factory=dict)

    @property
    def ticket_url(self) -> str:
        """Where its accounts are traded by hand; "" where they are not."""
        return f"http://{HOST}:{self.ticket_port}" if self.ticket_port else ""

    def hear(self, line: str) -> None:
        """A line of its output; what is no progress is nothing to us."""
        try:
            self.said = json.loads(line)
        except json.JSONDecodeError:
            return


def platforms_of(options: DemoOptions, start_us: int, end_us: int) -> tuple[Platform, ...]:
    """As many as were asked for. A file of bots that is of no use is refused before anything is made."""
    try:
        bots = None if options.bots is None else read_bots(options.bots)
    except BotsUnusable as wrong:
        raise DemoRefused(str(wrong)) from wrong
    bundled = VARIED_TROUPE if options.market else BUNDLED_TROUPE
    first = (BRIDGE, "platform", "sim.toml", _asked(options), bots or bundled)
    netting = (
        NETTING_BRIDGE,
        "platform-netting",
        "netting.toml",
        _made_up(options, start_us, end_us),
        bots or VARIED_TROUPE,
    )
    return tuple(
        Platform(
            bridge=bridge,
            folder=folder,
            key_file=options.directory / key_file,
            data_dir=options.directory / folder,
            plays=plays,
            troupe=troupe,
            accounts=len(range(place, options.accounts, options.platforms)),
            ticket_port=_ticket_port(options, place),
        )
        for place, (bridge, folder, key_file, plays, troupe) in enumerate((first, netting)[: options.platforms])
    )


def require_ticket_ports(platforms: Sequence[Platform]) -> None:
    """Each ticket's port can be had now; the platforms take them when they start."""
    try:
        for platform in platforms:
            if platform.ticket_port:
                listen(platform.ticket_port).close()
    except TicketPortTaken as taken:
        raise DemoRefused(str(taken)) from taken


def platform_command(options: DemoOptions, platform: Platform, all_of_them: Sequence[Platform]) -> list[str]:
    """The simulator as its process is started."""
    command = [
        *(sys.executable, "-m", "bridges.simulator"),
        *("--key-file", str(platform.key_file)),
        *("--data-dir", str(platform.data_dir)),
        *("--speed", options.speed, "--seed", str(options.seed), "--progress"),
        *("--wait-accounts", str(platform.accounts)),
        *(word for group in GROUPS for word in ("--group", group)),
        *platform.plays,
    ]
    if options.bots is not None:
        command += ["--bots", str(options.bots)]
    if platform.ticket_port:
        command += ["--ticket", str(platform.ticket_port), "--portal", f"http://{HOST}:{options.port}"]
    if len(all_of_them) > 1:
        command += ["--in-step-with", *(str(other.data_dir) for other in all_of_them if other is not platform)]
    if options.until_done:
        command.append("--until-done")
    return command


def together(said: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Several progress lines as one: what was counted added up, the time of the slowest, done once all are."""
    if not all(said):
        return {}
    slowest = min(said, key=lambda line: line["market_us"])
    counted = {
        key: sum(line[key] for line in said) for key in ("ticks", "accounts", "deals", "commands", "skipped_lines")
    }
    return slowest | counted | {"done": all(line["done"] for line in said)}


def write_passwords(directory: Path, platforms: Sequence[Platform], cast: Sequence[DemoTrader]) -> None:
    """Each trader's ticket password beside the demo's other leavings, for whoever may read them."""
    if not platforms[0].ticket_port:
        return
    keys = [ticket_keys(platform.data_dir) for platform in platforms]
    lines = [
        f"{trader.mail}\t{keys[place % len(platforms)].password_of(str(trader.number))}\n"
        for place, trader in enumerate(cast)
    ]
    write_new(directory / PASSWORDS_NAME, "".join(lines).encode())


def first_password(directory: Path) -> str:
    """The ticket password of the demo's first trader; "" where nobody trades by hand."""
    path = directory / PASSWORDS_NAME
    return path.read_text("utf-8").splitlines()[0].partition("\t")[2] if path.exists() else ""


def _asked(options: DemoOptions) -> list[str]:
    plays: list[str] = []
    if options.from_text:
        plays += ["--from", options.from_text]
    if options.to_text:
        plays += ["--to", options.to_text]
    if options.ticks:
        plays += ["--ticks", *(str(path) for path in options.ticks)]
    if options.market:
        plays += ["--market", options.market]
    if options.script is not None:
        plays += ["--script", str(options.script)]
    return plays


def _made_up(options: DemoOptions, start_us: int, end_us: int) -> list[str]:
    """The same stretch of market time, on other prices."""
    days = (end_us - 1) // DAY_US - start_us // DAY_US + 1
    spec = f"trend+jumps+gaps+bursts;start={utc_text(start_us)[:10]};days={days};seed={options.seed}"
    return [
        *("--market", spec, "--from", utc_text(start_us), "--to", utc_text(end_us)),
        *("--position-mode", PositionMode.NETTING.value, "--execution", Execution.EXCHANGE.value),
    ]


def _ticket_port(options: DemoOptions, place: int) -> int:
    if not options.ticket:
        return 0
    return options.ticket_port + place if options.ticket_port else free_port(HOST)
