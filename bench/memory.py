"""Memory: what the demo's three processes hold while it runs: watcher, firm with its pages, and the simulated platform.

    python -m bench.memory [--json]

The sum of proportional set sizes (PSS), so that what the processes share counts once; its highest value over an hour of the
bundled market, played as fast as the firm follows, with pages being read.
"""

import contextlib
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from appliance.ports import free_port
from bench.ground import ground
from bench.telling import parser_of, tell

GOAL_MB = 250.0
FROM, TO = "2014-05-02T12:00:00", "2014-05-02T13:00:00"
ROLES = ("watcher", "firm", "platform")
EVERY_S = 0.5
HOST = "127.0.0.1"


def pss_kib(pid: int) -> int:
    """Of one process; 0 when it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def tree_of(pid: int) -> list[int]:
    """A process and its children, oldest first: watcher, firm, platform."""
    with contextlib.suppress(OSError):
        listed = [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in _children(task)]
        return [pid, *sorted(listed)]
    return [pid]


def _children(task: Path) -> list[str]:
    return (task / "children").read_text().split()


def run() -> dict[str, Any]:
    """Measure once."""
    port = free_port(HOST)
    with ground() as folder:
        command = [sys.executable, "-m", "appliance", "demo", "--headless", "--until-done", "--speed", "max"]
        command += ["--from", FROM, "--to", TO, "--data-dir", f"{folder}/demo", "--port", str(port)]
        demo = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            highest = _watch(demo, port)
        finally:
            if demo.poll() is None:
                demo.send_signal(signal.SIGINT)
            demo.wait()
    total = sum(highest)
    return {
        "bench": "memory",
        "mb": total,
        "processes": dict(zip(ROLES, highest, strict=True)),
        "goal_mb": GOAL_MB,
        "goals_met": total <= GOAL_MB,
    }


def _watch(demo: "subprocess.Popen[bytes]", port: int) -> list[float]:
    """Look until it ends: MB of each process when their sum was highest."""
    highest: list[float] = []
    while demo.poll() is None:
        held = [pss_kib(pid) * 1024 / 1e6 for pid in tree_of(demo.pid)]
        if len(held) == len(ROLES) and all(held) and sum(held) > sum(highest):
            highest = held
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://{HOST}:{port}/", timeout=5).read()
        time.sleep(EVERY_S)
    assert demo.returncode == 0, f"the demo ended with {demo.returncode}"
    assert highest, "the demo never had its three processes at once"
    return highest


def text_of(result: dict[str, Any]) -> str:
    """For people."""
    parts = ", ".join(f"{name} {held:.0f}" for name, held in result["processes"].items())
    return f"{result['mb']:.0f} MB ({parts}); goal <= {result['goal_mb']:g} MB"


def main() -> int:
    parser = parser_of(__doc__)
    options = parser.parse_args()
    result = run()
    return tell(result, options, text_of)


if __name__ == "__main__":
    raise SystemExit(main())
