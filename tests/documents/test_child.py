"""The child: whatever it does, an answer comes in time, nothing of it is left, and it can do nothing but answer."""

import errno
import os
import socket
import time
from pathlib import Path

import pytest

from appliance.documents.confined import MEMORY_BYTES_MAX
from appliance.documents.looking import look_at
from appliance.documents.system_calls import can_shut_out
from firm.documents import DocumentFault
from web.inspecting import Clean, Unconfined

IMPORTED = """
import sys; sys.path.insert(0, sys.argv[1])
import ctypes, mmap, os, resource, signal, socket, threading
from appliance.documents.confined import confine
"""
SHUT = "cut = confine(2, lambda: None)\n"
CONFINED = IMPORTED + SHUT
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


@pytest.mark.soak  # a second of a core is the least that can be set
def test_one_that_only_works_is_ended_by_its_seconds() -> None:
    assert look_at(
        EMPTY, wall_s=30, program=CONFINED.replace("confine(2,", "confine(1,") + "while True: pass"
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


TRIES = r"""
libc, parent, said = ctypes.CDLL(None, use_errno=True), os.getppid(), []
def tried(name, what):
    try:
        got = what()
    except OSError as no:
        said.append(f'{name}: {no.errno}')
    except BaseException as no:
        said.append(f'{name}: {no!r}')
    else:
        said.append(f'{name}: done')
def called(number, *with_what):
    if libc.syscall(number, *with_what) < 0:
        raise OSError(ctypes.get_errno(), '')
"""
TELL = """
told = '\\n'.join(said).encode()
sys.stdout.buffer.write((b'cut' if cut else b'open') + b'\\njpeg\\n' + len(told).to_bytes(4) + told); sys.stdout.flush()
"""
# Numbers of x86_64: ptrace, process_vm_readv, io_uring_setup, bpf, openat in the form of x32.
BY_NUMBER = {
    "trace": "101, 16, parent, 0, 0",
    "read its memory": "310, parent, 0, 0, 0, 0, 0",
    "ring": "425, 1, 0",
    "bpf": "321, 0, 0, 0",
}
BY_NUMBER |= {"short pointers": f"{0x4000_0000 + 257}, -100, b'/etc/passwd', 0, 0"}


def tries(of: Path) -> dict[str, str]:
    """What a child does that somebody else has taken over: each is a line of Python."""
    secret, control = repr(str(of / "secret")), repr(str(of / "control.sock"))
    found = {
        "read": f"open({secret}, 'rb')",
        "read in a folder": "os.open('secret', os.O_RDONLY, dir_fd=folder)",
        "list": f"os.listdir({str(of)!r})",
        "stat": f"os.stat({secret})",
        "write": f"os.open({secret}, os.O_WRONLY)",
        "make": f"open({str(of / 'made')!r}, 'wb')",
        "truncate": f"os.truncate({secret}, 0)",
        "truncate what is open": "os.ftruncate(0, 0)",
        "write what is open": "os.write(0, b'x')",
        "unlink": f"os.unlink({secret})",
        "rename": f"os.rename({secret}, {str(of / 'moved')!r})",
        "link": f"os.link({secret}, {str(of / 'linked')!r})",
        "symlink": f"os.symlink('/etc', {str(of / 'link')!r})",
        "folder": f"os.mkdir({str(of / 'folder')!r})",
        "mode": f"os.chmod({secret}, 0o666)",
        "enter": "os.chdir('/tmp')",
        "its environment": "open(f'/proc/{parent}/environ', 'rb')",
        "its memory": "open(f'/proc/{parent}/mem', 'rb')",
        "control socket": f"socket.socket(socket.AF_UNIX).connect({control})",
        "open socket": f"line.connect({control})",
        "network": "socket.socket()",
        "pair": "socket.socketpair()",
        "signal": "os.kill(parent, 0)",
        "group": "os.killpg(0, 0)",
        "find": "os.pidfd_open(parent)",
        "fork": "os.fork() or os._exit(0)",
        "run": "os.execv('/bin/true', ['true'])",
        "start": "os.posix_spawn('/bin/true', ['true'], {})",
        "thread": "threading.Thread(target=int).start()",
        "code": "mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC)",
        "memory file": "os.memfd_create('x')",
        "limits": "resource.getrlimit(resource.RLIMIT_CPU)",
        "pipe": "os.pipe()",
    }
    by_number = BY_NUMBER if os.uname().machine == "x86_64" else {}
    return found | {name: f"called({told})" for name, told in by_number.items()}


def test_whoever_takes_it_over_can_answer_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each try is refused, and nothing has happened; without the filter most are done, as whoever owns the firm's files."""
    monkeypatch.setenv("EVENHAND_CANARY", "secret")
    (tmp_path / "secret").write_bytes(b"of the firm")
    before = "assert 'EVENHAND_CANARY' not in os.environ\nassert len(os.listdir('/proc/self/fd')) < 8\n"
    before += f"line = socket.socket(socket.AF_UNIX); folder = os.open({str(tmp_path)!r}, os.O_RDONLY)\n"
    with socket.socket(socket.AF_UNIX) as control:
        control.bind(str(tmp_path / "control.sock"))
        control.listen()
        wanted = tries(tmp_path)
        program = IMPORTED + before + SHUT + TRIES
        program += "".join(f"tried({name!r}, lambda: {line})\n" for name, line in wanted.items()) + TELL
        looked = look_at(EMPTY, program=program)
        control.setblocking(False)
        with pytest.raises(BlockingIOError):
            control.accept()
    [answer] = looked.verdicts
    assert isinstance(answer, Clean)
    said = dict(line.split(": ", 1) for line in answer.content.decode().splitlines())
    assert said == dict.fromkeys(wanted, str(errno.EPERM)) | {"thread": 'RuntimeError("can\'t start new thread")'}
    assert (tmp_path / "secret").read_bytes() == b"of the firm"
    assert {path.name for path in tmp_path.iterdir()} == {"secret", "control.sock"}
    if os.geteuid() == 0:
        assert looked.is_cut  # elsewhere the kernel may forbid it


def test_one_that_cannot_be_shut_out_looks_at_nothing() -> None:
    no_filter = "import sys; sys.path.insert(0, sys.argv[1]); from appliance.documents import confined, look\n"
    no_filter += "confined.shut_out = lambda libc: False; look.looked_at = lambda content: ('!heic', b''); look.main(2)"
    with pytest.raises(Unconfined, match="no filter"):
        look_at(EMPTY, program=no_filter)
    assert can_shut_out("x86_64")
    assert can_shut_out("aarch64")
    assert not can_shut_out("riscv64")


def test_one_file_after_another_is_answered_in_order() -> None:
    assert look_at([b"", b"\0\0\0\x18ftypheic", b"words"]).verdicts == (
        DocumentFault.EMPTY,
        DocumentFault.HEIC,
        DocumentFault.UNKNOWN_FORM,
    )
