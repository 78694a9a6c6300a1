"""Names are read from the vault beside everything else, a few at a time, and follow who comes and who is forgotten."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest

from appliance import name_reading
from appliance.assembly import Machine
from appliance.erasing import forget
from appliance.founding import found
from appliance.name_reading import read_names
from firm.commands import EraseTrader, RegisterTrader
from firm.personal import destructions

PEOPLE = 40


@pytest.fixture
def machine(tmp_path: Path, settings: Any) -> Iterator[Machine]:
    """With people whom nobody has read yet, as after a start."""
    opened = found(tmp_path / "firm", settings())
    add(opened, *range(1, PEOPLE + 1))
    opened.close()
    with closing(Machine(opened.directory, opened.settings, opened.secrets)) as again:
        yield again


def add(machine: Machine, *numbers: int) -> None:
    commands = []
    for number in numbers:
        sealed = machine.vault.add_person("trader", number, f"p{number}@example.org", f"Person N{number:03}", "no hash")
        assert sealed
        commands.append(RegisterTrader(by="console", trader=number, sealed=sealed))
    machine.decide_now(commands)


async def test_names_are_read_in_turns_and_follow_who_comes_and_goes(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(name_reading, "AT_ONCE", 4)
    monkeypatch.setattr(name_reading, "LOOK_EVERY_S", 0.01)
    assert len(machine.names) == 0
    seen = []

    async def until(many: int) -> None:
        with anyio.fail_after(20):
            while len(machine.names) != many:
                seen.append(len(machine.names))
                await anyio.sleep(0.001)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read_names, machine)
        await until(PEOPLE)
        assert len(set(seen)) >= 5, "the loop went on meanwhile"
        add(machine, 900)
        await until(PEOPLE + 1)
        machine.decide_now(
            [EraseTrader(by="console", trader=7, why="asked", classes=destructions(machine.clock.now_us()))]
        )
        machine.decide_now(forget(machine))
        await until(PEOPLE)
        assert machine.names.matches("n007").people == ()
        assert machine.names.matches("n900").people == (900,)
        tasks.cancel_scope.cancel()
