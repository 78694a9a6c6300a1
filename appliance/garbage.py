"""Garbage: when Python may look for cycles among all that it holds, which with thousands of accounts takes as long as many prices do."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# States are values without cycles and die by reference count: what a collector could find is the little that pages leave.
THRESHOLDS = (2_000, 50, 50)


@contextmanager
def nothing_collected() -> Iterator[None]:
    """While a firm is recovered all that is made stays: looking through it again and again was a fifth of a start's processor time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def set_aside_what_stays() -> None:
    """Code and recovered accounts live as long as the process: a full collection among prices shall not walk them."""
    gc.collect()
    gc.freeze()
    gc.collect()  # so that the collector reckons its share from what is left
    gc.set_threshold(*THRESHOLDS)
