"""Limits of staff and of keys, as the console is told them: options, and names that the firm knows.

A name that nothing has would keep somebody from all of the firm, and stand in the ledger for ever: it is refused, with what is near.
"""

import argparse
import difflib
from collections.abc import Sequence
from pathlib import Path

from appliance.commands.options import plain_text
from appliance.commands.person_place import known_region
from appliance.console import CommandRefused
from firm.permissions import Scope
from storage.files import open_firm_directory
from storage.reader import LedgerReader
from storage.readmodels.programs import programs_published

NAME_TOLD = 40  # letters of a name that nobody knows
PROGRAMS_TOLD = 20


def add_limits(parser: argparse.ArgumentParser, whose: str) -> None:
    """Options that limit somebody, or a key, to some of the firm; both hold together."""
    for option, what in (("--program", "a program"), ("--region", "traders of a region")):
        told = f"{what} {whose}; may be given again"
        parser.add_argument(option, action="append", metavar="NAME", type=plain_text, help=told)


def scope_of(options: argparse.Namespace) -> Scope:
    """What the options limit to. Raises CommandRefused for a program that was never published, and for a region that there is not."""
    programs, regions = sorted(set(options.program or ())), sorted(set(options.region or ()))
    open_firm_directory(options.data_dir)
    if programs:
        _require_published(options.data_dir, programs)
    for region in regions:
        known_region(options.data_dir, region)
    return Scope(programs=tuple(programs) or None, regions=tuple(regions) or None)


def _require_published(directory: Path, names: Sequence[str]) -> None:
    """Retired programs, too: accounts of them go on."""
    with LedgerReader(directory) as reader, reader.connection() as book:
        published = programs_published(book)
    for name in names:
        if name not in published:
            raise CommandRefused(f"{name[:NAME_TOLD]!r} was never published: {_near(name[:NAME_TOLD], published)}")


def _near(name: str, published: list[str]) -> str:
    if close := difflib.get_close_matches(name, published, n=1):
        return f"{close[0]} is near"
    if not published:
        return "nothing was"
    return f"there are {', '.join(published[:PROGRAMS_TOLD])}{', …' if len(published) > PROGRAMS_TOLD else ''}"
