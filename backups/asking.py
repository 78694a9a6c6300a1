"""Asking: which checkpoints lie at a place that may never answer.

A mount that hangs holds whoever looks at it, and cannot be told to let go. So a start and a doctor send a child: one that is
held has none of the firm's locks, and is left behind. It judges what it finds, and tells only the few that matter.
"""

import json
import subprocess
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from backups.errors import BackupRefused, DestinationFailed
from backups.newer import AnothersNote, own_note
from backups.notes import known_notes
from backups.places import destination_of
from storage.errors import NoteRefused
from storage.identity import Identity
from storage.own_program import own_program

KILLED_WITHIN_S = 1  # a child that a disk holds does not even hear that
OWN_MAX = (
    30  # of each lineage, of the most rows: one that was left and has gone on has fewer than the one that is served
)
OTHERS_MAX = 3  # one of another firm's is one too many; one that is damaged is only told
ANSWER_BYTES_MAX = 2**20
_CHILD = "from backups.asking import tell; tell(*sys.argv[2:])"


def notes_within(place: str, firm: Path, identity: Identity, deadline_s: float) -> list[str]:
    """Of the checkpoints at a place, as the settings of the firm in the directory `firm` name it, those that matter to it, its own
    first. Raises DestinationFailed where it says nothing in time, or says why not.
    """
    asked = [place, str(firm), identity.firm_slug, identity.public_key.hex()]
    with tempfile.TemporaryFile() as told:
        child = subprocess.Popen(own_program(_CHILD, *asked), stdin=subprocess.DEVNULL, stdout=told)  # noqa: S603  (our own program)
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
        said = told.read(ANSWER_BYTES_MAX + 1)
    if status != 0 or not said or len(said) > ANSWER_BYTES_MAX:
        raise DestinationFailed(f"{place} could not be looked at: whoever looked ended with {status}; see the log")
    answer = json.loads(said)
    if isinstance(answer, str):
        raise DestinationFailed(answer)
    return [str(note) for note in answer]


def that_matter(identity: Identity, notes: Iterable[str]) -> list[str]:
    """The firm's own, most rows first, and a few of the others, as samples."""
    own: dict[str, list[tuple[int, str]]] = {}
    anothers: list[str] = []
    damaged: list[str] = []
    for note in notes:
        try:
            said = own_note(identity, note)
            own.setdefault(said.origin, []).append((said.size, note))
        except AnothersNote:
            anothers.append(note)
        except NoteRefused:
            damaged.append(note)
    most = sorted((each for line in own.values() for each in sorted(line)[-OWN_MAX:]), reverse=True)
    return [*(note for _, note in most), *anothers[:OTHERS_MAX], *damaged[:OTHERS_MAX]]


def _look(place: str, firm: Path, identity: Identity) -> list[str] | str:
    """What the child finds, or why it cannot."""
    try:
        with tempfile.TemporaryDirectory() as scratch:
            destination = destination_of(place, firm)
            destination.require_room(0)
            return that_matter(identity, known_notes(destination, Path(scratch)))
    except (BackupRefused, OSError) as failed:  # a mount that is broken says so in whatever way it likes
        return str(failed)


def tell(place: str, firm: str, slug: str, key: str) -> None:
    """What the child does."""
    print(json.dumps(_look(place, Path(firm), Identity(slug, bytes.fromhex(key), b""))))
