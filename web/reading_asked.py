"""Reading asked: what the URL of a list of trades or of a desk's trace asks for, or what is wrong with it.

Smaller lists pass over what they cannot read. Here sums are shown, and the absence of rows says something: a page over more than was
asked for would be believed.
"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, NamedTuple

import msgspec

from firm.ids import id_text
from firm.inputs import Side
from firm.instant import parse_utc
from firm.kinds import BY_NAME
from storage.desk_trace import TraceFilter
from storage.readmodels.desk_rows import BESIDE_ACCOUNTS, CATALOGUE, INCIDENTS, RISK
from storage.readmodels.trade_lists import TradeFilter
from web.forms import Wrong, text_in
from web.lists_asked import id_in, place_in, whole_in
from web.shell.speech import Speech

STATES_OF_TRADES = {"open": False, "closed": True}
OF_BRIDGES = ("market", "bridge", "enforcement")
ALL_KINDS = "all"  # of an account's rows; without it prices and reports are left out, as of other desks
TRADE_SORTS = ("closed", "opened", "best", "worst")
RESULTS_OF_TRADES = {"gain": True, "loss": False}


class TradesAsked(msgspec.Struct, frozen=True, kw_only=True):
    """An account's trades as their URL asks for them. `after` is the place the page begins behind; days are ISO dates, or empty."""

    symbol: str
    side: str
    state: str
    result: str
    from_day: str
    to_day: str
    sort: str
    after: tuple[int, int] | None

    @property
    def filter(self) -> TradeFilter:
        return TradeFilter(
            symbol=self.symbol or None,
            side=Side(self.side) if self.side else None,
            closed=STATES_OF_TRADES.get(self.state),
            won=RESULTS_OF_TRADES.get(self.result),
            from_day=self.from_day or None,
            to_day=self.to_day or None,
        )

    def query(self, **changes: str) -> dict[str, str]:
        """The URL's parameters with some changed; empty ones are left out."""
        asked = {
            "symbol": self.symbol,
            "side": self.side,
            "state": self.state,
            "result": self.result,
            "from": self.from_day,
            "to": self.to_day,
            "sort": "" if self.sort == "closed" else self.sort,
        } | changes
        return {name: value for name, value in asked.items() if value}


class TraceAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The trace of a desk as its URL asks for it. `kind` is "" for all but prices and reports; `before`: the row from which it goes on."""

    desk: str
    kind: str
    since_us: int | None
    until_us: int | None
    before: int | None
    typed: dict[str, str]

    @property
    def filter(self) -> TraceFilter:
        of_account = self.desk.startswith("account/")
        return TraceFilter(
            kind="" if self.kind == ALL_KINDS else self.kind,
            since_us=self.since_us,
            until_us=self.until_us,
            leaving_out=BESIDE_ACCOUNTS if of_account and not self.kind else frozenset(),
        )

    def query(self, **changes: str) -> dict[str, str]:
        return {name: value for name, value in (self.typed | {"before": ""} | changes).items() if value}


class RowsAsked(NamedTuple):
    """Of a list of the ledger's rows: from which instant, until which, and before which row it goes on; None where that was left open."""

    since_us: int | None
    until_us: int | None
    before: int | None


def read_trades_asked(query: Mapping[str, Any], symbols: Collection[str], speech: Speech) -> TradesAsked | Wrong:
    """What of an account's trades is asked for; `symbols` are those it traded. What cannot be meant is said, not passed over:
    a sum over other trades than were asked for would be believed."""
    typed = {
        name: text_in(query, name) for name in ("symbol", "side", "state", "result", "from", "to", "sort", "after")
    }
    allowed = {
        "symbol": symbols,
        "side": [side.value for side in Side],
        "state": STATES_OF_TRADES,
        "result": RESULTS_OF_TRADES,
    }
    unknown = (name for name, known in allowed.items() if typed[name] and typed[name] not in known)
    errors = {name: speech(f"trades.wrong.{name}") for name in unknown}
    if typed["sort"] not in ("", *TRADE_SORTS):
        named = {sort: speech.lowered(text) for sort, text in trade_sorts(speech)}
        errors["sort"] = speech("trades.wrong.sort", choices=speech.of_rules("list.comma").join(named.values()))
    days = {name: _day(typed[name]) for name in ("from", "to")}
    for name, day in days.items():
        if typed[name] and not day:
            errors[name] = speech(f"trades.wrong.{name}")
    if days["from"] and days["to"] and days["from"] > days["to"]:
        errors["from"] = speech("trades.wrong.backwards")
    after = place_in(typed["after"])
    if typed["after"] and after is None:
        errors["after"] = speech("trades.wrong.after")
    if errors:
        return Wrong(errors, typed)
    return TradesAsked(
        symbol=typed["symbol"],
        side=typed["side"],
        state=typed["state"],
        result=typed["result"],
        from_day=days["from"],
        to_day=days["to"],
        sort=typed["sort"] or "closed",
        after=after,
    )


