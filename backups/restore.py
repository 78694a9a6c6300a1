"""Restore: from a destination to a firm that can be served: the newest whole snapshot, the tail after it, the newest keys.

Everything happens in a folder beside the target, which gets its name when all of it was checked: rows against the signed roots,
read models by folding, the vault by opening every value. A restored firm goes on in a lineage of its own.
"""

import os
import secrets as random
import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import apsw

from backups.erasures import erased_owners
from backups.errors import BackupRefused, NoRoom, RestoreRefused, WrongIdentity
from backups.fetching import fetch_segments, fetch_snapshot
from backups.keys import newest_keys
from backups.left import Left, joined, left_in, remember_left
from backups.names import remember_stamp
from backups.newer import gone_on, known_of_lineages, why_gone_on, why_older
from backups.notes import NOTE_BYTES_MAX, known_notes
from backups.reach import beyond_reach
from backups.records import Manifest
from backups.replaying import Replay
from backups.shipped_on import signed_beyond
from backups.source import Progress, alone_in, is_still, restored_in
from backups.tail_files import TailFiles
from backups.tails import tails_at
from backups.told_first import no_room
from backups.wanted import Until, Wanted
from firm.inputs import LedgerForked
from firm.kinds import payload_of
from storage.checkpoint import Signer
from storage.copies import RestoredVault, sealed_segments, write_keys
from storage.errors import NoteRefused
from storage.files import FirmDirectory, create_firm_directory, sync_directory, sync_tree, write_new
from storage.leaf import LINEAGE_BYTES
from storage.ledger import Ledger
from storage.reader import LedgerReader
from storage.readmodels.seals import seals_forgotten
from storage.rows import Row
from storage.secret_files import NEXT_MASTER, Secrets, read_secrets
from storage.verify import Report, verify

SECRET_NAMES = ("ledger_secret", "signing_seed", "vault_master", "curve_server_key")
SECRET_BYTES_MAX = 64


class Restored(NamedTuple):
    """A firm that was restored, or rehearsed. `last_us`: when its last row was received, by firm time. `lineage`: the new one.
    `older`: what is known to be missing, accepted.
    """

    snapshot: str
    snapshot_size: int
    size: int
    last_us: int
    root: str
    lineage: str
    tail_files: int
    erased_values: int
    older: tuple[str, ...]
    passed_over: tuple[str, ...]
    verified_rows: int
    sealed_values: int
    segments: int


def restore(wanted: Wanted, progress: Progress = lambda _: None) -> Restored:
    """Put a firm back into `target`, or only see that it could be (`keep` False). Raises RestoreRefused; then there is no target."""
    target = wanted.target
    if wanted.keep:
        _require_replaceable(target)
    work = restored_in(target)
    alone = _alone_in(work)
    try:
        if wanted.keep:
            _require_empty(target)
        restored = _restored_or_no_room(wanted, work, progress)
        if wanted.keep:
            sync_tree(work)  # no firm under that name, or a whole one: also where the power goes in the next moment
            _rename(work, target)
            sync_directory(target.absolute().parent)
        return restored
    finally:
        if is_still(work, alone):
            shutil.rmtree(work, ignore_errors=True)
        os.close(alone)


def _require_replaceable(target: Path) -> None:
    """A link or a mount cannot be replaced, and what lies beside it is on another disk than what is in it."""
    if target.is_symlink():
        raise RestoreRefused(
            f"{target} is a link, and a restore replaces none: name what it leads to, {target.resolve()}"
        )
    if target.is_mount():
        raise RestoreRefused(
            f"{target} is a disk's own folder, which no restored firm can replace: name a folder in it, such as {target / 'firm'}; "
            "where the firm is to be just there, mount the disk elsewhere, restore to a folder in it, and bind that one (mount --bind)"
        )


def _require_empty(target: Path) -> None:
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise RestoreRefused(
            f"{target} is not empty: a restore never replaces anything; move it aside, or name another place"
        )


def _rename(work: Path, target: Path) -> None:
    try:
        if target.exists():
            target.rmdir()
        work.rename(target)
    except OSError as held:
        raise RestoreRefused(
            f"{target} cannot be replaced ({held.strerror}): name another place with --data-dir"
        ) from held


def _alone_in(work: Path) -> int:
    """Two restores to one target would take each other's files away. What an earlier one left that was cut short goes."""
    try:
        work.parent.mkdir(parents=True, exist_ok=True)
        return alone_in(work)
    except BackupRefused as held:
        raise RestoreRefused(str(held)) from held
    except OSError as failed:
        raise RestoreRefused(
            f"{work} cannot be made ({failed.strerror}): name another place with --data-dir, or make {work.parent} first"
        ) from failed


