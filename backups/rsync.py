"""Rsync: a destination on another machine, over SSH. rsync writes under a temporary name, syncs, and renames, there as here.

SSH's own configuration says which key and port; it is never asked for a password. The far side needs rsync and nothing else,
so its key there may be bound to `rrsync`.
"""

import re
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from backups.errors import DestinationFailed

CONNECT_DEADLINE_S = 15
SILENCE_DEADLINE_S = 60  # without a byte from the other side
PUT_DEADLINE_S = 6 * 3_600
LIST_BYTES_MAX = 256 * 2**20
NO_SUCH_FILE = 23  # rsync: partial transfer due to error
SSH = f"ssh -o BatchMode=yes -o ConnectTimeout={CONNECT_DEADLINE_S} -o ServerAliveInterval=15 -o ServerAliveCountMax=3"
_LISTED = re.compile(r"[dl-]\S*\s+[\d.,]+\s+\S+\s+\S+\s(.*)")


class RsyncDestination:
    """`where`: user@host:/path as rsync takes it."""

    def __init__(self, where: str, *, program: str = "rsync") -> None:
        self.where = where.rstrip("/")
        self._program = program

    def names(self, folder: str) -> list[str]:
        done = self._run(["--list-only", f"{self.where}/{folder}/"], missing_is_fine=True)
        found = (_LISTED.fullmatch(line) for line in done.splitlines())
        return sorted(line[1] for line in found if line is not None and not line[1].startswith("."))

    def put(self, local: Path, path: str) -> None:
        self._run(["--fsync", "--mkpath", "--chmod=D0700,F0600", "--whole-file", str(local), f"{self.where}/{path}"])

    def get(self, path: str, local: Path) -> None:
        self._run(["--whole-file", f"{self.where}/{path}", str(local)])

    def get_all(self, folder: str, names: Sequence[str], local: Path) -> None:
        listed = "".join(f"{name}\n" for name in names)
        self._run(["--whole-file", "--files-from=-", f"{self.where}/{folder}/", f"{local}/"], told=listed)

    def remove(self, folder: str, names: Iterable[str]) -> None:
        """An empty directory is synced over the folder, with everything but these names held out of it."""
        chosen = [rule for name in names for rule in (f"--include=/{name}", f"--include=/{name}/***")]
        if not chosen:
            return
        with tempfile.TemporaryDirectory() as empty:
            self._run(["--recursive", "--delete", *chosen, "--exclude=*", f"{empty}/", f"{self.where}/{folder}/"])

    def require_room(self, needed_bytes: int) -> None:
        """Cannot be asked over rsync. Where there is none the transfer ends with an error, and only its temporary file goes."""

    def _run(self, arguments: Sequence[str], *, told: str = "", missing_is_fine: bool = False) -> str:
        command = [self._program, "--secluded-args", f"--timeout={SILENCE_DEADLINE_S}", "--rsh", SSH, *arguments]
        try:
            done = subprocess.run(  # noqa: S603  (no shell)
                command, input=told.encode(), capture_output=True, timeout=PUT_DEADLINE_S, check=False, umask=0o077
            )
        except FileNotFoundError as missing:
            raise DestinationFailed(
                f"{self._program} is not installed: apt-get install rsync, here and at {self.where}"
            ) from missing
        except subprocess.TimeoutExpired as late:
            raise DestinationFailed(
                f"{self.where} did not take a file within {PUT_DEADLINE_S} s: see the network"
            ) from late
        said = done.stderr[-2_000:].decode("utf-8", "replace").strip()
        if done.returncode == NO_SUCH_FILE and missing_is_fine and "No such file" in said:
            return ""
        if done.returncode != 0:
            raise DestinationFailed(
                f"{self.where}: rsync ended with {done.returncode} ({said.splitlines()[0] if said else 'no word'}): try "
                f'"ssh" to it as the user who makes the copies; it must let in by key, and have room'
            )
        return done.stdout[:LIST_BYTES_MAX].decode("utf-8", "replace")
