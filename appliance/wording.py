"""Wording: how counts are said on the command line."""


def counted(number: int, one: str, many: str = "") -> str:
    """ "1 fact", "1,234 facts". `many` is needed where an s alone will not do: "2 breaches"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
