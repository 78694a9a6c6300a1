"""`evenhand rehearse`: restore the newest copies to a scratch folder, check everything, and throw it away."""

import argparse
import os
import tempfile
from pathlib import Path
from time import monotonic

from appliance.commands.ending import tidy_on_sigterm
from appliance.commands.options import Verbs, add_directory, add_json, progress, tell, verb
from appliance.commands.restore import add_source, keep_days, restored_text, told
from appliance.settings_file import read_settings
from appliance.ssh_config import trusted_config
from appliance.wording import counted
from backups.destination import Destination
from backups.envelope import Identity
from backups.errors import RestoreRefused
from backups.places import destination_of
from backups.restore import restore
from backups.source import workshop
from backups.wanted import Wanted
from storage.files import FirmDirectory
from storage.reader import LedgerReader
from storage.readmodels.registry import READ_MODELS


def add_to(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "rehearse",
        run,
        "see that the firm could be restored: do it, check it all, throw it away",
        "evenhand rehearse --from copies@vault.example:/srv/evenhand --identity offline.key --secrets /media/usb/secrets",
        "A copy counts once it was restored. Best run on another machine, where the offline key may be; on the firm's own,\n"
        "--from and --secrets are those of --data-dir. Exit 2 where the firm could not be restored: then it says why.",
    )
    add_directory(parser)
    add_json(parser)
    add_source(parser, required=False)
    parser.add_argument("--secrets", type=Path, metavar="DIR", help="a copy of the firm's secrets/ folder")
    parser.add_argument(
        "--scratch", type=Path, metavar="DIR",
        help="where it is restored to for a while: a private folder is made in it, as large as the firm, and emptied again",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    files = FirmDirectory(options.data_dir)
    began = monotonic()
    folder = options.scratch or _temporary()
    _require_scratch(folder)
    # Always the same folder: what a rehearsal left that was killed, the firm in plain, goes at the start of the next one.
    with tidy_on_sigterm(), workshop(folder, f"rehearsal-{os.geteuid()}") as scratch:
        wanted = Wanted(
            origin=_origin(options, files),
            identity=Identity(options.identity),
            secrets=options.secrets or files.secrets,
            target=scratch / "firm",
            read_models=READ_MODELS,
            snapshot=options.snapshot,
            segments_keep_days=keep_days,
            keep=False,
        )
        restored = restore(wanted, progress)
    took_s = int(monotonic() - began)
    behind = _rows_behind(files, restored.size)
    text = f"{restored_text(restored)}\nThe firm could be restored; it took {took_s} s."
    if behind is not None:
        text += f" The live ledger is {counted(behind, 'row')} ahead."
    tell(options, {**told(restored), "took_s": took_s, "rows_behind": behind}, text)
    return 0


def _temporary() -> Path:
    """Python looks for a folder by writing a file, and a full disk has none: so it is asked here, and not for every verb."""
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError as full:
        raise RestoreRefused(
            f"there is no folder for temporary files ({full.strerror}): name one with --scratch"
        ) from full


def _require_scratch(folder: Path) -> None:
    if not folder.is_dir():
        raise RestoreRefused(f"{folder} is no directory: make it, or name another one with --scratch")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise RestoreRefused(f"{folder} is not yours to write in: name another directory with --scratch")


def _origin(options: argparse.Namespace, files: FirmDirectory) -> Destination:
    """Where it was told to look, or where the firm of this machine puts its copies."""
    if options.origin:
        return destination_of(options.origin, ssh_config=trusted_config(options.origin, options.ssh_config))
    settings = read_settings(files.settings).backups
    config = trusted_config(settings.destination, options.ssh_config or settings.ssh_config)
    return destination_of(settings.destination, ssh_config=config)


def _rows_behind(files: FirmDirectory, size: int) -> int | None:
    """None where the firm itself is not on this machine."""
    if not files.ledger_db.exists():
        return None
    with LedgerReader(files.path) as reader:
        return max(0, reader.size() - size)
