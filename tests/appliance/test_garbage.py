"""Garbage: a start is not interrupted by looking for cycles among accounts that all stay, and looks for them again afterwards."""

import gc
from typing import Any

import pytest

from appliance.assembly import Machine
from storage.errors import LedgerInUse


@pytest.fixture
def looked() -> Any:
    """What generations were looked through, from now on."""
    seen: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            seen.append(info["generation"])

    thresholds = gc.get_threshold()
    gc.set_threshold(1, 1, 1)  # so that a start which lets it be looked at all is seen
    gc.callbacks.append(note)
    yield seen
    gc.callbacks.remove(note)
    gc.set_threshold(*thresholds)


def test_nothing_is_looked_through_while_a_firm_is_recovered(
    shop: Any, looked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    during: list[int] = []
    assemble = Machine._assemble

    def noted(self: Machine) -> None:
        looked.clear()
        assemble(self)
        during.extend(looked)

    monkeypatch.setattr(Machine, "_assemble", noted)
    shop.reopen()
    assert during == []
    assert gc.isenabled()


def test_a_start_that_is_refused_leaves_the_collector_as_it_was(shop: Any) -> None:
    with pytest.raises(LedgerInUse):  # another process writes this ledger
        Machine(shop.machine.directory, shop.machine.settings, shop.machine.secrets)
    assert gc.isenabled()
