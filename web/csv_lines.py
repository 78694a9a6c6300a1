"""CSV lines (RFC 4180): rows as text for a file, in which nothing is a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

# What a spreadsheet would take for a formula at the beginning of a text. A leading apostrophe makes it a text again.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(rows: Iterable[Sequence[str]]) -> str:
    written = io.StringIO(newline="")
    csv.writer(written).writerows(rows)
    return written.getvalue()


def as_text(text: str) -> str:
    """Somebody else's word, which no spreadsheet shall carry out as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
