"""The API, asked by schemathesis from its own description: no request that it may send or may not send ends in a fault, and each answer is
as described. It comes from a lock of its own (tools/checks.lock), which `make test` installs.
"""

import asyncio
import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from web.app import create_app

PROGRAM = Path(__file__).resolve().parents[2] / ".venv-checks" / "bin" / "schemathesis"
EVERYTHING = ("see_accounts", "see_decisions", "see_programs")
SHORT = ("--phases", "fuzzing", "--max-examples", "5")
LONG = ("--phases", "coverage,fuzzing", "--max-examples", "300")

pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason="schemathesis is not installed: make test installs it")


@pytest.fixture(scope="module")
def stage(load: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    load("web_stage", "web", "stage.py")
    played = load("web_play", "web", "play.py").played(tmp_path_factory.mktemp("api") / "firm", crowd=1)
    yield played
    played.close()


@contextmanager
def served(app: Any) -> Iterator[str]:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        serving = threading.Thread(target=lambda: asyncio.run(server._serve([listener])))
        serving.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1/openapi.json"
        finally:
            server.should_exit = True
            serving.join(10)


def asked(address: str, word: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """What it says; exit 1 where it found anything."""
    key = ("--header", f"Authorization: Bearer {word}")
    usual = ("--generation-deterministic", "--no-color", "--suppress-health-check", "all")
    command = [str(PROGRAM), "run", address, *key, *usual, *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=1_500)


@pytest.mark.parametrize(
    "options", [pytest.param(SHORT, id="short"), pytest.param(LONG, id="long", marks=pytest.mark.soak)]
)
def test_no_request_ends_in_a_fault_and_each_answer_is_as_described(stage, tmp_path, options):
    with served(create_app(stage.firm)) as address:
        done = asked(address, stage.key_for(EVERYTHING, name=f"fuzz-{len(options[-1])}"), tmp_path, *options)
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-1_000:]
    assert "6 selected / 6 total" in done.stdout


@pytest.mark.soak
def test_a_fault_that_is_planted_is_found(stage, tmp_path, monkeypatch):
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr("web.api.routes.all_programs", broken)
    with served(create_app(stage.firm)) as address:
        done = asked(address, stage.key_for(EVERYTHING, name="planted"), tmp_path, *SHORT)
    assert done.returncode == 1
    assert "Server error" in done.stdout
    assert "/api/v1/programs" in done.stdout
    assert json.dumps("ZeroDivisionError") not in done.stdout
