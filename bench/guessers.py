"""Guessers: another process, which tries to sign in so many times a second, each time from another address and as somebody else.

So none of the counters by address or by mail address holds any of them up, and all of them would get to the hash. It comes as a proxy on
this machine does. It prints JSON lines: `ready`; then, when its standard input ends, how many tries were answered with which status.
"""

import argparse
import asyncio
import re
import sys
import time
from collections import Counter
from urllib.parse import urlencode

from bench.beside import say

HOST = "127.0.0.1"
CONNECTIONS = 256


class Guessers:
    """All of them."""

    def __init__(self, port: int, origin: str, pace: float) -> None:
        self._port, self._origin, self._pace = port, origin, pace
        self._started = time.time_ns()
        self._number = 0
        self.statuses: Counter[str] = Counter()
        self.begun = 0

    async def run(self) -> None:
        """Until standard input ends."""
        idle: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        say({"ready": True})
        ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        began, tries = time.perf_counter(), set()
        while not ended.done():
            due = began + self.begun / self._pace
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            self.begun += 1
            if len(tries) >= CONNECTIONS:
                self.statuses["not sent"] += 1
                continue
            attempt = asyncio.create_task(self._try(idle))
            tries.add(attempt)
            attempt.add_done_callback(tries.discard)
        for attempt in list(tries):
            attempt.cancel()
        await asyncio.gather(*tries, return_exceptions=True)

    async def _try(self, idle: "asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]]") -> None:
        try:
            reader, writer = idle.get_nowait()
        except asyncio.QueueEmpty:
            reader, writer = await asyncio.open_connection(HOST, self._port)
        self._number += 1
        number = self._number
        form = urlencode(
            {"mail": f"{self._started}-{number}@bench.example", "password": f"guess number {number}", "next": "/"}
        )
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        head = (
            f"POST /session HTTP/1.1\r\nhost: {self._origin.partition('//')[2]}\r\norigin: {self._origin}\r\n"
            f"x-forwarded-for: {address}\r\nx-forwarded-proto: https\r\ncontent-type: application/x-www-form-urlencoded\r\n"
            f"content-length: {len(form)}\r\n\r\n"
        )
        writer.write((head + form).encode())
        try:
            answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            length = re.search(r"^content-length: (\d+)\r$", answer, re.MULTILINE)
            await reader.readexactly(int(length[1]) if length else 0)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.statuses["cut"] += 1
            return
        self.statuses[answer.split(" ", 2)[1]] += 1
        idle.put_nowait((reader, writer))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--origin", required=True)
    parser.add_argument("--pace", type=float, required=True, help="tries a second")
    options = parser.parse_args()
    guessers = Guessers(options.port, options.origin, options.pace)
    asyncio.run(guessers.run())
    say({"tries": guessers.begun, "statuses": guessers.statuses})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
