"""Files: what lies in a firm's directory, under which name and permissions, and how a file is written so that it lasts.

Everything in the directory belongs to the user the appliance runs as, and to nobody else: directories 0700, files 0600.
"""

import os
import pwd
import stat
from pathlib import Path
from typing import NamedTuple

DIRECTORY_MODE = 0o700
FILE_MODE = 0o600
BALLAST_BYTES = 64 * 2**20
# Under systemd a firm's secrets are credentials: LoadCredential=secrets:DIR names each file of DIR so.
CREDENTIALS_VARIABLE = "CREDENTIALS_DIRECTORY"
CREDENTIAL_PREFIX = "secrets_"


class DirectoryRefused(OSError):
    """A firm's directory cannot be created or used as it is."""


class FirmDirectory(NamedTuple):
    """The names in one firm's directory."""

    path: Path

    @property
    def keys_db(self) -> Path:
        """Wrapped keys, one for each person and class."""
        return self.path / "keys.db"

    @property
    def vault_db(self) -> Path:
        """Sealed values."""
        return self.path / "vault.db"

    @property
    def ledger_db(self) -> Path:
        return self.path / "ledger.db"

    @property
    def front_db(self) -> Path:
        """Sessions and throttles: may be lost."""
        return self.path / "front.db"

    @property
    def segments(self) -> Path:
        """Sealed days of quote frames."""
        return self.path / "segments"

    @property
    def secrets(self) -> Path:
        return self.path / "secrets"

    def secret(self, name: str) -> Path:
        """One secret's file: under `secrets/`, or the copy that systemd gave this process alone."""
        given = credentials()
        return self.secrets / name if given is None else given / f"{CREDENTIAL_PREFIX}{name}"

    @property
    def settings(self) -> Path:
        return self.path / "evenhand.toml"

    @property
    def control_socket(self) -> Path:
        return self.path / "control.sock"

    @property
    def lock(self) -> Path:
        """Held by the one process that may write."""
        return self.path / "lock"

    @property
    def acknowledged(self) -> Path:
        """How far the ledger was when somebody was last told so."""
        return self.path / "acknowledged"

    @property
    def ballast(self) -> Path:
        """Space that can be given up when the disk is full."""
        return self.path / "ballast"

    def folders(self) -> tuple[Path, ...]:
        return (self.path, self.segments, self.secrets)

    def databases(self) -> tuple[Path, ...]:
        """In the order in which they are written: each is durable before the next."""
        return (self.keys_db, self.vault_db, self.ledger_db, self.front_db)


def credentials() -> Path | None:
    """Where systemd has laid this firm's secrets for this process; None where it was not asked to."""
    given = os.environ.get(CREDENTIALS_VARIABLE, "")
    if not given or not (Path(given) / f"{CREDENTIAL_PREFIX}ledger_secret").exists():
        return None
    return Path(given)


def create_firm_directory(path: Path) -> FirmDirectory:
    """Make an empty firm's directory, durable. Refuses one that holds anything already, and a place where none can be made."""
    try:
        return _created(path)
    except DirectoryRefused:
        raise
    except OSError as error:
        raise DirectoryRefused(
            f"{path} cannot be made ({error.strerror}): choose another with --data-dir, or make it first, as root, "
            "for the user the firm will run as"
        ) from error


def open_firm_directory(path: Path) -> FirmDirectory:
    """The directory of an existing firm. Refuses what is missing, exposed or somebody else's."""
    directory = FirmDirectory(path)
    # Whoever was given the secrets as credentials cannot see the folder that they were read from, and need not.
    folders = [folder for folder in directory.folders() if folder != directory.secrets or credentials() is None]
    for folder in folders:
        if not folder.is_dir():
            raise DirectoryRefused(f"{folder} is missing{_whence(directory, folder)}")
    _require_not_of_another(path)
    for folder in folders:
        if why := why_not_private(folder, DIRECTORY_MODE):
            raise DirectoryRefused(why)
    return directory


