"""Firm files: a new firm's directory, made once for each process and copied for each run: same keys, same lineage, same bytes."""

import shutil
import tempfile
from functools import cache
from pathlib import Path

from nacl.signing import SigningKey

from bridges.enrolment import KeyFile
from storage.ledger import Ledger

SECRET = b"s" * 32
SEED = b"k" * 32
LINEAGE = b"simulated-firm-1"
MEMORY = Path("/dev/shm")
KEY = KeyFile(
    name="sim",
    endpoint="tcp://firm:1",
    bridge_public="k" * 40,
    bridge_secret="s" * 40,
    server_public="p" * 40,
    ledger_key=bytes(SigningKey(SEED).verify_key).hex(),
)


def scratch() -> Path:
    """A new directory, in memory where the machine has room for that."""
    where = MEMORY if MEMORY.is_dir() else None
    return Path(tempfile.mkdtemp(prefix="evenhand-simulation-", dir=where))


@cache
def _blank() -> tuple[bytes, ...]:
    made = scratch()
    try:
        Ledger.create(made, firm_slug="simulated", lineage=LINEAGE, secret=SECRET, signing_seed=SEED)
        return ((made / "ledger.db").read_bytes(),)
    finally:
        shutil.rmtree(made)


def found(root: Path) -> Path:
    """Put a new firm's files into a directory under `root`."""
    directory = root / "life-0"
    directory.mkdir(mode=0o700)
    (directory / "segments").mkdir(mode=0o700)
    (directory / "ledger.db").write_bytes(_blank()[0])
    (directory / "ledger.db").chmod(0o600)
    return directory
