"""News windows of vectors: what may be done around a release, what a strike takes, and when a window begins and ends."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from appliance.conformance.conduct_parts import each_or, seconds_of, us_of
from appliance.conformance.spoken import rule_of
from appliance.conformance.units import amount_of, minor_of
from appliance.conformance.vector import CannotExpress, Vector, require_known
from firm.arithmetic import PLAIN, Figure
from firm.deed import Deed
from firm.instant import HOUR_US, SECOND_US, instant_of, parse_utc
from firm.news import NewsItem, news_calendar
from firm.rules.deduction import deducted_rounded_down
from firm.rules.news import judge_news_window, window_of
from firm.ruleset import Rule
from firm.terms.conduct import Impact, NewsAction, NewsSymbols, NewsWindow
from firm.terms.words import BP_WHOLE, Action, Consequence, DeductProfit, Scope

_ACTIONS = {
    "open": NewsAction.OPEN,
    "close": NewsAction.CLOSE,
    "tp": NewsAction.TAKE_PROFIT,
    "sl": NewsAction.STOP_LOSS,
    "pending_fill": NewsAction.PENDING_FILL,
    "modify": NewsAction.MODIFY,
    "hold": NewsAction.HOLD,
}
_ALL_BUT_HOLDING = ("open", "close", "tp", "sl", "pending_fill")
_RELEASES = {
    **dict.fromkeys(("NFP", "FOMC", "CPI", "PPI", "PCE", "GDP", "ISM"), "USD"),
    "ECB": "EUR",
    "BOE": "GBP",
    "BOJ": "JPY",
    "SNB": "CHF",
    "RBA": "AUD",
    "RBNZ": "NZD",
    "BOC": "CAD",
}
_OTHER_SYMBOLS = {
    **dict.fromkeys(("US30", "US100", "US500", "NAS100", "SPX500", "USOIL"), ("USD",)),
    "GER40": ("EUR",),
    "DE40": ("EUR",),
    "UK100": ("GBP",),
    "JP225": ("JPY",),
}
_WITH_SECONDS = re.compile(r"\d\d:\d\d:\d\d")
_RELEASE_US = parse_utc("2025-06-06T12:30")


def news_window(vector: Vector) -> dict[str, Any]:
    known = ("before_min", "after_min", "applies", "scope", "actions", "effect", "exempt_if_opened_before_h")
    # `scope` says in which phase the term stands: it is in that phase's ruleset, or it is not.
    require_known(vector.params, {*known, "soft_strikes", "third"})
    terms = _terms(vector.params)
    rule = rule_of(terms)
    if any("strike" in entry for entry in vector.timeline):
        return _strikes(vector, rule, terms)
    if all("action" not in entry for entry in vector.timeline):
        return _window(vector, rule)
    broken = [_is_broken(rule, entry) for entry in vector.timeline]
    takes_profit = terms.on_breach[0] is Action.EXCLUDE_PROFIT or isinstance(terms.on_breach[0], DeductProfit)
    counts = [not (one and takes_profit) for one in broken]
    return {
        "violation": each_or(vector, "violation", broken, any(broken)),
        "profit_counts": each_or(vector, "profit_counts", counts, all(counts)),
    }


def _terms(params: dict[str, Any]) -> NewsWindow:
    exempt_h = params.get("exempt_if_opened_before_h")
    return NewsWindow(
        id="news",
        before_s=seconds_of(params.get("before_min", 0), 60),
        after_s=seconds_of(params.get("after_min", 0), 60),
        inclusive=True,
        impacts=(Impact.HIGH,),
        symbols=NewsSymbols.CURRENCY if params.get("applies") == "targeted" else NewsSymbols.ALL,
        actions=tuple(_ACTIONS[name] for name in params.get("actions", _ALL_BUT_HOLDING)),
        all_day_counts=False,
        exempt_opened_before_s=None if exempt_h is None else seconds_of(exempt_h, 3_600),
        on_breach=_consequences(params),
        strikes_within=Scope.PHASE,
    )


def deducting(share_bp: int) -> NewsWindow:
    """A window around releases that takes so much of the profit that was made in it."""
    window = _terms({"before_min": 2, "after_min": 2})
    return replace(window, on_breach=(DeductProfit(share_bp=share_bp),))


def _consequences(params: dict[str, Any]) -> tuple[Consequence, ...]:
    effect: Consequence
    match params.get("effect"):
        case "deduct_profit":
            effect = DeductProfit(share_bp=BP_WHOLE)
        case "profit_excluded":
            effect = Action.EXCLUDE_PROFIT
        case None:
            effect = Action.WARN
        case other:
            raise CannotExpress(f"the effect {other!r}")
    if "third" not in params:
        return (effect,)
    if params["third"] != "breach":
        raise CannotExpress(f"a third strike that is {params['third']!r}")
    return (*(effect,) * params.get("soft_strikes", 2), Action.FAIL)


def _is_broken(rule: Rule, entry: dict[str, Any]) -> bool:
    release = NewsItem(
        id="release",
        title=entry.get("release", "release"),
        currency=_currency(entry),
        impact=Impact.HIGH,
        at_us=_RELEASE_US,
        until_us=_RELEASE_US,
        all_day=False,
    )
    at_us = _RELEASE_US + us_of(entry.get("offset_s", 0))
    opened_us = at_us
    if "opened_offset_s" in entry:
        opened_us = _RELEASE_US + us_of(entry["opened_offset_s"])
    elif "opened_offset_h" in entry:
        # How long before the release, with either sign.
        opened_us = _RELEASE_US - abs(us_of(entry["opened_offset_h"] * (HOUR_US // SECOND_US)))
    deed = Deed(_ACTIONS[entry["action"]], entry.get("symbol", ""), _currencies(entry), at_us, opened_us, 0)
    return judge_news_window(PLAIN, rule, news_calendar("vector", [release]), deed).is_broken


def _currency(entry: dict[str, Any]) -> str:
    """The release's; one that is not named concerns every symbol."""
    name = entry.get("release")
    if name is None:
        return ""
    if name not in _RELEASES:
        raise CannotExpress(f"the currency of the release {name!r} is not known")
    return _RELEASES[name]


