"""Told first: what keeps every copy from being restored alike, the wrong secrets or a full disk, is told alone and blames no copy."""

import errno
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import apsw

from backups.destination import free_bytes
from backups.errors import NoRoom, RestoreRefused, WrongSecrets
from storage.checkpoint import check_note, key_id, parse_note
from storage.errors import NoteRefused

MB = 1_000_000
_FULL = (errno.ENOSPC, errno.EDQUOT)
_FULL_WORDS = ("No space left on device", "Disk quota exceeded")  # what libraries and rsync make of it


def require_own_secrets(notes: Iterable[str], public_key: bytes, secrets: Path) -> None:
    """Raise WrongSecrets where checkpoints lie with the copies and our key signed none of them."""
    origins: set[str] = set()
    for note in notes:
        with suppress(NoteRefused):
            said = parse_note(note)
            if key_id(said.origin, public_key) in {signature.key_id for signature in said.signatures}:
                return
            origins.add(said.origin)
    if origins:
        raise WrongSecrets(
            f"{secrets} holds another firm's secrets than these copies have, which are of {min(origins)}: its signing_seed signed none "
            "of them. Name the folder with the copy of this firm's secrets with --secrets, or its own copies with --from"
        )


def require_own_notes(notes: Iterable[str], public_key: bytes) -> None:
    """What a person named as a checkpoint tells of no loss where it is none of this firm's."""
    for note in notes:
        try:
            check_note(note, parse_note(note).origin, public_key)
        except NoteRefused as refused:
            raise RestoreRefused(
                f"what was named with --newer-checkpoint is no checkpoint of this firm ({refused}): nothing is known to be missing by "
                "it; name another file"
            ) from refused


def require_room(folder: Path, needed_bytes: int) -> None:
    if (free := free_bytes(folder)) < needed_bytes:
        raise NoRoom(_told(folder.parent, f"{needed_bytes // MB + 1:,} MB needed in {folder.parent}", free))


def no_room(folder: Path, failed: BaseException) -> NoRoom | None:
    """Where a write failed because the disk of `folder` is full, or a quota is used up."""
    if not any(_is_full(each) for each in _chain(failed)):
        return None
    return NoRoom(_told(folder.parent, f"{folder.parent} took no more", free_bytes(folder)))


def _told(folder: Path, what: str, free: int) -> str:
    return f"not enough room: {what}, {free // MB:,} MB free; the copies are fine: make room in {folder}, or name a place on another disk"


def _is_full(error: BaseException) -> bool:
    if isinstance(error, apsw.FullError) or (isinstance(error, OSError) and error.errno in _FULL):
        return True
    return any(words in str(error) for words in _FULL_WORDS)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