def _restored_or_no_room(wanted: Wanted, work: Path, progress: Progress) -> Restored:
    try:
        return _restored(wanted, work, progress)
    except (NoRoom, WrongIdentity):
        raise
    except (RestoreRefused, OSError, apsw.Error) as failed:
        if (full := no_room(work, failed)) is not None:
            raise full from failed
        raise


def _restored(wanted: Wanted, work: Path, progress: Progress) -> Restored:
    files = create_firm_directory(work)
    secrets = _bring_secrets(wanted.secrets, files)
    scratch = work / ".fetched"
    scratch.mkdir(mode=0o700)
    public_key = Signer(secrets.signing_seed).public_key
    # A living firm puts keys, then rows, then the checkpoint over them. Looked for the other way round, each has what it needs.
    notes = known_notes(wanted.origin, scratch)
    name, manifest, until, passed_over = fetch_snapshot(wanted, notes, files, public_key, scratch, progress)
    passed_over += fetch_segments(wanted, sealed_segments(work), files, scratch, progress)
    tails = tails_at(wanted.origin, manifest.lineage)
    stamp, held, told = newest_keys(wanted.origin, wanted.identity, public_key, scratch)
    _require_new_enough(wanted, manifest, stamp)
    write_keys(work, held)
    secrets = read_secrets(work)  # where a rotation was under way, which master is the right one shows by the keys
    erased = erased_owners(wanted.origin, told, wanted.identity, public_key, scratch)
    with closing(RestoredVault(work)) as vault, _ledger(wanted, work, secrets) as ledger:
        if ledger.root().hex() != manifest.root or ledger.size != manifest.size:
            raise RestoreRefused(
                f"{name.folder}/ledger.db does not hash to the checkpoint beside it: take another with --snapshot"
            )
        limited = wanted._replace(until=until)
        shipped = TailFiles(limited, manifest, tails, public_key=public_key, keys=stamp, scratch=scratch)
        tail = Replay(limited, manifest, shipped, (ledger, vault), progress).run()
        # Whatever moment is wanted: an erasure holds for every moment.
        erased_values = vault.forget(erased, secrets.vault_master) + vault.let_go(_forgotten_by_rows(work))
        if wanted.erase_keyless:
            vault.forget(vault.keyless(), secrets.vault_master)
    passed_over += tail.passed_over
    passed_over += fetch_segments(wanted, tail.segments, files, scratch, progress)
    shutil.rmtree(scratch)
    report = _verified(wanted, work, secrets, public_key, progress)
    older = (*_require_reached(wanted, report.rows), *_require_newest_or_accepted(wanted, work, secrets, notes))
    lineage, last_us = _fork(wanted, work, secrets)
    remember_stamp(work, max(stamp, tail.stamp, name.stamp))
    return Restored(
        snapshot=name.folder,
        snapshot_size=manifest.size,
        size=report.rows,
        last_us=last_us,
        root=tail.root,
        lineage=lineage,
        tail_files=tail.files,
        erased_values=erased_values,
        older=older,
        passed_over=passed_over,
        verified_rows=report.rows,
        sealed_values=report.sealed_values,
        segments=report.segments,
    )


def _forgotten_by_rows(work: Path) -> list[str]:
    """Single values that went by themselves, such as a document that was deleted: their keys tell nothing of it."""
    with LedgerReader(work) as reader, reader.connection() as book:
        return seals_forgotten(book)


def _require_new_enough(wanted: Wanted, manifest: Manifest, keys: str) -> None:
    if keys < manifest.keys:
        raise RestoreRefused(
            f"the newest copy of the keys is of {keys}, the snapshot needs that of {manifest.keys} or a later one: "
            f"put back what was removed from keys/ in {wanted.origin.where}"
        )


def _bring_secrets(source: Path, files: FirmDirectory) -> Secrets:
    under_way = [NEXT_MASTER] if (source / NEXT_MASTER).exists() else []
    for name in (*SECRET_NAMES, *under_way):
        try:
            with (source / name).open("rb") as file:
                content = file.read(SECRET_BYTES_MAX)
        except OSError as missing:
            raise RestoreRefused(
                f"{source / name} cannot be read ({missing.strerror}): name the folder with the copy of this firm's secrets, "
                "which is kept apart from its copies, with --secrets"
            ) from missing
        write_new(files.secrets / name, content)
    return read_secrets(files.path)


# --- checking, and going on ---


