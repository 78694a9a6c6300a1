"""StoryRefused: a line of a story that cannot be read or played, with what it says and what could have been meant."""

import difflib
from collections.abc import Iterable


class StoryRefused(ValueError):
    """`line`: its number, from 1; 0 where the whole story is meant. `told`: the line as it was read."""

    def __init__(self, line: int, told: str, why: str) -> None:
        self.line, self.told, self.why = line, told, why
        super().__init__(f"line {line}: “{told}”: {why}" if line else why)


def near(name: str, known: Iterable[str]) -> str:
    """ ": daily_loss is near (of daily_loss, maximum_loss)", or the list alone where nothing is near."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    listed = ", ".join(names) or "none"
    return f": {close[0]} is near (of {listed})" if close and len(names) > 1 else f": there is {listed}"
