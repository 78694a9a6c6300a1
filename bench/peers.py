"""Peers: other people's libraries that benchmarks compare with. They live in a virtual environment of their own (`bench/peers.lock`)."""

import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ROOT / ".venv-peers" / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"


def add_peers() -> None:
    """Let them be imported here, behind all that is ours: a version that both have is the firm's."""
    if PACKAGES.is_dir() and str(PACKAGES) not in sys.path:
        sys.path.append(str(PACKAGES))


def missing(peer: str) -> str:
    """Why a peer cannot be measured; empty where it can."""
    add_peers()
    if importlib.util.find_spec(peer) is not None:
        return ""
    return f"{peer} is not installed: make bench installs it"
