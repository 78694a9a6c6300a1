"""Pictures: JPEG, PNG or WebP in, a picture of the same points out, drawn anew: no metadata, no trailing bytes, upright, and no larger than
a page needs to be read.
"""

import io
import struct
import warnings

from PIL import Image, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

from firm.bounds import DOCUMENT_BYTES_MAX
from firm.documents import DocumentFault, DocumentForm

PIXELS_MAX = {
    "JPEG": 64_000_000,
    "PNG": 25_000_000,
    "WEBP": 25_000_000,
}  # a JPEG is read at a part of its size, others as a whole
SIDE_PIXELS_MAX = 30_000
SIDE_KEPT_MAX = 3_000  # an A4 page at 250 dots an inch
JPEG_QUALITY = 88
ORIENTATION = 0x0112  # EXIF 2.32, table 4
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_BAD_EXIF = (ValueError, TypeError, KeyError, IndexError, SyntaxError, OSError, struct.error)

Image.MAX_IMAGE_PIXELS = None  # the bound is asked below, as soon as a size is known, and has a word of its own


_LOADED = (
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)  # Pillow would look for them later


def warm_up() -> None:
    """Draw a picture of each kind, so that all that drawing asks for is loaded."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    for picture in PIXELS_MAX:
        for mode in ("RGB", "P", "RGBA") if picture == "PNG" else ("RGB",):
            out = io.BytesIO()
            Image.new(mode, (8, 8)).save(out, picture, exif=exif)
            redrawn(out.getvalue(), picture)


def redrawn(content: bytes, picture: str) -> tuple[DocumentForm, bytes] | DocumentFault:
    """`picture`: its format by its first bytes, which is the only one that is tried. Raises what Pillow does of damaged ones."""
    with warnings.catch_warnings(), Image.open(io.BytesIO(content), formats=[picture]) as found:
        warnings.simplefilter("ignore")  # bounds are ours
        if found.width * found.height > PIXELS_MAX[picture] or max(found.size) > SIDE_PIXELS_MAX:
            return DocumentFault.TOO_MANY_PIXELS
        if picture != "JPEG" and getattr(found, "n_frames", 1) > 1:
            return DocumentFault.MOVING
        turned = _UPRIGHT.get(_orientation(found))
        found.draft(None, (SIDE_KEPT_MAX, SIDE_KEPT_MAX))  # a large JPEG is read at half its size or less
        clean = _points_of(found)
    if turned is not None:
        clean = clean.transpose(turned)
    if picture == "PNG" and len(drawn := _written(clean, DocumentForm.PNG)) <= DOCUMENT_BYTES_MAX:
        return DocumentForm.PNG, drawn
    drawn = _written(clean, DocumentForm.JPEG)
    return (DocumentForm.JPEG, drawn) if len(drawn) <= DOCUMENT_BYTES_MAX else DocumentFault.TOO_LARGE


def _orientation(found: Image.Image) -> int:
    try:
        told = found.getexif().get(ORIENTATION, 1)
    except _BAD_EXIF:
        return 1
    return told if isinstance(told, int) else 1


def _points_of(found: Image.Image) -> Image.Image:
    """Red, green and blue alone, on white where it lets something through, in a picture that knows nothing of the other."""
    if found.mode.startswith("I"):  # greys of sixteen bits
        found = found.convert("I").point(lambda value: value / 256)
    if max(found.size) > SIDE_KEPT_MAX:
        found.thumbnail((SIDE_KEPT_MAX, SIDE_KEPT_MAX), reducing_gap=2.0)
    lets_through = found.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in found.info
    clean = Image.new("RGB", found.size, "white")
    if lets_through:
        layer = found.convert("RGBA")
        clean.paste(layer, mask=layer.getchannel("A"))
    else:
        clean.paste(found.convert("RGB"))
    return clean


def _written(clean: Image.Image, form: DocumentForm) -> bytes:
    out = io.BytesIO()
    if form is DocumentForm.PNG:
        clean.save(out, "PNG", compress_level=1)
    else:
        clean.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()
