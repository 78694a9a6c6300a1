"""Beside: a program of the benchmarks that runs beside the firm as a process of its own, and says what it saw in JSON lines."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from anyio import to_thread

PATIENCE_S = 60.0


def now_us() -> int:
    """The machine's clock, which all its processes read."""
    return time.time_ns() // 1_000


def say(line: Mapping[str, object]) -> None:
    """In a program that runs beside the firm: a line for whoever started it."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


class Beside:
    """Started at once. It ends when its standard input does, or by itself."""

    def __init__(self, module: str, options: Sequence[object]) -> None:
        command = [sys.executable, "-m", module, *map(str, options)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._module = module

    async def line(self) -> dict[str, Any]:
        """What it says next."""
        assert self._process.stdout is not None
        said = await to_thread.run_sync(self._process.stdout.readline)
        assert said, f"{self._module} ended without a word: its standard error says why"
        told: dict[str, Any] = json.loads(said)
        return told

    async def go_on(self) -> dict[str, Any]:
        """Give it the line that it waits for; what it says then."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return await self.line()

    async def ended(self) -> dict[str, Any]:
        """Let it end; its last word."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        return await self.line()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(PATIENCE_S)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()
