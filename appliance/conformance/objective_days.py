"""Trading days in the neutral vocabulary: when they begin, what they are called, what they brought and which of them count."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from appliance.conformance.objective_terms import ENOUGH_AT, amount_in, as_asked, asked_rounded_up, chosen
from appliance.conformance.spoken import rule_of
from appliance.conformance.units import amount_of, minor_of
from appliance.conformance.vector import CannotExpress, Vector, require_known
from firm.arithmetic import PLAIN
from firm.instant import datetime_of, instant_of
from firm.rules.days import day_profit as profit_of_day
from firm.rules.days import does_count, judge_trading_days
from firm.rules.judged import Verdict
from firm.ruleset import Rule
from firm.terms.objectives import DayCounts, TradingDays
from firm.terms.words import Boundary, Scope
from firm.track import DayResult
from firm.trading_day import DayLabel, LabelledCalendar

# --- calendars ---

SERVER = "server GMT+2/+3 (US DST)"
_SERVER_AHEAD_H = 7  # of New York, summer and winter
_NOON = "12:00"


def calendar_of(tz: str, rollover: str) -> LabelledCalendar:
    """Days of a zone. One that begins at noon or later is called by the date on which it ends: an evening is tomorrow's."""
    if tz == SERVER:
        hour, minute = rollover.split(":")
        in_new_york = f"{(int(hour) - _SERVER_AHEAD_H) % 24:02}:{minute}"
        label = DayLabel.END if int(hour) < _SERVER_AHEAD_H else DayLabel.START
        return LabelledCalendar("America/New_York", in_new_york, label=label, merged=())
    label = DayLabel.END if rollover >= _NOON else DayLabel.START
    return LabelledCalendar(tz, rollover, label=label, merged=())


def day_rollover(vector: Vector) -> dict[str, Any]:
    """The instant of the rollover on each local date."""
    require_known(vector.params, ("tz", "rollover"))
    answers = [{"rollover_utc": _rollover(vector.params, entry["local_date"])} for entry in vector.timeline]
    return as_asked(answers, vector.expect)


def trading_day(vector: Vector) -> dict[str, Any]:
    """How many days trades fall on, and what the last of them is called. `close`: the rollover."""
    require_known(vector.params, ("tz", "open", "close"))
    calendar = calendar_of(vector.params["tz"], vector.params["close"])
    labels = [calendar.day_at(_instant(entry["t"], vector.params["tz"])).label for entry in vector.timeline]
    return {**as_asked([{"label": label} for label in labels], vector.expect), "trading_days": len(set(labels))}


def _rollover(params: Mapping[str, Any], local_date: str) -> str:
    calendar = calendar_of(params["tz"], params["rollover"])
    wall = datetime.combine(date.fromisoformat(local_date), time.fromisoformat(params["rollover"]))
    # Twelve hours after it lies in the day that it begins, whatever the clock does in between.
    start_us = calendar.day_at(_instant((wall + timedelta(hours=12)).isoformat(), params["tz"])).start_us
    return datetime_of(start_us).strftime("%Y-%m-%dT%H:%MZ")


