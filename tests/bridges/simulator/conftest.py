"""The release alone: the bundled ticks from 12:25 to 12:31, so that looking back on the market is quick."""

from pathlib import Path

import pytest

from bridges.enrolment import KeyFile, key_file_text, new_keypair
from tests.bridges.simulator.price_lines import ticks_between


@pytest.fixture(scope="session")
def release_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return ticks_between(tmp_path_factory.mktemp("ticks"), "12:25:00", "12:31:00")


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
