"""Gateway: how much a bridge can send until it is durable, beside bare ZeroMQ, and how soon many bridges are back.

    python -m bench.gateway [--json] [--accounts N] [--orders N] [--deals N] [--prices N] [--rounds N] [--bridges N] [--backlog N]

This process is the appliance as `evenhand serve` runs it: gateway, engine, ledger with synchronous=FULL, read models, pages.
`bench/flood.py` is a bridge with a full outbox, over CURVE on loopback; `bench/rejoin.py` is two hundred of them. Orders on open
accounts are what desks decide nothing about: each is a row of the account's chain and no more. Each deal opens or closes a position.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from anyio import to_thread

from appliance.assembly import Machine
from appliance.commands.bridge import key_file_for
from appliance.commands.serve import SWITCH_INTERVAL_S
from bench.firm import found_firm
from bench.ground import ground
from bench.serving import opened, outboxes, while_serving
from bench.telling import parser_of, tell
from bridges.enrolment import new_keypair
from firm.commands import EnrolBridge
from storage.files import FirmDirectory

GOALS = {"orders": 200_000.0, "deals": 40_000.0}
GOAL_REJOIN_S = 5.0
KEYS = "keys"  # of the bridges that come back, in the benchmark's folder


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure once."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    # Bridges keep their outboxes on machines of their own: their syncs must not queue on the ledger's disk.
    with (
        ground() as folder,
        tempfile.TemporaryDirectory(dir=outboxes()) as beside,
    ):
        key_file = found_firm(Path(folder), options.accounts, trailing=False)
        machine = opened(Machine, Path(folder) / "firm")
        try:
            _enrol(machine, Path(folder) / KEYS, options.bridges)
            work = partial(_floods, key_file, Path(folder) / KEYS, Path(beside), options)
            told = while_serving(machine, work) | {"kinds": _kinds(machine)}
        finally:
            machine.close()
    return _result(told, options)


def _enrol(machine: Machine, keys: Path, bridges: int) -> None:
    keys.mkdir()
    files = FirmDirectory(machine.directory)
    for number in range(bridges):
        name, pair = f"bridge-{number:03}", new_keypair()
        machine.decide_now([EnrolBridge(by="console", bridge=name, public_key=pair.public, simulator=False)])
        (keys / f"{name}.toml").write_text(key_file_for(name, pair, files, machine.secrets))


async def _floods(key_file: Path, keys: Path, beside: Path, options: argparse.Namespace) -> dict[str, Any]:
    flood = ["bench.flood", "--key-file", str(key_file), "--outbox", str(beside / "flood.db")]
    for name in ("accounts", "orders", "deals", "prices", "rounds"):
        flood += [f"--{name}", str(getattr(options, name))]
    rejoin = ["bench.rejoin", "--keys", str(keys), "--outboxes", str(beside)]
    for name in ("backlog", "rounds"):
        rejoin += [f"--{name}", str(getattr(options, name))]
    return await _told_by(flood) | {"rejoin": await _told_by(rejoin)}


async def _told_by(module: list[str]) -> dict[str, Any]:
    """What a bridge's process says when it is through."""
    command = [sys.executable, "-m", *module]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as bridge:  # noqa: ASYNC220  (read in a thread)
        assert bridge.stdout is not None
        try:
            line = await to_thread.run_sync(bridge.stdout.readline)
        finally:
            bridge.kill()
    assert line, f"{module[0]} ended and told nothing: its error is above"
    told: dict[str, Any] = json.loads(line)
    return told


def _kinds(machine: Machine) -> dict[str, int]:
    """How many rows of each kind the ledger holds."""
    with machine.reader.connection() as connection:
        return dict(connection.execute("SELECT kind, count(*) FROM ledger GROUP BY kind").fetchall())  # type: ignore[arg-type]


def _result(told: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    kinds = told["kinds"]
    assert not {"BreachDeclared", "BreachSuspected"} & kinds.keys(), "not all deals were those of an open account"
    lines = [line | {"goal": GOALS.get(line["name"])} for line in told["lines"]]
    rejoin = told["rejoin"]
    met = all(line["goal"] is None or line["per_s"] >= line["goal"] for line in lines)
    return {
        "bench": "gateway",
        "accounts": options.accounts,
        "rounds": options.rounds,
        "lines": lines,
        "rejoin": rejoin | {"goal_s": GOAL_REJOIN_S},
        "kinds": kinds,
        "goals_met": met and rejoin["all_s"] <= GOAL_REJOIN_S,
    }


def text_of(result: dict[str, Any]) -> str:
    """For people."""
    lines = ["what        a second      bare   ours / bare   CPU µs each   CPU appliance   CPU bridge      goal"]
    for line in result["lines"]:
        goal = "-" if line["goal"] is None else f"{line['goal']:,.0f}"
        lines.append(
            f"{line['name']:<8} {line['per_s']:>11,.0f} {line['bare_per_s']:>9,.0f} {line['ratio']:>13.3f}"
            f" {line['us_cpu']:>13,.1f} {line['cpu_appliance']:>15.0%} {line['cpu_bridge']:>12.0%} {goal:>9}"
        )
    back = result["rejoin"]
    lines.append(
        f"{back['bridges']} bridges come back at once with {back['backlog']:,} events each: half of them settled after"
        f" {back['half_s']:.2f} s, all after {back['all_s']:.2f} s; goal <= {back['goal_s']:g} s"
    )
    return "\n".join(lines)


def main() -> int:
    parser = parser_of(__doc__)
    parser.add_argument("--accounts", type=int, default=500)
    parser.add_argument("--orders", type=int, default=40_000, help="a round")
    parser.add_argument("--deals", type=int, default=20_000, help="a round")
    parser.add_argument("--prices", type=int, default=100_000, help="a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bridges", type=int, default=200, help="that come back at once")
    parser.add_argument("--backlog", type=int, default=100, help="events that each of them has kept")
    options = parser.parse_args()
    result = run(options)
    return tell(result, options, text_of)


if __name__ == "__main__":
    raise SystemExit(main())