def _currencies(entry: dict[str, Any]) -> tuple[str, ...]:
    symbol = entry.get("symbol", "")
    if symbol in _OTHER_SYMBOLS:
        return _OTHER_SYMBOLS[symbol]
    return (symbol[:3], symbol[3:6]) if len(symbol) == 6 and symbol.isalpha() else (symbol,)


# --- strikes ---


def _strikes(vector: Vector, rule: Rule, terms: NewsWindow) -> dict[str, Any]:
    taken, breached_at = [], None
    for entry in vector.timeline:
        place = min(entry["strike"], len(terms.on_breach)) - 1
        does = terms.on_breach[place]
        if isinstance(does, DeductProfit):
            profit = Figure(minor_of(entry["profit"]), "")
            taken.append(amount_of(deducted_rounded_down(PLAIN, rule, place, does, profit)))
        elif does is Action.FAIL:
            breached_at = breached_at or entry["strike"]
    return {"deducted": _as_asked(vector, taken), "breached_at": breached_at, "violation": True}


def _as_asked(vector: Vector, taken: Sequence[Any]) -> Any:
    """For each entry, for those alone that took something, or together: as it is asked."""
    asked = vector.expect.get("deducted")
    if not isinstance(asked, list):
        return sum(taken)
    return [*taken, *[amount_of(0)] * (len(vector.timeline) - len(taken))][: max(len(asked), len(taken))]


# --- windows ---


def _window(vector: Vector, rule: Rule) -> dict[str, Any]:
    spans = [_span(rule, entry["release"]) for entry in vector.timeline]
    several = isinstance(vector.expect.get("from_"), list)
    return {
        name: [span[place] for span in spans] if several else spans[0][place]
        for place, name in enumerate(("from_", "to"))
    }


def _span(rule: Rule, told: str) -> tuple[str, str]:
    """When a window begins and ends, written as the release is: a clock, or a date with one."""
    is_clock = len(told) <= len("HH:MM:SS")
    moment = datetime.fromisoformat(f"{date(2025, 6, 6)}T{told}" if is_clock else told)
    at_us = instant_of(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    release = NewsItem(
        id="release", title="release", currency="", impact=Impact.HIGH, at_us=at_us, until_us=at_us, all_day=False
    )
    window = window_of(PLAIN, rule, release)
    ends = (moment + timedelta(microseconds=end_us - at_us) for end_us in window)
    first, last = (_written(end, told, is_clock=is_clock) for end in ends)
    return first, last


def _written(moment: datetime, told: str, *, is_clock: bool) -> str:
    to_the = "seconds" if moment.second or _WITH_SECONDS.search(told) else "minutes"
    text = moment.time().isoformat(to_the) if is_clock else moment.isoformat("T" if "T" in told else " ", to_the)
    return text.replace("+00:00", "Z") if told.endswith("Z") else text
