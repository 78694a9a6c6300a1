"""Hashing: argon2id in a process of its own that yields to everything else, so that whoever guesses at passwords takes nothing from prices.

`main` is that process: requests in, answers out, one after the other, until its standard input ends. It yields as only a process can: a
thread that yields would now and then hold the interpreter while it waits for a core, and the loop with it. Where none can be started, the
hash is made here: that somebody gets in matters more.
"""

import contextlib
import logging
import os
import select
import subprocess
import threading
import time
import weakref
from pathlib import Path
from typing import IO, Any

import argon2
import msgspec
from argon2.low_level import Type, hash_secret_raw

from storage.own_program import own_program

YIELDS = 19  # as much as a process can
ANSWER_SECONDS = 5.0  # a hash takes a tenth; whoever else signs in waits behind one that was stopped, and is not dead
AGAIN_AFTER_SECONDS = 60.0  # where none could be started: each try costs as much as many hashes
SHARE_OF = Path("/proc/self/autogroup")  # of the processor's time, of a session's processes together
PROGRAM = "from web.hashing import main; raise SystemExit(main())"
LENGTH_BYTES = 4
REQUEST_BYTES_MAX = 64 * 1024


class Verify(msgspec.Struct, frozen=True, tag="verify"):
    """Whether a password is the one of this hash. No hash that can be read: no."""

    kept: str
    password: str


class Hash(msgspec.Struct, frozen=True, tag="hash"):
    """A password's hash, as it is kept."""

    password: str
    time_cost: int
    memory_kib: int
    lanes: int


class Derive(msgspec.Struct, frozen=True, tag="derive"):
    """Of each code what is kept, under one salt."""

    codes: tuple[str, ...]
    salt: bytes
    time_cost: int
    memory_kib: int
    lanes: int
    length: int


Request = Verify | Hash | Derive
Answer = bool | str | tuple[bytes, ...]
_LOG = logging.getLogger(__name__)
_REQUESTS = msgspec.msgpack.Decoder(Request)
_ANSWERS = msgspec.msgpack.Decoder(tuple[Answer])


def worked_out(request: Request) -> Answer:
    """Here and now. Takes tens of milliseconds of a core, for each code."""
    match request:
        case Verify():
            try:
                return argon2.PasswordHasher().verify(request.kept, request.password)
            except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
                return False
        case Hash():
            hasher = argon2.PasswordHasher(request.time_cost, request.memory_kib, request.lanes)
            return hasher.hash(request.password)
        case Derive():
            return tuple(_derived(code, request) for code in request.codes)


def _derived(code: str, request: Derive) -> bytes:
    return hash_secret_raw(
        code.encode(),
        request.salt,
        time_cost=request.time_cost,
        memory_cost=request.memory_kib,
        parallelism=request.lanes,
        hash_len=request.length,
        type=Type.ID,
    )


class Worker:
    """The process, started when it is first asked and again when it died. One request at a time; called in a thread.

    `unstarted`: how often none could be started, or died before its first answer.
    """

    def __init__(self) -> None:
        self.unstarted = 0
        self._not_before_s = float("-inf")
        self._has_answered = self._is_told = False
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._end: weakref.finalize[Any, Worker] | None = None

    def work_out(self, request: Request) -> Answer:
        with self._turn:
            if time.monotonic() >= self._not_before_s:
                try:
                    return self._asked(request)
                except (OSError, EOFError, msgspec.DecodeError) as failed:
                    self._stop()
                    if not self._has_answered:
                        self._wait(failed)
        return worked_out(request)

    def _wait(self, failed: Exception) -> None:
        """None could be started: that is told once, until one could be."""
        self.unstarted += 1
        self._not_before_s = time.monotonic() + AGAIN_AFTER_SECONDS
        if not self._is_told:
            why = "no process for hashes can be started, so they are made beside prices, which is tried again each minute: %s"
            _LOG.error(why, str(failed) or "it died before its first answer")
        self._is_told = True

    def _asked(self, request: Request) -> Answer:
        process = self._process if self._process is not None and self._process.poll() is None else self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        _write(process.stdin, msgspec.msgpack.encode(request))
        if not select.select([process.stdout], [], [], ANSWER_SECONDS)[0]:
            raise TimeoutError(f"no hash within {ANSWER_SECONDS} s")
        told = _read(process.stdout)
        if told is None:
            raise EOFError
        (answer,) = _ANSWERS.decode(told)
        self._has_answered, self._is_told = True, False
        return answer

    def _started(self) -> subprocess.Popen[bytes]:
        self._stop()
        self._has_answered = False
        self._process = process = subprocess.Popen(  # noqa: S603  (our own program)
            own_program(PROGRAM), stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, start_new_session=True
        )
        self._end = weakref.finalize(self, _ended, process)
        return process

    def _stop(self) -> None:
        if self._end is not None:
            self._end()
        self._process = self._end = None


def _ended(process: subprocess.Popen[bytes]) -> None:
    """Its standard input ends, and so does it; what still works a hash out is killed."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    process.kill()
    process.wait()


def _write(pipe: IO[bytes], content: bytes) -> None:
    rest = memoryview(len(content).to_bytes(LENGTH_BYTES, "big") + content)
    while rest:
        rest = rest[pipe.write(rest) or 0 :]


def _read(pipe: IO[bytes]) -> bytes | None:
    """None where it ended."""
    head = _exactly(pipe, LENGTH_BYTES)
    return None if head is None else _exactly(pipe, min(int.from_bytes(head, "big"), REQUEST_BYTES_MAX))


def _exactly(pipe: IO[bytes], length: int) -> bytes | None:
    found = b""
    while len(found) < length:
        piece = pipe.read(length - len(found))
        if not piece:
            return None
        found += piece
    return found


def main() -> int:
    """The process itself."""
    _yield_to_all()
    requests, answers = open(0, "rb", buffering=0), open(1, "wb", buffering=0)  # noqa: SIM115  (until the end)
    while (told := _read(requests)) is not None:
        _write(answers, msgspec.msgpack.encode((worked_out(_REQUESTS.decode(told)),)))
    return 0


def _yield_to_all() -> None:
    """By both ways that there are, because each is missing somewhere.

    A unit may refuse the call, as the one that comes with the program does. What the kernel keeps of a session is a file that is written,
    and counts where the machine's services share the processor without groups of their own.
    """
    with contextlib.suppress(OSError):
        os.nice(YIELDS)
    if os.getsid(0) != os.getpid():  # others would yield with it
        return
    with contextlib.suppress(OSError), SHARE_OF.open("wb", buffering=0) as share:
        share.write(str(YIELDS).encode())
