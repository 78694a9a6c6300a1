#!/usr/bin/env python3
"""Verify an evidence bundle offline: needs nothing but Python 3.8, and trusts nobody but the numbers in the file.

    python3 verify_evidence.py FILE [--checkpoint FILE] [--key HEX]

It decides one thing: whether the decision in FILE follows, by exact integer arithmetic, from rows that the firm committed
to in a signed tree. docs/evidence.md specifies each byte and each check. Exit status 0: everything holds; 1: refused, or
not compared with your checkpoint; 2: nothing was checked, because a file or an argument cannot be read.
It is one long file on purpose: it is handed to people who have nothing else of ours.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import struct
import sys
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple

try:
    from zoneinfo import ZoneInfo
except ImportError:  # Python 3.8; then the rollovers are told as not shown
    ZoneInfo = None  # type: ignore[assignment, misc]

FORMAT, VERSION = "evenhand-evidence", 1
BUNDLE_BYTES_MAX = 256 * 1024 * 1024
BUNDLE_KEYS = [
    "format", "version", "firm", "key", "lineages", "account", "anchor", "decision", "words", "ruleset",
    "rows", "frames", "proof", "checkpoint", "consistency", "signature",
]  # fmt: skip
ROW_KEYS = [
    "seq", "kind", "happened_us", "received_us", "cause", "account", "account_seq", "account_prev_seq",
    "account_prev_hash", "salt", "payload",
]  # fmt: skip
BP = 10_000  # basis points in a whole
SCALES = 10**16  # lots and contract sizes are both written times 10^8
SEMANTICS = 1  # of the rulesets whose workings this verifier can build
FOREVER = 2**63
CONTEST = "contest the decision"
DECISIONS = ("BreachDeclared", "BreachSuspected", "PhasePassed", "PassHeld")
# What a platform reports that a booking follows from, with its name there.
CORRECTIONS = ("DealUpdateReported", "DealDeleteReported")
REPORTS = {
    "DealReported": "deal_id", "CashReported": "cash_id", "PositionReported": "position_id", **dict.fromkeys(CORRECTIONS, "deal_id"),
}  # fmt: skip
# What may follow, with its name there and the reports that it may follow from.
ANSWERS = {
    "DealBooked": ("deal_id", ("DealReported",)),
    "DealCorrected": ("deal_id", CORRECTIONS),
    "CashBooked": ("cash_id", ("CashReported",)),
    "DividendBooked": ("cash_id", ("CashReported",)),
    "SwapPosted": ("position_id", ("PositionReported",)),
    "PositionRestated": ("position_id", ("PositionReported",)),
    "DealIgnored": ("deal_id", ("DealReported", "CashReported", *CORRECTIONS)),
}
# What an account is looked at on by itself, as of its own instant: reports of the account, ...
OF_ACCOUNT = (
    "DealReported", *CORRECTIONS, "CashReported", "PositionReported", "EquityReported", "AccountReported", "SnapshotReported",
    "ReviewVerdict",
)  # fmt: skip
# ... and what concerns others too: a contract that changed, a day's start that became final, a desk that goes on.
OF_MANY = ("SymbolReported", "Watermark", "ResumeDesk")
DAYS_COUNTED = ("TradingDayCounted", "TradingDayUncounted")
LIMITS = ("daily_loss", "maximum_loss")
# Of a day whose zone is not known here. Most last 23 to 25; a few zones have changed by up to three hours at once.
DAY_HOURS_MIN, DAY_HOURS_MAX = 20, 28
BY_PEOPLE = ("ReviewVerdict", "ResumeDesk")  # whose instants are of the firm's clock; days end by the platform's
HOUR_US = 3_600_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)  # noqa: UP017  (Python 3.8 knows no other name)
AFTERWARDS = "NOT shown: whether the decision was corrected since; the file ends with it"
DEAL_FIGURES = ("profit", "commission", "swap", "fee")
POINTS_MAX = 10**12  # beyond it a price is refused as out of range
DEAL_DAYS_KEPT = 8  # trading days of which a firm knows how many deals opened something
SHIFTS = sorted(range(-9, 10), key=abs)  # by how many digits the points of a symbol may change
CORRECTED_MEANWHILE = ", nor what was held then, as a deal of before was corrected and its position is not in the file"


class Refused(Exception):
    """The bundle does not hold; the message says what, which, and what next."""


class Untied(Exception):
    """The bundle holds, but cannot be compared with the checkpoint that the trader kept."""


def require(holds: bool, what: str, what_next: str = "do not rely on this file; ask the firm to make it again") -> None:
    """Refuse with the reason unless `holds`."""
    if not holds:
        raise Refused(f"{what}: {what_next}")


# --- the whole check, in the order in which it is told ---


def verify(raw: bytes, held: str | None = None, key_hex: str | None = None) -> list[str]:
    """Check everything; return the lines to print. `held`: a checkpoint note the trader kept from before."""
    try:
        return _verify(raw, held, key_hex)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError, RecursionError) as broken:
        raise Refused(f"a part is missing or malformed ({broken!r}): do not rely on this file") from broken


def _verify(raw: bytes, held: str | None, key_hex: str | None) -> list[str]:
    bundle = parse_bundle(raw)
    check_signature(raw, bundle)
    if key_hex is not None:
        require(
            key_hex == bundle["key"],
            f"the file is signed by key {bundle['key']}, not by the key you gave",
            "this is not your firm's ledger, or you hold another ledger's key",
        )
    rows = {row["seq"]: row for row in bundle["rows"]}
    leaves = check_rows(bundle)
    size, root = check_checkpoint(bundle, bundle["checkpoint"])
    check_inclusion(bundle, leaves, size, root)
    crossed = check_lineages(bundle, rows)
    older = check_consistency(bundle, size, root)
    payloads = {seq: parse_json(row["payload"], f"the payload of row {seq}") for seq, row in rows.items()}
    chained = check_chain(bundle, rows, leaves)
    check_ruleset(bundle, rows, payloads, leaves)
    case = Case(bundle, rows, payloads, bundle["decision"])
    judged = check_decision(case)
    priced = check_prices(judged.basis, check_frames(bundle, rows, payloads))
    kept = tied(bundle, held, [(size, root), *older])
    return report(case, size, [chained, *judged.told, *priced, crossed, kept], pinned=bool(kept or key_hex))


# --- canonical form: one spelling, so that no bit can be turned unseen ---


def parse_bundle(raw: bytes) -> dict[str, Any]:
    """Read the file strictly: re-serialised it must give the very same bytes."""
    require(len(raw) <= BUNDLE_BYTES_MAX, f"the file is larger than {BUNDLE_BYTES_MAX} bytes", "this is no bundle")
    require(raw.endswith(b"}\n"), "the file is incomplete", "download it again")
    require(raw.isascii(), "the file is not ASCII")
    bundle = parse_json(raw.decode("ascii"), "the file")
    spelled = json.dumps(bundle, ensure_ascii=True, separators=(",", ":"), allow_nan=False) + "\n"
    require(spelled.encode("ascii") == raw, "the file is not in canonical form (another spelling of the same content)")
    require_keys(bundle, BUNDLE_KEYS, "the file")
    known = (bundle["format"], bundle["version"]) == (FORMAT, VERSION)
    require(
        known, f"format {bundle['format']!r} version {bundle['version']!r} is unknown", "use the verifier it came with"
    )
    require_keys(bundle["ruleset"], ["id", "canonical"], "ruleset")
    require_hex(bundle["key"], 32, "key")
    for name in ("rows", "frames", "proof", "lineages", "words"):
        require(isinstance(bundle[name], list), f"{name} is not a list")
    for row in bundle["rows"]:
        require_keys(row, ROW_KEYS, "a row")
        numbers = [row[name] for name in ROW_KEYS if name not in ("kind", "account_prev_hash", "salt", "payload")]
        require(all(type(number) is int for number in numbers), f"row {row['seq']}: a header field is not an integer")
        require(isinstance(row["kind"], str) and isinstance(row["payload"], str), f"row {row['seq']}: not text")
    seqs = [row["seq"] for row in bundle["rows"]]
    require(bool(seqs) and seqs == sorted(set(seqs)) and seqs[0] > 0, "the rows are not in strictly rising order")
    for name in ("account", "anchor", "decision"):
        require(type(bundle[name]) is int, f"{name} is not an integer")
    return bundle


def parse_json(text: Any, what: str) -> dict[str, Any]:
    """JSON without duplicate names, floats or NaN; the outermost value is an object."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        require(len(value) == len(pairs), f"{what} has a name twice")
        return value

    def never(number: str) -> Any:
        raise Refused(f"{what} holds {number}, which is no integer: do not rely on this file")

    require(isinstance(text, str), f"{what} is not text")
    try:
        value = json.loads(text, object_pairs_hook=once, parse_float=never, parse_constant=never)
    except (ValueError, RecursionError) as broken:
        raise Refused(
            f"{what} is not JSON ({broken}): it was cut or altered; ask the firm to make it again"
        ) from broken
    require(isinstance(value, dict), f"{what} is not a JSON object")
    return dict(value)


def require_keys(value: Any, keys: list[str], what: str) -> None:
    require(
        isinstance(value, dict) and list(value) == keys, f"{what} does not have exactly the fields {', '.join(keys)}"
    )


def require_hex(text: Any, size: int, what: str) -> bytes:
    fits = isinstance(text, str) and re.fullmatch(f"[0-9a-f]{{{2 * size}}}", text) is not None
    require(fits, f"{what} is not {size} bytes in lower-case hex")
    return bytes.fromhex(text)


def unbase64(text: Any, size: int | None, what: str) -> bytes:
    """Canonical base64, of exactly `size` bytes where that is known: stray bits in the last letter are refused."""
    try:
        value = base64.b64decode(text, validate=True)
    except (ValueError, TypeError) as broken:
        raise Refused(f"{what} is not base64: it was altered; ask the firm to make it again") from broken
    fits = base64.b64encode(value).decode() == text and size in (None, len(value))
    require(fits, f"{what} is not canonical base64" + (f" of {size} bytes" if size is not None else ""))
    return value


def check_signature(raw: bytes, bundle: dict[str, Any]) -> None:
    """The closing signature covers every byte before its own text."""
    signature = unbase64(bundle["signature"], 64, "signature")
    signed = raw[: -len(bundle["signature"]) - len(b'"}\n')]
    holds = ed25519_verify(bytes.fromhex(bundle["key"]), signed, signature)
    require(holds, "the closing signature does not fit: the file was altered after the firm signed it")


# --- rows, tree, checkpoints ---


def check_rows(bundle: dict[str, Any]) -> dict[int, bytes]:
    """Leaf hash of each row, from all its columns, its salt and its payload."""
    lineages = [
        (entry["first_seq"], require_hex(entry["lineage"], 16, "a lineage")) for entry in lineage_entries(bundle)
    ]
    leaves = {}
    for row in bundle["rows"]:
        which = f"row {row['seq']}"
        lineage = [name for first, name in lineages if first <= row["seq"]][-1]
        kind = row["kind"].encode("utf-8")
        salt = unbase64(row["salt"], 32, f"{which}: salt")
        previous = unbase64(row["account_prev_hash"], 32, f"{which}: account_prev_hash")
        try:
            head = struct.pack(">QB", row["seq"], len(kind)) + kind
            columns = [row[name] for name in ROW_KEYS[2:8]]
            header = lineage + head + struct.pack(">qqQQQQ", *columns) + previous
            body = hashlib.sha256(b"\x02" + salt + row["payload"].encode("utf-8")).digest()
        except (struct.error, UnicodeEncodeError) as broken:
            raise Refused(f"{which} cannot be a ledger row ({broken}): do not rely on this file") from broken
        leaves[row["seq"]] = hashlib.sha256(b"\x00" + header + body).digest()
    return leaves


