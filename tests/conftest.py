"""The order of files: those that take longest come first, so that no core waits for another's last one.

And what hypothesis may not hold against a test: that the machine was busy with others.
"""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")

HERE = Path(__file__).resolve().parent
LONGEST = ("worlds", "simulation", "process", "faults", "drift", "rot", "bench", "evidence", "stories", "appliance")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ranks = {name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path.relative_to(HERE).parts[0], len(ranks)))
