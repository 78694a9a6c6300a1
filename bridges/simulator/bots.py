"""Bots: traders from a user's own file, seated beside the bundled ones. What is wrong with the file is told with its name and line.

The file is a Python program of whoever runs the simulator, and is trusted as they are: it runs with their rights.
"""

import importlib.util
import re
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bridges.simulator.seat import Seat
from bridges.simulator.tempers import TEMPERS, Temper, Troupe

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}\Z")
_MODULE = "evenhand_bots"

# What a program lets out that was written in a hurry.
_FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)


class BotsUnusable(ValueError):
    """A file of bots does not load, or a bot of it failed at its seat: what, which, what next."""


def read_bots(path: Path) -> Troupe:
    """The troupe of a file: its `TEMPERS`, and its `WHEEL`, or each in turn. Bundled tempers can still be asked for by label."""
    module = _loaded(path)
    tempers, wheel = getattr(module, "TEMPERS", None), getattr(module, "WHEEL", None)
    if not isinstance(tempers, Mapping) or not tempers:
        raise BotsUnusable(f'{path}: has no TEMPERS: end it with TEMPERS = {{"name": function}}')
    for name, temper in tempers.items():
        if not isinstance(name, str) or not _NAME.match(name):
            raise BotsUnusable(f"{path}: {name!r} is no name for a bot: use small letters, digits and _")
        if not callable(temper):
            raise BotsUnusable(f"{path}: {name} is no function: give one that takes a seat and returns seconds")
    if wheel is None:
        wheel = tuple(tempers)
    if (
        not isinstance(wheel, Sequence)
        or isinstance(wheel, str)
        or not wheel
        or set(wheel) - (tempers.keys() | TEMPERS.keys())
    ):
        raise BotsUnusable(f"{path}: WHEEL must list names of TEMPERS, or of bundled tempers, and at least one")
    return Troupe(TEMPERS | {name: _watched(path, name, temper) for name, temper in tempers.items()}, tuple(wheel))


def _loaded(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(_MODULE, path)
    if spec is None or spec.loader is None:
        raise BotsUnusable(f"{path}: is no Python file: name one that ends in .py")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except _FAILURES as wrong:
        raise BotsUnusable(
            f"{path}{_line(path, wrong)}: does not load ({type(wrong).__name__}: {wrong}): mend it"
        ) from wrong
    return module


def _watched(path: Path, name: str, temper: Temper) -> Temper:
    """The bot, with its failures told as its own."""

    def look(seat: Seat) -> int:
        try:
            pause_s = temper(seat)
        except _FAILURES as wrong:
            raise BotsUnusable(
                f"{path}{_line(path, wrong)}: {name} failed ({type(wrong).__name__}: {wrong}): mend it and start again"
            ) from wrong
        if not isinstance(pause_s, int) or pause_s < 1:
            raise BotsUnusable(
                f"{path}: {name} returned {pause_s!r}: return whole seconds until it looks again, at least 1"
            )
        return pause_s

    return look


def _line(path: Path, wrong: Exception) -> str:
    """Where in the file it happened, as " line 7"; "" where it did not happen in it."""
    if isinstance(wrong, SyntaxError):
        return f" line {wrong.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(wrong.__traceback__) if frame.filename == str(path)]
    return f" line {lines[-1]}" if lines else ""
