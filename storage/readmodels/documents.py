"""Documents: what traders handed in and is kept, newest first, and how often it was opened. What is in it lies in the vault."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.documents import DocumentForm, DocumentKind
from firm.facts import DocumentKept, DocumentOpened, ValuesForgotten
from firm.kinds import Body
from storage.people import DOCUMENTS
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

SCHEMA = """
CREATE TABLE rm_document (
    document INTEGER PRIMARY KEY, trader INTEGER NOT NULL, document_kind TEXT NOT NULL, form TEXT NOT NULL, size_bytes INTEGER NOT NULL,
    sealed TEXT NOT NULL, seq INTEGER NOT NULL, kept_us INTEGER NOT NULL, opened INTEGER NOT NULL, opened_by TEXT NOT NULL,
    opened_us INTEGER, gone_us INTEGER
) STRICT;
CREATE INDEX rm_document_seq ON rm_document (seq);
CREATE INDEX rm_document_trader ON rm_document (trader, seq);
"""
_COLUMNS = (
    "document, trader, document_kind, form, size_bytes, sealed, seq, kept_us, opened, opened_by, opened_us, gone_us"
)


class Documents:
    """The `documents` read model: one row a document."""

    name = "documents"
    version = 1
    schema = SCHEMA
    kinds = kinds_of(DocumentKept, DocumentOpened, ValuesForgotten)

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            match body:
                case DocumentKept():
                    kept = (body.document, body.trader, body.document_kind.value, body.form.value, body.size_bytes)
                    connection.execute(
                        "INSERT INTO rm_document (document, trader, document_kind, form, size_bytes, sealed, seq, kept_us, opened,"
                        " opened_by, opened_us, gone_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, '', NULL, NULL)",
                        (*kept, body.sealed, row.seq, row.happened_us),
                    )
                case DocumentOpened():
                    connection.execute(
                        "UPDATE rm_document SET opened = opened + 1, opened_by = ?, opened_us = ? WHERE document = ?",
                        (body.by, row.happened_us, body.document),
                    )
                case ValuesForgotten(klass=klass, finished=True) if klass == DOCUMENTS:
                    connection.execute(
                        "UPDATE rm_document SET gone_us = ? WHERE trader = ?", (row.happened_us, body.trader)
                    )
                case _:
                    pass


class DocumentLine(msgspec.Struct, frozen=True):
    """One document. `opened`: how often, `opened_by` and `opened_us`: by whom and when at last; `gone_us`: it was destroyed then."""

    document: int
    trader: int
    document_kind: DocumentKind
    form: DocumentForm
    size_bytes: int
    sealed: str
    seq: int
    kept_us: int
    opened: int
    opened_by: str
    opened_us: int | None
    gone_us: int | None


def document_line(connection: apsw.Connection, document: int) -> DocumentLine | None:
    sql = f"SELECT {_COLUMNS} FROM rm_document WHERE document = ?"  # noqa: S608  (constant columns)
    row = connection.execute(sql, (document,)).fetchone()
    return None if row is None else _line(row)


def documents_of(connection: apsw.Connection, trader: int) -> list[DocumentLine]:
    """Those of one trader, which are few, the newest first."""
    sql = f"SELECT {_COLUMNS} FROM rm_document WHERE trader = ? ORDER BY seq DESC"  # noqa: S608  (constant columns)
    return [_line(row) for row in connection.execute(sql, (trader,))]


def newest_documents(connection: apsw.Connection, before_seq: int, limit: int) -> list[DocumentLine]:
    """Everybody's, the newest first, from before that row of the ledger."""
    sql = f"SELECT {_COLUMNS} FROM rm_document WHERE seq < ? ORDER BY seq DESC LIMIT ?"  # noqa: S608  (constant columns)
    return [_line(row) for row in connection.execute(sql, (before_seq, limit))]


def bytes_kept(connection: apsw.Connection) -> int:
    """Of all documents together that are still there."""
    row = connection.execute("SELECT coalesce(sum(size_bytes), 0) FROM rm_document WHERE gone_us IS NULL").fetchone()
    assert row is not None
    return int(row[0])


def _line(row: Sequence[object]) -> DocumentLine:
    return msgspec.convert(dict(zip(DocumentLine.__struct_fields__, row, strict=True)), DocumentLine)
