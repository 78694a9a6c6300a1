"""Places: from the words of a setting or option to the destination they name."""

import re
from pathlib import Path

from backups.destination import Destination, DirectoryDestination
from backups.errors import BackupRefused
from backups.rsync import LIST_BYTES_MAX, TAIL_LINE_BYTES, RsyncDestination

# rsync's own daemon, with :: or //, and what ssh or rsync would take for an option, are none.
_FAR = re.compile(
    r"([A-Za-z0-9_][A-Za-z0-9_.-]*@)?([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\]):/(?!/)[^\x00-\x1f\x7f]*", re.ASCII
)
_CONFIG = re.compile(r"/[^\s'\"]+")  # rsync cuts at blanks what it starts
DAY_S = 86_400
_FORM = 'give the whole path of a directory, such as /mnt/copies, or one on another machine, such as "copies@vault.example:/srv/evenhand"'


def destination_of(text: str, firm: Path | None = None, *, ssh_config: str = "") -> Destination:
    """`firm`: the firm's own directory, in which no copy of it may lie. `ssh_config`: how to get to another machine."""
    if not text:
        raise BackupRefused(f"no destination is set: {_FORM}, as backups.destination in the settings")
    if text.startswith("/"):
        path = Path(text)
        if firm is not None and path.resolve().is_relative_to(firm.resolve()):
            raise BackupRefused(f"{path} is inside the firm's own directory, and would be lost with it: {_FORM}")
        return DirectoryDestination(path)
    if not _FAR.fullmatch(text):
        raise BackupRefused(f'"{text}" is no destination: {_FORM}')
    if ssh_config and not _CONFIG.fullmatch(ssh_config):
        raise BackupRefused(f'"{ssh_config}" is no file for ssh: give its whole path, without blanks or quotes')
    return RsyncDestination(text, ssh_config=ssh_config)


def require_listable(place: str, *, tail_keep_days: int, ship_every_s: int) -> None:
    """Raise BackupRefused where so many tail files would be kept on another machine that no listing over rsync holds their names."""
    if place.startswith("/"):
        return
    listed_max = LIST_BYTES_MAX // TAIL_LINE_BYTES
    days_max = listed_max * ship_every_s // DAY_S - 1  # a day is shipped before what is too old goes
    if tail_keep_days > days_max:
        raise BackupRefused(
            f"backups.tail_keep_days is {tail_keep_days}, and with a tail file each {ship_every_s} s that is more than can be listed over "
            f"rsync ({listed_max:,} names): set it to at most {days_max}, raise backups.ship_every_s, or copy to a directory"
        )