def _ledger(wanted: Wanted, work: Path, secrets: Secrets) -> Ledger:
    return Ledger.open(
        work, secret=secrets.ledger_secret, signing_seed=secrets.signing_seed, read_models=wanted.read_models
    )


def _verified(wanted: Wanted, work: Path, secrets: Secrets, public_key: bytes, progress: Progress) -> Report:
    report = verify(
        work,
        secret=secrets.ledger_secret,
        public_key=public_key,
        vault_master=secrets.vault_master,
        read_models=wanted.read_models,
        segments_keep_days=wanted.segments_keep_days(work),
        progress=lambda done, of: progress(f"checking row {done:,} of {of:,}"),
    )
    if not report.is_sound:
        told = "; ".join(finding.what for finding in report.findings[:3])
        raise RestoreRefused(
            f"what was restored is not sound ({len(report.findings)} findings: {told}): restore an earlier moment with --until-seq; "
            "where only values without a key are told, and you know of their erasure, add --erase-keyless"
        )
    return report


def _require_reached(wanted: Wanted, rows: int) -> tuple[str, ...]:
    """Whoever asked for rows that no copy has is told so."""
    why = beyond_reach(wanted.until, rows)
    if not why:
        return ()
    if not wanted.accept_older:
        raise RestoreRefused(
            f"{why}: name an earlier moment, or, if these are all the copies there are, add --accept-older"
        )
    return (why,)


def _require_newest_or_accepted(wanted: Wanted, work: Path, secrets: Secrets, before: Sequence[str]) -> tuple[str, ...]:
    """`before`: the checkpoints that lay there when this began. What a living firm signed since is no loss to a rehearsal."""
    with LedgerReader(work, secret=secrets.ledger_secret) as reader:
        scratch = work / ".notes"
        scratch.mkdir(mode=0o700)
        notes = [*before, *(note[:NOTE_BYTES_MAX] for note in wanted.notes)]
        since = [note for note in known_notes(wanted.origin, scratch) if note not in notes] if wanted.keep else []
        left = left_in(work)
        known = known_of_lineages(reader, [*notes, *since])
        public_key = Signer(secrets.signing_seed).public_key
        shipped = signed_beyond(wanted.origin, wanted.identity, public_key, {**known, **left}, scratch)
        scratch.rmdir()
        told = _whys_older(reader, notes, left)
        meanwhile = _whys_older(reader, since, left)
        if not told and not meanwhile:
            told = [gone_on(lineage, last, left[lineage]) for lineage, last in shipped.items() if lineage in left]
    if told and not wanted.accept_older:
        raise RestoreRefused(
            f"a newer checkpoint is known: {told[0]}. What was answered since would be lost, and whoever holds that checkpoint "
            f"will see it. {_what_helps(wanted.until)}"
        )
    if meanwhile and not wanted.accept_older:
        raise RestoreRefused(
            f"the firm that this one comes from has gone on meanwhile: {meanwhile[0]}. It still runs somewhere: stop it, and its shipping, "
            "and restore anew; or, knowing that this is lost, add --accept-older"
        )
    remember_left(work, joined(joined(left, known), shipped))
    return tuple(dict.fromkeys([*told, *meanwhile]))


def _what_helps(until: Until) -> str:
    if until == Until():
        return "Find the newer copy; or, knowing this, add --accept-older"
    return "An earlier moment than the newest always leaves what came after it: knowing this, add --accept-older"


def _whys_older(reader: LedgerReader, notes: Sequence[str], left: Left) -> list[str]:
    return [why for note in notes if (why := _why_older(reader, note, left)) is not None]


def _why_older(reader: LedgerReader, note: str, left: Left) -> str | None:
    try:
        return why_gone_on(reader, note, left) or why_older(reader, note)
    except NoteRefused as unreadable:
        return f"what it says cannot be told, because {unreadable}"


def _fork(wanted: Wanted, work: Path, secrets: Secrets) -> tuple[str, int]:
    """The first row of a new lineage: from here on nobody can take these rows for those that the lost machine may have had. Its name,
    and when the last row before it was received.
    """
    with _ledger(wanted, work, secrets) as ledger, LedgerReader(work) as reader:
        last = reader.row(ledger.size)
        at_us = 0 if last is None else last.received_us
        body = LedgerForked(from_lineage=ledger.lineage.hex(), size=ledger.size, root=ledger.root().hex())
        ledger.begin_lineage(random.token_bytes(LINEAGE_BYTES))
        seq = ledger.size + 1
        row = Row(seq, "LedgerForked", at_us, at_us, 0, 0, payload_of(body))
        ledger.append([(row, body)], checkpoints=[(seq, at_us)])
        return ledger.lineage.hex(), at_us
