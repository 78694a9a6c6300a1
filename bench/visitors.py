"""Visitors: another process, which reads a firm's pages as browsers do: live pages that stay open, and pages one after the other.

It is told what to read in a file. It prints JSON lines: `watching`, how many live pages have brought their first part, once all have or it
was waited for long enough; then, when
its standard input ends, what it saw.
"""

import argparse
import asyncio
import json
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.beside import now_us, say

HOST = "127.0.0.1"
LIVE = b"event: live"  # all that moves, and what of it moved
POSITIONS = b'data-live="positions"'
OPENED_AT_ONCE = 50
OPEN_WITHIN_S = 120.0  # a firm that cannot keep up lets few in: those who are not by then count as not served
_POSITION = re.compile(rb'<span class="sub num">(P\d+)</span>')


class Page(NamedTuple):
    """What is read by whom. `kind`: what its figures are gathered under."""

    kind: str
    path: str
    cookie: str


def visit(
    file: Path, port: int, *, live: Sequence[Page] = (), pages: Sequence[Page] = (), pace: float = 0.0
) -> list[object]:
    """Write down what is to be read, in `file`; the options of this program that read it there."""
    file.write_text(json.dumps({"live": live, "pages": pages}))
    return ["--port", port, "--file", file, "--pace", pace]


class Visitors:
    """Everybody who reads."""

    def __init__(self, port: int, live: list[Page], pages: list[Page], pace: float) -> None:
        self._port, self._live, self._pages, self._pace = port, live, pages, pace
        self._watching = 0
        self.parts = 0
        self.shown: list[tuple[str, int]] = []  # position, and when a watcher of its account first saw it
        # By kind: when a page was asked for, and µs until it was here.
        self.taken: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self.refused: Counter[str] = Counter()

    async def run(self) -> None:
        """Until standard input ends."""
        turn = asyncio.Semaphore(OPENED_AT_ONCE)
        watchers = [asyncio.create_task(self._watch(page, turn)) for page in self._live]
        until = time.perf_counter() + OPEN_WITHIN_S
        while self._watching + self.refused.total() < len(watchers) and time.perf_counter() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        self.parts = 0  # from now on, as the stretch is that is measured
        say({"watching": self._watching, "refused": self.refused})
        readers = [asyncio.create_task(self._read_on())] if self._pages else []
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        for task in (*watchers, *readers):
            task.cancel()
        await asyncio.gather(*watchers, *readers, return_exceptions=True)

    # --- live pages ---

    async def _watch(self, page: Page, turn: asyncio.Semaphore) -> None:
        known: set[bytes] | None = None
        async with turn:
            reader, writer = await asyncio.open_connection(HOST, self._port)
            status, length = await _ask(reader, writer, page)
            parts = _chunks(reader) if status == 200 and length is None else None
            if parts is None:
                self.refused[f"{page.kind} {status}"] += 1
                return
            async for part in parts:
                if part.startswith(LIVE):
                    known = set(_POSITION.findall(part))
                    break
            self._watching += 1
        assert known is not None, f"{page.path} ended before it brought anything"
        async for part in parts:
            self.parts += 1
            if part.startswith(LIVE) and POSITIONS in part:
                at_us, held = now_us(), set(_POSITION.findall(part))
                self.shown += [(position.decode(), at_us) for position in held - known]
                known = held
        writer.close()

    # --- pages one after the other ---

    async def _read_on(self) -> None:
        """Each in its turn, so many a second, or the next as soon as one is here; each kind over a connection of its own."""
        held: dict[str, tuple[asyncio.StreamReader, asyncio.StreamWriter]] = {}
        began, count = time.perf_counter(), 0
        while True:
            page = self._pages[count % len(self._pages)]
            if self._pace:
                await asyncio.sleep(max(0.0, began + count / self._pace - time.perf_counter()))
            count += 1
            if page.kind not in held:
                held[page.kind] = await asyncio.open_connection(HOST, self._port)
            reader, writer = held[page.kind]
            at_us = now_us()
            status, length = await _ask(reader, writer, page)
            assert length is not None, f"{page.path} did not say how long it is"
            await reader.readexactly(length)
            if status == 200:
                self.taken[page.kind].append((at_us, now_us() - at_us))
            else:
                self.refused[f"{page.kind} {status}"] += 1

    def result(self) -> dict[str, Any]:
        return {"parts": self.parts, "shown": self.shown, "taken": self.taken, "refused": self.refused}


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, page: Page) -> tuple[int, int | None]:
    """Send a request; the answer's status and length, None where it comes in chunks."""
    writer.write(f"GET {page.path} HTTP/1.1\r\nhost: {HOST}\r\ncookie: {page.cookie}\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = re.search(r"^content-length: (\d+)\r$", head, re.MULTILINE)
    return int(head.split(" ", 2)[1]), int(length[1]) if length else None


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The server sends each event as one chunk."""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        yield (await reader.readexactly(size + 2))[:-2]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--file", type=Path, required=True, help="JSON: live and pages, each a list of kind, path, cookie"
    )
    parser.add_argument("--pace", type=float, default=0.0, help="pages a second; 0: the next as soon as one is here")
    options = parser.parse_args()
    told = json.loads(options.file.read_text())
    live, pages = ([Page(*each) for each in told[name]] for name in ("live", "pages"))
    visitors = Visitors(options.port, live, pages, options.pace)
    asyncio.run(visitors.run())
    say(visitors.result())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
