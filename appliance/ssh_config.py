"""SSH's configuration: whoever copies runs what it names (ProxyCommand), so it is taken only from those who may run anything here.

The service is talked to by strangers. Should it ever do what they say, then in its sandbox and no further: the units that copy
run outside of it, as the same user, and must take no word for ssh from a file that this user can write.
"""

import os
import stat
from pathlib import Path

from backups.errors import BackupRefused
from storage.files import user_name

SERVICE = "evenhand"  # the user of the units
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def trusted_config(place: str, config: str) -> str:
    """The file for ssh to `place`, its links resolved; "" where none is named. Raises BackupRefused for one that is not to be trusted.

    File and folders belong to root, or to the user who runs this unless that is the service's, and nobody else may write them.
    """
    if place.startswith("/"):
        return config  # a directory: nobody is asked over ssh
    if not config and user_name(os.geteuid()) == SERVICE:
        raise BackupRefused(
            f"ssh to {place} would take its word from a file in the firm's own directory, the home of {SERVICE}: "
            "set backups.ssh_config to a file of root's, as docs/operating/backups.md has it"
        )
    if not config.startswith("/"):
        return config  # not named, or refused where the destination is made of it
    try:
        path = Path(config).resolve(strict=True)
        for part in (path, *path.parents):
            _require_trusted(part, config)
    except OSError as missing:
        raise BackupRefused(
            f"{config} cannot be read ({missing.strerror}): write it, or name another in backups.ssh_config"
        ) from missing
    return str(path)


def _require_trusted(part: Path, config: str) -> None:
    found, runs = part.stat(), os.geteuid()
    trusted = {0} if user_name(runs) == SERVICE else {0, runs}
    if found.st_uid not in trusted:
        raise BackupRefused(
            f"{config} is not taken, because {part} belongs to {user_name(found.st_uid)}, who could have programs run by it: "
            f'run "chown root {part}" as root, and see that it says what you wrote'
        )
    is_sticky = part.is_dir() and found.st_mode & stat.S_ISVTX  # as /tmp: nobody moves there what is another's
    if found.st_mode & _OTHERS_WRITE and not is_sticky:
        raise BackupRefused(
            f"{config} is not taken, because others may write {part} (mode {stat.S_IMODE(found.st_mode):04o}): "
            f'run "chmod go-w {part}"'
        )
