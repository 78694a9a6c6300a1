"""The rule lab: how long a month of ticks takes it at 10,000 accounts, and how much longer where every price looks at every account.

    python -m bench.lab [--json] [--accounts N] [--frames N] [--told N] [--plain-frames N]

A firm is filled whose accounts hold two positions each, in the two symbols whose ticks are bundled. Then come prices in frames of six,
as many as the demo's have on average, deals, and the platform's reports of equity. The lab goes through that ledger with a draft in place
of what was sold, as `evenhand lab` does it, and each stretch is timed by itself, in processor time. A month is extrapolated from what one
event of each kind took: every tick of 22 days, and for each account the deals and reports of such a day.
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from actors import account_seat
from actors.desk import Watch
from actors.guards import watch_of
from appliance.lab.choice import Choice
from appliance.lab.lab import Lab
from appliance.lab.play import play
from bench.firm import BRIDGE, DIRECT
from bench.ground import ground
from bench.kept import Kept, found_in_simulated_time
from bench.replay import TICKS_A_DAY
from bench.telling import parser_of, tell
from firm.arithmetic import PLAIN
from firm.equity import equity_of
from firm.inputs import EquityReported
from firm.ruleset import Ruleset
from firm.ruleset_text import read_toml
from storage.reader import LedgerReader

DRAFT = Path(__file__).resolve().parents[1] / "docs" / "examples" / "draft.toml"
BUNDLED = tuple(listed for listed in DIRECT if listed.symbol in ("EURUSD", "XAUUSD"))
FRAME_TICKS = 6
MONTH_DAYS = 22  # on which markets are open
DEALS_A_DAY = 20  # of an account: as many as the rule benchmark's account has trades
REPORTS_A_DAY = (
    900  # of an account's equity: about what the demo's platform tells of one that holds something around the clock
)
GOAL_MIN = 30


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure once."""
    with ground() as folder:
        machine = found_in_simulated_time(Path(folder) / "firm")
        floor = Kept(machine, trailing=True, symbols=BUNDLED)
        with LedgerReader(Path(folder) / "firm") as reader:
            lab, plain = (Lab(Choice(), _draft()) for _ in range(2))
            floor.grow(options.accounts)
            floor.flush()
            _seconds(reader, lab)
            with looking_at_all_on_every_price():
                _seconds(reader, plain)
                floor_of_plain = _prices(floor, reader, plain, options.plain_frames)
            _seconds(reader, lab)
            each = {
                "price": _prices(floor, reader, lab, options.frames),
                "deal": _deals(floor, reader, lab, options.told),
                "report": _reports(floor, reader, lab, options.told),
            }
        machine.close()
    month = {
        "price": MONTH_DAYS * TICKS_A_DAY * len(BUNDLED),
        "deal": MONTH_DAYS * DEALS_A_DAY * options.accounts,
        "report": MONTH_DAYS * REPORTS_A_DAY * options.accounts,
    }
    minutes = {kind: month[kind] * each[kind] / 60 for kind in month}
    return {
        "bench": "lab",
        "accounts": options.accounts,
        "us_each": {kind: seconds * 1e6 for kind, seconds in each.items()},
        "events_per_s": sum(month.values()) / (60 * sum(minutes.values())),
        "month": month,
        "minutes": minutes,
        "month_min": minutes["price"] + minutes["deal"],
        "with_reports_min": sum(minutes.values()),
        "times_plain": floor_of_plain / each["price"],
        "goal_min": GOAL_MIN,
        "goals_met": minutes["price"] + minutes["deal"] <= GOAL_MIN,
    }


@contextmanager
def looking_at_all_on_every_price() -> Iterator[None]:
    """No filter: each price that an account's equity depends on has its desk judge it."""

    def plain(*told: Any, **more: Any) -> Watch:
        watch = watch_of(*told, **more)
        return replace(watch, bands=None, follower=None) if watch.needed else watch

    account_seat.watch_of = plain  # type: ignore[attr-defined]
    try:
        yield
    finally:
        account_seat.watch_of = watch_of  # type: ignore[attr-defined]


def _draft() -> Ruleset:
    rules = read_toml(DRAFT.read_text("utf-8"))
    assert isinstance(rules, Ruleset)
    return rules


def _prices(floor: Kept, reader: LedgerReader, lab: Lab, frames: int) -> float:
    """Seconds for one tick."""
    for arrival in floor.frames(frames, FRAME_TICKS):
        floor.decide([arrival])
    floor.flush()
    return _seconds(reader, lab) / (frames * FRAME_TICKS)


def _deals(floor: Kept, reader: LedgerReader, lab: Lab, count: int) -> float:
    """Seconds for one deal."""
    for place in range(count):
        floor.buy(floor.opened[place % len(floor.opened)])
    floor.flush()
    return _seconds(reader, lab) / count


def _reports(floor: Kept, reader: LedgerReader, lab: Lab, count: int) -> float:
    """Seconds for one report of equity."""
    board = floor.engine.market(BRIDGE).board
    for place in range(count):
        account = floor.opened[place % len(floor.opened)]
        state = floor.engine.account(account)
        assert state is not None
        floor.seq += 1
        report = EquityReported(
            bridge=BRIDGE, seq=floor.seq, equity=state.money(equity_of(PLAIN, state, board)), balance=state.money(state.balance),
            margin=state.money(0), t_us=floor.t_us,
        )  # fmt: skip
        floor.put(report, account)
    floor.flush()
    return _seconds(reader, lab) / count


def _seconds(reader: LedgerReader, lab: Lab) -> float:
    """Of processor time, until the lab is at the ledger's end."""
    began = time.process_time()
    play(reader, lab, lambda _: None)
    return time.process_time() - began


def text_of(result: dict[str, Any]) -> str:
    """For people."""
    each, month = result["us_each"], result["month"]
    lines = [f"{result['accounts']:,} accounts, two positions each"]
    lines += [
        f"a {kind}: {each[kind]:,.1f} µs; a month of them, {month[kind]:,}: {result['minutes'][kind]:,.1f} min"
        for kind in month
    ]
    lines += [
        f"a month of prices and deals: {result['month_min']:,.1f} min of a core, extrapolated (goal {result['goal_min']})",
        f"with every report of equity: {result['with_reports_min']:,.1f} min, {result['events_per_s']:,.0f} events/s",
        f"where every price looks at every account: {result['times_plain']:,.0f} times as long for a price",
    ]
    return "\n".join(lines)


def main() -> int:
    parser = parser_of(__doc__)
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--frames", type=int, default=5_000, help="of six prices each")
    parser.add_argument("--told", type=int, default=20_000, help="deals, and reports of equity")
    parser.add_argument("--plain-frames", type=int, default=10, help="frames where every price looks at every account")
    options = parser.parse_args()
    result = run(options)
    tell(result, options, text_of)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
