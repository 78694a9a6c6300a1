"""Lines: what each benchmark found, goal by goal, as the one table has it."""

from collections.abc import Callable
from typing import Any, NamedTuple

# Goals of single lines, by what the line is of. What the peers are measured against says where raw SQLite stands.
PEERS_GOALS, RAW = {1: 1.0, 100: 3.0, 1_000: 3.0}, "apsw"
PRICES_AT, PRICES_US = 20_000, {"static": 20, "trend": 200}
RESTART_AT, RESTART_S = 20_000, 3.0


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
    measured = f"{line['rows_per_s']['ours']:,.0f} rows/s: {times}"
    goal, others = PEERS_GOALS.get(line["producers"]), line["times_ours"].keys() - {RAW}
    if goal is None or not others:
        return Line(name, what, "-", measured, None)
    met = all(line["times_ours"][peer] >= goal for peer in others)
    return Line(name, what, f">= {goal:g} × the best but raw", measured, met)


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
    what, goal = f"one price, {line['accounts']:,} accounts, {_floors(result)}", None
    if line["accounts"] == PRICES_AT and result["bench"] == "engine-sizes":
        goal = PRICES_US["static" if result["static"] else "trend"]
    if goal is None:
        return Line(name, what, "-", measured, None)
    return Line(name, what, f"<= {goal} µs", measured, line["us_per_price"] <= goal)


def _rules_lines(name: str, result: dict[str, Any]) -> list[Line]:
    kinds = ", ".join(f"{kind} {us:,.0f}" for kind, us in result["us"].items())
    what = (
        f"one event of an account with {result['rules']} rules, {result['held']} positions, {result['trades']} trades"
    )
    measured = f"{result['us_per_event']:,.1f} µs CPU ({kinds})"
    beside = "interpreting all of its rules at every event, as a multiple of that"
    return [
        Line(name, what, f"<= {result['goal_us']} µs", measured, bool(result["goals_met"])),
        Line(name, beside, "-", f"{result['times_plain']:,.1f} ({result['plain_us']:,.0f} µs CPU)", None),
    ]


def _restart_lines(name: str, result: dict[str, Any]) -> list[Line]:
    return [_restart_line(name, result, line) for line in result["lines"]]


def _restart_line(name: str, result: dict[str, Any], line: dict[str, Any]) -> Line:
    what = f"restart after kill -9, {line['accounts']:,} accounts, {result['tail_rows']:,} rows since the snapshot"
    parts = f"{line['recover_s']:.1f} s recovery; {line['cpu_s']:.1f} s CPU"
    measured = f"first decision after {line['total_s']:.1f} s ({parts}), {line['mb']:.0f} MB"
    if line["accounts"] != RESTART_AT:
        return Line(name, what, "-", measured, None)
    return Line(name, what, f"<= {RESTART_S:g} s", measured, line["total_s"] <= RESTART_S)


def _feed_lines(name: str, result: dict[str, Any]) -> list[Line]:
    decided, load = (
        result["decided"],
        f"{result['prices']:,.0f} prices/s, {result['accounts']:,} accounts, {_floors(result)}",
    )
    with_cpu = f"{_quantiles(decided)}; CPU {result['cpu_appliance']:.0%}"
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


def _lab_lines(name: str, result: dict[str, Any]) -> list[Line]:
    of, goal = f"{result['accounts']:,} accounts", result["goal_min"]
    each = ", ".join(f"{us:,.0f} µs a {kind}" for kind, us in result["us_each"].items())
    return [
        Line(
            name,
            f"the rule lab, a month of the bundled ticks and of deals, {of}; extrapolated",
            f"<= {goal} min of a core",
            f"{result['month_min']:,.1f} min ({each})",
            bool(result["goals_met"]),
        ),
        Line(
            name,
            f"the same with every report of equity, {of}; extrapolated",
            "-",
            f"{result['with_reports_min']:,.0f} min, {result['events_per_s']:,.0f} events/s",
            None,
        ),
        Line(
            name,
            f"a price where all of {of} are looked at, as a multiple of the lab's",
            "-",
            f"{result['times_plain']:,.0f}",
            None,
        ),
    ]


