"""Forms: strings from browsers become our words here, or a list of what is wrong with them. Nothing else reads form fields."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, TypeVar

import msgspec
from litestar.connection import Request
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.exceptions import ClientException

from firm.commands import KillSwitch, ReviewOutcome
from firm.facts import Refusal, Refused
from firm.ids import id_text, parse_id
from firm.inputs import Side
from firm.instant import parse_utc
from firm.kinds import BY_NAME
from firm.phase import Standing
from storage.desk_trace import TraceFilter
from storage.readmodels.account_lists import SORTS
from storage.readmodels.desk_rows import RISK
from storage.readmodels.trade_lists import SORTS as TRADE_SORTS
from storage.readmodels.trade_lists import TradeFilter
from web import words
from web.bounds import PASSWORD_LENGTH_MAX, SEARCH_LENGTH_MAX, WHY_LENGTH_MAX, WHY_LENGTH_MIN

_Choice = TypeVar("_Choice")


class Wrong(msgspec.Struct, frozen=True):
    """What is wrong, by field, and what was typed, so that nobody types it again. The key "" is about the form as a whole."""

    errors: dict[str, str]
    typed: dict[str, str]


class SignIn(msgspec.Struct, frozen=True):
    """A mail address and a password; `next` is a path of ours."""

    mail: str
    password: str
    next: str


class Kept(msgspec.Struct, frozen=True):
    """A form that was sent when the session had ended already: where it was going, and what was typed."""

    action: str
    typed: dict[str, str]


class Review(msgspec.Struct, frozen=True):
    """A reviewer's word with its reason."""

    outcome: ReviewOutcome
    why: str


class AccountsAsked(msgspec.Struct, frozen=True):
    """The list of accounts as its URL asks for it. `after` is the place the page begins behind, `seen` how many came before."""

    search: str
    standing: Standing | None
    program: str
    bridge: str
    sort: str
    after: tuple[int, int] | None
    seen: int

    def query(self, **changes: str) -> dict[str, str]:
        """The URL's parameters with some changed; empty ones are left out."""
        asked = {
            "q": self.search,
            "standing": self.standing.value if self.standing else "",
            "program": self.program,
            "bridge": self.bridge,
            "sort": "" if self.sort == "headroom" else self.sort,
        } | changes
        return {name: value for name, value in asked.items() if value}


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
    """The trace of a desk as its URL asks for it. `kind` is "" for all rows; `before`: the row from which it goes on."""

    desk: str
    kind: str
    since_us: int | None
    until_us: int | None
    before: int | None
    typed: dict[str, str]

    @property
    def filter(self) -> TraceFilter:
        return TraceFilter(kind=self.kind, since_us=self.since_us, until_us=self.until_us)

    def query(self, **changes: str) -> dict[str, str]:
        return {name: value for name, value in (self.typed | {"before": ""} | changes).items() if value}


class HoldersAsked(msgspec.Struct, frozen=True):
    """The holders of a symbol as their URL asks for them; `side` None is either. `after`: lots and account of the last one seen."""

    bridge: str
    symbol: str
    side: Side | None
    funded: bool
    after: tuple[int, int] | None

    def query(self, **changes: str) -> dict[str, str]:
        asked = {
            "bridge": self.bridge,
            "symbol": self.symbol,
            "side": self.side.value if self.side else "",
            "phases": "" if self.funded else ALL_PHASES,
        } | changes
        return {name: value for name, value in asked.items() if value}


class DriftAsked(msgspec.Struct, frozen=True):
    """What is asked of drift: of one account, or of all: what lasts, or with `over` what ever was. `before` as in other lists."""

    account: int | None
    over: bool
    before: int | None

    @property
    def address(self) -> str:
        """The query that asks the same from the newest on."""
        if self.account is not None:
            return f"?account={id_text(self.account)}"
        return "?show=all" if self.over else ""


STATES_OF_TRADES = {"open": False, "closed": True}
RESULTS_OF_TRADES = {"gain": True, "loss": False}
ALL_PHASES = "all"
KEPT = "kept"  # the hidden fields in which a form waits for a sign-in


async def fields_of(request: Request[Any, Any, Any]) -> FormMultiDict:
    """What was sent. Raises ClientException where it is not text in the letters that it says it is in."""
    try:
        return await request.form()
    except (LookupError, UnicodeError) as unreadable:
        raise ClientException("the form is in letters that we do not know") from unreadable


