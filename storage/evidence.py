"""Evidence: one canonical, signed file with everything needed to re-check one decision offline.

Which rows belong to a decision is decided in `storage/grounds.py`; docs/evidence.md specifies each byte. The format is permanent:
a bundle that a trader was given must verify for as long as anyone keeps it.
"""

import base64
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from storage.checkpoint import Signer, check_note, parse_note, sign_note
from storage.errors import NoteFault, NoteRefused
from storage.grounds import Grounds
from storage.identity import Hashers
from storage.reader import LedgerReader
from storage.rows import StoredRow
from storage.tree import Perfect, left_width, range_hash

FORMAT, VERSION = "evenhand-evidence", 1


class _Proven(NamedTuple):
    """The tree in which the rows are proven, and what leads to it from the trader's own checkpoint."""

    size: int
    note: str
    consistency: dict[str, Any] | None


def build_bundle(
    reader: LedgerReader, decision: int, *, secret: bytes, signing_seed: bytes, since: str | None = None
) -> bytes:
    """The bundle for the decision at this seq. `reader` was opened with the ledger secret.

    `since`: a checkpoint note that the trader holds; NoteRefused where it is not of this ledger. A decision that no checkpoint
    covers yet is proven in one that is signed for the purpose. NotADecision where the row judged nothing.
    """
    signer = Signer(signing_seed)
    grounds = Grounds(reader, decision)
    proven = _proven(reader, decision, signer, since)
    lineages = reader.lineages()
    stretches = [(first, lineage) for first, lineage in lineages.stretches if first <= proven.size]
    rows = grounds.rows(extra=[first for first, _ in stretches[1:]])
    hashers = Hashers(lineages, secret)
    with reader.tree(proven.size) as tree:
        proof = rows_proof(tree.perfect, [row.seq for row in rows], proven.size)
    document = {
        "format": FORMAT,
        "version": VERSION,
        "firm": reader.identity().firm_slug,
        "key": signer.public_key.hex(),
        "lineages": [{"lineage": lineage.hex(), "first_seq": first} for first, lineage in stretches],
        "account": grounds.account,
        "anchor": grounds.anchor,
        "decision": decision,
        "words": grounds.words(),
        "ruleset": {"id": grounds.opened.ruleset_id, "canonical": grounds.opened.ruleset.canonical().decode()},
        "rows": [_row(row, hashers.at(row.seq).salt(row.seq)) for row in rows],
        "frames": [{"seq": seq, "frame": _base64(frame)} for seq, frame in grounds.frames()],
        "proof": [_base64(part) for part in proof],
        "checkpoint": proven.note,
        "consistency": proven.consistency,
    }
    return _closed(document, signer)


def rows_proof(perfect: Perfect, seqs: Sequence[int], size: int) -> list[bytes]:
    """The hashes with which rows `seqs`, in rising order, lead to the root of the tree of `size` rows, from left to right.

    It holds each hash once that no given row lies under, and so proves all rows at once.
    """

    def missing(first: int, end: int, known: Sequence[int]) -> list[bytes]:
        if not known:
            return [range_hash(perfect, first, end)]
        if end - first == 1:
            return []
        middle = first + left_width(end - first)
        left = missing(first, middle, [index for index in known if index < middle])
        return left + missing(middle, end, [index for index in known if index >= middle])

    return missing(0, size, [seq - 1 for seq in seqs])


def _proven(reader: LedgerReader, decision: int, signer: Signer, since: str | None) -> _Proven:
    """The trader's own checkpoint where it covers the decision; else the newest, which is the published one, led to from theirs."""
    held = None if since is None else _require_ours(reader, since, signer)
    if held is not None and since is not None and held >= decision:
        return _Proven(held, since, None)
    newest = reader.checkpoint()
    covers = newest is not None and newest.size >= decision
    size = newest.size if newest is not None and covers else reader.size()
    note = newest.note if newest is not None and covers else _signed_now(reader, size, signer)
    if held is None:
        return _Proven(size, note, None)
    leads = [_base64(part) for part in reader.consistency_proof(held, size)]
    return _Proven(size, note, {"checkpoint": since, "proof": leads})


def _signed_now(reader: LedgerReader, size: int, signer: Signer) -> str:
    return sign_note(reader.origin(size), size, reader.root(size), signer)


def _require_ours(reader: LedgerReader, since: str, signer: Signer) -> int:
    """The size of a checkpoint that is of this ledger, under this key, with this root."""
    size = parse_note(since).size
    if not 0 < size <= reader.size():
        raise NoteRefused(
            f"the checkpoint is of {size} rows, this ledger has {reader.size()}: it is of another ledger, or this one was "
            "restored from an older copy; keep the checkpoint and ask what was lost",
            NoteFault.OTHER_LEDGER,
        )
    note = check_note(since, reader.origin(size), signer.public_key)
    if note.root != reader.root(size):
        raise NoteRefused(
            f"the checkpoint of {size} rows has another root than this ledger had then: rows were altered; "
            'keep both and run "evenhand verify"',
            NoteFault.OTHER_ROOT,
        )
    return size


def _row(row: StoredRow, salt: bytes) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "kind": row.kind,
        "happened_us": row.happened_us,
        "received_us": row.received_us,
        "cause": row.cause,
        "account": row.account,
        "account_seq": row.account_seq,
        "account_prev_seq": row.account_prev_seq,
        "account_prev_hash": _base64(row.account_prev_hash),
        "salt": _base64(salt),
        "payload": row.payload.decode(),
    }


def _closed(document: dict[str, Any], signer: Signer) -> bytes:
    """The canonical bytes, with the closing signature over all that stands before its own text."""
    unsigned = json.dumps(document, ensure_ascii=True, separators=(",", ":"))[:-1] + ',"signature":"'
    return f'{unsigned}{_base64(signer.sign(unsigned.encode()))}"}}\n'.encode()


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
