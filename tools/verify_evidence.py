#!/usr/bin/env python3
"""Verify an evidence bundle offline: needs nothing but Python 3.8, and trusts nobody but the numbers in the file.

    python3 verify_evidence.py FILE [--checkpoint FILE] [--key HEX]

It decides one thing: whether the decision in FILE follows, by exact integer arithmetic, from rows that the firm committed
to in a signed tree. docs/evidence.md specifies each byte and each check. Exit status 0: everything holds; 1: refused, or
not compared with your checkpoint; 2: nothing was checked, because a file or an argument cannot be read.
It is one long file on purpose: it is handed to people who have nothing else of ours.
"""

# Contents, in the order in which one reads it: chapter 7 begins where it says "=== 7.".
#
#   1. The whole check, in the order in which it is told
#   2. Canonical form: one spelling, so that no bit can be turned unseen
#   3. Rows, tree, checkpoints
#   4. Ed25519 (RFC 8032), verification only, strict
#   5. The case: the rules that were frozen, and the decision
#   6. The rules, in the words of today
#   7. The account, followed row by row: nothing left out, nothing added
#   8. The working, built once more from the rows and the rules
#   9. A decision about a loss limit, and a pass
#  10. Equity
#  11. Floors and targets
#  12. What a decision cites from before the consecutive rows: of it we see only that the ledger holds it
#  13. Rules that are no loss limits: what was held, traded and told, and each working built once more
#  14. Contracts, and when their markets close
#  15. Deeds: what was done to a position
#  16. Clocks that end a phase
#  17. Rules across a trader's accounts
#  18. A decision about a rule that is no loss limit
#  19. A rule that is not worked out here: the firm's own steps, done again
#  20. Prices: the very bytes that the platform's bridge sent
#  21. What is not shown
#  22. What is told
#  23. The command line

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import struct
import sys
from collections.abc import Iterator
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
SEMANTICS = (1, 2)  # of the rulesets whose workings this verifier can build
FOREVER = 2**63
CONTEST = "contest the decision"
DECISIONS = (
    "BreachDeclared", "BreachSuspected", "PhasePassed", "PassHeld", "RuleBroken", "RuleSuspected", "RuleKeptAgain", "StandingChanged",
)  # fmt: skip
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
    "PayoutBooked": ("cash_id", ("CashReported",)),
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
# Of a day whose zone is not known here. Most last 23 to 25; a few zones have changed by up to three hours at once.
DAY_HOURS_MIN, DAY_HOURS_MAX = 20, 28
BY_PEOPLE = ("ReviewVerdict", "ResumeDesk")  # whose instants are of the firm's clock; days end by the platform's
HOUR_US = 3_600_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)  # noqa: UP017  (Python 3.8 knows no other name)
AFTERWARDS = "NOT shown: whether the decision was corrected since; the file ends with it"
DEAL_FIGURES = ("profit", "commission", "swap", "fee")
POINTS_MAX = 10**12  # beyond it a price is refused as out of range
DEAL_DAYS_KEPT = 8  # trading days of which a firm knows how many deals opened something
DIGITS_MAX = 40  # from so many on a symbol's digits are not believed
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


# === 1. The whole check, in the order in which it is told ===


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


# === 2. Canonical form: one spelling, so that no bit can be turned unseen ===


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


# === 3. Rows, tree, checkpoints ===


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
    together = [seq for seq in strangers if is_of_several(rows[seq], rows[decision])]
    others = sorted(set(strangers) - set(together))
    require(not others, f"rows {others} belong to another account")
    return f"{len(chain)} consecutive rows of the account, from row {anchor} ({rows[anchor]['kind']}) to the decision"


def is_of_several(row: Any, decided: Any) -> bool:
    """Whether a row is a booking of an account that the decision says was looked at together with its own."""
    said = (
        parse_json(decided["payload"], decided["kind"])
        if decided["kind"] in ("RuleBroken", "RuleSuspected", "RuleKeptAgain")
        else {}
    )
    booked = row["kind"] in ("DealBooked", "DealCorrected", "PositionRestated", "DayOpened")
    return booked and row["account"] in said.get("accounts", ())


def require_linked(chain: list[Any], leaves: dict[int, bytes]) -> None:
    """Each of the account's rows names the one before it, by number and by hash."""
    for before, row in zip(chain, chain[1:]):  # noqa: B905, RUF007  (Python 3.8 knows neither)
        links = (row["account_seq"], row["account_prev_seq"], row["account_prev_hash"])
        wanted = (before["account_seq"] + 1, before["seq"], base64.b64encode(leaves[before["seq"]]).decode())
        require(
            links == wanted,
            f"row {row['seq']} does not follow row {before['seq']} in the account's chain: one is missing",
        )


# === 4. Ed25519 (RFC 8032), verification only, strict ===

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


# === 5. The case: the rules that were frozen, and the decision ===


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
            self.ruleset["semantics"] in SEMANTICS,
            "the ruleset's semantics are newer than this verifier",
            "get a newer verifier",
        )
        self.rules = rules_of(self.ruleset)
        self.contracts = [seq for seq in sorted(rows) if rows[seq]["kind"] == "SymbolReported"]
        self.chosen: set[str] = set()  # symbols of conversions that could have gone more than one way

    def renamed(self, before: int) -> set[str]:
        """The symbols that their newest contract in the file before a row calls something else: by these nothing is converted."""
        told = {}
        for seq in self.contracts:
            if seq < before and self.payloads[seq]["bridge"] == self.bridge:
                told[self.payloads[seq]["spec"]["symbol"]] = self.payloads[seq]["spec"].get("renamed_to", "")
        return {symbol for symbol, became in told.items() if became}

    @property
    def is_breach(self) -> bool:
        return bool(self.kind in ("BreachDeclared", "BreachSuspected"))

    @property
    def judged_us(self) -> int:
        """The instant that it judges: its own, of one that names none."""
        return int(self.fact.get("at_us", self.rows[self.decision]["happened_us"]))

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

    def rule(self, named: Any) -> Rule:
        """The rule that a decision names."""
        for rule in self.rules:
            if rule.id == named:
                return rule
        raise Refused(f"the decision names rule {named!r}, which is not in the account's ruleset: it is void")

    def minor(self, money: Any, what: str) -> int:
        """An amount, which must be in the account's currency."""
        same = all(money[name] == self.initial[name] for name in ("currency", "exponent"))
        require(same and type(money["minor"]) is int, f"{what} is in another currency than the account", CONTEST)
        return int(money["minor"])

    def money(self, minor: int) -> dict[str, Any]:
        return {"minor": minor, "currency": self.initial["currency"], "exponent": self.initial["exponent"]}

    def look_up(self, source: str) -> int:
        """The number at "SEQ/path" of a row in the bundle, or at "ruleset/path" of the frozen rules."""
        value = self.find(source)
        require(type(value) is int, f"{source} holds no whole number", CONTEST)
        return int(value)

    def find(self, source: str) -> Any:
        """What is there, a number or not."""
        head, *path = source.split("/")
        require(head == "ruleset" or int(head) in self.payloads, f"row {head}, on which the decision rests, is missing")
        value: Any = self.ruleset if head == "ruleset" else self.payloads[int(head)]
        for name in path:
            value = value[int(name)] if isinstance(value, list) else value[name]
        return value


# === 6. The rules, in the words of today ===


class Rule(NamedTuple):
    """A term at its place in the ruleset. `paths`: where its figures stand, if it was sold in the words of semantics 1."""

    place: int
    term: dict[str, Any]
    paths: dict[str, str]

    @property
    def id(self) -> Any:
        return self.term["id"]

    @property
    def kind(self) -> Any:
        return self.term["type"]

    @property
    def is_limit(self) -> bool:
        return bool(self.kind == "loss_limit")

    def cited(self, path: str) -> str:
        """Where one of its figures is, as a working cites it."""
        return f"ruleset/terms/{self.place}/{self.paths.get(path, path)}"


def rules_of(ruleset: dict[str, Any]) -> list[Rule]:
    is_first = ruleset["semantics"] == 1
    return [Rule(place, *(as_now(term) if is_first else (term, {}))) for place, term in enumerate(ruleset["terms"])]


