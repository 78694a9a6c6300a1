"""Left over: what a power cut leaves at a destination of a copy that was just being put or removed. It may hold what the copies
themselves may hold no longer, a person's keys above all, so it goes like them.
"""

import re
from collections.abc import Callable, Collection, Iterator

from backups.destination import Destination
from backups.names import KeysName, SnapshotName, TailName, instant_of
from firm.instant import DAY_US

PUT_US_MAX = DAY_US  # a put of a file ends within hours: what is older is nobody's work just now
# .NAME.part and .NAME.RANDOM.part are ours, .NAME.RANDOM is rsync's.
_LEFT_OVER = re.compile(r"\.(.+?)(\.[A-Za-z0-9]{6,16})?(\.part)?", re.ASCII)


def remove_older(
    destination: Destination,
    folder: str,
    named: Callable[[str], KeysName | SnapshotName | TailName | None],
    now_us: int,
) -> list[str]:
    """Those of a folder whose names bear a stamp of ours, a day after it, and which they were."""
    old = [
        each
        for each, name in _left_over(destination, folder)
        if (said := named(name)) is not None and instant_of(said.stamp) < now_us - PUT_US_MAX
    ]
    destination.remove(folder, old)
    return old


def remove_put_again(destination: Destination, folder: str, whole: Collection[str]) -> None:
    """Those whose file lies there whole by now: so for names that bear no stamp."""
    destination.remove(folder, [each for each, name in _left_over(destination, folder) if name in whole])


def _left_over(destination: Destination, folder: str) -> Iterator[tuple[str, str]]:
    """Each, and the name that it was to get or had."""
    for each in destination.hidden(folder):
        if (found := _LEFT_OVER.fullmatch(each)) is not None:
            yield each, found[1]
