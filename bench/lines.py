"""Lines: what each benchmark found, goal by goal, as the one table has it."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Line(NamedTuple):
    """One goal. `name` is what an explanation names; `met` None where a figure has no goal."""

    name: str
    what: str
    goal: str
    measured: str
    met: bool | None


def lines_of(name: str, result: dict[str, Any]) -> list[Line]:
    """What one benchmark found, goal by goal."""
    tell = _TELLERS.get(result["bench"])
    if tell is None:
        raise ValueError(f"nobody knows how to tell of benchmark {result['bench']!r}")
    return tell(name, result)


def _each(tell: Callable[[str, dict[str, Any]], Line]) -> "_Teller":
    """A benchmark that tells of several sizes, crowds or groups alike."""
    return lambda name, result: [tell(name, line) for line in result["lines"]]


def _append_line(name: str, line: dict[str, Any]) -> Line:
    what = f"durable append, {line['group']:,} rows a commit, the {line['mix']}'s rows: share of raw SQLite"
    measured = f"{line['ratio']:.2f} ({line['ledger']:,.0f} rows/s)"
    goal = line.get("goal")
    return Line(
        name, what, "-" if goal is None else f">= {goal:g}", measured, None if goal is None else line["ratio"] >= goal
    )


def _peers_line(name: str, line: dict[str, Any]) -> Line:
    what = f"durable append, producers that wait: {line['producers']:,}; ours as a multiple of each peer"
    times = ", ".join(f"{times:.2f} × {peer}" for peer, times in line["times_ours"].items())
    return Line(name, what, "-", f"{line['rows_per_s']['ours']:,.0f} rows/s: {times}", None)


def _actors_line(name: str, line: dict[str, Any]) -> Line:
    what = f"a message to each of {line['actors']:,} actors: hand-overs a second, memory of an actor"
    told = [
        f"{crowd} {found['per_s']:,.0f}/s, {found['bytes_each']:,.0f} B" if found else f"{crowd} cannot have so many"
        for crowd, found in line["crowds"].items()
    ]
    return Line(name, what, "-", "; ".join(told), None)


def _price_lines(name: str, result: dict[str, Any]) -> list[Line]:
    return [_price_line(name, result, line) for line in result.get("lines", (result,))]


def _price_line(name: str, result: dict[str, Any], line: dict[str, Any]) -> Line:
    measured = f"{line['us_per_price']:,.0f} µs CPU, {line['wakes_per_price']:,.2f} wakes"
    return Line(name, f"one price, {line['accounts']:,} accounts, {_floors(result)}", "-", measured, None)


def _restart_lines(name: str, result: dict[str, Any]) -> list[Line]:
    return [_restart_line(name, result, line) for line in result["lines"]]


def _restart_line(name: str, result: dict[str, Any], line: dict[str, Any]) -> Line:
    what = f"restart after kill -9, {line['accounts']:,} accounts, {result['tail_rows']:,} rows since the snapshot"
    parts = f"{line['recover_s']:.1f} s recovery; {line['cpu_s']:.1f} s CPU"
    measured = f"first decision after {line['total_s']:.1f} s ({parts}), {line['mb']:.0f} MB"
    return Line(name, what, "-", measured, None)


def _feed_lines(name: str, result: dict[str, Any]) -> list[Line]:
    decided, load = (
        result["decided"],
        f"{result['prices']:,.0f} prices/s, {result['accounts']:,} accounts, {_floors(result)}",
    )
    measured = f"p50 {decided['p50']:.1f}, p99 {decided['p99']:.1f}, p99.9 {decided['p999']:.1f} ms"
    with_cpu = f"{measured}; CPU {result['cpu_appliance']:.0%}"
    return [
        Line(
            name, f"feed to durable decision, {load}", f"p99 <= {result['goal_ms']:g} ms", with_cpu, result["goals_met"]
        )
    ]


def _gateway_lines(name: str, result: dict[str, Any]) -> list[Line]:
    return [*(_flood_line(name, result, line) for line in result["lines"]), _rejoin_line(name, result["rejoin"])]


def _memory_lines(name: str, result: dict[str, Any]) -> list[Line]:
    goal, met = f"<= {result['goal_mb']:g} MB", bool(result["goals_met"])
    return [Line(name, "the demo's three processes, PSS together", goal, f"{result['mb']:.0f} MB", met)]


def _flood_line(name: str, result: dict[str, Any], line: dict[str, Any]) -> Line:
    told = {
        "orders": "orders (desks decide nothing)",
        "deals": "deals",
        "prices": "prices in frames of 256",
    }
    what = f"{told[line['name']]} from a bridge until durable, {result['accounts']:,} accounts; share of bare ZeroMQ"
    measured = f"{line['per_s']:,.0f}/s, {line['ratio']:.3f} of bare; {line['us_cpu']:,.0f} µs CPU each"
    goal = line["goal"]
    if goal is None:
        return Line(name, what, "-", measured, None)
    return Line(name, what, f">= {goal:,.0f}/s", measured, line["per_s"] >= goal)


def _rejoin_line(name: str, back: dict[str, Any]) -> Line:
    what = f"{back['bridges']:,} bridges come back at once, {back['backlog']:,} events each: all settled"
    measured = f"half after {back['half_s']:.2f} s, all after {back['all_s']:.2f} s"
    return Line(name, what, f"<= {back['goal_s']:g} s", measured, back["all_s"] <= back["goal_s"])


def _replay_lines(name: str, result: dict[str, Any]) -> list[Line]:
    of = f"{result['rows']:,.0f} events of {result['accounts']:,} accounts"
    told = [
        (
            f"{what}, {of}; beside deciding them live",
            f"{result[f'{key}_per_s']:,.0f} events/s, {result[f'{key}_times_live']:.2f} times live (CPU)",
        )
        for key, what in (("replay", "decided again"), ("verify", "verified"))
    ]
    told.append((f"the ledger on disk, {of}", f"{result['bytes_per_row']:,.0f} bytes an event"))
    told += [
        (
            f"prices on disk, a day of 30 symbols with {prices['day_ticks']:,} ticks each, {prices['frame_ticks']} in a frame",
            f"{prices['gb_per_day']:.2f} GB, extrapolated from {prices['bytes_per_tick']:,.0f} bytes a tick",
        )
        for prices in result["prices"]
    ]
    told += [
        ("memory of one more account, two positions each", f"{result['kb_per_account']:.1f} kB"),
        ("an empty firm, from the start of its process to its first page", f"{result['start_s']:.2f} s"),
    ]
    return [Line(name, what, "-", measured, None) for what, measured in told]


def _restore_lines(name: str, result: dict[str, Any]) -> list[Line]:
    what = f"restore with full verification, {result['ledger_mb']} MB; for 5 GB, extrapolated"
    measured = (
        f"{result['extrapolated_5_gb_s']} s ({result['extrapolated_5_gb_processor_s']} s CPU,"
        f" {result['times_bare']:.1f} times that of copying, hashing and reading the same)"
    )
    return [Line(name, what, f"<= {result['goal_s']} s", measured, result["met"])]


def _shipping_lines(name: str, result: dict[str, Any]) -> list[Line]:
    lag, met = result["lag_s"], bool(result["goals_met"])
    what = f"commit to durable copy in a directory, {result['rows_per_s']:,.0f} rows/s, shipped every {result['every_s']} s"
    measured = f"p50 {lag['p50']:.2f}, p99 {lag['p99']:.2f}, max {lag['max']:.2f} s"
    return [Line(name, what, f"max <= {result['goal_s']:g} s", measured, met)]


def _floors(result: dict[str, Any]) -> str:
    if result.get("conversions"):
        return "six of 30 symbols need a conversion"
    if result.get("trend"):
        return "all trail in a trend"
    return "static floors" if result["static"] else "half trail every tick"


_Teller = Callable[[str, dict[str, Any]], list[Line]]

_TELLERS: dict[str, _Teller] = {
    "append": _each(_append_line),
    "append-peers": _each(_peers_line),
    "actors": _each(_actors_line),
    "engine": _price_lines,
    "engine-sizes": _price_lines,
    "feed": _feed_lines,
    "gateway": _gateway_lines,
    "memory": _memory_lines,
    "replay": _replay_lines,
    "restore": _restore_lines,
    "restart": _restart_lines,
    "shipping": _shipping_lines,
}
