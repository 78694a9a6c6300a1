"""Pages: what it costs to be looked at: pages of a firm of 100,000 accounts, and 2,000 live pages, while prices are decided.

    python -m bench.pages [--json] [--listed N] [--viewers N] [--seconds N]

This process is the appliance as `evenhand serve` runs it, `bench/feeder.py` a bridge with the accounts that are watched; the other
accounts are another bridge's and were there before. Readers are processes of their own, over HTTP. In one run: the staff's list
in turns with the same rows in Django's admin; prices alone; prices with live pages; prices with pages that are turned.
"""

import argparse
import statistics
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from msgspec.structs import replace

from actors.arrival import Arrival, Decided
from appliance.clock import wall_us
from appliance.founding import found
from appliance.settings import LogLevel, LogSettings, Settings
from bench import peers
from bench.beside import Beside
from bench.feed import MeasuredMachine, feeder_options
from bench.firm import Founded, hire, programs_sold, sell_to, session_of, settings_of
from bench.ground import ground
from bench.kept import Kept
from bench.samples import Samples
from bench.serving import cpu_s, opened, outboxes, while_serving
from bench.telling import parser_of, tell
from bench.visitors import OPEN_WITHIN_S, Page, visit
from firm.ids import id_text
from firm.inputs import DealEntry, DealReported
from firm.instant import SECOND_US
from storage.files import FirmDirectory
from storage.secret_files import Secrets

LISTED, HOLDING, VIEWERS = 100_000, 10_000, 2_000
PRICES, DEALS = 1_000, 50
SECONDS, TURN_S, TURNS = 20, 5.0, 3
LONGEST_TURN_S = 20
WARM_UP_S = 15.0
PAGES_A_SECOND = 10.0
WATCHED_BRIDGE = "watched"
GOAL_TIMES = 1.2


