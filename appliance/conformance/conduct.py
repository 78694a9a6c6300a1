"""Conduct: vectors about what may be held, how long, with which stops, and around which events, said in our terms."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from appliance.conformance.conduct_parts import (
    EQUITY_MINOR,
    boundary_of,
    closed,
    each_or,
    held,
    marks,
    us_of,
)
from appliance.conformance.margins import WORKED_OUT, held_with_margins
from appliance.conformance.news import news_window
from appliance.conformance.spoken import rule_of
from appliance.conformance.units import amount_of, bp_of, lots_e8_of, lots_of, minor_of, percentage_of
from appliance.conformance.vector import CannotExpress, Vector, require_known
from firm.arithmetic import PLAIN, Figure
from firm.instant import DAY_US, HOUR_US, MINUTE_US, instant_of, parse_utc
from firm.price import SymbolSpec
from firm.rules.behaviour import excursion_limit
from firm.rules.exposure import judge_exposure_limit
from firm.rules.holding import judge_holding_limit
from firm.rules.ideas import judge_idea_risk
from firm.rules.judged import Judged
from firm.rules.protection import judge_risk_reward
from firm.rules.trade_duration import judge_average_duration, judge_each_duration, judge_profit_of_longer
from firm.sessions import DAY_MINUTES, WEEK_MINUTES
from firm.terms.conduct import AdverseExcursion, Closure, HoldingLimit, TradeDuration
from firm.terms.exposure import (
    CountedOver,
    ExposureLimit,
    IdeaGrouping,
    IdeaMeasure,
    IdeaRisk,
    Netted,
    Quantity,
    RiskReward,
)
from firm.terms.words import BP_WHOLE, Action, Boundary, Consequence, Scope, Share, ShareOf
from firm.track import DayResult, HeldPosition

Got = dict[str, Any]

_GROUPS = {
    "symbol_group:indices": (
        *("US30", "US100", "US500", "US2000", "NAS100", "SPX500", "DJ30", "USTEC", "GER30", "GER40", "DE40", "UK100"),
        *("FRA40", "EU50", "ESP35", "JP225", "AUS200", "HK50"),
    )
}
_CURRENCIES = ((6 * DAY_MINUTES + 17 * 60, WEEK_MINUTES), (0, 4 * DAY_MINUTES + 17 * 60))
"""The week of currencies, by New York."""
_PRICE = 10**9


def daily_lots(vector: Vector) -> Got:
    require_known(vector.params, {"max", "severity", "tz", "carry_counts"})
    carry = vector.params.get("carry_counts", False)
    terms = _exposure(
        limit=lots_e8_of(vector.params["max"]),
        counted=CountedOver.OPENED_IN_DAY_AND_CARRIED if carry else CountedOver.OPENED_IN_DAY,
        on_breach=(_SEVERITIES[vector.params["severity"]],),
    )
    opened = carried = open_now = 0
    broken = False
    for entry in vector.timeline:
        match entry["ev"]:
            case "open":
                opened += lots_e8_of(entry["lots"])
                open_now += lots_e8_of(entry["lots"])
            case "close":
                open_now -= lots_e8_of(entry["lots"])
            case "rollover":
                opened, carried = 0, open_now
            case event:
                raise CannotExpress(f"the event {event!r}")
        today = DayResult("", 0, lots_opened_e8=opened, lots_carried_e8=carried)
        (answer,) = judge_exposure_limit(PLAIN, rule_of(terms), (), (), today, marks())
        broken |= answer.is_broken
    paused = broken and terms.on_breach == (Action.PAUSE,)
    return {"breach": broken, "disabled_until": _midnight(vector.params["tz"]) if paused else None}


_SEVERITIES = {"pause": Action.PAUSE, "hard": Action.FAIL, "soft": Action.WARN}


def _midnight(zone: str) -> str:
    """The rollover's clock with the zone's name of winter and summer: CET and CEST are CE(S)T."""
    winter, summer = (datetime(2025, month, 1, tzinfo=ZoneInfo(zone)).tzname() or "" for month in (1, 7))
    same = summer == winter or len(summer) != len(winter) + 1
    return f"00:00 {winter if same else f'{summer[:-2]}({summer[-2]}){summer[-1]}'}"


def margin_usage(vector: Vector) -> Got:
    """`margin_pct` of each entry as it is told, or worked out from its lots and price by the leverage."""
    is_worked_out = not WORKED_OUT.isdisjoint(vector.params)
    require_known(vector.params, {"limit_pct", "method", "netted", *WORKED_OUT})
    if vector.params.get("method") != "peak_concurrent":
        raise CannotExpress(f"margin by {vector.params.get('method')!r}")
    netted = Netted(vector.params.get("netted", Netted.GROSS))
    terms = replace(_exposure(quantity=Quantity.MARGIN, limit=bp_of(vector.params["limit_pct"])), netted=netted)
    spans = [_span(entry) for entry in vector.timeline]
    if is_worked_out:
        positions = held_with_margins(vector, terms)
        mark = marks()._replace(equity=Figure(minor_of(vector.params["equity"]), ""))
    else:
        shares = [EQUITY_MINOR // BP_WHOLE * bp_of(entry["margin_pct"]) for entry in vector.timeline]
        positions = tuple(held(number, margin=margin) for number, margin in enumerate(shares))
        mark = marks()
    answers: list[Judged] = []
    for opened_us, _ in spans:
        book = [one for (since, until), one in zip(spans, positions, strict=True) if since <= opened_us < until]
        answers += judge_exposure_limit(PLAIN, rule_of(terms), book, (), DayResult("", 0), mark)
    return {
        "peak": percentage_of(max(answer.observed for answer in answers)),
        "breach": any(answer.is_broken for answer in answers),
        "wrong_sum": None if is_worked_out else sum(entry["margin_pct"] for entry in vector.timeline),
    }


def _span(entry: dict[str, Any]) -> tuple[int, int]:
    since, until = (_clock_us(entry[name]) for name in ("open", "close"))
    return since, until if until > since else until + DAY_US


def _clock_us(text: str) -> int:
    if "T" in text:
        return parse_utc(text)
    hour, minute, *second = map(int, text.split(":"))
    return hour * HOUR_US + minute * MINUTE_US + us_of(sum(second))


def max_exposure(vector: Vector) -> Got:
    require_known(vector.params, {"max_open_lots", "scope", "count", "closure_at"})
    scope, strikes = vector.params["scope"], vector.params.get("closure_at", 1)
    if scope != "account" and scope not in _GROUPS:
        raise CannotExpress(f"the scope {scope!r}")
    if vector.params.get("count", "per_position") != "per_position":
        raise CannotExpress(f"violations counted {vector.params['count']!r}")
    does: tuple[Consequence, ...] = (*(Action.WARN,) * (strikes - 1), Action.FAIL)
    terms = _exposure(
        limit=lots_e8_of(vector.params["max_open_lots"]),
        symbols=_GROUPS.get(scope, ()),
        on_breach=does if "closure_at" in vector.params else (Action.WARN,),
    )
    found: list[Consequence] = []
    book: list[HeldPosition] = []
    total = 0
    for symbol, lots_e8 in _openings(vector):
        book.append(held(len(book), symbol=symbol, lots_e8=lots_e8))
        (answer,) = judge_exposure_limit(PLAIN, rule_of(terms), book, (), DayResult("", 0), marks())
        total = answer.observed
        if answer.is_broken:
            found.append(terms.on_breach[min(len(found), len(terms.on_breach) - 1)])
    return {
        "violation": bool(found),
        "violations": len(found),
        "account_closed": Action.FAIL in found,
        "total": lots_of(total),
    }


def _openings(vector: Vector) -> list[tuple[str, int]]:
    openings = []
    for entry in vector.timeline:
        lots = entry["open"] if "open" in entry else entry["lots"]
        several = lots if isinstance(lots, list) else [lots]
        openings += [(entry.get("symbol", "X"), lots_e8_of(one)) for one in several]
    return openings


def _exposure(
    *,
    limit: int,
    quantity: Quantity = Quantity.LOTS,
    counted: CountedOver = CountedOver.OPEN_AT_ONCE,
    symbols: tuple[str, ...] = (),
    on_breach: tuple[Consequence, ...] = (Action.WARN,),
) -> ExposureLimit:
    return ExposureLimit(
        id="exposure",
        quantity=quantity,
        limit=limit,
        symbols=symbols,
        counted=counted,
        netted=Netted.GROSS,
        tiers=(),
        boundary=Boundary.CROSSES,
        on_breach=on_breach,
        strikes_within=Scope.PHASE,
    )


def max_adverse_excursion(vector: Vector) -> Got:
    require_known(vector.params, {"pct", "pct_of"})
    if vector.params["pct_of"] != "start_of_day_profit":
        raise CannotExpress(f"an excursion of {vector.params['pct_of']!r}")
    terms = AdverseExcursion(
        id="excursion",
        share_bp=bp_of(vector.params["pct"]),
        of_profit=True,
        minimum_minor=0,
        boundary=Boundary.CROSSES,
        on_breach=(Action.WARN,),
        strikes_within=Scope.PHASE,
    )
    limits = [
        amount_of(excursion_limit(PLAIN, rule_of(terms), marks(start_profit=minor_of(entry["start_of_day_profit"]))))
        for entry in vector.timeline
    ]
    return {"limit": limits if isinstance(vector.expect.get("limit"), list) else limits[-1]}


def min_duration(vector: Vector) -> Got:
    params = vector.params
    require_known(params, {"min_seconds", "avg_seconds_gt", "min_share_of_gross_profit_from_longer"})
    average, share = params.get("avg_seconds_gt"), params.get("min_share_of_gross_profit_from_longer")
    terms = TradeDuration(
        id="duration",
        seconds_min=params.get("min_seconds"),
        average_s_min=average,
        longer_s=None if share is None else (params.get("min_seconds", 0) if average is None else average),
        share_of_longer_bp=None if share is None else bp_of(share),
        per=Scope.PHASE,
        on_breach=(Action.WARN,),
        strikes_within=Scope.PHASE,
    )
    trades = [
        closed(number, lasted_us=us_of(entry["sec"]), net=minor_of(entry.get("pnl", 0)))
        for number, entry in enumerate(vector.timeline)
    ]
    valid = [not answer.is_broken for answer in judge_each_duration(PLAIN, rule_of(terms), trades)]
    average_ok = not judge_average_duration(PLAIN, rule_of(terms), trades).is_broken
    share_ok = not judge_profit_of_longer(PLAIN, rule_of(terms), trades).is_broken
    passed = all(valid) and average_ok and share_ok
    return {
        "valid": each_or(vector, "valid", valid, all(valid)),
        "avg_ok": average_ok,
        "share_ok": share_ok,
        "passed": passed,
    }


def risk_per_idea(vector: Vector) -> Got:
    require_known(vector.params, {"pct", "initial", "breach_when"})
    allowed = minor_of(vector.params["initial"]) * bp_of(vector.params["pct"]) // BP_WHOLE
    by_stops = any("risk" in entry for entry in vector.timeline)
    terms = IdeaRisk(
        id="idea",
        amount=Share(bp=bp_of(vector.params["pct"]), of=ShareOf.INITIAL),
        grouping=IdeaGrouping.SYMBOL,
        gap_s=0,
        measured=IdeaMeasure.STOP_DISTANCE if by_stops else IdeaMeasure.LOSS,
        boundary=boundary_of(vector.params.get("breach_when")),
        on_breach=(Action.FAIL,),
        strikes_within=Scope.PHASE,
    )
    book = [
        held(number, stop_risk=minor_of(entry["risk"]))
        for number, entry in enumerate(vector.timeline)
        if "risk" in entry
    ]
    trades = [
        closed(number, net=-abs(minor_of(entry["loss"])))
        for number, entry in enumerate(vector.timeline)
        if "loss" in entry
    ]
    (answer,) = judge_idea_risk(PLAIN, rule_of(terms), allowed, book, trades)
    return {"breach": answer.is_broken, "limit": amount_of(answer.limit), "total": amount_of(answer.observed)}


def risk_reward(vector: Vector) -> Got:
    require_known(vector.params, {"max_stop_to_target"})
    terms = RiskReward(
        id="reward",
        # A multiple is told as a number, a share of it in hundredths of a percent.
        stop_to_target_max_bp=bp_of(vector.params["max_stop_to_target"]) * 100,
        on_breach=(Action.WARN,),
        strikes_within=Scope.PHASE,
    )
    book = [
        held(
            number,
            price_open=_PRICE,
            stop=_PRICE - minor_of(entry["stop"]),
            target=_PRICE + minor_of(entry["target"]),
        )
        for number, entry in enumerate(vector.timeline)
    ]
    passed = [not answer.is_broken for answer in judge_risk_reward(PLAIN, rule_of(terms), book)]
    return {"passed": each_or(vector, "passed", passed, all(passed))}


def weekend(vector: Vector) -> Got:
    require_known(vector.params, {"cutoff", "tz", "severity", "action"})
    day, _, cutoff = vector.params["cutoff"].partition(" ")
    if day != "Fri":
        raise CannotExpress(f"a weekend from {day}")
    hard = vector.params["severity"] == "hard"
    closes = vector.params.get("action") == "auto_close"
    terms = HoldingLimit(
        id="weekend",
        over=Closure.WEEKEND,
        zone=vector.params["tz"],
        cutoff=cutoff,
        early_close_minutes=0,
        break_s=0,
        pending_orders=False,
        on_breach=(Action.FAIL if hard else Action.CLOSE_POSITIONS if closes else Action.WARN,),
        strikes_within=Scope.PHASE,
    )
    spec = SymbolSpec(
        symbol="X",
        digits=5,
        contract_e8=1,
        currency_base="X",
        currency_profit="USD",
        zone="America/New_York",
        sessions=_CURRENCIES,
    )
    instants = [instant_of(datetime.fromisoformat(entry["t"]).astimezone(UTC)) for entry in vector.timeline]
    # What is open at the first entry was opened in the hour before it.
    opened_us = instants[0] - HOUR_US
    broken = any(
        judge_holding_limit(PLAIN, rule_of(terms), held(1, opened_us=opened_us), spec, 0, Figure(at_us, "")).is_broken
        for entry, at_us in zip(vector.timeline, instants, strict=True)
        if entry["open_positions"]
    )
    return {"closed": broken and (closes or hard), "account_failed": broken and hard}


FAMILIES: dict[str, Callable[[Vector], Got]] = {
    "daily_lots": daily_lots,
    "margin_usage": margin_usage,
    "max_adverse_excursion": max_adverse_excursion,
    "max_exposure": max_exposure,
    "min_duration": min_duration,
    "news_window": news_window,
    "risk_per_idea": risk_per_idea,
    "risk_reward": risk_reward,
    "weekend": weekend,
}
