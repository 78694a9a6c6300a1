"""Colours of the firm's own: measured as WCAG measures, refused where nobody could read them, and turned into tokens."""

import re

import pytest

from web.brand import colours
from web.brand.colours import FOR_TEXT, SURFACES, THEMES, Palette, contrast, faults, stylesheet, tokens, wash
from web.render import STATIC

# Ratios as WebAIM's checker and WCAG's own understanding documents tell them.
KNOWN = [
    ("#000000", "#ffffff", 21.0),
    ("#ffffff", "#ffffff", 1.0),
    ("#777777", "#ffffff", 4.48),
    ("#767676", "#ffffff", 4.54),
    ("#949494", "#ffffff", 3.03),
    ("#0000ff", "#ffffff", 8.59),
    ("#ff0000", "#ffffff", 4.00),
    ("#00ff00", "#ffffff", 1.37),
    ("#ffff00", "#000000", 19.56),
    ("#ff0000", "#000000", 5.25),
]


@pytest.mark.parametrize(("one", "other", "ratio"), KNOWN)
def test_known_pairs_have_their_known_contrast_either_way_round(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)
    assert contrast(other, one) == contrast(one, other)


def test_our_own_colours_pass_what_is_asked_of_others() -> None:
    assert list(faults(Palette())) == []
    assert stylesheet(Palette()) == ""


def test_every_surface_that_is_measured_is_one_of_the_stylesheet() -> None:
    for theme in THEMES:
        assert {*SURFACES, "accent", "accent-ink", "ink", "ink-soft"} <= tokens(theme).keys()
    washes = {name for name in tokens("light") if name.endswith("-wash")} - {"accent-wash"}
    assert washes <= set(SURFACES)
    assert (STATIC / "evenhand.css") == colours.STYLESHEET


@pytest.mark.parametrize(
    ("palette", "key"),
    [
        pytest.param(Palette(accent_light="#ff00aa"), "accent_light", id="pink on white"),
        pytest.param(Palette(accent_light="#ffff00"), "accent_light", id="yellow on white"),
        pytest.param(Palette(accent_dark="#0b6650"), "accent_dark", id="dark green at night"),
        pytest.param(Palette(accent_ink_light="#0b6651"), "accent_ink_light", id="green on green"),
        pytest.param(Palette(accent_ink_dark="#ffffff"), "accent_ink_dark", id="white on mint"),
    ],
)
def test_a_colour_that_nobody_could_read_is_told_with_ratio_and_a_colour_that_would_do(
    palette: Palette, key: str
) -> None:
    [fault] = faults(palette)
    assert fault.startswith(f'brand.colours.{key} "#')
    measured = re.search(r"contrast of (\d+\.\d\d) to 1 on", fault)
    would = re.search(r'"(#[0-9a-f]{6})" would do', fault)
    assert measured
    assert would
    assert float(measured[1]) < FOR_TEXT
    assert list(faults(Palette(**{key: would[1]}))) == []


def test_a_colour_just_below_is_refused_and_just_above_is_taken() -> None:
    below = next(f"#{each:02x}{each:02x}{each:02x}" for each in range(255) if list(faults(_grey(each))))
    last = int(below[1:3], 16)
    assert FOR_TEXT == 4.5  # success criterion 1.4.3
    worst = min(contrast(below, tokens("light")[each]) for each in SURFACES)
    assert worst < 4.5 <= min(contrast(_grey(last - 1).accent_light, tokens("light")[each]) for each in SURFACES)


def _grey(level: int) -> Palette:
    return Palette(accent_light=f"#{level:02x}{level:02x}{level:02x}")


GARISH = Palette(accent_light="#b0005a", accent_dark="#ff9ad0", accent_ink_light="#fff7c2", accent_ink_dark="#2b0016")


@pytest.mark.parametrize("palette", [GARISH, Palette(accent_light="#7a5200"), Palette(accent_dark="#ffff00")])
def test_what_lies_behind_a_chosen_thing_leaves_it_readable(palette: Palette) -> None:
    assert list(faults(palette)) == []
    for theme in THEMES:
        behind = wash(palette, theme)
        for over in (palette.accent(theme), tokens(theme)["ink"], tokens(theme)["ink-soft"]):
            assert contrast(over, behind) >= FOR_TEXT


def test_tokens_go_into_the_stylesheets_own_layer_and_name_nothing_else() -> None:
    made = stylesheet(GARISH)
    assert made.startswith("@layer tokens {\n  :root {\n")
    assert "--accent: light-dark(#b0005a, #ff9ad0);" in made
    assert "--accent-ink: light-dark(#fff7c2, #2b0016);" in made
    assert set(re.findall(r"--[a-z-]+", made)) == {"--accent", "--accent-ink", "--accent-wash"}
    assert "url" not in made
