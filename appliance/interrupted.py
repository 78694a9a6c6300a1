"""Interrupted: what a person hears who ends a verb with Ctrl-C: one line, and the status by which shells know it."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType

INTERRUPTED = 130


def interrupted() -> str:
    """On a line of its own: a terminal has echoed ^C where the cursor was."""
    return ("\n" if sys.stderr.isatty() else "") + "evenhand: interrupted before it was done"


@contextlib.contextmanager
def ended_at_once() -> Iterator[None]:
    """While a verb is imported, which takes up to a second, Ctrl-C ends the process there and then.

    Nothing is under way yet, and an exception out of the middle of an import would be told with all of its innards.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:  # somebody wants it otherwise
        yield
        return
    signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(_number: int, _frame: FrameType | None) -> None:
    os.write(sys.stderr.fileno(), f"{interrupted()}\n".encode())
    os._exit(INTERRUPTED)
