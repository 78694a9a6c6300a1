"""Crash: a writer killed at any moment loses nothing it told anybody, and leaves a book that verifies."""

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
WRITER = """
import sys
from pathlib import Path
from firm.inputs import ClockTicked
from firm.kinds import payload_of
from storage.ledger import Ledger
from storage.rows import Row

path, secret, seed = Path(sys.argv[1]), bytes.fromhex(sys.argv[2]), bytes.fromhex(sys.argv[3])
ledger = Ledger.open(path, secret=secret, signing_seed=seed, read_models=())
print(ledger.size, flush=True)
body = ClockTicked(at_us=1)
while True:
    first = ledger.size + 1
    rows = [(Row(seq, "ClockTicked", seq, seq, 0, seq % 7, payload_of(body)), body) for seq in range(first, first + 97)]
    ledger.append(rows, checkpoints=[(first + 50, first)], snapshot=[(f"desk/{first}", first, b"state" * 50)])
    print(ledger.size, flush=True)
"""


def test_five_kills_lose_no_acknowledged_row(book):
    acked = 0
    for kill in range(5):
        command = [sys.executable, "-c", WRITER, str(book.path), book.secret.hex(), book.seed.hex()]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as writer:
            for _ in range(3 + kill * 5):
                told = int(writer.stdout.readline())
                assert told >= acked
                acked = told
            writer.send_signal(signal.SIGKILL)
            for line in writer.stdout:  # told before it died
                if line.endswith("\n"):
                    acked = int(line)
    assert book.open().size >= acked > 500
    assert book.verify().is_sound
