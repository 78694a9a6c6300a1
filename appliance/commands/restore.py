"""`evenhand restore`: from where copies lie to a firm that can be served, checked to its last row."""

import argparse
from pathlib import Path
from typing import Any

from appliance.alarms.backup_age import note_backup
from appliance.commands.ending import tidy_on_sigterm
from appliance.commands.options import Verbs, add_directory, add_json, progress, tell, verb
from appliance.ownership import Owner, another_owner, as_owner, give
from appliance.settings_file import read_settings
from appliance.ssh_config import trusted_config
from appliance.wording import counted
from backups.envelope import Identity
from backups.errors import RestoreRefused
from backups.names import SNAPSHOTS, instant_of, snapshot_named
from backups.notes import NOTE_BYTES_MAX
from backups.places import destination_of
from backups.restore import Restored, restore
from backups.wanted import Until, Wanted
from firm.instant import parse_utc, utc_text
from storage.checkpoint import parse_note
from storage.errors import NoteRefused
from storage.files import FirmDirectory
from storage.readmodels.registry import READ_MODELS

OTHER_FIRST = (
    "First: stop the firm that it was restored from, wherever it still runs: one destination holds the copies of one of them. Where "
    'this is a drill, set backups.destination here to an empty place of its own before it starts, or use "evenhand rehearse".'
)


def add_to(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "restore",
        run,
        "bring a firm back from its copies into an empty directory, every row and value checked",
        "evenhand restore --from /mnt/copies --identity offline.key --secrets /media/usb/secrets --data-dir /var/lib/evenhand",
        "Takes the newest whole snapshot, what was shipped after it, and the newest keys; removes what was erased since; folds,\n"
        "hashes and opens everything; and begins a new lineage, so that nobody takes the restored ledger for the lost one.\n"
        "It refuses where a newer checkpoint is known than what it can restore: find that copy first, or say --accept-older.",
    )
    add_directory(parser)
    add_json(parser)
    add_source(parser)
    parser.add_argument(
        "--secrets", type=Path, required=True, metavar="DIR", help="a copy of the firm's secrets/ folder"
    )
    moment = parser.add_mutually_exclusive_group()
    moment.add_argument(
        "--until",
        type=_instant,
        metavar="INSTANT",
        help="what was received up to then, UTC: 2026-11-25T12:30:00; earlier than the newest needs --accept-older",
    )
    moment.add_argument(
        "--until-seq", type=_row, metavar="N", help="rows up to this one; fewer than all need --accept-older"
    )
    parser.add_argument(
        "--newer-checkpoint", type=Path, action="append", default=[], metavar="FILE",
        help="a signed checkpoint that somebody kept: from a mail, a webhook, another copy (may be given again)",
    )  # fmt: skip
    parser.add_argument(
        "--accept-older", action="store_true", help="go on although newer rows are known: what they say is lost"
    )
    parser.add_argument(
        "--erase-keyless",
        action="store_true",
        help="remove sealed values that no key opens any more, knowing that they were erased",
    )


def add_source(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    parser.add_argument(
        "--from",
        dest="origin",
        required=required,
        metavar="PLACE",
        help="where the copies lie: /path or user@host:/path",
    )
    parser.add_argument(
        "--ssh-config",
        default="",
        metavar="FILE",
        help="port, key and known host key of another machine, as ssh_config(5) has them; else what ssh reads by itself",
    )
    parser.add_argument(
        "--identity", type=Path, required=True, metavar="FILE", help="the offline key, as age-keygen wrote it"
    )
    parser.add_argument(
        "--snapshot",
        default="",
        metavar="NAME",
        help="begin from this one in snapshots/, in place of the newest whole one",
    )


def run(options: argparse.Namespace) -> int:
    owner = another_owner(
        options.data_dir
    )  # root restores into the empty directory of the service, which stays the service's
    wanted = Wanted(
        origin=destination_of(options.origin, ssh_config=trusted_config(options.origin, options.ssh_config)),
        identity=Identity(options.identity),
        secrets=options.secrets,
        target=options.data_dir,
        read_models=READ_MODELS,
        until=Until(options.until_seq, options.until),
        snapshot=options.snapshot,
        notes=tuple(_note(path) for path in options.newer_checkpoint),
        accept_older=options.accept_older,
        erase_keyless=options.erase_keyless,
        segments_keep_days=keep_days,
    )
    with tidy_on_sigterm():
        restored = restore(wanted, progress)
        _note_snapshot(options.data_dir, restored)
        if owner is not None:
            give(options.data_dir, owner)
    where = f"It is in {options.data_dir}, in a new lineage, {restored.lineage}"
    tell(options, told(restored), f"{restored_text(restored)}\n{where}{_next(owner)}")
    return 0


def _next(owner: Owner | None) -> str:
    again = "bridges send again what came since"
    serve = "systemctl start evenhand.service evenhand-ship.service"
    if owner is None:
        return f'.\n{OTHER_FIRST}\nNext: "evenhand doctor", then "evenhand serve"; {again}. Then "evenhand backup".'
    doctor, backup = as_owner(owner, "evenhand doctor"), as_owner(owner, "evenhand backup")
    return f', and belongs to {owner.name}.\n{OTHER_FIRST}\nNext: "{doctor}", then "{serve}"; {again}. Then "{backup}".'


def _note_snapshot(directory: Path, restored: Restored) -> None:
    """So that the alarm for old backups counts from the one that the firm came from: there is one."""
    name = snapshot_named(restored.snapshot.removeprefix(f"{SNAPSHOTS}/"))
    assert name is not None
    note_backup(directory, instant_of(name.stamp))


def keep_days(directory: Path) -> int:
    """How long the firm in this directory keeps sealed prices, by its own settings."""
    return read_settings(FirmDirectory(directory).settings).ledger.segments_keep_days


def told(restored: Restored) -> dict[str, Any]:
    return restored._asdict()


def restored_text(restored: Restored) -> str:
    """For a terminal: what came back, how it was checked, and what is known to be missing."""
    lines = [
        (
            f"{counted(restored.size, 'row')}, up to {utc_text(restored.last_us)}, restored and verified: "
            f"{restored.snapshot} and {counted(restored.tail_files, 'tail file')}."
        ),
        f"Root {restored.root}; {counted(restored.segments, 'segment')} and {counted(restored.sealed_values, 'sealed value')} whole.",
    ]
    if restored.erased_values:
        lines.append(f"Erased again, as it was before: {counted(restored.erased_values, 'value')}.")
    lines += [f"Passed over: {each}" for each in restored.passed_over]
    lines += [f"Known to be missing, and accepted: {each}." for each in restored.older]
    return "\n".join(lines)


def _note(path: Path) -> str:
    try:
        with path.open("rb") as file:
            note = file.read(NOTE_BYTES_MAX).decode("utf-8", "replace")
    except OSError as missing:
        raise RestoreRefused(
            f"the checkpoint {path} cannot be read ({missing.strerror}): name another file"
        ) from missing
    try:
        parse_note(note)
    except NoteRefused as refused:
        raise RestoreRefused(f"{path} is no signed checkpoint ({refused}): name another file") from refused
    return note


def _instant(text: str) -> int:
    try:
        return parse_utc(text)
    except ValueError as unreadable:
        raise argparse.ArgumentTypeError(f"{text!r} is no instant: write it as 2026-11-25T12:30:00") from unreadable


def _row(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no row: give the number of the last one that is wanted")
    return int(text)
