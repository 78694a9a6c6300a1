"""Documents: what traders handed in, newest first, how often it was opened and what became of it. What is in it lies in the vault."""

from collections.abc import Sequence

import apsw
import msgspec

from firm.documents import DocumentForm, DocumentKind, retained_until_us
from firm.facts import DocumentDeleted, DocumentKept, DocumentOpened, ValuesForgotten
from firm.inputs import DeletionReported
from firm.kinds import Body
from storage.people import DOCUMENTS, reference
from storage.readmodels.kinds_of import kinds_of
from storage.rows import Row

SCHEMA = """
CREATE TABLE rm_document (
    document INTEGER PRIMARY KEY, trader INTEGER NOT NULL, document_kind TEXT NOT NULL, form TEXT NOT NULL, size_bytes INTEGER NOT NULL,
    sealed TEXT NOT NULL, seq INTEGER NOT NULL, kept_us INTEGER NOT NULL, kept_by TEXT NOT NULL, kept_why TEXT NOT NULL,
    opened INTEGER NOT NULL, opened_by TEXT NOT NULL, opened_us INTEGER,
    deleted_by TEXT NOT NULL, deleted_why TEXT NOT NULL, deleted_us INTEGER, gone_us INTEGER
) STRICT;
CREATE INDEX rm_document_seq ON rm_document (seq);
CREATE INDEX rm_document_trader ON rm_document (trader, seq);
CREATE INDEX rm_document_due ON rm_document (deleted_us) WHERE deleted_us IS NOT NULL AND gone_us IS NULL;
"""
GONE_SHOWN = 50  # of one trader; those that are kept are few
_COLUMNS = (
    "document, trader, document_kind, form, size_bytes, sealed, seq, kept_us, kept_by, kept_why, opened, opened_by, opened_us,"
    " deleted_by, deleted_why, deleted_us, gone_us"
)


class Documents:
    """The `documents` read model: one row a document."""

    name = "documents"
    version = 2
    schema = SCHEMA
    kinds = kinds_of(DocumentKept, DocumentOpened, DocumentDeleted, DeletionReported, ValuesForgotten)

    def project(self, connection: apsw.Connection, rows: Sequence[tuple[Row, Body]]) -> None:
        for row, body in rows:
            match body:
                case DocumentKept():
                    kept = (body.document, body.trader, body.document_kind.value, body.form.value, body.size_bytes)
                    connection.execute(
                        f"INSERT INTO rm_document ({_COLUMNS})"  # noqa: S608  (constant columns)
                        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', NULL, '', '', NULL, NULL)",
                        (*kept, body.sealed, row.seq, row.happened_us, body.by, body.why),
                    )
                case DocumentOpened():
                    connection.execute(
                        "UPDATE rm_document SET opened = opened + 1, opened_by = ?, opened_us = ? WHERE document = ?",
                        (body.by, row.happened_us, body.document),
                    )
                case DocumentDeleted():
                    connection.execute(
                        "UPDATE rm_document SET deleted_by = ?, deleted_why = ?, deleted_us = ? WHERE document = ?",
                        (body.by, body.why, row.happened_us, body.document),
                    )
                case DeletionReported():
                    connection.execute(
                        "UPDATE rm_document SET gone_us = coalesce(gone_us, ?) WHERE document = ?",
                        (row.happened_us, body.document),
                    )
                case ValuesForgotten(klass=klass, finished=True) if klass == DOCUMENTS:
                    connection.execute(
                        "UPDATE rm_document SET gone_us = coalesce(gone_us, ?) WHERE trader = ?",
                        (row.happened_us, body.trader),
                    )
                case _:
                    pass


class DocumentLine(msgspec.Struct, frozen=True):
    """One document. `kept_by`, `kept_why`: of whoever handed it in in the trader's name, or "". `opened`: how often, `opened_by` and
    `opened_us`: by whom and when at last. `deleted_…`: by whom it was taken back or deleted; `gone_us`: it was destroyed then.
    """

    document: int
    trader: int
    document_kind: DocumentKind
    form: DocumentForm
    size_bytes: int
    sealed: str
    seq: int
    kept_us: int
    kept_by: str
    kept_why: str
    opened: int
    opened_by: str
    opened_us: int | None
    deleted_by: str
    deleted_why: str
    deleted_us: int | None
    gone_us: int | None

    @property
    def is_kept(self) -> bool:
        """Whether it is still there for whoever may open it."""
        return self.deleted_us is None and self.gone_us is None

    def retained_until_us(self, retained_us: int) -> int:
        """Until when nobody deletes it, where proof is kept for so long; 0: it may go at any time, or is gone."""
        return retained_until_us(self.document_kind, self.kept_us, retained_us) if self.is_kept else 0

    @property
    def is_taken_back(self) -> bool:
        return self.deleted_by == reference("trader", self.trader)


def document_line(connection: apsw.Connection, document: int) -> DocumentLine | None:
    sql = f"SELECT {_COLUMNS} FROM rm_document WHERE document = ?"  # noqa: S608  (constant columns)
    row = connection.execute(sql, (document,)).fetchone()
    return None if row is None else _line(row)


def documents_of(connection: apsw.Connection, trader: int) -> list[DocumentLine]:
    """Those that are kept of one trader, which are few, and the newest of those that were; the newest first."""
    mine = f"SELECT {_COLUMNS} FROM rm_document WHERE trader = ?"  # noqa: S608  (constant columns)
    kept = connection.execute(f"{mine} AND deleted_us IS NULL AND gone_us IS NULL", (trader,))
    gone = connection.execute(
        f"{mine} AND (deleted_us IS NOT NULL OR gone_us IS NOT NULL) ORDER BY seq DESC LIMIT ?", (trader, GONE_SHOWN)
    )
    return sorted(map(_line, [*kept, *gone]), key=lambda line: -line.seq)


def newest_documents(connection: apsw.Connection, before_seq: int, limit: int) -> list[DocumentLine]:
    """Everybody's, the newest first, from before that row of the ledger."""
    sql = f"SELECT {_COLUMNS} FROM rm_document WHERE seq < ? ORDER BY seq DESC LIMIT ?"  # noqa: S608  (constant columns)
    return [_line(row) for row in connection.execute(sql, (before_seq, limit))]


def documents_to_destroy(connection: apsw.Connection, limit: int) -> list[DocumentLine]:
    """Those that were taken back or deleted, and that nobody has said are destroyed, the oldest first."""
    sql = f"SELECT {_COLUMNS} FROM rm_document WHERE deleted_us IS NOT NULL AND gone_us IS NULL ORDER BY deleted_us LIMIT ?"  # noqa: S608  (constant columns)
    return [_line(row) for row in connection.execute(sql, (limit,))]


def bytes_kept(connection: apsw.Connection) -> int:
    """Of all documents together that are still there."""
    row = connection.execute("SELECT coalesce(sum(size_bytes), 0) FROM rm_document WHERE gone_us IS NULL").fetchone()
    assert row is not None
    return int(row[0])


def _line(row: Sequence[object]) -> DocumentLine:
    return msgspec.convert(dict(zip(DocumentLine.__struct_fields__, row, strict=True)), DocumentLine)
