"""Burst: the payrolls release in real time, from a price at the bridge to the command that closes the account which it broke.

    python -m bench.burst [--json] [--accounts N] [--breaking N] [--viewers N]

The bundled ticks around 2014-05-02 12:30 UTC with their own stamps, at the pace at which they came; 10,000 accounts, hundreds of which the
release breaks; live pages and page loads from other processes. This process is the appliance as `evenhand serve` runs it,
`bench/burst_platform.py` the bridge. All read one clock. Beside it, what pollers that look at the very same prices would have seen.
"""

import argparse
import tempfile
import time
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from actors.arrival import Arrival, Decided
from actors.batch import Batch
from appliance.assembly import Machine
from appliance.clock import wall_us
from appliance.founding import found
from appliance.settings import (
    BreakerSettings,
    ClockSettings,
    ClockSource,
    LogLevel,
    LogSettings,
    RiskSettings,
    Settings,
)
from bench.beside import Beside
from bench.beyond import Beyond, beyond_of
from bench.firm import Founded, hire, programs_sold, sell_to, session_of, settings_of
from bench.ground import ground
from bench.payrolls import SPECS, Long, stretch
from bench.samples import Samples
from bench.serving import cpu_s, opened, outboxes, while_serving
from bench.telling import parser_of, tell
from bench.visitors import Page, visit
from firm.facts import BreachDeclared, BreachSuspected
from firm.ids import id_text
from firm.inputs import QuoteFrame
from firm.instant import SECOND_US
from firm.quote_frame import Tick
from storage.readmodels.accounts import account_line
from storage.secret_files import Secrets

ACCOUNTS, BREAKING, VIEWERS, LOADS = 10_000, 500, 50, 10.0
LEAD_S, SECONDS = 10.0, 40.0
GOAL_MS = 10.0
FIRST, CLOSE = "close_only", "close_all"  # the first thing that is asked for a breached account, and what closes it


class Breach(NamedTuple):
    """A hard limit that a price broke: the price's stamp, and when the breach was durable. Amounts in cents."""

    account: int
    priced_us: int
    durable_us: int
    floor: int
    observed: int


class BurstMachine(Machine):
    """Notes when frames of prices were durable, and which breaches with them."""

    def __init__(self, directory: Path, settings: Settings, secrets: Secrets) -> None:
        super().__init__(directory, settings, secrets)
        self.frames: list[tuple[int, int]] = []  # number of a frame's last price, and when it was durable
        self.breaches: list[Breach] = []
        self.suspected = 0
        self._committed_us = 0

    def offer(self, arrivals: Sequence[Arrival]) -> None:
        for arrival in arrivals:
            if isinstance(arrival.body, QuoteFrame):
                last = arrival.body.qseq + arrival.body.n - 1
                arrival.on_durable = partial(self._durable, last, arrival.on_durable)
        super().offer(arrivals)

    def _publish(self, batch: Batch) -> None:
        """The first thing after the commit: requests go out next, and only then is anybody told that it is durable."""
        self._committed_us = wall_us()
        super()._publish(batch)

    def _durable(self, last: int, then: Any, decided: Decided) -> None:
        now_us = self._committed_us
        self.frames.append((last, now_us))
        for account, fact in decided.facts:
            match fact:
                case BreachDeclared():
                    floor, observed = fact.floor.minor, fact.observed.minor
                    self.breaches.append(Breach(account, fact.at_us, now_us, floor, observed))
                case BreachSuspected():
                    self.suspected += 1
        if then is not None:
            then(decided)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure once."""
    with (
        ground() as folder,
        tempfile.TemporaryDirectory(dir=outboxes()) as outbox,
    ):
        founded, staff = _found(Path(folder), options)
        machine = opened(BurstMachine, Path(folder) / "firm")
        try:
            platform = _platform(founded.key_file, Path(outbox) / "outbox.db", options)
            told = while_serving(machine, partial(_measure, machine, Path(folder), platform, founded, staff, options))
            logins = _logins(machine)
        finally:
            machine.close()
    return _result(machine, logins, told, options)


def _found(folder: Path, options: argparse.Namespace) -> tuple[Founded, int]:
    """In market time, and with a breaker that lets hundreds fail at once, for else they were suspected and a person's to judge."""
    from_us = stretch(*_span(options)).from_us
    breaker = BreakerSettings(accounts_max=100_000, share_max_bp=10_000)
    settings = settings_of(
        clock=ClockSettings(source=ClockSource.SIMULATED),
        risk=RiskSettings(breaker=breaker),
        log=LogSettings(level=LogLevel.ERROR),
    )
    machine = found(folder / "firm", settings, from_us)
    try:
        staff = hire(machine)
        return sell_to(machine, folder, programs_sold(trailing=True), options.accounts, options.viewers), staff
    finally:
        machine.close()


