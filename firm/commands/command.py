"""Command: what every command has, and which of their authors are people."""

from firm.inputs import Input

_NAMELESS = frozenset({"", "console", "courier", "portal"})


def is_named(by: str) -> bool:
    """Whether a reference says which person it is: two of them are asked of two people, and who has no name may be either."""
    return by not in _NAMELESS


class Command(Input, frozen=True, kw_only=True):
    """A request with its author."""

    by: str
