"""Bounded: a program that is run for its answer, which may be no longer than it is allowed to be, and take no longer."""

import os
import selectors
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import NamedTuple

READ_AT_ONCE = 1 << 16


class AnswerTooLong(Exception):
    """It said more than it may; it was ended."""


class NotInstalled(Exception):
    """There is no such program."""


class Answer(NamedTuple):
    """`complaint`: the last that it wrote to its standard error."""

    status: int
    said: bytes
    complaint: bytes


def answer_of(
    command: Sequence[str],
    told: bytes,
    environment: Mapping[str, str],
    *,
    deadline_s: float,
    said_max: int,
    complaint_kept: int,
) -> Answer:
    """Raises AnswerTooLong, NotInstalled, subprocess.TimeoutExpired, and OSError where it cannot be started."""
    with _asked(told) as asked, _started(command, asked, environment) as child:
        try:
            until_s = monotonic() + deadline_s
            said, complaint = _read(child, until_s, said_max, complaint_kept)
            return Answer(child.wait(max(0.0, until_s - monotonic())), said, complaint)
        except BaseException:
            child.kill()
            raise


@contextmanager
def _asked(told: bytes) -> Iterator[int]:
    """For its standard input. In memory: a disk without room for a few names would stop copies that need none there; and no pipe,
    which would have to be fed while the answer is read.
    """
    if not told:
        yield subprocess.DEVNULL
        return
    with open(os.memfd_create("asked"), "w+b") as asked:  # noqa: PTH123  (a descriptor)
        asked.write(told)
        asked.seek(0)
        yield asked.fileno()


def _started(command: Sequence[str], asked: int, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603  (no shell)
            command, stdin=asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE, umask=0o077, env=environment
        )
    except FileNotFoundError as missing:  # of the program alone: no other file that is missing is told as that
        raise NotInstalled from missing


def _read(child: subprocess.Popen[bytes], until_s: float, said_max: int, complaint_kept: int) -> tuple[bytes, bytes]:
    assert child.stdout is not None
    assert child.stderr is not None
    said, complaint = bytearray(), b""
    with selectors.DefaultSelector() as waiting:
        waiting.register(child.stdout, selectors.EVENT_READ)
        waiting.register(child.stderr, selectors.EVENT_READ)
        while waiting.get_map():
            ready = waiting.select(max(0.0, until_s - monotonic()))
            if not ready or monotonic() > until_s:  # also where it trickles for ever
                raise subprocess.TimeoutExpired(child.args, until_s)
            for key, _ in ready:
                some = os.read(key.fd, READ_AT_ONCE)
                if not some:
                    waiting.unregister(key.fileobj)
                elif key.fileobj is child.stderr:
                    complaint = (complaint + some)[-complaint_kept:]
                else:
                    said += some
            if len(said) > said_max:
                raise AnswerTooLong
    return bytes(said), complaint
