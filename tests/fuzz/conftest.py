"""What the fuzz of every border shares, under a name that tests can import."""

import sys
from pathlib import Path

import pytest

from tests.loading import loaded

TESTS = Path(__file__).resolve().parents[1]


MUTATING = loaded("fuzz_mutating", Path(__file__).with_name("mutating.py"))


@pytest.fixture(scope="session")
def load() -> object:
    """Another room's module, by name and path."""
    return lambda name, *path: sys.modules.get(name) or loaded(name, TESTS.joinpath(*path))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
