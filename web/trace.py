"""Trace: ledger rows as a person reads them: what each did, what it says, and what followed from it."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median_low
from typing import Any, get_args

import apsw
import msgspec
from msgspec.structs import replace

from firm.commands import Command
from firm.ids import id_text
from firm.inputs import Input
from firm.instant import SECOND_US
from firm.kinds import BY_NAME, Body, body_of
from firm.money import Money
from firm.ruleset import AnyRuleset, rule_named
from firm.sentences.rule import tag_of
from storage.desk_trace import bridge_of, outcome_of
from storage.readmodels.accounts import account_line, ruleset_of
from storage.readmodels.trades import bridges_with_symbols, digits_known
from storage.rows import StoredRow
from web import judged_words, words
from web.trace_words import OfSubject, said

VALUE_LENGTH_MAX = 120
FOLLOWED_SHOWN = 8
OUTCOME_ROWS_MAX = 40  # looked at behind an input
LATE_US = SECOND_US
LATE_TIMES = 3  # beyond what is usual, at whatever speed the firm's clock goes
DECISIONS = frozenset({"BreachDeclared", "BreachSuspected", "RuleBroken", "RuleSuspected", "PhasePassed", "PassHeld"})
_PARTS = ("profit", "commission", "swap", "fee")  # of a deal
_PRICES = frozenset({"price", "price_open", "stop_loss", "take_profit", "bid", "ask"})
_OF_SUBJECT = frozenset(kind.__name__ for kind in get_args(OfSubject))
_IDS = frozenset({"trader", "challenge", "order", "staff", "account"})


class TraceLine(msgspec.Struct, frozen=True, kw_only=True):
    """One row. `origin`: command, input or fact; `fields` are its payload's, shortened where they are long.

    `said`: what it did; `subject`: what a rule's row is about, as its judge named it. `followed`: (seq, kind) of the facts that an
    input caused, as far as they concern the reader, and `more` how many besides; it may be more than were looked at. `decision`: whether
    the row is one. `usual_us`: how long such rows take to come, by those beside it.
    """

    seq: int
    kind: str
    origin: str
    happened_us: int
    received_us: int
    cause: int
    account: int
    said: str
    fields: list[tuple[str, str]]
    followed: list[tuple[int, str]]
    more: int
    decision: bool
    subject: str = ""
    usual_us: int = 0

    @property
    def late_us(self) -> int:
        """How much later than it happened it was taken in, where that is worth a word beside the rows around it."""
        late_us = self.received_us - self.happened_us
        return late_us if late_us >= max(LATE_US, LATE_TIMES * self.usual_us) else 0


def trace_line(
    row: StoredRow,
    digits: Mapping[str, int],
    outcome: Sequence[tuple[int, str, int]] = (),
    length_max: int = VALUE_LENGTH_MAX,
    ruleset: AnyRuleset | None = None,
) -> TraceLine:
    """`digits` by symbol, so that prices read as prices and not as points. `outcome`: (seq, kind, account) of what it caused.

    `ruleset`: of its account, whose rules name what they are about.
    """
    body = body_of(row.kind, row.payload)
    payload: Any = msgspec.json.decode(row.payload)
    followed = [(seq, kind) for seq, kind, _ in outcome]
    return TraceLine(
        seq=row.seq,
        kind=row.kind,
        origin=origin_of(row.kind),
        happened_us=row.happened_us,
        received_us=row.received_us,
        cause=row.cause,
        account=row.account,
        said=said(body, _about(body, ruleset)),
        subject=body.subject if isinstance(body, OfSubject) else "",
        fields=[(words.sentence(name), text) for name, text in _fields(payload, digits, length_max)],
        followed=followed[:FOLLOWED_SHOWN],
        more=max(0, len(followed) - FOLLOWED_SHOWN),
        decision=row.kind in DECISIONS,
    )


def trace_lines(
    book: apsw.Connection, rows: Sequence[StoredRow], account: int | None = None, length_max: int = VALUE_LENGTH_MAX
) -> list[TraceLine]:
    """Rows with what followed from each input; of an account's trace, what followed for that account."""
    lines, known = [], {bridge: digits_known(book, bridge) for bridge in bridges_with_symbols(book)}
    bridges: dict[int, str] = {}
    rulesets: dict[int, AnyRuleset | None] = {}
    for row in rows:
        if row.account and row.account not in bridges:
            line_of = account_line(book, row.account)
            bridges[row.account] = line_of.bridge if line_of else ""
        bridge = bridge_of(row) or bridges.get(row.account, "")
        outcome = [] if row.cause else outcome_of(book, row.seq, OUTCOME_ROWS_MAX)
        mine = [each for each in outcome if account is None or each[2] in (account, 0)]
        digits = known[bridge].at(row.seq) if bridge in known else {}
        if row.kind in _OF_SUBJECT and row.account not in rulesets:
            rulesets[row.account] = ruleset_of(book, row.account)
        lines.append(trace_line(row, digits, mine, length_max, rulesets.get(row.account)))
    usual_us = median_low(max(0, row.received_us - row.happened_us) for row in rows) if rows else 0
    return [replace(line, usual_us=usual_us) for line in lines]


