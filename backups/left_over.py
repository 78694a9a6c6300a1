"""Left over: what a power cut leaves at a destination of a copy that was just being put or removed. It may hold what the copies
themselves may hold no longer, a person's keys above all, so it goes like them.
"""

import re
from collections.abc import Callable, Collection, Iterator

from backups.destination import Destination
from backups.names import KeysName, SnapshotName, TailName, instant_of
from firm.instant import DAY_US

PUT_US_MAX = DAY_US  # a put of a file ends within hours: what is older, by whatever clock, is nobody's work just now
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
        for each, name, _ in _left_over(destination, folder)
        if (said := named(name)) is not None and instant_of(said.stamp) < now_us - PUT_US_MAX
    ]
    destination.remove(folder, old)
    return old


def remove_put_again(destination: Destination, folder: str, whole: Collection[str], now_us: int) -> None:
    """Those whose file lies there whole by now, a day after they were last written: so for names that bear no stamp. Shipping and
    the nightly backup may both put a file, so that it lies there whole while one of them is still at it.
    """
    old_us = now_us - PUT_US_MAX
    left = _left_over(destination, folder)
    destination.remove(folder, [each for each, name, written_us in left if name in whole and written_us < old_us])


def _left_over(destination: Destination, folder: str) -> Iterator[tuple[str, str, int]]:
    """Each, the name that it was to get or had, and when it was last written."""
    for each, written_us in destination.hidden(folder).items():
        if (found := _LEFT_OVER.fullmatch(each)) is not None:
            yield each, found[1], written_us
