"""Places: from the words of a setting or option to the destination they name."""

import re
from pathlib import Path

from backups.destination import Destination, DirectoryDestination
from backups.errors import BackupRefused
from backups.rsync import RsyncDestination

# rsync's own daemon, with :: or //, and what ssh or rsync would take for an option, are none.
_FAR = re.compile(
    r"([A-Za-z0-9_][A-Za-z0-9_.-]*@)?([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\]):/(?!/)[^\x00-\x1f\x7f]*", re.ASCII
)
_CONFIG = re.compile(r"/[^\s'\"]+")  # rsync cuts at blanks what it starts
_FORM = 'give a directory, such as /mnt/copies, or one on another machine, such as "copies@vault.example:/srv/evenhand"'


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
