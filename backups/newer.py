"""Newer: whether a signed checkpoint is known of rows that a ledger does not have. Then it is an old copy, or another's future."""

import logging
from pathlib import Path

from backups.destination import Destination, read_small
from backups.names import NEWEST, SNAPSHOTS, snapshot_named
from storage.checkpoint import Note, check_note, parse_note
from storage.errors import NoteFault, NoteRefused
from storage.reader import LedgerReader

NOTE_BYTES_MAX = 64 * 1024

_LOG = logging.getLogger("evenhand.backups")


class OlderThanKnown(Exception):
    """The ledger lacks rows that somebody holds a signed checkpoint of."""


def why_older(reader: LedgerReader, note: str) -> str | None:
    """What this ledger lacks that `note` vouches for; None: nothing. Raises NoteRefused where it is not this firm's note."""
    identity, lineages = reader.identity(), reader.lineages()
    said = parse_note(note)
    check_note(note, said.origin, identity.public_key)
    firm, _, lineage = said.origin.removeprefix("evenhand/").partition("/")
    if firm != identity.firm_slug:
        raise NoteRefused(
            f"the checkpoint is of {said.origin}, this is the ledger of {identity.firm_slug}: give another",
            NoteFault.OTHER_LEDGER,
        )
    ends = [first - 1 for first, _ in lineages.stretches[1:]] + [reader.size()]
    for (_, line), end in zip(lineages.stretches, ends, strict=True):
        if line.hex() != lineage:
            continue
        if said.size <= end:
            return _why_other(reader, said)
        if line == lineages.newest:
            return (
                f"{said.size - end} rows are missing: it ends at row {end}, a checkpoint of row {said.size} is signed"
            )
        return None  # that line was left at a fork, which a person accepted and LedgerForked records
    return f"a checkpoint of row {said.size} is signed in lineage {lineage}, which this ledger has never heard of"


def known_notes(destination: Destination, scratch: Path) -> list[str]:
    """The checkpoints that lie in a destination: of the shipped tail, and beside the newest snapshot."""
    paths = [NEWEST] if NEWEST in destination.names("") else []
    snapshots = [found for name in destination.names(SNAPSHOTS) if (found := snapshot_named(name)) is not None]
    if snapshots and "checkpoint" in destination.names(max(snapshots).folder):
        paths.append(f"{max(snapshots).folder}/checkpoint")
    return [read_small(destination, path, scratch)[:NOTE_BYTES_MAX].decode("utf-8", "replace") for path in paths]


def require_newest(reader: LedgerReader, notes: list[str]) -> None:
    """Raise OlderThanKnown where one of them tells of rows that this ledger lacks."""
    for note in notes:
        try:
            why = why_older(reader, note)
        except NoteRefused as unreadable:
            # A damaged file among the copies is no reason to stop a firm.
            _LOG.warning("a checkpoint that lies with the copies says nothing: %s", unreadable)
            continue
        if why is not None:
            raise OlderThanKnown(
                f'this ledger is not the newest: {why}; run "evenhand restore" from the newest copy, and keep this directory; where '
                "this one is to go on all the same, restore it from its own copies with --accept-older"
            )


def _why_other(reader: LedgerReader, said: Note) -> str | None:
    if reader.root(said.size) == said.root:
        return None
    return f"a checkpoint of row {said.size} is signed over other rows than it has"
