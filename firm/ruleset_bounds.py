"""Ruleset bounds: how large and how deep a text may be that is read as a ruleset, told before anything reads it.

What reads TOML works longer the deeper a name is: one of a hundred thousand parts takes hours. So the text is looked through once.
"""

import re
from itertools import accumulate

TEXT_BYTES_MAX = 262_144
DEPTH_MAX = 24  # a ruleset has 9
MERGED_MAX = 500  # days of one calendar that are merged into the next: some forty years of holidays
WORD_SHOWN_MAX = 80  # characters of what somebody wrote that an error repeats

# Strings and comments, in which brackets and dots mean nothing. Each alternative ends at the first sign that closes it.
_QUOTED = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+(?:"""|\Z)'
    r"|'''(?:[^']|'(?!''))*+(?:'''|\Z)"
    r'|"(?:[^"\\\n]|\\.)*+"?'
    r"|'[^'\n]*+'?"
    r"|\#[^\n]*+",
    re.DOTALL,
)
_BRACKETS = re.compile(r"[\[\]{}]")
_NOT_IN_A_NAME = re.compile(r"[^\w.\- \t]+")
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}


def out_of_bounds(text: str) -> str:
    """Why a text is not read at all; "" where it may be."""
    if len(text) > TEXT_BYTES_MAX or len(text.encode(errors="replace")) > TEXT_BYTES_MAX:
        return f"it has more than {TEXT_BYTES_MAX} bytes: it is no ruleset"
    bare = _QUOTED.sub("_", text)
    depth = max(accumulate(_STEPS[bracket] for bracket in _BRACKETS.findall(bare)), default=0)
    parts = max(name.count(".") for name in _NOT_IN_A_NAME.split(bare))
    if max(depth, parts) > DEPTH_MAX:
        return f"it goes more than {DEPTH_MAX} deep: no ruleset does"
    return ""


def shown(word: str) -> str:
    """What somebody wrote, as far as an error repeats it."""
    return word if len(word) <= WORD_SHOWN_MAX else f"{word[:WORD_SHOWN_MAX]}…"
