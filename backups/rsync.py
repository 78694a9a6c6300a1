"""Rsync: a destination on another machine, over SSH. rsync writes under a temporary name, syncs, and renames, there as here.

SSH's own configuration says which key, port and host key: the user's, or a file that is named. It is never asked for a password.
The far side needs rsync and nothing else, so its key there may be bound to `rrsync`; that is why `--secluded-args` is not asked
for, which rrsync refuses. rsync quotes what is special in a path by itself.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from backups.bounded import AnswerTooLong, NotInstalled, answer_of
from backups.destination import DEEPEST
from backups.errors import DestinationFailed
from firm.instant import instant_of

CONNECT_DEADLINE_S = 15
SILENCE_DEADLINE_S = 60  # without a byte from the other side
PUT_DEADLINE_S = 6 * 3_600
LIST_BYTES_MAX = 256 * 2**20
TAIL_LINE_BYTES = 120  # of a tail file in a listing
SAID_BYTES_MAX = 4_000
REMOVED_AT_ONCE = 1_000  # a command line has a bound
NO_SUCH_FILE = 23  # rsync: partial transfer due to error
# rrsync looks by itself, and then rsync only hears that nobody answers.
_RRSYNC_NO_SUCH_FILE = re.compile(r"^\S*rrsync error: .*No such file", re.MULTILINE)
# rsync runs what a file .popt in its home tells it to, and the service's home is the firm's own directory, which it writes. ssh
# knows its user's home without this.
NOBODYS_HOME = "/nonexistent"
SSH = f"ssh -o BatchMode=yes -o ConnectTimeout={CONNECT_DEADLINE_S} -o ServerAliveInterval=15 -o ServerAliveCountMax=3"
# What ssh and rrsync say, among much else, and what to do then.
_SAID = {
    "REMOTE HOST IDENTIFICATION HAS CHANGED": "its host key is not the one that is known, and nothing was sent: ask who keeps "
    "that machine whether it was changed; only then put the new one into known_hosts",
    "Host key verification failed": "its host key is not known here: put it into known_hosts, from a source you trust",
    "Permission denied (": "it lets nobody in by the key that was shown: see authorized_keys there, and IdentityFile here",
    "Another instance of rrsync": "its rrsync lets one in at a time, and a snapshot and the shipping come together: give it "
    "-no-lock in authorized_keys there",
}
_LISTED = re.compile(r"([dl-])\S*\s+([\d.,]+)\s+(\S+\s+\S+)\s(.*)")
# rsync tells times in the zone of whoever lists, and those of an hour that comes twice in a year would say little. No file with
# zones is needed for this one.
ZONE = "UTC0"
_TIME = "%Y/%m/%d %H:%M:%S"
NEVER_OLD_US = 2**62  # beyond any clock
_NO_PLACE = re.compile(r"(mkdir|change_dir|link_stat)\S* .* failed: No such file")


class _Listed(NamedTuple):
    """`kind`: as in the first letter of its mode. `written`: when, as rsync tells it."""

    kind: str
    size: int
    written: str
    name: str


class RsyncDestination:
    """`where`: user@host:/path as rsync takes it. `ssh_config`: a file in place of what ssh reads by itself, without blanks or quotes."""

    def __init__(self, where: str, *, ssh_config: str = "", program: str = "rsync") -> None:
        self.where, self._base = where, where.rstrip("/")
        self._program = program
        self._ssh = f"{SSH} -F {ssh_config}" if ssh_config else SSH

    def names(self, folder: str) -> list[str]:
        return sorted({each.name for each in self._listed(folder) if not each.name.startswith(".")})

    def hidden(self, folder: str) -> dict[str, int]:
        """A folder lists itself, as a dot."""
        listed = self._listed(folder)
        return {each.name: _instant(each.written) for each in listed if each.name.startswith(".") and each.name != "."}

    def sizes(self, folder: str) -> dict[str, int]:
        deeper = "/*" * (DEEPEST + 1)
        listed = self._listed(folder, "--recursive", f"--exclude={deeper}")
        return {
            each.name: each.size
            for each in sorted(listed, key=lambda each: each.name)
            if each.kind == "-" and not any(part.startswith(".") for part in each.name.split("/"))
        }

    def put(self, local: Path, path: str) -> None:
        """rsync makes the folders of `path`, and its /. at the end not the place itself: where a share is not mounted, copies would
        fill that machine's own disk. It takes a file of the same length and second for the same, were it not told otherwise.
        """
        with tempfile.TemporaryDirectory(dir=local.parent) as made:
            alike = Path(made) / path
            alike.parent.mkdir(parents=True, exist_ok=True)
            alike.hardlink_to(local)
            options = ["--fsync", "--relative", "--chmod=D0700,F0600", "--whole-file", "--ignore-times"]
            self._run([*options, f"{made}/./{path}", f"{self._base}/."])

    def get(self, path: str, local: Path, bytes_max: int) -> None:
        local.unlink(missing_ok=True)
        self._run(["--whole-file", f"--max-size={bytes_max}", f"{self._base}/{path}", str(local)])
        self._require_got(path, local, bytes_max)

    def get_all(self, folder: str, names: Sequence[str], local: Path, bytes_max: int) -> None:
        listed = "".join(f"{name}\n" for name in names)
        limit = f"--max-size={bytes_max}"
        self._run(["--whole-file", limit, "--files-from=-", f"{self._base}/{folder}/", f"{local}/"], told=listed)
        for name in names:
            self._require_got(f"{folder}/{name}", local / name, bytes_max)

    def remove(self, folder: str, names: Iterable[str]) -> None:
        """An empty directory is synced over the folder, with everything but these names held out of it."""
        chosen = list(names)
        for first in range(0, len(chosen), REMOVED_AT_ONCE):
            lot = chosen[first : first + REMOVED_AT_ONCE]
            rules = [rule for name in lot for rule in (f"--include=/{name}", f"--include=/{name}/***")]
            with tempfile.TemporaryDirectory() as empty:
                self._run(["--recursive", "--delete", *rules, "--exclude=*", f"{empty}/", f"{self._base}/{folder}/"])

    def require_room(self, needed_bytes: int) -> None:
        """Cannot be asked over rsync. Where there is none the transfer ends with an error, and only its temporary file goes."""

    def _require_got(self, path: str, local: Path, bytes_max: int) -> None:
        """rsync passes over what is too large or no regular file, and says nothing of it."""
        if local.is_symlink() or not local.is_file():
            raise DestinationFailed(
                f"{self.where}/{path} is no file of at most {bytes_max} bytes: no copy of its kind is anything else; remove it"
            )

    def _listed(self, folder: str, *more: str) -> list[_Listed]:
        done = self._run(["--list-only", *more, f"{self._base}/{folder}/"], missing_is_fine=folder != "")
        if not done:  # a folder that is there lists itself
            self._run(["--list-only", f"{self._base}/"])
        found = (_LISTED.fullmatch(line) for line in done.splitlines())
        return [
            _Listed(line[1], int(re.sub(r"\D", "", line[2])), line[3], line[4]) for line in found if line is not None
        ]

    def _run(self, arguments: Sequence[str], *, told: str = "", missing_is_fine: bool = False) -> str:
        command = [self._program, f"--timeout={SILENCE_DEADLINE_S}", "--rsh", self._ssh, *arguments]
        try:
            done = answer_of(
                command,
                told.encode(),
                {**os.environ, "HOME": NOBODYS_HOME, "TZ": ZONE},
                deadline_s=PUT_DEADLINE_S,
                said_max=LIST_BYTES_MAX,
                complaint_kept=SAID_BYTES_MAX,
            )
        except NotInstalled as missing:
            raise DestinationFailed(
                f"{self._program} is not installed: apt-get install rsync, here and at {self.where}"
            ) from missing
        except OSError as failed:
            raise DestinationFailed(
                f"{self._program} could not be started ({failed.strerror}): {self.where} was not asked"
            ) from failed
        except subprocess.TimeoutExpired as late:
            raise DestinationFailed(
                f"{self.where} did not take a file within {PUT_DEADLINE_S} s: see the network"
            ) from late
        except AnswerTooLong as endless:
            raise DestinationFailed(
                f"{self.where} lists more than {LIST_BYTES_MAX} bytes of names: see what else lies there, and how long "
                "backups.tail_keep_days keeps tail files"
            ) from endless
        said = done.complaint.decode("utf-8", "replace").strip()
        if done.status != 0:
            if missing_is_fine and _is_missing(done.status, said):
                return ""
            raise self._failure(done.status, said)
        return done.said.decode("utf-8", "replace")

    def _failure(self, status: int, said: str) -> DestinationFailed:
        for words, meaning in _SAID.items():
            if words in said:
                return DestinationFailed(f"{self.where}: {meaning}")
        if _NO_PLACE.search(said) or _RRSYNC_NO_SUCH_FILE.search(said):
            return DestinationFailed(
                f"{self.where}: it, or what was asked for in it, is not there ({said.splitlines()[0]}): mount it there, or make it (0700)"
            )
        return DestinationFailed(
            f"{self.where}: rsync ended with {status} ({said.splitlines()[0] if said else 'no word'}): try "
            f'"ssh" to it as the user who makes the copies; it must let in by key, and have room'
        )


def _is_missing(status: int, said: str) -> bool:
    return (status == NO_SUCH_FILE and "No such file" in said) or _RRSYNC_NO_SUCH_FILE.search(said) is not None


def _instant(written: str) -> int:
    """Whoever may write there may give a file a time that is none; it is then not taken for what a crash left long ago."""
    try:
        return instant_of(datetime.strptime(written, _TIME).replace(tzinfo=UTC))
    except ValueError:
        return NEVER_OLD_US
