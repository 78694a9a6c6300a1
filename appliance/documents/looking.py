"""Looking: a child process for each document, which has so many seconds, and whose word is believed within bounds.

The document lies in memory that only the child has (a memory file as its standard input), so that nothing of it is on a disk and nobody
waits for a pipe. Whatever the child became, its whole process group is killed before the answer is used.
"""

import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence

import msgspec

from firm.bounds import DOCUMENT_BYTES_MAX
from firm.documents import DocumentFault, DocumentForm
from storage.own_program import own_program
from web.inspecting import Clean, Unconfined, Verdict

WALL_S = 5.0  # for one document, from the start of its process
CPU_S = 5
PROGRAM = "from appliance.documents.look import main; main(int(sys.argv[2]))"
_HEAD_BYTES_MAX = 64
_READ_BYTES = 256 * 1024
_FAULTS = {fault.value: fault for fault in DocumentFault}
_FORMS = {form.value: form for form in DocumentForm}


class Looked(msgspec.Struct, frozen=True):
    """What a child said. `is_cut`: it had a network of its own, too; None: it died before it could tell."""

    verdicts: tuple[Verdict, ...]
    is_cut: bool | None


def look_at(contents: Sequence[bytes], *, wall_s: float = WALL_S, cpu_s: int = CPU_S, program: str = PROGRAM) -> Looked:
    """One process for all of them. Where it ends early, the verdicts are fewer, the last of them why. Takes as long as it may: never in
    the loop. Raises Unconfined.
    """
    until = time.monotonic() + wall_s
    memory = os.memfd_create("document", os.MFD_CLOEXEC)
    try:
        for content in contents:
            _write(memory, len(content).to_bytes(4) + content)
        os.lseek(memory, 0, os.SEEK_SET)
        child = subprocess.Popen(  # noqa: S603  (our own program)
            own_program(program, str(cpu_s)),
            stdin=memory,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            start_new_session=True,
        )
    finally:
        os.close(memory)
    with child:
        try:
            said, is_late = _hear(child, until, len(contents) * (DOCUMENT_BYTES_MAX + _HEAD_BYTES_MAX))
        finally:
            os.killpg(child.pid, signal.SIGKILL)  # it was not waited for yet, so that its number is nobody else's
    return _understood(said, contents, is_late=is_late or child.returncode in (-signal.SIGKILL, -signal.SIGXCPU))


def is_shut_out() -> bool:
    """Whether this machine lets a process shut itself out of all else."""
    try:
        return look_at([b""]).verdicts == (DocumentFault.EMPTY,)
    except Unconfined:
        return False


def _write(memory: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(memory, left) :]


def _hear(child: "subprocess.Popen[bytes]", until: float, most: int) -> tuple[bytes, bool]:
    """All that it says until it closes its mouth and ends, and whether it was late; more than it may say is not heard."""
    assert child.stdout is not None
    mouth, said = child.stdout.fileno(), bytearray()
    ended = os.pidfd_open(child.pid)
    try:
        while (left := until - time.monotonic()) > 0:
            if not select.select([mouth], [], [], left)[0]:
                break
            piece = os.read(mouth, _READ_BYTES)
            said += piece
            if len(said) > most:
                return b"", True
            if not piece:
                done = select.select([ended], [], [], max(0.0, until - time.monotonic()))[0]
                return bytes(said), not done
        return bytes(said), True
    finally:
        os.close(ended)


def _understood(said: bytes, contents: Sequence[bytes], *, is_late: bool) -> Looked:
    first, _, rest = said.partition(b"\n")
    if first == b"bare":
        raise Unconfined(
            "the kernel of this machine takes no filter of system calls from a process, or its architecture is unknown"
        )
    verdicts = list(_verdicts(rest, contents))
    if len(verdicts) < len(contents):
        verdicts.append(DocumentFault.TAKES_TOO_LONG if is_late else DocumentFault.DAMAGED)
    return Looked(tuple(verdicts), {b"cut": True, b"open": False}.get(first))


def _verdicts(said: bytes, contents: Sequence[bytes]) -> Iterator[Verdict]:
    """Those that it said to the end, in words that it may use."""
    for content in contents:
        word, _, rest = said.partition(b"\n")
        length = int.from_bytes(rest[:4])
        if len(rest) < 4 + length:
            return
        given, said = rest[4 : 4 + length], rest[4 + length :]
        verdict = _verdict(word.decode("ascii", "replace"), given, content)
        if verdict is None:
            return
        yield verdict


def _verdict(word: str, given: bytes, content: bytes) -> Verdict | None:
    if word.startswith("!"):
        return _FAULTS.get(word[1:])
    form = _FORMS.get(word)
    return None if form is None else Clean(form, content if form is DocumentForm.PDF else given)
