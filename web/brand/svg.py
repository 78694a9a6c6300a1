"""SVG: whether a drawing is shapes, colours and words alone: nothing that runs, loads, moves, repeats itself or is told elsewhere.

What is not on these lists is refused, and not taken out: the operator sees what their browser will see. Links, `use` and
`image` are not on them, so no address is ever followed; one drawing inside another cannot grow either.
"""

import re
from typing import Any
from xml.parsers import expat

from web.brand.faults import BrandFault

BYTES_MAX = 64 * 1024
ELEMENTS_MAX = 2_000
DEPTH_MAX = 24
SIDE_MAX = 10_000  # units of the drawing
SPACE = "http://www.w3.org/2000/svg"
ELEMENTS = frozenset(
    {"svg", "g", "defs", "title", "desc", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon"}
    | {"text", "tspan", "linearGradient", "radialGradient", "stop", "clipPath", "mask"}
)
WORDS_IN = frozenset({"title", "desc", "text", "tspan"})
_ATTRIBUTES = (
    "id class version viewBox preserveAspectRatio width height x y x1 y1 x2 y2 cx cy r rx ry fx fy fr d points dx dy rotate"
    " transform gradientTransform gradientUnits spreadMethod offset stop-color stop-opacity clipPathUnits maskUnits"
    " maskContentUnits clip-path clip-rule mask fill fill-opacity fill-rule stroke stroke-width stroke-linecap"
    " stroke-linejoin stroke-miterlimit stroke-dasharray stroke-dashoffset stroke-opacity opacity color display visibility"
    " overflow vector-effect shape-rendering text-rendering paint-order font-family font-size font-weight font-style"
    " text-anchor letter-spacing textLength lengthAdjust dominant-baseline role aria-label aria-hidden"
)
ATTRIBUTES = frozenset(_ATTRIBUTES.split())
# No colon, no backslash, no quote: neither an address nor another spelling of one fits in.
_VALUE = re.compile(r"[\w\s#%.,+()/-]*")
_FUNCTION = re.compile(r"([\w-]*)\s*\(")
_FUNCTIONS = frozenset({"matrix", "translate", "scale", "rotate", "skewX", "skewY", "rgb", "rgba", "hsl", "hsla"})
_INSIDE = re.compile(r"url\(#[A-Za-z_][\w.-]*\)")
_NUMBER = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?(?:px)?")
PLAIN = "save it as plain, optimised SVG with presentation attributes and text as paths"


def check_svg(content: bytes) -> tuple[int, int]:
    """Its width and height in its own units, rounded up. Raises BrandFault."""
    if len(content) > BYTES_MAX:
        raise BrandFault(f"has {len(content)} bytes, and an SVG may have {BYTES_MAX}: simplify it, or save it as PNG")
    if not content.startswith((b"<svg", b"<?xml ")):
        raise BrandFault(f'does not begin with "<svg" or "<?xml": {PLAIN}')
    try:
        content.decode()
    except UnicodeDecodeError as broken:
        raise BrandFault(f"is not UTF-8 (byte {broken.start}): {PLAIN}") from broken
    drawing = _Drawing()
    parser = expat.ParserCreate(encoding="UTF-8", namespace_separator=" ")
    parser.XmlDeclHandler = drawing.declared
    parser.StartDoctypeDeclHandler = drawing.doctype
    parser.ProcessingInstructionHandler = drawing.instruction
    parser.StartElementHandler = drawing.begins
    parser.EndElementHandler = drawing.ends
    parser.CharacterDataHandler = drawing.words
    try:
        parser.Parse(content, True)
    except expat.ExpatError as broken:
        raise BrandFault(f"is not whole XML ({broken}): {PLAIN}") from broken
    return drawing.size


class _Drawing:
    """What a parser tells, held against the lists as it comes."""

    def __init__(self) -> None:
        self.size = (0, 0)
        self._within: list[str] = []
        self._elements = 0

    def declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.upper() != "UTF-8":
            raise BrandFault(f"says that it is {encoding[:20]!r}, not UTF-8: {PLAIN}")

    def doctype(self, *_told: Any) -> None:
        raise BrandFault(f"has a document type, in which entities could be: {PLAIN}")

    def instruction(self, target: str, _told: str) -> None:
        raise BrandFault(f"has an instruction to programs ({target[:20]!r}): {PLAIN}")

    def begins(self, name: str, attributes: dict[str, str]) -> None:
        space, _, element = name.rpartition(" ")
        self._elements += 1
        if space != SPACE or element not in ELEMENTS:
            raise BrandFault(f"has an element <{element[:40]}>, which is not taken: {PLAIN}")
        if self._elements > ELEMENTS_MAX or len(self._within) >= DEPTH_MAX:
            raise BrandFault(f"has more than {ELEMENTS_MAX} elements, or {DEPTH_MAX} within each other: simplify it")
        if (element == "svg") != (not self._within):
            raise BrandFault(f"has not one <svg>, around everything: {PLAIN}")
        for attribute, value in attributes.items():
            self._require_plain(element, attribute, value)
        if not self._within:
            self.size = _size(attributes)
        self._within.append(element)

    def ends(self, _name: str) -> None:
        self._within.pop()

    def words(self, text: str) -> None:
        if text.strip() and self._within[-1] not in WORDS_IN:
            raise BrandFault(f"has words in <{self._within[-1]}>: {PLAIN}")

    def _require_plain(self, element: str, attribute: str, value: str) -> None:
        if attribute not in ATTRIBUTES:
            raise BrandFault(
                f'has an attribute "{attribute.rpartition(" ")[2][:40]}" in <{element}>, which is not taken: {PLAIN}'
            )
        if attribute == "aria-label":
            return
        if _INSIDE.fullmatch(value):
            if {"clipPath", "mask"} & {*self._within, element}:
                raise BrandFault(f"has a mask or clip within another: {PLAIN}")
            return
        if not _VALUE.fullmatch(value) or not _FUNCTIONS.issuperset(_FUNCTION.findall(value)):
            raise BrandFault(
                f'has a value of "{attribute}" in <{element}> that leads elsewhere or is not plain: {PLAIN}'
            )


def _size(attributes: dict[str, str]) -> tuple[int, int]:
    """By `viewBox`, else by `width` and `height`."""
    box = attributes.get("viewBox", "").replace(",", " ").split()
    sides = box[2:] if len(box) == 4 else [attributes.get("width", ""), attributes.get("height", "")]
    if not all(_NUMBER.fullmatch(side) for side in sides):
        raise BrandFault('has no size: give <svg> a viewBox of four numbers, such as "0 0 240 60"')
    width, height = (-(-float(side.removesuffix("px")) // 1) for side in sides)
    if not (1 <= width <= SIDE_MAX and 1 <= height <= SIDE_MAX):
        raise BrandFault(f"is {width:.0f} by {height:.0f} units: give it 1 to {SIDE_MAX} each way")
    return int(width), int(height)
