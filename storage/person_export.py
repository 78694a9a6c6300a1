"""Person export: everything the firm holds about one trader, in one ZIP that a person and a program can read.

It is made for the person themself: it opens their sealed values. A password hash is not among them, as it opens a door.
"""

import base64
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import apsw
import msgspec

from firm.commands import NoteAct, NoteSecurity
from firm.ids import id_text
from firm.instant import utc_text
from firm.personal import CLASSES
from storage.documents import open_document
from storage.logins_pooled import pooled_logins
from storage.people import reference
from storage.reader import LedgerReader
from storage.readmodels.documents import documents_of
from storage.readmodels.erasures import erasures_of
from storage.readmodels.person_rows import rows_naming
from storage.rows import StoredRow
from storage.vault import Vault

ROWS_AT_ONCE = 500

_FILES = {
    "about.json": "what this is, and why each class of values is held",
    "person.json": "who you are to us",
    "sealed.jsonl": "each sealed value with its salt: HMAC-SHA256(salt, class 0x00 value) is its commitment in the ledger",
    "documents/": "each document that you handed in, as it is kept, by its id; their own names are in documents.jsonl",
    "ledger.jsonl": "each row of the ledger that names you, your orders or your accounts, under your pseudonyms: what you and your "
    "platform did, what was decided, changes in how you sign in, mails that were owed to you and what became of them, and what the "
    "firm's staff did about you or looked up of you. Nobody of the staff is named, nor told from where they came",
    "signed-in.json": "from which devices you are signed in now, which devices are known as yours, and drafts that you keep",
}
_LEFT_OUT = (
    "what opens a door: the hash of your password, the secret of an app, passkeys, recovery codes, ids of sessions, cookies and links",
    "counts of tries to sign in and of mails that were asked for, which are kept for a day under a keyed hash",
    "the market's prices, and what was decided of the whole firm: such rows name nobody",
)
_STAFF = re.compile(r"staff:\d+")
_OF_STAFF = "the firm's staff"  # as pages for traders have it: who of them is theirs
_CAME_FROM = frozenset({NoteAct.__name__, NoteSecurity.__name__})


class _Unseekable(io.RawIOBase):
    """What a ZIP is written to piece by piece: each is taken away before the next comes, so that none lies in memory or on a disk."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self._written += content
        return len(content)

    def taken(self) -> bytes:
        piece = bytes(self._written)
        self._written.clear()
        return piece


def export_pieces(
    reader: LedgerReader, vault: Vault, trader: int, *, firm: str, now_us: int, signed_in: Mapping[str, Any]
) -> Iterator[bytes]:
    """The ZIP, piece by piece. Each reads files: never in the loop. `signed_in`: what front.db has of them, in words."""
    out = _Unseekable()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, lines in (
            ("about.json", [_about(firm, trader, now_us)]),
            ("person.json", [_person(reader, vault, trader)]),
            ("sealed.jsonl", _values(reader, vault, trader)),
            ("signed-in.json", [signed_in]),
            ("ledger.jsonl", _rows(reader, trader)),
        ):
            with archive.open(name, "w") as member:
                for line in lines:
                    member.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
                    if piece := out.taken():
                        yield piece
        for name, content in _documents(reader, vault, trader):
            archive.writestr(name, content)
            yield out.taken()
    yield out.taken()


def _about(firm: str, trader: int, now_us: int) -> dict[str, Any]:
    held = [{"class": each.name, "what": each.what, "why": each.why, "basis": each.basis} for each in CLASSES]
    return {
        "firm": firm,
        "trader": id_text(trader),
        "pseudonyms": [reference("trader", trader), trader],
        "made": utc_text(now_us),
        "files": _FILES,
        "left_out": _LEFT_OUT,
        "classes": held,
    }


def _person(reader: LedgerReader, vault: Vault, trader: int) -> dict[str, Any]:
    person = vault.person("trader", trader)
    with reader.connection() as book:
        going = erasures_of(book, trader)
        accounts = [id_text(account) for account in _accounts(book, trader)]
    return {
        "trader": id_text(trader),
        "name": person.name if person else None,
        "mail": person.mail if person else None,
        "accounts": accounts,
        "erasures": [
            {
                "class": each.klass,
                "from": utc_text(each.from_us),
                "done": None if each.erased_us is None else utc_text(each.erased_us),
            }
            for each in going
        ],
    }


def _values(reader: LedgerReader, vault: Vault, trader: int) -> Iterator[dict[str, Any]]:
    with reader.connection() as book:
        pooled = list(pooled_logins(book, trader))
    found = ((commitment, vault.prove(commitment)) for commitment in pooled)
    for commitment, opening in chain(vault.values_of(reference("trader", trader)), found):
        if opening is None:
            continue
        yield {
            "commitment": commitment,
            "class": opening.klass,
            "salt": opening.salt.hex(),
            "bytes": base64.b64encode(opening.value).decode(),
            "value": _legible(opening.value),
        }


def _documents(reader: LedgerReader, vault: Vault, trader: int) -> Iterator[tuple[str, bytes]]:
    """Each file and then the list of their names, one at a time in memory."""
    with reader.connection() as book:
        lines = documents_of(book, trader)
    names: list[bytes] = []
    for line in lines:
        document = open_document(vault, line.sealed)
        if document is not None:
            file = f"documents/{id_text(line.document)}.{line.form.value}"
            names.append(json.dumps({"file": file, "name": document.name}, ensure_ascii=False).encode() + b"\n")
            yield file, document.content
    if names:
        yield "documents/documents.jsonl", b"".join(names)


def _legible(value: bytes) -> Any:
    """JSON where it is such, else None: the bytes stand beside it."""
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _rows(reader: LedgerReader, trader: int) -> Iterator[dict[str, Any]]:
    """What names them, by index; then the chains of their accounts. In memory are the numbers of the former, and some rows."""
    with reader.connection() as book:
        accounts = _accounts(book, trader)
        acts = {seq for (seq,) in book.execute("SELECT seq FROM rm_act WHERE trader = ?", (trader,))}
        seqs = {*rows_naming(book, trader), *acts}
    for seq in sorted(seqs):
        row = reader.row(seq)
        assert row is not None, "a read model names rows of the ledger"
        yield _line(row, trader)
    for account in accounts:
        yield from (_line(row, trader) for row in _account_rows(reader, account) if row.seq not in seqs)


def _account_rows(reader: LedgerReader, account: int) -> Iterator[StoredRow]:
    """Newest first, along the chain."""
    from_seq: int | None = None
    while True:
        rows = reader.account_rows(account, from_seq=from_seq, limit=ROWS_AT_ONCE)
        yield from rows
        if len(rows) < ROWS_AT_ONCE or not rows[-1].account_prev_seq:
            return
        from_seq = rows[-1].account_prev_seq


def _accounts(book: apsw.Connection, trader: int) -> list[int]:
    sql = "SELECT account FROM rm_account WHERE trader = ? ORDER BY opened_seq"
    return [account for (account,) in book.execute(sql, (trader,))]


def _line(row: StoredRow, trader: int) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "kind": row.kind,
        "happened": utc_text(row.happened_us),
        "received": utc_text(row.received_us),
        "cause": row.cause,
        "account": id_text(row.account) if row.account else None,
        "payload": _payload(row, trader),
    }


def _payload(row: StoredRow, trader: int) -> Any:
    """What the row says, but for who of the staff it was, and the commitment to where they were."""
    said = msgspec.json.decode(_STAFF.sub(_OF_STAFF, row.payload.decode()))
    if row.kind in _CAME_FROM and said["by"] != reference("trader", trader):
        said.pop("sealed", None)
    return said