class WatchedMachine(MeasuredMachine):
    """Notes when each new position was durable."""

    def __init__(self, directory: Path, settings: Settings, secrets: Secrets) -> None:
        super().__init__(directory, settings, secrets)
        self.opened_us: dict[str, int] = {}

    def _time(self, arrival: Arrival, count: int) -> None:
        super()._time(arrival, count)
        match arrival.body:
            case DealReported(entry=DealEntry.IN, position_id=position):
                arrival.on_durable = partial(self._opened, position, arrival.on_durable)

    def _opened(self, position: str, then: Any, decided: Decided) -> None:
        self.opened_us[position] = wall_us()
        then(decided)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure once."""
    with (
        ground() as folder,
        tempfile.TemporaryDirectory(dir=outboxes()) as outbox,
    ):
        founded, staff = _found(Path(folder), options)
        machine = opened(WatchedMachine, Path(folder) / "firm")
        try:
            bench = Bench(machine, Path(folder), Path(outbox), founded, staff, options)
            told = while_serving(machine, bench.measure)
        finally:
            machine.close()
    return _result(machine, told, options)


def _found(folder: Path, options: argparse.Namespace) -> tuple[Founded, int]:
    """The accounts of before, some of which hold positions, and those that will be watched, each with a trader of its own."""
    machine = found(folder / "firm", settings_of(log=LogSettings(level=LogLevel.ERROR)))
    try:
        machine.runner.run_dry()
        floor = Kept(machine, trailing=True, t_us=wall_us())
        before = max(0, options.listed - options.watched)
        floor.grow(min(options.holding, before))
        floor.grow(before, holding=False)
        floor.snapshot()
        sold = [
            replace(each, program=f"{each.program}-w", bridge=WATCHED_BRIDGE) for each in programs_sold(trailing=True)
        ]
        return sell_to(machine, folder, sold, options.watched, options.watched), hire(machine)
    finally:
        machine.close()


class Bench:
    """What is measured, one after the other, on a machine that serves."""

    def __init__(
        self,
        machine: WatchedMachine,
        folder: Path,
        outbox: Path,
        founded: Founded,
        staff: int,
        options: argparse.Namespace,
    ) -> None:
        self._machine, self._folder, self._outbox, self._options = machine, folder, outbox, options
        self._key_file = founded.key_file
        self._own = [(session_of(machine, f"trader:{sold.trader}"), id_text(sold.account)) for sold in founded.sold]
        self._list = Page("list", "/staff/accounts", session_of(machine, f"staff:{staff}"))
        self._skipped: list[str] = []

    async def measure(self) -> dict[str, Any]:
        """What each part said, and the stretches of the feed by name."""
        with ExitStack() as held:
            turns = await self._list_in_turns()
            feeder = Beside("bench.feeder", self._feeder())
            held.callback(feeder.stop)
            begun = await feeder.line()
            await anyio.sleep((begun["begin_us"] - wall_us()) / 1e6)
            await self._stretch(WARM_UP_S)  # the first prices meet code and pages of memory that nobody has used yet
            alone = await self._stretch()
            watched, watchers = await self._visited(live=self._live())
            turned, readers = await self._visited(pages=self._pages(), pace=PAGES_A_SECOND)
        stretches = {"alone": alone, "watched": watched, "turned": turned}
        return {
            "turns": turns,
            "stretches": stretches,
            "watchers": watchers,
            "readers": readers,
            "skipped": self._skipped,
        }

    # --- the list, in turns with Django's ---

    async def _list_in_turns(self) -> dict[str, list[float]]:
        """Pages a second by whose they are, round by round."""
        ours: list[float] = []
        theirs: list[float] = []
        with ExitStack() as held:
            peer = self._peer()
            if peer is not None:
                held.callback(peer.stop)
                shown = await peer.line()
                assert shown["accounts"] >= self._options.listed, f"Django was given {shown['accounts']} accounts"
            for _ in range(TURNS):
                ours.append(await self._lists_a_second())
                if peer is not None:
                    theirs.append((await peer.go_on())["per_s"])
        return {"ours": ours, "django": theirs}

    def _peer(self) -> Beside | None:
        if why := peers.missing("django"):
            self._skipped.append(why)
            return None
        options = ("--ledger", FirmDirectory(self._machine.directory).ledger_db, "--seconds", self._options.turn)
        return Beside("bench.django_list", (*options, "--database", self._folder / "django.db"))

    async def _lists_a_second(self) -> float:
        seconds: float = self._options.turn
        taken: list[list[int]] = []
        while not taken and seconds < LONGEST_TURN_S:  # a machine that makes no page in a turn is given a longer one
            _, seen = await self._visited(pages=[self._list], seconds=seconds)
            seconds, taken = 2 * seconds, seen["taken"].get("list", [])
        assert taken, f"{LONGEST_TURN_S} s and no page of the list: {seen}"
        last_us = taken[-1][0] + taken[-1][1]
        return float(len(taken) * SECOND_US / (last_us - taken[0][0]))

    # --- beside the feed ---

    def _feeder(self) -> list[object]:
        options = self._options
        fed = argparse.Namespace(
            accounts=options.watched, prices=options.prices, deals=options.deals, seconds=3_600, conversions=False
        )
        return feeder_options(self._key_file, self._outbox / "outbox.db", fed)

    def _live(self) -> list[Page]:
        own = (self._own[place % len(self._own)] for place in range(self._options.viewers))
        return [Page("live", f"/accounts/{account}/live", cookie) for cookie, account in own]

    def _pages(self) -> list[Page]:
        pages = []
        for cookie, account in self._own:
            pages += [
                Page("account", f"/accounts/{account}", cookie),
                Page("trades", f"/accounts/{account}/trades", cookie),
            ]
            pages += [self._list]
        return pages

    async def _stretch(self, seconds: float | None = None) -> dict[str, float]:
        from_us, used_s = wall_us(), cpu_s()
        await anyio.sleep(seconds or self._options.seconds)
        to_us = wall_us()
        return {"from_us": from_us, "to_us": to_us, "cpu": (cpu_s() - used_s) * SECOND_US / (to_us - from_us)}

    async def _visited(
        self, *, live: Sequence[Page] = (), pages: Sequence[Page] = (), pace: float = 0.0, seconds: float | None = None
    ) -> tuple[dict[str, float], dict[str, Any]]:
        """A stretch in which these are read, from when all live pages are open; what the readers saw."""
        options = visit(self._folder / "visit.json", self._machine.settings.web.port, live=live, pages=pages, pace=pace)
        visitors = Beside("bench.visitors", options)
        try:
            began = await visitors.line()
            if began["watching"] < len(live):
                told = f"{began['watching']:,} of {len(live):,} live pages brought anything within {OPEN_WITHIN_S:g} s"
                self._skipped.append(f"{told}; refused: {began['refused']}" if began["refused"] else told)
            stretch = await self._stretch(seconds)
            return stretch, began | await visitors.ended()
        finally:
            visitors.stop()


def _result(machine: WatchedMachine, told: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    stretches = told["stretches"]
    feed = {
        name: machine.decided.summary(int(each["from_us"]), int(each["to_us"])) | {"cpu": each["cpu"]}
        for name, each in stretches.items()
    }
    turns = told["turns"]
    times = [ours / theirs for ours, theirs in zip(turns["ours"], turns["django"], strict=False)]
    watched = stretches["watched"]
    times_p99 = feed["watched"]["p99"] / feed["alone"]["p99"]
    return {
        "bench": "pages",
        "listed": options.listed,
        "holding": options.holding,
        "viewers": told["watchers"]["watching"],
        "watched": options.watched,
        "prices": options.prices,
        "lists_per_s": {name: statistics.median(found) for name, found in turns.items() if found},
        "times_django": statistics.median(times) if times else None,
        "feed": feed,
        "times_p99": times_p99,
        "shown": _shown(machine, told["watchers"]["shown"], watched),
        "parts_per_s": told["watchers"]["parts"] * SECOND_US / (watched["to_us"] - watched["from_us"]),
        "pages": {kind: _taken(taken) for kind, taken in told["readers"]["taken"].items()},
        "skipped": told["skipped"],
        "goal_times": GOAL_TIMES,
        "goals_met": times_p99 <= GOAL_TIMES,
    }


def _shown(machine: WatchedMachine, shown: list[tuple[str, int]], stretch: dict[str, float]) -> dict[str, float] | None:
    """From the commit of a deal until the position that it opened was on its account's live page. None where nobody saw one."""
    samples = Samples()
    known = [(machine.opened_us[position], at_us) for position, at_us in shown if position in machine.opened_us]
    for opened_us, at_us in known:
        samples.add(opened_us, at_us - opened_us)
    from_us, to_us = int(stretch["from_us"]), int(stretch["to_us"])
    return samples.summary(from_us, to_us) if any(from_us <= opened_us < to_us for opened_us, _ in known) else None


