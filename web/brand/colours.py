"""Colours: whether an operator's accent can be read on each surface of our stylesheet, and the tokens that it becomes.

Measured by WCAG 2.2's contrast ratio (success criteria 1.4.3 and 1.4.11). The surfaces are read from the stylesheet itself.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

STYLESHEET = Path(__file__).parents[1] / "static" / "evenhand.css"
FOR_TEXT = 4.5
# Where links, marked entries and chosen fields stand; edges and focus rings stand on the same, so 4.5 holds their 3 too.
SURFACES = (
    "ground",
    "surface",
    "raised",
    "sunken",
    "good-wash",
    "warn-wash",
    "bad-wash",
    "info-wash",
    "calm-wash",
)
WASH_PERCENT_MAX = 10  # of the accent in the surface behind what is chosen
_TOKEN = re.compile(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")


@dataclass(frozen=True)
class Palette:
    """Colours of the firm's own, as #rrggbb; "" is the stylesheet's."""

    accent_light: str = ""
    accent_dark: str = ""
    accent_ink_light: str = ""
    accent_ink_dark: str = ""

    @property
    def is_plain(self) -> bool:
        return not (self.accent_light or self.accent_dark or self.accent_ink_light or self.accent_ink_dark)

    def accent(self, theme: Theme) -> str:
        return (self.accent_light if theme == "light" else self.accent_dark) or tokens(theme)["accent"]

    def accent_ink(self, theme: Theme) -> str:
        return (self.accent_ink_light if theme == "light" else self.accent_ink_dark) or tokens(theme)["accent-ink"]


@cache
def tokens(theme: Theme) -> Mapping[str, str]:
    """The stylesheet's colours by name, without dashes before it."""
    found = _TOKEN.findall(STYLESHEET.read_text(encoding="utf-8"))
    return {name: light if theme == "light" else dark for name, light, dark in found}


def contrast(one: str, other: str) -> float:
    """WCAG's ratio of two colours: 1.0 (the same) to 21.0 (black on white)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def faults(palette: Palette) -> Iterator[str]:
    """What nobody could read, each with the ratio that was measured and the nearest colour that would do."""
    for theme in THEMES:
        # Words on an accent that will be another one are measured once it is.
        yield from list(_accent_faults(palette, theme)) or _ink_faults(palette, theme)


def stylesheet(palette: Palette) -> str:
    """The tokens that differ from the stylesheet's, in its own layer; "" where none does."""
    if palette.is_plain:
        return ""
    light, dark = (
        {"accent": palette.accent(theme), "accent-ink": palette.accent_ink(theme), "accent-wash": wash(palette, theme)}
        for theme in THEMES
    )
    lines = "".join(f"    --{name}: light-dark({light[name]}, {dark[name]});\n" for name in light)
    return f"@layer tokens {{\n  :root {{\n{lines}  }}\n}}\n"


def wash(palette: Palette, theme: Theme) -> str:
    """What lies behind a chosen thing: as much of the accent as leaves accent and ink readable on it."""
    accent, known = palette.accent(theme), tokens(theme)
    over = (accent, known["ink"], known["ink-soft"])
    mixes = (_mixed(known["surface"], accent, percent) for percent in range(WASH_PERCENT_MAX, 0, -1))
    return next(
        (mix for mix in mixes if all(contrast(each, mix) >= FOR_TEXT for each in over)),
        known["surface"],
    )


def _accent_faults(palette: Palette, theme: Theme) -> Iterator[str]:
    accent, known = palette.accent(theme), tokens(theme)
    name, ratio = min(((each, contrast(accent, known[each])) for each in SURFACES), key=lambda pair: pair[1])
    if ratio < FOR_TEXT:
        would = _towards(accent, "#000000" if theme == "light" else "#ffffff", [known[each] for each in SURFACES])
        yield _told(f"accent_{theme}", accent, ratio, f"the surface --{name} ({known[name]})", would)


def _ink_faults(palette: Palette, theme: Theme) -> Iterator[str]:
    accent, ink = palette.accent(theme), palette.accent_ink(theme)
    ratio = contrast(ink, accent)
    if ratio < FOR_TEXT:
        end = max(("#000000", "#ffffff"), key=lambda each: contrast(each, accent))
        yield _told(f"accent_ink_{theme}", ink, ratio, f"the accent {accent}", _towards(ink, end, [accent]))


def _told(key: str, colour: str, ratio: float, on: str, would: str) -> str:
    cut = int(ratio * 100) / 100  # rounded down: 4.499 must not read as 4.50
    return f'brand.colours.{key} "{colour}" has a contrast of {cut:.2f} to 1 on {on}, and text needs {FOR_TEXT}: "{would}" would do'


def _towards(colour: str, end: str, surfaces: list[str]) -> str:
    """The first colour on the way to black or white that can be read on them all."""
    mixes = (_mixed(colour, end, percent) for percent in range(101))
    return next((mix for mix in mixes if all(contrast(mix, each) >= FOR_TEXT for each in surfaces)), end)


def _mixed(one: str, other: str, percent: int) -> str:
    """`percent` of the other in the one, channel by channel."""
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{(a * (100 - percent) + b * percent + 50) // 100:02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)
