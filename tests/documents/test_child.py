"""The child: whatever it does, an answer comes in time, nothing of it is left, and it can do nothing but answer."""

import os
import socket
import time
from pathlib import Path

import pytest

from appliance.documents.confined import MEMORY_BYTES_MAX
from appliance.documents.looking import look_at
from firm.documents import DocumentFault

CONFINED = (
    "import sys; sys.path.insert(0, sys.argv[1]); from appliance.documents.confined import confine; cut = confine(2)\n"
)
SAY = "\nsys.stdout.buffer.write((b'cut' if cut else b'open') + b'\\n!heic\\n' + bytes(4)); sys.stdout.flush()"
EMPTY = [b"x"]


@pytest.mark.parametrize(
    ("does", "fault"),
    [
        ("while True: pass", DocumentFault.TAKES_TOO_LONG),
        ("import signal; print('cut', flush=True); signal.pause()", DocumentFault.TAKES_TOO_LONG),
        ("import os, signal; os.close(1); signal.pause()", DocumentFault.TAKES_TOO_LONG),
        ("import os; os.kill(os.getpid(), 9)", DocumentFault.TAKES_TOO_LONG),
        ("import sys\nwhile True: sys.stdout.write('x' * 99999)", DocumentFault.TAKES_TOO_LONG),
        ("print('cut'); print('!because')", DocumentFault.DAMAGED),
        ("import sys; sys.stdout.buffer.write(b'cut\\npdf\\n' + bytes([9, 9, 9, 9]))", DocumentFault.DAMAGED),
        ("raise SystemExit(1)", DocumentFault.DAMAGED),
    ],
)
def test_one_that_loops_sleeps_dies_or_babbles_is_answered_for(does: str, fault: DocumentFault) -> None:
    begun = time.monotonic()
    wall_s = 0.3 if fault is DocumentFault.TAKES_TOO_LONG else 20
    assert look_at(EMPTY, wall_s=wall_s, program=does).verdicts == (fault,)
    assert time.monotonic() - begun < 20


def test_one_that_eats_memory_is_refused_it() -> None:
    eats = f"""
try:
    bytearray({MEMORY_BYTES_MAX})
except MemoryError:
    pass
else:
    raise SystemExit(1)
"""
    assert look_at(EMPTY, program=CONFINED + eats + SAY).verdicts == (DocumentFault.HEIC,)


def test_one_that_only_works_is_ended_by_its_seconds() -> None:
    assert look_at(
        EMPTY, wall_s=30, program=CONFINED.replace("confine(2)", "confine(1)") + "while True: pass"
    ).verdicts == (DocumentFault.TAKES_TOO_LONG,)


def test_nothing_that_it_started_is_left(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    forks = f"""
import os, signal
if os.fork() == 0:
    os.close(1)
    with open({str(told)!r} + '.new', 'w') as made:
        made.write(str(os.getpid()))
    os.rename({str(told)!r} + '.new', {str(told)!r})
    signal.pause()
while not os.path.exists({str(told)!r}):
    os.sched_yield()
"""
    look_at(EMPTY, wall_s=20, program=forks)
    number = int(told.read_text())
    until = time.monotonic() + 10  # it was told to end, and the machine may be busy
    while is_alive(number):
        assert time.monotonic() < until, f"process {number} is left"
        os.sched_yield()


def is_alive(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_it_can_write_no_file_start_no_program_know_no_environment_and_call_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVENHAND_CANARY", "secret")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        tries = f"""
import os, signal, socket
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
assert 'EVENHAND_CANARY' not in os.environ
def refused(what):
    try:
        what()
    except OSError:
        return True
    return False
def written():
    with open({str(tmp_path / "file")!r}, 'wb') as made:
        made.write(b'x' * 9)
assert refused(written)
assert os.listdir('/proc/self/fd').__len__() < 8
assert not cut or refused(lambda: socket.create_connection(('127.0.0.1', {port}), 1))
assert refused(lambda: [open('/dev/null') for _ in range(99)])
"""
        looked = look_at(EMPTY, program=CONFINED + tries + SAY)
    assert looked.verdicts == (DocumentFault.HEIC,)
    if os.geteuid() == 0:
        assert looked.is_cut  # elsewhere the kernel may forbid it


def test_one_file_after_another_is_answered_in_order() -> None:
    assert look_at([b"", b"\0\0\0\x18ftypheic", b"words"]).verdicts == (
        DocumentFault.EMPTY,
        DocumentFault.HEIC,
        DocumentFault.UNKNOWN_FORM,
    )
