"""Unseen: characters that nobody sees in a name, and that make a line read otherwise than it is."""

import unicodedata

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories of Unicode: control, format (which turn the direction of a line, or have no width), and what is no character."""


def unseen_in(text: str) -> str:
    """The first one, as in "U+202E"; "" where there is none."""
    return next((f"U+{ord(sign):04X}" for sign in text if unicodedata.category(sign) in _UNSEEN), "")
