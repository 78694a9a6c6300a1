"""Serving: who is told that the firm is ready may stop it at once, and it ends in order."""

import subprocess
import sys
from pathlib import Path

from appliance.founding import found
from tests.appliance.conftest import small_settings

STOPPED_WHEN_READY = """
import os, signal, sys
from functools import partial
from pathlib import Path

import anyio

from appliance.assembly import Machine
from appliance.serve import serve
from appliance.settings_file import read_settings
from storage.files import FirmDirectory
from storage.secret_files import read_secrets

async def nothing(machine, request):
    raise AssertionError("nobody asked")

def stop(address):
    os.kill(os.getpid(), signal.SIGTERM)

directory = Path(sys.argv[1])
machine = Machine(directory, read_settings(FirmDirectory(directory).settings), read_secrets(directory))
anyio.run(partial(serve, machine, nothing, ready=stop))
machine.close()
print("ended in order")
"""


def test_a_stop_that_comes_with_the_word_ready_is_heard(tmp_path: Path) -> None:
    found(tmp_path / "firm", small_settings()).close()
    command = [sys.executable, "-c", STOPPED_WHEN_READY, str(tmp_path / "firm")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (ended.returncode, ended.stdout) == (0, "ended in order\n"), ended.stderr
