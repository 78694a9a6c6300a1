"""Vault boxes: where a sealed value lies in vault.db, by how large it is, and how one that was deleted leaves the file.

Small ones lie in `sealed_values`. SQLite leaves copies of them in unused parts of pages, where it splits and joins these; so whoever
deletes writes the small tables anew, and `secure_delete` fills the pages of before with zeros. Large ones, which are documents, lie in
`large_boxes`, behind padding that fills what a row has on a page of the tree: a box is then on overflow pages alone, which SQLite
never splits or copies, and fills with zeros when it frees them (https://www.sqlite.org/fileformat.html, "B-tree Cell Format").
An erasure so costs what the small values weigh, however many documents lie beside them. The file keeps its size: what comes next fills it.
"""

import apsw

from storage.sqlite_file import cut_log, one_row

SMALL_BYTES_MAX = 4_096  # of a box in sealed_values
PADDING_BYTES = 4_096  # a page: more than any row has on a page of the tree

_SMALL = {
    "sealed_values": "commitment, person, class, box",
    "people": "person, mail_index, identity, credentials",
    "factors": "person, box",
}


def put_box(connection: apsw.Connection, commitment: bytes, person: str, klass: str, box: bytes) -> None:
    """Keep a sealed value, in place of one that has the same commitment; within a transaction."""
    is_large = len(box) > SMALL_BYTES_MAX
    connection.execute(
        "INSERT OR REPLACE INTO sealed_values (commitment, person, class, box) VALUES (?, ?, ?, ?)",
        (commitment, person, klass, b"" if is_large else box),
    )
    if is_large:
        connection.execute(
            "INSERT OR REPLACE INTO large_boxes (commitment, padding, box) VALUES (?, zeroblob(?), ?)",
            (commitment, PADDING_BYTES, box),
        )


def whole_box(connection: apsw.Connection, commitment: bytes, box: bytes) -> bytes:
    """The box of a row of sealed_values. Empty, which no key opens, where a large one is missing."""
    if box:
        return box
    row = one_row(connection, "SELECT box FROM large_boxes WHERE commitment = ?", (commitment,))
    return row[0] if row else b""


def odd_boxes(connection: apsw.Connection) -> list[bytes]:
    """The commitments of large boxes that no value has, or that are not behind padding; nobody reads either."""
    sql = """
        SELECT commitment FROM large_boxes WHERE padding <> zeroblob(?)
            OR NOT EXISTS (SELECT 1 FROM sealed_values WHERE sealed_values.commitment = large_boxes.commitment AND length(box) = 0)
        """
    return [commitment for (commitment,) in connection.execute(sql, (PADDING_BYTES,))]


def write_anew(connection: apsw.Connection) -> None:
    """After deletions, in their transaction: nothing of what was deleted is in the file that the commit makes."""
    connection.execute("DELETE FROM large_boxes WHERE commitment NOT IN (SELECT commitment FROM sealed_values)")
    try:
        for table, columns in _SMALL.items():
            _write_anew(connection, table, columns)
    except apsw.ConstraintError as broken:  # a row that its own table does not take
        raise apsw.CorruptError(f"a table of {connection.filename} cannot be written anew: {broken}") from broken


def leave_no_traces(connection: apsw.Connection) -> None:
    """The same in a transaction of its own, and the log is cut to nothing. Raises TracesRemain where somebody keeps old pages."""
    with connection:
        write_anew(connection)
    cut_log(connection)


def _write_anew(connection: apsw.Connection, table: str, columns: str) -> None:
    # In memory (temp_store): what was deleted must not come to lie on another place of the disk.
    connection.execute(f"CREATE TEMP TABLE living AS SELECT {columns} FROM main.{table} ORDER BY rowid")  # noqa: S608  (constant names)
    # Without a condition SQLite frees the pages as they are, and moves no row between them.
    connection.execute(f"DELETE FROM main.{table}")  # noqa: S608  (constant names)
    connection.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM temp.living ORDER BY rowid")  # noqa: S608  (constant names)
    connection.execute("DROP TABLE temp.living")
