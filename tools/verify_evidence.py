#!/usr/bin/env python3
"""Verify an evidence bundle offline: needs nothing but Python 3.8, and trusts nobody but the numbers in the file.

    python3 verify_evidence.py FILE [--checkpoint FILE] [--key HEX]

It decides one thing: whether the decision in FILE follows, by exact integer arithmetic, from rows that the firm committed
to in a signed tree. docs/evidence.md specifies each byte and each check. Exit status 0: everything holds; 1: refused.
It is one long file on purpose: it is handed to people who have nothing else of ours.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import struct
import sys
from pathlib import Path
from typing import Any

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
# Decision -> (the field with the figure that was judged, the field with what it was judged against).
JUDGED = {
    "BreachDeclared": ("observed", "floor"),
    "BreachSuspected": ("observed", "floor"),
    "PhasePassed": ("observed", "target"),
    "PassHeld": ("observed", "target"),
}
BOUNDARY_OPS = {"touches": "is_at_or_below", "crosses": "is_below"}
BOOKINGS = ("DealBooked", "CashBooked", "SwapPosted")
POINTS_MAX = 10**12  # beyond it a price is refused as out of range
# A floor that trails follows marks of these kinds of rows: (kind, field), by how it trails and on what.
MARKS = {
    ("every_tick", "equity"): [("PeakReached", "equity"), ("DayOpened", "equity")],
    ("end_of_day", "balance"): [("DayOpened", "balance"), ("DayAnchored", "balance")],
    ("end_of_day", "equity"): [("DayOpened", "equity"), ("DayAnchored", "equity")],
}


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
            key_hex.strip().lower() == bundle["key"],
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
    case = Case(bundle, rows, payloads)
    execute(case)
    check_verdict(case)
    basis = case.basis()
    if basis is not case:
        execute(basis)
        check_verdict(basis)
    ruled = check_floor(case)
    booked = check_book(basis)
    priced = check_prices(basis, check_frames(bundle, rows, payloads))
    kept = tied(bundle, held, [(size, root), *older])
    return report(case, size, [chained, ruled, booked, *priced, crossed, kept], pinned=bool(kept or key_hex))


# --- canonical form: one spelling, so that no bit can be turned unseen ---


def parse_bundle(raw: bytes) -> dict[str, Any]:
    """Read the file strictly: re-serialised it must give the very same bytes."""
    require(len(raw) <= BUNDLE_BYTES_MAX, f"the file is larger than {BUNDLE_BYTES_MAX} bytes", "this is no bundle")
    require(raw.endswith(b"}\n") and raw.isascii(), "the file is not ASCII ending in one newline")
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


# --- rule, arithmetic, verdict ---


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
    """The decision with everything it may rest on, now that all of it is proven to be in the ledger."""

    def __init__(self, bundle: dict[str, Any], rows: dict[int, Any], payloads: dict[int, Any]) -> None:
        self.account, self.anchor, self.decision = bundle["account"], bundle["anchor"], bundle["decision"]
        self.bundle, self.rows, self.payloads = bundle, rows, payloads
        self.kind, self.fact = rows[self.decision]["kind"], payloads[self.decision]
        opened = next(payloads[seq] for seq, row in rows.items() if row["kind"] == "AccountOpened")
        self.ruleset, self.initial = opened["ruleset"], opened["initial"]
        self.working: list[Any] = self.fact["working"]
        self.values: dict[str, int] = {}
        require(
            self.kind in JUDGED, f"row {self.decision} is {self.kind}, not a decision about a rule", "name a decision"
        )
        require(bool(self.working), "the decision shows no working", "ask the firm why")

    def basis(self) -> Case:
        """Where the equity was worked out: here, or in the suspicion whose figure this decision confirms."""
        for step in self.working:
            seq, _, path = step.get("source", "").partition("/")
            if path == "observed/minor" and self.rows.get(int(seq), {}).get("kind") == "BreachSuspected":
                return Case({**self.bundle, "decision": int(seq)}, self.rows, self.payloads)
        return self

    def term(self) -> tuple[int, dict[str, Any]]:
        """The place and text of the rule that the decision names."""
        for place, term in enumerate(self.ruleset["terms"]):
            if term["id"] == self.fact["rule"]:
                return place, term
        raise Refused(
            f"the decision names rule {self.fact['rule']!r}, which is not in the account's ruleset: it is void"
        )

    def look_up(self, source: str) -> Any:
        """The value at "SEQ/path" of a row in the bundle, or at "ruleset/path" of the frozen rules."""
        head, *path = source.split("/")
        if head == "ruleset":
            value: Any = self.ruleset
        else:
            fits = re.fullmatch("[1-9][0-9]*", head) is not None and int(head) in self.payloads
            require(fits, f"source {source!r} is not in the file")
            value = self.payloads[int(head)]
        for name in path:
            if isinstance(value, dict) and name in value:
                value = value[name]
            elif isinstance(value, list) and re.fullmatch("0|[1-9][0-9]*", name) and int(name) < len(value):
                value = value[int(name)]
            else:
                raise Refused(f"source {source!r} leads nowhere: the working cites what is not recorded; contest it")
        return value

    def constants(self) -> set[int]:
        """The bare numbers a working may use: scales that proven rows or the format fix. All else must be cited."""
        digits = {body["digits"] for seq, body in self.payloads.items() if self.rows[seq]["kind"] == "QuoteUsed"}
        scales = {10**number for number in digits} | {SCALES * 10**number for number in digits}
        return {BP, 10 ** self.initial["exponent"]} | scales


OPS: dict[str, Any] = {
    "plus": lambda a, b: a + b,
    "minus": lambda a, b: a - b,
    "times": lambda a, b: a * b,
    "divided_rounded_down": lambda a, b: a // b,
    "divided_rounded_up": lambda a, b: -(-a // b),
    "divided_rounded_half_away": lambda a, b: (2 * abs(a) + b) // (2 * b) * (-1 if a < 0 else 1),
    "is_below": lambda a, b: int(a < b),
    "is_at_or_below": lambda a, b: int(a <= b),
    "is_above": lambda a, b: int(a > b),
    "is_at_or_above": lambda a, b: int(a >= b),
}
DIVISIONS = ("divided_rounded_down", "divided_rounded_up", "divided_rounded_half_away")


def execute(case: Case) -> None:
    """Do every step of the working again, with exact integers."""
    constants = case.constants()
    for step in case.working:
        name, op, value = step.get("name"), step.get("op"), step.get("value")
        named = isinstance(name, str) and not name.startswith("#") and name not in case.values
        require(named and type(value) is int, f"step {name!r} has no name of its own or no whole number")
        args = [_argument(case, constants, name, arg) for arg in step.get("args", [])]
        if op == "given":
            source = step.get("source", "")
            require(source[:1].isdigit() or source.startswith("ruleset/"), f"step {name!r} cites nothing", "contest it")
            cited = case.look_up(source)
            right = type(cited) is int and cited == value and not args
            require(
                right, f"step {name!r} says {value}, but its source {step.get('source')} says {cited}", "contest it"
            )
        else:
            done = _result(name, op, args)
            require(done == value, f"step {name!r} says {value}, but {op} of {args} is {done}", "contest the decision")
        case.values[name] = value


def _argument(case: Case, constants: set[int], name: str, arg: Any) -> int:
    if isinstance(arg, str) and arg.startswith("#"):
        allowed = re.fullmatch("#(0|-?[1-9][0-9]*)", arg) is not None and int(arg[1:]) in constants
        require(
            allowed,
            f"step {name!r} uses the bare number {arg[1:]}, which no row or rule states",
            "contest the decision",
        )
        return int(arg[1:])
    require(arg in case.values, f"step {name!r} uses {arg!r}, which no earlier step worked out", "contest the decision")
    return case.values[arg]


def _result(name: str, op: Any, args: list[int]) -> int:
    if op in ("lowest", "highest"):
        require(bool(args), f"step {name!r} chooses among nothing")
        return min(args) if op == "lowest" else max(args)
    require(
        op in OPS and len(args) == 2,
        f"step {name!r} is no operation this verifier knows ({op!r})",
        "get a newer verifier",
    )
    require(op not in DIVISIONS or args[1] > 0, f"step {name!r} divides by {args[1:]}", "contest the decision")
    return int(OPS[op](*args))


def check_verdict(case: Case) -> None:
    """The last step is the comparison that the rule asks for, between the very figures that the decision states."""
    place, term = case.term()
    judged, against = (case.fact[name] for name in JUDGED[case.kind])
    last = case.working[-1]
    compared = [case.values.get(arg) for arg in last.get("args", [])]
    stated = [judged["minor"], against["minor"]]
    require(compared == stated, f"the last step compares {compared}, the decision states {stated}", "contest it")
    for money in (judged, against):
        same = all(money[name] == case.initial[name] for name in ("currency", "exponent"))
        require(same, "the decision is in another currency than the account", "contest the decision")
    require(
        last["value"] == 1, "the last step's answer is no: by its own arithmetic the decision is wrong", "contest it"
    )
    breach = case.kind.startswith("Breach")
    wanted = BOUNDARY_OPS.get(term.get("boundary", "")) if breach else "is_at_or_above"
    require(
        last["op"] == wanted, f"the rule asks for {wanted}, the working ends with {last['op']}", "contest the decision"
    )
    if breach:
        require(
            term["type"] == case.fact["rule_kind"],
            f"rule {term['id']!r} is {term['type']}, not {case.fact['rule_kind']}",
        )
        for step in case.working:
            of_rule = step.get("source", "").split("/")[:3]
            own = of_rule[:2] != ["ruleset", "terms"] or of_rule[2:] == [str(place)]
            require(
                own,
                f"step {step['name']!r} takes a term of another rule ({step.get('source')})",
                "contest the decision",
            )
    else:
        check_days(case)


def check_days(case: Case) -> None:
    """A pass shows for each rule about trading days that enough were counted."""
    given = {step.get("source"): step["name"] for step in case.working}
    for place, term in enumerate(case.ruleset["terms"]):
        if term["type"] == "minimum_trading_days":
            need = given.get(f"ruleset/terms/{place}/days_min")
            met = [
                step
                for step in case.working
                if step["op"] == "is_at_or_above" and step["args"][1] == need and step["value"] == 1
            ]
            require(bool(need and met), f"the working does not show that {term['id']!r} is met", "contest the decision")


def check_floor(case: Case) -> str:
    """The floor (or target) worked out once more from the frozen rule alone, not from the firm's steps."""
    _, term = case.term()
    sold, bp = case.initial["minor"], BP
    start = sold + _cash(case)
    if not case.kind.startswith("Breach"):
        _require_floor(case, start - -sold * term["target_bp"] // bp, "target")
        return "the target, worked out once more from the rule"
    for step in case.working:
        seq, _, path = step.get("source", "").partition("/")
        if path == "floor/minor":
            # Another day has begun since the suspicion: the floor is the one of the day in which it was seen.
            suspicion = Case({**case.bundle, "decision": int(seq)}, case.rows, case.payloads)
            require(suspicion.kind == "BreachSuspected", f"row {seq} is no suspicion", "contest the decision")
            check_floor(suspicion)
            _require_floor(case, suspicion.fact["floor"]["minor"], "floor")
            return "the floor, worked out once more from the rule as of the day of the suspicion"
    if term["type"] == "daily_loss":
        day = _newest(case, ("DayOpened", "DayAnchored"))
        marks = {name: case.payloads[day][name]["minor"] for name in ("balance", "equity")}
        anchor = max(marks.values()) if term["anchor"] == "higher" else marks[term["anchor"]]
        base = sold if term["base"] == "initial" else anchor
        _require_floor(case, anchor - base * term["loss_max_bp"] // bp, "floor")
        return f"the floor, worked out once more from the rule and the day's start in row {day}"
    high = start if term["trail"] == "static" else max(start, _mark(case, term))
    floor = high - sold * term["loss_max_bp"] // bp
    if term["trail"] != "static" and term["lock_at_bp"] is not None:
        floor = min(floor, start + sold * term["lock_at_bp"] // bp)
    _require_floor(case, floor, "floor")
    return "the floor, worked out once more from the rule" + (
        "" if term["trail"] == "static" else " and the highest mark that is cited"
    )


def _require_floor(case: Case, wanted: int, what: str) -> None:
    said = case.fact[what]["minor"]
    require(said == wanted, f"the rule gives a {what} of {wanted}, the decision says {said}", "contest the decision")


def _newest(case: Case, kinds: tuple[str, ...]) -> int:
    """The newest of the account's consecutive rows of these kinds before the decision."""
    found = [seq for seq, row in case.rows.items() if row["account"] == case.account and row["kind"] in kinds]
    found = [seq for seq in found if case.anchor <= seq < case.decision]
    require(bool(found), f"no {' or '.join(kinds)} lies between the anchor and the decision")
    return max(found)


def _cash(case: Case) -> int:
    """Deposits less withdrawals, as of the newest one in the file."""
    booked = [seq for seq, row in case.rows.items() if row["kind"] == "CashBooked" and seq < case.decision]
    return int(case.payloads[max(booked)]["net"]["minor"]) if booked else 0


def _mark(case: Case, term: dict[str, Any]) -> int:
    """The mark that a trailing floor follows, from a row that may hold one."""
    step = next((step for step in case.working if step["name"] == "highest mark"), None)
    require(step is not None, "the working does not say which mark the floor follows", "contest the decision")
    source = str((step or {}).get("source"))
    seq, _, path = source.partition("/")
    ends = term["trail"] == "end_of_day"
    on = ["balance", "equity"] if term["trails_on"] == "higher" else [term["trails_on"]]
    allowed = [mark for name in (on if ends else ["equity"]) for mark in MARKS[term["trail"], name]]
    allowed += [("RolloverHighMoved", "high"), ("AccountOpened", "initial")] if ends else []
    row = case.rows.get(int(seq)) if seq.isdigit() else None
    fits = row is not None and any((row["kind"], f"{name}/minor") == (kind, path) for kind, name in allowed)
    require(
        fits and row is not None and row["account"] == case.account,
        f"the floor follows {source!r}, which is no mark",
        "contest it",
    )
    return int(case.look_up(source))


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
    judged = [used[seq] for seq in case.fact.get("quotes", []) if seq in used]
    if judged and not case.fact.get("late"):
        said.append(_newest_prices(case, ticks, judged))
    return said


def _newest_prices(case: Case, ticks: dict[int, list[Any]], judged: list[Any]) -> str:
    """No tick of a cited symbol came after the cited one and before the decision."""
    cause, at_us = case.rows[case.decision]["cause"], case.fact["at_us"]
    bridge = next(case.payloads[seq] for seq, row in case.rows.items() if row["kind"] == "AccountOpened")["bridge"]
    first = min(body["frame"] for body in judged)
    run = [seq for seq in sorted(ticks) if first <= seq <= cause and case.payloads[seq]["bridge"] == bridge]
    frames = [case.payloads[seq] for seq in run]
    whole = run[:1] == [first] and all(
        one["qseq"] + one["n"] == two["qseq"]
        for one, two in zip(frames, frames[1:])  # noqa: B905, RUF007  (Python 3.8 knows neither)
    )
    if not whole:
        return "NOT shown: that no newer price was passed over; the frames in between are not in the file"
    # A price that decided is the last one looked at; at a rollover it is the last one before the instant.
    deciding = max(((body["frame"], body["index"]) for body in judged if body["t_us"] == at_us), default=None)
    by_price = deciding is not None and deciding[0] == cause
    for body in judged:
        for seq in run:
            refused = _refused(case, seq)
            for index, (symbol, t_us, bid, ask) in enumerate(ticks[seq]):
                place = (seq, index)
                after = place > (body["frame"], body["index"]) and symbol == body["symbol"] and t_us >= body["t_us"]
                in_time = place <= deciding if by_price and deciding is not None else t_us < at_us
                if after and in_time and not _may_refuse(refused.get(index), bid, ask):
                    raise Refused(
                        f"tick {index} of row {seq} is a newer price of {symbol} than the one that was used: contest the decision"
                    )
    return f"{sum(len(ticks[seq]) for seq in run)} ticks from the oldest price used to the decision: none newer was passed over"


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


# --- the account's book: nothing left out, nothing added ---


def check_book(case: Case) -> str:
    """The balance and the open positions that were judged are those that the consecutive rows add up to."""
    require(
        case.ruleset["semantics"] == 1, "the ruleset's semantics are newer than this verifier", "get a newer verifier"
    )
    given = [step for step in case.working if step["op"] == "given"]
    sources = {step["source"] for step in given}
    breach = case.kind.startswith("Breach")
    # A pass is judged on the book as it is; a breach on the book under its newest figure (it may look back).
    newest = max(int(source.split("/")[0]) for source in sources if source[:1].isdigit())
    as_of = newest if breach else case.decision
    # A price that came late is judged on the book of its instant; whatever was booked after it does not count.
    until_us = case.fact["at_us"] if breach and case.fact["late"] else None
    balance, positions = fold_book(case, as_of, until_us)
    require(
        balance in sources, f"the working does not start from the newest balance ({balance})", "contest the decision"
    )
    worth = case.look_up(balance)
    if breach:
        for position in positions.values():
            worth += check_position(case, sources, position)
        profits = [step["value"] for step in case.working if step["op"] == "divided_rounded_half_away"]
        require(
            len(profits) == len(positions), f"{len(profits)} profits for {len(positions)} open positions", "contest it"
        )
        worth += sum(profits)
    else:
        flat = not case.term()[1].get("flat_required") or not positions
        require(flat, f"{len(positions)} position(s) were open, the rule asks for none", "contest the decision")
    judged = case.fact["observed"]["minor"]
    require(
        judged == worth, f"balance, profits and swaps add up to {worth}, the decision judged {judged}", "contest it"
    )
    held = f"{len(positions)} open position(s)" if breach else "no price needed"
    return f"the book as of row {as_of}: the newest balance, and {held}; nothing left out, nothing added"


def fold_book(case: Case, as_of: int, until_us: int | None) -> tuple[str, dict[str, Any]]:
    """Where the newest balance is recorded, and each open position with where it is; every booking must add up."""
    balance, positions, minor = "", {}, 0
    for seq, row in case.rows.items():
        if row["account"] != case.account or not case.anchor <= seq <= as_of:
            continue
        body, kind = case.payloads[seq], row["kind"]
        if until_us is not None and kind in BOOKINGS and row["happened_us"] > until_us:
            break
        if kind == "AccountOpened":
            balance, minor = f"{seq}/initial/minor", body["initial"]["minor"]
        elif kind == "DayOpened":
            carried = body["balance"]["minor"]
            require(not balance or minor == carried, f"row {seq} begins the day with {carried}, the book held {minor}")
            balance, minor = f"{seq}/balance/minor", carried
            held = enumerate(body["positions"])
            positions = {one["position_id"]: _held(one, f"{seq}/positions/{place}/") for place, one in held}
        elif kind in ("DealBooked", "CashBooked"):
            moved = body["net" if kind == "DealBooked" else "amount"]["minor"]
            fits = bool(balance) and body["balance"]["minor"] == minor + moved
            require(
                fits, f"row {seq}: {minor} and {moved} do not make {body['balance']['minor']}", "contest the decision"
            )
            balance, minor = f"{seq}/balance/minor", minor + moved
            if kind == "DealBooked":
                positions.pop(body["position_id"], None)
                if body["lots_e8"]:
                    positions[body["position_id"]] = _held(body, f"{seq}/")
        elif kind == "SwapPosted" and body["position_id"] in positions:
            positions[body["position_id"]]["swap"] = f"{seq}/swap/minor"
    return balance, positions


def _held(body: dict[str, Any], at: str) -> dict[str, Any]:
    return {"symbol": body["symbol"], "side": body["side"], "at": at, "swap": f"{at}swap/minor"}


def check_position(case: Case, sources: set[str], position: dict[str, Any]) -> int:
    """A long closes at the bid, a short at the ask, at a cited tick of its own symbol, with its own size; returns its swap."""
    which = f"the position at {position['at']}"
    given = {step["source"]: step["name"] for step in case.working if step["op"] == "given"}
    steps = {step["name"]: step for step in case.working}
    lots, opened = (given.get(f"{position['at']}{name}") for name in ("lots_e8", "price_open"))
    require(bool(lots and opened), f"the working leaves out {which}", "contest the decision")
    moved = next((step for step in case.working if opened in step["args"]), {"name": "", "op": "", "args": ["", ""]})
    long = position["side"] == "buy"
    first, second = moved["args"]
    close = steps.get(first if long else second, {}).get("source", "")
    seq, _, side = close.partition("/")
    right = moved["op"] == "minus" and (second if long else first) == opened and side == ("bid" if long else "ask")
    require(right, f"{which} ({position['side']}) is not valued that way round", "contest the decision")
    quote = (case.rows[int(seq)]["kind"], case.payloads[int(seq)]["symbol"], int(seq) in case.fact["quotes"])
    require(
        quote == ("QuoteUsed", position["symbol"], True),
        f"{which} is valued at row {seq}, no cited price of its symbol",
    )
    sized = next(
        (step["name"] for step in case.working if step["op"] == "times" and step["args"] == [moved["name"], lots]), None
    )
    whole = [step["args"][1] for step in case.working if step["op"] == "times" and step["args"][0] == sized]
    scaled = [steps.get(name, {}).get("source") for name in whole]
    require(
        scaled == [f"{seq}/contract_e8"],
        f"{which} is not valued with its own size and contract",
        "contest the decision",
    )
    swap = case.look_up(position["swap"])
    require(
        swap == 0 or position["swap"] in sources, f"the working leaves out the swap at {position['swap']}", "contest it"
    )
    return int(swap)


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
    said.append(f"- {len(case.working)} steps, done again with whole numbers:")
    said += [f"    {line(step)}" for step in case.working]
    said += ["", "In the firm's words (signed, not checked):"] + [f"  {text}" for text in bundle["words"]]
    said += [
        "",
        "This proves that the decision follows from the recorded rows by this arithmetic, and that no recorded row was altered",
        "or left out. It does not prove that the platform's prices and deals were true: compare the prices with another source.",
    ]
    if not pinned:
        said += [
            "It does not prove whose key signed: compare it with the key your firm publishes, or give --key or --checkpoint.",
        ]
    return said


def line(step: dict[str, Any]) -> str:
    source = step.get("source")
    how = f"given by {source}" if source else f"{step['op']} of {', '.join(arg.lstrip('#') for arg in step['args'])}"
    return f"{step['name']} = {step['value']} {step.get('unit', '')} ({how})"


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
    asked = argparse.ArgumentParser(description="Check an evidence bundle of Evenhand offline.")
    asked.add_argument("file", metavar="FILE", help="the bundle (evidence-....json)")
    asked.add_argument(
        "--checkpoint", metavar="FILE", help="a checkpoint you kept: the ledger must be its continuation"
    )
    asked.add_argument("--key", metavar="HEX", help="the ledger key that your firm publishes")
    options = asked.parse_args()
    try:
        raw = Path(options.file).read_bytes()
        held = Path(options.checkpoint).read_bytes().decode("utf-8") if options.checkpoint else None
        print("\n".join(verify(raw, held, options.key)))
    except Refused as why:
        print(f"REFUSED {options.file}: {why}", file=sys.stderr)
        return 1
    except Untied as why:
        print(f"NOT COMPARED {options.file}: {why}", file=sys.stderr)
        return 1
    except (OSError, UnicodeDecodeError) as why:
        print(f"cannot read: {why}: check the file's name and that it is the file your firm sent", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