def as_now(term: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """A term of semantics 1 in the words of today, with the same meaning; and where a figure stands, by its path of today."""
    if term["type"] == "daily_loss":
        does = "pause" if term["on_breach"] == "pause_until_rollover" else "fail"
        amount = {"type": "share", "bp": term["loss_max_bp"], "of": term["base"]}
        words = {"scope": "day", "amount": amount, "anchor": term["anchor"], "on_breach": [does]}
        return {**FIRST_LIMIT, **words, "id": term["id"], "boundary": term["boundary"]}, {"amount/bp": "loss_max_bp"}
    if term["type"] == "maximum_loss":
        return _maximum_loss(term), {"amount/bp": "loss_max_bp", "lock/offset/bp": "lock_at_bp"}
    if term["type"] == "profit_target":
        amount = {"type": "share", "bp": term["target_bp"], "of": "initial"}
        words = {"amount": amount, "measured": "balance", "held_s": 0, "latched": False}
        return {**term, **words}, {"amount/bp": "target_bp"}
    if term["type"] == "minimum_trading_days":
        return {**term, "type": "trading_days", "counts": "opened", "per": "phase"}, {}
    return term, {}


FIRST_LIMIT: dict[str, Any] = {
    "type": "loss_limit", "scope": "phase", "anchor": "initial", "trail": "static", "high": "equity", "lock": None, "steps": [],
    "checked": "every_tick", "measured": "equity", "on_payout": "high_less_payout", "on_breach": ["fail"], "strikes_within": "phase",
}  # fmt: skip


def _maximum_loss(term: dict[str, Any]) -> dict[str, Any]:
    lock = None
    if term["lock_at_bp"] is not None and term["trail"] != "static":
        offset = {"type": "share", "bp": term["lock_at_bp"], "of": "initial"}
        lock = {"offset": offset, "trigger": {"type": "floor_reaches"}, "permanent": False}
    amount = {"type": "share", "bp": term["loss_max_bp"], "of": "initial"}
    high = "equity" if term["trail"] == "every_tick" else term["trails_on"]
    words = {"amount": amount, "trail": term["trail"], "high": high, "lock": lock}
    return {**FIRST_LIMIT, **words, "id": term["id"], "boundary": term["boundary"]}


# which of them this verifier can work out

MARKS = ("balance", "equity", "higher", "lower")
LIMIT_WORDS = {
    "scope": ("day", "week", "cycle", "phase"),
    "anchor": (*MARKS, "initial"),
    "trail": ("static", "end_of_day", "on_close", "every_tick"),
    "high": MARKS,
    "checked": ("every_tick", "at_rollover"),
    "measured": ("equity", "balance", "either", "both"),
    "boundary": ("touches", "crosses"),
    "on_payout": ("none", "high_less_payout", "lock_at_initial", "to_zero", "reset_to_initial"),
    "strikes_within": ("day", "week", "cycle", "phase"),
}
OBJECTIVES = ("profit_target", "score_target", "trading_days", "consistency", "minimum_trades")


def is_known(rule: Rule) -> bool:
    """Whether the rule is worked out here; of any other the firm's own steps are done again, and no more."""
    term = rule.term
    if rule.is_limit:
        spelled = all(term[name] in words for name, words in LIMIT_WORDS.items() if name != "high")
        follows = term["trail"] == "static" or term["high"] in MARKS
        amounts = [term["amount"], *(step["amount"] for step in term["steps"])]
        of = ("initial", "anchor", "target") if term["trail"] == "static" else ("initial", "anchor", "target", "high")
        fixed = [trigger["gain"] for trigger, *_ in levels_of(term) if "gain" in trigger]
        fixed += [term["lock"]["offset"]] if term["lock"] is not None else []
        triggers = ("balance_gain", "equity_gain", "end_of_day_balance", "payouts_made")
        known = all(trigger["type"] in triggers for trigger, *_ in levels_of(term))
        known = known and (term["scope"] != "cycle" or (term["anchor"], term["trail"]) == ("balance", "static"))
        return bool(
            spelled and follows and known and _are_known(amounts, of) and _are_known(fixed, ("initial", "target"))
        )
    if rule.kind == "profit_target":
        plain = (term["measured"], term["held_s"], term["latched"]) == ("balance", 0, False)
        return plain and _are_known([term["amount"]], ("initial",))
    if rule.kind in ("score_target", "minimum_trades"):
        return True
    if rule.kind == "consistency":
        return ends_account(rule) and rule.term["best"] != "best_idea" and rule.term["day_basis"] != "equity"
    return bool(rule.kind == "trading_days" and (term["counts"], term["per"]) == ("opened", "phase"))


def ends_account(rule: Rule) -> bool:
    """Whether it is a share of the profit that ends the account where it is too large: that is a limit, and no objective."""
    return bool(rule.kind == "consistency" and rule.term["effect"] == "fail")


def is_objective(rule: Rule) -> bool:
    """Those of a payout are none of the phase. A share that ends the account is none, but one of a day's end holds a pass up until then."""
    ends = ends_account(rule) and rule.term.get("fails_at") != "rollover"
    return rule.kind in OBJECTIVES and rule.term.get("per", "phase") == "phase" and not ends


def is_at_target(rule: Rule) -> bool:
    """A share that ends the account in place of a pass."""
    return ends_account(rule) and rule.term.get("fails_at") == "target"


def _are_known(amounts: list[Any], of: tuple[str, ...]) -> bool:
    return all(amount["type"] in ("fixed", "by_size") or amount.get("of") in of for amount in amounts)


# the highs that they are measured by


class Key(NamedTuple):
    """Which high: of what, since when, and whether a payout lowers it, resets it or leaves it."""

    of: str
    scope: str
    on_payout: str

    def __str__(self) -> str:
        return f"{self.of} of the {self.scope} (on a payout: {self.on_payout})"


PEAK = Key("peak", "", "")  # the highest equity with any price: of the running day where `peak_of_day`, else ever
FALLS_WITH_PAYOUTS = ("high_less_payout", "reset_to_initial")
# Which figures of a day's start are marks of such a high.
OF_DAYS = {
    "day_balance": ("balance",), "day_equity": ("equity",), "day_higher": ("balance", "equity"), "day_lower": ("balance", "equity"),
}  # fmt: skip


class Needs(NamedTuple):
    """Which highs the firm keeps under a ruleset. `follows_prices`: every equity high too; `peak_of_day`: which begins anew each day.

    `week`, `cycle`: a limit is measured from where the week or the payout cycle began.
    """

    highs: list[Key]
    follows_prices: bool
    peak_of_day: bool
    week: bool
    cycle: bool


def needs_of(rules: list[Rule]) -> Needs:
    limits = [rule.term for rule in rules if rule.is_limit]
    of_day = any(
        follows_prices(term) and (term["trail"], term["scope"] != "phase") == ("every_tick", True) for term in limits
    )
    keys: list[Key] = []
    for term in limits:
        keys += [key for key in followed_by(term, of_day) if key != PEAK]
        keys += [key for key in locked_by(term) if key != PEAK]
        for trigger, effective, payout in levels_of(term):
            keys += [key for key in reached_by(term, trigger, effective, payout, of_day) if key != PEAK]
            keys += [Key("closed", "phase", payout)] if trigger["type"] == "balance_gain" else []
    week = any(term["scope"] == "week" and term["anchor"] != "initial" for term in limits)
    cycle = any(term["scope"] == "cycle" and term["anchor"] != "initial" for term in limits)
    return Needs(list(dict.fromkeys(keys)), any(map(follows_prices, limits)), of_day, week, cycle)


def follows_prices(term: dict[str, Any]) -> bool:
    """Whether its floor moves with equity highs that prices bring."""
    trails = term["trail"] == "every_tick" and term["high"] != "balance"
    return bool(trails or any(trigger["type"] == "equity_gain" for trigger, *_ in levels_of(term)))


def levels_of(term: dict[str, Any]) -> list[tuple[dict[str, Any], str, str]]:
    """What triggers its steps and its lock, in the order in which a working asks for them.

    Each with when it takes effect, and what a payout does to the highs that tell: only a lock that is not permanent is undone by one.
    """
    levels = [(step["when"], step["effective"], "none") for step in term["steps"]]
    if term["lock"] is None or term["lock"]["trigger"]["type"] == "floor_reaches":
        return levels
    undone = term["on_payout"] in FALLS_WITH_PAYOUTS and not term["lock"]["permanent"]
    return [*levels, (term["lock"]["trigger"], "now", term["on_payout"] if undone else "none")]


def followed_by(term: dict[str, Any], peak_of_day: bool) -> list[Key]:
    """The highs that a trailing floor follows, in the order in which a working cites them."""
    trail, high, scope = term["trail"], term["high"], term["scope"]
    payout = term["on_payout"] if term["on_payout"] in FALLS_WITH_PAYOUTS else "none"
    if trail == "static":
        return []
    if trail == "end_of_day":
        return [Key(f"day_{high}", scope, payout)]
    closed = [Key("closed", scope, payout)] if trail == "on_close" or high != "equity" else []
    if trail == "on_close" or high == "balance":
        return closed
    return [*closed, *([Key("priced", scope, payout)] if peak_of_day and scope != "day" else []), PEAK]


def locked_by(term: dict[str, Any]) -> list[Key]:
    """The same as if no payout had lowered them, where a floor that came to its lock stays there for good."""
    if not locks_for_good(term):
        return []
    followed = [key._replace(on_payout="none") for key in followed_by(term, False) if key != PEAK]
    prices = term["trail"] == "every_tick" and term["high"] != "balance"
    return [*followed, *([Key("priced", term["scope"], "none"), PEAK] if prices else [])]


def locks_for_good(term: dict[str, Any]) -> bool:
    lock = term["lock"]
    permanent = lock is not None and lock["permanent"] and lock["trigger"]["type"] == "floor_reaches"
    return bool(permanent and term["on_payout"] in FALLS_WITH_PAYOUTS)


def reached_by(
    term: dict[str, Any], trigger: dict[str, Any], effective: str, payout: str, peak_of_day: bool
) -> list[Key]:
    """The highs that tell whether a level was reached."""
    if trigger["type"] == "balance_gain":
        return [Key("closed" if effective == "now" else "closed_yesterday", "phase", payout)]
    if trigger["type"] == "end_of_day_balance":
        return [Key("day_balance", "phase", payout)]
    if trigger["type"] == "equity_gain":
        earlier = peak_of_day or (payout == "none" and term["on_payout"] in FALLS_WITH_PAYOUTS)
        priced = [Key("priced", "phase", payout)] if earlier or effective == "next_day" else []
        return priced if effective == "next_day" else [*priced, PEAK]
    return []


# what a breach of one does


def is_hard(does: Any) -> bool:
    """Whether it ends the account, or has a person decide whether it does."""
    return does in ("fail", "review")


# === 7. The account, followed row by row: nothing left out, nothing added ===


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
    """A deal as the platform has it now, since `told_us`. `begins`: it opened its position; `day`: on which it was booked, in row `seq`.

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
    seq: int
    digits: int | None  # of its symbol, in whose points the price is, as the rows say


class Book(NamedTuple):
    """Balance and positions as they stood in [since_us, until_us)."""

    since_us: int
    until_us: int
    balance: int
    balance_at: str
    positions: list[Position]


class Moved(NamedTuple):
    """A row that came after a suspicion, and may belong into the equity that was seen. `swap_was`: of a swap, where that was until then."""

    seq: int
    name: str
    swap_was: str = ""

    @property
    def is_late(self) -> bool:
        """Whether it was made before the breach, and told after it."""
        return self.name.startswith("late")


class Finding(NamedTuple):
    """A suspicion that is not settled. `moved`: what was told since and may belong into it."""

    seq: int
    rule: str
    day_us: int
    at_us: int
    moved: list[Moved]


class High(NamedTuple):
    """A highest mark, and where it is. `at_us`: when it was reached; None: not known. `is_whole`: none of before the rows is higher."""

    minor: int
    at: str
    at_us: int | None
    is_whole: bool

    @property
    def row(self) -> int:
        return int(self.at.partition("/")[0])


class Payout(NamedTuple):
    """A payout that was booked."""

    seq: int
    number: int
    at_us: int


class Strike(NamedTuple):
    """A breach that did not end the account, on the day of this label."""

    rule: str
    at_us: int
    day: str


class Owed(NamedTuple):
    """A row of one of these kinds that must follow at once, as a mark moves with what was just booked.

    `key`: of which high. `by`, `to`: how it moves, or where to; neither where nobody can tell. `may`: whether it may be missing.
    `mark`: which one of a day's start, where people set it.
    """

    kinds: tuple[str, ...]
    why: str = "cash must move the marks"
    key: Key | None = None
    by: int | None = None
    to: int | None = None
    may: bool = False
    mark: str = ""

    def is_row(self, kind: str, body: Any) -> bool:
        same = kind != "HighMoved" or key_of(body) == self.key
        return kind in self.kinds and same


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
        self.needs = needs_of(case.rules)
        self.highs = cited_highs(case, self.needs)
        self.highs_before: dict[Key, High] = {}  # as they were when what moves them was booked
        self.week = cited_week(case)  # the row that holds the week's start
        self.week_us, self.week_label, self.week_is_whole = 0, "", False
        self.week_is_known = False  # whether that row is the one that holds it now, wherever the week began
        self.payouts = cited_payouts(case)
        # The row with the balance that the payout cycle is measured from, once one has begun with a payout; whether that is known.
        self.cycle = cited_cycle(case)
        self.cycle_is_known = case.is_whole or self.cycle is not None
        self.strikes: list[Strike] = []
        # Limits that were broken softly today: the row, and of one that closes positions whether nothing was open since.
        self.spent: dict[str, tuple[int, bool | None]] = {}
        self.day_opened = 0  # the row that began the day
        self.ended_with: dict[str, int] = {}  # places in it of the floors with which the day before ended, by rule
        self.floors_followed: set[int] = set()  # rows of such floors that were worked out
        self.findings: list[Finding] = []
        self.broken = 0  # the row of a hard breach that stands
        self.is_closed = False  # nobody looks at an account that has ended
        self.booked: set[tuple[str, str]] = set()
        self.deals: dict[str, Deal] = {}  # as they read now, in the order in which they were booked
        self.unseen: list[int] = []  # rows that correct what was booked before the file's rows
        self.clouded: set[str] = set()  # positions that have deals of before the file's rows, as such a correction says
        self.rescaled: list[int] = []  # rows that correct a position in other points than its deals were told in
        self.scaled: dict[str, int | None] = {}  # digits of positions that a correction opened again, as it says
        self.unscaled: set[str] = set()  # positions of which no row proves that their points are these
        self.day_label = ""
        self.days_begun: set[str] = set()
        self.days_counted: set[str] = set()
        self.uncounted: list[int] = []  # rows that take back a day which began before the file's rows
        self.corrects = 0  # the row of the newest correction
        # What a correction of before the day's first instant leaves of the book of then: all of it, another one, or nobody knows.
        self.closing_is_whole, self.closing_is_corrected = True, False
        self.bookings = 0
        self.asked: dict[int, int] = {}  # reports that must lead to a booking, with the row that keeps them for later
        self.heard = 0  # the newest report, until it is kept for later
        self.unbooked: list[int] = []
        self.has_parked = False
        self.owed: list[Owed] = []
        self.due: Owed | None = None  # which of them this row is
        self.owed_day = ""  # that a deletion emptied
        self.exceptions: list[int] = []  # rows by which people made one from the account's rules
        self.taken: dict[int, str] = {}  # rows with a mark that rests on what no row of the file names, and on what
        self.last = case.anchor
        for seq in case.chain():
            self._take(seq)
            self.last = seq
        self._require_answered(case.cause)
        owed = [one for one in self.owed if not one.may]
        owes_day = [one.kinds for one in owed] == [("TradingDayUncounted",)]
        require(not owes_day, f"the day whose only deal row {self.corrects} deletes still counts", CONTEST)
        require(not owed, "the newest deposit or withdrawal did not move the marks that are measured from", CONTEST)
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
        self._require_due(seq, row, body)
        change = {
            **dict.fromkeys(REPORTS, self._hear),
            **dict.fromkeys(ANSWERS, self._answer),
            "MessageParked": self._put_off,
            "InputRejected": self._put_off,
            "AccountOpened": self._open,
            "DayOpened": self._open_day,
            "DayAnchored": self._anchor_day,
            "DayStartMoved": self._move_start,
            "WeekStartMoved": self._move_week,
            "CycleStartMoved": self._move_cycle,
            "PeakReached": self._raise_peak,
            "RolloverHighMoved": self._move_high,
            "HighMoved": self._move_high,
            "TradingDayCounted": self._count_day,
            "TradingDayUncounted": self._uncount_day,
            "BreachSuspected": self._find,
            "BreachDeclared": self._declare,
            "RuleSuspected": self._find,
            "RuleBroken": self._break_rule,
            "VerdictCorrected": self._correct,
            "OverrideGranted": self._grant,
            "StandingChanged": self._stand,
        }.get(row["kind"])
        if change is not None:
            change(seq, row, body)
        if row["kind"] in ANSWERS and row["kind"] != "DealIgnored" and not self.positions:
            self.spent = {rule: (by, None if closed is None else True) for rule, (by, closed) in self.spent.items()}

    def _require_due(self, seq: int, row: Any, body: Any) -> None:
        """What a booking brings with it follows it at once, in this order."""
        self.due = None
        while self.owed and self.due is None:
            first = self.owed.pop(0)
            self.due = first if first.is_row(row["kind"], body) else None
            missing = "" if first.key is None else f" of {first.key}"
            follows = self.due is not None or first.may
            require(follows, f"row {seq} is no {first.kinds[0]}{missing}, with which {first.why}", CONTEST)

    # bookings: each has the platform's report, and each report its booking

    def _hear(self, seq: int, row: Any, body: Any) -> None:
        """A report that must lead to something: a deal, cash, or a position with another swap, name or price than we hold."""
        if self.balance is None:
            return
        self.heard = seq
        if row["kind"] != "PositionReported" or self._changes(body):
            self.asked[seq] = 0

    def _changes(self, said: Any) -> bool:
        """Whether a position has another swap, name or price by this report than we hold."""
        held = self._held(said["position_id"])
        return held is not None and (held.swap != said["swap"]["minor"] or self._is_restated(held, said))

    def _is_restated(self, held: Position, said: Any) -> bool:
        """The very same volume under another name or at another price, as of no instant before the newest booking."""
        same = (held.side, held.lots_e8) == (said["side"], said["lots_e8"]) and said["t_us"] >= self.since_us
        return same and (held.symbol, held.price_open) != (said["symbol"], said["price_open"])

    def _require_answered(self, but: int) -> None:
        """No report is passed over. A decision may come before the report that caused it is booked."""
        left = [seq for seq, kept in self.asked.items() if not kept and seq != but]
        require(not left, f"the report in row {min(left, default=0)} was never booked", CONTEST)
        if self.heard and but == 0:  # and was not kept: the desk goes on, and all that was kept had its turn
            self._pass_over(self.heard)

    def _put_off(self, seq: int, row: Any, body: Any) -> None:
        """A report kept for a desk that is stopped, to be booked when it goes on; or one that nothing could take in."""
        report = row["cause"]
        if self.case.rows.get(report, row)["kind"] not in REPORTS:
            return
        if row["kind"] == "MessageParked" and body["desk"].startswith("account/"):
            self.asked[report], self.has_parked, self.heard = seq, True, 0
        elif row["kind"] == "InputRejected" and report in self.asked:
            del self.asked[report]
            self.unbooked.append(report)
            self.heard = 0

    def _answer(self, seq: int, row: Any, body: Any) -> None:
        """A booking, or the word that there is none."""
        kind = row["kind"]
        self._minor()
        report = self._report_of(seq, row, body)
        said = self.case.payloads[report]
        self._require_nothing_before(report)
        del self.asked[report]
        if kind == "DealIgnored":
            self._ignore(seq, report, body)
            return
        self.bookings += 1
        told = self.case.rows[report]
        # A report that is stamped ahead of the firm's clock is not believed to end a day.
        ended = 0 < self.day_end_us <= min(told["happened_us"], told["received_us"])
        # Of an account that is closed no day ends: those that went by are told when it is taken up again.
        began = not ended or self.is_closed
        require(began, f"row {seq} is booked after the day of row {self.day} had ended, and no other began", CONTEST)
        late = [row["happened_us"] < self.day_us, self.case.rows[report]["happened_us"] < self.day_us]
        require(late[0] == late[1], f"row {seq} is booked on another day than its report in row {report}", CONTEST)
        if kind == "DealBooked":
            self._book_deal(seq, row, body, said)
        elif kind == "DealCorrected":
            self._correct_deal(seq, body, said, told["kind"])
        elif kind == "CashBooked":
            self._book_cash(seq, row, body, said)
        elif kind == "PayoutBooked":
            self._book_payout(seq, row, body, said)
        elif kind == "DividendBooked":
            self._book_dividend(seq, row, body, said)
        elif kind == "PositionRestated":
            self._restate(seq, row, body, said)
        else:
            self._post_swap(seq, row, body, said)

    def _report_of(self, seq: int, row: Any, body: Any) -> int:
        """The row with the platform's report that caused this booking, or was kept until now for a stopped desk.

        Of several that were kept of one position, it is the first by which the position is another: what is kept is taken in its order.
        """
        name, kinds = ANSWERS[row["kind"]]
        kept = [report for report, by in self.asked.items() if by]
        found = []
        for report in [row["cause"], *kept]:
            if report in self.asked and self.case.rows[report]["kind"] in kinds:
                said = self.case.payloads[report]
                if said[REPORTS[self.case.rows[report]["kind"]]] == body[name]:
                    found.append(int(report))
        require(bool(found), f"row {seq} ({row['kind']}) has no report of the platform that caused it", CONTEST)
        if kinds != ("PositionReported",):
            return found[0]
        return next((report for report in found if self._changes(self.case.payloads[report])), found[0])

    def _require_nothing_before(self, report: int) -> None:
        """What was kept of positions before a report that was kept itself had its turn; as nothing was booked since, it changed nothing."""
        for earlier in self._kept_before(self.asked[report]):
            changes = self._changes(self.case.payloads[earlier])
            require(not changes, f"the report in row {earlier} was never booked", CONTEST)
            del self.asked[earlier]

    def _kept_before(self, seq: int) -> list[int]:
        """Reports of positions that were kept before this row."""
        kept = [report for report, by in self.asked.items() if 0 < by < seq]
        return [report for report in kept if self.case.rows[report]["kind"] == "PositionReported"]

    def _pass_over(self, seq: int) -> None:
        """Reports of positions that were kept, until the desk went on before this row."""
        for report in self._kept_before(seq):
            del self.asked[report]
        self.heard = 0

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
            self._move_findings(Moved(seq, "late deal"), row["happened_us"])
        begins = self._held(body["position_id"]) is None
        digits = digits_said(body.get("deal") or {}, seq)
        fresh = Deal("", "", False, "", 0, 0, 0, 0, said["t_us"], begins, self.day_label, 0, False, seq, digits)
        self.deals[body["deal_id"]] = _deal(said, net, fresh)
        self._move_balance(seq, row, body, net, _with(self.positions, told))
        self._raise_closed(seq, row)

    def _book_dividend(self, seq: int, row: Any, body: Any, said: Any) -> None:
        """Profit of trading: the balance moves, and nothing that is measured from does."""
        amount, told = self.case.minor(body["amount"], f"row {seq}"), self.case.minor(said["amount"], f"row {seq}")
        require(amount == told, f"row {seq} books {amount}, the platform reported {told}", CONTEST)
        require(said["cash_kind"] == "dividend", f"row {seq} books {said['cash_kind']} as a dividend", CONTEST)
        self._once(seq, "CashReported", body["cash_id"])
        if self.closing is not None and row["happened_us"] < self.day_us:
            self.closing = (self.closing[0] + amount, self.closing[1])
            self._move_findings(Moved(seq, "late dividend"), row["happened_us"])
        self._move_balance(seq, row, body, amount, self.positions)
        self._raise_closed(seq, row)

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

        self._tell_swap(seq, after.position_id, swap)
        if self.closing is not None:
            self.closing = (self.closing[0], restated(self.closing[1]))
        self._keep_book(row["happened_us"])
        self.positions = restated(self.positions)
        self.unscaled.discard(after.position_id)
        self.scaled.pop(after.position_id, None)
        digits, shift = digits_said(body, seq), shift_between(held.price_open, after.price_open)
        for name, deal in self.deals.items():
            if deal.position_id == after.position_id:
                price = in_points(deal.price, shift)
                self.deals[name] = deal._replace(symbol=after.symbol, price=price, digits=digits)

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
            self._move_findings(Moved(seq, "late deal"), deal_us)
        elif self.day is not None and deal_us < self.day_us:
            self.owed.append(Owed(("DayAnchored",), by=net))
        if self.week_us < self.day_us and deal_us < self.week_us:
            self._owe_week(net)
        elif not self.week_is_known and deal_us < self.day_us:
            self._owe_week(net, may=True)
        paid_us = self._cycle_began_us()
        if paid_us is None or deal_us < paid_us:
            self._owe_cycle(net, may=paid_us is None)
        self._owe_highs_since(deal_us, net, was.seq if was is not None else None)
        if was is not None and deletes:
            self._owe_day(was)
        self.earlier = [book for book in self.earlier if book.until_us <= deal_us]
        after = self.case.minor(body["balance"], f"row {seq}")
        fits = after == self._minor() + net
        require(fits, f"row {seq}: {self.balance} and {net} do not make {after}", CONTEST)
        self.balance, self.balance_at = after, f"{seq}/balance/minor"
        self.positions = _with(self.positions, told)
        self._raise_corrected(seq, self.case.rows[seq]["happened_us"])

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
        digits = digits_said(body, seq)
        self.deals[deal_id] = now if now.deleted else now._replace(digits=digits)
        own = {name: one for name, one in self.deals.items() if one.position_id == was.position_id}
        if not next(iter(own.values())).begins or was.position_id in self.clouded:
            self._require_of_position(seq, told, {"symbol": now.symbol, "position_id": now.position_id})
            return False
        self._require_together(seq, told, own, digits, "" if now.deleted else deal_id, was.swap - now.swap)
        return True

    def _require_together(
        self, seq: int, told: Position, own: dict[str, Deal], digits: int | None, new: str, swap_moved: int
    ) -> None:
        """The position after a correction is what its deals make of it. `new`: the one that was just told in the points of now."""
        held = self._held(told.position_id)
        is_said = digits is not None and all(one.digits is not None for one in own.values())
        shifts = {name: (digits or 0) - (one.digits or 0) for name, one in own.items()}
        if not is_said:
            shift = shift_to_make(told, own, new)
            shifts = {name: 0 if name == new else shift for name in own}
        as_now = {
            name: one._replace(symbol=told.symbol, price=in_points(one.price, shifts[name]), digits=digits)
            for name, one in own.items()
        }
        side, lots, price, opened_us = taken_together(list(as_now.values()))
        swap = (held.swap if held is not None else 0) + swap_moved if lots else 0
        right = told.lots_e8 == lots and told.swap == swap
        right = right and (not lots or (told.side, told.opened_us, told.price_open) == (side, opened_us, price))
        require(right, f"row {seq} does not leave the position as its deals do", CONTEST)
        self.deals.update(as_now)
        shifted = any(shifts.values())
        if lots and shifted:
            self.rescaled.append(seq)
        if is_said and (shifted or held is None):
            self.scaled[told.position_id] = digits
        if shifted or (held is None and not is_said):
            self.unscaled.add(told.position_id)

    def require_points(self, book: Book, exhibits: list[tuple[int, Any]]) -> None:
        """An opening price that a correction brought back is in the points of the price that it is held against, as the rows say.

        Where they say that the points were others before, or nothing of it, it is at least of the size of that price.
        """
        quotes = {body["symbol"]: body for _, body in exhibits}
        for one in book.positions:
            name, alike = one.position_id, True
            if name in self.scaled:
                alike = self.scaled[name] == digits_of(quotes[one.symbol])
            if name in self.unscaled:  # a row of the firm alone says that the symbol had others, or none does
                alike = alike and not shift_between(one.price_open, quotes[one.symbol]["bid"])
            require(alike, f"position {name} opened at {one.price_open}, its price is in other points", CONTEST)

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
            self.owed.append(Owed(("TradingDayUncounted",), "a deleted deal must take back its day"))
            self.owed_day = was.day

    def _owe_highs_since(self, deal_us: int, net: int, booked: int | None) -> None:
        """A high moves with a deal of before it was reached, or that made it. Where nobody can tell whether it did, it may.

        Of closes of one instant the rows tell the order. `booked`: the deal's; None: not known.
        """
        self.highs_before = dict(self.highs)
        for key in self.needs.highs:
            high = self.highs.get(key)
            at_us = high.at_us if high is not None else None
            same = key.of.startswith("closed") and deal_us == at_us
            may = at_us is None or (same and booked is None)
            made = same and high is not None and booked is not None and high.row >= booked
            if may or made or (at_us is not None and deal_us < at_us):
                self._owe_high(key, by=net, may=may)

    def _owe_week(self, by: int, may: bool = False) -> None:
        """The week's start moves by a row of its own, where the day's is another one, or not final."""
        if self.needs.week and self.day is not None:
            self.owed.append(Owed(("WeekStartMoved",), by=by, may=may))

    def _owe_cycle(self, by: int, may: bool = False) -> None:
        """Of a payout cycle what it is measured from moves, once one has begun with a payout."""
        if self.needs.cycle and (self.cycle is not None or not self.cycle_is_known):
            self.owed.append(Owed(("CycleStartMoved",), by=by, may=may or not self.cycle_is_known))

    def _cycle_began_us(self) -> int | None:
        """When the payout was made with which the cycle began, where that is in the file."""
        number = None if self.cycle is None else self.case.payloads[self.cycle]["number"]
        return next((payout.at_us for payout in self.payouts if payout.number == number), None)

    def _owe_high(self, key: Key, by: int | None = None, to: int | None = None, may: bool = False) -> None:
        # Releases that knew one high alone, that of the days, had a row for it.
        is_first = self.case.ruleset["semantics"] == 1
        kinds = ("HighMoved", "RolloverHighMoved") if is_first else ("HighMoved",)
        self.owed.append(Owed(kinds, key=key, by=by, to=to, may=may))

    def _book_cash(self, seq: int, row: Any, body: Any, said: Any) -> None:
        profits = said["cash_kind"] == "dividend" or (said["cash_kind"] == "payout" and said["amount"]["minor"] < 0)
        require(not profits, f"row {seq} books a {said['cash_kind']} as a deposit or withdrawal", CONTEST)
        amount, told = self.case.minor(body["amount"], f"row {seq}"), self.case.minor(said["amount"], f"row {seq}")
        require(amount == told, f"row {seq} books {amount}, the platform reported {told}", CONTEST)
        self._once(seq, "CashReported", body["cash_id"])
        net, before = self.case.minor(body["net"], f"row {seq}"), self.cash[1]
        require(
            before is None or net == before + amount, f"row {seq}: {before} and {amount} do not make {net}", CONTEST
        )
        self.cash = (seq, net)
        if self.closing is not None:
            self.closing = (self.closing[0] + amount, self.closing[1])
        self._move_findings(Moved(seq, "deposit or withdrawal"))
        self.highs_before = dict(self.highs)
        if self.day is not None:
            self.owed.append(Owed(("DayAnchored" if self.closing is None else "DayStartMoved",), by=amount))
            if self.week_us < self.day_us or self.closing is not None or not self.week_is_known:
                self._owe_week(amount, may=not self.week_is_known)
        self._owe_cycle(amount)
        for key in self.needs.highs:
            self._owe_high(key, by=amount)
        if self.needs.follows_prices and self.day is not None:
            self.owed.append(Owed(("PeakReached",)))
        self._move_balance(seq, row, body, amount, self.positions)

    def _book_payout(self, seq: int, row: Any, body: Any, said: Any) -> None:
        """The balance comes down by the profit that is taken. Of the highs those move that the rules say move with it."""
        profit, paid = self.case.minor(body["profit"], f"row {seq}"), self.case.minor(body["paid"], f"row {seq}")
        told, number = self.case.minor(said["amount"], f"row {seq}"), body["number"]
        require(profit == -told, f"row {seq} pays {profit} out, the platform reported {told}", CONTEST)
        require(said["cash_kind"] == "payout", f"row {seq} books {said['cash_kind']} as a payout", CONTEST)
        require(0 <= paid <= profit, f"row {seq} pays the trader {paid} of {profit}", CONTEST)
        self._once(seq, "CashReported", body["cash_id"])
        newest = self.payouts[-1].number if self.payouts else 0 if self.case.is_whole else None
        follows = type(number) is int and (number > 0 if newest is None else number == newest + 1)
        require(follows, f"row {seq} is payout {number}, the newest was {newest}", CONTEST)
        self.payouts.append(Payout(seq, number, row["happened_us"]))
        self.cycle, self.cycle_is_known = seq, True
        self.highs_before = dict(self.highs)
        start = None if self.cash[1] is None else self.case.initial["minor"] + self.cash[1]
        for key in self.needs.highs:
            if key.on_payout == "high_less_payout":
                self._owe_high(key, by=-profit)
            elif key.on_payout == "reset_to_initial":
                self._owe_high(key, to=start)
        # Limits that follow every price treat payouts alike, or the ruleset is not published.
        following = next(
            (rule.term["on_payout"] for rule in self.case.rules if rule.is_limit and follows_prices(rule.term)), "none"
        )
        if following in FALLS_WITH_PAYOUTS and self.day is not None:
            # What prices brought before stays reached, where nothing lowers that.
            for key in (key for key in self.needs.highs if (key.of, key.on_payout) == ("priced", "none")):
                marks = [self.highs[one].minor for one in (key, PEAK) if one in self.highs]
                self._owe_high(key, to=max(marks) if len(marks) > 1 else None)
            self.owed.append(Owed(("PeakReached",), to=start if following == "reset_to_initial" else None))
        self._move_balance(seq, row, body, -profit, self.positions)

    def _post_swap(self, seq: int, row: Any, body: Any, said: Any) -> None:
        swap, told = self.case.minor(body["swap"], f"row {seq}"), self.case.minor(said["swap"], f"row {seq}")
        require(swap == told, f"row {seq} posts a swap of {swap}, the platform reported {told}", CONTEST)

        def posted(positions: list[Position]) -> list[Position]:
            name, at = body["position_id"], f"{seq}/swap/minor"
            return [one._replace(swap=swap, swap_at=at) if one.position_id == name else one for one in positions]

        self._tell_swap(seq, body["position_id"], swap)
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

    def _move_findings(self, moved: Moved, made_us: int = 0) -> None:
        """What was made at the instant of a breach or after it was not in the equity that was seen."""
        self.findings = [
            one._replace(moved=[*one.moved, moved]) if made_us < one.at_us else one for one in self.findings
        ]

    def _tell_swap(self, seq: int, position_id: str, swap: int) -> None:
        """While the day's start is not final, the swap of what is held since the day before is what the night cost."""
        held = self._held(position_id)
        carried = self.closing is not None and any(one.position_id == position_id for one in self.closing[1])
        if held is not None and carried and held.swap != swap:
            self._move_findings(Moved(seq, "swap", held.swap_at))

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
        self.cash = (0, 0)
        self.highs = {key: High(self.balance, self.balance_at, 0, True) for key in self.needs.highs}

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
        self._require_floors(seq, body.get("checked", []))
        self.day_opened, self.spent = seq, {}
        self._turn_over(seq, body["day"])
        self.day, self.day_cause, self.since_us, self.earlier = seq, row["cause"], self.day_us, []
        self.closing = (balance, held) if body["provisional"] else None
        self.closing_is_whole, self.closing_is_corrected = True, False
        self.ended_with = {one["rule"]: place for place, one in enumerate(body.get("checked", []))}
        worth = balance
        if body["priced"]:
            exhibits = exhibits_of(self.case, body["quotes"], row["cause"])
            worth = equity_of(Working(self.case), self.now(), exhibits, seq).value
            self.require_points(self.now(), exhibits)
        require(equity == worth, f"row {seq} begins the day with an equity of {equity}, it was {worth}", CONTEST)
        self._begin_highs(seq, balance, equity, self._begin_week(seq))
        if not body["provisional"]:
            self._raise_days()

    def _require_floors(self, seq: int, checked: list[Any]) -> None:
        """The floors with which the day ends, of limits that a rollover alone can break; where the rows that they rest on are here."""
        rules = [rule for rule in self.case.rules if rule.is_limit and rule.term["checked"] == "at_rollover"]
        if self.day is None or not self.case.is_whole:
            return
        named = [one["rule"] for one in checked]
        require(named == [rule.id for rule in rules], f"row {seq} ends the day with the floors of {named}", CONTEST)
        for rule, one in zip(rules, checked):  # noqa: B905  (Python 3.8)
            if is_known(rule):
                floor, said = (
                    floor_of(Working(self.case), self.case, self, rule).value,
                    self.case.minor(one["floor"], f"row {seq}"),
                )
                require(
                    said == floor,
                    f"row {seq} ends the day with a floor of {said} under {rule.id!r}, it was {floor}",
                    CONTEST,
                )
                self.floors_followed.add(seq)

    def _begin_week(self, seq: int) -> bool:
        """The first day of a calendar week begins it. Of the file's first day nobody can tell, unless it is a Monday."""
        known, label = self.week_label, self.day_label
        if known and week_of(known) == week_of(label):
            return False
        cited = self.case.payloads[self.week]["day"] if not known and self.week is not None else None
        if cited is not None and week_of(cited["label"]) == week_of(label):  # before these rows, as the decision says
            self.week_us, self.week_label, self.week_is_known = cited["start_us"], label, True
            return False
        first = self.case.is_whole or bool(known) or date.fromisoformat(label).weekday() == 0
        self.week, self.week_us, self.week_label, self.week_is_whole = seq, self.day_us, label, first
        self.week_is_known = first
        return True

    def _begin_highs(self, seq: int, balance: int, equity: int, begins_week: bool) -> None:
        """The highs of a day begin anew with it, those of a week with its first day; the ended day's peak is one of the week's."""
        peak, closed = self.highs.get(PEAK), dict(self.highs)
        lower = min((balance, "balance"), (equity, "equity"), key=lambda mark: mark[0])
        for key in self.needs.highs:
            if key.of == "priced" and peak is not None:
                self._raise(key, peak.minor, peak.at, self.day_us)
            if key.of == "closed_yesterday":
                yesterday = closed.get(key._replace(of="closed"))
                self.highs.update({key: yesterday} if yesterday is not None else {})
            elif key.scope == "day" or (key.scope == "week" and begins_week and not self._is_cited_since(key)):
                minor, name = (balance, "balance") if key.of == "closed" else lower
                is_whole = key.scope == "day" or self.week_is_whole
                self.highs[key] = High(minor, f"{seq}/{name}/minor", self.day_us if is_whole else None, is_whole)
        if peak is None or self.needs.peak_of_day:
            self.highs[PEAK] = High(equity, f"{seq}/equity/minor", self.day_us, True)

    def _is_cited_since(self, key: Key) -> bool:
        """Whether the decision takes a week's high from before these rows, where nobody can tell whether their first day begins it."""
        return not self.week_is_whole and key in self.highs

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
            label, *bounds = day_at(zone, rules, start_us)
            dated = f"{CONTEST}, unless this machine's time zones are out of date"
            said = f"row {seq} begins a day from {start_us} to {end_us}, in {rules['zone']} it is {bounds[0]} to {bounds[1]}"
            require(bounds == [start_us, end_us], said, dated)
            require(label == day["label"], f"row {seq} calls day {label} {day['label']}", dated)
        self.day_us, self.day_end_us, self.day_label = start_us, end_us, day["label"]
        self.days_begun.add(self.day_label)

    def _anchor_day(self, seq: int, row: Any, body: Any) -> None:
        """The day's start becomes final, or cash moves it when it is."""
        if self.closing is None:
            self._move_start(seq, row, body)
            self._fix_start(seq, adjusted=self._is_adjusted(seq, body))
            return
        require(not body.get("adjusted"), f"row {seq} says that people set a mark, and none did", CONTEST)
        figures, before = self._start_of(seq, body)
        wanted = [self.closing[0], figures[1]]
        if self.closing_is_whole and (not self.closing[1] or not body["priced"]):
            wanted[1] = wanted[0]
        elif figures != before or self.closing_is_corrected:
            self.taken[seq] = "" if self.closing_is_whole else CORRECTED_MEANWHILE
        require(figures == wanted, f"row {seq} fixes the day's start at {figures}, it was {wanted}", CONTEST)
        self._fix_start(seq)
        self.closing = None

    def _is_adjusted(self, seq: int, body: Any) -> bool:
        """Whether people set a mark of the day, in this row or before it: it is reached by nobody, and raises no high of more than the day.

        Releases that did not say so took it for one that was reached.
        """
        adjusted, before = bool(body.get("adjusted")), self.case.payloads.get(self.day or 0, {})
        may = bool(self._due_in(seq).mark) or bool(before.get("adjusted"))
        require(may or not adjusted, f"row {seq} says that people set a mark, and none did", CONTEST)
        must = bool(before.get("adjusted"))
        require(adjusted or not must, f"row {seq} forgets that people set a mark of this day", CONTEST)
        return adjusted

    def _fix_start(self, seq: int, *, adjusted: bool = False) -> None:
        """The day's start is final in this row: the week's too, where it is its first day, and the day's peak, if it is still its start."""
        peak = self.highs.get(PEAK)
        if self.needs.peak_of_day and peak is not None and peak.row == self.day and not adjusted:
            equity = self.case.look_up(f"{seq}/equity/minor")
            self.highs[PEAK] = High(equity, f"{seq}/equity/minor", self.day_us, True)
        self.day = seq
        if self.week_us == self.day_us:
            self.week = seq
        if adjusted:
            self._set_days()
        else:
            self._raise_days()

    def _move_start(self, seq: int, row: Any, body: Any) -> None:
        """Cash moves the day's start, whether it is final or not."""
        figures, before = self._start_of(seq, body)
        due = self._due_in(seq)
        moved = due.by or 0
        wanted = [before[0] + moved, before[1] + moved]
        if due.mark and due.to is not None:
            wanted[("balance", "equity").index(due.mark)] = due.to
        require(figures == wanted, f"row {seq} moves the day's start to {figures}, it was {wanted}", CONTEST)
        if self.day in self.taken:
            self.taken[seq] = self.taken[self.day]
        if row["kind"] == "DayStartMoved":
            self.day = seq

    def _move_week(self, *told: Any) -> None:
        """Cash of a later day, or a corrected deal of before it, moves the week's start from the row that held it."""
        seq, _, body = told
        due, was, day = self._due_in(seq), body["was"], body["day"]
        if self.week_is_known:
            require(
                was == self.week, f"row {seq} moves the week's start from row {was}, it was in row {self.week}", CONTEST
            )
        row = self.case.rows.get(was, {"kind": "", "account": 0})
        held = is_start_of_week(self.case, row) and self.case.payloads[was]["day"] == day and was < seq
        # Of the running day, once that is final, the row of the day's start has moved the week's already.
        last_us = self.day_us if self.closing is not None else self.day_us - 1
        same = held and day["start_us"] <= last_us and week_of(day["label"]) == week_of(self.day_label)
        require(same, f"row {was} is no start of the week of row {seq}", CONTEST)
        names = ("balance", "equity")
        figures = [self.case.minor(body[name], f"row {seq}") for name in names]
        wanted = [self.case.look_up(f"{was}/{name}/minor") + (due.by or 0) for name in names]
        require(figures == wanted, f"row {seq} moves the week's start to {figures}, it was {wanted}", CONTEST)
        if was in self.taken:
            self.taken[seq] = self.taken[was]
        self.week, self.week_us, self.week_is_known = seq, day["start_us"], True

    def _move_cycle(self, *told: Any) -> None:
        """Cash, or a corrected deal of before the payout, moves what the cycle is measured from, from the row that held it."""
        seq, _, body = told
        due, was = self._due_in(seq), body["was"]
        if self.cycle_is_known:
            held = f"row {seq} moves the cycle's start from row {was}, it was in row {self.cycle}"
            require(was == self.cycle, held, CONTEST)
        row = self.case.rows.get(was, {"kind": "", "account": 0})
        same = is_start_of_cycle(self.case, row) and was < seq and self.case.payloads[was]["number"] == body["number"]
        require(same, f"row {was} is no start of the payout cycle of row {seq}", CONTEST)
        after = self.case.minor(body["balance"], f"row {seq}")
        wanted = self.case.look_up(f"{was}/balance/minor") + (due.by or 0)
        require(after == wanted, f"row {seq} moves the cycle's start to {after}, it was {wanted}", CONTEST)
        self.cycle, self.cycle_is_known = seq, True

    def _grant(self, *told: Any) -> None:
        """People made an exception. A mark that they set is told by the row that tells it of every other cause, to the figure."""
        seq, _, body = told
        wanted = body["override"]
        self.exceptions.append(seq)
        if wanted["override"] != "adjust_mark":
            return
        why, to = "people set a mark", wanted["minor"]
        require(type(to) is int, f"row {seq} sets a mark to {to!r}", CONTEST)
        if wanted["mark"] != "high":
            self.owed.append(Owed(("DayAnchored",), why, to=to, mark=wanted["mark"].partition("_")[2]))
            return
        terms = [rule.term for rule in self.case.rules if rule.is_limit and rule.id == wanted["rule"]]
        for key in (key for term in terms for key in [*followed_by(term, self.needs.peak_of_day), *locked_by(term)]):
            self.owed.append(Owed(("HighMoved",), why, key=key, to=to))

    def _start_of(self, seq: int, body: Any) -> tuple[list[int], list[int]]:
        """Balance and equity at the day's start, as the row says them and as they were known before it."""
        require(self.day is not None, f"row {seq} fixes the start of a day that never began", CONTEST)
        names = ("balance", "equity")
        figures = [self.case.minor(body[name], f"row {seq}") for name in names]
        return figures, [self.case.look_up(f"{self.day}/{name}/minor") for name in names]

    def _due_in(self, seq: int) -> Owed:
        """What was just booked without a trade, or corrected, which alone may move a mark that is final."""
        require(
            self.due is not None, f"row {seq} moves a mark, and no deposit, withdrawal or correction caused it", CONTEST
        )
        return self.due or Owed(())

    def _raise_peak(self, *told: Any) -> None:
        seq, _, body = told
        equity = self.case.minor(body["equity"], f"row {seq}")
        begins = self.due.to if self.due is not None else None
        require(begins in (None, equity), f"row {seq} moves the peak to {equity}, it begins anew at {begins}", CONTEST)
        self.highs[PEAK] = High(equity, f"{seq}/equity/minor", None, True)

    def _raise(self, key: Key, minor: int, at: str, at_us: int) -> None:
        """A mark that may be the highest. Of before the file's rows there may be a higher one, unless the decision cites it."""
        high = self.highs.get(key)
        if high is None:
            self.highs[key] = High(minor, at, None, False)
        elif minor > high.minor:
            self.highs[key] = High(minor, at, at_us if high.is_whole else None, high.is_whole)

    def _raise_closed(self, seq: int, row: Any) -> None:
        """A trade, or a dividend, left another balance."""
        for key in self.needs.highs:
            if key.of == "closed":
                self._raise(key, self._minor(), f"{seq}/balance/minor", row["happened_us"])

    def _raise_corrected(self, seq: int, at_us: int) -> None:
        """A correction left another balance, which may be the highest one where the high does not move with it."""
        moves = {one.key: one.may for one in self.owed if one.key is not None}
        for key in self.needs.highs:
            if key.of == "closed" and moves.get(key, True):
                self._raise(key, self._minor(), f"{seq}/balance/minor", at_us)
            if key.of == "closed" and moves.get(key) and key in self.highs:
                self.highs[key] = self.highs[key]._replace(at_us=None)  # it was raised now, or moves at once

    def _raise_days(self) -> None:
        """The highest marks at any rollover, for floors that trail at the end of the day."""
        for key in self.needs.highs:
            mark = self.day_mark(key.of)
            if mark is not None:
                self._raise(key, mark.minor, mark.at, self.day_us)

    def _set_days(self) -> None:
        """People set a mark of the day: highs of the day alone begin with it."""
        for key in self.needs.highs:
            mark = self.day_mark(key.of)
            if mark is not None and key.scope == "day":
                self.highs[key] = mark

    def day_mark(self, of: str) -> High | None:
        """The mark at the start of the running day that such a high follows, and where it is."""
        if of not in OF_DAYS or self.day is None:
            return None
        marks = [(self.case.look_up(f"{self.day}/{name}/minor"), name) for name in OF_DAYS[of]]
        value, name = min(marks) if of == "day_lower" else max(marks)
        return High(value, f"{self.day}/{name}/minor", self.day_us, True)

    def _move_high(self, seq: int, row: Any, body: Any) -> None:
        due, after = self._due_in(seq), self.case.minor(body["high"], f"row {seq}")
        keys = [key for key in self.needs.highs if key == due.key]
        if row["kind"] == "RolloverHighMoved":  # there was one high of days alone
            keys = [key for key in self.needs.highs if key.of in OF_DAYS]
            self.owed = [one for one in self.owed if one.key is None]
        for key in keys:
            self._move_to(seq, key, after, due)

    def _move_to(self, seq: int, key: Key, after: int, due: Owed) -> None:
        """A high comes to stand elsewhere, and is cited from this row on; when it was reached stays."""
        before, now = self.highs_before.get(key), self.highs.get(key)
        least, is_whole = due.to, due.to is not None
        if least is None and due.by is not None and before is not None:
            least, is_whole = before.minor + due.by, before.is_whole
        right = least is None or after == least or (not is_whole and after > least)
        require(right, f"row {seq} moves the highest mark to {after}, which is not by {due.by}", CONTEST)
        row = before.row if before is not None else 0
        if not is_whole or row in self.taken:
            self.taken[seq] = self.taken.get(row, "")
        self.highs[key] = High(after, f"{seq}/high/minor", now.at_us if now is not None else None, True)

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
        deleted = deleted and (self.due is None or label == self.owed_day)
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
        self.findings = [*others, Finding(seq, body["rule"], self.day_us, body["at_us"], [])]
        self.spent.pop(body["rule"], None)

    def _declare(self, *told: Any) -> None:
        seq, _, body = told
        rule = self.case.rule(body["rule"])
        confirms = not body["late"] and any(one.rule == rule.id for one in self.findings)
        if confirms or is_hard(self.consequence_in(seq, rule, body)):
            self.findings, self.broken, self.spent = [], seq, {}
            return
        self.findings = [finding for finding in self.findings if finding.rule != rule.id]
        self.spent[rule.id] = (seq, not self.positions if body.get("does") == "close_positions" else None)
        self.strikes.append(Strike(rule.id, body["at_us"], self.day_label))

    def _stand(self, *told: Any) -> None:
        self.is_closed = told[2]["after"] in ("breached", "closed", "passed")

    def _break_rule(self, *told: Any) -> None:
        """A rule that is no loss limit was broken; where that ends the account, nothing else is open."""
        seq, _, body = told
        if body["does"] == "fail":
            self.findings, self.broken, self.spent = [], seq, {}

    def consequence_in(self, seq: int, rule: Rule, body: Any) -> Any:
        """What a breach in this row does, which is what the rule says of its next strike."""
        said = body.get("does")
        if "on_breach" not in rule.term:
            return said
        may = self.consequences_of(rule)
        # Releases that knew failures and pauses alone did not write it.
        unsaid = said is None and self.case.ruleset["semantics"] == 1
        fits = unsaid or said in may
        require(
            fits, f"row {seq} says that the breach does {shown(said)}, by the rule it does {shown(may[0])}", CONTEST
        )
        return may[0] if unsaid else said

    def consequences_of(self, rule: Rule) -> list[Any]:
        """What the next breach of a rule does; several answers where strikes of before the file's rows may count too."""
        does: list[Any] = rule.term["on_breach"]
        within = rule.term.get("strikes_within", "phase")
        struck = sum(one.rule == rule.id and self.counts(one, within) for one in self.strikes)
        least = min(struck, len(does) - 1)
        return does[least:] if self._may_have_more(rule) else does[least : least + 1]

    def counts(self, strike: Strike, within: str) -> bool:
        since_us = {"cycle": self.payouts[-1].at_us if self.payouts else 0, "week": self.week_us}.get(within, 0)
        return strike.day == self.day_label if within == "day" else strike.at_us >= since_us

    def _may_have_more(self, rule: Rule) -> bool:
        within = rule.term.get("strikes_within", "phase")
        if self.case.is_whole or within == "day":
            return False
        paid = bool(self.payouts) and self.payouts[-1].seq >= self.case.anchor
        return not (paid if within == "cycle" else within == "week" and self.week_is_whole)

    def _correct(self, *told: Any) -> None:
        if told[2]["verdict"] in ("questioned", "withdrawn"):
            return  # a question answers nothing
        decision = told[2]["decision"]
        self.findings = [finding for finding in self.findings if finding.seq != decision]
        self.spent = {rule: one for rule, one in self.spent.items() if one[0] != decision}
        self.broken = 0 if self.broken == decision else self.broken


# days


def zone_of(name: Any) -> Any:
    """The time zone of that name; None where this machine knows none."""
    try:
        return ZoneInfo(name) if ZoneInfo is not None else None
    except (KeyError, ValueError, OSError):
        return None


def day_at(zone: Any, rules: dict[str, Any], instant_us: int) -> tuple[str, int, int]:
    """The trading day that holds an instant: its label, its first instant, and that of the next one."""
    rollover, one = rules["rollover"], timedelta(days=1)
    local = at_instant(instant_us).astimezone(zone).date()
    # The rollover of the local date may still lie ahead, and a gap can push it past midnight: try from the next day back.
    dates = [day for day in (local + one, local, local - one) if rollover_instant(zone, rollover, day) <= instant_us]
    require(bool(dates), f"no trading day holds instant {instant_us}", CONTEST)
    first = last = dates[0]
    # A holiday that does not end with a rollover is one with the day after it.
    while called(first - one, rules) in rules.get("merged", ()):
        first -= one
    while called(last, rules) in rules.get("merged", ()):
        last += one
    return called(last, rules), rollover_instant(zone, rollover, first), rollover_instant(zone, rollover, last + one)


def called(start: date, rules: dict[str, Any]) -> str:
    """The label of the day that begins on this local date."""
    return (start + timedelta(days=1) if rules.get("label") == "end" else start).isoformat()


def week_of(label: str) -> Any:
    """The calendar week of a day: weeks begin on Monday."""
    return date.fromisoformat(label).isocalendar()[:2]


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


def digits_said(body: Any, seq: int) -> int | None:
    """The digits that a row says a symbol has; None where it does not."""
    digits = body.get("digits")
    if digits is None:
        return None
    require(type(digits) is int and 0 <= digits < DIGITS_MAX, f"row {seq} has no believable digits", CONTEST)
    return int(digits)


def shift_to_make(told: Position, own: dict[str, Deal], new: str) -> int:
    """By how many digits the points of deals changed so that they make the opening price that is told; none, where none does.

    `new`: the deal that was just told in the points of now.
    """
    for shift in SHIFTS:
        moved = [one._replace(price=in_points(one.price, 0 if name == new else shift)) for name, one in own.items()]
        _, lots, price, _ = taken_together(moved)
        if not lots or price == told.price_open:
            return shift
    return 0


def in_points(price: int, shift: int) -> int:
    """A price in points of so many more digits, rounded half away where there are fewer; a price stays one."""
    return price * 10**shift if shift >= 0 else max(1, half_away(price, 10**-shift))


def shift_between(before: int, after: int) -> int:
    """By how many digits the points of a price changed: the shift that comes nearest to it, mostly none."""
    return min(SHIFTS, key=lambda shift: abs(in_points(before, shift) - after))


def _with(positions: list[Position], after: Position) -> list[Position]:
    others = [one for one in positions if one.position_id != after.position_id]
    return [*others, after] if after.lots_e8 else others


# === 8. The working, built once more from the rows and the rules ===


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
        self.rests_on_cash = False  # whether it measures from all that was paid in and out
        self._names: set[str] = set()

    def given(self, name: str, source: str, unit: str) -> Term:
        """A figure with the place it is from; what there is none of is 0, and from nowhere."""
        return self._step(name, "given", [], self.case.look_up(source) if source else 0, unit, source)

    def plus(self, name: str, left: Term, right: Term) -> Term:
        return self._step(name, "plus", [left, right], left.value + right.value, left.unit)

    def minus(self, name: str, left: Term | int, right: Term | int) -> Term:
        unit = left.unit if isinstance(left, Term) else ""
        return self._step(name, "minus", [left, right], number(left) - number(right), unit)

    def times(self, name: str, left: Term | int, right: Term | int, unit: str) -> Term:
        return self._step(name, "times", [left, right], number(left) * number(right), unit)

    def divided_rounded_down(self, name: str, left: Term, right: int, unit: str) -> Term:
        return self._step(name, "divided_rounded_down", [left, right], left.value // right, unit)

    def divided_rounded_up(self, name: str, left: Term, right: int, unit: str) -> Term:
        return self._step(name, "divided_rounded_up", [left, right], -(-left.value // right), unit)

    def divided_rounded_half_away(self, name: str, left: Term, right: Term | int, unit: str) -> Term:
        return self._step(name, "divided_rounded_half_away", [left, right], half_away(left.value, number(right)), unit)

    def lowest(self, name: str, *terms: Term) -> Term:
        return self._step(name, "lowest", list(terms), min(term.value for term in terms), terms[0].unit)

    def highest(self, name: str, *terms: Term) -> Term:
        return self._step(name, "highest", list(terms), max(term.value for term in terms), terms[0].unit)

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
    require(
        len(said) == len(built),
        f"the working goes on after its last step, {built[-1]['name'] if built else ''!r}",
        CONTEST,
    )


def shown(value: Any) -> str:
    is_money = isinstance(value, dict) and "currency" in value
    return f"{value['minor']} {value['currency']}" if is_money else json.dumps(value)


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


# === 9. A decision about a loss limit, and a pass ===


class Judged(NamedTuple):
    """What a decision must say. `basis`: where its equity was worked out, with the prices: here, or in the suspicion it confirms."""

    basis: Case
    told: list[str]


def check_decision(case: Case) -> Judged:
    """Build the decision once more and hold it against what the firm wrote, step by step and figure by figure."""
    if case.kind in RULE_FACTS:
        return check_rule(case)
    if case.kind == "StandingChanged":
        return check_ending(case)
    account: Account = Account(case) if case.is_breach else Conduct(case)  # who passes has days and trades that count
    calc, rule, basis = Figures(case), case.rule(case.fact["rule"]), case
    finding = confirmed_by(case, account, rule)
    earlier = check_decision(case.other(finding.seq)) if finding is not None else None
    if earlier is not None:
        basis = earlier.basis
    unknown = [one for one in rules_behind(case, rule) if not is_known(one)]
    before = earlier.told if earlier is not None else []
    if unknown:
        names = ", ".join(f"{one.id!r} ({one.kind})" for one in unknown)
        why = f"the definition of {names} is not in this verifier"
        told = [*before, *done_again(case, account, rule, why)]
        return Judged(basis, list(dict.fromkeys(told + gaps(case, account, calc))))
    try:
        wanted, told = worked_out(calc, case, account, rule, finding)
    except Beyond as beyond:
        told = [*before, *done_again(case, account, rule, f"the file does not hold {beyond}")]
        return Judged(basis, list(dict.fromkeys(told + gaps(case, account, calc))))
    told = [*before, *told]
    require_same_working(case.fact["working"], calc.steps)
    for name, value in wanted.items():
        said = case.fact.get(name)
        same = json.dumps(said) == json.dumps(value)
        require(same, f"the decision says {name} {shown(said)}, the rows and the rules give {shown(value)}", CONTEST)
    answer = calc.steps[-1]["value"]
    require(answer == 1, "the last step's answer is no: by its own arithmetic the decision is wrong", CONTEST)
    told = [
        *told,
        f"{len(calc.steps)} steps of row {case.decision}, built once more from the rows and the rules alone: the same",
    ]
    return Judged(basis, list(dict.fromkeys(told + gaps(case, account, calc))))


def worked_out(
    calc: Figures, case: Case, account: Account, rule: Rule, finding: Finding | None
) -> tuple[dict[str, Any], list[str]]:
    """The working in `calc`; what the decision must say by it, and what that shows."""
    if not case.is_breach:
        return won(calc, case, account, rule)
    if finding is not None:
        return confirmed(calc, case, account, rule, finding)
    if rule.is_limit and rule.term["checked"] == "at_rollover":
        return broken_at_rollover(calc, case, account, rule)
    return broken(calc, case, account, rule)


def confirmed_by(case: Case, account: Account, rule: Rule) -> Finding | None:
    """The suspicion that the decision makes final."""
    if case.kind != "BreachDeclared" or case.fact["late"]:
        return None
    return next((one for one in account.findings if one.rule == rule.id), None)


def rules_behind(case: Case, rule: Rule) -> list[Rule]:
    """The rules that the decision follows from: the one that broke, or all that must be met to pass."""
    if case.is_breach:
        return [rule]
    return [one for one in case.rules if is_objective(one) or is_at_target(one)]


def broken(calc: Working, case: Case, account: Account, rule: Rule) -> tuple[dict[str, Any], list[str]]:
    """A breach, declared or suspected: the equity at the cited prices (or the balance) against the floor of the rule."""
    require(rule.is_limit, f"rule {rule.id!r} is no limit that can break", CONTEST)
    late = case.fact["late"]
    exhibits = exhibits_of(case, case.fact["quotes"], case.cause)
    book = account.as_of(case.fact["at_us"]) if late else account.now()
    require(
        not late or bool(book.positions), "a price that came late says nothing of a book that holds nothing", CONTEST
    )
    observed = measured(calc, rule.term, equity_of(calc, book, exhibits, case.decision), book)
    account.require_points(book, exhibits)
    untimely = check_instant(case, account, rule, exhibits)
    require_not_spent(case, account, rule)
    floor = floor_of(calc, case, account, rule)
    compare(calc, rule.term, observed, floor)
    wanted, unsure = verdict(case, account, rule, observed, floor)
    wanted["quotes"] = [seq for seq, _ in exhibits]
    when = f"at instant {case.fact['at_us']}" if late else f"as of row {account.last}"
    return wanted, [
        f"{account.bookings} booking(s), each with the platform's own report of it, and no report without its booking",
        f"the book {when}: the newest balance, and {len(book.positions)} open position(s); nothing left out, nothing added",
        floor_told(account, rule.term),
        *unsure,
        *untimely,
        *older_prices(book, exhibits),
    ]


def require_not_spent(case: Case, account: Account, rule: Rule) -> None:
    """A limit that had positions closed is broken again on that day with what is opened after that, and with nothing else."""
    seq, closed = account.spent.get(rule.id, (0, None))
    struck = [one for one in account.strikes if one.rule == rule.id and account.counts(one, rule.term["scope"])]
    idle = case.fact.get("does") == "close_positions" and bool(struck) and not account.positions
    require(not idle, f"the breach of {rule.id!r} closes positions, and none is open", CONTEST)
    anew = closed is None or (closed and bool(account.positions))
    since = ", and nothing was opened since everything was closed"
    require(anew, f"row {seq} says already that {rule.id!r} was broken on that day{since}", CONTEST)


def broken_at_rollover(calc: Working, case: Case, account: Account, rule: Rule) -> tuple[dict[str, Any], list[str]]:
    """A breach that the marks of a rollover show, once they are final: they are held against the floor with which the day before ended."""
    final = account.closing is None and account.day is not None and case.rows[account.day]["cause"] == case.cause
    require(final, f"row {case.decision} judges no rollover that became final with row {case.cause}", CONTEST)
    require(rule.id in account.ended_with, f"row {account.day_opened} holds no floor of {rule.id!r}", CONTEST)
    equity, balance = (
        calc.given(f"{name} at the rollover", f"{account.day}/{name}/minor", "minor") for name in ("equity", "balance")
    )
    source = f"{account.day_opened}/checked/{account.ended_with[rule.id]}/floor/minor"
    floor = calc.given("floor with which the day ended", source, "minor")
    observed = of_two(calc, rule.term, equity, balance)
    compare(calc, rule.term, observed, floor)
    wanted, unsure = verdict(case, account, rule, observed, floor)
    wanted.update(at_us=account.day_us, late=False)
    followed = account.day_opened in account.floors_followed
    shows = "worked out from the rule and the rows before" if followed else f"as row {account.day_opened} holds it"
    said = [f"the marks of the rollover in row {account.day}, against the floor with which the day ended, {shows}"]
    if not followed:
        said.append(
            f"NOT shown: that the day ended with the floor in row {account.day_opened}; the rows before are not in the file"
        )
    return wanted, [*said, *unsure]


def verdict(case: Case, account: Account, rule: Rule, observed: Term, floor: Term) -> tuple[dict[str, Any], list[str]]:
    """What a breach says that is judged directly, but for its prices; and what the rows cannot show of what it does."""
    does, unsure = consequence(case, account, rule)
    wanted: dict[str, Any] = {
        "rule_kind": KINDS[rule.term["scope"]],
        "severity": "hard" if is_hard(does) else "soft",
        "floor": case.money(floor.value),
        "observed": case.money(observed.value),
        "late": bool(case.fact["late"]),
        "quotes": [],
    }
    if case.kind == "BreachDeclared":
        wanted["reviewed"] = False
    return wanted, unsure


KINDS = {"day": "daily_loss", "week": "weekly_loss", "cycle": "cycle_loss", "phase": "maximum_loss"}


def consequence(case: Case, account: Account, rule: Rule) -> tuple[Any, list[str]]:
    """What the breach does, by how often the rule was broken before; what of that the rows cannot show."""
    may = account.consequences_of(rule)
    if case.kind == "BreachSuspected":  # only what would end the account is suspected
        return next((does for does in may if is_hard(does)), may[0]), []
    does = account.consequence_in(case.decision, rule, case.fact)
    if len(rule.term["on_breach"]) == 1:
        return does, []
    if all(one == does for one in may):
        return does, [f"what the breach does, {shown(does)}, by how often the rule was broken before"]
    return does, [f"NOT shown: how often rule {rule.id!r} was broken before row {case.anchor}; strikes may lie there"]


def check_instant(case: Case, account: Account, rule: Rule, exhibits: list[tuple[int, Any]]) -> list[str]:
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
        # The firm looks at such a one again, and fails nobody by it at once. A balance is what a deal that came late makes of it.
        mild = rule.term["measured"] == "balance" and case.fact["severity"] == "soft"
        doubted = case.kind == "BreachSuspected" or kind == "ResumeDesk" or mild
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
    calc: Working, case: Case, account: Account, rule: Rule, finding: Finding
) -> tuple[dict[str, Any], list[str]]:
    """A suspicion that became final: the equity that was seen, with what was booked since and belongs into it."""
    term, suspicion = rule.term, case.payloads[finding.seq]
    # A floor that follows every tick may have risen since, one of another day is gone, a payout moves some: the floor of then counts.
    paid_since = any(payout.seq > finding.seq for payout in account.payouts)
    still_holds = account.day_us == finding.day_us and not follows_prices(term) and not paid_since
    # The end of a day is held against the floor with which that day ended.
    still_holds = still_holds and term["checked"] != "at_rollover"
    swaps = any(one.swap_was for one in finding.moved) and moves_with_swap(account, term)
    # Of equity or balance nobody can tell which one was seen: then the figures of then count.
    still_holds = still_holds and not (swaps and term["measured"] in ("either", "both"))
    observed = calc.given("equity when the breach was suspected", f"{finding.seq}/observed/minor", "minor")
    # Cash and swap move the floor as it is now, and so what is held against it; the floor as it was then they leave alone.
    swaps = swaps and term["measured"] == "equity"
    moved = [one for one in finding.moved if one.is_late or (still_holds and (swaps or not one.swap_was))]
    for count, one in enumerate(moved, start=1):
        observed = with_moved(calc, observed, one, count)
    if still_holds:
        floor = floor_of(calc, case, account, rule)
    else:
        floor = calc.given("floor when the breach was suspected", f"{finding.seq}/floor/minor", "minor")
    compare(calc, term, observed, floor)
    reviewed = case.fact["reviewed"]
    require(type(reviewed) is bool, "the decision does not say whether a person confirmed it", CONTEST)
    asked, word = case.rows.get(case.cause, {"kind": ""})["kind"], case.payloads.get(case.cause, {})
    confirms = asked == "ReviewVerdict" and (word["decision"], word["outcome"]) == (finding.seq, "confirm")
    require(not reviewed or confirms or asked == "ResumeDesk", "no person's word is in the file", CONTEST)
    wanted = {
        "rule_kind": KINDS[term["scope"]],
        "severity": "hard",
        "floor": case.money(floor.value),
        "observed": case.money(observed.value),
        "at_us": suspicion["at_us"],
        "late": False,
        "quotes": [],
    }
    if case.fact.get("does") is not None or case.ruleset["semantics"] > 1:
        wanted["does"] = "fail"
    by = "a person" if reviewed else "what was final by then"
    ruled = floor_told(account, term) if still_holds else "the floor, which is the one of the suspicion"
    return wanted, [f"the suspicion in row {finding.seq}, built once more itself, confirmed by {by}", ruled]


def moves_with_swap(account: Account, term: dict[str, Any]) -> bool:
    """Whether the floor rests on the equity with which the running day began, which has what the night cost in it."""
    of_equity = ("equity", "higher", "lower")
    if term["trail"] == "end_of_day" and term["high"] in of_equity:
        return True
    begins = term["scope"] == "day" or (term["scope"] == "week" and account.week_us == account.day_us)
    return begins and term["anchor"] in of_equity


def with_moved(calc: Working, observed: Term, moved: Moved, count: int) -> Term:
    """The equity that was seen with one more row that belongs into it."""
    if not moved.swap_was:
        path = "net" if moved.name == "late deal" else "amount"
        given = calc.given(f"{moved.name} #{count}", f"{moved.seq}/{path}/minor", "minor")
        return calc.plus(f"equity with {moved.name} #{count}", observed, given)
    told = calc.given(f"swap told since #{count}", f"{moved.seq}/swap/minor", "minor")
    before = calc.given(f"swap that was seen #{count}", moved.swap_was, "minor")
    of_night = calc.minus(f"swap of the night #{count}", told, before)
    return calc.plus(f"equity with swap #{count}", observed, of_night)


def won(calc: Figures, case: Case, account: Account, rule: Rule) -> tuple[dict[str, Any], list[str]]:
    """A pass, given or held: all that the phase asks for, with nothing open where the rule asks so."""
    require(told_by(case) == rule, f"rule {rule.id!r} is not the phase's target", CONTEST)
    assert isinstance(account, Conduct)
    targets = [one for one in case.rules if one.kind == "profit_target"]
    scores = [one for one in case.rules if one.kind == "score_target"]
    book, blemished = account.now(), check_unbroken(case, account)
    shares = [kept_share(calc, case, account, one) for one in case.rules if is_at_target(one)]
    met = objectives(calc, case, account)
    aimed_for = next((one["asked"] for one in met if one["rule_kind"] == "profit_target"), 0)
    wanted: dict[str, Any] = {"target": case.money(aimed_for), "observed": case.money(book.balance)}
    wanted["score"] = score_met(case)
    if "conditions" in case.fact or not targets + scores:  # releases before the second did not write them
        wanted["conditions"] = [*(one for one in shares if one), *met]
    if case.kind == "PhasePassed":
        days = account.days or cited_days(case)
        told = days is not None or case.is_whole
        require(told or case.fact["trading_days"] == 0, "the count of trading days is not in the file")
        wanted["trading_days"] = days[1] if days else 0
        if not told:
            blemished.append(f"NOT shown: that no trading day was counted before row {case.anchor}")
    return wanted, [
        f"{account.bookings} booking(s), each with the platform's own report of it, and no report without its booking",
        f"the book as of row {account.last}: the newest balance, and no price needed; nothing left out, nothing added",
        *(["the target, worked out from the rule"] if targets else []),
        *([] if targets + scores else ["what wins the phase is counted: it asks for no target and no score"]),
        *scores_told(case, scores),
        *blemished,
    ]


def won_by(case: Case) -> list[Rule]:
    """What wins the phase: its targets, else the days and trades that are counted since it began, if it was sold in words of today."""
    aims = [one for one in case.rules if one.kind in ("profit_target", "score_target")]
    if aims or case.ruleset["semantics"] == 1:
        return aims
    return [one for one in case.rules if one.kind in ("trading_days", "minimum_trades") and is_objective(one)]


def told_by(case: Case) -> Rule | None:
    """The rule that a pass is told by: the target of money, else the first of what wins the phase."""
    wins = won_by(case)
    return next((one for one in wins if one.kind == "profit_target"), wins[0] if wins else None)


def objectives(calc: Figures, case: Case, account: Conduct) -> list[dict[str, Any]]:
    """What must be shown on the way, then what wins the phase: each met, with what was found. Beyond where that cannot be told here."""
    wins = won_by(case)
    require(bool(wins), "nothing wins this phase", CONTEST)
    on_the_way = [one for one in case.rules if is_objective(one) and one not in wins]
    found = []
    for rule in (*on_the_way, *wins):
        if not is_known(rule):
            raise Beyond(f"a definition of {rule.id!r} ({rule.kind})")
        if rule.kind == "consistency":
            told = Look(calc, case, account, rule, case.judged_us).shared(is_ended=False)
            kept = [one for one in told if not one.is_broken]
            for one in told:
                let_off = one.is_broken and ends_account(rule) and is_let_off(case, account, rule, one.subject)
                require(let_off or not one.is_broken, f"{rule.id!r} is not met: its day must end first", CONTEST)
            found += [condition(rule, one.unit, one.observed, one.limit) for one in kept]
            continue
        unit, observed, asked = objective(calc, case, account, rule)
        found.append(condition(rule, unit, observed, asked))
    return found


def objective(calc: Figures, case: Case, account: Conduct, rule: Rule) -> tuple[str, int, int]:
    """One that is met: the unit, what was found, what is asked."""
    if rule.kind == "trading_days":
        days = account.days or cited_days(case)
        enough_days(calc, rule, days)
        return "days", days[1] if days else 0, rule.term["days_min"]
    if rule.kind == "minimum_trades":
        return "count", enough_trades(calc, account, rule), rule.term["trades_min"]
    if rule.kind == "score_target":
        asked = scored(calc, case, rule)
        return "count", case.look_up(f"{score_row(case, rule)}/score"), asked.value
    target = aim(calc, case, account, rule)
    return "minor", account.now().balance, target.value


def condition(rule: Rule, unit: str, observed: int, asked: int) -> dict[str, Any]:
    """As a pass has it."""
    return {"rule": rule.id, "rule_kind": rule.kind, "unit": unit, "observed": observed, "asked": asked}


def kept_share(calc: Figures, case: Case, account: Conduct, rule: Rule) -> dict[str, Any] | None:
    """A share that would have ended the account in place of this pass, with what it was; None where it asked for nothing."""
    found = Look(calc, case, account, rule, case.judged_us).shared(is_ended=False)
    for one in found:
        let_off = one.is_broken and is_let_off(case, account, rule, one.subject)
        require(
            let_off or not one.is_broken, f"{rule.id!r} would have ended the account in place of this pass", CONTEST
        )
    return next((condition(rule, one.unit, one.observed, one.limit) for one in found if not one.is_broken), None)


def is_let_off(case: Case, account: Conduct, rule: Rule, subject: str | None) -> bool:
    """Whether a person waived it, is asked or has dismissed a breach of it that day, or this very subject is known to break it, or was let
    off. None: of whatever subject, where that cannot be told.
    """
    asked = rule.id in account.let_off or any(one.rule == rule.id for one in account.findings)
    known = [about for name, about in (*account.breaking, *account.waived) if name == rule.id]
    of_subject = bool(known) if subject is None else subject in known
    return asked or of_subject or is_waived(case, account, rule, case.judged_us)


def enough_trades(calc: Figures, account: Conduct, rule: Rule) -> int:
    """The positions of which something was closed, each counted once."""
    account.require_whole("what was traded")
    closings = {trade.position_id: trade for trade in account.trades}
    count: Any = 0
    for name, trade in closings.items():
        closed = calc.told(f"{name} closed", 1, "count", f"{trade.seq}/position_id")
        count = calc.add("trades closed", count, closed)
    asked = calc.of_rule(rule, "trades to show", "trades_min", "count")
    enough = calc.yes("enough trades", "is_at_or_above", count, asked)
    require(enough, f"{rule.id!r} is not met: {number(count)} of {asked.value} trades", CONTEST)
    return number(count)


def scored(calc: Working, case: Case, rule: Rule) -> Term:
    """The score that a rule asks for, and that the newest published one is as high."""
    asked = calc.given("score to reach", rule.cited("score_min"), "points")
    seq = score_row(case, rule)
    require(seq > 0, f"no score on {rule.term['board']!r} is in the file, {rule.id!r} asks for {asked.value}", CONTEST)
    published = calc.given("published score", f"{seq}/score", "points")
    calc.is_at_or_above("score at or above what is asked", published, asked)
    enough = published.value >= asked.value
    require(enough, f"{rule.id!r} is not met: a score of {published.value}, {asked.value} is asked", CONTEST)
    return asked


def score_row(case: Case, rule: Rule) -> int:
    """The row that published the newest score on the rule's board before the decision; 0 where the file has none."""
    told = (
        seq
        for seq, row in case.rows.items()
        if row["kind"] == "ScorePublished" and row["account"] == case.account and seq < case.decision
    )
    return max((seq for seq in told if case.find(f"{seq}/board") == rule.term["board"]), default=0)


def score_met(case: Case) -> dict[str, Any] | None:
    """What a pass says of the first score that its rules ask for."""
    rule = next((one for one in case.rules if one.kind == "score_target"), None)
    if rule is None:
        return None
    seq, board = score_row(case, rule), rule.term["board"]
    published = case.look_up(f"{seq}/score") if seq else None
    return {"rule": rule.id, "board": board, "published": published, "asked": rule.term["score_min"]}


def scores_told(case: Case, rules: list[Rule]) -> list[str]:
    said = []
    for rule in rules:
        seq, board = score_row(case, rule), rule.term["board"]
        said.append(
            f"the score on {board!r}, as the firm published it in row {seq}; who is given which is the firm's to say"
        )
        if seq < case.anchor:
            said.append(
                f"NOT shown: that no other score on {board!r} was published between rows {seq} and {case.anchor}"
            )
    return said


def enough_days(calc: Working, rule: Rule, days: tuple[int, int] | None) -> None:
    need = calc.given("trading days needed", rule.cited("days_min"), "days")
    require(days is not None, f"no trading day was counted, {rule.id!r} asks for {need.value}", CONTEST)
    have = calc.given("trading days", f"{days[0] if days else 0}/count", "days")
    calc.is_at_or_above("enough trading days", have, need)
    require(have.value >= need.value, f"{rule.id!r} is not met: {have.value} of {need.value} days", CONTEST)


def aim(calc: Working, case: Case, account: Account, rule: Rule) -> Term:
    """The target balance of a rule, and that the account's reaches it."""
    book = account.now()
    flat = not rule.term["flat_required"] or not book.positions
    require(flat, f"{len(book.positions)} position(s) were open, the rule asks for none", CONTEST)
    target = target_of(calc, case, account, rule)
    balance = calc.given("balance", book.balance_at, "minor")
    calc.is_at_or_above("balance at or above the target", balance, target)
    require(balance.value >= target.value, f"{rule.id!r} is not met: {balance.value} of {target.value}", CONTEST)
    return target


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
    if any(rule.is_limit for rule in case.rules):
        said.append("NOT shown: that no limit was broken on the way; that rests on prices which are not in the file")
    return said


def measured(calc: Working, term: dict[str, Any], equity: Term, book: Book) -> Term:
    """What is held against the floor."""
    if term["measured"] == "equity":
        return equity
    return of_two(calc, term, equity, calc.given("balance", book.balance_at, "minor"))


def of_two(calc: Working, term: dict[str, Any], equity: Term, balance: Term) -> Term:
    if term["measured"] in ("equity", "balance"):
        return equity if term["measured"] == "equity" else balance
    if term["measured"] == "either":
        return calc.lowest("lower of equity and balance", equity, balance)
    return calc.highest("higher of equity and balance", equity, balance)


def compare(calc: Working, term: dict[str, Any], observed: Term, floor: Term) -> bool:
    """Touching the floor is a breach only where the rule says so."""
    what = term["measured"] if term["measured"] in ("equity", "balance") else "equity and balance"
    if term["boundary"] == "touches":
        return calc.is_at_or_below(f"{what} at or below the floor", observed, floor)
    return calc.is_below(f"{what} below the floor", observed, floor)


# === 10. Equity ===


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


def equity_of(calc: Working, book: Book, exhibits: list[tuple[int, Any]], row: int) -> Term:
    """Balance, plus each position's profit and swap, at exactly the prices that it depends on. `row` cites them."""
    quotes = {body["symbol"]: (seq, body) for seq, body in exhibits}
    needed: set[str] = set()
    total = calc.given("balance", book.balance_at, "minor")
    for place, position in enumerate(book.positions, start=1):
        label = f"{position.symbol} #{place}"
        require(position.symbol in quotes, f"the position at {position.at} has no cited price of its symbol", CONTEST)
        hops = conversion(calc.case, quotes[position.symbol][1]["currency_profit"], quotes, row)
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
    require(
        type(quote["digits"]) is int and 0 <= quote["digits"] < DIGITS_MAX, "a price has no believable digits", CONTEST
    )
    return int(quote["digits"])


def conversion(case: Case, source: str, quotes: dict[str, Any], before: int) -> list[tuple[str, bool]]:
    """The shortest way to the account's currency through the cited symbols, of at most two hops, each a symbol and whether it divides; the
    first by name. By what its newest contract before a row calls something else, nothing is converted.
    """
    target, renamed = case.initial["currency"], case.renamed(before)
    if source == target:
        return []
    ways = ways_between(source, target, quotes)
    if len(ways) > 1:
        case.chosen.update(symbol for way in ways for symbol, _ in way)
    for way in ways:
        if not any(symbol in renamed for symbol, _ in way):
            return way
    raise Refused(f"no cited price converts {source} to {target}: {CONTEST}")


def ways_between(source: str, target: str, quotes: dict[str, Any]) -> list[list[tuple[str, bool]]]:
    """All of one hop, then all of two, each by name."""
    edges = []
    for symbol in sorted(quotes):
        contract = quotes[symbol][1]
        base, profit = contract["currency_base"], contract["currency_profit"]
        if contract["contract_e8"] > 10**8 and len(base) == 3:  # a pair of currencies
            edges += [(base, symbol, False, profit), (profit, symbol, True, base)]
    ways = [[(symbol, inverse)] for start, symbol, inverse, end in edges if (start, end) == (source, target)]
    for start, symbol, inverse, middle in edges:
        if start == source:
            ways += [[(symbol, inverse), (one[1], one[2])] for one in edges if (one[0], one[3]) == (middle, target)]
    return ways


def gaps_of_contracts(case: Case) -> list[str]:
    if not case.chosen:
        return []
    return [f"NOT shown: that no newer contract of {' or '.join(sorted(case.chosen))} renamed it, or took that back"]


# === 11. Floors and targets ===


class Sums:
    """The figures that several steps of a working rest on, each given once.

    `by_day`: of a floor that begins anew; its working has other words and another order, as it has had since the first release.
    """

    def __init__(self, calc: Working, case: Case, account: Account, by_day: bool = False) -> None:
        self.calc, self.case, self.account, self.by_day = calc, case, account, by_day
        self._sold: Term | None = None
        self._start: Term | None = None
        self._target: Term | None = None

    def sold(self) -> Term:
        """The initial balance that was sold, whatever was paid in or out since."""
        if self._sold is None:
            name = "initial balance" if self.by_day else "initial balance that was sold"
            self._sold = self.calc.given(name, f"{self.case.opened}/initial/minor", "minor")
        return self._sold

    def start(self) -> Term:
        """The initial balance with deposits and withdrawals: what static floors and targets are measured from."""
        if self._start is None:
            self._start = starting_balance(self.calc, self.case, self.account)
        return self._start

    def target(self) -> Term:
        """The profit that the phase's target asks as it was sold."""
        if self._target is None:
            rule = next((one for one in self.case.rules if one.kind == "profit_target"), None)
            require(rule is not None, "a share of a profit target is asked of a phase that has none", CONTEST)
            assert rule is not None
            self._target = self.amount(rule, "amount", ("profit target", "profit to make"), up=True)
        return self._target

    def amount(
        self, rule: Rule, path: str, names: tuple[str, str], others: dict[str, Term] | None = None, up: bool = False
    ) -> Term:
        """What the amount at this path of the rule comes to. `names`: of it as it is sold, and of what it comes to.

        A share is rounded so that no more is lost, and no less earned, than was sold. `others`: what it may be a share of beside that.
        """
        amount: Any = rule.term
        for name in path.split("/"):
            amount = amount[int(name)] if isinstance(amount, list) else amount[name]
        if amount["type"] == "fixed":
            return self.calc.given(names[0], rule.cited(f"{path}/minor"), "minor")
        if amount["type"] == "by_size":
            sizes = [one["size_minor"] for one in amount["table"]]
            place = sizes.index(self.case.initial["minor"])
            return self.calc.given(names[0], rule.cited(f"{path}/table/{place}/minor"), "minor")
        scaled = self._scaled(rule, path, amount["of"], names[0], others or {})
        divided = self.calc.divided_rounded_up if up else self.calc.divided_rounded_down
        return divided(names[1], scaled, BP, "minor")

    def _scaled(self, rule: Rule, path: str, of: str, name: str, others: dict[str, Term]) -> Term:
        def base() -> Term:
            return self.sold() if of == "initial" else self.target() if of == "target" else others[of]

        whole = None if self.by_day else base()
        bp = self.calc.given(name, rule.cited(f"{path}/bp"), "bp")
        if whole is None:
            return self.calc.times(f"{name} x base", base(), bp, "minor x bp")
        short = "lock" if name == "lock above initial balance" else name
        return self.calc.times(f"{short} x {SHARED[of]}", whole, bp, "minor x bp")


SHARED = {"initial": "initial balance", "anchor": "starting figure", "high": "highest mark", "target": "profit target"}
LOSSES = {"day": "daily loss", "week": "weekly loss", "cycle": "cycle loss", "phase": "maximum loss"}
FLOORS = {"day": "daily floor", "week": "weekly floor", "cycle": "cycle floor", "phase": "maximum-loss floor"}


def floor_of(calc: Working, case: Case, account: Account, rule: Rule) -> Term:
    """The lowest mark that the limit allows: an amount below where its scope began, or below the highest since; a lock stops it."""
    term, scope = rule.term, rule.term["scope"]
    sums = Sums(calc, case, account, by_day=scope != "phase")
    start = start_of(sums, term)
    ended = ended_by_payout(sums, rule)
    if ended is not None:
        return ended
    path = amount_now(sums, rule)
    names = (f"{LOSSES[scope]} limit", f"allowed {LOSSES[scope]}")
    if term["trail"] == "static":
        floor = calc.minus(FLOORS[scope], start, sums.amount(rule, path, names, {"anchor": start}))
    else:
        floor = trailing(sums, rule, path, names, start)
    return floor if term["lock"] is None else locked(sums, rule, floor, path, names, start)


def start_of(sums: Sums, term: dict[str, Any]) -> Term:
    """What the fall is measured from: a mark of the day or week that began, less what was paid out since, where it comes down with that."""
    if term["scope"] == "phase" or term["anchor"] == "initial":
        return sums.start()
    calc, account, scope = sums.calc, sums.account, term["scope"]
    if scope == "cycle":  # one begins with a payout, and the first one with the account
        held = f"{account.cycle}/balance/minor"
        return sums.start() if account.cycle is None else calc.given("balance at cycle start", held, "minor")
    row = account.day if scope == "day" else account.week
    require(row is not None, f"no trading {scope} had begun", CONTEST)
    names = [term["anchor"]] if term["anchor"] in ("balance", "equity") else ["balance", "equity"]
    marks = [calc.given(f"{name} at {scope} start", f"{row}/{name}/minor", "minor") for name in names]
    start = marks[0]
    if len(marks) > 1:
        pick = calc.highest if term["anchor"] == "higher" else calc.lowest
        start = pick(f"{term['anchor']} of balance and equity at {scope} start", *marks)
    began_us = account.day_us if scope == "day" else account.week_us
    for payout in account.payouts if term["on_payout"] == "high_less_payout" else []:
        if payout.at_us >= began_us:
            taken = calc.given(f"payout {payout.number}", f"{payout.seq}/profit/minor", "minor")
            start = calc.minus(f"starting figure after payout {payout.number}", start, taken)
    return start


def trailing(sums: Sums, rule: Rule, path: str, names: tuple[str, str], start: Term) -> Term:
    """An amount below the highest mark, which it may be a share of."""
    calc, account = sums.calc, sums.account
    amount = rule.term["amount"] if path == "amount" else rule.term["steps"][int(path.split("/")[1])]["amount"]
    is_of_high = amount.get("of") == "high"
    allowed = None if is_of_high else sums.amount(rule, path, names, {"anchor": start})
    followed = followed_by(rule.term, account.needs.peak_of_day)
    marks = [calc.given("highest mark", highest_mark(account, key).at, "minor") for key in followed]
    begin = "initial balance" if rule.term["scope"] == "phase" else "starting figure"
    highest = calc.highest(f"higher of {begin} and highest mark", start, *marks)
    return calc.minus("trailing floor", highest, allowed or sums.amount(rule, path, names, {"high": highest}))


def highest_mark(account: Account, key: Key) -> High:
    """The mark of a day's start that may still move counts while it is the highest."""
    running = account.day_mark(key.of) if account.closing is not None else None
    marks = [mark for mark in (account.highs.get(key), running) if mark is not None]
    require(bool(marks), f"no mark is in the file that is a high of {key}", CONTEST)
    return max(marks, key=lambda mark: mark.minor)


def amount_now(sums: Sums, rule: Rule) -> str:
    """The path of the amount that counts: of the last step that was reached."""
    path = "amount"
    for place, step in enumerate(rule.term["steps"]):
        if is_reached(sums, rule, (step["when"], step["effective"], "none"), f"steps/{place}/when"):
            path = f"steps/{place}/amount"
    return path


def locked(sums: Sums, rule: Rule, floor: Term, path: str, names: tuple[str, str], start: Term) -> Term:
    """Where a floor stops; any other trigger than the floor itself lifts it there at once."""
    term = rule.term
    if term["lock"]["trigger"]["type"] != "floor_reaches":
        level = levels_of(term)[-1]
        return lock_level(sums, rule) if is_reached(sums, rule, level, "lock/trigger") else floor
    stop = lock_level(sums, rule)
    if sums.account.payouts and locks_for_good(term) and has_reached(sums, rule, stop, path, names, start):
        return stop
    return sums.calc.lowest(FLOORS[term["scope"]], floor, stop)


def has_reached(sums: Sums, rule: Rule, stop: Term, path: str, names: tuple[str, str], start: Term) -> bool:
    """Whether the floor came to its lock by the highs that no payout lowered: then it stays there for good."""
    calc, account = sums.calc, sums.account
    calc.given("number of the first payout", f"{account.payouts[0].seq}/number", "count")
    keys = locked_by(rule.term)
    marks = [calc.given("highest mark with all payouts", highest_mark(account, key).at, "minor") for key in keys]
    highest = calc.highest("highest of all with all payouts", start, *marks)
    allowed = sums.amount(rule, path, names, {"high": highest, "anchor": start})
    return calc.is_at_or_above("locked for good", calc.minus("floor with all payouts", highest, allowed), stop)


def lock_level(sums: Sums, rule: Rule) -> Term:
    start = sums.start()
    offset = sums.amount(rule, "lock/offset", ("lock above initial balance", "lock amount"))
    return sums.calc.plus("locked floor", start, offset)


def ended_by_payout(sums: Sums, rule: Rule) -> Term | None:
    """The floor that the first payout put in place of all others."""
    payouts, on_payout = sums.account.payouts, rule.term["on_payout"]
    if not payouts or on_payout not in ("lock_at_initial", "to_zero"):
        return None
    sums.calc.given("number of the first payout", f"{payouts[0].seq}/number", "count")
    if on_payout == "to_zero":
        return sums.calc.minus("floor of zero", 0, 0)
    return sums.start() if rule.term["lock"] is None else lock_level(sums, rule)


def is_reached(sums: Sums, rule: Rule, level_sold: tuple[dict[str, Any], str, str], path: str) -> bool:
    calc, account, trigger = sums.calc, sums.account, level_sold[0]
    if trigger["type"] == "payouts_made":
        need = calc.given("payouts needed", rule.cited(f"{path}/count"), "count")
        newest = f"{account.payouts[-1].seq}/number" if account.payouts else ""
        return calc.is_at_or_above("enough payouts made", calc.given("payouts made", newest, "count"), need)
    start = sums.start()
    gain = sums.amount(rule, f"{path}/gain", ("gain to reach", "gain"), up=True)
    level = calc.plus("level to reach", start, gain)
    keys = reached_by(rule.term, *level_sold, account.needs.peak_of_day)
    marks = [calc.given("highest so far", reached(account, key).at, "minor") for key in keys]
    return calc.is_at_or_above("level reached", calc.highest("highest of all", start, *marks), level)


def reached(account: Account, key: Key) -> High:
    """The highest of a kind so far; the mark of a day's start that may still move brings nobody to a level."""
    high = account.highs.get(key)
    require(high is not None, f"no mark is in the file that is a high of {key}", CONTEST)
    return high or High(0, "", None, False)


def starting_balance(calc: Working, case: Case, account: Account) -> Term:
    """The initial balance with deposits and withdrawals."""
    calc.rests_on_cash = True
    initial = calc.given("initial balance", f"{case.opened}/initial/minor", "minor")
    if not account.cash[0]:
        return initial
    net = calc.given("deposits less withdrawals", f"{account.cash[0]}/net/minor", "minor")
    return calc.plus("initial balance with deposits and withdrawals", initial, net)


def target_of(calc: Working, case: Case, account: Account, rule: Rule) -> Term:
    sums = Sums(calc, case, account)
    start = sums.start()
    profit = sums.amount(rule, "amount", ("profit target", "profit to make"), up=True)
    return calc.plus("target balance", start, profit)


# === 12. What a decision cites from before the consecutive rows: of it we see only that the ledger holds it ===


def cited_highs(case: Case, needs: Needs) -> dict[Key, High]:
    """The highest marks from before, by which of the rule's highs the working cites each."""
    if case.kind in (*RULE_FACTS, "StandingChanged"):
        return {}
    rule = case.rule(case.fact["rule"])
    if not rule.is_limit or not is_known(rule):
        return {}
    keys = {
        "highest mark": followed_by(rule.term, needs.peak_of_day),
        "highest mark with all payouts": locked_by(rule.term),
        "highest so far": [
            key for level in levels_of(rule.term) for key in reached_by(rule.term, *level, needs.peak_of_day)
        ],
    }
    found: dict[Key, High] = {}
    for name, wanted in keys.items():
        for key, source in zip(wanted, sources_of(case.fact.get("working", []), name)):  # noqa: B905  (Python 3.8)
            seq, _, path = source.partition("/")
            if seq.isdigit() and int(seq) < case.anchor:
                row = case.rows.get(int(seq), {"kind": "", "account": 0})
                fits = row["account"] == case.account and is_mark(key, row["kind"], path, case.payloads.get(int(seq)))
                require(fits, f"the floor follows {source}, which is no mark of {key}", CONTEST)
                found[key] = High(case.look_up(source), source, None, True)
    return found


def is_mark(key: Key, kind: str, path: str, body: Any) -> bool:
    """Whether a high may be cited from there."""
    name, _, unit = path.partition("/")
    if unit != "minor":
        return False
    if kind == "HighMoved":
        return name == "high" and key_of(body) == key
    starts = ("DayOpened", "DayAnchored", "DayStartMoved")
    if key.of in OF_DAYS:
        moved = kind == "RolloverHighMoved" and name == "high"
        began = kind == "DayOpened" and key.scope != "phase" and name in ("balance", "equity")
        return (
            began
            or moved
            or (kind, name) == ("AccountOpened", "initial")
            or (kind in starts and name in OF_DAYS[key.of])
        )
    if key.of in ("peak", "priced"):
        began = kind == "DayOpened" and key.scope == "week" and name == "balance"
        sold = (kind, name, key.of) == ("AccountOpened", "initial", "priced")
        return began or sold or (kind in ("PeakReached", "DayOpened", "DayAnchored") and name == "equity")
    booked = kind in ("DealBooked", "DealCorrected", "DividendBooked") or (kind == "DayOpened" and key.scope != "phase")
    return (booked and name == "balance") or (kind, name) == ("AccountOpened", "initial")


def key_of(body: Any) -> Key:
    return Key(body["of"], body["scope"], body["on_payout"])


def sources_of(steps: Any, name: str) -> list[str]:
    """Where a working has the figures of that name from, in its order."""
    numbered = [step for step in steps if re.fullmatch(re.escape(name) + r"( \([0-9]+\))?", step["name"])]
    return [str(step.get("source", "")) for step in numbered]


def cited_week(case: Case) -> int | None:
    """The row with the start of a week that had begun before."""
    steps = case.fact.get("working", [])
    sources = sources_of(steps, "balance at week start") + sources_of(steps, "equity at week start")
    for seq in (source.partition("/")[0] for source in sources):
        if seq.isdigit() and int(seq) < case.anchor:
            row = case.rows.get(int(seq), {"kind": "", "account": 0})
            require(is_start_of_week(case, row), f"row {seq} is no start of a week", CONTEST)
            return int(seq)
    return None


def cited_cycle(case: Case) -> int | None:
    """The row with the start of a payout cycle that had begun before."""
    for source in sources_of(case.fact.get("working", []), "balance at cycle start"):
        seq, _, path = source.partition("/")
        if seq.isdigit() and int(seq) < case.anchor:
            row = case.rows.get(int(seq), {"kind": "", "account": 0})
            fits = is_start_of_cycle(case, row) and path == "balance/minor"
            require(fits, f"row {seq} is no start of a payout cycle", CONTEST)
            return int(seq)
    return None


def is_start_of_cycle(case: Case, row: Any) -> bool:
    """Whether such a row may hold what a payout cycle is measured from."""
    return bool(row["account"] == case.account and row["kind"] in ("PayoutBooked", "CycleStartMoved"))


def is_start_of_week(case: Case, row: Any) -> bool:
    """Whether such a row may hold what a week is measured from."""
    return bool(row["account"] == case.account and row["kind"] in ("DayOpened", "DayAnchored", "WeekStartMoved"))


def cited_payouts(case: Case) -> list[Payout]:
    """The payouts in the file that were made before."""
    rows = case.rows.items()
    paid = [(seq, row) for seq, row in rows if row["kind"] == "PayoutBooked" and seq < case.anchor]
    return [Payout(seq, case.look_up(f"{seq}/number"), row["happened_us"]) for seq, row in paid]


def cited_days(case: Case) -> tuple[int, int] | None:
    """The newest count of trading days in the file from before the consecutive rows."""
    counted = [seq for seq, row in case.rows.items() if row["kind"] in DAYS_COUNTED and seq < case.anchor]
    counted = [seq for seq in counted if case.rows[seq]["account"] == case.account]
    return (counted[-1], case.look_up(f"{counted[-1]}/count")) if counted else None


def floor_told(account: Account, term: dict[str, Any]) -> str:
    told = "the floor, worked out from the rule"
    if term["scope"] == "cycle" and account.cycle is not None:
        told += f" and the payout cycle's start in row {account.cycle}"
    if term["scope"] in ("day", "week") and term["anchor"] != "initial":
        row = account.day if term["scope"] == "day" else account.week
        told += f" and the {term['scope']}'s start in row {row}"
    return told if term["trail"] == "static" else f"{told} and the highest mark in the rows"


# === 13. Rules that are no loss limits: what was held, traded and told, and each working built once more ===


RULE_FACTS = ("RuleBroken", "RuleSuspected", "RuleKeptAgain")
DAYS_KEPT, TRADES_KEPT, FILLED_KEPT, ORDERS_KEPT = 400, 1_000, 16, 500  # how much of it a firm remembers of an account
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
DAY_US = 24 * HOUR_US
CLOSED_DAYS_MAX = 14  # a closed stretch that is longer is believed by nobody
NEWS_DAYS_MAX = 31  # nor a release that lasts longer
HOLDING_SEEN_US = HOUR_US  # so far back is looked at what was held while news came
OPENINGS_KEPT = 1_000  # so many openings of an account, the newest
PARTS_KEPT = 64  # so many openings of one position; of more the two oldest count as one
DEALS_KEPT, DEALS_KEPT_DAYS = (
    64,
    7,
)  # so many deals, and so long, a firm knows again; all that are left of a position, or none
BY_PRICE = ("idea_risk", "adverse_excursion")  # what a price broke lasts for the day
BY_DEED = ("news_window", "automation_use")
# What only deeds change: who was let off is not, once it goes further than that.
BY_DEEDS_ALONE = (
    "risk_reward", "trading_hours", "trade_duration", "lot_consistency", "hedging", "grid", "martingale", "one_sided", "high_frequency",
)  # fmt: skip
BY_ITSELF = {"sl": "stop_loss", "stop_out": "stop_loss", "tp": "take_profit"}
PLACED_BY = {
    "client": "person",
    "mobile": "person",
    "web": "person",
    "expert": "expert",
    "copier": "copier",
    "dealer": "firm",
}
QUANTITY_UNITS = {"lots": "lots_e8", "positions": "count", "notional": "bp", "margin": "bp"}


class Part(NamedTuple):
    """Lots of a position that were opened at one instant and price, by the deal of row `seq`; 0 where no row is known."""

    lots_e8: int
    opened_us: int
    seq: int
    price: int


class Trade(NamedTuple):
    """A position, or a part of one, that was closed by the deal of row `seq`.

    `took`: the parts that its lots were of, the youngest first; () where they are all as old as the position.
    """

    position_id: str
    symbol: str
    side: str
    lots_e8: int
    price_open: int
    opened_us: int
    closed_us: int
    net: int
    seq: int
    took: tuple[Part, ...] = ()

    @property
    def began_us(self) -> int:
        return self.took[0].opened_us if self.took else self.opened_us

    def told(self, figure: str) -> str:
        if figure == "began_us" and self.began_us != self.opened_us:
            return opened_at(self.took[0])
        of_deal = {"lots_e8": "deal/lots_e8", "closed_us": "deal/at_us", "began_us": "opened_us"}
        return f"{self.seq}/{of_deal.get(figure, figure)}"


def opened_at(part: Part) -> str:
    """Where the row of its deal says when lots were opened."""
    return f"{part.seq}/deal/at_us" if part.seq else ""


class Held(NamedTuple):
    """An open position with its stops, which the row at `stops_at` told: prices in points, 0 for none."""

    position_id: str
    symbol: str
    side: str
    lots_e8: int
    price_open: int
    opened_us: int
    at: str
    stop_loss: int
    take_profit: int
    stops_at: str

    def told(self, figure: str) -> str:
        return self.at + figure

    def stops_told(self, figure: str) -> str:
        return self.stops_at + figure if self.stops_at else ""


class Opening(NamedTuple):
    """Lots of an open position. `subject`: the position, and when they were added to it where they were. `at`: where a row says when."""

    position_id: str
    subject: str
    side: str
    price: int
    opened_us: int
    at: str


class Round:
    """A position from an opening until all is closed (`ended_us`), or until something is added after a closing.

    `openings`: instant, lots, and whom an answer is about. `closed_us`: its last closing; `lots_e8`, `net` of what was closed. `lots_at`:
    where its lots stand, if it is all of its position. `run`: how many raises in a row it was.
    """

    def __init__(self, position_id: str, symbol: str) -> None:
        self.position_id, self.symbol = position_id, symbol
        self.openings: list[tuple[int, int, str]] = []
        self.ended_us, self.closed_us, self.lots_e8, self.net, self.lots_at = FOREVER, 0, 0, 0, ""
        self.run: Any = 0


class Waiting(NamedTuple):
    """A pending order, which row `seq` told first."""

    order_id: str
    symbol: str
    placed_us: int
    seq: int


class Deed(NamedTuple):
    """What was done to a position, or that it is held. `seq`: the row that told of it, 0 for none.

    `opened_us`: of a closing, when the youngest lots were opened that it took; `added_us`: of what is held, when lots were added.
    """

    action: str
    symbol: str
    at_us: int
    opened_us: int
    seq: int
    position_id: str
    placed_by: str
    since_us: int
    added_us: tuple[int, ...] = ()


class Answer(NamedTuple):
    """What a rule says of a subject. `unit`: of `observed` and `limit`."""

    is_broken: bool
    observed: int
    limit: int
    unit: str
    subject: str


class Brought(NamedTuple):
    """What the bookings of a day came to, in minor units, and of what was `opened` on it. `seq`: the row that says so, 0 for none."""

    start_us: int
    closed: int
    opened: int
    seq: int


class OpeningMade(NamedTuple):
    """Lots of a position that were opened at one instant, by so many deals: a platform may fill one order in parts."""

    at_us: int
    position_id: str
    deals: int


class Beyond(Exception):
    """The rows of the file do not hold what this rule is worked out from; the message says what."""


class Conduct(Account):
    """The account's state, and beside it what rules about conduct remember: trades, stops, orders, and who breaks which rule."""

    def __init__(self, case: Case) -> None:
        self.trades: list[Trade] = []
        self.stops: dict[str, tuple[int, int, str, bool]] = {}  # stop, target, row, whether that row told other ones
        self.orders: dict[str, Waiting] = {}
        self.filled: list[str] = []
        self.opened_today, self.carried = 0, 0
        self.breaking: dict[tuple[str, str], int] = {}
        self.struck: list[tuple[int, Strike]] = []  # strikes of such rules, each with what caused it
        self.let_off: set[str] = set()  # rules whose breach a person dismissed, for that day
        self.is_cut = False
        self.last_trade_us = self.orders_gone_us = 0
        self.labels_counted: list[str] = []  # of trading days, in their order
        self.waived: dict[
            tuple[str, str], tuple[int, int]
        ] = {}  # who broke a rule while it was waived: the row, and how far
        self.openings: list[OpeningMade] = []  # the newest last
        self.ages, self.days_seen, self.is_closed_for_good = Ages(), False, False
        self.before_deal: Position | None = None  # the position of the newest deal, as it was before it
        self.parts_before: list[Part] = []  # and its parts
        self.done: tuple[int, str] = (0, "")  # the newest deal that was booked: its row, and its position
        self.brought: dict[str, Brought] = {}  # what each day brought, by its label
        super().__init__(case)

    def _take(self, seq: int) -> None:
        row, body = self.case.rows[seq], self.case.payloads[seq]
        kind, was = row["kind"], self._held(body["position_id"]) if "position_id" in body else None
        deal = self.deals.get(body["deal_id"]) if kind == "DealCorrected" else None
        dismissed = self._dismissed(body) if kind == "VerdictCorrected" else ""
        report = self._report_of(seq, row, body) if kind == "DealBooked" else 0
        super()._take(seq)
        if kind == "DealBooked":
            self._dealt(seq, body, was, report)
        elif kind == "DealCorrected":
            self._deal_corrected(body, deal)
        elif kind == "DividendBooked":
            self._bring(row["happened_us"], closed=self.case.minor(body["amount"], f"row {seq}"))
        elif kind == "DayClosed":
            self._close(seq, body)
        elif kind == "PositionReported":
            self._tell_stops(seq, body)
        elif kind == "OrderReported":
            self._tell_order(seq, body)
        elif kind == "DayOpened":
            self._begin(body)
        elif kind in DAYS_COUNTED:
            self.labels_counted = [one for one in self.labels_counted if one != body["label"]]
            self.labels_counted += [body["label"]] if kind == "TradingDayCounted" else []
        elif dismissed:
            self.let_off.add(dismissed)
        else:
            self._judge(seq, kind, body, was)

    def _judge(self, seq: int, kind: str, body: Any, was: Position | None) -> None:
        """Rows that say who breaks a rule, and what else the ages of lots rest on."""
        if kind in ("RuleBroken", "RuleSuspected"):
            self.breaking[body["rule"], body["subject"]] = seq
            self.waived.pop((body["rule"], body["subject"]), None)
        elif kind == "RuleKeptAgain":
            self.breaking.pop((body["rule"], body["subject"]), None)
            self.waived.pop((body["rule"], body["subject"]), None)
        elif kind == "BreachWaived":
            self._waive(seq, body)
        elif kind == "PositionRestated":
            self.ages.restated(was, body)
        elif kind == "StandingChanged":
            self.is_closed_for_good = body["after"] == "closed"
            self.ages.known = [] if self.is_closed_for_good else self.ages.known

    def _waive(self, seq: int, body: Any) -> None:
        """A breach of while the rule was waived is noted, and needs a person's word for it."""
        rule, granted = self.case.rule(body["rule"]), [self.case.payloads[one]["override"] for one in self.exceptions]
        may = is_waived(self.case, self, rule, body["at_us"]) or any(one["override"] == "reinstate" for one in granted)
        require(
            may or not self.case.is_whole, f"row {seq} lets off a breach of {rule.id!r}, which nobody waived", CONTEST
        )
        self.waived[rule.id, body["subject"]] = (seq, body["observed"])

    def _dismissed(self, body: Any) -> str:
        found = [one.rule for one in self.findings if one.seq == body["decision"]]
        return found[0] if found and body["verdict"] == "dismissed" else ""

    def _break_rule(self, *told: Any) -> None:
        super()._break_rule(*told)
        _, _, body = told
        if body["does"] != "fail":
            self.strikes.append(Strike(body["rule"], body["at_us"], self.day_label))
            self.struck.append((self.case.rows[told[0]]["cause"], self.strikes[-1]))

    def struck_with(self, cause: int, at_us: int) -> list[Strike]:
        """Strikes of the very event."""
        return [one for by, one in self.struck if (by, one.at_us) == (cause, at_us)]

    def _dealt(self, seq: int, body: Any, was: Position | None, report: int) -> None:
        """A trade is what the platform's report says of it: the row that books it has it so, and is of that instant."""
        self.before_deal, self.done = was, (seq, body["position_id"])
        self.parts_before = self.ages.of(was) if was is not None else []
        deal, said, at_us = body.get("deal"), self.case.payloads[report], self.case.rows[seq]["happened_us"]
        self.last_trade_us = max(self.last_trade_us, at_us)
        if deal is None:
            return
        figures = [deal[name] for name in ("entry", "side", "lots_e8", "price", "at_us")] + [at_us]
        wanted = [said[name] for name in ("entry", "side", "lots_e8", "price", "t_us")]
        wanted.append(self.case.rows[report]["happened_us"])
        require(figures == wanted, f"row {seq} has the deal as {figures}, the platform reported {wanted}", CONTEST)
        if deal["entry"] == "in":
            self._count_opening(body["position_id"], at_us, 1)
            self.opened_today += deal["lots_e8"] if self.day_us <= at_us < self.day_end_us else 0
        elif was is not None:
            trade = Trade(
                was.position_id, was.symbol, was.side, deal["lots_e8"], was.price_open, was.opened_us, at_us,
                self.case.minor(body["net"], f"row {seq}"), seq,
            )  # fmt: skip
            self.is_cut = self.is_cut or len(self.trades) == TRADES_KEPT
            self.trades = [*self.trades, trade][-TRADES_KEPT:]
            self._bring(was.opened_us, opened=trade.net)
        self._bring(at_us, closed=self.case.minor(body["net"], f"row {seq}"))
        self.ages.know(body["deal_id"], body["position_id"], self.day_label, is_closed=self.is_closed_for_good)
        self.trades = self.ages.dealt(seq, was, deal, self.deals, self.trades)

    def _count_opening(self, position_id: str, at_us: int, more: int) -> None:
        """What is opened of one position at one instant is one opening, until the last of its deals was never made."""
        opening, found = (at_us, position_id), {(one.at_us, one.position_id): one.deals for one in self.openings}
        if more > 0 or opening in found:
            found[opening] = found.get(opening, 0) + more
        made = [OpeningMade(*who, deals) for who, deals in found.items() if deals]
        self.openings = sorted(made, key=lambda one: one.at_us)[-OPENINGS_KEPT:]

    def _deal_corrected(self, body: Any, was: Deal | None) -> None:
        if was is None:
            self.is_cut = True  # a deal of before the file's rows: nobody can tell which trade is another
            return
        self._correct_trades(body, was)
        self._bring(was.t_us, closed=self.case.minor(body["net"], "a correction"))
        self.trades = self.ages.corrected(body, self.deals, self.trades)

    def _correct_trades(self, body: Any, was: Deal) -> None:
        if was.opens:
            if body["deleted"] and not was.deleted:
                self._count_opening(was.position_id, was.t_us, -1)
            gone = body["deleted"] and not was.deleted and was.day == self.day_label
            self.opened_today -= was.lots_e8 if gone else 0
            return
        same = [one for one in self.trades if one.seq == was.seq]
        net = self.case.minor(body["net"], "a correction")
        changed = {one: one._replace(net=one.net + net) for one in same}
        self.trades = [changed.get(one, one) for one in self.trades if not (body["deleted"] and one in changed)]

    def _bring(self, at_us: int, closed: int = 0, opened: int = 0) -> None:
        """A booking belongs to the day of its instant; a finished day that it changes is in no row until one is written again."""
        label = self.day_label
        if not self.day_us <= at_us < self.day_end_us:
            zone = zone_of(self.case.ruleset["calendar"]["zone"])
            if zone is None:
                self.is_cut = True  # nobody can tell which day that was
                return
            label = day_at(zone, self.case.ruleset["calendar"], at_us)[0]
        day = self.brought.get(label)
        if day is not None:
            self.brought[label] = day._replace(closed=day.closed + closed, opened=day.opened + opened, seq=0)

    def _close(self, seq: int, body: Any) -> None:
        """What a day brought is in the bookings; the row that says it may say nothing else."""
        day = self.brought.get(body["label"])
        if day is None or not self.case.is_whole or self.is_cut:
            return
        self.brought[body["label"]] = day._replace(seq=seq)
        said = tuple(self.case.minor(body[name], f"row {seq}") for name in ("closed", "opened"))
        same = said == (day.closed, day.opened)
        require(
            same, f"row {seq} says that {body['label']} brought {said}, its bookings {day.closed, day.opened}", CONTEST
        )

    def _tell_stops(self, seq: int, body: Any) -> None:
        before = self.stops.pop(body["position_id"], None)
        if body["op"] != "closed":
            told = (body["stop_loss"], body["take_profit"])
            self.stops[body["position_id"]] = (*told, f"{seq}/", before is not None and before[:2] != told)

    def _tell_order(self, seq: int, body: Any) -> None:
        name, before = body["order_id"], self.orders.pop(body["order_id"], None)
        if body["state"] in ("placed", "changed"):
            self.orders[name] = before or Waiting(name, body["symbol"], body["t_us"], seq)
            for oldest in list(self.orders)[:-ORDERS_KEPT]:
                del self.orders[oldest]
            return
        self.orders_gone_us = max(self.orders_gone_us, body["t_us"])
        if body["state"] == "filled":
            self.filled = [*self.filled, name][-FILLED_KEPT:]

    def _begin(self, body: Any) -> None:
        if not self.case.is_whole and not self.days_seen:
            self.ages.unknown = {one["position_id"] for one in body["positions"]}
        self.days_seen = True
        self.ages.begin(self.day_label, {one["position_id"] for one in body["positions"]})
        self.opened_today, self.carried = 0, sum(one["lots_e8"] for one in body["positions"])
        self.brought.setdefault(self.day_label, Brought(self.day_us, 0, 0, 0))
        self.let_off = set()
        by_price = {rule.id for rule in self.case.rules if rule.kind in BY_PRICE}
        self.breaking = {who: seq for who, seq in self.breaking.items() if who[0] not in by_price}

    @property
    def first_day_traded(self) -> str:
        return self.labels_counted[0] if self.labels_counted else ""

    def held_now(self) -> list[Held]:
        found = []
        for one in self.positions:
            stop, target, told, _ = self.stops.get(one.position_id, (0, 0, "", False))
            found.append(Held(*one[:6], one.at, stop, target, told))
        return found

    def since(self, scope: str) -> int:
        """When a scope began; Beyond where that is not in the rows."""
        if scope == "day":
            return self.day_us
        if self.case.is_whole:
            paid = self.payouts[-1].at_us if self.payouts else 0
            return {"week": self.week_us, "cycle": paid}.get(scope, 0)
        if scope == "week" and self.week_is_whole:
            return self.week_us
        if scope == "cycle" and self.payouts and self.payouts[-1].seq >= self.case.anchor:
            return self.payouts[-1].at_us
        raise Beyond(f"what was traded in the {scope} before row {self.case.anchor}")

    def require_whole(self, what: str) -> None:
        if self.is_cut or not self.case.is_whole:
            raise Beyond(f"{what} before row {self.case.anchor}")


class Ages:
    """How old the lots of each position are. What was added last is closed first, and a closing is as old as its youngest lots."""

    def __init__(self) -> None:
        self.parts: dict[str, list[Part]] = {}  # of positions that were added to, the oldest first
        self.known: list[tuple[str, str, str]] = []  # deals that a firm knows again: deal, position, day
        self.digits: dict[str, int | None] = {}  # of the prices of a position's deals
        self.unknown: set[str] = set()  # positions of before the file's rows

    def of(self, held: Position) -> list[Part]:
        """The parts of an open position; one that was never added to is one part."""
        whole = Part(held.lots_e8, held.opened_us, int(held.at.partition("/")[0]), held.price_open)
        return self.parts.get(held.position_id) or [whole]

    def know(self, deal_id: str, position_id: str, day: str, *, is_closed: bool) -> None:
        self.known = [] if is_closed else [*self.known, (deal_id, position_id, day)]
        if len(self.known) > DEALS_KEPT:
            oldest = self.known[0][1]
            self.known = [one for one in self.known[:-1] if one[1] != oldest] + self.known[-1:]

    def begin(self, label: str, held: set[str]) -> None:
        """A day begins: what was closed so long ago that no platform corrects it is not known any more."""
        today = date.fromisoformat(label)
        recent = {
            who for _, who, day in self.known if day and (today - date.fromisoformat(day)).days <= DEALS_KEPT_DAYS
        }
        self.known = [one for one in self.known if one[1] in recent | held]

    def restated(self, held: Position | None, body: Any) -> None:
        """At a price that its deals do not make, they make the position no more."""
        position_id, after = body["position_id"], body.get("digits")
        before = self.digits.get(position_id)
        shift = after - before if after is not None and before is not None else 0
        if held is not None and position_id in self.parts:
            points = shift_between(held.price_open, body["price_open"])
            own = self.parts[position_id]
            self.parts[position_id] = [one._replace(price=in_points(one.price, points)) for one in own]
        if held is not None and abs(in_points(held.price_open, shift) - body["price_open"]) > 1:
            self.known = [one for one in self.known if one[1] != position_id]
        self.digits[position_id] = after

    def dealt(
        self, seq: int, held: Position | None, deal: Any, deals: dict[str, Deal], trades: list[Trade]
    ) -> list[Trade]:
        """A deal is booked, and with it its trade if it closes. `held`: its position as it was before."""
        own = [deals[name] for name, who, _ in self.known if held is not None and who == held.position_id]
        self.digits[self.known[-1][1] if self.known else ""] = deal.get("digits")
        if held is None:
            return trades
        if any(one.t_us > deal["at_us"] for one in own) and own[0].begins:
            return self.anew(held.position_id, own, trades)
        if deal["entry"] == "in":
            parts = with_part(self.of(held), Part(deal["lots_e8"], deal["at_us"], seq, deal["price"]))
            self._keep(held.position_id, held.opened_us, parts)
            return trades
        left, took = without_lots(self.of(held), deal["lots_e8"], deal["at_us"])
        self._keep(held.position_id, held.opened_us, left)
        return [with_taken(one, took) if one.seq == seq else one for one in trades]

    def corrected(self, body: Any, deals: dict[str, Deal], trades: list[Trade]) -> list[Trade]:
        """A deal is another since, and so are the ages of what was closed of its position."""
        position_id = body["position_id"]
        own = [deals[name] for name, who, _ in self.known if who == position_id]
        self.digits[position_id] = body.get("digits")
        if not own:
            self.unknown.add(position_id)
            return trades
        return self.anew(position_id, own, trades)

    def anew(self, position_id: str, own: list[Deal], trades: list[Trade]) -> list[Trade]:
        """Each deal in the order in which it was made."""
        parts: list[Part] = []
        took: dict[int, list[Part]] = {}  # by the row of the closing
        for deal in sorted((one for one in own if not one.deleted), key=lambda one: (one.t_us, not one.opens)):
            if deal.opens:
                parts = with_part(parts, Part(deal.lots_e8, deal.t_us, deal.seq, deal.price))
            else:
                parts, took[deal.seq] = without_lots(parts, deal.lots_e8, deal.t_us)
        self._keep(position_id, min(one.t_us for one in own), parts)
        return [with_taken(one, took[one.seq]) if one.seq in took else one for one in trades]

    def _keep(self, position_id: str, opened_us: int, parts: list[Part]) -> None:
        """One part as old as the position is the position itself, until something is added: then the price is an average."""
        was_told = self.parts.pop(position_id, None) is not None
        if parts and (was_told or [one.opened_us for one in parts] != [opened_us]):
            self.parts[position_id] = parts


def with_part(parts: list[Part], part: Part) -> list[Part]:
    """With lots that were opened, in the order of time."""
    found = sorted([*parts, part], key=lambda one: one.opened_us)
    if len(found) > PARTS_KEPT:
        found = [found[1]._replace(lots_e8=found[0].lots_e8 + found[1].lots_e8), *found[2:]]
    return found


def without_lots(parts: list[Part], lots_e8: int, at_us: int) -> tuple[list[Part], list[Part]]:
    """Without lots that were closed at an instant, and those by the parts that they were of: first of those that were open by then."""
    left, took, newest_first = list(parts), [], parts[::-1]  # of one instant, too, what was added last goes first
    for part in sorted(newest_first, key=lambda one: (one.opened_us > at_us, -one.opened_us)):
        if lots_e8 <= 0:
            break
        taking, place = min(lots_e8, part.lots_e8), left.index(part)
        lots_e8 -= taking
        took.append(part._replace(lots_e8=taking))
        left[place : place + 1] = [part._replace(lots_e8=part.lots_e8 - taking)] if taking < part.lots_e8 else []
    return left, took


def with_taken(trade: Trade, took: list[Part]) -> Trade:
    """The trade with the parts that its lots were of, where these are of another age than the position."""
    return trade._replace(took=tuple(took) if any(one.opened_us != trade.opened_us for one in took) else ())


class Figures(Working):
    """A working whose figures are known from the rows that were followed, each with the place that it is cited from."""

    def told(self, name: str, value: int, unit: str, source: str = "") -> Term:
        head = source.partition("/")[0]
        there = not head or head == "ruleset" or int(head) in self.case.payloads
        require(there, f"row {head}, on which {name!r} rests, is missing")
        return self._step(name, "given", [], value, unit, source)

    def of_rule(self, rule: Rule, name: str, path: str, unit: str) -> Term:
        """A figure of the rule's own."""
        return self.given(name, rule.cited(path), unit)

    def yes(self, name: str, op: str, left: Term | int, right: Term | int) -> bool:
        return self._step(name, op, [left, right], OPERATIONS[op](number(left), number(right)), "yes or no").value == 1

    def add(self, name: str, left: Term | int, right: Term | int) -> Term:
        return self._step(name, "plus", [left, right], number(left) + number(right), unit_of(left))

    def most(self, name: str, *terms: Term | int) -> Term:
        return self._step(name, "highest", list(terms), max(map(number, terms)), unit_of(terms[0]))

    def least(self, name: str, *terms: Term | int) -> Term:
        return self._step(name, "lowest", list(terms), min(map(number, terms)), unit_of(terms[0]))

    def divided(self, how: str, name: str, left: Term | int, right: Term | int, unit: str) -> Term:
        op = f"divided_rounded_{how}"
        return self._step(name, op, [left, right], OPERATIONS[op](number(left), number(right)), unit)

    def summed(self, name: str, values: list[Any]) -> Any:
        total: Any = None
        for value in values:
            total = value if total is None else self.add(name, total, value)
        return 0 if total is None else total

    def share(self, name: str, part: Term | int, whole: Term | int) -> Term:
        scaled = self.times(f"{name}, unrounded", part, BP, "scaled")
        return self.divided("half_away", name, scaled, whole, "bp")

    def is_beyond(self, boundary: str, name: str, observed: Term | int, limit: Term | int) -> bool:
        if boundary == "touches":
            return self.yes(f"{name} at or above the limit", "is_at_or_above", observed, limit)
        return self.yes(f"{name} above the limit", "is_above", observed, limit)

    def seconds(self, rule: Rule, name: str, path: str) -> Term:
        return self.times(f"{name} in microseconds", self.of_rule(rule, name, path, "s"), SECOND_US, "us")

    def lots(self, part: Held | Trade) -> Term:
        return self.told(f"lots of {part.position_id}", part.lots_e8, "lots_e8", part.told("lots_e8"))

    def net(self, trade: Trade) -> Term:
        return self.told(f"result of {trade.position_id}", trade.net, "minor", trade.told("net/minor"))


def unit_of(term: Term | int) -> str:
    return term.unit if isinstance(term, Term) else ""


def answer(observed: Any, limit: Any, unit: str, subject: str, broken: bool) -> Answer:
    return Answer(broken, number(observed), number(limit), unit, subject)


def by_side(held: list[Held]) -> list[list[Held]]:
    return [[one for one in held if one.side == side] for side in ("buy", "sell")]


class Look:
    """One rule held against the account at an instant: the same steps as the firm's, each figure from the rows."""

    def __init__(self, calc: Figures, case: Case, account: Conduct, rule: Rule, now_us: int) -> None:
        self.calc, self.case, self.account, self.rule, self.now_us = calc, case, account, rule, now_us
        self.term, self.held = rule.term, account.held_now()
        self._quotes: dict[str, tuple[int, Any]] | None = None

    def answers(self) -> list[Answer]:
        """Beyond where the rows or this verifier cannot tell."""
        kinds = {
            "exposure_limit": self.exposure, "idea_risk": self.ideas, "stop_loss_required": self.stops_required,
            "risk_reward": self.risk_reward, "holding_limit": self.holding, "trading_hours": self.hours,
            "trade_duration": self.duration, "lot_consistency": self.lot_range, "hedging": self.hedging, "grid": self.grid,
            "martingale": self.martingale, "one_sided": self.one_sided, "high_frequency": self.high_frequency,
            "adverse_excursion": self.excursion, "consistency": self.share,
        }  # fmt: skip
        if self.rule.kind not in kinds:
            raise Beyond(f"a definition of {self.rule.kind}")
        return kinds[self.rule.kind]()

    # figures that rest on prices

    def quotes(self) -> dict[str, tuple[int, Any]]:
        """The cited ticks, exactly those that the account's equity rests on."""
        if self._quotes is None:
            exhibits = exhibits_of(self.case, self.case.fact.get("quotes", []), self.case.cause)
            if self.held and not exhibits:
                raise Beyond("the prices that it rests on, which it does not name")
            equity_of(Working(self.case), self.account.now(), exhibits, self.case.decision)
            self.account.require_points(self.account.now(), exhibits)
            self._quotes = {body["symbol"]: (seq, body) for seq, body in exhibits}
        return self._quotes

    def require_worth(self) -> None:
        """What the working says that the account is worth, at the cited prices."""
        self.quotes()
        exhibits = list(self._quotes.values()) if self._quotes else []
        worth = equity_of(Working(self.case), self.account.now(), exhibits, self.case.decision)
        for step in self.case.fact.get("working", []):
            fits = (step["op"], step["name"]) != ("given", "equity") or step["value"] == worth.value
            require(fits, f"{line(step)}: by the rows and the cited prices it is {worth.value}", CONTEST)

    def conversion(self, source: str) -> list[tuple[str, bool]]:
        return conversion(self.case, source, self.quotes(), self.case.decision)

    def worth(self, one: Held, price: int | None = None, opened: int | None = None, is_long: bool | None = None) -> int:
        """What a position makes at the cited prices, or closed at a price: minor units, rounded once."""
        quotes = self.quotes()
        quote = quotes[one.symbol][1]
        hops = self.conversion(quote["currency_profit"])
        is_long = one.side == "buy" if is_long is None else is_long
        opened = one.price_open if opened is None else opened
        close = price if price is not None else quote["bid" if is_long else "ask"]
        above = (close - opened if is_long else opened - close) * one.lots_e8 * quote["contract_e8"]
        below, gains = 10 ** digits_of(quote) * SCALES, above > 0
        for symbol, inverse in hops:
            hop = quotes[symbol][1]
            rate = hop["ask" if gains == inverse else "bid"] if symbol != one.symbol or price is None else price
            scale = 10 ** digits_of(hop)
            above, below = (above * scale, below * rate) if inverse else (above * rate, below * scale)
        require(below > 0, f"position {one.position_id} is converted at a price that is not positive", CONTEST)
        return half_away(above * 10 ** self.case.initial["exponent"], below)

    def floating(self, one: Held) -> Term:
        swap = next(held.swap for held in self.account.positions if held.position_id == one.position_id)
        return self.calc.told(f"floating result of {one.position_id}", self.worth(one) + swap, "minor")

    def risk_at_stop(self, one: Held) -> Term:
        return self.calc.told(f"loss at the stop of {one.position_id}", -self.worth(one, one.stop_loss), "minor")

    def notional(self, one: Held) -> Term:
        quotes = self.quotes()
        hops = self.conversion(quotes[one.symbol][1]["currency_profit"])
        is_long = one.side == "buy" or bool(hops)
        made = self.worth(one, opened=0, is_long=is_long)
        return self.calc.told(f"notional of {one.position_id}", made if is_long else -made, "minor")

    def start_profit(self) -> tuple[int, str]:
        """The profit with which the day began, and the row of the day's start."""
        day, net = self.account.day, self.account.cash[1]
        if day is None or net is None:
            raise Beyond(f"what was paid in and out before row {self.case.anchor}")
        return self.case.look_up(f"{day}/balance/minor") - self.case.initial["minor"] - net, f"{day}/balance/minor"

    def initial(self, name: str) -> Term:
        return self.calc.given(name, f"{self.case.opened}/initial/minor", "minor")

    def trades_of(self, scope: str) -> list[Trade]:
        since_us = self.account.since(scope)
        if self.account.is_cut:
            raise Beyond("every trade of its time: there were more, or one was corrected, than the rows show")
        return [one for one in self.account.trades if one.closed_us >= since_us]

    # exposure

    def exposure(self) -> list[Answer]:
        term, calc = self.term, self.calc
        limit = self.limit_now()
        counted = [one for one in self.held if not term["symbols"] or one.symbol in term["symbols"]]
        if term["counted"] == "each_position":
            return [self.exposed(self.amount(one), limit, one.position_id) for one in counted]
        if term["counted"] == "open_at_once":
            return [self.exposed(self.at_once(counted), limit, "")]
        if term["quantity"] not in ("lots", "positions"):
            return []
        carried = term["counted"] == "opened_in_day_and_carried"
        if term["quantity"] == "lots" and not term["symbols"]:
            total = calc.told("lots opened today", self.account.opened_today, "lots_e8")
            if carried:
                before = calc.told("lots carried", self.account.carried, "lots_e8")
                total = calc.add("lots opened and carried", total, before)
            return [self.exposed(total, limit, "")]
        closed = [one for one in self.trades_of("day") if not term["symbols"] or one.symbol in term["symbols"]]
        every: list[Any] = [*counted, *closed]
        parts = [one for one in every if carried or one.opened_us >= self.account.day_us]
        if term["quantity"] == "lots":
            return [self.exposed(calc.summed("lots in all", [calc.lots(one) for one in parts]), limit, "")]
        count = calc.told("positions of the day", len({one.position_id for one in parts}), "count")
        return [self.exposed(count, limit, "")]

    def limit_now(self) -> Term:
        calc, rule, unit = self.calc, self.rule, QUANTITY_UNITS[self.term["quantity"]]
        limit = calc.of_rule(rule, "limit", "limit", unit)
        if not self.term["tiers"]:
            return limit
        profit = calc.told("profit at the day's start", self.start_profit()[0], "minor", self.start_profit()[1])
        for place in range(len(self.term["tiers"])):
            needed = calc.of_rule(rule, "profit for the next tier", f"tiers/{place}/profit_from", "minor")
            if calc.yes("tier reached", "is_at_or_above", profit, needed):
                limit = calc.of_rule(rule, "limit of the tier", f"tiers/{place}/limit", unit)
        return limit

    def amount(self, one: Held) -> Any:
        quantity = self.term["quantity"]
        if quantity == "margin":
            self.require_worth()
            raise Beyond("what a position binds on its platform, which no row tells")
        return self.calc.lots(one) if quantity == "lots" else 1 if quantity == "positions" else self.notional(one)

    def at_once(self, counted: list[Held]) -> Any:
        calc, totals = self.calc, []
        for symbol in dict.fromkeys(one.symbol for one in counted):
            sides = by_side([one for one in counted if one.symbol == symbol])
            name = f"{self.term['quantity']} of one side"
            long, short = (calc.summed(name, [self.amount(one) for one in side]) for side in sides)
            if self.term["netted"] == "gross":
                totals.append(calc.add(f"{symbol} long and short", long, short))
            else:
                ways = [
                    calc.minus(f"{symbol} long less short", long, short),
                    calc.minus(f"{symbol} short less long", short, long),
                ]
                totals.append(calc.most(f"{symbol} net", *ways))
        return calc.summed(f"{self.term['quantity']} in all", totals)

    def exposed(self, observed: Any, limit: Term, subject: str) -> Answer:
        calc, quantity = self.calc, self.term["quantity"]
        unit = QUANTITY_UNITS[quantity]
        if not number(observed):
            return answer(0, limit, unit, subject, False)
        if quantity in ("lots", "positions"):
            broken = calc.is_beyond(self.term["boundary"], quantity, observed, limit)
            return answer(observed, limit, unit, subject, broken)
        whole = calc.most("initial balance, a cent at least", self.initial("initial balance"), 1)
        scaled = calc.times(f"{quantity} x 10000", observed, BP, "scaled")
        bound = calc.times("limit x initial balance", limit, whole, "scaled")
        broken = calc.is_beyond(self.term["boundary"], quantity, scaled, bound)
        return answer(calc.share(f"share of {quantity}", observed, whole), limit, "bp", subject, broken)

    # ideas and floating losses

    def ideas(self) -> list[Answer]:
        self.account.require_whole("what was traded")
        names = ("risk of an idea", "allowed risk of an idea")
        allowed = Sums(self.calc, self.case, self.account).amount(self.rule, "amount", names)
        return [self.idea(allowed, subject, held, closed) for subject, held, closed in self.ideas_of()]

    def ideas_of(self) -> list[tuple[str, list[Held], list[Trade]]]:
        """Parts that belong together: of its symbol (and side), opened while any of it is open or soon after its last one."""
        term, ideas = self.term, []
        running: dict[str, tuple[list[Any], int]] = {}
        parts: list[Any] = [*self.held, *self.account.trades]
        for part in sorted(parts, key=lambda one: (one.opened_us, one.position_id)):
            names = {"position": part.position_id, "symbol": part.symbol}
            name = names.get(term["grouping"], f"{part.symbol} {part.side}")
            idea, until_us = running.get(name, ([], 0))
            by_closing = term.get("gap_from") == "last_closing"
            joins = bool(idea) and (
                part.opened_us < until_us
                or part.opened_us - (until_us if by_closing else idea[-1].opened_us) <= term["gap_s"] * SECOND_US
            )
            if not joins:
                idea, until_us = [], 0
                ideas.append(idea)
            idea.append(part)
            running[name] = idea, max(until_us, FOREVER if isinstance(part, Held) else part.closed_us)
        return [
            (one[0].position_id, [p for p in one if isinstance(p, Held)], [p for p in one if isinstance(p, Trade)])
            for one in ideas
        ]

    def idea(self, allowed: Term, subject: str, held: list[Held], closed: list[Trade]) -> Answer:
        calc, how = self.calc, self.term["measured"]
        if how == "stop_distance":
            if any(not one.stop_loss for one in held):
                return answer(0, allowed, "minor", subject, True)
            risks = [calc.most(f"risk of {one.position_id}", self.risk_at_stop(one), 0) for one in held]
            lost = self.lost("lost so far", [calc.net(one) for one in closed])
            risked = calc.summed("risk of the idea", [*risks, lost])
        elif how == "loss":
            floating = [self.floating(one) for one in held]
            risked = self.lost("loss of the idea", [*[calc.net(one) for one in closed], *floating])
        else:
            floating = [self.floating(one) for one in held]
            together = calc.summed("floating results together", floating)
            deepest = calc.least("deepest of the idea", together, *floating)
            risked = self.lost("largest floating loss", [deepest])
        broken = calc.is_beyond(self.term["boundary"], "risk of the idea", risked, allowed)
        return answer(risked, allowed, "minor", subject, broken)

    def lost(self, name: str, results: list[Any]) -> Term:
        together = self.calc.summed("results together", results)
        return self.calc.most(name, self.calc.times("results turned round", together, -1, "minor"), 0)

    def excursion(self) -> list[Answer]:
        calc, term, rule = self.calc, self.term, self.rule
        takes_profit = term["of_profit"]
        name = "profit at the day's start" if takes_profit else "initial balance"
        share = calc.of_rule(rule, "share", "share_bp", "bp")
        of = calc.told(name, *self.start_profit_told()) if takes_profit else self.initial(name)
        scaled = calc.times(f"share x {name}", of, share, "minor x bp")
        allowed = calc.divided_rounded_down(f"share of the {name}", scaled, BP, "minor")
        limit = calc.most("limit", allowed, calc.of_rule(rule, "least that is allowed", "minimum_minor", "minor"))
        answers = []
        for one in self.held:
            turned = calc.times("result turned round", self.floating(one), -1, "minor")
            depth = calc.most("floating loss", turned, 0)
            broken = calc.is_beyond(term["boundary"], "floating loss", depth, limit)
            answers.append(answer(depth, limit, "minor", one.position_id, broken))
        return answers

    def start_profit_told(self) -> tuple[int, str, str]:
        value, source = self.start_profit()
        return value, "minor", source

    # stops

    def require_stops_told(self) -> None:
        """Where a position was opened before the rows, a stop may have been told before them."""
        for one in self.held:
            if (
                not self.case.is_whole
                and not one.stops_at
                and one.opened_us < self.case.rows[self.case.anchor]["happened_us"]
            ):
                raise Beyond(f"what was told of the stop of {one.position_id} before row {self.case.anchor}")

    def stops_required(self) -> list[Answer]:
        calc, term, rule = self.calc, self.term, self.rule
        self.require_stops_told()
        allowed = None
        if term["risk_max"] is not None:
            names = ("loss at a stop", "allowed loss at a stop")
            allowed = Sums(calc, self.case, self.account).amount(rule, "risk_max", names)
        answers = []
        for one in self.held:
            if one.stop_loss and allowed is None:
                answers.append(answer(0, 0, "minor", one.position_id, False))
            elif one.stop_loss:
                risk = self.risk_at_stop(one)
                broken = calc.yes("risk above what is allowed", "is_above", risk, allowed or 0)
                answers.append(answer(risk, allowed, "minor", one.position_id, broken))
            else:
                opened = calc.told(f"opening of {one.position_id}", one.opened_us, "us", one.told("opened_us"))
                held = calc.minus("held without a stop", calc.told("now", self.now_us, "us"), opened)
                due = calc.seconds(rule, "time for a stop", "within_s")
                late = calc.yes("time for a stop is over", "is_at_or_above", held, due)
                answers.append(answer(held.value // SECOND_US, term["within_s"], "s", one.position_id, late))
        return answers

    def risk_reward(self) -> list[Answer]:
        self.require_stops_told()
        return [self.distances(one) for one in self.held if one.stop_loss and one.take_profit]

    def distances(self, one: Held) -> Answer:
        calc, name = self.calc, one.position_id
        entry = calc.told(f"opening price of {name}", one.price_open, "points", one.told("price_open"))
        stop = calc.told(f"stop of {name}", one.stop_loss, "points", one.stops_told("stop_loss"))
        target = calc.told(f"target of {name}", one.take_profit, "points", one.stops_told("take_profit"))
        ways = [(entry, stop), (target, entry)] if one.side == "buy" else [(stop, entry), (entry, target)]
        risk, reward = calc.minus("way to the stop", *ways[0]), calc.minus("way to the target", *ways[1])
        allowed = calc.of_rule(self.rule, "stop to target", "stop_to_target_max_bp", "bp")
        risked = calc.times("way to the stop x 10000", calc.most("way that can be lost", risk, 0), BP, "scaled")
        limit = calc.times("way to the target x share", calc.most("way that can be won", reward, 0), allowed, "scaled")
        broken = calc.yes("stop too far for the target", "is_above", risked, limit)
        least = calc.most("way, a point at least", reward, 1)
        return answer(calc.divided("half_away", "stop to target now", risked, least, "bp"), allowed, "bp", name, broken)

    # ways of trading

    def hedging(self) -> list[Answer]:
        calc, answers = self.calc, []
        allowed: Any = 0
        if self.term["lots_e8_max"] is not None:
            allowed = calc.of_rule(self.rule, "allowed against each other", "lots_e8_max", "lots_e8")
        for symbol in sorted({one.symbol for one in self.held}):
            sides = by_side([one for one in self.held if one.symbol == symbol])
            long, short = (calc.summed(f"{symbol} one way", [calc.lots(one) for one in side]) for side in sides)
            opposed = calc.least(f"{symbol} held both ways", long, short)
            broken = calc.yes("more than is allowed", "is_above", opposed, allowed)
            answers.append(answer(opposed, allowed, "lots_e8", symbol, broken))
        return answers

    def grid(self) -> list[Answer]:
        calc, term, answers = self.calc, self.term, []
        most = calc.of_rule(self.rule, "positions allowed", "positions_max", "count")
        for symbol in sorted({one.symbol for one in self.held}):
            for side in by_side([one for one in self.held if one.symbol == symbol]):
                if side:
                    openings = [one for held in side for one in self.openings_of(held)]
                    rungs = most_within([one.opened_us for one in rungs_of(term, openings)], term["within_s"])
                    count = calc.told(f"rungs of {symbol}", rungs, "count")
                    broken = calc.yes("more than are allowed", "is_above", count, most)
                    answers.append(answer(count, most, "count", f"{symbol} {side[0].side}", broken))
        return answers

    def martingale(self) -> list[Answer]:
        self.account.require_whole("what was traded")
        calc, answers = self.calc, []
        factor = calc.of_rule(self.rule, "what is a raise", "factor_bp", "bp")
        repeats = calc.of_rule(self.rule, "raises that break the term", "repeats", "count")
        for subject, now, since_e8, before in after_which(self.term, self.rounds()):
            if before.net >= 0:
                continue
            name, other = now.position_id, before.position_id
            lots = calc.told(f"lots of {name}", since_e8, "lots_e8", now.lots_at)
            then = calc.told(f"lots of {other}", before.lots_e8, "lots_e8", before.lots_at)
            scaled = calc.times(f"lots of {name} x 10000", lots, BP, "scaled")
            bound = calc.times(f"lots of {other} x factor", then, factor, "scaled")
            if not calc.yes("volume was raised", "is_at_or_above", scaled, bound):
                continue
            run = calc.add("raises in a row", before.run, 1)
            now.run = run if number(run) > number(now.run) else now.run
            broken = calc.yes("as many as break the term", "is_at_or_above", run, repeats)
            answers.append(answer(run, repeats, "count", subject, broken))
        return answers

    def rounds(self) -> list[Round]:
        """Of each position of which something is known."""
        found: dict[str, list[Any]] = {}
        parts_known: list[Any] = [*self.account.trades, *self.held]
        for part in parts_known:
            found.setdefault(part.position_id, []).append(part)
        return [one for parts in found.values() for one in self.rounds_of(parts)]

    def rounds_of(self, parts: list[Any]) -> list[Round]:
        """A position from an opening until all is closed, or until something is added after a closing."""
        newest, lots = parts[-1], self.lots_opened(parts)
        events: list[tuple[int, int, Any]] = [(at_us, 1, at_us) for at_us in lots]
        for one in parts:
            if isinstance(one, Trade):
                events += [(one.closed_us, 2 if one.began_us >= one.closed_us else 0, one)]
        rounds = [Round(newest.position_id, newest.symbol)]
        for at_us, kind, one in sorted(events, key=lambda event: event[:2]):
            now = rounds[-1]
            if kind != 1:
                now.closed_us, now.lots_e8, now.net = at_us, now.lots_e8 + one.lots_e8, now.net + one.net
                continue
            if now.closed_us:
                now.ended_us = at_us
                rounds.append(Round(newest.position_id, newest.symbol))
            rounds[-1].openings.append((at_us, lots[at_us], self.subject_of(newest, at_us)))
        if not isinstance(newest, Held):
            rounds[-1].ended_us = rounds[-1].closed_us
        if len(parts) == len(lots) == 1:
            rounds[0].lots_at = newest.told("lots_e8")
        return [one for one in rounds if one.openings]

    def lots_opened(self, parts: list[Any]) -> dict[int, int]:
        """How many lots of a position were opened at each instant."""
        lots: dict[int, int] = {}
        for one in parts:
            of = self.account.ages.of(self.position(one)) if isinstance(one, Held) else one.took
            for at_us, lots_e8 in [(part.opened_us, part.lots_e8) for part in of] or [(one.opened_us, one.lots_e8)]:
                lots[at_us] = lots.get(at_us, 0) + lots_e8
        return lots

    def position(self, one: Held) -> Position:
        return next(held for held in self.account.positions if held.position_id == one.position_id)

    def subject_of(self, one: Held | Trade, opened_us: int) -> str:
        """The position, or what was added to it then."""
        added = at_instant(opened_us).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return one.position_id if opened_us == one.opened_us else f"{one.position_id} {added}"

    def openings_of(self, one: Held) -> list[Opening]:
        """Each deal that opened lots of it which are held, the oldest first."""
        if one.position_id in self.account.ages.unknown:
            raise Beyond(f"when the lots of {one.position_id} were opened")
        parts = self.account.ages.of(self.position(one))
        return [
            Opening(
                one.position_id, self.subject_of(one, part.opened_us), one.side, part.price, part.opened_us,
                one.told("opened_us") if part.opened_us == one.opened_us else opened_at(part),
            )
            for part in parts
        ]  # fmt: skip

    def one_sided(self) -> list[Answer]:
        calc, trades = self.calc, self.trades_of(self.term["per"])
        count = calc.told("trades", len({one.position_id for one in trades}), "count")
        enough = calc.of_rule(self.rule, "trades from which it counts", "trades_from", "count")
        if calc.yes("too few trades", "is_below", count, enough):
            return []
        lots: dict[tuple[str, str], int] = {}
        for one in trades:
            lots[one.symbol, one.side] = lots.get((one.symbol, one.side), 0) + one.lots_e8
        symbol, side = min(lots, key=lambda name: (-lots[name], name))
        subject = f"{symbol} {side}"
        one_way = [calc.lots(one) for one in trades if (one.symbol, one.side) == (symbol, side)]
        largest = calc.summed(f"lots of {subject}", one_way)
        every = calc.summed("lots in all", [calc.lots(one) for one in trades])
        most = calc.of_rule(self.rule, "largest share allowed", "share_max_bp", "bp")
        scaled = calc.times("lots of one side x 10000", largest, BP, "scaled")
        broken = calc.yes(
            "more than that share", "is_above", scaled, calc.times("lots in all x share", every, most, "scaled")
        )
        return [answer(calc.share("share of one side", largest, every), most, "bp", subject, broken)]

    def high_frequency(self) -> list[Answer]:
        self.account.require_whole("what was traded")
        calc, term = self.calc, self.term
        opened = [one.at_us for one in self.account.openings]
        since_us = max(opened, default=0) - term["within_s"] * SECOND_US  # the time that ends at the newest opening
        newest = sum(1 for at_us in opened if at_us >= since_us)
        count = calc.told(f"openings within {term['within_s']} s", newest, "count")
        limit = calc.of_rule(self.rule, "openings allowed", "openings_max", "count")
        return [answer(count, limit, "count", "", calc.is_beyond(term["boundary"], "openings", count, limit))]

    # trades

    def duration(self) -> list[Answer]:
        trades, term, calc, rule, answers = self.trades_of(self.term["per"]), self.term, self.calc, self.rule, []
        if term["seconds_min"] is not None:
            least = calc.seconds(rule, "shortest that is allowed", "seconds_min")
            for one in trades:
                lasted = self.lasted(one)
                broken = calc.yes("shorter than is allowed", "is_below", lasted, least)
                answers.append(answer(lasted.value // SECOND_US, term["seconds_min"], "s", one.position_id, broken))
        if term["average_s_min"] is not None and trades:
            average = calc.seconds(rule, "average to exceed", "average_s_min")
            count = calc.told("trades", len(trades), "count")
            together = calc.summed("lasted together", [self.lasted(one) for one in trades])
            bound = calc.times("average x trades", average, count, "us")
            broken = calc.yes("no longer than that on average", "is_at_or_below", together, bound)
            shown_us = calc.divided("down", "average", together, count, "us")
            answers.append(answer(shown_us.value // SECOND_US, term["average_s_min"], "s", "", broken))
        if term["longer_s"] is not None and term["share_of_longer_bp"] is not None:
            answers += self.profit_of_longer(trades)
        return answers

    def profit_of_longer(self, trades: list[Trade]) -> list[Answer]:
        calc, rule = self.calc, self.rule
        longer = calc.seconds(rule, "longer than", "longer_s")
        gains = [
            (calc.net(one), calc.yes("a longer trade", "is_above", self.lasted(one), longer))
            for one in trades
            if one.net > 0
        ]
        if not gains:
            return []
        gross = calc.summed("gross profit", [net for net, _ in gains])
        earned = calc.summed("profit of longer trades", [net for net, is_longer in gains if is_longer])
        asked = calc.of_rule(rule, "share to come from longer trades", "share_of_longer_bp", "bp")
        scaled = calc.times("profit of longer trades x 10000", earned, BP, "scaled")
        bound = calc.times("gross profit x share", gross, asked, "scaled")
        broken = calc.yes("less than that share", "is_below", scaled, bound)
        return [answer(calc.share("share of longer trades", earned, gross), asked, "bp", "", broken)]

    def lasted(self, one: Trade) -> Term:
        if one.position_id in self.account.ages.unknown:
            raise Beyond(f"when the lots of {one.position_id} were opened")
        closed = self.calc.told(f"closing of {one.position_id}", one.closed_us, "us", one.told("closed_us"))
        opened = self.calc.told(f"opening of {one.position_id}", one.began_us, "us", one.told("began_us"))
        return self.calc.minus(f"how long {one.position_id} lasted", closed, opened)

    def lot_range(self) -> list[Answer]:
        calc, term = self.calc, self.term
        counted = self.trades_of(term["per"])
        sizes: list[tuple[str, Any]] = [(one.position_id, calc.lots(one)) for one in counted]
        if term["partial_closes"] == "together":
            positions: dict[str, Any] = {}
            for name, size in sizes:
                before = positions.pop(name, None)
                positions[name] = size if before is None else calc.add(f"lots of {name} together", before, size)
            still = {one.position_id for one in self.held}
            sizes = [(name, size) for name, size in positions.items() if name not in still]
        if len(sizes) < 2 or counted[-1].position_id != sizes[-1][0]:
            return []
        *earlier, (newest, lots) = sizes
        total = self.total_of("lots before it", [size for _, size in earlier])
        bounds = {}
        for word, how, op in (("smallest", "up", "is_below"), ("largest", "down", "is_above")):
            path = {"smallest": "min_bp", "largest": "max_bp"}[word]
            share = calc.of_rule(self.rule, f"{word} share of the average", path, "bp")
            scaled = calc.times(f"{word} share of all lots", total, share, "lots_e8 x bp")
            bounds[word] = calc.divided(how, f"{word} lots", scaled, len(earlier) * BP, "lots_e8")
            name = {"smallest": "smaller", "largest": "larger"}[word]
            if calc.yes(f"{name} than the range", op, lots, bounds[word]):
                return [answer(lots, bounds[word], "lots_e8", newest, True)]
        return [answer(lots, bounds["largest"], "lots_e8", newest, False)]

    def total_of(self, name: str, sizes: list[Any]) -> Any:
        total: Any = 0
        for place, size in enumerate(sizes):
            total = size if not place else self.calc.add(name, total, size)
        return total

    # a share of the profit that ends the account

    def share(self) -> list[Answer]:
        """When its term says: with each closing, at a rollover, or when all else that the phase asks for is met."""
        at, told = self.term.get("fails_at"), self.case.kind != "RuleKeptAgain"
        if at == "rollover" and told:
            ended = self.now_us == self.account.day_us
            require(ended, f"{self.rule.id!r} is looked at where a day begins, and no later", CONTEST)
        if at == "target":
            try:
                objectives(self.calc, self.case, self.account)
            except Refused:
                if told:
                    raise
                return []
        return self.shared(is_ended=at == "rollover")

    def shared(self, is_ended: bool) -> list[Answer]:
        """The best result against all of the profit, the winning days, or the target; nothing where there is no profit.

        `is_ended`: of the days that have ended, and of trades before the running one.
        """
        calc, term, account = self.calc, self.term, self.account
        if not is_known(self.rule):
            raise Beyond(f"a definition of {term['best']} by {term['day_basis']}")
        account.require_whole("what was traded")
        asked: Any = Sums(calc, self.case, account).target() if term["of"] == "target" else None
        since_us, name = account.since(term["per"]), term["best"].replace("_", " ")
        by_day = self.results_of_days(since_us, is_ended)
        results = by_day if term["best"] == "best_day" else self.results_of_trades(since_us, is_ended)
        if term["of"] == "net_total":
            asked = calc.summed("net total", [result for _, result in results])
        elif term["of"] == "positive_days":
            gains = [result for _, result in by_day if result.value > 0]
            asked = calc.summed("profit of the winning days", gains)
        best = calc.most(name, *(result for _, result in results)) if results else None
        place = min(len(account.payouts), len(term["caps_bp"]) - 1)
        cap = calc.of_rule(self.rule, "largest share", f"caps_bp/{place}", "bp")
        if best is None or number(asked) <= 0:
            return []
        about = next(subject for subject, result in results if result.value == best.value)
        return [self.too_large(name, best, asked, cap, about)]

    def too_large(self, name: str, best: Term, whole: Any, cap: Term, about: str) -> Answer:
        calc = self.calc
        scaled = calc.times(f"{name} in basis points", best, BP, "minor x bp")
        share = calc.divided("half_away", f"share of the {name}", scaled, whole, "bp")
        against = calc.times(f"{name} x 10000", best, BP, "minor x bp")
        most = calc.times("largest share x the whole", whole, cap, "minor x bp")
        if self.term["boundary"] == "touches":
            broken = calc.yes(f"{name} at or above its largest share", "is_at_or_above", against, most)
        else:
            broken = calc.yes(f"{name} above its largest share", "is_above", against, most)
        return answer(share, cap, "bp", about, broken)

    def results_of_days(self, since_us: int, is_ended: bool) -> list[tuple[str, Term]]:
        """With the running day, which no row holds, unless the days must have ended."""
        basis = {"close": "closed", "open": "opened"}[self.term["day_basis"]]
        days = [(label, day) for label, day in self.account.brought.items() if day.start_us >= since_us]
        if is_ended:
            days = [(label, day) for label, day in days if label != self.account.day_label]
        if len(days) > DAYS_KEPT:
            raise Beyond(f"every day of its time: there were more than {DAYS_KEPT}")
        found = []
        for label, day in days:
            source = f"{day.seq}/{basis}/minor" if day.seq else ""
            found.append((label, self.calc.told(f"result of {label}", getattr(day, basis), "minor", source)))
        return found

    def results_of_trades(self, since_us: int, is_ended: bool) -> list[tuple[str, Term]]:
        ends_us = self.account.day_us if is_ended else FOREVER
        parts: dict[str, list[Trade]] = {}
        for one in self.account.trades:
            if since_us <= one.closed_us < ends_us:
                parts.setdefault(one.position_id, []).append(one)
        return [(name, self.calc.summed(f"result of {name}", list(map(self.net_of, of)))) for name, of in parts.items()]

    def net_of(self, one: Trade) -> Term:
        return self.calc.told(f"net of {one.position_id}", one.net, "minor", one.told("net/minor"))

    # hours and closures

    def hours(self) -> list[Answer]:
        zone = zone_of(self.term["zone"])
        if zone is None:
            raise Beyond(f"the zone {self.term['zone']}, which this machine does not know")
        return [self.within_hours(zone, one) for held in self.held for one in self.openings_of(held)]

    def within_hours(self, zone: Any, one: Opening) -> Answer:
        calc, rule = self.calc, self.rule
        began = day_at(zone, {"rollover": self.term["opens"]}, one.opened_us)[1]
        ends = day_at(zone, {"rollover": self.term["closes"]}, began)[2]
        opened = calc.told(f"opening of {one.position_id}", one.opened_us, "us", one.at)
        opens = calc.told("hours begin", began, "us", rule.cited("opens"))
        closes = calc.told("hours end", ends, "us", rule.cited("closes"))
        after = calc.minus("opened after they began", opened, opens)
        last = calc.minus("how long they last", closes, opens)
        broken = calc.yes("opened outside hours", "is_at_or_above", after, last)
        return answer(after.value // SECOND_US, last.value // SECOND_US, "s", one.subject, broken)

    def holding(self) -> list[Answer]:
        if not self.case.is_whole and self.term["pending_orders"]:
            raise Beyond(f"the orders that waited before row {self.case.anchor}")
        items: list[Any] = [*self.held, *self.account.orders.values()]
        answers, days = [], market_days_of(self.case, self.term)
        for item in items:
            spec = resting(spec_of(self.case, item.symbol), days)
            found = None if isinstance(item, Waiting) and not self.term["pending_orders"] else last_closing(
                self.term, spec, self.now_us
            )  # fmt: skip
            if found is not None:
                answers.append(self.held_over(item, found))
        return answers

    def held_over(self, item: Any, closing: Any) -> Answer:
        calc, rule, (cutoff_us, market) = self.calc, self.rule, closing
        is_order = isinstance(item, Waiting)
        name = item.order_id if is_order else item.position_id
        due = calc.told("cut-off", cutoff_us, "us", rule.cited("cutoff"))
        if market is not None:
            closes: Term = calc.told("market closes", market[0], "us")
            if market[2]:
                minutes = calc.of_rule(rule, "before an early close", "early_close_minutes", "min")
                ahead = calc.times("ahead", minutes, MINUTE_US, "us")
                closes = calc.minus("before it closes early", closes, ahead)
            due = calc.least("to be closed by", due, closes)
        late = calc.minus("since it had to be closed", calc.told("now", self.now_us, "us"), due)
        reopens = calc.told(
            "market opens again", *((market[1], "us") if market else (cutoff_us, "us", rule.cited("cutoff")))
        )
        since = calc.told(
            f"opening of {name}",
            item.placed_us if is_order else item.opened_us,
            "us",
            f"{item.seq}/t_us" if is_order else item.told("opened_us"),
        )
        held = calc.yes("held before it opened again", "is_below", since, reopens)
        subject = f"{name} {at_instant(reopens.value).strftime('%Y-%m-%dT%H:%MZ')}"
        return answer(late.value // SECOND_US if held else 0, 0, "s", subject if held else name, held)


def rungs_of(term: Any, openings: list[Opening]) -> list[Opening]:
    """Openings at prices of their own, each against the one counted before it; with `losing_only`, at worse ones."""
    rungs: list[Opening] = []
    for one in sorted(openings, key=lambda opening: (opening.opened_us, opening.position_id)):
        last = rungs[-1].price if rungs else 0
        same = bool(rungs) and (rungs[-1].opened_us, rungs[-1].position_id) == (one.opened_us, one.position_id)
        worse = one.price < last if one.side == "buy" else one.price > last
        if not rungs or (not same and (worse if term["losing_only"] else one.price != last)):
            rungs.append(one)
    return rungs


def most_within(instants_us: list[int], within_s: int) -> int:
    """The most of these rising instants in one stretch of so many seconds, both ends included."""
    most = first = 0
    for last, at_us in enumerate(instants_us):
        while at_us - instants_us[first] > within_s * SECOND_US:
            first += 1
        most = max(most, last - first + 1)
    return most


def after_which(term: Any, rounds: list[Round]) -> Iterator[tuple[str, Round, int, Round]]:
    """Each opening with its round, the lots that were opened in that since the trade which was closed last before it, and that trade.

    What was closed by an instant is known by its end: of a position that is added to, when that was. Of one instant the round itself
    ends after its opening.
    """
    opened = [
        (at_us, one.position_id, lots_e8, subject, one) for one in rounds for at_us, lots_e8, subject in one.openings
    ]
    ended = sorted(rounds, key=lambda one: (one.ended_us, one.closed_us, one.openings[0][0], one.position_id))
    last: dict[str, Round] = {}
    since: dict[int, tuple[Round, int]] = {}
    for at_us, _, lots_e8, subject, now in sorted(opened, key=lambda one: one[:2]):
        while ended and ended[0].ended_us <= at_us and ended[0] is not now:
            one = ended.pop(0)
            name = one.symbol if term["same_symbol"] else ""
            last[name] = one if name not in last or last[name].closed_us <= one.closed_us else last[name]
        before = last.get(now.symbol if term["same_symbol"] else "")
        if before is not None:
            answered, lots_before = since.get(id(now), (before, 0))
            together = lots_e8 + (lots_before if answered is before else 0)
            since[id(now)] = (before, together)
            yield subject, now, together, before


# === 14. Contracts, and when their markets close ===


def spec_of(case: Case, symbol: str) -> dict[str, Any]:
    """The newest contract of a symbol in the file that was told before the decision; Beyond where there is none."""
    for seq in sorted(case.rows, reverse=True):
        if case.rows[seq]["kind"] == "SymbolReported" and seq < case.decision:
            body = case.payloads[seq]
            if (body["bridge"], body["spec"]["symbol"]) == (case.bridge, symbol):
                return dict(body["spec"])
    raise Beyond(f"the contract of {symbol}")


def market_days_of(case: Case, term: Any) -> Any:
    """The market days that a rule goes by which names some: of the version that the decision names, else the newest of that name."""
    name, version = term.get("calendar"), case.fact.get("calendar")
    if name is None or version == "":
        return None
    told = [seq for seq in case.rows if case.rows[seq]["kind"] == "MarketDaysAdopted" and seq < case.decision]
    for seq in sorted(told, reverse=True):
        body = case.payloads[seq]
        if version in (None, body["version"]) and (version is not None or body["days"]["name"] == name):
            require_version(case, seq, "days")
            said = body["days"]["name"]
            require(said == name, f"the market days in row {seq} are {said!r}, the rule goes by {name!r}", CONTEST)
            return body["days"]
    raise Beyond(f"the market days {name!r}" + (f" of version {version[:16]}" if version else ""))


def require_version(case: Case, seq: int, name: str) -> None:
    """A calendar is of the version that it is called by: the hash of its text."""
    version, payload = case.payloads[seq]["version"], case.rows[seq]["payload"]
    text = payload[len('{"version":"","":') + len(name) + len(version) : -1]
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    require(digest == version, f"the calendar in row {seq} is not the one of version {version[:16]}", CONTEST)


def resting(spec: dict[str, Any], days: Any) -> dict[str, Any]:
    """A contract whose market rests on these days too, if they concern it."""
    if days is None or (days["symbols"] and spec["symbol"] not in days["symbols"]):
        return spec
    zone, closed = zone_of(days["zone"]), [tuple(one) for one in spec["closed"]]
    if zone is None:
        raise Beyond(f"the zone {days['zone']}, which this machine does not know")
    for one in days["days"]:
        day = date.fromisoformat(one["date"])
        until = minute_of(one["reopens"]) or 1_440
        closed.append((local_instant(zone, day, minute_of(one["closes"])), local_instant(zone, day, until)))
    return {**spec, "closed": sorted(set(closed))}


def minute_of(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def last_closing(term: Any, spec: dict[str, Any], now_us: int) -> Any:
    """The newest (cut-off, closure or None) by which positions had to be closed, of those that lie around."""
    zone, rules = zone_of(term["zone"]), {"rollover": term["cutoff"]}
    if zone is None or zone_of(spec["zone"]) is None:
        raise Beyond(f"the zones {term['zone']} and {spec['zone']}, which this machine does not know")
    first_us = now_us // DAY_US * DAY_US
    found = []
    if term["over"] == "overnight":
        cutoff_us = day_at(zone, rules, first_us)[1]
        for _ in range(4):
            next_us = day_at(zone, rules, cutoff_us)[2]
            around = [one for one in closures_around(spec, cutoff_us) if cutoff_us < one[1] and one[0] < next_us]
            found.append((cutoff_us, around[0] if around else None))
            cutoff_us = next_us
    else:
        meant = [one for one in closures_around(spec, first_us) if is_meant(term, spec, one)]
        found = [(cutoff_before(zone, rules, one), one) for one in meant]
    due = sorted(((due_by(term, one), one) for one in found), key=lambda one: one[0])
    passed = [one for at_us, one in due if at_us <= now_us]
    return passed[-1] if passed else None


def due_by(term: Any, closing: Any) -> int:
    cutoff_us, market = closing
    if market is None:
        return int(cutoff_us)
    return int(min(cutoff_us, market[0] - (term["early_close_minutes"] * MINUTE_US if market[2] else 0)))


def cutoff_before(zone: Any, rules: Any, closure: Any) -> int:
    """The cut-off on the local date on which the market traded last; of a Saturday Friday's."""
    traded = at_instant(closure[0] - 1).astimezone(zone)
    label, start_us, end_us = day_at(zone, rules, closure[0] - 1)
    return start_us if label == traded.date().isoformat() or traded.weekday() == 5 else end_us


def is_meant(term: Any, spec: dict[str, Any], closure: Any) -> bool:
    if term["over"] == "long_break":
        return bool(closure[1] - closure[0] > term["break_s"] * SECOND_US)
    zone = zone_of(term["zone"])
    noon = datetime.combine(at_instant(closure[0]).astimezone(zone).date(), time(12), tzinfo=zone)
    while instant_of(noon) < closure[1]:
        if closure[0] <= instant_of(noon):
            if term["over"] == "weekend" and noon.weekday() == 5:
                return True
            if term["over"] == "holiday" and noon.weekday() < 5 and trades_at(spec, instant_of(noon)):
                return True
        noon += timedelta(days=1)
    return False


def trades_at(spec: dict[str, Any], instant_us: int) -> bool:
    """Whether a symbol trades then by its week, whatever holidays there are."""
    local = at_instant(instant_us).astimezone(zone_of(spec["zone"]))
    minute = local.weekday() * 1_440 + local.hour * 60 + local.minute
    in_week = not spec["sessions"] or any(start <= minute < end for start, end in spec["sessions"])
    return in_week and not spec["renamed_to"]


def closures_around(spec: dict[str, Any], instant_us: int) -> list[tuple[int, int, bool]]:
    """(since, until, whether it cuts a session of the week short) of each stretch without trade in the weeks around."""
    zone = zone_of(spec["zone"])
    around = at_instant(instant_us // DAY_US * DAY_US).astimezone(zone).date()
    reach = timedelta(days=CLOSED_DAYS_MAX + 7)
    monday = around - reach
    monday -= timedelta(days=monday.weekday())
    week = []
    while monday <= around + reach:
        for start, end in sorted(spec["sessions"] or [[0, 7 * 1_440]]):
            week.append((local_instant(zone, monday, start), local_instant(zone, monday, end)))
        monday += timedelta(days=7)
    closed = sorted((one[0], one[1]) for one in spec["closed"] if one[1] - one[0] <= CLOSED_DAYS_MAX * DAY_US)
    traded = less(joined(week), closed)
    return [
        (before[1], after[0], any(start < before[1] < end for start, end in week))
        for before, after in zip(traded, traded[1:])  # noqa: B905, RUF007  (Python 3.8 knows neither)
    ]


def local_instant(zone: Any, monday: date, minute: int) -> int:
    """When the clocks of a zone show that minute of a week: the first time, and after the gap where they skip it."""
    day = monday + timedelta(days=minute // 1_440)
    clock = f"{minute % 1_440 // 60:02}:{minute % 60:02}"
    last = instant_of(datetime.combine(day, time.max, tzinfo=zone))
    return day_at(zone, {"rollover": clock}, last)[1]


def joined(stretches: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in stretches:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def less(stretches: list[tuple[int, int]], closed: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found = []
    for start, end in stretches:
        left = start
        for from_us, to_us in closed:
            if from_us < end and left < to_us:
                if left < from_us:
                    found.append((left, from_us))
                left = to_us
        if left < end:
            found.append((left, end))
    return found


# === 15. Deeds: what was done to a position ===


def deeds_of(case: Case, account: Conduct) -> list[Deed]:
    """What the cause did to positions, or what was held at the judged instant."""
    row, said = case.rows.get(case.cause, {"kind": "", "account": 0}), case.payloads.get(case.cause, {})
    at_us = case.fact["at_us"]
    if row["kind"] in BY_PEOPLE:
        raise Beyond("which of what was kept for a stopped desk it judges")
    seq = account.done[0]
    # A report lets time pass before it is booked: a mark of then sees what was held.
    is_booked = bool(seq) and case.rows[seq]["cause"] == case.cause
    if row["kind"] == "DealReported" and is_booked:
        return deeds_of_deal(case, account, row, said)
    is_own = row["kind"] == "PositionReported" and row["account"] == case.account
    if is_own and at_us == row["happened_us"]:
        told = account.stops.get(said["position_id"], (0, 0, "", False))
        held = next((one for one in account.positions if one.position_id == said["position_id"]), None)
        if held is None or not told[3]:
            return []
        seq = case.cause if said["t_us"] == row["happened_us"] else 0
        when = row["happened_us"]
        opened_us = account.ages.of(held)[-1].opened_us
        return [Deed("modify", said["symbol"], when, opened_us, seq, held.position_id, "unknown", when)]
    return [holding(one, account.ages.of(one), at_us) for one in account.positions]


def deeds_of_deal(case: Case, account: Conduct, row: Any, said: Any) -> list[Deed]:
    seq, position_id = account.done
    before, opens, at_us = account.before_deal, said["entry"] == "in", row["happened_us"]
    pending = said["order_id"] in account.filled or said["order_id"] in account.orders
    if not opens and said["reason"] in BY_ITSELF:
        action = BY_ITSELF[said["reason"]]
    else:
        action = "pending_fill" if pending else "open" if opens else "close"
    opened_us = at_us if opens or before is None else before.opened_us
    opened_us = next((one.began_us for one in reversed(account.trades) if one.seq == seq), opened_us)
    told = case.cause if said["t_us"] == at_us else 0
    by = PLACED_BY.get(said["reason"], "unknown")
    done = Deed(action, said["symbol"], at_us, opened_us, told, position_id, by, at_us)
    forbidden = any(rule.kind == "news_window" and "hold" in rule.term["actions"] for rule in case.rules)
    return (
        [done]
        if opens or before is None or not forbidden
        else [
            holding(before, account.parts_before, at_us),
            done,
        ]
    )


def holding(one: Position, parts: list[Part], at_us: int) -> Deed:
    since_us = max(one.opened_us, at_us - HOLDING_SEEN_US)
    added_us = tuple(part.opened_us for part in parts if part.opened_us > one.opened_us)
    return Deed("hold", one.symbol, at_us, one.opened_us, 0, one.position_id, "unknown", since_us, added_us)


def calendar_of(case: Case, term: Any) -> list[dict[str, Any]]:
    """The releases of the very calendar whose version the decision names, and whose name the rule does: the hash of its text."""
    version, name = case.fact["calendar"], term.get("calendar") or "news"
    require(bool(version), "the decision names no calendar of news", CONTEST)
    for seq, row in case.rows.items():
        if row["kind"] == "CalendarAdopted" and case.payloads[seq]["version"] == version:
            require(seq < case.decision, f"the calendar in row {seq} was adopted after the decision", CONTEST)
            require_version(case, seq, "calendar")
            said = case.payloads[seq]["calendar"]["name"]
            require(said == name, f"the calendar in row {seq} is {said!r}, the rule goes by {name!r}", CONTEST)
            return list(case.payloads[seq]["calendar"]["items"])
    raise Beyond(f"the calendar of version {version[:16]}, which is not in the file")


def judge_deed(calc: Figures, case: Case, rule: Rule, deed: Deed, until: str) -> list[Answer]:
    """The ways in which a deed breaks the rule, up to that of the subject `until`."""
    found, is_news = [], rule.kind == "news_window"
    for one in windows(calc, case, rule, deed, until) if is_news else automation(calc, rule, deed):
        found.append(one._replace(subject=f"{deed.position_id} {one.subject}"))
        if found[-1].subject == until or deed.action != "hold":
            break
    return found


def automation(calc: Figures, rule: Rule, deed: Deed) -> list[Answer]:
    paths = {"expert": ("programs allowed", "experts_allowed"), "copier": ("copiers allowed", "copiers_allowed")}
    if deed.placed_by not in paths:
        return []
    name, path = paths[deed.placed_by]
    allowed = calc.told(name, int(rule.term[path]), "yes or no", rule.cited(path))
    broken = calc.yes("placed by what is not allowed", "is_above", 1, allowed)
    return [answer(1, allowed, "count", deed.placed_by, broken)] if broken else []


def windows(calc: Figures, case: Case, rule: Rule, deed: Deed, until: str) -> list[Answer]:
    term, found, told_us = rule.term, [], None
    if deed.action not in term["actions"] or deed.placed_by == "firm":
        return []
    first_us = deed.since_us - term["after_s"] * SECOND_US - NEWS_DAYS_MAX * DAY_US
    for item in calendar_of(case, term):
        near = first_us <= item["at_us"] <= deed.at_us + term["before_s"] * SECOND_US
        counts = item["impact"] in term["impacts"] and (term["all_day_counts"] or not item["all_day"])
        if not near or not counts or item["at_us"] == told_us or not concerns(case, term, item, deed):
            continue
        if not forbids(Figures(case), rule, item, deed):
            continue
        told_us = item["at_us"]
        forbids(calc, rule, item, deed)
        if deed.at_us < item["at_us"]:
            seconds, limit = -((item["at_us"] - deed.at_us) // SECOND_US), term["before_s"]
        else:
            seconds, limit = max(0, deed.at_us - item["until_us"]) // SECOND_US, term["after_s"]
        found.append(answer(seconds, limit, "s", item["id"], True))
        if f"{deed.position_id} {item['id']}" == until or deed.action != "hold":
            break
    return found


def concerns(case: Case, term: Any, item: Any, deed: Deed) -> bool:
    if term["symbols"] == "all" or not item["currency"]:
        return True
    spec = spec_of(case, deed.symbol)
    return item["currency"] in (spec["currency_base"], spec["currency_profit"])


def forbids(calc: Figures, rule: Rule, item: Any, deed: Deed) -> bool:
    first, last = window_of(calc, rule, item)
    at = calc.told(f"{deed.action} of {deed.symbol}", deed.at_us, "us", f"{deed.seq}/t_us" if deed.seq else "")
    since = calc.told(f"{deed.symbol} is held since", deed.since_us, "us") if deed.action == "hold" else at
    return (
        calc.yes("not before the window", "is_at_or_above", at, first)
        and calc.yes("not after the window", "is_at_or_below", since, last)
        and not is_exempt(calc, rule, item, deed, last.value)
    )


def window_of(calc: Figures, rule: Rule, item: Any) -> tuple[Term, Term]:
    starts = calc.told(f"release of {item['title']}", item["at_us"], "us")
    lasts = item["until_us"] > item["at_us"]
    ends = calc.told(f"end of {item['title']}", item["until_us"], "us") if lasts else starts
    if item["all_day"]:
        return starts, calc.minus("last instant of the day", ends, 1)
    before = calc.seconds(rule, "before the release", "before_s")
    after = calc.seconds(rule, "after it", "after_s")
    first = calc.minus("window begins", starts, before)
    last = calc.add("window ends", ends, after)
    if rule.term["inclusive"]:
        return first, last
    return calc.add("first instant within", first, 1), calc.minus("last instant within", last, 1)


def is_exempt(calc: Figures, rule: Rule, item: Any, deed: Deed, last_us: int) -> bool:
    """By the youngest lots; what was added after the window was not held in it."""
    if rule.term["exempt_opened_before_s"] is None:
        return False
    ahead = calc.seconds(rule, "opened so long before", "exempt_opened_before_s")
    latest = calc.minus("opened by then", calc.told("release", item["at_us"], "us"), ahead)
    youngest_us = max([one for one in deed.added_us if one <= last_us], default=deed.opened_us)
    return calc.yes("exempt", "is_at_or_below", calc.told("opened", youngest_us, "us"), latest)


# === 16. Clocks that end a phase ===


CLOCKS = ("maximum_duration", "inactivity")


def check_ending(case: Case) -> Judged:
    """A clock of the phase ended the account at a rollover: the first one of the ruleset that had run out, worked out from the rows."""
    fact, at_us, account = case.fact, case.rows[case.decision]["happened_us"], Conduct(case)
    ends = fact["after"] == "closed" and fact["because"] in CLOCKS
    require(ends, f"row {case.decision} is no decision about a rule", "name a decision")
    begins = (account.day_us, case.rows[account.day_opened]["cause"]) if account.day is not None else (0, 0)
    fits = begins == (at_us, case.cause)
    require(fits, f"row {case.decision} ends the account at {at_us}, which is no rollover of its cause", CONTEST)
    require(not account.is_closed, "the account had ended already", CONTEST)
    told = [
        f"{account.bookings} booking(s), each with the platform's own report of it, and no report without its booking",
        *gaps_of_book(case, account),
        *gaps_of_days(case, account),
        *gaps_of_exceptions(case, account),
    ]
    if not case.is_whole:
        return Judged(
            case,
            [*told, f"NOT shown: that the clock had run out; what came before row {case.anchor} is not in the file"],
        )
    for rule in (one for one in case.rules if one.kind in CLOCKS and not is_waived(case, account, one, at_us)):
        calc = Figures(case)
        if has_run_out(calc, case, account, rule, at_us):
            same = rule.kind == fact["because"]
            require(same, f"the decision says {fact['because']}, by the rows it is {rule.kind} ({rule.id!r})", CONTEST)
            steps = [f"    {line(step)}" for step in calc.steps]
            return Judged(
                case, [*told, f"rule {rule.id!r} had run out, worked out from the rows and the rules:", *steps]
            )
    raise Refused(f"by the rows and the rules no clock of the phase had run out: {CONTEST}")


def is_waived(case: Case, account: Conduct, rule: Rule, at_us: int) -> bool:
    return waived_by(case, account, rule, at_us) != 0


def waived_by(case: Case, account: Conduct, rule: Rule, at_us: int) -> int:
    """The row that waives it for an instant; 0 where none does. While one runs the newest word says until when."""
    said = [(case.rows[seq]["happened_us"], case.payloads[seq]["override"], seq) for seq in account.exceptions]
    words = [one for one in said if one[1]["override"] == "waive_rule" and one[1]["rule"] == rule.id]
    newest = [one for one in words if one[0] <= at_us][-1:]
    return next((seq for _, granted, seq in newest if at_us < granted["until_us"]), 0)


def has_run_out(calc: Figures, case: Case, account: Conduct, rule: Rule, at_us: int) -> bool:
    if rule.kind == "maximum_duration":
        first = account.first_day_traded
        if rule.term["counted_from"] == "assignment":
            zone = zone_of(case.ruleset["calendar"]["zone"])
            require(zone is not None, "this machine does not know the zone of the rules", "verify on one that does")
            first = day_at(zone, case.ruleset["calendar"], case.rows[case.opened]["happened_us"])[0]
        if not first:
            return False
        started = calc.told("first day", date.fromisoformat(first).toordinal(), "days")
        today = calc.told("day that begins", date.fromisoformat(account.day_label).toordinal(), "days")
        most = days_there_are(calc, case, account, rule, "days there are")
        return calc.yes("all days are over", "is_at_or_above", calc.minus("days that are over", today, started), most)
    waits = bool(account.orders)
    if (rule.term["open_position_counts"] and account.positions) or (rule.term["pending_order_counts"] and waits):
        return False
    last_us = account.last_trade_us
    since_us = (
        last_us if last_us and rule.term["counted_from"] != "assignment" else case.rows[case.opened]["happened_us"]
    )
    if rule.term["open_position_counts"]:
        since_us = max(since_us, last_us)
    if rule.term["pending_order_counts"]:
        since_us = max(since_us, account.orders_gone_us)
    idle = calc.minus(
        "time without activity", calc.told("now", at_us, "us"), calc.told("last activity", since_us, "us")
    )
    most = days_there_are(calc, case, account, rule, "days without activity")
    longest = calc.times("longest time without activity", most, DAY_US, "us")
    return calc.yes("without activity for too long", "is_at_or_above", idle, longest)


def days_there_are(calc: Figures, case: Case, account: Conduct, rule: Rule, name: str) -> Term:
    """Those of the rule, with those that people granted."""
    days = calc.of_rule(rule, name, "days_max", "days")
    granted = [case.payloads[seq]["override"] for seq in account.exceptions]
    more = sum(one["days"] for one in granted if one["override"] == "extend_phase")
    return (
        calc.add("days with those granted", days, calc.told("days that a person granted", more, "days"))
        if more
        else days
    )


# === 17. Rules across a trader's accounts ===


BEYOND_OTHERS = (
    "NOT shown: what the other accounts held then beside what is cited, whether they held that yet, and that they are the same"
    " person's; their chains are not in the file"
)


class Share(NamedTuple):
    """Lots of one position of an account, by its name. `at`: where a row says so."""

    account: str
    position_id: str
    side: str
    lots_e8: int
    at: str


class Together:
    """What several accounts of a trader hold of a symbol. The own account's part comes from its rows, the others' from what is cited.

    As of the judged instant; that a rule is kept again is said of what they hold by then.
    """

    def __init__(self, calc: Figures, case: Case, account: Conduct, rule: Rule) -> None:
        self.calc, self.case, self.rule, fact = calc, case, rule, case.fact
        self.accounts = {account_name(one): one for one in fact.get("accounts", [])}
        symbol, _, side = fact["subject"].rpartition(" ")
        self.side = side if symbol and side in ("buy", "sell") else ""
        self.symbol = symbol if self.side else fact["subject"]
        own = account_name(case.account)
        shares = [*self._own(account, own), *self._others(own)]
        self.shares = [one for name in self.accounts for one in shares if one.account == name]

    def answers(self) -> list[Answer]:
        measured = self.rule.term["measured"]
        if measured not in ("lots", "opposite_positions"):
            raise Beyond(f"what {measured} of accounts there were; no deal changes them")
        fits = bool(self.side) == (measured == "lots")
        require(fits, f"{self.case.fact['subject']!r} is no subject of {self.rule.id!r}", CONTEST)
        limit = self.calc.of_rule(self.rule, "most of all accounts together", "limit", "lots_e8")
        observed = self.one_way() if self.side else self.opposed()
        broken = self.calc.yes("more than all accounts may have together", "is_above", observed, limit)
        return [answer(observed, limit, "lots_e8", self.case.fact["subject"], broken)]

    def _own(self, account: Conduct, name: str) -> list[Share]:
        """What the account itself held at the judged instant."""
        try:
            at_us = self.case.fact.get("at_us")
            positions = account.positions if at_us is None else account.as_of(at_us).positions
        except Refused as unknown:
            raise Beyond("what the account held at that instant") from unknown
        held = [one for one in positions if one.symbol == self.symbol]
        if held and self.case.kind == "RuleKeptAgain" and not self.accounts:
            raise Beyond("what its trader's accounts held together")  # as in rows of before it was said
        may_not_count = self.rule.term["funded_only"] or self.rule.term["same_program"]
        require(
            name in self.accounts or not held or may_not_count,
            f"the account holds {self.symbol}, and is not among those that the decision counts",
            CONTEST,
        )
        return [Share(name, one.position_id, one.side, one.lots_e8, one.at + "lots_e8") for one in held]

    def _others(self, own: str) -> list[Share]:
        """What the working says of the other accounts: each of it is in a row of that account."""
        found: dict[tuple[str, str], Share] = {}
        for step in self.case.fact.get("working", []):
            named, on, name = str(step["name"]).rpartition(" on account ")
            if step["op"] != "given" or not on or not named.startswith("lots of ") or name == own:
                continue
            position_id, source = named[len("lots of ") :], step.get("source", "")
            row, _, path = source.partition("/")
            require(
                name in self.accounts, f"the working counts account {name}, which the decision does not name", CONTEST
            )
            if not row or int(row) not in self.case.rows:
                raise Beyond(f"what account {name} held")
            place, body = path.rpartition("/")[0], self.case.payloads[int(row)]
            told = self.case.find(f"{row}/{place}") if place else body
            is_its = self.case.rows[int(row)]["account"] == self.accounts[name] and isinstance(told, dict)
            said = [told.get(part) for part in ("position_id", "symbol", "lots_e8")] if is_its else []
            wanted = [position_id, self.symbol, step["value"]]
            require(said == wanted, f"row {row} does not say that account {name} holds {wanted}", CONTEST)
            require((name, position_id) not in found, f"position {position_id} of {name} is counted twice", CONTEST)
            found[name, position_id] = Share(name, position_id, told["side"], told["lots_e8"], source)
        return list(found.values())

    def of_each(self, side: str) -> dict[str, Any]:
        """What each account holds one way."""
        totals = {}
        for name in self.accounts:
            lots = [
                self.calc.told(f"lots of {one.position_id} on account {name}", one.lots_e8, "lots_e8", one.at)
                for one in self.shares
                if (one.account, one.side) == (name, side)
            ]
            if lots:
                totals[name] = self.calc.summed(f"{self.symbol} {side} of account {name}", lots)
        return totals

    def one_way(self) -> Any:
        return self.calc.summed(f"{self.symbol} {self.side} together", list(self.of_each(self.side).values()))

    def opposed(self) -> Any:
        """Lots of one account against those of another."""
        calc, symbol = self.calc, self.symbol
        long, short = self.of_each("buy"), self.of_each("sell")
        if not long or not short:
            return 0
        longs = calc.summed(f"{symbol} long together", list(long.values()))
        shorts = calc.summed(f"{symbol} short together", list(short.values()))
        together = calc.add(f"{symbol} long and short together", longs, shorts)
        elsewhere = []
        for name in dict.fromkeys([*long, *short]):
            own = [lots[name] for lots in (long, short) if name in lots]
            held = calc.summed(f"{symbol} on account {name}", own)
            elsewhere.append(calc.minus(f"{symbol} outside account {name}", together, held))
        return calc.least(f"{symbol} against each other", longs, shorts, *elsewhere)


def account_name(number: int) -> str:
    """As people read the id: ten base-32 letters in two groups."""
    letters = "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[number >> shift & 31] for shift in range(45, -1, -5))
    return f"{letters[:5]}-{letters[5:]}"


# === 18. A decision about a rule that is no loss limit ===


def check_rule(case: Case) -> Judged:
    """A rule that is no loss limit: broken, suspected or kept again; the verdict is worked out from the rows where they hold it."""
    account, rule = Conduct(case), case.rule(case.fact["rule"])
    require(not rule.is_limit, f"rule {rule.id!r} is a loss limit, which breaks otherwise", CONTEST)
    said = [
        f"{account.bookings} booking(s), each with the platform's own report of it, and no report without its booking",
        f"as of row {account.last}: {len(account.positions)} open position(s), {len(account.trades)} trade(s) closed",
    ]
    basis = case
    if case.kind == "RuleKeptAgain":
        said += kept_again(case, account, rule)
    elif case.kind == "RuleBroken" and case.fact["reviewed"]:
        earlier = check_rule(case.other(suspicion_of(case, account, rule)))
        basis, said = earlier.basis, [*earlier.told, *said, *confirmed_rule(case, account, rule)]
    else:
        said += broken_rule(case, account, rule)
    gaps_told = [
        *gaps_of_book(case, account),
        *gaps_of_contracts(case),
        *gaps_of_days(case, account),
        *gaps_of_exceptions(case, account),
    ]
    return Judged(basis, list(dict.fromkeys([*said, *gaps_told])))


def broken_rule(case: Case, account: Conduct, rule: Rule) -> list[str]:
    fact = case.fact
    require(
        fact["rule_kind"] == rule.kind,
        f"the decision calls {rule.id!r} a {fact['rule_kind']}, it is {rule.kind}",
        CONTEST,
    )
    require(not account.is_closed, "the account had ended, and nothing is judged of one that has", CONTEST)
    known = account.breaking.get((rule.id, fact["subject"]))
    require(
        known is None, f"row {known} says already that {fact['subject'] or 'the account'} breaks {rule.id!r}", CONTEST
    )
    require_beyond_waived(case, account, rule)
    # One event may break it by several positions at once.
    asked = [one.seq for one in account.findings if one.rule == rule.id and case.rows[one.seq]["cause"] != case.cause]
    require(not asked, f"the suspicion of {rule.id!r} in row {max(asked, default=0)} was open", CONTEST)
    require(rule.id not in account.let_off, f"a person dismissed a breach of {rule.id!r} on that day", CONTEST)
    waived = waived_by(case, account, rule, fact["at_us"])
    require(waived == 0, f"row {waived} waives rule {rule.id!r} for that instant", CONTEST)
    said = [*instant_of_rule(case, account), *consequence_of_rule(case, account, rule)]
    try:
        calc, found = worked_out_rule(case, account, rule)
    except Beyond as beyond:
        return [*said, *steps_done_again(case, str(beyond))]
    require_same_working(fact["working"], calc.steps)
    mine = [one for one in found if one.is_broken and one.subject == fact["subject"]]
    about = fact["subject"] or "the account"
    require(bool(mine), f"by the rows and the rules {about} does not break {rule.id!r}", CONTEST)
    figures = [(one.observed, one.limit, one.unit) for one in mine]
    told = (fact["observed"], fact["limit"], fact["unit"])
    require(told in figures, f"the decision says {told}, the rows and the rules give {figures[0]}", CONTEST)
    said.append(
        f"{len(calc.steps)} steps of row {case.decision}, built once more from the rows and the rules alone: the same"
    )
    if rule.kind == "across_accounts":
        said.append(BEYOND_OTHERS)
    if case.is_whole:
        return said
    return [*said, f"NOT shown: that {about} did not break {rule.id!r} already before row {case.anchor}"]


def require_beyond_waived(case: Case, account: Conduct, rule: Rule) -> None:
    """Who broke the rule while it was waived is let off until it is kept again, or as far as it had gone, where deeds alone change it."""
    fact = case.fact
    let_off = account.waived.get((rule.id, fact["subject"]))
    if let_off is None:
        return
    seq, observed = let_off
    by_deeds = rule.kind in BY_DEEDS_ALONE or (
        rule.kind == "exposure_limit" and rule.term["quantity"] in ("lots", "positions")
    )
    further = by_deeds and abs(fact["observed"] - fact["limit"]) > abs(observed - fact["limit"])
    about = fact["subject"] or "the account"
    require(
        further,
        f"row {seq} lets {about} off: it broke {rule.id!r} while that was waived, and no further since",
        CONTEST,
    )


def worked_out_rule(case: Case, account: Conduct, rule: Rule) -> tuple[Figures, list[Answer]]:
    """The working, and what the rule says of each subject."""
    fact, calc = case.fact, Figures(case)
    if rule.kind == "across_accounts":
        return calc, Together(calc, case, account, rule).answers()
    if rule.kind not in BY_DEED:
        return calc, Look(calc, case, account, rule, fact["at_us"]).answers()
    for deed in deeds_of(case, account):
        if deed.at_us == fact["at_us"] and fact["subject"].startswith(f"{deed.position_id} "):
            calc = Figures(case)
            found = judge_deed(calc, case, rule, deed, fact["subject"])
            if any(one.subject == fact["subject"] for one in found):
                return calc, found
    return calc, []


def consequence_of_rule(case: Case, account: Conduct, rule: Rule) -> list[str]:
    """What it does by the strikes of before its event: what one event breaks by several subjects has one number."""
    if rule.kind == "consistency":
        require(ends_account(rule), f"{rule.id!r} ends no account: it does {rule.term['effect']}", CONTEST)
        does = case.fact.get("does", "fail")
        require(does == "fail", f"the breach does {shown(does)}, by the rule it ends the account", CONTEST)
        return ['what the breach does, "fail", as the rule says']
    before = [one for one in account.strikes if one not in account.struck_with(case.cause, case.fact["at_us"])]
    every, account.strikes = account.strikes, before
    may = account.consequences_of(rule)
    fits = case.fact["does"] in may if case.kind == "RuleBroken" else any(map(is_hard, may))
    if not fits:
        account.strikes = every  # two looks of one instant, by two prices with one stamp
    may = account.consequences_of(rule)
    if case.kind == "RuleSuspected":
        hard = any(map(is_hard, may))
        require(hard, f"rule {rule.id!r} does {shown(may[0])}, of which nobody need be asked", CONTEST)
        return []
    does = account.consequence_in(case.decision, rule, case.fact)
    if len(rule.term["on_breach"]) == 1:
        return [f"what the breach does, {shown(does)}, as the rule says"]
    if len(may) == 1 or all(one == does for one in may):
        return [f"what the breach does, {shown(does)}, by how often the rule was broken before"]
    return [f"NOT shown: how often rule {rule.id!r} was broken before row {case.anchor}; strikes may lie there"]


def instant_of_rule(case: Case, account: Conduct) -> list[str]:
    """It is judged as of what caused it: the cause's own instant, that of a price in it, or a mark, which falls on a whole second."""
    at_us, row = case.fact["at_us"], case.rows.get(case.cause, {"kind": "", "account": 0})
    require(type(at_us) is int and account.day is not None, "no trading day had begun", CONTEST)
    kind = row["kind"]
    caused = f"row {case.cause} ({kind or 'not in the file'}), which caused it"
    if at_us == account.day_us or (kind and kind != "QuoteFrame" and at_us == row["happened_us"]):
        return []
    # Of several accounts it is judged when any of them changed what it held, which the others' rows tell.
    if kind in BY_PEOPLE or not kind or case.fact.get("accounts"):
        return [f"NOT shown: that instant {at_us}, which row {case.decision} judges, is that of {caused}"]
    last_us = row["happened_us"] if kind != "QuoteFrame" else case.payloads[case.cause]["last_us"]
    is_mark = at_us % SECOND_US == 0 and account.day_us <= at_us <= max(last_us, row["received_us"])
    if kind == "QuoteFrame":
        frames = [entry for entry in case.bundle["frames"] if entry["seq"] == case.cause]
        if not frames:
            return [f"NOT shown: that instant {at_us} is that of a price in {caused}"]
        stamps = [entry[1] for entry in unpack_frame(unbase64(frames[0]["frame"], None, "a frame"))]
        require(
            at_us in stamps or is_mark,
            f"row {case.decision} judges instant {at_us}, which is in no price of {caused}",
            CONTEST,
        )
        return []
    require(is_mark, f"row {case.decision} judges instant {at_us}, which is not that of {caused}", CONTEST)
    return []


def suspicion_of(case: Case, account: Conduct, rule: Rule) -> int:
    """The open suspicion that a person confirmed."""
    asked, word = case.rows.get(case.cause, {"kind": ""})["kind"], case.payloads.get(case.cause, {})
    found = [one.seq for one in account.findings if one.rule == rule.id]
    require(bool(found), f"no suspicion of {rule.id!r} was open, which a person could confirm", CONTEST)
    confirms = asked == "ReviewVerdict" and (word["decision"], word["outcome"]) == (found[-1], "confirm")
    require(confirms or asked == "ResumeDesk", "no person's word is in the file", CONTEST)
    return found[-1]


def confirmed_rule(case: Case, account: Conduct, rule: Rule) -> list[str]:
    seq = suspicion_of(case, account, rule)
    suspicion, fact = case.payloads[seq], case.fact
    require(case.rows[seq]["kind"] == "RuleSuspected", f"row {seq} is no suspicion of such a rule", CONTEST)
    for name in ("rule", "rule_kind", "unit", "limit", "observed", "subject", "at_us", "calendar"):
        unsaid = name == "calendar" and not fact[name]  # releases before the second did not write it again
        same = unsaid or json.dumps(fact[name]) == json.dumps(suspicion[name])
        require(same, f"the decision says {name} {shown(fact[name])}, row {seq} {shown(suspicion[name])}", CONTEST)
    require(
        fact["does"] == "fail",
        f"what a person confirmed ends the account, the decision does {shown(fact['does'])}",
        CONTEST,
    )
    require(
        not fact["working"], "a breach that a person confirmed has the working of its suspicion, and none of its own"
    )
    return [f"the suspicion in row {seq}, worked out itself, confirmed by a person"]


def kept_again(case: Case, account: Conduct, rule: Rule) -> list[str]:
    """It was broken by that subject, and is no more."""
    subject = case.fact["subject"]
    about = subject or "the account"
    known = account.breaking.get((rule.id, subject))
    waived = account.waived.get((rule.id, subject))
    if known is None and waived is not None:
        said = f"row {waived[0]} says that {about} broke {rule.id!r} while it was waived, and no row since that it was kept again"
    elif known is None:
        require(not case.is_whole, f"nothing says that {about} broke {rule.id!r}, which it is to keep again", CONTEST)
        said = f"NOT shown: that {about} broke {rule.id!r} before row {case.anchor}"
    else:
        said = f"row {known} says that {about} broke {rule.id!r}, and no row since that it was kept again"
    if rule.kind == "across_accounts":
        return [said, *kept_together(case, account, rule)]
    try:
        is_kept = any(subject not in subjects_yet(case, account, rule, at_us) for at_us in instants_looked_at(case))
    except Beyond as beyond:
        return [said, f"NOT shown: that {about} keeps {rule.id!r}; the file does not hold {beyond}"]
    require(is_kept, f"{about} breaks {rule.id!r} yet, by the rows and the rules", CONTEST)
    return [said, f"that {about} breaks {rule.id!r} no more, worked out from the rows and the rules"]


def kept_together(case: Case, account: Conduct, rule: Rule) -> list[str]:
    """What those accounts hold that hold anything yet, by the rows of each; where none does there is nothing to work out."""
    calc, about = Figures(case), case.fact["subject"]
    try:
        together = Together(calc, case, account, rule)
        found = together.answers() if together.shares else []
    except Beyond as beyond:
        return [f"NOT shown: that {about} keeps {rule.id!r}; the file does not hold {beyond}"]
    require_same_working(case.fact.get("working", []), calc.steps)
    is_kept = not any(one.is_broken for one in found)
    require(is_kept, f"{about} breaks {rule.id!r} yet, by the rows and the rules", CONTEST)
    return [f"that {about} breaks {rule.id!r} no more, worked out from the rows and the rules", BEYOND_OTHERS]


def instants_looked_at(case: Case) -> list[int]:
    """The row's own. Releases that wrote its cause's there may have looked at the mark that this cause had brought."""
    own, rows = case.rows[case.decision]["happened_us"], [case.rows[seq] for seq in case.chain()]
    return [own, *(row["happened_us"] for row in rows if row["kind"] == "MarkTaken" and row["cause"] == case.cause)]


def subjects_yet(case: Case, account: Conduct, rule: Rule, at_us: int) -> list[str]:
    """Who breaks the rule yet. What a price broke lasts while its subject is there; what was done to a position, while it is held."""
    seen = Look(Figures(case), case, account, rule, at_us)
    if rule.kind == "idea_risk":
        account.require_whole("what was traded")
        return [subject for subject, _, _ in seen.ideas_of()]
    if rule.kind == "adverse_excursion":
        return [one.position_id for one in seen.held]
    if rule.kind in BY_DEED:
        said = str(case.fact["subject"])
        return [said] if any(said.startswith(f"{one.position_id} ") for one in seen.held) else []
    return [one.subject for one in seen.answers() if one.is_broken]


# === 19. A rule that is not worked out here: the firm's own steps, done again ===


OPERATIONS: dict[str, Any] = {
    "plus": lambda left, right: left + right,
    "minus": lambda left, right: left - right,
    "times": lambda left, right: left * right,
    "divided_rounded_down": lambda left, right: left // right,
    "divided_rounded_up": lambda left, right: -(-left // right),
    "divided_rounded_half_away": lambda left, right: half_away(left, right),
    "lowest": lambda *values: min(values),
    "highest": lambda *values: max(values),
    "is_below": lambda left, right: int(left < right),
    "is_at_or_below": lambda left, right: int(left <= right),
    "is_above": lambda left, right: int(left > right),
    "is_at_or_above": lambda left, right: int(left >= right),
}


def done_again(case: Case, account: Account, rule: Rule, why: str) -> list[str]:
    """The firm's own steps, done again: each is what it says, and each figure is in the row that it names. No more is shown."""
    steps = case.fact["working"]
    require(isinstance(steps, list) and bool(steps), "the decision shows no working", "ask the firm why")
    done: dict[str, Term] = {}
    for step in steps:
        require(step["name"] not in done, f"the working has the name {step['name']!r} twice", CONTEST)
        value = executed(case, step, done)
        require(type(step["value"]) is int and step["value"] == value, f"{line(step)}: it is {value}", CONTEST)
        done[step["name"]] = Term(value, step["name"], step.get("unit", ""))
    last = steps[-1]
    answers = last["value"] == 1 if last["op"].startswith("is_") else not case.is_breach
    require(answers, "the last step's answer is no: by its own arithmetic the decision is wrong", CONTEST)
    if case.kind == "BreachDeclared" and confirmed_by(case, account, rule) is None:
        does = account.consequence_in(case.decision, rule, case.fact)
        fits = (case.fact["severity"] == "hard") == is_hard(does)
        require(fits, f"the severity is not that of {shown(does)}", CONTEST)
    if case.is_breach:
        exhibits_of(case, case.fact["quotes"], case.cause)
    given = [(step["name"], step.get("source")) for step in steps if step["op"] == "given"]
    unsourced = [name for name, source in given if not source]
    counted = [name for name, source in given if source and type(case.find(source)) is not int]
    return [
        f"{len(steps)} steps of row {case.decision}, done again as the firm wrote them; each figure is in the row that it names",
        f"NOT shown: that these steps are what the rules say; {why}",
        *([f"NOT shown: where {', '.join(unsourced)} come from; the working names no row"] if unsourced else []),
        *(
            [f"NOT shown: that {', '.join(counted)} follow from the rows they name, which hold no number there"]
            if counted
            else []
        ),
        *(
            compared(case, [done[arg] for arg in last["args"] if arg in done])
            if case.is_breach
            else aimed_at(case, account, list(done.values()))
        ),
        *([] if case.is_breach else conditions_told(case, list(done.values()))),
        *([] if case.is_breach else shares_told(case, account)),
    ]


def compared(case: Case, terms: list[Term]) -> list[str]:
    """The amounts that a breach names are those that its last step compares; of other things than money it has none to name."""
    if [term.unit for term in terms] != ["minor", "minor"]:
        return ["NOT shown: what the decision's amounts are; its last step compares no two of them"]
    for name, term in zip(("observed", "floor"), terms):  # noqa: B905  (Python 3.8)
        said = case.minor(case.fact[name], f"the decision's {name}")
        require(said == term.value, f"the decision says {name} {said}, its last step {term.value}", CONTEST)
    return []


def aimed_at(case: Case, account: Account, terms: list[Term]) -> list[str]:
    """A pass names the balance of the book, and a target that is in its working."""
    balance, observed = account.now().balance, case.minor(case.fact["observed"], "the decision's observed")
    require(observed == balance, f"the decision says observed {observed}, the book holds {balance}", CONTEST)
    target = case.minor(case.fact["target"], "the decision's target")
    has_target = any(rule.kind == "profit_target" for rule in case.rules)
    there = target in [term.value for term in terms if term.unit == "minor"] if has_target else not target
    require(there, f"the decision says target {target}, which is in no step", CONTEST)
    met, told = score_met(case), case.fact.get("score")
    require(told == met, f"the decision says score {shown(told)}, the rows and the rules give {shown(met)}", CONTEST)
    return check_unbroken(case, account)


def conditions_told(case: Case, terms: list[Term]) -> list[str]:
    """The conditions that a pass names are the phase's own, each that is counted among them, with figures that are in its working."""
    if "conditions" not in case.fact:
        counts = any(one.kind in ("profit_target", "score_target") for one in won_by(case))
        require(counts, "the pass names no condition that won the phase", CONTEST)
        return []
    asked = {(one.id, one.kind): one for one in rules_behind(case, case.rule(case.fact["rule"]))}
    values, named = {term.value for term in terms}, []
    for one in case.fact["conditions"]:
        rule = asked.get((one["rule"], one["rule_kind"]))
        require(
            rule is not None and one["rule"] not in named, f"{one['rule']!r} is no condition of this phase", CONTEST
        )
        named.append(one["rule"])
        figures = [one["asked"], *([one["observed"]] if one["rule_kind"] != "profit_target" else [])]
        there = all(figure in values for figure in figures)
        require(there, f"the pass says {shown(one)}, which is in no step", CONTEST)
    due = [rule.id for rule in asked.values() if rule.kind != "consistency"]
    left = [name for name in due if name not in named]
    require(not left, f"the pass leaves out {', '.join(map(repr, left))}, which it needs", CONTEST)
    return []


def shares_told(case: Case, account: Account) -> list[str]:
    """Each share that would have ended the account in place of a pass is among its conditions and not too large, or let off by a row."""
    assert isinstance(account, Conduct)
    told = {one["rule"]: one for one in case.fact.get("conditions", [])}
    said = []
    for rule in (one for one in case.rules if is_at_target(one)):
        one = told.get(rule.id)
        let_off = is_let_off(case, account, rule, None)
        spoken = one is not None or let_off or not asks_for_sure(case, rule)
        require(spoken, f"the pass leaves out {rule.id!r}, which may end the account in place of it", CONTEST)
        kept = one is None or (one["asked"] in rule.term["caps_bp"] and one["observed"] <= one["asked"])
        require(kept, f"{rule.id!r} would have ended the account in place of this pass", CONTEST)
        said.append(
            f"NOT shown: that share {rule.id!r} was kept" + (" by what it was not let off for" if let_off else "")
        )
    return said


def asks_for_sure(case: Case, rule: Rule) -> bool:
    """Whether a share is one of some profit, whatever the rows are: a target of closed profit is reached by nothing else."""
    targets = [one.term for one in case.rules if one.kind == "profit_target"]
    closed = any(one["measured"] == "balance" and not one["latched"] for one in targets)
    return closed and rule.term["per"] == "phase"


def executed(case: Case, step: Any, done: dict[str, Term]) -> int:
    """The value of one step, from its row or from the steps before it."""
    if step["op"] == "given":
        source = step.get("source", "")
        seq = source.partition("/")[0]
        row = case.rows.get(int(seq), {"account": 0}) if seq.isdigit() else {"account": 0}
        ours = row["account"] in (0, case.account, *case.fact.get("accounts", [])) and (
            not seq.isdigit() or int(seq) < case.decision
        )
        require(ours, f"{line(step)}: that row is not one of before the decision", CONTEST)
        found = case.find(source) if source else None
        return int(found if type(found) is int else step["value"])
    require(step["op"] in OPERATIONS, f"{line(step)}: there is no such operation", CONTEST)
    known = all(arg.startswith("#") or arg in done for arg in step["args"])
    require(known, f"{line(step)}: it rests on a step that does not come before it", CONTEST)
    numbers = [int(arg[1:]) if arg.startswith("#") else done[arg].value for arg in step["args"]]
    divides = step["op"].startswith("divided")
    require(not divides or numbers[1] > 0, f"{line(step)}: the divisor is not positive", CONTEST)
    return int(OPERATIONS[step["op"]](*numbers))


def steps_done_again(case: Case, beyond: str) -> list[str]:
    """The firm's own steps: each operation gives its value, each figure is in the row that it names; one comparison says yes."""
    steps = case.fact["working"]
    require(isinstance(steps, list) and bool(steps), "the decision shows no working", "ask the firm why")
    done: dict[str, Term] = {}
    for step in steps:
        require(step["name"] not in done, f"the working has the name {step['name']!r} twice", CONTEST)
        kept = is_of_kept(case, step)
        value = step["value"] if kept else executed(case, step, done)
        changed = step["op"] == "given" and (kept or is_moved(case, step))
        require(type(step["value"]) is int, f"{line(step)}: it is no number", CONTEST)
        require(changed or step["value"] == value, f"{line(step)}: it is {value}", CONTEST)
        done[step["name"]] = Term(step["value"], step["name"], step.get("unit", ""))
    answers = any(step["op"].startswith("is_") and step["value"] == 1 for step in steps)
    require(answers, "no step's answer is yes: by its own arithmetic the decision is wrong", CONTEST)
    unsourced = [
        one["name"] for one in steps if one["op"] == "given" and (not one.get("source") or is_of_kept(case, one))
    ]
    return [
        f"{len(steps)} steps of row {case.decision}, done again as the firm wrote them; each figure is in the row that it names",
        f"NOT shown: that these steps are what the rule says; the file does not hold {beyond}",
        *([f"NOT shown: where {', '.join(unsourced)} come from; the working names no row"] if unsourced else []),
    ]


def is_of_kept(case: Case, step: Any) -> bool:
    """The instant of a report that was kept for a stopped desk: the working names the row that let it go on, which does not hold it."""
    seq, _, path = step.get("source", "").partition("/")
    is_cause = step["op"] == "given" and seq == str(case.cause) and path == "t_us"
    return is_cause and case.rows.get(case.cause, {"kind": ""})["kind"] in BY_PEOPLE


def is_moved(case: Case, step: Any) -> bool:
    """A figure that follows from the row it names with others: a result that was corrected since, or the profit of a day's start."""
    seq = step["source"].partition("/")[0] if step.get("source") else ""
    told = case.payloads.get(int(seq), {}) if seq.isdigit() else {}
    named = step["name"].startswith("profit at the day's start")
    corrected = [
        body
        for row, body in case.payloads.items()
        if case.rows[row]["kind"] == "DealCorrected" and body["deal_id"] == told.get("deal_id")
    ]
    return named or (step["name"].startswith(("result of", "net of")) and bool(corrected))


# === 20. Prices: the very bytes that the platform's bridge sent ===


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
    cause, at_us, late, said = case.cause, case.judged_us, case.fact.get("late", False), []
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
    at_us, refused = case.judged_us, _refused(case, case.cause)
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


# === 21. What is not shown ===


def gaps(case: Case, account: Account, calc: Working) -> list[str]:
    """What the rows in the file cannot show of this decision."""
    return [
        *gaps_of_book(case, account),
        *gaps_of_contracts(case),
        *gaps_of_days(case, account),
        *gaps_of_marks(case, account, calc),
        *gaps_of_payouts(case, calc),
        *gaps_of_exceptions(case, account),
    ]


def gaps_of_book(case: Case, account: Account) -> list[str]:
    said = []
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
    return said


def gaps_of_days(case: Case, account: Account) -> list[str]:
    said = []
    if account.uncounted:
        rows = ", ".join(map(str, account.uncounted))
        said.append(
            f"NOT shown: that nothing else was opened on the days taken back in rows {rows}, which began before"
        )
    if account.unzoned:
        zone = case.ruleset["calendar"]["zone"]
        rows = ", ".join(map(str, account.unzoned))
        said.append(f"NOT shown: that the days of rows {rows} begin at the rollover: this machine has no zone {zone}")
    return said


def gaps_of_marks(case: Case, account: Account, calc: Working) -> list[str]:
    said = []
    if calc.rests_on_cash and not case.is_whole:
        said.append(f"NOT shown: deposits and withdrawals before row {case.anchor}, where the consecutive rows begin")
    for name in ("highest mark", "highest so far"):
        for mark in (int(source.partition("/")[0]) for source in sources_of(calc.steps, name)):
            kind = case.rows[mark]["kind"]
            before = mark < case.anchor and kind != "AccountOpened"
            if before or mark in account.taken or kind == "PeakReached":
                said.append(f"NOT shown: that the {name} in row {mark} ({kind}) was reached")
    if sources_of(calc.steps, "highest so far") and not case.is_whole:
        said.append(
            f"NOT shown: that no mark before row {case.anchor} was higher, with which a level was reached earlier"
        )
    for name, what in (("day start", "day's start"), ("week start", "week's start"), ("the rollover", "day's start")):
        for start in (int(source.partition("/")[0]) for source in sources_of(calc.steps, f"equity at {name}")):
            if start in account.taken:
                why = account.taken[start]
                said.append(
                    f"NOT shown: the prices of the final equity at the {what} in row {start}{why}; it is the firm's word"
                )
    weekly = sources_of(calc.steps, "balance at week start") + sources_of(calc.steps, "equity at week start")
    if weekly and not account.week_is_whole:
        said.append(f"NOT shown: that row {account.week} begins the week, and what its figures rest on")
    return said


def gaps_of_payouts(case: Case, calc: Working) -> list[str]:
    rule = case.rule(case.fact["rule"])
    rests = rule.is_limit and any(trigger["type"] == "payouts_made" for trigger, *_ in levels_of(rule.term))
    # What is paid out lowers floors; and what there was before the rows is in the file only where it is cited.
    of_payouts = rule.is_limit and (rule.term["on_payout"] != "none" or rule.term["scope"] == "cycle")
    rests = rests or (of_payouts and case.ruleset["semantics"] > 1)
    if not calc.steps or case.is_whole or not rests:
        return []
    return [f"NOT shown: payouts before row {case.anchor}, but for those that the working cites"]


def gaps_of_exceptions(case: Case, account: Account) -> list[str]:
    said = []
    for seq in account.exceptions:
        granted = case.payloads[seq]
        what, by = granted["override"]["override"].replace("_", " "), " and ".join(granted["by"])
        said.append(f"NOT shown: whether the exception in row {seq} ({what}, granted by {by}) was right to make")
    return said


# === 22. What is told ===


def report(case: Case, size: int, found: list[str], *, pinned: bool) -> list[str]:
    """What was checked, the arithmetic, and what this proves and does not."""
    bundle, fact = case.bundle, case.fact
    named = repr(fact["rule"]) if "rule" in fact else fact["because"].replace("_", " ")
    said = [
        f"Evidence for decision {case.decision} ({case.kind}, rule {named}) of {bundle['firm']}: it holds.",
        "",
        "Checked:",
    ]
    said.append(f"- one canonical file, every byte under the closing signature of key {bundle['key']}")
    said.append(f"- {len(bundle['rows'])} ledger rows, each in the tree of {size} rows whose root that key signed")
    said += [f"- {line}" for line in found if line]
    said.append(f"- the rules are those frozen when the account was opened ({bundle['ruleset']['id'][:16]}...)")
    steps = fact.get("working", [])
    if steps:
        said.append(f"- {len(steps)} steps, done again with whole numbers:")
        said += [f"    {line(step)}" for step in steps]
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


# === 23. The command line ===


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
