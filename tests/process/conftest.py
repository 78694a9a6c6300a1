"""Children that end with the test, whatever happens."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.process.hands import SERVE, Served


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Serve a directory."""
    children: list[Served] = []

    def start(firm: Path, program: Sequence[str] = SERVE) -> Served:
        children.append(Served(firm, tmp_path / f"serve{len(children)}.log", program))
        return children[-1]

    yield start
    for child in children:
        child.kill()
