"""The order of files: those that take longest come first, so that no core waits for another's last one."""

from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
LONGEST = ("worlds", "simulation", "process", "faults", "drift", "rot", "bench", "evidence", "stories", "appliance")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ranks = {name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path.relative_to(HERE).parts[0], len(ranks)))