def read_sign_in(fields: Mapping[str, Any]) -> SignIn | Wrong:
    mail, password = _text(fields, "mail"), str(fields.get("password", ""))[: PASSWORD_LENGTH_MAX + 1]
    errors = {}
    if not mail:
        errors["mail"] = "Enter your mail address."
    if not password:
        errors["password"] = "Enter your password."  # noqa: S105  (a sentence about one)
    if errors:
        return Wrong(errors, {"mail": mail})
    return SignIn(mail, password, path_of_ours(_text(fields, "next")))


def read_kept(fields: Mapping[str, Any]) -> Kept | None:
    """What the sign-in page carried through for a form that waits to be sent."""
    action = path_of_ours(_text(fields, KEPT))
    typed = {name.removeprefix(f"{KEPT}."): str(fields[name]) for name in fields if name.startswith(f"{KEPT}.")}
    return Kept(action, typed) if action != "/" else None


def path_of_ours(text: str) -> str:
    """Where to go after signing in: a path on this site, or the front page. Never another site."""
    ours = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable()
    return text if ours else "/"


def read_review(fields: Mapping[str, Any]) -> Review | Wrong:
    outcome = _choice(ReviewOutcome, _text(fields, "outcome"))
    why, wrong = _why(fields)
    errors = dict(wrong)
    if outcome is None:
        errors["outcome"] = "Choose whether to confirm or to dismiss it."
    if errors or outcome is None:
        return Wrong(errors, {"outcome": _text(fields, "outcome"), "why": why})
    return Review(outcome, why)


def read_why(fields: Mapping[str, Any]) -> str | Wrong:
    """The reason alone, for acts that need nothing else: a sentence, because two clicks must not be enough for them."""
    why, errors = _why(fields)
    if not errors and len(why) < WHY_LENGTH_MIN:
        errors = {"why": f"Say why in a sentence, of at least {WHY_LENGTH_MIN} characters: others read it later."}
    return Wrong(errors, {"why": why}) if errors else why


def read_settlement(fields: Mapping[str, Any]) -> tuple[bool, str] | Wrong:
    """What a person saw at the platform: whether a command had its effect."""
    happened = {"yes": True, "no": False}.get(_text(fields, "happened"))
    why, errors = _why(fields)
    if happened is None:
        errors["happened"] = "Say whether the platform did it."
    if errors or happened is None:
        return Wrong(errors, {"why": why, "happened": _text(fields, "happened")})
    return happened, why


async def read_checkpoint(fields: Mapping[str, Any]) -> str | Wrong:
    """A checkpoint that somebody kept, pasted or as a file, with the line ends that it was signed with."""
    chosen = fields.get("file")
    held = await chosen.read() if isinstance(chosen, UploadFile) else b""
    pasted = _text(fields, "note")
    text = held.decode(errors="replace") if held else pasted
    wrong = Wrong({"note": "Paste the checkpoint that you kept, or choose its file."}, {"note": pasted})
    return f"{text.replace(chr(13), '').strip()}\n" if text.strip() else wrong


def read_switch(text: str) -> KillSwitch | None:
    return _choice(KillSwitch, text)


def read_accounts_asked(query: Mapping[str, Any]) -> AccountsAsked:
    """What cannot be read is not asked for: a filter from an old bookmark never breaks the page."""
    sort = _text(query, "sort")
    return AccountsAsked(
        search=_text(query, "q")[:SEARCH_LENGTH_MAX],
        standing=_choice(Standing, _text(query, "standing")),
        program=_text(query, "program"),
        bridge=_text(query, "bridge"),
        sort=sort if sort in SORTS else "headroom",
        after=_place(_text(query, "after")),
        seen=_whole(_text(query, "seen")) or 0,
    )


def read_trades_asked(query: Mapping[str, Any], symbols: Collection[str]) -> TradesAsked | Wrong:
    """What of an account's trades is asked for; `symbols` are those it traded. What cannot be meant is said, not passed over:
    a sum over other trades than were asked for would be believed."""
    typed = {name: _text(query, name) for name in ("symbol", "side", "state", "result", "from", "to", "sort", "after")}
    choices = {
        "symbol": (symbols, "This account has no trade in such a symbol. Choose one of the list."),
        "side": ([side.value for side in Side], "A side is buy or sell."),
        "state": (STATES_OF_TRADES, "A trade is open or closed."),
        "result": (RESULTS_OF_TRADES, "A result is a gain or a loss."),
        "sort": (TRADE_SORTS, f"Trades are sorted by one of: {', '.join(TRADE_SORTS)}."),
    }
    errors = {name: said for name, (known, said) in choices.items() if typed[name] and typed[name] not in known}
    days = {name: _day(typed[name]) for name in ("from", "to")}
    for name, day in days.items():
        if typed[name] and not day:
            errors[name] = f"The day after “{name}” has to be written like 2014-05-02."
    if days["from"] and days["to"] and days["from"] > days["to"]:
        errors["from"] = "The first day lies after the last one."
    after = _place(typed["after"])
    if typed["after"] and after is None:
        errors["after"] = "The place in the list cannot be read. Begin from the start."
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