def _span(options: argparse.Namespace) -> tuple[int, int]:
    return int(options.lead * SECOND_US), int(options.seconds * SECOND_US)


def _platform(key_file: Path, outbox: Path, options: argparse.Namespace) -> list[object]:
    command: list[object] = ["--key-file", key_file, "--outbox", outbox]
    for name in ("accounts", "breaking", "lead", "seconds"):
        command += [f"--{name}", getattr(options, name)]
    return command


async def _measure(
    machine: BurstMachine,
    folder: Path,
    command: list[object],
    founded: Founded,
    staff: int,
    options: argparse.Namespace,
) -> dict[str, Any]:
    """The platform, and once its accounts are filled the visitors, until the last request is done; what all said."""
    with ExitStack() as held:

        def beside(module: str, options: Sequence[object]) -> Beside:
            started = Beside(module, options)
            held.callback(started.stop)
            return started

        platform = beside("bench.burst_platform", command)
        await platform.line()
        port = machine.settings.web.port
        live, pages = _visits(machine, founded, staff, options.viewers)
        watchers = beside("bench.visitors", visit(folder / "watchers.json", port, live=live))
        readers = beside("bench.visitors", visit(folder / "readers.json", port, pages=pages, pace=options.loads))
        watching = (await watchers.line())["watching"]
        await readers.line()
        begun = await platform.go_on()
        used_s, began_s = cpu_s(), time.perf_counter()
        told = await platform.line()
        cpu = (cpu_s() - used_s) / (time.perf_counter() - began_s)
        seen = [await each.ended() for each in (watchers, readers)]
    return {
        "begin_us": begun["begin_us"],
        "cpu": cpu,
        "watching": watching,
        "platform": told,
        "watchers": seen[0],
        "readers": seen[1],
    }


def _visits(machine: Machine, founded: Founded, staff: int, viewers: int) -> tuple[list[Page], list[Page]]:
    """Each viewer watches their own account; one of them, and the firm's staff, turn pages."""
    own = [(session_of(machine, f"trader:{sold.trader}"), id_text(sold.account)) for sold in founded.sold[:viewers]]
    live = [Page("live", f"/accounts/{account}/live", cookie) for cookie, account in own]
    reviewer = session_of(machine, f"staff:{staff}")
    pages = [Page("list", "/staff/accounts", reviewer)]
    for cookie, account in own[:5]:
        pages += [
            Page("account", f"/accounts/{account}", cookie),
            Page("trades", f"/accounts/{account}/trades", cookie),
        ]
    return live, pages


def _logins(machine: BurstMachine) -> dict[int, str]:
    """By account, of all that broke."""
    with machine.reader.connection() as book:
        lines = [account_line(book, breach.account) for breach in machine.breaches]
    return {line.account: line.login for line in lines if line is not None}


# --- what it comes to ---


class Chain:
    """From the price that broke an account to the request that closes it, each step since the price was handed over."""

    def __init__(
        self,
        machine: BurstMachine,
        logins: dict[int, str],
        platform: dict[str, Any],
        ticks: dict[str, list[Tick]],
        shift_us: int,
    ) -> None:
        """`ticks` by symbol; `shift_us`: from market time to the machine's clock."""
        self.prices, self.durable, self.first, self.close = (Samples() for _ in range(4))
        self.beyond: list[Beyond] = []
        self._handed = platform["handed"]
        self._ticks = ticks
        self._breaking = platform["breaking"]
        heard = {(action, login): at_us for action, at_us, login in reversed(platform["commands"])}  # the first of each
        self._add_prices(machine.frames)
        for breach in machine.breaches:
            self._add(breach, logins[breach.account], heard, shift_us)

    def _add_prices(self, frames: list[tuple[int, int]]) -> None:
        lasts = [last for last, _ in frames]
        for _, last, count, handed_us in self._handed:
            place = bisect_left(lasts, last)
            if place < len(frames):
                self.prices.add(handed_us, frames[place][1] - handed_us, count)

    def _add(self, breach: Breach, login: str, heard: dict[tuple[str, str], int], shift_us: int) -> None:
        place = bisect_right(self._handed, breach.priced_us, key=itemgetter(0)) - 1
        handed_us = self._handed[place][3]
        self.durable.add(handed_us, breach.durable_us - handed_us)
        for action, samples in ((FIRST, self.first), (CLOSE, self.close)):
            samples.add(handed_us, heard[action, login] - handed_us)
        if login in self._breaking:
            *position, balance = self._breaking[login]
            closed_us = heard[CLOSE, login]
            instants = {
                "at once": breach.priced_us,
                "durable": breach.durable_us - shift_us,
                "close": closed_us - shift_us,
            }
            bids = {name: self._bid(position[0], at_us) for name, at_us in instants.items()}
            self.beyond.append(Beyond(Long(*position), balance, breach.floor, bids))

    def _bid(self, symbol: str, at_us: int) -> int:
        """The last one at an instant of the market."""
        ticks = self._ticks[symbol]
        return ticks[bisect_right(ticks, at_us, key=attrgetter("t_us")) - 1].bid


