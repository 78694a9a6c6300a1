"""The order of files: those that take longest come first, so that no core waits for another's last one.

And what hypothesis may not hold against a test: that the machine was busy with others.
"""

import gc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")

HERE = Path(__file__).resolve().parent
LONGEST = ("worlds", "simulation", "process", "faults", "drift", "rot", "bench", "evidence", "stories", "appliance")


def pytest_configure(config: pytest.Config) -> None:
    """Workers begin to read the tests in different rooms: what one has compiled, the next ones find and need not compile again."""
    worker = getattr(config, "workerinput", None)
    if worker is None or config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return
    rooms = sorted({str(HERE / one.relative_to(HERE).parts[0]) for one in HERE.rglob("test_*.py")})
    first = len(rooms) * int(worker["workerid"].removeprefix("gw")) // int(worker["workercount"])
    config.args = [*rooms[first:], *rooms[:first]]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In whatever order they were found: all workers must have the same."""
    ranks = {name: rank for rank, name in enumerate(LONGEST)}

    def place(item: pytest.Item) -> tuple[int, Path]:
        return ranks.get(item.path.relative_to(HERE).parts[0], len(ranks)), item.path

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """What was read by now stays to the end: nobody need look through it for garbage again and again."""
    gc.collect()
    gc.freeze()