def lineage_entries(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    entries = list(bundle["lineages"])
    for entry in entries:
        require_keys(entry, ["lineage", "first_seq"], "a lineage")
    firsts = [entry["first_seq"] for entry in entries]
    fits = all(type(first) is int for first in firsts) and firsts == sorted(set(firsts)) and firsts[:1] == [1]
    require(fits, "the lineages do not begin at row 1 and rise")
    return entries


def check_checkpoint(bundle: dict[str, Any], note: Any) -> tuple[int, bytes]:
    """A signed note of this ledger: its size and root."""
    require(isinstance(note, str), "the checkpoint is not text")
    text, blank, signatures = note.partition("\n\n")
    lines = text.split("\n")
    require(bool(blank) and len(lines) == 3, "the checkpoint is not three lines, a blank line and signatures")
    origins = [f"evenhand/{bundle['firm']}/{entry['lineage']}" for entry in lineage_entries(bundle)]
    require(lines[0] in origins, f"the checkpoint is of {lines[0]!r}, not of this ledger ({origins[-1]})")
    require(re.fullmatch("[1-9][0-9]{0,18}", lines[1]) is not None, f"checkpoint size {lines[1]!r} is no number")
    root = unbase64(lines[2], 32, "the checkpoint's root")
    key = bytes.fromhex(bundle["key"])
    key_id = hashlib.sha256(lines[0].encode() + b"\n\x01" + key).digest()[:4]
    for line in signatures.split("\n"):
        if line.startswith(f"\u2014 {lines[0]} "):
            signature = unbase64(line.rpartition(" ")[2], 68, "the checkpoint's signature")
            if signature[:4] == key_id and ed25519_verify(key, (text + "\n").encode(), signature[4:]):
                return int(lines[1]), root
    raise Refused(
        f"the checkpoint of size {lines[1]} is not signed by key {bundle['key']}: it is forged or of another key"
    )


def check_inclusion(bundle: dict[str, Any], leaves: dict[int, bytes], size: int, root: bytes) -> None:
    """All rows at once: fold the tree over the known leaves, taking the hash of each part without one from the proof."""
    require(max(leaves) <= size, f"row {max(leaves)} lies beyond the checkpoint of size {size}")
    proof = [unbase64(text, 32, "a proof hash") for text in bundle["proof"]]
    proof.reverse()
    seqs = sorted(leaves)

    def fold(first: int, end: int, known: list[int]) -> bytes:
        """The hash over rows first..end-1, of which the seqs `known` are in the bundle."""
        if not known:
            require(bool(proof), "the inclusion proof is too short")
            return proof.pop()
        if end - first == 1:
            return leaves[first]
        middle = first + (1 << (end - first - 1).bit_length() - 1)
        left = fold(first, middle, [seq for seq in known if seq < middle])
        return node(left, fold(middle, end, [seq for seq in known if seq >= middle]))

    require(
        fold(1, size + 1, seqs) == root, "the rows do not hash to the checkpoint's root: a row or a hash was altered"
    )
    require(not proof, "the inclusion proof has hashes that nothing needs")


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def check_consistency(bundle: dict[str, Any], size: int, root: bytes) -> list[tuple[int, bytes]]:
    """That the tree grew only at its end since the older checkpoint in the bundle; that one, if there is one."""
    if bundle["consistency"] is None:
        return []
    require_keys(bundle["consistency"], ["checkpoint", "proof"], "consistency")
    older = check_checkpoint(bundle, bundle["consistency"]["checkpoint"])
    proof = [unbase64(text, 32, "a consistency hash") for text in bundle["consistency"]["proof"]]
    require(0 < older[0] < size, "the consistency proof does not start from an older checkpoint")
    grew = consistent(older, (size, root), proof)
    require(grew, f"the tree of size {size} is not a continuation of size {older[0]}", "history was rewritten")
    return [older]


def tied(bundle: dict[str, Any], held: str | None, known: list[tuple[int, bytes]]) -> str:
    """That the checkpoint which the trader holds is one of those that the file proves."""
    if held is None:
        return ""
    mine = check_checkpoint(bundle, held)
    for proven in known:
        if proven[0] == mine[0]:
            require(
                proven[1] == mine[1], f"your checkpoint of size {mine[0]} has another root", "history was rewritten"
            )
            return f"the ledger is a continuation of your checkpoint of size {mine[0]}"
    raise Untied(
        f"Everything in the file holds, but it says nothing about your checkpoint of size {mine[0]}. Get the evidence again and\n"
        "give your checkpoint with it: on the decision's page, or from the firm\n"
        "(evenhand evidence DECISION --since YOUR-CHECKPOINT --out FILE)."
    )


def consistent(old: tuple[int, bytes], new: tuple[int, bytes], proof: list[bytes]) -> bool:
    """RFC 9162, section 2.1.4.2."""
    path = ([old[1]] if old[0] & (old[0] - 1) == 0 else []) + proof
    if not path:
        return False
    fn, sn = old[0] - 1, new[0] - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old_root = new_root = path[0]
    for step in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            old_root, new_root = node(step, old_root), node(step, new_root)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            new_root = node(new_root, step)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and (old_root, new_root) == (old[1], new[1])


def check_lineages(bundle: dict[str, Any], rows: dict[int, Any]) -> str:
    """Each lineage after the first begins with its LedgerForked row, which names the one before."""
    entries = lineage_entries(bundle)
    for before, entry in zip(entries, entries[1:]):  # noqa: B905, RUF007  (Python 3.8 knows neither)
        row = rows.get(entry["first_seq"], {"kind": ""})
        require(row["kind"] == "LedgerForked", f"lineage {entry['lineage']} has no LedgerForked row")
        fork = parse_json(row["payload"], "LedgerForked")
        fits = (fork.get("from_lineage"), fork.get("size")) == (before["lineage"], entry["first_seq"] - 1)
        require(fits, f"row {row['seq']} does not fork lineage {before['lineage']}")
    return (
        f"the ledger was restored {len(entries) - 1} time(s); each restore is a row that says so" if entries[1:] else ""
    )


def check_chain(bundle: dict[str, Any], rows: dict[int, Any], leaves: dict[int, bytes]) -> str:
    """The account's rows from the anchor to the decision are consecutive: none was left out."""
    account, anchor, decision = bundle["account"], bundle["anchor"], bundle["decision"]
    require(anchor in rows and decision in rows, "the anchor or the decision is not among the rows")
    chain = [row for seq, row in rows.items() if row["account"] == account and anchor <= seq <= decision]
    require(
        chain[:1] == [rows[anchor]] and chain[-1] == rows[decision], "anchor and decision are not of the same account"
    )
    cause = rows[decision]["cause"]
    # Which ticks of the very frame that led to the decision were refused is told after it.
    later = [row for seq, row in rows.items() if seq > decision and row["kind"] != "LedgerForked"]
    later = sorted({row["kind"] for row in later if (row["kind"], row["cause"]) != ("QuotesRefused", cause)})
    require(not later, f"the file holds rows from after the decision ({', '.join(later)})")
    require_linked(chain, leaves)
    strangers = [row["seq"] for row in rows.values() if row["account"] not in (0, account)]
    require(not strangers, f"rows {strangers} belong to another account")
    return f"{len(chain)} consecutive rows of the account, from row {anchor} ({rows[anchor]['kind']}) to the decision"


def require_linked(chain: list[Any], leaves: dict[int, bytes]) -> None:
    """Each of the account's rows names the one before it, by number and by hash."""
    for before, row in zip(chain, chain[1:]):  # noqa: B905, RUF007  (Python 3.8 knows neither)
        links = (row["account_seq"], row["account_prev_seq"], row["account_prev_hash"])
        wanted = (before["account_seq"] + 1, before["seq"], base64.b64encode(leaves[before["seq"]]).decode())
        require(
            links == wanted,
            f"row {row['seq']} does not follow row {before['seq']} in the account's chain: one is missing",
        )


# --- rules and the decision ---


def check_ruleset(
    bundle: dict[str, Any], rows: dict[int, Any], payloads: dict[int, Any], leaves: dict[int, bytes]
) -> None:
    """The rules are those frozen when the account was first opened, and their id is their hash."""
    opened = [
        seq for seq, row in rows.items() if row["kind"] == "AccountOpened" and row["account"] == bundle["account"]
    ]
    require(len(opened) == 1, "the row that opened the account is not in the file, or not alone")
    first = [row for row in rows.values() if row["account"] == bundle["account"] and row["seq"] <= opened[0]]
    require(first[0]["account_seq"] == 1, "the account's first rows, up to the one that opened it, are not in the file")
    require_linked(first, leaves)
    canonical = bundle["ruleset"]["canonical"]
    ruleset = parse_json(canonical, "the ruleset")
    sold = payloads[opened[0]]
    require(sold.get("ruleset") == ruleset, "the ruleset is not the one that was frozen when the account was opened")
    digest = hashlib.sha256(canonical.encode("utf-8", "replace")).hexdigest()
    require(digest == bundle["ruleset"]["id"] == sold.get("ruleset_id"), "the ruleset's id is not the hash of its text")


class Case:
    """A decision with everything it may rest on, now that all of it is proven to be in the ledger."""

    def __init__(self, bundle: dict[str, Any], rows: dict[int, Any], payloads: dict[int, Any], decision: int) -> None:
        self.account, self.anchor, self.decision = bundle["account"], bundle["anchor"], decision
        self.bundle, self.rows, self.payloads = bundle, rows, payloads
        self.kind, self.fact = rows[decision]["kind"], payloads[decision]
        self.cause: int = rows[decision]["cause"]
        self.opened = next(seq for seq, row in rows.items() if row["kind"] == "AccountOpened")
        opened = payloads[self.opened]
        self.ruleset, self.initial, self.bridge = opened["ruleset"], opened["initial"], opened["bridge"]
        require(
            self.kind in DECISIONS, f"row {decision} is {self.kind}, not a decision about a rule", "name a decision"
        )
        require(
            self.ruleset["semantics"] == SEMANTICS,
            "the ruleset's semantics are newer than this verifier",
            "get a newer verifier",
        )

    @property
    def is_breach(self) -> bool:
        return bool(self.kind in ("BreachDeclared", "BreachSuspected"))

    @property
    def is_whole(self) -> bool:
        """Whether the consecutive rows begin with the account itself."""
        return bool(self.anchor <= self.opened)

    def other(self, decision: int) -> Case:
        """Another decision among the rows."""
        return Case(self.bundle, self.rows, self.payloads, decision)

    def chain(self) -> list[int]:
        """The account's consecutive rows before the decision."""
        rows = self.rows.items()
        return [seq for seq, row in rows if row["account"] == self.account and self.anchor <= seq < self.decision]

    def term(self) -> tuple[int, dict[str, Any]]:
        """The place and text of the rule that the decision names."""
        for place, term in enumerate(self.ruleset["terms"]):
            if term["id"] == self.fact["rule"]:
                return place, term
        raise Refused(
            f"the decision names rule {self.fact['rule']!r}, which is not in the account's ruleset: it is void"
        )

    def minor(self, money: Any, what: str) -> int:
        """An amount, which must be in the account's currency."""
        same = all(money[name] == self.initial[name] for name in ("currency", "exponent"))
        require(same and type(money["minor"]) is int, f"{what} is in another currency than the account", CONTEST)
        return int(money["minor"])

    def money(self, minor: int) -> dict[str, Any]:
        return {"minor": minor, "currency": self.initial["currency"], "exponent": self.initial["exponent"]}

    def look_up(self, source: str) -> int:
        """The number at "SEQ/path" of a row in the bundle, or at "ruleset/path" of the frozen rules."""
        head, *path = source.split("/")
        require(head == "ruleset" or int(head) in self.payloads, f"row {head}, on which the decision rests, is missing")
        value: Any = self.ruleset if head == "ruleset" else self.payloads[int(head)]
        for name in path:
            value = value[int(name)] if isinstance(value, list) else value[name]
        require(type(value) is int, f"{source} holds no whole number", CONTEST)
        return int(value)


# --- the account, followed row by row: nothing left out, nothing added ---


class Position(NamedTuple):
    """An open position. `at`: the path of the row part it is cited from; `swap_at`: where its swap is."""

    position_id: str
    symbol: str
    side: str
    lots_e8: int
    price_open: int
    opened_us: int
    at: str
    swap: int
    swap_at: str


class Deal(NamedTuple):
    """A deal as the platform has it now, since `told_us`. `begins`: it opened its position; `day`: on which it was booked.

    Its symbol and the points of its price are those of now: they follow the position where that is restated.
    """

    position_id: str
    symbol: str
    opens: bool
    side: str
    lots_e8: int
    price: int
    net: int
    swap: int
    t_us: int
    begins: bool
    day: str
    told_us: int
    deleted: bool


class Book(NamedTuple):
    """Balance and positions as they stood in [since_us, until_us)."""

    since_us: int
    until_us: int
    balance: int
    balance_at: str
    positions: list[Position]


class Finding(NamedTuple):
    """A suspicion that is not settled. `moved`: (row, whether cash) of what was booked since and may belong into it."""

    seq: int
    rule: str
    day_us: int
    moved: list[tuple[int, bool]]


class Account:
    """The account's state after its consecutive rows; every booking must have its report, and add up.

    What the rows before the anchor would tell is unknown (None), unless the decision cites the very row that holds it.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self.balance: int | None = None
        self.balance_at = ""
        self.positions: list[Position] = []
        self.since_us = 0
        self.earlier: list[Book] = []
        self.day: int | None = None  # the row that holds the day's start
        self.day_us = self.day_end_us = 0
        self.day_cause = 0  # what led to the row that began the day
        self.unzoned: list[int] = []  # rows that begin a day whose rollover cannot be worked out on this machine
        self.closing: tuple[int, list[Position]] | None = None  # the book at the day's first instant, until it is final
        self.cash: tuple[int, int | None] = (0, None)  # (row, net) of the newest; no net: not known
        self.days: tuple[int, int] | None = None  # (row, count) of the newest trading day counted
        # The highest marks, with where they are: of any tick, and of any day's start.
        self.peak, self.high = cited_mark(case, "every_tick"), cited_mark(case, "end_of_day")
        self.high_before_cash = self.high
        self.high_is_whole = self.high is not None  # else a day before the file's rows may have begun higher
        self.findings: list[Finding] = []
        self.broken = 0  # the row of a hard breach that stands
        self.booked: set[tuple[str, str]] = set()
        self.deals: dict[str, Deal] = {}  # as they read now, in the order in which they were booked
        self.unseen: list[int] = []  # rows that correct what was booked before the file's rows
        self.clouded: set[str] = set()  # positions that have deals of before the file's rows, as such a correction says
        self.rescaled: list[int] = []  # rows that correct a position in other points than its deals were told in
        self.unscaled: set[str] = (
            set()
        )  # positions whose points no row proves: such ones, and those that a correction opens again
        self.day_label = ""
        self.days_begun: set[str] = set()
        self.days_counted: set[str] = set()
        self.uncounted: list[int] = []  # rows that take back a day which began before the file's rows
        self.moved = 0  # by the newest payment or correction, which marks move with
        self.corrects = 0  # the row of the newest correction
        self.may_follow = ""  # a row that may follow, and need not
        # What a correction of before the day's first instant leaves of the book of then: all of it, another one, or nobody knows.
        self.closing_is_whole, self.closing_is_corrected = True, False
        self.high_us: int | None = None  # the first instant of the day whose start is the highest mark; None: not known
        self.bookings = 0
        self.asked: dict[int, int] = {}  # reports that must lead to a booking, with the row that keeps them for later
        self.unbooked: list[int] = []
        self.has_parked = False
        self.owed: list[str] = []  # what must follow a deposit or withdrawal at once: marks move with it
        self.due = ""  # which of them this row is
        self.owed_day = ""  # that a deletion emptied
        self.taken: dict[int, str] = {}  # rows with a mark that rests on what no row of the file names, and on what
        self.last = case.anchor
        for seq in case.chain():
            self._take(seq)
            self.last = seq
        self._require_answered(case.cause)
        owes_day = self.owed == ["TradingDayUncounted"]
        require(not owes_day, f"the day whose only deal row {self.corrects} deletes still counts", CONTEST)
        require(
            not self.owed, "the newest deposit or withdrawal did not move the marks that are measured from", CONTEST
        )
        self.unbooked += [
            seq for seq in self.asked if seq != case.cause and self.case.rows[seq]["kind"] != "PositionReported"
        ]

    def now(self) -> Book:
        return Book(self.since_us, FOREVER, self._minor(), self.balance_at, self.positions)

    def as_of(self, at_us: int) -> Book:
        """The book at an instant of the day: what a price that came late is judged on."""
        for book in [self.now(), *reversed(self.earlier)]:
            if book.since_us <= at_us < book.until_us:
                return book
        raise Refused(f"the book at instant {at_us} cannot be told from the rows: {CONTEST}")

    def _minor(self) -> int:
        require(self.balance is not None, "the consecutive rows begin before any balance")
        return int(self.balance or 0)

    def _take(self, seq: int) -> None:
        row, body = self.case.rows[seq], self.case.payloads[seq]
        if row["cause"] == 0:
            self._require_answered(0)
            self.may_follow = ""
        waits = row["kind"] == self.may_follow and self.owed == ["TradingDayUncounted"]
        self.due = self.owed.pop(0) if self.owed and not waits else ""
        moves = self.due in ("", row["kind"])
        what = (
            "a deleted deal must take back its day" if self.due == "TradingDayUncounted" else "cash must move the marks"
        )
        require(moves, f"row {seq} is no {self.due}, with which {what}", CONTEST)
        change = {
            **dict.fromkeys(REPORTS, self._hear),
            **dict.fromkeys(ANSWERS, self._answer),
            "MessageParked": self._put_off,
            "InputRejected": self._put_off,
            "AccountOpened": self._open,
            "DayOpened": self._open_day,
            "DayAnchored": self._anchor_day,
            "DayStartMoved": self._move_start,
            "PeakReached": self._raise_peak,
            "RolloverHighMoved": self._move_high,
            "HighMoved": self._move_high,
            "TradingDayCounted": self._count_day,
            "TradingDayUncounted": self._uncount_day,
            "BreachSuspected": self._find,
            "BreachDeclared": self._declare,
            "VerdictCorrected": self._correct,
        }.get(row["kind"])
        if change is not None:
            change(seq, row, body)

    # bookings: each has the platform's report, and each report its booking

    def _hear(self, seq: int, row: Any, body: Any) -> None:
        """A report that must lead to something: a deal, cash, or a position with another swap, name or price than we hold."""
        if self.balance is None:
            return
        held = self._held(body["position_id"]) if row["kind"] == "PositionReported" else None
        changes = held is not None and (held.swap != body["swap"]["minor"] or self._is_restated(held, body))
        if row["kind"] != "PositionReported" or changes:
            self.asked[seq] = 0

    def _is_restated(self, held: Position, said: Any) -> bool:
        """The very same volume under another name or at another price, as of no instant before the newest booking."""
        same = (held.side, held.lots_e8) == (said["side"], said["lots_e8"]) and said["t_us"] >= self.since_us
        return same and (held.symbol, held.price_open) != (said["symbol"], said["price_open"])

    def _require_answered(self, but: int) -> None:
        """No report is passed over. A decision may come before the report that caused it is booked."""
        left = [seq for seq, kept in self.asked.items() if not kept and seq != but]
        require(not left, f"the report in row {min(left, default=0)} was never booked", CONTEST)

    def _put_off(self, seq: int, row: Any, body: Any) -> None:
        """A report kept for a desk that is stopped, to be booked when it goes on; or one that nothing could take in."""
        report = row["cause"]
        if self.case.rows.get(report, row)["kind"] not in REPORTS:
            return
        if row["kind"] == "MessageParked" and body["desk"].startswith("account/"):
            self.asked[report], self.has_parked = seq, True
        elif row["kind"] == "InputRejected" and report in self.asked:
            del self.asked[report]
            self.unbooked.append(report)

    def _answer(self, seq: int, row: Any, body: Any) -> None:
        """A booking, or the word that there is none."""
        kind = row["kind"]
        self._minor()
        report = self._report_of(seq, row, body)
        said = self.case.payloads[report]
        del self.asked[report]
        if kind == "DealIgnored":
            self._ignore(seq, report, body)
            return
        self.bookings += 1
        told = self.case.rows[report]
        # A report that is stamped ahead of the firm's clock is not believed to end a day.
        ended = 0 < self.day_end_us <= min(told["happened_us"], told["received_us"])
        require(
            not ended, f"row {seq} is booked after the day of row {self.day} had ended, and no other began", CONTEST
        )
        late = [row["happened_us"] < self.day_us, self.case.rows[report]["happened_us"] < self.day_us]
        require(late[0] == late[1], f"row {seq} is booked on another day than its report in row {report}", CONTEST)
        if kind == "DealBooked":
            self._book_deal(seq, row, body, said)
        elif kind == "DealCorrected":
            self._correct_deal(seq, body, said, told["kind"])
        elif kind == "CashBooked":
            self._book_cash(seq, row, body, said)
        elif kind == "DividendBooked":
            self._book_dividend(seq, row, body, said)
        elif kind == "PositionRestated":
            self._restate(seq, row, body, said)
        else:
            self._post_swap(seq, row, body, said)

    def _report_of(self, seq: int, row: Any, body: Any) -> int:
        """The row with the platform's report that caused this booking, or was kept until now for a stopped desk."""
        name, kinds = ANSWERS[row["kind"]]
        kept = [report for report, by in self.asked.items() if by]
        for report in [row["cause"], *kept]:
            if report in self.asked and self.case.rows[report]["kind"] in kinds:
                said = self.case.payloads[report]
                if said[REPORTS[self.case.rows[report]["kind"]]] == body[name]:
                    return int(report)
        raise Refused(f"row {seq} ({row['kind']}) has no report of the platform that caused it: {CONTEST}")

    def _ignore(self, seq: int, report: int, body: Any) -> None:
        """A deal that is not booked: one booked before, or one that cannot be of this book. Anything else is told."""
        said, kind = self.case.payloads[report], self.case.rows[report]["kind"]
        if kind in CORRECTIONS:
            self._ignore_correction(seq, report, body)
        elif body["why"] == "does_not_fit":
            fits = kind != "DealReported" or self._after(said) is not None
            require(not fits, f"row {seq} ignores a deal that fits the book", CONTEST)
        elif body["why"] != "already_booked" or (kind, body["deal_id"]) not in self.booked:
            self.unbooked.append(report)

    def _ignore_correction(self, seq: int, report: int, body: Any) -> None:
        """A change of a deal that is not taken: an older word than the newest, one that says nothing new, or one of another deal."""
        said, was, why = self.case.payloads[report], self.deals.get(body["deal_id"]), body["why"]
        if was is None or why not in ("already_booked", "does_not_fit"):
            self.unbooked.append(report)
            return
        deletes = self.case.rows[report]["kind"] == "DealDeleteReported"
        now = self._as_told(was, said, deletes, seq)
        if why == "does_not_fit":
            fits = is_of(now, was, deletes) and now.symbol == was.symbol
            require(not fits, f"row {seq} ignores a change that fits deal {body['deal_id']}", CONTEST)
            self.unbooked.append(report)
            return
        if now.told_us < was.told_us:
            return
        same = now._replace(told_us=was.told_us, symbol=was.symbol, price=was.price) == was
        shift = shift_between(was.price, now.price)
        same = same and in_points(was.price, shift) == now.price
        require(same, f"row {seq} says that deal {body['deal_id']} was booked so already, it was another", CONTEST)
        if shift or now.symbol != was.symbol:
            self.unbooked.append(report)  # nothing new, if the symbol had another name or other points by then

    def _as_told(self, was: Deal, said: Any, deletes: bool, seq: int) -> Deal:
        """The deal as a report of its change has it."""
        if deletes:
            return was._replace(deleted=True, net=0, swap=0, told_us=said["t_us"])
        net = sum(self.case.minor(said[name], f"the report of row {seq}") for name in DEAL_FIGURES)
        return _deal(said, net, was)

    def _book_deal(self, seq: int, row: Any, body: Any, said: Any) -> None:
        costs = [self.case.minor(said[name], f"the report of row {seq}") for name in DEAL_FIGURES]
        net = self.case.minor(body["net"], f"row {seq}")
        require(net == sum(costs), f"row {seq} books {net}, the platform reported {sum(costs)}", CONTEST)
        self._once(seq, "DealReported", body["deal_id"])
        after = self._after(said)
        require(after is not None, f"row {seq} books a deal that does not fit the book", CONTEST)
        swap = self.case.minor(body["swap"], f"row {seq}")
        told = position_of(body, f"{seq}/", swap)
        wanted = after._replace(at=told.at, swap_at=told.swap_at) if after is not None else told
        require(told == wanted, f"row {seq} does not leave the position as the reported deal does", CONTEST)
        if self.closing is not None and row["happened_us"] < self.day_us:
            # Of the day that ended: it belongs into that day's last book, and into what was suspected.
            self.closing = (self.closing[0] + net, _with(self.closing[1], told))
            self._move_findings(seq, is_cash=False)
        begins = self._held(body["position_id"]) is None
        fresh = Deal("", "", False, "", 0, 0, 0, 0, said["t_us"], begins, self.day_label, 0, False)
        self.deals[body["deal_id"]] = _deal(said, net, fresh)
        self._move_balance(seq, row, body, net, _with(self.positions, told))

    def _book_dividend(self, seq: int, row: Any, body: Any, said: Any) -> None:
        """Profit of trading: the balance moves, and nothing that is measured from does."""
        amount, told = self.case.minor(body["amount"], f"row {seq}"), self.case.minor(said["amount"], f"row {seq}")
        require(amount == told, f"row {seq} books {amount}, the platform reported {told}", CONTEST)
        require(said["cash_kind"] == "dividend", f"row {seq} books {said['cash_kind']} as a dividend", CONTEST)
        self._once(seq, "CashReported", body["cash_id"])
        if self.closing is not None and row["happened_us"] < self.day_us:
            self.closing = (self.closing[0] + amount, self.closing[1])
            self._move_findings(seq, is_cash=False)
        self._move_balance(seq, row, body, amount, self.positions)

    def _restate(self, seq: int, row: Any, body: Any, said: Any) -> None:
        """A position under another name, or in other points, as the platform says: without a deal nothing else of it changes."""
        held = self._held(body["position_id"])
        require(held is not None, f"row {seq} restates a position that is not held", CONTEST)
        if held is None:
            return
        swap, told = self.case.minor(body["swap"], f"row {seq}"), self.case.minor(said["swap"], f"row {seq}")
        after = position_of(body, f"{seq}/", swap)
        wanted = held._replace(
            symbol=said["symbol"], price_open=said["price_open"], at=after.at, swap=told, swap_at=after.swap_at
        )
        require(
            self._is_restated(held, said) and after == wanted,
            f"row {seq} does not restate the position as reported",
            CONTEST,
        )

        def restated(positions: list[Position]) -> list[Position]:
            return [after if one.position_id == after.position_id else one for one in positions]

        if self.closing is not None:
            self.closing = (self.closing[0], restated(self.closing[1]))
        self._keep_book(row["happened_us"])
        self.positions = restated(self.positions)
        self.unscaled.discard(after.position_id)
        self._list_deals(after.position_id, after.symbol, shift_between(held.price_open, after.price_open))

    def _list_deals(self, position_id: str, symbol: str, shift: int, but: str = "") -> None:
        """The deals of a position under the name and in the points of now."""
        for name, deal in self.deals.items():
            if deal.position_id == position_id:
                price = deal.price if name == but else in_points(deal.price, shift)
                self.deals[name] = deal._replace(symbol=symbol, price=price)

    def _correct_deal(self, seq: int, body: Any, said: Any, kind: str) -> None:
        """A deal that was changed or deleted: the position is what all its deals make of it, the balance moves by the difference."""
        net, swap = (self.case.minor(body[name], f"row {seq}") for name in ("net", "swap"))
        deletes = kind == "DealDeleteReported"
        require(body["deleted"] == deletes, f"row {seq} does not correct the deal as the platform reported", CONTEST)
        told, was = position_of(body, f"{seq}/", swap), self.deals.get(body["deal_id"])
        self.corrects, whole = seq, False
        if was is None:
            self._require_of_position(seq, told, None if deletes else said)
            self.clouded.add(told.position_id)
        else:
            whole = self._require_corrected(seq, body, told, was, self._as_told(was, said, deletes, seq))
        if not whole:
            # Booked before the file's rows: what it was, or with which others it made the position, is not in the file.
            self.unseen.append(seq)
        deal_us = body["deal_us"]
        if self.closing is not None and deal_us < self.day_us:
            self._correct_closing(net, told, whole)
            self._move_findings(seq, is_cash=False)
        elif self.day is not None and deal_us < self.day_us:
            self.owed.append("DayAnchored")
        self._owe_high(deal_us)
        if was is not None and deletes:
            self._owe_day(was)
        self.moved = net
        self.earlier = [book for book in self.earlier if book.until_us <= deal_us]
        after = self.case.minor(body["balance"], f"row {seq}")
        fits = after == self._minor() + net
        require(fits, f"row {seq}: {self.balance} and {net} do not make {after}", CONTEST)
        self.balance, self.balance_at = after, f"{seq}/balance/minor"
        self.positions = _with(self.positions, told)

    def _require_of_position(self, seq: int, told: Position, said: Any) -> None:
        """Of a deal that is not known: the position is the one that is reported (`said`), or is called as it was; its side stays."""
        held = self._held(told.position_id)
        symbol = said["symbol"] if said is not None else held.symbol if held is not None else told.symbol
        is_same = told.symbol == symbol and (said is None or told.position_id == said["position_id"])
        is_same = is_same and (held is None or not told.lots_e8 or told.side == held.side)
        require(is_same, f"row {seq} corrects a deal of another position", CONTEST)

    def _require_corrected(self, seq: int, body: Any, told: Position, was: Deal, now: Deal) -> bool:
        """A correction is the newest word of its own deal, and moves the balance by what differs.

        Whether all deals of its position are known: then the position is held against them.
        """
        deal_id, own_word = body["deal_id"], now.told_us >= was.told_us
        require(own_word, f"row {seq} corrects deal {deal_id} by an older word than the newest", CONTEST)
        require(is_of(now, was, body["deleted"]), f"row {seq} corrects deal {deal_id} by the word of another", CONTEST)
        is_same = (told.position_id, told.symbol) == (was.position_id, now.symbol)
        require(is_same, f"row {seq} corrects a deal of another position", CONTEST)
        require(body["deal_us"] == was.t_us, f"row {seq} corrects a deal of another instant", CONTEST)
        net = body["net"]["minor"]
        require(net == now.net - was.net, f"row {seq} moves {net}, the deals differ by {now.net - was.net}", CONTEST)
        self.deals[deal_id] = now
        own = {name: one for name, one in self.deals.items() if one.position_id == was.position_id}
        if not next(iter(own.values())).begins or was.position_id in self.clouded:
            self._require_of_position(seq, told, {"symbol": now.symbol, "position_id": now.position_id})
            return False
        self._require_together(seq, told, own, "" if now.deleted else deal_id, was.swap - now.swap)
        return True

    def _require_together(self, seq: int, told: Position, own: dict[str, Deal], new: str, swap_moved: int) -> None:
        """The position after a correction is what its deals make of it. `new`: the one that was just told in the points of now."""
        held = self._held(told.position_id)
        side, lots, price, opened_us = taken_together(list(own.values()))
        swap = (held.swap if held is not None else 0) + swap_moved if lots else 0
        right = told.lots_e8 == lots and told.swap == swap
        right = right and (not lots or (told.side, told.opened_us) == (side, opened_us))
        shift = 0
        if lots and told.price_open != price:
            # The others were told in other points: of which digits the symbol had by then the file holds no proof.
            for shift in SHIFTS:
                moved = [
                    one._replace(price=in_points(one.price, 0 if name == new else shift)) for name, one in own.items()
                ]
                if taken_together(moved)[2] == told.price_open:
                    break
            else:
                right = False
            self.rescaled.append(seq)
        if shift or held is None:
            self.unscaled.add(told.position_id)
        require(right, f"row {seq} does not leave the position as its deals do", CONTEST)
        self._list_deals(told.position_id, told.symbol, shift, but=new)

    def require_points(self, book: Book, exhibits: list[tuple[int, Any]]) -> None:
        """An opening price in points that no row proves is at least of the size of the price that it is held against."""
        prices = {body["symbol"]: body["bid"] for _, body in exhibits}
        for one in book.positions:
            alike = one.position_id not in self.unscaled or not shift_between(one.price_open, prices[one.symbol])
            require(
                alike, f"position {one.position_id} opened at {one.price_open}, its price is in other points", CONTEST
            )

    def _correct_closing(self, net: int, told: Position, whole: bool) -> None:
        """The book at the day's first instant, as if the deal had always been so; unknown where its position's deals are."""
        require(self.closing is not None, "a day's last book is corrected that is not kept")
        balance, positions = self.closing or (0, [])
        own = [one for one in self.deals.values() if one.position_id == told.position_id and one.t_us < self.day_us]
        then = told._replace(lots_e8=taken_together(own)[1]) if whole else told
        self.closing = (balance + net, _with(positions, then))
        self.closing_is_whole, self.closing_is_corrected = self.closing_is_whole and whole, True

    def _owe_day(self, was: Deal) -> None:
        """A day that counts, and on which nothing is left that was opened, is taken back, as long as the firm knows its deals."""
        opened = [one.day for one in self.deals.values() if one.opens]
        left = [one for one in self.deals.values() if one.opens and one.day == was.day and not one.deleted]
        recent = was.day in list(dict.fromkeys(opened))[-DEAL_DAYS_KEPT:]
        if was.opens and not was.deleted and not left and recent and was.day in self.days_counted:
            self.owed.append("TradingDayUncounted")
            self.owed_day = was.day

    def _owe_high(self, deal_us: int) -> None:
        """The highest mark at a rollover moves with a deal of before it. Where nobody can tell which one it is, it may."""
        self.high_before_cash = self.high
        if not any(term.get("trail") == "end_of_day" for term in self.case.ruleset["terms"]):
            return
        if self.high_us is None:
            self.may_follow = "RolloverHighMoved"
        elif deal_us < self.high_us:
            self.owed.append("RolloverHighMoved")

    def _book_cash(self, seq: int, row: Any, body: Any, said: Any) -> None:
        require(said["cash_kind"] != "dividend", f"row {seq} books a dividend as a deposit or withdrawal", CONTEST)
        amount, told = self.case.minor(body["amount"], f"row {seq}"), self.case.minor(said["amount"], f"row {seq}")
        require(amount == told, f"row {seq} books {amount}, the platform reported {told}", CONTEST)
        self._once(seq, "CashReported", body["cash_id"])
        net, before = self.case.minor(body["net"], f"row {seq}"), self.cash[1]
        require(
            before is None or net == before + amount, f"row {seq}: {before} and {amount} do not make {net}", CONTEST
        )
        self.cash, self.moved = (seq, net), amount
        if self.closing is not None:
            self.closing = (self.closing[0] + amount, self.closing[1])
        self.high_before_cash = self.high
        self._move_findings(seq, is_cash=True)
        trails = [term.get("trail") for term in self.case.ruleset["terms"]]
        self.owed += [] if self.day is None else ["DayAnchored" if self.closing is None else "DayStartMoved"]
        self.owed += ["RolloverHighMoved"] if "end_of_day" in trails else []
        self.owed += ["PeakReached"] if "every_tick" in trails and self.day is not None else []
        self._move_balance(seq, row, body, amount, self.positions)

    def _post_swap(self, seq: int, row: Any, body: Any, said: Any) -> None:
        swap, told = self.case.minor(body["swap"], f"row {seq}"), self.case.minor(said["swap"], f"row {seq}")
        require(swap == told, f"row {seq} posts a swap of {swap}, the platform reported {told}", CONTEST)

        def posted(positions: list[Position]) -> list[Position]:
            name, at = body["position_id"], f"{seq}/swap/minor"
            return [one._replace(swap=swap, swap_at=at) if one.position_id == name else one for one in positions]

        if self.closing is not None:
            self.closing = (self.closing[0], posted(self.closing[1]))
        self._keep_book(row["happened_us"])
        self.positions = posted(self.positions)

    def _once(self, seq: int, kind: str, name: str) -> None:
        require((kind, name) not in self.booked, f"row {seq} books {name} for the second time", CONTEST)
        self.booked.add((kind, name))

    def _move_balance(self, seq: int, row: Any, body: Any, moved: int, positions: list[Position]) -> None:
        after = self.case.minor(body["balance"], f"row {seq}")
        fits = after == self._minor() + moved
        require(fits, f"row {seq}: {self.balance} and {moved} do not make {after}", CONTEST)
        self._keep_book(row["happened_us"])
        self.balance, self.balance_at, self.positions = after, f"{seq}/balance/minor", positions

    def _keep_book(self, until_us: int) -> None:
        """A change that comes out of order leaves no earlier book that is certain."""
        if until_us < self.since_us:
            self.earlier = []
            return
        self.earlier.append(self.now()._replace(until_us=until_us))
        self.since_us = until_us

    def _move_findings(self, seq: int, *, is_cash: bool) -> None:
        self.findings = [one._replace(moved=[*one.moved, (seq, is_cash)]) for one in self.findings]

    def _held(self, position_id: str) -> Position | None:
        return next((one for one in self.positions if one.position_id == position_id), None)

    def _after(self, deal: Any) -> Position | None:
        """The position as it is once the deal is in it (no lots: closed); None where the deal does not fit the book."""
        held, opens = self._held(deal["position_id"]), deal["entry"] == "in"
        if held is None:
            fresh = {**deal, "price_open": deal["price"], "opened_us": deal["t_us"]}
            return position_of(fresh, "", 0) if opens else None
        if held.symbol != deal["symbol"] or (held.side == deal["side"]) != opens:
            return None
        lots = deal["lots_e8"]
        if opens:
            weighted = held.price_open * held.lots_e8 + deal["price"] * lots
            return held._replace(
                lots_e8=held.lots_e8 + lots, price_open=half_away(weighted, held.lots_e8 + lots), swap=held.swap
            )
        left = held.lots_e8 - lots
        # The deal realised its share of the swap; what is left stays with the rest of the position.
        swap = held.swap - deal["swap"]["minor"] if left else 0
        return held._replace(lots_e8=left, swap=swap) if left >= 0 else None

    # days, marks and findings

    def _open(self, seq: int, row: Any, body: Any) -> None:
        self.balance, self.balance_at = self.case.minor(body["initial"], f"row {row['seq']}"), f"{seq}/initial/minor"
        self.cash, self.high, self.high_is_whole = (0, 0), (self.balance, self.balance_at), True
        self.high_us = 0

    def _open_day(self, seq: int, row: Any, body: Any) -> None:
        balance, equity = (self.case.minor(body[name], f"row {seq}") for name in ("balance", "equity"))
        said = f"row {seq} begins the day with {balance}, the book held {self.balance}"
        require(self.balance is None or balance == self.balance, said, CONTEST)
        held = []
        for place, one in enumerate(body["positions"]):
            held.append(position_of(one, f"{seq}/positions/{place}/", self.case.minor(one["swap"], f"row {seq}")))
        carried = [one._replace(at="", swap_at="") for one in self.positions]
        same = self.balance is None or carried == [one._replace(at="", swap_at="") for one in held]
        require(same, f"row {seq} begins the day with other positions than the book held", CONTEST)
        self.balance, self.balance_at, self.positions = balance, f"{seq}/balance/minor", held
        self._turn_over(seq, body["day"])
        self.day, self.day_cause, self.since_us, self.earlier = seq, row["cause"], self.day_us, []
        self.closing = (balance, held) if body["provisional"] else None
        self.closing_is_whole, self.closing_is_corrected = True, False
        worth = balance
        if body["priced"]:
            exhibits = exhibits_of(self.case, body["quotes"], row["cause"])
            worth = equity_of(Working(self.case), self.now(), exhibits).value
            self.require_points(self.now(), exhibits)
        require(equity == worth, f"row {seq} begins the day with an equity of {equity}, it was {worth}", CONTEST)
        if self.peak is None:
            self.peak = (equity, f"{seq}/equity/minor")
        if not body["provisional"]:
            self._raise_high()

    def _turn_over(self, seq: int, day: Any) -> None:
        """A day begins where the one before it ended, and lasts from one local rollover to the next."""
        start_us, end_us = day["start_us"], day["end_us"]
        require(type(start_us) is int and type(end_us) is int, f"row {seq} begins a day without bounds", CONTEST)
        follows = self.day is None or start_us == self.day_end_us
        require(follows, f"row {seq} begins a day at {start_us}, the one before it ends at {self.day_end_us}", CONTEST)
        rules = self.case.ruleset["calendar"]
        zone = zone_of(rules["zone"])
        if zone is None:
            lasts = DAY_HOURS_MIN * HOUR_US <= end_us - start_us <= DAY_HOURS_MAX * HOUR_US
            require(lasts, f"row {seq} begins a day of {(end_us - start_us) / HOUR_US:.2f} hours", CONTEST)
            self.unzoned.append(seq)
        else:
            bounds = day_at(zone, rules["rollover"], start_us)
            require(
                bounds == (start_us, end_us),
                f"row {seq} begins a day from {start_us} to {end_us}, in {rules['zone']} it is {bounds[0]} to {bounds[1]}",
                f"{CONTEST}, unless this machine's time zones are out of date",
            )
        self.day_us, self.day_end_us, self.day_label = start_us, end_us, day["label"]
        self.days_begun.add(self.day_label)

    def _anchor_day(self, seq: int, row: Any, body: Any) -> None:
        """The day's start becomes final, or cash moves it when it is."""
        if self.closing is None:
            self._move_start(seq, row, body)
            self._raise_high()
            return
        figures, before = self._start_of(seq, body)
        wanted = [self.closing[0], figures[1]]
        if self.closing_is_whole and (not self.closing[1] or not body["priced"]):
            wanted[1] = wanted[0]
        elif figures != before or self.closing_is_corrected:
            self.taken[seq] = "" if self.closing_is_whole else CORRECTED_MEANWHILE
        require(figures == wanted, f"row {seq} fixes the day's start at {figures}, it was {wanted}", CONTEST)
        self.day, self.closing = seq, None
        self._raise_high()

    def _move_start(self, seq: int, row: Any, body: Any) -> None:
        """Cash moves the day's start, whether it is final or not."""
        figures, before = self._start_of(seq, body)
        moved = self._cash_of(seq, row)
        wanted = [before[0] + moved, before[1] + moved]
        require(figures == wanted, f"row {seq} moves the day's start to {figures}, it was {wanted}", CONTEST)
        if self.day in self.taken:
            self.taken[seq] = self.taken[self.day]
        self.day = seq

    def _start_of(self, seq: int, body: Any) -> tuple[list[int], list[int]]:
        """Balance and equity at the day's start, as the row says them and as they were known before it."""
        require(self.day is not None, f"row {seq} fixes the start of a day that never began", CONTEST)
        names = ("balance", "equity")
        figures = [self.case.minor(body[name], f"row {seq}") for name in names]
        return figures, [self.case.look_up(f"{self.day}/{name}/minor") for name in names]

    def _raise_peak(self, seq: int, row: Any, body: Any) -> None:
        self.peak = (self.case.minor(body["equity"], f"row {row['seq']}"), f"{seq}/equity/minor")

    def _move_high(self, seq: int, row: Any, body: Any) -> None:
        after, moved = self.case.minor(body["high"], f"row {seq}"), self._cash_of(seq, row)
        least = after if self.high_before_cash is None else self.high_before_cash[0] + moved
        right = after == least or (not self.high_is_whole and after > least)
        require(right, f"row {seq} moves the highest mark to {after}, which is not by {moved}", CONTEST)
        before = self._row_of(self.high_before_cash)
        if not self.high_is_whole or before in self.taken:
            self.taken[seq] = self.taken.get(before, "")
        self.high, self.high_is_whole = (after, f"{seq}/high/minor"), True

    @staticmethod
    def _row_of(mark: tuple[int, str] | None) -> int:
        return int(mark[1].partition("/")[0]) if mark is not None else 0

    def _cash_of(self, seq: int, row: Any) -> int:
        """What was just booked without a trade, or corrected, which alone may move a mark that is final."""
        caused = row["kind"] in (self.due, self.may_follow)
        require(caused, f"row {seq} moves a mark, and no deposit, withdrawal or correction caused it", CONTEST)
        return self.moved

    def _raise_high(self) -> None:
        """The highest mark at any rollover, for floors that trail at the end of the day."""
        mark = self.day_mark()
        if mark is not None and (self.high is None or mark[0] > self.high[0]):
            self.high, self.high_us = mark, self.day_us if self.high_is_whole else None

    def day_mark(self) -> tuple[int, str] | None:
        """The mark at the start of the running day that a trailing floor follows, and where it is."""
        terms = [term for term in self.case.ruleset["terms"] if term.get("trail") == "end_of_day"]
        if not terms or self.day is None:
            return None
        names = ("balance", "equity") if terms[0]["trails_on"] == "higher" else (terms[0]["trails_on"],)
        marks = [(self.case.look_up(f"{self.day}/{name}/minor"), name) for name in names]
        value, name = max(marks)
        return value, f"{self.day}/{name}/minor"

    def _count_day(self, seq: int, row: Any, body: Any) -> None:
        cause = self.case.rows.get(row["cause"], row)
        opens = cause["kind"] == "DealReported" and self.case.payloads[row["cause"]]["entry"] == "in"
        rises = self.days is None or body["count"] == self.days[1] + 1
        require(rises and (opens or self.has_parked), f"row {seq} counts a day on which nothing was opened", CONTEST)
        fresh = body["label"] == self.day_label and body["label"] not in self.days_counted
        require(fresh, f"row {seq} counts day {body['label']} again, or while another was running", CONTEST)
        self.days_counted.add(body["label"])
        self.days = (seq, body["count"])

    def _uncount_day(self, seq: int, row: Any, body: Any) -> None:
        cause, label = self.case.rows.get(row["cause"], row), body["label"]
        falls = self.days is None or body["count"] == self.days[1] - 1
        deleted = cause["kind"] == "DealDeleteReported" or self.has_parked
        deleted = deleted and (not self.due or label == self.owed_day)
        if label in self.days_begun:
            opened = [one for one in self.deals.values() if one.opens and one.day == label]
            deleted = deleted and bool(opened) and all(one.deleted for one in opened) and label in self.days_counted
            self.days_counted.discard(label)
        else:
            self.uncounted.append(seq)
        require(falls and deleted, f"row {seq} takes a day back whose deals were not deleted", CONTEST)
        self.days = (seq, body["count"])

    def _find(self, *told: Any) -> None:
        seq, _, body = told
        others = [finding for finding in self.findings if finding.rule != body["rule"]]
        self.findings = [*others, Finding(seq, body["rule"], self.day_us, [])]

    def _declare(self, *told: Any) -> None:
        seq, _, body = told
        self.findings = []
        soft = [term["id"] for term in self.case.ruleset["terms"] if severity_of(term) == "soft"]
        self.broken = self.broken if body["rule"] in soft else seq

    def _correct(self, *told: Any) -> None:
        if told[2]["verdict"] in ("questioned", "withdrawn"):
            return  # a question answers nothing
        decision = told[2]["decision"]
        self.findings = [finding for finding in self.findings if finding.seq != decision]
        self.broken = 0 if self.broken == decision else self.broken


# days


def zone_of(name: Any) -> Any:
    """The time zone of that name; None where this machine knows none."""
    try:
        return ZoneInfo(name) if ZoneInfo is not None else None
    except (KeyError, ValueError, OSError):
        return None


def day_at(zone: Any, rollover: str, instant_us: int) -> tuple[int, int]:
    """The first instant of the trading day that holds an instant, and of the next one."""
    local = at_instant(instant_us).astimezone(zone).date()
    # The rollover of the local date may still lie ahead, and a gap can push it past midnight: try from the next day back.
    for label in (local + timedelta(days=1), local, local - timedelta(days=1)):
        start_us = rollover_instant(zone, rollover, label)
        if start_us <= instant_us:
            return start_us, rollover_instant(zone, rollover, label + timedelta(days=1))
    raise Refused(f"no trading day holds instant {instant_us}: {CONTEST}")


def rollover_instant(zone: Any, rollover: str, label: date) -> int:
    """When that local time comes: the first time where it comes twice, the end of the gap where a clock change skips it."""
    hour, minute = rollover.split(":")
    wall = datetime.combine(label, time(int(hour), int(minute)), tzinfo=zone)
    low_us, high_us = instant_of(wall), instant_of(wall.replace(fold=1))
    if at_instant(low_us).astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return low_us
    low_us, high_us = min(low_us, high_us), max(low_us, high_us)
    before = at_instant(low_us).astimezone(zone).utcoffset()
    while high_us - low_us > 1:
        middle = (low_us + high_us) // 2
        if at_instant(middle).astimezone(zone).utcoffset() == before:
            low_us = middle
        else:
            high_us = middle
    return high_us


def at_instant(instant_us: int) -> datetime:
    return EPOCH + timedelta(microseconds=instant_us)


def instant_of(wall: datetime) -> int:
    return (wall.astimezone(EPOCH.tzinfo) - EPOCH) // timedelta(microseconds=1)


def position_of(body: Any, at: str, swap: int) -> Position:
    """A position as a row has it, cited from there."""
    names = ("position_id", "symbol", "side", "lots_e8", "price_open", "opened_us")
    position_id, symbol, side, lots_e8, price_open, opened_us = (body[name] for name in names)
    return Position(position_id, symbol, side, lots_e8, price_open, opened_us, at, swap, f"{at}swap/minor")


def _deal(said: Any, net: int, was: Deal) -> Deal:
    """A deal as it is reported; when it was made, and what it began, are those of before."""
    return was._replace(
        position_id=said["position_id"], symbol=said["symbol"], opens=said["entry"] == "in", side=said["side"],
        lots_e8=said["lots_e8"], price=said["price"], net=net, swap=said["swap"]["minor"], told_us=said["t_us"],
    )  # fmt: skip


def is_of(now: Deal, was: Deal, deletes: bool) -> bool:
    """Whether a changed deal is still that deal: of the same position, to the same side of it, and not deleted before."""
    same = (now.position_id, now.opens, now.side) == (was.position_id, was.opens, was.side)
    return same and (deletes or not was.deleted)


def taken_together(deals: list[Deal]) -> tuple[str, int, int, int]:
    """Side, lots, opening price and instant that a position has after its deals, in the order in which they were booked."""
    side, lots, price, opened_us = "", 0, 0, 0
    for deal in deals:
        if deal.deleted:
            continue
        if not deal.opens:
            lots = max(0, lots - deal.lots_e8)
        elif not lots:
            side, lots, price, opened_us = deal.side, deal.lots_e8, deal.price, deal.t_us
        else:
            price = half_away(price * lots + deal.price * deal.lots_e8, lots + deal.lots_e8)
            lots += deal.lots_e8
    return side, lots, price, opened_us


def in_points(price: int, shift: int) -> int:
    """A price in points of so many more digits, rounded half away where there are fewer; a price stays one."""
    return price * 10**shift if shift >= 0 else max(1, half_away(price, 10**-shift))


def shift_between(before: int, after: int) -> int:
    """By how many digits the points of a price changed: the shift that comes nearest to it, mostly none."""
    return min(SHIFTS, key=lambda shift: abs(in_points(before, shift) - after))


def _with(positions: list[Position], after: Position) -> list[Position]:
    others = [one for one in positions if one.position_id != after.position_id]
    return [*others, after] if after.lots_e8 else others


# --- the working, built once more from the rows and the rules ---


class Term(NamedTuple):
    """A number that knows its name in the working."""

    value: int
    name: str
    unit: str


class Working:
    """The steps of a working, in the order in which they are done. Names are made unique by numbering."""

    def __init__(self, case: Case) -> None:
        self.steps: list[dict[str, Any]] = []
        self.case = case
        self._names: set[str] = set()

    def given(self, name: str, source: str, unit: str) -> Term:
        return self._step(name, "given", [], self.case.look_up(source), unit, source)

    def plus(self, name: str, left: Term, right: Term) -> Term:
        return self._step(name, "plus", [left, right], left.value + right.value, left.unit)

    def minus(self, name: str, left: Term, right: Term) -> Term:
        return self._step(name, "minus", [left, right], left.value - right.value, left.unit)

    def times(self, name: str, left: Term | int, right: Term | int, unit: str) -> Term:
        return self._step(name, "times", [left, right], number(left) * number(right), unit)

    def divided_rounded_down(self, name: str, left: Term, right: int, unit: str) -> Term:
        return self._step(name, "divided_rounded_down", [left, right], left.value // right, unit)

    def divided_rounded_up(self, name: str, left: Term, right: int, unit: str) -> Term:
        return self._step(name, "divided_rounded_up", [left, right], -(-left.value // right), unit)

    def divided_rounded_half_away(self, name: str, left: Term, right: Term | int, unit: str) -> Term:
        return self._step(name, "divided_rounded_half_away", [left, right], half_away(left.value, number(right)), unit)

    def lowest(self, name: str, left: Term, right: Term) -> Term:
        return self._step(name, "lowest", [left, right], min(left.value, right.value), left.unit)

    def highest(self, name: str, left: Term, right: Term) -> Term:
        return self._step(name, "highest", [left, right], max(left.value, right.value), left.unit)

    def is_below(self, name: str, left: Term, right: Term) -> bool:
        return self._step(name, "is_below", [left, right], int(left.value < right.value), "yes or no").value == 1

    def is_at_or_below(self, name: str, left: Term, right: Term) -> bool:
        return self._step(name, "is_at_or_below", [left, right], int(left.value <= right.value), "yes or no").value == 1

    def is_at_or_above(self, name: str, left: Term, right: Term) -> bool:
        return self._step(name, "is_at_or_above", [left, right], int(left.value >= right.value), "yes or no").value == 1

    def _step(self, name: str, op: str, args: list[Any], value: int, unit: str, source: str = "") -> Term:
        unique, count = name, 1
        while unique in self._names:
            count += 1
            unique = f"{name} ({count})"
        self._names.add(unique)
        named = [arg.name if isinstance(arg, Term) else f"#{arg}" for arg in args]
        step = {"name": unique, "op": op, "args": named, "value": value, "unit": unit, "source": source}
        self.steps.append({key: part for key, part in step.items() if part != "" or key in ("name", "op")})
        return Term(value, unique, unit)


def number(term: Term | int) -> int:
    return term.value if isinstance(term, Term) else term


def half_away(numerator: int, denominator: int) -> int:
    """The quotient rounded to the nearest, halves away from zero."""
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -rounded if numerator < 0 else rounded


class Judged(NamedTuple):
    """What a decision must say. `basis`: where its equity was worked out, with the prices: here, or in the suspicion it confirms."""

    basis: Case
    told: list[str]


def check_decision(case: Case) -> Judged:
    """Build the decision once more and hold it against what the firm wrote, step by step and figure by figure."""
    account, calc = Account(case), Working(case)
    place, term = case.term()
    if not case.is_breach:
        wanted, told = won(calc, case, account, term)
        basis = case
    else:
        finding = next((one for one in account.findings if one.rule == term["id"]), None)
        confirms = case.kind == "BreachDeclared" and not case.fact["late"] and finding is not None
        if confirms and finding is not None:
            wanted, told = confirmed(calc, case, account, place, finding)
            earlier = check_decision(case.other(finding.seq))
            basis, told = earlier.basis, [*earlier.told, *told]
        else:
            wanted, told = broken(calc, case, account, place)
            basis = case
    require_same_working(case.fact["working"], calc.steps)
    for name, value in wanted.items():
        said = case.fact[name]
        same = json.dumps(said) == json.dumps(value)
        require(same, f"the decision says {name} {shown(said)}, the rows and the rules give {shown(value)}", CONTEST)
    answer = calc.steps[-1]["value"]
    require(answer == 1, "the last step's answer is no: by its own arithmetic the decision is wrong", CONTEST)
    told = [
        *told,
        f"{len(calc.steps)} steps of row {case.decision}, built once more from the rows and the rules alone: the same",
    ]
    return Judged(basis, list(dict.fromkeys(told + gaps(case, account, calc))))


def require_same_working(said: Any, built: list[dict[str, Any]]) -> None:
    require(isinstance(said, list) and bool(said), "the decision shows no working", "ask the firm why")
    for place, step in enumerate(built):
        there = said[place] if place < len(said) else {}
        same = json.dumps(there) == json.dumps(step)
        require(
            same,
            f"step {place + 1} of the working is {line(there)}; by the rows and the rules it is {line(step)}",
            CONTEST,
        )
    require(len(said) == len(built), f"the working goes on after its last step, {built[-1]['name']!r}", CONTEST)


def shown(value: Any) -> str:
    return str(value["minor"]) + " " + str(value["currency"]) if isinstance(value, dict) else json.dumps(value)


def line(step: Any) -> str:
    """A step as people read it."""
    if not step:
        return "missing"
    name, op, args, value = (step.get(part) for part in ("name", "op", "args", "value"))
    how = (
        f"given by {step.get('source')}"
        if op == "given"
        else f"{op} of " + ", ".join(str(arg).lstrip("#") for arg in args)
    )
    return f"{name} = {value} {step.get('unit', '')} ({how})"


def broken(calc: Working, case: Case, account: Account, place: int) -> tuple[dict[str, Any], list[str]]:
    """A breach, declared or suspected: the equity at the cited prices against the floor of the rule."""
    term = case.ruleset["terms"][place]
    require(term["type"] in LIMITS, f"rule {term['id']!r} is no limit that can break", CONTEST)
    late = case.fact["late"]
    exhibits = exhibits_of(case, case.fact["quotes"], case.cause)
    book = account.as_of(case.fact["at_us"]) if late else account.now()
    require(
        not late or bool(book.positions), "a price that came late says nothing of a book that holds nothing", CONTEST
    )
    observed = equity_of(calc, book, exhibits)
    account.require_points(book, exhibits)
    untimely = check_instant(case, account, exhibits)
    floor = floor_of(calc, case, account, place)
    compare(calc, term, observed, floor)
    wanted = {
        "rule_kind": term["type"],
        "severity": severity_of(term),
        "floor": case.money(floor.value),
        "observed": case.money(observed.value),
        "late": bool(late),
        "quotes": [seq for seq, _ in exhibits],
    }
    if case.kind == "BreachDeclared":
        wanted["reviewed"] = False
    when = f"at instant {case.fact['at_us']}" if late else f"as of row {account.last}"
    return wanted, [
        f"{account.bookings} booking(s), each with the platform's own report of it, and no report without its booking",
        f"the book {when}: the newest balance, and {len(book.positions)} open position(s); nothing left out, nothing added",
        floor_told(account, term),
        *untimely,
        *older_prices(book, exhibits),
    ]


def check_instant(case: Case, account: Account, exhibits: list[tuple[int, Any]]) -> list[str]:
    """A breach is judged as of what caused it, within the day whose floor it broke; what of that the rows cannot show."""
    at_us, late = case.fact["at_us"], case.fact["late"]
    row = case.rows.get(case.cause, {"kind": "", "account": 0})
    kind, said = row["kind"], []
    require(type(at_us) is int and account.day is not None, "no trading day had begun", CONTEST)
    begins = not late and (account.day_us, account.day_cause) == (at_us, case.cause)
    # What comes late has the firm look again at all that has passed since: any instant of the day may be judged then, by its prices.
    if not late and not begins and not is_instant_of(case, exhibits):
        # A resumed desk decides what was kept for it as of when that came. Rows of before may lack a suspicion's cause.
        unseen = kind == "ResumeDesk" or (not kind and case.decision != case.bundle["decision"])
        caused = f"row {case.cause} ({kind or 'not in the file'}), which caused it"
        require(unseen, f"row {case.decision} judges instant {at_us}, which is not that of {caused}", CONTEST)
        said.append(f"NOT shown: that instant {at_us}, which row {case.decision} judges, is that of {caused}")
    if not late and at_us < account.since_us:
        # The firm looks at such a one again, and fails nobody by it at once.
        doubted = case.kind == "BreachSuspected" or kind == "ResumeDesk"
        require(doubted, f"instant {at_us} lies before the book that it is judged on", CONTEST)
        said.append(f"NOT shown: that what row {case.decision} judges was held, or the day begun, at instant {at_us}")
    require(not late or at_us >= account.day_us, f"instant {at_us} lies before the day of row {account.day}", CONTEST)
    if at_us >= account.day_end_us:
        # Only the platform's time ends days, and not where a report is stamped ahead of the firm's clock.
        ahead = kind != "QuoteFrame" and row.get("received_us", 0) < account.day_end_us
        running = kind in BY_PEOPLE or ahead
        require(running, f"instant {at_us} lies after the day of row {account.day}, and no other began", CONTEST)
        said.append(f"NOT shown: that the day of row {account.day} had not ended at instant {at_us}")
    return said


def is_instant_of(case: Case, exhibits: list[tuple[int, Any]]) -> bool:
    """Whether the judged instant is that of the cause: the stamp of a price in it that is cited, or when it happened."""
    at_us, row = case.fact["at_us"], case.rows.get(case.cause, {"kind": ""})
    if row["kind"] == "QuoteFrame":
        return any((body["frame"], body["t_us"]) == (case.cause, at_us) for _, body in exhibits)
    ours = row["account"] == case.account if row["kind"] in OF_ACCOUNT else row["kind"] in OF_MANY
    same_bridge = case.payloads.get(case.cause, {}).get("bridge", case.bridge) == case.bridge
    return bool(ours and same_bridge and at_us == row["happened_us"])


def older_prices(book: Book, exhibits: list[tuple[int, Any]]) -> list[str]:
    """Positions valued at a price from before they were opened: right after a deal there is no other."""
    prices = {body["symbol"]: (seq, body["t_us"]) for seq, body in exhibits}
    older = [one for one in book.positions if prices[one.symbol][1] < one.opened_us]
    return [
        f"NOT shown: a price of {one.symbol} from after position {one.position_id} was opened; row {prices[one.symbol][0]} is older"
        for one in older
    ]


def confirmed(
    calc: Working, case: Case, account: Account, place: int, finding: Finding
) -> tuple[dict[str, Any], list[str]]:
    """A suspicion that became final: the equity that was seen, with what was booked since and belongs into it."""
    term, suspicion = case.ruleset["terms"][place], case.payloads[finding.seq]
    # A floor that follows every tick may have risen since, and one of another day is gone: then the floor of then counts.
    follows = (term["type"], term.get("trail")) == ("maximum_loss", "every_tick")
    still_holds = account.day_us == finding.day_us and not follows
    observed = calc.given("equity when the breach was suspected", f"{finding.seq}/observed/minor", "minor")
    # Cash moves the floor as it is now, and so what is held against it; the floor as it was then it leaves alone.
    moved = [(seq, is_cash) for seq, is_cash in finding.moved if still_holds or not is_cash]
    for count, (seq, is_cash) in enumerate(moved, start=1):
        name, path = ("deposit or withdrawal", "amount") if is_cash else ("late deal", "net")
        given = calc.given(f"{name} #{count}", f"{seq}/{path}/minor", "minor")
        observed = calc.plus(f"equity with {name} #{count}", observed, given)
    if still_holds:
        floor = floor_of(calc, case, account, place)
    else:
        floor = calc.given("floor when the breach was suspected", f"{finding.seq}/floor/minor", "minor")
    compare(calc, term, observed, floor)
    reviewed = case.fact["reviewed"]
    require(type(reviewed) is bool, "the decision does not say whether a person confirmed it", CONTEST)
    asked, word = case.rows.get(case.cause, {"kind": ""})["kind"], case.payloads.get(case.cause, {})
    confirms = asked == "ReviewVerdict" and (word["decision"], word["outcome"]) == (finding.seq, "confirm")
    require(not reviewed or confirms or asked == "ResumeDesk", "no person's word is in the file", CONTEST)
    wanted = {
        "rule_kind": term["type"],
        "severity": severity_of(term),
        "floor": case.money(floor.value),
        "observed": case.money(observed.value),
        "at_us": suspicion["at_us"],
        "late": False,
        "quotes": [],
    }
    by = "a person" if reviewed else "what was final by then"
    ruled = floor_told(account, term) if still_holds else "the floor, which is the one of the suspicion"
    return wanted, [f"the suspicion in row {finding.seq}, built once more itself, confirmed by {by}", ruled]


def won(calc: Working, case: Case, account: Account, term: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """A pass, given or held: enough trading days, and the balance against the target, with nothing open where the rule asks so."""
    targets = [rule["id"] for rule in case.ruleset["terms"] if rule["type"] == "profit_target"]
    require(targets[:1] == [term["id"]], f"rule {term['id']!r} is not the phase's profit target", CONTEST)
    book = account.now()
    flat = not term["flat_required"] or not book.positions
    require(flat, f"{len(book.positions)} position(s) were open, the rule asks for none", CONTEST)
    blemished = check_unbroken(case, account)
    days = account.days or cited_days(case)
    for place, rule in enumerate(case.ruleset["terms"]):
        if rule["type"] == "minimum_trading_days":
            need = calc.given("trading days needed", f"ruleset/terms/{place}/days_min", "days")
            require(days is not None, f"no trading day was counted, {rule['id']!r} asks for {need.value}", CONTEST)
            have = calc.given("trading days", f"{days[0] if days else 0}/count", "days")
            calc.is_at_or_above("enough trading days", have, need)
            require(have.value >= need.value, f"{rule['id']!r} is not met: {have.value} of {need.value} days", CONTEST)
    target = target_of(calc, case, account, case.ruleset["terms"].index(term))
    balance = calc.given("balance", book.balance_at, "minor")
    calc.is_at_or_above("balance at or above the target", balance, target)
    wanted: dict[str, Any] = {"target": case.money(target.value), "observed": case.money(balance.value)}
    if case.kind == "PhasePassed":
        require(days is not None or case.is_whole, "the count of trading days is not in the file")
        wanted["trading_days"] = days[1] if days else 0
    return wanted, [
        f"{account.bookings} booking(s), each with the platform's own report of it, and no report without its booking",
        f"the book as of row {account.last}: the newest balance, and no price needed; nothing left out, nothing added",
        "the target, worked out from the rule",
        *blemished,
    ]


def check_unbroken(case: Case, account: Account) -> list[str]:
    """Who broke a limit does not pass; what of that the rows cannot show."""
    require(not account.broken, f"row {account.broken} declared a limit broken, and was not corrected", CONTEST)
    said, asked = [], case.rows.get(case.cause, {"kind": ""})["kind"]
    for finding in account.findings:
        # A person may pass an account while another question is open.
        by_person = asked in BY_PEOPLE
        require(by_person, f"the suspicion of {finding.rule!r} in row {finding.seq} was open", CONTEST)
        said.append(f"NOT shown: why a person let it pass while the suspicion in row {finding.seq} was open")
    if not case.is_whole:
        said.append(f"NOT shown: that no breach stood before row {case.anchor}, where the consecutive rows begin")
    if any(term["type"] in LIMITS for term in case.ruleset["terms"]):
        said.append("NOT shown: that no limit was broken on the way; that rests on prices which are not in the file")
    return said


def severity_of(term: dict[str, Any]) -> str:
    return "soft" if term.get("on_breach") == "pause_until_rollover" else "hard"


def compare(calc: Working, term: dict[str, Any], observed: Term, floor: Term) -> bool:
    """Touching the floor is a breach only where the rule says so."""
    if term["boundary"] == "touches":
        return calc.is_at_or_below("equity at or below the floor", observed, floor)
    return calc.is_below("equity below the floor", observed, floor)


# equity


def exhibits_of(case: Case, quotes: list[int], cause: int) -> list[tuple[int, Any]]:
    """The cited ticks, which were copied for this very judgement from frames of the account's own bridge."""
    found = []
    for seq in quotes:
        row, body = case.rows.get(seq, {"kind": ""}), case.payloads.get(seq, {})
        fits = row["kind"] == "QuoteUsed" and row["account"] == case.account and row["cause"] == cause
        require(fits, f"row {seq} is no price that was cited for this decision", CONTEST)
        frame, index = body["frame"], body["index"]
        shows = case.rows.get(frame, {"kind": ""})["kind"] == "QuoteFrame" and frame < seq
        require(shows, f"row {seq} copies a tick of row {frame}, which is no frame of prices in the file", CONTEST)
        of = case.payloads[frame]
        held = (
            of["bridge"] == case.bridge and type(index) is int and 0 <= index < of["n"] * (4 if of["conflated"] else 1)
        )
        require(held, f"row {seq} copies tick {index} of row {frame}, which has no such tick for this account", CONTEST)
        found.append((seq, body))
    return found


def equity_of(calc: Working, book: Book, exhibits: list[tuple[int, Any]]) -> Term:
    """Balance, plus each position's profit and swap, at exactly the prices that it depends on."""
    quotes = {body["symbol"]: (seq, body) for seq, body in exhibits}
    currency = calc.case.initial["currency"]
    needed: set[str] = set()
    total = calc.given("balance", book.balance_at, "minor")
    for place, position in enumerate(book.positions, start=1):
        label = f"{position.symbol} #{place}"
        require(position.symbol in quotes, f"the position at {position.at} has no cited price of its symbol", CONTEST)
        hops = conversion(quotes[position.symbol][1]["currency_profit"], currency, quotes)
        needed.update([position.symbol, *(symbol for symbol, _ in hops)])
        profit = profit_of(calc, position, label, quotes, hops)
        total = calc.plus(f"balance and profit up to {label}", total, profit)
        if position.swap:
            swap = calc.given(f"{label} swap", position.swap_at, "minor")
            total = calc.plus(f"balance, profit and swap up to {label}", total, swap)
    named = [body["symbol"] for _, body in exhibits]
    require(named == sorted(needed), f"the cited prices are of {named}, needed are {sorted(needed)}", CONTEST)
    return total


def profit_of(calc: Working, position: Position, label: str, quotes: Any, hops: list[tuple[str, bool]]) -> Term:
    """A long closes at the bid, a short at the ask; rounded once, in the account's currency."""
    seq, quote = quotes[position.symbol]
    is_long = position.side == "buy"
    side = "bid" if is_long else "ask"
    lots = calc.given(f"{label} lots_e8", f"{position.at}lots_e8", "lots_e8")
    opened = calc.given(f"{label} open price", f"{position.at}price_open", "points")
    close = calc.given(f"{label} {side}", f"{seq}/{side}", "points")
    contract = calc.given(f"{label} contract_e8", f"{seq}/contract_e8", "contract_e8")
    moved = calc.minus(f"{label} points", close, opened) if is_long else calc.minus(f"{label} points", opened, close)
    sized = calc.times(f"{label} points x lots_e8", moved, lots, "points x lots_e8")
    numerator = calc.times(f"{label} x contract_e8", sized, contract, "points x lots_e8 x contract_e8")
    denominator: Term | int = 10 ** digits_of(quote) * SCALES
    gains = numerator.value > 0
    for symbol, inverse in hops:
        # A profit is converted at the price at which the account would sell the profit currency, a loss at the one to buy it.
        seq, quote = quotes[symbol]
        side = "ask" if gains == inverse else "bid"
        price = calc.given(f"{symbol} {side} for {label}", f"{seq}/{side}", "points")
        scale = 10 ** digits_of(quote)
        above, below = (scale, price) if inverse else (price, scale)
        numerator = calc.times(f"{label} through {'1/' if inverse else ''}{symbol}", numerator, above, "scaled")
        denominator = calc.times(f"{label} divisor with {symbol}", denominator, below, "scaled")
    unrounded = 10 ** calc.case.initial["exponent"]
    numerator = calc.times(f"{label} in minor units, unrounded", numerator, unrounded, "scaled")
    require(number(denominator) > 0, f"{label} is converted at a price that is not positive", CONTEST)
    return calc.divided_rounded_half_away(f"{label} profit", numerator, denominator, "minor")


def digits_of(quote: dict[str, Any]) -> int:
    require(type(quote["digits"]) is int and 0 <= quote["digits"] < 40, "a price has no believable digits", CONTEST)
    return int(quote["digits"])


def conversion(source: str, target: str, quotes: dict[str, Any]) -> list[tuple[str, bool]]:
    """The shortest way through the cited symbols, of at most two hops, each a symbol and whether it divides; the first by name."""
    edges = []
    for symbol in sorted(quotes):
        contract = quotes[symbol][1]
        base, profit = contract["currency_base"], contract["currency_profit"]
        if contract["contract_e8"] > 10**8 and len(base) == 3:  # a pair of currencies
            edges += [(base, symbol, False, profit), (profit, symbol, True, base)]
    if source == target:
        return []
    for start, symbol, inverse, end in edges:
        if (start, end) == (source, target):
            return [(symbol, inverse)]
    for start, symbol, inverse, middle in edges:
        for other, second, inverts, end in edges:
            if start == source and (other, end) == (middle, target):
                return [(symbol, inverse), (second, inverts)]
    raise Refused(f"no cited price converts {source} to {target}: {CONTEST}")


# floors and targets


def floor_of(calc: Working, case: Case, account: Account, place: int) -> Term:
    """The lowest equity that the rule allows."""
    term, at = case.ruleset["terms"][place], f"ruleset/terms/{place}"
    if term["type"] == "daily_loss":
        return daily_floor(calc, case, account, term, at)
    start = starting_balance(calc, case, account)
    sold = calc.given("initial balance that was sold", f"{case.opened}/initial/minor", "minor")
    loss_max_bp = calc.given("maximum loss limit", f"{at}/loss_max_bp", "bp")
    scaled = calc.times("maximum loss limit x initial balance", sold, loss_max_bp, "minor x bp")
    allowed = calc.divided_rounded_down("allowed maximum loss", scaled, BP, "minor")
    if term["trail"] == "static":
        return calc.minus("maximum-loss floor", start, allowed)
    mark = calc.given("highest mark", highest_mark(case, account, term), "minor")
    raised_from = calc.highest("higher of initial balance and highest mark", start, mark)
    trailing = calc.minus("trailing floor", raised_from, allowed)
    if term["lock_at_bp"] is None:
        return trailing
    lock_bp = calc.given("lock above initial balance", f"{at}/lock_at_bp", "bp")
    lock_scaled = calc.times("lock x initial balance", sold, lock_bp, "minor x bp")
    lock_above = calc.divided_rounded_down("lock amount", lock_scaled, BP, "minor")
    lock = calc.plus("locked floor", start, lock_above)
    return calc.lowest("maximum-loss floor", trailing, lock)


def daily_floor(calc: Working, case: Case, account: Account, term: dict[str, Any], at: str) -> Term:
    require(account.day is not None, "no trading day had begun", CONTEST)
    marks = [
        calc.given(f"{name} at day start", f"{account.day}/{name}/minor", "minor")
        for name in ("balance", "equity")
        if term["anchor"] in (name, "higher")
    ]
    anchor = marks[0]
    if term["anchor"] == "higher":
        anchor = calc.highest("higher of balance and equity at day start", marks[0], marks[1])
    loss_max_bp = calc.given("daily loss limit", f"{at}/loss_max_bp", "bp")
    base = anchor
    if term["base"] == "initial":
        base = calc.given("initial balance", f"{case.opened}/initial/minor", "minor")
    scaled = calc.times("daily loss limit x base", base, loss_max_bp, "minor x bp")
    allowed = calc.divided_rounded_down("allowed daily loss", scaled, BP, "minor")
    return calc.minus("daily floor", anchor, allowed)


def starting_balance(calc: Working, case: Case, account: Account) -> Term:
    """The initial balance with deposits and withdrawals: what static floors and targets are measured from."""
    initial = calc.given("initial balance", f"{case.opened}/initial/minor", "minor")
    if not account.cash[0]:
        return initial
    net = calc.given("deposits less withdrawals", f"{account.cash[0]}/net/minor", "minor")
    return calc.plus("initial balance with deposits and withdrawals", initial, net)


def target_of(calc: Working, case: Case, account: Account, place: int) -> Term:
    start = starting_balance(calc, case, account)
    sold = calc.given("initial balance that was sold", f"{case.opened}/initial/minor", "minor")
    target_bp = calc.given("profit target", f"ruleset/terms/{place}/target_bp", "bp")
    scaled = calc.times("profit target x initial balance", sold, target_bp, "minor x bp")
    profit = calc.divided_rounded_up("profit to make", scaled, BP, "minor")
    return calc.plus("target balance", start, profit)


def highest_mark(case: Case, account: Account, term: dict[str, Any]) -> str:
    """Where the highest mark is. The mark of a day's start that may still move counts while it is the highest."""
    if term["trail"] == "every_tick":
        return account.peak[1] if account.peak is not None else f"{case.opened}/initial/minor"
    running = account.day_mark() if account.closing is not None else None
    marks = [mark for mark in (account.high, running) if mark is not None]
    require(bool(marks), "no mark from which the floor could trail is in the file", CONTEST)
    return max(marks, key=lambda mark: mark[0])[1]


def cited_mark(case: Case, trail: str) -> tuple[int, str] | None:
    """A mark from before the consecutive rows, as the decision cites it: of it we see only that the ledger holds it."""
    step = next((step for step in case.fact.get("working", []) if step["name"] == "highest mark"), None)
    _, term = case.term()
    seq, _, path = str(step["source"] if step else "").partition("/")
    if step is None or term.get("trail") != trail or not seq.isdigit() or int(seq) >= case.anchor:
        return None
    on = ("balance", "equity") if term["trails_on"] == "higher" else (term["trails_on"],)
    allowed = [("DayOpened", "equity"), ("PeakReached", "equity")]
    if trail == "end_of_day":
        allowed = [(kind, name) for kind in ("DayOpened", "DayAnchored", "DayStartMoved") for name in on]
        allowed += [("RolloverHighMoved", "high"), ("AccountOpened", "initial")]
    row = case.rows.get(int(seq), {"kind": "", "account": 0})
    fits = row["account"] == case.account and (row["kind"], path.partition("/")[0]) in allowed
    require(fits and path.endswith("/minor"), f"the floor follows {seq}/{path}, which is no mark", CONTEST)
    return case.look_up(f"{seq}/{path}"), f"{seq}/{path}"


def cited_days(case: Case) -> tuple[int, int] | None:
    """The newest count of trading days in the file from before the consecutive rows."""
    counted = [seq for seq, row in case.rows.items() if row["kind"] in DAYS_COUNTED and seq < case.anchor]
    counted = [seq for seq in counted if case.rows[seq]["account"] == case.account]
    return (counted[-1], case.look_up(f"{counted[-1]}/count")) if counted else None


def floor_told(account: Account, term: dict[str, Any]) -> str:
    if term["type"] == "daily_loss":
        return f"the floor, worked out from the rule and the day's start in row {account.day}"
    return "the floor, worked out from the rule" + (
        "" if term["trail"] == "static" else " and the highest mark in the rows"
    )


def gaps(case: Case, account: Account, calc: Working) -> list[str]:
    """What the rows in the file cannot show of this decision."""
    said, cited = [], {step["name"]: step.get("source", "") for step in calc.steps}
    if account.unbooked:
        rows = ", ".join(str(seq) for seq in sorted(account.unbooked))
        said.append(f"NOT booked: the platform's reports in rows {rows}; the firm says why, which is not proven")
    if not case.is_whole:
        said.append(
            f"NOT shown: that row {case.anchor}, where the consecutive rows begin, is the first to begin its day"
        )
    if account.unseen:
        rows = ", ".join(map(str, account.unseen))
        said.append(
            f"NOT shown: what the deals corrected in rows {rows} were, or others of their positions; booked before row {case.anchor}"
        )
    if account.rescaled:
        rows = ", ".join(map(str, account.rescaled))
        said.append(
            f"NOT shown: that the symbol had other points by the corrections in rows {rows}, as their prices say"
        )
    if account.uncounted:
        rows = ", ".join(map(str, account.uncounted))
        said.append(
            f"NOT shown: that nothing else was opened on the days taken back in rows {rows}, which began before"
        )
    if account.unzoned:
        zone = case.ruleset["calendar"]["zone"]
        rows = ", ".join(map(str, account.unzoned))
        said.append(f"NOT shown: that the days of rows {rows} begin at the rollover: this machine has no zone {zone}")
    if "initial balance that was sold" in cited and not case.is_whole:
        said.append(f"NOT shown: deposits and withdrawals before row {case.anchor}, where the consecutive rows begin")
    mark, start = (int("0" + cited.get(name, "").partition("/")[0]) for name in ("highest mark", "equity at day start"))
    if mark and (mark < case.anchor or mark in account.taken or case.rows[mark]["kind"] == "PeakReached"):
        said.append(f"NOT shown: that the highest mark in row {mark} ({case.rows[mark]['kind']}) was reached")
    if start in account.taken:
        why = account.taken[start]
        said.append(
            f"NOT shown: the prices of the final equity at the day's start in row {start}{why}; it is the firm's word"
        )
    return said


# --- prices: the very bytes that the platform's bridge sent ---


def check_frames(bundle: dict[str, Any], rows: dict[int, Any], payloads: dict[int, Any]) -> dict[int, list[Any]]:
    """The ticks of each frame in the file, whose bytes are those that its row names, as accounts are judged at them."""
    ticks: dict[int, list[Any]] = {}
    for entry in bundle["frames"]:
        require_keys(entry, ["seq", "frame"], "a frame")
        seq = entry["seq"]
        known = type(seq) is int and seq in rows and rows[seq]["kind"] == "QuoteFrame" and seq > max(ticks, default=0)
        require(known, f"frame {seq} belongs to no row of prices in the file, or is out of order")
        frame, said = unbase64(entry["frame"], None, f"frame {seq}"), payloads[seq]
        require(hashlib.sha256(frame).hexdigest() == said["sha256"], f"the prices of row {seq} are not those it names")
        entries = unpack_frame(frame)
        require(len(entries) == said["n"], f"row {seq} says {said['n']} prices, its frame has {len(entries)}")
        ticks[seq] = [look for one in entries for look in (_looks(one) if said["conflated"] else [one[:4]])]
    return ticks


def _looks(window: list[Any]) -> list[list[Any]]:
    """A merged window is looked at as its low, its high, its low again and its last price."""
    symbol, t_us, bid, ask, bid_lo, bid_hi, ask_lo, ask_hi = window[:8]
    low, high = [symbol, t_us, bid_lo, ask_lo], [symbol, t_us, bid_hi, ask_hi]
    return [low, high, low, [symbol, t_us, bid, ask]]


def check_prices(case: Case, ticks: dict[int, list[Any]]) -> list[str]:
    """Each cited tick is the one in its frame, and no frame since held a newer one that should have been used."""
    used = {seq: body for seq, body in case.payloads.items() if case.rows[seq]["kind"] == "QuoteUsed"}
    shown = {seq: body for seq, body in used.items() if body["frame"] in ticks}
    for seq, body in shown.items():
        there = ticks[body["frame"]]
        told = [body["symbol"], body["t_us"], body["bid"], body["ask"]]
        fits = type(body["index"]) is int and 0 <= body["index"] < len(there) and there[body["index"]] == told
        require(fits, f"row {seq} does not copy tick {body['index']} of row {body['frame']}", "contest the decision")
    said = []
    if shown:
        said.append(f"{len(shown)} cited price(s), each in the very bytes that the platform's bridge sent")
    if len(shown) < len(used):
        said.append(
            f"NOT compared: {len(used) - len(shown)} cited price(s), whose frames are not in the file; ask for them"
        )
    judged = [used[seq] for seq in case.fact.get("quotes", [])]
    if judged:
        said += _newest_prices(case, ticks, judged)
    return said


def _newest_prices(case: Case, ticks: dict[int, list[Any]], judged: list[Any]) -> list[str]:
    """No tick of a cited symbol came after the cited one and before the decision; where something came late, by the stamps: each cited
    one is the last that was stamped at or before the judged instant, of all that had come.
    """
    cause, at_us, late, said = case.cause, case.fact["at_us"], case.fact["late"], []
    # A price that decided is the last one looked at; of those that came late, the one that had the firm look again.
    brought = [body for body in judged if late or body["t_us"] == at_us]
    deciding = max(((body["frame"], body["index"]) for body in brought), default=(0, 0))
    by_price = deciding[0] == cause
    until = (cause, deciding[1] + 1 if by_price else 0 if late else _first_after(case, ticks))
    if late:
        said += (
            []
            if by_price
            else ["NOT shown: that a price which came late decided; it is not among the cited ones of what it caused"]
        )
        ahead = [body["symbol"] for body in judged if body["t_us"] > at_us]
        require(not ahead, f"a price of {', '.join(ahead)} is newer than instant {at_us}, which it judges", CONTEST)
    first = min((body["frame"] for body in judged), default=cause)
    run = [seq for seq in sorted(ticks) if first <= seq <= cause and case.payloads[seq]["bridge"] == case.bridge]
    frames = [case.payloads[seq] for seq in run]
    whole = run[:1] == [first] and all(
        one["qseq"] + one["n"] == two["qseq"]
        for one, two in zip(frames, frames[1:])  # noqa: B905, RUF007  (Python 3.8 knows neither)
    )
    if not whole:
        return ["NOT shown: that no newer price was passed over; the frames in between are not in the file"]
    for seq in run:
        refused = _refused(case, seq)
        for index, (symbol, t_us, bid, ask) in enumerate(ticks[seq]):
            place = (seq, index)
            if place >= until or (late and t_us > at_us) or _may_refuse(refused.get(index), bid, ask):
                continue
            for body in judged:
                known = (body["frame"], body["index"])
                newer = t_us > body["t_us"] or (t_us == body["t_us"] and place > known)
                require(
                    symbol != body["symbol"] or not newer or (not late and place < known),
                    f"tick {index} of row {seq} is a newer price of {symbol} than the one that was used",
                    CONTEST,
                )
    looked = sum(len(ticks[seq]) for seq in run)
    said.append(f"{looked} ticks from the oldest price used to the decision: none newer was passed over")
    if run[-1] != cause:
        said.append(
            f"NOT shown: that no frame of prices came between row {run[-1]} and row {cause}, which led to the decision"
        )
    return said


def _first_after(case: Case, ticks: dict[int, list[Any]]) -> int:
    """The place in the causing frame at which the decision fell that none of its cited prices brought.

    A day ends before the first price that is stamped past it.
    """
    at_us, refused = case.fact["at_us"], _refused(case, case.cause)
    for index, (_, t_us, bid, ask) in enumerate(ticks.get(case.cause, [])):
        if t_us >= at_us and not _may_refuse(refused.get(index), bid, ask):
            return index
    require(case.cause not in ticks, f"no price in row {case.cause} brought instant {at_us}", CONTEST)
    return 0


def _refused(case: Case, frame: int) -> dict[int, str]:
    """The ticks of a frame that the firm said, at once, it would not use, with its reason."""
    rows = [seq for seq, row in case.rows.items() if row["kind"] == "QuotesRefused" and row["cause"] == frame]
    return {index: why for seq in rows for index, why in case.payloads[seq]["refused"]}


def _may_refuse(why: str | None, bid: int, ask: int) -> bool:
    """Whether a tick was refused for a reason that it bears; that its stamp was far off the firm's clock is told, not proven."""
    seen = {"crossed": bid > ask, "not_positive": bid <= 0 or ask <= 0, "out_of_range": ask > POINTS_MAX}
    return seen.get(why or "", why in ("far_past", "far_future"))


def unpack_frame(frame: bytes) -> list[Any]:
    """The entries of a quote frame: as much of MessagePack as such a frame may use, and nothing after it."""
    value, end = _unpack(frame, 0)
    require(end == len(frame), "a frame goes on after its end")
    require(isinstance(value, list) and len(value) >= 2 and isinstance(value[1], list), "a frame is no list of prices")
    return list(value[1])


def _unpack(raw: bytes, at: int) -> tuple[Any, int]:
    tag = raw[at]
    if tag < 0x80 or tag >= 0xE0:
        return (tag if tag < 0x80 else tag - 0x100), at + 1
    if 0x90 <= tag <= 0x9F or tag in (0xDC, 0xDD):
        width = {0xDC: 2, 0xDD: 4}.get(tag, 0)
        count = int.from_bytes(raw[at + 1 : at + 1 + width], "big") if width else tag - 0x90
        value, at = [], at + 1 + width
        for _ in range(count):
            item, at = _unpack(raw, at)
            value.append(item)
        return value, at
    if 0xA0 <= tag <= 0xBF or tag == 0xD9:
        length, at = (raw[at + 1], at + 2) if tag == 0xD9 else (tag - 0xA0, at + 1)
        return raw[at : at + length].decode("utf-8"), at + length
    require(0xCC <= tag <= 0xCF or 0xD0 <= tag <= 0xD3, f"a frame holds byte {tag:#04x}, which no price has")
    width = 1 << (tag - 0xCC) % 4
    return int.from_bytes(raw[at + 1 : at + 1 + width], "big", signed=tag >= 0xD0), at + 1 + width


# --- what is told ---


def report(case: Case, size: int, found: list[str], *, pinned: bool) -> list[str]:
    """What was checked, the arithmetic, and what this proves and does not."""
    bundle, fact = case.bundle, case.fact
    said = [
        f"Evidence for decision {case.decision} ({case.kind}, rule {fact['rule']!r}) of {bundle['firm']}: it holds.",
        "",
        "Checked:",
    ]
    said.append(f"- one canonical file, every byte under the closing signature of key {bundle['key']}")
    said.append(f"- {len(bundle['rows'])} ledger rows, each in the tree of {size} rows whose root that key signed")
    said += [f"- {line}" for line in found if line]
    said.append(f"- the rules are those frozen when the account was opened ({bundle['ruleset']['id'][:16]}...)")
    said.append(f"- {len(case.fact['working'])} steps, done again with whole numbers:")
    said += [f"    {line(step)}" for step in case.fact["working"]]
    said.append(f"- {AFTERWARDS}")
    said += ["", "In the firm's words (signed, not checked):"] + [f"  {text}" for text in bundle["words"]]
    said += [
        "",
        "This proves that the decision follows from the recorded rows by this arithmetic, and that no recorded row was altered",
        "or left out. It does not prove that the platform's prices, contracts and deals were true: compare them with another source.",
    ]
    if not pinned:
        said += [
            "It does not prove whose key signed: compare it with the key your firm publishes, or give --key or --checkpoint.",
        ]
    return said


# --- Ed25519 (RFC 8032), verification only, strict ---

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def _add(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """Twisted Edwards addition in extended coordinates x, y, z, t."""
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    p, q, r, s = f - e, h - g, h + g, f + e
    return (p * q % P, r * s % P, q * r % P, p * s % P)


def _point(text: bytes) -> tuple[int, int, int, int] | None:
    """A point in its only spelling, on the curve and not of small order; None otherwise."""
    number = int.from_bytes(text, "little")
    y, sign = number & (1 << 255) - 1, number >> 255
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    point = eighth = (x, y, 1, x * y % P)
    for _ in range(3):
        eighth = _add(eighth, eighth)
    return None if eighth[0] % P == 0 and (eighth[1] - eighth[2]) % P == 0 else point


BASE = _point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519_verify(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether S*B - h*A spells exactly R, with S below the group's order."""
    a, s = _point(key), int.from_bytes(signature[32:], "little")
    if a is None or BASE is None or len(signature) != 64 or s >= ORDER:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    minus_a = (P - a[0], a[1], 1, P - a[3])
    both = _add(BASE, minus_a)
    total = (0, 1, 1, 0)
    for bit in range(max(s.bit_length(), h.bit_length()) - 1, -1, -1):
        total = _add(total, total)
        which = (s >> bit & 1) + 2 * (h >> bit & 1)
        if which:
            total = _add(total, (BASE, minus_a, both)[which - 1])
    inverse = pow(total[2], P - 2, P)
    x, y = total[0] * inverse % P, total[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


def main() -> int:
    """Read the files named on the command line and print the verdict."""
    asked = argparse.ArgumentParser(
        description="Check an evidence bundle of Evenhand offline.",
        epilog="Exit status: 0 it holds; 1 refused, or not compared; 2 could not be checked: a file or an argument cannot be read.",
    )
    asked.add_argument("file", metavar="FILE", help="the bundle (evidence-....json)")
    asked.add_argument(
        "--checkpoint", metavar="FILE", help="a checkpoint you kept: the ledger must be its continuation"
    )
    asked.add_argument("--key", metavar="HEX", type=ledger_key, help="the ledger key that your firm publishes")
    options = asked.parse_args()
    try:
        raw = Path(options.file).read_bytes()
        held = Path(options.checkpoint).read_bytes().decode("utf-8") if options.checkpoint else None
        told = verify(raw, held, options.key)
    except Refused as why:
        print(f"REFUSED {options.file}: {why}", file=sys.stderr)
        return 1
    except Untied as why:
        print(f"NOT COMPARED {options.file}: {why}", file=sys.stderr)
        return 1
    except (OSError, UnicodeDecodeError) as why:
        print(f"cannot read: {why}: check the file's name and that it is the file your firm sent", file=sys.stderr)
        return 2
    return tell(told)


def tell(lines: list[str]) -> int:
    """Print the verdict. Whoever reads only its beginning (`| head`) has been told no less true a thing."""
    try:
        print("\n".join(lines), flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the exit's own flush finds an open end
    return 0


def ledger_key(text: str) -> str:
    """A key as people type it, for argparse: a slip of the finger must not be told as another firm's ledger."""
    key = text.strip().lower()
    strange = re.sub("[0-9a-f]", "", key)
    if strange:
        raise argparse.ArgumentTypeError(f"a key is 64 hex digits, {strange[0]!r} is none")
    if len(key) != 64:
        raise argparse.ArgumentTypeError(f"a key is 64 hex digits, you gave {len(key)}")
    return key


if __name__ == "__main__":
    sys.exit(main())
