"""The release alone: the bundled ticks from 12:25 to 12:31, so that looking back on the market is quick."""

import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

from bridges.enrolment import KeyFile, key_file_text, new_keypair
from bridges.simulator.price_files import bundled_tick_files

FROM_MS, TO_MS = Decimal((12 * 60 + 25) * 60_000), Decimal((12 * 60 + 31) * 60_000)


@pytest.fixture(scope="session")
def release_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("ticks")
    files = []
    for path in bundled_tick_files():
        if "20140502" not in path.name:
            continue
        with zipfile.ZipFile(path) as full:
            lines = full.read(full.namelist()[0]).decode().splitlines()
        with zipfile.ZipFile(folder / path.name, "w") as part:
            part.writestr(
                "part.csv", "\n".join(line for line in lines if FROM_MS <= Decimal(line.split(",")[0]) < TO_MS)
            )
        files.append(folder / path.name)
    return files


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A bridge's key file, of an appliance that nobody needs to reach."""
    pair = new_keypair()
    path = tmp_path / "sim.toml"
    path.write_text(
        key_file_text(
            KeyFile(
                name="sim",
                endpoint="tcp://127.0.0.1:7411",
                bridge_public=pair.public,
                bridge_secret=pair.secret,
                server_public=new_keypair().public,
                ledger_key="0a" * 32,
            )
        )
    )
    path.chmod(0o600)
    return path
