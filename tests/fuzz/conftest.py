"""What the fuzz of every border shares, under a name that tests can import."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

TESTS = Path(__file__).resolve().parents[1]


def _load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


MUTATING = _load("fuzz_mutating", Path(__file__).with_name("mutating.py"))


@pytest.fixture(scope="session")
def load() -> object:
    """Another room's module, by name and path."""
    return lambda name, *path: sys.modules.get(name) or _load(name, TESTS.joinpath(*path))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
