"""Brand settings: what of the portal an operator makes their own, and what is asked of it before a page is shown.

Files are named here and judged when they are read, in `appliance/brand_files.py`.
"""

import re
from typing import Annotated

from msgspec import Meta

from appliance.section import Section
from web.brand import colours
from web.brand.brand import LEGAL
from web.brand.colours import Palette
from web.brand.prose import is_https

FILE_MAX = 120
ADDRESS_MAX = 400
_FILE = re.compile(
    r"(?!secrets/|segments/)[A-Za-z0-9][\w-]*(?:\.[\w-]+)*(?:/[A-Za-z0-9][\w-]*(?:\.[\w-]+)*)?", re.ASCII
)
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_MAIL = re.compile(r"[\w.+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_PICTURES = (".png", ".svg")
_TEXTS = (".md", ".txt")

_Colour = "as #rrggbb in small letters. Empty: ours."
_Legal = "an https address, or a .md or .txt file in the firm's directory. Empty: none is linked."


class ColourSettings(Section, frozen=True, kw_only=True):
    """Colours of the portal, which must be readable: a contrast of 4.5 to 1 on every surface they are used on, or the start is refused."""

    accent_light: Annotated[
        str, Meta(max_length=7, description=f"Links, buttons, marks and focus rings on light pages, {_Colour}")
    ] = ""
    accent_dark: Annotated[str, Meta(max_length=7, description=f"The same on dark pages, {_Colour}")] = ""
    accent_ink_light: Annotated[
        str, Meta(max_length=7, description=f"Words on a button of the accent on light pages, {_Colour}")
    ] = ""
    accent_ink_dark: Annotated[str, Meta(max_length=7, description=f"The same on dark pages, {_Colour}")] = ""

    def __post_init__(self) -> None:
        """Refuse what nobody could read, with what was measured and what would do."""
        for key in self.__struct_fields__:
            colour = getattr(self, key)
            if colour and not _COLOUR.fullmatch(colour):
                raise ValueError(f'brand.colours.{key} must be a colour such as "#0b6650", not {colour!r}')
        if told := "; ".join(colours.faults(self.palette())):
            raise ValueError(told)

    def palette(self) -> Palette:
        return Palette(**{key: getattr(self, key) for key in self.__struct_fields__})


class LegalSettings(Section, frozen=True, kw_only=True):
    """Legal pages, linked at the foot of every page: elsewhere, or a text shown on our own page /legal/NAME."""

    terms: Annotated[str, Meta(max_length=ADDRESS_MAX, description=f"Terms: {_Legal}")] = ""
    privacy: Annotated[str, Meta(max_length=ADDRESS_MAX, description=f"Privacy: {_Legal}")] = ""
    imprint: Annotated[str, Meta(max_length=ADDRESS_MAX, description=f"Imprint: {_Legal}")] = ""
    risk: Annotated[str, Meta(max_length=ADDRESS_MAX, description=f"Risk notice: {_Legal}")] = ""
    language: Annotated[
        str,
        Meta(min_length=2, max_length=35, description="The language of those files, as a tag such as en, de or pt-BR."),
    ] = "en"

    def __post_init__(self) -> None:
        """Refuse what is neither an address nor a file's name."""
        for name in LEGAL:
            place = getattr(self, name)
            if place and not is_https(place):
                _require_file(f"brand.legal.{name}", place, _TEXTS, "an https address or ")
        if not _LANGUAGE.fullmatch(self.language):
            raise ValueError(f'brand.legal.language must be a tag such as "en" or "pt-BR", not {self.language!r}')


class BrandSettings(Section, frozen=True, kw_only=True):
    """What of the portal is the firm's own, besides its name. Files lie in the firm's directory. docs/operating/brand.md tells how."""

    logo: Annotated[
        str,
        Meta(
            max_length=FILE_MAX,
            description="A .png or .svg file, shown at the top and as the browser's icon. Empty: ours.",
        ),
    ] = ""
    logo_dark: Annotated[
        str, Meta(max_length=FILE_MAX, description="The same for dark pages. Empty: the one of light pages.")
    ] = ""
    support: Annotated[
        str,
        Meta(
            max_length=ADDRESS_MAX,
            description="A mail address or https address, shown at the foot, on decisions and where something went wrong. Empty: none.",
        ),
    ] = ""
    small_print: Annotated[
        str,
        Meta(
            max_length=400, pattern=r"^[^\x00-\x1f\x7f]*$", description="A line at the foot of every page. Empty: none."
        ),
    ] = ""
    texts: Annotated[
        str,
        Meta(
            max_length=FILE_MAX,
            description="A .toml file with sentences of the portal in the firm's own words. Empty: ours.",
        ),
    ] = ""
    letters: Annotated[
        str,
        Meta(
            max_length=FILE_MAX,
            description="A .toml file with mails to people in the firm's own words. Empty: ours.",
        ),
    ] = ""
    colours: ColourSettings = ColourSettings()
    legal: LegalSettings = LegalSettings()

    def __post_init__(self) -> None:
        """Refuse what is no file's name, and a contact that no one could write to."""
        for key, endings in (
            ("logo", _PICTURES),
            ("logo_dark", _PICTURES),
            ("texts", (".toml",)),
            ("letters", (".toml",)),
        ):
            if name := getattr(self, key):
                _require_file(f"brand.{key}", name, endings)
        if self.logo_dark and not self.logo:
            raise ValueError("brand.logo_dark needs brand.logo: the one of light pages")
        if self.support and not _MAIL.fullmatch(self.support) and not is_https(self.support):
            raise ValueError(
                f'brand.support must be a mail address or an address that begins with https://, not "{self.support}"'
            )


def _require_file(key: str, name: str, endings: tuple[str, ...], otherwise: str = "") -> None:
    if not _FILE.fullmatch(name) or not name.lower().endswith(endings) or len(name) > FILE_MAX:
        raise ValueError(
            f"{key} must be {otherwise}the name of a {' or '.join(endings)} file in the firm's directory, "
            f'such as "brand/file{endings[0]}", not {name!r}'
        )
