"""Engine digest: which code decides. An epoch is a stretch of the ledger under one digest, and only the same digest re-decides it.

It covers what can change a verdict: the sources of firm/ and actors/ (rules, desks, the codecs of payloads and quote frames), the
Python minor version, and the libraries that hold states, encode, calculate and know time zones.
"""

import functools
import hashlib
import sys
import zoneinfo
from importlib.metadata import version
from pathlib import Path

import actors
import firm

DECIDING_ROOMS = (firm, actors)
DECIDING_LIBRARIES = ("immutables", "msgspec", "numpy", "tzdata")


@functools.cache
def engine_digest() -> str:
    """SHA-256 of the listing, in hex."""
    return hashlib.sha256(engine_listing().encode()).hexdigest()


def engine_listing() -> str:
    """One line for each thing that decides: two engines that differ show here in what."""
    sources = [line for room in DECIDING_ROOMS for line in source_lines(Path(room.__path__[0]))]
    python = f"python {sys.version_info.major}.{sys.version_info.minor}"
    libraries = [f"{name} {version(name)}" for name in DECIDING_LIBRARIES]
    # Zones of the operating system would change under us with its updates; the digest must then not look the same.
    zones = f"zones {':'.join(zoneinfo.TZPATH) or 'tzdata'}"
    return "\n".join([*sources, python, *libraries, zones, ""])


def source_lines(room: Path) -> list[str]:
    """SHA-256 and path of each Python file, sorted by path."""
    files = sorted((path.relative_to(room.parent).as_posix(), path) for path in room.rglob("*.py"))
    return [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}" for name, path in files]
