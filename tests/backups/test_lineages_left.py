"""Moments of a firm that was restored: rows that it left behind are no moment of it, however well they lie among the copies."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from backups.errors import RestoreRefused
from backups.wanted import Until
from firm.instant import SECOND_US
from storage.rows import StoredRow


class Forked(NamedTuple):
    """Rows of the line that was left and of the one that goes on, which are alike up to row `fork`."""

    house: Any
    left: list[StoredRow]
    rows: list[StoredRow]
    fork: int
    first_snapshot: int

    def restored(self, until: Until, **more: object) -> tuple[list[StoredRow], Any]:
        target, restored = self.house.restore(until=until, accept_older=True, **more)
        assert isinstance(target, Path)
        return self.house.rows_of(target)[: restored.size], restored


@pytest.fixture
def forked(house: Any) -> Forked:
    house.snapshot()
    house.tick(3)
    fork = len(house.rows())
    house.tick(20)
    house.ship()
    left = house.rows()
    target, _ = house.restore(until=Until(seq=fork), accept_older=True)
    house.go_on_with(target)
    house.now_us += 60 * SECOND_US
    house.register(1002, "ben@trader.example")
    house.tick(12)
    first_snapshot = house.snapshot().size
    house.tick(2)
    house.ship()
    return Forked(house, left, house.rows(), fork, first_snapshot)


def test_a_moment_after_the_fork_is_never_taken_from_the_line_that_was_left(forked: Forked) -> None:
    between = forked.rows[forked.first_snapshot - 4]
    assert forked.fork < between.seq < len(forked.left), "the line that was left has such a row, too"
    for until in (Until(seq=between.seq), Until(instant_us=between.received_us)):
        with pytest.raises(RestoreRefused, match=r"lineage .*, which was left at row") as refused:
            forked.restored(until)
        said = str(refused.value)
        assert f"up to row {forked.fork}" in said
        assert f"from row {forked.first_snapshot}" in said
        assert "--snapshot" in said


def test_up_to_the_fork_the_line_that_was_left_is_the_firms_own(forked: Forked) -> None:
    for seq in (forked.fork, forked.fork - 1):
        rows, restored = forked.restored(Until(seq=seq))
        assert rows == forked.rows[:seq]
        assert restored.passed_over == ()
    at_us = forked.rows[forked.fork - 1].received_us
    for instant_us in (at_us, at_us + 30 * SECOND_US):  # that later one is of the time in which no firm ran
        assert forked.restored(Until(instant_us=instant_us))[0] == forked.rows[: forked.fork]


def test_where_nothing_is_as_early_only_the_firms_own_line_is_told_as_in_reach(house: Any) -> None:
    house.snapshot()
    fork = house.snapshot().size
    house.tick(30)
    beyond = house.snapshot().size
    target, _ = house.restore(until=Until(seq=fork), accept_older=True)
    house.go_on_with(target)
    own = house.snapshot().size
    assert own < beyond
    with pytest.raises(RestoreRefused, match=rf"\(row {fork}\) to .* \(row {own}\)"):
        house.restore(until=Until(seq=1))


def test_a_moment_from_the_first_snapshot_on_is_the_going_lines(forked: Forked) -> None:
    for seq in (forked.first_snapshot, len(forked.rows)):
        assert forked.restored(Until(seq=seq))[0] == forked.rows[:seq]


def test_where_its_own_snapshots_are_damaged_the_firm_comes_back_up_to_the_fork_and_no_further(forked: Forked) -> None:
    damaged = forked.house.snapshots()[-1] / "ledger.db.age"
    damaged.write_bytes(b"x" * damaged.stat().st_size)
    rows, restored = forked.restored(Until())
    assert rows == forked.rows[: forked.fork]
    assert damaged.parent.name in restored.passed_over[0]


def test_whoever_names_a_snapshot_of_the_line_that_was_left_gets_that_line(forked: Forked) -> None:
    oldest = forked.house.snapshots()[0].name
    seq = forked.fork + 10
    assert forked.restored(Until(seq=seq), snapshot=oldest)[0] == forked.left[:seq]
    with pytest.raises(RestoreRefused, match="never heard of"):
        forked.house.restore(until=Until(seq=seq), snapshot=oldest)
