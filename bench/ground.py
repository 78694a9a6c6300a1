"""Where a benchmark's firm lies: in a directory of its own, on the disk that is to be measured, and gone afterwards."""

import os
import tempfile


def disk() -> str | None:
    """EVENHAND_BENCH_DIR; without it None, which is where temporary files lie."""
    return os.environ.get("EVENHAND_BENCH_DIR")


def ground() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(dir=disk())
