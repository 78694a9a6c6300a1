"""Record headers: where in a page of an SQLite file the type of each stored value lies, byte by byte.

One bit turned there makes TEXT a BLOB, or a value longer than it was: what is read is then of a type that no column allows.
https://www.sqlite.org/fileformat.html, “B-tree Pages” and “Record Format”.
"""

_TABLE_LEAF, _INDEX_LEAF, _INDEX_INTERIOR = 0x0D, 0x0A, 0x02
_FILE_HEADER_BYTES = 100


def type_bytes(raw: bytes, offset: int) -> list[int]:
    """The places in the file `raw` of all bytes of serial types on the page at `offset`."""
    at = offset + (_FILE_HEADER_BYTES if offset == 0 else 0)
    kind = raw[at]
    if kind not in (_TABLE_LEAF, _INDEX_LEAF, _INDEX_INTERIOR):
        return []
    pointers = at + (12 if kind == _INDEX_INTERIOR else 8)
    found: list[int] = []
    for number in range(int.from_bytes(raw[at + 3 : at + 5])):
        cell = offset + int.from_bytes(raw[pointers + 2 * number :][:2])
        if kind == _INDEX_INTERIOR:
            cell += 4
        _, cell = _varint(raw, cell)
        if kind == _TABLE_LEAF:
            _, cell = _varint(raw, cell)
        size, first = _varint(raw, cell)
        found.extend(range(first, cell + size))
    return found


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    """Its value, and where it ends."""
    value = 0
    for count in range(8):
        value = value << 7 | raw[at + count] & 0x7F
        if raw[at + count] < 0x80:
            return value, at + count + 1
    return value << 8 | raw[at + 8], at + 9
