"""A place in memory for images, and short stretches, so that a small book goes through everything that a large one does."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")


@pytest.fixture(scope="session")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory that lies in memory where the machine has such a place: images come by the thousand."""
    if not MEMORY.is_dir():
        yield tmp_path_factory.mktemp("faults")
        return
    folder = Path(tempfile.mkdtemp(prefix="evenhand-faults-", dir=MEMORY))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def folders(memory: Path) -> Iterator[Iterator[Path]]:
    """Fresh directories, one after the other."""
    made: list[Path] = []

    def fresh() -> Iterator[Path]:
        while True:
            made.append(Path(tempfile.mkdtemp(dir=memory)))
            yield made[-1]

    yield fresh()
    for folder in made:
        shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def short_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Heads with each tile; the log is moved into the file after so few pages that a scene sees it happen several times."""
    monkeypatch.setattr("storage.continuation.HEADS_EVERY", 256)
    monkeypatch.setattr("storage.schema.WAL_CHECKPOINT_PAGES", 20)