def read_trace_asked(query: Mapping[str, Any], bridges: Collection[str]) -> TraceAsked | Wrong:
    """Which desk's trace, and what of it. Raises nothing: what cannot be read is said."""
    typed = {name: _text(query, name) for name in ("desk", "kind", "from", "to", "before")}
    desk, errors = _desk(typed["desk"], bridges), {}
    if desk is None:
        errors["desk"] = (
            "No desk is called so. Name one like account/7K2MQ-9XW3F, order/7K2MQ-9XW3F, market/sim, bridge/sim, enforcement/sim, or risk."
        )
    if typed["kind"] and typed["kind"] not in BY_NAME:
        errors["kind"] = "There is no such kind of row."
    window = {name: _instant(typed[name]) for name in ("from", "to")}
    for name, instant in window.items():
        if typed[name] and instant is None:
            errors[name] = f"The time after “{name}” has to be written like 2014-05-02T12:30, in UTC."
    if window["from"] is not None and window["to"] is not None and window["from"] >= window["to"]:
        errors["from"] = "The window ends before it begins."
    before = _whole(typed["before"])
    if typed["before"] and before is None:
        errors["before"] = "The row to go on from cannot be read."
    if errors or desk is None:
        return Wrong(errors, typed)
    told = typed | {"desk": desk}
    return TraceAsked(
        desk=desk, kind=typed["kind"], since_us=window["from"], until_us=window["to"], before=before, typed=told
    )


def read_funded(query: Mapping[str, Any]) -> bool:
    """Whether funded accounts alone are asked for, as they are unless all phases are."""
    return _text(query, "phases") != ALL_PHASES


def read_holders_asked(query: Mapping[str, Any]) -> HoldersAsked:
    side, after = _choice(Side, _text(query, "side")), _place(_text(query, "after"))
    return HoldersAsked(_text(query, "bridge"), _text(query, "symbol"), side, read_funded(query), after)


def read_drift_asked(query: Mapping[str, Any]) -> DriftAsked:
    return DriftAsked(id_in(_text(query, "account")), _text(query, "show") == "all", read_before(query))


def read_before(query: Mapping[str, Any]) -> int | None:
    """The ledger seq below which a list goes on."""
    return _whole(_text(query, "before"))


def id_in(text: str) -> int | None:
    """An id as people type it, or None."""
    try:
        return parse_id(text)
    except ValueError:
        return None


def refusal_in(facts: tuple[tuple[int, object], ...]) -> Refusal | None:
    """The firm's no, where the answer to a command was no."""
    return next((Refusal(fact.refusal) for _, fact in facts if isinstance(fact, Refused)), None)


def refused_in(facts: tuple[tuple[int, object], ...]) -> str | None:
    """The same in plain words."""
    refusal = refusal_in(facts)
    return None if refusal is None else words.refusal(refusal)


def _why(fields: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    why = _text(fields, "why")
    if not why:
        return why, {"why": "Say why. The reason is kept with the decision and cannot be changed later."}
    if len(why) > WHY_LENGTH_MAX:
        return why, {"why": f"Please say it in at most {WHY_LENGTH_MAX} characters; this has {len(why)}."}
    return why, {}


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _choice(choices: type[_Choice], text: str) -> _Choice | None:
    try:
        return choices(text)  # type: ignore[call-arg]  # an enum looks its member up by value
    except ValueError:
        return None


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _desk(text: str, bridges: Collection[str]) -> str | None:
    """The desk's name as the ledger writes it, or None. An id alone is an account's."""
    kind, slash, key = text.partition("/")
    if not slash and text != RISK:
        kind, key = "account", text
    if text == RISK:
        return RISK
    if kind in ("market", "bridge", "enforcement"):
        return f"{kind}/{key}" if key in bridges else None
    number = id_in(key) if kind in ("account", "order") else None
    return f"{kind}/{id_text(number)}" if number else None  # 0 is how a row says that it concerns no account


def _instant(text: str) -> int | None:
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


def _place(text: str) -> tuple[int, int] | None:
    """A place in a sorted list, "VALUE~ID"; one that no row can have is no place."""
    left, _, right = text.partition("~")
    try:
        place = int(left), int(right)
    except ValueError:
        return None
    return place if all(abs(number) < 1 << 63 for number in place) else None
