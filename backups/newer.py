"""Newer: whether a signed checkpoint is known of rows that a ledger does not have. Then it is an old copy, or another's future."""

import logging
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from backups.errors import BackupRefused
from backups.left import Left, left_in
from backups.notes import known_notes
from backups.source import Source
from storage.checkpoint import Note, check_note, key_id, parse_note
from storage.errors import NoteFault, NoteRefused
from storage.identity import Identity
from storage.reader import LedgerReader

_LOG = logging.getLogger("evenhand.backups")


STOP_IT = (
    "stop it first, then restore this one anew, or give this one a destination of its own (backups.destination, an empty one): one of "
    "them would remove the copies of the other"
)


class OlderThanKnown(Exception):
    """The ledger lacks rows that somebody holds a signed checkpoint of."""


class AnothersNote(NoteRefused):
    """A checkpoint of another firm, or of this one's name under another key."""


def why_older(reader: LedgerReader, note: str) -> str | None:
    """What this ledger lacks that `note` vouches for; None: nothing. Raises AnothersNote, and NoteRefused where it is damaged."""
    lineages = reader.lineages()
    said = own_note(reader.identity(), note)
    lineage = said.origin.rpartition("/")[2]
    ends = [first - 1 for first, _ in lineages.stretches[1:]] + [reader.size()]
    for (_, line), end in zip(lineages.stretches, ends, strict=True):
        if line.hex() != lineage:
            continue
        if said.size <= end:
            return _why_other(reader, said)
        if line == lineages.newest:
            return (
                f"{said.size - end:,} rows are missing: it ends at row {end}, a checkpoint of row {said.size} is signed"
            )
        return None  # that line was left at a fork, which LedgerForked records; whether it went on: why_gone_on
    return f"a checkpoint of row {said.size} is signed in lineage {lineage}, which this ledger has never heard of"


def why_gone_on(reader: LedgerReader, note: str, left: Left) -> str | None:
    """What was signed in a lineage that this ledger left, beyond all that was known of it then. Raises as `why_older` does."""
    lineages = reader.lineages()
    said = own_note(reader.identity(), note)
    lineage = said.origin.rpartition("/")[2]
    known = left.get(lineage)
    if lineage == lineages.newest.hex() or known is None or said.size <= known:
        return None
    return gone_on(lineage, said.size, known)


def gone_on(lineage: str, size: int, known: int) -> str:
    return (
        f"the firm that this one was restored from has gone on: its row {size} is signed in lineage {lineage}, of which rows up to "
        f"{known} were known then"
    )


def known_of_lineages(reader: LedgerReader, notes: Iterable[str]) -> Left:
    """Up to which row each lineage of this ledger is known, by its own rows and by these checkpoints."""
    stretches = reader.lineages().stretches
    ends = [first - 1 for first, _ in stretches[1:]] + [reader.size()]
    known = {line.hex(): end for (_, line), end in zip(stretches, ends, strict=True)}
    for note in notes:
        with suppress(NoteRefused):
            said = own_note(reader.identity(), note)
            lineage = said.origin.rpartition("/")[2]
            if lineage in known:
                known[lineage] = max(known[lineage], said.size)
    return known


def own_note(identity: Identity, note: str) -> Note:
    """A checkpoint that this firm signed. Raises AnothersNote, and NoteRefused where it is damaged."""
    said = parse_note(note)
    firm, _, _ = said.origin.removeprefix("evenhand/").partition("/")
    own_key = key_id(said.origin, identity.public_key)
    if firm != identity.firm_slug or own_key not in {signature.key_id for signature in said.signatures}:
        raise AnothersNote(
            f"the checkpoint is of {said.origin}, by another key or firm than this ledger of {identity.firm_slug}: give another",
            NoteFault.OTHER_LEDGER,
        )
    check_note(note, said.origin, identity.public_key)
    return said


def require_newest_of(source: Source, scratch: Path) -> None:
    """Before anything is put or removed: a firm that is old, or another one, must not touch the copies of the true one."""
    with LedgerReader(source.directory, secret=source.secrets.ledger_secret) as reader:
        require_newest(reader, known_notes(source.destination, scratch), left_in(source.directory))


def require_newest(reader: LedgerReader, notes: list[str], left: Left) -> None:
    """Raise OlderThanKnown where one of them tells of rows that this ledger lacks, or that the firm it was restored from has gone
    on; BackupRefused where one is another firm's.
    """
    for note in notes:
        try:
            went_on, why = why_gone_on(reader, note, left), why_older(reader, note)
        except AnothersNote as others:
            raise BackupRefused(
                f"another firm's copies lie there ({others}): each firm needs a destination of its own; set backups.destination "
                "to an empty one"
            ) from others
        except NoteRefused as unreadable:
            # A damaged file among the copies is no reason to stop a firm.
            _LOG.warning("a checkpoint that lies with the copies says nothing: %s", unreadable)
            continue
        if went_on is not None:
            raise OlderThanKnown(f"{went_on}; {STOP_IT}")
        if why is not None:
            raise OlderThanKnown(
                f'this ledger is not the newest: {why}; run "evenhand restore" from the newest copy, and keep this directory; where '
                "this one is to go on all the same, restore it from its own copies with --accept-older, and where it never had any "
                "there, give it another, empty backups.destination"
            )


def _why_other(reader: LedgerReader, said: Note) -> str | None:
    if reader.root(said.size) == said.root:
        return None
    return f"a checkpoint of row {said.size} is signed over other rows than it has"