def trade_sorts(speech: Speech) -> list[tuple[str, str]]:
    """The orders of a list of trades, and what they are called."""
    return [(sort, speech(f"trades.order.{sort}")) for sort in TRADE_SORTS]


def read_trace_asked(query: Mapping[str, Any], bridges: Collection[str]) -> TraceAsked | Wrong:
    """Which desk's trace, and what of it. Raises nothing: what cannot be read is said."""
    typed = {name: text_in(query, name) for name in ("desk", "kind", "from", "to", "before")}
    desk, errors = _desk(typed["desk"], bridges), {}
    if desk is None:
        errors["desk"] = (
            "No desk is called so. Name one like account/7K2MQ-9XW3F, order/7K2MQ-9XW3F, market/sim, bridge/sim, enforcement/sim, "
            "risk, catalogue or incidents."
        )
    if typed["kind"] not in ("", ALL_KINDS, *BY_NAME):
        errors["kind"] = "There is no such kind of row."
    rows = rows_asked(typed, errors)
    if errors or desk is None:
        return Wrong(errors, typed)
    told = typed | {"desk": desk}
    return TraceAsked(
        desk=desk, kind=typed["kind"], since_us=rows.since_us, until_us=rows.until_us, before=rows.before, typed=told
    )


def rows_asked(typed: Mapping[str, str], errors: dict[str, str]) -> RowsAsked:
    """Of "from", "to" and "before" as they were typed. Raises nothing: `errors` gets what of them cannot be read."""
    window = {name: instant_in(typed[name]) for name in ("from", "to")}
    for name, instant in window.items():
        if typed[name] and instant is None:
            errors[name] = f"The time after “{name}” has to be written like 2014-05-02T12:30, in UTC."
    if window["from"] is not None and window["to"] is not None and window["from"] >= window["to"]:
        errors["from"] = "The window ends before it begins."
    before = whole_in(typed["before"])
    if typed["before"] and before is None:
        errors["before"] = "The row to go on from cannot be read."
    return RowsAsked(window["from"], window["to"], before)


def desk_kind(text: str) -> str:
    """The kind of desk where that alone was typed: which one of them is still to be chosen; else empty."""
    kind = text.strip().rstrip("/").lower()
    return kind if kind in ("account", "order", "trader", *OF_BRIDGES) else ""


def _desk(text: str, bridges: Collection[str]) -> str | None:
    """The desk's name as the ledger writes it, or None. People write it in any case, with a space for the slash; an id alone is
    an account's.
    """
    parts = text.replace("/", " ").split(maxsplit=1)
    kind, key = (parts[0].lower(), parts[1].strip()) if len(parts) == 2 else ("account", text.strip())
    if (single := text.strip().lower()) in (RISK, CATALOGUE, INCIDENTS):
        return single
    if kind in OF_BRIDGES:
        named = key if key in bridges else next((bridge for bridge in bridges if bridge.lower() == key.lower()), None)
        return named and f"{kind}/{named}"
    number = id_in(key) if kind in ("account", "order", "trader") else None
    return f"{kind}/{id_text(number)}" if number else None  # 0 is how a row says that it concerns no account


def instant_in(text: str) -> int | None:
    """An instant in UTC as browsers write it, or None; only such as a ledger can hold."""
    try:
        instant_us = parse_utc(text)
    except (ValueError, OverflowError):
        return None
    return instant_us if 0 <= instant_us < 1 << 62 else None


def _day(text: str) -> str:
    """A date as the labels of trading days are written, or nothing."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""