def _about(body: Body, ruleset: AnyRuleset | None) -> str:
    """What a rule's row is about, in words; "" where the rule is not known."""
    rule = rule_named(ruleset, body.rule) if isinstance(body, OfSubject) and ruleset is not None else None
    return judged_words.subject(tag_of(rule), body.subject) if isinstance(body, OfSubject) and rule is not None else ""


def exported(row: StoredRow) -> bytes:
    """A row as one line of JSON, its payload as it is stored."""
    told = {
        "seq": row.seq,
        "kind": row.kind,
        "origin": origin_of(row.kind),
        "happened_at": words.iso(row.happened_us),
        "received_at": words.iso(row.received_us),
        "cause": row.cause,
        "account": id_text(row.account) if row.account else None,
        "payload": msgspec.Raw(row.payload),
    }
    return msgspec.json.encode(told) + b"\n"


def origin_of(kind: str) -> str:
    body = BY_NAME[kind]
    return "command" if issubclass(body, Command) else "input" if issubclass(body, Input) else "fact"


def _fields(payload: Mapping[str, Any], digits: Mapping[str, int], length_max: int) -> Iterator[tuple[str, str]]:
    for name, value in payload.items():
        if name == "ruleset":
            yield name, str(value["name"])
        elif name == "working":
            yield name, words.plural(len(value), "step", "steps")
        elif name == "deal" and value and "net" in payload:
            yield "as told", _figures(value, payload["net"])
        else:
            text = _readable(name, value, _digits(payload, digits), digits)
            yield _plain(name), text if len(text) <= length_max else text[:length_max] + "…"


def _figures(deal: Mapping[str, Any], net: Mapping[str, Any]) -> str:
    """A deal's figures as its platform told them; `net` is in the same currency."""
    parts = ((part, Money(deal[f"{part}_minor"], net["currency"], net["exponent"])) for part in _PARTS)
    scale = deal["digits"]
    price = str(deal["price"]) if scale is None else words.price(deal["price"], scale)
    at = f"{deal['entry']}, {deal['side']} {words.lots(deal['lots_e8'])} lots at {price}"
    return ", ".join([at, *(f"{part} {words.money(money)}" for part, money in parts)])


def _plain(name: str) -> str:
    return "at" if name == "t_us" else name.removesuffix("_us").removesuffix("_e8")


def _digits(payload: Mapping[str, Any], digits: Mapping[str, int]) -> int | None:
    """How many digits the prices in this value have: its own word for it, or its symbol's."""
    own = payload.get("digits")
    return own if isinstance(own, int) else digits.get(str(payload.get("symbol", "")))


def _readable(name: str, value: Any, scale: int | None, digits: Mapping[str, int]) -> str:
    match value:
        case {"minor": int(minor), "currency": str(currency), "exponent": int(exponent)}:
            return words.money(Money(minor, currency, exponent))
        case dict():
            own = _digits(value, digits)
            return ", ".join(f"{_plain(key)} {_readable(key, inner, own, digits)}" for key, inner in value.items())
        case list():
            one = "account" if name == "accounts" else name
            return "; ".join(_readable(one, inner, scale, digits) for inner in value) or "none"
        case bool():
            return "yes" if value else "no"
        case None | "":
            return "–"
        case int() if name.endswith("_us"):
            return words.iso(value) if value else "–"
        case int() if name in _PRICES and scale is not None:
            return words.price(value, scale) if value else "–"
        case int() if name in ("lots_e8", "contract_e8"):
            return f"{words.lots(value)}"
        case int() if name in _IDS:
            return id_text(value)
        case _:
            return str(value)
