"""Ending: a verb that holds secrets in plain files takes them away before SIGTERM ends it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

STATUS_OF_SIGTERM = 128 + signal.SIGTERM


@contextmanager
def tidy_on_sigterm() -> Iterator[None]:
    """SIGTERM unwinds what is in here, as Ctrl-C does, in place of ending the process where it stands."""
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(*_: object) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one shall not end the tidying
    raise SystemExit(STATUS_OF_SIGTERM)
