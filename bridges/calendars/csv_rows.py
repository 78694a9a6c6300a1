"""CSV rows: a file with a header, row by row with its line, each by the names of its columns."""

import csv
import io
from collections.abc import Iterator
from typing import NamedTuple

from bridges.calendars.content import text_of
from firm.news import BadCalendar

FIELD_LENGTH_MAX = 1_000


class Row(NamedTuple):
    """`where`: "line 7". `fields`: by column, without white space around; "" for a column that the file does not have."""

    where: str
    fields: dict[str, str]


def rows_of(content: bytes, required: frozenset[str], optional: frozenset[str]) -> Iterator[Row]:
    """The rows below the header; empty lines are passed over. A column that is missing or unknown refuses the file."""
    reader = csv.reader(io.StringIO(text_of(content), newline=""), strict=True)
    columns: list[str] = []
    try:
        for told in reader:
            fields, where = [field.strip() for field in told], f"line {reader.line_num}"
            if not any(fields):
                continue
            if not columns:
                columns = _columns(fields, required, optional, where)
                continue
            _check(fields, columns, where)
            yield Row(where, dict.fromkeys(optional, "") | dict(zip(columns, fields, strict=True)))
    except csv.Error as wrong:
        raise BadCalendar(f"line {reader.line_num}", str(wrong)) from wrong
    if not columns:
        raise BadCalendar("", f"it is empty: its first line names the columns {', '.join(sorted(required))}")


def _columns(fields: list[str], required: frozenset[str], optional: frozenset[str], where: str) -> list[str]:
    columns = [name.lower() for name in fields]
    if missing := sorted(required - set(columns)):
        raise BadCalendar(where, f"no column {', '.join(missing)}")
    if unknown := sorted(set(columns) - required - optional):
        raise BadCalendar(where, f"unknown column {', '.join(unknown)}")
    if len(set(columns)) != len(columns):
        raise BadCalendar(where, "a column is there twice")
    return columns


def _check(fields: list[str], columns: list[str], where: str) -> None:
    if len(fields) != len(columns):
        raise BadCalendar(where, f"{len(fields)} fields where the header has {len(columns)}")
    if max(map(len, fields)) > FIELD_LENGTH_MAX:
        raise BadCalendar(where, f"a field of more than {FIELD_LENGTH_MAX} characters")
