"""Notes: the signed checkpoints that lie with copies, in plain: who may write there may lay others beside them, in any number."""

from pathlib import Path

from backups.destination import Destination, read_lots, read_small
from backups.errors import DestinationFailed
from backups.names import CHECKPOINT, NEWEST, SNAPSHOTS, snapshot_named

NOTE_BYTES_MAX = 64 * 1024  # of one that a person names, which others may have signed as well
COPIED_BYTES_MAX = 4 * 1024  # of one that lies with copies: ours alone, a few hundred bytes
SNAPSHOTS_MAX = 5_000  # retention keeps four thousand at most


def snapshot_sizes(destination: Destination) -> dict[str, int]:
    """Every file of the snapshots and how long it is. Raises DestinationFailed where there are more than retention ever leaves."""
    sizes = destination.sizes(SNAPSHOTS)
    count = len({path.partition("/")[0] for path in sizes})
    if count > SNAPSHOTS_MAX:
        raise DestinationFailed(
            f"{count} folders lie in {SNAPSHOTS}/ of {destination.where}, and retention keeps fewer than {SNAPSHOTS_MAX}: see who "
            "wrote there, and remove what is no copy of ours"
        )
    return sizes


def known_notes(destination: Destination, scratch: Path) -> list[str]:
    """The checkpoints that lie in a destination: of the shipped tail, and beside every snapshot, whatever its name says."""
    found = [read_small(destination, NEWEST, scratch, COPIED_BYTES_MAX)] if NEWEST in destination.names("") else []
    beside = {
        path: size
        for path, size in snapshot_sizes(destination).items()
        if _is_checkpoint(path) and size <= COPIED_BYTES_MAX
    }
    found += [content for _, content in read_lots(destination, SNAPSHOTS, beside, scratch)]
    return list(dict.fromkeys(note.decode("utf-8", "replace") for note in found))


def _is_checkpoint(path: str) -> bool:
    folder, _, name = path.partition("/")
    return name == CHECKPOINT and snapshot_named(folder) is not None