def _burst_lines(name: str, result: dict[str, Any]) -> list[Line]:
    load = f"payrolls in real time, {result['breached']:,} of {result['accounts']:,} accounts broken, {result['viewers']} live pages"
    steps = {
        "prices": "any price to durable",
        "durable": "price to breach durable",
        "first": "price to first request at the bridge",
        "close": "price to request to close at the bridge",
    }
    goal, lines = result["goal_ms"], []
    for step, called in steps.items():
        told, is_goal = result[step], step in ("durable", "close")
        met = told["p99"] <= goal if is_goal else None
        wanted = f"p99 <= {goal:g} ms" if is_goal else "-"
        lines.append(Line(name, f"{called}; {load}", wanted, _quantiles(told), met))
    return lines


def _beyond_lines(name: str, beyond: dict[str, Any]) -> list[Line]:
    called = {
        "at once": "at the price that broke it",
        "durable": "when the breach was durable",
        "close": "when the request to close was at the bridge",
    }
    lines = []
    for looked, told in beyond.items():
        what = f"beyond the floor {called.get(looked, f'at the look of a poller every {looked}')}, of what may be lost"
        points = ", ".join(f"{points:,.1f} points of {symbol}" for symbol, points in told["points"].items())
        missed = f"; {told['missed']:.1%} never seen" if told["missed"] else ""
        lines.append(Line(name, what, "-", f"{told['percent']:.1f} % ({points}){missed}", None))
    return lines


def _pages_lines(name: str, result: dict[str, Any]) -> list[Line]:
    feed, goal, viewers = result["feed"], result["goal_times"], result["viewers"]
    load = f"{result['prices']:,} prices/s"
    pages = f"{viewers:,} live pages of {result['watched']:,} accounts"
    times = f"{result['times_p99']:.2f} ({feed['alone']['p99']:.1f} and {feed['watched']['p99']:.1f} ms)"
    lines = [
        Line(
            name,
            f"feed to durable decision, p99 with {pages} as a multiple of that without, {load}",
            f"<= {goal:g}",
            times,
            bool(result["goals_met"]),
        )
    ]
    if (shown := result["shown"]) is not None:
        what = f"a deal's commit to its position on a live page, {pages}, {result['parts_per_s']:,.0f} parts/s"
        lines.append(Line(name, what, "-", _quantiles(shown), None))
    called = {
        "list": f"the staff's list of {result['listed']:,} accounts",
        "account": "an account's page",
        "trades": "its trades",
    }
    for kind, told in result["pages"].items():
        lines.append(Line(name, f"{called[kind]}, beside {load}", "-", _quantiles(told), None))
    lists, against = result["lists_per_s"], result["times_django"]
    beside = "" if against is None else f"; {against:.2f} × Django's admin ({lists['django']:.1f})"
    lines.append(Line(name, f"{called['list']}, nothing beside it", "-", f"{lists['ours']:.1f} pages/s{beside}", None))
    return lines


def _quantiles(told: dict[str, float]) -> str:
    return f"p50 {told['p50']:.1f}, p99 {told['p99']:.1f}, p99.9 {told['p999']:.1f} ms"


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


def _login_flood_lines(name: str, result: dict[str, Any]) -> list[Line]:
    p99 = result["p99"]
    what = (
        f"feed to durable decision, p99 with {result['tries']:g} tries to sign in a second as a multiple of that without,"
        f" {result['prices']:,} prices/s"
    )
    measured = f"{result['times_p99']:.2f} ({p99['alone']:.1f} and {p99['flooded']:.1f} ms)"
    return [Line(name, what, f"<= {result['goal_times']:g}", measured, bool(result["goals_met"]))]


_TELLERS: dict[str, _Teller] = {
    "append": _each(_append_line),
    "append-peers": _each(_peers_line),
    "actors": _each(_actors_line),
    "burst-few": _burst_lines,
    "burst": lambda name, result: [*_burst_lines(name, result), *_beyond_lines(name, result["beyond"])],
    "engine": _price_lines,
    "engine-sizes": _price_lines,
    "feed": _feed_lines,
    "gateway": _gateway_lines,
    "login-flood": _login_flood_lines,
    "memory": _memory_lines,
    "pages": _pages_lines,
    "replay": _replay_lines,
    "lab": _lab_lines,
    "restore": _restore_lines,
    "restart": _restart_lines,
    "rules": _rules_lines,
    "shipping": _shipping_lines,
}
