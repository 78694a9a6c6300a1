"""Children that end with the test, whatever happens."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.process.hands import SERVE, Served


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def serve(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., Served]]:
    """Serve a directory. A test that says which alarm it fires is held to it."""
    children: list[Served] = []

    def start(firm: Path, program: Sequence[str] = SERVE) -> Served:
        children.append(Served(firm, tmp_path / f"serve{len(children)}.log", program))
        return children[-1]

    yield start
    for child in children:
        child.kill()
    raised = set[str]().union(*(child.raised for child in children))
    for marker in request.node.iter_markers("fires"):
        assert marker.args[0] in raised, f"{marker.args[0]} was never raised"