def _result(
    machine: BurstMachine, logins: dict[int, str], told: dict[str, Any], options: argparse.Namespace
) -> dict[str, Any]:
    lead_us, long_us = _span(options)
    begin_us = told["begin_us"]
    whole, burst = (begin_us, begin_us + long_us), (begin_us + lead_us, begin_us + long_us)
    prices = stretch(lead_us, long_us)
    ticks = {symbol: prices.of(symbol) for symbol in SPECS}
    chain = Chain(machine, logins, told["platform"], ticks, begin_us - prices.from_us)
    durable, close = chain.durable.summary(*whole), chain.close.summary(*whole)
    reads = {kind: _page_ms(taken) for kind, taken in told["readers"]["taken"].items()}
    return {
        "bench": "burst",
        "accounts": options.accounts,
        "breaking": options.breaking,
        "viewers": told["watching"],
        "loads": options.loads,
        "breached": len(machine.breaches),
        "suspected": machine.suspected,
        "prices": chain.prices.summary(*burst),
        "durable": durable,
        "first": chain.first.summary(*whole),
        "close": close,
        "beyond": beyond_of(chain.beyond, ticks),
        "pages_ms": reads,
        "parts": told["watchers"]["parts"],
        "late_us_max": told["platform"]["late_us_max"],
        "cpu_appliance": told["cpu"],
        "goal_ms": GOAL_MS,
        "goals_met": durable["p99"] <= GOAL_MS and close["p99"] <= GOAL_MS,
    }


def _page_ms(taken: list[list[int]]) -> dict[str, float]:
    took = sorted(us for _, us in taken)
    return {"count": len(took), "p50": took[len(took) // 2] / 1_000, "max": took[-1] / 1_000}


def text_of(result: dict[str, Any]) -> str:
    """For people."""
    lines = [
        f"{result['breached']:,} of {result['accounts']:,} accounts broken ({result['suspected']} more suspected)",
        "ms              p50      p99    p99.9      max",
    ]
    for name in ("prices", "durable", "first", "close"):
        told = result[name]
        lines.append(f"{name:<12} {told['p50']:>6.2f} {told['p99']:>8.2f} {told['p999']:>8.2f} {told['max']:>8.2f}")
    for name, told in result["beyond"].items():
        points = ", ".join(f"{points:.1f} {symbol}" for symbol, points in told["points"].items())
        lines.append(
            f"beyond the floor, {name:>7}: {told['percent']:.2f} % of the allowed loss (worst {told['percent_max']:.2f}),"
            f" points {points}; never seen {told['missed']:.2%}"
        )
    for kind, told in result["pages_ms"].items():
        lines.append(f"page {kind}: {told['count']} read, p50 {told['p50']:.1f}, max {told['max']:.1f} ms")
    lines.append(
        f"{result['parts']:,} live parts; CPU of the appliance {result['cpu_appliance']:.0%}; goal p99 <= {result['goal_ms']:g} ms"
    )
    return "\n".join(lines)


def main() -> int:
    parser = parser_of(__doc__)
    parser.add_argument("--accounts", type=int, default=ACCOUNTS)
    parser.add_argument("--breaking", type=int, default=BREAKING, help="accounts that the release breaks")
    parser.add_argument("--viewers", type=int, default=VIEWERS, help="live pages of accounts")
    parser.add_argument("--loads", type=float, default=LOADS, help="pages a second")
    parser.add_argument("--lead", type=float, default=LEAD_S, help="seconds before the release")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="in all")
    options = parser.parse_args()
    result = run(options)
    return tell(result, options, text_of)


if __name__ == "__main__":
    raise SystemExit(main())
