"""Pictures: a logo that was checked, with its address, its type and the room that it takes in a line of the page."""

import hashlib
from dataclasses import dataclass, field

from web.brand import png, svg
from web.brand.faults import BrandFault

BYTES_MAX = max(png.BYTES_MAX, svg.BYTES_MAX)
ASPECT_MAX = 8  # wider than this, a phone has no room for it; taller, nobody could read it
_KINDS = {".png": ("png", "image/png"), ".svg": ("svg", "image/svg+xml")}


@dataclass(frozen=True)
class Picture:
    """`kind`: png or svg. `address`: named by its content, so that it may be kept for ever."""

    content: bytes = field(repr=False)
    kind: str
    media_type: str
    width: int
    height: int

    @property
    def name(self) -> str:
        return f"logo-{hashlib.sha256(self.content).hexdigest()[:12]}.{self.kind}"

    @property
    def address(self) -> str:
        return f"/brand/{self.name}"


def check_picture(file_name: str, content: bytes) -> Picture:
    """The file as it may be served. Raises BrandFault."""
    ending = file_name[file_name.rfind(".") :].lower()
    if ending not in _KINDS:
        raise BrandFault("is neither a .png nor an .svg: save the logo as one of them")
    kind, media_type = _KINDS[ending]
    width, height = png.check_png(content) if kind == "png" else svg.check_svg(content)
    if max(width, height) > ASPECT_MAX * min(width, height):
        raise BrandFault(
            f"is {width} by {height}: a logo has at most {ASPECT_MAX} times as much one way as the other; cut it"
        )
    return Picture(content, kind, media_type, width, height)
