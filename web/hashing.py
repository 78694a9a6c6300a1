"""Hashing: argon2id in a process of its own that yields to everything else, so that whoever guesses at passwords takes nothing from prices.

    python -m web.hashing

is that process: requests in, answers out, one after the other, until its standard input ends. It yields as only a process can: a thread
that yields would now and then hold the interpreter while it waits for a core, and the loop with it. Where none can be started, the
hash is made here: that somebody gets in matters more.
"""

import contextlib
import os
import select
import subprocess
import sys
import threading
import weakref
from typing import IO, Any

import argon2
import msgspec
from argon2.low_level import Type, hash_secret_raw

YIELDS = 19  # as much as a process can
ANSWER_SECONDS = 5.0  # a hash takes a tenth; whoever else signs in waits behind one that was stopped, and is not dead
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
    """Of a code what is kept, under one salt."""

    code: str
    salt: bytes
    time_cost: int
    memory_kib: int
    lanes: int
    length: int


Request = Verify | Hash | Derive
Answer = bool | str | bytes
_REQUESTS = msgspec.msgpack.Decoder(Request)
_ANSWERS = msgspec.msgpack.Decoder(tuple[Any, ...])


def worked_out(request: Request) -> Answer:
    """Here and now. Takes tens of milliseconds of a core."""
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
            return hash_secret_raw(
                request.code.encode(),
                request.salt,
                time_cost=request.time_cost,
                memory_cost=request.memory_kib,
                parallelism=request.lanes,
                hash_len=request.length,
                type=Type.ID,
            )


class Worker:
    """The process, started when it is first asked and again when it died. One request at a time; called in a thread."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._end: weakref.finalize[Any, Worker] | None = None

    def work_out(self, request: Request) -> Answer:
        with self._turn:
            try:
                return self._asked(request)
            except (OSError, EOFError, msgspec.DecodeError):
                self._stop()
        return worked_out(request)

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
        found: Answer = answer
        return found

    def _started(self) -> subprocess.Popen[bytes]:
        self._stop()
        command = [sys.executable, "-P", "-s", "-m", "web.hashing"]
        self._process = process = subprocess.Popen(  # noqa: S603  (our own program)
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, process_group=0
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
    with contextlib.suppress(OSError):  # a unit may refuse it: then it is a process like others
        os.nice(YIELDS)
    requests, answers = open(0, "rb", buffering=0), open(1, "wb", buffering=0)  # noqa: SIM115  (until the end)
    while (told := _read(requests)) is not None:
        _write(answers, msgspec.msgpack.encode((worked_out(_REQUESTS.decode(told)),)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