def _taken(taken: list[tuple[int, int]]) -> dict[str, float]:
    samples = Samples()
    for at_us, took_us in taken:
        samples.add(at_us, took_us)
    return samples.summary(taken[0][0], taken[-1][0] + 1)


def text_of(result: dict[str, Any]) -> str:
    """For people."""
    lists = ", ".join(f"{name} {per_s:.1f}" for name, per_s in result["lists_per_s"].items())
    times = "" if result["times_django"] is None else f": {result['times_django']:.2f} times Django's"
    lines = [f"staff's list of {result['listed']:,} accounts, pages a second: {lists}{times}"]
    lines.append("feed, ms        p50      p99    p99.9      max      CPU")
    for name, told in result["feed"].items():
        lines.append(
            f"{name:<12} {told['p50']:>6.2f} {told['p99']:>8.2f} {told['p999']:>8.2f} {told['max']:>8.2f} {told['cpu']:>8.0%}"
        )
    lines.append(
        f"with {result['viewers']:,} live pages its p99 is {result['times_p99']:.2f} times that without; goal <= {GOAL_TIMES}"
    )
    if (shown := result["shown"]) is not None:
        lines.append(
            f"{result['parts_per_s']:,.0f} live parts a second; from a deal's commit to its position on the page: p50 {shown['p50']:.0f},"
            f" p99 {shown['p99']:.0f}, max {shown['max']:.0f} ms, {shown['count']:.0f} seen"
        )
    for kind, told in result["pages"].items():
        lines.append(f"page {kind}: {told['count']:.0f} read, p50 {told['p50']:.1f}, p99 {told['p99']:.1f} ms")
    return "\n".join([*lines, *(f"skipped: {why}" for why in result["skipped"])])


def main() -> int:
    parser = parser_of(__doc__)
    parser.add_argument("--listed", type=int, default=LISTED, help="accounts of the firm")
    parser.add_argument(
        "--holding", type=int, default=HOLDING, help="of those that nobody watches, so many hold positions"
    )
    parser.add_argument("--viewers", type=int, default=VIEWERS, help="live pages")
    parser.add_argument(
        "--watched", type=int, default=VIEWERS, help="accounts that are fed, whose traders have them open"
    )
    parser.add_argument("--prices", type=int, default=PRICES, help="a second")
    parser.add_argument("--deals", type=int, default=DEALS, help="a second")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each stretch of the feed")
    parser.add_argument("--turn", type=float, default=TURN_S, help="seconds of each turn of the lists")
    options = parser.parse_args()
    result = run(options)
    return tell(result, options, text_of)


if __name__ == "__main__":
    raise SystemExit(main())
