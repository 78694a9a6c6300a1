"""Play: lead the lab through a ledger, from its first row to its last, and on along its tail. Nothing is written."""

from collections import deque
from collections.abc import Callable, Iterator

from actors.lab_found import Progress
from actors.recovery import all_rows
from actors.replay import recorded_inputs
from appliance.lab.lab import Lab
from storage.errors import PrunedByPolicy
from storage.reader import LedgerReader

SHOW_EVERY_INPUTS = 2_000


def play(reader: LedgerReader, lab: Lab, told: Callable[[Progress], None]) -> bool:
    """Go on to the row that is the last one now; whether there was anything. Inputs lie in the ledger whole, with their facts."""
    upto = reader.size()
    if upto == lab.upto_row:
        return False
    frames = FramesInOrder(reader)
    for number, recorded in enumerate(recorded_inputs(all_rows(reader, lab.upto_row, upto)), start=1):
        lab.take(recorded, frames.frame)
        if number % SHOW_EVERY_INPUTS == 0:
            told(_progress(lab, upto))
    told(_progress(lab, upto))
    return True


def _progress(lab: Lab, upto: int) -> Progress:
    return Progress(row=lab.upto_row, rows=upto, accounts=len(lab.cases), decided=lab.decided)


class FramesInOrder:
    """Quote frames by their rows, which only rise: so each segment is opened once."""

    def __init__(self, reader: LedgerReader) -> None:
        self._reader = reader
        self._wanted: deque[int] = deque()
        self._frames = reader.frames(self._seqs())

    def frame(self, seq: int) -> bytes:
        """May raise PrunedByPolicy."""
        self._wanted.append(seq)
        try:
            _, frame = next(self._frames)
        except PrunedByPolicy:
            self._frames = self._reader.frames(self._seqs())
            raise
        return frame

    def _seqs(self) -> Iterator[int]:
        while True:
            yield self._wanted.popleft()
