"""Bounded: a program that is run for its answer, which may be no longer than it is allowed to be, and take no longer."""

import os
import selectors
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import NamedTuple

READ_AT_ONCE = 1 << 16


class AnswerTooLong(Exception):
    """It said more than it may; it was ended."""


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
    """Raises AnswerTooLong, subprocess.TimeoutExpired, and OSError where it cannot be started."""
    with tempfile.TemporaryFile() as asked:
        asked.write(told)
        asked.seek(0)
        with subprocess.Popen(  # noqa: S603  (no shell)
            command, stdin=asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE, umask=0o077, env=environment
        ) as child:
            try:
                until_s = monotonic() + deadline_s
                said, complaint = _read(child, until_s, said_max, complaint_kept)
                return Answer(child.wait(max(0.0, until_s - monotonic())), said, complaint)
            except BaseException:
                child.kill()
                raise


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
