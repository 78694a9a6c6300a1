"""Kept: a firm that is grown without wire or platform, straight into its ledger: for what needs a hundred thousand accounts."""

from actors.arrival import Arrival
from actors.batch import Batch
from appliance.assembly import Machine
from bench.engine import T0, Floor
from bench.firm import listing
from firm.inputs import ClockTicked

ROWS_AT_ONCE = 1_000


class KeptFloor(Floor):
    """A floor whose rows go into the machine's ledger, many in a commit. `t_us`: its platform's instant while it grows."""

    def __init__(self, machine: Machine, t_us: int = T0) -> None:
        self._machine = machine
        self._rows, self._frames, self._heads = [], [], []
        super().__init__(listing(conversions=False), trailing=True, engine=machine.engine, t_us=t_us)

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
