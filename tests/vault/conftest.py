"""A firm's directory with its secrets, and the vault and front.db in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.files import FirmDirectory, create_firm_directory
from storage.front import FrontFile
from storage.secret_files import Secrets, create_secrets
from storage.sessions import SessionStore
from storage.vault import Vault


@pytest.fixture
def firm(tmp_path: Path) -> FirmDirectory:
    return create_firm_directory(tmp_path / "firm")


@pytest.fixture
def secrets(firm: FirmDirectory) -> Secrets:
    return create_secrets(firm.path)


@pytest.fixture
def vault(firm: FirmDirectory, secrets: Secrets) -> Iterator[Vault]:
    vault = Vault.open(firm.path, secrets.vault_master)
    yield vault
    vault.close()


@pytest.fixture
def front(firm: FirmDirectory) -> Iterator[FrontFile]:
    front = FrontFile.open(firm.path)
    yield front
    front.close()


@pytest.fixture
def sessions(front: FrontFile) -> SessionStore:
    return SessionStore(front)