def _instant(text: str, tz: str) -> int:
    """A time without an offset is one of the zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        return instant_of(moment)
    if tz == SERVER:
        return instant_of((moment - timedelta(hours=_SERVER_AHEAD_H)).replace(tzinfo=ZoneInfo("America/New_York")))
    return instant_of(moment.replace(tzinfo=ZoneInfo(tz)))


# --- what days brought ---


def day_profit(vector: Vector) -> dict[str, Any]:
    require_known(vector.params, ("method", "tz", "rollover"))
    counts = chosen(vector.params, "method", {"equity_snapshot_diff": DayCounts.PROFIT_EQUITY})
    days = _days_by_equity(vector.timeline, minor_of, None)
    return as_asked([{"day_profit": _profit(counts, day, amount_of)} for day in days], vector.expect)


_COUNTS = {
    "closed_net": DayCounts.PROFIT_CLOSED,
    "closed_pnl_minus_open_losses": DayCounts.PROFIT_CLOSED_LESS_OPEN_LOSS,
    "day_profit": DayCounts.PROFIT_CLOSED,
    "midnight_equity_diff": DayCounts.PROFIT_EQUITY,
    "opened_and_closed_same_day": DayCounts.OPENED_AND_CLOSED,
    "position_opened": DayCounts.OPENED,
    "profit_on_trades_opened_that_day": DayCounts.PROFIT_OPENED,
    "realised_profit_that_day": DayCounts.PROFIT_CLOSED,
}
_DAY_PARAMS = ("counts", "cycle_days", "initial", "min_pct", "min_profit", "min_profitable", "op", "rollover", "tz")
_DAYS_OF_PROFIT = frozenset(
    {
        DayCounts.PROFIT_CLOSED,
        DayCounts.PROFIT_CLOSED_LESS_OPEN_LOSS,
        DayCounts.PROFIT_EQUITY,
        DayCounts.PROFIT_OPENED,
    }
)
_WHOLE = 100_000_000
"""An initial balance in minor units for vectors that tell everything as a percentage: a millionth of a percent of it is a whole number."""


def trading_days(vector: Vector) -> dict[str, Any]:
    """Amounts without a currency are percentages where no initial balance is named."""
    params = vector.params
    require_known(params, _DAY_PARAMS)
    counts = chosen(params, "counts", _COUNTS, absent=DayCounts.PROFIT_CLOSED)
    initial = _initial(params, vector.timeline[0])
    days, written = _days(vector, initial)
    profit_min = (
        asked_rounded_up(amount_in(params, "min_profit", "min_pct"), initial) if counts in _DAYS_OF_PROFIT else None
    )
    rule = _days_rule(params, counts)
    judged = judge_trading_days(PLAIN, rule, days, _cycle_began(params, days), profit_min)
    counting = [day.label for day in days if does_count(PLAIN, rule, day, profit_min)]
    profits = {day.label: _profit(counts, day, written) for day in days}
    answers = [{"counts": day.label in counting, "profit": profits[day.label]} for day in days]
    asked = vector.expect
    return {
        **as_asked(answers, asked),
        **({"profit": profits} if isinstance(asked.get("profit"), dict) else {}),
        "days": judged.observed,
        "qualifying": judged.observed,
        "eligible": judged.verdict is Verdict.MET,
        "profitable_days": counting if isinstance(asked.get("profitable_days"), list) else judged.observed,
        "label": counting if isinstance(asked.get("label"), list) else next(iter(counting), None),
    }


def _initial(params: Mapping[str, Any], first: Mapping[str, Any]) -> int:
    if "initial" in params:
        return minor_of(params["initial"])
    if "equity" in first:
        return minor_of(first["equity"])
    if "pnl" in first and "min_pct" in params:
        raise CannotExpress("a percentage of money needs the initial balance")
    return _WHOLE


def _days_rule(params: Mapping[str, Any], counts: DayCounts) -> Rule:
    return rule_of(
        TradingDays(
            id="days",
            days_min=int(params.get("min_profitable", 1)),
            counts=counts,
            profit_min=amount_in(params, "min_profit", "min_pct") if counts in _DAYS_OF_PROFIT else None,
            boundary=chosen(params, "op", ENOUGH_AT, absent=Boundary.TOUCHES),
            per=Scope.CYCLE if "cycle_days" in params else Scope.PHASE,
        )
    )


def _cycle_began(params: Mapping[str, Any], days: Sequence[DayResult]) -> int:
    """Of the cycle that runs at the end, where days are counted by cycles of so many."""
    if "cycle_days" not in params:
        return 0
    length = int(params["cycle_days"])
    return days[(len(days) - 1) // length * length].start_us


def _profit(counts: DayCounts, day: DayResult, written: Callable[[int], Any]) -> Any:
    profit = profit_of_day(PLAIN, counts, day)
    return None if profit is None else written(profit)


def _days(vector: Vector, initial: int) -> tuple[list[DayResult], Callable[[int], Any]]:
    """The days that a timeline tells, and how their profits are written back."""
    timeline, first = vector.timeline, vector.timeline[0]

    def share(percentage: Any) -> int:
        return _share_of(initial, percentage)

    def in_percent(minor: int) -> Fraction:
        return Fraction(minor * 100, initial)

    match sorted(first):
        case ["equity", "ev", *_]:
            return _days_by_equity(timeline, minor_of, initial if "initial" in vector.params else None), amount_of
        case ["ev", "pos", "t"]:
            return _days_of_positions(timeline, vector.params), amount_of
        case ["pnl"]:
            return [_closed(n, minor_of(entry["pnl"])) for n, entry in enumerate(timeline, start=1)], amount_of
        case ["pct"]:
            return [_closed(n, share(entry["pct"])) for n, entry in enumerate(timeline, start=1)], in_percent
        case ["floating_pct", "realised_pct"]:
            figures = [(share(entry["realised_pct"]), share(entry["floating_pct"])) for entry in timeline]
            return [_closed(n, *figure) for n, figure in enumerate(figures, start=1)], in_percent
        case ["closed", "day", "open"]:
            read, written = (minor_of, amount_of) if "initial" in vector.params else (share, in_percent)
            days = [(entry["day"], read(entry["closed"]), read(entry["open"])) for entry in timeline]
            return [replace(_closed(n, *day[1:]), label=str(day[0])) for n, day in enumerate(days, start=1)], written
        case ["close", "open"] | ["close", "open", "pct"]:
            return _days_of_trades(timeline, share), in_percent
        case keys:
            raise CannotExpress(f"no day is told by {', '.join(keys)}")


def _closed(number: int, closed: int, floating: int = 0) -> DayResult:
    """A day on which something was opened and closed, with what it left open at its end."""
    return DayResult(
        str(number),
        number,
        closed=closed,
        opened=closed,
        open_loss=min(floating, 0),
        equity=closed + floating,
        fills=2,
        openings=1,
        closings=1,
        round_trips=1,
        seq=number,
    )


def _days_by_equity(
    timeline: Iterable[Mapping[str, Any]], read: Callable[[Any], int], initial: int | None
) -> list[DayResult]:
    """From one rollover to the next. What comes before the first is a day from the initial balance on, if one is named."""
    days: list[DayResult] = []
    start = None
    for place, entry in enumerate(timeline):
        equity = read(entry["equity"])
        if entry["ev"] != "rollover":
            start = initial if start is None else start
            continue
        if start is not None:
            number = len(days) + 1
            days.append(DayResult(str(number), place, equity=equity - start, seq=number))
        start = equity
    return days


def _days_of_trades(timeline: Iterable[Mapping[str, Any]], share: Callable[[Any], int]) -> list[DayResult]:
    """Trades by the names of the days on which they were opened and closed, in the order in which these are told."""
    days: dict[str, DayResult] = {}
    for entry in timeline:
        net = share(entry.get("pct", 0))
        opened = _named(days, str(entry["open"]))
        days[opened.label] = replace(
            opened,
            opened=opened.opened + net,
            openings=opened.openings + 1,
            round_trips=opened.round_trips + 1,
            fills=opened.fills + 1,
        )
        closed = _named(days, str(entry["close"]))
        days[closed.label] = replace(
            closed, closed=closed.closed + net, closings=closed.closings + 1, fills=closed.fills + 1
        )
    return list(days.values())


def _days_of_positions(timeline: Iterable[Mapping[str, Any]], params: Mapping[str, Any]) -> list[DayResult]:
    calendar = calendar_of(params["tz"], params.get("rollover", "00:00"))
    days: dict[str, DayResult] = {}
    opened_on: dict[Any, str] = {}
    for entry in timeline:
        label = calendar.day_at(_instant(entry["t"], params["tz"])).label
        day = _named(days, label)
        match entry["ev"]:
            case "open":
                opened_on[entry["pos"]] = label
                days[label] = replace(day, openings=day.openings + 1, fills=day.fills + 1)
            case "close":
                days[label] = replace(day, closings=day.closings + 1, fills=day.fills + 1)
                first = days[opened_on[entry["pos"]]]
                days[first.label] = replace(first, round_trips=first.round_trips + 1)
            case unknown:
                raise CannotExpress(f"nothing that happens to a position is called {unknown!r}")
    return list(days.values())


def _named(days: Mapping[str, DayResult], label: str) -> DayResult:
    number = len(days) + 1
    return days.get(label) or DayResult(label, number, seq=number)


def _share_of(initial: int, percentage: Any) -> int:
    minor = Fraction(percentage) * initial / 100
    if minor.denominator != 1:
        raise CannotExpress(f"{percentage} % is no whole number of minor units")
    return int(minor)
