"""Asleep: a desk's state as a snapshot holds it, not read until somebody needs the desk. Most orders and traders never are."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Asleep(NamedTuple):
    """The canonical bytes of a state, and how they are read."""

    raw: bytes
    decode: Callable[[bytes], Any]

    def wake(self) -> Any:
        return self.decode(self.raw)
