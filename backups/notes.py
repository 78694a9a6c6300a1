"""Notes: the signed checkpoints that lie with copies; and how to ask for them where the place may never answer.

A mount that hangs holds whoever looks at it, and cannot be told to let go. So a start and a doctor send a child: one that is
held has none of the firm's locks, and is left behind.
"""

import json
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from backups.destination import Destination, read_all, read_small
from backups.errors import BackupRefused, DestinationFailed
from backups.names import CHECKPOINT, NEWEST, SNAPSHOTS, snapshot_named
from backups.places import destination_of

NOTE_BYTES_MAX = 64 * 1024
KILLED_WITHIN_S = 1  # a child that a disk holds does not even hear that
_CHILD = (sys.executable, "-P", "-s", "-m", "backups.notes")


def known_notes(destination: Destination, scratch: Path) -> list[str]:
    """The checkpoints that lie in a destination: of the shipped tail, and beside every snapshot, whatever its name says."""
    found = [read_small(destination, NEWEST, scratch, NOTE_BYTES_MAX)] if NEWEST in destination.names("") else []
    beside = [path for path in destination.sizes(SNAPSHOTS) if _is_checkpoint(path)]
    found += read_all(destination, SNAPSHOTS, beside, scratch, NOTE_BYTES_MAX).values()
    return list(dict.fromkeys(note.decode("utf-8", "replace") for note in found))


def notes_within(place: str, firm: Path, deadline_s: float) -> list[str]:
    """The same of a place as the settings of the firm in the directory `firm` name it. Raises DestinationFailed where it says
    nothing in time, or says why not.
    """
    with tempfile.TemporaryFile() as told:
        child = subprocess.Popen([*_CHILD, place, str(firm)], stdin=subprocess.DEVNULL, stdout=told)  # noqa: S603  (our own words)
        try:
            status = child.wait(deadline_s)
        except subprocess.TimeoutExpired as late:
            child.kill()
            with suppress(subprocess.TimeoutExpired):
                child.wait(KILLED_WITHIN_S)
            raise DestinationFailed(
                f"{place} did not answer within {deadline_s:g} s: see whether what is mounted there hangs, and mount it again"
            ) from late
        told.seek(0)
        said = told.read().decode()
    if status != 0 or not said:
        raise DestinationFailed(f"{place} could not be looked at: whoever looked ended with {status}; see the log")
    answer = json.loads(said)
    if isinstance(answer, str):
        raise DestinationFailed(answer)
    return [str(note) for note in answer]


def _look(place: str, firm: Path) -> list[str] | str:
    """What the child finds, or why it cannot."""
    try:
        with tempfile.TemporaryDirectory() as scratch:
            destination = destination_of(place, firm)
            destination.require_room(0)
            return known_notes(destination, Path(scratch))
    except (BackupRefused, OSError) as failed:  # a mount that is broken says so in whatever way it likes
        return str(failed)


def _is_checkpoint(path: str) -> bool:
    folder, _, name = path.partition("/")
    return name == CHECKPOINT and snapshot_named(folder) is not None


if __name__ == "__main__":
    print(json.dumps(_look(sys.argv[1], Path(sys.argv[2]))))
