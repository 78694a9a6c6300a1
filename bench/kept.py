"""Kept: the engine benchmark's floor with a book: what is decided there is in a firm's ledger, many rows in a commit."""

from pathlib import Path

from actors.arrival import Arrival
from actors.batch import Batch
from appliance.assembly import Machine
from appliance.founding import found
from appliance.settings import ClockSettings, ClockSource, FirmSettings, Settings
from bench.engine import T0, Floor
from bench.firm import DIRECT, Listed
from firm.inputs import ClockTicked

ROWS_AT_ONCE = 1_000


def found_in_simulated_time(directory: Path) -> Machine:
    """A firm whose time stands still between reports, so that no days end while it is filled. Its epoch is open."""
    clock = ClockSettings(source=ClockSource.SIMULATED)
    machine = found(directory, Settings(firm=FirmSettings(name="Bench", slug="bench"), clock=clock), T0)
    machine.runner.run_dry()
    return machine


class Kept(Floor):
    """A floor whose rows are in the machine's ledger, once they are flushed. `t_us`: its platform's instant while it grows."""

    def __init__(
        self, machine: Machine, *, trailing: bool, t_us: int = T0, symbols: tuple[Listed, ...] = DIRECT
    ) -> None:
        self._machine = machine
        self._rows, self._frames, self._heads = [], [], []
        super().__init__(symbols, trailing=trailing, engine=machine.engine, t_us=t_us)

    def decide(self, arrivals: list[Arrival]) -> Batch:
        batch = super().decide(arrivals)
        self._rows += batch.rows
        self._frames += batch.frames
        self._heads += batch.checkpoints
        if len(self._rows) >= ROWS_AT_ONCE:
            self.flush()
        return batch

    def flush(self) -> None:
        """Commit what was decided."""
        self._machine.ledger.append(self._rows, frames=self._frames, checkpoints=self._heads)
        self._rows, self._frames, self._heads = [], [], []

    def snapshot(self) -> None:
        """Commit, and write a whole snapshot, so that a start goes on from here."""
        self.flush()
        machine = self._machine
        before = machine.engine.own.state.snapshot_of_seq
        machine.runner.snapshot()
        while machine.engine.own.state.snapshot_of_seq == before:
            machine.decide_now([ClockTicked(at_us=machine.clock.now_us())])
