"""Rejoin: the third process of the gateway benchmark: many bridges that were cut off and come back in one moment.

Each has a key, an outbox and a session of its own, and has been welcomed before. While it is away its platform goes on: orders of
logins that are no accounts of the firm's, each of which becomes a row. From the moment in which all begin to dial until all is durable.
"""

import argparse
import statistics
import time
from pathlib import Path

import anyio

from bench.beside import now_us, say
from bridges.client import BridgeClient, Identity, Resume
from bridges.enrolment import read_key_file
from bridges.events import Order
from bridges.outbox import Outbox
from bridges.wire import BackfillReq, Cmd
from firm.inputs import Side

SETTLED_WITHIN_S = 120


class Away:
    """A bridge program to which nothing is said, and its client. `settled_s`: perf_counter when all it had was durable."""

    def __init__(self, key_file: Path, outbox: Path) -> None:
        self._key, self._outbox = read_key_file(key_file), Outbox(outbox)
        self.settled_s = 0.0

    async def session(self) -> None:
        """From dialling until all that the outbox holds is durable; then the link is cut."""
        client = BridgeClient(
            key=self._key,
            outbox=self._outbox,
            program=self,
            identity=Identity(plugin="bench-rejoin", plugin_version="1", platform="bench"),
            now_us=now_us,
        )
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.run)
            await client.settled()
            self.settled_s = time.perf_counter()
            tasks.cancel_scope.cancel()

    def trade_on(self, events: int) -> None:
        """While nobody hears it."""
        number = self._outbox.last_seq
        self._outbox.append([
            Order(f"X{n}", f"O{n}", "EURUSD", Side.BUY, "limit", 1_000_000, 108_350, 0, 0, "placed", now_us())
            for n in range(number + 1, number + events + 1)
        ])  # fmt: skip

    async def on_welcome(self, resume: Resume) -> None: ...

    async def on_command(self, command: Cmd, *, again: bool) -> None: ...

    async def on_subscribe(self, symbols: tuple[str, ...]) -> None: ...

    async def on_snapshot_request(self, login: str) -> None: ...

    async def on_backfill_request(self, request: BackfillReq) -> None: ...


async def rejoin(bridges: list[Away], backlog: int, rounds: int) -> dict[str, object]:
    """Medians over the rounds of when half of them and the last one had settled, in seconds."""
    middle, last = [], []
    await _all_at_once(bridges)
    for _ in range(rounds):
        for bridge in bridges:
            bridge.trade_on(backlog)
        began = time.perf_counter()
        await _all_at_once(bridges)
        took = sorted(bridge.settled_s - began for bridge in bridges)
        middle.append(statistics.median(took))
        last.append(took[-1])
    return {
        "bridges": len(bridges),
        "backlog": backlog,
        "half_s": statistics.median(middle),
        "all_s": statistics.median(last),
    }


async def _all_at_once(bridges: list[Away]) -> None:
    with anyio.fail_after(SETTLED_WITHIN_S):
        async with anyio.create_task_group() as tasks:
            for bridge in bridges:
                tasks.start_soon(bridge.session)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--keys", type=Path, required=True, help="a directory of key files")
    parser.add_argument("--outboxes", type=Path, required=True)
    parser.add_argument("--backlog", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    options = parser.parse_args()
    bridges = [Away(key, options.outboxes / f"{key.stem}.db") for key in sorted(options.keys.glob("*.toml"))]
    say(anyio.run(rejoin, bridges, options.backlog, options.rounds))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