def _created(path: Path) -> FirmDirectory:
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise DirectoryRefused(
            f"{path} is not an empty directory: choose another for a new firm, serve the firm in it, "
            "or remove it if an init was interrupted there"
        )
    if path.exists():
        _require_not_of_another(path)
    path.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    directory = FirmDirectory(path)
    for folder in directory.folders():
        folder.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
        folder.chmod(DIRECTORY_MODE)
    sync_directory(path)
    sync_directory(path.absolute().parent)
    return directory


def _whence(directory: FirmDirectory, folder: Path) -> str:
    """Where a missing folder comes from: beside a ledger from its backup, for nothing else has what was in it."""
    if directory.ledger_db.exists():
        return f" beside a ledger: put back the {folder.name} that were backed up with it"
    return ': run "evenhand init", or name the right directory with --data-dir'


def _require_not_of_another(path: Path) -> None:
    """Where root runs: what it wrote there the owner could not read, and a "chown" would take the firm from its service."""
    if os.geteuid() == 0 and (owner := path.stat().st_uid) != 0:
        name = user_name(owner)
        raise DirectoryRefused(
            f'{path} belongs to {name}, and root runs this: put "runuser -u {name} --" before the command'
        )


def user_name(uid: int) -> str:
    """As the system knows it; its number where there is no such user any more."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def why_not_private(path: Path, mode: int) -> str | None:
    """What is wrong with the owner or permissions of `path`, and the command that mends it. None: nothing."""
    if path.parent == credentials():
        return None  # systemd lets nobody else in, where need be by an access list, which owner and mode do not show
    found = path.lstat()
    if found.st_uid != os.geteuid():
        return f'{path} belongs to uid {found.st_uid}, not to uid {os.geteuid()} who runs this: run "chown -R" or change the user'
    if stat.S_IMODE(found.st_mode) & ~mode:
        return f'{path} is open to others (mode {stat.S_IMODE(found.st_mode):04o}): run "chmod {mode:04o} {path}"'
    return None


def is_mounted_read_only(path: Path) -> bool:
    """Whether its file system takes no write from anybody. Raises OSError where it does not say."""
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def lay_ballast(directory: FirmDirectory) -> None:
    """Set space aside, allocated and not merely promised, for the day the disk is full. What was cut short is laid anew."""
    if has_ballast(directory):
        return
    directory.ballast.unlink(missing_ok=True)
    write_new(directory.ballast, b"")
    try:
        with directory.ballast.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, BALLAST_BYTES)
            os.fsync(file.fileno())
    except OSError as full:
        directory.ballast.unlink()
        raise DirectoryRefused(
            f"{directory.path} has no room for a ballast of {BALLAST_BYTES // 2**20} MiB ({full.strerror}): make room first"
        ) from full


def has_ballast(directory: FirmDirectory) -> bool:
    """Whole: a process may have ended while it was laid."""
    try:
        return directory.ballast.stat().st_size >= BALLAST_BYTES
    except FileNotFoundError:
        return False


def drop_ballast(directory: FirmDirectory) -> None:
    """Give the space up, so that what is under way can still be written."""
    directory.ballast.unlink(missing_ok=True)
    sync_directory(directory.path)


def write_new(path: Path, content: bytes) -> None:
    """Create a private file, durable with its name when this returns. Never overwrites: raises FileExistsError."""
    _write_synced(path, content)
    sync_directory(path.parent)


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` where `path` is, so that a crash leaves the old content or the new, whole."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    _write_synced(fresh, content)
    fresh.replace(path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable: a file's own fsync does not."""
    _sync(path, os.O_DIRECTORY)


def sync_tree(path: Path) -> None:
    """Make all that lies below a directory durable, whoever wrote it: each file, then the names around it."""
    for folder, _, names in os.walk(path, topdown=False):
        for name in names:
            _sync(Path(folder) / name, os.O_NOFOLLOW)
        sync_directory(Path(folder))


def _sync(path: Path, kind: int) -> None:
    descriptor = os.open(path, os.O_RDONLY | kind)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_synced(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, FILE_MODE)
    with open(descriptor, "wb") as file:  # noqa: PTH123  (a descriptor has no path to open)
        os.fchmod(descriptor, FILE_MODE)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
